/*
 * .xlsx workbooks: one sheet of them, row by row.  The sheet is a stream: no
 * more of it is in memory than a row and a block; shared strings are all in
 * memory (xlsx_strings.c).
 *
 * A row's line is its number in the sheet.  Rows and cells that are not there
 * are empty; a row without a value counts as a blank line.  Hidden rows, as a
 * filter leaves them, are rows like the others.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/syntax.h"
#include "formats/xlsx.h"

#define NONE SIZE_MAX
#define LAST_LINE 1048576UL /* of a sheet */

enum cell_type {
	CELL_NUMBER,
	CELL_SHARED,
	CELL_TEXT, /* as it stands: formula's, inline, error, ISO date */
	CELL_BOOLEAN
};

struct xlsx {
	struct reader *reader;
	struct xlsx_book book;
	struct xlsx_strings strings;
	struct xlsx_styles styles;
	struct xml_part *part;

	/* the row at hand */
	unsigned long line;
	char *text; /* its cells', one after the other */
	size_t used, room;
	struct place {
		size_t at, n;
	} * place; /* of each cell in text */
	size_t cells, cells_room;
	size_t long_cell; /* the first one that was cut, or NONE */
	bool wide;        /* there were more cells */
	bool too_long;    /* and they would have been more bytes */
	bool ready;       /* the row is complete */
	struct slice *cell;

	/* the cell at hand */
	size_t column; /* the next one's, when it does not say */
	enum cell_type type;
	enum xlsx_style style;
	bool in_sheet, in_cell, in_inline, in_value;
	unsigned rows; /* open ones: a row in a row is part of it */
	unsigned phonetic;
	char *value;
	size_t value_n, value_room;
	bool cut; /* the value was longer */
};

/* --- the row ------------------------------------------------------------ */

static unsigned long
take_number(const char *s, unsigned long most)
{
	unsigned long n = 0;

	for (; *s >= '0' && *s <= '9' && n <= most; s++)
		n = n * 10 + (unsigned long)(*s - '0');
	return n;
}

/* Rows that were left out are blank lines. */
static void
begin_row(struct xlsx *x, const char **attr)
{
	const char *r = xml_attr(attr, "r");
	unsigned long line = r == NULL ? 0 : take_number(r, LAST_LINE);

	if (line <= x->line || line > LAST_LINE)
		line = x->line + 1;
	x->reader->facts.blank_lines += line - x->line - 1;
	x->line = x->reader->facts.lines = line;
	x->used = x->cells = x->column = 0;
	x->long_cell = NONE;
	x->wide = x->too_long = false;
}

static void
make_cells(struct xlsx *x, size_t n)
{
	if (n > x->cells_room) {
		x->cells_room = 2 * n;
		x->place = mem_grow(x->place, x->cells_room * sizeof *x->place);
		x->cell = mem_grow(x->cell, x->cells_room * sizeof *x->cell);
	}
	while (x->cells < n)
		x->place[x->cells++] = (struct place){ 0, 0 };
}

/* Not more than limit bytes, and no half character. */
static size_t
whole_bytes(struct slice s, size_t limit)
{
	size_t n = s.n < limit ? s.n : limit;

	while (n > 0 && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void
put_cell(struct xlsx *x, struct slice s, bool cut)
{
	const struct limits *l = &x->reader->settings->limits;
	size_t n = whole_bytes(s, l->field_bytes);

	if (s.n == 0)
		return;
	if (x->column >= l->columns) {
		x->wide = true;
		return;
	}
	if (x->used + n > l->line_bytes) {
		x->too_long = true;
		n = whole_bytes(s, l->line_bytes - x->used);
	}
	if (n > x->room - x->used) {
		x->room = 2 * x->room + n;
		x->text = mem_grow(x->text, x->room);
	}
	memcpy(x->text + x->used, s.p, n);
	make_cells(x, x->column + 1);
	x->place[x->column] = (struct place){ x->used, n };
	x->used += n;
	if ((cut || n < s.n) && x->long_cell == NONE)
		x->long_cell = x->column;
}

static void
end_row(struct xlsx *x)
{
	if (x->cells == 0 && !x->wide) {
		x->reader->facts.blank_lines++;
		return;
	}
	x->ready = true;
	xml_pause(x->part);
}

/* --- the cell ----------------------------------------------------------- */

/* "AB12": column 27.  NONE when it does not say. */
static size_t
column_of(const char *r)
{
	size_t n = 0;

	for (; r != NULL && (*r | 32) >= 'a' && (*r | 32) <= 'z'; r++) {
		n = n * 26 + (size_t)((*r | 32) - 'a' + 1);
		if (n > LAST_LINE)
			return NONE;
	}
	return n == 0 ? NONE : n - 1;
}

static enum cell_type
type_of(const char *t)
{
	if (t == NULL || strcmp(t, "n") == 0)
		return CELL_NUMBER;
	if (strcmp(t, "s") == 0)
		return CELL_SHARED;
	return strcmp(t, "b") == 0 ? CELL_BOOLEAN : CELL_TEXT;
}

static void
begin_cell(struct xlsx *x, const char **attr)
{
	const char *s = xml_attr(attr, "s");
	size_t column = column_of(xml_attr(attr, "r"));
	unsigned long style = s == NULL ? 0 : take_number(s, LAST_LINE);

	if (column != NONE)
		x->column = column;
	x->type = type_of(xml_attr(attr, "t"));
	x->style = style < x->styles.n ? x->styles.style[style] : XLSX_NUMBER;
	x->in_cell = true;
	x->in_inline = x->in_value = x->cut = false;
	x->phonetic = 0;
	x->value_n = 0;
}

static void
add_value(struct xlsx *x, struct slice s)
{
	size_t most = x->reader->settings->limits.field_bytes + 4;
	size_t n = s.n < most - x->value_n ? s.n : most - x->value_n;

	x->cut = x->cut || n < s.n;
	if (n > x->value_room - x->value_n) {
		x->value_room = 2 * x->value_room + n + 64;
		x->value = mem_grow(x->value, x->value_room);
	}
	if (n > 0)
		memcpy(x->value + x->value_n, s.p, n);
	x->value_n += n;
}

static void
put_shared(struct xlsx *x, struct slice v)
{
	uint64_t i = 0;
	struct slice s;

	for (size_t k = 0; k < v.n; k++) {
		if (v.p[k] < '0' || v.p[k] > '9' || i > UINT32_MAX) {
			xml_fail(x->part, FMT_XLSX);
			return;
		}
		i = i * 10 + (uint64_t)(v.p[k] - '0');
	}
	if (xlsx_string(&x->strings, i, &s))
		put_cell(x, s, false);
	else
		xml_fail(x->part, FMT_XLSX);
}

static void
end_cell(struct xlsx *x)
{
	char number[XLSX_NUMBER_BYTES];
	struct slice v = { x->value, x->value_n };

	x->in_cell = x->in_value = false;
	if (x->type != CELL_TEXT)
		v = slice_trim(v);
	if (v.n > 0) {
		switch (x->type) {
		case CELL_NUMBER:
			put_cell(x,
			    xlsx_number(number, v, x->style, x->book.from_1904),
			    x->cut);
			break;
		case CELL_SHARED:
			put_shared(x, v);
			break;
		case CELL_BOOLEAN:
			put_cell(x,
			    slice_of(slice_is(v, "1") || slice_is(v, "true")
					 ? "true"
					 : "false"),
			    false);
			break;
		case CELL_TEXT:
			v.n = xlsx_unescape(x->value, v.n);
			put_cell(x, v, x->cut);
			break;
		}
	}
	x->column++;
}

/* --- the sheet ---------------------------------------------------------- */

static void
on_start_in_cell(struct xlsx *x, const char *name)
{
	if (strcmp(name, "v") == 0)
		x->in_value = true;
	else if (strcmp(name, "is") == 0)
		x->in_inline = true;
	else if (strcmp(name, "t") == 0)
		x->in_value = x->in_inline && x->phonetic == 0;
	else if (strcmp(name, "rPh") == 0)
		x->phonetic++;
}

static void
on_start(void *ctx, const char *name, const char **attr)
{
	struct xlsx *x = ctx;

	if (x->in_cell)
		on_start_in_cell(x, name);
	else if (!x->in_sheet)
		x->in_sheet = strcmp(name, "sheetData") == 0;
	else if (strcmp(name, "row") == 0 && x->rows++ == 0)
		begin_row(x, attr);
	else if (strcmp(name, "c") == 0 && x->rows > 0)
		begin_cell(x, attr);
}

static void
on_end(void *ctx, const char *name)
{
	struct xlsx *x = ctx;

	if (x->in_cell) {
		if (strcmp(name, "c") == 0)
			end_cell(x);
		else if (strcmp(name, "v") == 0 || strcmp(name, "t") == 0)
			x->in_value = false;
		else if (strcmp(name, "rPh") == 0 && x->phonetic > 0)
			x->phonetic--;
	} else if (x->in_sheet) {
		if (strcmp(name, "row") == 0 && --x->rows == 0)
			end_row(x);
		else if (strcmp(name, "sheetData") == 0 && x->rows == 0)
			x->in_sheet = false;
	}
}

static void
on_text(void *ctx, struct slice s)
{
	struct xlsx *x = ctx;

	if (x->in_value)
		add_value(x, s);
}

/* --- rows for the reader ------------------------------------------------ */

static size_t
find_cell(const struct xlsx *x, const char *what, size_t n)
{
	for (size_t i = 0; i < x->cells; i++) {
		if (x->cell[i].n >= n &&
		    memmem(x->cell[i].p, x->cell[i].n, what, n) != NULL)
			return i;
	}
	return NONE;
}

static enum fmt_status
judge(const struct xlsx *x, struct row *out)
{
	if (x->wide && x->reader->expect == 0)
		return FMT_TOO_WIDE;
	out->bad_cell = 0;
	if (x->too_long) {
		out->reject = REJECT_LINE_TOO_LONG;
	} else if (x->wide) {
		out->reject = REJECT_COLUMNS_MANY;
	} else if ((out->bad_cell = find_cell(x, "", 1)) != NONE) {
		out->reject = REJECT_NUL;
	} else if ((out->bad_cell = find_cell(x, "\xef\xbf\xbd", 3)) != NONE) {
		out->reject = REJECT_ENCODING;
	} else if ((out->bad_cell = x->long_cell) != NONE) {
		out->reject = REJECT_FIELD_TOO_LONG;
	} else {
		out->bad_cell = 0;
	}
	return FMT_OK;
}

/* Cells that are missing at the end are empty ones. */
static enum fmt_status
give_row(struct xlsx *x, struct row *out)
{
	make_cells(x, x->reader->expect > 0 ? x->reader->expect : 1);
	for (size_t i = 0; i < x->cells; i++)
		x->cell[i] = (struct slice){
			x->place[i].n == 0 ? "" : x->text + x->place[i].at,
			x->place[i].n
		};
	*out = (struct row){ .line = x->line,
		.cells = x->cells,
		.cell = x->cell,
		.reject = REJECT_NONE };
	return judge(x, out);
}

static enum fmt_status
next(struct reader *r, struct row *out)
{
	struct xlsx *x = r->state;
	enum fmt_status rc;

	x->ready = false;
	rc = xml_run(x->part);
	if (rc == FMT_OK && x->ready)
		return give_row(x, out);
	return rc == FMT_END ? decode_rest(r->decode) : rc;
}

static int
sniff(struct slice head)
{
	(void)head;
	return 0; /* decode knows: a workbook is no text */
}

/* A part that is named but not there is missed by the cells that need it. */
static bool
has_part(const struct unzip *z, const char *name)
{
	return name != NULL && unzip_find(z, name) != SIZE_MAX;
}

static enum fmt_status
open_xlsx(struct reader *r)
{
	static const struct xml_hooks hooks = { on_start, on_end, on_text };
	struct unzip *z = decode_workbook(r->decode);
	struct xlsx *x = mem_alloc(sizeof *x);
	enum fmt_status rc;

	r->state = x;
	x->reader = r;
	rc = xlsx_book_open(&x->book, z, r->settings->sheet);
	if (rc == FMT_OK && has_part(z, x->book.strings))
		rc = xlsx_strings_read(&x->strings, z, x->book.strings);
	if (rc == FMT_OK && has_part(z, x->book.styles))
		rc = xlsx_styles_read(&x->styles, z, x->book.styles);
	if (rc == FMT_OK)
		rc = xml_open(&x->part, z, x->book.sheet, &hooks, x);
	return rc;
}

static void
close_xlsx(struct reader *r)
{
	struct xlsx *x = r->state;

	xml_close(x->part);
	xlsx_book_close(&x->book);
	xlsx_strings_free(&x->strings);
	xlsx_styles_free(&x->styles);
	free(x->text);
	free(x->place);
	free(x->cell);
	free(x->value);
	free(x);
}

extern const struct syntax read_xlsx;
const struct syntax read_xlsx = { "xlsx", sniff, open_xlsx, next, close_xlsx };
