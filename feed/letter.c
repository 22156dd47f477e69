/*
 * The letter, paragraph by paragraph.  See letter.h.
 */
#include "feed/letter.h"

#include <string.h>
#include <time.h>

#include "server/lang.h"
#include "server/log.h"
#include "feed/tally.h"

/* --- what came, and what was done ----------------------------------------- */

static void
write_heading(FILE *to, const struct dump_entry *d)
{
	char safe[1024], when[32];
	time_t t = (time_t)d->at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(when, sizeof when, "%Y-%m-%d %H:%M", &tm);
	log_safe(safe, sizeof safe, d->name, strlen(d->name));
	if (d->source[0] == '\0')
		fprintf(to,
		    _("%s came for the feed %s on %s UTC, %llu bytes.\n\n"),
		    safe, d->feed, when, (unsigned long long)d->bytes);
	else
		fprintf(to,
		    _("%s came for the feed %s, source %s, on %s UTC, %llu "
		      "bytes.\n\n"),
		    safe, d->feed, d->source, when,
		    (unsigned long long)d->bytes);
}

static enum record_kind
kind_of(const struct letter *l)
{
	return l->facts == NULL ? RECORD_ORDER : l->facts->kind;
}

static void
write_held(FILE *to, const struct dump_entry *d)
{
	fprintf(to,
	    _("The dump waits for somebody's decision, as number %lld; nothing "
	      "of it was taken yet.\n%s\n"),
	    (long long)d->id, d->reason);
	fprintf(to,
	    _("If it is right all the same, \"convdrop approve %s %lld\" takes "
	      "it; if not, \"convdrop reject %s %lld --reason TEXT\" puts it "
	      "aside. What follows is what would become of it.\n"),
	    d->feed, (long long)d->id, d->feed, (long long)d->id);
}

static void
write_outcome(FILE *to, const struct letter *l)
{
	const struct dump_entry *d = l->dump;
	char line[512];

	if (d->state == DUMP_MERGED)
		fprintf(to, _("The dump was taken (number %lld).\n"),
		    (long long)d->id);
	else if (d->state == DUMP_HELD)
		write_held(to, d);
	else if (d->state == DUMP_WITHDRAWN)
		fprintf(to,
		    _("The dump (number %lld) was taken back; nothing of it "
		      "counts any more. Why: %s\n"),
		    (long long)d->id, d->reason);
	else
		fprintf(to,
		    _("The dump was refused as a whole; nothing of it was "
		      "taken.\n%s\n"),
		    d->reason);
	if (d->state == DUMP_REFUSED && l->original_gone)
		fputs(_("The feed has pii = hash, so the original was not "
			"kept: drop it again once the cause is mended.\n"),
		    to);
	fputc('\n', to);
	tally_print(to, &d->tally, tally_accounts, kind_of(l));
	tally_account(line, sizeof line, &d->tally);
	fprintf(to, "%s\n", line);
}

static bool
any(const struct tally *t, const struct tally_item *i)
{
	for (; i->key != NULL; i++)
		if (tally_get(t, i) > 0)
			return true;
	return false;
}

static void
write_items(FILE *to, const char *heading, const struct letter *l,
    const struct tally_item *items)
{
	const struct tally *t = &l->dump->tally;

	if (!any(t, items))
		return;
	fprintf(to, "\n%s\n", heading);
	tally_print(to, t, items, kind_of(l));
}

/* A column is missing that may be there under another name. */
static void
write_missing(FILE *to, const struct dump_facts *f)
{
	if (f->missing == NULL)
		return;
	fprintf(to,
	    _("\nMissing: %s. If an ignored column is it, put this line into "
	      "the feed's section of convdrop.conf, with the column's name, "
	      "reload, and drop the dump again:\n\n"),
	    f->missing);
	fprintf(to, "  column(\"NAME\", \"%.*s\")\n",
	    (int)strcspn(f->missing, ","), f->missing);
}

/* --- how it was read ------------------------------------------------------ */

/* Some headers have line breaks. */
static void
write_line(FILE *to, const char *s)
{
	for (; *s != '\0'; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s, to);
}

static bool
is_used(const struct dump_facts *f, size_t column)
{
	return f->field != NULL && f->field[column] < FIELD_COUNT;
}

/* What is read comes first. */
static void
write_columns(FILE *to, const struct letter *l)
{
	const struct dump_facts *f = l->facts;

	fputs(_("\nColumns:\n"), to);
	for (int used = 1; used >= 0; used--) {
		for (size_t i = 0; i < l->columns.n; i++) {
			if (is_used(f, i) != (used == 1))
				continue;
			fputs("  ", to);
			write_line(to, l->columns.header[i]);
			fprintf(to, ": %s\n",
			    used ? field_info[f->field[i]].name : _("ignored"));
			if (f->google != NULL && f->google[i])
				fprintf(to, "      %s\n", message(f->note[i]));
		}
	}
}

static const char *
or_unknown(const char *s)
{
	return s == NULL ? "?" : s;
}

static void
write_reading(FILE *to, const struct letter *l)
{
	const struct dump_facts *f = l->facts;
	char mark[4] = { '"', f->delimiter, '"', '\0' };

	fprintf(to, _("\nHow it was read: %s"), or_unknown(f->syntax));
	if (f->delimiter == '\t')
		fputs(_(" with tabs"), to);
	else if (f->delimiter != '\0')
		fprintf(to, _(" with %s"), mark);
	fprintf(to, ", %s", or_unknown(f->encoding));
	if (f->compression != NULL && f->compression[0] != '\0')
		fprintf(to, ", %s", f->compression);
	if (f->preset != NULL)
		fprintf(to, _(", preset %s"), f->preset);
	if (f->header_line != 0)
		fprintf(to, _("; the header is line %lu"), f->header_line);
	fputs(".\n", to);
	if (f->preamble + f->repeated_headers + f->blank_lines > 0)
		fprintf(to,
		    _("Not records: rows before the header: %lu, repeated "
		      "headers: %lu, blank lines: %lu.\n"),
		    f->preamble, f->repeated_headers, f->blank_lines);
	if (l->columns.n > 0)
		write_columns(to, l);
}

/* What was said of its rows before is not known any more. */
static void
write_rest(FILE *to, const struct letter *l)
{
	const struct tally *t = &l->dump->tally;

	if (!l->taken_over)
		summary_rest(to, l->summary, l->rejects);
	else if (t->rejected + t->values_dropped > 0)
		fprintf(to,
		    _("\nWhich rows and values were refused when it came, and "
		      "why, is in %s.\n"),
		    l->rejects);
}

void
letter_write(FILE *to, const struct letter *l)
{
	write_heading(to, l->dump);
	write_outcome(to, l);
	clock_write(to, l->clock, l->clocks);
	write_items(to, _("What waits:"), l, tally_waits);
	write_rest(to, l);
	if (l->facts != NULL)
		write_missing(to, l->facts);
	if (!l->taken_over &&
	    (l->dump->state != DUMP_REFUSED || summary_any(l->summary)))
		summary_problems(to, l->summary, &l->columns);
	summary_statuses(to, l->summary);
	summary_damage(to, l->summary, &l->columns, l->dump->tally.records);
	write_items(to, _("Worth knowing:"), l, tally_notes);
	if (l->facts != NULL)
		write_reading(to, l);
}
