/*
 * Direct's rules for one value.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/check.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct row {
	const char *value;
	bool good;
};

static void
each(const struct row *row, size_t rows, bool (*check)(struct slice s))
{
	for (size_t i = 0; i < rows; i++)
		if (check(slice_of(row[i].value)) != row[i].good)
			fail_msg("'%s' is %s", row[i].value,
			    row[i].good ? "refused" : "taken");
}

static void
a_phone_is_digits_with_the_country_code(void **state)
{
	static const struct row row[] = {
		{ "79995551111", true },
		{ "1234567890", true },
		{ "123456789012345", true },
		{ "123456789", false },
		{ "1234567890123456", false },
		{ "+79995551111", false },
		{ "7 999 555 11 11", false },
		{ "7999555111l", false },
		{ "", false },
	};

	(void)state;
	each(row, COUNT(row), check_phone);
}

static void
an_email_is_latin_and_has_a_domain(void **state)
{
	static const struct row row[] = {
		{ "mail@yandex.ru", true },
		{ "a.b+c_d'e@sub.example.com", true },
		{ "1@1.ru", true },
		{ "Mail@yandex.ru", false },
		{ "mail@Yandex.ru", false },
		{ "mail.yandex.ru", false },
		{ "mail@yandex", false },
		{ "mail@yandex.", false },
		{ "mail@.ru", false },
		{ "mail@a..ru", false },
		{ "@yandex.ru", false },
		{ "a@b@yandex.ru", false },
		{ "mail @yandex.ru", false },
		{ " mail@yandex.ru", false },
		{ "mail@yandex.ru;", false },
		{ "почта@яндекс.рф", false },
		{ "почта@yandex.ru", false },
		{ "", false },
	};
	static const char nul[] = "a\0b@yandex.ru";

	(void)state;
	each(row, COUNT(row), check_email);
	assert_false(check_email((struct slice){ nul, sizeof nul - 1 }));
}

static void
a_client_id_is_a_positive_number_of_64_bits(void **state)
{
	static const struct row row[] = {
		{ "1", true },
		{ "133591247640966458", true },
		{ "18446744073709551615", true },
		{ "18446744073709551616", false },
		{ "99999999999999999999", false },
		{ "184467440737095516150", false },
		{ "0", false },
		{ "00", false },
		{ "-5", false },
		{ "1,33591E+17", false },
		{ "telegram_12345", false },
		{ "", false },
	};

	(void)state;
	each(row, COUNT(row), check_client_id);
}

static void
a_hash_is_32_hex_digits(void **state)
{
	static const struct row row[] = {
		{ "f09f2c3d48f31e2a802944ade2e5aec5", true },
		{ "F09F2C3D48F31E2A802944ADE2E5AEC5", true },
		{ "78ee6d68f49d2c90397d9ff77fc3814d1", false },
		{ "78ee6d68f49d2c90397d9ff77fc3814", false },
		{ "g09f2c3d48f31e2a802944ade2e5aec5", false },
		{ "", false },
	};

	(void)state;
	each(row, COUNT(row), check_md5);
}

static void
a_status_is_one_of_four_or_could_be_a_goal(void **state)
{
	static const struct row fixed[] = {
		{ "PAID", true },
		{ "IN_PROGRESS", true },
		{ "CANCELLED", true },
		{ "SPAM", true },
		{ "CANCELED", false },
		{ "paid", false },
		{ "OTHER", false },
		{ "", false },
	};
	static const struct row goal[] = {
		{ "good_lead", true },
		{ "заявка", true },
		{ "two words", false },
		{ "a;b", false },
		{ "a,b", false },
		{ "a\"b", false },
		{ "a\nb", false },
		{ "", false },
	};

	(void)state;
	each(fixed, COUNT(fixed), check_status_fixed);
	each(goal, COUNT(goal), check_goal_id);
}

static void
money_has_a_dot_and_a_limit(void **state)
{
	static const struct {
		const char *value;
		enum reject reject;
		int64_t minor;
	} row[] = {
		{ "0", REJECT_NONE, 0 },
		{ "15000", REJECT_NONE, 1500000 },
		{ "1508.50", REJECT_NONE, 150850 },
		{ "1508.5", REJECT_NONE, 150850 },
		{ "0.005", REJECT_NONE, 1 },
		{ "0.00499", REJECT_NONE, 0 },
		{ "0.995", REJECT_NONE, 100 },
		{ "-0", REJECT_NONE, 0 },
		{ "9223372036854", REJECT_NONE, 922337203685400 },
		{ "9223372036854.00", REJECT_NONE, 922337203685400 },
		{ "9223372036854.01", REJECT_MONEY_TOO_BIG, 0 },
		{ "9223372036855", REJECT_MONEY_TOO_BIG, 0 },
		{ "99999999999999999999999999", REJECT_MONEY_TOO_BIG, 0 },
		{ "-1", REJECT_MONEY_NEGATIVE, 0 },
		{ "-0.01", REJECT_MONEY_NEGATIVE, 0 },
		{ "-0.001", REJECT_MONEY_NEGATIVE, 0 },
		{ "-99999999999999999999999999", REJECT_MONEY_NEGATIVE, 0 },
		{ "1508,50", REJECT_MONEY, 0 },
		{ "1 508", REJECT_MONEY, 0 },
		{ "1.2.3", REJECT_MONEY, 0 },
		{ "1.", REJECT_MONEY, 0 },
		{ ".5", REJECT_MONEY, 0 },
		{ "+1", REJECT_MONEY, 0 },
		{ "--1", REJECT_MONEY, 0 },
		{ "-", REJECT_MONEY, 0 },
		{ "1e5", REJECT_MONEY, 0 },
		{ "abc", REJECT_MONEY, 0 },
		{ "NaN", REJECT_MONEY, 0 },
		{ "", REJECT_MONEY, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int64_t minor = -1;
		enum reject why = check_money(slice_of(row[i].value), &minor);

		if (why != row[i].reject ||
		    (why == REJECT_NONE && minor != row[i].minor))
			fail_msg("'%s': %s, %lld", row[i].value,
			    reject_code(why), (long long)minor);
		assert_int_equal(
		    check_money(slice_of(row[i].value), NULL), row[i].reject);
	}
}

static void
a_time_is_one_of_nine_forms(void **state)
{
	static const struct {
		const char *value;
		enum reject reject;
		struct wall wall;
		bool has_time;
	} row[] = {
		{ "21.04.2026", 0, { 2026, 4, 21, 23, 59, 59 }, false },
		{ "21.04.26", 0, { 2026, 4, 21, 23, 59, 59 }, false },
		{ "2026-04-21", 0, { 2026, 4, 21, 23, 59, 59 }, false },
		{ "21.04.2026 11:59:21", 0, { 2026, 4, 21, 11, 59, 21 }, true },
		{ "21.04.2026 11:59", 0, { 2026, 4, 21, 11, 59, 0 }, true },
		{ "21.04.26 11:59:21", 0, { 2026, 4, 21, 11, 59, 21 }, true },
		{ "21.04.26 11:59", 0, { 2026, 4, 21, 11, 59, 0 }, true },
		{ "2026-04-21 11:59:21", 0, { 2026, 4, 21, 11, 59, 21 }, true },
		{ "2026-04-21 11:59", 0, { 2026, 4, 21, 11, 59, 0 }, true },
		{ "29.02.2028", 0, { 2028, 2, 29, 23, 59, 59 }, false },
		{ "1969-12-31 23:59:59", 0, { 1969, 12, 31, 23, 59, 59 },
		    true },
		{ "", REJECT_DATE_EMPTY, { 0 }, false },
		{ "29.02.2026", REJECT_DATE, { 0 }, false },
		{ "31.02.2026", REJECT_DATE, { 0 }, false },
		{ "21.13.2026", REJECT_DATE, { 0 }, false },
		{ "21-04-2026", REJECT_DATE, { 0 }, false },
		{ "2026/04/21", REJECT_DATE, { 0 }, false },
		{ "04/21/2026", REJECT_DATE, { 0 }, false },
		{ "2026-04-21T11:59:21", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 11:59:21Z", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 11:59:21+03", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 11", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 24:00:00", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 11:60", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 11:59:60", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 1:59", REJECT_DATE, { 0 }, false },
		{ "2026-04-21 ", REJECT_DATE, { 0 }, false },
		{ " 2026-04-21", REJECT_DATE, { 0 }, false },
		{ "2026-04-21  11:59", REJECT_DATE, { 0 }, false },
		{ "1.4.2026", REJECT_DATE, { 0 }, false },
		{ "21.04.026", REJECT_DATE, { 0 }, false },
		{ "0000-01-01", REJECT_DATE, { 0 }, false },
		{ "вчера", REJECT_DATE, { 0 }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct wall w = { 0 };
		bool has_time = false;
		enum reject why =
		    check_time(slice_of(row[i].value), &w, &has_time);

		if (why != row[i].reject ||
		    memcmp(&w, &row[i].wall, sizeof w) != 0 ||
		    has_time != row[i].has_time)
			fail_msg("'%s': %s", row[i].value, reject_code(why));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_phone_is_digits_with_the_country_code),
		cmocka_unit_test(an_email_is_latin_and_has_a_domain),
		cmocka_unit_test(a_client_id_is_a_positive_number_of_64_bits),
		cmocka_unit_test(a_hash_is_32_hex_digits),
		cmocka_unit_test(a_status_is_one_of_four_or_could_be_a_goal),
		cmocka_unit_test(money_has_a_dot_and_a_limit),
		cmocka_unit_test(a_time_is_one_of_nine_forms),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
