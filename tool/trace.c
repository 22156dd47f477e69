/*
 * One order's history, replayed.  See trace.h.
 *
 * Its rows are found first, dump by dump; then the feed's history is gone
 * through as it was committed: each dump's rows are merged as they were then,
 * and of the versions between those are looked into that may differ from the
 * one before.
 */
#include "tool/trace.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/json_foreign.h"
#include "server/lang.h"
#include "store/merge.h"
#include "tool/trace_private.h"

#define BATCH 64 /* dumps that are searched side by side */

/* A published file, as it was when it was looked into last. */
struct file_seen {
	char file[64];
	uint64_t changes; /* trace.changes, then */
	bool known;
	enum trace_seen seen;
	json_t *values;
	int64_t created; /* what it carried; CONV_NONE */
};

struct version {
	int64_t publication;
	int64_t created; /* the creation time it carried; CONV_NONE */
	json_t *pulls;   /* the item's list; borrowed */
};

/* What was decided about the order by an act. */
struct decided {
	int64_t act;
	enum ruling_what what;
	char *value;
};

struct trace {
	const struct trace_what *w;
	struct arena arena; /* rows, for as long as all lasts */
	struct zone *zone;  /* the counter's */
	struct trace_dump *dump;
	size_t dumps, shown; /* those before were told of */
	int64_t *date;       /* creation times that it ever had */
	size_t dates;
	struct decided *decided;
	size_t decisions;

	struct merge_state merge;
	struct merge_order order; /* as it is by now; with live */
	bool live;
	uint64_t changes; /* how often it may have changed */
	bool elsewhere;   /* a dump that was withdrawn had it */

	struct file_seen *file;
	size_t files;
	struct version *version; /* by publication */
	size_t versions;
	json_t *history, *unread;
};

/* --- small things -------------------------------------------------------- */

static json_t *
when(int64_t at)
{
	char text[24];
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static void
note_date(struct trace *t, int64_t date)
{
	for (size_t i = 0; i < t->dates; i++)
		if (t->date[i] == date)
			return;
	if (date == CONV_NONE)
		return;
	t->date = mem_grow(t->date, (t->dates + 1) * sizeof *t->date);
	t->date[t->dates++] = date;
}

/* --- finding rows --------------------------------------------------------- */

static void
note_dates(struct trace *t, const struct trace_dump *d)
{
	for (size_t i = 0; i < d->rows; i++) {
		struct conv c;

		if (d->row[i].merges && conv_unpack(&c, d->row[i].conv))
			note_date(t, c.number[FIELD_CREATE_DATE_TIME]);
	}
}

static void
note_unread(struct trace *t, const struct trace_dump *d)
{
	json_array_append_new(t->unread,
	    json_pack("{s:I, s:o, s:o, s:s, s:s}", "dump", (json_int_t)d->d.id,
		"name", json_foreign(d->d.name), "time", when(d->d.at), "state",
		dump_state_name(d->d.state), "reason", message(d->unread)));
}

/* The rows of a dump that was opened, which is freed or kept. */
static int
look_into(struct trace *t, struct trace_dump *d, struct err *e)
{
	if (trace_rows(d, &t->arena, t->w, e) == -1) {
		trace_rows_free(d);
		return -1;
	}
	/* Of what was refused and never archived nothing can be said. */
	if (d->unread != NULL && d->d.archive[0] != '\0')
		note_unread(t, d);
	if (d->rows == 0) {
		trace_rows_free(d);
		return 0;
	}
	note_dates(t, d);
	t->dump = mem_grow(t->dump, (t->dumps + 1) * sizeof *d);
	t->dump[t->dumps++] = *d;
	return 0;
}

/* Some dumps of all: those that have the order at once are parsed one after the
 * other. */
static int
look_into_some(struct trace *t, const int64_t *id, size_t n, size_t before,
    size_t of, struct err *e)
{
	struct trace_dump *dump = mem_alloc(n * sizeof *dump);
	size_t opened = 0, i = 0;
	int rc = 0;

	while (rc != -1 && i < n) {
		rc = trace_open(&dump[opened], t->w, id[i++], e);
		opened += rc == 1;
	}
	if (rc != -1)
		trace_seek(dump, opened, t->w, before, of);
	for (i = 0; i < opened; i++) {
		if (rc == -1)
			trace_rows_free(&dump[i]);
		else
			rc = look_into(t, &dump[i], e);
	}
	free(dump);
	return rc == -1 ? -1 : 0;
}

static int
find_rows(struct trace *t, struct err *e)
{
	int64_t *id;
	size_t n;
	int rc =
	    store_dump_ids(t->w->store, t->w->feed->name, 0, false, &id, &n, e);

	for (size_t i = 0; rc == 0 && i < n; i += BATCH)
		rc = look_into_some(
		    t, id + i, n - i < BATCH ? n - i : BATCH, i, n, e);
	free(id);
	return rc;
}

/* --- a dump --------------------------------------------------------------- */

static json_t *
dump_json(const struct trace_dump *d, json_t *merge)
{
	/* the ledger has what the original was, the archive maybe a copy */
	bool hashed = d->settings->pii == PII_HASH;
	const char *preset = d->d.preset[0] == '\0' ? d->preset : d->d.preset;
	const char *encoding =
	    d->d.encoding[0] == '\0' ? d->encoding : d->d.encoding;
	json_t *rows = json_array();

	for (size_t i = 0; i < d->rows; i++)
		json_array_append(rows, d->row[i].told);
	return json_pack("{s:s, s:I, s:o, s:s, s:s, s:o, s:s, s:s, s:s, s:o,"
			 " s:b, s:o, s:o}",
	    "what", "dump", "dump", (json_int_t)d->d.id, "name",
	    json_foreign(d->d.name), "source", d->d.source, "state",
	    dump_state_name(d->d.state), "time", when(d->d.at), "preset",
	    preset, "encoding", encoding, "archive", d->d.archive, "reason",
	    json_foreign(d->d.reason), "hashed", hashed, "rows", rows, "merge",
	    merge);
}

/* Dumps that the history does not have, in their places by time; at the end
 * every one that is left. */
static void
show_others(struct trace *t, int64_t until, int64_t id)
{
	for (; t->shown < t->dumps; t->shown++) {
		const struct trace_dump *d = &t->dump[t->shown];

		if ((d->d.state == DUMP_MERGED && until != INT64_MAX) ||
		    d->d.at > until || d->d.id >= id)
			return;
		if (d->d.state == DUMP_WITHDRAWN) {
			t->elsewhere = true;
			t->changes++;
		}
		json_array_append_new(t->history, dump_json(d, json_null()));
	}
}

static json_t *
changes_json(
    const struct trace *t, const struct conv *was, const struct conv *is)
{
	json_t *list = json_array();

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		bool same = f < FIELD_NUMBERS
				? was->number[f] == is->number[f]
				: slice_eq(conv_text(was, f), conv_text(is, f));

		if (same || f == FIELD_ID || f == FIELD_PIPELINE ||
		    f == FIELD_LOSS_REASON)
			continue;
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o}", "field", field_info[f].name,
			"was", trace_value(was, f, t->zone, t->w->plain), "is",
			trace_value(is, f, t->zone, t->w->plain)));
	}
	return list;
}

/* How many of its rows in one dump meet in the merge. */
static size_t
rows_met(const struct trace_dump *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->rows; i++)
		n += d->row[i].merges && !d->row[i].skip;
	return n;
}

static const char *
same_id_name(enum same_id s)
{
	return s == SAME_ID_SUM ? "sum" : s == SAME_ID_FIRST ? "first" : "last";
}

static void
apply_rows(struct trace *t, const struct trace_dump *d)
{
	for (size_t i = 0; i < d->rows; i++) {
		struct conv c;

		if (d->row[i].merges && conv_unpack(&c, d->row[i].conv))
			merge_apply(
			    &t->merge, &c, d->row[i].line, d->row[i].skip);
	}
}

/* What the merge made of the rows of one id, as store_merge does it. */
static json_t *
merge_json(struct trace *t, const struct trace_dump *d)
{
	struct merge_rules rules = d->rules;
	struct merge_state *m = &t->merge;
	struct conv none;
	enum reject why;
	char text[512] = "";
	bool changed = false, frozen = t->live && t->order.frozen;
	json_t *o;

	rules.dump = d->d.id;
	rules.now = d->d.at;
	conv_clear(&none);
	merge_begin(m, &rules, slice_of(t->w->id), t->live ? &t->order : NULL);
	apply_rows(t, d);
	why = merge_finish(m, &changed);
	if (why != REJECT_NONE)
		reject_text(text, sizeof text, why,
		    merge_field(why) < FIELD_COUNT
			? field_info[merge_field(why)].name
			: "",
		    slice_of(""), NULL);
	o = json_pack("{s:b, s:b, s:o, s:o, s:b, s:b, s:b, s:I, s:s}", "made",
	    !t->live && m->live && why == REJECT_NONE, "changed", changed,
	    "refused", text[0] == '\0' ? json_null() : json_string(text),
	    "changes",
	    changed
		? changes_json(t, t->live ? &t->order.conv : &none, &m->is.conv)
		: json_array(),
	    "frozen", frozen, "date_kept", m->date_kept, "skip_kept",
	    m->skip_kept, "rows", (json_int_t)rows_met(d), "same_id",
	    same_id_name(rules.same_id));
	if (!changed)
		return o;
	t->order = m->is;
	t->order.dump = m->is.dump;
	conv_unpack(&t->order.conv, conv_pack(&t->arena, &m->is.conv));
	t->live = true;
	t->changes++;
	note_date(t, t->order.conv.number[FIELD_CREATE_DATE_TIME]);
	return o;
}

static void
replay_dump(struct trace *t, int64_t id)
{
	const struct trace_dump *d;

	for (size_t i = t->shown; i < t->dumps; i++) {
		d = &t->dump[i];
		if (d->d.id != id)
			continue;
		show_others(t, d->d.at, id);
		json_array_append_new(
		    t->history, dump_json(d, merge_json(t, d)));
		/* one that waited was merged after others that came later */
		if (i == t->shown) {
			t->shown++;
			return;
		}
		struct trace_dump moved = *d;
		memmove(&t->dump[t->shown + 1], &t->dump[t->shown],
		    (i - t->shown) * sizeof moved);
		t->dump[t->shown++] = moved;
		return;
	}
}

/* --- a version ------------------------------------------------------------ */

static bool
covers(const struct trace *t, const struct publication *p)
{
	if ((p->kinds & KIND_BIT(t->w->kind)) == 0 ||
	    (!t->live && !t->elsewhere))
		return false;
	if (t->w->kind == RECORD_CONTACT)
		return true;
	for (size_t i = 0; i < t->dates; i++)
		if (t->date[i] >= p->from && t->date[i] <= p->to)
			return true;
	return false;
}

static struct file_seen *
file_of(struct trace *t, const char *file)
{
	struct file_seen *f;

	for (size_t i = 0; i < t->files; i++)
		if (strcmp(t->file[i].file, file) == 0)
			return &t->file[i];
	t->file = mem_grow(t->file, (t->files + 1) * sizeof *f);
	f = &t->file[t->files++];
	*f = (struct file_seen){ .created = CONV_NONE };
	snprintf(f->file, sizeof f->file, "%s", file);
	return f;
}

static void
look_at_version(
    struct trace *t, struct file_seen *f, const struct publication *p)
{
	bool call = t->w->kind == RECORD_CALL;
	char id[512];

	/* calls that are orders have ids of their own there */
	snprintf(
	    id, sizeof id, "%s%s", call ? CALL_ORDER_PREFIX : "", t->w->id);
	json_decref(f->values);
	f->seen = trace_version(&f->values, t->w->conf, p,
	    call ? RECORD_ORDER : t->w->kind, slice_of(id));
	f->created = CONV_NONE;
	if (f->seen == SEEN_THERE)
		trace_version_settle(
		    &f->values, &f->created, p->file, t->zone, t->w->plain);
	else if (f->seen != SEEN_ABSENT && t->live) {
		f->values = trace_values(&t->order.conv, t->zone, t->w->plain);
		f->created = t->order.conv.number[FIELD_CREATE_DATE_TIME];
	}
	f->known = true;
	f->changes = t->changes;
}

static const char *
seen_name(enum trace_seen s)
{
	static const char *const name[] = {
		[SEEN_THERE] = "there",
		[SEEN_ABSENT] = "absent",
		[SEEN_NO_IDS] = "no_ids",
		[SEEN_EXPIRED] = "expired",
		[SEEN_BROKEN] = "unreadable",
	};

	return name[s];
}

static void
note_version(struct trace *t, const struct publication *p,
    const struct file_seen *f, bool looked)
{
	struct version *v;
	json_t *pulls = json_array();

	json_array_append_new(t->history,
	    json_pack("{s:s, s:I, s:s, s:o, s:I, s:s, s:s, s:b, s:s, s:O,"
		      " s:o}",
		"what", "version", "publication", (json_int_t)p->id, "file",
		p->file, "last_modified", when(p->mtime), "mtime",
		(json_int_t)p->mtime, "sha256", p->sha256, "archive",
		p->archive, "looked", looked, "seen", seen_name(f->seen),
		"values", f->values == NULL ? json_null() : f->values, "pulls",
		pulls));
	t->version =
	    mem_grow(t->version, (t->versions + 1) * sizeof *t->version);
	v = &t->version[t->versions++];
	*v = (struct version){ p->id, f->created, pulls };
}

static int
replay_publication(struct trace *t, int64_t id, struct err *e)
{
	struct publication p;
	struct file_seen *f;
	bool was_there, looked;
	int found = store_publication_get(t->w->store, id, &p, e);

	if (found != 1)
		return found;
	show_others(t, p.mtime, INT64_MAX);
	if (!covers(t, &p))
		return 0;
	f = file_of(t, p.file);
	was_there = f->known && f->seen != SEEN_ABSENT;
	looked = !f->known || f->changes != t->changes;
	if (looked)
		look_at_version(t, f, &p);
	if (f->seen != SEEN_ABSENT || was_there)
		note_version(t, &p, f, looked);
	return 0;
}

static const struct version *
version_of(const struct trace *t, int64_t publication)
{
	size_t low = 0, high = t->versions;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (t->version[middle].publication < publication)
			low = middle + 1;
		else
			high = middle;
	}
	return low < t->versions && t->version[low].publication == publication
		   ? &t->version[low]
		   : NULL;
}

/* The first completed pull of a version freezes what it carried. */
static void
replay_pull(struct trace *t, int64_t publication)
{
	const struct version *v = version_of(t, publication);
	int64_t *created = &t->order.conv.number[FIELD_CREATE_DATE_TIME];

	if (v == NULL || v->created == CONV_NONE || !t->live || t->order.frozen)
		return;
	t->order.frozen = true;
	if (*created != v->created) {
		*created = v->created;
		t->changes++;
	}
}

/* --- what people decided -------------------------------------------------- */

static int
note_decided(
    void *ctx, const struct act *a, const struct ruling *r, struct err *e)
{
	struct trace *t = ctx;
	bool text = r->what == RULING_STATUS || r->what == RULING_FORGET;

	(void)e;
	t->decided =
	    mem_grow(t->decided, (t->decisions + 1) * sizeof *t->decided);
	t->decided[t->decisions++] = (struct decided){ a->id, r->what,
		mem_slice(text ? r->value : slice_of("")) };
	return 0;
}

static void
forget_field(struct trace *t, const char *name)
{
	enum field f = field_by_name(slice_of(name));

	if (!t->live || f == FIELD_COUNT)
		return;
	if (f < FIELD_NUMBERS)
		t->order.conv.number[f] = CONV_NONE;
	else
		conv_text(&t->order.conv, f) = (struct slice){ "", 0 };
}

static json_t *
decisions_json(struct trace *t, int64_t act)
{
	static const char *const name[] = {
		[RULING_STATUS] = "status",
		[RULING_RELEASE] = "release",
		[RULING_FORGET] = "forget",
		[RULING_DATE] = "date",
		[RULING_KEEP] = "keep",
		[RULING_GHOST] = "ghost",
	};
	json_t *list = json_array();

	for (size_t i = 0; i < t->decisions; i++) {
		const struct decided *d = &t->decided[i];

		if (d->act != act)
			continue;
		if (d->what == RULING_FORGET)
			forget_field(t, d->value);
		json_array_append_new(list,
		    json_pack("{s:s, s:o}", "ruling",
			d->what < sizeof name / sizeof *name ? name[d->what]
							     : "",
			"value", json_foreign(d->value)));
	}
	return list;
}

static bool
has_dump(const struct trace *t, int64_t id)
{
	for (size_t i = 0; i < t->dumps; i++)
		if (t->dump[i].d.id == id)
			return true;
	return false;
}

static int
replay_act(struct trace *t, int64_t id, struct err *e)
{
	struct act a;
	json_t *rulings;
	int found = store_act(t->w->store, id, &a, e);

	if (found != 1)
		return found;
	show_others(t, a.at, INT64_MAX);
	t->changes++;
	rulings = decisions_json(t, id);
	if (json_array_size(rulings) > 0 ||
	    (a.dump != 0 && has_dump(t, a.dump)))
		json_array_append_new(t->history,
		    json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:I, s:O}",
			"what", "act", "act", (json_int_t)a.id, "op", a.op,
			"time", when(a.at), "actor", json_foreign(a.actor),
			"reason", json_foreign(a.reason), "dump",
			(json_int_t)a.dump, "rulings", rulings));
	json_decref(rulings);
	return 0;
}

/* --- all of it ------------------------------------------------------------ */

static int
replay(void *ctx, enum history_kind k, int64_t id, struct err *e)
{
	struct trace *t = ctx;

	switch (k) {
	case HISTORY_DUMP:
		replay_dump(t, id);
		return 0;
	case HISTORY_PUBLICATION:
		return replay_publication(t, id, e) == -1 ? -1 : 0;
	case HISTORY_PULL:
		replay_pull(t, id);
		return 0;
	case HISTORY_ACT:
		return replay_act(t, id, e) == -1 ? -1 : 0;
	case HISTORY_STANDS:
	case HISTORY_LAST:
		return 0;
	}
	return 0;
}

static bool
note_pull(void *ctx, const struct pull *p)
{
	const struct trace *t = ctx;
	const struct version *v =
	    p->complete ? version_of(t, p->publication) : NULL;

	if (v != NULL)
		json_array_insert_new(v->pulls, 0,
		    json_pack("{s:I, s:o, s:s, s:s, s:o, s:o}", "pull",
			(json_int_t)p->number, "user", json_foreign(p->user),
			"protocol", p->protocol, "address", p->address, "file",
			json_foreign(p->file), "time", when(p->ended)));
	return true;
}

static void
note_step(void *ctx, struct slice status, int64_t due)
{
	char *text = mem_slice(status);

	json_array_append_new(
	    ctx, json_pack("{s:o, s:o}", "status", json_foreign(text), "until",
		     due == 0 ? json_null() : when(due)));
	free(text);
}

/* As it is published: what somebody decided stands above what dumps say. */
static int
now_json(const struct trace *t, json_t **out, struct err *e)
{
	const struct trace_what *w = t->w;
	const char *feed = w->feed->name;
	struct arena a = ARENA_EMPTY;
	struct order o = { .id = { "", 0 } };
	struct act act;
	char status[256] = "";
	json_t *steps = json_array();
	int ruled = 0, found = store_order(
			   w->store, &a, feed, w->kind, slice_of(w->id), &o, e);

	*out = json_null();
	if (found == 1)
		ruled = store_order_ruling(
		    w->store, feed, w->kind, slice_of(w->id), &act, status, e);
	if (found == 1 && w->kind == RECORD_ORDER &&
	    store_steps_of(
		w->store, feed, slice_of(w->id), note_step, steps, e) == -1)
		found = -1;
	if (ruled == 1)
		conv_text(&o.conv, FIELD_ORDER_STATUS) = slice_of(status);
	if (found == 1)
		*out = json_pack("{s:I, s:I, s:b, s:b, s:o, s:O, s:o}", "dump",
		    (json_int_t)o.dump, "line", (json_int_t)o.line, "frozen",
		    o.frozen, "ruled", ruled == 1, "first_pull",
		    o.pulled == 0 ? json_null() : when(o.pulled), "steps",
		    steps, "values", trace_values(&o.conv, t->zone, w->plain));
	json_decref(steps);
	arena_free(&a);
	return found == -1 || ruled == -1 ? -1 : 0;
}

/* The date that it has now is one that versions may have carried. */
static int
note_known(struct trace *t, struct err *e)
{
	struct arena a = ARENA_EMPTY;
	struct order o = { .id = { "", 0 } };
	int found = store_order(t->w->store, &a, t->w->feed->name, t->w->kind,
	    slice_of(t->w->id), &o, e);

	if (found == 1)
		note_date(t, o.create_time);
	arena_free(&a);
	return found == -1 ? -1 : 0;
}

static int
trace_all(struct trace *t, json_t **out, struct err *e)
{
	const struct trace_what *w = t->w;
	const char *feed = w->feed->name;
	json_t *now;

	if (conf_zone(&t->zone, w->feed->source[0]->zone, e) == -1 ||
	    note_known(t, e) == -1 || find_rows(t, e) == -1 ||
	    store_rulings(w->store, feed, w->kind, slice_of(w->id),
		note_decided, t, e) == -1 ||
	    store_history(w->store, feed, NULL, replay, t, e) == -1)
		return -1;
	show_others(t, INT64_MAX, INT64_MAX);
	if (store_pulls(w->store, feed, 0, note_pull, t, e) == -1 ||
	    now_json(t, &now, e) == -1)
		return -1;
	*out = json_pack("{s:s, s:o, s:s, s:s, s:O, s:O, s:o}", "feed", feed,
	    "order", json_foreign(w->id), "kind", record_kind_name(w->kind),
	    "zone", w->feed->source[0]->zone, "history", t->history, "unread",
	    t->unread, "now", now);
	return 0;
}

int
trace_order(json_t **out, const struct trace_what *w, struct err *e)
{
	struct trace t = { .w = w };
	int rc;

	merge_init(&t.merge);
	t.history = json_array();
	t.unread = json_array();
	rc = trace_all(&t, out, e);
	for (size_t i = 0; i < t.dumps; i++)
		trace_rows_free(&t.dump[i]);
	for (size_t i = 0; i < t.files; i++)
		json_decref(t.file[i].values);
	for (size_t i = 0; i < t.decisions; i++)
		free(t.decided[i].value);
	free(t.dump);
	free(t.date);
	free(t.decided);
	free(t.file);
	free(t.version);
	json_decref(t.history);
	json_decref(t.unread);
	merge_free(&t.merge);
	zone_free(t.zone);
	arena_free(&t.arena);
	return rc;
}
