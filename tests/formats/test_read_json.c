/*
 * JSON: the shapes of dumps, how objects become cells, what is refused and
 * where reading goes on; every dump whole and in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "formats/arena.h"
#include "formats/preset.h"
#include "tests/formats/rows.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void
shapes_of_dumps(void **state)
{
	static const struct row_case row[] = {
		{ "a list", "[{\"a\":1},{\"a\":2}]", "0[a] 1[1] 1[2] ",
		    FMT_END },
		{ "a list on lines",
		    "[\n  {\n    \"a\": 1\n  },\n\r\n  "
		    "{\"a\":2}\r]\n",
		    "0[a] 2[1] 6[2] ", FMT_END },
		{ "in an object", "{\"orders\":[{\"a\":1}]}", "0[a] 1[1] ",
		    FMT_END },
		{ "among other members",
		    "{\"ok\":true,\"page\":{\"n\":[1,[2]]},\"t\":\"[{\","
		    "\"contacts\": [ {\"a\":1}, {\"a\":2} ],\"total\":{\"n\":"
		    "\"]}\\\"\",\"l\":[1]}}",
		    "0[a] 1[1] 1[2] ", FMT_END },
		{ "in objects in objects",
		    "{\"_page\":1,\"_embedded\":{\"leads\":[{\"a\":1}]}}\n",
		    "0[a] 1[1] ", FMT_END },
		{ "an empty list before it", "{\"e\":[],\"o\":[{\"a\":1}]}",
		    "0[a] 1[1] ", FMT_END },
		{ "one object a line", "{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}",
		    "0[a] 1[1] 2[2] 4[3] ", FMT_END },
		{ "objects one after another", "{\"a\":1}{\"a\":2} {\"a\":3}",
		    "0[a] 1[1] 1[2] 1[3] ", FMT_END },
		{ "with lists in them",
		    "{\"a\":[{\"b\":1}]}\n{\"a\":[{\"b\":2}]}\n",
		    "0[a.b] 1[1] 2[2] ", FMT_END },
		{ "one object", "{\"a\":1,\"b\":[1,2]}", "0[a][b] 1[1][1,2] ",
		    FMT_END },
		{ "one object on lines", "\n{\n\"a\":1\n}\n", "0[a] 2[1] ",
		    FMT_END },
		{ "with a BOM", "\xef\xbb\xbf[{\"a\":1}]", "0[a] 1[1] ",
		    FMT_END },
		{ "an empty list", "[]", "", FMT_END },
		{ "an empty list with blanks", " [\n]\n", "", FMT_END },
		{ "an empty list in an object", "{\"ok\":1,\"orders\":[ ]}", "",
		    FMT_END },
		{ "an object with an empty list of its own",
		    "{\"a\":1,\"tags\":[]}", "0[a] 1[1] ", FMT_END },
		{ "no objects", "[1,2]", "", FMT_JSON },
		{ "lists in a list", "[[\"a\"],[1]]", "", FMT_JSON },
		{ "cut off behind a record", "[{\"a\":1},\n", "0[a] 1[1] ",
		    FMT_CUT_OFF },
		{ "cut off within one", "[{\"a\":1},{\"a\":\"x", "0[a] 1[1] ",
		    FMT_CUT_OFF },
		{ "cut off behind the list", "{\"o\":[{\"a\":1}],\"n\":1",
		    "0[a] 1[1] ", FMT_CUT_OFF },
		{ "cut off on the last line", "{\"a\":1}\n{\"a\"", "0[a] 1[1] ",
		    FMT_CUT_OFF },
		{ "something behind the end", "[{\"a\":1}] x", "0[a] 1[1] ",
		    FMT_JSON_TAIL },
		{ "a second dump", "[{\"a\":1}]\n[{\"a\":1}]", "0[a] 1[1] ",
		    FMT_JSON_TAIL },
		{ "behind the object", "{\"o\":[{\"a\":1}]}}", "0[a] 1[1] ",
		    FMT_JSON_TAIL },
		{ "a second list", "{\"o\":[{\"a\":1}],\"c\":[ {\"b\":1}]}",
		    "0[a] 1[1] ", FMT_JSON_LISTS },
		{ "not the comma's fault", "[{\"a\":1},]", "0[a] 1[1] ",
		    FMT_END },
	};
	struct settings *s = settings_new();

	(void)state;
	read_cases(row, COUNT(row), s);
	settings_free(s);
}

static void
objects_become_cells(void **state)
{
	static const struct row_case row[] = {
		{ "numbers as they are written",
		    "[{\"a\":133591247640966458,\"b\":18446744073709551615,"
		    "\"c\":1508.50,\"d\":-0.0,\"e\":1E+5}]",
		    "0[a][b][c][d][e] 1[133591247640966458]"
		    "[18446744073709551615][1508.50][-0.0][1E+5] ",
		    FMT_END },
		{ "words", "[{\"a\":true,\"b\":false,\"c\":null}]",
		    "0[a][b][c] 1[true][false][] ", FMT_END },
		{ "escapes",
		    "[{\"a\":\"\\\"\\\\\\/\\n\\r\\t\",\"\\u0062\":"
		    "\"\\u0416\\ud83d\\ude00\\u20aC\"}]",
		    "0[a][b] 1[\"\\/^~\t][Ж😀€] ", FMT_END },
		{ "nested objects",
		    "[{\"a\":{\"b\":{\"c\":1},\"d\":2},\"e\":3}]",
		    "0[a.b.c][a.d][e] 1[1][2][3] ", FMT_END },
		{ "a list of values", "[{\"a\":[1,\"x\",null,true,\"\"]}]",
		    "0[a] 1[1,x,true] ", FMT_END },
		{ "a list of objects",
		    "[{\"p\":[{\"n\":1,\"t\":\"w\"},{\"n\":2},{\"t\":\"h\"}]}]",
		    "0[p.n][p.t] 1[1,2][w,h] ", FMT_END },
		{ "lists in lists", "[{\"a\":[[1,2],[{\"b\":3},4]]}]",
		    "0[a][a.b] 1[1,2,4][3] ", FMT_END },
		{ "nothing in it", "[{\"a\":{},\"b\":[],\"c\":1},{}]",
		    "0[c] 1[1] 1[] ", FMT_END },
		{ "a name twice", "[{\"a\":1,\"b\":2,\"a\":3}]",
		    "0[a][b] 1[3][2] ", FMT_END },
		{ "too deep for names",
		    "[{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":{\"h\":"
		    "{\"i\": [1,\"}\"]}}}}}}}}}]",
		    "0[a.b.c.d.e.f.g.h] 1[{\"i\": [1,\"}\"]}] ", FMT_END },
		{ "names that are blank", "[{\"\":1,\" \":2,\"a\":{\"\":3}}]",
		    "0[\"\"][\" \"][a.] 1[1][2][3] ", FMT_END },
		{ "missing names", "[{\"a\":1},{\"b\":2},{\"b\":3,\"a\":4}]",
		    "0[a][b] 1[1][] 1[][2] 1[4][3] ", FMT_END },
		{ "names as written", "[{\"clientUniqId\":1,\"Имя\":2}]",
		    "0[clientUniqId][Имя] 1[1][2] ", FMT_END },
	};
	struct settings *s = settings_new();

	(void)state;
	read_cases(row, COUNT(row), s);
	settings_free(s);
}

static void
a_broken_record_costs_itself_alone(void **state)
{
	static const struct row_case row[] = {
		{ "a word that is none", "[{\"a\":1},{\"a\":NaN},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[3] ", FMT_END },
		{ "no comma within", "[{\"a\":1},{\"a\":2 \"b\":1},{\"a\":3}]",
		    "0[a] 1[1] 1[2]!json 1[3] ", FMT_END },
		{ "a comma too many", "[{\"a\":1},{\"a\":2,},{\"a\":3}]",
		    "0[a] 1[1] 1[2]!json 1[3] ", FMT_END },
		{ "no colon", "[{\"a\":1},{\"a\" 2},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[3] ", FMT_END },
		{ "no value", "[{\"a\":1},{\"a\":},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[3] ", FMT_END },
		{ "names without quotes", "[{\"a\":1},{a:2},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[3] ", FMT_END },
		{ "a number that is none",
		    "[{\"a\":1},{\"a\":+7},{\"a\":007},{\"a\":1.},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[]!json 1[]!json 1[3] ", FMT_END },
		{ "an escape that is none",
		    "[{\"a\":1},{\"a\":\"\\x\"},{\"a\":\"\\u12G4\"},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[]!json 1[3] ", FMT_END },
		{ "a line break in a string",
		    "[\n{\"a\":1},\n{\"a\":\"x\ny\"},\n{\"a\":3}\n]",
		    "0[a] 2[1] 3[]!json 5[3] ", FMT_END },
		{ "half a pair", "[{\"a\":1},{\"a\":\"x\\ud83d\"},{\"a\":3}]",
		    "0[a] 1[1] 1[x\xef\xbf\xbd]!bad_encoding@0 1[3] ",
		    FMT_END },
		{ "a zero", "[{\"a\":1},{\"a\":\"x\\u0000y\"},{\"a\":3}]",
		    "0[a] 1[1] 1[x@y]!nul@0 1[3] ", FMT_END },
		{ "no closing quote",
		    "[{\"a\":1},{\"a\":\"x},{\"a\":3},{\"a\":4}]",
		    "0[a] 1[1] 1[x},{]!json 1[3] 1[4] ", FMT_END },
		{ "no closing quote, on lines",
		    "[\n {\"a\":1},\n {\"a\":\"x},\n {\"a\":3}\n]",
		    "0[a] 2[1] 3[]!json 4[3] ", FMT_END },
		{ "no closing brace",
		    "[\n {\"a\":1},\n {\"a\":{\"b\":1},\n {\"a\":3}\n]",
		    "0[a] 2[1] 3[]!json 4[3] ", FMT_END },
		{ "no closing brace, in one line",
		    "[{\"a\":1},{\"a\":{\"b\":1},{\"a\":3},{\"a\":4}]",
		    "0[a] 1[1] 1[]!json 1[3] 1[4] ", FMT_END },
		{ "no closing bracket, the last one",
		    "[\n {\"a\":1},\n {\"a\":[1\n]\n", "0[a] 2[1] ",
		    FMT_CUT_OFF },
		{ "another bracket",
		    "[{\"a\":1},{\"a\":[2},{\"a\":3},{\"a\":4}]",
		    "0[a] 1[1] 1[2]!json 1[3] 1[4] ", FMT_END },
		{ "with objects in it",
		    "[{\"a\":1},{\"a\":x,\"l\":[{\"a\":5},{\"a\":6}]},"
		    "{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[3] ", FMT_END },
		{ "the first one", "[{\"a\":x},{\"a\":2}]",
		    "0[a] 1[]!json 1[2] ", FMT_END },
		{ "a line", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n",
		    "0[a] 1[1] 2[]!json 3[3] ", FMT_END },
		{ "the first line", "{\"a\":[}\n{\"a\":3}\n",
		    "0[a] 1[]!json 2[3] ", FMT_END },
		{ "a line that is no object", "{\"a\":1}\nTotal: 5\n{\"a\":3}",
		    "0[a] 1[1] 2[]!not_an_object 3[3] ", FMT_END },
		{ "no objects", "[{\"a\":1},5,\"x,]\",[{\"a\":2}],{\"a\":3}]",
		    "0[a] 1[1] 1[]!not_an_object 1[]!not_an_object "
		    "1[]!not_an_object 1[3] ",
		    FMT_END },
		{ "no comma between", "[{\"a\":1}{\"a\":2},{\"a\":3}]",
		    "0[a] 1[1] 1[2]!json 1[3] ", FMT_END },
		{ "names of broken records are none",
		    "[{\"a\":1},{\"b\":1,\"c\":x},{\"a\":3}]",
		    "0[a] 1[1] 1[]!json 1[3] ", FMT_END },
		{ "what is behind the list is not of it",
		    "{\"o\":[\n {\"a\":1},\n {\"a\":[2}\n],\n\"n\":1}",
		    "0[a] 2[1] 3[2]!json ", FMT_END },
		{ "and is looked at",
		    "{\"o\":[\n {\"a\":1},\n {\"a\":[2}\n],\n\"n\":[\n "
		    "{\"a\":5}]}",
		    "0[a] 2[1] 3[2]!json ", FMT_JSON_LISTS },
	};
	struct settings *s = settings_new();

	(void)state;
	read_cases(row, COUNT(row), s);
	settings_free(s);
}

static void
limits_hold(void **state)
{
	static const struct row_case row[] = {
		{ "a record",
		    "[{\"a\":1},{\"b\":\"0123456789012345678901234567"
		    "890123456789\"},{\"a\":3}]",
		    "0[a] 1[1] 1[]!line_too_long 1[3] ", FMT_END },
		{ "a record with objects",
		    "[{\"a\":1},{\"b\":[{\"a\":1},{\"a\":2},{\"a\":3},{\"a\":"
		    "4},{\"a\":5}]},{\"a\":3}]",
		    "0[a] 1[1] 1[]!line_too_long 1[3] ", FMT_END },
		{ "a record that never ends",
		    "[{\"a\":1},{\"a\":[1,2,3,4,5,6,7,8,9,1,2,3,4,5,6,7,8,9",
		    "0[a] 1[1] 1[1,2,3,4,5,]!line_too_long ", FMT_CUT_OFF },
		{ "a value", "[{\"a\":\"0123456789x\"},{\"a\":3}]",
		    "0[a] 1[0123456789]!field_too_long@0 1[3] ", FMT_END },
		{ "a value is cut at a character", "[{\"a\":\"012345678Ж\"}]",
		    "0[a] 1[012345678]!field_too_long@0 ", FMT_END },
		{ "a list of values", "[{\"a\":[1234,5678,9]},{\"a\":3}]",
		    "0[a] 1[1234,5678,]!field_too_long@0 1[3] ", FMT_END },
		{ "names", "[{\"a\":1,\"b\":2,\"c\":3,\"d\":4},{\"a\":3}]",
		    "0[a] 1[1]!columns_many 1[3] ", FMT_END },
		{ "names of all records", "[{\"a\":1,\"b\":2,\"c\":3,\"d\":4}]",
		    "", FMT_TOO_WIDE },
	};
	struct settings *s = settings_new();

	(void)state;
	s->limits.line_bytes = 40;
	s->limits.field_bytes = 10;
	s->limits.columns = 3;
	read_cases(row, COUNT(row), s);
	settings_free(s);
}

/* Brackets within brackets: JSON_DEPTH of them, and one too many. */
static void
a_record_is_so_deep_and_no_deeper(void **state)
{
	static const struct {
		int lists;
		const char *want;
	} row[] = {
		{ 63, "0[a] 1[1] 1[2] " },
		{ 64, "0[a] 1[]!json_deep 1[2] " },
		{ 900, "0[a] 1[]!json_deep 1[2] " },
		{ 2000, "0[a] 1[]!json_deep 1[2] " },
	};
	struct settings *s = settings_new();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char in[8192] = "[{\"a\":", *p = in + strlen(in);
		struct rows r;

		memset(p, '[', (size_t)row[i].lists);
		p += row[i].lists;
		*p++ = '1';
		memset(p, ']', (size_t)row[i].lists);
		strcpy(p + row[i].lists, "},{\"a\":2}]");
		rows_read(&r, in, strlen(in), 0, s);
		assert_int_equal(r.status, FMT_END);
		assert_string_equal(r.text, row[i].want);
	}
	settings_free(s);
}

/* One that is behind what is looked at for the header. */
static void
a_name_that_comes_late_grows_the_header(void **state)
{
	struct settings *s = settings_new();
	char *in = malloc(1 << 20), *p = in;
	struct rows r;

	(void)state;
	p += sprintf(p, "[{\"a\":0}");
	for (int i = 1; i < 1100; i++)
		p += sprintf(p, ",{\"%s\":%d}", i == 1050 ? "b" : "a", i);
	p += sprintf(p, ",{\"c\":{\"d\":1}},{\"e\":1}]");
	for (size_t step = 0; step < 3; step++) {
		const char *q;

		rows_read(&r, in, (size_t)(p - in), step, s);
		assert_int_equal(r.status, FMT_END);
		assert_memory_equal(r.text, "0[a] 1[0] 1[1] ", 15);
		q = strstr(r.text, "+0");
		assert_non_null(q);
		assert_memory_equal(q - 8, "1[1049] +0[a][b][c.d][e] ", 25);
		assert_memory_equal(q + 17, "1[][1050][][] 1[1051]", 21);
		assert_null(strstr(q + 1, "+0"));
		assert_non_null(strstr(q, "1[][][1][] 1[][][][1] "));
	}
	free(in);
	settings_free(s);
}

/* What a broken dump costs grows as it does; by its square it would be hours.
 */
static void
broken_records_take_no_square(void **state)
{
	static const char *const broken[] = { "{\"a\":\"x},", "{\"a\":[1},",
		"{\"a\":x,", "{\"a\":{\"b\":1},", "[" };
	struct settings *s = settings_new();
	const size_t n = 2 << 20;
	char *in = mem_alloc(n);
	struct rows r;

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		size_t k = strlen(broken[i]), at = 1;

		in[0] = '[';
		for (; at + k < n; at += k)
			memcpy(in + at, broken[i], k);
		rows_read(&r, in, at, 0, s);
		assert_int_not_equal(r.status, FMT_OK);
	}
	free(in);
	settings_free(s);
}

static void
other_encodings_are_read(void **state)
{
	static const char utf16[] = "\xff\xfe[\0{\0\"\0a\0\"\0:\0\"\0\x16\x04"
				    "\"\0}\0]\0";
	static const char cp1251[] = "[{\"a\":\"\xcf\xf0\xe8\xe2\xe5\xf2, "
				     "\xea\xe0\xea \xe4\xe5\xeb\xe0\"}]";
	struct settings *s = settings_new();
	struct rows r;

	(void)state;
	rows_read(&r, utf16, sizeof utf16 - 1, 0, s);
	assert_string_equal(r.text, "0[a] 1[Ж] ");
	rows_read(&r, cp1251, sizeof cp1251 - 1, 0, s);
	assert_string_equal(r.text, "0[a] 1[Привет, как дела] ");
	settings_free(s);
}

static void
lines_are_counted(void **state)
{
	static const struct {
		const char *in;
		unsigned long lines;
	} row[] = {
		{ "[{\"a\":1}]", 1 },
		{ "[{\"a\":1}]\n", 1 },
		{ "[\r\n{\"a\":1}\r\n]\r\n\r\n", 4 },
		{ "[\r{\"a\":\r1}\n]", 4 },
		{ "{\"a\":1}\n\n{\"a\":1}\n", 3 },
	};
	struct settings *s = settings_new();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 3; step++) {
			struct rows r;

			rows_read(&r, row[i].in, strlen(row[i].in), step, s);
			assert_int_equal(r.facts.lines, row[i].lines);
			assert_string_equal(r.facts.syntax, "json");
		}
	}
	settings_free(s);
}

/* Our own names, with underscores and as JSON has them. */
static void
the_generic_preset_knows_every_field(void **state)
{
	const struct preset *p = preset_by_name("generic");

	(void)state;
	for (int f = 0; f < FIELD_COUNT; f++) {
		char joined[64], *to = joined;

		assert_int_equal(
		    preset_field(p, slice_of(field_info[f].name)), f);
		for (const char *q = field_info[f].name; *q != '\0'; q++) {
			if (*q != '_')
				*to++ = *q;
		}
		*to = '\0';
		if (preset_field(p, slice_of(joined)) != (enum field)f)
			fail_msg("%s", joined);
	}
	assert_int_equal(
	    preset_field(p, slice_of("contactphone")), FIELD_PHONES);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes_of_dumps),
		cmocka_unit_test(objects_become_cells),
		cmocka_unit_test(a_broken_record_costs_itself_alone),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(a_record_is_so_deep_and_no_deeper),
		cmocka_unit_test(a_name_that_comes_late_grows_the_header),
		cmocka_unit_test(broken_records_take_no_square),
		cmocka_unit_test(other_encodings_are_read),
		cmocka_unit_test(lines_are_counted),
		cmocka_unit_test(the_generic_preset_knows_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
