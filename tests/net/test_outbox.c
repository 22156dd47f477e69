/*
 * Messages that wait for a channel whose reader is behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "net/files.h"
#include "net/outbox.h"

#define MANY 3000 /* more than any socket takes */

static struct outbox o;
static int reader;

static int
set_up(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(wire_pair(pair), 0);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	o = (struct outbox){ .sock = pair[0] };
	reader = pair[1];
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	outbox_free(&o);
	close(o.sock);
	if (reader != -1)
		close(reader);
	return 0;
}

static void
put(uint64_t number)
{
	struct files_request q;

	WIRE_INIT(&q, WIRE_FILE);
	q.op = FILES_PULL_END;
	q.number = number;
	outbox_put(&o, &q.head);
}

static void
nothing_is_lost_and_the_order_stays(void **state)
{
	union {
		struct files_request q;
		char room[WIRE_MAX];
	} m;
	uint64_t got = 0;

	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		put(i);
	assert_true(outbox_waiting(&o));
	while (got < MANY) {
		while (wire_recv(reader, &m, sizeof m, NULL) == 1) {
			assert_int_equal(m.q.number, got);
			got++;
		}
		outbox_flush(&o);
	}
	assert_false(outbox_waiting(&o));
}

static void
take_all(void)
{
	char room[WIRE_MAX];

	while (wire_recv(reader, room, sizeof room, NULL) == 1)
		continue;
}

static void
a_reader_that_is_behind_may_catch_up(void **state)
{
	(void)state;
	while (!outbox_full(&o))
		put(0);
	assert_true(outbox_stays_full(&o)); /* it took none */
	assert_true(o.vain);                /* nor is it waited for again */
	take_all();
	outbox_flush(&o);
	assert_false(o.vain);
	while (!outbox_full(&o))
		put(0);
	take_all();
	assert_false(outbox_stays_full(&o));
}

static void
it_says_when_too_much_waits(void **state)
{
	(void)state;
	assert_false(outbox_full(&o));
	for (uint64_t i = 0; i < MANY; i++)
		put(i);
	assert_true(outbox_full(&o));
}

static void
a_reader_that_is_gone_leaves_nothing_waiting(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < MANY; i++)
		put(i);
	close(reader);
	reader = -1;
	outbox_flush(&o);
	assert_false(outbox_waiting(&o));
	put(1);
	assert_false(outbox_waiting(&o));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_lost_and_the_order_stays),
		TEST(a_reader_that_is_behind_may_catch_up),
		TEST(it_says_when_too_much_waits),
		TEST(a_reader_that_is_gone_leaves_nothing_waiting),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
