/*
 * Who is mentioned in a text, in every spelling that people and programs use.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "formats/mention.h"

#define FIVE "1 2 3 4 5 "
#define MANY FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE FIVE "1 "

struct wanted {
	enum mention_kind kind;
	const char *value;
	const char *span; /* NULL: any */
	bool found;
};

static void
look(void *ctx, const struct mention *m)
{
	struct wanted *w = ctx;

	w->found =
	    w->found || (m->kind == w->kind && slice_is(m->value, w->value) &&
			    (w->span == NULL || slice_is(m->span, w->span)));
}

static bool
mentions(const char *text, enum mention_kind kind, const char *value,
    const char *span)
{
	struct wanted w = { kind, value, span, false };
	struct arena a = ARENA_EMPTY;

	mention_each(
	    &a, slice_of(text), &(struct mention_how){ NULL, look, &w });
	arena_free(&a);
	return w.found;
}

static void
every_spelling_is_found_where_it_stands(void **state)
{
	static const struct {
		const char *text;
		enum mention_kind kind;
		const char *value, *span;
	} row[] = {
		{ "79995551122", MENTION_PHONE, "79995551122", "79995551122" },
		{ "+7 (999) 555-11-22", MENTION_PHONE, "79995551122",
		    "+7 (999) 555-11-22" },
		{ "8 999 555 11 22", MENTION_PHONE, "79995551122",
		    "8 999 555 11 22" },
		{ "9995551122", MENTION_PHONE, "79995551122", NULL },
		{ "8(999)555.11.22", MENTION_PHONE, "79995551122", NULL },
		{ "79995551122.0", MENTION_PHONE, "79995551122",
		    "79995551122" },
		{ "+7\xc2\xa0"
		  "999\xc2\xa0"
		  "555\xe2\x80\x91"
		  "11\xe2\x80\x91"
		  "22",
		    MENTION_PHONE, "79995551122", NULL },
		{ "звонить 8-999-555-11-22 после 18:00", MENTION_PHONE,
		    "79995551122", "8-999-555-11-22" },
		{ "+79995551122, 89161234567", MENTION_PHONE, "79161234567",
		    "89161234567" },
		{ "89161234567 8 999 555 11 22", MENTION_PHONE, "79995551122",
		    "8 999 555 11 22" },
		{ "{\"tel\":\"+79995551122\"}", MENTION_PHONE, "79995551122",
		    "+79995551122" },
		{ "7;79995551122;8", MENTION_PHONE, "79995551122",
		    "79995551122" },
		{ "2026-11-22 89995551122", MENTION_PHONE, "79995551122",
		    "89995551122" },
		{ "https://wa.me/79995551122?text=1", MENTION_PHONE,
		    "79995551122", NULL },
		{ "tel=%2B7%20999%205551122", MENTION_PHONE, "79995551122",
		    "tel=%2B7%20999%205551122" },
		{ "+375 29 123-45-67", MENTION_PHONE, "375291234567", NULL },
		{ "810 375 29 123 45 67", MENTION_PHONE, "375291234567", NULL },
		{ "Ivan@Example.COM", MENTION_EMAIL, "ivan@example.com",
		    "Ivan@Example.COM" },
		{ "Иван <ivan@example.com>", MENTION_EMAIL, "ivan@example.com",
		    "ivan@example.com" },
		{ "mailto:ivan@example.com", MENTION_EMAIL, "ivan@example.com",
		    NULL },
		{ "пишите на ivan@example.com.", MENTION_EMAIL,
		    "ivan@example.com", "ivan@example.com" },
		{ "'ivan@example.com'", MENTION_EMAIL, "ivan@example.com",
		    "ivan@example.com" },
		{ "?mail=ivan%40example.com", MENTION_EMAIL, "ivan@example.com",
		    "?mail=ivan%40example.com" },
		{ "79995551122@example.com", MENTION_PHONE, "79995551122",
		    NULL },
		{ "79995551122@example.com", MENTION_EMAIL,
		    "79995551122@example.com", NULL },
		/* the last of many, which are more than one row holds */
		{ MANY "+7 999 555 11 22", MENTION_PHONE, "79995551122",
		    "+7 999 555 11 22" },
		{ MANY MANY "8 999 555-11-22", MENTION_PHONE, "79995551122",
		    "8 999 555-11-22" },
		/* a link in a link */
		{ "https://x.ru/?to=https%3A%2F%2Fy.ru%2F%3Fe%3Divan%2540x.ru",
		    MENTION_EMAIL, "ivan@x.ru", NULL },
		{ "a 0123456789ABCDEF0123456789abcdef b", MENTION_MD5,
		    "0123456789abcdef0123456789abcdef", NULL },
		{ "1665391200123456789", MENTION_CLIENT_ID,
		    "1665391200123456789", NULL },
		{ "_ym_uid=1665391200123456789;", MENTION_CLIENT_ID,
		    "1665391200123456789", "1665391200123456789" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (!mentions(
			row[i].text, row[i].kind, row[i].value, row[i].span))
			fail_msg("%s: no %s in it", row[i].text, row[i].value);
	}
}

static void
what_is_no_identifier_is_passed_over(void **state)
{
	static const struct {
		const char *text;
		enum mention_kind kind;
		const char *value;
	} row[] = {
		{ "179995551122", MENTION_PHONE, "79995551122" },
		{ "799955511223", MENTION_PHONE, "79995551122" },
		{ "2026-11-22 09:15:00", MENTION_PHONE, "20261122091500" },
		{ "22.11.2026 09:15", MENTION_PHONE, "221120260915" },
		{ "a0123456789abcdef0123456789abcdef", MENTION_MD5,
		    "0123456789abcdef0123456789abcdef" },
		{ "123456789", MENTION_CLIENT_ID, "123456789" },
		{ "ivan@", MENTION_EMAIL, "ivan@" },
		{ "", MENTION_PHONE, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (mentions(row[i].text, row[i].kind, row[i].value, NULL))
			fail_msg("%s: %s in it", row[i].text, row[i].value);
	}
}

static void
any_bytes_are_a_text(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		static const char some[] = "0123456789+-() .@%4aF\xc2\xa0;,\n";
		char text[64];
		size_t n;

		seed = seed * UINT64_C(6364136223846793005) + 1442695040888963;
		n = seed >> 33 & 63;
		for (size_t k = 0; k < n; k++) {
			seed = seed * UINT64_C(6364136223846793005) + 1;
			text[k] = some[(seed >> 33) % (sizeof some - 1)];
		}
		struct wanted w = { MENTION_PHONE, "1", NULL, false };
		struct arena a = ARENA_EMPTY;

		mention_each(&a, (struct slice){ text, n },
		    &(struct mention_how){ NULL, look, &w });
		arena_free(&a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_spelling_is_found_where_it_stands),
		cmocka_unit_test(what_is_no_identifier_is_passed_over),
		cmocka_unit_test(any_bytes_are_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
