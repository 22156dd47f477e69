/*
 * Records as they are kept, one after the other by id, with what publications
 * carried of them: for building a feed anew beside itself and putting it into
 * its place.
 */
#include <stdlib.h>
#include <string.h>

#include "store/merge.h"
#include "store/store_blocks.h"
#include "store/store_ready.h"

static int
read_entry(const struct store *s, const struct entry *n,
    const struct pulled_list *pulled, struct kept *out, struct err *e)
{
	*out = (struct kept){
		.since = n->since,
		.dump = n->dump,
		.line = n->line,
		.frozen = store_is_frozen(pulled, n->since, n->create_time),
	};
	return entry_conv(s, n, &out->conv, e);
}

/* --- one after the other -------------------------------------------------- */

struct walk {
	struct store *s;
	struct block_walk orders;
	sqlite3_stmt *carried;
	bool has_carried; /* a row of carried is waiting */
	struct pulled_list pulled;
	struct carried *list;
	size_t n, room;
};

static int
next_carried(struct walk *w, struct err *e)
{
	int rc = store_step(w->s, w->carried, e);

	w->has_carried = rc == 1;
	return rc == -1 ? -1 : 0;
}

int
store_walk(struct walk **out, struct store *s, const char *feed,
    enum record_kind kind, struct err *e)
{
	struct walk *w = mem_alloc(sizeof *w);
	int64_t number = -1;

	w->s = s;
	if (store_feed(s, feed, kind, false, &number, e) == -1 ||
	    store_read_pulled(s, feed, kind, &w->pulled, e) == -1 ||
	    walk_begin(&w->orders, s, number, INT64_MIN, INT64_MAX, e) == -1 ||
	    (w->carried = store_fresh(s, SQL_CARRIED_SCAN, e)) == NULL)
		goto fail;
	store_bind(w->carried, "i", number);
	if (next_carried(w, e) == -1)
		goto fail;
	*out = w;
	return 0;
fail:
	walk_end(w);
	return -1;
}

void
walk_end(struct walk *w)
{
	if (w == NULL)
		return;
	walk_finish(&w->orders);
	sqlite3_finalize(w->carried);
	free(w->pulled.p);
	free(w->list);
	free(w);
}

static void
add_carried(struct carried **list, size_t *n, size_t *room, struct carried c)
{
	if (*n == *room) {
		*room = *room == 0 ? 4 : *room * 2;
		*list = mem_grow(*list, *room * sizeof **list);
	}
	(*list)[(*n)++] = c;
}

/* Those of the record that w is at. */
static int
take_carried(struct walk *w, struct slice id, struct err *e)
{
	w->n = 0;
	while (w->has_carried) {
		int order = slice_cmp(store_blob(w->carried, 0), id);

		if (order > 0)
			break;
		if (order == 0)
			add_carried(&w->list, &w->n, &w->room,
			    (struct carried){
				sqlite3_column_int64(w->carried, 1),
				sqlite3_column_int64(w->carried, 2),
				sqlite3_column_int64(w->carried, 3) });
		if (next_carried(w, e) == -1)
			return -1;
	}
	return 0;
}

int
walk_next(struct walk *w, struct kept *out, struct err *e)
{
	struct entry n;
	int rc = walk_entry(&w->orders, &n, e);

	if (rc != 1)
		return rc;
	if (read_entry(w->s, &n, &w->pulled, out, e) == -1 ||
	    take_carried(w, n.id, e) == -1)
		return -1;
	out->carried = w->list;
	out->carries = w->n;
	return 1;
}

/* --- some of them --------------------------------------------------------- */

/* Ids that ascend touch each block once. */
struct edit {
	struct store *s;
	int64_t feed;
	struct blocks *orders;
	struct pulled_list pulled;
	struct arena a; /* of one record */
};

int
edit_begin(struct edit **out, struct store *s, const char *feed,
    enum record_kind kind, struct err *e)
{
	struct edit *w = mem_alloc(sizeof *w);

	w->s = s;
	s->due.feed[0] = '\0';
	store_ready_drop(s);
	if (store_feed(s, feed, kind, true, &w->feed, e) == -1 ||
	    store_read_pulled(s, feed, kind, &w->pulled, e) == -1) {
		free(w);
		return -1;
	}
	w->orders = blocks_open(s, w->feed);
	*out = w;
	return 0;
}

int
edit_end(struct edit *w, struct err *e)
{
	int rc;

	if (w == NULL)
		return 0;
	rc = e == NULL ? 0 : blocks_end(w->orders, e);
	blocks_close(w->orders);
	arena_free(&w->a);
	free(w->pulled.p);
	free(w);
	return rc;
}

const struct pulled_list *
edit_pulled(const struct edit *w)
{
	return &w->pulled;
}

int
edit_carried(struct edit *w, const struct kept *k, struct err *e)
{
	struct slice id = conv_text(&k->conv, FIELD_ID);

	if (store_run(w->s, SQL_CARRIED_FORGET, e, "ib", w->feed, id) == -1)
		return -1;
	for (size_t i = 0; i < k->carries; i++) {
		const struct carried *c = &k->carried[i];

		if (store_run(w->s, SQL_CARRIED_PUT, e, "ibiii", w->feed, id,
			c->since, c->until, c->create_time) == -1)
			return -1;
	}
	return 0;
}

int
edit_put(struct edit *w, const struct kept *k, struct err *e)
{
	struct slice id = conv_text(&k->conv, FIELD_ID), c;
	char canonical[VARIANT_MAX];
	struct entry n;

	arena_reset(&w->a);
	n = entry_of(&w->a, &k->conv);
	n.since = k->since;
	n.dump = k->dump;
	n.line = k->line;
	if (blocks_put(w->orders, &n, e) == -1 || edit_carried(w, k, e) == -1)
		return -1;
	c = variant_canonical(canonical, id, 0);
	return c.n == 0
		   ? 0
		   : store_run(w->s, SQL_VARIANT_ADD, e, "ibb", w->feed, c, id);
}

static int
read_carried(struct edit *w, struct arena *a, struct kept *k, struct err *e)
{
	struct carried *list = NULL, *copy;
	size_t n = 0, room = 0;
	sqlite3_stmt *q = store_kept(w->s, SQL_CARRIED_GET, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "ib", w->feed, conv_text(&k->conv, FIELD_ID));
	while ((rc = store_step(w->s, q, e)) == 1)
		add_carried(&list, &n, &room,
		    (struct carried){ sqlite3_column_int64(q, 0),
			sqlite3_column_int64(q, 1),
			sqlite3_column_int64(q, 2) });
	sqlite3_reset(q);
	copy = arena_alloc(a, (n + 1) * sizeof *copy);
	if (n > 0)
		memcpy(copy, list, n * sizeof *copy);
	free(list);
	k->carried = copy;
	k->carries = n;
	return rc;
}

int
edit_get(struct edit *w, struct arena *a, struct slice id, struct kept *out,
    struct err *e)
{
	struct entry n;
	int rc = blocks_find(w->orders, id, &n, e);

	if (rc != 1)
		return rc;
	n.id = arena_copy(a, n.id);
	n.conv = arena_copy(a, n.conv);
	return read_entry(w->s, &n, &w->pulled, out, e) == -1 ||
		       read_carried(w, a, out, e) == -1
		   ? -1
		   : 1;
}

int
store_kept_put(struct store *s, const char *feed, enum record_kind kind,
    const struct kept *k, struct err *e)
{
	struct edit *w;

	if (edit_begin(&w, s, feed, kind, e) == -1)
		return -1;
	if (edit_put(w, k, e) == -1) {
		edit_end(w, NULL);
		return -1;
	}
	return edit_end(w, e);
}

/* --- the feed's publications ---------------------------------------------- */

int
store_editions(struct store *s, const char *feed, struct edition **out,
    size_t *n, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PUB_DONE_LIST, e);
	struct edition *list = NULL;
	size_t used = 0, room = 0;
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "s", feed);
	while ((rc = store_step(s, q, e)) == 1) {
		if (used == room) {
			room = room == 0 ? 16 : room * 2;
			list = mem_grow(list, room * sizeof *list);
		}
		list[used++] = (struct edition){ sqlite3_column_int64(q, 0),
			sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
			(unsigned)sqlite3_column_int64(q, 3),
			sqlite3_column_int64(q, 5) > 0 };
	}
	sqlite3_reset(q);
	if (rc == -1) {
		free(list);
		return -1;
	}
	*out = list;
	*n = used;
	return 0;
}

/* --- in the place of another ---------------------------------------------- */

/* Row by row: the columns are integers and bytes, in one order on both sides.
 * columns has a letter for each but the feed's. */
static int
copy_rows(struct store *to, struct store *from, enum sql read, enum sql write,
    int64_t source, int64_t target, const char *columns, struct err *e)
{
	sqlite3_stmt *r = store_fresh(from, read, e), *w;
	int rc = r == NULL ? -1 : 1;

	if (rc == 1)
		store_bind(r, "i", source);
	while (rc == 1 && (rc = store_step(from, r, e)) == 1) {
		w = store_kept(to, write, e);
		if (w == NULL) {
			rc = -1;
			break;
		}
		sqlite3_bind_int64(w, 1, target);
		for (int i = 0; columns[i] != '\0'; i++) {
			struct slice b = store_blob(r, i);

			if (columns[i] == 'i')
				sqlite3_bind_int64(
				    w, i + 2, sqlite3_column_int64(r, i));
			else
				sqlite3_bind_blob64(w, i + 2,
				    b.n == 0 ? "" : b.p, b.n, SQLITE_STATIC);
		}
		if (store_step(to, w, e) == -1)
			rc = -1;
		else
			rc = 1;
		sqlite3_reset(w);
	}
	sqlite3_finalize(r);
	return rc;
}

static int
replace_kind(struct store *to, struct store *from, const char *feed,
    enum record_kind kind, struct err *e)
{
	int64_t target, source;
	int had = store_feed(to, feed, kind, false, &target, e);
	int has = store_feed(from, feed, kind, false, &source, e);

	if (had == -1 || has == -1)
		return -1;
	if (had == 1 &&
	    (store_run(to, SQL_REPLACE_ORDERS, e, "i", target) == -1 ||
		store_run(to, SQL_REPLACE_CARRIED, e, "i", target) == -1 ||
		store_run(to, SQL_REPLACE_VARIANTS, e, "i", target) == -1 ||
		store_run(to, SQL_STEP_CLEAR, e, "i", target) == -1 ||
		store_run(to, SQL_QUEUE_CLEAR, e, "i", target) == -1))
		return -1;
	if (has == 0)
		return 0;
	if (store_feed(to, feed, kind, true, &target, e) == -1)
		return -1;
	return copy_rows(to, from, SQL_BLOCK_COPY, SQL_BLOCK_ADD, source,
		   target, "biiib", e) == -1 ||
		       copy_rows(to, from, SQL_CARRIED_SCAN, SQL_CARRIED_PUT,
			   source, target, "biii", e) == -1 ||
		       copy_rows(to, from, SQL_VARIANT_SCAN, SQL_VARIANT_ADD,
			   source, target, "bb", e) == -1 ||
		       copy_rows(to, from, SQL_STEP_COPY, SQL_STEP_SET, source,
			   target, "bib", e) == -1 ||
		       copy_rows(to, from, SQL_QUEUE_COPY, SQL_QUEUE_ADD,
			   source, target, "bibiii", e) == -1
		   ? -1
		   : 0;
}

int
store_replace_feed(
    struct store *to, struct store *from, const char *feed, struct err *e)
{
	to->due.feed[0] = '\0';
	to->blocks_written++;
	store_ready_drop(to);
	for (enum record_kind k = 0; k < RECORD_KINDS; k++)
		if (replace_kind(to, from, feed, k, e) == -1)
			return -1;
	return 0;
}
