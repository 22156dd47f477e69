/*
 * Any bytes as one part of a workbook, which the first byte chooses, among
 * sound other ones: rows come in order, within the limits, and every cell is
 * UTF-8.
 */
#include <assert.h>
#include <stdint.h>

#include "formats/charset.h"
#include "formats/reader.h"
#include "tests/formats/make_zip.h"
#include "tests/formats/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define PARTS 5

static const struct {
	const char *name, *text;
} parts[PARTS] = {
	{ "xl/s.xml",
	    "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v>"
	    "</c><c r=\"B1\" s=\"1\"><v>46133.5</v></c></row><row r=\"3\">"
	    "<c t=\"s\"><v>1</v></c></row></sheetData></worksheet>" },
	{ "xl/strings.xml",
	    "<sst><si><t>a</t></si><si><r><t>b</t></r></si></sst>" },
	{ "xl/styles.xml",
	    "<styleSheet><numFmts><numFmt numFmtId=\"164\" "
	    "formatCode=\"dd.mm.yyyy\"/></numFmts><cellXfs><xf numFmtId=\"0\"/>"
	    "<xf numFmtId=\"164\"/></cellXfs></styleSheet>" },
	{ "xl/workbook.xml",
	    "<workbook><sheets><sheet name=\"a\" id=\"a\"/></sheets>"
	    "</workbook>" },
	{ "xl/_rels/workbook.xml.rels",
	    "<x><Relationship Id=\"a\" Type=\"worksheet\" Target=\"s.xml\"/>"
	    "<Relationship Id=\"b\" Type=\"sharedStrings\" "
	    "Target=\"strings.xml\"/>"
	    "<Relationship Id=\"c\" Type=\"styles\" Target=\"styles.xml\"/>"
	    "</x>" },
};

static void
check_row(const struct row *row, const struct settings *s)
{
	size_t all = 0;

	assert(row->cells <= s->limits.columns);
	for (size_t i = 0; i < row->cells; i++) {
		const struct slice *c = &row->cell[i];

		assert(c->n <= s->limits.field_bytes);
		assert(charset_utf8((const uint8_t *)c->p, c->n) == c->n);
		all += c->n;
	}
	assert(all <= s->limits.line_bytes);
	assert(row->reject == REJECT_NONE || row->cells > 0);
}

static void
run(const struct settings *s, const char *zip, size_t n, size_t expect)
{
	struct memory m;
	struct decode *d = NULL;
	struct reader *r = NULL;
	struct row row;
	unsigned long line = 0, rows = 0;
	enum fmt_status rc = decode_open(
	    &d, memory_file(&m, zip, n, 0), s->encoding, &s->limits);

	if (rc == FMT_OK)
		rc = reader_open(&r, d, s);
	while (rc == FMT_OK && (rc = reader_next(r, &row)) == FMT_OK) {
		assert(row.line > line);
		line = row.line;
		check_row(&row, s);
		assert(rows == 0 || row.cells >= expect);
		rows++;
		reader_expect(r, expect);
	}
	assert(rc != FMT_OK);
	reader_close(r);
	decode_close(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char none[] = "";
	struct settings s = { .encoding = none, .sheet = none };
	struct zip_file_in file[PARTS];
	struct slice zip;
	char *p;

	if (n == 0)
		return 0;
	s.limits =
	    (struct limits){ 1 << 20, 1 << 20, 200, 1 << 16, 200, 40, 8, 8 };
	for (size_t i = 0; i < PARTS; i++) {
		file[i] = (struct zip_file_in){ .name = parts[i].name,
			.bytes = slice_of(parts[i].text),
			.stored = true };
		if (i == data[0] % PARTS)
			file[i].bytes =
			    (struct slice){ (const char *)data + 1, n - 1 };
	}
	zip = make_zip(file, PARTS);
	memcpy(&p, &zip.p, sizeof p);
	run(&s, p, zip.n, (data[0] >> 4) % 8);
	free(p);
	return 0;
}
