/*
 * Texts record by record: a row of a CSV (a quoted cell may hold line breaks),
 * else a line.  See expunge.h.
 */
#include "feed/expunge.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/decode.h"
#include "server/bytes.h"
#include "store/store.h"

#define RECORD_MOST                                                            \
	((size_t)16 << 20) /* what is longer is cut into several               \
			    */
#define REPORT_COLUMNS 5   /* of rejects.csv, before the dump's own */

struct work {
	struct expunge *x;
	int fd;
	struct out *out;
	struct arena arena;
	char *p; /* the record as far as it came */
	size_t n, room;
	bool quoted;
	uint64_t records, kept;
	struct slice *cell;
	size_t cells, cell_room;
	bool hit;
	struct slice record;
};

static ssize_t
read_file(void *ctx, void *buf, size_t n)
{
	const struct work *w = ctx;
	ssize_t k;

	do
		k = read(w->fd, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

static int
write_fd(void *ctx, const void *buf, size_t n)
{
	int fd = *(const int *)ctx;

	return fd == -1 ? 0 : bytes_write(fd, buf, n);
}

static bool
is_csv(const struct expunge *x)
{
	return x->writer != NULL ? x->writer->json == NULL : x->rows;
}

/* --- who is in it --------------------------------------------------------- */

/* Asterisks in place of what was found matter only where the text stays. */
static void
note(void *ctx, struct slice span)
{
	struct work *w = ctx;

	w->hit = true;
	if (span.p >= w->p && span.p + span.n <= w->p + w->n)
		memset(w->p + (span.p - w->p), '*', span.n);
}

static void
look(struct work *w, struct slice text)
{
	tombstones_mentioned(w->x->stones, &w->arena, text, note, w);
}

static bool
is_erased(const struct work *w, enum tombstone_kind kind, struct slice id)
{
	size_t prefix = strlen(CALL_ORDER_PREFIX);

	if (tombstones_has_id(w->x->stones, kind, w->x->feed, id))
		return true;
	return kind == TOMBSTONE_ORDER && slice_starts(id, CALL_ORDER_PREFIX) &&
	       tombstones_has_id(w->x->stones, kind, w->x->feed,
		   (struct slice){ id.p + prefix, id.n - prefix });
}

static bool
is_erased_field(const struct work *w, enum field f, struct slice value)
{
	if (f == FIELD_ID)
		return is_erased(w, TOMBSTONE_ORDER, value) ||
		       (w->x->writer->kind == RECORD_CONTACT &&
			   is_erased(w, TOMBSTONE_CLIENT, value));
	return f == FIELD_CLIENT_UNIQ_ID &&
	       is_erased(w, TOMBSTONE_CLIENT, value);
}

/* --- a row of a CSV ------------------------------------------------------- */

static void
add_cell(struct work *w, struct slice s)
{
	if (w->cells == w->cell_room) {
		w->cell_room = w->cell_room == 0 ? 32 : 2 * w->cell_room;
		w->cell = mem_grow(w->cell, w->cell_room * sizeof *w->cell);
	}
	w->cell[w->cells++] = s;
}

static struct slice
take_quoted(struct work *w, struct slice *rest)
{
	char *to = arena_alloc(&w->arena, rest->n), *begin = to;
	size_t i = 1;

	for (; i < rest->n; i++) {
		if (rest->p[i] == '"' &&
		    (i + 1 == rest->n || rest->p[++i] != '"'))
			break;
		*to++ = rest->p[i];
	}
	rest->p += i < rest->n ? i : rest->n;
	rest->n -= i < rest->n ? i : rest->n;
	return (struct slice){ begin, (size_t)(to - begin) };
}

static void
split(struct work *w, struct slice row, char delimiter)
{
	w->cells = 0;
	for (;;) {
		struct slice cell, tail;
		const char *end;

		if (row.n > 0 && *row.p == '"')
			cell = take_quoted(w, &row);
		else
			cell = (struct slice){ row.p, 0 };
		end = row.n == 0 ? NULL : memchr(row.p, delimiter, row.n);
		tail = (struct slice){ row.p,
			end == NULL ? row.n : (size_t)(end - row.p) };
		add_cell(w, cell.n > 0 ? cell : tail);
		if (end == NULL)
			return;
		row.n -= (size_t)(end + 1 - row.p);
		row.p = end + 1;
	}
}

static struct slice
cell_of(const struct work *w, enum field f)
{
	const struct column *c = w->x->writer->column;

	for (size_t i = 0; i < w->cells && c[i].name != NULL; i++)
		if (c[i].field == f)
			return w->cell[i];
	return (struct slice){ "", 0 };
}

static bool
names_erased(struct work *w)
{
	const struct writer *writer = w->x->writer;

	if (writer == NULL) {
		for (size_t i = REPORT_COLUMNS; i < w->cells; i++)
			if (is_erased(w, TOMBSTONE_ORDER, w->cell[i]) ||
			    is_erased(w, TOMBSTONE_CLIENT, w->cell[i]))
				return true;
		return false;
	}
	for (size_t i = 0; i < w->cells && writer->column[i].name != NULL; i++)
		if (is_erased_field(w, writer->column[i].field, w->cell[i]))
			return true;
	return false;
}

static void
tell_row(struct work *w)
{
	struct expunge *x = w->x;

	x->found++;
	if (x->row != NULL && x->writer != NULL)
		x->row(x->ctx, cell_of(w, FIELD_ID),
		    cell_of(w, FIELD_ORDER_STATUS), cell_of(w, FIELD_REVENUE));
}

static void
do_row(struct work *w)
{
	struct slice row = w->record;

	while (
	    row.n > 0 && (row.p[row.n - 1] == '\n' || row.p[row.n - 1] == '\r'))
		row.n--;
	split(w, row, w->x->writer == NULL ? ';' : w->x->writer->delimiter);
	w->hit = names_erased(w);
	if (!w->hit) /* which writes into what the cells point to */
		look(w, w->record);
	if (w->hit && w->records > 0)
		tell_row(w);
	else
		out_slice(w->out, w->record);
}

/* --- an object of a JSON list, a line of a text --------------------------- */

static struct slice
member(const json_t *o, const struct writer *w, enum field f)
{
	for (const struct column *c = w->column; c->name != NULL; c++)
		if (c->field == f)
			return slice_of(
			    json_string_value(json_object_get(o, c->name)));
	return (struct slice){ "", 0 };
}

static bool
object_is_erased(struct work *w, struct slice line)
{
	const struct writer *writer = w->x->writer;
	json_t *o = json_loadb(line.p, line.n, 0, NULL);
	bool erased = false;

	for (const struct column *c = writer->column; c->name != NULL; c++)
		erased = erased || is_erased_field(w, c->field,
				       slice_of(json_string_value(
					   json_object_get(o, c->name))));
	if (!erased)
		erased = w->hit;
	if (erased) {
		w->x->found++;
		if (w->x->row != NULL)
			w->x->row(w->x->ctx, member(o, writer, FIELD_ID),
			    member(o, writer, FIELD_ORDER_STATUS),
			    (struct slice){ "", 0 });
	}
	json_decref(o);
	return erased;
}

/* The comma before an object is the one between two that are left. */
static void
do_object(struct work *w)
{
	struct slice line = w->record;
	char *copy;

	while (line.n > 0 &&
	       (line.p[line.n - 1] == '\n' || line.p[line.n - 1] == ','))
		line.n--;
	if (line.n == 0 || line.p[0] != '{' || w->records == 0) {
		if (w->records > 0)
			out_char(w->out, '\n');
		out_slice(w->out, line);
		if (w->records > 0)
			out_char(w->out, '\n');
		return;
	}
	copy = arena_alloc(&w->arena, line.n);
	memcpy(copy, line.p, line.n);
	look(w, line);
	line.p = copy;
	if (object_is_erased(w, line))
		return;
	out_slice(w->out, slice_of(w->kept++ == 0 ? "\n" : ",\n"));
	out_slice(w->out, line);
}

static void
do_line(struct work *w)
{
	look(w, w->record);
	w->x->found += w->hit;
	out_slice(w->out, w->record);
}

/* --- all of it ------------------------------------------------------------ */

static void
do_record(struct work *w)
{
	if (w->n == 0)
		return;
	arena_reset(&w->arena);
	w->hit = false;
	w->record = (struct slice){ w->p, w->n };
	if (is_csv(w->x))
		do_row(w);
	else if (w->x->writer != NULL)
		do_object(w);
	else
		do_line(w);
	w->records++;
	w->n = 0;
	w->quoted = false;
}

static void
add(struct work *w, struct slice chunk)
{
	bool csv = is_csv(w->x);

	for (size_t i = 0; i < chunk.n; i++) {
		if (w->n == w->room) {
			w->room = w->room == 0 ? 4096 : 2 * w->room;
			w->p = mem_grow(w->p, w->room);
		}
		w->p[w->n++] = chunk.p[i];
		w->quoted = w->quoted != (csv && chunk.p[i] == '"');
		if ((chunk.p[i] == '\n' && !w->quoted) || w->n == RECORD_MOST)
			do_record(w);
	}
}

static int
read_all(struct work *w, struct err *e)
{
	struct input in = { .read = read_file, .ctx = w };
	const struct expunge *x = w->x;
	struct decode *d = NULL;
	struct slice chunk;
	enum fmt_status st = x->encoding == NULL
				 ? decode_open_plain(&d, &in, x->limits)
				 : decode_open(&d, &in, x->encoding, x->limits);

	while (st == FMT_OK &&
	       (st = x->encoding == NULL ? decode_plain(d, &chunk)
					 : decode_read(d, &chunk)) == FMT_OK)
		add(w, chunk);
	decode_close(d);
	if (st != FMT_END)
		return err_set(e, "read it: %s", fmt_status_text(st));
	do_record(w);
	return 0;
}

int
expunge_file(struct expunge *x, int fd, int to, struct err *e)
{
	struct work w = { .x = x, .fd = fd };
	int rc = -1;

	x->found = 0;
	w.out = mem_alloc(sizeof *w.out);
	out_begin(w.out, (struct output){ write_fd, &to });
	if (lseek(fd, 0, SEEK_SET) == -1)
		err_set(e, "read it: %s", strerror(errno));
	else if (read_all(&w, e) == 0)
		rc = out_end(w.out) == 0
			 ? 0
			 : err_set(e, "write it: %s", strerror(errno));
	if (rc == 0 && to != -1 && lseek(to, 0, SEEK_SET) == -1)
		rc = err_set(e, "write it: %s", strerror(errno));
	free(w.p);
	free(w.cell);
	free(w.out);
	arena_free(&w.arena);
	return rc;
}
