/*
 * See revise.h.  What publications carried is a fact, whatever the dumps say
 * now: so the replayed store's idea of it gives way to the live one's wherever
 * the two differ.
 */
#include "feed/revise.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/canon.h"
#include "feed/ingest.h"
#include "server/lang.h"
#include "feed/rebuild.h"
#include "feed/restate.h"

#define BREATH 4096 /* records between two breaths */

/* A dump that is read with today's settings. */
struct chosen {
	int64_t id;
	bool other;  /* than they were */
	bool empty;  /* all of it was rejected before */
	bool hashed; /* only its hashed records are in the archive */
	struct tally tally;
	char preset[64], encoding[32]; /* "": as they were */
	char *profile;                 /* NULL: as it was */
};

struct revise {
	struct revise_how how;
	struct store *scratch;
	struct replay replay;
	struct restate restate;
	struct chosen *chosen;
	size_t n, room;
	struct edition *edition; /* the feed's publications */
	size_t editions;
	struct act *act; /* while it is settled; NULL: nothing is kept */
	revise_told *told;
	void *told_ctx;
	struct revise_tally tally;
	struct arena a; /* of one record */
	uint64_t breaths;
};

/* --- which dumps ---------------------------------------------------------- */

static bool
is_listed(const struct revise_how *h, int64_t id)
{
	for (size_t i = 0; i < h->dumps; i++)
		if (h->dump[i] == id)
			return true;
	return false;
}

static bool
is_wanted(const struct revise_how *h, const struct dump_entry *d)
{
	if (h->withdraw != 0)
		return false;
	return h->dumps > 0 ? is_listed(h, d->id) : d->at >= h->since;
}

static const struct settings *
source_of(const struct feed *f, const char *name)
{
	for (size_t i = 0; i < f->sources; i++)
		if (strcmp(f->source[i]->source, name) == 0)
			return f->source[i];
	return NULL;
}

static const struct settings *
source_today(const struct revise *r, const char *name)
{
	return source_of(r->how.feed, name);
}

static bool
is_canon(const char *text)
{
	struct settings *s = NULL;
	bool is = settings_parse(&s, text) == FMT_OK && canon_is(s);

	settings_free(s);
	return is;
}

/* The text for reading its archived copy today, whose source there is. */
static char *
text_today(const struct revise *r, const struct dump_entry *d, const char *text)
{
	const struct settings *today = source_today(r, d->source);
	struct settings *then = NULL;
	char *out = NULL;

	if (!is_canon(text))
		return settings_text(today);
	if (settings_parse(&then, text) == FMT_OK) {
		canon_revise(then, today);
		out = settings_text(then);
	}
	settings_free(then);
	return out;
}

static int
choose(void *ctx, const struct dump_entry *d, char **text, struct err *e)
{
	struct revise *r = ctx;
	const struct tally *t = &d->tally;
	char *today;

	(void)e;
	if (r->how.withdraw == d->id)
		return 0;
	if (!is_wanted(&r->how, d))
		return 1;
	if (source_today(r, d->source) == NULL) {
		r->tally.orphans++;
		memcpy(r->tally.orphan, d->source, sizeof d->source);
		return 1;
	}
	today = text_today(r, d, *text);
	if (r->n == r->room) {
		r->room = r->room == 0 ? 16 : r->room * 2;
		r->chosen = mem_grow(r->chosen, r->room * sizeof *r->chosen);
	}
	r->chosen[r->n] = (struct chosen){ .id = d->id,
		.other = strcmp(today, *text) != 0,
		.hashed = is_canon(*text),
		.empty = t->records > 0 && t->rejected == t->records };
	r->tally.read++;
	r->tally.hashed += r->chosen[r->n].hashed;
	r->tally.same += !r->chosen[r->n++].other;
	free(*text);
	*text = today;
	return 1;
}

/* What is told of a dump that is read otherwise is written beside. */
static int
note_reading(void *ctx, struct dump_entry *d, struct reread *again, bool merged,
    struct err *e)
{
	struct revise *r = ctx;
	struct chosen *c = r->n > 0 ? &r->chosen[r->n - 1] : NULL;

	if (c == NULL || c->id != d->id || !c->other)
		return 0;
	if (!merged)
		return r->how.reports
			   ? restate_begin(&r->restate, d, c->hashed, again, e)
			   : 0;
	if (!c->hashed && again->in.facts != NULL) {
		snprintf(
		    c->preset, sizeof c->preset, "%s", again->in.facts->preset);
		snprintf(c->encoding, sizeof c->encoding, "%s",
		    again->in.facts->encoding);
		memcpy(d->preset, c->preset, sizeof d->preset);
		memcpy(d->encoding, c->encoding, sizeof d->encoding);
	}
	return r->how.reports
		   ? restate_end(&r->restate, d, again, &c->profile, e)
		   : 0;
}

static void
note_merged(void *ctx, const struct dump_entry *d)
{
	struct revise *r = ctx;

	if (r->n > 0 && r->chosen[r->n - 1].id == d->id)
		r->chosen[r->n - 1].tally = d->tally;
}

static int
by_id(const void *a, const void *b)
{
	const struct chosen *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Is it a dump that is left out, or read otherwise?  The list is sorted by
 * then. */
static bool
is_revised(const struct revise *r, int64_t dump)
{
	struct chosen key = { .id = dump };

	return dump == r->how.withdraw ||
	       (r->n > 0 &&
		   bsearch(&key, r->chosen, r->n, sizeof key, by_id) != NULL);
}

/* --- beginning ------------------------------------------------------------ */

/* -1 with the reason. */
static int
check_dump(const struct revise_how *h, int64_t id, struct err *e)
{
	struct dump_entry d;
	int found = store_dump_get(h->store, id, &d, NULL, e);

	if (found == -1)
		return -1;
	if (found == 0 || strcmp(d.feed, h->feed->name) != 0)
		return err_set(e,
		    _("The feed %s has no dump %lld. \"convdrop dumps %s\" "
		      "lists those it has."),
		    h->feed->name, (long long)id, h->feed->name);
	if (h->withdraw == 0 && source_of(h->feed, d.source) == NULL)
		return err_set(e,
		    _("Dump %lld came from the source %s, which is no longer "
		      "in the configuration: there are no settings to read it "
		      "with. \"convdrop withdraw\" takes it back."),
		    (long long)id, d.source);
	if (d.state != DUMP_MERGED)
		return err_set(e,
		    _("Nothing of dump %lld is among the orders: it is %s."),
		    (long long)id, dump_state_name(d.state));
	return 0;
}

/* Orders of the window may come from no dump older than it. */
static int64_t
needed_since(const struct revise_how *h)
{
	unsigned days = h->feed->window_days > 0 ? h->feed->window_days
						 : h->conf->window_days;

	return h->now - ((int64_t)days + 1) * 86400;
}

int
revise_begin(struct revise **out, const struct revise_how *how, struct err *e)
{
	struct revise *r;

	if (how->withdraw != 0 && check_dump(how, how->withdraw, e) == -1)
		return -1;
	for (size_t i = 0; i < how->dumps; i++)
		if (check_dump(how, how->dump[i], e) == -1)
			return -1;
	r = mem_alloc(sizeof *r);
	r->how = *how;
	if (store_open_scratch(&r->scratch, how->dir, e) == -1) {
		revise_end(r);
		return -1;
	}
	r->replay = (struct replay){ .conf = how->conf,
		.feed = how->feed,
		.from = how->store,
		.to = r->scratch,
		.dir = how->dir,
		.needed = needed_since(how),
		.breathe = how->breathe,
		.breathe_ctx = how->ctx,
		.stop = how->stop,
		.choose = choose,
		.reading = note_reading,
		.merged = note_merged,
		.ctx = r };
	r->restate = (struct restate){ .conf = how->conf,
		.feed = how->feed,
		.ledger = how->store,
		.to = r->scratch };
	*out = r;
	return 0;
}

int
revise_replay(struct revise *r, struct err *e)
{
	return replay(&r->replay, e);
}

void
revise_end(struct revise *r)
{
	if (r == NULL)
		return;
	restate_drop(&r->restate);
	store_close(r->scratch);
	arena_free(&r->a);
	free(r->edition);
	for (size_t i = 0; i < r->n; i++)
		free(r->chosen[i].profile);
	free(r->chosen);
	free(r);
}

/* --- what was carried ----------------------------------------------------- */

static int64_t
time_of(const struct kept *k)
{
	return k->conv.number[FIELD_CREATE_DATE_TIME];
}

/* How many of the feed's publications there were by then: the stores number
 * them alike, but only one of them knows those of other feeds. */
static size_t
position(const struct revise *r, int64_t publication)
{
	size_t low = 0, high = r->editions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->edition[mid].id <= publication)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* All times that were carried, as many as k->carries + 1 at most: the ones
 * before, and the one it has, until the last publication there is. */
static size_t
all_carried(const struct kept *k, int64_t top, struct carried *out)
{
	for (size_t i = 0; i < k->carries; i++)
		out[i] = k->carried[i];
	out[k->carries] = (struct carried){ k->since, top, time_of(k) };
	return k->carries + (k->since < top);
}

/* The same in editions, without those that no publication falls into. */
static size_t
spans(struct revise *r, const struct kept *k, struct carried **out)
{
	struct carried *s = arena_alloc(&r->a, (k->carries + 1) * sizeof *s);
	size_t all = all_carried(k, INT64_MAX, s), n = 0;

	for (size_t i = 0; i < all; i++) {
		struct carried c = { (int64_t)position(r, s[i].since),
			(int64_t)position(r, s[i].until), s[i].create_time };

		if (c.since == c.until)
			continue;
		if (n > 0 && s[n - 1].until == c.since &&
		    s[n - 1].create_time == c.create_time)
			s[n - 1].until = c.until;
		else
			s[n++] = c;
	}
	*out = s;
	return n;
}

static bool
carried_alike(struct revise *r, const struct kept *a, const struct kept *b)
{
	struct carried *x, *y;
	size_t n = spans(r, a, &x), m = spans(r, b, &y);

	if (n != m)
		return false;
	for (size_t i = 0; i < n; i++)
		if (x[i].since != y[i].since || x[i].until != y[i].until ||
		    x[i].create_time != y[i].create_time)
			return false;
	return true;
}

/* Did a publication (that was pulled) carry the record? */
static bool
went_out(const struct revise *r, const struct kept *k, enum record_kind kind,
    bool pulled)
{
	for (size_t i = 0; i <= k->carries; i++) {
		struct carried c = { k->since, INT64_MAX, time_of(k) };

		if (i < k->carries)
			c = k->carried[i];
		for (size_t p = position(r, c.since);
		     p < r->editions && r->edition[p].id <= c.until; p++) {
			const struct edition *n = &r->edition[p];

			if ((n->kinds & KIND_BIT(kind)) != 0 &&
			    n->from <= c.create_time &&
			    c.create_time <= n->to && (n->pulled || !pulled))
				return true;
		}
	}
	return false;
}

/* --- one record ----------------------------------------------------------- */

static int
tell(struct revise *r, const struct revise_change *c, struct err *e)
{
	r->tally.fate[c->fate]++;
	r->tally.dates_kept += c->date_kept;
	return r->told == NULL ? 0 : r->told(r->told_ctx, c, e);
}

static int
add_ruling(struct revise *r, enum record_kind kind, enum ruling_what what,
    const struct kept *k, struct err *e)
{
	struct ruling ruling = {
		.kind = kind, .id = conv_text(&k->conv, FIELD_ID), .what = what
	};

	r->tally.rulings++;
	if (r->act == NULL)
		return 0;
	ruling.act = r->act->id;
	ruling.value = ruling_value(&r->a, k);
	return store_ruling_add(r->how.store, &ruling, e);
}

/* Direct can be told of an order that it is CANCELLED; of a call only where
 * calls are orders. */
static bool
can_cancel(const struct revise *r, enum record_kind kind)
{
	const char *calls = r->how.feed->calls_as_orders;

	return kind == RECORD_ORDER ||
	       (kind == RECORD_CALL && calls != NULL && calls[0] != '\0');
}

/* Any later row is newer than what it says. */
static int
add_ghost(struct revise *r, enum record_kind kind, const struct kept *live,
    struct conv *is, struct err *e)
{
	struct kept k = *live;
	struct carried *all =
	    arena_alloc(&r->a, (live->carries + 1) * sizeof *all);

	conv_text(&k.conv, FIELD_ORDER_STATUS) = slice_of("CANCELLED");
	k.conv.number[FIELD_UPDATE_DATE_TIME] = CONV_NONE;
	k.carries =
	    all_carried(live, r->act == NULL ? INT64_MAX : r->act->top, all);
	k.carried = all;
	*is = k.conv;
	return add_ruling(r, kind, RULING_GHOST, &k, e);
}

/* No dump has it any more. */
static int
lost(struct revise *r, enum record_kind kind, const struct kept *live,
    struct err *e)
{
	struct revise_change c = {
		.fate = REVISE_GONE, .kind = kind, .was = &live->conv
	};
	struct conv is;

	if (r->replay.expired > 0 && !is_revised(r, live->dump)) {
		r->tally.kept++;
		return add_ruling(r, kind, RULING_KEEP, live, e);
	}
	if (can_cancel(r, kind) && went_out(r, live, kind, false)) {
		if (add_ghost(r, kind, live, &is, e) == -1)
			return -1;
		if (went_out(r, live, kind, true)) {
			c.fate = REVISE_CANCELLED;
			c.is = &is;
		}
	}
	r->tally.gone_pulled +=
	    !can_cancel(r, kind) && went_out(r, live, kind, true);
	return tell(r, &c, e);
}

/* Only its times matter. */
static int
add_date(struct revise *r, enum record_kind kind, const struct kept *is,
    struct err *e)
{
	struct kept k = *is;

	conv_clear(&k.conv);
	conv_text(&k.conv, FIELD_ID) = conv_text(&is->conv, FIELD_ID);
	k.conv.number[FIELD_CREATE_DATE_TIME] = time_of(is);
	return add_ruling(r, kind, RULING_DATE, &k, e);
}

/* What was carried stays what it was. */
static int
settle_date(struct revise *r, enum record_kind kind, const struct kept *live,
    struct kept *is, struct err *e)
{
	int64_t top = r->act == NULL ? INT64_MAX : r->act->top;
	struct carried *all;

	if (kind == RECORD_CONTACT ||
	    (live->frozen ? is->frozen && time_of(is) == time_of(live)
			  : !is->frozen && carried_alike(r, live, is)))
		return 0;
	if (live->frozen) {
		is->conv.number[FIELD_CREATE_DATE_TIME] = time_of(live);
		is->since = live->since;
		is->carries = 0;
		return add_date(r, kind, is, e);
	}
	all = arena_alloc(&r->a, (live->carries + 1) * sizeof *all);
	is->carries = all_carried(live, top, all);
	is->carried = all;
	is->since = top;
	if (time_of(is) == time_of(live)) {
		is->carries = live->carries;
		is->since = live->since;
	}
	return add_date(r, kind, is, e);
}

/* A client who is known by fewer values than before, because the dumps that
 * had the others are past their time. */
static bool
would_lose(const struct revise *r, enum record_kind kind,
    const struct kept *live, const struct kept *is)
{
	if (r->replay.expired == 0 || kind != RECORD_CONTACT ||
	    is_revised(r, live->dump))
		return false;
	for (enum field f = FIELD_NUMBERS; f < FIELD_COUNT; f++)
		if (conv_text(&live->conv, f).n > 0 &&
		    conv_text(&is->conv, f).n == 0)
			return true;
	return false;
}

static bool
same_values(struct revise *r, const struct conv *a, const struct conv *b)
{
	return slice_eq(conv_pack(&r->a, a), conv_pack(&r->a, b));
}

static int
both(struct revise *r, enum record_kind kind, const struct kept *live,
    const struct kept *scratch, struct err *e)
{
	struct kept is = *scratch;
	struct revise_change c = { .fate = REVISE_CHANGED,
		.kind = kind,
		.was = &live->conv,
		.is = &is.conv };

	if (would_lose(r, kind, live, scratch)) {
		r->tally.kept++;
		return add_ruling(r, kind, RULING_KEEP, live, e);
	}
	if (settle_date(r, kind, live, &is, e) == -1)
		return -1;
	c.date_kept = live->frozen && time_of(scratch) != time_of(live);
	if (same_values(r, &live->conv, &is.conv)) {
		r->tally.dates_kept += c.date_kept;
		return 0;
	}
	return tell(r, &c, e);
}

/* --- all of them ---------------------------------------------------------- */

static int
breathe(struct revise *r, struct err *e)
{
	if (++r->breaths % BREATH != 0)
		return 0;
	if (r->how.breathe != NULL)
		r->how.breathe(r->how.ctx);
	if (r->how.stop != NULL && *r->how.stop)
		return err_set(e, "interrupted");
	return 0;
}

static int
compare_walks(struct revise *r, enum record_kind kind, struct walk *live,
    struct walk *scratch, struct err *e)
{
	struct revise_change made = { .fate = REVISE_NEW, .kind = kind };
	struct kept l, s;
	int has = walk_next(live, &l, e), is = walk_next(scratch, &s, e);

	while (has != -1 && is != -1 && (has == 1 || is == 1)) {
		int order = has == 0  ? 1
			    : is == 0 ? -1
				      : slice_cmp(conv_text(&l.conv, FIELD_ID),
					    conv_text(&s.conv, FIELD_ID));

		arena_reset(&r->a);
		made.is = &s.conv;
		if (breathe(r, e) == -1 ||
		    (order < 0      ? lost(r, kind, &l, e)
			: order > 0 ? tell(r, &made, e)
				    : both(r, kind, &l, &s, e)) == -1)
			return -1;
		if (order <= 0)
			has = walk_next(live, &l, e);
		if (order >= 0)
			is = walk_next(scratch, &s, e);
	}
	return has == -1 || is == -1 ? -1 : 0;
}

static int
compare_kind(struct revise *r, enum record_kind kind, struct err *e)
{
	struct walk *live = NULL, *scratch = NULL;
	const char *feed = r->how.feed->name;
	int rc = -1;

	if (store_walk(&live, r->how.store, feed, kind, e) == 0 &&
	    store_walk(&scratch, r->scratch, feed, kind, e) == 0)
		rc = compare_walks(r, kind, live, scratch, e);
	walk_end(live);
	walk_end(scratch);
	return rc;
}

/* No settings that anybody wants reject all of a dump. */
static int
check_chosen(const struct revise *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct chosen *c = &r->chosen[i];

		if (c->other && !c->empty && c->tally.records > 0 &&
		    c->tally.rejected == c->tally.records)
			return err_set(e,
			    _("Under today's settings dump %lld cannot be "
			      "used: every record of it is rejected."),
			    (long long)c->id);
	}
	return 0;
}

static int
compare(struct revise *r, struct err *e)
{
	/* what happened since */
	if (replay(&r->replay, e) == -1)
		return -1;
	if (r->n > 0)
		qsort(r->chosen, r->n, sizeof *r->chosen, by_id);
	if (check_chosen(r, e) == -1)
		return -1;
	if (store_editions(r->how.store, r->how.feed->name, &r->edition,
		&r->editions, e) == -1)
		return -1;
	r->tally.expired = r->replay.expired;
	for (enum record_kind k = 0; k < RECORD_KINDS; k++)
		if (compare_kind(r, k, e) == -1)
			return -1;
	return 0;
}

int
revise_look(struct revise *r, struct revise_tally *out, revise_told *told,
    void *ctx, struct err *e)
{
	r->told = told;
	r->told_ctx = ctx;
	if (compare(r, e) == -1)
		return -1;
	*out = r->tally;
	return 0;
}

/* --- for good ------------------------------------------------------------- */

static int
mark_withdrawn(struct revise *r, const struct act *a, struct err *e)
{
	struct dump_entry d;

	if (r->how.withdraw == 0)
		return 0;
	if (store_dump_get(r->how.store, r->how.withdraw, &d, NULL, e) == -1)
		return -1;
	d.state = DUMP_WITHDRAWN;
	snprintf(d.reason, sizeof d.reason, "%s", a->reason);
	return store_dump_set(r->how.store, &d, e);
}

/* From now on it was read so.  A hashed copy was not read as its original would
 * be: dropped again it is another dump. */
static int
mark_revised(struct revise *r, const struct chosen *c, struct err *e)
{
	struct dump_entry d;
	char *text = NULL, *today = NULL, *key = NULL;
	int rc = -1;

	if (!c->other)
		return 0;
	if (store_dump_get(r->how.store, c->id, &d, &text, e) == -1)
		return -1;
	today = text_today(r, &d, text);
	if (!is_canon(text)) {
		key = settings_text(source_today(r, d.source));
		ingest_fingerprint(d.fingerprint, key);
	}
	d.tally = c->tally;
	if (c->preset[0] != '\0')
		memcpy(d.preset, c->preset, sizeof d.preset);
	if (c->encoding[0] != '\0')
		memcpy(d.encoding, c->encoding, sizeof d.encoding);
	if (c->hashed && reread_count_rest(r->how.store, &d, e) == -1)
		goto out;
	if (c->profile != NULL &&
	    store_profile_set(r->how.store, c->id, c->profile, e) == -1)
		goto out;
	if (store_dump_revise(r->how.store, c->id, today, d.fingerprint, e) ==
		0 &&
	    store_dump_set(r->how.store, &d, e) == 0)
		rc = 0;
out:
	free(text);
	free(today);
	free(key);
	return rc;
}

int
revise_settle(
    struct revise *r, struct act *a, struct revise_tally *out, struct err *e)
{
	struct store *live = r->how.store;

	snprintf(a->feed, sizeof a->feed, "%s", r->how.feed->name);
	a->dump = r->how.withdraw;
	a->at = r->how.now;
	/* the rest of the history comes before the act */
	if (replay(&r->replay, e) == -1 || store_act_add(live, a, e) == -1)
		return -1;
	r->replay.after = INT64_MAX;
	r->act = a;
	if (compare(r, e) == -1)
		return -1;
	*out = r->tally;
	a->gone = r->tally.fate[REVISE_GONE];
	if (store_act_gone(live, a, e) == -1 || mark_withdrawn(r, a, e) == -1)
		return -1;
	for (size_t i = 0; i < r->n; i++)
		if (mark_revised(r, &r->chosen[i], e) == -1)
			return -1;
	if (store_begin(r->scratch, e) == -1 ||
	    store_act_again(r->scratch, live, a->id, e) == -1 ||
	    store_commit(r->scratch, e) == -1)
		return -1;
	return store_replace_feed(live, r->scratch, r->how.feed->name, e);
}
