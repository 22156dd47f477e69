/*
 * Counters, and a sample of ids whose size does not grow with the dump: those
 * with the smallest hashes, so that any part of it is as good a sample.
 */
#include "feed/weigh.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE 10000
#define ID_BYTES 256    /* longer ids are not looked up */
#define LOOKUPS 200000  /* in all other feeds together */
#define LOOKUPS_EACH 50 /* at least */
#define PREFIX_BYTES 256
#define DAY 86400

/* What one order's time differs by in two dumps: a zone set wrongly. */
#define ZONE_STEP 1800
#define CLOCKS 30 /* and seconds cut off or rounded */

/* A heap, the largest hash on top. */
struct sample {
	size_t n;
	struct sampled {
		uint64_t hash;
		int64_t created;
		char *id;
		size_t id_n;
	} id[SAMPLE];
};

/* --- the sample ---------------------------------------------------------- */

static uint64_t
hash_of(struct slice s)
{
	uint64_t h = s.n;

	while (s.n > 0) {
		size_t n = s.n < 8 ? s.n : 8;
		uint64_t word = 0;

		memcpy(&word, s.p, n);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
		s.p += n;
		s.n -= n;
	}
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static void
swap(struct sampled *a, struct sampled *b)
{
	struct sampled t = *a;

	*a = *b;
	*b = t;
}

static void
sift_up(struct sample *p, size_t i)
{
	for (size_t up; i > 0; i = up) {
		up = (i - 1) / 2;
		if (p->id[i].hash <= p->id[up].hash)
			return;
		swap(&p->id[i], &p->id[up]);
	}
}

static void
sift_down(struct sample *p)
{
	size_t i = 0, k;

	while ((k = 2 * i + 1) < p->n) {
		if (k + 1 < p->n && p->id[k + 1].hash > p->id[k].hash)
			k++;
		if (p->id[k].hash <= p->id[i].hash)
			return;
		swap(&p->id[k], &p->id[i]);
		i = k;
	}
}

static void
take_sample(struct sample *p, struct slice id, int64_t created)
{
	uint64_t hash = hash_of(id);
	bool full = p->n == SAMPLE;
	struct sampled *to = full ? &p->id[0] : &p->id[p->n];

	if (id.n > ID_BYTES || (full && hash >= p->id[0].hash))
		return;
	free(to->id);
	to->id = mem_slice(id);
	to->id_n = id.n;
	to->hash = hash;
	to->created = created;
	if (full)
		sift_down(p);
	else
		sift_up(p, p->n++);
}

static void
free_sample(struct sample *p)
{
	for (size_t i = 0; p != NULL && i < p->n; i++)
		free(p->id[i].id);
	free(p);
}

/* --- orders -------------------------------------------------------------- */

int
weigh_begin(struct weigh *w, const struct conf *c, const struct feed *f,
    struct store *s, struct err *e)
{
	int history = store_has_history(s, f->name, e);

	if (history == -1)
		return -1;
	*w = (struct weigh){ .conf = c,
		.feed = f,
		.facts = { .hold = &f->hold, .history = history == 1 } };
	if (history == 1 && f->hold.on && f->hold.unknown_percent > 0 &&
	    c->feeds > 1)
		w->sample = mem_alloc(sizeof *w->sample);
	return 0;
}

bool
weigh_wants_orders(const struct weigh *w)
{
	return w->facts.history && w->facts.hold->on;
}

static bool
is_done(struct slice status)
{
	return slice_is(status, "PAID") || slice_is(status, "CANCELLED");
}

static void
compare(struct gate_facts *f, const struct conv *was, const struct conv *is)
{
	unsigned percent = f->hold->revenue_percent;
	int64_t before = was->number[FIELD_REVENUE];
	int64_t after = is->number[FIELD_REVENUE];
	bool backwards =
	    is_done(conv_text(was, FIELD_ORDER_STATUS)) &&
	    slice_is(conv_text(is, FIELD_ORDER_STATUS), "IN_PROGRESS");
	bool fallen = percent > 0 && before > 0 && after != CONV_NONE &&
		      (double)after * 100 < (double)before * (100 - percent);

	f->known++;
	f->backwards += backwards;
	f->fallen += fallen;
	f->worse += backwards || fallen;
	f->better += !backwards && !fallen &&
		     !slice_eq(conv_text(was, FIELD_ORDER_STATUS),
			 conv_text(is, FIELD_ORDER_STATUS));
}

void
weigh_merged(
    void *ctx, const struct merge_order *was, const struct merge_order *is)
{
	struct weigh *w = ctx;

	w->facts.ids++;
	if (was != NULL)
		compare(&w->facts, &was->conv, &is->conv);
	if (w->sample != NULL)
		take_sample(w->sample, conv_text(&is->conv, FIELD_ID),
		    is->conv.number[FIELD_CREATE_DATE_TIME]);
}

/* --- what the store knows ------------------------------------------------ */

/* Ids of the sample that stand elsewhere, and those of them whose order was
 * created at the same time. */
struct met {
	uint64_t ids, same;
};

/* But for a wrong zone. */
static bool
is_same_time(int64_t a, int64_t b)
{
	int64_t apart = a > b ? a - b : b - a;
	int64_t rest = apart % ZONE_STEP;

	return apart <= DAY && (rest <= CLOCKS || rest >= ZONE_STEP - CLOCKS);
}

static int
meet(struct met *m, struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, int64_t created, struct err *e)
{
	struct conv c;
	int64_t its;
	int rc;

	arena_reset(a);
	rc = store_values(s, a, feed, kind, id, &c, e);
	if (rc != 1)
		return rc;
	its = c.number[FIELD_CREATE_DATE_TIME];
	m->ids++;
	m->same += its == CONV_NONE || created == CONV_NONE ||
		   is_same_time(its, created);
	return 0;
}

/* Its ids there would have another prefix. */
static int
meet_all(const struct weigh *w, struct store *s, const struct feed *other,
    size_t source, enum record_kind kind, struct met *out, struct err *e)
{
	const char *prefix =
	    kind == RECORD_CONTACT ? "" : other->source[source]->id_prefix;
	size_t ours = kind == RECORD_CONTACT ? 0 : w->prefix;
	char id[PREFIX_BYTES + ID_BYTES];
	struct arena a = ARENA_EMPTY;
	int rc = 0;

	*out = (struct met){ 0 };
	for (size_t i = 0; i < w->facts.sample && rc == 0; i++) {
		const struct sampled *o = &w->sample->id[i];
		int n = o->id_n < ours
			    ? -1
			    : snprintf(id, sizeof id, "%s%.*s", prefix,
				  (int)(o->id_n - ours), o->id + ours);

		if (n > 0 && (size_t)n < sizeof id)
			rc = meet(out, s, &a, other->name, kind,
			    (struct slice){ id, (size_t)n }, o->created, e);
	}
	arena_free(&a);
	return rc;
}

static bool
is_new_prefix(const struct feed *f, size_t source)
{
	for (size_t i = 0; i < source; i++)
		if (strcmp(f->source[i]->id_prefix,
			f->source[source]->id_prefix) == 0)
			return false;
	return true;
}

static size_t
count_others(const struct weigh *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->conf->feeds; i++)
		n += w->conf->feed[i].sources;
	return n;
}

/* The same numbers alone may be chance, where both count from one: then few of
 * the orders that have them were created at the same time. */
static bool
is_chance(const struct met *m)
{
	return m->same < 2 || m->same * 2 < m->ids;
}

/* Which other feed knows most of them? */
static int
ask_others(
    struct weigh *w, struct store *s, enum record_kind kind, struct err *e)
{
	struct gate_facts *f = &w->facts;
	size_t n = LOOKUPS / count_others(w);

	n = n < LOOKUPS_EACH ? LOOKUPS_EACH : n;
	f->sample = n > w->sample->n ? w->sample->n : n;
	for (size_t i = 0; i < w->conf->feeds; i++) {
		const struct feed *other = &w->conf->feed[i];

		for (size_t k = 0; other != w->feed && k < other->sources;
		     k++) {
			struct met m;

			if (!is_new_prefix(other, k))
				continue;
			if (meet_all(w, s, other, k, kind, &m, e) == -1)
				return -1;
			if (is_chance(&m) || m.same <= f->elsewhere)
				continue;
			f->elsewhere = m.same;
			f->other = other->name;
		}
	}
	return 0;
}

/* Only where something of its kind was merged before. */
static int
ask_elsewhere(
    struct weigh *w, struct store *s, enum record_kind kind, struct err *e)
{
	const struct gate_facts *f = &w->facts;
	int rc;

	if (w->sample == NULL ||
	    f->known * 100 >= (uint64_t)f->hold->unknown_percent * f->ids)
		return 0;
	rc = store_has_kind(s, w->feed->name, kind, e);
	return rc == 1 ? ask_others(w, s, kind, e) : rc;
}

/* What the dump is held against: of an archive the same member, if it can be
 * told. */
static int
find_last(const struct weigh *w, const char *source, const struct profile *p,
    struct store *s, int64_t *dump, char **text, struct err *e)
{
	struct profile_of of = { .feed = w->feed->name,
		.source = source,
		.member = p->member,
		.kind = p->kind };
	int rc = store_profile_before(s, &of, INT64_MAX, dump, text, e);

	if (rc != 0 || of.member[0] == '\0')
		return rc;
	of.member = "";
	return store_profile_before(s, &of, INT64_MAX, dump, text, e);
}

/* Only where it looks older than the last one. */
static int
ask_since(
    struct weigh *w, const struct profile *p, struct store *s, struct err *e)
{
	struct gate_facts *f = &w->facts;

	if (f->last == NULL || f->last->touched <= p->touched ||
	    p->oldest == CONV_NONE || f->known < f->ids)
		return 0;
	return store_count(s, w->feed->name, KIND_BIT(p->kind), p->oldest,
	    INT64_MAX, &f->since, e);
}

static int
ask_preset(struct weigh *w, const char *source, const struct profile *p,
    struct store *s, struct err *e)
{
	int seen;

	if (w->facts.last == NULL || w->facts.known == 0 ||
	    strcmp(w->facts.last->preset, p->preset) == 0)
		return 0;
	seen = store_has_preset(s, w->feed->name, source, p->preset, e);
	w->facts.new_preset = seen == 0;
	return seen == -1 ? -1 : 0;
}

int
weigh_judge(struct weigh *w, const char *source, const struct profile *p,
    struct store *s, struct gate *out, struct err *e)
{
	struct gate_facts *f = &w->facts;
	struct profile last = { 0 };
	char *text = NULL;
	int found = 0, rc = -1;

	out->n = 0;
	if (!f->hold->on)
		return 0;
	f->now = p;
	if (f->history)
		found = find_last(w, source, p, s, &f->last_dump, &text, e);
	if (found == -1)
		return -1;
	if (found == 1 && profile_read(&last, text))
		f->last = &last;
	w->prefix = strlen(feed_source(w->feed, source)->id_prefix);
	if (ask_elsewhere(w, s, p->kind, e) == -1 ||
	    ask_since(w, p, s, e) == -1 || ask_preset(w, source, p, s, e) == -1)
		goto out;
	gate_judge(out, f);
	rc = 0;
out:
	f->last = NULL;
	profile_close(&last);
	free(text);
	return rc;
}

void
weigh_end(struct weigh *w)
{
	free_sample(w->sample);
	w->sample = NULL;
}
