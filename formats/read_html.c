/*
 * HTML tables: what Bitrix24 and others export as ".xls".  Rows of all tables
 * are rows; what stands outside of cells is left out.  expat reads XML alone,
 * and these pages are none (entities, ends that are left out, attributes
 * without quotes), and no other library is wanted: so tags are walked by hand,
 * as browsers do it, as far as tables need.
 *
 *	<td> <tr> </table>	end what stands open: </td> and </tr> may lack
 *	colspan			empty cells behind the cell
 *	rowspan			empty cells below the cell; below a <th>, its
 *name <br> <p> <div> <li>	a line break in the cell a table in a cell
 *its text belongs to the cell white space		one blank, as in a
 *browser script, style, <!-- -->	skipped, wherever they are
 *
 * A table must end, or </body> or </html> in its place: else the dump was cut
 * off on its way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "formats/arena.h"
#include "formats/html_entity.h"
#include "formats/html_tag.h"
#include "formats/lines.h"
#include "formats/syntax.h"
#include "formats/text.h"

#define NONE SIZE_MAX

enum {
	TAG_BYTES = 64 * 1024, /* a tag that is longer ends at its first '>' */
	NAME_BYTES = 256,      /* of a column that are repeated, */
	NAME_ROWS = 8          /* in a header of so many rows */
};

/* What a cell that spans rows leaves in its column. */
struct below {
	size_t rows; /* to come */
	size_t n;
	char name[NAME_BYTES];
};

struct html {
	struct lines lines; /* until r->at */
	char *text;         /* of the row's cells */
	size_t n, room;
	size_t *end; /* of each cell, in text */
	struct slice *cell;
	struct below *below; /* by column */
	size_t below_end;    /* columns from here on have none */
	size_t cells, cells_room;

	unsigned long line; /* where the row begins */
	size_t bytes;       /* of the row, in the dump */
	size_t begun;       /* where the open cell begins in text */
	size_t span, rows;  /* columns and rows that it takes */
	bool is_name;       /* it is a <th> */
	unsigned tables;    /* open, one in another */
	bool in_row, in_cell, table_seen;
	size_t plain; /* bytes to come without any '>': no tag is in them */
	bool blank;   /* comes before the next character */
	bool wide, too_long;
	size_t long_cell;
	char raw[HTML_NAME_BYTES]; /* "script": nothing counts but its end */
};

static const char *
text(const struct reader *r, size_t *n)
{
	*n = r->end - r->at;
	return r->text + r->at;
}

static void
take(struct reader *r, size_t n)
{
	struct html *h = r->state;

	lines_count(&h->lines, r->text + r->at, n);
	r->facts.lines = lines_seen(&h->lines);
	r->at += n;
	h->plain -= n < h->plain ? n : h->plain;
	if (h->in_row)
		h->bytes += n;
	if (h->bytes > r->settings->limits.line_bytes)
		h->too_long = true;
}

/* --- cells --- */

static void
put(struct html *h, const char *p, size_t n)
{
	if (h->too_long)
		return;
	if (h->room - h->n < n) {
		h->room = 2 * h->room + n;
		h->text = mem_grow(h->text, h->room);
	}
	memcpy(h->text + h->n, p, n);
	h->n += n;
}

/* One character that is no white space, or some. */
static void
put_text(struct html *h, const char *p, size_t n)
{
	if (h->blank && h->n > h->begun && h->text[h->n - 1] != '\n')
		put(h, " ", 1);
	h->blank = false;
	put(h, p, n);
}

static void
put_break(struct html *h)
{
	if (h->in_cell && h->n > h->begun && h->text[h->n - 1] != '\n')
		put(h, "\n", 1);
	h->blank = false;
}

static void
add_cell(struct html *h, const struct limits *limits)
{
	if (h->cells == limits->columns) {
		h->wide = true;
		return;
	}
	if (h->cells == h->cells_room) {
		h->cells_room = h->cells_room == 0 ? 64 : 2 * h->cells_room;
		h->end = mem_grow(h->end, h->cells_room * sizeof *h->end);
		h->cell = mem_grow(h->cell, h->cells_room * sizeof *h->cell);
		h->below = mem_grow(h->below, h->cells_room * sizeof *h->below);
	}
	h->end[h->cells++] = h->n;
}

/* The last n cells reach so many rows down. */
static void
span_rows(struct html *h, size_t n, size_t rows, bool is_name)
{
	size_t first = h->cells - n, bytes = h->end[first] - h->begun;

	if (rows == 1 && first >= h->below_end)
		return; /* nearly always */
	for (size_t i = h->below_end; i < h->cells; i++)
		h->below[i] = (struct below){ .rows = 0 };
	if (h->below_end < h->cells)
		h->below_end = h->cells;
	for (size_t i = first; i < h->cells; i++)
		h->below[i] = (struct below){ .rows = rows - 1 };
	if (!is_name || rows > NAME_ROWS || bytes > NAME_BYTES)
		return;
	memcpy(h->below[first].name, h->text + h->begun, bytes);
	h->below[first].n = bytes;
}

/* The columns that cells above reach into, up to the next that is free; at the
 * end of the row all of them. */
static void
add_spanned(struct html *h, const struct limits *limits, bool all)
{
	while (!h->wide && h->cells < h->below_end &&
	       (all || h->below[h->cells].rows > 0)) {
		struct below *b = &h->below[h->cells];

		if (b->rows > 0) {
			b->rows--;
			put(h, b->name, b->n);
		}
		add_cell(h, limits);
	}
}

static void
close_cell(struct reader *r)
{
	struct html *h = r->state;
	const struct limits *limits = &r->settings->limits;
	size_t had;

	if (!h->in_cell)
		return;
	while (h->n > h->begun && h->text[h->n - 1] == '\n')
		h->n--;
	if (h->n - h->begun > limits->field_bytes) {
		h->n = h->begun + limits->field_bytes;
		while (h->n > h->begun && (h->text[h->n] & 0xc0) == 0x80)
			h->n--;
		if (h->long_cell == NONE)
			h->long_cell = h->cells;
	}
	had = h->cells;
	for (size_t i = 0; i < h->span && !h->wide; i++)
		add_cell(h, limits);
	if (h->cells > had)
		span_rows(h, h->cells - had, h->rows, h->is_name);
	h->in_cell = false;
}

static void
open_row(struct html *h)
{
	h->in_row = true;
	h->line = lines_here(&h->lines);
	h->n = h->bytes = h->cells = 0;
	h->wide = h->too_long = false;
	h->long_cell = NONE;
}

static void
open_cell(struct reader *r, const struct html_tag *t)
{
	struct html *h = r->state;

	close_cell(r);
	if (!h->in_row)
		open_row(h);
	add_spanned(h, &r->settings->limits, false);
	h->in_cell = true;
	h->begun = h->n;
	h->span = html_attribute(t->rest, "colspan");
	h->rows = html_attribute(t->rest, "rowspan");
	h->is_name = strcmp(t->name, "th") == 0;
	h->blank = false;
}

/* --- rows --- */

static size_t
cell_with(const struct html *h, const char *what, size_t n)
{
	for (size_t i = 0; i < h->cells; i++) {
		if (h->cell[i].n >= n &&
		    memmem(h->cell[i].p, h->cell[i].n, what, n) != NULL)
			return i;
	}
	return NONE;
}

/* Fills *out from the cells, and finds what is wrong with them.  FMT_END when
 * there is none in the row. */
static enum fmt_status
close_row(struct reader *r, struct row *out)
{
	static const char fffd[] = "\xef\xbf\xbd";
	struct html *h = r->state;
	size_t from = 0, nul, bad;

	close_cell(r);
	add_spanned(h, &r->settings->limits, true);
	while (h->below_end > 0 && h->below[h->below_end - 1].rows == 0)
		h->below_end--;
	h->in_row = false;
	if (h->cells == 0 && !h->too_long) {
		r->facts.blank_lines++;
		return FMT_END;
	}
	if (h->wide && r->expect == 0)
		return FMT_TOO_WIDE;
	for (size_t i = 0; i < h->cells; i++) {
		h->cell[i] = (struct slice){ h->text + from, h->end[i] - from };
		from = h->end[i];
	}
	*out = (struct row){ .line = h->line,
		.cells = h->cells,
		.cell = h->cell,
		.bad_cell = NONE };
	nul = cell_with(h, "", 1);
	bad = cell_with(h, fffd, 3);
	if (h->too_long)
		out->reject = REJECT_LINE_TOO_LONG;
	else if (h->wide)
		out->reject = REJECT_COLUMNS_MANY;
	else if (nul != NONE)
		out->reject = REJECT_NUL;
	else if (bad != NONE)
		out->reject = REJECT_ENCODING;
	else if (h->long_cell != NONE)
		out->reject = REJECT_FIELD_TOO_LONG;
	out->bad_cell = out->reject == REJECT_NUL              ? nul
			: out->reject == REJECT_ENCODING       ? bad
			: out->reject == REJECT_FIELD_TOO_LONG ? h->long_cell
							       : NONE;
	return FMT_OK;
}

/* --- tags --- */

/* In a table that is in a cell, rows and cells only part its text. */
static void
apply_nested(struct html *h, const struct html_tag *t, enum html_effect e)
{
	if (e == HTML_TABLE && t->closes)
		h->tables--;
	else if (e == HTML_TABLE)
		h->tables++;
	if (e == HTML_CELL)
		h->blank = true;
	else if (e != HTML_TEXT)
		put_break(h);
}

/* Does the row that is open end before this tag? */
static bool
ends_row(const struct html *h, const struct html_tag *t, enum html_effect e)
{
	return h->in_row &&
	       (e == HTML_PART || (e == HTML_ROW && !t->closes) ||
		   (e == HTML_PAGE && t->closes) ||
		   (e == HTML_TABLE && (t->closes || !h->in_cell)));
}

static void
apply(struct reader *r, const struct html_tag *t, enum html_effect e)
{
	struct html *h = r->state;

	if (e == HTML_ROW && !t->closes) {
		open_row(h);
	} else if (e == HTML_CELL && t->closes) {
		close_cell(r);
	} else if (e == HTML_CELL) {
		open_cell(r, t);
	} else if (e == HTML_BREAK) {
		put_break(h);
	} else if (e == HTML_RAW && !t->closes) {
		strcpy(h->raw, t->name);
	} else if (e == HTML_TABLE && !t->closes) {
		h->tables++;
		h->table_seen = true;
		h->below_end = 0;
		put_break(h);
	} else if (e == HTML_TABLE && h->tables > 0) {
		h->tables--;
	} else if (e == HTML_PAGE && t->closes) {
		h->tables = 0;
	}
}

/* --- the page --- */

/* Up to what ends it, and that: a comment, a script.  FMT_CUT_OFF when it
 * never comes. */
static enum fmt_status
skip_to(struct reader *r, const char *what)
{
	size_t k = strlen(what), n;
	enum fmt_status rc;

	for (;;) {
		const char *p = text(r, &n), *q = p;

		while ((size_t)(p + n - q) >= k &&
		       (q = memchr(q, what[0], (size_t)(p + n - q) - k + 1)) !=
			   NULL &&
		       strncasecmp(q, what, k) != 0)
			q++;
		if (q != NULL && (size_t)(p + n - q) >= k) {
			take(r, (size_t)(q - p) + k);
			return FMT_OK;
		}
		if (r->eof) {
			take(r, n);
			return FMT_CUT_OFF;
		}
		if (n >= k)
			take(r, n - k + 1);
		rc = reader_fill(r);
		if (rc != FMT_OK)
			return rc;
	}
}

static enum fmt_status
skip_raw(struct reader *r)
{
	struct html *h = r->state;
	char end[HTML_NAME_BYTES + 2] = "</";
	enum fmt_status rc;

	strcat(end, h->raw);
	h->raw[0] = '\0';
	rc = skip_to(r, end);
	return rc == FMT_OK ? skip_to(r, ">") : rc;
}

/* How long the tag at r->at is; 0 when it is none, as it does not end. */
static enum fmt_status
measure_tag(struct reader *r, size_t *size)
{
	size_t want = 256, n, end;
	enum fmt_status rc;

	for (;; want *= 2) {
		const char *p, *q;

		rc = reader_fill_to(r, want);
		if (rc != FMT_OK)
			return rc;
		p = text(r, &n);
		n = n > TAG_BYTES ? TAG_BYTES : n;
		end = html_tag_end(p, n);
		if (end != NONE)
			break;
		if (n < TAG_BYTES && !r->eof)
			continue;
		q = memchr(p, '>', n);
		if (q == NULL && n < TAG_BYTES)
			return FMT_CUT_OFF;
		end = q == NULL ? NONE : (size_t)(q - p);
		break;
	}
	*size = end == NONE ? 0 : end + 1;
	return FMT_OK;
}

/* The tag at r->at.  FMT_OK: a row is complete; FMT_END: go on. */
static enum fmt_status
pass_tag(struct reader *r, struct row *out)
{
	struct html *h = r->state;
	enum fmt_status rc;
	struct html_tag t;
	enum html_effect e;
	size_t n, size;

	rc = measure_tag(r, &size);
	if (rc != FMT_OK)
		return rc;
	if (size == 0) {
		h->plain = TAG_BYTES;
		return FMT_END;
	}
	html_tag_read(&t, text(r, &n), size);
	e = html_effect(t.name);
	if (h->in_cell &&
	    (h->tables > 1 ||
		(h->tables == 1 && e == HTML_TABLE && !t.closes)) &&
	    e != HTML_RAW && e != HTML_PAGE) {
		apply_nested(h, &t, e);
		take(r, size);
		return FMT_END;
	}
	if (ends_row(h, &t, e))
		return close_row(r, out); /* the tag comes again */
	apply(r, &t, e);
	take(r, size);
	if (h->raw[0] != '\0') {
		rc = skip_raw(r);
		return rc == FMT_OK ? FMT_END : rc;
	}
	return h->in_row && e == HTML_ROW && t.closes ? close_row(r, out)
						      : FMT_END;
}

/* The entity at r->at, or a '&' that is none. */
static enum fmt_status
pass_entity(struct reader *r)
{
	struct html *h = r->state;
	enum fmt_status rc = reader_fill_to(r, HTML_ENTITY_BYTES);
	uint32_t u = 0;
	char utf8[4];
	const char *p;
	size_t n, size;

	if (rc != FMT_OK)
		return rc;
	p = text(r, &n);
	size = html_entity(p, n, &u);
	if (h->in_cell && size == 0)
		put_text(h, p, 1);
	else if (h->in_cell)
		put_text(h, utf8, (size_t)(text_put(utf8, u) - utf8));
	take(r, size == 0 ? 1 : size);
	return FMT_OK;
}

/* A '<' that is text. */
static enum fmt_status
pass_bracket(struct reader *r)
{
	struct html *h = r->state;

	if (h->in_cell)
		put_text(h, "<", 1);
	take(r, 1);
	return FMT_OK;
}

/* Text up to the next tag or entity. */
static enum fmt_status
pass_text(struct reader *r)
{
	struct html *h = r->state;
	size_t n, at = 0;
	const char *p = text(r, &n);

	while (at < n && p[at] != '<' && p[at] != '&') {
		size_t from = at;

		while (at < n && html_space(p[at]))
			at++;
		h->blank = h->blank || at > from;
		from = at;
		while (at < n && !html_space(p[at]) && p[at] != '<' &&
		       p[at] != '&')
			at++;
		if (h->in_cell && at > from)
			put_text(h, p + from, at - from);
	}
	take(r, at);
	return FMT_OK;
}

/* At a '<'. */
static enum fmt_status
pass_markup(struct reader *r, struct row *out)
{
	enum fmt_status rc = reader_fill_to(r, 4);
	const char *p;
	size_t n;

	if (rc != FMT_OK)
		return rc;
	p = text(r, &n);
	if (n > 1 &&
	    (html_letter(p[1]) || (p[1] == '/' && n > 2 && html_letter(p[2]))))
		return pass_tag(r, out);
	if (n >= 4 && memcmp(p, "<!--", 4) == 0) {
		take(r, 4);
		rc = skip_to(r, "-->");
	} else if (n > 1 && (p[1] == '!' || p[1] == '?')) {
		rc = skip_to(r, ">");
	} else {
		rc = pass_bracket(r);
	}
	return rc == FMT_OK ? FMT_END : rc;
}

/* Nothing more comes. */
static enum fmt_status
finish(struct reader *r, struct row *out)
{
	struct html *h = r->state;

	if (h->tables > 0 || (h->in_row && h->table_seen) || h->in_cell)
		return FMT_CUT_OFF;
	return h->in_row ? close_row(r, out) : FMT_END;
}

static enum fmt_status
next(struct reader *r, struct row *out)
{
	const struct html *h = r->state;
	enum fmt_status rc = FMT_END;
	size_t n;

	while (rc == FMT_END) {
		const char *p = text(r, &n);
		bool markup = n > 0 && *p == '<' && h->plain == 0;

		if (n == 0 && r->eof)
			return finish(r, out);
		if (markup)
			rc = pass_markup(r, out);
		else if (n == 0)
			rc = reader_fill(r);
		else if (*p == '&')
			rc = pass_entity(r);
		else if (*p == '<')
			rc = pass_bracket(r);
		else
			rc = pass_text(r);
		if (!markup && rc == FMT_OK)
			rc = FMT_END;
	}
	return rc;
}

/* --- the syntax --- */

/* The first tag that opens something; false when there is none. */
static bool
first_tag(struct slice head, struct html_tag *t)
{
	for (size_t i = 0; i + 1 < head.n; i++) {
		if (head.p[i] != '<')
			continue;
		if (html_letter(head.p[i + 1]) || (head.p[i + 1] & 0x80) != 0) {
			html_tag_read(t, head.p + i, head.n - i);
			return true;
		}
		if (head.n - i > 4 && memcmp(head.p + i, "<!--", 4) == 0) {
			const char *q =
			    memmem(head.p + i, head.n - i, "-->", 3);

			if (q == NULL)
				return false;
			i = (size_t)(q - head.p);
		}
	}
	return false;
}

static bool
is_page(struct slice head)
{
	static const char *const names[] = { "html", "head", "body", "meta",
		"table", "thead", "tbody", "tr", "td", "th", "title", "style",
		"link", "script", "div", "p", "center", "font", "b", "h1", "h2",
		"h3", "br", "span" };
	struct html_tag t;

	if (!first_tag(head, &t))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(t.name, names[i]) == 0)
			return true;
	}
	return false;
}

static struct slice
without_blanks(struct slice s)
{
	while (s.n > 0 && html_space(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

/* What begins with a tag is a page, or XML: that is said when it is opened. */
static int
sniff(struct slice head)
{
	struct html_tag t;

	head = without_blanks(head);
	return head.n > 0 && *head.p == '<' && first_tag(head, &t) ? 50 : 0;
}

static enum fmt_status
open_html(struct reader *r)
{
	struct html *h = mem_alloc(sizeof *h);
	struct slice head;

	r->state = h;
	h->room = 4096;
	h->text = mem_alloc(h->room);
	head.p = text(r, &head.n);
	return is_page(head) ? FMT_OK : FMT_XML;
}

static void
close_html(struct reader *r)
{
	struct html *h = r->state;

	free(h->text);
	free(h->end);
	free(h->cell);
	free(h->below);
	free(h);
}

extern const struct syntax read_html;
const struct syntax read_html = { "html", sniff, open_html, next, close_html };
