/*
 * HTML tables: what Bitrix24 exports, and what browsers take besides; every
 * dump whole and in pieces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "formats/arena.h"
#include "tests/formats/rows.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static void
tables_are_read(void **state)
{
	static const struct row_case row[] = {
		{ "as Bitrix24 writes it",
		    "<meta http-equiv=\"Content-type\" content=\"text/html;"
		    "charset=UTF-8\" /><table border=\"1\">\n<thead><tr><th>ID"
		    "</th><th>Сумма</th></tr></thead>\n<tbody><tr><td>1</td>"
		    "<td>10&nbsp;000</td></tr></tbody></table>",
		    "2[ID][Сумма] 3[1][10\u00a0000] ", FMT_END },
		{ "as a page",
		    "<!DOCTYPE html>\r\n<HTML><HEAD><META charset=utf-8>"
		    "<TITLE>a <td></TITLE></HEAD>\r\n<BODY>x<TABLE><TR><TD>1"
		    "</TD></TR></TABLE>y</BODY></HTML>\r\n",
		    "3[1] ", FMT_END },
		{ "ends that are left out",
		    "<table><tr><td>1<td>2<tr><th>3<th>4</table>",
		    "1[1][2] 1[3][4] ", FMT_END },
		{ "ends on lines",
		    "<table>\n<tr>\n<td>1\n<td>2\n<tr>\n<td>3"
		    "\n</table>\n",
		    "2[1][2] 5[3] ", FMT_END },
		{ "no rows", "<table><td>1<td>2</table>", "1[1][2] ", FMT_END },
		{ "no table", "<tr><td>1</td></tr><tr><td>2</td></tr>",
		    "1[1] 1[2] ", FMT_END },
		{ "empty cells", "<table><tr><td/><td></td><td> </td></table>",
		    "1[][][] ", FMT_END },
		{ "empty rows",
		    "<table><tr></tr><tr><td>1</td></tr><tr></table>", "1[1] ",
		    FMT_END },
		{ "several tables",
		    "<table><tr><td>1</table> x <table><tr><td>2</table>",
		    "1[1] 1[2] ", FMT_END },
		{ "a caption", "<table><caption>x</caption><tr><td>1</table>",
		    "1[1] ", FMT_END },
		{ "parts of a table",
		    "<table><thead><td>a<tbody><td>1<tfoot><td>2</table>",
		    "1[a] 1[1] 1[2] ", FMT_END },
		{ "columns that are spanned",
		    "<table><tr><td COLSPAN = '3'>1<td colspan=x>2"
		    "<td data-colspan=\"2\">3</table>",
		    "1[1][][][2][3] ", FMT_END },
		{ "rows that are spanned",
		    "<table><tr><td rowspan=3>1<td>2<td rowspan=\"2\">3"
		    "<tr><td>4<tr><td>5<td>6<tr><td>7</table>",
		    "1[1][2][3] 1[][4][] 1[][5][6] 1[7] ", FMT_END },
		{ "a header of two rows",
		    "<table><tr><th rowspan=2>a<th colspan=2>b<th rowspan=2>c"
		    "<tr><th>d<th>e<tr><td>1<td>2<td>3<td>4</table>",
		    "1[a][b][][c] 1[a][d][e][c] 1[1][2][3][4] ", FMT_END },
		{ "spans that reach beyond rows and tables",
		    "<table><tr><td>1<td>2<td rowspan=9>3<tr><td>4</table>"
		    "<table><tr><td>5<td>6<td>7</table>",
		    "1[1][2][3] 1[4][][] 1[5][6][7] ", FMT_END },
		{ "columns and rows that are spanned by one cell",
		    "<table><tr><td colspan=2 rowspan=2>1<td>2"
		    "<tr><td>3<tr><td>4</table>",
		    "1[1][][2] 1[][][3] 1[4] ", FMT_END },
		{ "a table in a cell",
		    "<table><tr><td>a <table><tr><td>b<td>c<tr><td>d</table> e"
		    "</td><td>f</td></tr></table>",
		    "1[a^b c^d^e][f] ", FMT_END },
		{ "the page's end ends the table",
		    "<html><body><table><tr><td>1</body></html>", "1[1] ",
		    FMT_END },
		{ "in small and capital letters",
		    "<Table><tR><Td>1</tD></TR></tABLE>", "1[1] ", FMT_END },
		{ "blanks in tags",
		    "<table ><tr\n><td\tx >1</td ></tr></table>", "1[1] ",
		    FMT_END },
		{ "no table at all", "<html><p>Error 500</p></html>", "",
		    FMT_END },
	};
	struct settings *s = settings_new();

	(void)state;
	read_cases(row, COUNT(row), s);
	settings_free(s);
}

/* Each is the one cell of a table. */
static void
cells_hold_text(void **state)
{
	static const struct {
		const char *name, *in, *want;
	} row[] = {
		{ "tags", "<b>a</b> <a href=\"x\">b</a><span>c</span>",
		    "a bc" },
		{ "white space", " \n a \t b\r\n ", "a b" },
		{ "a break", "a<br>b<BR/> c <br /><br>d", "a^b^c^d" },
		{ "paragraphs", "<p>a</p><p>b</p><div>c</div>", "a^b^c" },
		{ "a list", "<ul><li>+7 1</li><li>+7 2</li></ul>",
		    "+7 1^+7 2" },
		{ "a break at the ends", "<br>a<br>", "a" },
		{ "names", "&lt;&gt;&amp;&quot;&apos;&laquo;&raquo;&numero;",
		    "<>&\"'«»№" },
		{ "numbers", "&#1046;&#x416;&#X416;&#160;&#xA0;&#8381;",
		    "ЖЖЖ\u00a0\u00a0₽" },
		{ "numbers of windows-1252", "&#150;&#128;", "–€" },
		{ "once only", "&amp;lt;", "&lt;" },
		{ "unknown ones", "&foo; &; &#; &#x; & a&b",
		    "&foo; &; &#; &#x; & a&b" },
		{ "no semicolon", "a&nbsp b&ltc?x=1&lt=2",
		    "a\u00a0 b&ltc?x=1&lt=2" },
		{ "a '<' that is none", "a < b <3 </ c <", "a < b <3 </ c <" },
		{ "a '>'", "a > b", "a > b" },
		{ "a comment", "a<!-- </td><td> > -- -->b", "ab" },
		{ "others of that kind", "a<!x><?php y ?>b<![if z]>", "ab" },
		{ "quotes in tags", "<a title=\"x > y\">a</a><a b='>'>b</a>",
		    "ab" },
		{ "quotes that open nothing", "<a b=it's>a</a><a \">b</a>",
		    "ab" },
		{ "a script", "a<script>if (1</td>2) \"<td>\"</SCRIPT >b",
		    "ab" },
		{ "a style", "<style>td > a { }</style>a", "a" },
	};
	struct settings *s = settings_new();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char in[512], want[512];

		snprintf(
		    in, sizeof in, "<table><td>%s</td></table>", row[i].in);
		snprintf(want, sizeof want, "1[%s] ", row[i].want);
		for (size_t step = 0; step < 9; step++) {
			struct rows r;

			rows_read(&r, in, strlen(in), step, s);
			if (r.status != FMT_END || strcmp(r.text, want) != 0)
				fail_msg("%s, by %zu: %s: %s", row[i].name,
				    step, fmt_status_code(r.status), r.text);
		}
	}
	settings_free(s);
}

static void
what_is_wrong_is_told(void **state)
{
	static const struct row_case row[] = {
		{ "cut off in a cell", "<table><tr><td>1</td></tr><tr><td>2",
		    "1[1] ", FMT_CUT_OFF },
		{ "cut off in a row",
		    "<table><tr><td>1</td></tr><tr><td>2</td>", "1[1] ",
		    FMT_CUT_OFF },
		{ "cut off behind a row", "<table><tr><td>1</td></tr>", "1[1] ",
		    FMT_CUT_OFF },
		{ "cut off in a tag", "<table><tr><td>1</td></tr></tab",
		    "1[1] ", FMT_CUT_OFF },
		{ "cut off in a comment", "<table></table><!-- x", "",
		    FMT_CUT_OFF },
		{ "cut off in a script", "<table></table><script>x</scr", "",
		    FMT_CUT_OFF },
		{ "a zero", "<table><tr><td>1<td>a&#0;b</table>",
		    "1[1][a@b]!nul@1 ", FMT_END },
		{ "half a pair", "<table><tr><td>&#xd800;</table>",
		    "1[\xef\xbf\xbd]!bad_encoding@0 ", FMT_END },
		{ "no character", "<table><tr><td>&#99999999999;</table>",
		    "1[\xef\xbf\xbd]!bad_encoding@0 ", FMT_END },
		{ "XML", "<?xml version=\"1.0\"?>\n<ValCurs><a/></ValCurs>", "",
		    FMT_XML },
		{ "CommerceML",
		    "<?xml version=\"1.0\"?>\n<!-- x -->\n"
		    "<КоммерческаяИнформация/>",
		    "", FMT_XML },
		{ "a workbook as XML",
		    "<?xml version=\"1.0\"?>\n<?mso-application "
		    "progid=\"Excel.Sheet\"?>\n<Workbook/>",
		    "", FMT_XML },
		{ "XHTML is HTML",
		    "<?xml version=\"1.0\"?>\n<html><table><tr><td>1</td>"
		    "</tr></table></html>",
		    "2[1] ", FMT_END },
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
		{ "a row",
		    "<table><tr><td>1</td></tr><tr><td>0123<td>0123<td>"
		    "0123456789 0123456789</tr><tr><td>2</td></tr></table>",
		    "1[1] 1[0123][0123][0123456789]!line_too_long 1[2] ",
		    FMT_END },
		{ "a cell", "<table><tr><td>0123456789x<tr><td>2</table>",
		    "1[0123456789]!field_too_long@0 1[2] ", FMT_END },
		{ "a cell is cut at a character",
		    "<table><tr><td>012345678Ж</table>",
		    "1[012345678]!field_too_long@0 ", FMT_END },
		{ "cells",
		    "<table><tr><td>1<tr><td>1<td>2<td>3<td>4<tr><td>2"
		    "</table>",
		    "1[1] 1[1][2][3]!columns_many 1[2] ", FMT_END },
		{ "cells of the header",
		    "<table><tr><td>1<td>2<td>3<td>4</table>", "",
		    FMT_TOO_WIDE },
		{ "spanned columns",
		    "<table><tr><td>1<tr><td colspan=99999>1</table>",
		    "1[1] 1[1][][]!columns_many ", FMT_END },
	};
	struct settings *s = settings_new();

	(void)state;
	s->limits.line_bytes = 45;
	s->limits.field_bytes = 10;
	s->limits.columns = 3;
	read_cases(row, COUNT(row), s);
	settings_free(s);
}

static void
other_encodings_are_read(void **state)
{
	static const char cp1251[] =
	    "<meta charset=windows-1251><table><tr><td>\xcf\xf0\xe8\xe2\xe5"
	    "\xf2, \xea\xe0\xea \xe4\xe5\xeb\xe0</table>";
	struct settings *s = settings_new();
	struct rows r;

	(void)state;
	rows_read(&r, cp1251, sizeof cp1251 - 1, 0, s);
	assert_string_equal(r.text, "1[Привет, как дела] ");
	settings_free(s);
}

/* What a broken page costs grows as it does. */
static void
broken_pages_take_no_square(void **state)
{
	static const char *const broken[] = { "<a ", "<", "<td b='", "<a b=\">",
		"<!--", "<script>", "&", "<table>", "<td>", "</table" };
	struct settings *s = settings_new();
	const size_t n = 2 << 20;
	char *in = mem_alloc(n);
	struct rows r;

	(void)state;
	for (size_t i = 0; i < COUNT(broken); i++) {
		size_t k = strlen(broken[i]), at = 11;

		memcpy(in, "<table><td>", at);
		for (; at + k < n; at += k)
			memcpy(in + at, broken[i], k);
		rows_read(&r, in, at, 0, s);
		assert_int_not_equal(r.status, FMT_OK);
	}
	free(in);
	settings_free(s);
}

static void
lines_are_counted(void **state)
{
	static const struct {
		const char *in;
		unsigned long lines, blank;
	} row[] = {
		{ "<table></table>", 1, 0 },
		{ "<table>\r\n<tr>\r<td>\n</table>\n", 4, 0 },
		{ "<table><tr></tr>\n<tr></tr></table>", 2, 2 },
	};
	struct settings *s = settings_new();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 3; step++) {
			struct rows r;

			rows_read(&r, row[i].in, strlen(row[i].in), step, s);
			assert_int_equal(r.facts.lines, row[i].lines);
			assert_int_equal(r.facts.blank_lines, row[i].blank);
			assert_string_equal(r.facts.syntax, "html");
		}
	}
	settings_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_read),
		cmocka_unit_test(cells_hold_text),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(other_encodings_are_read),
		cmocka_unit_test(broken_pages_take_no_square),
		cmocka_unit_test(lines_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
