/*
 * Problems by what is wrong.  See summary.h.
 */
#include "feed/summary.h"

#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/damage.h"
#include "formats/errors.h"
#include "server/conf.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"

enum {
	EXAMPLES = 3,       /* lines shown of a group */
	EXAMPLE_LINES = 20, /* and of all groups together */
	EXAMPLE_BYTES = 320,
	HURTS = 64,
	WATCHED = 4,
	STATUSES = 50, /* different ones that are told apart */
	STATUS_BYTES = 160
};

struct example {
	unsigned long line;
	char text[EXAMPLE_BYTES];
};

/* As many as there are reasons and columns. */
struct group {
	bool row;
	enum reject reject;
	enum field field;
	size_t cell;        /* of the first; SIZE_MAX when not known */
	enum damage damage; /* of all its values; else DAMAGE_NONE */
	uint64_t n;
	struct example example[EXAMPLES];
	char header[STATUS_BYTES]; /* of the cell, when it is from a report */
};

/* What was done to a column before it came. */
struct hurt {
	enum damage damage;
	enum field field;
	size_t cell;
	uint64_t n;
	unsigned long line[EXAMPLES];
	char header[STATUS_BYTES]; /* as above */
};

/* A column of ids. */
struct watched {
	enum field field;
	size_t cell;
	struct damage_column column;
};

struct unmapped {
	uint64_t n;
	char pipeline[STATUS_BYTES], status[STATUS_BYTES];
};

struct summary {
	uint64_t n;
	struct group *group;
	size_t groups, room;
	struct hurt hurt[HURTS];
	size_t hurts;
	struct watched watched[WATCHED];
	size_t watches;
	struct unmapped status[STATUSES];
	size_t statuses;
	uint64_t other_statuses; /* rows with still others */
};

struct summary *
summary_new(void)
{
	return mem_alloc(sizeof(struct summary));
}

void
summary_free(struct summary *s)
{
	if (s == NULL)
		return;
	free(s->group);
	free(s);
}

/* --- noting ------------------------------------------------------------- */

/* At most size - 1 bytes, whole characters, on one line. */
static void
keep_text(char *out, size_t size, struct slice s)
{
	size_t n = s.n;

	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
			n--;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f
			     ? ' '
			     : s.p[i];
	out[n] = '\0';
}

static struct group *
group_of(struct summary *s, bool row, const struct problem *p)
{
	struct group *g = s->group;

	for (size_t i = 0; i < s->groups; i++, g++)
		if (g->row == row && g->reject == p->reject &&
		    g->field == p->field)
			return g;
	if (s->groups == s->room) {
		s->room = s->room == 0 ? 8 : s->room * 2;
		s->group = mem_grow(s->group, s->room * sizeof *s->group);
	}
	g = &s->group[s->groups++];
	*g = (struct group){ .row = row,
		.reject = p->reject,
		.field = p->field,
		.cell = p->cell,
		.damage = damage_of_hint(p->hint) };
	return g;
}

/* More columns than that are counted with the last of them. */
static void
add_hurt(struct summary *s, enum damage d, enum field f, size_t cell,
    unsigned long line)
{
	struct hurt *h = s->hurt;
	size_t i = 0;

	while (i < s->hurts &&
	       (h[i].damage != d || h[i].cell != cell || h[i].field != f))
		i++;
	if (i == HURTS)
		i--;
	if (i == s->hurts) {
		s->hurts++;
		h[i] = (struct hurt){ .damage = d, .field = f, .cell = cell };
	}
	if (h[i].n < EXAMPLES)
		h[i].line[h[i].n] = line;
	h[i].n++;
}

void
summary_header(struct summary *s, size_t cell, struct slice header)
{
	if (damage_mojibake(header))
		add_hurt(s, DAMAGE_MOJIBAKE, FIELD_COUNT, cell, 0);
}

void
summary_id(struct summary *s, enum field f, size_t cell, struct slice value,
    unsigned long line)
{
	size_t i = 0;

	while (i < s->watches && s->watched[i].cell != cell)
		i++;
	if (i == WATCHED)
		return;
	if (i == s->watches) {
		s->watches++;
		s->watched[i].field = f;
		s->watched[i].cell = cell;
	}
	damage_see(&s->watched[i].column, value, line);
}

static void
add_status(struct summary *s, struct slice pipeline, struct slice status)
{
	char line[STATUS_BYTES], name[STATUS_BYTES];
	size_t i = 0;

	keep_text(line, sizeof line, slice_trim(pipeline));
	keep_text(name, sizeof name, status);
	while (i < s->statuses && (strcmp(s->status[i].status, name) != 0 ||
				      strcmp(s->status[i].pipeline, line) != 0))
		i++;
	if (i == STATUSES) {
		s->other_statuses++;
		return;
	}
	if (i == s->statuses) {
		s->statuses++;
		memcpy(s->status[i].status, name, sizeof name);
		memcpy(s->status[i].pipeline, line, sizeof line);
	}
	s->status[i].n++;
}

void
summary_add(struct summary *s, unsigned long line, bool row,
    const struct problem *p, struct slice pipeline,
    const struct rejects_mask *mask)
{
	struct group *g = group_of(s, row, p);
	char text[1024];
	size_t n;

	s->n++;
	if (damage_of_hint(p->hint) != g->damage)
		g->damage = DAMAGE_NONE;
	if (g->n++ < EXAMPLES) {
		struct example *x = &g->example[g->n - 1];

		n = rejects_text(text, sizeof text, p, mask);
		x->line = line;
		keep_text(x->text, sizeof x->text, (struct slice){ text, n });
	}
	if (damage_of_hint(p->hint) != DAMAGE_NONE)
		add_hurt(s, damage_of_hint(p->hint), p->field, p->cell, line);
	if (p->reject == REJECT_STATUS && rejects_shows(p, mask) &&
	    damage_of_hint(p->hint) == DAMAGE_NONE)
		add_status(s, pipeline, p->value);
}

bool
summary_any(const struct summary *s)
{
	return s->n > 0;
}

/* --- telling ------------------------------------------------------------ */

/* Rows before values, the most frequent first. */
static int
by_weight(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	if (x->row != y->row)
		return x->row ? -1 : 1;
	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->example[0].line < y->example[0].line ? -1 : 1;
}

static int
by_count(const void *a, const void *b)
{
	const struct unmapped *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return strcmp(x->status, y->status);
}

/* "" when it has none, or none that is known. */
static const char *
header_of(const char *kept, size_t cell, const struct summary_columns *c)
{
	return kept[0] != '\0'            ? kept
	       : c != NULL && cell < c->n ? c->header[cell]
					  : "";
}

/* The column as the dump calls it, and as the destination does. */
static void
write_column(FILE *to, enum field f, const char *header)
{
	char name[STATUS_BYTES];

	if (header[0] == '\0')
		header = NULL;
	if (header != NULL)
		keep_text(name, sizeof name, slice_of(header));
	if (header != NULL && f < FIELD_COUNT)
		fprintf(
		    to, _(", column \"%s\" (%s)"), name, field_info[f].name);
	else if (header != NULL)
		fprintf(to, _(", column \"%s\""), name);
	else if (f < FIELD_COUNT)
		fprintf(to, ", %s", field_info[f].name);
}

static void
write_group(FILE *to, const struct group *g, size_t *left,
    const struct summary_columns *c)
{
	const struct error_info *info = error_of_reject(g->reject);
	unsigned long long n = g->n;
	uint64_t shown = 0;

	fprintf(to,
	    g->row ? ngettext("%llu row refused", "%llu rows refused", n)
		   : ngettext("%llu value left out, its row stays",
			 "%llu values left out, their rows stay", n),
	    n);
	fprintf(to, ": %s", info->code);
	write_column(to, g->field, header_of(g->header, g->cell, c));
	fputc('\n', to);
	for (; shown < g->n && shown<EXAMPLES && * left> 0; shown++, --*left)
		fprintf(to, _("     line %lu: %s\n"), g->example[shown].line,
		    g->example[shown].text);
	if (shown < g->n)
		fprintf(to, _("     and %llu more\n"),
		    (unsigned long long)(g->n - shown));
	if (g->damage != DAMAGE_NONE)
		info = error_named('7', damage_name(g->damage));
	fprintf(to, _("     To mend it: %s\n"), message(info->cure));
}

void
summary_statuses(FILE *to, const struct summary *s)
{
	struct unmapped *u;

	if (s->statuses == 0)
		return;
	u = mem_alloc(sizeof s->status);
	memcpy(u, s->status, sizeof s->status);
	qsort(u, s->statuses, sizeof *u, by_count);
	fputs(_("\nStatuses that nothing maps. Put these lines into the "
		"feed's section of convdrop.conf, each with what it means "
		"(PAID, IN_PROGRESS, CANCELLED, SPAM, goal:ID or skip), "
		"reload, and drop the dump again:\n\n"),
	    to);
	for (size_t i = 0; i < s->statuses; i++) {
		unsigned long long n = u[i].n;

		fprintf(to, "  status(");
		conf_put_quoted(
		    to, u[i].pipeline[0] == '\0' ? "*" : u[i].pipeline);
		fprintf(to, ", ");
		conf_put_quoted(to, u[i].status);
		fprintf(to, ", \"IN_PROGRESS\")  # ");
		fprintf(to, ngettext("%llu row\n", "%llu rows\n", n), n);
	}
	if (s->other_statuses > 0)
		fprintf(to,
		    ngettext("  # and %llu row with another one\n",
			"  # and %llu rows with other ones\n",
			s->other_statuses),
		    (unsigned long long)s->other_statuses);
	free(u);
}

static struct group *
sorted(const struct summary *s)
{
	struct group *g = mem_alloc((s->groups + 1) * sizeof *g);

	if (s->groups > 0)
		memcpy(g, s->group, s->groups * sizeof *g);
	qsort(g, s->groups, sizeof *g, by_weight);
	return g;
}

/* Ids that lost their zeros, as if they had been refused. */
static size_t
all_hurts(struct hurt out[HURTS + WATCHED], const struct summary *s)
{
	size_t n = s->hurts;

	memcpy(out, s->hurt, n * sizeof *out);
	for (size_t i = 0; i < s->watches; i++) {
		const struct watched *w = &s->watched[i];
		unsigned long line = 0;
		uint64_t lost = damage_lost(&w->column, &line);

		if (lost == 0)
			continue;
		out[n] = (struct hurt){ .damage = DAMAGE_LOST_ZEROS,
			.field = w->field,
			.cell = w->cell,
			.n = lost,
			.line = { line } };
		n++;
	}
	return n;
}

void
summary_problems(
    FILE *to, const struct summary *s, const struct summary_columns *c)
{
	struct hurt hurt[HURTS + WATCHED];
	struct group *g;
	size_t left = EXAMPLE_LINES;

	if (s->n == 0) {
		if (all_hurts(hurt, s) == 0)
			fputs(_("\nNothing is to be mended.\n"), to);
		return;
	}
	g = sorted(s);
	fputs(_("\nWhat to mend first:\n"), to);
	for (size_t i = 0; i < s->groups; i++) {
		fprintf(to, "\n%3zu. ", i + 1);
		write_group(to, &g[i], &left, c);
	}
	free(g);
}

static void
write_hurt(FILE *to, const struct hurt *h, const struct summary_columns *c,
    unsigned long long records)
{
	const char *code = error_named('7', damage_name(h->damage))->code;
	unsigned long long n = h->n;

	if (h->field == FIELD_COUNT) /* the header itself */
		fprintf(to, _("  %s: the header"), code);
	else
		fprintf(to,
		    ngettext("  %s: %llu value in %llu records",
			"  %s: %llu values in %llu records", n),
		    code, n, records);
	write_column(to, h->field, header_of(h->header, h->cell, c));
	if (h->line[0] != 0)
		fprintf(to, _("; first in line %lu"), h->line[0]);
	fputc('\n', to);
}

/* All columns of one damage, then what it is. */
static void
write_hurts(FILE *to, const struct hurt *h, size_t n, enum damage d,
    const struct summary_columns *c, uint64_t records)
{
	const struct error_info *info = error_named('7', damage_name(d));
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (h[i].damage != d)
			continue;
		if (!any)
			fputc('\n', to);
		write_hurt(to, &h[i], c, records);
		any = true;
	}
	if (!any)
		return;
	fprintf(
	    to, "     %s. %s\n", message(info->text), message(info->meaning));
	fprintf(to, _("     To mend it: %s\n"), message(info->cure));
}

void
summary_damage(FILE *to, const struct summary *s,
    const struct summary_columns *c, uint64_t records)
{
	struct hurt hurt[HURTS + WATCHED];
	size_t n = all_hurts(hurt, s);

	if (n == 0)
		return;
	fputs(_("\nDamaged before it came, by a spreadsheet or a wrong "
		"encoding:\n"),
	    to);
	for (enum damage d = DAMAGE_NONE + 1; d < DAMAGE_COUNT; d++)
		write_hurts(to, hurt, n, d, c, records);
}

void
summary_rest(FILE *to, const struct summary *s, const char *rejects)
{
	if (s->n > 0)
		fprintf(to,
		    ngettext("\nWhat was refused is in %s, with its original "
			     "cells.\n",
			"\nAll that was refused is in %s, with the original "
			"cells.\n",
			s->n),
		    rejects);
}

static json_t *
group_json(const struct group *g, const struct summary_columns *c)
{
	json_t *lines = json_array(), *texts = json_array();

	for (size_t i = 0; i < g->n && i < EXAMPLES; i++) {
		json_array_append_new(
		    lines, json_integer((json_int_t)g->example[i].line));
		json_array_append_new(texts, json_foreign(g->example[i].text));
	}
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:o, s:o}",
	    "kind", g->row ? "row" : "value", "code",
	    error_of_reject(g->reject)->code, "name", reject_code(g->reject),
	    "column", g->field < FIELD_COUNT ? field_info[g->field].name : "",
	    "header", json_foreign(header_of(g->header, g->cell, c)), "damage",
	    g->damage == DAMAGE_NONE ? "" : damage_name(g->damage), "count",
	    (json_int_t)g->n, "lines", lines, "texts", texts);
}

static json_t *
hurt_json(const struct hurt *h, const struct summary_columns *c)
{
	json_t *lines = json_array();
	const char *header = header_of(h->header, h->cell, c);

	for (size_t i = 0; i < EXAMPLES && h->line[i] != 0; i++)
		json_array_append_new(
		    lines, json_integer((json_int_t)h->line[i]));
	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:o}", "code",
	    error_named('7', damage_name(h->damage))->code, "name",
	    damage_name(h->damage), "column",
	    h->field < FIELD_COUNT ? field_info[h->field].name : "", "header",
	    json_foreign(header), "count", (json_int_t)h->n, "lines", lines);
}

void
summary_json(
    json_t *report, const struct summary *s, const struct summary_columns *c)
{
	json_t *problems = json_array(), *statuses = json_array();
	json_t *damage = json_array();
	struct hurt hurt[HURTS + WATCHED];
	size_t hurts = all_hurts(hurt, s);
	struct group *g = sorted(s);

	for (size_t i = 0; i < s->groups; i++)
		json_array_append_new(problems, group_json(&g[i], c));
	for (size_t i = 0; i < s->statuses; i++)
		json_array_append_new(statuses,
		    json_pack("{s:s, s:s, s:I}", "pipeline",
			s->status[i].pipeline, "status", s->status[i].status,
			"count", (json_int_t)s->status[i].n));
	for (size_t i = 0; i < hurts; i++)
		json_array_append_new(damage, hurt_json(&hurt[i], c));
	json_object_set_new(report, "problems", problems);
	json_object_set_new(report, "damage", damage);
	json_object_set_new(report, "unmapped_statuses", statuses);
	json_object_set_new(report, "unmapped_statuses_more",
	    json_integer((json_int_t)s->other_statuses));
	free(g);
}

/* --- from a report ------------------------------------------------------- */

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static uint64_t
count_of(const json_t *o, const char *key)
{
	json_int_t n = json_integer_value(json_object_get(o, key));

	return n < 0 ? 0 : (uint64_t)n;
}

/* Only a column that is read as something is named: the first row of a dump
 * without a header is nobody's to see. */
static void
take_column(
    const json_t *o, enum field *f, char header[STATUS_BYTES], size_t *cell)
{
	*f = field_by_name(slice_of(text_of(o, "column")));
	*cell = SIZE_MAX;
	if (*f < FIELD_COUNT)
		keep_text(header, STATUS_BYTES, slice_of(text_of(o, "header")));
}

static enum damage
damage_named(const char *name)
{
	enum damage d = DAMAGE_NONE + 1;

	while (d < DAMAGE_COUNT && strcmp(damage_name(d), name) != 0)
		d++;
	return d < DAMAGE_COUNT ? d : DAMAGE_NONE;
}

static void
take_group(struct summary *s, const json_t *o)
{
	const json_t *lines = json_object_get(o, "lines"),
		     *texts = json_object_get(o, "texts");
	struct group g = { .row = strcmp(text_of(o, "kind"), "row") == 0,
		.damage = damage_named(text_of(o, "damage")),
		.n = count_of(o, "count") };
	enum reject why = REJECT_NONE + 1;

	while (why < REJECT_COUNT &&
	       strcmp(reject_code(why), text_of(o, "name")) != 0)
		why++;
	if (why == REJECT_COUNT || g.n == 0)
		return;
	g.reject = why;
	take_column(o, &g.field, g.header, &g.cell);
	for (size_t i = 0; i < EXAMPLES && i < json_array_size(texts); i++) {
		const char *text = json_string_value(json_array_get(texts, i));

		g.example[i].line =
		    (unsigned long)json_integer_value(json_array_get(lines, i));
		keep_text(g.example[i].text, EXAMPLE_BYTES,
		    slice_of(text == NULL ? "" : text));
	}
	if (s->groups == s->room) {
		s->room = s->room == 0 ? 8 : s->room * 2;
		s->group = mem_grow(s->group, s->room * sizeof *s->group);
	}
	s->group[s->groups++] = g;
	s->n += g.n;
}

static void
take_hurt(struct summary *s, const json_t *o)
{
	const json_t *lines = json_object_get(o, "lines");
	struct hurt h = { .damage = damage_named(text_of(o, "name")),
		.n = count_of(o, "count") };

	if (h.damage == DAMAGE_NONE || s->hurts == HURTS)
		return;
	take_column(o, &h.field, h.header, &h.cell);
	for (size_t i = 0; i < EXAMPLES && i < json_array_size(lines); i++)
		h.line[i] =
		    (unsigned long)json_integer_value(json_array_get(lines, i));
	s->hurt[s->hurts++] = h;
}

static void
take_status(struct summary *s, const json_t *o)
{
	struct unmapped *u = &s->status[s->statuses];

	if (s->statuses == STATUSES)
		return;
	keep_text(
	    u->pipeline, sizeof u->pipeline, slice_of(text_of(o, "pipeline")));
	keep_text(u->status, sizeof u->status, slice_of(text_of(o, "status")));
	u->n = count_of(o, "count");
	s->statuses++;
}

bool
summary_take(struct summary *s, const json_t *report)
{
	const json_t *problems = json_object_get(report, "problems"), *o;
	size_t i;

	/* one that an older version wrote has no texts */
	if (json_array_size(problems) > 0 &&
	    json_object_get(json_array_get(problems, 0), "texts") == NULL)
		return false;
	json_array_foreach(problems, i, o) take_group(s, o);
	json_array_foreach(json_object_get(report, "damage"), i, o)
	    take_hurt(s, o);
	json_array_foreach(json_object_get(report, "unmapped_statuses"), i, o)
	    take_status(s, o);
	s->other_statuses += count_of(report, "unmapped_statuses_more");
	return json_is_array(problems);
}
