/*
 * The header of a dump: which row it is, what its columns mean and whether they
 * are all that records of its kind need; later, the same header again, another
 * one, or the same with more columns.
 */
#include "formats/dump_row.h"

#include <stdlib.h>

#include "formats/damage.h"

/* Rows that may come before the header: a report's title, its filters. */
enum {
	HEADER_ROWS = 30
};

/* --- what it must name --------------------------------------------------- */

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

/* --- which row it is ----------------------------------------------------- */

/* Cells without the empty ones at the end, that spreadsheets add. */
size_t
dump_used_cells(const struct slice *cell, size_t cells)
{
	while (cells > 0 && slice_trim(cell[cells - 1]).n == 0)
		cells--;
	return cells;
}

/* A spreadsheet's row without anything in it: ";;;;". */
bool
dump_is_blank(const struct row *r)
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
enum fmt_status
dump_find_header(struct dump *d)
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
		if (dump_is_blank(&d->row)) {
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

/* --- what its columns mean ----------------------------------------------- */

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

void
dump_note_columns(struct dump *d)
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
void
dump_plan(struct dump *d)
{
	d->step = mem_alloc((d->columns + 1) * sizeof *d->step);
	plan_field(d, true);
	d->date_column = d->step[0].column;
	plan_field(d, false);
}

/* --- once more among the rows -------------------------------------------- */

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
enum fmt_status
dump_grow(struct dump *d)
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

/* FMT_END: the same header again; FMT_HEADER_CHANGED: another one. */
enum fmt_status
dump_check_header(struct dump *d)
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
