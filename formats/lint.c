/*
 * The rules of a destination as a table of its columns, run over every row of
 * a file.  What its documentation leaves open (a BOM, a cell too many) is a
 * warning; what it refuses is an error in its own words.
 */
#include "formats/lint.h"

#include <stdio.h>

#include "formats/check.h"
#include "formats/conv.h"
#include "formats/idset.h"
#include "formats/strict.h"
#include "formats/zone.h"

#define SIZE_MAX_BYTES UINT64_C(314572800) /* 300 Мбайт */
#define SIZE_SAFE_BYTES UINT64_C(300000000)
#define DAY INT64_C(86400)
#define DAYS_OLD 113      /* refused */
#define DAYS_UNLINKED 111 /* 21 to link a visit, 90 to correct it */
#define RULES_MAX 16
#define TEXT_MAX 1024

/* Load errors, which concern the file as a whole. */
static const char separator_text[] = "В файле указан неправильный разделитель";
static const char encoding_text[] =
    "Неверная кодировка файла. Поддерживается только UTF-8 кодировка";
static const char size_text[] = "Размер файла слишком большой, максимально "
				"допустимый размер 300 Мбайт";
static const char nothing_text[] = "В файле не нашлось валидных данных";

struct lint;

struct rule {
	enum field field;
	void (*check)(struct lint *l, const struct rule *r, struct slice cell);
	enum reject reject;               /* of a list: its value is not good */
	bool (*good)(struct slice value); /* identifiers are lists of these */
};

struct lint {
	const struct lint_options *o;
	const struct rule *rule;
	size_t column[RULES_MAX]; /* by rule; SIZE_MAX: not in the header */
	size_t columns;
	size_t id_rule; /* checked last: see idset_expect */
	unsigned long line;
	bool row_bad;
	bool stop; /* the file is refused as a whole */
	struct idset ids;
	void (*found)(void *ctx, const struct lint_finding *f);
	void *ctx;
	struct lint_totals t;
};

/* --- findings --------------------------------------------------------- */

static void
report(struct lint *l, bool warning, const char *column, const char *code,
    const char *text)
{
	struct lint_finding f = { l->line, column, warning, code, text };

	l->row_bad = l->row_bad || !warning;
	l->t.warnings += warning;
	l->t.errors += !warning;
	if (l->found != NULL)
		l->found(l->ctx, &f);
}

static void
refuse(struct lint *l, const char *code, const char *text)
{
	report(l, false, "", code, text);
	l->stop = true;
}

static void
reject(struct lint *l, bool warning, const char *column, enum reject why,
    struct slice value)
{
	char text[TEXT_MAX];

	reject_text(text, sizeof text, why, column, value, NULL);
	report(l, warning, column, reject_code(why), text);
}

/* --- one cell --------------------------------------------------------- */

static void
check_created(struct lint *l, const struct rule *r, struct slice cell)
{
	const char *name = field_info[r->field].name;
	struct wall w = { 0 };
	bool has_time = false;
	enum reject why = check_time(cell, &w, &has_time);
	int64_t t;

	if (why != REJECT_NONE) {
		reject(l, false, name, why, cell);
		return;
	}
	t = wall_days(&w) * DAY + w.hour * 3600 + w.minute * 60 + w.second;
	if (t > l->o->now)
		reject(l, false, name, REJECT_DATE_FUTURE, cell);
	else if (t < l->o->now - DAYS_OLD * DAY)
		reject(l, false, name, REJECT_DATE_OLD, cell);
	else if (t < l->o->now - DAYS_UNLINKED * DAY)
		report(l, true, name, "aging_date",
		    "'create_date_time' is older than 111 days, so that no "
		    "visit can be linked to it or corrected any more");
}

static void
check_id(struct lint *l, const struct rule *r, struct slice cell)
{
	if (cell.n > 0 && idset_add(&l->ids, cell))
		report(l, true, field_info[r->field].name, "same_id",
		    "An earlier row has the same id; the destination applies "
		    "such rows in random order");
}

/* Excel turned a long number into "1,33591E+17", which splits as a list. */
static bool
is_exponent(struct slice cell)
{
	struct slice rest = cell;
	struct slice whole = slice_cut(&rest, ',');
	struct slice fraction = slice_cut(&rest, '+');
	size_t digits = 0;

	while (digits < fraction.n && fraction.p[digits] >= '0' &&
	       fraction.p[digits] <= '9')
		digits++;
	return whole.n == 1 && rest.n > 0 && digits + 1 == fraction.n &&
	       fraction.p[digits] == 'E';
}

static void
check_list(struct lint *l, const struct rule *r, struct slice cell)
{
	const char *name = field_info[r->field].name;
	struct slice rest = cell;
	bool more = cell.n > 0;

	while (more) {
		struct slice value;

		more = memchr(rest.p, ',', rest.n) != NULL;
		value = slice_cut(&rest, ',');
		if (r->good(value))
			continue;
		if (is_exponent(cell)) {
			reject(l, false, name, r->reject, cell);
			break;
		}
		reject(l, false, name, r->reject, value.n > 0 ? value : cell);
	}
}

static bool
is_goal(const struct lint *l, struct slice id)
{
	if (l->o->any_goal)
		return check_goal_id(id);
	for (size_t i = 0; i < l->o->goals; i++)
		if (slice_is(id, l->o->goal[i]))
			return true;
	return false;
}

/* Empty is PAID to the destination. */
static void
check_status(struct lint *l, const struct rule *r, struct slice cell)
{
	if (cell.n > 0 && !check_status_fixed(cell) && !is_goal(l, cell))
		reject(
		    l, false, field_info[r->field].name, REJECT_STATUS, cell);
}

static void
check_amount(struct lint *l, const struct rule *r, struct slice cell)
{
	enum reject why = cell.n == 0 ? REJECT_NONE : check_money(cell, NULL);

	if (why != REJECT_NONE)
		reject(l, false, field_info[r->field].name, why, cell);
}

/* clang-format off */
static const struct rule conversion_center[] = {
	{ FIELD_CREATE_DATE_TIME, check_created, REJECT_NONE, NULL },
	{ FIELD_CLIENT_UNIQ_ID,   NULL,          REJECT_NONE, NULL },
	{ FIELD_CLIENT_IDS, check_list, REJECT_CLIENT_IDS, check_client_id },
	{ FIELD_EMAILS,     check_list, REJECT_EMAILS,     check_email },
	{ FIELD_PHONES,     check_list, REJECT_PHONES,     check_phone },
	{ FIELD_EMAILS_MD5, check_list, REJECT_EMAILS_MD5, check_md5 },
	{ FIELD_PHONES_MD5, check_list, REJECT_PHONES_MD5, check_md5 },
	{ FIELD_ORDER_STATUS,     check_status,  REJECT_NONE, NULL },
	{ FIELD_REVENUE,          check_amount,  REJECT_NONE, NULL },
	{ FIELD_COST,             check_amount,  REJECT_NONE, NULL },
	{ FIELD_ID,               check_id,      REJECT_NONE, NULL },
	{ FIELD_COUNT,            NULL,          REJECT_NONE, NULL }
};

static const struct {
	const char *output;
	const struct rule *rule;
} destinations[] = {
	{ "conversion-center", conversion_center },
};
/* clang-format on */

static const struct rule *
rules_of(const char *output)
{
	for (size_t i = 0; i < sizeof destinations / sizeof *destinations; i++)
		if (strcmp(destinations[i].output, output) == 0)
			return destinations[i].rule;
	return NULL;
}

/* --- the header ------------------------------------------------------- */

/* The rule that reads a column of this name; the table's end when none. */
static size_t
rule_named(const struct lint *l, struct slice name)
{
	size_t i = 0;

	while (l->rule[i].field != FIELD_COUNT &&
	       !slice_is(name, field_info[l->rule[i].field].name))
		i++;
	return i;
}

static bool
is_read(const struct lint *l, struct slice name)
{
	return l->rule[rule_named(l, name)].field != FIELD_COUNT;
}

/* A name that differs only in capitals and blanks is a slip. */
static void
warn_near_miss(struct lint *l, struct slice name)
{
	char lower[64], text[TEXT_MAX];
	size_t n = 0;

	name = slice_trim(name);
	if (name.n > sizeof lower)
		return;
	for (; n < name.n; n++)
		lower[n] = name.p[n] >= 'A' && name.p[n] <= 'Z'
			       ? (char)(name.p[n] - 'A' + 'a')
			       : name.p[n];
	if (!is_read(l, (struct slice){ lower, n }))
		return;
	snprintf(text, sizeof text,
	    "This column is ignored: the destination knows it as '%.*s', to "
	    "the letter",
	    (int)n, lower);
	report(l, true, "", "column_name", text);
}

static void
map_columns(struct lint *l, const struct strict_row *row)
{
	l->columns = row->cells;
	for (size_t i = 0; i < RULES_MAX; i++)
		l->column[i] = SIZE_MAX;
	for (size_t i = 0; i < row->cells; i++) {
		size_t r = rule_named(l, row->cell[i]);

		if (l->rule[r].field == FIELD_COUNT)
			warn_near_miss(l, row->cell[i]);
		else if (l->column[r] != SIZE_MAX)
			report(l, true, field_info[l->rule[r].field].name,
			    "column_twice",
			    "The column is there twice; the first was read");
		else
			l->column[r] = i;
	}
}

/* Would another separator have given a column that is known? */
static bool
has_wrong_separator(const struct lint *l, const struct strict_row *row)
{
	for (size_t i = 0; i < row->cells; i++)
		if (is_read(l, row->cell[i]))
			return false;
	for (const char *c = ",\t|"; *c != '\0'; c++) {
		for (size_t i = 0; i < row->cells; i++) {
			struct slice rest = row->cell[i];

			while (rest.n > 0)
				if (is_read(l, slice_cut(&rest, *c)))
					return true;
		}
	}
	return false;
}

static void
require_columns(struct lint *l)
{
	bool identifier = false;

	for (size_t i = 0; l->rule[i].field != FIELD_COUNT; i++)
		identifier = identifier || (l->rule[i].good != NULL &&
					       l->column[i] != SIZE_MAX);
	if (l->column[rule_named(l, slice_of("create_date_time"))] == SIZE_MAX)
		refuse(l, "missing_column", "missing create_date_time");
	if (!identifier)
		refuse(l, "missing_column",
		    "missing a column with identifiers: client_ids, emails, "
		    "phones, emails_md5 or phones_md5");
	if (l->stop) {
		l->line = 0;
		report(l, false, "", "nothing", nothing_text);
	}
}

/* --- rows ------------------------------------------------------------- */

/* Bytes that are not UTF-8 make the destination refuse the file. */
static void
refuse_row(struct lint *l, enum reject why)
{
	if (why == REJECT_ENCODING)
		refuse(l, "encoding", encoding_text);
	else
		reject(l, false, "", why, (struct slice){ NULL, 0 });
}

static void
check_header(struct lint *l, const struct strict_row *row)
{
	if (row->reject != REJECT_NONE) {
		refuse_row(l, row->reject);
		l->stop = true;
		return;
	}
	if (has_wrong_separator(l, row)) {
		refuse(l, "separator", separator_text);
		return;
	}
	map_columns(l, row);
	require_columns(l);
}

static struct slice
cell_of(const struct lint *l, size_t rule, const struct strict_row *row)
{
	if (l->column[rule] < row->cells)
		return row->cell[l->column[rule]];
	return (struct slice){ "", 0 };
}

static void
check_cells(struct lint *l, const struct strict_row *row)
{
	bool identifier = false;

	idset_expect(&l->ids, cell_of(l, l->id_rule, row));
	for (size_t i = 0; l->rule[i].field != FIELD_COUNT; i++) {
		const struct rule *r = &l->rule[i];
		struct slice cell = cell_of(l, i, row);

		identifier = identifier || (r->good != NULL && cell.n > 0);
		if (r->check != NULL)
			r->check(l, r, cell);
	}
	if (!identifier)
		reject(l, false, "", REJECT_NO_IDENTIFIER,
		    (struct slice){ NULL, 0 });
}

static void
check_row(struct lint *l, const struct strict_row *row)
{
	struct slice none = { NULL, 0 };

	l->row_bad = false;
	if (row->reject != REJECT_NONE) {
		refuse_row(l, row->reject);
	} else {
		if (row->cells < l->columns)
			reject(l, true, "", REJECT_COLUMNS_FEW, none);
		if (row->cells > l->columns)
			reject(l, true, "", REJECT_COLUMNS_MANY, none);
		check_cells(l, row);
	}
	l->t.rows++;
	l->t.valid += !l->row_bad;
}

/* --- the file --------------------------------------------------------- */

static void
check_size(struct lint *l, const struct strict *file)
{
	l->t.bytes = strict_bytes(file);
	if (l->t.bytes <= SIZE_MAX_BYTES || l->stop)
		return;
	l->line = 0;
	refuse(l, "size", size_text);
}

static void
check_end(struct lint *l)
{
	l->line = 0;
	if (l->t.bytes > SIZE_SAFE_BYTES)
		report(l, true, "", "size",
		    "The file has over 300,000,000 bytes, which may be the "
		    "destination's limit of 300 MB");
	if (l->t.valid == 0)
		report(l, false, "", "nothing", nothing_text);
}

static enum fmt_status
read_rows(struct lint *l, struct strict *file)
{
	struct strict_row row;
	enum fmt_status rc = FMT_OK;
	bool header = true;

	while (!l->stop && (rc = strict_next(file, &row)) == FMT_OK) {
		l->line = row.line;
		if (header && strict_bom(file))
			report(l, true, "", "bom",
			    "The file begins with a BOM, which the "
			    "destination's rules do not mention");
		if (header)
			check_header(l, &row);
		else
			check_row(l, &row);
		header = false;
		check_size(l, file);
	}
	check_size(l, file);
	if (rc == FMT_END && !l->stop)
		check_end(l);
	return rc == FMT_IO ? FMT_IO : FMT_OK;
}

enum fmt_status
lint_run(const struct input *in, const struct lint_options *o,
    void (*found)(void *ctx, const struct lint_finding *f), void *ctx,
    struct lint_totals *totals)
{
	struct lint l = {
		.o = o, .rule = rules_of(o->output), .found = found, .ctx = ctx
	};
	struct strict *file;
	enum fmt_status rc;

	if (l.rule == NULL)
		return FMT_SETTINGS;
	l.id_rule = rule_named(&l, slice_of("id"));
	file = strict_open(in);
	rc = read_rows(&l, file);
	strict_close(file);
	idset_free(&l.ids);
	if (rc == FMT_OK)
		*totals = l.t;
	return rc;
}
