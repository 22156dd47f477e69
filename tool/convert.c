/*
 * Three passes, none of which keeps the dump in memory: records by id are
 * merged, orders by creation time and id are written.
 */
#include "tool/convert.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tool/convert_store.h"
#include "feed/intake.h"
#include "formats/preset.h"
#include "store/merge.h"
#include "feed/report.h"
#include "store/sorter.h"

#define SORT_BYTES ((size_t)32 << 20)

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

/* Could a row be refused, or left out, once its order is known?  A number is
 * refused for its id only after one with zeros was seen. */
static bool
is_doubtful(struct convert *c, const struct conv *conv)
{
	struct slice id = conv_text(conv, FIELD_ID);
	char buf[VARIANT_MAX];

	if (variant_canonical(buf, id, c->rules.prefix).n > 0)
		c->has_variants = true;
	return conv->number[FIELD_CREATE_DATE_TIME] > c->now ||
	       merge_wants(&c->rules, conv) != REJECT_NONE ||
	       (c->has_variants &&
		   (variant_is_plain(id, c->rules.prefix) ||
		       variant_canonical(buf, id, c->rules.prefix).n > 0));
}

static int
to_merge(struct convert *c, const struct record *r, struct err *e)
{
	struct merge_record m = { .line = r->line,
		.auto_id = r->auto_id,
		.skip_status = r->skip_status,
		.prefix = c->rules.prefix };

	if (c->refusals != NULL && is_doubtful(c, &r->conv) &&
	    refusals_note(c->refusals, r->line, r->cell, r->cells, e) == -1)
		return -1;
	arena_reset(&c->arena);
	m.conv = conv_pack(&c->arena, &r->conv);
	if (c->refusals != NULL && is_doubtful(c, &r->conv))
		m.cells = report_pack_cells(&c->arena, r->cell, r->cells);
	return store_merge_add(
	    c->records, &m, conv_text(&r->conv, FIELD_ID), e);
}

static const struct zone *
source_of(const struct convert *c)
{
	return c->source == NULL ? c->counter : c->source;
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
	profile_see(&c->profile, &r->conv);
	if (r->verdict == VERDICT_TAKE && created > c->now)
		clock_see(&c->seen, c->now, created, dump_facts(c->dump),
		    r->cell, r->cells, source_of(c));
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
	const struct dump_facts *facts = dump_facts(c->dump);
	struct record *r;

	while ((c->status = dump_next(c->dump, &r)) == FMT_OK) {
		intake_see_columns(&c->rules, facts);
		if (take_record(c, r, e) == -1)
			return -1;
	}
	c->tally.values_dropped = dump_facts(c->dump)->values_dropped;
	c->tally.other_currency = dump_facts(c->dump)->other_currency;
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
	struct problem p = { .reject = REJECT_DATE_FUTURE,
		.field = FIELD_CREATE_DATE_TIME };

	c->future++;
	return c->refusals == NULL
		   ? 0
		   : refusals_add_late(c->refusals, o->line, &p, e);
}

/* A call among orders, as render.c has it. */
static void
make_order(struct convert *c, struct conv *conv)
{
	static const struct slice prefix = { CALL_ORDER_PREFIX,
		sizeof CALL_ORDER_PREFIX - 1 };
	struct slice *id = &conv_text(conv, FIELD_ID);
	char *p = arena_alloc(&c->arena, prefix.n + id->n);

	memcpy(p, prefix.p, prefix.n);
	memcpy(p + prefix.n, id->p, id->n);
	*id = (struct slice){ p, prefix.n + id->n };
	conv_text(conv, FIELD_ORDER_STATUS) = preset_target(c->calls_as);
}

static int
put_order(void *ctx, struct slice id, const struct merge_order *was,
    const struct merge_order *is, struct err *e)
{
	struct convert *c = ctx;
	struct conv conv = is->conv;

	(void)id;
	(void)was;
	if (conv.number[FIELD_CREATE_DATE_TIME] > c->now)
		return leave_out(c, is, e);
	arena_reset(&c->arena);
	if (c->rules.kind == RECORD_CALL && c->writer->kind == RECORD_ORDER)
		make_order(c, &conv);
	if (!c->writer->takes(&conv, &c->env)) {
		c->unfit++;
		return 0;
	}
	c->written++;
	return sorter_add(c->orders, order_key(&c->arena, &conv), 0,
	    conv_pack(&c->arena, &conv), e);
}

static void
reject_record(void *ctx, const struct merge_record *r, enum reject why)
{
	struct convert *c = ctx;
	struct problem p = { .reject = why,
		.field = merge_field(why),
		.value = r->known,
		.cell = SIZE_MAX };
	struct slice *cell;
	size_t cells;

	if (c->refused != NULL)
		c->refused(c->ctx, r->line, true, &p);
	if (c->refusals == NULL || c->error.text[0] != '\0')
		return;
	arena_reset(&c->arena);
	cell = report_unpack_cells(&c->arena, r->cells, &cells);
	refusals_add(c->refusals, r->line, true, &p, cell, cells, &c->error);
}

static int
merge(struct convert *c, struct err *e)
{
	struct merge_orders orders = { .put = put_order, .ctx = c };
	const struct tally *t = &c->tally;

	c->rules.dump = 1;
	c->rules.rejected = reject_record;
	c->rules.ctx = c;
	if (merge_run(c->records, &c->rules, &orders, &c->tally, e) == -1)
		return -1;
	if (c->error.text[0] != '\0')
		return err_set(e, "%s", c->error.text);
	assert(t->records == t->accepted + t->unchanged + t->superseded +
				 t->skipped + t->rejected);
	return sorter_sort(c->orders, e);
}

static void
check_times(struct convert *c)
{
	const struct clock_facts f = { .at = c->now,
		.seen = &c->seen,
		.dated = &dump_facts(c->dump)->dated,
		.now = &c->profile,
		.counter = c->counter,
		.source = source_of(c) };

	c->clocks = clock_check(&f, c->clock);
}

/* --- the file ----------------------------------------------------------- */

static int
write_orders(struct convert *c, struct out *o, struct err *e)
{
	struct writing w;
	struct slice key, bytes;
	uint64_t sequence;
	int rc;

	out_begin(o, c->out);
	writing_begin(&w, c->writer, &c->env, o);
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

int64_t
convert_from(const struct convert *c)
{
	unsigned days = c->writer->window_days;

	return days == 0 ? INT64_MIN
			 : zone_midnight(c->counter, c->now, -(int)days);
}

static bool
has_rows_of(const struct convert *c)
{
	return c->rules.kind == c->writer->kind ||
	       (c->rules.kind == RECORD_CALL && c->writer->calls_too &&
		   c->calls_as != NULL && c->calls_as[0] != '\0');
}

int
convert_run(struct convert *c, struct err *e)
{
	if (sorter_open(&c->records, c->dir, SORT_BYTES, e) == -1 ||
	    sorter_open(&c->orders, c->dir, SORT_BYTES, e) == -1)
		return -1;
	c->env = (struct writer_env){ .zone = c->counter,
		.hash = c->settings->pii == PII_HASH,
		.target = c->target,
		.targets = c->targets };
	c->status =
	    dump_open(&c->dump, &c->in, c->settings, c->counter, c->source);
	if (c->status != FMT_OK)
		return 0;
	intake_rules(&c->rules, c->settings, dump_facts(c->dump), c->now);
	c->oldest =
	    c->rules.kind == RECORD_CONTACT ? INT64_MIN : convert_from(c);
	c->other_kind = !has_rows_of(c);
	profile_open(&c->profile, c->now, 0, c->counter, c->source);
	if (read_records(c, e) == -1)
		return -1;
	check_times(c);
	if (c->status != FMT_END)
		return 0;
	if (merge(c, e) == -1)
		return -1;
	return write_file(c, e);
}

void
convert_free(struct convert *c)
{
	if (c->store != NULL)
		convert_store_free(c);
	else
		dump_close(c->dump);
	sorter_close(c->records);
	sorter_close(c->orders);
	arena_free(&c->arena);
}
