/*
 * What a dump reads as, as text: a row is its line, its cells in [] and why it
 * is refused; a grown header has a '+' before it.  LF is ^, CR is ~, NUL is @.
 */
#ifndef TESTS_FORMATS_ROWS_H
#define TESTS_FORMATS_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "formats/reader.h"
#include "tests/formats/memory.h"

struct rows {
	enum fmt_status status;
	char text[16384];
	struct reader_facts facts;
};

static inline void
rows_put(struct rows *r, const char *p, size_t n)
{
	size_t k = strlen(r->text);

	for (size_t i = 0; i < n && k + 1 < sizeof r->text; i++, k++)
		r->text[k] = p[i] == '\n'   ? '^'
			     : p[i] == '\r' ? '~'
			     : p[i] == '\0' ? '@'
					    : p[i];
	r->text[k] = '\0';
}

static inline void
rows_put_row(struct rows *r, const struct row *row)
{
	char head[64];
	int n = snprintf(head, sizeof head, "%s%lu",
	    row->grown_header ? "+" : "", row->line);

	rows_put(r, head, (size_t)n);
	for (size_t i = 0; i < row->cells; i++) {
		rows_put(r, "[", 1);
		rows_put(r, row->cell[i].p, row->cell[i].n);
		rows_put(r, "]", 1);
	}
	if (row->reject != REJECT_NONE) {
		n = row->bad_cell == SIZE_MAX
			? snprintf(head, sizeof head, "!%s",
			      reject_code(row->reject))
			: snprintf(head, sizeof head, "!%s@%zu",
			      reject_code(row->reject), row->bad_cell);
		rows_put(r, head, (size_t)n);
	}
	rows_put(r, " ", 1);
}

/* step: how many bytes come at once, 0 for all. */
static inline void
rows_read(struct rows *r, const char *p, size_t n, size_t step,
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
			rows_put_row(r, &row);
			reader_expect(reader, row.cells);
		}
		reader_facts(reader, &r->facts);
		reader_close(reader);
	}
	decode_close(d);
}

/* A dump and what it reads as. */
struct row_case {
	const char *name, *in, *want;
	enum fmt_status status;
};

/* Each whole and in pieces of every small size. */
static inline void
read_cases(
    const struct row_case *row, size_t rows, const struct settings *settings)
{
	for (size_t i = 0; i < rows; i++) {
		size_t n = strlen(row[i].in);

		for (size_t step = 0; step <= (n < 64 ? n : 64); step++) {
			struct rows r;

			rows_read(&r, row[i].in, n, step, settings);
			if (r.status != row[i].status ||
			    strcmp(r.text, row[i].want) != 0)
				fail_msg("%s, by %zu: %s: %s", row[i].name,
				    step, fmt_status_code(r.status), r.text);
		}
	}
}

#endif
