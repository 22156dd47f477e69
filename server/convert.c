/*
 * Three passes, none of which keeps the dump in memory: records by id are
 * merged, orders by creation time and id are written.
 */
#include "server/convert.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/merge.h"
#include "server/report.h"
#include "server/sorter.h"

#define SORT_BYTES ((size_t)32 << 20)
#define WINDOW_DAYS 112

/* --- refusing ----------------------------------------------------------- */

static int
refuse(struct convert *c, const struct record *r, const struct problem *p,
    bool row, struct err *e)
{
	if (c->refused != NULL)
		c->refused(c->ctx, r->line, row, p);
	if (c->refusals == NULL)
		return 0;
	return refusals_add(c->refusals, r->line, row, p, r->cell, r->cells, e);
}

static int
refuse_date(struct convert *c, const struct record *r, struct err *e)
{
	struct problem p = { .reject = REJECT_DATE_OLD,
		.field = FIELD_CREATE_DATE_TIME,
		.cell = SIZE_MAX };

	return c->refusals == NULL ? 0
				   : refusals_add(c->refusals, r->line, true,
					 &p, r->cell, r->cells, e);
}

static int
refuse_problems(struct convert *c, const struct record *r, struct err *e)
{
	size_t n = r->problems.n;

	for (size_t i = 0; i < n; i++) {
		bool row = r->verdict == VERDICT_REJECT && i + 1 == n;

		if (refuse(c, r, &r->problems.p[i], row, e) == -1)
			return -1;
	}
	return 0;
}

/* --- records ------------------------------------------------------------ */

/* Could a row be refused, or left out, once its order is known? */
static bool
is_doubtful(const struct convert *c, const struct conv *conv)
{
	int64_t created = conv->number[FIELD_CREATE_DATE_TIME];

	return created == CONV_NONE || created > c->now ||
	       !conv_has_identifier(conv) ||
	       conv_text(conv, FIELD_ORDER_STATUS).n == 0;
}

static int
to_merge(struct convert *c, const struct record *r, struct err *e)
{
	struct merge_record m = { .line = r->line,
		.auto_id = r->auto_id,
		.skip_status = r->skip_status };

	if (c->refusals != NULL && is_doubtful(c, &r->conv) &&
	    refusals_note(c->refusals, r->line, r->cell, r->cells, e) == -1)
		return -1;
	arena_reset(&c->arena);
	m.conv = conv_pack(&c->arena, &r->conv);
	return store_merge_add(
	    c->records, &m, conv_text(&r->conv, FIELD_ID), e);
}

static int
take_record(struct convert *c, const struct record *r, struct err *e)
{
	int64_t created = r->conv.number[FIELD_CREATE_DATE_TIME];

	c->tally.records++;
	if (refuse_problems(c, r, e) == -1)
		return -1;
	if (r->verdict == VERDICT_REJECT) {
		c->tally.rejected++;
		return 0;
	}
	if (r->verdict == VERDICT_SKIP && !r->skip_status) {
		c->tally.skipped++;
		return 0;
	}
	if (r->verdict == VERDICT_TAKE && created != CONV_NONE &&
	    created < c->oldest) {
		c->tally.skipped++;
		c->tally.too_old++;
		return refuse_date(c, r, e);
	}
	return to_merge(c, r, e);
}

static int
read_records(struct convert *c, struct err *e)
{
	struct record *r;

	while ((c->status = dump_next(c->dump, &r)) == FMT_OK)
		if (take_record(c, r, e) == -1)
			return -1;
	c->tally.values_dropped = dump_facts(c->dump)->values_dropped;
	return c->status == FMT_END ? sorter_sort(c->records, e) : 0;
}

/* --- orders ------------------------------------------------------------- */

/* Bytes that sort as the orders are published. */
static struct slice
order_key(struct arena *a, const struct conv *conv)
{
	struct slice id = conv_text(conv, FIELD_ID);
	uint64_t t = (uint64_t)conv->number[FIELD_CREATE_DATE_TIME] ^
		     (UINT64_C(1) << 63);
	char *key = arena_alloc(a, 8 + id.n);

	for (size_t i = 0; i < 8; i++)
		key[i] = (char)(t >> (56 - 8 * i));
	if (id.n > 0)
		memcpy(key + 8, id.p, id.n);
	return (struct slice){ key, 8 + id.n };
}

static int
leave_out(struct convert *c, const struct merge_order *o, struct err *e)
{
	c->future++;
	if (c->refusals == NULL)
		return 0;
	return refusals_add_late(c->refusals, o->line, REJECT_DATE_FUTURE,
	    FIELD_CREATE_DATE_TIME, e);
}

static int
put_order(void *ctx, struct slice id, const struct merge_order *was,
    const struct merge_order *is, struct err *e)
{
	struct convert *c = ctx;

	(void)id;
	(void)was;
	if (is->conv.number[FIELD_CREATE_DATE_TIME] > c->now)
		return leave_out(c, is, e);
	arena_reset(&c->arena);
	c->written++;
	return sorter_add(c->orders, order_key(&c->arena, &is->conv), 0,
	    conv_pack(&c->arena, &is->conv), e);
}

static void
reject_record(void *ctx, const struct merge_record *r, enum reject why)
{
	struct convert *c = ctx;
	struct problem p = { .reject = why,
		.field = merge_field(why),
		.value = r->known,
		.cell = SIZE_MAX };

	if (c->refused != NULL)
		c->refused(c->ctx, r->line, true, &p);
	if (c->refusals != NULL && c->error.text[0] == '\0')
		refusals_add_late(
		    c->refusals, r->line, why, p.field, &c->error);
}

static enum same_id
same_id_rule(const struct convert *c)
{
	const struct dump_facts *f = dump_facts(c->dump);

	if (c->settings->same_id != SAME_ID_PRESET)
		return c->settings->same_id;
	return f->same_id;
}

static int
merge(struct convert *c, struct err *e)
{
	struct merge_rules rules = { .feed = c->settings->feed,
		.source = c->settings->source,
		.dump = 1,
		.now = c->now,
		.same_id = same_id_rule(c),
		.kind = dump_facts(c->dump)->kind,
		.has_status = dump_facts(c->dump)->has_status &&
			      dump_facts(c->dump)->kind == RECORD_ORDER,
		.any_identifier = c->settings->any_identifier,
		.skip_known = c->settings->skip_known,
		.rejected = reject_record,
		.ctx = c };
	struct merge_orders orders = { .put = put_order, .ctx = c };
	const struct tally *t = &c->tally;

	if (merge_run(c->records, &rules, &orders, &c->tally, e) == -1)
		return -1;
	if (c->error.text[0] != '\0')
		return err_set(e, "%s", c->error.text);
	assert(t->records == t->accepted + t->unchanged + t->superseded +
				 t->skipped + t->rejected);
	return sorter_sort(c->orders, e);
}

/* --- the file ----------------------------------------------------------- */

static int
write_orders(struct convert *c, struct out *o, struct err *e)
{
	struct writer_env env = { .zone = c->counter,
		.hash = c->settings->pii == PII_HASH };
	struct writing w;
	struct slice key, bytes;
	uint64_t sequence;
	int rc;

	out_begin(o, c->out);
	writing_begin(&w, c->writer, &env, o);
	while ((rc = sorter_next(c->orders, &key, &sequence, &bytes, e)) == 1) {
		struct conv conv;

		if (!conv_unpack(&conv, bytes))
			return err_set(e, "a sorted record is damaged");
		writing_row(&w, &conv);
	}
	if (rc == -1)
		return -1;
	writing_end(&w);
	if (out_end(o) == -1)
		return err_set(e, "write the file: %s", strerror(errno));
	c->bytes = o->bytes;
	return 0;
}

static int
write_file(struct convert *c, struct err *e)
{
	struct out *o;
	int rc;

	if (c->written == 0)
		return 0;
	o = mem_alloc(sizeof *o);
	rc = write_orders(c, o, e);
	free(o);
	return rc;
}

int
convert_run(struct convert *c, struct err *e)
{
	if (sorter_open(&c->records, c->dir, SORT_BYTES, e) == -1 ||
	    sorter_open(&c->orders, c->dir, SORT_BYTES, e) == -1)
		return -1;
	c->oldest = zone_midnight(c->counter, c->now, -WINDOW_DAYS);
	c->status =
	    dump_open(&c->dump, &c->in, c->settings, c->counter, c->source);
	if (c->status != FMT_OK)
		return 0;
	if (read_records(c, e) == -1)
		return -1;
	if (c->status != FMT_END)
		return 0;
	if (merge(c, e) == -1)
		return -1;
	return write_file(c, e);
}

void
convert_free(struct convert *c)
{
	dump_close(c->dump);
	sorter_close(c->records);
	sorter_close(c->orders);
	arena_free(&c->arena);
}
