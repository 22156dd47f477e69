/*
 * convdrop convert: a dump in, a publishable file out.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/preset.h"
#include "formats/zone.h"
#include "server/bytes.h"
#include "server/conf.h"
#include "tool/convert.h"
#include "tool/ctl.h"
#include "tool/ctl_convert.h"
#include "tool/ctl_file.h"
#include "server/lang.h"
#include "store/temp.h"
#include "feed/unpack.h"

struct arguments {
	char *const *file;
	size_t files;
	const char *output, *now, *rejects, *member, *calls_as;
	struct settings *settings;
	struct target_rule *target;
	size_t targets;
};

/* --- arguments ---------------------------------------------------------- */

/*
 * "[PIPELINE/]STATUS=TO".  A status may itself hold a '/', so one without a
 * pipeline of that name is meant too.
 */
static bool
add_status(struct settings *s, char *rule)
{
	char *to = strrchr(rule, '=');
	char *slash;

	if (to == NULL || to == rule)
		return false;
	*to++ = '\0';
	slash = strchr(rule, '/');
	if (slash == NULL || slash == rule || slash[1] == '\0') {
		settings_add_status(s, "*", rule, to);
		return true;
	}
	*slash = '\0';
	settings_add_status(s, rule, slash + 1, to);
	*slash = '/';
	if (rule[0] != '*')
		settings_add_status(s, "*", rule, to);
	return true;
}

/* "STATUS=GOAL": as target() in convdrop.conf. */
static bool
add_target(struct arguments *a, char *rule)
{
	char *goal = strrchr(rule, '=');
	struct slice status;

	if (goal == NULL || goal[1] == '\0')
		return false;
	*goal++ = '\0';
	status = preset_target(rule);
	if (status.n == 0 || slice_is(status, "skip"))
		return false;
	a->target = mem_grow(a->target, (a->targets + 1) * sizeof *a->target);
	a->target[a->targets++] =
	    (struct target_rule){ mem_slice(status), mem_string(goal) };
	return true;
}

static bool
set_calls_as(struct arguments *a, const char *to)
{
	struct slice status = preset_target(to);

	a->calls_as = to;
	return status.n > 0 && !slice_is(status, "skip");
}

static bool
take_option(struct arguments *a, int c)
{
	struct settings *s = a->settings;

	switch (c) {
	case 'p':
		settings_set(&s->preset, optarg);
		return true;
	case 'o':
		a->output = optarg;
		return true;
	case 't':
		settings_set(&s->zone, optarg);
		return true;
	case 's':
		settings_set(&s->source_zone, optarg);
		return true;
	case 'n':
		a->now = optarg;
		return true;
	case 'm':
		return add_status(s, optarg);
	case 'd':
		settings_set(&s->default_status, optarg);
		return true;
	case 'e':
		settings_set(&s->encoding, optarg);
		return true;
	case 'r':
		a->rejects = optarg;
		return true;
	case 'S':
		settings_set(&s->sheet, optarg);
		return true;
	case 'M':
		a->member = optarg;
		return true;
	case 'c':
		return set_calls_as(a, optarg);
	case 'T':
		return add_target(a, optarg);
	default:
		return false;
	}
}

static int
take_arguments(struct arguments *a, int argc, char **argv)
{
	static const struct option option[] = {
		{ "preset", required_argument, NULL, 'p' },
		{ "output", required_argument, NULL, 'o' },
		{ "timezone", required_argument, NULL, 't' },
		{ "source-timezone", required_argument, NULL, 's' },
		{ "now", required_argument, NULL, 'n' },
		{ "map-status", required_argument, NULL, 'm' },
		{ "default-status", required_argument, NULL, 'd' },
		{ "encoding", required_argument, NULL, 'e' },
		{ "rejects", required_argument, NULL, 'r' },
		{ "sheet", required_argument, NULL, 'S' },
		{ "member", required_argument, NULL, 'M' },
		{ "calls-as", required_argument, NULL, 'c' },
		{ "target", required_argument, NULL, 'T' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", option, NULL)) != -1)
		if (!take_option(a, c))
			return -1;
	if (argc - optind < 1)
		return -1;
	a->file = argv + optind;
	a->files = (size_t)(argc - optind);
	return 0;
}

/* --- doing it ----------------------------------------------------------- */

static int
write_stream(void *ctx, const void *buf, size_t n)
{
	return fwrite(buf, 1, n, ctx) == n ? 0 : -1;
}

/* The rejects of several dumps follow one another. */
static int
write_rejects(
    const struct convert *c, const char *path, bool first, struct err *e)
{
	FILE *f = fopen(path, first ? "w" : "a");
	int rc;

	if (f == NULL)
		return err_set(e, "%s: %s", path, strerror(errno));
	rc = refusals_write(c->refusals, (struct output){ write_stream, f },
	    first, c->dump == NULL ? NULL : dump_facts(c->dump), e);
	if (fclose(f) != 0 && rc == 0)
		rc = err_set(e, "%s", strerror(errno));
	if (rc == -1)
		err_add(e, "%s", path);
	return rc;
}

/* What the exit status says of the last dump. */
static int
judge(const struct convert *c)
{
	if (c->status == FMT_NO_PRESET || c->status == FMT_SETTINGS)
		return CTL_FAILED;
	return c->status == FMT_END ? CTL_FINE : CTL_FINDINGS;
}

/* --- one dump ------------------------------------------------------------ */

static int
answer(struct convert *c, const char *file, const struct show *s,
    const struct ctl *ctl)
{
	if (ctl->json) {
		ctl_convert_print_json(c, ctl_convert_json(c, file));
	} else if (c->status == FMT_END) {
		ctl_convert_dump(c, s);
		ctl_convert_file(c, file);
	} else {
		ctl_convert_refused(c, file);
	}
	if (judge(c) != CTL_FINE)
		return judge(c);
	return c->written == 0 || s->refused > 0 ? CTL_FINDINGS : CTL_FINE;
}

static int
convert_one(struct convert *c, const struct arguments *a, struct show *s,
    const struct ctl *ctl, struct err *e)
{
	const char *name = a->file[0];
	struct ctl_file file = { .fd = -1 };
	int rc = -1;

	s->file = name;
	if (ctl_file_open_member(&file, name, a->member, e) == -1)
		return -1;
	c->in = file.in;
	if (a->rejects == NULL || refusals_open(&c->refusals, c->dir, e) == 0)
		rc = convert_run(c, e);
	ctl_file_close(&file);
	if (c->status == FMT_IO && rc == 0)
		rc = err_set(e, "%s", strerror(file.failed));
	if (rc == -1)
		return err_add(e, "%s", name);
	if (c->refusals != NULL && write_rejects(c, a->rejects, true, e) == -1)
		return -1;
	return answer(c, name, s, ctl);
}

/* --- several dumps ------------------------------------------------------- */

/* A pipe becomes a file, for the dump may have to be read twice. */
static int
file_of(struct ctl_file *f, const char *dir, int *out, struct err *e)
{
	static char buf[65536];
	ssize_t n;
	int fd;

	*out = -1;
	if (f->in.read_at != NULL) {
		*out = f->fd;
		return 0;
	}
	fd = unpack_file(dir, e);
	if (fd == -1)
		return -1;
	while ((n = f->in.read(f->in.ctx, buf, sizeof buf)) > 0) {
		if (bytes_write(fd, buf, (size_t)n) == -1)
			break;
	}
	if (n != 0) {
		err_set(e, "%s", strerror(errno));
		close(fd);
		return -1;
	}
	close(f->fd);
	*out = f->fd = fd;
	return 0;
}

/* An archive that holds several dumps, none of which was named. */
struct archive {
	int fd;
	struct unpack_how how;
	struct unpack *unpack;
};

static void
close_archive(struct archive *f)
{
	unpack_close(f->unpack);
	if (f->fd != -1)
		close(f->fd);
	f->unpack = NULL;
	f->fd = -1;
}

/* False when it is none: then it is a file as any other, and ctl_file says
 * what is wrong with it. */
static bool
open_archive(struct archive *f, const struct convert *c,
    const struct arguments *a, const char *name)
{
	struct err ignored = ERR_EMPTY;
	struct stat st;

	*f = (struct archive){ .fd = -1,
		.how = { .limits = &a->settings->limits, .dir = c->dir } };
	if (a->member[0] != '\0' || stat(name, &st) == -1 ||
	    !S_ISREG(st.st_mode))
		return false;
	f->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd != -1 &&
	    unpack_open(&f->unpack, f->fd, name, &f->how, &ignored) == 0 &&
	    unpack_is_archive(f->unpack) && unpack_dumps(f->unpack) > 1)
		return true;
	close_archive(f);
	return false;
}

static bool
holds_several(const struct convert *c, const struct arguments *a)
{
	struct archive f;
	bool several = a->files > 1 || open_archive(&f, c, a, a->file[0]);

	if (several && a->files == 1)
		close_archive(&f);
	return several;
}

/* The several dumps on their way. */
struct several {
	struct convert *c;
	const struct arguments *a;
	const struct ctl *ctl;
	struct show *show;
	json_t *dumps;
	bool begun; /* one of them has written its rejects */
	int worst;  /* exit status so far */
};

static void
tell(struct several *v, const char *name)
{
	const struct convert *c = v->c;
	int rc = judge(c);

	if (v->ctl->json)
		json_array_append_new(v->dumps, ctl_convert_json(c, name));
	else if (c->status == FMT_END)
		ctl_convert_dump(c, v->show);
	else
		ctl_convert_refused(c, name);
	if (rc == CTL_FINE && v->show->refused > 0)
		rc = CTL_FINDINGS;
	if (rc > v->worst)
		v->worst = rc;
}

static int
add_dump(struct several *v, const char *name, int fd, struct err *e)
{
	struct convert *c = v->c;
	int rc;

	*v->show = (struct show){ .file = name, .quiet = v->show->quiet };
	if (v->a->rejects != NULL &&
	    refusals_open(&c->refusals, c->dir, e) == -1)
		return -1;
	rc = convert_add(c, fd, name, e);
	if (rc == -1)
		err_add(e, "%s", name);
	else if (c->refusals != NULL)
		rc = write_rejects(c, v->a->rejects, !v->begun, e);
	v->begun = true;
	refusals_close(c->refusals);
	c->refusals = NULL;
	if (rc == 0)
		tell(v, name);
	return rc;
}

static int
add_file(struct several *v, const char *name, struct err *e)
{
	struct ctl_file file = { .fd = -1 };
	int fd, rc;

	if (ctl_file_open_member(&file, name, v->a->member, e) == -1)
		return -1;
	rc = file_of(&file, v->c->dir, &fd, e);
	if (rc == 0)
		rc = add_dump(v, name, fd, e);
	ctl_file_close(&file);
	return rc;
}

/* Every dump in the archive. */
static int
add_members(struct several *v, struct unpack *u, struct err *e)
{
	struct unpack_dump d;
	int rc;

	while ((rc = unpack_next(u, &d, e)) == 1) {
		v->c->status = d.status;
		v->c->dump = NULL;
		v->c->clocks = 0;
		if (d.status != FMT_OK)
			tell(v, d.name);
		else if (add_dump(v, d.name, d.fd, e) == -1)
			return -1;
	}
	return rc;
}

static int
convert_several(struct convert *c, const struct arguments *a, struct show *s,
    const struct ctl *ctl, struct err *e)
{
	struct several v = {
		.c = c, .a = a, .ctl = ctl, .show = s, .dumps = json_array()
	};
	int rc = convert_begin(c, e);

	for (size_t i = 0; i < a->files && rc != -1; i++) {
		struct archive archive;

		if (open_archive(&archive, c, a, a->file[i]))
			rc = add_members(&v, archive.unpack, e);
		else
			rc = add_file(&v, a->file[i], e);
		close_archive(&archive);
	}
	if (rc != -1)
		rc = convert_end(c, e);
	if (rc != -1 && ctl->json)
		ctl_convert_print_json(c, json_pack("{s:O}", "dumps", v.dumps));
	else if (rc != -1)
		ctl_convert_file(c, c->writer->file);
	json_decref(v.dumps);
	if (rc == -1)
		return -1;
	return v.worst == CTL_FINE && c->written == 0 ? CTL_FINDINGS : v.worst;
}

/* --- doing it ------------------------------------------------------------ */

static int
open_zones(const struct settings *s, struct zone **counter,
    struct zone **source, struct err *e)
{
	if (conf_zone(counter, s->zone, e) == -1)
		return -1;
	if (s->source_zone[0] == '\0')
		return 0;
	return conf_zone(source, s->source_zone, e);
}

static int
run_with(const struct ctl *ctl, const struct arguments *a)
{
	struct show show = { .quiet = ctl->json || a->rejects != NULL };
	struct zone *counter = NULL, *source = NULL;
	struct convert c = { .out = { write_stream, stdout },
		.settings = a->settings,
		.writer = writer_by_name(a->output),
		.calls_as = a->calls_as,
		.target = a->target,
		.targets = a->targets,
		.dir = temp_folder(),
		.refused = ctl_convert_refusal,
		.ctx = &show };
	struct err e = ERR_EMPTY;
	char why[256];
	int rc = -1;

	if (c.writer == NULL)
		return ctl_fail("there is no output '%s'", a->output);
	a->settings->any_identifier = c.writer->any_identifier;
	if (settings_check(a->settings, why, sizeof why) != NULL)
		return ctl_fail("%s", why);
	if (open_zones(a->settings, &counter, &source, &e) == 0 &&
	    ctl_now(a->now, counter, &c.now, NULL, &e) == 0) {
		c.counter = counter;
		c.source = source;
		/* A file of clients has whom orders name, too. */
		if (!holds_several(&c, a) && c.writer->kind != RECORD_CONTACT)
			rc = convert_one(&c, a, &show, ctl, &e);
		else
			rc = convert_several(&c, a, &show, ctl, &e);
	}
	if (rc == -1)
		rc = ctl_fail("%s", e.text);
	convert_free(&c);
	refusals_close(c.refusals);
	zone_free(source);
	zone_free(counter);
	return rc;
}

/* With -c, or for a preset that is not built in: those of the instance. */
static int
add_presets(struct arguments *a, const struct ctl *ctl)
{
	const char *name = a->settings->preset;
	struct conf *conf = NULL;

	if (ctl->conf_path == NULL &&
	    (*name == '\0' || preset_by_name(name) != NULL ||
		!ctl_conf_readable(ctl)))
		return 0;
	if (ctl_conf_if_any(ctl, &conf) == -1)
		return -1;
	for (size_t i = 0; conf != NULL && i < conf->presets; i++)
		settings_add_preset(a->settings, conf->preset[i]);
	conf_free(conf);
	return 0;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	struct arguments a = { .output = "conversion-center",
		.member = "",
		.settings = settings_new() };
	int rc;

	if (take_arguments(&a, argc, argv) == -1)
		rc = ctl_usage(&ctl_convert);
	else if (add_presets(&a, c) == -1)
		rc = CTL_FAILED;
	else
		rc = run_with(c, &a);
	settings_free(a.settings);
	for (size_t i = 0; i < a.targets; i++) {
		free(a.target[i].status);
		free(a.target[i].target);
	}
	free(a.target);
	return rc;
}

const struct ctl_command ctl_convert = {
	.name = "convert",
	.synopsis = "convert FILE... [--preset P] [--rejects FILE] [OPTION]...",
	.help = N_(
	    "Reads the dump FILE (\"-\" is standard input) and writes the "
	    "file that would be\npublished to standard output: one row an "
	    "order, by creation time. Nothing is\nwritten when no row is "
	    "valid. Rows older than 112 days and rows in the future are\n"
	    "left out. Several FILEs are merged into one: orders and their "
	    "clients, say. The summary goes to standard error. No "
	    "configuration "
	    "or daemon is\nneeded.\n\n"
	    "  --preset P              The CRM the dump comes from; by default "
	    "its header\n                          decides (see \"convdrop "
	    "presets\").\n"
	    "  --output O              The format: conversion-center "
	    "(default).\n"
	    "  --timezone Z            The Metrica counter's zone; default "
	    "Europe/Moscow.\n"
	    "  --source-timezone Z     The dump's zone; by default the "
	    "counter's.\n"
	    "  --now TIME              Convert as at this time, in the "
	    "counter's zone.\n"
	    "  --map-status '[PIPELINE/]STATUS=TO'\n"
	    "                          What a status of the CRM becomes: PAID, "
	    "IN_PROGRESS,\n                          CANCELLED, SPAM, goal:ID "
	    "or skip. May be repeated.\n"
	    "  --default-status S      The status of every order in a dump "
	    "without a status\n                          column.\n"
	    "  --encoding E            The dump's encoding; by default it is "
	    "detected.\n"
	    "  --sheet NAME            The sheet of an .xlsx workbook; by "
	    "default the first one\n                          shown.\n"
	    "  --member NAME           The dump in a zip archive that holds "
	    "several.\n"
	    "  --calls-as S            What the calls of a dump are as orders, "
	    "in outputs\n                          of orders: IN_PROGRESS, "
	    "goal:ID ...\n"
	    "  --target STATUS=GOAL    The goal that metrica-offline names for "
	    "orders of that\n                          status. May be "
	    "repeated.\n"
	    "  --rejects FILE          Write what was refused or left out, "
	    "with the original\n                          cells, to FILE "
	    "(CSV).\n\n"
	    "Exit status: 0 everything was taken, 1 a row or value was refused "
	    "or there is\nnothing to publish, 2 wrong usage or failure. With "
	    "--json the summary is JSON."),
	.run = run,
};
