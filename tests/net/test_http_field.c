/*
 * The parts of an HTTP request that we read ourselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <nettle/base64.h>
#include <stdio.h>

#include "net/http_field.h"

static void
a_basic_login_is_user_and_password(void **state)
{
	static const struct {
		const char *field, *user, *password; /* NULL: refused */
	} row[] = {
		{ "Basic ZGlyZWN0OnNlY3JldA==", "direct", "secret" },
		{ "basic  ZGlyZWN0OnNlY3JldA==", "direct", "secret" },
		{ "Basic ZGlyZWN0OmE6Yg==", "direct", "a:b" },
		{ "Basic ZGlyZWN0Og==", "direct", "" },
		{ "Basic ZGlyZWN0", NULL, NULL },             /* no colon */
		{ "Basic ZGlyZWN0OnNlY3JldAB4", NULL, NULL }, /* a NUL */
		{ "Basic ZGlyZWN0OgpY", NULL, NULL },         /* a line feed */
		{ "Basic !!!", NULL, NULL },
		{ "Basic ", NULL, NULL },
		{ "Bearer ZGlyZWN0OnNlY3JldA==", NULL, NULL },
		{ "", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice user, password;
		char buf[256];
		bool ok = http_basic(
		    slice_of(row[i].field), buf, sizeof buf, &user, &password);

		assert_int_equal(ok, row[i].user != NULL);
		if (!ok)
			continue;
		assert_true(slice_is(user, row[i].user));
		assert_true(slice_is(password, row[i].password));
	}
}

static void
a_target_is_a_path_and_perhaps_a_token(void **state)
{
	static const struct {
		const char *target, *path, *token; /* NULL: refused */
	} row[] = {
		{ "/main/a.csv", "/main/a.csv", "" },
		{ "/main/a%20b.csv", "/main/a b.csv", "" },
		{ "/t/TOK/main/a.csv", "/main/a.csv", "TOK" },
		{ "/main/a.csv?token=TOK", "/main/a.csv", "TOK" },
		{ "/main/a.csv?x=1&token=T%4fK", "/main/a.csv", "TOK" },
		{ "http://h:1/main/a.csv", "/main/a.csv", "" },
		{ "https://h", "/", "" },
		{ "/t/TOK/main/a.csv?token=TOK", "/main/a.csv", "TOK" },
		{ "/t/TOK/main/a.csv?token=TO", NULL, NULL },
		{ "/t/TOK/main/a.csv?token=TOKE", NULL, NULL },
		{ "/main/a.csv?token=A&token=B", NULL, NULL },
		{ "/t/TOK", NULL, NULL },
		{ "/a%00b", NULL, NULL },
		{ "/a%0ab", NULL, NULL },
		{ "/a%2", NULL, NULL },
		{ "/a%zz", NULL, NULL },
		{ "main", NULL, NULL },
		{ "*", NULL, NULL },
		{ "", NULL, NULL },
		{ "/x?token=0123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789",
		    NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char path[128], token[64];
		bool ok = http_target(
		    row[i].target, path, sizeof path, token, sizeof token);

		assert_int_equal(ok, row[i].path != NULL);
		if (!ok)
			continue;
		assert_string_equal(path, row[i].path);
		assert_string_equal(token, row[i].token);
	}
}

static void
a_range_is_a_part_of_the_file_or_ignored(void **state)
{
	static const struct {
		const char *field;
		enum http_range want;
		uint64_t first, last;
	} row[] = {
		{ "bytes=0-0", RANGE_PART, 0, 0 },
		{ "bytes=10-", RANGE_PART, 10, 99 },
		{ "Bytes = 1 - 2", RANGE_ALL, 0, 0 },
		{ "bytes=90-1000", RANGE_PART, 90, 99 },
		{ "bytes=-10", RANGE_PART, 90, 99 },
		{ "bytes=-1000", RANGE_PART, 0, 99 },
		{ "bytes=-0", RANGE_NONE, 0, 0 },
		{ "bytes=100-", RANGE_NONE, 0, 0 },
		{ "bytes=5-4", RANGE_ALL, 0, 0 },
		{ "bytes=0-1,5-6", RANGE_ALL, 0, 0 },
		{ "bytes=99999999999999999999-", RANGE_ALL, 0, 0 },
		{ "bytes=-", RANGE_ALL, 0, 0 },
		{ "bytes=", RANGE_ALL, 0, 0 },
		{ "lines=0-1", RANGE_ALL, 0, 0 },
		{ "", RANGE_ALL, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		uint64_t first = 0, last = 0;

		assert_int_equal(
		    http_range(slice_of(row[i].field), 100, &first, &last),
		    row[i].want);
		if (row[i].want != RANGE_PART)
			continue;
		assert_int_equal(first, row[i].first);
		assert_int_equal(last, row[i].last);
	}
}

static void
a_date_has_three_forms(void **state)
{
	static const struct {
		const char *field;
		int64_t want;
	} row[] = {
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT; length=5", -1 },
		{ "784111777", -1 },
		{ "", -1 },
	};
	char text[HTTP_DATE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(
		    http_date_parse(slice_of(row[i].field)), row[i].want);
	http_date_write(784111777, text);
	assert_string_equal(text, row[0].field);
}

static void
etags_are_compared_weakly_or_strongly(void **state)
{
	static const struct {
		const char *field;
		bool weakly, strongly;
	} row[] = {
		{ "\"a\"", true, true },
		{ "W/\"a\"", true, false },
		{ "\"b\", \"a\"", true, true },
		{ "*", true, true },
		{ "\"b\"", false, false },
		{ "a", false, false },
		{ "", false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice f = slice_of(row[i].field);

		assert_int_equal(
		    http_etag_listed(f, "\"a\"", false), row[i].weakly);
		assert_int_equal(
		    http_etag_listed(f, "\"a\"", true), row[i].strongly);
	}
}

static void
gzip_is_sent_to_those_who_ask_for_it(void **state)
{
	static const struct {
		const char *field;
		bool want;
	} row[] = {
		{ "gzip", true },
		{ "deflate, GZIP;q=0.5", true },
		{ "gzip;q=1", true },
		{ "gzip;q=0", false },
		{ "gzip; q=0.000", false },
		{ "identity", false },
		{ "*", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(
		    http_takes_gzip(slice_of(row[i].field)), row[i].want);
}

static void
a_slow_reader_has_a_minute_and_a_least_rate(void **state)
{
	static const struct {
		int64_t ms;
		uint64_t taken;
		bool cut;
	} row[] = {
		{ 0, 0, false },
		{ 60000, 0, false },
		{ 60001, 0, true },
		{ 61000, 61 * 1024 - 1, true },
		{ 61000, 61 * 1024, false },
		{ 3600000, 3600 * 1024 - 1, true },
		{ 3600000, 300000000, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(
		    http_too_slow(row[i].ms, row[i].taken), row[i].cut);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_basic_login_is_user_and_password),
		cmocka_unit_test(a_target_is_a_path_and_perhaps_a_token),
		cmocka_unit_test(a_range_is_a_part_of_the_file_or_ignored),
		cmocka_unit_test(a_date_has_three_forms),
		cmocka_unit_test(etags_are_compared_weakly_or_strongly),
		cmocka_unit_test(gzip_is_sent_to_those_who_ask_for_it),
		cmocka_unit_test(a_slow_reader_has_a_minute_and_a_least_rate),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
