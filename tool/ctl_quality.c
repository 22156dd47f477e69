/*
 * convdrop quality: how well Direct can link a feed's orders with visits, and
 * what to mend for that.
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/zone.h"
#include "server/conf.h"
#include "tool/ctl.h"
#include "server/lang.h"
#include "feed/quality.h"

struct arguments {
	const char *feed;
	const char *since; /* a day; NULL: all that is published */
	bool csv, shared, plain;
};

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "since", required_argument, NULL, 's' },
		{ "csv", no_argument, NULL, 'c' },
		{ "shared", no_argument, NULL, 'h' },
		{ "plain", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		switch (c) {
		case 's':
			a->since = optarg;
			break;
		case 'c':
			a->csv = true;
			break;
		case 'h':
			a->shared = true;
			break;
		case 'p':
			a->plain = true;
			break;
		default:
			return -1;
		}
	}
	if (argc - optind != 1 || (a->csv && a->shared))
		return -1;
	a->feed = argv[optind];
	return 0;
}

/* The day's first second in the counter's zone. */
static int
day_begins(int64_t *out, const char *day, const struct feed *f, struct err *e)
{
	struct wall w = { 0 };
	struct zone *z;
	char end;

	if (strlen(day) != 10 || strspn(day, "0123456789-") != 10 ||
	    sscanf(day, "%4d-%2d-%2d%c", &w.year, &w.month, &w.day, &end) !=
		3 ||
	    !wall_valid(&w))
		return err_set(
		    e, "\"%s\" is not a day; write it as in 2026-11-22.", day);
	if (conf_zone(&z, f->source[0]->zone, e) == -1)
		return -1;
	*out = zone_instant(z, &w);
	zone_free(z);
	return 0;
}

static void
print(const struct ctl *ctl, const struct arguments *a, const struct quality *q)
{
	json_t *o;

	if (ctl->json) {
		o = quality_json(q, a->plain);
		json_object_set_new(o, "feed", json_string(a->feed));
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	} else if (a->csv) {
		quality_csv(stdout, q);
	} else if (a->shared) {
		quality_shared(stdout, q, a->plain);
	} else {
		quality_text(stdout, q);
		putchar('\n');
		if (quality_advice(stdout, q) == 0)
			puts(_("Nothing is to be mended."));
	}
}

/* Is there anything that the advice speaks of? */
static bool
has_findings(const struct quality *q)
{
	FILE *nowhere = fopen("/dev/null", "we");
	unsigned n = nowhere == NULL ? 0 : quality_advice(nowhere, q);

	if (nowhere != NULL)
		fclose(nowhere);
	return n > 0;
}

static int
run_on(const struct ctl *ctl, const struct conf *c, const void *arguments)
{
	const struct arguments *a = arguments;
	struct quality_what what = { .conf = c,
		.feed = conf_feed(c, a->feed),
		.now = (int64_t)time(NULL),
		.since = INT64_MIN,
		.list_shared = a->shared || ctl->json };
	struct err e = ERR_EMPTY;
	char path[PATH_MAX];
	struct quality q = { 0 };
	int rc;

	if (what.feed == NULL)
		return ctl_fail(
		    "there is no feed '%s' in the configuration", a->feed);
	if (a->since != NULL &&
	    day_begins(&what.since, a->since, what.feed, &e) == -1)
		return ctl_fail("%s", e.text);
	conf_path(path, c, "state", "store.db", NULL);
	if (store_open(&what.store, path, true, &e) == -1 ||
	    quality_gather(&q, &what, &e) == -1) {
		rc = ctl_fail("%s", e.text);
	} else {
		print(ctl, a, &q);
		rc = (a->shared ? q.shared.identifiers > 0 : has_findings(&q))
			 ? CTL_FINDINGS
			 : CTL_FINE;
	}
	quality_free(&q);
	store_close(what.store);
	return rc;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct arguments a = { 0 };

	if (take_arguments(&a, argc, argv) == -1)
		return ctl_usage(&ctl_quality);
	return ctl_with_conf(ctl, run_on, &a);
}

const struct ctl_command ctl_quality = {
	.name = "quality",
	.synopsis = "quality FEED [--since DAY] [--csv | --shared [--plain]]",
	.help = N_(
	    "Shows how well Direct can link the feed's orders with visits: "
	    "with ClientID and\nphone or e-mail at best, with nothing not at "
	    "all; by day, status and source, in\norders and in revenue. Then "
	    "says what is wrong and what to do.\n\n"
	    "  --since DAY  Only orders created since that day (YYYY-MM-DD).\n"
	    "  --csv        The table alone, as in reports/FEED/quality.csv.\n"
	    "  --shared     The phones, e-mails and ClientIDs that more than "
	    "20 orders share,\n               with three orders each; masked.\n"
	    "  --plain      Not masked.\n\n"
	    "Exit status: 0 nothing is to be mended, 1 something is, 2 wrong "
	    "usage or failure."),
	.run = run,
};
