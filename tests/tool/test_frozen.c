/*
 * Shifts of hours, and the part of an id that is looked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tool/frozen.h"
#include "tool/trace_private.h"

static const struct {
	const char *text;
	bool is;
	int64_t seconds;
} shifts[] = {
	{ "+3", true, 10800 },
	{ "3", true, 10800 },
	{ "-3", true, -10800 },
	{ "+5:30", true, 19800 },
	{ "-0:30", true, -1800 },
	{ "0:45", true, 2700 },
	{ "+03:00", true, 10800 },
	{ "26", true, 93600 },
	{ "26:01", false, 0 },
	{ "27", false, 0 },
	{ "999999999999999999999", false, 0 },
	{ "0", false, 0 },
	{ "+0:00", false, 0 },
	{ "", false, 0 },
	{ "+", false, 0 },
	{ "+-3", false, 0 },
	{ "3h", false, 0 },
	{ "3:", false, 0 },
	{ "3:5", false, 0 },
	{ "3:60", false, 0 },
	{ "3:05:00", false, 0 },
	{ " 3", false, 0 },
};

static void
shifts_are_hours_and_minutes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
		int64_t seconds = 1;
		bool is = frozen_shift(shifts[i].text, &seconds);

		if (is != shifts[i].is || (is && seconds != shifts[i].seconds))
			fail_msg("\"%s\": %d, %lld", shifts[i].text, is,
			    (long long)seconds);
	}
}

static const struct {
	const char *id, *needle;
} ids[] = {
	{ "7731", "7731" },
	{ "A-77 31", "A-77" },
	{ "Заказ 0000-057583", "0000-057583" },
	{ "a\"b\"cd", "cd" },
	{ "x/1001", "1001" },
	{ "заказ", "" },
	{ "", "" },
};

static void
an_id_is_looked_for_by_what_no_syntax_changes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
		struct slice got = trace_needle(slice_of(ids[i].id));

		if (!slice_is(got, ids[i].needle))
			fail_msg("%s: \"%.*s\"", ids[i].id, (int)got.n, got.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shifts_are_hours_and_minutes),
		cmocka_unit_test(an_id_is_looked_for_by_what_no_syntax_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
