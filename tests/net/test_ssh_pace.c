/*
 * When what waits for a channel goes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/sftp.h"
#include "net/ssh_pace.h"

#define MB ((uint32_t)1024 * 1024)
#define CHUNK ((uint32_t)SFTP_CHUNK)
#define FULL SFTP_PENDING_MAX

struct step {
	const char *what;
	int64_t now;
	size_t n, ripe;
	uint32_t window;
	size_t due;
	int64_t until;
};

/* One connection, from its first byte on. */
static void
walk(bool alone, const struct step *step, size_t count)
{
	struct pace p = { .alone = alone };

	for (size_t i = 0; i < count; i++) {
		const struct step *s = &step[i];

		print_message("# %s\n", s->what);
		assert_int_equal(
		    pace_due(&p, s->now, s->n, s->ripe, s->window), s->due);
		assert_int_equal(p.until, s->until);
	}
}

#define WALK(alone, steps) walk(alone, steps, sizeof(steps) / sizeof *(steps))

static void
a_short_end_waits_for_the_next_request(void **state)
{
	static const struct step step[] = {
		{ "nothing", 100, 0, 0, 2 * MB, 0, 0 },
		{ "an answer", 100, 26, 26, 2 * MB, 26, 0 },
		{ "whole packets", 100, CHUNK + 23, CHUNK, 2 * MB, CHUNK, 0 },
		{ "their end", 100, 23, 0, 2 * MB, 0, 102 },
		{ "still", 101, 23, 0, 2 * MB, 0, 102 },
		{ "the next", 101, 2 * CHUNK, 2 * CHUNK, 2 * MB, 2 * CHUNK, 0 },
		{ "its end", 101, 46, 0, 2 * MB, 0, 103 },
		{ "in vain", 103, 46, 0, 2 * MB, 46, 0 },
		{ "so an end goes at once", 104, 23, 0, 2 * MB, 23, 0 },
	};

	(void)state;
	WALK(false, step);
}

static void
a_packet_waits_for_room_in_the_window(void **state)
{
	static const struct step step[] = {
		{ "open", 100, FULL, FULL, 2 * MB, FULL, 0 },
		{ "room for two packets", 100, FULL, FULL, 3 * CHUNK - 1,
		    2 * CHUNK, 0 },
		{ "room for none", 100, FULL, FULL, CHUNK - 1, 0, 120 },
		{ "for little, which goes", 101, 26, 26, CHUNK - 1, 26, 0 },
		{ "room for none again", 101, FULL, FULL, CHUNK - 1, 0, 121 },
		{ "room for one", 102, FULL, FULL, CHUNK, CHUNK, 0 },
		{ "shut", 102, FULL, FULL, 0, 0, 0 },
		{ "hardly open", 200, FULL, FULL, 10, 0, 220 },
		{ "in vain", 220, FULL, FULL, 10, 10, 0 },
		{ "so it goes at once", 221, FULL, FULL, 10, 10, 0 },
		{ "in whole packets", 222, FULL, FULL, CHUNK + 1, CHUNK, 0 },
		{ "of which an end waits", 222, 23, 0, 2 * MB, 0, 224 },
		{ "as wide as can be", 223, FULL, FULL, UINT32_MAX, FULL, 0 },
		{ "a little less", 223, FULL, FULL, UINT32_MAX - 1, FULL, 0 },
	};

	(void)state;
	WALK(false, step);
}

static void
a_near_client_is_left_alone_until_most_is_gone(void **state)
{
	static const struct step step[] = {
		{ "open", 100, FULL, FULL, MB, FULL, 0 },
		{ "half open", 100, FULL, FULL, MB / 2, FULL, 0 },
		{ "room for none", 100, FULL, FULL, CHUNK - 1, 0, 120 },
		{ "nothing came", 110, FULL, FULL, CHUNK - 1, 0, 120 },
		{ "room for one", 112, FULL, FULL, CHUNK, 0, 132 },
		{ "half open, not enough", 130, FULL, FULL, MB / 2, 0, 150 },
		{ "three quarters", 140, FULL, FULL, 3 * MB / 4, FULL, 0 },
		{ "half open, not spent", 140, FULL, FULL, MB / 2, FULL, 0 },
	};

	(void)state;
	WALK(true, step);
}

static void
a_small_window_is_filled_as_it_opens(void **state)
{
	static const struct step step[] = {
		{ "smaller than a packet", 100, FULL, FULL, 8192, 8192, 0 },
		{ "a quarter open", 100, FULL, FULL, 2048, 0, 120 },
		{ "all of it", 101, FULL, FULL, 8192, 8192, 0 },
	};

	(void)state;
	WALK(false, step);
}

/* Who opens the window once less than half is left sees that, and goes on. */
static void
a_near_client_gets_half_its_window_and_a_packet(void **state)
{
	static const struct step step[] = {
		{ "open", 100, FULL, FULL, 2 * MB, FULL, 0 },
		{ "half open and two", 100, FULL, FULL, MB + CHUNK, 2 * CHUNK,
		    0 },
		{ "half open and one", 100, FULL, FULL, MB, CHUNK, 0 },
		{ "half open", 100, FULL, FULL, MB - CHUNK, 0, 120 },
		{ "a little goes", 101, 26, 26, MB - CHUNK, 26, 0 },
		{ "much waits", 101, FULL, FULL, 3 * MB / 2, 0, 121 },
		{ "most of it is gone", 102, FULL, FULL, 7 * MB / 4, FULL, 0 },
		{ "half open again", 103, FULL, FULL, MB - CHUNK, 0, 123 },
		{ "in vain", 123, FULL, FULL, MB - CHUNK, FULL, 0 },
		{ "so all of it is used", 124, FULL, FULL, 7, 7, 0 },
	};
	static const struct step small[] = {
		{ "a small one is used", 100, FULL, FULL, MB, FULL, 0 },
		{ "to its end", 100, FULL, FULL, CHUNK, CHUNK, 0 },
	};

	(void)state;
	WALK(true, step);
	WALK(true, small);
}

static void
a_client_that_was_made_to_wait_in_vain_is_not_for_a_while(void **state)
{
	struct pace p = { 0 };

	(void)state;
	assert_int_equal(pace_due(&p, 100, 23, 0, 2 * MB), 0);
	assert_int_equal(pace_due(&p, 102, 23, 0, 2 * MB), 23);
	for (int i = 0; i < 256; i++)
		assert_int_equal(pace_due(&p, 103, 23, 0, 2 * MB), 23);
	assert_int_equal(pace_due(&p, 104, 23, 0, 2 * MB), 0);
	assert_int_equal(p.until, 106);
	assert_int_equal(pace_due(&p, 106, 23, 0, 2 * MB), 23);
	for (int i = 0; i < 512; i++)
		assert_int_equal(pace_due(&p, 107, 23, 0, 2 * MB), 23);
	assert_int_equal(pace_due(&p, 108, 23, 0, 2 * MB), 0);
	pace_rest(&p);
	assert_int_equal(p.until, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_end_waits_for_the_next_request),
		cmocka_unit_test(a_packet_waits_for_room_in_the_window),
		cmocka_unit_test(
		    a_near_client_is_left_alone_until_most_is_gone),
		cmocka_unit_test(a_small_window_is_filled_as_it_opens),
		cmocka_unit_test(
		    a_near_client_gets_half_its_window_and_a_packet),
		cmocka_unit_test(
		    a_client_that_was_made_to_wait_in_vain_is_not_for_a_while),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
