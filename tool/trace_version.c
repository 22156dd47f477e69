/*
 * One order in one archived version.  Our own files are strict and have a row a
 * line: what comes before the first line with the id's bytes is only searched.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/decode.h"
#include "formats/normal.h"
#include "formats/strict.h"
#include "formats/writer.h"
#include "store/archive.h"
#include "store/json_foreign.h"
#include "store/mask.h"
#include "tool/trace_private.h"

#define LINE_MAX_BYTES (STRICT_ROW_MAX)

const struct writer *
trace_writer(const char *file)
{
	for (size_t i = 0; writer_all[i] != NULL; i++)
		if (strcmp(writer_all[i]->file, file) == 0)
			return writer_all[i];
	return NULL;
}

/* The column of the ids; NULL when the file has none. */
static const char *
id_column(const struct writer *w, enum record_kind kind)
{
	enum field f = kind == RECORD_CONTACT ? FIELD_CLIENT_UNIQ_ID : FIELD_ID;

	for (const struct column *c = w->column; c->name != NULL; c++)
		if (c->field == f)
			return c->name;
	return NULL;
}

/* --- its bytes, from the line with the id on ------------------------------ */

struct version {
	int fd;
	struct decode *decode;
	struct slice chunk; /* what is left of it */
	struct slice needle;
	bool header; /* the first line was given out */
	bool found;  /* a line with the needle was: all goes out */
	char *line;  /* a line of which a part came with an earlier chunk */
	size_t line_n, line_room;
	struct slice out; /* to be given out, before the chunk */
	bool failed;
};

static ssize_t
read_fd(void *ctx, void *buf, size_t n)
{
	const struct version *v = ctx;
	ssize_t k;

	do
		k = read(v->fd, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

static bool
more(struct version *v)
{
	enum fmt_status st;

	while (v->chunk.n == 0) {
		st = decode_plain(v->decode, &v->chunk);
		if (st != FMT_OK) {
			v->failed = st != FMT_END;
			return false;
		}
	}
	return true;
}

static void
keep(struct version *v, const char *p, size_t n)
{
	if (v->line_n + n > v->line_room) {
		v->line_room = 2 * (v->line_n + n);
		v->line = mem_grow(v->line, v->line_room);
	}
	memcpy(v->line + v->line_n, p, n);
	v->line_n += n;
}

/* The next line into v->line; false at the end. */
static bool
next_line(struct version *v)
{
	v->line_n = 0;
	while (more(v)) {
		const char *end = memchr(v->chunk.p, '\n', v->chunk.n);
		size_t n =
		    end == NULL ? v->chunk.n : (size_t)(end - v->chunk.p) + 1;

		keep(v, v->chunk.p, n);
		v->chunk.p += n;
		v->chunk.n -= n;
		if (end != NULL || v->line_n > LINE_MAX_BYTES)
			return true;
	}
	return v->line_n > 0;
}

/* Lines of the chunk without the needle are passed over all at once. */
static void
pass_over(struct version *v)
{
	const char *hit, *end;

	if (!more(v))
		return;
	hit = memmem(v->chunk.p, v->chunk.n, v->needle.p, v->needle.n);
	end = memrchr(v->chunk.p, '\n',
	    hit == NULL ? v->chunk.n : (size_t)(hit - v->chunk.p));
	if (end == NULL)
		return;
	v->chunk.n -= (size_t)(end + 1 - v->chunk.p);
	v->chunk.p = end + 1;
}

static bool
wanted_line(struct version *v)
{
	while (!v->found) {
		pass_over(v);
		if (!next_line(v))
			return false;
		v->found = memmem(v->line, v->line_n, v->needle.p,
			       v->needle.n) != NULL;
	}
	return true;
}

/* The header, then everything from the first line with the needle on. */
static ssize_t
read_wanted(void *ctx, void *buf, size_t n)
{
	struct version *v = ctx;

	if (v->out.n == 0) {
		bool some = !v->header  ? next_line(v)
			    : !v->found ? wanted_line(v)
					: next_line(v);

		if (!some)
			return v->failed ? -1 : 0;
		v->header = true;
		v->out = (struct slice){ v->line, v->line_n };
	}
	n = n < v->out.n ? n : v->out.n;
	memcpy(buf, v->out.p, n);
	v->out.p += n;
	v->out.n -= n;
	return (ssize_t)n;
}

/* --- its row -------------------------------------------------------------- */

static json_t *
row_json(const char **name, const struct strict_row *row, size_t columns)
{
	json_t *o = json_object();

	for (size_t i = 0; i < row->cells && i < columns; i++) {
		char *text = mem_slice(row->cell[i]);

		json_object_set_new(o, name[i], json_foreign(text));
		free(text);
	}
	return o;
}

static enum trace_seen
seek_csv(json_t **out, struct version *v, const struct writer *w,
    const char *id_name, struct slice id)
{
	struct input in = { .read = read_wanted, .ctx = v };
	char delimiter[2] = { w->delimiter, '\0' };
	struct strict *file = strict_open(&in, delimiter);
	const char *name[STRICT_CELLS_MAX];
	struct arena a = ARENA_EMPTY;
	struct strict_row row;
	size_t columns = 0, at = SIZE_MAX;
	enum trace_seen seen = SEEN_ABSENT;

	while (seen == SEEN_ABSENT && strict_next(file, &row) == FMT_OK) {
		if (columns == 0) {
			for (; columns < row.cells; columns++) {
				name[columns] =
				    arena_string(&a, row.cell[columns]);
				if (strcmp(name[columns], id_name) == 0)
					at = columns;
			}
		} else if (at < row.cells && slice_eq(row.cell[at], id)) {
			*out = row_json(name, &row, columns);
			seen = SEEN_THERE;
		}
	}
	strict_close(file);
	arena_free(&a);
	return seen;
}

/* An object a line, with a comma behind it. */
static enum trace_seen
seek_json(json_t **out, struct version *v, const char *id_name, struct slice id)
{
	while (wanted_line(v)) {
		size_t n = v->line_n;
		const char *found;
		json_t *o;

		while (n > 0 && v->line[n - 1] != '}')
			n--;
		o = json_loadb(v->line, n, JSON_DISABLE_EOF_CHECK, NULL);
		found = json_string_value(json_object_get(o, id_name));
		if (found != NULL && slice_is(id, found)) {
			*out = o;
			return SEEN_THERE;
		}
		json_decref(o);
		v->found = false;
	}
	return SEEN_ABSENT;
}

static enum trace_seen
seek(json_t **out, struct version *v, const struct writer *w,
    const char *id_name, struct slice id)
{
	enum trace_seen seen = w->json != NULL
				   ? seek_json(out, v, id_name, id)
				   : seek_csv(out, v, w, id_name, id);

	return seen == SEEN_ABSENT && v->failed ? SEEN_BROKEN : seen;
}

enum trace_seen
trace_version(json_t **values, const struct conf *c,
    const struct publication *p, enum record_kind kind, struct slice id)
{
	struct version v = { .needle = trace_needle(id) };
	struct input in = { .read = read_fd, .ctx = &v };
	const struct writer *w = trace_writer(p->file);
	const char *id_name = w == NULL ? NULL : id_column(w, kind);
	enum trace_seen seen = SEEN_BROKEN;
	struct err e = ERR_EMPTY;

	*values = NULL;
	if (id_name == NULL)
		return SEEN_NO_IDS;
	v.fd = archive_open(c, p->archive, &e);
	if (v.fd == -1)
		return errno == ENOENT ? SEEN_EXPIRED : SEEN_BROKEN;
	v.found = v.needle.n == 0;
	if (decode_open_plain(&v.decode, &in, &c->limits) == FMT_OK)
		seen = seek(values, &v, w, id_name, id);
	decode_close(v.decode);
	free(v.line);
	close(v.fd);
	return seen;
}

/* --- its values, as they are shown ---------------------------------------- */

static enum field
field_of(const struct writer *w, const char *column)
{
	for (const struct column *c = w->column; c->name != NULL; c++)
		if (strcmp(c->name, column) == 0)
			return c->field;
	return FIELD_COUNT;
}

static json_t *
shown(enum field f, const char *text, bool plain)
{
	struct arena a = ARENA_EMPTY;
	char *s = mem_slice(
	    plain ? slice_of(text) : mask_value(&a, f, slice_of(text)));
	json_t *o = json_foreign(s);

	free(s);
	arena_free(&a);
	return o;
}

void
trace_version_settle(json_t **values, int64_t *created, const char *file,
    const struct zone *zone, bool plain)
{
	const struct writer *w = trace_writer(file);
	json_t *value, *all = json_object();
	const char *column, *hint;

	json_object_foreach(*values, column, value)
	{
		enum field f = field_of(w, column);
		const char *text = json_string_value(value);
		int64_t at;

		if (f == FIELD_CREATE_DATE_TIME && text != NULL &&
		    normal_time(slice_of(text), zone, zone, &at, &hint) ==
			REJECT_NONE)
			*created = at;
		if (text == NULL)
			json_object_set(all, column, value);
		else if (*text != '\0')
			json_object_set_new(all, column, shown(f, text, plain));
	}
	json_decref(*values);
	*values = all;
}
