/*
 * What libconfuse read, from its sections into the structs of conf.h: settings,
 * rules, presets, outputs; and what must fit together in them.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/ignore.h"
#include "formats/preset.h"
#include "server/conf.h"
#include "server/conf_private.h"
#include "server/conf_table.h"

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

int
conf_fill(struct conf *c, cfg_t *cfg)
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
