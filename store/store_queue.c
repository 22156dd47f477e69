/*
 * Statuses that wait to be shown (status_steps = each).
 *
 * Table queue has, for an order that took several statuses since a pull carried
 * one, each of them in a row: the first is the one that is shown, the last is
 * what the order is.  The first has the last publication before it was shown
 * (since) and when it gives way (due); with the others both are 0.  It is done
 * once a later publication was pulled completely, or at due; then the next is
 * the first.  An order without rows shows what it is.
 *
 * Nothing happens by itself: before a dump is merged, a version is written or a
 * pull is noted, steps that are over by then give way, each 24 hours after the
 * one before it.  So a rebuild that replays these comes to the same rows.  That
 * nothing waits any more, for the setting is last now, is an event of its own.
 */
#include "store/store_queue.h"

#include <stdlib.h>
#include <string.h>

#define STEP_SECONDS (24 * 60 * 60)
/* Of an order; a newer status takes the last one's place. */
#define STEPS_MAX 8
#define BATCH 256

/* --- filling ------------------------------------------------------------- */

/* Goes out at once, and is no step. */
static bool
is_final(struct slice status)
{
	return slice_is(status, "CANCELLED") || slice_is(status, "SPAM");
}

struct tail {
	int64_t seq, due; /* of the last row; 0: there is none */
	int64_t rows;
};

static int
read_tail(struct store *s, int64_t feed, struct slice id, struct tail *out,
    struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_QUEUE_TAIL, e);
	int rc;

	*out = (struct tail){ 0 };
	if (q == NULL)
		return -1;
	store_bind(q, "ib", feed, id);
	rc = store_step(s, q, e);
	if (rc == 1)
		*out = (struct tail){ sqlite3_column_int64(q, 0),
			sqlite3_column_int64(q, 1),
			sqlite3_column_int64(q, 2) };
	sqlite3_reset(q);
	return rc == -1 ? -1 : 0;
}

static int
add_row(struct store *s, int64_t feed, const struct step *t, int64_t seq,
    struct slice status, int64_t since, int64_t due, struct err *e)
{
	return store_run(s, SQL_QUEUE_ADD, e, "ibibiii", feed, t->id, seq,
	    status, t->create_time, since, due);
}

static int
begin_queue(struct store *s, int64_t feed, int64_t now, const struct step *t,
    struct err *e)
{
	return add_row(
		   s, feed, t, 1, t->was, t->since, now + STEP_SECONDS, e) == -1
		   ? -1
		   : add_row(s, feed, t, 2, t->is, 0, 0, e);
}

/* One that was shown alone is waited for from now on. */
static int
append(struct store *s, int64_t feed, int64_t now, const struct step *t,
    const struct tail *last, struct err *e)
{
	if (last->rows >= STEPS_MAX)
		return store_run(s, SQL_QUEUE_STATUS, e, "bibi", t->is, feed,
		    t->id, last->seq);
	if (last->due != 0 &&
	    store_run(s, SQL_QUEUE_WAIT, e, "iibi", now + STEP_SECONDS, feed,
		t->id, last->seq) == -1)
		return -1;
	return add_row(s, feed, t, last->seq + 1, t->is, 0, 0, e);
}

int
queue_step(struct store *s, int64_t feed, int64_t now, const struct step *t,
    bool *queued, struct err *e)
{
	struct tail last;

	*queued = false;
	if (is_final(t->is))
		return store_run(s, SQL_QUEUE_DROP, e, "ib", feed, t->id);
	if (read_tail(s, feed, t->id, &last, e) == -1)
		return -1;
	if (last.rows == 0 && (t->carried || is_final(t->was)))
		return 0;
	*queued = true;
	return last.rows == 0 ? begin_queue(s, feed, now, t, e)
			      : append(s, feed, now, t, &last, e);
}

/* --- emptying ------------------------------------------------------------ */

/* A row that is over. */
struct over {
	struct slice id, status;
	int64_t seq, due;
};

struct batch {
	struct arena a;
	struct over row[BATCH];
	size_t n;
};

/* What q, bound, lists. */
static int
read_batch(struct store *s, sqlite3_stmt *q, struct batch *b, struct err *e)
{
	int rc = 0;

	arena_reset(&b->a);
	b->n = 0;
	while (b->n < BATCH && (rc = store_step(s, q, e)) == 1)
		b->row[b->n++] =
		    (struct over){ arena_copy(&b->a, store_blob(q, 0)),
			    arena_copy(&b->a, store_blob(q, 1)),
			    sqlite3_column_int64(q, 2),
			    sqlite3_column_int64(q, 3) };
	sqlite3_reset(q);
	return rc == -1 ? -1 : 0;
}

static int
first_status(struct store *s, int64_t feed, struct slice id, struct arena *a,
    struct slice *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_QUEUE_FIRST, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "ib", feed, id);
	rc = store_step(s, q, e);
	if (rc == 1)
		*out = arena_copy(a, store_blob(q, 0));
	sqlite3_reset(q);
	return rc;
}

/* The next is shown from now on. */
static int
pop(struct store *s, int64_t feed, const struct over *o, int64_t top,
    int64_t due, struct err *e)
{
	return store_run(s, SQL_QUEUE_POP, e, "ibi", feed, o->id, o->seq) == -1
		   ? -1
		   : store_run(
			 s, SQL_QUEUE_NEXT, e, "iiib", top, due, feed, o->id);
}

/* It never reached anybody. */
static int
count_missed(struct store *s, int64_t feed, const struct over *o,
    struct batch *b, struct err *e)
{
	struct slice next;
	int rc = first_status(s, feed, o->id, &b->a, &next, e);

	if (rc != 1)
		return rc;
	return store_run(s, SQL_QUEUE_MISSED, e, "iibb", feed, o->due / 86400,
	    o->status, next);
}

static int
expire_batch(
    struct store *s, int64_t feed, int64_t top, struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct over *o = &b->row[i];

		if (pop(s, feed, o, top, o->due + STEP_SECONDS, e) == -1 ||
		    count_missed(s, feed, o, b, e) == -1)
			return -1;
	}
	return 0;
}

/* 1: there is a queue, and its number; 0; -1. */
static int
find_queue(struct store *s, const char *feed, int64_t *number, struct err *e)
{
	int rc = store_feed(s, feed, RECORD_ORDER, false, number, e);
	int64_t any;

	if (rc == 1)
		rc = store_ask(s, SQL_QUEUE_ANY, &any, e, "i", *number) == -1
			 ? -1
			 : any != -1;
	return rc;
}

int
queue_expire(struct store *s, const char *feed, int64_t now, struct err *e)
{
	int64_t number, top;
	struct batch *b;
	int rc = find_queue(s, feed, &number, e);

	if (rc != 1 || store_ask(s, SQL_PUB_TOP, &top, e, "") == -1)
		return rc == 1 ? -1 : rc;
	b = mem_alloc(sizeof *b);
	do {
		sqlite3_stmt *q = store_kept(s, SQL_QUEUE_OVER, e);

		if (q == NULL) {
			rc = -1;
			break;
		}
		store_bind(q, "ii", number, now);
		rc = read_batch(s, q, b, e);
		if (rc == 0)
			rc = expire_batch(s, number, top, b, e);
	} while (rc == 0 && b->n > 0);
	arena_free(&b->a);
	free(b);
	return rc;
}

static int
pull_batch(struct store *s, int64_t feed, int64_t top, int64_t due,
    const struct batch *b, struct err *e)
{
	for (size_t i = 0; i < b->n; i++)
		if (pop(s, feed, &b->row[i], top, due, e) == -1)
			return -1;
	return 0;
}

int
queue_pulled(struct store *s, const char *feed, const struct pulled *p,
    int64_t at, struct err *e)
{
	int64_t number, top;
	struct batch *b;
	int rc;

	if ((p->kinds & KIND_BIT(RECORD_ORDER)) == 0 ||
	    (rc = find_queue(s, feed, &number, e)) == 0)
		return 0;
	if (rc == -1 || queue_expire(s, feed, at, e) == -1 ||
	    store_ask(s, SQL_PUB_TOP, &top, e, "") == -1)
		return -1;
	b = mem_alloc(sizeof *b);
	do {
		sqlite3_stmt *q = store_kept(s, SQL_QUEUE_PULLED, e);

		if (q == NULL) {
			rc = -1;
			break;
		}
		store_bind(q, "iiii", number, p->id, p->from, p->to);
		rc = read_batch(s, q, b, e);
		if (rc == 0)
			rc =
			    pull_batch(s, number, top, at + STEP_SECONDS, b, e);
	} while (rc == 0 && b->n > 0);
	arena_free(&b->a);
	free(b);
	return rc;
}

/* --- for publishing ------------------------------------------------------ */

/* What an order is, is shown from now on. */
static int
clear(struct store *s, const char *feed, int64_t number, struct err *e)
{
	int64_t top;

	return store_ask(s, SQL_PUB_TOP, &top, e, "") == -1 ||
		       store_run(s, SQL_STEP_SHOWN, e, "ii", top, number) ==
			   -1 ||
		       store_run(s, SQL_QUEUE_CLEAR, e, "i", number) == -1 ||
		       store_run(s, SQL_EVENT_NEXT, e, "si", feed,
			   (int64_t)HISTORY_LAST) == -1
		   ? -1
		   : 0;
}

static int
pass(struct store *s, const char *feed, int64_t now, bool each, struct err *e)
{
	int64_t number;
	int rc = find_queue(s, feed, &number, e);

	if (rc != 1)
		return rc;
	return each ? queue_expire(s, feed, now, e) : clear(s, feed, number, e);
}

int
store_steps_pass(
    struct store *s, const char *feed, int64_t now, bool each, struct err *e)
{
	bool ours = sqlite3_get_autocommit(s->db);
	int rc;

	if (ours && store_begin(s, e) == -1)
		return -1;
	rc = pass(s, feed, now, each, e);
	if (!ours)
		return rc;
	if (rc == 0)
		return store_commit(s, e);
	store_rollback(s);
	return -1;
}

/* What the query says of the feed's queue; -1: nothing, or there is none. */
static int
ask_queue(struct store *s, const char *feed, enum sql query, int64_t *out,
    struct err *e)
{
	int64_t number;
	int rc = find_queue(s, feed, &number, e);

	*out = -1;
	return rc == 1 ? store_ask(s, query, out, e, "i", number) : rc;
}

int
store_steps_due(struct store *s, const char *feed, int64_t *out, struct err *e)
{
	int rc = ask_queue(s, feed, SQL_QUEUE_DUE, out, e);

	if (*out == -1)
		*out = INT64_MAX;
	return rc;
}

int
store_steps_waiting(
    struct store *s, const char *feed, uint64_t *out, struct err *e)
{
	int64_t n;
	int rc = ask_queue(s, feed, SQL_QUEUE_COUNT, &n, e);

	*out = n == -1 ? 0 : (uint64_t)n;
	return rc;
}

int
store_steps_of(struct store *s, const char *feed, struct slice id,
    void (*each)(void *ctx, struct slice status, int64_t due), void *ctx,
    struct err *e)
{
	int64_t number;
	sqlite3_stmt *q;
	int rc = find_queue(s, feed, &number, e);

	if (rc != 1)
		return rc;
	q = store_kept(s, SQL_QUEUE_OF, e);
	if (q == NULL)
		return -1;
	store_bind(q, "ib", number, id);
	while ((rc = store_step(s, q, e)) == 1)
		each(ctx, store_blob(q, 0), sqlite3_column_int64(q, 1));
	sqlite3_reset(q);
	return rc;
}

/* --- showing ------------------------------------------------------------- */

/* Most orders have no row, and need not be asked for: two bits of each id that
 * has are set, out of so many that a million rows leave most of them clear. */
#define BITS (UINT64_C(1) << 23)

struct queue {
	struct store *s;
	int64_t feed;
	uint8_t bits[BITS / 8];
};

static uint64_t
hash(struct slice id)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < id.n; i++)
		h = (h ^ (uint8_t)id.p[i]) * UINT64_C(0x100000001b3);
	return h ^ h >> 29;
}

static bool
has_bit(const struct queue *q, uint64_t bit)
{
	return q->bits[bit % BITS / 8] & 1U << bit % 8;
}

static void
set_bits(struct queue *q, struct slice id)
{
	uint64_t h = hash(id);

	q->bits[h % BITS / 8] |= (uint8_t)(1U << h % 8);
	h >>= 32;
	q->bits[h % BITS / 8] |= (uint8_t)(1U << h % 8);
}

static int
read_ids(struct queue *q, struct err *e)
{
	sqlite3_stmt *ids = store_kept(q->s, SQL_QUEUE_IDS, e);
	int rc;

	if (ids == NULL)
		return -1;
	store_bind(ids, "i", q->feed);
	while ((rc = store_step(q->s, ids, e)) == 1)
		set_bits(q, store_blob(ids, 0));
	sqlite3_reset(ids);
	return rc;
}

int
queue_open(struct queue **out, struct store *s, const char *feed, struct err *e)
{
	struct queue *q;
	int64_t number;
	int rc = find_queue(s, feed, &number, e);

	*out = NULL;
	if (rc != 1)
		return rc;
	q = mem_alloc(sizeof *q);
	q->s = s;
	q->feed = number;
	if (read_ids(q, e) == -1) {
		free(q);
		return -1;
	}
	*out = q;
	return 0;
}

void
queue_close(struct queue *q)
{
	if (q != NULL)
		sqlite3_reset(q->s->kept[SQL_QUEUE_FIRST]);
	free(q);
}

int
queue_shown(struct queue *q, struct slice id, struct slice *out, struct err *e)
{
	sqlite3_stmt *first;
	uint64_t h;
	int rc;

	if (q == NULL)
		return 0;
	h = hash(id);
	if (!has_bit(q, h) || !has_bit(q, h >> 32))
		return 0;
	first = store_kept(q->s, SQL_QUEUE_FIRST, e);
	if (first == NULL)
		return -1;
	store_bind(first, "ib", q->feed, id);
	rc = store_step(q->s, first, e);
	if (rc == 1)
		*out = store_blob(first, 0);
	return rc;
}
