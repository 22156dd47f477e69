/*
 * The rows of one order in one dump.  A dump of text that does not have the
 * bytes of the id anywhere (trace_seek.c) is not parsed, and parsing ends with
 * the last cell that has them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/normal.h"
#include "formats/preset.h"
#include "store/archive.h"
#include "server/lang.h"
#include "store/temp.h"
#include "tool/trace_private.h"

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
		uint64_t n = trace_occurrences(r->cell[i], l->needle);

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

static const char *
prefix_of(const struct trace_what *w, const struct settings *s)
{
	return w->kind == RECORD_CONTACT || s->pii == PII_HASH ? ""
							       : s->id_prefix;
}

static struct slice
needle_in(const struct trace_what *w, const struct settings *s)
{
	const char *prefix = prefix_of(w, s);
	struct slice id = slice_of(w->id), none = { "", 0 };

	return is_automatic(id) || !slice_starts(id, prefix)
		   ? none
		   : trace_needle((struct slice){
			 id.p + strlen(prefix), id.n - strlen(prefix) });
}

/* False: it cannot have the order. */
static bool
prepare(struct look *l)
{
	const struct trace_dump *t = l->out;

	l->id = slice_of(l->w->id);
	l->copy = 1;
	if (is_automatic(l->id)) {
		if (l->id.n > 22)
			l->copy = (unsigned)strtoul(l->id.p + 22, NULL, 10);
		return t->d.tally.auto_ids > 0 || t->d.state != DUMP_MERGED;
	}
	if (!slice_starts(l->id, prefix_of(l->w, t->settings)))
		return false;
	if (!t->sought)
		return true;
	l->needle = t->needle;
	l->left = t->places;
	return t->places > 0;
}

static int
read_dump(struct look *l, int fd, struct err *e)
{
	struct trace_dump *t = l->out;
	int rc;

	if (!prepare(l))
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
trace_open(struct trace_dump *out, const struct trace_what *w, int64_t id,
    struct err *e)
{
	char *text = NULL;
	int rc = store_dump_get(w->store, id, &out->d, &text, e);

	if (rc != 1) {
		free(text);
		return rc;
	}
	if (out->d.archive[0] == '\0')
		out->unread = N_("it was not archived");
	else if (settings_parse(&out->settings, text) != FMT_OK)
		out->unread = N_("the ledger's settings of it cannot be read");
	else
		out->needle = needle_in(w, out->settings);
	free(text);
	return 1;
}

int
trace_rows(struct trace_dump *out, struct arena *a, const struct trace_what *w,
    struct err *e)
{
	struct look l = { .w = w, .a = a, .out = out };
	int fd, rc;

	if (out->unread != NULL)
		return 0;
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
