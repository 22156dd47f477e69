/*
 * lint: Direct's own words for a file as a whole and for its rows.  What one
 * value gives is in tests/data/vectors.tsv.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/lint.h"
#include "formats/slice.h"
#include "tests/formats/lint_kit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define HEADER "create_date_time;id;phones;order_status;revenue\n"
#define NOW INT64_C(1782820800) /* 2026-06-30 12:00:00 */

/* head, then up to size bytes of rows that are a comment for the most part. */
struct source {
	struct slice head;
	uint64_t at, size;
};

#define FILLER "2026-06-29;;79995551111;;;"
#define FILLER_BYTES 65536

static ssize_t
give(void *ctx, void *buf, size_t n)
{
	static char filler[FILLER_BYTES];
	struct source *s = ctx;
	uint64_t left = s->size - s->at;
	size_t at, room;

	memset(filler, 'x', sizeof filler);
	memcpy(filler, FILLER, sizeof FILLER - 1);
	filler[sizeof filler - 1] = '\n';
	at = s->at < s->head.n ? (size_t)s->at
			       : (size_t)(s->at - s->head.n) % FILLER_BYTES;
	room = s->at < s->head.n ? s->head.n - at : FILLER_BYTES - at;
	n = n < room ? n : room;
	n = n < left ? n : (size_t)left;
	if (n > 0)
		memcpy(buf, (s->at < s->head.n ? s->head.p : filler) + at, n);
	s->at += n;
	return (ssize_t)n;
}

static struct lint_totals
lint_source(struct source *s)
{
	static const char *const goal[] = { "good_lead" };
	const struct lint_options o = { .output = "conversion-center",
		.now = NOW,
		.goal = goal,
		.goals = COUNT(goal) };
	struct input in = { .read = give, .ctx = s };
	struct lint_totals t;
	size_t n = 0;

	found[0] = '\0';
	assert_int_equal(lint_run(&in, &o, note, &n, &t), FMT_OK);
	return t;
}

static struct lint_totals
lint(const char *file)
{
	struct source s = { .head = slice_of(file), .size = strlen(file) };

	return lint_source(&s);
}

static void
a_clean_file_has_no_finding(void **state)
{
	struct lint_totals t = lint(HEADER
	    "2026-06-29 10:00:00;1;\"79995551111,79995552222\";PAID;10.50\n"
	    "29.06.26 10:00;;79995551111;good_lead;\n"
	    "2026-06-29;3;79995551111;;0\r\n");

	(void)state;
	assert_string_equal(found, "");
	assert_int_equal(t.rows, 3);
	assert_int_equal(t.valid, 3);
	assert_int_equal(t.errors, 0);
}

static void
the_file_as_a_whole_is_refused_in_directs_words(void **state)
{
#define NOTHING "0: В файле не нашлось валидных данных\n"
#define CODING                                                                 \
	"Неверная кодировка файла. Поддерживается только UTF-8 кодировка\n"
	static const char *const row[][2] = {
		{ "", NOTHING },
		{ HEADER, NOTHING },
		{ "create_date_time,id,phones\n2026-06-29,1,79995551111\n",
		    "1: В файле указан неправильный разделитель\n" },
		{ "create_date_time\tphones\n2026-06-29\t79995551111\n",
		    "1: В файле указан неправильный разделитель\n" },
		{ HEADER "2026-06-29;1;79995551111;;\n"
			 "2026-06-29;\xcf\xf0\xe8;79995551111;;\n",
		    "3: " CODING },
		{ "\xc4\xe0\xf2\xe0;\xd2\xe5\xeb\n1;2\n", "1: " CODING },
		{ "\xff\xfe"
		  "c;r\n",
		    "1: " CODING },
		{ "id;phones\n1;79995551111\n",
		    "1: missing create_date_time\n" NOTHING },
		{ "create_date_time;id\n2026-06-29;1\n",
		    "1: missing a column with identifiers: client_ids, emails, "
		    "phones, emails_md5 or phones_md5\n" NOTHING },
		{ "Create_Date_Time; phones\n2026-06-29;79995551111\n",
		    "1: warning: This column is ignored: the destination knows "
		    "it as 'create_date_time', to the letter\n"
		    "1: warning: This column is ignored: the destination knows "
		    "it as 'phones', to the letter\n"
		    "1: missing create_date_time\n"
		    "1: missing a column with identifiers: client_ids, emails, "
		    "phones, emails_md5 or phones_md5\n" NOTHING },
		{ HEADER "вчера;1;79995551111;;\n",
		    "2 create_date_time: Invalid date format "
		    "'вчера'\n" NOTHING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct lint_totals t = lint(row[i][0]);

		assert_string_equal(found, row[i][1]);
		assert_true(t.errors > 0);
		assert_true(t.valid <= 1);
	}
}

static void
a_row_is_refused_in_directs_words(void **state)
{
	static const char *const row[][2] = {
		{ "2026-06-29;1;;;",
		    "2: All columns with identifiers are empty" },
		{ ";1;79995551111;;",
		    "2 create_date_time: Empty 'create_date_time' value" },
		{ "2026-06-29;1;79995551111,+79995552222;;",
		    "2 phones: Invalid 'phones' identifier '+79995552222'" },
		{ "2026-06-29;1;79995551111, 79995552222;;",
		    "2 phones: Invalid 'phones' identifier ' 79995552222'" },
		{ "2026-06-29;1;79995551111,;;",
		    "2 phones: Invalid 'phones' identifier '79995551111,'" },
		{ "2026-06-29;1;7,9E+10;;",
		    "2 phones: Invalid 'phones' identifier '7,9E+10'" },
		{ "2026-06-29;1;79995551111;Paid;",
		    "2 order_status: Invalid 'order_status' value" },
		{ "2026-06-29;1;79995551111;GOOD_LEAD;",
		    "2 order_status: Invalid 'order_status' value" },
		{ "2026-06-29;1;79995551111;;1 000",
		    "2 revenue: Invalid 'revenue' value" },
		{ "2026-06-29;1;79995551111;;-1",
		    "2 revenue: 'revenue' value must be nonnegative" },
		{ "2026-06-30 12:00:01;1;79995551111;;",
		    "2 create_date_time: 'create_date_time' is from the "
		    "future" },
		/* 113 days are 2026-03-09 12:00:00 */
		{ "2026-03-09 11:59:59;1;79995551111;;",
		    "2 create_date_time: 'create_date_time' is older than 113 "
		    "days" },
		{ "x;1;y;;-", "2 create_date_time: Invalid date format 'x'\n"
			      "2 phones: Invalid 'phones' identifier 'y'\n"
			      "2 revenue: Invalid 'revenue' value" },
		{ "2026-06-29;\"1;79995551111;;",
		    "2: A quote is opened and not closed where it should be" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char file[512], want[1024];
		struct lint_totals t;

		snprintf(file, sizeof file,
		    HEADER "%s\n2026-06-29;2;79995551111;;\n", row[i][0]);
		snprintf(want, sizeof want, "%s\n", row[i][1]);
		t = lint(file);
		assert_string_equal(found, want);
		assert_int_equal(t.rows, 2);
		assert_int_equal(t.valid, 1);
		assert_true(t.errors > 0);
	}
}

static void
what_is_taken_all_the_same_is_a_warning(void **state)
{
#define AGING                                                                  \
	"create_date_time: warning: 'create_date_time' is older than 111 "     \
	"days, so that no visit can be linked to it or corrected any more\n"
	static const char *const row[][2] = {
		{ "\xef\xbb\xbf" HEADER "2026-06-29;1;79995551111;;\n",
		    "1: warning: The file begins with a BOM, which the "
		    "destination's rules do not mention\n" },
		{ HEADER "2026-06-29;1;79995551111;;\n"
			 "2026-06-28;1;79995551111;;\n",
		    "3 id: warning: An earlier row has the same id; the "
		    "destination applies such rows in random order\n" },
		/* exactly 113 days, and the last second of the 112th */
		{ HEADER "2026-03-09 12:00:00;1;79995551111;;\n", "2 " AGING },
		{ HEADER "2026-03-11 11:59:59;1;79995551111;;\n", "2 " AGING },
		{ HEADER "2026-03-11 12:00:00;1;79995551111;;\n", "" },
		{ HEADER "2026-06-29;1;79995551111\n",
		    "2: warning: The row has fewer cells than the header has "
		    "columns\n" },
		{ HEADER "2026-06-29;1;79995551111;;;x\n",
		    "2: warning: The row has more cells than the header has "
		    "columns\n" },
		{ "create_date_time;phones;phones\n2026-06-29;79995551111;x\n",
		    "1 phones: warning: The column is there twice; the first "
		    "was read\n" },
		/* a column that is not known is no matter at all */
		{ "COMMENT - эта колонка будет проигнорирована;"
		  "create_date_time;phones\n\"a;b\";2026-06-29;79995551111\n",
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct lint_totals t = lint(row[i][0]);

		assert_string_equal(found, row[i][1]);
		assert_int_equal(t.errors, 0);
		assert_int_equal(t.valid, t.rows);
	}
}

static void
the_limit_on_size_is_300_megabytes(void **state)
{
	struct source s = { .head = slice_of(
				"create_date_time;id;phones;order_status;"
				"revenue;COMMENT\n") };
	static const struct {
		uint64_t size;
		const char *want;
	} row[] = {
		{ 300000000, "" },
		{ 300000001,
		    "0: warning: The file has over 300,000,000 bytes, which "
		    "may be the destination's limit of 300 MB\n" },
		{ 314572801,
		    "0: Размер файла слишком большой, максимально допустимый "
		    "размер 300 Мбайт\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		s.at = 0;
		s.size = row[i].size;
		lint_source(&s);
		assert_string_equal(found, row[i].want);
	}
}

static ssize_t
fail_to_give(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	(void)buf;
	(void)n;
	return -1;
}

static void
an_unknown_output_and_a_failed_read_are_told_apart(void **state)
{
	struct lint_options o = { .output = "conversion-center", .now = NOW };
	struct input in = { .read = fail_to_give, .ctx = NULL };
	struct lint_totals t;

	(void)state;
	assert_int_equal(lint_run(&in, &o, NULL, NULL, &t), FMT_IO);
	o.output = "nowhere";
	assert_int_equal(lint_run(&in, &o, NULL, NULL, &t), FMT_SETTINGS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_clean_file_has_no_finding),
		cmocka_unit_test(
		    the_file_as_a_whole_is_refused_in_directs_words),
		cmocka_unit_test(a_row_is_refused_in_directs_words),
		cmocka_unit_test(what_is_taken_all_the_same_is_a_warning),
		cmocka_unit_test(the_limit_on_size_is_300_megabytes),
		cmocka_unit_test(
		    an_unknown_output_and_a_failed_read_are_told_apart),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
