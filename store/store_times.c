/*
 * What depends on when records were created: which are frozen, because a
 * publication that carries their creation time was pulled (see store_sql.c),
 * when one that is held is due, and how many there are within a time.
 *
 * The list of pulled publications is read once for each piece of work.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_blocks.h"
#include "store/store_ready.h"
#include "store/store_private.h"
#include "store/store_queue.h"
#include "store/store_steps.h"

/* --- what was pulled ---------------------------------------------------- */

int
store_read_pulled(struct store *s, const char *feed, enum record_kind kind,
    struct pulled_list *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PULLED, e);
	struct pulled_list l = { NULL, 0, 0 };
	int rc;

	if (q == NULL)
		return -1;
	/* A contact has no creation time that anybody froze. */
	store_bind(q, "si", feed,
	    kind == RECORD_CONTACT ? INT64_C(0) : (int64_t)KIND_BIT(kind));
	while ((rc = store_step(s, q, e)) == 1) {
		if (l.n == l.room) {
			l.room = l.room == 0 ? 16 : l.room * 2;
			l.p = mem_grow(l.p, l.room * sizeof *l.p);
		}
		l.p[l.n++] = (struct pulled){ sqlite3_column_int64(q, 0),
			sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
			(unsigned)sqlite3_column_int64(q, 3),
			sqlite3_column_int64(q, 4) };
	}
	sqlite3_reset(q);
	if (rc == -1)
		free(l.p);
	else
		*out = l;
	return rc;
}

/* Did a pulled publication carry the creation time that an order got when
 * since was the last one?  Nearly always the first one after since tells. */
int64_t
store_first_pull(
    const struct pulled_list *l, int64_t since, int64_t create_time)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (l->p[mid].id <= since)
			low = mid + 1;
		else
			high = mid;
	}
	for (size_t i = low; i < l->n; i++)
		if (l->p[i].from <= create_time && create_time <= l->p[i].to)
			return l->p[i].first == 0 ? 1 : l->p[i].first;
	return 0;
}

bool
store_is_frozen(const struct pulled_list *l, int64_t since, int64_t create_time)
{
	return store_first_pull(l, since, create_time) != 0;
}

/* --- when, and how many ------------------------------------------------ */

static int
next_due(struct store *s, const char *feed, enum record_kind kind, int64_t now,
    int64_t *due, struct err *e)
{
	int64_t number, its;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1)
		return rc;
	if (blocks_due(s, number, now, &its, e) == -1)
		return -1;
	if (its < *due)
		*due = its;
	return 0;
}

int
store_next_due(
    struct store *s, const char *feed, int64_t now, int64_t *out, struct err *e)
{
	int64_t due = INT64_MAX;

	if (!s->read_only && strcmp(s->due.feed, feed) == 0 &&
	    s->due.asked <= now && now < s->due.due) {
		*out = s->due.due;
		return 0;
	}
	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		if (next_due(s, feed, k, now, &due, e) == -1)
			return -1;
	}
	snprintf(s->due.feed, sizeof s->due.feed, "%s", feed);
	s->due.asked = now;
	s->due.due = due;
	*out = due;
	return 0;
}

static int
count_kind(struct store *s, const char *feed, enum record_kind kind,
    int64_t from, int64_t to, uint64_t *out, struct err *e)
{
	int64_t number;
	uint64_t n;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1)
		return rc;
	if (blocks_count(s, number, from, to, &n, e) == -1)
		return -1;
	*out += n;
	return 0;
}

int
store_count(struct store *s, const char *feed, unsigned kinds, int64_t from,
    int64_t to, uint64_t *out, struct err *e)
{
	uint64_t n = 0;

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		if ((kinds & KIND_BIT(k)) != 0 &&
		    count_kind(s, feed, k, from, to, &n, e) == -1)
			return -1;
	}
	*out = n;
	return 0;
}

/* --- freezing ----------------------------------------------------------- */

struct thaw { /* an order that was carried with another creation time */
	struct slice id;
	int64_t create_time, since;
};

struct thaws {
	struct arena a;
	struct thaw *t;
	size_t n, room;
};

static void
add_thaw(struct thaws *l, sqlite3_stmt *q)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 16 : l->room * 2;
		l->t = mem_grow(l->t, l->room * sizeof *l->t);
	}
	l->t[l->n++] = (struct thaw){ arena_copy(&l->a, store_blob(q, 0)),
		sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2) };
}

/* What p carried with another creation time than they may have now. */
static int
read_thaws(struct store *s, int64_t feed, const struct pulled *p,
    struct thaws *l, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_CARRIED_BY, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "iiii", feed, p->id, p->from, p->to);
	while ((rc = store_step(s, q, e)) == 1)
		add_thaw(l, q);
	sqlite3_reset(q);
	return rc;
}

/* An order gets its creation time back, unless another pulled version has
 * frozen it since. */
static int
thaw(struct store *s, struct blocks *b, int64_t feed, const struct thaw *t,
    const struct pulled_list *pulled, struct arena *a, struct err *e)
{
	struct entry n;
	int rc = blocks_find(b, t->id, &n, e);

	if (rc != 1 || store_is_frozen(pulled, n.since, n.create_time))
		return rc == -1 ? -1 : 0;
	arena_reset(a);
	n.id = t->id;
	n.create_time = t->create_time;
	n.since = t->since;
	n.conv = arena_copy(a, n.conv);
	return blocks_put(b, &n, e) == -1 || store_run(s, SQL_CARRIED_FORGET, e,
						 "ib", feed, t->id) == -1
		   ? -1
		   : 0;
}

static int
freeze_kind(struct store *s, const char *feed, enum record_kind kind,
    const struct pulled *p, struct err *e)
{
	struct pulled_list pulled = { NULL, 0, 0 };
	struct thaws l = { ARENA_EMPTY, NULL, 0, 0 };
	struct arena a = ARENA_EMPTY;
	struct blocks *b;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1)
		return rc;
	b = blocks_open(s, number);
	rc = store_read_pulled(s, feed, kind, &pulled, e) == -1 ||
		     read_thaws(s, number, p, &l, e) == -1
		 ? -1
		 : 0;
	if (l.n > 0) {
		s->due.feed[0] = '\0';
		store_ready_drop(s);
	}
	for (size_t i = 0; rc == 0 && i < l.n; i++)
		rc = thaw(s, b, number, &l.t[i], &pulled, &a, e);
	if (rc == 0)
		rc = blocks_end(b, e);
	blocks_close(b);
	arena_free(&a);
	arena_free(&l.a);
	free(l.t);
	free(pulled.p);
	return rc;
}

int
store_freeze(
    struct store *s, const char *feed, const struct pulled *p, struct err *e)
{
	if (steps_carried(s, feed, p, e) == -1 ||
	    queue_pulled(s, feed, p, p->first, e) == -1)
		return -1;
	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		if (k != RECORD_CONTACT && (p->kinds & KIND_BIT(k)) != 0 &&
		    freeze_kind(s, feed, k, p, e) == -1)
			return -1;
	}
	return 0;
}
