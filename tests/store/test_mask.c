/*
 * Personal data as it may be shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "store/mask.h"

static const struct {
	const char *what;
	enum field field;
	const char *value, *want;
} cases[] = {
	{ "a phone", FIELD_PHONES, "+79261234567", "+7926***4567" },
	{ "a phone as people write it", FIELD_PHONES, "8 (926) 123-45-67",
	    "8926***4567" },
	{ "two phones", FIELD_PHONES, "79261234567,79031112233",
	    "7926***4567,7903***2233" },
	{ "phones line by line", FIELD_PHONES, "79261234567\n79031112233",
	    "7926***4567,7903***2233" },
	{ "a short number", FIELD_PHONES, "1234567", "***67" },
	{ "a very short one", FIELD_PHONES, "123", "***" },
	{ "no number at all", FIELD_PHONES, "нет", "***" },
	{ "an e-mail", FIELD_EMAILS, "ivan@mail.ru", "i***@mail.ru" },
	{ "one in Cyrillic", FIELD_EMAILS, "иван@почта.рф", "и***@почта.рф" },
	{ "two e-mails", FIELD_EMAILS, "ivan@mail.ru; petr@ya.ru",
	    "i***@mail.ru,p***@ya.ru" },
	{ "one without a name", FIELD_EMAILS, "@mail.ru", "***@mail.ru" },
	{ "no e-mail", FIELD_EMAILS, "ivan", "i***" },
	{ "a name", FIELD_NAME, "Иван Петров", "И*** П***" },
	{ "a name of one letter", FIELD_NAME, "Я", "Я***" },
	{ "a hash", FIELD_PHONES_MD5, "0123456789abcdef0123456789abcdef",
	    "012345***" },
	{ "a ClientID", FIELD_CLIENT_IDS, "1695123456789012345",
	    "1695***2345" },
	{ "an order's id", FIELD_ID, "89261234567", "89261234567" },
	{ "a client's id", FIELD_CLIENT_UNIQ_ID, "c-17", "c-17" },
	{ "a client's id that is a phone", FIELD_CLIENT_UNIQ_ID, "+79261234567",
	    "+7926***4567" },
	{ "a status", FIELD_ORDER_STATUS, "Сделка закрыта", "Сделка закрыта" },
	{ "a date", FIELD_CREATE_DATE_TIME, "31.10.2026 12:00",
	    "31.10.2026 12:00" },
	{ "an amount", FIELD_REVENUE, "1 508,50 руб", "1 508,50 руб" },
	{ "a phone in a column that moved", FIELD_ORDER_STATUS,
	    "+7 926 123-45-67", "+7926***4567" },
	{ "a number that nobody mapped", FIELD_COUNT, "12.5", "12.5" },
	{ "words that nobody mapped", FIELD_COUNT, "спросить Ивана",
	    "с*** И***" },
	{ "a phone among words", FIELD_COUNT, "звонить 8 903 111 22 33",
	    "8903***2233" },
	{ "an e-mail that nobody mapped", FIELD_COUNT, "ivan@mail.ru",
	    "i***@mail.ru" },
	{ "nothing", FIELD_PHONES, "", "" },
	{ "separators alone", FIELD_PHONES, ",;", ",," },
};

static void
personal_data_is_masked(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena a = ARENA_EMPTY;
		struct slice got =
		    mask_value(&a, cases[i].field, slice_of(cases[i].value));

		if (!slice_is(got, cases[i].want))
			fail_msg("%s: \"%.*s\", not \"%s\"", cases[i].what,
			    (int)got.n, got.p, cases[i].want);
		arena_free(&a);
	}
}

/* Whatever it is made of, it fits the room that was made for it. */
static void
any_bytes_fit(void **state)
{
	static const char alphabet[] = " ,;@a1+\n\xd0\xb8\xff";
	char text[48];
	unsigned seed = 7;

	(void)state;
	for (unsigned n = 0; n < 20000; n++) {
		struct arena a = ARENA_EMPTY;
		size_t size = 0;

		while (size < sizeof text - 1 && (size < 2 || seed % 9 != 0)) {
			seed = seed * 1103515245 + 12345;
			text[size++] =
			    alphabet[(seed >> 16) % (sizeof alphabet - 1)];
		}
		seed = seed * 1103515245 + 12345;
		mask_value(&a, (enum field)(seed >> 16) % (FIELD_COUNT + 1),
		    (struct slice){ text, size });
		arena_free(&a);
	}
}

static void
a_text_names_nobody(void **state)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ "he asked on 2026-11-22", "he asked on 2026-11-22" },
		{ "call 8 (926) 123-45-67, please",
		    "call *****************, please" },
		{ "ivan@mail.ru wrote", "************ wrote" },
		{ "order 1234567", "order 1234567" },
		{ "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char text[64];

		snprintf(text, sizeof text, "%s", row[i].text);
		mask_mentions(text);
		assert_string_equal(text, row[i].want);
	}
}

/* Whoever reads the log must find the dump that is meant. */
static void
a_dump_is_known_by_its_name(void **state)
{
	static const struct {
		const char *name, *want;
	} row[] = {
		{ "deals.csv", "deals.csv" },
		{ "deals_20261122.csv", "deals_20261122.csv" },
		{ "deals 2026-11-22 10-30-00.csv",
		    "deals 2026-11-22 10-30-00.csv" },
		{ "export-1795348801.json", "export-1795348801.json" },
		{ "выгрузка.zip/orders.csv", "выгрузка.zip/orders.csv" },
		{ "+79261234567.csv", "************.csv" },
		{ "a\nb.csv", "a\\x0ab.csv" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char out[256];

		assert_string_equal(
		    mask_name(out, sizeof out, row[i].name), row[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(personal_data_is_masked),
		cmocka_unit_test(any_bytes_fit),
		cmocka_unit_test(a_text_names_nobody),
		cmocka_unit_test(a_dump_is_known_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
