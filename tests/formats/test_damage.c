#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "formats/damage.h"

static void
rounded_numbers_are_told_from_genuine_ones(void **state)
{
	static const struct {
		const char *value;
		bool damaged;
	} rows[] = {
		{ "169000000012345000", true },   /* 18 digits */
		{ "1690000000123450000", true },  /* 19 */
		{ "16900000001234500000", true }, /* 20 */
		{ "169000000012345100", false },
		{ "169000000012345600", false },
		{ "1690000000123456780", false },
		{ "16900000001234500", false }, /* one of a hundred is so */
		{ "123456789.1600000000", false },
		{ "79990000000", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (damage_zeros(slice_of(rows[i].value)) != rows[i].damaged)
			fail_msg("%s", rows[i].value);
}

static void
dates_with_the_month_first_are_told(void **state)
{
	static const struct {
		const char *value;
		bool damaged;
	} rows[] = {
		{ "04/21/2026", true },
		{ "4/21/26 11:59", true },
		{ "04.21.2026", true },
		{ "12-31-2026", true },
		{ " 04/21/2026 ", true },
		{ "04/05/2026", false }, /* nobody can tell */
		{ "21.04.2026", false },
		{ "13/13/2026", false },
		{ "04/32/2026", false },
		{ "00/21/2026", false },
		{ "04/21-2026", false },
		{ "04/21", false },
		{ "04/", false },
		{ "04", false },
		{ "2026-04-21", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (damage_month_first(slice_of(rows[i].value)) !=
		    rows[i].damaged)
			fail_msg("%s", rows[i].value);
}

static void
letters_in_a_wrong_encoding_are_told(void **state)
{
	static const struct {
		const char *value;
		bool damaged;
	} rows[] = {
		{ "РџСЂРёРІРµС‚", true }, /* through windows-1251 */
		{ "ÐŸÑ€Ð¸Ð²ÐµÑ‚", true }, /* through windows-1252 */
		{ "РћРїР»Р°С‡РµРЅ 2026", true },
		{ "Ð”Ð°Ñ‚Ð°", true },
		{ "Íîìåð çàêàçà", true }, /* windows-1251 as 1252 */
		{ "Ñòàòóñ", true },
		{ "2 øò.", false }, /* too little to tell */
		{ "Привет", false },
		{ "Рост", false },
		{ "РСФСР", false },
		{ "Оплачен", false },
		{ "Paid", false },
		{ "Ñandú", false },
		{ "Größe", false },
		{ "№ заказа — «итог»", false },
		{ "\xd0\xd1\xff", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (damage_mojibake(slice_of(rows[i].value)) != rows[i].damaged)
			fail_msg("%s", rows[i].value);
}

static void
columns_show_which_ids_lost_their_zeros(void **state)
{
	static const struct {
		const char *name, *value[6];
		unsigned lost;
		unsigned long line;
	} rows[] = {
		{ "some did", { "000041", "42", "000043", "000044", "145" }, 2,
		    2 },
		{ "none did", { "000041", "000042", "000043", "100044" }, 0,
		    0 },
		{ "nothing is padded", { "41", "142", "3" }, 0, 0 },
		{ "two are too few", { "0041", "0042", "43", "44" }, 0, 0 },
		{ "of several lengths", { "0041", "00042", "007", "43" }, 0,
		    0 },
		{ "words do not count", { "0041", "0042", "0043", "A-1", "" },
		    0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct damage_column c = { 0 };
		unsigned long line = 0;

		for (size_t k = 0; k < 6 && rows[i].value[k] != NULL; k++)
			damage_see(&c, slice_of(rows[i].value[k]), k + 1);
		if (damage_lost(&c, &line) != rows[i].lost ||
		    line != rows[i].line)
			fail_msg("%s", rows[i].name);
	}
}

static void
a_hint_says_which_damage_it_is(void **state)
{
	(void)state;
	for (enum damage d = DAMAGE_NONE + 1; d < DAMAGE_COUNT; d++)
		assert_int_equal(damage_of_hint(damage_hint(d)), d);
	assert_int_equal(damage_of_hint(NULL), DAMAGE_NONE);
	assert_int_equal(damage_of_hint("something else"), DAMAGE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounded_numbers_are_told_from_genuine_ones),
		cmocka_unit_test(dates_with_the_month_first_are_told),
		cmocka_unit_test(letters_in_a_wrong_encoding_are_told),
		cmocka_unit_test(columns_show_which_ids_lost_their_zeros),
		cmocka_unit_test(a_hint_says_which_damage_it_is),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
