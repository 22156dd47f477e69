/*
 * Orders, and contacts, calls and chats, which are kept alike: merging a dump
 * into them, and reading them in the order in which they are published.
 */
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/clock.h"
#include "store/keeper.h"
#include "store/merge.h"
#include "store/store_blocks.h"
#include "store/store_queue.h"
#include "store/store_ready.h"
#include "store/store_steps.h"

#define SORT_MEMORY ((size_t)4 << 20)
#define BREATH_MS 50

/* --- merging ------------------------------------------------------------ */

struct merging {
	struct store *s;
	const struct merge_rules *rules;
	int64_t feed;
	int64_t clients; /* where the feed's contacts are; 0: it has none */
	int64_t top;     /* the last publication there is */
	bool variants;   /* the feed has ids that differ by zeros */
	struct pulled_list pulled;
	struct arena a; /* of one order */
	struct blocks *orders, *contacts;
	struct sorter *ready; /* of a feed that had none, for publishing */
	struct arena key;     /* of one order in ready */
	/* Of a feed that had none: keeps what is put, which orders and ready
	 * are for, and what the store is for; NULL: they are at hand. */
	struct keeper *keeper;
	struct slice last; /* the greatest id that it was given, … */
	char *last_id;     /* … in there */
	size_t last_room;
	struct steps *steps; /* told of what changes status */
	int64_t breath;      /* the next one, by clock_ms */
};

static int add_ready(struct merging *m, const struct entry *n, struct err *e);

/* From now on the store is at hand. */
static int
end_keeper(struct merging *m, struct err *e)
{
	struct keeper *k = m->keeper;

	m->keeper = NULL;
	return keeper_end(k, e);
}

/* Does nothing have to be asked to know that the id is new?  While they come
 * in their order the keeper has none behind the last. */
static bool
is_behind_all(const struct merging *m, struct slice id)
{
	return m->keeper != NULL && slice_cmp(id, m->last) > 0;
}

static int
find(void *ctx, struct slice id, struct merge_known *out, struct err *e)
{
	struct merging *m = ctx;
	struct entry n;
	int rc;

	if (is_behind_all(m, id))
		return 0;
	if (end_keeper(m, e) == -1)
		return -1;
	rc = blocks_find(m->orders, id, &n, e);
	if (rc != 1)
		return rc;
	sorter_close(m->ready); /* it would have it twice */
	m->ready = NULL;
	*out = (struct merge_known){ .id = n.id,
		.conv = n.conv,
		.create_time = n.create_time,
		.since = n.since,
		.dump = n.dump,
		.line = (unsigned long)n.line };
	out->frozen = store_is_frozen(&m->pulled, n.since, n.create_time);
	return 1;
}

static int
read_known(void *ctx, const struct merge_known *k, struct merge_order *out,
    struct err *e)
{
	const struct merging *m = ctx;
	struct entry n = {
		.id = k->id, .create_time = k->create_time, .conv = k->conv
	};

	*out = (struct merge_order){ .frozen = k->frozen,
		.dump = k->dump,
		.since = k->since,
		.line = k->line };
	return entry_conv(m->s, &n, &out->conv, e);
}

static int
note_variant(struct merging *m, struct slice id, struct err *e)
{
	char canonical[VARIANT_MAX];
	struct slice c = variant_canonical(canonical, id, m->rules->prefix);

	return c.n == 0
		   ? 0
		   : store_run(m->s, SQL_VARIANT_ADD, e, "ibb", m->feed, c, id);
}

/* A creation time that may have been carried since is remembered. */
static int
note_carried(struct merging *m, const struct entry *n,
    const struct merge_order *was, struct err *e)
{
	if (m->rules->kind == RECORD_CONTACT || was->since >= m->top)
		return 0;
	return store_run(m->s, SQL_CARRIED_PUT, e, "ibiii", m->feed, n->id,
	    was->since, m->top, was->conv.number[FIELD_CREATE_DATE_TIME]);
}

/* Called by the keeper's thread, if there is one. */
static int
keep_new(void *ctx, const struct entry *n, struct err *e)
{
	struct merging *m = ctx;

	return note_variant(m, n->id, e) == -1 || add_ready(m, n, e) == -1
		   ? -1
		   : blocks_put(m->orders, n, e);
}

static void
note_last(struct merging *m, struct slice id)
{
	if (slice_cmp(id, m->last) <= 0)
		return;
	if (id.n > m->last_room) {
		m->last_room = 2 * id.n;
		m->last_id = mem_grow(m->last_id, m->last_room);
	}
	memcpy(m->last_id, id.p, id.n);
	m->last = (struct slice){ m->last_id, id.n };
}

/* The keeper has it later, when its id may be another one's. */
static int
put_new(struct merging *m, struct entry *n, struct err *e)
{
	if (m->keeper == NULL)
		return keep_new(m, n, e);
	n->id = arena_copy(keeper_arena(m->keeper), n->id);
	note_last(m, n->id);
	keeper_put(m->keeper, n);
	return 0;
}

static int
put(void *ctx, struct slice id, const struct merge_order *was,
    const struct merge_order *is, struct err *e)
{
	struct merging *m = ctx;
	struct arena *a = &m->a;
	struct entry n;

	(void)id;
	if (m->rules->dry)
		return 0;
	if (m->keeper != NULL)
		a = keeper_arena(m->keeper);
	else
		arena_reset(a);
	n = is->packed.n > 0 ? entry_of_packed(a, is->packed)
			     : entry_of(a, &is->conv);
	n.since = m->top;
	n.dump = is->dump;
	n.line = (int64_t)is->line;
	if (was == NULL)
		return put_new(m, &n, e);
	if (was->conv.number[FIELD_CREATE_DATE_TIME] == n.create_time)
		n.since = was->since;
	else if (note_carried(m, &n, was, e) == -1)
		return -1;
	return blocks_put(m->orders, &n, e);
}

static int
knows_client(void *ctx, struct slice client, struct err *e)
{
	struct merging *m = ctx;
	struct entry n;

	if (m->contacts == NULL)
		return 0;
	return end_keeper(m, e) == -1 ? -1
				      : blocks_find(m->contacts, client, &n, e);
}

static int
find_variant(void *ctx, struct slice canonical, bool padded,
    char out[VARIANT_MAX], struct slice *known, struct err *e)
{
	struct merging *m = ctx;
	sqlite3_stmt *q;
	struct entry n;
	int rc;

	if (!padded && !m->variants)
		return 0;
	if (end_keeper(m, e) == -1)
		return -1;
	if (padded && (rc = blocks_find(m->orders, canonical, &n, e)) != 0) {
		*known = canonical;
		return rc;
	}
	q = store_kept(m->s, SQL_VARIANT_GET, e);
	if (q == NULL)
		return -1;
	store_bind(q, "ib", m->feed, canonical);
	rc = store_step(m->s, q, e);
	if (rc == 1 && store_blob(q, 0).n <= VARIANT_MAX) {
		memcpy(out, store_blob(q, 0).p, store_blob(q, 0).n);
		*known = (struct slice){ out, store_blob(q, 0).n };
	}
	sqlite3_reset(q);
	return rc;
}

static int
ask_variants(struct store *s, int64_t feed, bool *out, struct err *e)
{
	int64_t any;

	if (store_ask(s, SQL_VARIANT_ANY, &any, e, "i", feed) == -1)
		return -1;
	*out = any != -1;
	return 0;
}

int
store_has_variants(struct store *s, const char *feed, bool *out, struct err *e)
{
	*out = false;
	for (enum record_kind k = 0; k < RECORD_KINDS && !*out; k++) {
		int64_t number;
		int rc = store_feed(s, feed, k, false, &number, e);

		if (rc == -1 ||
		    (rc == 1 && ask_variants(s, number, out, e) == -1))
			return -1;
	}
	return 0;
}

/* A feed that had no orders is sorted for publishing while it is merged. */
static int
begin_ready(struct merging *m, struct err *e)
{
	bool any;

	if (m->rules->dry)
		return 0;
	m->s->due.feed[0] = '\0';
	store_ready_drop(m->s);
	if (blocks_any(m->s, m->feed, &any, e) == -1)
		return -1;
	if (any || m->rules->kind == RECORD_CONTACT)
		return 0;
	if (store_sorter(m->s, &m->ready, SORT_MEMORY, e) == -1)
		return -1;
	m->keeper = keeper_open(keep_new, m);
	return 0;
}

static int
prepare(struct merging *m, struct err *e)
{
	const char *feed = m->rules->feed;
	int64_t contacts = 0;

	if (store_feed(m->s, feed, m->rules->kind, !m->rules->dry, &m->feed,
		e) == -1 ||
	    store_feed(m->s, feed, RECORD_CONTACT, false, &contacts, e) == -1 ||
	    store_read_pulled(m->s, feed, m->rules->kind, &m->pulled, e) == -1)
		return -1;
	m->orders = blocks_open(m->s, m->feed);
	if (contacts != 0 && contacts != m->feed)
		m->contacts = blocks_open(m->s, contacts);
	if (ask_variants(m->s, m->feed, &m->variants, e) == -1)
		return -1;
	return store_ask(m->s, SQL_PUB_TOP, &m->top, e, "") == -1
		   ? -1
		   : begin_ready(m, e);
}

/* It is sorted while the transaction is committed. */
static int
keep_ready(struct merging *m, struct err *e)
{
	struct ready r = { .dropped = m->s->dropped,
		.kinds = KIND_BIT(m->rules->kind),
		.from = INT64_MIN,
		.to = INT64_MAX,
		.sorted = true,
		.sorter = m->ready };

	if (m->ready == NULL)
		return 0;
	if (sorter_sort(m->ready, e) == -1)
		return -1;
	snprintf(r.feed, sizeof r.feed, "%s", m->rules->feed);
	store_ready_give(m->s, &r);
	m->ready = NULL;
	return 0;
}

static void
merged(void *ctx, const struct merge_order *was, const struct merge_order *is)
{
	struct merging *m = ctx;

	steps_note(m->steps, was, is);
	if (m->rules->merged != NULL)
		m->rules->merged(m->rules->merged_ctx, was, is);
}

static void
rejected(void *ctx, const struct merge_record *r, enum reject why)
{
	const struct merging *m = ctx;

	if (m->rules->rejected != NULL)
		m->rules->rejected(m->rules->ctx, r, why);
}

/* Whoever breathes may use a store, and SQLite is one thread's at a time: not
 * too often, for the keeper has nothing to do then. */
static void
breathe(void *ctx)
{
	struct merging *m = ctx;
	int64_t now = clock_ms();

	if (now < m->breath)
		return;
	m->breath = now + BREATH_MS;
	if (m->keeper != NULL)
		keeper_wait(m->keeper);
	if (m->rules->breathe != NULL)
		m->rules->breathe(m->rules->ctx);
}

int
store_merge(struct store *s, struct sorter *sorted,
    const struct merge_rules *rules, struct tally *t, struct err *e)
{
	struct err late = ERR_EMPTY;
	struct merging m = { .s = s, .rules = rules, .last = slice_of("") };
	struct merge_orders orders = { .find = find,
		.read = read_known,
		.put = put,
		.find_variant = find_variant,
		.knows_client = knows_client,
		.ctx = &m };
	struct merge_rules told = *rules;
	int rc = prepare(&m, e);

	if (rc == 0)
		rc = steps_open(&m.steps, s, rules, e);
	told.merged = merged;
	told.merged_ctx = &m;
	told.rejected = rejected;
	told.breathe = breathe;
	told.ctx = &m;
	if (rc == 0)
		rc = merge_run(sorted, &told, &orders, t, e);
	if (end_keeper(&m, rc == 0 ? e : &late) == -1)
		rc = -1;
	if (rc == 0 && !rules->dry)
		rc = blocks_end(m.orders, e);
	if (steps_end(m.steps, rc == 0, rc == 0 ? e : &late) == -1)
		rc = -1;
	if (rc == 0)
		rc = keep_ready(&m, e);
	sorter_close(m.ready);
	arena_free(&m.a);
	arena_free(&m.key);
	free(m.last_id);
	free(m.pulled.p);
	blocks_close(m.orders);
	blocks_close(m.contacts);
	return rc;
}

/* --- reading ------------------------------------------------------------ */

/* What lies beside the packed record in the sorter. */
struct scanned {
	int64_t create_time, dump, line;
	int64_t pulled; /* by the first pull that carried create_time; 0 */
	uint8_t kind, pad[7];
};

/* By creation time, then id: so that bytewise order is the order we want. */
static int
add_scanned(struct sorter *to, struct arena *a, const struct scanned *h,
    struct slice prefix, const struct entry *n, struct err *e)
{
	struct slice part[2] = { { (const char *)h, sizeof *h }, n->conv };
	uint64_t t = htobe64((uint64_t)n->create_time ^ UINT64_C(1) << 63);
	size_t size = sizeof t + prefix.n + n->id.n;
	char *p = arena_alloc(a, size);

	memcpy(p, &t, sizeof t);
	memcpy(p + sizeof t, prefix.p, prefix.n);
	if (n->id.n > 0)
		memcpy(p + sizeof t + prefix.n, n->id.p, n->id.n);
	return sorter_add_parts(to, (struct slice){ p, size }, 0, part, 2, e);
}

/* Nobody has pulled what was never there. */
static int
add_ready(struct merging *m, const struct entry *n, struct err *e)
{
	struct scanned h = { .kind = (uint8_t)m->rules->kind,
		.create_time = n->create_time,
		.dump = n->dump,
		.line = n->line };

	arena_reset(&m->key);
	return m->ready == NULL
		   ? 0
		   : add_scanned(m->ready, &m->key, &h, slice_of(""), n, e);
}

static int
scan(struct store *s, const char *feed, enum record_kind kind,
    struct slice prefix, int64_t from, int64_t to, struct sorter *into,
    struct err *e)
{
	struct scanned h = { .kind = (uint8_t)kind };
	struct pulled_list pulled = { NULL, 0, 0 };
	struct arena a = ARENA_EMPTY;
	struct block_walk w;
	struct entry n;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1 || store_read_pulled(s, feed, kind, &pulled, e) == -1)
		return rc == 1 ? -1 : rc;
	rc = walk_begin(&w, s, number, from, to, e);
	while (rc == 0 && (rc = walk_entry(&w, &n, e)) == 1) {
		rc = 0;
		if (n.create_time < from || n.create_time > to)
			continue;
		h.create_time = n.create_time;
		h.dump = n.dump;
		h.line = n.line;
		h.pulled = store_first_pull(&pulled, n.since, n.create_time);
		arena_reset(&a);
		rc = add_scanned(into, &a, &h, prefix, &n, e);
	}
	walk_finish(&w);
	arena_free(&a);
	free(pulled.p);
	return rc;
}

static bool
within(struct slice scanned, int64_t from, int64_t to)
{
	struct scanned h;

	memcpy(&h, scanned.p, sizeof h);
	return from <= h.create_time && h.create_time <= to;
}

/* A status that somebody decided on lies over what the dumps say. */
static void
rule(struct order *o, const struct sticky *decided)
{
	struct slice id = o->id, prefix = slice_of(CALL_ORDER_PREFIX), status;

	if (decided != NULL && o->kind == RECORD_CALL && id.n > prefix.n &&
	    memcmp(id.p, prefix.p, prefix.n) == 0 &&
	    !sticky_status(decided, o->kind, id, &status))
		id = (struct slice){ id.p + prefix.n, id.n - prefix.n };
	o->ruled = sticky_status(decided, o->kind, id, &status);
	if (o->ruled)
		conv_text(&o->conv, FIELD_ORDER_STATUS) = status;
}

/* What lies over the records where they are read for publishing. */
struct over {
	struct sticky *decided;
	struct queue *queue;
};

static int
hand_out(const struct store *s, const struct over *over, struct slice key,
    struct slice bytes,
    int (*each)(void *ctx, const struct order *o, struct err *e), void *ctx,
    struct err *e)
{
	struct scanned h;
	struct entry n;
	struct order o;

	memcpy(&h, bytes.p, sizeof h);
	o.kind = (enum record_kind)h.kind;
	o.id = (struct slice){ key.p + 8, key.n - 8 };
	o.create_time = h.create_time;
	o.frozen = h.pulled != 0;
	o.pulled = h.pulled;
	o.dump = h.dump;
	o.line = (unsigned long)h.line;
	n = (struct entry){ .id = o.id,
		.create_time = o.create_time,
		.conv = { bytes.p + sizeof h, bytes.n - sizeof h } };
	if (entry_conv(s, &n, &o.conv, e) == -1)
		return -1;
	if (o.kind == RECORD_ORDER &&
	    queue_shown(over->queue, o.id,
		&conv_text(&o.conv, FIELD_ORDER_STATUS), e) == -1)
		return -1;
	rule(&o, over->decided);
	return each(ctx, &o, e);
}

/* Where sorted runs go: beside the store, or where a reader may write. */
static const char *
sort_dir(const struct store *s)
{
	return access(s->dir, W_OK) == 0 ? s->dir : "/tmp";
}

int
store_sorter(
    struct store *s, struct sorter **out, size_t memory_bytes, struct err *e)
{
	return sorter_open(out, sort_dir(s), memory_bytes, e);
}

static int
scan_all(struct store *s, const char *feed, unsigned kinds, int64_t from,
    int64_t to, struct sorter *into, struct err *e)
{
	bool mixed = kinds & KIND_BIT(RECORD_ORDER);

	for (enum record_kind k = 0; k < RECORD_KINDS; k++) {
		struct slice prefix = slice_of(
		    mixed && k == RECORD_CALL ? CALL_ORDER_PREFIX : "");

		if ((kinds & KIND_BIT(k)) != 0 &&
		    scan(s, feed, k, prefix, from, to, into, e) == -1)
			return -1;
	}
	return 0;
}

static int
get_ready(struct store *s, const char *feed, unsigned kinds, int64_t from,
    int64_t to, struct ready *r, struct err *e)
{
	if (!store_ready_take(s, feed, kinds, from, to, r)) {
		*r = (struct ready){ .dropped = s->dropped,
			.kinds = kinds,
			.from = from,
			.to = to };
		snprintf(r->feed, sizeof r->feed, "%s", feed);
		if (store_sorter(s, &r->sorter, SORT_MEMORY, e) == -1 ||
		    scan_all(s, feed, kinds, from, to, r->sorter, e) == -1)
			return -1;
	}
	if (r->sorted)
		return sorter_rewind(r->sorter, e);
	r->sorted = true;
	return sorter_sort(r->sorter, e);
}

/* What was sorted is kept: another file of the feed may ask for it next. */
int
store_orders(struct store *s, const char *feed, unsigned kinds, int64_t from,
    int64_t to, int (*each)(void *ctx, const struct order *o, struct err *e),
    void *ctx, struct err *e)
{
	struct slice key, bytes;
	struct over over = { NULL, NULL };
	struct ready r;
	uint64_t sequence;
	int rc = get_ready(s, feed, kinds, from, to, &r, e);

	if (rc == 0)
		rc = store_sticky(&over.decided, s, feed, e);
	if (rc == 0)
		rc = queue_open(&over.queue, s, feed, e);
	if (rc == 0)
		while ((rc = sorter_next(
			    r.sorter, &key, &sequence, &bytes, e)) == 1)
			if (within(bytes, from, to) &&
			    hand_out(s, &over, key, bytes, each, ctx, e) ==
				-1) {
				rc = -1;
				break;
			}
	sticky_free(over.decided);
	queue_close(over.queue);
	if (rc == 0 && !s->read_only)
		store_ready_give(s, &r);
	else
		sorter_close(r.sorter);
	return rc;
}

/* Its texts live in the arena: 1, 0, -1. */
static int
get(struct store *s, struct arena *a, int64_t feed, struct slice id,
    struct entry *out, struct err *e)
{
	struct blocks *b = blocks_reader(s, feed);
	int rc = blocks_find(b, id, out, e);

	if (rc != 1)
		return rc;
	out->id = arena_copy(a, out->id);
	out->conv = arena_copy(a, out->conv);
	return 1;
}

int
store_order(struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, struct order *out, struct err *e)
{
	struct pulled_list pulled = { NULL, 0, 0 };
	struct entry n;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1 || (rc = get(s, a, number, id, &n, e)) != 1)
		return rc;
	if (store_read_pulled(s, feed, kind, &pulled, e) == -1)
		return -1;
	out->kind = kind;
	out->id = n.id;
	out->create_time = n.create_time;
	out->pulled = store_first_pull(&pulled, n.since, n.create_time);
	out->frozen = out->pulled != 0;
	out->dump = n.dump;
	out->line = (unsigned long)n.line;
	free(pulled.p);
	return entry_conv(s, &n, &out->conv, e) == -1 ? -1 : 1;
}

int
store_values(struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, struct conv *out, struct err *e)
{
	struct entry n;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1 || (rc = get(s, a, number, id, &n, e)) != 1)
		return rc;
	return entry_conv(s, &n, out, e) == -1 ? -1 : 1;
}
