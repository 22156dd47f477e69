/*
 * A dump: dump_header.c finds the header and settles what its columns mean;
 * then row after row is read, which dump_row.c turns into records.  See dump.h.
 */
#include "formats/dump.h"

#include <stdlib.h>

#include "formats/decode.h"
#include "formats/dump_row.h"
#include "formats/normal_cell.h"

/* --- opening ------------------------------------------------------------- */

static enum fmt_status
set_default_status(struct dump *d)
{
	const char *own = d->settings->default_status;
	const char *preset = map_preset(d->map)->default_status;

	d->default_status = (struct slice){ "", 0 };
	if (d->facts.kind != RECORD_ORDER)
		return FMT_OK; /* a status is an order's */
	if (own[0] != '\0') {
		d->default_status = preset_target(own);
		if (d->default_status.n == 0)
			return FMT_SETTINGS;
	} else if (preset != NULL)
		d->default_status = preset_target(preset);
	return d->facts.has_status || d->default_status.n > 0 ? FMT_OK
							      : FMT_NO_STATUS;
}

static void
set_filters(struct dump *d)
{
	const struct settings *s = d->settings;
	struct wall w = { 0 };

	d->start = INT64_MIN;
	if (s->start_day != 0 && d->facts.kind != RECORD_CONTACT) {
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
		st = dump_find_header(d);
	if (d->map != NULL)
		dump_note_columns(d);
	if (st != FMT_OK)
		return st;
	/* Without the column every row would be skipped in silence. */
	if (d->facts.kind == RECORD_ORDER && d->settings->pipelines > 0 &&
	    !map_has(d->map, FIELD_PIPELINE)) {
		d->facts.missing = "pipeline";
		return FMT_MISSING_COLUMN;
	}
	dump_plan(d);
	set_filters(d);
	reader_expect(d->reader, d->columns);
	d->may_read_ahead = in->ahead;
	d->may_judge_ahead = in->ahead && in->to_its_end;
	return set_default_status(d);
}

/* Pages of JSON, one behind the other: no record has a name that counts. */
static bool
is_pages(const struct dump *d, enum fmt_status st)
{
	struct reader_facts f;

	if (st != FMT_NO_HEADER || d->garbled || d->mojibake)
		return false;
	reader_facts(d->reader, &f);
	return f.pages;
}

enum fmt_status
dump_open(struct dump **out, const struct input *in, const struct settings *s,
    const struct zone *counter, const struct zone *source)
{
	struct dump *d = mem_alloc(sizeof *d);
	enum fmt_status st;

	d->settings = s;
	d->record = &d->own;
	d->arena = &d->row_arena;
	d->counter = counter;
	d->source = source == NULL ? counter : source;
	d->facts.encoding = d->facts.compression = "";
	d->facts.syntax = d->facts.preset = "";
	st = open_all(d, in);
	if (is_pages(d, st))
		st = FMT_JSON_LISTS;
	/* A name that was read wrongly is not missing. */
	if ((d->garbled || d->mojibake) &&
	    (st == FMT_NO_HEADER || st == FMT_MISSING_COLUMN ||
		st == FMT_NO_STATUS)) {
		st = d->mojibake ? FMT_MOJIBAKE : FMT_ENCODING;
		d->facts.missing = NULL;
	}
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
	problems_free(&d->own.problems);
	map_free(d->map);
	ahead_close(d->ahead);
	reader_close(d->reader);
	decode_close(d->decode);
	arena_free(&d->row_arena);
	arena_free(&d->keep);
	free(d);
}

/* --- rows ---------------------------------------------------------------- */

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

static enum fmt_status make_record(void *ctx, const struct row *row,
    struct arena *a, void *out, bool *left_out);
static void free_record(void *record);

/* Another thread judges the rows only where nobody looks on: what a column
 * means is settled, and the cells are nobody else's. */
static void
read_ahead(struct dump *d)
{
	struct ahead_work judge = { .make = make_record,
		.ctx = d,
		.bytes = sizeof *d->record,
		.free = free_record };

	d->judges_ahead =
	    d->may_judge_ahead && d->sift == NULL && d->facts.header_line > 0;
	d->ahead = ahead_open(d->reader, d->judges_ahead ? &judge : NULL);
	d->judges_ahead = d->judges_ahead && d->ahead != NULL;
}

static enum fmt_status
read_row(struct dump *d)
{
	void *none;

	if (d->early_given < d->early_rows) {
		d->row = d->early[d->early_given++];
		return FMT_OK;
	}
	return d->ahead == NULL ? reader_next(d->reader, &d->row)
				: ahead_next(d->ahead, &d->row, &none);
}

/* Is d->row no record?  Then it was seen to here. */
static enum fmt_status
pass_over(struct dump *d, bool *out)
{
	enum fmt_status st;

	*out = true;
	if (d->row.grown_header)
		return dump_grow(d);
	if (dump_is_blank(&d->row)) {
		d->blank_rows++;
		return FMT_OK;
	}
	*out = false;
	if (d->row.reject != REJECT_NONE || d->facts.header_line == 0 ||
	    !may_be_header(d))
		return FMT_OK;
	st = dump_check_header(d);
	if (st != FMT_END)
		return st;
	d->facts.repeated_headers++;
	*out = true;
	return FMT_OK;
}

static enum fmt_status
next_row(struct dump *d)
{
	enum fmt_status st;
	bool left_out;

	do {
		st = read_row(d);
		if (st == FMT_OK)
			st = pass_over(d, &left_out);
	} while (st == FMT_OK && left_out);
	return st;
}

static enum fmt_status
finish(struct dump *d)
{
	struct dump_facts *f = &d->facts;

	f->pipeline = map_pipelines(d->map, &f->pipelines);
	f->paid_status = map_guessed(d->map);
	if (f->records == 0)
		return FMT_EMPTY;
	if (f->damaged > d->settings->max_bad_rows &&
	    (uint64_t)f->damaged * 100 >
		(uint64_t)f->records * d->settings->max_bad_percent)
		return FMT_DAMAGED;
	return f->kind == RECORD_ORDER && f->pipelines > 1 &&
		       f->paid_status != NULL
		   ? FMT_PIPELINES
		   : FMT_END;
}

static void
count(struct dump *d)
{
	struct record *rec = d->record;

	d->facts.records++;
	d->facts.values_dropped += rec->problems.n;
	d->facts.skipped += rec->verdict == VERDICT_SKIP;
	if (rec->verdict == VERDICT_REJECT) {
		problems_add(&rec->problems, &d->refusal);
		d->facts.rejected++;
		d->facts.damaged += reject_is_damage(d->refusal.reject);
	}
}

void
dump_sift(struct dump *d,
    void (*sift)(void *ctx, struct arena *a, struct slice *cell, size_t cells),
    void *ctx)
{
	d->sift = sift;
	d->sift_ctx = ctx;
}

/* Of d->row, into d->record. */
static void
judge(struct dump *d)
{
	struct record *rec = d->record;

	conv_clear(&rec->conv);
	rec->problems.n = 0;
	rec->line = d->row.line;
	rec->cell = d->row.cell;
	rec->cells = d->row.cells;
	rec->auto_id = rec->skip_status = false;
	rec->broken = d->row.reject != REJECT_NONE;
	if (d->sift != NULL)
		d->sift(d->sift_ctx, d->arena, d->row.cell, d->row.cells);
	d->refusal.reject = REJECT_NONE;
	d->day_only = 0;
	d->status_step = SIZE_MAX;
	rec->verdict = dump_judge(d);
	count(d);
}

/* Called by the thread that judges ahead. */
static enum fmt_status
make_record(void *ctx, const struct row *row, struct arena *a, void *out,
    bool *left_out)
{
	struct dump *d = ctx;
	enum fmt_status st;

	d->row = *row;
	st = pass_over(d, left_out);
	if (st != FMT_OK || *left_out)
		return st;
	d->arena = a;
	d->record = out;
	judge(d);
	return FMT_OK;
}

static void
free_record(void *record)
{
	problems_free(&((struct record *)record)->problems);
}

enum fmt_status
dump_next(struct dump *d, struct record **out)
{
	enum fmt_status st;
	struct row row;
	void *made = &d->own;

	if (d->may_read_ahead)
		read_ahead(d);
	d->may_read_ahead = false;
	st = d->judges_ahead ? ahead_next(d->ahead, &row, &made) : next_row(d);
	if (st != FMT_OK)
		return st == FMT_END ? finish(d) : st;
	if (!d->judges_ahead) {
		arena_reset(d->arena);
		judge(d);
	}
	*out = made;
	return FMT_OK;
}

const struct dump_facts *
dump_facts(struct dump *d)
{
	struct reader_facts r;

	if (d->ahead != NULL)
		ahead_stop(d->ahead);
	if (d->decode != NULL) {
		d->facts.encoding = decode_encoding(d->decode);
		d->facts.compression = decode_compression(d->decode);
		d->facts.packed_bytes = decode_packed_bytes(d->decode);
		d->facts.plain_bytes = decode_plain_bytes(d->decode);
	}
	if (d->reader != NULL) {
		if (d->ahead != NULL)
			ahead_facts(d->ahead, &r);
		else
			reader_facts(d->reader, &r);
		d->facts.syntax = r.syntax;
		d->facts.delimiter = r.delimiter;
		d->facts.blank_lines = r.blank_lines + d->blank_rows;
		d->facts.lines = r.lines;
	}
	return &d->facts;
}

void
dump_sha256(const struct dump *d, uint8_t out[32])
{
	decode_sha256(d->decode, out);
}
