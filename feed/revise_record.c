/*
 * What one record becomes.  What publications carried stays: so the replayed
 * store's idea of it gives way to the live one's wherever the two differ.  See
 * revise_private.h.
 */
#include "feed/revise_private.h"

#include "server/lang.h"

static int64_t
time_of(const struct kept *k)
{
	return k->conv.number[FIELD_CREATE_DATE_TIME];
}

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
	k.carries = revise_all_carried(
	    live, r->act == NULL ? INT64_MAX : r->act->top, all);
	k.carried = all;
	*is = k.conv;
	return add_ruling(r, kind, RULING_GHOST, &k, e);
}

int
revise_lost(struct revise *r, enum record_kind kind, const struct kept *live,
    struct err *e)
{
	struct revise_change c = {
		.fate = REVISE_GONE, .kind = kind, .was = &live->conv
	};
	struct conv is;

	if (r->replay.expired > 0 && !revise_is_revised(r, live->dump)) {
		r->tally.kept++;
		return add_ruling(r, kind, RULING_KEEP, live, e);
	}
	if (can_cancel(r, kind) && revise_went_out(r, live, kind, false)) {
		if (add_ghost(r, kind, live, &is, e) == -1)
			return -1;
		if (revise_went_out(r, live, kind, true)) {
			c.fate = REVISE_CANCELLED;
			c.is = &is;
		}
	}
	r->tally.gone_pulled +=
	    !can_cancel(r, kind) && revise_went_out(r, live, kind, true);
	return tell(r, &c, e);
}

int
revise_made(struct revise *r, enum record_kind kind, const struct kept *scratch,
    struct err *e)
{
	struct revise_change c = {
		.fate = REVISE_NEW, .kind = kind, .is = &scratch->conv
	};

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
			  : !is->frozen && revise_carried_alike(r, live, is)))
		return 0;
	if (live->frozen) {
		is->conv.number[FIELD_CREATE_DATE_TIME] = time_of(live);
		is->since = live->since;
		is->carries = 0;
		return add_date(r, kind, is, e);
	}
	all = arena_alloc(&r->a, (live->carries + 1) * sizeof *all);
	is->carries = revise_all_carried(live, top, all);
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
	    revise_is_revised(r, live->dump))
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

int
revise_both(struct revise *r, enum record_kind kind, const struct kept *live,
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
