/*
 * Many records at once (store_blocks.h): one block after the other, and what
 * their ranges of creation times tell without reading them.
 */
#include "store/store_blocks.h"

static int
begin(struct block_walk *w, enum sql which, int64_t feed, int64_t from,
    int64_t to, struct err *e)
{
	w->rest.n = 0;
	w->blocks = store_fresh(w->store, which, e);
	if (w->blocks == NULL)
		return -1;
	store_bind(w->blocks, "iii", feed, from, to);
	return 0;
}

int
walk_begin(struct block_walk *w, struct store *s, int64_t feed, int64_t from,
    int64_t to, struct err *e)
{
	w->store = s;
	return begin(w, SQL_BLOCK_SCAN, feed, from, to, e);
}

int
walk_entry(struct block_walk *w, struct entry *out, struct err *e)
{
	while (w->rest.n == 0) {
		int rc = store_step(w->store, w->blocks, e);

		if (rc != 1)
			return rc;
		w->rest = store_blob(w->blocks, 0);
	}
	return entry_take(&w->rest, out) ? 1 : entry_damaged(w->store, e);
}

void
walk_finish(struct block_walk *w)
{
	sqlite3_finalize(w->blocks);
	w->blocks = NULL;
}

/* How many of the blocks that lie across a limit are within, and the earliest
 * of these. */
static int
look_across(struct store *s, int64_t feed, int64_t from, int64_t to,
    uint64_t *count, int64_t *least, struct err *e)
{
	struct block_walk w = { .store = s };
	struct entry n;
	int rc = begin(&w, SQL_BLOCK_ACROSS, feed, from, to, e);

	*count = 0;
	*least = INT64_MAX;
	while (rc == 0 && (rc = walk_entry(&w, &n, e)) == 1) {
		rc = 0;
		if (n.create_time < from || n.create_time > to)
			continue;
		++*count;
		if (n.create_time < *least)
			*least = n.create_time;
	}
	walk_finish(&w);
	return rc;
}

/* Only blocks that lie across a limit are read. */

int
blocks_count(struct store *s, int64_t feed, int64_t from, int64_t to,
    uint64_t *out, struct err *e)
{
	int64_t whole, least;
	uint64_t n;

	if (store_ask(s, SQL_BLOCK_COUNT, &whole, e, "iii", feed, from, to) ==
		-1 ||
	    look_across(s, feed, from, to, &n, &least, e) == -1)
		return -1;
	*out = (uint64_t)whole + n;
	return 0;
}

int
blocks_due(
    struct store *s, int64_t feed, int64_t now, int64_t *out, struct err *e)
{
	int64_t whole, least;
	uint64_t n;

	*out = INT64_MAX;
	if (now == INT64_MAX)
		return 0;
	if (store_ask(s, SQL_BLOCK_DUE, &whole, e, "iii", feed, now + 1,
		INT64_MAX) == -1 ||
	    look_across(s, feed, now + 1, INT64_MAX, &n, &least, e) == -1)
		return -1;
	*out = whole < least ? whole : least;
	return 0;
}

int
blocks_any(struct store *s, int64_t feed, bool *out, struct err *e)
{
	int64_t any;

	if (store_ask(s, SQL_BLOCK_ANY, &any, e, "i", feed) == -1)
		return -1;
	*out = any != -1;
	return 0;
}
