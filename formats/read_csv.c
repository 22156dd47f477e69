/*
 * CSV, tolerant, by libcsv behind our own limits.  libcsv lets a stray quote
 * swallow the rest of a dump, knows no limit and no line numbers; so it never
 * sees the dump, only one record at a time.
 *
 * A record's end is found here: first the physical line's, and only when a
 * quoted field is still open there, by the same rules by which libcsv reads
 * (struct csv_scan).  A record whose cells have no quote, or are quoted from
 * end to end, is cut at its delimiters just as libcsv would do it, trimming
 * spaces and tabs; every other one is libcsv's.  test_read_csv.c holds the two
 * against each other.
 *
 * Time is bounded too: a refused quote costs what was scanned in vain, which
 * is paid out of `patience`.  It grows with what is read and is only ever short
 * in dumps where nearly every line has a stray quote; there a quoted field may
 * span fewer bytes.
 */
#include <assert.h>
#include <csv.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>

#include "formats/arena.h"
#include "formats/block.h"
#include "formats/csv_scan.h"
#include "formats/syntax.h"

#define NONE SIZE_MAX
#define PATIENCE 16           /* bytes scanned in vain for a byte read */
#define PREFIX ((size_t)4096) /* of a line that is too long: what is shown */

/* Bytes that are looked for in all of the text, each once. */
enum sought {
	LF,
	CR,
	NUL,
	REPLACED, /* the first of U+FFFD's, and of rarer characters' */
	SOUGHT
};
static const char sought[SOUGHT] = { '\n', '\r', '\0', '\xef' };

struct csv {
	struct csv_parser parser;
	char delimiter;
	unsigned long line;   /* the number of the line at r->at */
	size_t clear[SOUGHT]; /* bytes from r->at known not to have it */
	bool skipping;        /* the rest of a line that was too long */
	uint64_t patience;

	struct slice *cell;
	size_t cells;
	size_t columns, field_bytes; /* the limits */
	size_t long_cell;            /* the first one cut, or NONE */
	bool wide;                   /* there were more cells */

	char *copy; /* the cells that are not as they stand in the dump */
	size_t copied, copy_room;
};

/* --- moving over the text --- */

static const char *
text(const struct reader *r, size_t *n)
{
	*n = r->end - r->at;
	return r->text + r->at;
}

static void
take(struct reader *r, size_t n, unsigned long lines)
{
	struct csv *c = r->state;
	uint64_t most = (uint64_t)r->settings->limits.line_bytes * PATIENCE;

	r->at += n;
	for (int i = 0; i < SOUGHT; i++)
		c->clear[i] = c->clear[i] > n ? c->clear[i] - n : 0;
	c->line += lines;
	r->facts.lines += lines;
	c->patience += n * PATIENCE;
	if (c->patience > most)
		c->patience = most;
}

/* Where the next one stands in the text, of n bytes; n when there is none. */
static inline size_t
seek(struct csv *c, enum sought what, const char *p, size_t n)
{
	size_t *at = &c->clear[what];
	const char *q;

	if (*at < n && p[*at] != sought[what]) {
		q = memchr(p + *at, (unsigned char)sought[what], n - *at);
		*at = q == NULL ? n : (size_t)(q - p);
	}
	return *at;
}

struct line {
	size_t n;   /* bytes without the line end */
	size_t end; /* bytes of the line end: 0 at the end of the dump */
	bool too_long;
};

/* The line end at text[at]: LF, CR or CRLF; none at the end of the dump. */
static enum fmt_status
measure_end(struct reader *r, size_t at, size_t *end)
{
	enum fmt_status rc = FMT_OK;
	const char *p;
	size_t n;

	p = text(r, &n);
	while (rc == FMT_OK && at + 1 == n && p[at] == '\r' && !r->eof) {
		rc = reader_fill(r);
		p = text(r, &n);
	}
	if (at == n)
		*end = 0;
	else
		*end = p[at] == '\r' && at + 1 < n && p[at + 1] == '\n' ? 2 : 1;
	return rc;
}

/* The line that begins at r->at. */
static enum fmt_status
find_line(struct reader *r, struct line *l)
{
	struct csv *c = r->state;
	size_t most = r->settings->limits.line_bytes, n;
	enum fmt_status rc;

	for (;;) {
		const char *p = text(r, &n);
		size_t lf = seek(c, LF, p, n), cr = seek(c, CR, p, n);

		l->n = lf < cr ? lf : cr;
		l->too_long = l->n > most;
		if (l->n < n || r->eof || l->too_long)
			break;
		rc = reader_fill(r);
		if (rc != FMT_OK)
			return rc;
	}
	if (l->too_long)
		return FMT_OK;
	return measure_end(r, l->n, &l->end);
}

/* The rest of a line that was too long. */
static enum fmt_status
skip_line(struct reader *r)
{
	struct csv *c = r->state;
	struct line l;

	for (;;) {
		enum fmt_status rc = find_line(r, &l);

		if (rc != FMT_OK)
			return rc;
		if (!l.too_long)
			break;
		take(r, l.n, 0);
	}
	take(r, l.n + l.end, 1);
	c->skipping = false;
	return FMT_OK;
}

/* --- cells --- */

/* What is shown of a cell that is too long. */
static size_t
shorten(struct csv *c, const char *p)
{
	size_t n = c->field_bytes;

	while (n > 0 && (p[n] & 0xc0) == 0x80)
		n--;
	if (c->long_cell == NONE)
		c->long_cell = c->cells;
	return n;
}

static inline void
add_cell(struct csv *c, const char *p, size_t n)
{
	if (c->cells == c->columns) {
		c->wide = true;
		return;
	}
	if (n > c->field_bytes)
		n = shorten(c, p);
	c->cell[c->cells++] = (struct slice){ p, n };
}

static void
no_cells(struct csv *c)
{
	c->cells = 0;
	c->wide = false;
	c->long_cell = NONE;
}

static void
make_copy_room(struct csv *c, size_t n)
{
	c->copied = 0;
	if (c->copy_room >= n)
		return;
	c->copy_room = 2 * n;
	c->copy = mem_grow(c->copy, c->copy_room);
}

/* Where the delimiters of a record are, a block at a time: cells are so short
 * that to look for each alone takes longer. */
struct marks {
	const char *p;
	size_t n;
	char delimiter;
	size_t at;      /* behind the block */
	uint64_t found; /* a bit for each in it that was not given yet */
};

static_assert(BLOCK <= SYNTAX_SLACK, "the last block ends behind the text");

/* The next delimiter at or behind from, which grows; n when there is none. */
static inline size_t
next_mark(struct marks *m, size_t from)
{
	for (;;) {
		while (m->found != 0) {
			size_t at =
			    m->at - BLOCK + (size_t)__builtin_ctzll(m->found);

			m->found &= m->found - 1;
			if (at >= from)
				return at < m->n ? at : m->n;
		}
		if (m->at >= m->n)
			return m->n;
		m->found = block_is(m->p + m->at, m->delimiter);
		m->at += BLOCK;
	}
}

/* A quoted cell from its text on; copied only when it has doubled quotes.
 * Returns where its closing quote is, n when there is none. */
static size_t
cut_quoted(
    struct csv *c, const char *p, size_t n, size_t from, struct slice *cell)
{
	const char *q = memchr(p + from, '"', n - from);
	char *to = c->copy + c->copied;

	*cell =
	    (struct slice){ p + from, q == NULL ? 0 : (size_t)(q - p) - from };
	if (q == NULL || q + 1 == p + n || q[1] != '"')
		return q == NULL ? n : (size_t)(q - p);
	cell->p = to;
	while (q != NULL) {
		bool doubled = q + 1 < p + n && q[1] == '"';
		size_t part = (size_t)(q - p) - from + doubled;

		memcpy(to, p + from, part);
		to += part;
		from += part + 1;
		if (!doubled)
			break;
		q = memchr(p + from, '"', n - from);
	}
	cell->n = (size_t)(to - cell->p);
	c->copied += cell->n;
	return q == NULL ? n : (size_t)(q - p);
}

static size_t
skip_blanks(const struct csv *c, const char *p, size_t n, size_t at)
{
	while (at < n && csv_blank(p[at]) && p[at] != c->delimiter)
		at++;
	return at;
}

/*
 * Cuts a record at its delimiters, where that is all there is to do: no cell
 * begins with a quote, or its quotes are around it, and doubled within.  False
 * when some cell needs more than cutting.
 */
static bool
cut(struct csv *c, const char *p, size_t n, bool quotes)
{
	struct marks m = { .p = p, .n = n, .delimiter = c->delimiter };
	size_t at = 0;

	no_cells(c);
	make_copy_room(c, n);
	for (;; at++) {
		struct slice cell;

		if (at < n && (unsigned char)p[at] <= '"')
			at = skip_blanks(c, p, n, at);
		if (quotes && at < n && p[at] == '"') {
			at = cut_quoted(c, p, n, at + 1, &cell) + 1;
			at = skip_blanks(c, p, n, at);
			if (at > n || (at < n && p[at] != c->delimiter))
				return false;
		} else {
			cell.p = p + at;
			at = next_mark(&m, at);
			cell.n = (size_t)(p + at - cell.p);
			while (cell.n > 0 && csv_blank(cell.p[cell.n - 1]))
				cell.n--;
		}
		add_cell(c, cell.p, cell.n);
		if (at == n)
			return true;
	}
}

static void
on_cell(void *p, size_t n, void *ctx)
{
	struct csv *c = ctx;

	memcpy(c->copy + c->copied, p, n);
	add_cell(c, c->copy + c->copied, n);
	c->copied += n;
}

/* One record, without its line end. */
static void
parse(struct csv *c, const char *p, size_t n)
{
	if (cut(c, p, n, true))
		return;
	no_cells(c);
	make_copy_room(c, n);
	if (csv_parse(&c->parser, p, n, on_cell, NULL, c) != n ||
	    csv_fini(&c->parser, on_cell, NULL, c) != 0)
		abort(); /* no memory: as in arena.h */
}

/* --- records --- */

static size_t
find_cell(const struct csv *c, const char *what, size_t n)
{
	for (size_t i = 0; i < c->cells; i++) {
		if (c->cell[i].n >= n &&
		    memmem(c->cell[i].p, c->cell[i].n, what, n) != NULL)
			return i;
	}
	return 0;
}

/* Fills *out from the cells, and finds what is wrong with them; they are of the
 * n bytes at r->at. */
static enum fmt_status
finish(struct reader *r, size_t n, enum reject reject, struct row *out)
{
	static const char fffd[] = "\xef\xbf\xbd";
	struct csv *c = r->state;
	size_t all;
	const char *p = text(r, &all);

	if (c->wide && r->expect == 0)
		return FMT_TOO_WIDE;
	out->cells = c->cells;
	out->cell = c->cell;
	out->reject = reject;
	out->bad_cell = 0;
	if (reject != REJECT_NONE)
		return FMT_OK;
	if (c->wide) {
		out->reject = REJECT_COLUMNS_MANY;
	} else if (seek(c, NUL, p, all) < n) {
		out->reject = REJECT_NUL;
		out->bad_cell = find_cell(c, "", 1);
	} else if (seek(c, REPLACED, p, all) < n &&
		   memmem(p, n, fffd, 3) != NULL) {
		out->reject = REJECT_ENCODING;
		out->bad_cell = find_cell(c, fffd, 3);
	} else if (c->long_cell != NONE) {
		out->reject = REJECT_FIELD_TOO_LONG;
		out->bad_cell = c->long_cell;
	}
	return FMT_OK;
}

static enum fmt_status
too_long(struct reader *r, struct row *out)
{
	struct csv *c = r->state;
	size_t n, shown = r->settings->limits.line_bytes;
	const char *p = text(r, &n);

	if (shown > PREFIX)
		shown = PREFIX;
	while (shown > 0 && shown < n && (p[shown] & 0xc0) == 0x80)
		shown--;
	cut(c, p, shown, false);
	out->line = c->line;
	c->skipping = true;
	return finish(r, shown, REJECT_LINE_TOO_LONG, out);
}

/* Does the record have as many cells as it should?  More of them count only
 * when they are not empty. */
static bool
as_expected(const struct reader *r)
{
	const struct csv *c = r->state;

	if (r->expect == 0)
		return true;
	for (size_t i = r->expect; i < c->cells; i++) {
		if (c->cell[i].n > 0)
			return false;
	}
	return c->cells >= r->expect && !c->wide;
}

/* The record's first n bytes and the line end behind them. */
static enum fmt_status
take_record(struct reader *r, size_t n, size_t end, unsigned long lines,
    enum reject reject, struct row *out)
{
	enum fmt_status rc = finish(r, n, reject, out);

	take(r, n + end, lines);
	return rc;
}

/*
 * A quoted field is open at the end of the first line, and no end of the
 * record makes sense.  The quote to blame is the one that is open in the end,
 * if what comes before it can be a record's beginning; else the one that is
 * open at the end of the first line.
 */
static enum fmt_status
refuse_quote(struct reader *r, const struct line *first, size_t opened,
    unsigned long lines, struct row *out)
{
	struct csv *c = r->state;
	struct line l = *first;
	enum fmt_status rc;
	const char *p;
	size_t n;

	out->line = c->line;
	p = text(r, &n);
	if (opened > first->n) {
		l.n = opened;
		while (l.n < n && !csv_break(p[l.n]))
			l.n++;
		rc = measure_end(r, l.n, &l.end);
		if (rc != FMT_OK)
			return rc;
		p = text(r, &n);
		out->line += lines;
	} else {
		lines = 0;
	}
	parse(c, p, l.n);
	return take_record(
	    r, l.n, l.end, lines + 1, REJECT_UNCLOSED_QUOTE, out);
}

/*
 * A quoted field is open at the end of the first line.  It may go over lines
 * only when its quotes are doubled as they should be: else the lines that it
 * swallows may be records, and they would be lost without a word:
 *
 *	1;"Rose" Ltd
 *	2;"Lily"
 */
static enum fmt_status
read_lines(struct reader *r, const struct line *first, struct csv_scan *s,
    struct row *out)
{
	struct csv *c = r->state;
	uint64_t most = r->settings->limits.line_bytes;
	size_t n, end, opened = s->opened, line = first->n + first->end;
	enum fmt_status rc = FMT_OK;
	bool closed = false;
	const char *p;

	if (most > line + c->patience)
		most = line + c->patience;
	for (;;) {
		size_t reach;

		p = text(r, &n);
		reach = n > most ? (size_t)most + 1 : n;
		closed = csv_scan(s, p, reach) ||
			 (r->eof && reach == n && s->state != QUOTED);
		if (closed || r->eof || s->at > most)
			break;
		rc = reader_fill(r);
		if (rc != FMT_OK)
			return rc;
	}
	if (closed && s->at <= most && !s->torn) {
		rc = measure_end(r, s->at, &end);
		if (rc != FMT_OK)
			return rc;
		p = text(r, &n);
		parse(c, p, s->at);
		if (as_expected(r))
			return take_record(r, s->at, end,
			    csv_lines(p, s->at) + 1, REJECT_NONE, out);
	} else if (!closed && (r->expect == 0 || r->expect > s->cells)) {
		opened = s->opened;
	}
	c->patience -= s->at - line < c->patience ? s->at - line : c->patience;
	return refuse_quote(r, first, opened,
	    opened > first->n ? csv_lines(p, opened) : 0, out);
}

static enum fmt_status
read_record(struct reader *r, const struct line *l, struct row *out)
{
	struct csv *c = r->state;
	struct csv_scan s = { .delimiter = c->delimiter };
	size_t n;
	const char *p = text(r, &n);

	out->line = c->line;
	if (!cut(c, p, l->n, true)) {
		csv_scan(&s, p, l->n);
		if (s.state == QUOTED)
			return read_lines(r, l, &s, out);
		parse(c, p, l->n);
	}
	return take_record(r, l->n, l->end, 1, REJECT_NONE, out);
}

static bool
only_blanks(const char *p, size_t n, char delimiter)
{
	for (size_t i = 0; i < n; i++) {
		if (!csv_blank(p[i]) || p[i] == delimiter)
			return false;
	}
	return true;
}

static enum fmt_status
next(struct reader *r, struct row *out)
{
	struct csv *c = r->state;
	enum fmt_status rc = FMT_OK;
	struct line l;

	if (c->skipping)
		rc = skip_line(r);
	while (rc == FMT_OK) {
		size_t n;
		const char *p;

		rc = find_line(r, &l);
		if (rc != FMT_OK)
			break;
		p = text(r, &n);
		if (n == 0)
			return FMT_END;
		if (l.too_long)
			return too_long(r, out);
		if (!only_blanks(p, l.n, c->delimiter))
			return read_record(r, &l, out);
		r->facts.blank_lines++;
		take(r, l.n + l.end, 1);
	}
	return rc;
}

/* --- the delimiter --- */

/* Excel's own first line, "sep=;": taken off.  0 when it is none. */
static char
take_sep_line(struct reader *r)
{
	struct line l;
	char delimiter = 0;
	const char *p;
	size_t n;

	if (find_line(r, &l) != FMT_OK || l.too_long)
		return 0;
	p = text(r, &n);
	n = l.n;
	if (n >= 2 && p[0] == '"' && p[n - 1] == '"') {
		p++;
		n -= 2;
	}
	if (n == 5 && strncasecmp(p, "sep=", 4) == 0 && p[4] != '"')
		delimiter = p[4];
	if (delimiter != 0)
		take(r, l.n + l.end, 1);
	return delimiter;
}

/* --- the syntax --- */

/* Any text can be CSV, but what begins like JSON or HTML is a poor one. */
static int
sniff(struct slice head)
{
	head = slice_trim(head);
	if (head.n == 0)
		return 1;
	if (head.p[0] == '{' || head.p[0] == '<')
		return 0;
	if (head.p[0] == '[') {
		head.p++;
		head.n--;
		head = slice_trim(head);
		return head.n > 0 && head.p[0] == '{' ? 0 : 10;
	}
	return 10;
}

static enum fmt_status
open_csv(struct reader *r)
{
	const struct limits *limits = &r->settings->limits;
	struct csv *c = mem_alloc(sizeof *c);
	struct slice head;
	char sep;

	r->state = c;
	c->line = 1;
	c->columns = limits->columns;
	c->cell = mem_alloc(c->columns * sizeof *c->cell);
	c->field_bytes = limits->field_bytes;
	c->patience = (uint64_t)limits->line_bytes * PATIENCE;
	sep = take_sep_line(r);
	head.p = text(r, &head.n);
	c->delimiter = r->settings->delimiter;
	if (c->delimiter == 0)
		c->delimiter = sep;
	if (c->delimiter == 0)
		c->delimiter = csv_sniff(head, r->eof);
	r->facts.delimiter = c->delimiter;
	if (csv_init(&c->parser, 0) != 0)
		abort();
	csv_set_delim(&c->parser, (unsigned char)c->delimiter);
	csv_set_blk_size(&c->parser, 65536);
	return FMT_OK;
}

static void
close_csv(struct reader *r)
{
	struct csv *c = r->state;

	csv_free(&c->parser);
	free(c->cell);
	free(c->copy);
	free(c);
}

extern const struct syntax read_csv;
const struct syntax read_csv = { "csv", sniff, open_csv, next, close_csv };
