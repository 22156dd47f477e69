/*
 * convdrop publish: now, past the shrink guard, or with a new update time.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool/ctl_ask.h"
#include "server/lang.h"

struct arguments {
	const char *feed, *reason;
	bool touch, force;
};

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "touch", no_argument, NULL, 't' },
		{ "force", no_argument, NULL, 'f' },
		{ "reason", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 't')
			a->touch = true;
		else if (c == 'f')
			a->force = true;
		else if (c == 'r')
			a->reason = optarg;
		else
			return -1;
	}
	if (argc - optind != 1 || a->reason == NULL || a->reason[0] == '\0' ||
	    (a->touch && a->force))
		return -1;
	a->feed = argv[optind];
	return 0;
}

static int
ask(const struct ctl *ctl, const struct conf *c, const void *arguments)
{
	const struct arguments *a = arguments;
	struct command q;

	WIRE_INIT(&q, WIRE_COMMAND);
	q.op = COMMAND_PUBLISH;
	q.force = a->force;
	q.touch = a->touch;
	return ctl_ask(ctl, c, a->feed, a->reason, &q, NULL);
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct arguments a = { 0 };

	if (take_arguments(&a, argc, argv) == -1)
		return ctl_usage(&ctl_publish);
	return ctl_with_conf(ctl, ask, &a);
}

const struct ctl_command ctl_publish = {
	.name = "publish",
	.synopsis = "publish FEED [--touch | --force] --reason TEXT",
	.help = N_(
	    "Publishes the feed's files now, in the running daemon. Without an "
	    "option it does\nwhat the daemon does by itself after every "
	    "dump.\n\n"
	    "  --force         Publish although the file has far fewer rows "
	    "than expected.\n"
	    "  --touch         Give the same bytes a new update time, so that "
	    "Direct fetches\n                  them again.\n"
	    "  --reason TEXT   Why; it is kept in the audit.\n\n"
	    "Exit status: 0 done, 1 the file was withheld, 2 it could not be "
	    "done."),
	.run = run,
};
