/*
 * One pass over the orders that are published.  See quality.h.
 */
#include "feed/quality.h"

#include <stdlib.h>
#include <string.h>

#include "formats/preset.h"
#include "formats/zone.h"
#include "feed/render.h"

#define STATUSES_MAX 200 /* told apart; the others are one line */
#define STOP_EVERY 4096
#define DAY 86400

struct dump_source {
	int64_t id;
	size_t line; /* of the table of sources */
};

struct gather {
	const struct quality_what *what;
	struct quality *out;
	struct zone *zone;
	struct shared *shared;
	struct arena arena;
	struct dump_source *dump; /* descending ids */
	size_t dumps, room;
	size_t last_dump, last_status; /* nearly always the next one's too */
	int64_t day_end;               /* of the last line of days */
	int64_t leaves_from, leaves_to;
	int64_t first_pull; /* of the feed; INT64_MAX: none */
	uint64_t seen;
	struct err error; /* of a callback that has no way to say so */
};

const char *
quality_name(enum quality_class c)
{
	static const char *const name[QUALITY_CLASSES] = { "maximum", "good",
		"medium", "invalid" };

	return name[c];
}

enum quality_class
quality_of(const struct conv *c)
{
	bool visitor = conv_text(c, FIELD_CLIENT_IDS).n > 0;
	bool contact = conv_text(c, FIELD_PHONES).n > 0 ||
		       conv_text(c, FIELD_EMAILS).n > 0 ||
		       conv_text(c, FIELD_PHONES_MD5).n > 0 ||
		       conv_text(c, FIELD_EMAILS_MD5).n > 0;

	if (visitor)
		return contact ? QUALITY_MAXIMUM : QUALITY_GOOD;
	return contact ? QUALITY_MEDIUM : QUALITY_INVALID;
}

uint64_t
quality_orders(const struct quality_count *c)
{
	uint64_t n = 0;

	for (int i = 0; i < QUALITY_CLASSES; i++)
		n += c->orders[i];
	return n;
}

int64_t
quality_revenue(const struct quality_count *c)
{
	int64_t n = 0;

	for (int i = 0; i < QUALITY_CLASSES; i++)
		n += c->revenue[i];
	return n;
}

/* --- tables -------------------------------------------------------------- */

static size_t
add_line(struct quality_table *t, struct slice name)
{
	t->line = mem_grow(t->line, (t->n + 1) * sizeof *t->line);
	t->line[t->n] = (struct quality_line){ .name = mem_slice(name) };
	return t->n++;
}

/* The line of that name; one more when there is none. */
static size_t
line_of(struct quality_table *t, struct slice name)
{
	for (size_t i = 0; i < t->n; i++)
		if (slice_is(name, t->line[i].name))
			return i;
	return add_line(t, name);
}

static void
count(struct quality_count *c, enum quality_class class, int64_t revenue)
{
	c->orders[class]++;
	if (__builtin_add_overflow(
		c->revenue[class], revenue, &c->revenue[class]))
		c->revenue[class] = INT64_MAX;
}

static void
count_sum(struct quality_sum *s, int64_t revenue)
{
	s->orders++;
	if (__builtin_add_overflow(s->revenue, revenue, &s->revenue))
		s->revenue = INT64_MAX;
}

/* --- where an order belongs ---------------------------------------------- */

/* Orders come by their creation time, so days do too. */
static struct quality_count *
day_of(struct gather *g, int64_t created)
{
	struct quality_table *t = &g->out->day;
	char day[20];

	if (t->n == 0 || created >= g->day_end) {
		zone_write(g->zone, created, day);
		add_line(t, (struct slice){ day, 10 });
		g->day_end = zone_midnight(g->zone, created, 1);
	}
	return &t->line[t->n - 1].count;
}

static struct quality_count *
status_of(struct gather *g, struct slice status)
{
	struct quality_table *t = &g->out->status;

	if (g->last_status < t->n &&
	    slice_is(status, t->line[g->last_status].name))
		return &t->line[g->last_status].count;
	g->last_status = t->n < STATUSES_MAX ? line_of(t, status)
					     : line_of(t, slice_of("…"));
	return &t->line[g->last_status].count;
}

static bool
note_dump(void *ctx, const struct dump_entry *d)
{
	struct gather *g = ctx;

	if (g->dumps == g->room) {
		g->room = g->room == 0 ? 256 : g->room * 2;
		g->dump = mem_grow(g->dump, g->room * sizeof *g->dump);
	}
	g->dump[g->dumps++] = (struct dump_source){ d->id,
		line_of(&g->out->source, slice_of(d->source)) };
	return true;
}

/* An order whose dump nobody knows is the default source's. */
static struct quality_count *
source_of(struct gather *g, int64_t dump)
{
	struct quality_table *t = &g->out->source;
	size_t low = 0, high = g->dumps;

	if (g->last_dump < g->dumps && g->dump[g->last_dump].id == dump)
		return &t->line[g->dump[g->last_dump].line].count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (g->dump[mid].id > dump)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == g->dumps || g->dump[low].id != dump)
		return &t->line[line_of(t, slice_of(""))].count;
	g->last_dump = low;
	return &t->line[g->dump[low].line].count;
}

/* --- an order ------------------------------------------------------------ */

/* The last day on which its identifiers can still be added. */
static void
see_leaving(struct gather *g, const struct order *o, enum quality_class class)
{
	struct quality *q = g->out;

	if (o->create_time < g->leaves_from || o->create_time >= g->leaves_to)
		return;
	q->leaving.orders++;
	q->leaving.no_client_id +=
	    class == QUALITY_MEDIUM || class == QUALITY_INVALID;
	if (class != QUALITY_INVALID)
		return;
	q->leaving.no_identifier++;
	if (q->leaving.ids < QUALITY_EXAMPLES)
		q->leaving.id[q->leaving.ids++] = mem_slice(o->id);
}

static void
see_late(struct gather *g, const struct order *o, int64_t revenue)
{
	const int64_t window = QUALITY_WINDOW_DAYS * DAY;
	struct quality *q = g->out;
	int64_t late = o->create_time + window;

	if (o->pulled == 0) {
		if (g->what->now > late && g->first_pull < late)
			count_sum(&q->unseen, revenue);
	} else if (o->pulled > late) {
		count_sum(
		    g->first_pull > late ? &q->before : &q->late, revenue);
	}
}

static int
see_order(void *ctx, const struct order *o, struct err *e)
{
	struct gather *g = ctx;
	const struct quality_what *w = g->what;
	struct conv c = o->conv;
	int64_t revenue = c.number[FIELD_REVENUE];
	enum quality_class class;
	bool waits = false;
	int rc = 0;

	if (++g->seen % STOP_EVERY == 0 && w->stop != NULL && w->stop(w->ctx))
		return err_set(e, "interrupted");
	arena_reset(&g->arena);
	if (o->kind == RECORD_ORDER)
		rc = render_join_client(
		    w->store, w->feed->name, &g->arena, &c, &waits, e);
	else
		rc = render_call_as_order(
		    w->store, w->feed, &g->arena, o, &c, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	class = quality_of(&c);
	revenue = revenue == CONV_NONE ? 0 : revenue;
	g->out->waiting += waits;
	count(&g->out->all, class, revenue);
	count(day_of(g, o->create_time), class, revenue);
	count(status_of(g, conv_text(&c, FIELD_ORDER_STATUS)), class, revenue);
	count(source_of(g, o->dump), class, revenue);
	see_leaving(g, o, class);
	see_late(g, o, revenue);
	return shared_add(g->shared, &c, e);
}

/* --- what the store knows besides ---------------------------------------- */

static bool
note_pull(void *ctx, const struct pull *p)
{
	struct gather *g = ctx;

	if (p->complete && p->ended != 0)
		g->first_pull = p->ended;
	return true;
}

static void
note_missed(void *ctx, const struct missed *m)
{
	struct quality *q = ((struct gather *)ctx)->out;

	q->missed_orders += m->n;
	for (size_t i = 0; i < q->missed_n; i++) {
		if (strcmp(q->missed[i].status, m->status) == 0 &&
		    strcmp(q->missed[i].next, m->next) == 0) {
			q->missed[i].n += m->n;
			return;
		}
	}
	if (q->missed_n < QUALITY_PAIRS)
		q->missed[q->missed_n++] = *m;
}

static int
by_count(const void *a, const void *b)
{
	const struct missed *x = a, *y = b;

	return x->n == y->n  ? strcmp(x->status, y->status)
	       : x->n > y->n ? -1
			     : 1;
}

static int
by_orders(const void *a, const void *b)
{
	const struct quality_line *x = a, *y = b;
	uint64_t n = quality_orders(&x->count), k = quality_orders(&y->count);

	return n == k ? strcmp(x->name, y->name) : n > k ? -1 : 1;
}

static void
drop_empty(struct quality_table *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (quality_orders(&t->line[i].count) > 0)
			t->line[kept++] = t->line[i];
		else
			free(t->line[i].name);
	}
	t->n = kept;
	if (kept > 0)
		qsort(t->line, kept, sizeof *t->line, by_orders);
}

/* --- the whole ----------------------------------------------------------- */

static void
set_times(struct gather *g)
{
	const struct quality_what *w = g->what;
	struct quality *q = g->out;
	unsigned days = w->feed->window_days;
	char day[20];

	if (days == 0)
		days = w->conf->window_days;
	q->from = zone_midnight(g->zone, w->now, -(int)days);
	if (w->since > q->from)
		q->from = w->since;
	q->to = w->now;
	zone_write(g->zone, q->from, day);
	memcpy(q->first_day, day, 10);
	zone_write(g->zone, q->to, day);
	memcpy(q->last_day, day, 10);
	g->leaves_from =
	    zone_midnight(g->zone, w->now, 1 - QUALITY_WINDOW_DAYS);
	g->leaves_to = zone_midnight(g->zone, w->now, 2 - QUALITY_WINDOW_DAYS);
}

static unsigned
kinds_of(const struct feed *f)
{
	bool calls =
	    f->calls_as_orders != NULL && f->calls_as_orders[0] != '\0';

	return KIND_BIT(RECORD_ORDER) | (calls ? KIND_BIT(RECORD_CALL) : 0);
}

static int
look(struct gather *g, struct err *e)
{
	const struct quality_what *w = g->what;
	const char *feed = w->feed->name;
	struct quality *q = g->out;

	g->first_pull = INT64_MAX;
	if (store_dumps(w->store, feed, 0, note_dump, g, e) == -1 ||
	    store_pulls(w->store, feed, 0, note_pull, g, e) == -1 ||
	    store_missed(w->store, feed, q->from / DAY, note_missed, g, e) ==
		-1 ||
	    store_orders(w->store, feed, kinds_of(w->feed), q->from, q->to,
		see_order, g, e) == -1)
		return -1;
	return shared_count(g->shared, w->stop, w->ctx, &q->shared, e);
}

int
quality_gather(
    struct quality *out, const struct quality_what *what, struct err *e)
{
	struct gather g = { .what = what, .out = out, .arena = ARENA_EMPTY };
	int rc = -1;

	memset(out, 0, sizeof *out);
	if (conf_zone(&g.zone, what->feed->source[0]->zone, e) == 0 &&
	    shared_open(&g.shared, what->store, what->list_shared, e) == 0) {
		set_times(&g);
		rc = look(&g, e);
	}
	drop_empty(&out->status);
	drop_empty(&out->source);
	if (out->missed_n > 0)
		qsort(
		    out->missed, out->missed_n, sizeof *out->missed, by_count);
	shared_close(g.shared);
	zone_free(g.zone);
	arena_free(&g.arena);
	free(g.dump);
	return rc;
}

static void
free_table(struct quality_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->line[i].name);
	free(t->line);
}

void
quality_free(struct quality *q)
{
	free_table(&q->day);
	free_table(&q->status);
	free_table(&q->source);
	for (size_t i = 0; i < q->leaving.ids; i++)
		free(q->leaving.id[i]);
	shared_free(&q->shared);
}
