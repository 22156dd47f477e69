/*
 * Messages between processes: what is no message is a broken peer's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/event.h"
#include "feed/ingest.h"
#include "server/wire.h"

union any {
	struct wire head;
	struct wire_plain plain;
	struct event event;
	uint8_t bytes[WIRE_MAX];
};

static int
descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

static void
a_message_arrives_whole_with_its_descriptor(void **state)
{
	struct wire_client m;
	union any got;
	int pair[2], fd, file = open("/dev/null", O_RDONLY);

	(void)state;
	assert_int_equal(wire_pair(pair), 0);
	WIRE_INIT(&m, WIRE_CLIENT);
	m.head.id = 7;
	m.kind = 7;
	assert_int_equal(wire_send(pair[0], &m.head, file), 0);
	assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), 1);
	assert_memory_equal(&got, &m, sizeof m);
	assert_int_not_equal(fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	m.kind = 8;
	assert_int_equal(wire_send(pair[0], &m.head, -1), 0);
	assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), 1);
	assert_int_equal(fd, -1);
	close(pair[0]);
	assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), 0);
	close(pair[1]);
	close(file);
}

static void
every_type_has_a_length_that_fits(void **state)
{
	(void)state;
	assert_int_equal(wire_size(WIRE_NONE), 0);
	assert_int_equal(wire_size(WIRE_TYPES), 0);
	assert_int_equal(wire_size(UINT32_MAX), 0);
	for (uint32_t t = WIRE_NONE + 1; t < WIRE_TYPES; t++) {
		assert_in_range(wire_size(t), sizeof(struct wire), WIRE_MAX);
		assert_int_equal(wire_size(t) % 8, 0); /* no padding leaks */
	}
}

/* What a broken or hostile peer may send. */
static void
what_is_no_message_is_refused(void **state)
{
	static const struct {
		const char *what;
		uint32_t type, size;
		size_t sent;
		size_t fds;
	} cases[] = {
		{ "half a head", WIRE_READY, 8, 8, 0 },
		{ "one byte", WIRE_READY, 1, 1, 0 },
		{ "an unknown type", 9999, 24, 24, 0 },
		{ "no type", WIRE_NONE, 24, 24, 0 },
		{ "too short for its type", WIRE_EVENT, 24, 24, 0 },
		{ "a size that lies", WIRE_READY, 16, 24, 0 },
		{ "a size that is huge", WIRE_READY, UINT32_MAX, 24, 0 },
		{ "longer than its type", WIRE_READY, 32, 32, 0 },
		{ "longer than any", WIRE_READY, 20000, 20000, 0 },
		{ "two descriptors", WIRE_READY, 24, 24, 2 },
		{ "nine descriptors", WIRE_READY, 24, 24, 9 },
	};
	static uint8_t bytes[20000];
	int before = descriptors();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		union {
			struct cmsghdr align;
			char room[CMSG_SPACE(9 * sizeof(int))];
		} c;
		struct wire head = { cases[i].type, cases[i].size, 1 };
		struct iovec iov = { bytes, cases[i].sent };
		struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };
		union any got;
		int pair[2], fd = -7;

		memcpy(bytes, &head, sizeof head);
		assert_int_equal(wire_pair(pair), 0);
		if (cases[i].fds > 0) {
			struct cmsghdr *m;

			memset(&c, 0, sizeof c);
			h.msg_control = c.room;
			h.msg_controllen =
			    CMSG_SPACE(cases[i].fds * sizeof(int));
			m = CMSG_FIRSTHDR(&h);
			m->cmsg_level = SOL_SOCKET;
			m->cmsg_type = SCM_RIGHTS;
			m->cmsg_len = CMSG_LEN(cases[i].fds * sizeof(int));
			for (size_t k = 0; k < cases[i].fds; k++) {
				int one = pair[0];

				memcpy(CMSG_DATA(m) + k * sizeof one, &one,
				    sizeof one);
			}
		}
		assert_int_equal(sendmsg(pair[0], &h, 0), cases[i].sent);
		print_message("# %s\n", cases[i].what);
		errno = 0;
		assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), -1);
		assert_int_equal(errno, EPROTO);
		assert_int_equal(fd, -7); /* outputs only on success */
		close(pair[0]);
		close(pair[1]);
	}
	assert_int_equal(descriptors(), before);
}

static void
a_descriptor_nobody_wants_is_closed(void **state)
{
	struct wire_plain m;
	union any got;
	int pair[2], before;

	(void)state;
	assert_int_equal(wire_pair(pair), 0);
	before = descriptors();
	WIRE_INIT(&m, WIRE_READY);
	assert_int_equal(wire_send(pair[0], &m.head, pair[0]), 0);
	assert_int_equal(wire_recv(pair[1], &got, sizeof got, NULL), 1);
	assert_int_equal(descriptors(), before);
	close(pair[0]);
	close(pair[1]);
}

static void
a_full_socket_says_so_and_loses_nothing(void **state)
{
	struct event ev;
	union any got;
	int pair[2], fd;
	uint64_t sent = 0;

	(void)state;
	assert_int_equal(wire_pair(pair), 0);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	event_init(&ev, EVENT_LOGIN);
	for (;; sent++) {
		ev.head.id = sent;
		if (wire_send(pair[0], &ev.head, -1) == -1)
			break;
	}
	assert_int_equal(errno, EAGAIN);
	for (uint64_t i = 0; i < sent; i++) {
		assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), 1);
		assert_int_equal(got.head.id, i);
	}
	assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), -1);
	assert_int_equal(errno, EAGAIN);
	close(pair[0]);
	close(pair[1]);
}

static void
events_wait_in_memory_in_their_order(void **state)
{
	enum {
		MANY = 3000
	};
	struct events *q;
	struct event ev;
	union any got;
	int pair[2], fd;

	(void)state;
	assert_int_equal(wire_pair(pair), 0);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	q = events_open(pair[0]);
	event_init(&ev, EVENT_PULL_BEGIN);
	assert_true(ev.at > 1700000000);
	assert_int_equal(ev.feed, UINT32_MAX);
	for (uint64_t i = 0; i < MANY; i++) {
		ev.pull = i;
		events_put(q, &ev);
	}
	assert_true(events_waiting(q));
	for (uint64_t i = 0; i < MANY; i++) {
		assert_int_equal(wire_recv(pair[1], &got, sizeof got, &fd), 1);
		assert_int_equal(got.event.pull, i);
		events_flush(q);
	}
	assert_false(events_waiting(q));
	events_close(q);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_arrives_whole_with_its_descriptor),
		cmocka_unit_test(every_type_has_a_length_that_fits),
		cmocka_unit_test(what_is_no_message_is_refused),
		cmocka_unit_test(a_descriptor_nobody_wants_is_closed),
		cmocka_unit_test(a_full_socket_says_so_and_loses_nothing),
		cmocka_unit_test(events_wait_in_memory_in_their_order),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
