/*
 * Any bytes through the CSV reader, whole and a few at a time: the same rows,
 * within the limits, and their lines only grow.  The first byte chooses how
 * many cells are expected and the delimiter.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "formats/reader.h"
#include "tests/formats/memory.h"
#include "tests/fuzz/read_any.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint64_t
run(const uint8_t *data, size_t n, size_t step, const struct settings *s,
    size_t expect)
{
	struct memory m;
	struct decode *d = NULL;
	struct reader *r = NULL;
	struct row row;
	struct reader_facts facts;
	unsigned long line = 0;
	uint64_t h = 1;
	enum fmt_status rc;

	rc = decode_open(
	    &d, memory_input(&m, data, n, step), s->encoding, &s->limits);
	if (rc != FMT_OK)
		return rc;
	rc = reader_open(&r, d, s);
	if (rc == FMT_OK) {
		reader_facts(r, &facts);
		if (strcmp(facts.syntax, "csv") != 0)
			rc = FMT_SYNTAX; /* its own target reads it */
	}
	while (rc == FMT_OK && (rc = reader_next(r, &row)) == FMT_OK) {
		assert(row.line > line && row.cells <= s->limits.columns);
		line = row.line;
		h = read_mix(h, &row.line, sizeof row.line);
		h = read_mix(h, &row.reject, sizeof row.reject);
		for (size_t i = 0; i < row.cells; i++) {
			assert(row.cell[i].n <= s->limits.field_bytes);
			h = read_mix(h, row.cell[i].p, row.cell[i].n);
			h = read_mix(h, "", 1);
		}
		reader_expect(r, expect);
	}
	if (r != NULL) {
		reader_facts(r, &facts);
		assert(line <= facts.lines || facts.lines + 1 == line ||
		       rc != FMT_END);
		reader_close(r);
	}
	decode_close(d);
	return read_mix(h, &rc, sizeof rc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char delimiters[] = { 0, ';', ',', '\t' };
	static char utf8[] = "utf-8";
	struct settings s = { 0 };
	uint64_t whole;

	if (n == 0)
		return 0;
	s.encoding = utf8;
	s.delimiter = delimiters[data[0] & 3];
	s.limits =
	    (struct limits){ 1 << 20, 1 << 20, 200, 1 << 16, 200, 40, 8, 4 };
	whole = run(data + 1, n - 1, 0, &s, data[0] >> 4);
	assert(run(data + 1, n - 1, 1, &s, data[0] >> 4) == whole);
	return 0;
}
