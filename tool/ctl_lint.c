/*
 * convdrop lint: will the destination take this file?
 */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/errors.h"
#include "formats/lint.h"
#include "formats/zone.h"
#include "server/conf.h"
#include "tool/ctl.h"
#include "tool/ctl_file.h"
#include "server/lang.h"

struct arguments {
	const char *file, *now, *zone;
	struct lint_options lint;
	const char **goal;
};

struct print {
	const char *file;
	json_t *findings; /* --json; else NULL */
	bool status;      /* a status was refused */
};

static void
print_finding(void *ctx, const struct lint_finding *f)
{
	struct print *p = ctx;

	p->status = p->status || strcmp(f->code, "status") == 0;
	if (p->findings != NULL) {
		json_array_append_new(p->findings,
		    json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "line",
			(json_int_t)f->line, "severity",
			f->warning ? "warning" : "error", "column", f->column,
			"code", error_of_finding(f->code, f->warning)->code,
			"name", f->code, "text", f->text));
		return;
	}
	printf("%s:", p->file);
	if (f->line > 0)
		printf("%lu:", f->line);
	if (*f->column != '\0')
		printf(" %s:", f->column);
	printf("%s %s\n", f->warning ? " warning:" : "", f->text);
}

static void
print_totals(const struct print *p, const struct lint_totals *t,
    const struct arguments *a)
{
	if (p->findings != NULL) {
		json_t *all =
		    json_pack("{s:o?, s:O, s:I, s:I, s:I, s:I, s:I, s:b}",
			"file", json_string(p->file), "findings", p->findings,
			"rows", (json_int_t)t->rows, "valid",
			(json_int_t)t->valid, "errors", (json_int_t)t->errors,
			"warnings", (json_int_t)t->warnings, "bytes",
			(json_int_t)t->bytes, "ok", t->errors == 0);

		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
		return;
	}
	printf(ngettext("%s: %lu row, %lu valid; ", "%s: %lu rows, %lu valid; ",
		   t->rows),
	    p->file, t->rows, t->valid);
	printf(ngettext("%lu error, ", "%lu errors, ", t->errors), t->errors);
	printf(ngettext("%lu warning\n", "%lu warnings\n", t->warnings),
	    t->warnings);
	if (p->status && a->lint.goals == 0)
		puts(_("A status that is the id of a JavaScript goal is valid "
		       "when --goal names it."));
}

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "now", required_argument, NULL, 'n' },
		{ "goal", required_argument, NULL, 'g' },
		{ "timezone", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	a->goal = mem_alloc((size_t)argc * sizeof *a->goal);
	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1) {
		if (c == 'o')
			a->lint.output = optarg;
		else if (c == 'n')
			a->now = optarg;
		else if (c == 't')
			a->zone = optarg;
		else if (c == 'g')
			a->goal[a->lint.goals++] = optarg;
		else
			return -1;
	}
	if (argc - optind != 1)
		return -1;
	a->file = argv[optind];
	a->lint.goal = a->goal;
	return 0;
}

static int
find_now(struct arguments *a, struct err *e)
{
	struct zone *zone = NULL;
	int rc;

	if (conf_zone(&zone, a->zone, e) == -1)
		return -1;
	rc = ctl_now(a->now, zone, &a->lint.instant, &a->lint.now, e);
	zone_free(zone);
	return rc;
}

static int
lint_file(const struct arguments *a, struct print *p)
{
	struct err e = ERR_EMPTY;
	struct ctl_file f;
	struct lint_totals t;
	enum fmt_status rc;

	if (ctl_file_open(&f, a->file, &e) == -1)
		return ctl_fail("%s", e.text);
	rc = lint_run(&f.in, &a->lint, print_finding, p, &t);
	ctl_file_close(&f);
	if (rc == FMT_IO)
		return ctl_fail("%s: %s", a->file, strerror(f.failed));
	if (rc != FMT_OK)
		return ctl_fail("there is no output '%s'; \"convdrop lint "
				"--help\" lists them",
		    a->lint.output);
	print_totals(p, &t, a);
	return t.errors > 0 ? CTL_FINDINGS : CTL_FINE;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	struct arguments a = { .zone = "Europe/Moscow",
		.lint = { .output = "conversion-center" } };
	struct print p = { NULL, NULL, false };
	struct err e = ERR_EMPTY;
	int rc;

	if (take_arguments(&a, argc, argv) == -1) {
		rc = ctl_usage(&ctl_lint);
	} else if (find_now(&a, &e) == -1) {
		rc = ctl_fail("%s", e.text);
	} else {
		p.file = a.file;
		p.findings = c->json ? json_array() : NULL;
		rc = lint_file(&a, &p);
	}
	json_decref(p.findings);
	free(a.goal);
	return rc;
}

const struct ctl_command ctl_lint = {
	.name = "lint",
	.synopsis = "lint FILE [--output O] [--now TIME] [--timezone Z] "
		    "[--goal ID]...",
	.help = N_(
	    "Says whether the destination will take FILE (\"-\" is standard "
	    "input). Every\nfinding is a line FILE:LINE: COLUMN: TEXT, in the "
	    "destination's own words where\nit has some; lines with "
	    "\"warning:\" concern what it takes all the same. A\nsummary ends "
	    "the list. No configuration is needed.\n\n"
	    "  --output O      The destination: conversion-center (default), "
	    "which is Yandex\n                  Direct's; metrica-offline, "
	    "metrica-calls, metrica-chats,\n                  metrica-params, "
	    "metrica-contacts, metrica-orders,\n                  "
	    "metrica-simple, crm-json. Of contacts and orders the\n"
	    "                  file may be CSV or JSON.\n"
	    "  --now TIME      Check as at this time, such as '2026-04-21 "
	    "11:59:21', in the\n                  zone of the file.\n"
	    "  --timezone Z    The zone of the file, that is of the Metrica "
	    "counter; default\n                  Europe/Moscow.\n"
	    "  --goal ID       The counter has a JavaScript goal of this id, "
	    "so it is a valid\n                  status or target. May be "
	    "repeated.\n\n"
	    "Exit status: 0 the file is taken as it is, 1 there are errors, "
	    "2 it could not\nbe checked."),
	.run = run,
};
