#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "formats/errors.h"
#include "feed/clockcheck.h"
#include "server/conf.h"

#define HOUR 3600
#define DAY 86400

/* 2026-11-22 12:00:00 UTC: 15:00 in Moscow. */
#define NOON INT64_C(1795348800)

/* A dump of 300 rows of the last ten days that came at 15:00, by day. */
struct scene {
	struct clock_seen seen;
	struct dated dated;
	struct profile now, earlier[CLOCK_EARLIER];
	struct clock_facts facts;
	struct zone *counter, *source;
};

/* Rows an hour on the source's clock, from hour 0. */
static void
set_hours(struct profile *p, const char *rows)
{
	p->timed = 0;
	for (size_t i = 0; i < 24; i++) {
		p->hour[i] = (uint64_t)(rows[i] - '0') * 30;
		p->timed += p->hour[i];
	}
}

#define BY_DAY "000000001234444444321000"

static void
set_scene(struct scene *s, const char *counter, const char *source)
{
	struct err e = ERR_EMPTY;

	memset(s, 0, sizeof *s);
	assert_int_equal(conf_zone(&s->counter, counter, &e), 0);
	assert_int_equal(conf_zone(&s->source, source, &e), 0);
	s->now = (struct profile){ .at = NOON,
		.oldest = NOON - 10 * DAY,
		.newest = NOON - 300,
		.touched = NOON - 300 };
	set_hours(&s->now, BY_DAY);
	s->dated = (struct dated){ .timed = s->now.timed };
	for (size_t i = 0; i < CLOCK_EARLIER; i++) {
		s->earlier[i] = s->now;
		s->earlier[i].at -= (int64_t)(i + 1) * DAY;
		s->earlier[i].oldest -= (int64_t)(i + 1) * DAY;
		s->earlier[i].newest -= (int64_t)(i + 1) * DAY;
		s->earlier[i].touched -= (int64_t)(i + 1) * DAY;
	}
	s->facts = (struct clock_facts){ .at = NOON,
		.seen = &s->seen,
		.dated = &s->dated,
		.now = &s->now,
		.earlier = s->earlier,
		.n = CLOCK_EARLIER,
		.counter = s->counter,
		.source = s->source };
}

static void
strike(struct scene *s)
{
	zone_free(s->counter);
	zone_free(s->source);
}

static const struct clock_warning *
find(const struct clock_warning *w, size_t n, enum clock_code c)
{
	for (; n > 0; n--, w++)
		if (w->code == c)
			return w;
	return NULL;
}

/* That warning alone, with that shift in hours (0: any) and first zone; or,
 * where zone is NULL, none at all. */
static void
check(struct scene *s, const char *what, enum clock_code code, double hours,
    const char *zone)
{
	struct clock_warning w[CLOCK_CODES];
	size_t n = clock_check(&s->facts, w);
	const struct clock_warning *it = find(w, n, code);

	if (zone == NULL && n > 0)
		fail_msg("%s: %s", what, w[0].text);
	if (zone == NULL)
		return;
	if (n != 1 || it == NULL)
		fail_msg("%s: %zu warnings, %s", what, n,
		    n > 0 ? w[0].text : "none");
	if (it->shift != (int64_t)(hours * HOUR))
		fail_msg("%s: shifted by %lld s", what, (long long)it->shift);
	if (strncmp(it->zones, zone, strlen(zone)) != 0)
		fail_msg("%s: zones %s", what, it->zones);
	assert_non_null(error_named('6', it->name));
	assert_true(it->text[0] != '\0' && it->cure[0] != '\0');
}

static void
what_is_right_makes_no_warning(void **state)
{
	struct clock_seen none = { 0 };
	struct scene s;

	(void)state;
	set_scene(&s, "Europe/Moscow", "Europe/Moscow");
	check(&s, "all is well", CLOCK_AHEAD, 0, NULL);
	s.facts.n = 0;
	check(&s, "the first dump", CLOCK_AHEAD, 0, NULL);
	memset(&s.now, 0, sizeof s.now);
	memset(&s.dated, 0, sizeof s.dated);
	s.now.newest = s.now.oldest = s.now.touched = CONV_NONE;
	s.seen = none;
	check(&s, "no rows", CLOCK_AHEAD, 0, NULL);
	strike(&s);
}

static void
rows_from_after_the_arrival_name_the_shift(void **state)
{
	static const struct {
		const char *what, *source;
		uint64_t ahead, beyond, timed;
		int64_t by; /* minutes */
		bool live;
		double hours;
		const char *zone;
	} rows[] = {
		{ "Yekaterinburg's clock", "Europe/Moscow", 30, 0, 300, 115,
		    true, 2, "Asia/Yekaterinburg" },
		{ "and a dump that is 40 minutes old", "Europe/Moscow", 30, 0,
		    300, 80, false, 2, "Asia/Yekaterinburg" },
		{ "Kolkata's", "Europe/London", 30, 0, 300, 329, true, 5.5,
		    "Asia/Kolkata" },
		{ "Moscow's, read as UTC", "UTC", 30, 0, 300, 178, true, 3,
		    "Europe/Moscow" },
		{ "clocks differ a little", "UTC", 30, 0, 300, 184, true, 3,
		    "Europe/Moscow" },
		{ "very few, as of a month", "UTC", 3, 0, 9000, 178, true, 3,
		    "Europe/Moscow" },
		{ "two of so many are mistakes", "UTC", 2, 0, 9000, 178, true,
		    0, NULL },
		{ "two of few are not", "UTC", 2, 0, 90, 178, true, 3,
		    "Europe/Moscow" },
		{ "visits that are planned", "UTC", 10, 40, 300, 800, true, 0,
		    NULL },
		{ "some planned ones hide no shift", "UTC", 30, 4, 300, 178,
		    true, 3, "Europe/Moscow" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;

		set_scene(&s, "Europe/Moscow", rows[i].source);
		if (!rows[i].live)
			s.facts.n = 0;
		s.dated.timed = rows[i].timed;
		s.seen.ahead = rows[i].ahead;
		s.seen.beyond = rows[i].beyond;
		s.seen.ahead_newest = NOON + rows[i].by * 60;
		check(
		    &s, rows[i].what, CLOCK_AHEAD, rows[i].hours, rows[i].zone);
		strike(&s);
	}
}

static void
rows_are_counted_by_how_far_they_are_ahead(void **state)
{
	static const struct {
		int64_t by; /* minutes */
		const char *cell;
		uint64_t ahead, beyond, swapped;
	} rows[] = {
		{ -5, "22.11.2026 14:55", 0, 0, 0 },
		{ 10, "22.11.2026 15:10", 0, 0, 0 },
		{ 11, "22.11.2026 15:11", 1, 0, 0 },
		{ 14 * 60, "23.11.2026 05:00", 1, 0, 0 },
		{ 15 * 60, "23.11.2026 06:00", 0, 1, 0 },
		/* the 12th of October, or the 10th of December */
		{ 18 * 24 * 60, "10.12.2026 15:00", 0, 1, 1 },
		{ 18 * 24 * 60, "2026-12-10 15:00", 0, 1, 0 },
		{ 21 * 24 * 60, "13.12.2026 15:00", 0, 1, 0 },
	};
	static const enum field field[] = { FIELD_ID, FIELD_CREATE_DATE_TIME };
	struct dump_facts facts = { .columns = 2, .field = field };
	struct err e = ERR_EMPTY;
	struct zone *z;

	(void)state;
	assert_int_equal(conf_zone(&z, "Europe/Moscow", &e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct slice cell[] = { slice_of("1"), slice_of(rows[i].cell) };
		struct clock_seen s = { 0 };

		clock_see(&s, NOON, NOON + rows[i].by * 60, &facts, cell, 2, z);
		if (s.ahead != rows[i].ahead || s.beyond != rows[i].beyond ||
		    s.swapped != rows[i].swapped)
			fail_msg("%s: %d %d %d", rows[i].cell, (int)s.ahead,
			    (int)s.beyond, (int)s.swapped);
	}
	zone_free(z);
}

static void
a_dump_that_comes_live_and_is_hours_old_is_told(void **state)
{
	static const struct {
		const char *what;
		int64_t lag, earlier; /* minutes */
		size_t n;
		uint64_t known, same;
		const char *hours; /* of the day, of earlier dumps */
		double shift;
		const char *zone;
	} rows[] = {
		{ "now in UTC", 185, 5, 5, 0, 0, BY_DAY, -3, "UTC" },
		{ "orders are new to a tenth", 185, 5, 5, 50, 5, BY_DAY, -3,
		    "UTC" },
		{ "known orders are as they were", 185, 5, 5, 50, 40, BY_DAY, 0,
		    NULL },
		{ "late by chance", 157, 5, 5, 0, 0, BY_DAY, 0, NULL },
		{ "never came live", 185, 25, 5, 0, 0, BY_DAY, 0, NULL },
		{ "nobody knows how it comes", 185, 5, 2, 0, 0, BY_DAY, 0,
		    NULL },
		{ "nothing happens at that time", 185, 5, 5, 0, 0,
		    "444444444440000000000444", 0, NULL },
		{ "an hour, and no other reason", 63, 5, 5, 0, 0,
		    "000000001234110000321000", 0, NULL },
		{ "a day: no clock is off by that", 24 * 60 + 5, 5, 5, 0, 0,
		    BY_DAY, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;

		set_scene(&s, "Europe/Moscow", "Europe/Moscow");
		s.facts.n = rows[i].n;
		s.now.newest = s.now.touched = NOON - rows[i].lag * 60;
		for (size_t k = 0; k < CLOCK_EARLIER; k++) {
			s.earlier[k].touched =
			    s.earlier[k].at - rows[i].earlier * 60;
			set_hours(&s.earlier[k], rows[i].hours);
		}
		s.seen.known = rows[i].known;
		s.seen.same = rows[i].same;
		check(&s, rows[i].what, CLOCK_BEHIND, rows[i].shift,
		    rows[i].zone);
		strike(&s);
	}
}

/* Known orders and how much later the dump has them, in minutes. */
static void
see_orders(struct clock_seen *s, int64_t minutes, unsigned n, bool given)
{
	struct merge_order was, is;

	memset(&was, 0, sizeof was);
	conv_clear(&was.conv);
	was.conv.number[FIELD_CREATE_DATE_TIME] = NOON;
	is = was;
	is.told_time = given ? NOON + minutes * 60 : CONV_NONE;
	while (n-- > 0)
		clock_see_order(s, &was, &is);
}

static void
known_orders_that_all_moved_name_the_shift(void **state)
{
	static const struct {
		const char *what;
		struct {
			int64_t minutes;
			unsigned n;
		} order[3];
		double shift;
		const char *zone;
	} rows[] = {
		{ "all of them", { { 180, 20 } }, 3, "Asia/Omsk" },
		{ "back", { { -180, 20 } }, -3, "UTC" },
		{ "most of them", { { 120, 14 }, { 0, 7 } }, 2,
		    "Asia/Yekaterinburg" },
		{ "half of them", { { 120, 10 }, { 0, 10 } }, 0, NULL },
		{ "by half hours", { { 150, 20 } }, 2.5, "Asia/Kolkata" },
		{ "by no round shift", { { 172, 20 } }, 0, NULL },
		{ "by several", { { 60, 7 }, { 120, 7 }, { 180, 7 } }, 0,
		    NULL },
		{ "by days: dates were mended", { { 24 * 60, 20 } }, 0, NULL },
		{ "five", { { 180, 5 } }, 3, "Asia/Omsk" },
		{ "four are too few", { { 180, 4 } }, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;

		set_scene(&s, "Europe/Moscow", "Europe/Moscow");
		for (size_t k = 0; k < 3; k++)
			see_orders(&s.seen, rows[i].order[k].minutes,
			    rows[i].order[k].n, true);
		see_orders(&s.seen, 0, 30, false); /* without a time */
		clock_see_order(&s.seen, NULL, NULL);
		check(
		    &s, rows[i].what, CLOCK_MOVED, rows[i].shift, rows[i].zone);
		strike(&s);
	}
}

static void
an_hour_after_clocks_were_changed_is_told_apart(void **state)
{
	static const struct {
		const char *what;
		int64_t before; /* days between the two dumps */
		const char *zone;
	} rows[] = {
		{ "no change between", 1, "Asia/Yekaterinburg" },
		{ "Europe changed on 2026-10-25", 40, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;
		struct clock_warning w[CLOCK_CODES];

		set_scene(&s, "Europe/Moscow", "Europe/Samara");
		s.earlier[0].at = NOON - rows[i].before * DAY;
		see_orders(&s.seen, 60, 20, true);
		check(&s, rows[i].what, CLOCK_MOVED, 1, rows[i].zone);
		assert_int_equal(clock_check(&s.facts, w), 1);
		assert_int_equal(strstr(w[0].text, "changed between") != NULL,
		    rows[i].zone[0] == '\0');
		strike(&s);
	}
}

static void
sales_by_night_name_the_shift(void **state)
{
	static const struct {
		const char *what, *source, *hours;
		bool warned;
		double shift;
		const char *zone;
	} rows[] = {
		{ "by day", "Europe/Moscow", BY_DAY, false, 0, NULL },
		{ "half a day off", "Europe/Moscow", "444432100000000000123444",
		    true, 8, "Asia/Magadan" },
		{ "Moscow's evening is Vladivostok's night", "UTC",
		    "444443100000000000001344", false, 0, NULL },
		{ "a shop that never closes", "Europe/Moscow",
		    "333333333333333333333333", false, 0, NULL },
		{ "a bar", "Europe/Moscow", "553210000000000123455555", false,
		    0, NULL },
		{ "a job at three", "Europe/Moscow", "000900000001100000000000",
		    true, 0, "" },
		{ "too few to tell", "Europe/Moscow",
		    "111110000000000000000001", false, 0, NULL },
		{ "midnight alone", "Europe/Moscow", "900000001111100000000000",
		    false, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;

		/* what is night in UTC is day on Vladivostok's counter */
		set_scene(&s,
		    strcmp(rows[i].source, "UTC") == 0 ? "Asia/Vladivostok"
						       : "Europe/Moscow",
		    rows[i].source);
		set_hours(&s.now, rows[i].hours);
		if (strcmp(rows[i].what, "midnight alone") == 0)
			s.now.midnight = s.now.timed - s.now.timed / 3;
		check(&s, rows[i].what, CLOCK_NIGHT, rows[i].shift,
		    rows[i].warned ? rows[i].zone : NULL);
		strike(&s);
	}
}

static void
dates_dressed_as_times_are_told(void **state)
{
	static const struct {
		const char *what;
		uint64_t timed, alike;
		size_t half;
		bool warned;
	} rows[] = {
		{ "midnight", 10, 10, 0, true },
		{ "nearly all", 100, 95, 0, true },
		{ "one in ten is no midnight", 100, 90, 0, false },
		{ "too few to tell", 9, 9, 0, false },
		{ "midnight in UTC", 10, 10, 6, true },
		{ "one import at 14:07", 10, 0, 28, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;

		set_scene(&s, "Europe/Moscow", "Europe/Moscow");
		s.dated.timed = rows[i].timed;
		s.dated.half_hour[rows[i].half] = rows[i].alike;
		s.dated.half_hour[20] = rows[i].timed - rows[i].alike > 0;
		check(&s, rows[i].what, CLOCK_DATES, 0,
		    rows[i].warned ? "" : NULL);
		strike(&s);
	}
}

static void
changes_of_the_clock_are_told_with_their_lines(void **state)
{
	static const struct {
		uint64_t skipped, repeated;
		const char *says;
	} rows[] = {
		{ 2, 0,
		    "source's zone skips: 2, first in line 17; they were "
		    "moved forward by it. The CRM's clock is not" },
		{ 0, 3,
		    "source's zone has twice: 3, first in line 19; they "
		    "were taken for the earlier one." },
		{ 2, 3,
		    "forward by it. Times in an hour that it has twice: 3, "
		    "first in line 19" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct clock_warning w[CLOCK_CODES];
		struct scene s;

		set_scene(&s, "Europe/Berlin", "Europe/Berlin");
		s.dated.skipped = rows[i].skipped;
		s.dated.repeated = rows[i].repeated;
		s.dated.skipped_line = 17;
		s.dated.repeated_line = 19;
		check(&s, rows[i].says, CLOCK_CHANGE, 0, "");
		clock_check(&s.facts, w);
		if (strstr(w[0].text, rows[i].says) == NULL)
			fail_msg("%s", w[0].text);
		strike(&s);
	}
}

static void
months_that_come_first_are_told(void **state)
{
	static const struct {
		const char *what;
		uint64_t day_first, month_first, either, swapped, beyond;
		uint32_t first, second;
		bool warned;
	} rows[] = {
		{ "day first, of course", 40, 0, 20, 0, 0, 0xffe, 6, false },
		{ "some prove it, some went through", 0, 3, 5, 0, 0, 6, 6,
		    true },
		{ "none went through", 0, 3, 0, 0, 0, 0, 0, false },
		{ "both ways", 40, 3, 5, 0, 0, 6, 6, true },
		{ "only so they are past", 0, 0, 9, 4, 5, 6, 6, true },
		{ "planned visits", 7, 0, 9, 4, 5, 6, 6, false },
		{ "two mistakes", 0, 0, 9, 2, 2, 6, 6, false },
		{ "most of them are ahead anyway", 0, 0, 9, 4, 9, 6, 6, false },
		{ "the first of each month, or twelve days of January", 0, 0,
		    20, 0, 0, 2, 0x1ffe, true },
		{ "twelve days of January", 0, 0, 20, 0, 0, 0x1ffe, 2, false },
		{ "too few to tell", 0, 0, 19, 0, 0, 2, 0x1ffe, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene s;

		set_scene(&s, "Europe/Moscow", "Europe/Moscow");
		s.dated.day_first = rows[i].day_first;
		s.dated.month_first = rows[i].month_first;
		s.dated.either = rows[i].either;
		s.dated.first = rows[i].first;
		s.dated.second_part = rows[i].second;
		s.seen.swapped = rows[i].swapped;
		s.seen.beyond = rows[i].beyond;
		check(&s, rows[i].what, CLOCK_MONTHS, 0,
		    rows[i].warned ? "" : NULL);
		strike(&s);
	}
}

static void
times_that_say_their_zone_are_mended_elsewhere(void **state)
{
	struct clock_warning w[CLOCK_CODES];
	struct scene s;

	(void)state;
	set_scene(&s, "Europe/Moscow", "Europe/Moscow");
	s.seen.ahead = 30;
	s.seen.ahead_newest = NOON + 2 * HOUR;
	s.dated.zoned = s.dated.timed;
	assert_int_equal(clock_check(&s.facts, w), 1);
	assert_int_equal(w[0].shift, 2 * HOUR);
	assert_string_equal(w[0].zones, "");
	assert_null(strstr(w[0].cure, "source_timezone"));
	s.dated.zoned = 0;
	assert_int_equal(clock_check(&s.facts, w), 1);
	assert_non_null(
	    strstr(w[0].cure, "source_timezone = \"Asia/Yekaterinburg\""));
	strike(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_right_makes_no_warning),
		cmocka_unit_test(rows_from_after_the_arrival_name_the_shift),
		cmocka_unit_test(rows_are_counted_by_how_far_they_are_ahead),
		cmocka_unit_test(
		    a_dump_that_comes_live_and_is_hours_old_is_told),
		cmocka_unit_test(known_orders_that_all_moved_name_the_shift),
		cmocka_unit_test(
		    an_hour_after_clocks_were_changed_is_told_apart),
		cmocka_unit_test(sales_by_night_name_the_shift),
		cmocka_unit_test(dates_dressed_as_times_are_told),
		cmocka_unit_test(
		    changes_of_the_clock_are_told_with_their_lines),
		cmocka_unit_test(months_that_come_first_are_told),
		cmocka_unit_test(
		    times_that_say_their_zone_are_mended_elsewhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
