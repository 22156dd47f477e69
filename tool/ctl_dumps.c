/*
 * convdrop dumps: the ledger of a feed; those that wait come first.
 */
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/conf.h"
#include "tool/ctl.h"
#include "server/lang.h"
#include "server/log.h"
#include "store/store.h"

struct arguments {
	const char *feed;
	unsigned limit;
};

struct print {
	json_t *list; /* --json; else NULL */
	unsigned n;
	unsigned left; /* to print besides those that wait; 0: all */
};

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "limit", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		unsigned long n;

		if (c != 'l')
			return -1;
		n = strtoul(optarg, &end, 10);
		if (*optarg < '0' || *optarg > '9' || *end != '\0' ||
		    n > UINT_MAX)
			return -1;
		a->limit = (unsigned)n;
	}
	if (argc - optind != 1)
		return -1;
	a->feed = argv[optind];
	return 0;
}

static void
when(char out[32], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static json_t *
dump_json(const struct dump_entry *d, const char *name)
{
	const struct tally *t = &d->tally;
	char at[32];

	when(at, d->at);
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:s, s:s, s:s, s:o?,"
			 " s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
	    "dump", (json_int_t)d->id, "name", name, "source", d->source,
	    "state", dump_state_name(d->state), "time", at, "bytes",
	    (json_int_t)d->bytes, "sha256", d->sha256, "archive", d->archive,
	    "preset", d->preset, "reason", json_string(d->reason), "records",
	    (json_int_t)t->records, "accepted", (json_int_t)t->accepted,
	    "unchanged", (json_int_t)t->unchanged, "superseded",
	    (json_int_t)t->superseded, "skipped", (json_int_t)t->skipped,
	    "rejected", (json_int_t)t->rejected, "values_dropped",
	    (json_int_t)t->values_dropped);
}

static void
print_held(const struct dump_entry *d)
{
	const struct tally *t = &d->tally;

	printf("        %s\n", d->reason);
	printf(
	    ngettext(
		"        It waits: \"convdrop approve %s %lld\" takes its %llu "
		"record, \"convdrop reject %s %lld --reason TEXT\" does not.\n",
		"        It waits: \"convdrop approve %s %lld\" takes its %llu "
		"records, \"convdrop reject %s %lld --reason TEXT\" does "
		"not.\n",
		t->records),
	    d->feed, (long long)d->id, (unsigned long long)t->records, d->feed,
	    (long long)d->id);
}

static void
print_entry(struct print *p, const struct dump_entry *d)
{
	const struct tally *t = &d->tally;
	char at[32], name[1100];

	p->n++;
	log_safe(name, sizeof name, d->name, strlen(d->name));
	if (p->list != NULL) {
		json_array_append_new(p->list, dump_json(d, name));
		return;
	}
	when(at, d->at);
	printf("%6lld  %s  %-9s  %s%s%s\n", (long long)d->id, at,
	    dump_state_name(d->state), d->source,
	    d->source[0] == '\0' ? "" : "/", name);
	if (d->state == DUMP_REFUSED)
		printf("        %s\n", d->reason);
	else if (d->state == DUMP_HELD)
		print_held(d);
	else
		printf(
		    ngettext(
			"        %llu record: %llu accepted, %llu unchanged, "
			"%llu superseded, %llu skipped, %llu rejected\n",
			"        %llu records: %llu accepted, %llu unchanged, "
			"%llu superseded, %llu skipped, %llu rejected\n",
			t->records),
		    (unsigned long long)t->records,
		    (unsigned long long)t->accepted,
		    (unsigned long long)t->unchanged,
		    (unsigned long long)t->superseded,
		    (unsigned long long)t->skipped,
		    (unsigned long long)t->rejected);
}

static bool
print_waiting(void *ctx, const struct dump_entry *d)
{
	print_entry(ctx, d);
	return true;
}

static bool
print_dump(void *ctx, const struct dump_entry *d)
{
	struct print *p = ctx;

	if (d->state == DUMP_HELD)
		return true;
	print_entry(p, d);
	return --p->left != 0;
}

static int
list(const struct ctl *ctl, const struct conf *c, const void *arguments)
{
	const struct arguments *a = arguments;
	struct print p = { .left = a->limit };
	struct store *s = NULL;
	struct err e = ERR_EMPTY;
	char path[PATH_MAX];
	int rc = CTL_FINE;
	json_t *all;

	if (conf_feed(c, a->feed) == NULL)
		return ctl_fail(
		    "there is no feed '%s' in the configuration", a->feed);
	p.list = ctl->json ? json_array() : NULL;
	conf_path(path, c, "state", "store.db", NULL);
	if (store_open(&s, path, true, &e) == -1 ||
	    store_dumps_held(s, a->feed, print_waiting, &p, &e) == -1 ||
	    store_dumps(s, a->feed, 0, print_dump, &p, &e) == -1)
		rc = ctl_fail("%s", e.text);
	else if (p.list != NULL) {
		all = json_pack("{s:s, s:O}", "feed", a->feed, "dumps", p.list);
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else if (p.n == 0) {
		printf(_("No dump of the feed %s has come in yet.\n"), a->feed);
	}
	json_decref(p.list);
	store_close(s);
	return rc;
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct arguments a = { .limit = 20 };

	if (argc > 1 && strcmp(argv[1], "approve") == 0)
		return ctl_approve.run(ctl, argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "reject") == 0)
		return ctl_reject.run(ctl, argc - 1, argv + 1);
	if (take_arguments(&a, argc, argv) == -1)
		return ctl_usage(&ctl_dumps);
	return ctl_with_conf(ctl, list, &a);
}

const struct ctl_command ctl_dumps = {
	.name = "dumps",
	.synopsis = "dumps FEED [--limit N]",
	.help = N_(
	    "Lists the dumps that came in for the feed: those that wait for "
	    "approval, and why,\nthen the others, the newest first: when, "
	    "what became of them, and how many of their\nrecords were taken. "
	    "The reports tell more. \"convdrop approve\" and \"convdrop "
	    "reject\"\ndecide what waits.\n\n"
	    "  --limit N   At most so many besides those that wait; default "
	    "20, 0 is all."),
	.run = run,
};
