/*
 * The lines of a feed or a source that look like calls: status, column,
 * target, rate.  Each is judged while its line is known, and kept until its
 * section is made.
 */
#include "server/conf_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/lang.h"

static const struct {
	const char *name;
	int words;
	const char *usage;
} rule_info[] = {
	[RULE_STATUS] = { "status", 3,
	    N_("three words: status(\"PIPELINE or *\", \"STATUS\", "
	       "\"PAID\")") },
	[RULE_COLUMN] = { "column", 2,
	    N_("two words: column(\"HEADER\", \"field\")") },
	[RULE_TARGET] = { "target", 2,
	    N_("two words: target(\"PAID\", \"goal's id\")") },
	[RULE_RATE] = { "rate", 2, N_("two words: rate(\"USD\", \"92.50\")") },
};

static struct rule *first, **last; /* of the text being read */

void
conf_rules_begin(void)
{
	first = NULL;
	last = &first;
}

const struct rule *
conf_rules(void)
{
	return first;
}

/* target("STATUS", "GOAL"): what an order must become, and a goal's id. */
static bool
target_fits(const struct rule *r, char *why, size_t size)
{
	struct slice status = preset_target(r->word[0]);

	if (status.n == 0 || slice_is(status, "skip")) {
		snprintf(why, size,
		    _("\"%s\" is none of PAID, IN_PROGRESS, CANCELLED, SPAM "
		      "and "
		      "goal:ID."),
		    r->word[0]);
		return false;
	}
	if (r->word[1][0] == '\0') {
		snprintf(why, size, _("the goal's id is empty."));
		return false;
	}
	return true;
}

/* Beside a currency that it is not, whatever the source's will be. */
static void
add_rate_alone(struct settings *s, const char *currency, const char *rate)
{
	settings_set(
	    &s->currency, strcmp(currency, "RUB") == 0 ? "USD" : "RUB");
	settings_add_rate(s, currency, rate);
}

static bool
rule_fits(const struct rule *r, char *why, size_t size)
{
	struct settings *alone = settings_new();
	char told[256];
	const char *bad;

	if (r->kind == RULE_COLUMN)
		settings_add_column(alone, r->word[0], r->word[1]);
	else if (r->kind == RULE_STATUS)
		settings_add_status(alone, r->word[0], r->word[1], r->word[2]);
	else if (r->kind == RULE_RATE)
		add_rate_alone(alone, r->word[0], r->word[1]);
	else if (!target_fits(r, told, sizeof told)) {
		settings_free(alone);
		snprintf(why, size, "%s", told);
		return false;
	}
	bad = settings_check(alone, told, sizeof told);
	if (bad != NULL)
		snprintf(why, size, "%s", bad);
	settings_free(alone);
	return bad == NULL;
}

int
conf_on_rule(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	enum rule_kind kind = RULE_STATUS;
	struct rule *r;
	char why[256];

	while (strcmp(opt->name, rule_info[kind].name) != 0)
		kind++;
	if (argc != rule_info[kind].words) {
		conf_complain(cfg->line, "%s takes %s.", opt->name,
		    _(rule_info[kind].usage));
		return -1;
	}
	r = mem_alloc(sizeof *r);
	r->section = cfg;
	r->kind = kind;
	for (int i = 0; i < argc; i++)
		r->word[i] = mem_string(argv[i]);
	*last = r;
	last = &r->next;
	if (!rule_fits(r, why, sizeof why)) {
		conf_complain(cfg->line, "%s: %s", opt->name, why);
		return -1;
	}
	return 0;
}

void
conf_rules_forget(void)
{
	struct rule *r;

	while ((r = first) != NULL) {
		first = r->next;
		for (int i = 0; i < 3; i++)
			free(r->word[i]);
		free(r);
	}
}
