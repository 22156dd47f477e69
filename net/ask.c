/*
 * The asking side of auth and files, for a process that can wait, and what
 * every process knows of grants.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "net/auth.h"
#include "net/files.h"
#include "server/clock.h"

#define HOLD_BACK_MS 2000

#define ASK_WAIT_MS (300 * 1000) /* a commit may have gigabytes to sync */

/* Waits until the socket, which need not block, can do what is asked. */
static int
wait_for(int sock, short events)
{
	struct pollfd p = { .fd = sock, .events = events };
	int n;

	do {
		n = poll(&p, 1, ASK_WAIT_MS);
	} while (n == -1 && errno == EINTR);
	return n == 1 ? 0 : -1;
}

static int
tell(int sock, const struct wire *m)
{
	while (wire_send(sock, m, -1) == -1) {
		if (errno != EAGAIN || wait_for(sock, POLLOUT) == -1)
			return -1;
	}
	return 0;
}

static int
hear(int sock, void *buf, size_t size, int *fd)
{
	for (;;) {
		int n = wait_for(sock, POLLIN) == -1
			    ? 0
			    : wire_recv(sock, buf, size, fd);

		if (n == 1)
			return 0;
		if (n == 0 || errno != EAGAIN)
			return -1;
	}
}

int
auth_ask(
    int sock, const struct auth_request *q, struct auth_reply *r, bool *revoked)
{
	union {
		struct wire head;
		uint8_t bytes[WIRE_MAX];
	} m;

	if (tell(sock, &q->head) == -1)
		return -1;
	for (;;) {
		if (hear(sock, &m, sizeof m, NULL) == -1)
			return -1;
		if (m.head.type == WIRE_REVOKED)
			*revoked = true;
		if (m.head.type == WIRE_GRANT && m.head.id == q->head.id)
			break;
	}
	memcpy(r, &m, sizeof *r);
	return 0;
}

int
files_ask(
    int sock, const struct files_request *q, struct files_reply *r, int *fd)
{
	union {
		struct wire head;
		uint8_t bytes[WIRE_MAX];
	} m;
	int got;

	if (tell(sock, &q->head) == -1)
		return -1;
	for (;;) {
		if (hear(sock, &m, sizeof m, &got) == -1)
			return -1;
		if (m.head.type == WIRE_OPENED && m.head.id == q->head.id)
			break;
		if (got != -1)
			close(got);
	}
	memcpy(r, &m, sizeof *r);
	*fd = got;
	return 0;
}

bool
grant_has(const struct grant *g, unsigned mask, size_t feed)
{
	return (g->roles & mask) != 0 && feed < FEEDS_MAX &&
	       (g->feed[feed / 64] >> feed % 64 & 1) != 0;
}

void
auth_hold_back(uint32_t seconds, int64_t deadline)
{
	int64_t ms = (int64_t)seconds * 1000, left = deadline - clock_ms();

	if (ms > HOLD_BACK_MS)
		ms = HOLD_BACK_MS;
	if (ms > left)
		ms = left;
	if (ms > 0)
		poll(NULL, 0, (int)ms);
}
