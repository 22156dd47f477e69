/*
 * Statuses that were replaced before any completed pull carried them.
 *
 * Of an order that nobody pulled no status was carried.  One that was pulled
 * had its status carried, unless that is newer than the last pull: then it is
 * in table steps, with the last publication before the change and the status
 * that was carried last, until a later one is pulled.  So the table has only
 * what changed since the last pull.
 *
 * While a dump is merged changes are put aside, in a sorter; the database is
 * asked when the merge is through.
 */
#include "store/store_steps.h"

#include "store/store_queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MEMORY ((size_t)1 << 20)
#define PAIRS 32 /* counted before they are written */
#define DAY 86400

/* Behind it what the order was, what it is, and what it was between. */
struct note {
	int64_t create_time, since;
	uint32_t was_n, is_n;
	uint8_t frozen, pad[7];
};

struct steps {
	struct store *s;
	int64_t feed, top, day, now;
	bool each; /* statuses wait for each other (store_queue.h) */
	struct pulled_list pulled;
	struct sorter *notes; /* NULL: none yet */
	struct missed pair[PAIRS];
	size_t pairs;
	struct err error;
};

int
steps_open(struct steps **out, struct store *s, const struct merge_rules *rules,
    struct err *e)
{
	struct steps *t;

	*out = NULL;
	if (rules->dry || rules->again || rules->kind != RECORD_ORDER)
		return 0;
	t = mem_alloc(sizeof *t);
	t->s = s;
	t->now = rules->now;
	t->day = rules->now / DAY;
	t->each = rules->each_step;
	if (store_feed(s, rules->feed, RECORD_ORDER, true, &t->feed, e) == -1 ||
	    store_read_pulled(s, rules->feed, RECORD_ORDER, &t->pulled, e) ==
		-1 ||
	    store_ask(s, SQL_PUB_TOP, &t->top, e, "") == -1 ||
	    store_steps_pass(s, rules->feed, t->now, t->each, e) == -1) {
		steps_end(t, false, e);
		return -1;
	}
	if (t->pulled.n == 0 && !t->each)
		return steps_end(t, false, e);
	*out = t;
	return 0;
}

void
steps_note(struct steps *t, const struct merge_order *was,
    const struct merge_order *is)
{
	struct slice part[4], none = slice_of("");
	struct note n;

	if (t == NULL || t->error.text[0] != '\0' ||
	    (was == NULL && is->passed.n == 0))
		return;
	part[1] =
	    was == NULL ? none : conv_text(&was->conv, FIELD_ORDER_STATUS);
	part[2] = conv_text(&is->conv, FIELD_ORDER_STATUS);
	part[3] = is->passed;
	if (part[3].n == 0 && (part[1].n == 0 || slice_eq(part[1], part[2])))
		return;
	n = (struct note){ is->conv.number[FIELD_CREATE_DATE_TIME],
		was == NULL ? t->top : was->since, (uint32_t)part[1].n,
		(uint32_t)part[2].n, was != NULL && was->frozen, { 0 } };
	part[0] = (struct slice){ (const char *)&n, sizeof n };
	if (t->notes == NULL &&
	    store_sorter(t->s, &t->notes, NOTE_MEMORY, &t->error) == -1)
		return;
	sorter_add_parts(
	    t->notes, conv_text(&is->conv, FIELD_ID), 0, part, 4, &t->error);
}

/* --- counting ------------------------------------------------------------ */

static int
write_pairs(struct steps *t, struct err *e)
{
	for (size_t i = 0; i < t->pairs; i++) {
		const struct missed *m = &t->pair[i];

		if (store_run(t->s, SQL_MISSED_ADD, e, "iissi", t->feed, m->day,
			m->status, m->next, (int64_t)m->n) == -1)
			return -1;
	}
	t->pairs = 0;
	return 0;
}

static int
count_missed(struct steps *t, struct slice was, struct slice is, struct err *e)
{
	struct missed *m;

	for (size_t i = 0; i < t->pairs; i++) {
		if (slice_is(was, t->pair[i].status) &&
		    slice_is(is, t->pair[i].next)) {
			t->pair[i].n++;
			return 0;
		}
	}
	if (t->pairs == PAIRS && write_pairs(t, e) == -1)
		return -1;
	m = &t->pair[t->pairs++];
	m->day = t->day;
	m->n = 1;
	snprintf(m->status, sizeof m->status, "%.*s", (int)was.n, was.p);
	snprintf(m->next, sizeof m->next, "%.*s", (int)is.n, is.p);
	return 0;
}

/* Was the status that an order had carried by a pull?  1, 0, -1; *since: the
 * last publication before it; *back: not since then, but it is the one that was
 * carried last, come back. */
static int
was_carried(struct steps *t, struct slice id, struct slice was,
    const struct note *n, int64_t *since, bool *back, struct err *e)
{
	sqlite3_stmt *q;
	int rc;

	*since = n->since;
	*back = false;
	if (!n->frozen && !t->each)
		return 0;
	q = store_kept(t->s, SQL_STEP_GET, e);
	if (q == NULL)
		return -1;
	store_bind(q, "ib", t->feed, id);
	rc = store_step(t->s, q, e);
	if (rc == 1) {
		*since = sqlite3_column_int64(q, 0);
		*back = n->frozen && slice_eq(store_blob(q, 1), was);
	} else if (n->frozen) {
		*since = -1;
	}
	sqlite3_reset(q);
	if (rc == -1 || !n->frozen)
		return rc == -1 ? -1 : 0;
	return rc == 0 || store_is_frozen(&t->pulled, *since, n->create_time);
}

/* To one status of several, where it is another one. */
static int
queue_one(struct steps *t, struct step *to, struct slice is, bool *queued,
    struct err *e)
{
	bool moves = to->was.n > 0 && !slice_eq(to->was, is);

	to->is = is;
	if (moves && queue_step(t->s, t->feed, t->now, to, queued, e) == -1)
		return -1;
	if (moves || to->was.n == 0) { /* what came before is dealt with */
		to->carried = false;
		to->since = t->top;
	}
	to->was = is;
	return 0;
}

/* *queued as in queue_step, of the status that the order had. */
static int
queue_all(struct steps *t, struct step *to, struct slice passed, bool *queued,
    struct err *e)
{
	struct slice last = to->is;
	bool later;

	while (passed.n > 0) {
		if (queue_one(t, to, slice_cut(&passed, '\n'), queued, e) == -1)
			return -1;
		queued = &later;
	}
	return queue_one(t, to, last, queued, e);
}

static int
settle(struct steps *t, struct slice id, struct slice bytes, struct err *e)
{
	struct slice was, is, passed;
	struct note n;
	struct step to = { .id = id };
	bool queued = false, back;
	int carried;

	memcpy(&n, bytes.p, sizeof n);
	was = (struct slice){ bytes.p + sizeof n, n.was_n };
	is = (struct slice){ was.p + was.n, n.is_n };
	passed = (struct slice){ is.p + is.n,
		bytes.n - sizeof n - n.was_n - n.is_n };
	carried = was_carried(t, id, was, &n, &to.since, &back, e);
	if (carried == -1)
		return -1;
	to.was = was;
	to.is = is;
	to.create_time = n.create_time;
	to.carried = carried == 1;
	if (t->each && queue_all(t, &to, passed, &queued, e) == -1)
		return -1;
	if (was.n == 0 || slice_eq(was, is))
		return 0;
	if (carried == 0 && !queued && !back &&
	    count_missed(t, was, is, e) == -1)
		return -1;
	return n.frozen ? store_run(t->s, SQL_STEP_SET, e, "ibib", t->feed, id,
			      t->top, carried == 1 ? was : slice_of(""))
			: 0;
}

static int
settle_all(struct steps *t, struct err *e)
{
	struct slice id, bytes;
	uint64_t sequence;
	int rc;

	if (t->error.text[0] != '\0')
		return err_set(e, "%s", t->error.text);
	if (t->notes == NULL)
		return 0;
	if (sorter_sort(t->notes, e) == -1)
		return -1;
	while ((rc = sorter_next(t->notes, &id, &sequence, &bytes, e)) == 1)
		if (settle(t, id, bytes, e) == -1)
			return -1;
	return rc == 0 ? write_pairs(t, e) : -1;
}

int
steps_end(struct steps *t, bool keep, struct err *e)
{
	int rc = 0;

	if (t == NULL)
		return 0;
	if (keep)
		rc = settle_all(t, e);
	sorter_close(t->notes);
	free(t->pulled.p);
	free(t);
	return rc;
}

/* --- pulled, asked ------------------------------------------------------- */

int
steps_carried(
    struct store *s, const char *feed, const struct pulled *p, struct err *e)
{
	int64_t number;
	int rc;

	if ((p->kinds & KIND_BIT(RECORD_ORDER)) == 0)
		return 0;
	rc = store_feed(s, feed, RECORD_ORDER, false, &number, e);
	return rc != 1 ? rc
		       : store_run(s, SQL_STEP_CARRIED, e, "ii", number, p->id);
}

int
store_missed(struct store *s, const char *feed, int64_t day,
    void (*each)(void *ctx, const struct missed *m), void *ctx, struct err *e)
{
	struct missed m;
	sqlite3_stmt *q;
	int64_t number;
	int rc = store_feed(s, feed, RECORD_ORDER, false, &number, e);

	if (rc != 1)
		return rc;
	q = store_fresh(s, SQL_MISSED_LIST, e);
	if (q == NULL)
		return -1;
	store_bind(q, "ii", number, day);
	while ((rc = store_step(s, q, e)) == 1) {
		m.day = sqlite3_column_int64(q, 0);
		store_text(q, 1, m.status, sizeof m.status);
		store_text(q, 2, m.next, sizeof m.next);
		m.n = (uint64_t)sqlite3_column_int64(q, 3);
		each(ctx, &m);
	}
	sqlite3_finalize(q);
	return rc;
}
