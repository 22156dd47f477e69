/*
 * Runs the merge rules over a sorted dump: groups its records by order id,
 * gives orders without an id of their own theirs, keeps what may yet be
 * rejected, and counts.  Memory does not grow with the dump.
 *
 * Nearly every order of a dump has one row, which is what it becomes, or what
 * it is: such a row is held back until the next one has another key, and then
 * settled at once (settle_alone).  All others go through merge.c, which for
 * these comes to the same.
 */
#include "store/merge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BREATHE_EVERY 4096
#define PENDING_MEMORY ((size_t)4 << 20)

struct held {
	char *p;
	size_t n, room;
};

struct run {
	const struct merge_rules *rules;
	const struct merge_orders *orders;
	struct tally *tally;
	struct merge_state group; /* the records of one key */
	struct merge_state twin;  /* an order beside it: ID-2, ID-3 */
	bool open;                /* group has begun */
	struct held key;          /* its key, or that of the record held back */
	struct held first;        /* the record held back; n 0: none */
	struct merge_order alone; /* what it is */
	uint64_t autos;           /* its records without an id of their own */
	struct sorter *pending;   /* its records that may yet be rejected */
	uint64_t pending_n;
	uint64_t records; /* taken out of the sorter */
	/* The ids of this dump that one number is left of, and the one that
	 * came first. */
	struct {
		char number[VARIANT_MAX], first[VARIANT_MAX];
		size_t number_n, first_n; /* number_n 0: none */
		unsigned long line;
	} variants;
	/* The group is refused, for its id is a variant of this one; 0: not. */
	char variant_of[VARIANT_MAX];
	size_t variant_of_n;
};

/* --- records ------------------------------------------------------------ */

struct packed {
	uint64_t line;
	uint32_t conv_n;
	uint8_t auto_id, skip_status, prefix;
	uint8_t marker; /* no record: conv is an id that has zeros */
};

/*
 * An id with zeros ("00123") is sorted behind the number that is left of it,
 * and before any record of that number comes a marker for each such row: so all
 * ids that differ by zeros come together, and which was first is known before
 * one of them is kept.
 */
static int
add_padded(struct sorter *to, struct packed h, const struct slice part[3],
    struct slice id, struct slice canonical, struct err *e)
{
	char key[2 * VARIANT_MAX + 1];
	struct packed m = {
		.line = h.line, .conv_n = (uint32_t)id.n, .marker = 1
	};
	struct slice mark[] = { { (const char *)&m, sizeof m }, id };

	if (sorter_add_parts(to, canonical, 0, mark, 2, e) == -1)
		return -1;
	memcpy(key, canonical.p, canonical.n);
	key[canonical.n] = '\0';
	memcpy(key + canonical.n + 1, id.p, id.n);
	return sorter_add_parts(to,
	    (struct slice){ key, canonical.n + 1 + id.n }, h.line << 8, part, 3,
	    e);
}

int
store_merge_add(struct sorter *to, const struct merge_record *r,
    struct slice id, struct err *e)
{
	struct packed h = { .line = r->line,
		.conv_n = (uint32_t)r->conv.n,
		.auto_id = r->auto_id,
		.skip_status = r->skip_status,
		.prefix = (uint8_t)r->prefix };
	struct slice part[] = { { (const char *)&h, sizeof h }, r->conv,
		r->cells };
	char buf[VARIANT_MAX];
	struct slice canonical = variant_canonical(buf, id, r->prefix);

	if (canonical.n > 0)
		return add_padded(to, h, part, id, canonical, e);
	return sorter_add_parts(to, id, (uint64_t)r->line << 8, part, 3, e);
}

/* The slices point into bytes.  False when it is no record. */
static bool
unpack_record(struct merge_record *r, struct slice bytes)
{
	struct packed h;

	if (bytes.n < sizeof h)
		return false;
	memcpy(&h, bytes.p, sizeof h);
	if (h.conv_n > bytes.n - sizeof h)
		return false;
	r->line = h.line;
	r->auto_id = h.auto_id;
	r->skip_status = h.skip_status;
	r->prefix = h.prefix;
	r->known = (struct slice){ "", 0 };
	r->conv = (struct slice){ bytes.p + sizeof h, h.conv_n };
	r->cells = (struct slice){ r->conv.p + h.conv_n,
		bytes.n - sizeof h - h.conv_n };
	return true;
}

/* --- one order ---------------------------------------------------------- */

static int
find(struct run *u, struct slice id, struct merge_known *out, struct err *e)
{
	return u->orders->find == NULL
		   ? 0
		   : u->orders->find(u->orders->ctx, id, out, e);
}

/* found: known is what find told. */
static int
begin(struct run *u, struct merge_state *m, struct slice id, int found,
    const struct merge_known *known, struct err *e)
{
	struct merge_order was;

	if (found == -1 || (found == 1 && u->orders->read(u->orders->ctx, known,
					      &was, e) == -1))
		return -1;
	merge_begin(m, u->rules, id, found == 1 ? &was : NULL);
	return 0;
}

static bool
lost_identifier(const struct merge_state *m)
{
	static const enum field ids[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
		FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5 };

	for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
		if (conv_text(&m->was.conv, ids[i]).n > 0 &&
		    !m->supplied[ids[i]])
			return true;
	return false;
}

static void
count(struct tally *t, const struct merge_state *m)
{
	uint64_t kept = m->count[MERGE_ACCEPTED] + m->count[MERGE_UNCHANGED];

	t->accepted += m->count[MERGE_ACCEPTED];
	t->unchanged += m->count[MERGE_UNCHANGED];
	t->superseded += m->count[MERGE_SUPERSEDED];
	t->skipped += m->count[MERGE_SKIPPED];
	t->rejected += m->count[MERGE_REJECTED];
	if (m->live &&
	    m->is.conv.number[FIELD_CREATE_DATE_TIME] > m->rules->now)
		t->future += kept;
	if (m->rows > 1)
		t->same_id += m->rows;
	t->amounts_differ += m->amounts_differ;
	t->dates_kept += m->date_kept;
	t->skip_kept += m->skip_kept;
	t->identifiers_kept += m->known && m->newer && lost_identifier(m);
}

/* An order that names its client and nobody else, whom nobody knows yet. */
static int
count_waiting(struct run *u, const struct conv *c, struct err *e)
{
	const struct merge_rules *r = u->rules;
	int known = 0;

	if (r->kind != RECORD_ORDER || conv_has_identifier(c) ||
	    conv_text(c, FIELD_CLIENT_UNIQ_ID).n == 0 ||
	    (r->any_identifier && conv_has_any_identifier(c)))
		return 0;
	if (u->orders->knows_client != NULL)
		known = u->orders->knows_client(
		    u->orders->ctx, conv_text(c, FIELD_CLIENT_UNIQ_ID), e);
	u->tally->waiting += known == 0;
	return known == -1 ? -1 : 0;
}

/* Settles an order, keeps it when it changed, and counts its rows. */
static int
finish(struct run *u, struct merge_state *m, enum reject *why, struct err *e)
{
	const struct merge_orders *o = u->orders;
	bool changed;

	*why = merge_finish(m, &changed);
	if (*why == REJECT_NONE && m->live &&
	    count_waiting(u, &m->is.conv, e) == -1)
		return -1;
	if (changed && o->put(o->ctx, conv_text(&m->is.conv, FIELD_ID),
			   m->known ? &m->was : NULL, &m->is, e) == -1)
		return -1;
	if (u->rules->merged != NULL && *why == REJECT_NONE && m->live)
		u->rules->merged(
		    u->rules->merged_ctx, m->known ? &m->was : NULL, &m->is);
	count(u->tally, m);
	return 0;
}

/* --- records that may yet be rejected ----------------------------------- */

static void
release(struct run *u)
{
	if (u->pending_n > 0)
		sorter_reset(u->pending);
	u->pending_n = 0;
}

static int
keep(struct run *u, struct sorter *like, struct slice bytes, struct err *e)
{
	if (u->pending == NULL &&
	    sorter_sibling(&u->pending, like, PENDING_MEMORY, e) == -1)
		return -1;
	return sorter_add(u->pending, slice_of(""), u->pending_n++, bytes, e);
}

static void
reject(const struct run *u, struct slice bytes, enum reject why)
{
	struct merge_record r;

	if (u->rules->rejected != NULL && unpack_record(&r, bytes))
		u->rules->rejected(u->rules->ctx, &r, why);
}

static int
reject_pending(struct run *u, enum reject why, struct err *e)
{
	struct slice key, bytes;
	uint64_t sequence;
	int rc;

	if (u->pending_n == 0)
		return 0;
	assert(u->pending_n == u->group.count[MERGE_REJECTED]);
	if (sorter_sort(u->pending, e) == -1)
		return -1;
	while ((rc = sorter_next(u->pending, &key, &sequence, &bytes, e)) == 1)
		reject(u, bytes, why);
	return rc;
}

/* --- ids that differ by zeros ------------------------------------------- */

static void
note_marker(struct run *u, struct slice number, struct slice bytes)
{
	struct packed h;

	memcpy(&h, bytes.p, sizeof h);
	if (slice_eq(number,
		(struct slice){ u->variants.number, u->variants.number_n }))
		return; /* the first one of them was first */
	memcpy(u->variants.number, number.p, number.n);
	u->variants.number_n = number.n;
	memcpy(u->variants.first, bytes.p + sizeof h, h.conv_n);
	u->variants.first_n = h.conv_n;
	u->variants.line = h.line;
}

static bool
is_marker(struct slice bytes)
{
	struct packed h;

	if (bytes.n < sizeof h)
		return false;
	memcpy(&h, bytes.p, sizeof h);
	return h.marker != 0 && h.conv_n == bytes.n - sizeof h &&
	       h.conv_n <= VARIANT_MAX;
}

static void
refuse_group(struct run *u, struct slice known)
{
	memcpy(u->variant_of, known.p, known.n);
	u->variant_of_n = known.n;
}

/* Has this dump an id that the number is left of, and that was before? */
static void
judge_first(
    struct run *u, struct slice number, struct slice id, unsigned long line)
{
	struct slice first = { u->variants.first, u->variants.first_n };

	if (u->variants.number_n == 0 ||
	    !slice_eq(number,
		(struct slice){ u->variants.number, u->variants.number_n }))
		return;
	if (slice_eq(id, number) && line < u->variants.line) {
		memcpy(u->variants.first, id.p, id.n);
		u->variants.first_n = id.n;
		u->variants.line = line;
	} else if (!slice_eq(id, first)) {
		refuse_group(u, first);
	}
}

/* An order that nobody knows: perhaps under another number of zeros?  Of those
 * that come together here the first is new, and the others are refused. */
static int
judge_id(struct run *u, struct slice id, unsigned long line, struct err *e)
{
	const struct merge_orders *o = u->orders;
	char buf[VARIANT_MAX], out[VARIANT_MAX];
	struct slice number = variant_canonical(buf, id, u->rules->prefix);
	struct slice known = { "", 0 };
	bool padded = number.n > 0;
	int found = 0;

	if (!padded && !variant_is_plain(id, u->rules->prefix))
		return 0;
	if (!padded)
		number = id;
	if (o->find_variant != NULL)
		found = o->find_variant(o->ctx, number, padded, out, &known, e);
	if (found == 1)
		refuse_group(u, known);
	else if (found == 0)
		judge_first(u, number, id, line);
	return found == -1 ? -1 : 0;
}

static void
refuse_variant(struct run *u, struct merge_record *r)
{
	if (r->skip_status) {
		u->tally->skipped++;
		return;
	}
	u->tally->rejected++;
	r->known = (struct slice){ u->variant_of, u->variant_of_n };
	if (u->rules->rejected != NULL)
		u->rules->rejected(u->rules->ctx, r, REJECT_ID_VARIANT);
}

/* --- groups ------------------------------------------------------------- */

static int
end_group(struct run *u, struct err *e)
{
	enum reject why;
	int rc = 0;

	if (!u->open)
		return 0;
	u->open = false;
	if (u->variant_of_n > 0)
		return 0;
	if (finish(u, &u->group, &why, e) == -1)
		return -1;
	if (why != REJECT_NONE)
		rc = reject_pending(u, why, e);
	release(u);
	return rc;
}

static struct slice
slice(const struct held *h)
{
	return (struct slice){ h->p, h->n };
}

static void
hold(struct held *h, struct slice s)
{
	if (s.n > h->room) {
		h->room = 2 * s.n;
		h->p = mem_grow(h->p, h->room);
	}
	if (s.n > 0)
		memcpy(h->p, s.p, s.n);
	h->n = s.n;
}

/* With the record that was held back. */
static int
begin_group(struct run *u, const struct merge_record *r, struct slice id,
    int found, const struct merge_known *known, struct err *e)
{
	u->open = true;
	if (begin(u, &u->group, id, found, known, e) == -1)
		return -1;
	return u->group.known || r->auto_id ? 0 : judge_id(u, id, r->line, e);
}

/* The second and later records without an id and with equal content are
 * orders of their own: two rows stay two orders. */
static int
add_twin(struct run *u, struct slice key, const struct conv *c,
    const struct merge_record *r, struct slice bytes, struct err *e)
{
	struct merge_known known;
	char id[128];
	int n = snprintf(id, sizeof id, "%.*s-%llu", (int)key.n, key.p,
	    (unsigned long long)u->autos);
	enum reject why;

	if (n < 0 || (size_t)n >= sizeof id)
		return err_set(e,
		    "line %lu: the id made for the order is too "
		    "long",
		    r->line);
	if (begin(u, &u->twin, (struct slice){ id, (size_t)n },
		find(u, (struct slice){ id, (size_t)n }, &known, e), &known,
		e) == -1)
		return -1;
	merge_apply(&u->twin, c, r->line, r->skip_status);
	if (finish(u, &u->twin, &why, e) == -1)
		return -1;
	if (why != REJECT_NONE)
		reject(u, bytes, why);
	return 0;
}

/* A row of the group's own order. */
static int
apply(struct run *u, struct sorter *sorted, const struct merge_record *r,
    const struct conv *c, struct slice bytes, struct err *e)
{
	merge_apply(&u->group, c, r->line, r->skip_status);
	if (merge_lacks(&u->group) == REJECT_NONE)
		release(u);
	else if (!r->skip_status)
		return keep(u, sorted, bytes, e);
	return 0;
}

/* The next record of the group that is open. */
static int
add_record(struct run *u, struct sorter *sorted, struct merge_record *r,
    const struct conv *c, struct slice bytes, struct err *e)
{
	u->tally->auto_ids += r->auto_id;
	if (u->variant_of_n > 0) {
		refuse_variant(u, r);
		return 0;
	}
	if (r->auto_id && ++u->autos > 1)
		return add_twin(u, slice(&u->key), c, r, bytes, e);
	return apply(u, sorted, r, c, bytes, e);
}

static int
unpack_all(
    struct merge_record *r, struct conv *c, struct slice bytes, struct err *e)
{
	return unpack_record(r, bytes) && conv_unpack(c, r->conv)
		   ? 0
		   : err_set(e, "a record is damaged in the sorter");
}

/* --- one row alone ------------------------------------------------------- */

/* Does the row say of the order just what is known, and later? */
static bool
says_the_same(const struct run *u, const struct conv_parts *row,
    const struct merge_known *known)
{
	struct slice conv = known->conv;

	return u->rules->dump > known->dump &&
	       row->created == known->create_time &&
	       slice_eq(row->id, known->id) &&
	       row->rest[0].n + row->rest[1].n == conv.n &&
	       memcmp(conv.p, row->rest[0].p, row->rest[0].n) == 0 &&
	       memcmp(conv.p + row->rest[0].n, row->rest[1].p,
		   row->rest[1].n) == 0;
}

/* May a row be all that there is of an order?  Not where it is no order yet, or
 * is changed on its way into one. */
static bool
is_plain(const struct run *u, const struct merge_record *r,
    const struct conv_parts *row)
{
	const struct conv *c = &u->alone.conv;

	return !r->skip_status && row->rest[0].n + row->rest[1].n > 0 &&
	       (u->rules->same_id != SAME_ID_SUM ||
		   (c->number[FIELD_REVENUE] == CONV_NONE &&
		       c->number[FIELD_COST] == CONV_NONE));
}

static int
tell_alone(struct run *u, const struct merge_record *r,
    const struct merge_known *known, struct err *e)
{
	struct merge_order *is = &u->alone, was;
	const struct merge_rules *rules = u->rules;

	is->told_time = is->conv.number[FIELD_CREATE_DATE_TIME];
	is->dump = rules->dump;
	is->line = r->line;
	u->tally->future += is->told_time > rules->now;
	if (count_waiting(u, &is->conv, e) == -1)
		return -1;
	if (known == NULL) {
		u->tally->accepted++;
		is->frozen = false;
		is->since = 0;
		if (u->orders->put(u->orders->ctx,
			conv_text(&is->conv, FIELD_ID), NULL, is, e) == -1)
			return -1;
		if (rules->merged != NULL)
			rules->merged(rules->merged_ctx, NULL, is);
		return 0;
	}
	u->tally->unchanged++;
	is->frozen = known->frozen;
	is->since = known->since;
	if (rules->merged == NULL)
		return 0;
	was = *is;
	was.dump = known->dump;
	was.line = known->line;
	was.told_time = CONV_NONE;
	rules->merged(rules->merged_ctx, &was, is);
	return 0;
}

/* The record that was held back is the only one of its key. */
static int
settle_alone(struct run *u, struct sorter *sorted, struct err *e)
{
	struct conv *c = &u->alone.conv;
	struct slice bytes = slice(&u->first), id;
	struct merge_known known;
	struct conv_parts row;
	struct merge_record r;
	int found;

	if (unpack_all(&r, c, bytes, e) == -1)
		return -1;
	u->first.n = 0;
	u->alone.packed = r.conv;
	conv_split(&row, r.conv);
	id = conv_text(c, FIELD_ID);
	found = find(u, id, &known, e);
	if (found == -1 ||
	    (found == 0 && !r.auto_id && judge_id(u, id, r.line, e) == -1))
		return -1;
	u->tally->auto_ids += r.auto_id;
	if (u->variant_of_n > 0) {
		refuse_variant(u, &r);
		return 0;
	}
	if (is_plain(u, &r, &row)) {
		if (found == 1 && says_the_same(u, &row, &known))
			return tell_alone(u, &r, &known, e);
		if (found == 0 && merge_wants(u->rules, c) == REJECT_NONE)
			return tell_alone(u, &r, NULL, e);
	}
	u->open = true;
	if (begin(u, &u->group, id, found, &known, e) == -1 ||
	    apply(u, sorted, &r, c, bytes, e) == -1)
		return -1;
	return end_group(u, e);
}

/* --- all of them ---------------------------------------------------------- */

/* What was held back is the first of several. */
static int
begin_held(struct run *u, struct sorter *sorted, struct err *e)
{
	struct slice bytes = slice(&u->first), id;
	struct conv *c = &u->alone.conv;
	struct merge_known known;
	struct merge_record r;

	if (unpack_all(&r, c, bytes, e) == -1)
		return -1;
	u->first.n = 0;
	id = conv_text(c, FIELD_ID);
	return begin_group(u, &r, id, find(u, id, &known, e), &known, e) == -1
		   ? -1
		   : add_record(u, sorted, &r, c, bytes, e);
}

/* What is at hand of another key is settled. */
static int
end_key(struct run *u, struct sorter *sorted, struct err *e)
{
	return u->first.n > 0 ? settle_alone(u, sorted, e) : end_group(u, e);
}

static int
take_record(struct run *u, struct sorter *sorted, struct slice key,
    struct slice bytes, struct err *e)
{
	struct merge_record r;

	u->records++;
	if ((!u->open && u->first.n == 0) || !slice_eq(key, slice(&u->key))) {
		if (end_key(u, sorted, e) == -1)
			return -1;
		hold(&u->key, key);
		hold(&u->first, bytes);
		u->autos = 0;
		u->variant_of_n = 0;
		return 0;
	}
	if (u->first.n > 0 && begin_held(u, sorted, e) == -1)
		return -1;
	return unpack_all(&r, &u->alone.conv, bytes, e) == -1
		   ? -1
		   : add_record(u, sorted, &r, &u->alone.conv, bytes, e);
}

static uint64_t
settled(const struct tally *t)
{
	return t->accepted + t->unchanged + t->superseded + t->skipped +
	       t->rejected;
}

int
merge_run(struct sorter *sorted, const struct merge_rules *rules,
    const struct merge_orders *orders, struct tally *t, struct err *e)
{
	struct run u = { .rules = rules, .orders = orders, .tally = t };
	uint64_t before = settled(t), sequence;
	struct slice key, bytes;
	int rc;

	merge_init(&u.group);
	merge_init(&u.twin);
	while ((rc = sorter_next(sorted, &key, &sequence, &bytes, e)) == 1) {
		if (is_marker(bytes)) {
			rc = end_key(&u, sorted, e);
			note_marker(&u, key, bytes);
		} else {
			rc = take_record(&u, sorted, key, bytes, e);
		}
		if (rc == -1)
			break;
		if (rules->breathe != NULL && u.records % BREATHE_EVERY == 0)
			rules->breathe(rules->ctx);
	}
	if (rc == 0)
		rc = end_key(&u, sorted, e);
	assert(rc == -1 || settled(t) - before == u.records); /* I1 */
	sorter_close(u.pending);
	merge_free(&u.group);
	merge_free(&u.twin);
	free(u.key.p);
	free(u.first.p);
	return rc;
}
