/*
 * Identifiers to ignore: what a line may be, and what is dropped of a list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "formats/ignore.h"

#define PHONE_MD5 "f09f2c3d48f31e2a802944ade2e5aec5" /* 79995551111 */
#define EMAIL_MD5 "3c56ff8fef0f6c65b36b2d25720fe276" /* mail@yandex.ru */

static struct settings *
of_line(const char *line)
{
	struct settings *s = settings_new();

	if (line[0] != '\0')
		assert_true(ignore_add_line(s, slice_of(line)));
	return s;
}

static void
note(void *ctx, struct slice value)
{
	char *out = ctx;
	size_t n = strlen(out);

	snprintf(out + n, 128 - n, "[%.*s]", (int)value.n, value.p);
}

static void
a_value_is_dropped_in_whatever_shape_it_is_named(void **state)
{
	static const struct {
		const char *line, *list;
		bool md5;
		const char *left, *dropped;
	} cases[] = {
		{ "+7 (999) 555-11-11", "79995551111", false, "",
		    "[79995551111]" },
		{ "8 999 555 11 11 # office", "7999,79995551111,7111", false,
		    "7999,7111", "[79995551111]" },
		{ "79995551111", PHONE_MD5, true, "", "[" PHONE_MD5 "]" },
		{ PHONE_MD5, "79995551111", false, "", "[79995551111]" },
		{ PHONE_MD5, PHONE_MD5, true, "", "[" PHONE_MD5 "]" },
		{ "F09F2C3D48F31E2A802944ADE2E5AEC5", "79995551111", false, "",
		    "[79995551111]" },
		{ " Mail@Yandex.ru ", "a@b.ru,mail@yandex.ru", false, "a@b.ru",
		    "[mail@yandex.ru]" },
		{ "mailto:mail@yandex.ru", EMAIL_MD5, true, "",
		    "[" EMAIL_MD5 "]" },
		{ "1712345678901234567", "1712345678901234567,12", false, "12",
		    "[1712345678901234567]" },
		{ "12", "12,12345", false, "12345", "[12]" },
		{ "# nothing", "12", false, "12", "" },
		{ "", "12", false, "12", "" },
		{ "79995551111", "", false, "", "" },
		{ "79995551111", "79995551112", false, "79995551112", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct settings *s = of_line(cases[i].line);
		struct arena a = ARENA_EMPTY;
		char dropped[128] = "";
		struct slice left = ignore_drop(&a, s, slice_of(cases[i].list),
		    cases[i].md5, note, dropped);

		if (!slice_is(left, cases[i].left) ||
		    strcmp(dropped, cases[i].dropped) != 0)
			fail_msg("%s: %.*s %s", cases[i].line, (int)left.n,
			    left.p, dropped);
		arena_free(&a);
		settings_free(s);
	}
}

static void
what_is_no_identifier_is_refused(void **state)
{
	static const char *const bad[] = { "office", "+7 999", "a@", "@",
		"12 34 office", "123.456", PHONE_MD5 "0", "+" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct settings *s = settings_new();

		if (ignore_add_line(s, slice_of(bad[i])))
			fail_msg("%s is taken", bad[i]);
		assert_int_equal(s->ignoreds, 0);
		settings_free(s);
	}
}

/* So that a dump can be read again without the file; and no phone in it. */
static void
the_settings_text_has_them_as_hashes(void **state)
{
	struct settings *s = of_line("79995551111"), *back;
	struct settings *none = settings_new();
	char *text = settings_text(s), *again, *plain = settings_text(none);

	(void)state;
	assert_non_null(strstr(text, PHONE_MD5));
	assert_null(strstr(text, "79995551111"));
	assert_null(strstr(plain, "ignored"));
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	again = settings_text(back);
	assert_string_equal(again, text);
	free(text);
	free(again);
	free(plain);
	settings_free(s);
	settings_free(none);
	settings_free(back);
}

static void
order_and_doubles_do_not_matter(void **state)
{
	struct settings *a = of_line("79995551111"), *b = of_line("a@b.ru");
	char *x, *y;

	(void)state;
	assert_true(ignore_add_line(a, slice_of("a@b.ru")));
	assert_true(ignore_add_line(a, slice_of("8 (999) 555-11-11")));
	assert_true(ignore_add_line(b, slice_of("79995551111")));
	x = settings_text(a);
	y = settings_text(b);
	assert_string_equal(x, y);
	free(x);
	free(y);
	settings_free(a);
	settings_free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_value_is_dropped_in_whatever_shape_it_is_named),
		cmocka_unit_test(what_is_no_identifier_is_refused),
		cmocka_unit_test(the_settings_text_has_them_as_hashes),
		cmocka_unit_test(order_and_doubles_do_not_matter),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
