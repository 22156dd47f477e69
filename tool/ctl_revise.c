/*
 * convdrop withdraw and convdrop reprocess: in the running daemon; with
 * --dry-run here, beside it, and what would change is printed.
 */
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tool/ctl_ask.h"
#include "server/lang.h"
#include "tool/revise_diff.h"
#include "store/temp.h"

#define ARGUMENT_BYTES (sizeof((struct command *)0)->argument)

struct arguments {
	const char *feed, *reason, *since;
	bool dry;
	int64_t *dump;
	size_t dumps;
};

static bool
take_numbers(struct arguments *a, int n, char **word)
{
	char *end;

	a->dump = mem_alloc(((size_t)n + 1) * sizeof *a->dump);
	for (int i = 0; i < n; i++) {
		a->dump[i] = strtoll(word[i], &end, 10);
		if (*word[i] < '1' || *word[i] > '9' || *end != '\0')
			return false;
	}
	a->dumps = (size_t)n;
	return true;
}

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "dry-run", no_argument, NULL, 'n' },
		{ "reason", required_argument, NULL, 'r' },
		{ "since", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 'n')
			a->dry = true;
		else if (c == 'r')
			a->reason = optarg;
		else if (c == 's')
			a->since = optarg;
		else
			return -1;
	}
	if (argc - optind < 1 ||
	    !take_numbers(a, argc - optind - 1, argv + optind + 1))
		return -1;
	a->feed = argv[optind];
	return 0;
}

/* Midnight of that day, in the feed's own zone. */
static int
read_day(const struct feed *f, const char *text, int64_t *out, struct err *e)
{
	struct zone *zone;
	struct tm tm = { 0 }, real;
	const char *end = strptime(text, "%Y-%m-%d", &tm);
	int64_t noon;

	real = tm;
	timegm(&real); /* makes the 31st of April the 1st of May */
	if (end == NULL || *end != '\0' || strlen(text) != 10 ||
	    real.tm_mday != tm.tm_mday)
		return err_set(
		    e, _("--since takes a day, such as 2026-11-22."));
	if (conf_zone(&zone, f->source[0]->zone, e) == -1)
		return -1;
	noon = (int64_t)timegm(&tm) + 43200;
	*out = zone_midnight(zone, noon, 0);
	zone_free(zone);
	return 0;
}

/* --- what would change ---------------------------------------------------- */

static int
look(struct revise_how *how, const struct ctl *ctl, struct err *e)
{
	struct revise_diff *d = NULL;
	struct revise_tally t;
	struct revise *r = NULL;
	int rc = -1;

	if (revise_begin(&r, how, e) == 0 && revise_replay(r, e) == 0) {
		d = revise_diff_begin(how->feed->name, ctl->json);
		rc = revise_look(r, &t, revise_diff_told, d, e);
	}
	if (rc == 0)
		revise_diff_print(d, &t);
	revise_diff_free(d);
	revise_end(r);
	return rc;
}

static int
dry_run(const struct ctl *ctl, struct revise_how *how)
{
	struct err e = ERR_EMPTY;
	char path[PATH_MAX];
	int rc = -1;

	how->dir = temp_folder();
	how->now = (int64_t)time(NULL);
	conf_path(path, how->conf, "state", "store.db", NULL);
	if (store_open(&how->store, path, true, &e) == 0 &&
	    store_begin(how->store, &e) == 0)
		rc = look(how, ctl, &e);
	store_close(how->store);
	return rc == -1 ? ctl_fail("%s", e.text) : CTL_FINE;
}

/* --- doing it ------------------------------------------------------------ */

/* False: too many to say in one command. */
static bool
write_argument(
    char out[ARGUMENT_BYTES], const struct arguments *a, int64_t since)
{
	size_t n = 0;

	if (a->since != NULL)
		n = (size_t)snprintf(
		    out, ARGUMENT_BYTES, "since %lld", (long long)since);
	for (size_t i = 0; i < a->dumps && n < ARGUMENT_BYTES; i++)
		n += (size_t)snprintf(out + n, ARGUMENT_BYTES - n, "%s%lld",
		    i > 0 ? " " : "", (long long)a->dump[i]);
	return n < ARGUMENT_BYTES;
}

static int
ask(const struct ctl *ctl, const struct conf *c, const struct arguments *a,
    enum command_op op, int64_t since)
{
	struct command q;

	WIRE_INIT(&q, WIRE_COMMAND);
	q.op = op;
	if (op == COMMAND_WITHDRAW)
		q.dump = a->dump[0];
	else if (!write_argument(q.argument, a, since))
		return ctl_fail("these are too many dumps for one command; use "
				"--since, or name fewer");
	return ctl_ask(ctl, c, a->feed, a->reason, &q, NULL);
}

static int
revise(const struct ctl *ctl, const struct conf *c, const struct arguments *a,
    enum command_op op)
{
	struct revise_how how = { .conf = c, .feed = conf_feed(c, a->feed) };
	struct err e = ERR_EMPTY;

	if (how.feed == NULL)
		return ctl_fail(
		    "there is no feed '%s' in the configuration", a->feed);
	if (a->since != NULL &&
	    read_day(how.feed, a->since, &how.since, &e) == -1)
		return ctl_fail("%s", e.text);
	if (!a->dry)
		return ask(ctl, c, a, op, how.since);
	if (op == COMMAND_WITHDRAW) {
		how.withdraw = a->dump[0];
	} else {
		how.dump = a->dump;
		how.dumps = a->dumps;
	}
	return dry_run(ctl, &how);
}

static bool
is_complete(const struct arguments *a, enum command_op op)
{
	if (op == COMMAND_WITHDRAW)
		return a->dumps == 1 && a->since == NULL &&
		       (a->dry || (a->reason != NULL && a->reason[0] != '\0'));
	return a->dumps == 0 || a->since == NULL;
}

static int
run(struct ctl *ctl, int argc, char **argv, enum command_op op,
    const struct ctl_command *self)
{
	struct arguments a = { 0 };
	struct conf *c = NULL;
	int rc;

	if (take_arguments(&a, argc, argv) == -1 || !is_complete(&a, op))
		rc = ctl_usage(self);
	else if ((c = ctl_conf(ctl)) == NULL)
		rc = CTL_FAILED;
	else
		rc = revise(ctl, c, &a, op);
	conf_free(c);
	free(a.dump);
	return rc;
}

static int
run_withdraw(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, COMMAND_WITHDRAW, &ctl_withdraw);
}

static int
run_reprocess(struct ctl *ctl, int argc, char **argv)
{
	return run(ctl, argc, argv, COMMAND_REPROCESS, &ctl_reprocess);
}

const struct ctl_command ctl_withdraw = {
	.name = "withdraw",
	.synopsis = "withdraw FEED DUMP --reason TEXT [--dry-run]",
	.help = N_(
	    "Takes a dump back: the feed's orders become what they would be "
	    "without it, and what\nis published follows at once. Orders that "
	    "only this dump had are gone, or, when a\ncompleted pull carried "
	    "them, published as CANCELLED until they leave the window.\n"
	    "Creation times that a completed pull carried stay. Goals that "
	    "Direct has counted\nalready may not be taken back. \"convdrop "
	    "dumps FEED\" has the numbers of the dumps.\n\n"
	    "  --reason TEXT   Why; it is kept in the audit.\n"
	    "  --dry-run       Only print what would change.\n\n"
	    "Exit status: 0 done, 1 done but not published, 2 nothing was "
	    "changed."),
	.run = run_withdraw,
};

const struct ctl_command ctl_reprocess = {
	.name = "reprocess",
	.synopsis = "reprocess FEED [DUMP... | --since DAY] [--reason TEXT] "
		    "[--dry-run]",
	.help = N_(
	    "Reads dumps once more from the archive, with today's settings: a "
	    "corrected status\nmap, a column, a time zone. Without a number or "
	    "a day all of them. The orders become\nwhat they would be had "
	    "these settings been there then, and what is published\nfollows at "
	    "once. Creation times that a completed pull carried stay.\n\n"
	    "  --since DAY     Dumps that came in on that day (such as "
	    "2026-11-22) or later.\n"
	    "  --reason TEXT   Why; it is kept in the audit.\n"
	    "  --dry-run       Only print what would change.\n\n"
	    "Exit status: 0 done, 1 done but not published, 2 nothing was "
	    "changed."),
	.run = run_reprocess,
};
