/*
 * convdrop.conf, read by libconfuse.  What it takes is the table in
 * conf_table.c; here are the file, its sections, and libconfuse's traps: every
 * setting is a string to it and is judged by us while its line is known, a
 * setting given twice is an error, "${" (which it would take from the
 * environment) is refused.
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
#include "formats/ignore.h"
#include "formats/preset.h"
#include "server/conf_private.h"
#include "server/conf_table.h"
#include "server/lang.h"

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

/* --- from sections to structs -------------------------------------------- */

/* One setting, given or default, into its member. */
static int
fill_member(
    const struct setting *s, void *member, const cfg_t *cfg, cfg_opt_t *opt)
{
	bool list = setting_is_list(s);
	bool given = opt->flags & CFGF_MODIFIED;
	unsigned n =
	    given ? cfg_opt_size(opt) : !list || s->fallback[0] != '\0';
	char why[256];

	if (s->type == TYPE_WORDS && !given)
		return 0; /* settings_new has them */
	if (s->type == TYPE_WORDS)
		settings_clear_spam_words((void *)((char *)member - s->offset));
	for (unsigned i = 0; i < n; i++) {
		const char *value =
		    given ? cfg_opt_getnstr(opt, i) : s->fallback;

		if (value == NULL)
			value = "";
		if (!setting_take(s, value, member, why, sizeof why)) {
			conf_complain(
			    cfg->line, "%s must be %s.", s->name, why);
			return -1;
		}
	}
	if (s->type == TYPE_LIST && n == 0)
		*(char ***)member = mem_alloc(sizeof(char *));
	return 0;
}

/* All settings of one scope into the struct at base. */
static int
fill(void *base, cfg_t *cfg, enum setting_scope scope)
{
	for (const struct setting *s = conf_setting; s->name != NULL; s++) {
		if (s->scope == scope &&
		    fill_member(s, (char *)base + s->offset, cfg,
			cfg_getopt(cfg, s->name)) == -1)
			return -1;
	}
	return 0;
}

/* Those that its dumps may be read with: the named one, else all. */
static void
add_presets(struct settings *s, const struct conf *c)
{
	for (size_t i = 0; i < c->presets; i++) {
		if (s->preset[0] == '\0' ||
		    strcmp(s->preset, c->preset[i]->preset.name) == 0)
			settings_add_preset(s, c->preset[i]);
	}
}

/* The feed's file is that of sources without one of their own. */
static void
add_ignored(struct settings *s, const struct conf *c, cfg_t *feed_cfg)
{
	const char *inherited = cfg_getstr(feed_cfg, "ignore_identifiers");

	if (s->ignore_file[0] == '\0' && inherited != NULL)
		settings_set(&s->ignore_file, inherited);
	for (size_t i = 0; i < c->ignores; i++)
		if (strcmp(s->ignore_file, c->ignore[i]->ignore_file) == 0)
			ignore_add_all(s, c->ignore[i]);
}

static int
fill_source(struct settings *s, const struct conf *c, const char *feed,
    const char *name, cfg_t *feed_cfg, cfg_t *cfg)
{
	char told[256];
	const char *bad;

	settings_set(&s->feed, feed);
	settings_set(&s->source, name);
	s->limits = c->limits;
	if (fill(s, feed_cfg, SCOPE_COUNTER) == -1 ||
	    fill(s, cfg, SCOPE_SOURCE) == -1)
		return -1;
	for (const struct rule *r = conf_rules(); r != NULL; r = r->next) {
		if (r->section != cfg)
			continue;
		if (r->kind == RULE_COLUMN)
			settings_add_column(s, r->word[0], r->word[1]);
		else if (r->kind == RULE_STATUS)
			settings_add_status(
			    s, r->word[0], r->word[1], r->word[2]);
		else if (r->kind == RULE_RATE)
			settings_add_rate(s, r->word[0], r->word[1]);
	}
	add_presets(s, c);
	add_ignored(s, c, feed_cfg);
	bad = settings_check(s, told, sizeof told);
	if (bad != NULL) {
		conf_complain(cfg->line, "feed \"%s\"%s%s: %s", feed,
		    *name == '\0' ? "" : ", source ", name, bad);
		return -1;
	}
	return 0;
}

static int
check_name(const char *what, const char *name, int line)
{
	if (conf_name_valid(name))
		return 0;
	conf_complain(line,
	    "%s \"%s\": a name has up to %d small Latin letters, "
	    "digits, _ and -, begins with a letter or digit, and is not "
	    "inbox, reports, archive, status, metrics, healthz, readyz or t.",
	    what, name, FEED_NAME_MAX);
	return -1;
}

/* --- outputs ------------------------------------------------------------- */

unsigned
conf_window(const struct conf *c, const struct writer *w)
{
	return w->window_days < c->window_days ? w->window_days
					       : c->window_days;
}

static void
add_writer(struct feed *f, const struct writer *w)
{
	for (size_t i = 0; i < f->writers; i++) {
		if (f->writer[i] == w)
			return;
	}
	f->writer =
	    mem_grow(f->writer, (f->writers + 1) * sizeof(struct writer *));
	f->writer[f->writers++] = w;
}

/* The words of `outputs` are files from here on. */
static void
resolve_outputs(struct feed *f, const struct conf *c)
{
	const struct writer *w;
	bool any_age = false;

	for (size_t i = 0; f->output[i] != NULL; i++) {
		for (size_t n = 0;
		     (w = writer_of_output(f->output[i], n)) != NULL; n++)
			add_writer(f, w);
	}
	for (size_t i = 0; i < f->writers; i++) {
		unsigned days = conf_window(c, f->writer[i]);

		any_age = any_age || days == 0;
		if (days > f->window_days)
			f->window_days = days;
	}
	if (any_age)
		f->window_days = 0;
}

static void
add_targets(struct feed *f, const cfg_t *cfg)
{
	for (const struct rule *r = conf_rules(); r != NULL; r = r->next) {
		if (r->section != cfg || r->kind != RULE_TARGET)
			continue;
		f->target =
		    mem_grow(f->target, (f->targets + 1) * sizeof *f->target);
		f->target[f->targets++] =
		    (struct target_rule){ mem_slice(preset_target(r->word[0])),
			    mem_string(r->word[1]) };
	}
}

/* What the feed and its outputs ask of the rows of all its sources. */
static void
tell_sources(struct feed *f)
{
	for (size_t i = 0; i < f->sources; i++) {
		f->source[i]->any_age = f->window_days == 0;
		f->source[i]->each_step = f->each_step;
		if (f->window_days > 0)
			f->source[i]->window_days = f->window_days;
		for (size_t k = 0; k < f->writers; k++)
			if (f->writer[k]->any_identifier)
				f->source[i]->any_identifier = true;
	}
}

static int
check_outputs(const struct feed *f, int line)
{
	bool calls_too = false;

	if (f->writers == 0) {
		conf_complain(line,
		    "feed \"%s\": outputs is empty; name at "
		    "least one, such as \"conversion-center\".",
		    f->name);
		return -1;
	}
	for (size_t i = 0; i < f->writers; i++) {
		calls_too = calls_too || f->writer[i]->calls_too;
		if (f->source[0]->pii != PII_HASH ||
		    !f->writer[i]->needs_person)
			continue;
		conf_complain(line,
		    "feed \"%s\": nothing is left of the output %s with pii = "
		    "hash; take it out of outputs, or set pii = plain.",
		    f->name, f->writer[i]->name);
		return -1;
	}
	if (f->calls_as_orders[0] != '\0' && !calls_too) {
		conf_complain(line,
		    "feed \"%s\": calls_as_orders is set, but none of its "
		    "outputs takes calls as orders; conversion-center does.",
		    f->name);
		return -1;
	}
	return 0;
}

static int
fill_feed(struct feed *f, const struct conf *c, cfg_t *cfg)
{
	unsigned n = cfg_size(cfg, "source");

	if (check_name("feed", cfg_title(cfg), cfg->line) == -1)
		return -1;
	f->name = mem_string(cfg_title(cfg));
	if (fill(f, cfg, SCOPE_FEED) == -1)
		return -1;
	f->source = mem_alloc((n + 1) * sizeof *f->source);
	for (unsigned i = 0; i <= n; i++) {
		cfg_t *sub = i == 0 ? cfg : cfg_getnsec(cfg, "source", i - 1);
		const char *name = i == 0 ? "" : cfg_title(sub);

		if (i > 0 && check_name("source", name, sub->line) == -1)
			return -1;
		f->source[f->sources++] = settings_new();
		if (fill_source(f->source[i], c, f->name, name, cfg, sub) == -1)
			return -1;
	}
	resolve_outputs(f, c);
	add_targets(f, cfg);
	tell_sources(f);
	return check_outputs(f, cfg->line);
}

static int
check_server(const struct conf *c, int line)
{
	const uint16_t port[] = { c->sftp_port, c->https_port, c->http_port,
		c->ftp_port, c->ftps_port };

	for (size_t i = 0; i < sizeof port / sizeof *port; i++) {
		for (size_t k = 0; k < i; k++) {
			if (port[i] == 0 || port[i] != port[k])
				continue;
			conf_complain(line,
			    "two protocols share port %u; give "
			    "each its own.",
			    port[i]);
			return -1;
		}
	}
	if (c->listen[0] == NULL) {
		conf_complain(line,
		    "listen is empty; name at least one address, "
		    "such as \"::\" for all.");
		return -1;
	}
	return 0;
}

static int
fill_conf(struct conf *c, cfg_t *cfg)
{
	unsigned n = cfg_size(cfg, "feed");

	if (fill(c, cfg, SCOPE_SERVER) == -1 ||
	    check_server(c, cfg->line) == -1)
		return -1;
	if (n == 0 || n > FEEDS_MAX) {
		conf_complain(cfg->line,
		    n == 0 ? "there is no feed; write one: feed \"main\" { }"
			   : "there are more than 1024 feeds; a second daemon "
			     "can serve the others.");
		return -1;
	}
	c->feed = mem_alloc(n * sizeof *c->feed);
	for (unsigned i = 0; i < n; i++) {
		struct feed *f = &c->feed[c->feeds++];

		f->index = i;
		if (fill_feed(f, c, cfg_getnsec(cfg, "feed", i)) == -1)
			return -1;
	}
	return 0;
}

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

/* --- the life cycle -------------------------------------------------------*/

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
		rc = fill_conf(c, cfg);
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
