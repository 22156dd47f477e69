/*
 * The rules of a destination as a table of its columns, run over every row of
 * a file.  What its documentation leaves open (a BOM, a cell too many) is a
 * warning; what it refuses is an error, in its own words where it has some.
 */
#include "formats/lint_private.h"

#include <stdio.h>

#include "formats/strict.h"

/* --- findings ------------------------------------------------------------- */

void
lint_say(struct lint *l, bool warning, const char *column, const char *code,
    const char *text)
{
	struct lint_finding f = { l->line, column, warning, code, text };

	l->row_bad = l->row_bad || !warning;
	l->t.warnings += warning;
	l->t.errors += !warning;
	if (l->found != NULL)
		l->found(l->ctx, &f);
}

void
lint_error(
    struct lint *l, const char *column, const char *code, const char *text)
{
	lint_say(l, false, column, code, message(text));
}

void
lint_warn(
    struct lint *l, const char *column, const char *code, const char *text)
{
	lint_say(l, true, column, code, message(text));
}

void
lint_refuse(struct lint *l, const char *code, const char *text)
{
	lint_error(l, "", code, text);
	l->stop = true;
}

static void
reject(struct lint *l, bool warning, const char *column, enum reject why,
    struct slice value, const char *hint)
{
	char text[LINT_TEXT_MAX];

	reject_text(text, sizeof text, why, column, value, hint);
	lint_say(l, warning, column, reject_code(why), text);
}

void
lint_reject(struct lint *l, const char *column, enum reject why,
    struct slice value, const char *hint)
{
	reject(l, false, column, why, value, hint);
}

static void
reject_row(struct lint *l, bool warning, enum reject why)
{
	reject(l, warning, "", why, (struct slice){ NULL, 0 }, NULL);
}

/* --- destinations --------------------------------------------------------- */

static const struct lint_destination *const groups[] = { lint_conversion_center,
	lint_metrica, lint_crm };

/* The n-th of all; NULL after the last. */
static const struct lint_destination *
destination(size_t n)
{
	for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
		for (size_t i = 0; groups[g][i].name != NULL; i++)
			if (n-- == 0)
				return &groups[g][i];
	return NULL;
}

static const struct lint_destination *
destination_named(const char *name)
{
	const struct lint_destination *d;

	for (size_t n = 0; (d = destination(n)) != NULL; n++)
		if (strcmp(d->name, name) == 0)
			return d;
	return NULL;
}

const struct lint_destination *
lint_by_key(const struct lint_destination *to, struct slice key)
{
	const struct lint_destination *d;

	if (to->key != NULL && slice_is(key, to->key))
		return to;
	for (size_t n = 0; (d = destination(n)) != NULL; n++)
		if (strcmp(d->output, to->output) == 0 && d->key != NULL &&
		    slice_is(key, d->key))
			return d;
	return NULL;
}

/* The other syntax of the same output; NULL when it has one alone. */
static const struct lint_destination *
twin(const struct lint_destination *to)
{
	const struct lint_destination *d;

	for (size_t n = 0; (d = destination(n)) != NULL; n++)
		if (strcmp(d->output, to->output) == 0 &&
		    (d->key == NULL) != (to->key == NULL))
			return d;
	return NULL;
}

void
lint_aim(struct lint *l, const struct lint_destination *to)
{
	l->to = to;
	for (l->rules = 0; to->rule[l->rules].name != NULL;)
		l->rules++;
	l->id_rule =
	    to->id == NULL ? l->rules : lint_rule_named(l, slice_of(to->id));
}

/* --- the header ----------------------------------------------------------- */

size_t
lint_rule_named(const struct lint *l, struct slice name)
{
	size_t i = 0;

	while (i < l->rules && !slice_is(name, l->to->rule[i].name) &&
	       (l->to->rule[i].also == NULL ||
		   !slice_is(name, l->to->rule[i].also)))
		i++;
	return i;
}

static bool
is_read(const struct lint *l, struct slice name)
{
	return lint_rule_named(l, name) < l->rules;
}

static bool
same_but_for_case(struct slice a, struct slice b)
{
	for (size_t i = 0; a.n == b.n && i < a.n; i++)
		if ((a.p[i] | 0x20) != (b.p[i] | 0x20))
			return false;
	return a.n == b.n;
}

/* A name that differs only in capitals and blanks is a slip. */
static void
warn_near_miss(struct lint *l, struct slice name)
{
	char text[LINT_TEXT_MAX];
	size_t i = 0;

	name = slice_trim(name);
	while (i < l->rules &&
	       !same_but_for_case(name, slice_of(l->to->rule[i].name)))
		i++;
	if (i == l->rules)
		return;
	snprintf(text, sizeof text,
	    message(N_("This column is ignored: the destination knows it as "
		       "'%s', to the letter")),
	    l->to->rule[i].name);
	lint_say(l, true, "", "column_name", text);
}

static void
map_columns(struct lint *l, const struct strict_row *row)
{
	l->columns = row->cells;
	for (size_t i = 0; i < LINT_RULES_MAX; i++)
		l->column[i] = SIZE_MAX;
	for (size_t i = 0; i < row->cells; i++) {
		size_t r = lint_rule_named(l, row->cell[i]);

		if (r == l->rules)
			warn_near_miss(l, row->cell[i]);
		else if (l->column[r] != SIZE_MAX)
			lint_warn(l, l->to->rule[r].name, "column_twice",
			    N_("The column is there twice; the first was "
			       "read"));
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
	for (const char *c = ";,\t|"; *c != '\0'; c++) {
		for (size_t i = 0; i < row->cells; i++) {
			struct slice rest = row->cell[i];

			while (rest.n > 0)
				if (is_read(l, slice_cut(&rest, *c)))
					return true;
		}
	}
	return false;
}

static bool
has_set(const struct lint *l, unsigned set)
{
	for (size_t i = 0; i < l->rules; i++)
		if (l->to->rule[i].set == set && l->column[i] != SIZE_MAX)
			return true;
	return false;
}

static void
require_columns(struct lint *l)
{
	char text[LINT_TEXT_MAX];

	for (size_t i = 0; i < l->rules; i++) {
		if (!l->to->rule[i].must || l->column[i] != SIZE_MAX)
			continue;
		snprintf(text, sizeof text, message(N_("missing %s")),
		    l->to->rule[i].name);
		lint_say(l, false, "", "missing_column", text);
		l->stop = true;
	}
	for (unsigned set = 0; set < LINT_SETS; set++) {
		const struct lint_set *s = &l->to->set[set];

		if (s->missing == NULL || has_set(l, set + 1))
			continue;
		if (s->warning)
			lint_warn(l, "", "missing_column", s->missing);
		else
			lint_refuse(l, "missing_column", s->missing);
	}
	if (l->stop) {
		l->line = 0;
		lint_error(l, "", "nothing", l->to->words->nothing);
	}
}

/* --- rows ----------------------------------------------------------------- */

/* Bytes that are not UTF-8 make the destination refuse the file. */
static void
refuse_row(struct lint *l, enum reject why)
{
	if (why == REJECT_ENCODING)
		lint_refuse(l, "encoding", l->to->words->encoding);
	else
		reject_row(l, false, why);
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
		lint_refuse(l, "separator", l->to->words->separator);
		return;
	}
	map_columns(l, row);
	require_columns(l);
}

static void
check_sets(struct lint *l, unsigned filled)
{
	for (unsigned set = 0; set < LINT_SETS; set++) {
		const struct lint_set *s = &l->to->set[set];

		if (s->empty == NULL || (filled & 1u << (set + 1)) != 0)
			continue;
		if (s->warning)
			lint_warn(l, "", "unattributed", s->empty);
		else
			lint_error(
			    l, "", reject_code(REJECT_NO_IDENTIFIER), s->empty);
	}
}

void
lint_record(struct lint *l)
{
	unsigned filled = 0; /* the sets, by bit */

	for (size_t i = 0; i < l->rules; i++) {
		const struct lint_rule *r = &l->to->rule[i];

		filled |= (unsigned)(l->cell[i].n > 0) << r->set;
		if (r->check != NULL)
			r->check(l, r, l->cell[i]);
	}
	check_sets(l, filled);
}

static void
check_cells(struct lint *l, const struct strict_row *row)
{
	for (size_t i = 0; i < l->rules; i++)
		l->cell[i] = l->column[i] < row->cells
				 ? row->cell[l->column[i]]
				 : (struct slice){ "", 0 };
	if (l->id_rule < l->rules && !l->o->ids_differ)
		idset_expect(&l->ids, l->cell[l->id_rule]);
	lint_record(l);
}

static void
check_row(struct lint *l, const struct strict_row *row)
{
	l->row_bad = false;
	if (row->reject != REJECT_NONE) {
		refuse_row(l, row->reject);
	} else {
		if (row->cells < l->columns)
			reject_row(l, true, REJECT_COLUMNS_FEW);
		if (row->cells > l->columns)
			reject_row(l, true, REJECT_COLUMNS_MANY);
		check_cells(l, row);
	}
	l->t.rows++;
	l->t.valid += !l->row_bad;
}

/* --- the file ------------------------------------------------------------- */

void
lint_size(struct lint *l, uint64_t bytes)
{
	l->t.bytes = bytes;
	if (bytes <= l->to->max_bytes || l->stop)
		return;
	l->line = 0;
	lint_refuse(l, "size", l->to->words->size);
}

void
lint_end(struct lint *l)
{
	l->line = 0;
	if (l->to->safe_bytes > 0 && l->t.bytes > l->to->safe_bytes)
		lint_warn(l, "", "size",
		    N_("The file has over 300,000,000 bytes, which may be the "
		       "destination's limit of 300 MB"));
	if (l->t.valid == 0)
		lint_error(l, "", "nothing", l->to->words->nothing);
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
			lint_bom(l);
		if (header)
			check_header(l, &row);
		else
			check_row(l, &row);
		header = false;
		lint_size(l, strict_bytes(file));
	}
	lint_size(l, strict_bytes(file));
	if (rc == FMT_END && !l->stop)
		lint_end(l);
	return rc == FMT_IO ? FMT_IO : FMT_OK;
}

void
lint_bom(struct lint *l)
{
	lint_warn(l, "", "bom",
	    N_("The file begins with a BOM, which the destination's rules do "
	       "not mention"));
}

static enum fmt_status
lint_csv(struct lint *l, const struct input *in)
{
	struct strict *file = strict_open(in, l->to->delimiters);
	enum fmt_status rc = read_rows(l, file);

	strict_close(file);
	return rc;
}

/* --- CSV or JSON? --------------------------------------------------------- */

/* The input once more, from where somebody looked into it. */
struct peek {
	const struct input *in;
	char buf[4096];
	size_t n, used;
};

static ssize_t
read_peeked(void *ctx, void *buf, size_t n)
{
	struct peek *p = ctx;

	if (p->used == p->n)
		return p->in->read(p->in->ctx, buf, n);
	n = n < p->n - p->used ? n : p->n - p->used;
	memcpy(buf, p->buf + p->used, n);
	p->used += n;
	return (ssize_t)n;
}

/* Its first byte that is neither BOM nor blank; '\0' when there is none, -1
 * when it cannot be read. */
static int
first_byte(struct peek *p)
{
	static const char skipped[] = "\xef\xbb\xbf \t\r\n";

	while (p->n < sizeof p->buf) {
		ssize_t n = p->in->read(
		    p->in->ctx, p->buf + p->n, sizeof p->buf - p->n);

		if (n < 0)
			return -1;
		if (n == 0)
			break;
		for (size_t end = p->n + (size_t)n; p->n < end; p->n++) {
			if (strchr(skipped, p->buf[p->n]) == NULL) {
				char c = p->buf[p->n];

				p->n = end;
				return (unsigned char)c;
			}
		}
	}
	return '\0';
}

static enum fmt_status
lint_any(struct lint *l, const struct input *in)
{
	const struct lint_destination *other = twin(l->to);
	struct peek peek = { .in = in };
	struct input again = { .read = read_peeked, .ctx = &peek };
	int c;

	if (other != NULL) {
		c = first_byte(&peek);
		if (c == -1)
			return FMT_IO;
		if ((c == '{' || c == '[') != (l->to->key != NULL) && c != '\0')
			lint_aim(l, other);
		in = &again;
	}
	return l->to->key != NULL ? lint_json(l, in) : lint_csv(l, in);
}

enum fmt_status
lint_run(const struct input *in, const struct lint_options *o,
    void (*found)(void *ctx, const struct lint_finding *f), void *ctx,
    struct lint_totals *totals)
{
	struct lint l = { .o = o, .found = found, .ctx = ctx };
	const struct lint_destination *to = destination_named(o->output);
	enum fmt_status rc;

	if (to == NULL)
		return FMT_SETTINGS;
	lint_aim(&l, to);
	rc = lint_any(&l, in);
	idset_free(&l.ids);
	if (rc == FMT_OK)
		*totals = l.t;
	return rc;
}
