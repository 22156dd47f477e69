/*
 * Strict reading, and the set of ids.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include <csv.h>

#include "formats/arena.h"
#include "formats/idset.h"
#include "formats/strict.h"
#include "tests/formats/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static ssize_t
fail_to_give(void *ctx, void *buf, size_t n)
{
	(void)ctx;
	(void)buf;
	(void)n;
	return -1;
}

/* All rows as "LINE[cell|cell]" or "LINE!code". */
static void
rows_of(struct slice file, size_t step, char *out, size_t size)
{
	struct memory memory;
	const struct input *in = memory_input(&memory, file.p, file.n, step);
	struct strict *s = strict_open(in, ";");
	struct strict_row row;
	size_t n = 0;

	out[0] = '\0';
	while (strict_next(s, &row) == FMT_OK) {
		n += (size_t)snprintf(out + n, size - n, "%lu", row.line);
		if (row.reject != REJECT_NONE)
			n += (size_t)snprintf(
			    out + n, size - n, "!%s", reject_code(row.reject));
		for (size_t i = 0; i < row.cells; i++)
			n += (size_t)snprintf(out + n, size - n, "%s%.*s",
			    i == 0 ? "[" : "|", (int)row.cell[i].n,
			    row.cell[i].p);
		n += (size_t)snprintf(
		    out + n, size - n, "%s", row.cells > 0 ? "]" : "");
		assert_true(n < size);
	}
	strict_close(s);
}

static void
rows_are_what_stands_between_the_separators(void **state)
{
	static const char *const row[][2] = {
		{ "", "" },
		{ "a", "1[a]" },
		{ "a;b\n", "1[a|b]" },
		{ "a;b\nc;d", "1[a|b]2[c|d]" },
		{ "a;b\r\nc;d\r\n", "1[a|b]2[c|d]" },
		{ "a;b\rc;d\re\n", "1[a|b]2[c|d]3[e]" },
		{ "\n\na\n\r\n\nb\n", "3[a]6[b]" },
		{ ";;\n", "1[||]" },
		{ " a ; b \n", "1[ a | b ]" },
		{ "\xef\xbb\xbf"
		  "a;b\n",
		    "1[a|b]" },
		{ "\xef\xbb\xbf", "" },
		{ "a\xef\xbb\xbf;b\n", "1[a\xef\xbb\xbf|b]" },
		/* quotes */
		{ "\"a\";b\n", "1[a|b]" },
		{ "\"1,2\";\"a;b\"\nc\n", "1[1,2|a;b]2[c]" },
		{ "\"a\"\"b\";\"\"\n", "1[a\"b|]" },
		{ "\"a\nb\";c\nd\n", "1[a\nb|c]3[d]" },
		{ "\"a\r\nb\rc\";d\r\ne\r\n", "1[a\r\nb\rc|d]4[e]" },
		{ "\"a\";\"b\"", "1[a|b]" },
		{ "\"a\";\"b\"\r\r\nc\n", "1[a|b]3[c]" },
		{ "\"a\n\n\nb\";c\nd\n", "1[a\n\n\nb|c]5[d]" },
		{ "\"a\";b\rc;d\n", "1[a|b]2[c|d]" },
		/* quotes out of place */
		{ "a\"b;c\nd\n", "1!unclosed_quote2[d]" },
		{ "\"a\"b;c\nd\n", "1!unclosed_quote2[d]" },
		{ "x;\"a\nb;c\nd\n", "1!unclosed_quote2[b|c]3[d]" },
		{ "x;\"a\nb;\"c\"\nd\n", "1!unclosed_quote2[b|c]3[d]" },
		{ "x;\"a", "1!unclosed_quote" },
		{ " \"a\";b\n", "1!unclosed_quote" },
		/* bytes */
		{ "\xcf\xf0\xe8;b\nc\n", "1!bad_encoding2[c]" },
		{ "\"\xcf\";b\nc\n", "1!bad_encoding2[c]" },
		{ "\xc0\x80\n", "1!bad_encoding" },
		{ "\xed\xa0\x80\n", "1!bad_encoding" },
		{ "\xf4\x90\x80\x80\n", "1!bad_encoding" },
		{ "\xd0\n", "1!bad_encoding" },
		{ "Привет, мир;€;😀\n", "1[Привет, мир|€|😀]" },
	};
	char got[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 1; step < 40; step += 3) {
			rows_of(slice_of(row[i][0]), step, got, sizeof got);
			if (strcmp(got, row[i][1]) != 0)
				fail_msg("row %zu, step %zu: %s", i, step, got);
		}
	}
}

struct libcsv_row {
	char text[1024];
	size_t n, rows;
};

static int
no_space(unsigned char c)
{
	(void)c;
	return 0;
}

static void
got_cell(void *p, size_t n, void *ctx)
{
	struct libcsv_row *r = ctx;

	r->n += (size_t)snprintf(r->text + r->n, sizeof r->text - r->n,
	    "%s%.*s", r->n == 0 ? "1[" : "|", (int)n, (char *)p);
}

static void
got_row(int c, void *ctx)
{
	struct libcsv_row *r = ctx;

	(void)c;
	r->rows++;
}

static void
a_row_that_is_cut_is_what_libcsv_reads(void **state)
{
	static const char letters[] = "aaaa;;;;\"\"\"\", ";
	struct csv_parser csv;
	uint32_t seed = 1;

	(void)state;
	assert_int_equal(csv_init(&csv, CSV_STRICT), 0);
	csv_set_delim(&csv, ';');
	csv_set_space_func(&csv, no_space);
	for (int round = 0; round < 10000; round++) {
		struct libcsv_row r = { .n = 0 };
		char line[128], got[1024];
		size_t n = (size_t)round % 70; /* over every limit of a block */
		size_t most = n + 14;
		bool good;

		memset(line, 'x', n);
		if (n > 0)
			line[n - 1] = ';';
		do {
			seed = seed * 1664525 + 1013904223;
			line[n++] =
			    letters[(seed >> 16) % (sizeof letters - 1)];
		} while (n < most && seed >> 28 != 0);
		line[n] = '\n';
		line[n + 1] = '\0';
		good = csv_parse(&csv, line, n + 1, got_cell, got_row, &r) ==
			   n + 1 &&
		       r.rows == 1;
		csv_fini(&csv, NULL, NULL, NULL);
		snprintf(r.text + r.n, sizeof r.text - r.n, "]");
		rows_of(slice_of(line), 99, got, sizeof got);
		if (strcmp(got, good ? r.text : "1!unclosed_quote") != 0)
			fail_msg("%s: %s", line, got);
	}
	csv_free(&csv);
}

static void
a_zero_byte_and_utf16_are_found(void **state)
{
	static const char nul[] = "a\0b;c\nd\n";
	static const char utf16[] = "\xff\xfe"
				    "a\0;\0b\0\n\0";
	char got[1024];

	(void)state;
	rows_of((struct slice){ nul, sizeof nul - 1 }, 99, got, sizeof got);
	assert_string_equal(got, "1!nul2[d]");
	rows_of((struct slice){ utf16, sizeof utf16 - 1 }, 99, got, sizeof got);
	assert_true(slice_starts(slice_of(got), "1!bad_encoding"));
}

static char *
repeat(const char *s, size_t times, size_t *n)
{
	size_t each = strlen(s);
	char *p = malloc(each * times + 1);

	assert_non_null(p);
	for (size_t i = 0; i < times; i++)
		memcpy(p + i * each, s, each);
	p[ *n = each * times] = '\0';
	return p;
}

static void
limits_cost_a_row_and_no_more(void **state)
{
	static const struct {
		const char *unit;
		size_t times;
		const char *tail, *want;
	} row[] = {
		{ "x", STRICT_ROW_MAX + 1, "\nb\n", "1!line_too_long2[b]" },
		{ "x", 3 * STRICT_ROW_MAX, "\nb\n", "1!line_too_long2[b]" },
		{ "x", 3 * STRICT_ROW_MAX, "", "1!line_too_long" },
		{ ";", STRICT_CELLS_MAX, "\nb\n", "1!columns_many2[b]" },
		{ "\"\";", STRICT_CELLS_MAX, "\nb\n", "1!columns_many2[b]" },
	};
	char got[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		size_t n, tail = strlen(row[i].tail);
		char *p = repeat(row[i].unit, row[i].times, &n);

		p = mem_grow(p, n + tail + 1);
		memcpy(p + n, row[i].tail, tail + 1);
		rows_of((struct slice){ p, n + tail }, 100000, got, sizeof got);
		assert_string_equal(got, row[i].want);
		free(p);
	}
}

static void
a_row_has_as_many_cells_as_it_says(void **state)
{
	static const size_t cells[] = { 1, 2, 500, 513, 514, 600,
		STRICT_CELLS_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++) {
		size_t n;
		char *p = repeat("\"\";", cells[i], &n);
		struct memory memory;
		const struct input *in = memory_input(&memory, p, n - 1, 999);
		struct strict *s = strict_open(in, ";");
		struct strict_row row;

		assert_int_equal(strict_next(s, &row), FMT_OK);
		assert_int_equal(row.reject, REJECT_NONE);
		assert_int_equal(row.cells, cells[i]);
		strict_close(s);
		free(p);
	}
}

static unsigned long
count_rows(struct slice file, unsigned long *bad)
{
	struct memory memory;
	const struct input *in = memory_input(&memory, file.p, file.n, 65536);
	struct strict *s = strict_open(in, ";");
	struct strict_row row;
	unsigned long rows = 0;

	*bad = 0;
	while (strict_next(s, &row) == FMT_OK) {
		rows++;
		*bad += row.reject != REJECT_NONE;
	}
	assert_int_equal(strict_bytes(s), file.n);
	strict_close(s);
	return rows;
}

/* Were it not linear, this would take hours. */
static void
a_file_full_of_stray_quotes_is_read_in_linear_time(void **state)
{
	static const struct {
		const char *unit;
		unsigned long rows, bad;
	} row[] = {
		{ "a;\"b\n", 200000, 200000 },
		{ "a;\"\"\"b\n", 200000, 200000 },
		{ "a\"b\n", 200000, 200000 },
		{ "a;\"\"\"\"\n", 200000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		size_t n;
		char *p = repeat(row[i].unit, row[i].rows, &n);
		unsigned long bad;

		assert_int_equal(
		    count_rows((struct slice){ p, n }, &bad), row[i].rows);
		assert_int_equal(bad, row[i].bad);
		free(p);
	}
}

static void
a_read_that_fails_is_told(void **state)
{
	struct input in = { .read = fail_to_give, .ctx = NULL };
	struct strict *s = strict_open(&in, ";");
	struct strict_row row;

	(void)state;
	assert_int_equal(strict_next(s, &row), FMT_IO);
	strict_close(s);
}

static void
an_id_is_known_once_it_was_added(void **state)
{
	struct idset s = IDSET_EMPTY;
	char id[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 50000; i++) {
			int n = snprintf(id, sizeof id, "order-%d", i);
			struct slice key = { id, (size_t)n };

			assert_int_equal(idset_add(&s, key), round == 1);
		}
	}
	assert_int_equal(s.used, 50000);
	assert_true(s.slots <= 131072);
	idset_free(&s);
	idset_free(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_what_stands_between_the_separators),
		cmocka_unit_test(a_row_that_is_cut_is_what_libcsv_reads),
		cmocka_unit_test(a_zero_byte_and_utf16_are_found),
		cmocka_unit_test(limits_cost_a_row_and_no_more),
		cmocka_unit_test(a_row_has_as_many_cells_as_it_says),
		cmocka_unit_test(
		    a_file_full_of_stray_quotes_is_read_in_linear_time),
		cmocka_unit_test(a_read_that_fails_is_told),
		cmocka_unit_test(an_id_is_known_once_it_was_added),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
