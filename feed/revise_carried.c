/*
 * What publications carried of a record.  That is a fact, whatever the dumps
 * say now.  See revise_private.h.
 */
#include "feed/revise_private.h"

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

size_t
revise_all_carried(const struct kept *k, int64_t top, struct carried *out)
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
	size_t all = revise_all_carried(k, INT64_MAX, s), n = 0;

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

bool
revise_carried_alike(
    struct revise *r, const struct kept *a, const struct kept *b)
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

bool
revise_went_out(const struct revise *r, const struct kept *k,
    enum record_kind kind, bool pulled)
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
