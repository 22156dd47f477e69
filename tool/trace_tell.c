/*
 * One row of a dump, told: its cells as they stood, field by field what they
 * became and by which rule, and what was dropped or refused and why.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "formats/normal.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "store/mask.h"
#include "tool/trace_private.h"

#define REASON 1024

/* --- values --------------------------------------------------------------- */

static json_t *
foreign(struct slice s)
{
	char *text = mem_slice(s);
	json_t *o = json_foreign(text);

	free(text);
	return o;
}

static json_t *
shown(enum field f, struct slice s, bool plain)
{
	struct arena a = ARENA_EMPTY;
	json_t *o = foreign(plain ? s : mask_value(&a, f, s));

	arena_free(&a);
	return o;
}

static void
money(char out[32], int64_t minor)
{
	if (minor % 100 == 0)
		snprintf(out, 32, "%" PRId64, minor / 100);
	else
		snprintf(out, 32, "%" PRId64 ".%02d", minor / 100,
		    (int)(minor % 100));
}

json_t *
trace_value(
    const struct conv *c, enum field f, const struct zone *zone, bool plain)
{
	char text[32];
	int64_t n;

	if (f >= FIELD_NUMBERS) {
		struct slice s = conv_text(c, f);

		return s.n == 0 ? json_null() : shown(f, s, plain);
	}
	n = c->number[f];
	if (n == CONV_NONE)
		return json_null();
	if (field_info[f].kind == KIND_TIME)
		zone_write(zone, n, text);
	else if (field_info[f].kind == KIND_MONEY)
		money(text, n);
	else
		snprintf(text, sizeof text, "%" PRId64, n);
	return json_string(text);
}

json_t *
trace_values(const struct conv *c, const struct zone *zone, bool plain)
{
	json_t *o = json_object();

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		json_t *v;

		if (f == FIELD_PIPELINE || f == FIELD_LOSS_REASON)
			continue;
		v = trace_value(c, f, zone, plain);
		if (json_is_null(v))
			json_decref(v);
		else
			json_object_set_new(o, field_info[f].name, v);
	}
	return o;
}

/* --- rules ---------------------------------------------------------------- */

static bool
has(struct slice s, char c)
{
	return memchr(s.p, c, s.n) != NULL;
}

static const char *
zone_name(const struct settings *s)
{
	return s->source_zone[0] == '\0' ? s->zone : s->source_zone;
}

/* A cell that comes out the same whatever the source's zone is names its own.
 */
static void
time_rule(char out[REASON], const struct trace_tell *t, struct slice cell,
    int64_t value)
{
	const struct settings *s = t->settings;
	struct zone *utc = zone_utc();
	const char *hint;
	int64_t other = 0;
	bool own =
	    normal_time(cell, utc, t->counter, &other, &hint) == REJECT_NONE &&
	    other == value && zone_offset(t->source, value) != 0;

	zone_free(utc);
	cell = slice_trim(cell);
	if (!has(cell, ':') &&
	    (has(cell, '.') || has(cell, '-') || has(cell, '/')))
		snprintf(out, REASON,
		    _("a date without a time is its last second in %s"),
		    s->zone);
	else if (own)
		snprintf(out, REASON, _("by the zone it names, written in %s"),
		    s->zone);
	else if (strcmp(zone_name(s), s->zone) != 0)
		snprintf(out, REASON, _("read in %s, written in %s"),
		    zone_name(s), s->zone);
	else
		snprintf(out, REASON, _("read and written in %s"), s->zone);
}

static void
status_rule(
    char out[REASON], const struct trace_tell *t, const struct record *r)
{
	switch (r->meaning.by) {
	case MAP_SETTINGS:
		snprintf(out, REASON, "%s",
		    _("status rule of the source's settings"));
		break;
	case MAP_PRESET:
	case MAP_GUESS:
		snprintf(out, REASON, _("status map of the preset %s"),
		    t->facts->preset);
		break;
	case MAP_GOAL:
		snprintf(out, REASON, "%s", _("a goal's id, as it stands"));
		break;
	case MAP_PAYMENT:
		snprintf(out, REASON, "%s",
		    _("by the columns that say paid or cancelled"));
		break;
	case MAP_DEFAULT:
		snprintf(out, REASON, "%s",
		    _("the default status, since the dump has no column of "
		      "it"));
		break;
	default:
		snprintf(out, REASON, "%s", _("nothing maps it"));
		break;
	}
}

static void
id_rule(char out[REASON], const struct trace_tell *t, const struct record *r)
{
	if (r->auto_id)
		snprintf(out, REASON, "%s",
		    _("made of the row's content, since it has no id"));
	else if (t->settings->id_prefix[0] != '\0' &&
		 t->facts->kind != RECORD_CONTACT)
		snprintf(out, REASON, _("with the source's id_prefix \"%s\""),
		    t->settings->id_prefix);
}

/* Was the amount converted into the source's currency? */
static void
money_rule(char out[REASON], const struct trace_tell *t, struct slice cell,
    int64_t value)
{
	const char *hint;
	int64_t n;

	if (t->settings->currency[0] != '\0' &&
	    normal_money(cell, &n, &hint) == REJECT_NONE && n != value)
		snprintf(out, REASON, _("converted into %s by the rate"),
		    t->settings->currency);
}

/* Why the field's value is what it is; "" where it goes without saying. */
static void
rule_of(char out[REASON], const struct trace_tell *t, const struct record *r,
    enum field f, struct slice cell)
{
	struct slice became = f < FIELD_NUMBERS ? (struct slice){ "", 0 }
						: conv_text(&r->conv, f);

	out[0] = '\0';
	switch (field_info[f].kind) {
	case KIND_TIME:
		time_rule(out, t, cell, r->conv.number[f]);
		break;
	case KIND_MONEY:
		money_rule(out, t, cell, r->conv.number[f]);
		break;
	case KIND_STATUS:
		status_rule(out, t, r);
		break;
	case KIND_PHONES:
	case KIND_EMAILS:
		if (t->settings->pii == PII_HASH && became.n == 0)
			snprintf(out, REASON, "%s", _("kept as MD5 only"));
		else if (!slice_eq(cell, became))
			snprintf(out, REASON, "%s", _("normalised"));
		break;
	default:
		if (f == FIELD_ID)
			id_rule(out, t, r);
		break;
	}
}

/* --- fields --------------------------------------------------------------- */

/* What only steers is in the cells, and in what it steered. */
static bool
is_told(enum field f)
{
	return f != FIELD_PIPELINE && f != FIELD_LOSS_REASON &&
	       field_info[f].kind != KIND_ANSWER;
}

/* The first filled cell of the field; empty when there is none. */
static struct slice
cell_of(const struct trace_tell *t, const struct record *r, enum field f)
{
	for (size_t i = 0; i < r->cells && i < t->facts->columns; i++)
		if (t->facts->field[i] == f && slice_trim(r->cell[i]).n > 0)
			return r->cell[i];
	return (struct slice){ "", 0 };
}

static json_t *
field_json(const struct trace_tell *t, const struct record *r, enum field f,
    struct slice cell, json_t *to)
{
	char rule[REASON];
	bool status = f == FIELD_ORDER_STATUS && r->has_meaning;
	json_t *o = json_object();

	if (status && r->status.n > 0)
		cell = r->status;
	rule_of(rule, t, r, f, cell);
	json_object_set_new(o, "field", json_string(field_info[f].name));
	json_object_set_new(o, "from", shown(f, cell, t->plain));
	json_object_set_new(o, "to", to);
	json_object_set_new(o, "rule", json_string(rule));
	if (status && r->pipeline.n > 0)
		json_object_set_new(o, "pipeline", foreign(r->pipeline));
	return o;
}

static json_t *
fields_json(const struct trace_tell *t, const struct record *r)
{
	json_t *list = json_array();

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		struct slice cell;
		json_t *to;

		if (!is_told(f))
			continue;
		cell = cell_of(t, r, f);
		to = trace_value(&r->conv, f, t->counter, t->plain);
		if (cell.n == 0 && json_is_null(to))
			json_decref(to);
		else
			json_array_append_new(
			    list, field_json(t, r, f, cell, to));
	}
	return list;
}

/* --- the row -------------------------------------------------------------- */

static json_t *
cells_json(const struct trace_tell *t, const struct record *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->cells; i++) {
		bool known = i < t->facts->columns;
		enum field f = known ? t->facts->field[i] : FIELD_COUNT;
		json_t *o;

		if (r->cell[i].n == 0)
			continue;
		o = json_pack("{s:o, s:o, s:o}", "column",
		    known ? json_foreign(t->facts->header[i]) : json_string(""),
		    "value", shown(f, r->cell[i], t->plain), "field",
		    f == FIELD_COUNT ? json_null()
				     : json_string(field_info[f].name));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
problem_json(const struct trace_tell *t, const struct problem *p)
{
	struct arena a = ARENA_EMPTY;
	struct slice value =
	    t->plain ? p->value : mask_value(&a, p->field, p->value);
	const char *field =
	    p->field < FIELD_COUNT ? field_info[p->field].name : "";
	char text[REASON];
	json_t *o;

	reject_text(text, sizeof text, p->reject, field, value, p->hint);
	o = json_pack("{s:s, s:o, s:s, s:o}", "field", field, "value",
	    foreign(value), "code", reject_code(p->reject), "reason",
	    json_foreign(text));
	arena_free(&a);
	return o;
}

static const char *
skip_reason(const struct settings *s)
{
	if (s->pipelines > 0 && s->start_day != 0)
		return N_("its pipeline is not one of the source's, or it was "
			  "created before the source's start day");
	return s->pipelines > 0
		   ? N_("its pipeline is not one of the source's")
		   : N_("it was created before the source's start day");
}

static void
tell_verdict(
    json_t *o, const struct trace_tell *t, const struct record *r, bool too_old)
{
	const char *verdict = "taken", *reason = NULL;

	if (r->verdict == VERDICT_REJECT) {
		verdict = "refused";
	} else if (r->skip_status) {
		verdict = "skipped";
		reason = N_("its status means skip");
	} else if (r->verdict == VERDICT_SKIP) {
		verdict = "skipped";
		reason = skip_reason(t->settings);
	} else if (too_old) {
		verdict = "skipped";
		reason = N_("it is older than any of the feed's outputs takes");
	}
	json_object_set_new(o, "verdict", json_string(verdict));
	json_object_set_new(o, "reason",
	    reason == NULL ? json_null() : json_string(message(reason)));
}

json_t *
trace_tell_row(const struct trace_tell *t, const struct record *r, bool too_old)
{
	json_t *o = json_object(), *dropped = json_array();
	size_t n = r->problems.n;

	json_object_set_new(o, "line", json_integer((json_int_t)r->line));
	tell_verdict(o, t, r, too_old);
	json_object_set_new(o, "cells", cells_json(t, r));
	json_object_set_new(o, "fields", fields_json(t, r));
	for (size_t i = 0; i < n; i++) {
		json_t *p = problem_json(t, &r->problems.p[i]);

		if (r->verdict == VERDICT_REJECT && i + 1 == n) {
			json_object_set(
			    o, "reason", json_object_get(p, "reason"));
			json_object_set(o, "code", json_object_get(p, "code"));
			json_decref(p);
		} else {
			json_array_append_new(dropped, p);
		}
	}
	json_object_set_new(o, "dropped", dropped);
	return o;
}
