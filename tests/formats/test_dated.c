#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "formats/dated.h"
#include "formats/normal.h"

/* One hour ahead of UTC, two in summer: the footer's rule is Europe's, which
 * skips 02:00 to 03:00 on 2026-03-29 and has it twice on 2026-10-25. */
static const char berlin[] =
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\1\0\0\0\4\0\0\0\0\0\0CET\0"
    "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0\0\1\0\0\0\4\0\0\16\20\0\0CET\0"
    "\nCET-1CEST,M3.5.0,M10.5.0/3\n";

static struct zone *
open_berlin(void)
{
	struct zone *z;

	assert_int_equal(
	    zone_parse(&z, (struct slice){ berlin, sizeof berlin - 1 }),
	    FMT_OK);
	return z;
}

/* Two lines of it, as a dump has them. */
static void
see_twice(struct dated *d, const char *cell, const struct zone *z)
{
	const char *hint;
	int64_t t;

	*d = (struct dated){ 0 };
	assert_int_equal(
	    normal_time(slice_of(cell), z, z, &t, &hint), REJECT_NONE);
	dated_see(d, slice_of(cell), z, t, 7);
	dated_see(d, slice_of(cell), z, t, 8);
}

static void
times_are_told_from_dates_and_from_those_that_say_their_zone(void **state)
{
	static const struct {
		const char *cell;
		uint64_t timed, zoned;
	} rows[] = {
		{ "2026-04-21", 0, 0 },
		{ "21.04.2026", 0, 0 },
		{ "2026/04/21", 0, 0 },
		{ "2026-04-21 11:59", 2, 0 },
		{ "2026-04-21 11:59:21", 2, 0 },
		{ "21.04.2026 9:05:00", 2, 0 },
		{ "2026-04-21T11:59:21.123", 2, 0 },
		{ "2026-04-21T11:59:21Z", 2, 2 },
		{ "2026-04-21T11:59:21+03:00", 2, 2 },
		{ "2026-04-21T11:59:21-0500", 2, 2 },
		{ "2026-04-21 11:59:21 UTC", 2, 2 },
		{ "1776761961", 2, 2 },
	};
	struct zone *z = open_berlin();
	struct dated d;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		see_twice(&d, rows[i].cell, z);
		if (d.timed != rows[i].timed || d.zoned != rows[i].zoned)
			fail_msg("%s: %llu timed, %llu zoned", rows[i].cell,
			    (unsigned long long)d.timed,
			    (unsigned long long)d.zoned);
	}
	zone_free(z);
}

static void
hours_that_the_clock_skips_or_has_twice_are_counted(void **state)
{
	static const struct {
		const char *cell;
		uint64_t skipped, repeated;
	} rows[] = {
		{ "2026-03-29 01:59:59", 0, 0 },
		{ "2026-03-29 02:00:00", 2, 0 },
		{ "29.03.2026 02:59:59", 2, 0 },
		{ "2026-03-29 03:00:00", 0, 0 },
		{ "2026-03-29T02:30:00Z", 0, 0 }, /* says which it means */
		{ "2026-03-28 02:30:00", 0, 0 },
		{ "2026-10-25 01:59:59", 0, 0 },
		{ "2026-10-25 02:00:00", 0, 2 },
		{ "2026-10-25 02:59", 0, 2 },
		{ "2026-10-25 03:00:00", 0, 0 },
		{ "2026-10-25 02:30:00+01:00", 0, 0 },
		{ "2026-10-24 02:30:00", 0, 0 },
		{ "2026-10-25", 0, 0 },
	};
	struct zone *z = open_berlin();
	struct dated d;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		see_twice(&d, rows[i].cell, z);
		if (d.skipped != rows[i].skipped ||
		    d.repeated != rows[i].repeated)
			fail_msg("%s: %llu skipped, %llu repeated",
			    rows[i].cell, (unsigned long long)d.skipped,
			    (unsigned long long)d.repeated);
		if (d.skipped > 0)
			assert_int_equal(d.skipped_line, 7);
		if (d.repeated > 0)
			assert_int_equal(d.repeated_line, 7);
	}
	zone_free(z);
}

static void
the_order_of_day_and_month_is_looked_at(void **state)
{
	static const struct {
		const char *cell;
		uint64_t day_first, either;
	} rows[] = {
		{ "21.04.2026", 2, 0 },
		{ "3.04.2026 11:59", 0, 2 },
		{ "03.4.26", 0, 2 },
		{ "04.04.2026", 0, 0 }, /* the same either way */
		{ "2026-03-04", 0, 0 },
	};
	struct zone *z = open_berlin();
	struct dated d;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		see_twice(&d, rows[i].cell, z);
		if (d.day_first != rows[i].day_first ||
		    d.either != rows[i].either)
			fail_msg("%s", rows[i].cell);
	}
	see_twice(&d, "03.04.2026", z);
	assert_int_equal(d.first, 1 << 3);
	assert_int_equal(d.second_part, 1 << 4);
	dated_see_month_first(&d, 9);
	dated_see_month_first(&d, 10);
	assert_int_equal(d.month_first, 2);
	assert_int_equal(d.month_first_line, 9);
	zone_free(z);
}

static void
times_of_day_that_are_all_one_are_counted(void **state)
{
	static const char *const cell[] = { "12.01.2026 0:00:01",
		"2026-01-10 00:00:00", "2026-07-11 00:00", "2026-01-13",
		"2026-01-13 23:30", "2026-01-13 23:31" };
	struct zone *z = open_berlin();
	struct dated d = { 0 };
	const char *hint;
	int64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
		assert_int_equal(
		    normal_time(slice_of(cell[i]), z, z, &t, &hint),
		    REJECT_NONE);
		dated_see(&d, slice_of(cell[i]), z, t, i);
	}
	assert_int_equal(d.timed, 5);
	/* in winter and in summer, whatever the first row has */
	assert_int_equal(d.half_hour[0], 2);
	assert_int_equal(d.half_hour[47], 1);
	assert_int_equal(d.half_hour[46], 0);
	zone_free(z);
}

static void
day_and_month_change_places(void **state)
{
	static const struct {
		const char *cell, *swapped; /* NULL: they cannot */
	} rows[] = {
		{ "2026-12-03 11:59:21", "2026-03-12 11:59:21" },
		{ "2026-03-12 00:00:00", "2026-12-03 00:00:00" },
		{ "2026-04-21 11:59:21", NULL },
		{ "2026-04-04 11:59:21", NULL },
	};
	struct zone *z = open_berlin();
	const char *hint;
	char out[20];
	int64_t t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool can;

		assert_int_equal(
		    normal_time(slice_of(rows[i].cell), z, z, &t, &hint),
		    REJECT_NONE);
		can = dated_swap(z, t, &t);
		assert_int_equal(can, rows[i].swapped != NULL);
		if (!can)
			continue;
		zone_write(z, t, out);
		assert_string_equal(out, rows[i].swapped);
	}
	zone_free(z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    times_are_told_from_dates_and_from_those_that_say_their_zone),
		cmocka_unit_test(
		    hours_that_the_clock_skips_or_has_twice_are_counted),
		cmocka_unit_test(the_order_of_day_and_month_is_looked_at),
		cmocka_unit_test(times_of_day_that_are_all_one_are_counted),
		cmocka_unit_test(day_and_month_change_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
