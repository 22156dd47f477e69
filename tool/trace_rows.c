/*
 * The rows of one order in one dump.  A dump of text that does not have the
 * bytes of the id anywhere is not parsed, and parsing ends with the last cell
 * that has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/decode.h"
#include "formats/normal.h"
#include "formats/preset.h"
#include "store/archive.h"
#include "server/lang.h"
#include "store/temp.h"
#include "tool/trace_private.h"

/* --- the bytes of an id --------------------------------------------------- */

/* Quotes are doubled in CSV, '&' and '<' written otherwise in HTML. */
static bool
is_safe(char c)
{
	return c > ' ' && c < 0x7f && strchr("\"'\\&<>/", c) == NULL;
}

struct slice
trace_needle(struct slice id)
{
	struct slice best = { id.p, 0 };
	size_t i = 0;

	while (i < id.n) {
		size_t from = i;

		while (i < id.n && is_safe(id.p[i]))
			i++;
		if (i - from > best.n)
			best = (struct slice){ id.p + from, i - from };
		i += i == from;
	}
	return best;
}

static uint64_t
occurrences(struct slice s, struct slice needle)
{
	uint64_t n = 0;
	const char *p;

	while (s.n >= needle.n &&
	       (p = memmem(s.p, s.n, needle.p, needle.n)) != NULL) {
		n++;
		s.n -= (size_t)(p + 1 - s.p);
		s.p = p + 1;
	}
	return n;
}

/* --- searching before parsing --------------------------------------------- */

struct search {
	int fd;
	struct slice needle;
	char *tail; /* of the chunk before, too short for the needle */
	size_t tail_n;
	uint64_t found;
	bool sure; /* what is not found is not there */
};

static ssize_t
read_fd(void *ctx, void *buf, size_t n)
{
	const struct search *s = ctx;
	ssize_t k;

	do
		k = read(s->fd, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

/* Is it the beginning of lines of text in an encoding that keeps ASCII?  JSON
 * may write any letter as \u0041, and a workbook is packed. */
static bool
is_lines(struct slice head)
{
	if (slice_starts(head, "\xef\xbb\xbf")) {
		head.p += 3;
		head.n -= 3;
	}
	if (head.n > 1024)
		head.n = 1024;
	if (slice_starts(head, "PK") || memchr(head.p, '\0', head.n) != NULL ||
	    slice_starts(head, "\xff\xfe") || slice_starts(head, "\xfe\xff"))
		return false;
	head = slice_trim(head);
	return head.n > 0 && strchr("{[<", *head.p) == NULL;
}

/* Bytes of UTF-8 for what nobody sees, which an id is read without; in other
 * encodings they are letters, and then the dump is parsed for nothing. */
static bool
has_invisible(struct slice s)
{
	const char *p;

	while (s.n > 2 && (p = memchr(s.p, 0xe2, s.n - 2)) != NULL) {
		unsigned char x = (unsigned char)p[1], y = (unsigned char)p[2];

		if ((x == 0x80 && ((y >= 0x8b && y <= 0x8f) ||
				      (y >= 0xaa && y <= 0xae))) ||
		    (x == 0x81 && y >= 0xa0 && y <= 0xaf))
			return true;
		s.n -= (size_t)(p + 1 - s.p);
		s.p = p + 1;
	}
	return false;
}

/* What lies across two chunks is in their seam, and nothing else is. */
static void
search_chunk(struct search *s, struct slice chunk)
{
	size_t most = s->needle.n - 1, head;
	char seam[512];

	head = chunk.n < most ? chunk.n : most;
	memcpy(seam, s->tail, s->tail_n);
	memcpy(seam + s->tail_n, chunk.p, head);
	s->found +=
	    occurrences((struct slice){ seam, s->tail_n + head }, s->needle);
	s->found += occurrences(chunk, s->needle);
	if (chunk.n >= most) {
		memcpy(s->tail, chunk.p + chunk.n - most, most);
		s->tail_n = most;
		return;
	}
	head += s->tail_n;
	s->tail_n = head < most ? head : most;
	memmove(s->tail, seam + head - s->tail_n, s->tail_n);
}

static void
search_all(struct search *s, const struct limits *limits)
{
	struct input in = { .read = read_fd, .ctx = s };
	struct decode *d = NULL;
	struct slice chunk;
	enum fmt_status st = decode_open_plain(&d, &in, limits);
	bool first = true;

	while (st == FMT_OK && (st = decode_plain(d, &chunk)) == FMT_OK) {
		if ((first && !is_lines(chunk)) || has_invisible(chunk))
			break;
		first = false;
		search_chunk(s, chunk);
	}
	s->sure = st == FMT_END;
	decode_close(d);
}

/* --- is it the order? ----------------------------------------------------- */

struct look {
	const struct trace_what *w;
	struct arena *a;
	struct arena row; /* of one record */
	struct trace_dump *out;
	struct intake in;
	struct slice id;       /* as the dump would have it */
	struct slice needle;   /* empty: every row is looked into */
	uint64_t left;         /* cells that have the needle and are to come */
	unsigned copies, copy; /* of an automatic id, and the one we want */
};

/* "auto-" and 16 hex, and "-2" for the second identical row of a dump. */
static bool
is_automatic(struct slice id)
{
	return slice_starts(id, "auto-") && id.n >= 21;
}

static enum field
id_field(const struct look *l)
{
	return l->in.facts->kind == RECORD_CONTACT ? FIELD_CLIENT_UNIQ_ID
						   : FIELD_ID;
}

static bool
names_us(struct look *l, const struct record *r, size_t column, enum field f)
{
	const struct dump_facts *facts = l->in.facts;
	const struct preset *p = settings_preset(l->in.settings, facts->preset);
	struct slice cell = r->cell[column], id = { "", 0 };
	const char *prefix = f == FIELD_ID ? l->in.settings->id_prefix : "";
	preset_part *part;
	const char *hint;

	part = p == NULL
		   ? NULL
		   : preset_part_of(p,
			 preset_fold(&l->row, slice_of(facts->header[column])));
	if (part != NULL)
		cell = part(cell);
	if (normal_id(&l->row, cell, &id, &hint) != REJECT_NONE)
		id = slice_trim(cell);
	return slice_starts(l->id, prefix) &&
	       slice_eq(id, (struct slice){ l->id.p + strlen(prefix),
				l->id.n - strlen(prefix) });
}

/* A row that did not come so far as to have an id has it in its cells. */
static bool
cells_name_us(struct look *l, const struct record *r)
{
	const struct dump_facts *facts = l->in.facts;
	enum field f = id_field(l);

	for (size_t i = 0; i < r->cells && i < facts->columns; i++)
		if ((facts->field[i] == f || facts->field[i] == FIELD_ID) &&
		    names_us(l, r, i, facts->field[i]))
			return true;
	return false;
}

static bool
is_ours(struct look *l, const struct record *r)
{
	struct slice id = conv_text(&r->conv, FIELD_ID);
	bool judged = r->verdict == VERDICT_TAKE || r->skip_status;

	if (!judged)
		return cells_name_us(l, r);
	if (!r->auto_id)
		return slice_eq(id, l->id);
	return slice_starts(l->id, "auto-") && id.n == 21 && l->id.n >= 21 &&
	       memcmp(id.p, l->id.p, 21) == 0 && ++l->copies == l->copy;
}

/* --- taking them ---------------------------------------------------------- */

static void
take(struct look *l, const struct record *r, bool too_old)
{
	struct trace_dump *t = l->out;
	struct trace_tell tell = { .settings = l->in.settings,
		.facts = l->in.facts,
		.counter = l->in.counter,
		.source = l->in.source == NULL ? l->in.counter : l->in.source,
		.plain = l->w->plain };
	struct trace_row *row;

	t->row = mem_grow(t->row, (t->rows + 1) * sizeof *t->row);
	row = &t->row[t->rows++];
	*row = (struct trace_row){ .line = r->line,
		.skip = r->skip_status,
		.merges = (r->verdict == VERDICT_TAKE && !too_old) ||
			  r->skip_status };
	row->told = trace_tell_row(&tell, r, too_old);
	if (row->merges)
		row->conv = conv_pack(l->a, &r->conv);
}

/* How many of the needle's places were in this row. */
static void
count_off(struct look *l, const struct record *r)
{
	for (size_t i = 0; i < r->cells && l->left > 0; i++) {
		uint64_t n = occurrences(r->cell[i], l->needle);

		l->left -= n < l->left ? n : l->left;
	}
}

static int
see(void *ctx, const struct record *r, bool too_old, struct err *e)
{
	struct look *l = ctx;

	(void)e;
	arena_reset(&l->row);
	if (l->w->kind != l->in.facts->kind)
		return 1;
	if (is_ours(l, r))
		take(l, r, too_old);
	if (l->needle.n == 0)
		return 0;
	count_off(l, r);
	return l->left == 0;
}

/* --- the dump ------------------------------------------------------------- */

/* False: it cannot have the order. */
static bool
prepare(struct look *l, const struct settings *s, int fd)
{
	const char *prefix = l->w->kind == RECORD_CONTACT || s->pii == PII_HASH
				 ? ""
				 : s->id_prefix;
	struct search search = { .fd = fd };

	l->id = slice_of(l->w->id);
	l->copy = 1;
	if (is_automatic(l->id)) {
		if (l->id.n > 22)
			l->copy = (unsigned)strtoul(l->id.p + 22, NULL, 10);
		return l->out->d.tally.auto_ids > 0 ||
		       l->out->d.state != DUMP_MERGED;
	}
	if (!slice_starts(l->id, prefix))
		return false;
	search.needle = trace_needle((struct slice){
	    l->id.p + strlen(prefix), l->id.n - strlen(prefix) });
	if (search.needle.n == 0 || search.needle.n > 250)
		return true;
	search.tail = mem_alloc(search.needle.n);
	search_all(&search, &s->limits);
	free(search.tail);
	if (!search.sure)
		return true;
	l->needle = search.needle;
	l->left = search.found;
	return search.found > 0;
}

static int
read_dump(struct look *l, int fd, struct err *e)
{
	struct trace_dump *t = l->out;
	int rc;

	if (!prepare(l, t->settings, fd))
		return 0;
	l->in = (struct intake){ .conf = l->w->conf,
		.settings = t->settings,
		.at = t->d.at,
		.shown = see,
		.shown_ctx = l,
		.dir = temp_folder() };
	if (lseek(fd, 0, SEEK_SET) == -1)
		return err_set(e, "read it: %s", strerror(errno));
	rc = intake_read(&l->in, fd, e);
	if (rc == 0 && l->in.facts != NULL && t->rows > 0) {
		t->rules = l->in.rules;
		t->kind = l->in.facts->kind;
		snprintf(
		    t->preset, sizeof t->preset, "%s", l->in.facts->preset);
		snprintf(t->encoding, sizeof t->encoding, "%s",
		    l->in.facts->encoding);
	}
	intake_close(&l->in);
	return rc;
}

int
trace_rows(struct trace_dump *out, struct arena *a, const struct trace_what *w,
    const char *settings, struct err *e)
{
	struct look l = { .w = w, .a = a, .out = out };
	int fd, rc;

	if (out->d.archive[0] == '\0') {
		out->unread = N_("it was not archived");
		return 0;
	}
	if (settings_parse(&out->settings, settings) != FMT_OK) {
		out->unread = N_("the ledger's settings of it cannot be read");
		return 0;
	}
	fd = archive_open(w->conf, out->d.archive, e);
	if (fd == -1) {
		out->unread = errno == ENOENT
				  ? N_("its archived copy expired, or is gone")
				  : N_("its archived copy cannot be opened");
		return 0;
	}
	rc = read_dump(&l, fd, e);
	arena_free(&l.row);
	close(fd);
	return rc == -1 ? err_add(e, "dump %lld", (long long)out->d.id) : 0;
}

void
trace_rows_free(struct trace_dump *t)
{
	for (size_t i = 0; i < t->rows; i++)
		json_decref(t->row[i].told);
	free(t->row);
	settings_free(t->settings);
}
