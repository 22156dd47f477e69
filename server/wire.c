/*
 * Messages between processes.  One table says how long each may be.
 */
#include "server/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/auth.h"
#include "server/event.h"
#include "net/files.h"
#include "feed/ingest.h"

/* clang-format off */
static const size_t sizes[WIRE_TYPES] = {
        [WIRE_READY]   = sizeof(struct wire_plain),
        [WIRE_DRAIN]   = sizeof(struct wire_plain),
        [WIRE_QUIET]   = sizeof(struct wire_plain),
        [WIRE_STOP]    = sizeof(struct wire_plain),
        [WIRE_CLIENT]  = sizeof(struct wire_client),
        [WIRE_START]   = sizeof(struct wire_plain),
        [WIRE_IN]      = sizeof(struct wire_plain),
        [WIRE_KEYS]    = sizeof(struct wire_keys),
        [WIRE_CONFIG]  = sizeof(struct wire_config),
        [WIRE_GIVE]    = sizeof(struct wire_give),
        [WIRE_PASSIVE] = sizeof(struct wire_passive),
        [WIRE_AUTH]    = sizeof(struct auth_request),
        [WIRE_PUBKEY]  = sizeof(struct auth_pubkey),
        [WIRE_GRANT]   = sizeof(struct auth_reply),
        [WIRE_REVOKED] = sizeof(struct auth_revoked),
        [WIRE_ALLOW]   = sizeof(struct auth_allow),
        [WIRE_FILE]    = sizeof(struct files_request),
        [WIRE_PULL]    = sizeof(struct files_pull),
        [WIRE_OPENED]  = sizeof(struct files_reply),
        [WIRE_EVENT]   = sizeof(struct event),
        [WIRE_COMMAND] = sizeof(struct command),
        [WIRE_ANSWER]  = sizeof(struct answer),
};
/* clang-format on */

/* Room for more than the one that is allowed: so that a broken peer's are seen
 * and closed. */
#define WIRE_FDS 4

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(WIRE_FDS * sizeof(int))];
};

size_t
wire_size(uint32_t type)
{
	return type < WIRE_TYPES ? sizes[type] : 0;
}

int
wire_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
}

int
wire_send(int sock, const struct wire *m, int fd)
{
	struct iovec iov = { .iov_len = m->size };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control c;
	ssize_t n;

	memcpy(&iov.iov_base, &m, sizeof m);
	if (fd != -1) {
		struct cmsghdr *part;

		memset(&c, 0, sizeof c);
		h.msg_control = c.bytes;
		h.msg_controllen = CMSG_SPACE(sizeof fd);
		part = CMSG_FIRSTHDR(&h);
		part->cmsg_level = SOL_SOCKET;
		part->cmsg_type = SCM_RIGHTS;
		part->cmsg_len = CMSG_LEN(sizeof fd);
		memcpy(CMSG_DATA(part), &fd, sizeof fd);
	}
	do {
		n = sendmsg(sock, &h, MSG_NOSIGNAL);
	} while (n == -1 && errno == EINTR);
	return n == -1 ? -1 : 0;
}

int
wire_send_plain(int sock, enum wire_type type)
{
	struct wire_plain m;

	WIRE_INIT(&m, type);
	return wire_send(sock, &m.head, -1);
}

int
wire_introduce(int sock, uint32_t kind, const struct in6_addr *from, int fd)
{
	struct wire_client m;

	WIRE_INIT(&m, WIRE_CLIENT);
	m.kind = kind;
	if (from != NULL)
		m.from = *from;
	return wire_send(sock, &m.head, fd);
}

/* The first descriptor that came along goes to *fd, all others are closed.
 * Returns how many there were. */
static size_t
take_fds(struct msghdr *h, int *fd)
{
	size_t count = 0;

	*fd = -1;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL;
	     c = CMSG_NXTHDR(h, c)) {
		size_t n;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int one;

			memcpy(&one, CMSG_DATA(c) + i * sizeof one, sizeof one);
			if (count++ == 0)
				*fd = one;
			else
				close(one);
		}
	}
	return count;
}

static bool
well_formed(const void *buf, size_t n)
{
	struct wire head;

	if (n < sizeof head)
		return false;
	memcpy(&head, buf, sizeof head);
	return head.size == n && wire_size(head.type) == n;
}

int
wire_recv(int sock, void *buf, size_t size, int *fd)
{
	struct iovec iov = { .iov_base = buf, .iov_len = size };
	union control c;
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = c.bytes,
		.msg_controllen = sizeof c.bytes };
	size_t fds;
	ssize_t n;
	int got;

	do {
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		return errno == ECONNRESET ? 0 : -1;
	fds = take_fds(&h, &got);
	if (n == 0 || fds > 1 || (h.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    !well_formed(buf, (size_t)n)) {
		if (got != -1)
			close(got);
		if (n == 0)
			return 0;
		errno = EPROTO;
		return -1;
	}
	if (fd != NULL)
		*fd = got;
	else if (got != -1)
		close(got);
	return 1;
}
