#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/explain.h"

static struct explain *x;
static struct explain_match match[EXPLAIN_MATCHES];

static int
set_up(void **state)
{
	(void)state;
	x = explain_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	explain_free(x);
	return 0;
}

/* The first is the code, in whatever wrapping. */
static void
must_be(const char *code, const char *text)
{
	size_t n = explain_text(x, slice_of(text), match);

	if (n == 0)
		fail_msg("%s is not known: %s", code, text);
	for (size_t i = 0; i < n; i++)
		if (strcmp(match[i].info->code, code) == 0)
			return;
	fail_msg("%s is taken for %s: %s", code, match[0].info->code, text);
}

static void
in_capitals(char *out, const char *text)
{
	for (; *text != '\0'; text++)
		*out++ = (char)toupper((unsigned char)*text);
	*out = '\0';
}

static void
every_text_of_direct_is_known_in_any_wrapping(void **state)
{
	const char *dir = getenv("srcdir");
	char path[4096], line[1024], text[2048];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/data/direct-errors.tsv",
	    dir == NULL ? "." : dir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		char *rest = line, *code, *said, *column, *value;

		line[strcspn(line, "\n")] = '\0';
		code = strsep(&rest, "\t");
		said = strsep(&rest, "\t");
		column = strsep(&rest, "\t");
		value = strsep(&rest, "\t");
		if (code[0] == '#')
			continue;
		must_be(code, said);
		assert_int_equal(explain_text(x, slice_of(said), match), 1);
		if (column != NULL)
			assert_string_equal(match[0].column,
			    match[0].column[0] == '\0' ? "" : column);
		if (value != NULL)
			assert_string_equal(match[0].value, value);
		snprintf(text, sizeof text, "  \"%s...\" \n", said);
		must_be(code, text);
		snprintf(text, sizeof text, "17;1001;%s;2026", said);
		must_be(code, text);
		in_capitals(text, said);
		must_be(code, text);
	}
	fclose(f);
}

static void
parts_codes_and_our_own_words_are_known(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{ "E203", "E203" },
		{ "e203", "E203" },
		{ "deals.csv:7: phones: something [E207]", "E207" },
		{ "неверная   КОДИРОВКА\nфайла", "E109" },
		{ "«Недостаточно прав для скачивания файла…»", "E107" },
		{ "размер файла слишком большой", "E108" },
		{ "счётчик метрики", "E102" },
		{ "The dump holds no record. Check the period and the filters "
		  "of the export.",
		    "E402" },
		{ "2026-11-22T09:15:00Z ingest[8]: main: a.csv: The dump has "
		  "no status column. Add it to the export, or set "
		  "default_status if every order in it has the same status.",
		    "E406" },
		{ "12;row;E309;order_status;Empty 'order_status' value;1",
		    "E309" },
		{ "Invalid 'id' value '1,2E+5'", "E308" },
		{ "Invalid 'talk_duration' value 'abc'", "E311" },
		{ "line 7: Excel keeps 15 digits of a number; those behind "
		  "became zeros",
		    "E702" },
		{ "INVALID ‘phones’ IDENTIFIER ‘12345’", "E207" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		must_be(rows[i].code, rows[i].text);
}

static void
other_texts_are_not_known(void **state)
{
	static const char *const text[] = { "", " ", "E999", "hello", "'",
		"Invalid", "файл", "Invalid '' value", "'x' is", "%c %v",
		"\xff\xfe\xff", "проверьте" };

	(void)state;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		if (explain_text(x, slice_of(text[i]), match) != 0)
			fail_msg(
			    "%s is taken for %s", text[i], match[0].info->code);
}

static void
several_mistakes_of_one_text_are_each_told_once(void **state)
{
	(void)state;
	assert_int_equal(
	    explain_text(x,
		slice_of("Invalid 'phones' identifier '1', Invalid 'emails' "
			 "identifier 'a', Invalid 'phones' identifier '2'"),
		match),
	    2);
}

static void
a_long_text_is_bounded(void **state)
{
	char *text = malloc(100000);

	(void)state;
	memset(text, '\'', 99999);
	text[99999] = '\0';
	assert_int_equal(explain_text(x, slice_of(text), match), 0);
	memset(text, 'a', 99999);
	assert_int_equal(explain_text(x, slice_of(text), match), 0);
	free(text);
}

static void
the_line_that_is_named_is_found(void **state)
{
	static const struct {
		const char *text;
		unsigned long line;
	} rows[] = {
		{ "line 12: Invalid date format", 12 },
		{ "Row 7", 7 },
		{ "Ошибка в строке 981.", 981 },
		{ "Строка 3: пусто", 3 },
		{ "no number: line", 0 },
		{ "12", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(
		    explain_line_of(slice_of(rows[i].text)), rows[i].line);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_text_of_direct_is_known_in_any_wrapping),
		TEST(parts_codes_and_our_own_words_are_known),
		TEST(other_texts_are_not_known),
		TEST(several_mistakes_of_one_text_are_each_told_once),
		TEST(a_long_text_is_bounded),
		TEST(the_line_that_is_named_is_found),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
