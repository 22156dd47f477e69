/*
 * The archive's dates against the store's.  All rows go by id through a sorter,
 * so that memory stays what it is however many there are; of one id the newest
 * dump's last row counts.
 */
#include "tool/frozen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/archive.h"
#include "feed/intake.h"
#include "server/lang.h"
#include "store/sorter.h"
#include "store/temp.h"

#define SORT_BYTES (32U << 20)
#define LINE_BYTES (8U << 20)
#define SHIFT_MAX (26 * 3600)

bool
frozen_shift(const char *text, int64_t *seconds)
{
	int64_t hours = 0, minutes = 0;
	const char *p = text;

	if (*p == '+' || *p == '-')
		p++;
	if (*p < '0' || *p > '9')
		return false;
	while (*p >= '0' && *p <= '9' && hours < 100)
		hours = 10 * hours + *p++ - '0';
	if (*p == ':') {
		if (p[1] < '0' || p[1] > '5' || p[2] < '0' || p[2] > '9')
			return false;
		minutes = 10 * (p[1] - '0') + p[2] - '0';
		p += 3;
	}
	*seconds = 3600 * hours + 60 * minutes;
	if (*p != '\0' || *seconds == 0 || *seconds > SHIFT_MAX)
		return false;
	if (*text == '-')
		*seconds = -*seconds;
	return true;
}

/* --- reading -------------------------------------------------------------- */

struct said { /* by a row */
	int64_t created, dump;
	uint64_t line;
};

struct frozen {
	const struct frozen_what *w;
	struct sorter *sorter[RECORD_KINDS];
	/* What was published of rows without an id, and what their dates are
	 * today, by line: an id that is made of the row goes by its date. */
	struct sorter *lines;
	enum record_kind kind; /* of the dump that is read */
	struct intake in;
	bool then; /* it is read under the settings of its time */
	int64_t dump;
	uint64_t place; /* of the dump among those that are read */
};

static int
add_line(
    struct frozen *f, const struct record *r, struct slice bytes, struct err *e)
{
	char key[8];

	for (int i = 0; i < 8; i++)
		key[i] = (char)((uint64_t)r->line >> (56 - 8 * i) & 0xff);
	return sorter_add(f->lines, (struct slice){ key, sizeof key },
	    f->then ? 0 : 1, bytes, e);
}

static int
see(void *ctx, const struct record *r, bool too_old, struct err *e)
{
	struct frozen *f = ctx;
	struct said said = { .created = r->conv.number[FIELD_CREATE_DATE_TIME],
		.dump = f->dump,
		.line = r->line };

	(void)too_old;
	f->kind = f->in.facts->kind;
	if (r->verdict != VERDICT_TAKE || said.created == CONV_NONE)
		return 0;
	if (f->then)
		return r->auto_id
			   ? add_line(f, r, conv_text(&r->conv, FIELD_ID), e)
			   : 0;
	if (r->auto_id)
		return add_line(f, r,
		    (struct slice){ (const char *)&said, sizeof said }, e);
	return sorter_add(f->sorter[f->in.facts->kind],
	    conv_text(&r->conv, FIELD_ID), f->place,
	    (struct slice){ (const char *)&said, sizeof said }, e);
}

/* Of each row that had no id: under the one that it was given then. */
static int
join_lines(struct frozen *f, struct err *e)
{
	struct slice line, bytes;
	uint64_t sequence;
	char id[64];
	size_t n = 0;
	int rc = sorter_sort(f->lines, e), more = 0;

	while (rc == 0 && (more = sorter_next(
			       f->lines, &line, &sequence, &bytes, e)) == 1) {
		if (sequence == 0) {
			n = bytes.n < sizeof id ? bytes.n : 0;
			memcpy(id, bytes.p, n);
		} else if (n > 0) {
			rc = sorter_add(f->sorter[f->kind],
			    (struct slice){ id, n }, f->place, bytes, e);
			n = 0;
		}
	}
	sorter_reset(f->lines);
	return more == -1 ? -1 : rc;
}

/* Ids stay as they went out, whatever prefix the source has today. */
static struct settings *
todays(const struct frozen *f, const struct dump_entry *d, const char *text,
    const char **why)
{
	const struct settings *now = feed_source(f->w->feed, d->source);
	struct settings *then = NULL, *s = NULL;
	char *today;

	if (now == NULL) {
		*why = N_("its source is not in the configuration any more");
		return NULL;
	}
	if (settings_parse(&then, text) != FMT_OK) {
		*why = N_("the ledger's settings of it cannot be read");
		return NULL;
	}
	if (then->pii == PII_HASH || now->pii == PII_HASH) {
		*why = N_("only its hashed copy is archived, whose dates are "
			  "settled");
	} else {
		today = settings_text(now);
		if (today == NULL || settings_parse(&s, today) != FMT_OK)
			*why = N_("the settings of its source cannot be used");
		else
			settings_set(&s->id_prefix, then->id_prefix);
		free(today);
	}
	settings_free(then);
	if (s != NULL)
		s->limits = now->limits;
	return s;
}

/* 1: today's settings refuse it; 0, -1. */
static int
read_archived(struct frozen *f, const struct dump_entry *d,
    const struct settings *s, int fd, struct err *e)
{
	int rc;

	f->in = (struct intake){ .conf = f->w->conf,
		.settings = s,
		.at = d->at,
		.shown = see,
		.shown_ctx = f,
		.dir = temp_folder() };
	rc = intake_read(&f->in, fd, e);
	if (rc == 0 && f->in.status != FMT_END)
		rc = 1;
	intake_close(&f->in);
	return rc;
}

/* Under the settings of its time where it has rows without ids, then under
 * today's. */
static int
read_twice(struct frozen *f, const struct dump_entry *d, const char *text,
    const struct settings *now, int fd, struct err *e)
{
	struct settings *then = NULL;
	int rc = 0;

	f->dump = d->id;
	f->place++;
	f->then =
	    d->tally.auto_ids > 0 && settings_parse(&then, text) == FMT_OK;
	if (f->then)
		rc = read_archived(f, d, then, fd, e);
	settings_free(then);
	f->then = false;
	if (rc != -1)
		rc = read_archived(f, d, now, fd, e);
	if (join_lines(f, e) == -1)
		rc = -1;
	return rc == -1 ? err_add(e, "dump %lld", (long long)d->id) : rc;
}

static int
read_dump(struct frozen *f, int64_t id, struct err *e)
{
	struct dump_entry d;
	struct settings *s;
	char *text = NULL;
	const char *why = NULL;
	int fd, rc = store_dump_get(f->w->store, id, &d, &text, e);

	if (rc != 1 || d.state != DUMP_MERGED) {
		free(text);
		return rc == -1 ? -1 : 0;
	}
	rc = 0;
	s = todays(f, &d, text, &why);
	fd = s == NULL ? -1 : archive_open(f->w->conf, d.archive, e);
	if (fd != -1)
		rc = read_twice(f, &d, text, s, fd, e);
	else if (s != NULL)
		why = N_("its archived copy expired, or cannot be opened");
	if (rc == 1)
		why = N_("today's settings of its source refuse it");
	free(text);
	if (fd != -1)
		close(fd);
	settings_free(s);
	if (why != NULL)
		f->w->unread(f->w->ctx, &d, why);
	return rc == -1 ? -1 : 0;
}

static int
read_all(struct frozen *f, struct err *e)
{
	int64_t *id;
	size_t n;
	int rc =
	    store_dump_ids(f->w->store, f->w->feed->name, 0, false, &id, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (f->w->progress != NULL)
			f->w->progress(f->w->ctx, i + 1, n);
		rc = read_dump(f, id[i], e);
	}
	free(id);
	return rc;
}

/* --- comparing ------------------------------------------------------------ */

/* What the store has of it: is it frozen, and off by the shift?  1 when the
 * store has it, 0, -1. */
static int
compare_one(struct frozen *f, enum record_kind kind, struct slice id,
    const struct said *said, struct err *e)
{
	struct arena a = ARENA_EMPTY;
	struct order o;
	int rc =
	    store_order(f->w->store, &a, f->w->feed->name, kind, id, &o, e);

	if (rc == 1 && o.frozen &&
	    o.create_time - said->created == f->w->shift) {
		struct frozen_order found = { .kind = kind,
			.id = id,
			.published = o.create_time,
			.right = said->created,
			.pulled = o.pulled,
			.revenue = o.conv.number[FIELD_REVENUE],
			.dump = said->dump,
			.line = said->line };

		if (f->w->each(f->w->ctx, &found, e) == -1)
			rc = -1;
	}
	arena_free(&a);
	return rc;
}

/* Identical rows of one dump that had no id are orders of their own. */
static int
compare(struct frozen *f, enum record_kind kind, struct slice id,
    const struct said *said, struct err *e)
{
	bool made = id.n == strlen("auto-") + 16 && slice_starts(id, "auto-");
	int rc = compare_one(f, kind, id, said, e);
	char next[64];

	for (unsigned n = 2; made && rc == 1; n++) {
		snprintf(next, sizeof next, "%.*s-%u", (int)id.n, id.p, n);
		rc = compare_one(f, kind, slice_of(next), said, e);
	}
	return rc == -1 ? -1 : 0;
}

struct newest {
	char *id;
	size_t n, room;
	struct said said;
	bool any;
};

static void
keep_newest(struct newest *l, struct slice id, struct slice bytes)
{
	if (id.n > l->room) {
		l->room = 2 * id.n;
		l->id = mem_grow(l->id, l->room);
	}
	if (id.n > 0)
		memcpy(l->id, id.p, id.n);
	l->n = id.n;
	memcpy(&l->said, bytes.p, sizeof l->said);
	l->any = true;
}

static int
compare_kind(struct frozen *f, enum record_kind kind, struct err *e)
{
	struct newest l = { .any = false };
	struct slice id, bytes;
	uint64_t sequence;
	int rc = sorter_sort(f->sorter[kind], e), more = 0;

	while (rc == 0 && (more = sorter_next(f->sorter[kind], &id, &sequence,
			       &bytes, e)) == 1) {
		if (l.any && !slice_eq(id, (struct slice){ l.id, l.n }))
			rc = compare(
			    f, kind, (struct slice){ l.id, l.n }, &l.said, e);
		keep_newest(&l, id, bytes);
	}
	if (rc == 0 && more == 0 && l.any)
		rc = compare(f, kind, (struct slice){ l.id, l.n }, &l.said, e);
	free(l.id);
	return more == -1 ? -1 : rc;
}

int
frozen_wrong(const struct frozen_what *w, struct err *e)
{
	struct frozen f = { .w = w };
	int rc = 0;

	for (size_t k = 0; rc == 0 && k < RECORD_KINDS; k++)
		rc = sorter_open(
		    &f.sorter[k], temp_folder(), SORT_BYTES / RECORD_KINDS, e);
	if (rc == 0)
		rc = sorter_open(&f.lines, temp_folder(), LINE_BYTES, e);
	if (rc == 0)
		rc = read_all(&f, e);
	for (enum record_kind k = 0; rc == 0 && k < RECORD_KINDS; k++)
		rc = compare_kind(&f, k, e);
	for (size_t k = 0; k < RECORD_KINDS; k++)
		sorter_close(f.sorter[k]);
	sorter_close(f.lines);
	return rc;
}
