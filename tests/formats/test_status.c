/*
 * What can go wrong, in words: codes are stable and unique, texts are
 * sentences, Direct's own are repeated to the letter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/status.h"

static void
every_status_has_its_own_code_and_a_sentence(void **state)
{
	(void)state;
	for (int i = 0; i < FMT_STATUS_COUNT; i++) {
		const char *text = fmt_status_text((enum fmt_status)i);

		assert_true(strlen(text) > 10);
		assert_int_equal(text[strlen(text) - 1], '.');
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
			    fmt_status_code((enum fmt_status)i),
			    fmt_status_code((enum fmt_status)k));
	}
}

static void
every_reject_has_its_own_code_and_a_text(void **state)
{
	char text[200];

	(void)state;
	for (int i = 0; i < REJECT_COUNT; i++) {
		assert_true(reject_text(text, sizeof text, (enum reject)i, "id",
				(struct slice){ 0 }, NULL) > 5);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(reject_code((enum reject)i),
			    reject_code((enum reject)k));
	}
	assert_string_equal(reject_code(REJECT_DATE), "date");
	assert_string_equal(reject_code(REJECT_STATUS_EMPTY), "empty_status");
}

static void
a_reject_is_told_in_directs_own_words(void **state)
{
	static const struct {
		enum reject reject;
		const char *column, *value, *hint, *want;
	} row[] = {
		{ REJECT_DATE, "create_date_time", "вчера", NULL,
		    "Invalid date format 'вчера'" },
		{ REJECT_DATE, "create_date_time", "", NULL,
		    "Invalid date format" },
		{ REJECT_DATE_EMPTY, "create_date_time", "", NULL,
		    "Empty 'create_date_time' value" },
		{ REJECT_DATE_OLD, "create_date_time", "x", NULL,
		    "'create_date_time' is older than 113 days" },
		{ REJECT_DATE_FUTURE, "create_date_time", "x", NULL,
		    "'create_date_time' is from the future" },
		{ REJECT_PHONES, "phones", "+7", NULL,
		    "Invalid 'phones' identifier '+7'" },
		{ REJECT_PHONES, "phones", "", "Excel",
		    "Invalid 'phones' identifier (Excel)" },
		{ REJECT_PHONES_MD5, "phones_md5", "0", NULL,
		    "Invalid 'phones_md5' identifier '0'" },
		{ REJECT_NO_IDENTIFIER, "", "", NULL,
		    "All columns with identifiers are empty" },
		{ REJECT_MONEY, "revenue", "abc", NULL,
		    "Invalid 'revenue' value" },
		{ REJECT_MONEY_NEGATIVE, "cost", "-1", NULL,
		    "'cost' value must be nonnegative" },
		{ REJECT_MONEY_TOO_BIG, "revenue", "1", NULL,
		    "'revenue' value must not exceed 9223372036854" },
		{ REJECT_STATUS, "order_status", "x", NULL,
		    "Invalid 'order_status' value" },
	};
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		size_t n = reject_text(text, sizeof text, row[i].reject,
		    row[i].column, slice_of(row[i].value), row[i].hint);

		assert_string_equal(text, row[i].want);
		assert_int_equal(n, strlen(text));
	}
}

static void
a_text_is_cut_at_a_character(void **state)
{
	static const struct {
		size_t size;
		const char *want;
	} row[] = {
		{ 1, "" },
		{ 8, "Invalid" },
		{ 22, "Invalid date format '" },
		{ 23, "Invalid date format '" },
		{ 24, "Invalid date format 'в" },
		{ 25, "Invalid date format 'в" },
		{ 26, "Invalid date format 'вч" },
		{ 27, "Invalid date format 'вч'" },
	};
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		memset(text, 'x', sizeof text);
		reject_text(
		    text, row[i].size, REJECT_DATE, "", slice_of("вч"), NULL);
		assert_string_equal(text, row[i].want);
		assert_int_equal(text[row[i].size], 'x');
	}
	assert_int_equal(
	    reject_text(NULL, 0, REJECT_DATE, "", slice_of(""), NULL), 0);
}

static void
only_structure_dates_numbers_and_unmapped_statuses_are_damage(void **state)
{
	(void)state;
	assert_true(reject_is_damage(REJECT_COLUMNS_FEW));
	assert_true(reject_is_damage(REJECT_UNCLOSED_QUOTE));
	assert_true(reject_is_damage(REJECT_ENCODING));
	assert_true(reject_is_damage(REJECT_DATE));
	assert_true(reject_is_damage(REJECT_MONEY));
	assert_true(reject_is_damage(REJECT_STATUS));
	assert_false(reject_is_damage(REJECT_PHONES));
	assert_false(reject_is_damage(REJECT_NO_IDENTIFIER));
	assert_false(reject_is_damage(REJECT_DATE_OLD));
	assert_false(reject_is_damage(REJECT_STATUS_EMPTY));
	assert_false(reject_is_damage(REJECT_MONEY_NEGATIVE));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_its_own_code_and_a_sentence),
		cmocka_unit_test(every_reject_has_its_own_code_and_a_text),
		cmocka_unit_test(a_reject_is_told_in_directs_own_words),
		cmocka_unit_test(a_text_is_cut_at_a_character),
		cmocka_unit_test(
		    only_structure_dates_numbers_and_unmapped_statuses_are_damage),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
