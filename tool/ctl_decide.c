/*
 * convdrop approve, convdrop reject: what becomes of a dump that waits.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool/ctl_ask.h"
#include "server/lang.h"

struct arguments {
	enum command_op op;
	const char *feed, *reason;
	long long dump;
};

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "reason", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c != 'r')
			return -1;
		a->reason = optarg;
	}
	if (argc - optind != 2)
		return -1;
	a->feed = argv[optind];
	a->dump = strtoll(argv[optind + 1], &end, 10);
	return *end == '\0' && a->dump > 0 ? 0 : -1;
}

static int
ask(const struct ctl *ctl, const struct conf *c, const void *arguments)
{
	const struct arguments *a = arguments;
	struct command q;

	WIRE_INIT(&q, WIRE_COMMAND);
	q.op = a->op;
	q.dump = a->dump;
	return ctl_ask(ctl, c, a->feed, a->reason, &q,
	    json_pack("{s:I}", "dump", (json_int_t)a->dump));
}

static int
decide(struct ctl *ctl, enum command_op op, const struct ctl_command *self,
    int argc, char **argv)
{
	struct arguments a = { .op = op, .reason = "" };

	if (take_arguments(&a, argc, argv) == -1 ||
	    (op == COMMAND_REJECT && a.reason[0] == '\0'))
		return ctl_usage(self);
	return ctl_with_conf(ctl, ask, &a);
}

static int
run_approve(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, COMMAND_APPROVE, &ctl_approve, argc, argv);
}

static int
run_reject(struct ctl *ctl, int argc, char **argv)
{
	return decide(ctl, COMMAND_REJECT, &ctl_reject, argc, argv);
}

const struct ctl_command ctl_approve = {
	.name = "approve",
	.synopsis = "approve FEED DUMP [--reason TEXT]",
	.help = N_(
	    "Takes a dump that waits, in the running daemon: it is read again "
	    "from the archive\nand merged as if it had come in alone, then "
	    "the feed is published. \"convdrop dumps FEED\"\nlists those that "
	    "wait, and why.\n\n"
	    "  --reason TEXT   Why; it is kept in the audit.\n\n"
	    "Exit status: 0 done, 1 done but the file was withheld, 2 it "
	    "could not be done."),
	.run = run_approve,
};

const struct ctl_command ctl_reject = {
	.name = "reject",
	.synopsis = "reject FEED DUMP --reason TEXT",
	.help = N_(
	    "Puts a dump aside that waits: nothing of it is taken. It stays in "
	    "the archive;\ndropped again it is tried again.\n\n"
	    "  --reason TEXT   Why; it is kept in the ledger and the audit.\n\n"
	    "Exit status: 0 done, 2 it could not be done."),
	.run = run_reject,
};
