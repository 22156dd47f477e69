/*
 * Time zones, against the C library's own for every zone on this machine.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <cmocka.h>

#include "formats/zone.h"

#define ZONEINFO "/usr/share/zoneinfo"
#define DAY 86400
#define END INT64_C(2145916800) /* 2038-01-01 */

static char bytes[1 << 20];

/* The whole file; empty when it cannot be read. */
static struct slice
load(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct slice s = { bytes, 0 };

	if (f != NULL) {
		s.n = fread(bytes, 1, sizeof bytes, f);
		fclose(f);
	}
	return s;
}

static struct zone *
zone_of(const char *name)
{
	char path[600];
	struct zone *z = NULL;

	snprintf(path, sizeof path, ZONEINFO "/%s", name);
	assert_int_equal(zone_parse(&z, load(path)), FMT_OK);
	return z;
}

static void
agree(const struct zone *z, const char *name, int64_t t)
{
	time_t tt = (time_t)t;
	struct tm tm;
	struct wall w, again;
	int64_t back;

	if (t < 0 || t >= END)
		return;
	localtime_r(&tt, &tm);
	zone_wall(z, t, &w);
	if (zone_offset(z, t) != tm.tm_gmtoff || w.second != tm.tm_sec ||
	    w.minute != tm.tm_min || w.hour != tm.tm_hour ||
	    w.day != tm.tm_mday || w.month != tm.tm_mon + 1 ||
	    w.year != tm.tm_year + 1900)
		fail_msg("%s differs at %lld: %d, glibc %ld", name,
		    (long long)t, zone_offset(z, t), tm.tm_gmtoff);
	/* Back again: the same instant, or an earlier one of that wall time. */
	back = zone_instant(z, &w);
	zone_wall(z, back, &again);
	if (back > t || memcmp(&w, &again, sizeof w) != 0 ||
	    (t - back >= 26 * 3600))
		fail_msg("%s at %lld comes back as %lld", name, (long long)t,
		    (long long)back);
}

static uint32_t
be32(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 |
	       (uint32_t)u[2] << 8 | u[3];
}

/* Every change of the clock that the file lists, one second around it; then a
 * grid of three days and some hours. */
static void
compare(const char *name, const char *path)
{
	struct slice s = load(path);
	struct zone *z;
	uint32_t n;

	if (s.n < 44 || memcmp(s.p, "TZif", 4) != 0)
		return;
	assert_int_equal(zone_parse(&z, s), FMT_OK);
	setenv("TZ", name, 1);
	tzset();
	n = be32(s.p + 32); /* the first block has 32-bit times */
	for (uint32_t i = 0; i < n; i++) {
		int64_t t = (int32_t)be32(s.p + 44 + 4 * (size_t)i);

		for (int d = -1; d <= 1; d++)
			agree(z, name, t + d);
	}
	for (int64_t t = 0; t < END; t += 3 * DAY + 5 * 3600 + 1)
		agree(z, name, t);
	zone_free(z);
}

static unsigned
walk(const char *under)
{
	char path[1200], name[600];
	DIR *dir;
	struct dirent *d;
	unsigned n = 0;

	snprintf(path, sizeof path, ZONEINFO "/%s", under);
	dir = opendir(path);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		struct stat st;

		if (d->d_name[0] == '.' || strcmp(d->d_name, "right") == 0 ||
		    strcmp(d->d_name, "posix") == 0)
			continue;
		snprintf(name, sizeof name, "%s%s%s", under,
		    *under == '\0' ? "" : "/", d->d_name);
		snprintf(path, sizeof path, ZONEINFO "/%s", name);
		if (stat(path, &st) == -1)
			continue;
		if (S_ISDIR(st.st_mode)) {
			n += walk(name);
		} else if (S_ISREG(st.st_mode)) {
			compare(name, path);
			n++;
		}
	}
	closedir(dir);
	return n;
}

static void
every_zone_of_this_machine_agrees_with_the_c_library(void **state)
{
	(void)state;
	assert_true(walk("") > 300);
}

static void
past_the_last_transition_the_footer_rules(void **state)
{
	static const struct {
		const char *zone;
		int64_t t;
	} row[] = {
		{ "Europe/Berlin", 2531955600 },    /* 2050-03-27 01:00 UTC */
		{ "America/New_York", 4109832000 }, /* 2100 */
		{ "Australia/Sydney", 4109832000 },
		{ "America/Santiago", 3000000000 },
		{ "Africa/Casablanca", 3800000000 },
		{ "America/Nuuk", 3000000000 }, /* a rule before 00:00 */
		{ "Asia/Gaza", 4102444799 },
		{ "Europe/Dublin", 4102444799 }, /* negative summer time */
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct zone *z = zone_of(row[i].zone);

		setenv("TZ", row[i].zone, 1);
		tzset();
		for (int d = -400 * 24; d < 400 * 24; d += 5) {
			time_t t = (time_t)(row[i].t + d * 3600);
			struct tm tm;

			localtime_r(&t, &tm);
			if (zone_offset(z, t) != tm.tm_gmtoff)
				fail_msg("%s differs at %lld", row[i].zone,
				    (long long)t);
		}
		zone_free(z);
	}
}

static void
a_repeated_time_is_the_earlier_a_skipped_one_moves_on(void **state)
{
	static const struct {
		const char *zone;
		struct wall wall;
		int64_t want;
	} row[] = {
		/* Moscow 2014-10-26 02:00 became 01:00 */
		{ "Europe/Moscow", { 2014, 10, 26, 1, 30, 0 }, 1414272600 },
		{ "Europe/Moscow", { 2014, 10, 26, 0, 59, 59 }, 1414270799 },
		{ "Europe/Moscow", { 2014, 10, 26, 2, 0, 0 }, 1414278000 },
		/* 2011-03-27 02:00 became 03:00 */
		{ "Europe/Moscow", { 2011, 3, 27, 1, 59, 59 }, 1301180399 },
		{ "Europe/Moscow", { 2011, 3, 27, 2, 30, 0 }, 1301182200 },
		{ "Europe/Moscow", { 2011, 3, 27, 3, 0, 0 }, 1301180400 },
		{ "Europe/Berlin", { 2050, 3, 27, 2, 30, 0 }, 2531957400 },
		{ "Europe/Berlin", { 2050, 10, 30, 2, 30, 0 }, 2550702600 },
		/* A whole day was skipped: 2011-12-30 */
		{ "Pacific/Apia", { 2011, 12, 30, 12, 0, 0 }, 1325282400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct zone *z = zone_of(row[i].zone);
		int64_t first = zone_instant(z, &row[i].wall);

		assert_int_equal(first, row[i].want);
		/* and so whatever span was asked for last */
		zone_offset(z, first + 400 * DAY);
		assert_int_equal(zone_instant(z, &row[i].wall), row[i].want);
		zone_offset(z, first - 400 * DAY);
		assert_int_equal(zone_instant(z, &row[i].wall), row[i].want);
		zone_offset(z, first + 7200);
		assert_int_equal(zone_instant(z, &row[i].wall), row[i].want);
		zone_free(z);
	}
}

static void
midnight_is_where_the_day_begins(void **state)
{
	struct zone *z = zone_of("Europe/Moscow");
	struct zone *cuba = zone_of("America/Havana");
	char out[20];

	(void)state;
	zone_write(z, zone_midnight(z, 1776761961, 0), out);
	assert_string_equal(out, "2026-04-21 00:00:00");
	zone_write(z, zone_midnight(z, 1776761961, -112), out);
	assert_string_equal(out, "2025-12-30 00:00:00");
	/* Havana, 2026-03-08: the clock went from 00:00 to 01:00 */
	zone_write(cuba, zone_midnight(cuba, 1773000000, 0), out);
	assert_string_equal(out, "2026-03-08 01:00:00");
	zone_free(cuba);
	zone_free(z);
}

static void
only_dates_that_exist_are_valid(void **state)
{
	static const struct {
		struct wall wall;
		bool valid;
	} row[] = {
		{ { 2024, 2, 29, 0, 0, 0 }, true },
		{ { 2026, 2, 29, 0, 0, 0 }, false },
		{ { 1900, 2, 29, 0, 0, 0 }, false },
		{ { 2000, 2, 29, 23, 59, 59 }, true },
		{ { 2026, 13, 1, 0, 0, 0 }, false },
		{ { 2026, 0, 1, 0, 0, 0 }, false },
		{ { 2026, 4, 31, 0, 0, 0 }, false },
		{ { 2026, 4, 0, 0, 0, 0 }, false },
		{ { 2026, 4, 1, 24, 0, 0 }, false },
		{ { 2026, 4, 1, 0, 60, 0 }, false },
		{ { 2026, 4, 1, 0, 0, 60 }, false },
		{ { 0, 4, 1, 0, 0, 0 }, false },
		{ { 9999, 12, 31, 23, 59, 59 }, true },
		{ { 10000, 1, 1, 0, 0, 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(wall_valid(&row[i].wall), row[i].valid);
}

static void
days_and_dates_are_inverse(void **state)
{
	struct wall w = { 1, 1, 1, 0, 0, 0 }, back = { 0 };
	int64_t day = wall_days(&w);

	(void)state;
	assert_int_equal(day, -719162);
	for (; w.year < 9999; day += 13) {
		wall_from_days(&w, day);
		assert_int_equal(wall_days(&w), day);
		assert_true(wall_valid(&w));
		assert_true(w.year > back.year || w.month > back.month ||
			    w.day > back.day);
		back = w;
	}
}

static void
times_out_of_reach_are_written_as_the_nearest(void **state)
{
	struct zone *z = zone_of("Asia/Kamchatka");
	char out[20];

	(void)state;
	zone_write(z, INT64_MAX, out);
	assert_string_equal(out, "9999-12-31 23:59:59");
	zone_write(z, INT64_MIN, out);
	assert_string_equal(out, "0001-01-01 00:00:00");
	zone_free(z);
}

static void
files_that_are_no_zone_are_refused(void **state)
{
	struct slice s = load(ZONEINFO "/Europe/Berlin");
	struct zone *z;
	char *copy = malloc(s.n);
	size_t n = s.n, whole = 0;

	(void)state;
	assert_true(s.n > 100);
	memcpy(copy, s.p, s.n);
	for (size_t cut = 0; cut < n; cut++) {
		char *exact = malloc(cut == 0 ? 1 : cut);

		memcpy(exact, copy, cut);
		if (zone_parse(&z, (struct slice){ exact, cut }) == FMT_OK) {
			whole++;
			zone_free(z);
		}
		free(exact);
	}
	assert_int_equal(whole, 0);
	copy[0] = 'X';
	assert_int_equal(zone_parse(&z, (struct slice){ copy, n }), FMT_ZONE);
	free(copy);
	s = load(ZONEINFO "/right/Europe/Berlin");
	if (s.n > 0)
		assert_int_equal(zone_parse(&z, s), FMT_ZONE);
	assert_int_equal(zone_parse(&z, load(ZONEINFO "/zone.tab")), FMT_ZONE);
}

static void
utc_has_no_offset(void **state)
{
	struct zone *z = zone_utc();
	char out[20];

	(void)state;
	assert_int_equal(zone_offset(z, 1776761961), 0);
	zone_write(z, 1776761961, out);
	assert_string_equal(out, "2026-04-21 08:59:21");
	zone_free(z);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    every_zone_of_this_machine_agrees_with_the_c_library),
		cmocka_unit_test(past_the_last_transition_the_footer_rules),
		cmocka_unit_test(
		    a_repeated_time_is_the_earlier_a_skipped_one_moves_on),
		cmocka_unit_test(midnight_is_where_the_day_begins),
		cmocka_unit_test(only_dates_that_exist_are_valid),
		cmocka_unit_test(days_and_dates_are_inverse),
		cmocka_unit_test(times_out_of_reach_are_written_as_the_nearest),
		cmocka_unit_test(files_that_are_no_zone_are_refused),
		cmocka_unit_test(utc_has_no_offset),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
