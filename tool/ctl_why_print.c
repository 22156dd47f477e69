/*
 * convdrop why, for a person: the history in the order in which it happened.
 * Versions that carry the same are told together.
 */
#include <stdio.h>
#include <string.h>

#include "tool/ctl_why.h"
#include "server/lang.h"
#include "server/log.h"

#define PULLS_SHOWN 3

static const char *
text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s == NULL ? "" : s;
}

static long long
number_of(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static bool
is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* What came from outside, on one line. */
static void
print_foreign(const char *s)
{
	char safe[4096];

	fputs(log_safe(safe, sizeof safe, s, strlen(s)), stdout);
}

/* A value's text; a number is one of a published JSON. */
static void
print_value(const json_t *v)
{
	if (json_is_string(v))
		print_foreign(json_string_value(v));
	else if (json_is_null(v) || v == NULL)
		fputs(_("nothing"), stdout);
	else
		json_dumpf(v, stdout, JSON_ENCODE_ANY | JSON_COMPACT);
}

/* --- rows ----------------------------------------------------------------- */

static void
print_cells(const json_t *row)
{
	const json_t *cell;
	size_t i;

	json_array_foreach(json_object_get(row, "cells"), i, cell)
	{
		fputs("      ", stdout);
		print_foreign(text_of(cell, "column"));
		fputs(": ", stdout);
		print_foreign(text_of(cell, "value"));
		putchar('\n');
	}
}

static void
print_field(const json_t *f)
{
	const char *from = text_of(f, "from"), *rule = text_of(f, "rule");

	printf("      %s: ", text_of(f, "field"));
	if (*from != '\0') {
		putchar('"');
		print_foreign(from);
		putchar('"');
	} else {
		putchar('-');
	}
	fputs(" -> ", stdout);
	print_value(json_object_get(f, "to"));
	if (*rule != '\0')
		printf(" (%s)", rule);
	putchar('\n');
}

static void
print_row(const json_t *row)
{
	const char *verdict = text_of(row, "verdict");
	const char *reason = text_of(row, "reason");
	const json_t *o;
	size_t i;

	printf(_("    line %lld\n"), number_of(row, "line"));
	print_cells(row);
	puts(_("    became"));
	json_array_foreach(json_object_get(row, "fields"), i, o) print_field(o);
	json_array_foreach(json_object_get(row, "dropped"), i, o)
	    printf(_("      left out: %s\n"), text_of(o, "reason"));
	if (strcmp(verdict, "refused") == 0)
		printf(_("      the row was refused: %s\n"), reason);
	else if (strcmp(verdict, "skipped") == 0)
		printf(_("      the row was skipped: %s\n"), reason);
}

/* --- dumps ---------------------------------------------------------------- */

/* What became of several rows of one dump. */
static void
print_rows_met(const json_t *m)
{
	const char *same = text_of(m, "same_id");
	long long n = number_of(m, "rows");

	if (n < 2)
		return;
	if (strcmp(same, "sum") == 0)
		printf(_("    its %lld rows of this dump were added up "
			 "(same_id = sum)\n"),
		    n);
	else if (strcmp(same, "first") == 0)
		printf(_("    of its %lld rows of this dump the first counts "
			 "(same_id = first)\n"),
		    n);
	else
		printf(_("    of its %lld rows of this dump the last counts "
			 "(same_id = last)\n"),
		    n);
}

static void
print_merge(const json_t *m)
{
	const json_t *list = json_object_get(m, "changes"), *c;
	const char *refused = text_of(m, "refused");
	size_t i;

	if (*refused != '\0') {
		printf(_("    the merge refused it: %s\n"), refused);
		return;
	}
	print_rows_met(m);
	if (!is_true(m, "changed"))
		puts(_("    after the merge nothing had changed"));
	else
		puts(is_true(m, "made") ? _("    the merge made the order")
					: _("    the merge changed the order"));
	json_array_foreach(list, i, c)
	{
		printf("      %s: ", text_of(c, "field"));
		print_value(json_object_get(c, "was"));
		fputs(" -> ", stdout);
		print_value(json_object_get(c, "is"));
		putchar('\n');
	}
	if (is_true(m, "date_kept"))
		puts(_("    its creation date was frozen by a pull and stayed, "
		       "although the dump has another one"));
	else if (is_true(m, "frozen"))
		puts(_("    its creation date was frozen by a pull"));
	if (is_true(m, "skip_kept"))
		puts(_("    its status means skip; the order that was known "
		       "stays"));
}

static const char *
state_text(const char *state)
{
	static const struct {
		const char *state, *text;
	} known[] = {
		{ "merged", N_("merged") },
		{ "refused", N_("refused, nothing of it counts") },
		{ "held", N_("held, nothing of it counts as yet") },
		{ "withdrawn", N_("withdrawn, nothing of it counts any "
				  "more") },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].state, state) == 0)
			return message(known[i].text);
	return state;
}

static void
print_dump(const json_t *d)
{
	const char *source = text_of(d, "source"), *name = text_of(d, "name");
	const json_t *row;
	char safe[1100];
	size_t i;

	printf(_("%s  dump %lld, %s%s%s (preset %s, %s): %s\n"),
	    text_of(d, "time"), number_of(d, "dump"), source,
	    *source == '\0' ? "" : "/",
	    log_safe(safe, sizeof safe, name, strlen(name)),
	    text_of(d, "preset"), text_of(d, "encoding"),
	    state_text(text_of(d, "state")));
	if (is_true(d, "hashed"))
		puts(_("    the archive has its hashed copy alone: line and "
		       "cells are the copy's"));
	if (*text_of(d, "reason") != '\0')
		printf("    %s\n", text_of(d, "reason"));
	json_array_foreach(json_object_get(d, "rows"), i, row) print_row(row);
	if (json_is_object(json_object_get(d, "merge")))
		print_merge(json_object_get(d, "merge"));
}

/* --- versions ------------------------------------------------------------- */

struct group {
	const json_t *history;
	size_t first; /* the version that was looked into */
	size_t more;  /* later ones that carry the same */
	const char *until;
	size_t pulls, printed;
	const json_t *last; /* the last pull */
};

/* Is it a later version of the same file that carries the same?  -1: the
 * group ends here. */
static int
belongs(const struct group *g, const json_t *o)
{
	const json_t *first = json_array_get(g->history, g->first);

	if (strcmp(text_of(o, "what"), "version") != 0 ||
	    strcmp(text_of(o, "file"), text_of(first, "file")) != 0)
		return 0;
	return is_true(o, "looked") ? -1 : 1;
}

static void
print_pull(const json_t *p)
{
	printf(_("    pull %lld took it: %s from %s by %s, complete at %s\n"),
	    number_of(p, "pull"), text_of(p, "user"), text_of(p, "address"),
	    text_of(p, "protocol"), text_of(p, "time"));
}

static void
take_pulls(struct group *g, const json_t *version)
{
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(version, "pulls"), i, p)
	{
		g->pulls++;
		g->last = p;
		if (g->printed < PULLS_SHOWN) {
			print_pull(p);
			g->printed++;
		}
	}
}

static void
print_values(json_t *values)
{
	const char *key;
	json_t *v;

	json_object_foreach(values, key, v)
	{
		printf("      %s: ", key);
		print_value(v);
		putchar('\n');
	}
}

static void
print_seen(const json_t *o)
{
	static const struct {
		const char *seen, *text;
	} known[] = {
		{ "there", N_("carried") },
		{ "absent", N_("did not carry it any more") },
		{ "no_ids", N_("has no ids in it; by its date it carried") },
		{ "expired", N_("its archived copy expired; by the history it "
				"carried") },
		{ "unreadable", N_("its archived copy cannot be read; by the "
				   "history it carried") },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].seen, text_of(o, "seen")) == 0)
			printf("    %s\n", message(known[i].text));
	print_values(json_object_get(o, "values"));
}

static void
print_version(const json_t *history, size_t at)
{
	struct group g = { .history = history, .first = at };
	const json_t *o = json_array_get(history, at);

	if (!is_true(o, "looked"))
		return; /* told with the one before */
	printf(_("%s  published %s, SHA-256 %.12s\n"),
	    text_of(o, "last_modified"), text_of(o, "file"),
	    text_of(o, "sha256"));
	print_seen(o);
	take_pulls(&g, o);
	for (size_t i = at + 1; i < json_array_size(history); i++) {
		int in = belongs(&g, o = json_array_get(history, i));

		if (in == -1)
			break;
		if (in == 0)
			continue;
		g.more++;
		g.until = text_of(o, "last_modified");
		take_pulls(&g, o);
	}
	if (g.more > 0)
		printf(ngettext("    and so did %zu later version, of %s\n",
			   "    and so did %zu later versions, until that of "
			   "%s\n",
			   g.more),
		    g.more, g.until);
	if (g.pulls > g.printed)
		printf(_("    %zu pulls took it, the last, pull %lld, at %s\n"),
		    g.pulls, number_of(g.last, "pull"),
		    text_of(g.last, "time"));
	if (g.pulls == 0)
		puts(_("    no completed pull took it"));
}

/* --- what people decided -------------------------------------------------- */

static void
print_act(const json_t *a)
{
	const char *actor = text_of(a, "actor"), *reason = text_of(a, "reason");
	const json_t *r;
	char by[300], why[1100];
	size_t i;

	printf(_("%s  %s, by %s: %s\n"), text_of(a, "time"), text_of(a, "op"),
	    log_safe(by, sizeof by, actor, strlen(actor)),
	    log_safe(why, sizeof why, reason, strlen(reason)));
	if (number_of(a, "dump") != 0)
		printf(
		    _("    dump %lld was withdrawn\n"), number_of(a, "dump"));
	json_array_foreach(json_object_get(a, "rulings"), i, r)
	{
		printf("    %s ", text_of(r, "ruling"));
		print_foreign(text_of(r, "value"));
		putchar('\n');
	}
}

/* --- all ------------------------------------------------------------------ */

/* status_steps = each */
static void
print_steps(const json_t *steps)
{
	const json_t *first = json_array_get(steps, 0), *o;
	size_t i;

	if (json_array_size(steps) < 2)
		return;
	fputs("    ", stdout);
	printf(_("published as %s until a completed pull took that, at the "
		 "latest until %s; then as:"),
	    text_of(first, "status"), text_of(first, "until"));
	json_array_foreach(steps, i, o)
	{
		if (i == 0)
			continue;
		putchar(' ');
		print_foreign(text_of(o, "status"));
	}
	putchar('\n');
}

static void
print_now(const json_t *now)
{
	if (!json_is_object(now)) {
		puts(_("Now: the feed does not have it."));
		return;
	}
	puts(_("Now:"));
	print_values(json_object_get(now, "values"));
	if (is_true(now, "ruled"))
		puts(_("    its status was decided by a person and stays "
		       "whatever dumps say"));
	print_steps(json_object_get(now, "steps"));
	if (is_true(now, "frozen"))
		printf(_("    its creation date is frozen: a pull took it to "
			 "Direct, the first at %s\n"),
		    text_of(now, "first_pull"));
	else
		puts(_("    no completed pull has taken it to Direct with this "
		       "creation date"));
}

static void
print_unread(const json_t *unread)
{
	size_t n = json_array_size(unread);
	const json_t *d = json_array_get(unread, 0);

	if (n == 0)
		return;
	printf(ngettext("%zu dump could not be looked into: dump %lld, %s\n",
		   "%zu dumps could not be looked into, the first is dump "
		   "%lld: %s\n",
		   n),
	    n, number_of(d, "dump"), text_of(d, "reason"));
}

void
ctl_why_print(const json_t *trace)
{
	const json_t *history = json_object_get(trace, "history"), *o;
	size_t i;

	printf(_("%s of the feed %s; dates are in %s\n"),
	    text_of(trace, "order"), text_of(trace, "feed"),
	    text_of(trace, "zone"));
	json_array_foreach(history, i, o)
	{
		const char *what = text_of(o, "what");

		if (strcmp(what, "dump") == 0)
			print_dump(o);
		else if (strcmp(what, "version") == 0)
			print_version(history, i);
		else
			print_act(o);
	}
	print_now(json_object_get(trace, "now"));
	print_unread(json_object_get(trace, "unread"));
}
