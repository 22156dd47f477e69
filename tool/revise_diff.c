/*
 * See revise_diff.h.  Memory does not grow with the changes.
 */
#include "tool/revise_diff.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/arena.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "server/log.h"

enum {
	FIRST = 20,  /* of each part that are shown */
	PAIRS = 1000 /* of statuses that are told apart */
};

enum part {
	PART_GONE,
	PART_CANCELLED,
	PART_NEW,
	PART_STATUS,
	PART_REVENUE,
	PART_DATE,
	PART_OTHER,
	PARTS
};

struct pair {
	char was[256], is[256];
	uint64_t n;
	int64_t sum;
};

struct revise_diff {
	char feed[FEED_NAME_MAX + 1];
	bool json;
	uint64_t changes; /* printed as JSON */
	struct lines {
		uint64_t n;
		int64_t was, is; /* money */
		char *line[FIRST];
	} part[PARTS];
	struct pair *pair;
	size_t pairs;
};

static const char *const headings[PARTS] = {
	[PART_GONE] = N_("gone"),
	[PART_CANCELLED] = N_("published as CANCELLED, for a completed pull "
			      "carried them"),
	[PART_NEW] = N_("new"),
	[PART_STATUS] = N_("with another status"),
	[PART_REVENUE] = N_("with another revenue"),
	[PART_DATE] = N_("with another creation time"),
	[PART_OTHER] = N_("with other values"),
};
static const char *const names[PARTS] = { "gone", "cancelled", "new", "status",
	"revenue", "create_date_time", "other" };

struct revise_diff *
revise_diff_begin(const char *feed, bool json)
{
	struct revise_diff *d = mem_alloc(sizeof *d);

	snprintf(d->feed, sizeof d->feed, "%s", feed);
	d->json = json;
	if (json)
		printf("{\"feed\":\"%s\",\"changes\":[", feed);
	return d;
}

void
revise_diff_free(struct revise_diff *d)
{
	if (d == NULL)
		return;
	for (int p = 0; p < PARTS; p++)
		for (int i = 0; i < FIRST; i++)
			free(d->part[p].line[i]);
	free(d->pair);
	free(d);
}

/* --- one change ----------------------------------------------------------- */

static int64_t
revenue(const struct conv *c)
{
	return c == NULL || c->number[FIELD_REVENUE] == CONV_NONE
		   ? 0
		   : c->number[FIELD_REVENUE];
}

static struct slice
status(const struct conv *c)
{
	return c == NULL ? slice_of("") : conv_text(c, FIELD_ORDER_STATUS);
}

static bool
differs(const struct revise_change *c, enum part p)
{
	switch (p) {
	case PART_STATUS:
		return !slice_eq(status(c->was), status(c->is));
	case PART_REVENUE:
		return c->was->number[FIELD_REVENUE] !=
		       c->is->number[FIELD_REVENUE];
	case PART_DATE:
		return c->was->number[FIELD_CREATE_DATE_TIME] !=
		       c->is->number[FIELD_CREATE_DATE_TIME];
	default:
		return false;
	}
}

static void
money(char out[32], int64_t n)
{
	uint64_t abs = n < 0 ? -(uint64_t)n : (uint64_t)n;

	snprintf(out, 32, "%s%" PRIu64 ".%02" PRIu64, n < 0 ? "-" : "",
	    abs / 100, abs % 100);
}

static void
time_text(char out[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (at == CONV_NONE || gmtime_r(&t, &tm) == NULL)
		snprintf(out, 32, "-");
	else
		strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Language plays no part in it. */
static char *
line_of(const struct revise_change *c, enum part p)
{
	const struct conv *c1 = c->was == NULL ? c->is : c->was;
	struct slice id = conv_text(c1, FIELD_ID);
	char safe[512], was[300], is[300], line[1200];

	log_safe(safe, sizeof safe, id.p, id.n);
	if (p == PART_DATE) {
		time_text(was, c->was->number[FIELD_CREATE_DATE_TIME]);
		time_text(is, c->is->number[FIELD_CREATE_DATE_TIME]);
	} else if (p == PART_REVENUE) {
		money(was, revenue(c->was));
		money(is, revenue(c->is));
	} else {
		snprintf(was, sizeof was, "%.*s", (int)status(c->was).n,
		    status(c->was).p);
		snprintf(is, sizeof is, "%.*s", (int)status(c->is).n,
		    status(c->is).p);
	}
	if (c->kind != RECORD_ORDER)
		snprintf(line, sizeof line, "%s %s", record_kind_name(c->kind),
		    safe);
	else if (p == PART_OTHER || c->was == NULL || c->is == NULL)
		snprintf(line, sizeof line, "%s  %s", safe,
		    c->was == NULL ? is : was);
	else
		snprintf(line, sizeof line, "%s  %s -> %s", safe, was, is);
	return mem_string(line);
}

static void
add(struct revise_diff *d, const struct revise_change *c, enum part p)
{
	struct lines *l = &d->part[p];

	if (l->n < FIRST)
		l->line[l->n] = line_of(c, p);
	l->n++;
	l->was += revenue(c->was);
	l->is += revenue(c->is);
}

static void
add_pair(struct revise_diff *d, const struct revise_change *c)
{
	struct pair key = { .n = 1, .sum = revenue(c->is) };
	size_t i = 0;

	snprintf(key.was, sizeof key.was, "%.*s", (int)status(c->was).n,
	    status(c->was).p);
	snprintf(key.is, sizeof key.is, "%.*s", (int)status(c->is).n,
	    status(c->is).p);
	while (i < d->pairs && (strcmp(d->pair[i].was, key.was) != 0 ||
				   strcmp(d->pair[i].is, key.is) != 0))
		i++;
	if (i == PAIRS)
		return;
	if (i < d->pairs) {
		d->pair[i].n++;
		d->pair[i].sum += key.sum;
		return;
	}
	d->pair = mem_grow(d->pair, (i + 1) * sizeof *d->pair);
	d->pair[d->pairs++] = key;
}

/* --- JSON ----------------------------------------------------------------- */

static void
put_number(json_t *o, const char *key, const struct conv *c, enum field f)
{
	if (c != NULL && c->number[f] != CONV_NONE)
		json_object_set_new(
		    o, key, json_integer((json_int_t)c->number[f]));
}

static json_t *
side(const struct conv *c)
{
	json_t *o;
	char text[256];

	if (c == NULL)
		return json_null();
	o = json_object();
	snprintf(text, sizeof text, "%.*s", (int)status(c).n, status(c).p);
	json_object_set_new(o, "status", json_foreign(text));
	put_number(o, "revenue", c, FIELD_REVENUE);
	put_number(o, "create_date_time", c, FIELD_CREATE_DATE_TIME);
	return o;
}

static void
print_change(
    struct revise_diff *d, const struct revise_change *c, const char *what)
{
	const struct conv *any = c->was == NULL ? c->is : c->was;
	char id[1024];
	json_t *o;

	snprintf(id, sizeof id, "%.*s", (int)conv_text(any, FIELD_ID).n,
	    conv_text(any, FIELD_ID).p);
	o = json_pack("{s:s, s:s, s:o, s:o, s:o, s:b}", "what", what, "kind",
	    record_kind_name(c->kind), "id", json_foreign(id), "was",
	    side(c->was), "is", side(c->is), "date_kept", (int)c->date_kept);
	if (d->changes++ > 0)
		putchar(',');
	json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
}

/* --- all of them ---------------------------------------------------------- */

int
revise_diff_told(void *ctx, const struct revise_change *c, struct err *e)
{
	static const enum part parts[REVISE_FATES] = { [REVISE_GONE] =
							   PART_GONE,
		[REVISE_CANCELLED] = PART_CANCELLED,
		[REVISE_NEW] = PART_NEW,
		[REVISE_CHANGED] = PART_OTHER };
	struct revise_diff *d = ctx;
	bool told = false;

	(void)e;
	for (enum part p = PART_STATUS;
	     c->fate == REVISE_CHANGED && p <= PART_DATE; p++) {
		if (!differs(c, p))
			continue;
		told = true;
		add(d, c, p);
		if (p == PART_STATUS)
			add_pair(d, c);
	}
	if (!told)
		add(d, c, parts[c->fate]);
	if (d->json)
		print_change(d, c,
		    c->fate == REVISE_CHANGED ? "changed"
					      : names[parts[c->fate]]);
	return 0;
}

static void
print_part(const struct revise_diff *d, enum part p)
{
	const struct lines *l = &d->part[p];
	char was[32], is[32];

	if (l->n == 0)
		return;
	money(was, l->was);
	money(is, l->is);
	printf(_("%s: %llu (revenue %s -> %s)\n"), _(headings[p]),
	    (unsigned long long)l->n, was, is);
	if (p == PART_STATUS)
		for (size_t i = 0; i < d->pairs; i++) {
			money(is, d->pair[i].sum);
			printf("  %s -> %s: %llu (%s)\n", d->pair[i].was,
			    d->pair[i].is, (unsigned long long)d->pair[i].n,
			    is);
		}
	for (uint64_t i = 0; i < l->n && i < FIRST; i++)
		printf("    %s\n", l->line[i]);
	if (l->n > FIRST)
		printf(_("    and %llu more\n"),
		    (unsigned long long)(l->n - FIRST));
}

static void
print_json(const struct revise_diff *d, const struct revise_tally *t)
{
	json_t *totals = json_object(), *pairs = json_array();

	for (enum part p = 0; p < PARTS; p++)
		json_object_set_new(totals, names[p],
		    json_pack("{s:I, s:I, s:I}", "records",
			(json_int_t)d->part[p].n, "revenue_was",
			(json_int_t)d->part[p].was, "revenue_is",
			(json_int_t)d->part[p].is));
	for (size_t i = 0; i < d->pairs; i++)
		json_array_append_new(
		    pairs, json_pack("{s:o, s:o, s:I, s:I}", "was",
			       json_foreign(d->pair[i].was), "is",
			       json_foreign(d->pair[i].is), "orders",
			       (json_int_t)d->pair[i].n, "revenue",
			       (json_int_t)d->pair[i].sum));
	json_object_set_new(totals, "statuses", pairs);
	json_object_set_new(
	    totals, "dates_kept", json_integer((json_int_t)t->dates_kept));
	json_object_set_new(totals, "left", json_integer((json_int_t)t->left));
	json_object_set_new(totals, "kept", json_integer((json_int_t)t->kept));
	json_object_set_new(
	    totals, "gone_pulled", json_integer((json_int_t)t->gone_pulled));
	json_object_set_new(
	    totals, "dumps_read", json_integer((json_int_t)t->read));
	json_object_set_new(
	    totals, "settings_same", json_integer((json_int_t)t->same));
	json_object_set_new(
	    totals, "dumps_hashed", json_integer((json_int_t)t->hashed));
	json_object_set_new(
	    totals, "dumps_expired", json_integer((json_int_t)t->expired));
	json_object_set_new(totals, "dumps_without_source",
	    json_integer((json_int_t)t->orphans));
	printf("],\"totals\":");
	json_dumpf(totals, stdout, JSON_COMPACT);
	printf("}\n");
	json_decref(totals);
}

void
revise_diff_print(struct revise_diff *d, const struct revise_tally *t)
{
	bool any = false;

	if (d->json) {
		print_json(d, t);
		return;
	}
	for (enum part p = 0; p < PARTS; p++) {
		print_part(d, p);
		any = any || d->part[p].n > 0;
	}
	if (!any)
		printf(_("No record would change.\n"));
	if (any && t->left == 0)
		printf(_("No record would be left, and nothing is published "
			 "without one: the last version would stay in place. "
			 "So that nobody downloads it meanwhile, take the "
			 "access away: \"convdrop user del\" or \"convdrop "
			 "token del\".\n"));
	if (t->gone_pulled > 0)
		printf(_("Of those that are gone a completed pull carried "
			 "%llu: contacts, calls or chats, whose files have no "
			 "status that would tell the destination. What it took "
			 "of them stays there.\n"),
		    (unsigned long long)t->gone_pulled);
	if (d->part[PART_CANCELLED].n > 0)
		printf(_("Goals that Direct has counted already may not be "
			 "taken back.\n"));
	if (t->dates_kept > 0)
		printf(ngettext("%llu creation time stays as Direct has it, "
				"for a completed pull carried it.\n",
			   "%llu creation times stay as Direct has them, for a "
			   "completed pull carried them.\n",
			   t->dates_kept),
		    (unsigned long long)t->dates_kept);
	if (t->kept > 0)
		printf(
		    ngettext("%llu record stays as it is, for only dumps whose "
			     "archived copy is past its time had it.\n",
			"%llu records stay as they are, for only dumps whose "
			"archived copy is past its time had them.\n",
			t->kept),
		    (unsigned long long)t->kept);
	if (t->hashed > 0)
		printf(
		    ngettext(
			"Of %llu dump the archive has only hashed records: its "
			"statuses, columns, times and prefixes stay.\n",
			"Of %llu dumps the archive has only hashed records: "
			"their statuses, columns, times and prefixes stay.\n",
			t->hashed),
		    (unsigned long long)t->hashed);
}
