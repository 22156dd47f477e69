/*
 * The dumps in an order's history: each one's rows are merged as they were
 * then, by its rules, and what the merge made of them is told.
 */
#include <string.h>

#include "store/json_foreign.h"
#include "store/merge.h"
#include "tool/trace_private.h"

/* --- a dump, told -------------------------------------------------------- */

static json_t *
dump_json(const struct trace_dump *d, json_t *merge)
{
	/* the ledger has what the original was, the archive maybe a copy */
	bool hashed = d->settings->pii == PII_HASH;
	const char *preset = d->d.preset[0] == '\0' ? d->preset : d->d.preset;
	const char *encoding =
	    d->d.encoding[0] == '\0' ? d->encoding : d->d.encoding;
	json_t *rows = json_array();

	for (size_t i = 0; i < d->rows; i++)
		json_array_append(rows, d->row[i].told);
	return json_pack("{s:s, s:I, s:o, s:s, s:s, s:o, s:s, s:s, s:s, s:o,"
			 " s:b, s:o, s:o}",
	    "what", "dump", "dump", (json_int_t)d->d.id, "name",
	    json_foreign(d->d.name), "source", d->d.source, "state",
	    dump_state_name(d->d.state), "time", trace_when(d->d.at), "preset",
	    preset, "encoding", encoding, "archive", d->d.archive, "reason",
	    json_foreign(d->d.reason), "hashed", hashed, "rows", rows, "merge",
	    merge);
}

static void
show_other(struct trace *t, const struct trace_dump *d)
{
	if (d->d.state == DUMP_WITHDRAWN) {
		t->elsewhere = true;
		t->changes++;
	}
	json_array_append_new(t->history, dump_json(d, json_null()));
}

/* Dumps that the history does not have, in their places by time; at the end
 * every one that is left. */
void
trace_show_others(struct trace *t, int64_t until, int64_t id)
{
	for (; t->shown < t->dumps; t->shown++) {
		const struct trace_dump *d = &t->dump[t->shown];

		if ((d->placed && until != INT64_MAX) || d->d.at > until ||
		    d->d.id >= id)
			return;
		show_other(t, d);
	}
}

/* --- its merge ----------------------------------------------------------- */

static json_t *
changes_json(
    const struct trace *t, const struct conv *was, const struct conv *is)
{
	json_t *list = json_array();

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		bool same = f < FIELD_NUMBERS
				? was->number[f] == is->number[f]
				: slice_eq(conv_text(was, f), conv_text(is, f));

		if (same || f == FIELD_ID || f == FIELD_PIPELINE ||
		    f == FIELD_LOSS_REASON)
			continue;
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o}", "field", field_info[f].name,
			"was", trace_value(was, f, t->zone, t->w->plain), "is",
			trace_value(is, f, t->zone, t->w->plain)));
	}
	return list;
}

/* How many of its rows in one dump meet in the merge. */
static size_t
rows_met(const struct trace_dump *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->rows; i++)
		n += d->row[i].merges && !d->row[i].skip;
	return n;
}

static const char *
same_id_name(enum same_id s)
{
	return s == SAME_ID_SUM ? "sum" : s == SAME_ID_FIRST ? "first" : "last";
}

static void
apply_rows(struct trace *t, const struct trace_dump *d)
{
	for (size_t i = 0; i < d->rows; i++) {
		struct conv c;

		if (d->row[i].merges && conv_unpack(&c, d->row[i].conv))
			merge_apply(
			    &t->merge, &c, d->row[i].line, d->row[i].skip);
	}
}

/* What the merge made of the rows of one id, as store_merge does it. */
static json_t *
merge_json(struct trace *t, const struct trace_dump *d)
{
	struct merge_rules rules = d->rules;
	struct merge_state *m = &t->merge;
	struct conv none;
	enum reject why;
	char text[512] = "";
	bool changed = false, frozen = t->live && t->order.frozen;
	json_t *o;

	rules.dump = d->d.id;
	rules.now = d->d.at;
	conv_clear(&none);
	merge_begin(m, &rules, slice_of(t->w->id), t->live ? &t->order : NULL);
	apply_rows(t, d);
	why = merge_finish(m, &changed);
	if (why != REJECT_NONE)
		reject_text(text, sizeof text, why,
		    merge_field(why) < FIELD_COUNT
			? field_info[merge_field(why)].name
			: "",
		    slice_of(""), NULL);
	o = json_pack("{s:b, s:b, s:o, s:o, s:b, s:b, s:b, s:I, s:s}", "made",
	    !t->live && m->live && why == REJECT_NONE, "changed", changed,
	    "refused", text[0] == '\0' ? json_null() : json_string(text),
	    "changes",
	    changed
		? changes_json(t, t->live ? &t->order.conv : &none, &m->is.conv)
		: json_array(),
	    "frozen", frozen, "date_kept", m->date_kept, "skip_kept",
	    m->skip_kept, "rows", (json_int_t)rows_met(d), "same_id",
	    same_id_name(rules.same_id));
	if (!changed)
		return o;
	t->order = m->is;
	t->order.dump = m->is.dump;
	conv_unpack(&t->order.conv, conv_pack(&t->arena, &m->is.conv));
	t->live = true;
	t->changes++;
	trace_note_date(t, t->order.conv.number[FIELD_CREATE_DATE_TIME]);
	return o;
}

void
trace_replay_dump(struct trace *t, int64_t id)
{
	const struct trace_dump *d;

	for (size_t i = t->shown; i < t->dumps; i++) {
		d = &t->dump[i];
		if (d->d.id != id)
			continue;
		trace_show_others(t, d->d.at, id);
		if (d->d.state == DUMP_MERGED)
			json_array_append_new(
			    t->history, dump_json(d, merge_json(t, d)));
		else
			show_other(t, d);
		/* one that waited was merged after others that came later */
		if (i == t->shown) {
			t->shown++;
			return;
		}
		struct trace_dump moved = *d;
		memmove(&t->dump[t->shown + 1], &t->dump[t->shown],
		    (i - t->shown) * sizeof moved);
		t->dump[t->shown++] = moved;
		return;
	}
}
