/*
 * Orders, and contacts, calls and chats, which are kept alike: merging a dump
 * into them, and reading them in the order in which they are published.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/merge.h"
#include "server/store_load.h"
#include "server/store_steps.h"

#define SORT_MEMORY ((size_t)8 << 20)

/* --- an order as it is kept --------------------------------------------- */

/* id and creation time have columns of their own, so that they can be changed
 * and compared in SQL. */
static struct slice
pack(struct arena *a, const struct conv *c)
{
	struct conv rest = *c;

	rest.number[FIELD_CREATE_DATE_TIME] = CONV_NONE;
	conv_text(&rest, FIELD_ID) = slice_of("");
	return conv_pack(a, &rest);
}

static int
unpack(const struct store *s, struct conv *c, struct slice packed,
    struct slice id, int64_t create_time, struct err *e)
{
	if (!conv_unpack(c, packed))
		return err_set(e,
		    "the store %s holds an order that cannot be read; restore "
		    "it from a backup or rebuild it from the archive",
		    s->path);
	c->number[FIELD_CREATE_DATE_TIME] = create_time;
	conv_text(c, FIELD_ID) = id;
	return 0;
}

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
	/* A feed that had no orders: whatever sorts behind all that was added
	 * since is new without looking. */
	bool was_empty;
	char *last;
	size_t last_n, last_room;
	struct loading *loading; /* while all are new; else NULL */
	struct sorter *ready;    /* the same, sorted for publishing */
	struct steps *steps;     /* told of what changes status */
};

static int add_ready(struct merging *m, struct slice id,
    const struct merge_order *is, struct slice conv, struct err *e);

/* The database is asked again: what waits for it goes in before. */
static int
settle(struct merging *m, struct err *e)
{
	struct loading *l = m->loading;

	m->loading = NULL;
	return l == NULL ? 0 : load_end(l, e);
}

static bool
is_surely_new(const struct merging *m, struct slice id)
{
	return m->was_empty &&
	       (m->last == NULL ||
		   slice_cmp(id, (struct slice){ m->last, m->last_n }) > 0);
}

static int
find(void *ctx, struct slice id, struct merge_order *out, struct err *e)
{
	struct merging *m = ctx;
	sqlite3_stmt *q;
	struct slice conv;
	int64_t create_time;
	int rc;

	if (is_surely_new(m, id))
		return 0;
	sorter_close(m->ready);
	m->ready = NULL;
	if (settle(m, e) == -1)
		return -1;
	q = store_kept(m->s, SQL_ORDER_GET, e);
	if (q == NULL)
		return -1;
	store_bind(q, "ib", m->feed, id);
	rc = store_step(m->s, q, e);
	if (rc == 1) {
		create_time = sqlite3_column_int64(q, 0);
		out->frozen = store_is_frozen(
		    &m->pulled, sqlite3_column_int64(q, 1), create_time);
		out->dump = sqlite3_column_int64(q, 2);
		out->line = (unsigned long)sqlite3_column_int64(q, 3);
		arena_reset(&m->a);
		conv = arena_copy(&m->a, store_blob(q, 4));
		if (unpack(m->s, &out->conv, conv, id, create_time, e) == -1)
			rc = -1;
	}
	sqlite3_reset(q);
	return rc;
}

static void
remember_last(struct merging *m, struct slice id)
{
	if (!is_surely_new(m, id))
		return;
	if (id.n > m->last_room || m->last == NULL) {
		m->last_room = id.n + 64;
		m->last = mem_grow(m->last, m->last_room);
	}
	if (id.n > 0)
		memcpy(m->last, id.p, id.n);
	m->last_n = id.n;
}

static int
note_variant(struct merging *m, struct slice id, struct err *e)
{
	char canonical[VARIANT_MAX];
	struct slice c = variant_canonical(canonical, id, m->rules->prefix);

	if (c.n == 0)
		return 0;
	return settle(m, e) == -1 || store_run(m->s, SQL_VARIANT_ADD, e, "ibb",
					 m->feed, c, id) == -1
		   ? -1
		   : 0;
}

static int
put(void *ctx, struct slice id, const struct merge_order *was,
    const struct merge_order *is, struct err *e)
{
	struct merging *m = ctx;
	int64_t create_time = is->conv.number[FIELD_CREATE_DATE_TIME];
	struct slice conv;

	if (m->rules->dry) {
		if (was == NULL)
			remember_last(m, id);
		return 0;
	}
	arena_reset(&m->a);
	conv = pack(&m->a, &is->conv);
	if (was == NULL) {
		remember_last(m, id);
		if (note_variant(m, id, e) == -1 ||
		    add_ready(m, id, is, conv, e) == -1)
			return -1;
		if (m->loading != NULL)
			return load_put(m->loading, id, create_time, is->dump,
				   (int64_t)is->line, conv) == -1
				   ? settle(m, e)
				   : 0;
		return store_run(m->s, SQL_ORDER_ADD, e, "ibiiiib", m->feed, id,
		    create_time, m->top, is->dump, (int64_t)is->line, conv);
	}
	if (m->rules->kind != RECORD_CONTACT &&
	    was->conv.number[FIELD_CREATE_DATE_TIME] != create_time &&
	    store_run(m->s, SQL_ORDER_CARRIED, e, "ibi", m->feed, id, m->top) ==
		-1)
		return -1;
	return store_run(m->s, SQL_ORDER_SET, e, "ibiiiib", m->feed, id,
	    create_time, m->top, is->dump, (int64_t)is->line, conv);
}

static int
has(struct store *s, int64_t feed, struct slice id, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_ORDER_HAS, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "ib", feed, id);
	rc = store_step(s, q, e);
	sqlite3_reset(q);
	return rc;
}

static int
knows_client(void *ctx, struct slice client, struct err *e)
{
	struct merging *m = ctx;

	if (m->clients == 0)
		return 0;
	return settle(m, e) == -1 ? -1 : has(m->s, m->clients, client, e);
}

static int
find_variant(void *ctx, struct slice canonical, bool padded,
    char out[VARIANT_MAX], struct slice *known, struct err *e)
{
	struct merging *m = ctx;
	sqlite3_stmt *q;
	int rc;

	if ((padded || m->variants) && settle(m, e) == -1)
		return -1;
	if (padded && (rc = has(m->s, m->feed, canonical, e)) != 0) {
		*known = canonical;
		return rc;
	}
	if (!padded && !m->variants)
		return 0;
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
	sqlite3_stmt *q = store_kept(s, SQL_VARIANT_ANY, e);
	int64_t any;

	if (q == NULL)
		return -1;
	store_bind(q, "i", feed);
	if (store_ask_number(s, q, &any, e) == -1)
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

static int
prepare(struct merging *m, struct err *e)
{
	const char *feed = m->rules->feed;
	sqlite3_stmt *q;
	int64_t any;

	if (store_feed(m->s, feed, m->rules->kind, !m->rules->dry, &m->feed,
		e) == -1 ||
	    store_feed(m->s, feed, RECORD_CONTACT, false, &m->clients, e) ==
		-1 ||
	    store_read_pulled(m->s, feed, m->rules->kind, &m->pulled, e) == -1)
		return -1;
	if (ask_variants(m->s, m->feed, &m->variants, e) == -1)
		return -1;
	q = store_kept(m->s, SQL_ORDER_ANY, e);
	if (q == NULL)
		return -1;
	store_bind(q, "i", m->feed);
	if (store_ask_number(m->s, q, &any, e) == -1)
		return -1;
	m->was_empty = any == -1;
	q = store_kept(m->s, SQL_PUB_TOP, e);
	return q == NULL ? -1 : store_ask_number(m->s, q, &m->top, e);
}

static void
keep_ready(struct merging *m)
{
	struct ready r = { .dropped = m->s->dropped,
		.kinds = KIND_BIT(m->rules->kind),
		.from = INT64_MIN,
		.to = INT64_MAX,
		.sorter = m->ready };

	snprintf(r.feed, sizeof r.feed, "%s", m->rules->feed);
	store_ready_give(m->s, &r);
	m->ready = NULL;
}

static void
merged(void *ctx, const struct merge_order *was, const struct merge_order *is)
{
	struct merging *m = ctx;

	steps_note(m->steps, was, is);
	if (m->rules->merged != NULL)
		m->rules->merged(m->rules->merged_ctx, was, is);
}

int
store_merge(struct store *s, struct sorter *sorted,
    const struct merge_rules *rules, struct tally *t, struct err *e)
{
	struct err late = ERR_EMPTY;
	struct merging m = { .s = s, .rules = rules, .a = ARENA_EMPTY };
	struct merge_orders orders = { .find = find,
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
	if (!rules->dry) {
		s->due.feed[0] = '\0';
		store_ready_drop(s);
	}
	if (rc == 0 && m.was_empty && !rules->dry) {
		m.loading = load_begin(s, m.feed, m.top);
		if (rules->kind != RECORD_CONTACT)
			rc = store_sorter(s, &m.ready, SORT_MEMORY, e);
	}
	if (rc == 0)
		rc = merge_run(sorted, &told, &orders, t, e);
	if (m.loading != NULL && load_end(m.loading, rc == 0 ? e : &late) == -1)
		rc = -1;
	if (steps_end(m.steps, rc == 0, rc == 0 ? e : &late) == -1)
		rc = -1;
	if (rc == 0 && m.ready != NULL)
		keep_ready(&m);
	sorter_close(m.ready);
	arena_free(&m.a);
	free(m.pulled.p);
	free(m.last);
	return rc;
}

/* --- reading ------------------------------------------------------------ */

/* What lies beside the packed record in the sorter. */
struct scanned {
	int64_t create_time, dump, line;
	int64_t pulled; /* by the first pull that carried create_time; 0 */
	uint8_t kind, pad[7];
};

/* Creation time, then id, so that bytewise order is the order we want. */
static struct slice
sort_key(
    struct arena *a, int64_t create_time, struct slice prefix, struct slice id)
{
	char *p = arena_alloc(a, 8 + prefix.n + id.n);
	uint64_t t = (uint64_t)create_time ^ UINT64_C(1) << 63;

	for (int i = 0; i < 8; i++)
		p[i] = (char)(t >> (56 - 8 * i) & 0xff);
	if (prefix.n > 0)
		memcpy(p + 8, prefix.p, prefix.n);
	if (id.n > 0)
		memcpy(p + 8 + prefix.n, id.p, id.n);
	return (struct slice){ p, 8 + prefix.n + id.n };
}

static int
add_scanned(struct sorter *to, struct arena *a, sqlite3_stmt *q,
    enum record_kind kind, struct slice prefix,
    const struct pulled_list *pulled, struct err *e)
{
	struct scanned h = { .kind = (uint8_t)kind,
		.create_time = sqlite3_column_int64(q, 1),
		.dump = sqlite3_column_int64(q, 3),
		.line = sqlite3_column_int64(q, 4) };
	struct slice part[2] = { { (const char *)&h, sizeof h },
		store_blob(q, 5) };

	h.pulled =
	    store_first_pull(pulled, sqlite3_column_int64(q, 2), h.create_time);
	arena_reset(a);
	return sorter_add_parts(to,
	    sort_key(a, h.create_time, prefix, store_blob(q, 0)), 0, part, 2,
	    e);
}

/* Nobody has pulled what was never there: it is not frozen. */
static int
add_ready(struct merging *m, struct slice id, const struct merge_order *is,
    struct slice conv, struct err *e)
{
	struct scanned h = { .kind = (uint8_t)m->rules->kind,
		.create_time = is->conv.number[FIELD_CREATE_DATE_TIME],
		.dump = is->dump,
		.line = (int64_t)is->line };
	struct slice part[2] = { { (const char *)&h, sizeof h }, conv };

	return m->ready == NULL
		   ? 0
		   : sorter_add_parts(m->ready,
			 sort_key(&m->a, h.create_time, slice_of(""), id), 0,
			 part, 2, e);
}

static int
scan(struct store *s, const char *feed, enum record_kind kind,
    struct slice prefix, int64_t from, int64_t to, struct sorter *into,
    struct err *e)
{
	struct pulled_list pulled = { NULL, 0, 0 };
	struct arena a = ARENA_EMPTY;
	sqlite3_stmt *q = NULL;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc == 1 && store_read_pulled(s, feed, kind, &pulled, e) == -1)
		rc = -1;
	if (rc == 1 && (q = store_fresh(s, SQL_ORDER_SCAN, e)) == NULL)
		rc = -1;
	if (rc == 1)
		store_bind(q, "iii", number, from, to);
	while (rc == 1 && (rc = store_step(s, q, e)) == 1)
		if (add_scanned(into, &a, q, kind, prefix, &pulled, e) == -1)
			rc = -1;
	sqlite3_finalize(q);
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

static int
hand_out(const struct store *s, struct slice key, struct slice bytes,
    int (*each)(void *ctx, const struct order *o, struct err *e), void *ctx,
    struct err *e)
{
	struct slice conv;
	struct scanned h;
	struct order o;

	memcpy(&h, bytes.p, sizeof h);
	conv = (struct slice){ bytes.p + sizeof h, bytes.n - sizeof h };
	o.kind = (enum record_kind)h.kind;
	o.id = (struct slice){ key.p + 8, key.n - 8 };
	o.create_time = h.create_time;
	o.frozen = h.pulled != 0;
	o.pulled = h.pulled;
	o.dump = h.dump;
	o.line = (unsigned long)h.line;
	if (unpack(s, &o.conv, conv, o.id, o.create_time, e) == -1)
		return -1;
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
	struct ready r;
	uint64_t sequence;
	int rc = get_ready(s, feed, kinds, from, to, &r, e);

	if (rc == 0)
		while ((rc = sorter_next(
			    r.sorter, &key, &sequence, &bytes, e)) == 1)
			if (within(bytes, from, to) &&
			    hand_out(s, key, bytes, each, ctx, e) == -1) {
				rc = -1;
				break;
			}
	if (rc == 0 && !s->read_only)
		store_ready_give(s, &r);
	else
		sorter_close(r.sorter);
	return rc;
}

static int
read_order(struct store *s, struct arena *a, sqlite3_stmt *q, struct slice id,
    const struct pulled_list *pulled, struct order *out, struct err *e)
{
	out->id = arena_copy(a, id);
	out->create_time = sqlite3_column_int64(q, 0);
	out->pulled = store_first_pull(
	    pulled, sqlite3_column_int64(q, 1), out->create_time);
	out->frozen = out->pulled != 0;
	out->dump = sqlite3_column_int64(q, 2);
	out->line = (unsigned long)sqlite3_column_int64(q, 3);
	return unpack(s, &out->conv, arena_copy(a, store_blob(q, 4)), out->id,
	    out->create_time, e);
}

int
store_order(struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, struct order *out, struct err *e)
{
	struct pulled_list pulled = { NULL, 0, 0 };
	sqlite3_stmt *q;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1 || store_read_pulled(s, feed, kind, &pulled, e) == -1)
		return rc == 1 ? -1 : rc;
	out->kind = kind;
	q = store_kept(s, SQL_ORDER_GET, e);
	if (q == NULL) {
		rc = -1;
		goto out;
	}
	store_bind(q, "ib", number, id);
	rc = store_step(s, q, e);
	if (rc == 1 && read_order(s, a, q, id, &pulled, out, e) == -1)
		rc = -1;
	sqlite3_reset(q);
out:
	free(pulled.p);
	return rc;
}

int
store_values(struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, struct conv *out, struct err *e)
{
	sqlite3_stmt *q;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1)
		return rc;
	q = store_kept(s, SQL_ORDER_GET, e);
	if (q == NULL)
		return -1;
	store_bind(q, "ib", number, id);
	rc = store_step(s, q, e);
	if (rc == 1 &&
	    unpack(s, out, arena_copy(a, store_blob(q, 4)), arena_copy(a, id),
		sqlite3_column_int64(q, 0), e) == -1)
		rc = -1;
	sqlite3_reset(q);
	return rc;
}
