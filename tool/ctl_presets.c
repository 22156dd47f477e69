/*
 * convdrop presets: which CRMs are known, and which of them a dump is from.
 */
#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "formats/dump.h"
#include "formats/own_preset.h"
#include "formats/zone.h"
#include "server/conf.h"
#include "tool/ctl.h"
#include "tool/ctl_file.h"
#include "server/lang.h"

struct look {
	const char *file;
	const struct conf *conf; /* NULL: there is none */
	enum fmt_status status;  /* of dump_open */
	const struct dump_facts *facts;
};

/* --- the presets --------------------------------------------------------- */

/* Those of the instance, then the built-in ones; NULL after the last. */
static const struct preset *
preset_at(const struct conf *c, size_t i)
{
	size_t own = c == NULL ? 0 : c->presets;

	return i < own ? &c->preset[i]->preset : preset_all[i - own];
}

static bool
is_built_in(const struct conf *c, size_t i)
{
	return c == NULL || i >= c->presets;
}

static const struct preset *
by_name(const struct conf *c, const char *name)
{
	const struct preset *p;
	size_t i = 0;

	while ((p = preset_at(c, i)) != NULL && strcmp(p->name, name) != 0)
		i++;
	return p;
}

static const char *
kind_of(const struct preset *p)
{
	static const char *const name[RECORD_KINDS] = {
		[RECORD_ORDER] = N_("orders"),
		[RECORD_CONTACT] = N_("contacts"),
		[RECORD_CALL] = N_("calls"),
		[RECORD_CHAT] = N_("chats"),
	};

	return name[p->kind];
}

static int
list(const struct conf *c, bool json)
{
	json_t *all = json_array();
	const struct preset *p;

	for (size_t i = 0; (p = preset_at(c, i)) != NULL; i++) {
		bool own = !is_built_in(c, i);

		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:s, s:b}", "name", p->name, "title",
			p->title, "kind", kind_of(p), "built_in", !own));
		if (!json)
			printf("%-16s %-8s  %s%s\n", p->name,
			    message(kind_of(p)), message(p->title),
			    own ? _(" (presets/ of the instance)") : "");
	}
	if (json) {
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
	}
	json_decref(all);
	return CTL_FINE;
}

/* --- one dump ----------------------------------------------------------- */

/* How well a preset fits the dump's header. */
static int
score(const struct preset *p, const struct dump_facts *f)
{
	struct arena a = ARENA_EMPTY;
	struct slice *folded = arena_alloc(&a, f->columns * sizeof *folded);
	int fits;

	for (size_t i = 0; i < f->columns; i++)
		folded[i] = preset_fold(&a, slice_of(f->header[i]));
	fits = preset_score(p, folded, f->columns);
	arena_free(&a);
	return fits;
}

/* A header of several lines on one. */
static void
print_header(const char *header)
{
	putchar('"');
	for (; *header != '\0'; header++)
		putchar((unsigned char)*header < ' ' ? ' ' : *header);
	putchar('"');
}

static void
print_columns(const struct dump_facts *f, bool ignored)
{
	for (size_t i = 0; i < f->columns; i++) {
		if ((f->field[i] == FIELD_COUNT) != ignored)
			continue;
		printf("  %3zu  ", i + 1);
		print_header(f->header[i]);
		if (ignored)
			printf(_(" -> (ignored) %s\n"), message(f->note[i]));
		else
			printf(" -> %s\n", field_info[f->field[i]].name);
	}
}

/* Would the dump be refused for it? */
static bool
lacks_status(const struct look *l)
{
	const struct preset *p;

	if (l->status != FMT_OK || l->facts->has_status)
		return false;
	p = by_name(l->conf, l->facts->preset);
	return p->kind == RECORD_ORDER && p->default_status == NULL;
}

/* NULL for a fact that was not found out. */
static const char *
known(const char *fact)
{
	return fact != NULL && *fact != '\0' ? fact : NULL;
}

static void
print_fact(const char *name, const char *fact)
{
	if (known(fact) != NULL)
		printf("%-12s %s\n", name, fact);
}

/* Those that fit at all. */
static void
print_scores(const struct look *l)
{
	const struct preset *p;

	for (size_t i = 0; (p = preset_at(l->conf, i)) != NULL; i++) {
		int fits = score(p, l->facts);

		if (fits > 0)
			printf(_("  %-16s fits %d\n"), p->name, fits);
	}
}

static void
print_look(const struct look *l)
{
	const struct dump_facts *f = l->facts;
	char delimiter[2];

	print_fact("encoding", f->encoding);
	print_fact("packed", f->compression);
	print_fact("syntax", f->syntax);
	if (f->delimiter != '\0')
		print_fact("delimiter", ctl_delimiter(f->delimiter, delimiter));
	if (f->header_line > 0)
		printf(_("header line  %lu\n"), f->header_line);
	print_fact("preset", f->preset);
	if (lacks_status(l))
		puts(_("status       no column has it: default_status must be "
		       "set"));
	if (f->columns > 0 && f->header != NULL)
		print_scores(l);
	if (f->columns > 0 && f->header != NULL && f->field != NULL) {
		puts(_("columns"));
		print_columns(f, false);
		print_columns(f, true);
	}
}

static json_t *
json_column(const struct dump_facts *f, size_t i)
{
	bool ignored = f->field[i] == FIELD_COUNT;

	return json_pack("{s:I, s:s, s:s?, s:s?, s:b}", "column",
	    (json_int_t)i + 1, "header", f->header[i], "field",
	    ignored ? NULL : field_info[f->field[i]].name, "note", f->note[i],
	    "google", f->google[i]);
}

static json_t *
json_columns(const struct dump_facts *f)
{
	json_t *all = json_array();

	for (int ignored = 0; ignored <= 1; ignored++) {
		for (size_t i = 0; i < f->columns; i++) {
			bool is = f->field[i] == FIELD_COUNT;

			if (is == (ignored == 1))
				json_array_append_new(all, json_column(f, i));
		}
	}
	return all;
}

static json_t *
json_scores(const struct look *l)
{
	json_t *all = json_object();
	const struct preset *p;

	for (size_t i = 0; (p = preset_at(l->conf, i)) != NULL; i++)
		json_object_set_new(
		    all, p->name, json_integer(score(p, l->facts)));
	return all;
}

static void
print_json(const struct look *l)
{
	const struct dump_facts *f = l->facts;
	char delimiter[2] = { f->delimiter, '\0' };
	json_t *all =
	    json_pack("{s:o?, s:b, s:s?, s:s?, s:s?, s:s?, s:s?, s:I}", "file",
		json_string(l->file), "ok", l->status == FMT_OK, "preset",
		known(f->preset), "encoding", known(f->encoding), "compression",
		known(f->compression), "syntax", known(f->syntax), "delimiter",
		f->delimiter == '\0' ? NULL : delimiter, "header_line",
		(json_int_t)f->header_line);

	json_object_set_new(
	    all, "needs_default_status", json_boolean(lacks_status(l)));
	if (l->status != FMT_OK)
		json_object_set_new(
		    all, "status", json_string(fmt_status_code(l->status)));
	if (f->columns > 0 && f->header != NULL)
		json_object_set_new(all, "fits", json_scores(l));
	if (f->columns > 0 && f->header != NULL && f->field != NULL)
		json_object_set_new(all, "columns", json_columns(f));
	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static int
answer(const struct look *l, const struct ctl_file *file, bool json)
{
	if (l->status == FMT_IO)
		return ctl_fail("%s: %s", l->file, strerror(file->failed));
	if (l->facts != NULL && json)
		print_json(l);
	else if (l->facts != NULL)
		print_look(l);
	if (l->status == FMT_OK)
		return CTL_FINE;
	fprintf(
	    stderr, "convdrop: %s: %s\n", l->file, fmt_status_text(l->status));
	if (l->status == FMT_MISSING_COLUMN && l->facts != NULL &&
	    l->facts->missing != NULL)
		fprintf(stderr, _("convdrop: %s: Missing: %s.\n"), l->file,
		    l->facts->missing);
	return CTL_FINDINGS;
}

/* The header alone is read, so that no zone and no status matters. */
static int
look_at(const char *name, const struct conf *conf, bool json)
{
	struct settings *s = settings_new();
	struct zone *utc = zone_utc();
	struct look l = { .file = name, .conf = conf };
	struct err e = ERR_EMPTY;
	struct dump *d = NULL;
	struct ctl_file file;
	int rc;

	settings_set(&s->default_status, "PAID");
	for (size_t i = 0; conf != NULL && i < conf->presets; i++)
		settings_add_preset(s, conf->preset[i]);
	if (ctl_file_open(&file, name, &e) == -1) {
		rc = ctl_fail("%s", e.text);
		goto out;
	}
	l.status = dump_open(&d, &file.in, s, utc, NULL);
	l.facts = d == NULL ? NULL : dump_facts(d);
	rc = answer(&l, &file, json);
	dump_close(d);
	ctl_file_close(&file);
out:
	zone_free(utc);
	settings_free(s);
	return rc;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	static const struct option none[] = { { NULL, 0, NULL, 0 } };
	struct conf *conf = NULL;
	int rc;

	if (getopt_long(argc, argv, "", none, NULL) != -1 || argc - optind > 1)
		return ctl_usage(&ctl_presets);
	if (ctl_conf_readable(c) && ctl_conf_if_any(c, &conf) == -1 &&
	    c->conf_path != NULL)
		return CTL_FAILED;
	rc = optind == argc ? list(conf, c->json)
			    : look_at(argv[optind], conf, c->json);
	conf_free(conf);
	return rc;
}

const struct ctl_command ctl_presets = {
	.name = "presets",
	.synopsis = "presets [FILE]",
	.help = N_(
	    "Lists the CRMs whose dumps are known, with what a row is; those "
	    "of presets/ in the\ninstance come first. With FILE (\"-\" is "
	    "standard input): how the dump is read\n(encoding, delimiter, "
	    "header line), which presets fit and how well, and what every\n"
	    "column becomes under the best; columns that are ignored come "
	    "last, each with why.\nNo configuration is needed.\n\n"
	    "Exit status: 0 the dump can be read, 1 it cannot, 2 wrong usage "
	    "or failure."),
	.run = run,
};
