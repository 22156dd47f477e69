/*
 * convdrop.conf, read by libconfuse.  What it takes is the table in
 * conf_table.c, and conf_fill.c makes structs of its sections; here are the
 * file and libconfuse's traps: every setting is a string to it and is judged by
 * us while its line is known, a setting given twice is an error, "${" (which it
 * would take from the environment) is refused.
 *
 * One configuration is read at a time and by one thread (conf_private.h); that
 * is why `reading` may be static.
 */
#include "server/conf.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/conf_private.h"
#include "server/conf_table.h"

#define SEEN (1 << 24) /* our own bits of cfg_opt_t.flags */
#define SEEN_AGAIN (1 << 25)

static const struct conf *reading; /* with the presets, which come first */

/* --- while libconfuse reads: every value as its line goes by ------------- */

static const struct setting *
setting_by_name(const char *name)
{
	const struct setting *s = conf_setting;

	while (s->name != NULL && strcmp(s->name, name) != 0)
		s++;
	return s->name == NULL ? NULL : s;
}

/* What settings_check says of one value, alone with the defaults. */
static bool
fits_settings(
    const struct setting *s, const char *value, char *why, size_t size)
{
	struct settings *alone = settings_new();
	char told[256];
	const char *bad;

	for (size_t i = 0; i < reading->presets; i++)
		settings_add_preset(alone, reading->preset[i]);
	setting_take(s, value, (char *)alone + s->offset, told, sizeof told);
	bad = settings_check(alone, told, sizeof told);
	if (bad != NULL)
		snprintf(why, size, "%s", bad);
	settings_free(alone);
	return bad == NULL;
}

/*
 * Called after a setting got a value; of a list after each element and after
 * its end.  libconfuse lets a second one replace the first without a word:
 * then a scalar comes here twice, a list a third time with one element.
 */
static bool
given_twice(cfg_opt_t *opt)
{
	if (cfg_opt_size(opt) > 1)
		return false;
	if (!(opt->flags & CFGF_LIST) || (opt->flags & SEEN_AGAIN)) {
		if (opt->flags & SEEN)
			return true;
		opt->flags |= SEEN;
		return false;
	}
	opt->flags |= opt->flags & SEEN ? SEEN_AGAIN : SEEN;
	return false;
}

static int
check_value(const struct setting *s, const char *value, int line)
{
	char why[256];

	if (!setting_take(s, value, NULL, why, sizeof why)) {
		conf_complain(
		    line, "%s is \"%s\"; it must be %s.", s->name, value, why);
		return -1;
	}
	if (s->scope >= SCOPE_COUNTER &&
	    !fits_settings(s, value, why, sizeof why)) {
		conf_complain(line, "%s: %s", s->name, why);
		return -1;
	}
	return 0;
}

static int
on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct setting *s = setting_by_name(opt->name);

	if (given_twice(opt)) {
		conf_complain(cfg->line,
		    "%s is set twice; keep one of the two.", opt->name);
		return -1;
	}
	for (unsigned i = 0; i < cfg_opt_size(opt); i++) {
		const char *value = cfg_opt_getnstr(opt, i);

		if (check_value(s, value == NULL ? "" : value, cfg->line) == -1)
			return -1;
	}
	return 0;
}

/* --- what libconfuse is told --------------------------------------------- */

/* The settings of scopes from … to, then room for `more` options and the
 * end. */
static cfg_opt_t *
options(enum setting_scope from, enum setting_scope to, size_t more,
    cfg_opt_t **rest)
{
	static const cfg_opt_t end = CFG_END();
	size_t all = 0, n = 0;
	cfg_opt_t *o;

	while (conf_setting[all].name != NULL)
		all++;
	o = mem_alloc((all + more + 1) * sizeof *o);
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		bool list = setting_is_list(s);

		if (s->scope < from || s->scope > to)
			continue;
		if (list)
			o[n] =
			    (cfg_opt_t)CFG_STR_LIST(s->name, NULL, CFGF_NONE);
		else
			o[n] = (cfg_opt_t)CFG_STR(s->name, NULL, CFGF_NONE);
		o[n++].validcb = on_value;
	}
	*rest = o + n;
	for (size_t i = 0; i <= more; i++)
		o[n + i] = end;
	return o;
}

struct grammar {
	cfg_opt_t *server, *feed, *source;
};

static void
grammar_make(struct grammar *g)
{
	const cfg_flag_t many = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	const cfg_opt_t status = CFG_FUNC("status", conf_on_rule);
	const cfg_opt_t column = CFG_FUNC("column", conf_on_rule);
	const cfg_opt_t target = CFG_FUNC("target", conf_on_rule);
	const cfg_opt_t rate = CFG_FUNC("rate", conf_on_rule);
	cfg_opt_t *rest;

	g->source = options(SCOPE_SOURCE, SCOPE_SOURCE, 3, &rest);
	rest[0] = status;
	rest[1] = column;
	rest[2] = rate;
	g->feed = options(SCOPE_FEED, SCOPE_SOURCE, 5, &rest);
	rest[0] = status;
	rest[1] = column;
	rest[2] = target;
	rest[3] = rate;
	rest[4] = (cfg_opt_t)CFG_SEC("source", g->source, many);
	g->server = options(SCOPE_SERVER, SCOPE_SERVER, 1, &rest);
	rest[0] = (cfg_opt_t)CFG_SEC("feed", g->feed, many);
}

static void
grammar_free(struct grammar *g)
{
	free(g->server);
	free(g->feed);
	free(g->source);
}

/* --- the life cycle ------------------------------------------------------ */

/* convdrop.conf's own text off the front, before what conf_read put behind it.
 * A NUL that is not its doing stays in the text, to be complained of. */
static struct slice
own_text(struct slice *rest)
{
	const char *nul = memchr(rest->p, '\0', rest->n);
	struct slice all = *rest, name;

	*rest = (struct slice){ "", 0 };
	if (nul == NULL)
		return all;
	name = (struct slice){ nul + 1, all.n - (size_t)(nul + 1 - all.p) };
	*rest = name;
	name = slice_cut(&name, '\0');
	if (name.n < rest->n && memchr(name.p, '\n', name.n) == NULL)
		return (struct slice){ all.p, (size_t)(nul - all.p) };
	*rest = (struct slice){ "", 0 };
	return all;
}

/* The folder of path, absolute. */
static char *
folder_of(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char cwd[PATH_MAX], out[2 * PATH_MAX];

	if (slash == path)
		return mem_string("/");
	if (path[0] == '/')
		return mem_slice(
		    (struct slice){ path, (size_t)(slash - path) });
	if (getcwd(cwd, sizeof cwd) == NULL) {
		err_set(e, "%s: the current folder: %s", path, strerror(errno));
		return NULL;
	}
	snprintf(out, sizeof out, "%s%s%.*s", cwd, slash == NULL ? "" : "/",
	    slash == NULL ? 0 : (int)(slash - path), path);
	return mem_string(out);
}

/* Runs libconfuse over the text. */
static int
read_text(struct conf *c, char *text, const char *path)
{
	struct grammar g;
	cfg_t *cfg;
	FILE *f;
	int rc = -1;

	f = fmemopen(text, strlen(text), "r");
	if (f == NULL) {
		conf_complain(1, "%s", strerror(errno));
		return -1;
	}
	grammar_make(&g);
	cfg = cfg_init(g.server, CFGF_NONE);
	cfg_set_error_function(cfg, conf_on_error);
	cfg->filename = mem_string(path);
	if (cfg_parse_fp(cfg, f) != CFG_SUCCESS)
		conf_complain(cfg->line, "this cannot be understood.");
	else
		rc = conf_fill(c, cfg);
	cfg_free(cfg);
	grammar_free(&g);
	fclose(f);
	return rc;
}

static int
read_ignore(struct conf *c, struct slice name, struct slice text,
    const char *path, struct err *e)
{
	name.p++;
	name.n--;
	c->ignore = mem_grow(c->ignore, (c->ignores + 1) * sizeof *c->ignore);
	if (conf_ignore_parse(&c->ignore[c->ignores], name, text, path, e) ==
	    -1)
		return -1;
	c->ignores++;
	return 0;
}

static int
read_presets(struct conf *c, struct slice rest, const char *path, struct err *e)
{
	struct slice name, text;

	while (conf_next_preset(&rest, &name, &text)) {
		if (name.n > 0 && *name.p == CONF_IGNORE) {
			if (read_ignore(c, name, text, path, e) == -1)
				return -1;
			continue;
		}
		c->preset =
		    mem_grow(c->preset, (c->presets + 1) * sizeof *c->preset);
		if (conf_preset_parse(
			&c->preset[c->presets], name, text, path, e) == -1)
			return -1;
		c->presets++;
	}
	return 0;
}

int
conf_parse(struct conf **out, const char *text, size_t n, const char *path,
    struct err *e)
{
	struct conf *c = mem_alloc(sizeof *c);
	struct slice rest = { text, n }, own = own_text(&rest);
	char *copy = NULL;
	int rc = -1;

	if (own.n > CONF_BYTES_MAX) {
		err_set(e, "%s: the file is larger than 4 MiB.", path);
		goto out;
	}
	if (read_presets(c, rest, path, e) == -1)
		goto out;
	copy = mem_alloc(own.n + 2); /* a last line that ends, never empty */
	memcpy(copy, own.p, own.n);
	c->dir = folder_of(path, e);
	if (c->dir == NULL || conf_check_text(copy, own.n, path, e) == -1)
		goto out;
	copy[own.n] = '\n';
	conf_begin(path);
	reading = c;
	conf_rules_begin();
	rc = read_text(c, copy, path);
	conf_rules_forget();
	if (rc == -1)
		err_set(e, "%s", conf_complaint());
out:
	free(copy);
	if (rc == -1)
		conf_free(c);
	else
		*out = c;
	return rc;
}

static void
free_list(char **list)
{
	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		free(list[i]);
	free(list);
}

static void
feed_free(struct feed *f)
{
	for (size_t i = 0; i < f->sources; i++)
		settings_free(f->source[i]);
	free(f->source);
	free_list(f->output);
	free(f->writer);
	free(f->calls_as_orders);
	for (size_t i = 0; i < f->targets; i++) {
		free(f->target[i].status);
		free(f->target[i].target);
	}
	free(f->target);
	free(f->name);
}

void
conf_free(struct conf *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->feeds; i++)
		feed_free(&c->feed[i]);
	free(c->feed);
	for (size_t i = 0; i < c->presets; i++)
		own_preset_free(c->preset[i]);
	free(c->preset);
	for (size_t i = 0; i < c->ignores; i++)
		settings_free(c->ignore[i]);
	free(c->ignore);
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		void *member = (char *)c + s->offset;

		if (s->scope == SCOPE_SERVER && s->type == TYPE_TEXT)
			free(*(char **)member);
		else if (s->scope == SCOPE_SERVER && s->type == TYPE_LIST)
			free_list(*(char ***)member);
	}
	free(c->dir);
	free(c);
}

/* --- daily use ----------------------------------------------------------- */

const struct feed *
conf_feed(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->feeds; i++) {
		if (strcmp(c->feed[i].name, name) == 0)
			return &c->feed[i];
	}
	return NULL;
}

const struct settings *
feed_source(const struct feed *f, const char *source)
{
	for (size_t i = 0; i < f->sources; i++) {
		if (strcmp(f->source[i]->source, source) == 0)
			return f->source[i];
	}
	return NULL;
}
