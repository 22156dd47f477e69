/*
 * See revise.h.
 */
#include "feed/revise_private.h"

#include <stdlib.h>

#define BREATH 4096 /* records between two breaths */

/* --- beginning ------------------------------------------------------------ */

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

	if (how->withdraw != 0 &&
	    revise_check_dump(how, how->withdraw, e) == -1)
		return -1;
	for (size_t i = 0; i < how->dumps; i++)
		if (revise_check_dump(how, how->dump[i], e) == -1)
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
		.choose = revise_choose,
		.reading = revise_reading,
		.merged = revise_merged,
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
	return replay(&r->replay, e) == -1 ? revise_blame(r, e) : 0;
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
	struct kept l, s;
	int has = walk_next(live, &l, e), is = walk_next(scratch, &s, e);

	while (has != -1 && is != -1 && (has == 1 || is == 1)) {
		int order = has == 0  ? 1
			    : is == 0 ? -1
				      : slice_cmp(conv_text(&l.conv, FIELD_ID),
					    conv_text(&s.conv, FIELD_ID));

		arena_reset(&r->a);
		if (breathe(r, e) == -1 ||
		    (order < 0      ? revise_lost(r, kind, &l, e)
			: order > 0 ? revise_made(r, kind, &s, e)
				    : revise_both(r, kind, &l, &s, e)) == -1)
			return -1;
		r->tally.left++;
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

static int
compare(struct revise *r, struct err *e)
{
	/* what happened since */
	if (revise_replay(r, e) == -1)
		return -1;
	if (revise_check_chosen(r, e) == -1)
		return -1;
	if (store_editions(r->how.store, r->how.feed->name, &r->edition,
		&r->editions, e) == -1)
		return -1;
	r->tally.expired = r->replay.expired;
	for (enum record_kind k = 0; k < RECORD_KINDS; k++)
		if (compare_kind(r, k, e) == -1)
			return -1;
	r->tally.left -= r->tally.fate[REVISE_GONE];
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

int
revise_settle(
    struct revise *r, struct act *a, struct revise_tally *out, struct err *e)
{
	struct store *live = r->how.store;

	snprintf(a->feed, sizeof a->feed, "%s", r->how.feed->name);
	a->dump = r->how.withdraw;
	a->at = r->how.now;
	/* the rest of the history comes before the act */
	if (revise_replay(r, e) == -1 || store_act_add(live, a, e) == -1)
		return -1;
	r->replay.after = INT64_MAX;
	r->act = a;
	if (compare(r, e) == -1)
		return -1;
	*out = r->tally;
	a->gone = r->tally.fate[REVISE_GONE];
	if (store_act_gone(live, a, e) == -1 || revise_mark(r, a, e) == -1)
		return -1;
	if (store_begin(r->scratch, e) == -1 ||
	    store_act_again(r->scratch, live, a->id, e) == -1 ||
	    store_commit(r->scratch, e) == -1)
		return -1;
	return store_replace_feed(live, r->scratch, r->how.feed->name, e);
}
