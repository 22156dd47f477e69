/*
 * A dump: finds the header, settles what its columns mean, then reads row
 * after row, which dump_row.c turns into records.  See dump.h.
 */
#include "formats/dump.h"

#include <stdlib.h>

#include "formats/damage.h"
#include "formats/decode.h"
#include "formats/dump_row.h"
#include "formats/normal_cell.h"

/* Rows that may come before the header: a report's title, its filters. */
enum {
	HEADER_ROWS = 30
};

/* --- the header ---------------------------------------------------------- */

static bool
has_identifier_column(const struct map *m)
{
	return map_has(m, FIELD_CLIENT_IDS) || map_has(m, FIELD_EMAILS) ||
	       map_has(m, FIELD_PHONES) || map_has(m, FIELD_EMAILS_MD5) ||
	       map_has(m, FIELD_PHONES_MD5);
}

/* What Metrica takes besides, to find a visit by. */
static bool
has_any_identifier_column(const struct map *m)
{
	return has_identifier_column(m) || map_has(m, FIELD_USER_ID) ||
	       map_has(m, FIELD_YCLID) || map_has(m, FIELD_PURCHASE_ID);
}

static enum record_kind
kind_of(const struct settings *s, const struct map *m)
{
	return s->record[0] == '\0' ? map_preset(m)->kind
				    : record_kind_by_name(s->record);
}

static bool
joins_clients(const struct settings *s, const struct map *m)
{
	return kind_of(s, m) == RECORD_ORDER &&
	       (s->joins_clients || map_preset(m)->joins_clients);
}

static const char *
order_lacks(const struct settings *s, const struct map *m)
{
	if (!map_has(m, FIELD_CREATE_DATE_TIME))
		return "create_date_time";
	if (has_identifier_column(m) ||
	    (s->any_identifier && has_any_identifier_column(m)) ||
	    (joins_clients(s, m) && map_has(m, FIELD_CLIENT_UNIQ_ID)))
		return NULL;
	return "client_ids, emails, phones";
}

static const char *
contact_lacks(const struct settings *s, const struct map *m)
{
	(void)s;
	return map_has(m, FIELD_CLIENT_UNIQ_ID) || map_has(m, FIELD_ID)
		   ? NULL
		   : "client_uniq_id";
}

static const char *
call_lacks(const struct settings *s, const struct map *m)
{
	(void)s;
	if (!map_has(m, FIELD_CREATE_DATE_TIME))
		return "create_date_time";
	return has_any_identifier_column(m) ? NULL : "phones, client_ids";
}

static const char *
chat_lacks(const struct settings *s, const struct map *m)
{
	(void)s;
	if (!map_has(m, FIELD_CREATE_DATE_TIME))
		return "create_date_time";
	if (!map_has(m, FIELD_CHAT_PLATFORM))
		return "chat_platform";
	return has_any_identifier_column(m) ||
		       map_has(m, FIELD_CHAT_USERNAME) ||
		       map_has(m, FIELD_CHAT_USER_ID)
		   ? NULL
		   : "chat_username, chat_user_id, phones";
}

/* What it lacks; NULL when it names everything that is required of the kind of
 * records that it is a dump of. */
static const char *
lacks(const struct settings *s, const struct map *m)
{
	static const char *(*const by_kind[RECORD_KINDS])(
	    const struct settings *, const struct map *) = {
		[RECORD_ORDER] = order_lacks,
		[RECORD_CONTACT] = contact_lacks,
		[RECORD_CALL] = call_lacks,
		[RECORD_CHAT] = chat_lacks,
	};

	return by_kind[kind_of(s, m)](s, m);
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
size_t
dump_used_cells(const struct slice *cell, size_t cells)
{
	while (cells > 0 && slice_trim(cell[cells - 1]).n == 0)
		cells--;
	return cells;
}

/* A spreadsheet's row without anything in it: ";;;;". */
static bool
is_blank(const struct row *r)
{
	return r->reject == REJECT_NONE &&
	       dump_used_cells(r->cell, r->cells) == 0;
}

/* Has a cell letters of a wrong encoding? */
static bool
is_mojibake(const struct row *r)
{
	for (size_t i = 0; i < r->cells; i++) {
		if (damage_mojibake(r->cell[i]) ||
		    damage_question_marks(r->cell[i]))
			return true;
	}
	return false;
}

/* A refused row before the header: a title when lines name the columns, but a
 * record when it is the records that do. */
static void
keep_early(struct dump *d)
{
	if (d->row.reject != REJECT_NONE && d->row.cells == 0)
		d->early[d->early_rows++] = d->row;
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

	d->early = arena_alloc(&d->keep, HEADER_ROWS * sizeof *d->early);
	while (rows < HEADER_ROWS) {
		struct map *m = NULL;

		st = reader_next(d->reader, &d->row);
		if (st != FMT_OK)
			break;
		if (is_blank(&d->row)) {
			d->blank_rows++;
			continue;
		}
		rows++;
		d->garbled = d->garbled || d->row.reject == REJECT_ENCODING;
		st = map_open(&m, d->settings, d->row.cell,
		    dump_used_cells(d->row.cell, d->row.cells));
		d->mojibake = d->mojibake || is_mojibake(&d->row);
		if (st == FMT_NO_HEADER && d->row.line > 0) {
			keep_early(d);
			continue;
		}
		if (st != FMT_OK)
			return st;
		if (lacks(d->settings, m) != NULL && known_columns(m) <= most) {
			map_free(m);
			continue;
		}
		most = known_columns(m);
		map_free(d->map);
		d->map = m;
		d->facts.header_line = d->row.line;
		best_row = rows;
		/* What is no line's is the header, whatever it lacks. */
		if (lacks(d->settings, m) == NULL || d->row.line == 0)
			break;
	}
	if (st != FMT_OK && st != FMT_END && st != FMT_NO_HEADER)
		return st;
	if (d->map == NULL)
		return rows == 0 ? FMT_EMPTY : FMT_NO_HEADER;
	if (d->facts.header_line > 0)
		d->early_rows = 0;
	d->facts.preamble = best_row - 1 - d->early_rows;
	d->facts.missing = lacks(d->settings, d->map);
	return d->facts.missing == NULL ? FMT_OK : FMT_MISSING_COLUMN;
}

/* Who has seen the facts keeps what they pointed to: nothing is freed. */
static void
make_room(struct dump *d, size_t columns)
{
	const char **header = d->header;
	enum field *field = d->field;
	const char **note = d->note;
	bool *is_google = d->is_google;

	if (columns <= d->room)
		return;
	d->room = 2 * columns;
	d->header = arena_alloc(&d->keep, d->room * sizeof *header);
	d->field = arena_alloc(&d->keep, d->room * sizeof *field);
	d->note = arena_alloc(&d->keep, d->room * sizeof *note);
	d->is_google = arena_alloc(&d->keep, d->room * sizeof *is_google);
	for (size_t i = 0; i < d->columns; i++) {
		d->header[i] = header[i];
		d->field[i] = field[i];
		d->note[i] = note[i];
		d->is_google[i] = is_google[i];
	}
	d->facts.header = d->header;
	d->facts.field = d->field;
	d->facts.note = d->note;
	d->facts.google = d->is_google;
}

static void
note_columns(struct dump *d)
{
	size_t n = map_columns(d->map);

	make_room(d, n + 1);
	for (size_t i = 0; i < n; i++) {
		d->header[i] = map_header(d->map, i);
		d->field[i] = map_field(d->map, i);
		d->note[i] = map_note(d->map, i);
		d->is_google[i] = map_is_google(d->map, i);
	}
	d->columns = n;
	d->facts.columns = n;
	d->facts.preset = map_preset(d->map)->name;
	d->facts.same_id = map_preset(d->map)->same_id;
	d->facts.kind = kind_of(d->settings, d->map);
	d->facts.joins_clients = joins_clients(d->settings, d->map);
	d->facts.has_status = map_has(d->map, FIELD_ORDER_STATUS) ||
			      map_has(d->map, FIELD_PAID) ||
			      map_has(d->map, FIELD_CANCELLED);
}

static void
plan_field(struct dump *d, bool date)
{
	for (size_t i = 0; i < d->columns; i++) {
		enum field f = d->field[i];

		if (f == FIELD_COUNT || (f == FIELD_CREATE_DATE_TIME) != date)
			continue;
		d->step[d->steps++] = (struct step){
			.column = i,
			.field = f,
			.kind = field_info[f].kind,
			.part = map_part(d->map, i),
		};
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

/* A column that was not in the header.  The others stay what they are, also
 * where a better one is among the new: rows were read by them. */
static void
add_column(struct dump *d, const struct map *m, size_t i)
{
	enum field f = map_field(m, i);

	d->header[i] = arena_string(&d->keep, slice_of(map_header(m, i)));
	d->field[i] = f;
	d->note[i] = map_note(m, i);
	d->is_google[i] = map_is_google(m, i);
	if (f == FIELD_COUNT)
		return;
	map_learn(d->map, f);
	d->step[d->steps++] = (struct step){
		.column = i,
		.field = f,
		.kind = field_info[f].kind,
		.part = map_part(m, i),
	};
	d->facts.has_status = d->facts.has_status || f == FIELD_ORDER_STATUS ||
			      f == FIELD_PAID || f == FIELD_CANCELLED;
}

/* The row is the header again, with more columns: they are mapped by the same
 * rules and the preset that was chosen. */
static enum fmt_status
grow(struct dump *d)
{
	struct settings s = *d->settings;
	struct map *m = NULL;
	enum fmt_status st;

	s.preset = mem_string(d->facts.preset);
	st = map_open(&m, &s, d->row.cell, d->row.cells);
	free(s.preset);
	if (st != FMT_OK)
		return st;
	make_room(d, d->row.cells);
	d->step = mem_grow(d->step, (d->row.cells + 1) * sizeof *d->step);
	for (size_t i = d->columns; i < d->row.cells; i++)
		add_column(d, m, i);
	d->columns = d->row.cells;
	d->facts.columns = d->columns;
	map_free(m);
	reader_expect(d->reader, d->columns);
	return FMT_OK;
}

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
		st = find_header(d);
	if (d->map != NULL)
		note_columns(d);
	if (st != FMT_OK)
		return st;
	/* Without the column every row would be skipped in silence. */
	if (d->facts.kind == RECORD_ORDER && d->settings->pipelines > 0 &&
	    !map_has(d->map, FIELD_PIPELINE)) {
		d->facts.missing = "pipeline";
		return FMT_MISSING_COLUMN;
	}
	plan(d);
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

/* --- rows ------------------------------------------------------------ */

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
	size_t cells = dump_used_cells(d->row.cell, d->row.cells);
	struct map *other;
	bool complete;

	if (map_is_header(d->map, d->row.cell, cells))
		return FMT_END;
	if (map_open(&other, d->settings, d->row.cell, cells) != FMT_OK)
		return FMT_OK;
	complete = lacks(d->settings, other) == NULL;
	map_free(other);
	return complete ? FMT_HEADER_CHANGED : FMT_OK;
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
		return grow(d);
	if (is_blank(&d->row)) {
		d->blank_rows++;
		return FMT_OK;
	}
	*out = false;
	if (d->row.reject != REJECT_NONE || d->facts.header_line == 0 ||
	    !may_be_header(d))
		return FMT_OK;
	st = check_header(d);
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
