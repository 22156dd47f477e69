/*
 * NAME.report.json: the letter, for a machine.  See letter.h.
 */
#include <time.h>

#include "store/json_foreign.h"
#include "feed/letter.h"
#include "feed/tally.h"

static void
when_utc(char out[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static json_t *
columns_json(const struct letter *l)
{
	const struct dump_facts *f = l->facts;
	json_t *a = json_array();

	for (size_t i = 0; i < l->columns.n; i++) {
		json_t *c = json_object();
		bool used = f->field != NULL && f->field[i] < FIELD_COUNT;

		json_object_set_new(
		    c, "header", json_foreign(l->columns.header[i]));
		json_object_set_new(c, "field",
		    used ? json_string(field_info[f->field[i]].name)
			 : json_null());
		if (f->google != NULL && f->google[i])
			json_object_set_new(c, "note", json_string(f->note[i]));
		json_array_append_new(a, c);
	}
	return a;
}

static void
facts_json(json_t *j, const struct letter *l)
{
	const struct dump_facts *f = l->facts;
	char delimiter[2] = { f->delimiter, '\0' };

	json_object_set_new(j, "encoding", json_foreign(f->encoding));
	json_object_set_new(j, "compression", json_foreign(f->compression));
	json_object_set_new(j, "syntax", json_foreign(f->syntax));
	json_object_set_new(j, "preset", json_foreign(f->preset));
	json_object_set_new(j, "delimiter", json_foreign(delimiter));
	json_object_set_new(
	    j, "header_line", json_integer((json_int_t)f->header_line));
	json_object_set_new(j, "lines", json_integer((json_int_t)f->lines));
	json_object_set_new(
	    j, "preamble_rows", json_integer((json_int_t)f->preamble));
	json_object_set_new(j, "repeated_headers",
	    json_integer((json_int_t)f->repeated_headers));
	json_object_set_new(
	    j, "blank_lines", json_integer((json_int_t)f->blank_lines));
	json_object_set_new(
	    j, "damaged_records", json_integer((json_int_t)f->damaged));
	json_object_set_new(j, "columns", columns_json(l));
}

static void
tally_json(json_t *j, const struct tally *t, const struct tally_item *i)
{
	for (; i->key != NULL; i++)
		json_object_set_new(
		    j, i->key, json_integer((json_int_t)tally_get(t, i)));
}

json_t *
letter_json(const struct letter *l)
{
	const struct dump_entry *d = l->dump;
	json_t *j = json_object();
	char when[32], line[512];

	when_utc(when, d->at);
	json_object_set_new(j, "name", json_foreign(d->name));
	json_object_set_new(j, "feed", json_string(d->feed));
	json_object_set_new(j, "source", json_string(d->source));
	json_object_set_new(j, "state", json_string(dump_state_name(d->state)));
	json_object_set_new(j, "reason", json_foreign(d->reason));
	json_object_set_new(j, "dump", json_integer((json_int_t)d->id));
	json_object_set_new(j, "time", json_string(when));
	json_object_set_new(j, "bytes", json_integer((json_int_t)d->bytes));
	json_object_set_new(j, "sha256", json_string(d->sha256));
	json_object_set_new(j, "archive", json_foreign(d->archive));
	tally_account(line, sizeof line, &d->tally);
	json_object_set_new(j, "accounting", json_foreign(line));
	tally_json(j, &d->tally, tally_accounts);
	tally_json(j, &d->tally, tally_waits);
	tally_json(j, &d->tally, tally_notes);
	json_object_set_new(j, "warnings", clock_json(l->clock, l->clocks));
	summary_json(j, l->summary, &l->columns);
	if (l->facts != NULL)
		facts_json(j, l);
	if (l->before != NULL)
		json_object_update_missing(j, l->before);
	return j;
}
