/*
 * convdrop order: what a person decides about one order.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "tool/ctl_ask.h"
#include "server/lang.h"

struct arguments {
	const char *verb, *feed, *order, *value, *reason;
};

static const struct verb {
	const char *name;
	int words;   /* the verb, the feed, the order … */
	bool reason; /* must be given */
} verbs[] = {
	{ "cancel", 3, true },
	{ "release", 3, false },
	{ "forget", 4, false },
};

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "as", required_argument, NULL, 'a' },
		{ "reason", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	const struct verb *v;
	const char *as = NULL;
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 'a')
			as = optarg;
		else if (c == 'r')
			a->reason = optarg;
		else
			return -1;
	}
	argc -= optind;
	argv += optind;
	v = argc > 0 ? find_verb(argv[0]) : NULL;
	if (v == NULL || argc != v->words ||
	    (as != NULL && strcmp(v->name, "cancel") != 0) ||
	    (v->reason && (a->reason == NULL || a->reason[0] == '\0')))
		return -1;
	a->verb = v->name;
	a->feed = argv[1];
	a->order = argv[2];
	a->value = argc > 3     ? argv[3]
		   : as != NULL ? as
		   : v->reason  ? "CANCELLED"
				: "";
	return 0;
}

static int
ask(const struct ctl *ctl, const struct conf *c, const void *arguments)
{
	const struct arguments *a = arguments;
	struct command q;
	int n;

	WIRE_INIT(&q, WIRE_COMMAND);
	q.op = COMMAND_ORDER;
	n = snprintf(q.argument, sizeof q.argument, "%s\n%s\n%s", a->verb,
	    a->order, a->value);
	if ((size_t)n >= sizeof q.argument || strchr(a->order, '\n') != NULL)
		return ctl_fail("that is no order's id");
	return ctl_ask(ctl, c, a->feed, a->reason, &q,
	    json_pack("{s:s}", "order", a->order));
}

static int
run(struct ctl *ctl, int argc, char **argv)
{
	struct arguments a = { 0 };

	if (take_arguments(&a, argc, argv) == -1)
		return ctl_usage(&ctl_order);
	return ctl_with_conf(ctl, ask, &a);
}

const struct ctl_command ctl_order = {
	.name = "order",
	.synopsis = "order cancel FEED ORDER [--as CANCELLED|SPAM] --reason "
		    "TEXT | release FEED ORDER [--reason TEXT] | "
		    "forget FEED ORDER FIELD [--reason TEXT]",
	.help = N_(
	    "Decides about one order, in the running daemon.\n\n"
	    "  cancel    The order is published as CANCELLED, or as SPAM, "
	    "whatever later dumps\n            say, until it is released.\n"
	    "  release   It has the status that the dumps say again.\n"
	    "  forget    A field loses its value, such as a phone that is "
	    "another person's. A later\n            dump may bring one again. "
	    "Fields are named as in the published file.\n\n"
	    "  --as STATUS     CANCELLED, which is the default, or SPAM.\n"
	    "  --reason TEXT   Why; it is kept in the audit.\n\n"
	    "Exit status: 0 done, 1 done but not published, 2 nothing was "
	    "changed."),
	.run = run,
};
