/*
 * What the fuzz targets of readers share: any bytes, whole and one at a time,
 * give the same rows, within the limits, and their lines never go back.
 */
#ifndef TESTS_FUZZ_READ_ANY_H
#define TESTS_FUZZ_READ_ANY_H

#include <assert.h>
#include <stdint.h>

#include "formats/reader.h"
#include "tests/formats/memory.h"

static inline uint64_t
read_mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(1099511628211);
	return h;
}

static inline uint64_t
read_row(uint64_t h, const struct row *row, const struct settings *s)
{
	h = read_mix(h, &row->line, sizeof row->line);
	h = read_mix(h, &row->reject, sizeof row->reject);
	h = read_mix(h, &row->grown_header, sizeof row->grown_header);
	assert(row->cells <= s->limits.columns);
	assert(row->reject == REJECT_NONE || row->bad_cell == SIZE_MAX ||
	       row->bad_cell < row->cells);
	for (size_t i = 0; i < row->cells; i++) {
		h = read_mix(h, row->cell[i].p, row->cell[i].n);
		h = read_mix(h, "", 1);
	}
	return h;
}

static inline uint64_t
read_any(const uint8_t *data, size_t n, size_t step, const struct settings *s,
    const char *syntax)
{
	struct memory m;
	struct decode *d = NULL;
	struct reader *r = NULL;
	struct row row;
	struct reader_facts facts;
	unsigned long line = 0, rows = 0;
	size_t cells = 0;
	uint64_t h = 1;
	enum fmt_status rc;

	rc = decode_open(
	    &d, memory_input(&m, data, n, step), s->encoding, &s->limits);
	if (rc != FMT_OK)
		return rc;
	rc = reader_open(&r, d, s);
	if (rc == FMT_OK) {
		reader_facts(r, &facts);
		if (strcmp(facts.syntax, syntax) != 0)
			rc = FMT_END;
	}
	while (rc == FMT_OK && (rc = reader_next(r, &row)) == FMT_OK) {
		assert(row.line >= line || row.line == 0);
		line = row.line > line ? row.line : line;
		assert(!row.grown_header || row.cells > cells);
		cells = row.cells;
		h = read_row(h, &row, s);
		reader_expect(r, row.cells);
		rows++;
		assert(rows <= n + 2);
	}
	if (r != NULL) {
		reader_facts(r, &facts);
		h = read_mix(h, &facts.lines, sizeof facts.lines);
		assert(line <= facts.lines + 1);
		reader_close(r);
	}
	decode_close(d);
	return read_mix(h, &rc, sizeof rc);
}

/* The first byte chooses how small the limits are. */
static inline void
read_both(const uint8_t *data, size_t n, const char *syntax)
{
	static char utf8[] = "utf-8";
	struct settings s = { 0 };
	uint64_t whole;

	if (n == 0)
		return;
	s.encoding = utf8;
	s.limits = (struct limits){ .packed_bytes = 1 << 20,
		.plain_bytes = 1 << 20,
		.ratio = 200,
		.ratio_from = 1 << 16,
		.line_bytes = (data[0] & 1) != 0 ? 60 : 1 << 16,
		.field_bytes = (data[0] & 2) != 0 ? 10 : 1 << 12,
		.columns = (data[0] & 4) != 0 ? 3 : 64 };
	whole = read_any(data + 1, n - 1, 0, &s, syntax);
	assert(read_any(data + 1, n - 1, 1, &s, syntax) == whole);
	assert(read_any(data + 1, n - 1, 7, &s, syntax) == whole);
}

#endif
