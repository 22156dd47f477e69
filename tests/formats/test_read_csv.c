/*
 * CSV: what libcsv does not do for us (design: limits, line numbers, stray
 * quotes), and that our own cutting and scanning agree with libcsv.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <csv.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/csv_scan.h"
#include "formats/reader.h"
#include "tests/formats/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BROKEN "\xef\xbf\xbd"

/* What a dump read as, as text: a row is its line, its cells in [] and why it
 * is refused. */
struct result {
	enum fmt_status status;
	char text[8192];
	struct reader_facts facts;
};

static struct settings
defaults(void)
{
	struct settings s = { 0 };
	static char none[] = "";

	s.encoding = none;
	s.limits = (struct limits){ 1 << 30, 1 << 30, 200, 64 << 20, 1 << 20,
		64 << 10, 4096, 1000 };
	return s;
}

static void
put(char *to, size_t room, const char *p, size_t n)
{
	size_t k = strlen(to);

	if (n >= room - k)
		n = room - k - 1;
	memcpy(to + k, p, n);
	to[k + n] = '\0';
	for (; to[k] != '\0'; k++) {
		if (to[k] == '\n')
			to[k] = '^';
		else if (to[k] == '\r')
			to[k] = '~';
	}
}

static void
put_row(struct result *r, const struct row *row)
{
	char head[64];
	int n = snprintf(head, sizeof head, "%lu", row->line);

	put(r->text, sizeof r->text, head, (size_t)n);
	for (size_t i = 0; i < row->cells; i++) {
		put(r->text, sizeof r->text, "[", 1);
		put(r->text, sizeof r->text, row->cell[i].p, row->cell[i].n);
		put(r->text, sizeof r->text, "]", 1);
	}
	if (row->reject != REJECT_NONE) {
		n = snprintf(head, sizeof head, "!%s@%zu",
		    reject_code(row->reject), row->bad_cell);
		put(r->text, sizeof r->text, head, (size_t)n);
	}
	put(r->text, sizeof r->text, " ", 1);
}

/* expect: told after the first row; 0 never. */
static void
run(struct result *r, const char *p, size_t n, size_t step, size_t expect,
    const struct settings *s)
{
	struct decode *d = NULL;
	struct reader *reader = NULL;
	struct memory m;
	struct row row;

	memset(r, 0, sizeof *r);
	r->status = decode_open(
	    &d, memory_input(&m, p, n, step), s->encoding, &s->limits);
	if (r->status != FMT_OK)
		return;
	r->status = reader_open(&reader, d, s);
	if (r->status == FMT_OK) {
		while ((r->status = reader_next(reader, &row)) == FMT_OK) {
			put_row(r, &row);
			reader_expect(reader, expect);
		}
		reader_facts(reader, &r->facts);
		reader_close(reader);
	}
	decode_close(d);
}

static void
records_are_read_with_the_line_they_begin_on(void **state)
{
	static const struct {
		const char *name, *in, *want;
		unsigned long lines, blank;
	} row[] = {
		{ "LF", "a;b\n1;2\n", "1[a][b] 2[1][2] ", 2, 0 },
		{ "CRLF", "a;b\r\n1;2\r\n", "1[a][b] 2[1][2] ", 2, 0 },
		{ "CR", "a;b\r1;2\r", "1[a][b] 2[1][2] ", 2, 0 },
		{ "all of them", "a;b\r1;2\n3;4\r\n\r5;6",
		    "1[a][b] 2[1][2] 3[3][4] 5[5][6] ", 5, 1 },
		{ "no line end at the end", "a;b\n1;2", "1[a][b] 2[1][2] ", 2,
		    0 },
		{ "blank lines count", "\n\na;b\n  \t\n1;2\n\n",
		    "3[a][b] 5[1][2] ", 6, 4 },
		{ "blank lines in CRLF", "a;b\r\n\r\n\r\n1;2\r\n",
		    "1[a][b] 4[1][2] ", 4, 2 },
		{ "empty cells", "a;b\n;\n;;x\n", "1[a][b] 2[][] 3[][][x] ", 3,
		    0 },
		{ "a cell in quotes", "a;b\n\"1;2\";\" 3 \"\n",
		    "1[a][b] 2[1;2][ 3 ] ", 2, 0 },
		{ "doubled quotes", "a;b\n\"x \"\"y\"\" z\";2\n",
		    "1[a][b] 2[x \"y\" z][2] ", 2, 0 },
		{ "quotes within a bare cell", "a;b\nООО \"Лира\";2\n",
		    "1[a][b] 2[ООО \"Лира\"][2] ", 2, 0 },
		{ "a stray quote within a bare cell", "a;b\nx \"y;2\n3;4\n",
		    "1[a][b] 2[x \"y][2] 3[3][4] ", 3, 0 },
		{ "spaces around", "a;b\n 1 ; \"2\" \n", "1[a][b] 2[1][2] ", 2,
		    0 },
		{ "lines within a cell", "a;b\n1;\"x\ny\r\nz\rw\"\n2;3\n",
		    "1[a][b] 2[1][x^y~^z~w] 6[2][3] ", 6, 0 },
		{ "quotes and lines", "a;b\n\"x \"\"y\n\";\"\n\"\n2;3\n",
		    "1[a][b] 2[x \"y^][^] 5[2][3] ", 5, 0 },
		{ "blank lines within a cell", "a;b\n1;\"x\n\n\ny\"\n2;3\n",
		    "1[a][b] 2[1][x^^^y] 6[2][3] ", 6, 0 },
		{ "closed at the end of the dump", "a;b\n1;\"x\ny\"",
		    "1[a][b] 2[1][x^y] ", 3, 0 },
		{ "empty quotes alone", "a\n\"\"\n1\n", "1[a] 2[] 3[1] ", 3,
		    0 },
		{ "nothing", "", "", 0, 0 },
		{ "only blank lines", "\r\n\r\n", "", 2, 2 },
	};
	struct settings s = defaults();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 3; step++) {
			struct result r;

			run(&r, row[i].in, strlen(row[i].in), step, 0, &s);
			if (r.status != FMT_END ||
			    strcmp(r.text, row[i].want) != 0)
				fail_msg("%s: %s", row[i].name, r.text);
			if (r.facts.lines != row[i].lines ||
			    r.facts.blank_lines != row[i].blank)
				fail_msg("%s: %lu lines, %lu blank",
				    row[i].name, r.facts.lines,
				    r.facts.blank_lines);
		}
	}
}

/* libcsv reads each of these to the end and reports success. */
static void
a_stray_quote_costs_its_own_row_alone(void **state)
{
	static const struct {
		const char *name, *in, *want;
		size_t expect;
	} row[] = {
		{ "never closed", "a;b\n1;\"x\n2;y\n3;z\n",
		    "1[a][b] 2[1][x]!unclosed_quote@0 3[2][y] 4[3][z] ", 2 },
		{ "never closed, count unknown", "a;b\n1;\"x\n2;y\n3;z\n",
		    "1[a][b] 2[1][x]!unclosed_quote@0 3[2][y] 4[3][z] ", 0 },
		{ "never closed, CRLF", "a;b\r\n1;\"x\r\n2;y\r\n",
		    "1[a][b] 2[1][x]!unclosed_quote@0 3[2][y] ", 2 },
		{ "on the last line", "a;b\n1;2\n3;\"x",
		    "1[a][b] 2[1][2] 3[3][x]!unclosed_quote@0 ", 2 },
		{ "two of them", "a;b\n1;\"x\n2;y\n3;\"z\n4;w\n",
		    "1[a][b] 2[1][x]!unclosed_quote@0 3[2][y] "
		    "4[3][z]!unclosed_quote@0 5[4][w] ",
		    2 },
		{ "closed by chance",
		    "a;b;c\n\"1;x;y\n2;\"x;y\n3;\";z\n4;5;6\n",
		    "1[a][b][c] 2[1;x;y]!unclosed_quote@0 "
		    "3[2][x;y^3;][z] 5[4][5][6] ",
		    3 },
		{ "closed by chance on a later line",
		    "a;b;c\n1;\"x;y\n2;p;q\n3;\"\";z\n4;5;6\n",
		    "1[a][b][c] 2[1][x;y]!unclosed_quote@0 3[2][p][q] "
		    "4[3][][z] 5[4][5][6] ",
		    3 },
		{ "a cell of several lines before it",
		    "a;b;c\n1;\"x\ny\";\"z\n2;3;4\n",
		    "1[a][b][c] 3[1][x^y][z]!unclosed_quote@0 4[2][3][4] ", 3 },
		{ "a name in quotes, and another one",
		    "a;b\n1;\"Роза\" ООО\n2;\"Лира\"\n3;4\n",
		    "1[a][b] 2[1][Роза\" ООО]!unclosed_quote@0 3[2][Лира] "
		    "4[3][4] ",
		    2 },
		{ "a name in quotes, later in the row",
		    "a;b;c\n1;\"x\" y;z\n2;p;q \"r\"\n3;\"4\";5\n",
		    "1[a][b][c] 2[1][x\" y;z]!unclosed_quote@0 3[2][p][q "
		    "\"r\"] "
		    "4[3][4][5] ",
		    3 },
		{ "spaces behind a cell of lines", "a;b\n\"x\ny\"  ;2\n3;4\n",
		    "1[a][b] 2[x^y][2] 4[3][4] ", 2 },
		{ "the count is right", "a;b\n1;\"x\ny\"\n2;3\n",
		    "1[a][b] 2[1][x^y] 4[2][3] ", 2 },
		{ "empty cells behind do no harm", "a;b\n1;\"x\ny\";;\n2;3\n",
		    "1[a][b] 2[1][x^y][][] 4[2][3] ", 2 },
	};
	struct settings s = defaults();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 3; step++) {
			struct result r;

			run(&r, row[i].in, strlen(row[i].in), step,
			    row[i].expect, &s);
			if (r.status != FMT_END ||
			    strcmp(r.text, row[i].want) != 0)
				fail_msg("%s: %s", row[i].name, r.text);
		}
	}
}

static void
what_cannot_be_trusted_is_named(void **state)
{
	static const struct {
		const char *name, *in;
		size_t n;
		const char *want;
	} row[] = {
		{ "a NUL", "abc;def\n1;x\0y\n2;3\n", 18,
		    "1[abc][def] 2[1][x]!nul@1 3[2][3] " },
		{ "a broken byte", "Имя;Цех\nЯн\xff;Уфа\nЯна;Яр\n", 0,
		    "1[Имя][Цех] 2[Ян" BROKEN "][Уфа]!bad_encoding@0 "
		    "3[Яна][Яр] " },
		{ "in quotes", "Имя;Цех\nЯн;\"У\xff\"\"ф\"\n", 0,
		    "1[Имя][Цех] 2[Ян][У" BROKEN "\"ф]!bad_encoding@1 " },
		{ "a line too long",
		    "a;b\n1;23456789012345678901234567890\n2;3\n", 0,
		    "1[a][b] 2[1][23456789]"
		    "!line_too_long@0 3[2][3] " },
		{ "a cell too long", "a;b\n1;2345678901\n2;3\n", 0,
		    "1[a][b] 2[1][23456789]!field_too_long@1 3[2][3] " },
		{ "cut at a character", "a;b\nЖЖЖЖЖ;1234567Ж\n2;3\n", 0,
		    "1[a][b] 2[ЖЖЖЖ][1234567]!field_too_long@0 3[2][3] " },
		{ "too many columns", "a;b\n1;2;3;4;5;6\n2;3\n", 0,
		    "1[a][b] 2[1][2][3][4][5]!columns_many@0 3[2][3] " },
		{ "several lines too long",
		    "a;b\n1;\"2\n3\n4\n5\n6\n7\n8\n9\n0\n1\n2\n3\n4\n5\n6\n\"\n"
		    "2;3\n",
		    0,
		    "1[a][b] 2[1][2]!unclosed_quote@0 3[3] 4[4] 5[5] 6[6] "
		    "7[7] 8[8] 9[9] 10[0] 11[1] 12[2] 13[3] 14[4] 15[5] 16[6] "
		    "17[]!unclosed_quote@0 18[2][3] " },
	};
	struct settings s = defaults();

	(void)state;
	s.limits.line_bytes = 28;
	s.limits.field_bytes = 8;
	s.limits.columns = 5;
	for (size_t i = 0; i < COUNT(row); i++) {
		size_t n = row[i].n == 0 ? strlen(row[i].in) : row[i].n;

		for (size_t step = 0; step < 3; step++) {
			struct result r;

			run(&r, row[i].in, n, step, 2, &s);
			if (r.status != FMT_END ||
			    strcmp(r.text, row[i].want) != 0)
				fail_msg("%s: %s", row[i].name, r.text);
		}
	}
}

/* Delimiters are looked for a block at a time: one may be a block's first byte,
 * its last, or stand in quotes. */
static void
a_delimiter_is_found_wherever_it_stands(void **state)
{
	struct settings s = defaults();
	struct result r;

	(void)state;
	s.delimiter = ';';
	for (int n = 1; n < 200; n++) {
		char in[900], want[900];
		char text[200];

		memset(text, 'x', (size_t)n);
		text[n] = '\0';
		snprintf(in, sizeof in, "%s;;\"a;b\"; %s ;z\n%s;q\n", text,
		    text, text);
		snprintf(want, sizeof want, "1[%s][][a;b][%s][z] 2[%s][q] ",
		    text, text, text);
		run(&r, in, strlen(in), 0, 0, &s);
		assert_string_equal(r.text, want);
	}
}

static void
a_header_that_is_too_wide_ends_the_dump(void **state)
{
	struct settings s = defaults();
	struct result r;

	(void)state;
	s.limits.columns = 3;
	run(&r, "a;b;c;d\n", 8, 0, 0, &s);
	assert_int_equal(r.status, FMT_TOO_WIDE);
	run(&r, "a;b;c\n", 6, 0, 0, &s);
	assert_int_equal(r.status, FMT_END);
}

static void
a_line_of_many_megabytes_is_skipped_in_little_memory(void **state)
{
	struct settings s = defaults();
	size_t n = 20 << 20;
	char *in = mem_alloc(n + 100);
	struct result r;

	(void)state;
	memset(in, 'x', n);
	memcpy(in, "a;b\n1;", 6);
	strcpy(in + n, "\r\n2;3\n");
	run(&r, in, strlen(in), 0, 2, &s);
	assert_int_equal(r.status, FMT_END);
	assert_non_null(strstr(r.text, "!line_too_long@0 3[2][3] "));
	assert_int_equal(r.facts.lines, 3);
	free(in);
}

/* Without patience: 400,000 lines times a megabyte each. */
static void
a_dump_of_stray_quotes_takes_no_age(void **state)
{
	struct settings s = defaults();
	size_t rows = 400000, n = 0, seen = 0;
	char *in = mem_alloc(rows * 4 + 100);
	struct decode *d = NULL;
	struct reader *reader = NULL;
	struct memory m;
	struct row row;

	(void)state;
	for (size_t i = 0; i < rows; i++) {
		memcpy(in + n, "\"a\n", 3);
		n += 3;
	}
	memory_input(&m, in, n, 0);
	assert_int_equal(decode_open(&d, &m.in, "", &s.limits), FMT_OK);
	assert_int_equal(reader_open(&reader, d, &s), FMT_OK);
	reader_expect(reader, 1);
	while (reader_next(reader, &row) == FMT_OK) {
		seen++;
		assert_int_equal(row.line, seen);
		assert_int_equal(row.reject, REJECT_UNCLOSED_QUOTE);
	}
	assert_int_equal(seen, rows);
	reader_close(reader);
	decode_close(d);
	free(in);
}

static void
the_delimiter_is_sniffed_set_or_said(void **state)
{
	static const struct {
		const char *name, *in;
		char set, want;
	} row[] = {
		{ "semicolon", "a;b;c\n1;2;3\n", 0, ';' },
		{ "comma", "a,b,c\n1,2,3\n", 0, ',' },
		{ "tab", "a\tb\tc\n1\t2\t3\n", 0, '\t' },
		{ "decimal commas", "id;sum\n1;100,50\n2;20,10\n", 0, ';' },
		{ "lists in quotes",
		    "id,phones\n1,\"+7;+8;+9\"\n2,\"7;8;9\"\n3,\"7;8;9\"\n", 0,
		    ',' },
		{ "a preamble with commas",
		    "Отчёт, за апрель, 2026\n\nid;date;sum\n1;2;3\n2;3;4\n", 0,
		    ';' },
		{ "lines in quotes", "a;b\n\"x,y\nz,w\n,,,\n\";2\n3;4\n", 0,
		    ';' },
		{ "a stray first quote", "\"a;b;c\n1;2;3\n4;5;6\n", 0, ';' },
		{ "one column", "id\n1\n", 0, ';' },
		{ "nothing", "", 0, ';' },
		{ "one line without an end", "a,b,c", 0, ',' },
		{ "set", "a;b;c\n1;2;3\n", ',', ',' },
		{ "said", "sep=,\na;b;c;d\n1;2;3;4\n", 0, ',' },
		{ "said in quotes", "\"sep=\t\"\r\na;b\n", 0, '\t' },
		{ "said, but set", "SEP=,\na;b\n", '|', '|' },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct settings s = defaults();
		struct result r;

		s.delimiter = row[i].set;
		run(&r, row[i].in, strlen(row[i].in), 0, 0, &s);
		if (r.facts.delimiter != row[i].want)
			fail_msg("%s: '%c'", row[i].name, r.facts.delimiter);
		assert_string_equal(r.facts.syntax, "csv");
	}
}

static void
the_sep_line_is_a_line_but_no_record(void **state)
{
	struct settings s = defaults();
	struct result r;

	(void)state;
	run(&r, "sep=|\r\na|b\r\n1|2\r\n", 17, 1, 0, &s);
	assert_string_equal(r.text, "2[a][b] 3[1][2] ");
	assert_int_equal(r.facts.lines, 3);
	assert_int_equal(r.facts.blank_lines, 0);
}

static void
other_syntaxes_are_not_taken_for_csv(void **state)
{
	static const struct {
		const char *in, *syntax;
		enum fmt_status st;
	} row[] = {
		{ "{\"orders\":[]}", "json", FMT_END },
		{ "[ {\"id\":1}]", "json", FMT_END },
		{ "<table><tr><td>a</td></tr></table>", "html", FMT_END },
		{ "\n  <html></html>", "html", FMT_END },
		{ "<?xml version=\"1.0\"?>", "", FMT_SYNTAX },
		{ "[11] x;y\n", "csv", FMT_END },
	};
	struct settings s = defaults();
	struct result r;

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		run(&r, row[i].in, strlen(row[i].in), 0, 0, &s);
		assert_int_equal(r.status, row[i].st);
		if (r.status == FMT_END)
			assert_string_equal(r.facts.syntax, row[i].syntax);
	}
}

static void
rows_before_a_failure_are_read(void **state)
{
	struct settings s = defaults();
	size_t n = 300000;
	char *in = mem_alloc(n + 1);
	struct decode *d = NULL;
	struct reader *reader = NULL;
	struct memory m;
	struct row row;
	enum fmt_status rc;
	size_t rows = 0;

	(void)state;
	for (size_t i = 0; i < n; i += 4)
		memcpy(in + i, "1;2\n", 4);
	memory_input(&m, in, n, 0);
	m.fails = true;
	assert_int_equal(decode_open(&d, &m.in, "", &s.limits), FMT_OK);
	assert_int_equal(reader_open(&reader, d, &s), FMT_OK);
	while ((rc = reader_next(reader, &row)) == FMT_OK)
		rows++;
	assert_int_equal(rc, FMT_IO);
	assert_int_equal(rows, n / 4);
	reader_close(reader);
	decode_close(d);
	free(in);
}

/* --- against libcsv itself --- */

struct peer {
	char text[4096];
	bool open; /* a record has begun */
};

static void
peer_cell(void *p, size_t n, void *ctx)
{
	struct peer *peer = ctx;

	peer->open = true;
	put(peer->text, sizeof peer->text, "[", 1);
	put(peer->text, sizeof peer->text, p, n);
	put(peer->text, sizeof peer->text, "]", 1);
}

static void
peer_row(int c, void *ctx)
{
	struct peer *peer = ctx;

	(void)c;
	peer->open = false;
	put(peer->text, sizeof peer->text, " ", 1);
}

/* Without the line numbers of run(). */
static void
drop_lines(char *text)
{
	char *to = text;
	bool start = true;

	for (; *text != '\0'; text++) {
		if (start && *text >= '0' && *text <= '9')
			continue;
		start = text[0] == ' ' && text[-1] == ']';
		*to++ = *text;
	}
	*to = '\0';
}

static uint64_t
random_below(uint64_t *seed, uint64_t n)
{
	*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (*seed >> 33) % n;
}

/* Every text whose quotes close in the end reads as libcsv reads it. */
static void
closed_records_are_read_as_libcsv_reads_them(void **state)
{
	static const char alphabet[] = "ab\"\"\"\";;\n\r \t";
	static const char delimiters[] = { ';', '\t' };
	uint64_t seed = 1;
	unsigned compared = 0;

	(void)state;
	for (int i = 0; i < 60000; i++) {
		struct settings s = defaults();
		struct csv_parser parser;
		struct peer peer = { "", false };
		struct result r;
		char in[32];
		size_t n = random_below(&seed, sizeof in);

		for (size_t k = 0; k < n; k++)
			in[k] =
			    alphabet[random_below(&seed, sizeof alphabet - 1)];
		s.delimiter = delimiters[i % 2];
		assert_int_equal(csv_init(&parser, 0), 0);
		csv_set_delim(&parser, (unsigned char)s.delimiter);
		assert_int_equal(
		    csv_parse(&parser, in, n, peer_cell, peer_row, &peer), n);
		csv_fini(&parser, peer_cell, peer_row, &peer);
		csv_free(&parser);
		run(&r, in, n, 1 + random_below(&seed, 8), 0, &s);
		if (strstr(r.text, "!unclosed_quote") != NULL)
			continue;
		drop_lines(r.text);
		if (strcmp(r.text, peer.text) != 0) {
			in[n] = '\0';
			fail_msg(
			    "<%s>: ours %s, libcsv %s", in, r.text, peer.text);
		}
		compared++;
	}
	assert_true(compared > 20000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_with_the_line_they_begin_on),
		cmocka_unit_test(a_stray_quote_costs_its_own_row_alone),
		cmocka_unit_test(what_cannot_be_trusted_is_named),
		cmocka_unit_test(a_delimiter_is_found_wherever_it_stands),
		cmocka_unit_test(a_header_that_is_too_wide_ends_the_dump),
		cmocka_unit_test(
		    a_line_of_many_megabytes_is_skipped_in_little_memory),
		cmocka_unit_test(a_dump_of_stray_quotes_takes_no_age),
		cmocka_unit_test(the_delimiter_is_sniffed_set_or_said),
		cmocka_unit_test(the_sep_line_is_a_line_but_no_record),
		cmocka_unit_test(other_syntaxes_are_not_taken_for_csv),
		cmocka_unit_test(rows_before_a_failure_are_read),
		cmocka_unit_test(closed_records_are_read_as_libcsv_reads_them),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
