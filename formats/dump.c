/*
 * A dump: finds the header, then turns row after row into a record.  What a
 * record becomes is decided here and nowhere else; see dump.h.
 *
 * A row costs no allocation: its values live in an arena that the next row
 * clears, and what a column means was settled once, by plan().
 */
#include "formats/dump.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/decode.h"
#include "formats/map.h"
#include "formats/normal_cell.h"
#include "formats/reader.h"

/* Rows that may come before the header: a report's title, its filters. */
enum {
	HEADER_ROWS = 30
};

struct step {
	size_t column;
	enum field field;
	enum field_kind kind;
};

struct dump {
	const struct settings *settings;
	const struct zone *counter, *source;
	struct decode *decode;
	struct reader *reader;
	struct map *map;
	struct arena arena; /* of the row */
	struct arena keep;  /* of the dump */
	struct step *step;  /* the columns that mean something, dates first */
	size_t steps;
	size_t columns;     /* that a row must have */
	size_t date_column; /* the first one with the creation date */
	int64_t start;      /* orders created before it are skipped */
	struct slice default_status;
	struct slice *pipeline; /* folded; only these, when there are any */
	struct row row;
	size_t status_cell;     /* of the row; SIZE_MAX: none is filled */
	struct problem refusal; /* why the row is refused; REJECT_NONE */
	struct record record;
	struct dump_facts facts;
	const char **header;
	enum field *field;
};

/* --- the header ---------------------------------------------------------- */

static bool
has_identifier_column(const struct map *m)
{
	return map_has(m, FIELD_CLIENT_IDS) || map_has(m, FIELD_EMAILS) ||
	       map_has(m, FIELD_PHONES) || map_has(m, FIELD_EMAILS_MD5) ||
	       map_has(m, FIELD_PHONES_MD5);
}

/* What it lacks; NULL when it names everything that is required. */
static const char *
lacks(const struct map *m)
{
	if (!map_has(m, FIELD_CREATE_DATE_TIME))
		return "create_date_time";
	return has_identifier_column(m) ? NULL : "client_ids, emails, phones";
}

static size_t
known_columns(const struct map *m)
{
	size_t n = 0;

	for (size_t i = 0; i < map_columns(m); i++)
		n += map_field(m, i) != FIELD_COUNT;
	return n;
}

/* Cells without the empty ones at the end, that spreadsheets add. */
static size_t
used_cells(const struct slice *cell, size_t cells)
{
	while (cells > 0 && slice_trim(cell[cells - 1]).n == 0)
		cells--;
	return cells;
}

/*
 * The first row that names all that is required is the header.  If none does,
 * the one that names most is taken for it, to say what it lacks.
 */
static enum fmt_status
find_header(struct dump *d)
{
	enum fmt_status st = FMT_OK;
	unsigned long rows = 0, best_row = 0;
	size_t most = 0;

	while (rows < HEADER_ROWS) {
		struct map *m = NULL;

		st = reader_next(d->reader, &d->row);
		if (st != FMT_OK)
			break;
		rows++;
		st = map_open(&m, d->settings, d->row.cell,
		    used_cells(d->row.cell, d->row.cells));
		if (st == FMT_NO_HEADER)
			continue;
		if (st != FMT_OK)
			return st;
		if (lacks(m) != NULL && known_columns(m) <= most) {
			map_free(m);
			continue;
		}
		most = known_columns(m);
		map_free(d->map);
		d->map = m;
		d->facts.header_line = d->row.line;
		best_row = rows;
		if (lacks(m) == NULL)
			break;
	}
	if (st != FMT_OK && st != FMT_END && st != FMT_NO_HEADER)
		return st;
	if (d->map == NULL)
		return rows == 0 ? FMT_EMPTY : FMT_NO_HEADER;
	d->facts.preamble = best_row - 1;
	d->facts.missing = lacks(d->map);
	return d->facts.missing == NULL ? FMT_OK : FMT_MISSING_COLUMN;
}

static void
note_columns(struct dump *d)
{
	size_t n = map_columns(d->map);

	d->header = mem_alloc((n + 1) * sizeof *d->header);
	d->field = mem_alloc((n + 1) * sizeof *d->field);
	for (size_t i = 0; i < n; i++) {
		d->header[i] = map_header(d->map, i);
		d->field[i] = map_field(d->map, i);
	}
	d->columns = n;
	d->facts.columns = n;
	d->facts.header = d->header;
	d->facts.field = d->field;
	d->facts.preset = map_preset(d->map)->name;
	d->facts.has_status = map_has(d->map, FIELD_ORDER_STATUS);
}

static void
plan_field(struct dump *d, bool date)
{
	for (size_t i = 0; i < d->columns; i++) {
		enum field f = d->field[i];

		if (f == FIELD_COUNT || (f == FIELD_CREATE_DATE_TIME) != date)
			continue;
		d->step[d->steps++] = (struct step){ i, f, field_info[f].kind };
	}
}

/* Dates first: a row that is older than the start day is not looked into. */
static void
plan(struct dump *d)
{
	d->step = mem_alloc((d->columns + 1) * sizeof *d->step);
	plan_field(d, true);
	d->date_column = d->step[0].column;
	plan_field(d, false);
}

static enum fmt_status
set_default_status(struct dump *d)
{
	const char *own = d->settings->default_status;
	const char *preset = map_preset(d->map)->default_status;

	d->default_status = (struct slice){ "", 0 };
	if (own[0] != '\0') {
		d->default_status = preset_target(own);
		if (d->default_status.n == 0)
			return FMT_SETTINGS;
	} else if (preset != NULL)
		d->default_status = slice_of(preset);
	return d->facts.has_status || d->default_status.n > 0 ? FMT_OK
							      : FMT_NO_STATUS;
}

static void
set_filters(struct dump *d)
{
	const struct settings *s = d->settings;
	struct wall w = { 0 };

	d->start = INT64_MIN;
	if (s->start_day != 0) {
		wall_from_days(&w, s->start_day);
		d->start = zone_instant(d->counter, &w);
	}
	d->pipeline =
	    arena_alloc(&d->keep, (s->pipelines + 1) * sizeof *d->pipeline);
	for (size_t i = 0; i < s->pipelines; i++)
		d->pipeline[i] =
		    preset_fold(&d->keep, slice_of(s->pipeline[i]));
}

static enum fmt_status
open_all(struct dump *d, const struct input *in)
{
	const struct settings *s = d->settings;
	enum fmt_status st;

	st = decode_open(&d->decode, in, s->encoding, &s->limits);
	if (st == FMT_OK)
		st = reader_open(&d->reader, d->decode, s);
	if (st == FMT_OK)
		st = find_header(d);
	if (d->map != NULL)
		note_columns(d);
	if (st != FMT_OK)
		return st;
	plan(d);
	set_filters(d);
	reader_expect(d->reader, d->columns);
	return set_default_status(d);
}

enum fmt_status
dump_open(struct dump **out, const struct input *in, const struct settings *s,
    const struct zone *counter, const struct zone *source)
{
	struct dump *d = mem_alloc(sizeof *d);
	enum fmt_status st;

	d->settings = s;
	d->counter = counter;
	d->source = source == NULL ? counter : source;
	d->facts.encoding = d->facts.compression = "";
	d->facts.syntax = d->facts.preset = "";
	st = open_all(d, in);
	if (st == FMT_IO) {
		dump_close(d);
		d = NULL;
	}
	*out = d;
	return st;
}

void
dump_close(struct dump *d)
{
	if (d == NULL)
		return;
	free(d->step);
	free(d->header);
	free(d->field);
	problems_free(&d->record.problems);
	map_free(d->map);
	reader_close(d->reader);
	decode_close(d->decode);
	arena_free(&d->arena);
	arena_free(&d->keep);
	free(d);
}

/* --- one cell ------------------------------------------------------------ */

static void
refuse(
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

/* A value that the row can do without. */
static void
drop(struct dump *d, enum reject r, const struct step *at, const char *hint)
{
	struct problem p = { .reject = r,
		.field = at->field,
		.cell = at->column,
		.value = slice_trim(d->row.cell[at->column]),
		.hint = hint };

	problems_add(&d->record.problems, &p);
}

static void
take_time(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record.conv.number[at->field], t;
	const char *hint;
	enum reject r;

	if (*out != CONV_NONE || cell.n == 0)
		return;
	r = normal_time(cell, d->source, d->counter, &t, &hint);
	if (r == REJECT_NONE)
		*out = t;
	else if (r == REJECT_DATE_EMPTY)
		return;
	else if (at->field == FIELD_FINISH_DATE_TIME)
		drop(d, r, at, hint);
	else
		refuse(d, r, at->field, at->column, hint);
}

static void
take_money(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record.conv.number[at->field], n;
	const char *hint;
	enum reject r;

	if (*out != CONV_NONE || cell.n == 0)
		return;
	r = normal_money(cell, &n, &hint);
	if (r == REJECT_NONE)
		*out = n;
	else
		refuse(d, r, at->field, at->column, hint);
}

static void
take_seconds(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record.conv.number[at->field], n;

	if (*out != CONV_NONE)
		return;
	if (normal_seconds(cell, &n) == REJECT_NONE)
		*out = n;
	else
		drop(d, REJECT_NUMBER, at, NULL);
}

static void
take_flag(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out = &d->record.conv.number[at->field], n;

	if (*out != CONV_NONE)
		return;
	if (normal_flag(cell, &n) == REJECT_NONE)
		*out = n;
	else
		drop(d, REJECT_NUMBER, at, NULL);
}

static void
take_id(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record.conv, at->field), id;
	const char *hint;

	if (out->n > 0 || cell.n == 0)
		return;
	if (normal_id(&d->arena, cell, &id, &hint) == REJECT_NONE)
		*out = id;
	else if (at->field == FIELD_ID)
		refuse(d, REJECT_ID, at->field, at->column, hint);
	else
		drop(d, REJECT_ID, at, hint);
}

typedef struct slice list_function(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

static void
take_list(struct dump *d, const struct step *at, struct slice cell,
    list_function *normal)
{
	struct slice *out = &conv_text(&d->record.conv, at->field);
	struct problem where = { .field = at->field, .cell = at->column };

	if (cell.n > 0)
		*out = normal_unite(&d->arena, *out,
		    normal(&d->arena, cell, where, &d->record.problems));
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

/* Only remembered: it is mapped once pipeline and loss reason are known. */
static void
take_status(struct dump *d, const struct step *at, struct slice cell)
{
	if (d->status_cell == SIZE_MAX && normal_bare(cell).n > 0)
		d->status_cell = at->column;
}

static void
take_currency(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record.conv, at->field), code;
	const char *want = d->settings->currency;

	if (out->n > 0)
		return;
	if (normal_currency(&d->arena, cell, &code) != REJECT_NONE) {
		if (*want == '\0')
			drop(d, REJECT_CURRENCY, at, NULL);
		else
			refuse(d, REJECT_CURRENCY, at->field, at->column, NULL);
		return;
	}
	if (*want != '\0' && code.n > 0 && !slice_is(code, want))
		refuse(d, REJECT_CURRENCY, at->field, at->column,
		    "the source is set to another currency");
	*out = code;
}

static void
take_text(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record.conv, at->field);

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
	[KIND_STATUS] = take_status,
	[KIND_CURRENCY] = take_currency,
	[KIND_TEXT] = take_text,
};

/* --- one row ------------------------------------------------------------- */

/* Is its pipeline one that the source does not want? */
static bool
filtered(struct dump *d)
{
	struct slice folded = { "", 0 };

	if (d->settings->pipelines == 0)
		return false;
	for (size_t i = 0; i < d->steps && folded.n == 0; i++) {
		if (d->step[i].field == FIELD_PIPELINE)
			folded = preset_fold(
			    &d->arena, d->row.cell[d->step[i].column]);
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
	const int64_t *created = &d->record.conv.number[FIELD_CREATE_DATE_TIME];

	for (size_t i = 0; i < d->steps; i++) {
		const struct step *at = &d->step[i];

		if (at->field != FIELD_CREATE_DATE_TIME &&
		    *created != CONV_NONE && *created < d->start)
			return false;
		take[at->kind](d, at, d->row.cell[at->column]);
		if (d->refusal.reject != REJECT_NONE)
			return true;
	}
	return *created == CONV_NONE || *created >= d->start;
}

static void
settle_status(struct dump *d)
{
	struct conv *c = &d->record.conv;
	struct slice *to = &conv_text(c, FIELD_ORDER_STATUS);

	if (d->status_cell == SIZE_MAX) {
		if (!d->facts.has_status)
			*to = d->default_status;
	} else {
		*to = map_status(d->map, conv_text(c, FIELD_PIPELINE),
		    normal_bare(d->row.cell[d->status_cell]),
		    conv_text(c, FIELD_LOSS_REASON));
		if (to->n == 0)
			refuse(d, REJECT_STATUS, FIELD_ORDER_STATUS,
			    d->status_cell, "no rule maps this status");
	}
	d->record.skip_status = slice_is(*to, "skip");
}

static void
hash_one(struct dump *d, enum field plain, enum field md5)
{
	struct conv *c = &d->record.conv;

	conv_text(c, md5) = normal_unite(&d->arena, conv_text(c, md5),
	    normal_md5_of(&d->arena, conv_text(c, plain)));
	conv_text(c, plain) = (struct slice){ "", 0 };
}

static void
update(struct sha256_ctx *ctx, struct slice s)
{
	sha256_update(ctx, s.n, (const uint8_t *)s.p);
	sha256_update(ctx, 1, (const uint8_t *)"\n");
}

/* After hashing, so that an archived dump whose contacts were hashed gives
 * the same ids again. */
static struct slice
automatic_id(struct dump *d)
{
	static const enum field part[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
		FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5 };
	static const char hex[] = "0123456789abcdef";
	const struct conv *c = &d->record.conv;
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
	sha256_digest(&ctx, sizeof sum, sum);
	for (size_t i = 0; i < sizeof sum; i++) {
		*p++ = hex[sum[i] >> 4];
		*p++ = hex[sum[i] & 15];
	}
	return arena_copy(&d->arena, (struct slice){ id, (size_t)(p - id) });
}

static void
settle_id(struct dump *d)
{
	struct slice *id = &conv_text(&d->record.conv, FIELD_ID);
	size_t prefix = strlen(d->settings->id_prefix);
	char *p;

	d->record.auto_id = id->n == 0;
	if (id->n == 0) {
		*id = automatic_id(d);
	} else if (prefix > 0) {
		p = arena_alloc(&d->arena, prefix + id->n);
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
		refuse(d, r->reject, FIELD_COUNT,
		    r->reject == REJECT_UNCLOSED_QUOTE ||
			    r->reject == REJECT_LINE_TOO_LONG
			? SIZE_MAX
			: r->bad_cell,
		    NULL);
	else if (r->cells < d->columns)
		refuse(d, REJECT_COLUMNS_FEW, FIELD_COUNT, SIZE_MAX, NULL);
	else if (r->cells > d->columns &&
		 used_cells(r->cell, r->cells) > d->columns)
		refuse(d, REJECT_COLUMNS_MANY, FIELD_COUNT, d->columns, NULL);
	return d->refusal.reject == REJECT_NONE;
}

static enum verdict
judge(struct dump *d)
{
	struct record *rec = &d->record;

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
		settle_status(d);
	if (d->refusal.reject != REJECT_NONE)
		return VERDICT_REJECT;
	if (d->settings->pii == PII_HASH) {
		hash_one(d, FIELD_EMAILS, FIELD_EMAILS_MD5);
		hash_one(d, FIELD_PHONES, FIELD_PHONES_MD5);
	}
	settle_id(d);
	return rec->skip_status ? VERDICT_SKIP : VERDICT_TAKE;
}

static void
count(struct dump *d)
{
	struct record *rec = &d->record;

	d->facts.records++;
	d->facts.values_dropped += rec->problems.n;
	d->facts.skipped += rec->verdict == VERDICT_SKIP;
	if (rec->verdict == VERDICT_REJECT) {
		problems_add(&rec->problems, &d->refusal);
		d->facts.rejected++;
		d->facts.damaged += reject_is_damage(d->refusal.reject);
	}
}

/* --- all rows ------------------------------------------------------------ */

/* A date begins with a digit, the name of its column does not.  That keeps
 * the comparison with the header away from ordinary rows. */
static bool
may_be_header(const struct dump *d)
{
	struct slice s;

	if (d->row.cells <= d->date_column)
		return true;
	s = normal_bare(d->row.cell[d->date_column]);
	return s.n > 0 && (*s.p < '0' || *s.p > '9' ||
			      slice_is(s, d->header[d->date_column]));
}

/* FMT_END: the same header again; FMT_HEADER_CHANGED: another one. */
static enum fmt_status
check_header(struct dump *d)
{
	size_t cells = used_cells(d->row.cell, d->row.cells);
	struct map *other;
	bool complete;

	if (map_is_header(d->map, d->row.cell, cells))
		return FMT_END;
	if (map_open(&other, d->settings, d->row.cell, cells) != FMT_OK)
		return FMT_OK;
	complete = lacks(other) == NULL;
	map_free(other);
	return complete ? FMT_HEADER_CHANGED : FMT_OK;
}

static enum fmt_status
next_row(struct dump *d)
{
	for (;;) {
		enum fmt_status st = reader_next(d->reader, &d->row);

		if (st != FMT_OK || d->row.reject != REJECT_NONE ||
		    !may_be_header(d))
			return st;
		st = check_header(d);
		if (st != FMT_END)
			return st;
		d->facts.repeated_headers++;
	}
}

static enum fmt_status
finish(const struct dump *d)
{
	const struct dump_facts *f = &d->facts;

	if (f->records == 0)
		return FMT_EMPTY;
	if (f->damaged > d->settings->max_bad_rows &&
	    (uint64_t)f->damaged * 100 >
		(uint64_t)f->records * d->settings->max_bad_percent)
		return FMT_DAMAGED;
	return FMT_END;
}

enum fmt_status
dump_next(struct dump *d, struct record **out)
{
	struct record *rec = &d->record;
	enum fmt_status st = next_row(d);

	if (st != FMT_OK)
		return st == FMT_END ? finish(d) : st;
	arena_reset(&d->arena);
	conv_clear(&rec->conv);
	rec->problems.n = 0;
	rec->line = d->row.line;
	rec->cell = d->row.cell;
	rec->cells = d->row.cells;
	rec->auto_id = rec->skip_status = false;
	d->refusal.reject = REJECT_NONE;
	d->status_cell = SIZE_MAX;
	rec->verdict = judge(d);
	count(d);
	*out = rec;
	return FMT_OK;
}

const struct dump_facts *
dump_facts(struct dump *d)
{
	struct reader_facts r;

	if (d->decode != NULL) {
		d->facts.encoding = decode_encoding(d->decode);
		d->facts.compression = decode_compression(d->decode);
		d->facts.packed_bytes = decode_packed_bytes(d->decode);
		d->facts.plain_bytes = decode_plain_bytes(d->decode);
	}
	if (d->reader != NULL) {
		reader_facts(d->reader, &r);
		d->facts.syntax = r.syntax;
		d->facts.delimiter = r.delimiter;
		d->facts.blank_lines = r.blank_lines;
		d->facts.lines = r.lines;
	}
	return &d->facts;
}

void
dump_sha256(const struct dump *d, uint8_t out[32])
{
	decode_sha256(d->decode, out);
}
