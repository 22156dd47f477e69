/*
 * One row of a dump into a record: every cell into its field, and what becomes
 * of the whole.  It costs no allocation: values live in an arena that the next
 * row clears, and what a column means was settled with the header.
 */
#include "formats/dump_row.h"

#include <nettle/sha2.h>
#include <stdio.h>

#include "formats/damage.h"
#include "formats/ignore.h"
#include "formats/message.h"
#include "formats/normal_cell.h"

/* --- one cell ------------------------------------------------------------ */

void
dump_refuse(
    struct dump *d, enum reject r, enum field f, size_t cell, const char *hint)
{
	if (d->refusal.reject != REJECT_NONE)
		return;
	d->refusal = (struct problem){
		.reject = r, .field = f, .cell = cell, .hint = hint
	};
	if (cell < d->row.cells)
		d->refusal.value = slice_trim(d->row.cell[cell]);
}

void
dump_drop(
    struct dump *d, enum reject r, const struct step *at, const char *hint)
{
	struct problem p = { .reject = r,
		.field = at->field,
		.cell = at->column,
		.value = slice_trim(d->row.cell[at->column]),
		.hint = hint };

	problems_add(&d->record->problems, &p);
}

struct slice
dump_cell(const struct dump *d, const struct step *at)
{
	struct slice cell = d->row.cell[at->column];

	return at->part == NULL ? cell : at->part(cell);
}

static bool
has(struct slice s, char c)
{
	return memchr(s.p, c, s.n) != NULL;
}

/* A date alone is its day's last second, and yields to a time of that day: 1C
 * has both, in two columns of one name. */
static void
settle_time(struct dump *d, const struct step *at, struct slice cell, int64_t t)
{
	int64_t *out = &d->record->conv.number[at->field];
	unsigned bit = 1u << at->field;

	if (*out != CONV_NONE &&
	    (!has(cell, ':') || t > *out || *out - t >= 24 * 60 * 60))
		return;
	*out = t;
	if (!has(cell, ':') &&
	    (has(cell, '.') || has(cell, '-') || has(cell, '/')))
		d->day_only |= bit;
	else
		d->day_only &= ~bit;
}

/* 31/12/2026 of a system that is known to mean the day with it. */
static struct slice
dotted(struct dump *d, struct slice cell)
{
	char *p = arena_alloc(d->arena, cell.n);

	for (size_t i = 0; i < cell.n; i++)
		p[i] = cell.p[i] == '/' ? '.' : cell.p[i];
	return (struct slice){ p, cell.n };
}

static void
see_written(struct dump *d, struct slice cell, enum reject r, int64_t t,
    const char *hint)
{
	if (r == REJECT_NONE)
		dated_see(&d->facts.dated, cell, d->source, t, d->row.line);
	else if (damage_of_hint(hint) == DAMAGE_MONTH_FIRST)
		dated_see_month_first(&d->facts.dated, d->row.line);
}

static void
take_time(struct dump *d, const struct step *at, struct slice cell)
{
	bool known = d->record->conv.number[at->field] != CONV_NONE;
	const char *hint;
	enum reject r;
	int64_t t;

	if (cell.n == 0 || (known && (d->day_only & 1u << at->field) == 0))
		return;
	if (map_preset(d->map)->day_first && cell.n > 2 &&
	    (cell.p[1] == '/' || cell.p[2] == '/'))
		cell = dotted(d, cell);
	r = normal_time(cell, d->source, d->counter, &t, &hint);
	if (at->field == FIELD_CREATE_DATE_TIME)
		see_written(d, cell, r, t, hint);
	if (r == REJECT_NONE)
		settle_time(d, at, cell, t);
	else if (known)
		return;
	else if (r == REJECT_DATE_EMPTY)
		return;
	else if (at->field == FIELD_FINISH_DATE_TIME)
		dump_drop(d, r, at, hint);
	else
		dump_refuse(d, r, at->field, at->column, hint);
}

/* Are the amounts of an order's rows added up? */
static bool
adds_up(const struct dump *d)
{
	enum same_id s = d->settings->same_id;

	return (s == SAME_ID_PRESET ? d->facts.same_id : s) == SAME_ID_SUM;
}

/* Is there more than a number?  Most amounts are one. */
static bool
names_unit(struct slice cell)
{
	char first = *cell.p, last = cell.p[cell.n - 1];

	return first < '0' || first > '9' || last < '0' || last > '9';
}

static void
take_money(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record->conv.number[at->field], n;
	const char *hint;
	enum reject r;

	if (*out != CONV_NONE || cell.n == 0)
		return;
	r = normal_money(cell, &n, &hint);
	if (d->settings->currency[0] != '\0' || names_unit(cell))
		d->told.unit[at->field - FIELD_REVENUE] =
		    (struct unit){ normal_money_unit(cell), at->column };
	if (r == REJECT_NONE) {
		*out = n;
		return;
	}
	if (r == REJECT_MONEY_NEGATIVE && hint == NULL && adds_up(d))
		hint = N_("the other rows of its order add up without it");
	dump_refuse(d, r, at->field, at->column, hint);
}

static void
take_seconds(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record->conv.number[at->field], n;

	if (*out != CONV_NONE)
		return;
	if (normal_seconds(cell, &n) == REJECT_NONE)
		*out = n;
	else
		dump_drop(d, REJECT_NUMBER, at, NULL);
}

static void
take_flag(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record->conv.number[at->field], n;

	if (*out != CONV_NONE)
		return;
	if (normal_flag(cell, &n) == REJECT_NONE)
		*out = n;
	else
		dump_drop(d, REJECT_NUMBER, at, NULL);
}

static void
take_id(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record->conv, at->field), id;
	const char *hint;

	if (out->n > 0 || cell.n == 0)
		return;
	if (normal_id(d->arena, cell, &id, &hint) == REJECT_NONE)
		*out = id;
	else if (at->field == FIELD_ID)
		dump_refuse(d, REJECT_ID, at->field, at->column, hint);
	else
		dump_drop(d, REJECT_ID, at, hint);
}

typedef struct slice list_function(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

static void
take_list(struct dump *d, const struct step *at, struct slice cell,
    list_function *normal)
{
	struct slice *out = &conv_text(&d->record->conv, at->field);
	struct problem where = { .field = at->field, .cell = at->column };

	if (cell.n > 0)
		*out = normal_unite(d->arena, *out,
		    normal(d->arena, cell, where, &d->record->problems));
}

static void
take_client_ids(struct dump *d, const struct step *at, struct slice cell)
{
	take_list(d, at, cell, normal_client_ids);
}

static void
take_emails(struct dump *d, const struct step *at, struct slice cell)
{
	take_list(d, at, cell, normal_emails);
}

static void
take_phones(struct dump *d, const struct step *at, struct slice cell)
{
	take_list(d, at, cell, normal_phones);
}

static void
take_md5s(struct dump *d, const struct step *at, struct slice cell)
{
	take_list(d, at, cell, normal_md5s);
}

/* A chat in no messenger that Metrica knows is no use to anybody. */
static void
take_platform(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record->conv, at->field);

	if (out->n == 0 && normal_platform(cell, out) != REJECT_NONE)
		dump_refuse(d, REJECT_PLATFORM, at->field, at->column, NULL);
}

static void
take_target(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record->conv, at->field), id;

	if (out->n > 0)
		return;
	if (normal_target(cell, &id) == REJECT_NONE)
		*out = id;
	else
		dump_drop(d, REJECT_TARGET, at, NULL);
}

static void
take_first_list(struct dump *d, const struct step *at, struct slice cell,
    list_function *normal)
{
	struct slice *out = &conv_text(&d->record->conv, at->field);
	struct problem where = { .field = at->field, .cell = at->column };

	if (out->n == 0 && cell.n > 0)
		*out = normal(d->arena, cell, where, &d->record->problems);
}

static void
take_goals(struct dump *d, const struct step *at, struct slice cell)
{
	take_first_list(d, at, cell, normal_goals);
}

static void
take_products(struct dump *d, const struct step *at, struct slice cell)
{
	take_first_list(d, at, cell, normal_products);
}

static void
take_text(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record->conv, at->field);

	if (out->n == 0)
		*out = slice_trim(cell);
}

static void (*const take[])(
    struct dump *d, const struct step *at, struct slice cell) = {
	[KIND_TIME] = take_time,
	[KIND_MONEY] = take_money,
	[KIND_SECONDS] = take_seconds,
	[KIND_FLAG] = take_flag,
	[KIND_ID] = take_id,
	[KIND_CLIENT_IDS] = take_client_ids,
	[KIND_EMAILS] = take_emails,
	[KIND_PHONES] = take_phones,
	[KIND_MD5S] = take_md5s,
	[KIND_STATUS] = dump_take_status,
	[KIND_CURRENCY] = dump_take_currency,
	[KIND_PLATFORM] = take_platform,
	[KIND_TARGET] = take_target,
	[KIND_GOALS] = take_goals,
	[KIND_PRODUCTS] = take_products,
	[KIND_TEXT] = take_text,
	[KIND_ANSWER] = dump_take_answer,
};

/* --- one row ------------------------------------------------------------- */

/* Is its pipeline one that the source does not want? */
static bool
filtered(struct dump *d)
{
	struct slice folded = { "", 0 };

	if (d->settings->pipelines == 0 || d->facts.kind != RECORD_ORDER)
		return false;
	for (size_t i = 0; i < d->steps && folded.n == 0; i++) {
		if (d->step[i].field == FIELD_PIPELINE)
			folded =
			    preset_fold(d->arena, dump_cell(d, &d->step[i]));
	}
	for (size_t i = 0; i < d->settings->pipelines; i++) {
		if (slice_eq(folded, d->pipeline[i]))
			return false;
	}
	return true;
}

/* Every cell into its field.  False when the row is older than the start day;
 * stops at what refuses the row. */
static bool
fill(struct dump *d)
{
	const int64_t *created =
	    &d->record->conv.number[FIELD_CREATE_DATE_TIME];

	for (size_t i = 0; i < d->steps; i++) {
		const struct step *at = &d->step[i];

		if (at->field != FIELD_CREATE_DATE_TIME &&
		    *created != CONV_NONE && *created < d->start)
			return false;
		take[at->kind](d, at, dump_cell(d, at));
		if (d->refusal.reject != REJECT_NONE)
			return true;
	}
	return *created == CONV_NONE || *created >= d->start;
}

struct dropping {
	struct dump *d;
	enum field field;
};

static void
note_ignored(void *ctx, struct slice value)
{
	const struct dropping *at = ctx;
	struct dump *d = at->d;
	struct problem p = { .reject = REJECT_IGNORED,
		.field = at->field,
		.cell = SIZE_MAX,
		.value = value };

	for (size_t i = d->steps; i > 0; i--)
		if (d->step[i - 1].field == at->field)
			p.cell = d->step[i - 1].column;
	problems_add(&d->record->problems, &p);
}

/* Identifiers that are nobody's own. */
static void
drop_ignored(struct dump *d)
{
	static const enum field lists[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
		FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5 };

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		struct slice *list = &conv_text(&d->record->conv, lists[i]);
		struct dropping at = { d, lists[i] };

		*list = ignore_drop(d->arena, d->settings, *list,
		    field_info[lists[i]].kind == KIND_MD5S, note_ignored, &at);
	}
}

static void
hash_one(struct dump *d, enum field plain, enum field md5)
{
	struct conv *c = &d->record->conv;

	conv_text(c, md5) = normal_unite(d->arena, conv_text(c, md5),
	    normal_md5_of(d->arena, conv_text(c, plain)));
	conv_text(c, plain) = (struct slice){ "", 0 };
}

/* amoCRM names a contact by its phone until somebody knows better. */
static void
hide_person(struct dump *d)
{
	hash_one(d, FIELD_EMAILS, FIELD_EMAILS_MD5);
	hash_one(d, FIELD_PHONES, FIELD_PHONES_MD5);
	for (enum field f = FIELD_NUMBERS; f < FIELD_COUNT; f++)
		if (field_is_personal(f))
			conv_text(&d->record->conv, f) =
			    (struct slice){ "", 0 };
}

static void
update(struct sha256_ctx *ctx, struct slice s)
{
	sha256_update(ctx, s.n, (const uint8_t *)s.p);
	sha256_update(ctx, 1, (const uint8_t *)"\n");
}

/* Identifiers that came later, and only where there are any: what had an id
 * made of its content keeps it. */
static void
update_more(struct sha256_ctx *ctx, const struct conv *c)
{
	static const enum field part[] = { FIELD_CLIENT_UNIQ_ID, FIELD_USER_ID,
		FIELD_YCLID, FIELD_PURCHASE_ID, FIELD_CHAT_USERNAME,
		FIELD_CHAT_USER_ID };

	if (conv_has_identifier(c))
		return;
	for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
		if (conv_text(c, part[i]).n == 0)
			continue;
		update(ctx, slice_of(field_info[part[i]].name));
		update(ctx, conv_text(c, part[i]));
	}
}

/* After hashing, so that an archived dump whose contacts were hashed gives
 * the same ids again. */
static struct slice
automatic_id(struct dump *d)
{
	static const enum field part[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
		FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5 };
	static const char hex[] = "0123456789abcdef";
	const struct conv *c = &d->record->conv;
	struct sha256_ctx ctx;
	uint8_t sum[8];
	char time[24], id[sizeof "auto-" + 2 * sizeof sum] = "auto-";
	char *p = id + strlen(id);

	snprintf(time, sizeof time, "%lld",
	    (long long)c->number[FIELD_CREATE_DATE_TIME]);
	sha256_init(&ctx);
	update(&ctx, slice_of(d->settings->source));
	update(&ctx, slice_of(time));
	for (size_t i = 0; i < sizeof part / sizeof *part; i++)
		update(&ctx, conv_text(c, part[i]));
	update_more(&ctx, c);
	sha256_digest(&ctx, sizeof sum, sum);
	for (size_t i = 0; i < sizeof sum; i++) {
		*p++ = hex[sum[i] >> 4];
		*p++ = hex[sum[i] & 15];
	}
	return arena_copy(d->arena, (struct slice){ id, (size_t)(p - id) });
}

/* A contact's id is the client's own, by which orders name it; so neither
 * made up nor with the source's prefix. */
static void
settle_contact(struct dump *d)
{
	struct conv *c = &d->record->conv;
	struct slice *id = &conv_text(c, FIELD_ID);
	struct slice *client = &conv_text(c, FIELD_CLIENT_UNIQ_ID);

	if (client->n == 0)
		*client = *id;
	*id = *client;
	d->record->skip_status = false;
	conv_text(c, FIELD_ORDER_STATUS) = (struct slice){ "", 0 };
	if (id->n == 0)
		dump_refuse(d, REJECT_CLIENT_EMPTY, FIELD_CLIENT_UNIQ_ID,
		    SIZE_MAX, NULL);
}

static void
settle_id(struct dump *d)
{
	struct slice *id = &conv_text(&d->record->conv, FIELD_ID);
	size_t prefix = strlen(d->settings->id_prefix);
	char *p;

	d->record->auto_id = id->n == 0;
	if (id->n == 0) {
		*id = automatic_id(d);
	} else if (prefix > 0) {
		p = arena_alloc(d->arena, prefix + id->n);
		memcpy(p, d->settings->id_prefix, prefix);
		memcpy(p + prefix, id->p, id->n);
		*id = (struct slice){ p, prefix + id->n };
	}
}

/* Is it a row that can be looked into at all? */
static bool
well_formed(struct dump *d)
{
	const struct row *r = &d->row;

	if (r->reject != REJECT_NONE)
		dump_refuse(d, r->reject, FIELD_COUNT,
		    r->reject == REJECT_UNCLOSED_QUOTE ||
			    r->reject == REJECT_LINE_TOO_LONG
			? SIZE_MAX
			: r->bad_cell,
		    r->hint);
	else if (r->cells < d->columns)
		dump_refuse(d, REJECT_COLUMNS_FEW, FIELD_COUNT, SIZE_MAX, NULL);
	else if (r->cells > d->columns &&
		 dump_used_cells(r->cell, r->cells) > d->columns)
		dump_refuse(
		    d, REJECT_COLUMNS_MANY, FIELD_COUNT, d->columns, NULL);
	return d->refusal.reject == REJECT_NONE;
}

enum verdict
dump_judge(struct dump *d)
{
	struct record *rec = d->record;

	rec->has_meaning = false;
	d->told = (struct told){ .paid = CONV_NONE, .cancelled = CONV_NONE };
	if (!well_formed(d))
		return VERDICT_REJECT;
	if (filtered(d))
		return VERDICT_SKIP;
	if (!fill(d)) {
		conv_clear(&rec->conv);
		rec->problems.n = 0;
		return VERDICT_SKIP;
	}
	if (d->refusal.reject == REJECT_NONE)
		dump_settle_status(d);
	if (d->refusal.reject == REJECT_NONE)
		dump_settle_money(d);
	if (d->refusal.reject != REJECT_NONE)
		return VERDICT_REJECT;
	if (d->settings->ignoreds > 0)
		drop_ignored(d);
	if (d->settings->pii == PII_HASH)
		hide_person(d);
	if (d->facts.kind != RECORD_CONTACT)
		settle_id(d);
	else
		settle_contact(d);
	if (d->refusal.reject != REJECT_NONE)
		return VERDICT_REJECT;
	return rec->skip_status ? VERDICT_SKIP : VERDICT_TAKE;
}
