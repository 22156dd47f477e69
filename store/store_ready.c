/*
 * Records of a feed, sorted by creation time for one publishing and kept for
 * the next: another file of the feed may ask for it.
 */
#include "store/store_ready.h"

#include <string.h>

void
store_ready_drop(struct store *s)
{
	s->dropped++;
	sorter_close(s->ready.sorter);
	s->ready.sorter = NULL;
	s->ready.feed[0] = '\0';
}

bool
store_ready_take(struct store *s, const char *feed, unsigned kinds,
    int64_t from, int64_t to, struct ready *out)
{
	const struct ready *r = &s->ready;

	if (r->sorter == NULL || r->kinds != kinds ||
	    strcmp(r->feed, feed) != 0 || from < r->from || to > r->to)
		return false;
	*out = *r;
	s->ready.sorter = NULL;
	return true;
}

void
store_ready_give(struct store *s, const struct ready *r)
{
	if (r->dropped != s->dropped) { /* the store changed meanwhile */
		sorter_close(r->sorter);
		return;
	}
	sorter_close(s->ready.sorter);
	s->ready = *r;
}
