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
#include <time.h>

#include "server/lang.h"
#include "store/json_foreign.h"
#include "tool/trace_private.h"

#define BATCH 64 /* dumps that are searched side by side */

/* --- small things -------------------------------------------------------- */

json_t *
trace_when(int64_t at)
{
	char text[24];
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

void
trace_note_date(struct trace *t, int64_t date)
{
	for (size_t i = 0; i < t->dates; i++)
		if (t->date[i] == date)
			return;
	if (date == CONV_NONE)
		return;
	t->date = mem_grow(t->date, (t->dates + 1) * sizeof *t->date);
	t->date[t->dates++] = date;
}

/* --- finding rows -------------------------------------------------------- */

static void
note_dates(struct trace *t, const struct trace_dump *d)
{
	for (size_t i = 0; i < d->rows; i++) {
		struct conv c;

		if (d->row[i].merges && conv_unpack(&c, d->row[i].conv))
			trace_note_date(t, c.number[FIELD_CREATE_DATE_TIME]);
	}
}

static void
note_unread(struct trace *t, const struct trace_dump *d)
{
	json_array_append_new(t->unread,
	    json_pack("{s:I, s:o, s:o, s:s, s:s}", "dump", (json_int_t)d->d.id,
		"name", json_foreign(d->d.name), "time", trace_when(d->d.at),
		"state", dump_state_name(d->d.state), "reason",
		message(d->unread)));
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

/* --- what people decided ------------------------------------------------- */

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
	trace_show_others(t, a.at, INT64_MAX);
	t->changes++;
	rulings = decisions_json(t, id);
	if (json_array_size(rulings) > 0 ||
	    (a.dump != 0 && has_dump(t, a.dump)))
		json_array_append_new(t->history,
		    json_pack("{s:s, s:I, s:s, s:o, s:o, s:o, s:I, s:O}",
			"what", "act", "act", (json_int_t)a.id, "op", a.op,
			"time", trace_when(a.at), "actor",
			json_foreign(a.actor), "reason", json_foreign(a.reason),
			"dump", (json_int_t)a.dump, "rulings", rulings));
	json_decref(rulings);
	return 0;
}

/* --- all of it ----------------------------------------------------------- */

static int
replay(void *ctx, enum history_kind k, int64_t id, struct err *e)
{
	struct trace *t = ctx;

	switch (k) {
	case HISTORY_DUMP:
	case HISTORY_WITHDRAWN:
		trace_replay_dump(t, id);
		return 0;
	case HISTORY_PUBLICATION:
		return trace_replay_publication(t, id, e) == -1 ? -1 : 0;
	case HISTORY_PULL:
		trace_replay_pull(t, id);
		return 0;
	case HISTORY_ACT:
		return replay_act(t, id, e) == -1 ? -1 : 0;
	case HISTORY_STANDS:
	case HISTORY_LAST:
		return 0;
	}
	return 0;
}

static int
note_place(void *ctx, enum history_kind k, int64_t id, struct err *e)
{
	struct trace *t = ctx;

	(void)e;
	if (k != HISTORY_DUMP && k != HISTORY_WITHDRAWN)
		return 0;
	for (size_t i = 0; i < t->dumps; i++)
		t->dump[i].placed |= t->dump[i].d.id == id;
	return 0;
}

static void
note_step(void *ctx, struct slice status, int64_t due)
{
	char *text = mem_slice(status);

	json_array_append_new(
	    ctx, json_pack("{s:o, s:o}", "status", json_foreign(text), "until",
		     due == 0 ? json_null() : trace_when(due)));
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
		    o.pulled == 0 ? json_null() : trace_when(o.pulled), "steps",
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
		trace_note_date(t, o.create_time);
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
	    store_history(w->store, feed, NULL, note_place, t, e) == -1 ||
	    store_history(w->store, feed, NULL, replay, t, e) == -1)
		return -1;
	trace_show_others(t, INT64_MAX, INT64_MAX);
	if (store_pulls(w->store, feed, 0, trace_note_pull, t, e) == -1 ||
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
