/*
 * convdrop statuses: what a dump's statuses become under a feed's settings,
 * and the lines that map those that nothing maps.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "formats/zone.h"
#include "server/conf.h"
#include "tool/ctl.h"
#include "tool/ctl_file.h"
#include "server/lang.h"
#include "feed/statuses.h"

struct look {
	const char *feed, *source, *file, *member;
	const struct settings *settings;
	struct zone *counter, *other;
	enum fmt_status status; /* FMT_END, or why it was not read to its end */
	const struct dump_facts *facts;
	struct statuses found;
	bool several;    /* pipelines, and none is named */
	uint64_t empty;  /* rows without a status */
	uint64_t unseen; /* rows that did not come so far */
	bool unmapped;   /* is there one? */
};

/* --- words --------------------------------------------------------------- */

/* status("PIPELINE", "STATUS", "TO"); malloc'ed. */
static char *
rule_of(const struct status_count *c)
{
	bool sale = c->by == MAP_GUESS || c->by == MAP_UNNAMED;
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		abort();
	fputs("status(", f);
	conf_put_quoted(f, c->pipeline[0] == '\0' ? "*" : c->pipeline);
	fputs(", ", f);
	conf_put_quoted(f, c->status);
	fprintf(f, ", \"%s\")", sale ? "PAID" : "IN_PROGRESS");
	if (fclose(f) != 0)
		abort();
	return text;
}

static const struct {
	const char *name, *text;
} why[] = {
	[MAP_NOTHING] = { "nothing", N_("nothing maps it") },
	[MAP_SETTINGS] = { "settings", N_("by the settings") },
	[MAP_PRESET] = { "preset", N_("by the preset") },
	[MAP_GOAL] = { "goal", N_("a goal as it stands") },
	[MAP_GUESS] = { "preset", N_("by the preset") },
	[MAP_UNNAMED] = { "pipeline", N_("its pipeline is not named") },
	[MAP_PAYMENT] = { "payment", N_("by the column of payment") },
	[MAP_DEFAULT] = { "default", N_("the default status") },
};

/* --- as text ------------------------------------------------------------- */

static void
print_unmapped(const struct look *l, bool sales)
{
	bool begun = false;

	for (size_t i = 0; i < l->found.rows; i++) {
		const struct status_count *c = &l->found.row[i];
		char *rule;

		if (!status_is_unmapped(c, l->several) ||
		    sales != (c->by != MAP_NOTHING))
			continue;
		if (!begun && sales)
			puts(_("\nThe preset calls these PAID, which counts "
			       "only in pipelines that are named. Put the "
			       "lines into the section of the feed or its "
			       "source in convdrop.conf, with PAID for those "
			       "that are sales:\n"));
		else if (!begun)
			puts(_("\nNothing maps these. Put the lines into the "
			       "section of the feed or its source in "
			       "convdrop.conf, each with what it means (PAID, "
			       "IN_PROGRESS, CANCELLED, SPAM, goal:ID or "
			       "skip):\n"));
		begun = true;
		rule = rule_of(c);
		printf("  %s  # %" PRIu64 "\n", rule, c->n);
		free(rule);
	}
}

static void
print_mapped(const struct look *l)
{
	bool begun = false;

	for (size_t i = 0; i < l->found.rows; i++) {
		const struct status_count *c = &l->found.row[i];

		if (status_is_unmapped(c, l->several) || c->to[0] == '\0')
			continue;
		if (!begun)
			puts(_("\nWhat the others become:\n"));
		begun = true;
		printf("%10" PRIu64 "  %-12s ", c->n, c->to);
		conf_put_quoted(stdout, c->status);
		if (c->pipeline[0] != '\0') {
			fputs(", ", stdout);
			conf_put_quoted(stdout, c->pipeline);
		}
		printf("  (%s)\n", message(why[c->by].text));
	}
}

static void
print_look(const struct look *l)
{
	printf(_("%s: rows: %lu, preset %s\n"), l->file, l->facts->records,
	    l->facts->preset);
	print_unmapped(l, false);
	print_unmapped(l, true);
	print_mapped(l);
	if (l->found.others > 0)
		printf(_("\nRows with still other statuses, which are too "
			 "many to tell apart: %" PRIu64 ".\n"),
		    l->found.others);
	if (l->facts->kind != RECORD_ORDER && l->empty > 0)
		printf(_("\nRows that need no status, since they are no "
			 "orders: %" PRIu64 ".\n"),
		    l->empty);
	else if (l->empty > 0)
		printf(_("\nRows without a status: %" PRIu64 ". A known order "
			 "keeps its own, a new one is refused.\n"),
		    l->empty);
	if (l->unseen > 0)
		printf(_("\nRows that are left out, or refused for something "
			 "else than their status: %" PRIu64 ".\n"),
		    l->unseen);
}

/* --- as JSON ------------------------------------------------------------- */

static json_t *
row_json(const struct look *l, const struct status_count *c)
{
	bool unmapped = status_is_unmapped(c, l->several);
	char *rule = unmapped ? rule_of(c) : NULL;
	json_t *j = json_pack("{s:s, s:s, s:I, s:s?, s:s, s:s?}", "pipeline",
	    c->pipeline, "status", c->status, "count", (json_int_t)c->n, "to",
	    unmapped || c->to[0] == '\0' ? NULL : c->to, "by",
	    unmapped && c->by == MAP_GUESS ? why[MAP_UNNAMED].name
					   : why[c->by].name,
	    "line", rule);

	free(rule);
	return j;
}

static void
print_json(const struct look *l)
{
	json_t *all = json_pack("{s:s, s:s, s:o?, s:b, s:s, s:I}", "feed",
	    l->feed, "source", l->source, "file", json_string(l->file), "ok",
	    l->status == FMT_END, "status",
	    l->status == FMT_END ? "ok" : fmt_status_code(l->status), "rows",
	    (json_int_t)(l->facts == NULL ? 0 : l->facts->records));
	json_t *list = json_array();

	for (size_t i = 0; i < l->found.rows; i++) {
		if (l->found.row[i].status[0] != '\0' ||
		    l->found.row[i].to[0] != '\0')
			json_array_append_new(
			    list, row_json(l, &l->found.row[i]));
	}
	json_object_set_new(all, "statuses", list);
	json_object_set_new(
	    all, "others", json_integer((json_int_t)l->found.others));
	json_object_set_new(all, "empty", json_integer((json_int_t)l->empty));
	json_object_set_new(
	    all, "left_out", json_integer((json_int_t)l->unseen));
	if (l->facts != NULL && l->facts->preset != NULL)
		json_object_set_new(
		    all, "preset", json_string(l->facts->preset));
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

/* --- reading ------------------------------------------------------------- */

static void
count(struct look *l, const struct record *r)
{
	if (!r->has_meaning) {
		l->unseen++;
		return;
	}
	l->empty += r->status.n == 0 && r->meaning.to.n == 0;
	statuses_add(&l->found, r);
}

static void
settle(struct look *l)
{
	l->several = l->facts->pipelines > 1 && l->facts->paid_status != NULL;
	statuses_sort(&l->found, l->several);
	l->unmapped = l->found.rows > 0 &&
		      status_is_unmapped(&l->found.row[0], l->several);
}

static void
print_refused(const struct look *l)
{
	char text[512];

	fprintf(
	    stderr, "convdrop: %s: %s\n", l->file, fmt_status_text(l->status));
	if (l->status == FMT_MISSING_COLUMN && l->facts->missing != NULL)
		fprintf(stderr, _("convdrop: %s: Missing: %s.\n"), l->file,
		    l->facts->missing);
	if (l->status == FMT_PIPELINES) {
		dump_pipelines(text, sizeof text, l->facts);
		fprintf(stderr, "convdrop: %s: %s\n", l->file, text);
	}
}

static int
read_dump(struct look *l, const struct ctl_file *file, bool json)
{
	struct dump *d = NULL;
	struct record *r;
	int rc;

	l->status = dump_open(&d, &file->in, l->settings, l->counter, l->other);
	while (l->status == FMT_OK && (l->status = dump_next(d, &r)) == FMT_OK)
		count(l, r);
	l->facts = d == NULL ? NULL : dump_facts(d);
	if (l->status == FMT_IO) {
		rc = ctl_fail("%s: %s", l->file, strerror(file->failed));
		dump_close(d);
		return rc;
	}
	settle(l);
	if (json)
		print_json(l);
	else if (l->facts->records > 0)
		print_look(l);
	if (l->status != FMT_END)
		print_refused(l);
	rc = l->status != FMT_END || l->unmapped ? CTL_FINDINGS : CTL_FINE;
	dump_close(d);
	return rc;
}

static int
open_zones(struct look *l, struct err *e)
{
	const struct settings *s = l->settings;

	if (conf_zone(&l->counter, s->zone, e) == -1)
		return -1;
	return s->source_zone[0] == '\0'
		   ? 0
		   : conf_zone(&l->other, s->source_zone, e);
}

static int
look_at(struct look *l, const struct conf *c, bool json)
{
	const struct feed *f = conf_feed(c, l->feed);
	struct ctl_file file = { .fd = -1 };
	struct err e = ERR_EMPTY;
	int rc;

	if (f == NULL)
		return ctl_fail("there is no feed \"%s\"", l->feed);
	l->settings = feed_source(f, l->source);
	if (l->settings == NULL)
		return ctl_fail(
		    "the feed \"%s\" has no source \"%s\"", l->feed, l->source);
	if (open_zones(l, &e) == -1 ||
	    ctl_file_open_member(&file, l->file, l->member, &e) == -1)
		rc = ctl_fail("%s", e.text);
	else
		rc = read_dump(l, &file, json);
	ctl_file_close(&file);
	return rc;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	static const struct option option[] = {
		{ "source", required_argument, NULL, 's' },
		{ "member", required_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	struct look l = { .source = "", .member = "" };
	struct conf *conf;
	int o, rc;

	while ((o = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (o != 's' && o != 'm')
			return ctl_usage(&ctl_statuses);
		*(o == 's' ? &l.source : &l.member) = optarg;
	}
	if (argc - optind != 2)
		return ctl_usage(&ctl_statuses);
	conf = ctl_conf(c);
	if (conf == NULL)
		return CTL_FAILED;
	l.feed = argv[optind];
	l.file = argv[optind + 1];
	statuses_open(&l.found);
	rc = look_at(&l, conf, c->json);
	statuses_close(&l.found);
	zone_free(l.counter);
	zone_free(l.other);
	conf_free(conf);
	return rc;
}

const struct ctl_command ctl_statuses = {
	.name = "statuses",
	.synopsis = "statuses FEED FILE [--source S] [--member NAME]",
	.help = N_(
	    "Reads the dump FILE (\"-\" is standard input) with the settings "
	    "of the feed and lists\nits statuses: how often each comes in "
	    "which pipeline and what it becomes. Those\nthat nothing maps come "
	    "first, as lines for convdrop.conf. Nothing is changed.\n\n"
	    "  --source S     Read it as a dump of the feed's source S.\n"
	    "  --member NAME  The dump of that name in a zip archive.\n\n"
	    "Exit status: 0 every status is mapped, 1 some are not or the "
	    "dump cannot be read,\n2 wrong usage or failure."),
	.run = run,
};
