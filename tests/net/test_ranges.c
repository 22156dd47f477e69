/*
 * Ranges of bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/ranges.h"

static void
what_was_moved_is_known(void **state)
{
	static const struct {
		const char *what;
		struct range add[5];
		uint64_t size;
		bool whole;
		size_t n;
	} row[] = {
		{ "nothing of nothing", { { 0, 0 } }, 0, true, 0 },
		{ "nothing of one byte", { { 0, 0 } }, 1, false, 0 },
		{ "all at once", { { 0, 9 } }, 9, true, 1 },
		{ "one byte short", { { 0, 8 } }, 9, false, 1 },
		{ "one byte missing in front", { { 1, 9 } }, 9, false, 1 },
		{ "touching", { { 0, 4 }, { 4, 9 } }, 9, true, 1 },
		{ "backwards", { { 4, 9 }, { 0, 4 } }, 9, true, 1 },
		{ "a gap of one", { { 0, 4 }, { 5, 9 } }, 9, false, 2 },
		{ "a gap that is filled", { { 0, 4 }, { 5, 9 }, { 4, 5 } }, 9,
		    true, 1 },
		{ "overlapping", { { 0, 6 }, { 3, 9 } }, 9, true, 1 },
		{ "twice", { { 0, 4 }, { 0, 4 } }, 9, false, 1 },
		{ "within", { { 0, 9 }, { 3, 4 } }, 9, true, 1 },
		{ "over several", { { 1, 2 }, { 3, 4 }, { 5, 6 }, { 0, 9 } }, 9,
		    true, 1 },
		{ "between two", { { 0, 1 }, { 8, 9 }, { 3, 4 } }, 9, false,
		    3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct ranges s = { 0 };

		for (size_t k = 0; k < 5; k++)
			ranges_add(&s, row[i].add[k].from, row[i].add[k].to);
		print_message("# %s\n", row[i].what);
		assert_int_equal(ranges_cover(&s, row[i].size), row[i].whole);
		assert_int_equal(s.n, row[i].n);
	}
}

static void
the_rest_is_everything_up_to_the_end(void **state)
{
	static const struct {
		const char *what;
		struct range add[3];
		uint64_t size;
		bool reaches;
	} row[] = {
		{ "nothing of nothing", { { 0, 0 } }, 0, true },
		{ "nothing", { { 0, 0 } }, 9, false },
		{ "all", { { 0, 9 } }, 9, true },
		{ "the last byte", { { 8, 9 } }, 9, true },
		{ "not the last byte", { { 3, 8 } }, 9, false },
		{ "in pieces", { { 7, 9 }, { 3, 7 } }, 9, true },
		{ "a gap", { { 3, 5 }, { 6, 9 } }, 9, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct ranges s = { 0 };

		for (size_t k = 0; k < 3; k++)
			ranges_add(&s, row[i].add[k].from, row[i].add[k].to);
		print_message("# %s\n", row[i].what);
		assert_int_equal(ranges_reach(&s, row[i].size), row[i].reaches);
	}
}

static void
too_many_gaps_are_never_taken_for_whole(void **state)
{
	struct ranges s = { 0 };

	(void)state;
	for (uint64_t i = 0; i < 2 * RANGES_MAX; i++)
		ranges_add(&s, 4 * i, 4 * i + 2);
	assert_int_equal(s.n, RANGES_MAX);
	for (uint64_t i = 0; i < 2 * RANGES_MAX; i++)
		ranges_add(&s, 4 * i + 2, 4 * i + 4);
	assert_false(ranges_cover(&s, 8 * RANGES_MAX));
	ranges_add(&s, 0, 8 * RANGES_MAX);
	assert_true(ranges_cover(&s, 8 * RANGES_MAX));
	assert_int_equal(s.n, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_moved_is_known),
		cmocka_unit_test(the_rest_is_everything_up_to_the_end),
		cmocka_unit_test(too_many_gaps_are_never_taken_for_whole),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
