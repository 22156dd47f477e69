/*
 * What a conversion says of each dump, and of the file.  The file is on
 * standard output, so this goes to standard error.
 */
#include "tool/ctl_convert.h"

#include <inttypes.h>
#include <stdio.h>

#include "formats/errors.h"
#include "formats/message.h"
#include "tool/ctl.h"
#include "tool/ctl_file.h"
#include "server/lang.h"

#define SHOWN_MAX 20 /* refusals named without --rejects */

/* Without the value: this may end in some job's log. */
void
ctl_convert_refusal(
    void *ctx, unsigned long line, bool row, const struct problem *p)
{
	struct show *s = ctx;
	const char *column =
	    p->field < FIELD_COUNT ? field_info[p->field].name : "";
	char text[512];

	if (++s->refused > SHOWN_MAX || s->quiet)
		return;
	reject_text(text, sizeof text, p->reject, column,
	    (struct slice){ NULL, 0 }, p->hint);
	fprintf(stderr, "%s:%lu:%s%s%s %s\n", s->file, line,
	    *column != '\0' ? " " : "", column, *column != '\0' ? ":" : "",
	    text);
	(void)row;
}

static void
print_times(const struct convert *c, const char *file)
{
	for (size_t i = 0; i < c->clocks; i++) {
		const struct clock_warning *w = &c->clock[i];

		fprintf(stderr, "%s: %s: %s\n", file,
		    error_named('6', w->name)->code, w->text);
		fprintf(stderr, _("%s: To mend it: %s\n"), file, w->cure);
	}
}

/* What was made of the dump. */
void
ctl_convert_dump(const struct convert *c, const struct show *s)
{
	const struct dump_facts *f = dump_facts(c->dump);
	const struct tally *t = &c->tally;
	char delimiter[2];

	if (s->refused > SHOWN_MAX && !s->quiet)
		fprintf(stderr,
		    _("%s: %" PRIu64 " more; --rejects names all\n"), s->file,
		    s->refused - SHOWN_MAX);
	if (f->header_line == 0) /* JSON's names are in its records */
		fprintf(stderr, _("%s: preset %s, %s, %s\n"), s->file,
		    f->preset, f->encoding, f->syntax);
	else
		fprintf(stderr,
		    _("%s: preset %s, %s, delimiter %s, header in line %lu\n"),
		    s->file, f->preset, f->encoding,
		    ctl_delimiter(f->delimiter, delimiter), f->header_line);
	fprintf(stderr,
	    ngettext("%s: %" PRIu64 " record: %" PRIu64 " accepted, %" PRIu64
		     " superseded, %" PRIu64 " skipped (%" PRIu64
		     " too old), %" PRIu64 " rejected; values dropped: %" PRIu64
		     "\n",
		"%s: %" PRIu64 " records: %" PRIu64 " accepted, %" PRIu64
		" superseded, %" PRIu64 " skipped (%" PRIu64
		" too old), %" PRIu64 " rejected; values dropped: %" PRIu64
		"\n",
		t->records),
	    s->file, t->records, t->accepted + t->unchanged, t->superseded,
	    t->skipped, t->too_old, t->rejected, t->values_dropped);
	if (t->auto_ids > 0)
		fprintf(stderr,
		    ngettext("%s: %" PRIu64 " record has no order id and got "
			     "one made of its content; export the id, or a "
			     "changed order becomes a second one\n",
			"%s: %" PRIu64 " records have no order id and got one "
			"made of their content; export the id, or a changed "
			"order becomes a second one\n",
			t->auto_ids),
		    s->file, t->auto_ids);
	if (t->other_currency > 0)
		fprintf(stderr,
		    ngettext("%s: %" PRIu64 " amount is in another currency "
			     "than the first one, and nothing is converted; a "
			     "feed's settings currency and rate() do that\n",
			"%s: %" PRIu64 " amounts are in another currency than "
			"the first one, and nothing is converted; a feed's "
			"settings currency and rate() do that\n",
			t->other_currency),
		    s->file, t->other_currency);
	if (t->waiting > 0 && c->store != NULL)
		fprintf(stderr,
		    ngettext("%s: %" PRIu64 " order names a client whom no "
			     "dump before has\n",
			"%s: %" PRIu64 " orders name a client whom no dump "
			"before has\n",
			t->waiting),
		    s->file, t->waiting);
	print_times(c, s->file);
}

/* What was made of them all. */
void
ctl_convert_file(const struct convert *c, const char *file)
{
	fprintf(stderr,
	    c->writer->kind == RECORD_ORDER
		? _("%s: orders written: %" PRIu64 ", left out because their "
		    "time is in the future: %" PRIu64 "\n")
		: _("%s: rows written: %" PRIu64 ", left out because their "
		    "time is in the future: %" PRIu64 "\n"),
	    file, c->written, c->future);
	if (c->other_kind)
		fprintf(stderr,
		    _("%s: the output %s has no rows for what this dump holds "
		      "(%s)\n"),
		    file, c->writer->name, record_kind_name(c->rules.kind));
	else if (c->unfit > 0)
		fprintf(stderr,
		    _("%s: left out because the output %s needs what they do "
		      "not have: %" PRIu64 ". %s\n"),
		    file, c->writer->name, c->unfit, message(c->writer->needs));
	if (c->writer->max_bytes > 0 && c->bytes > c->writer->max_bytes)
		fprintf(stderr,
		    _("%s: the file has over %" PRIu64 " bytes and will not be "
		      "taken; export a shorter period\n"),
		    file, c->writer->max_bytes);
}

json_t *
ctl_convert_json(const struct convert *c, const char *file)
{
	const struct dump_facts *f =
	    c->dump == NULL ? NULL : dump_facts(c->dump);
	const struct tally *t = &c->tally;
	json_t *all = json_pack("{s:o?, s:b, s:s, s:I, s:I, s:I, s:I, s:I, "
				"s:I, s:I, s:I, s:I}",
	    "file", json_string(file), "ok", c->status == FMT_END, "status",
	    c->status == FMT_END ? "converted" : fmt_status_code(c->status),
	    "records", (json_int_t)t->records, "accepted",
	    (json_int_t)(t->accepted + t->unchanged), "superseded",
	    (json_int_t)t->superseded, "skipped", (json_int_t)t->skipped,
	    "too_old", (json_int_t)t->too_old, "rejected",
	    (json_int_t)t->rejected, "values_dropped",
	    (json_int_t)t->values_dropped, "auto_ids", (json_int_t)t->auto_ids,
	    "waiting", (json_int_t)t->waiting);

	if (c->status != FMT_END) {
		json_object_set_new(
		    all, "text", json_string(fmt_status_text(c->status)));
		json_object_set_new(
		    all, "code", json_string(error_of_status(c->status)->code));
	}
	if (f != NULL && f->preset != NULL)
		json_object_set_new(all, "preset", json_string(f->preset));
	if (f != NULL && f->encoding != NULL)
		json_object_set_new(all, "encoding", json_string(f->encoding));
	json_object_set_new(all, "warnings", clock_json(c->clock, c->clocks));
	return all;
}

/* The file is on standard output, so this goes where the summary goes. */
void
ctl_convert_print_json(const struct convert *c, json_t *all)
{
	json_object_set_new(
	    all, "written", json_integer((json_int_t)c->written));
	json_object_set_new(all, "future", json_integer((json_int_t)c->future));
	json_object_set_new(all, "unfit", json_integer((json_int_t)c->unfit));
	json_dumpf(all, stderr, JSON_COMPACT);
	fputc('\n', stderr);
	json_decref(all);
}

/* The dump as a whole cannot be taken. */
void
ctl_convert_refused(const struct convert *c, const char *file)
{
	const struct dump_facts *f =
	    c->dump == NULL ? NULL : dump_facts(c->dump);
	char text[512];

	fprintf(stderr, "convdrop: %s: %s (%s)\n", file,
	    fmt_status_text(c->status), error_of_status(c->status)->code);
	if (c->status == FMT_MISSING_COLUMN && f != NULL && f->missing != NULL)
		fprintf(stderr, _("convdrop: %s: Missing: %s.\n"), file,
		    f->missing);
	if (c->status == FMT_DAMAGED && f != NULL)
		fprintf(stderr,
		    _("convdrop: %s: Damaged are %lu of %lu records.\n"), file,
		    f->damaged, f->records);
	if (c->status == FMT_PIPELINES) {
		dump_pipelines(text, sizeof text, f);
		fprintf(stderr, "convdrop: %s: %s\n", file, text);
		fprintf(stderr,
		    _("convdrop: %s: --map-status 'PIPELINE/STATUS=PAID' says "
		      "so for this run.\n"),
		    file);
	}
	if (c->status == FMT_NO_STATUS)
		fprintf(stderr,
		    _("convdrop: %s: --default-status sets it for this run.\n"),
		    file);
	print_times(c, file);
}
