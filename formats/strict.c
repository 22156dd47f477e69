/*
 * Two ways to take a row apart.  One without a lone CR, whose quotes are around
 * whole cells and nowhere else, has nothing for a CSV parser to decide: its
 * cells are what stands between the ';', and splitting it in place is several
 * times faster than libcsv's byte by byte, which matters because every file is
 * read here before it is published.  All other rows go to libcsv, in its strict
 * mode and without its trimming; test_strict.c holds the two against each
 * other.
 *
 * A quote that is never closed costs one row: whatever libcsv took behind it
 * is read again from the next line on.  That stays linear, since a quote open
 * at the end of a line is closed, or found wrong, by the next line with an odd
 * number of quotes, and lines with an even number end by themselves.
 */
#include "formats/strict.h"

#include <assert.h>
#include <csv.h>

#include "formats/arena.h"
#include "formats/block.h"
#include "formats/text.h"

#define CHUNK (256u << 10)
#define ROOM (STRICT_ROW_MAX + CHUNK) /* a row, and a read behind it */
#define MARKS 512                     /* of a row; one with more is libcsv's */

struct strict {
	const struct input *in;
	const char *delimiters; /* that it may have */
	char delimiter;         /* that it has */
	char *buf;
	size_t start, end;  /* what of buf is not yet taken */
	unsigned long line; /* of start */
	uint64_t bytes;
	bool eof, failed, begun, bom;
	struct slice *cell;
	size_t cells;
	struct csv_parser csv;
	char *text; /* the cells' bytes as libcsv gave them */
	size_t text_n;
	bool row_done;
	struct marks {
		/* delimiters and quotes in the line */
		uint32_t at[MARKS + BLOCK];
		size_t n;
		bool quotes, cr, nul, high; /* what there is in it */
	} marks;
};

static int
no_space(unsigned char c)
{
	(void)c;
	return 0;
}

struct strict *
strict_open(const struct input *in, const char *delimiters)
{
	struct strict *s = mem_alloc(sizeof *s);

	s->in = in;
	s->delimiters = delimiters;
	s->delimiter = delimiters[0];
	s->buf = mem_alloc(ROOM + BLOCK);
	s->text = mem_alloc(ROOM);
	s->cell = mem_alloc((STRICT_CELLS_MAX + 1) * sizeof *s->cell);
	s->line = 1;
	csv_init(&s->csv, CSV_STRICT);
	csv_set_space_func(&s->csv, no_space);
	return s;
}

void
strict_close(struct strict *s)
{
	if (s == NULL)
		return;
	csv_free(&s->csv);
	free(s->cell);
	free(s->text);
	free(s->buf);
	free(s);
}

bool
strict_bom(const struct strict *s)
{
	return s->bom;
}

uint64_t
strict_bytes(const struct strict *s)
{
	return s->bytes;
}

/* More bytes behind those that are there; false when there are none. */
static bool
fill(struct strict *s)
{
	ssize_t n;

	if (s->eof || s->failed)
		return false;
	if (ROOM - s->end < CHUNK) {
		memmove(s->buf, s->buf + s->start, s->end - s->start);
		s->end -= s->start;
		s->start = 0;
	}
	n = s->in->read(s->in->ctx, s->buf + s->end, CHUNK);
	s->failed = n < 0;
	s->eof = n == 0;
	if (n <= 0)
		return false;
	s->end += (size_t)n;
	s->bytes += (size_t)n;
	return true;
}

/* The length of the line that begins from bytes behind start, with its LF; cut
 * where the row grows beyond STRICT_ROW_MAX; 0 at the end. */
static size_t
line_length(struct strict *s, size_t from)
{
	size_t seen = from;

	for (;;) {
		const char *p = s->buf + s->start;
		size_t have = s->end - s->start;
		const char *lf = memchr(p + seen, '\n', have - seen);

		if (lf != NULL)
			return (size_t)(lf - p) + 1 - from;
		seen = have;
		if (have > STRICT_ROW_MAX || !fill(s))
			return have - from;
	}
}

/* Takes n bytes, which end with a line. */
static void
advance(struct strict *s, size_t n)
{
	s->start += n;
	s->line++;
}

static void
skip_line(struct strict *s)
{
	for (;;) {
		char *p = s->buf + s->start;
		char *lf = memchr(p, '\n', s->end - s->start);

		if (lf != NULL) {
			advance(s, (size_t)(lf - p) + 1);
			return;
		}
		s->start = s->end;
		if (!fill(s))
			return;
	}
}

/* --- bytes ------------------------------------------------------------ */

static bool
is_utf8(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0;

	while (i < s.n) {
		uint64_t word;
		size_t n;

		if (s.n - i >= sizeof word) {
			memcpy(&word, p + i, sizeof word);
			if ((word & UINT64_C(0x8080808080808080)) == 0) {
				i += sizeof word;
				continue;
			}
		}
		n = p[i] < 0x80 ? 1 : text_utf8(p + i, s.n - i);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static enum reject
check_bytes(struct slice s)
{
	if (!is_utf8(s))
		return REJECT_ENCODING;
	return memchr(s.p, '\0', s.n) != NULL ? REJECT_NUL : REJECT_NONE;
}

/* --- rows ------------------------------------------------------------- */

/* One more than the limit is counted and not kept. */
static void
add_cell(struct strict *s, const char *p, size_t n)
{
	if (s->cells < STRICT_CELLS_MAX)
		s->cell[s->cells] = (struct slice){ p, n };
	if (s->cells <= STRICT_CELLS_MAX)
		s->cells++;
}

/* Finds them all in one go; false when there are too many.  What stands behind
 * the line is looked at and left out. */
static bool
find_marks(struct strict *s, struct slice line)
{
	struct marks *m = &s->marks;
	uint64_t quotes = 0, cr = 0, nul = 0, high = 0;
	size_t n = 0;

	for (size_t at = 0; at < line.n && n <= MARKS; at += BLOCK) {
		const char *p = line.p + at;
		size_t left = line.n - at;
		uint64_t in =
		    left < BLOCK ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
		uint64_t quote = block_is(p, '"') & in;
		uint64_t found = quote | (block_is(p, s->delimiter) & in);

		quotes |= quote;
		cr |= block_is(p, '\r') & in;
		nul |= block_is(p, '\0') & in;
		high |= block_below(p, 0) & in;
		for (; found != 0; found &= found - 1)
			m->at[n++] =
			    (uint32_t)(at + (size_t)__builtin_ctzll(found));
	}
	m->n = n;
	m->quotes = quotes != 0;
	m->cr = cr != 0;
	m->nul = nul != 0;
	m->high = high != 0;
	return n <= MARKS;
}

/* The cell within quotes that mark i opens; its end is behind them.  False when
 * it is more than that. */
static bool
cut_quoted(struct strict *s, struct slice line, size_t *i, size_t *end)
{
	const struct marks *m = &s->marks;
	size_t start = m->at[*i] + 1;

	do {
		if (++*i == m->n)
			return false;
	} while (line.p[m->at[*i]] != '"');
	add_cell(s, line.p + start, m->at[*i] - start);
	*end = m->at[*i] + 1;
	if (*end == line.n)
		return true;
	return ++*i < m->n && m->at[*i] == *end && line.p[*end] != '"';
}

/* The cells are what stands between the delimiters, or within the quotes there;
 * false when some cell needs more than cutting. */
static bool
split(struct strict *s, struct slice line)
{
	const struct marks *m = &s->marks;
	size_t start = 0, i = 0;

	s->cells = 0;
	for (;; i++) {
		size_t end = i < m->n ? m->at[i] : line.n;

		if (end == line.n || line.p[end] != '"')
			add_cell(s, line.p + start, end - start);
		else if (end != start || !cut_quoted(s, line, &i, &end))
			return false;
		if (end == line.n)
			return true;
		start = end + 1;
	}
}

static void
got_cell(void *p, size_t n, void *ctx)
{
	struct strict *s = ctx;
	char *to = s->text + s->text_n;

	if (n > 0)
		memcpy(to, p, n);
	s->text_n += n;
	add_cell(s, to, n);
}

static void
got_row(int c, void *ctx)
{
	struct strict *s = ctx;

	(void)c;
	s->row_done = true;
}

/* Gives libcsv n bytes; false when it found a quote out of place. */
static bool
feed(struct strict *s, const char *p, size_t n)
{
	return csv_parse(&s->csv, p, n, got_cell, got_row, s) == n;
}

/* With a lone CR, which ends a row for libcsv, bytes go in one by one: nothing
 * of the next row may slip in. */
static bool
feed_line(struct strict *s, size_t *used, size_t n)
{
	const char *p = s->buf + s->start;
	size_t end = *used + n;
	size_t step = memchr(p + *used, '\r', n) != NULL ? 1 : n;

	while (*used < end && !s->row_done) {
		if (!feed(s, p + *used, step))
			return false;
		*used += step;
	}
	if (step == 1 && *used < end && p[*used] == '\n')
		(*used)++;
	return true;
}

/* A row that libcsv reads; returns its length, 0 when it has none. */
static size_t
parse(struct strict *s)
{
	size_t used = 0;
	bool good = true;

	s->cells = 0;
	s->text_n = 0;
	s->row_done = false;
	while (good && !s->row_done && used <= STRICT_ROW_MAX) {
		size_t n = line_length(s, used);

		if (n == 0) {
			good = feed(s, "\n", 1) && s->row_done;
			break;
		}
		good = feed_line(s, &used, n);
	}
	if (good && s->row_done)
		return used;
	csv_fini(&s->csv, NULL, NULL, NULL); /* back to the start */
	return 0;
}

static unsigned long
count_lines(struct slice s)
{
	unsigned long n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' ||
		     (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'));
	return n;
}

static void
parsed_row(struct strict *s, size_t first, struct strict_row *out)
{
	size_t used = parse(s);
	struct slice all;

	if (used == 0) {
		all = (struct slice){ s->buf + s->start, first };
		out->reject = check_bytes(all);
		if (out->reject == REJECT_NONE)
			out->reject = REJECT_UNCLOSED_QUOTE;
		s->cells = 0;
		advance(s, first);
		return;
	}
	all = (struct slice){ s->buf + s->start, used };
	out->reject = check_bytes(all);
	s->start += used;
	s->line += count_lines(all);
}

/* False when it is libcsv's. */
static bool
split_row(
    struct strict *s, struct slice line, size_t first, struct strict_row *out)
{
	const struct marks *m = &s->marks;

	/* to libcsv, which reads all with quotes, CR CR LF are two lines */
	if (!find_marks(s, line) || m->cr ||
	    (m->quotes && first - line.n > 2) || !split(s, line))
		return false;
	out->reject = m->high && !is_utf8(line) ? REJECT_ENCODING
		      : m->nul                  ? REJECT_NUL
						: REJECT_NONE;
	advance(s, first);
	return true;
}

static void
take_bom(struct strict *s)
{
	while (s->end - s->start < 3 && fill(s))
		;
	s->bom = s->end >= 3 && memcmp(s->buf, "\xef\xbb\xbf", 3) == 0;
	if (s->bom)
		s->start = 3;
	s->begun = true;
}

/* Names of columns hold none, so the first one parts them. */
static void
find_delimiter(struct strict *s)
{
	size_t n = line_length(s, 0);

	for (size_t i = s->start; i < s->start + n; i++) {
		if (s->buf[i] != '\0' && strchr(s->delimiters, s->buf[i])) {
			s->delimiter = s->buf[i];
			break;
		}
	}
	csv_set_delim(&s->csv, (unsigned char)s->delimiter);
}

static struct slice
without_end(const char *p, size_t n)
{
	if (n > 0 && p[n - 1] == '\n')
		n--;
	while (n > 0 && p[n - 1] == '\r')
		n--;
	return (struct slice){ p, n };
}

enum fmt_status
strict_next(struct strict *s, struct strict_row *out)
{
	struct slice line;
	size_t n;

	if (!s->begun) {
		take_bom(s);
		find_delimiter(s);
	}
	for (;;) {
		n = line_length(s, 0);
		if (s->failed)
			return FMT_IO;
		if (n == 0)
			return FMT_END;
		line = without_end(s->buf + s->start, n);
		if (line.n > 0)
			break;
		advance(s, n);
	}
	*out = (struct strict_row){ .line = s->line, .cell = s->cell };
	s->cells = 0;
	if (line.n > STRICT_ROW_MAX) {
		out->reject = REJECT_LINE_TOO_LONG;
		skip_line(s);
		return FMT_OK;
	}
	if (!split_row(s, line, n, out))
		parsed_row(s, n, out);
	if (s->failed)
		return FMT_IO;
	if (s->cells > STRICT_CELLS_MAX)
		out->reject = REJECT_COLUMNS_MANY;
	out->cells = out->reject == REJECT_NONE ? s->cells : 0;
	return FMT_OK;
}
