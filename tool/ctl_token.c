/*
 * convdrop token: what stands in a URL instead of a login.  A token is printed
 * once, when it is made.
 */
#include "tool/ctl_keys.h"
#include "server/lang.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys/keyfile.h"
#include "keys/secret.h"

struct request {
	struct words role, feed;
	const char *name;
};

static int
parse(struct request *r, bool rights, int argc, char **argv)
{
	static const struct option options[] = {
		{ "role", required_argument, NULL, 'r' },
		{ "feed", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (!rights || option == '?')
			return ctl_usage(&ctl_token);
		words_add(option == 'r' ? &r->role : &r->feed, optarg);
	}
	if (optind != argc - 1)
		return ctl_usage(&ctl_token);
	r->name = argv[optind];
	return CTL_FINE;
}

static void
print_link(void *ctx, const char *url)
{
	(void)ctx;
	printf("%s\n", url);
}

static void
append_link(void *ctx, const char *url)
{
	json_array_append_new(ctx, json_string(url));
}

/* The token and the URLs that it opens, this one time. */
static int
report_new(const struct ctl *c, const struct keyring *k,
    const struct request *r, const char *text)
{
	json_t *urls;

	if (c->json) {
		urls = json_array();
		link_each(k->conf, r->feed.word, text, append_link, urls);
		return ctl_print_json(json_pack("{s:s,s:s,s:o}", "token",
		    r->name, "secret", text, "urls", urls));
	}
	printf(_("Token %s is added: %s\n"
		 "It is kept as a hash alone and cannot be shown again.\n"),
	    r->name, text);
	link_each(k->conf, r->feed.word, text, print_link, NULL);
	return CTL_FINE;
}

static int
add(const struct ctl *c, struct keyring *k, struct request *r)
{
	char text[TOKEN_SIZE], why[KEYS_ERROR_SIZE];
	unsigned roles;
	int rc;

	if (r->feed.n == 0)
		return ctl_fail("a new token needs --feed (a feed's name, or "
				"\"*\" for all)");
	if (r->role.n == 0)
		words_add(&r->role, "pull");
	roles = words_roles(&r->role);
	if (roles == 0 || keyring_check_feeds(
			      k, (const char *const *)r->feed.word) != CTL_FINE)
		return CTL_FAILED;
	if (token_mint(k->tokens, r->name, roles,
		(const char *const *)r->feed.word, (int64_t)time(NULL), text,
		why) == -1)
		return ctl_fail("%s", why);
	rc = keyring_commit(k, "token", "add", r->name);
	if (rc == CTL_FINE)
		rc = report_new(c, k, r, text);
	secret_wipe(text, sizeof text);
	return rc;
}

static int
del(const struct ctl *c, struct keyring *k, struct request *r)
{
	int rc;

	if (token_del(k->tokens, r->name) == -1)
		return ctl_fail("there is no token \"%s\"; \"convdrop token "
				"list\" shows them",
		    r->name);
	rc = keyring_commit(k, "token", "del", r->name);
	if (rc == CTL_FINE && c->json)
		rc = ctl_print_json(json_pack("{s:s}", "token", r->name));
	else if (rc == CTL_FINE)
		printf(_("Token %s is deleted.\n"), r->name);
	return rc;
}

static void
print_words(json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		printf("%s%s", i == 0 ? " " : ",",
		    json_string_value(json_array_get(list, i)));
	json_decref(list);
}

static int
list(const struct ctl *c, struct keyring *k, struct request *r)
{
	json_t *all = json_array();

	(void)r;
	if (!c->json)
		puts("TOKEN CREATED ROLES FEEDS");
	for (size_t i = 0; i < k->tokens->n; i++) {
		const struct token *t = k->tokens->token[i];
		time_t at = (time_t)t->created;
		char when[32];
		struct tm tm;

		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&at, &tm));
		if (c->json) {
			json_array_append_new(all,
			    json_pack("{s:s,s:s,s:o,s:o}", "name", t->name,
				"created", when, "roles", json_roles(t->roles),
				"feeds", json_strings(t->feed)));
			continue;
		}
		printf("%s %s", t->name, when);
		print_words(json_roles(t->roles));
		print_words(json_strings(t->feed));
		putchar('\n');
	}
	if (c->json)
		return ctl_print_json(json_pack("{s:o}", "tokens", all));
	json_decref(all);
	return CTL_FINE;
}

static const struct {
	const char *name;
	bool named, rights;
	int (*run)(const struct ctl *c, struct keyring *k, struct request *r);
} subcommands[] = {
	{ "add", true, true, add },
	{ "del", true, false, del },
	{ "list", false, false, list },
};
#define SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

static int
run(struct ctl *c, int argc, char **argv)
{
	struct keyring k = KEYRING_EMPTY;
	struct request r = { .name = NULL };
	int rc = CTL_FINE;
	size_t i = 0;

	while (argc > 1 && i < SUBCOMMANDS &&
	       strcmp(subcommands[i].name, argv[1]) != 0)
		i++;
	if (argc < 2 || i == SUBCOMMANDS)
		return ctl_usage(&ctl_token);
	if (subcommands[i].named)
		rc = parse(&r, subcommands[i].rights, argc - 1, argv + 1);
	else if (argc != 2)
		rc = ctl_usage(&ctl_token);
	if (rc == CTL_FINE)
		rc = keyring_open(&k, c);
	if (rc == CTL_FINE)
		rc = subcommands[i].run(c, &k, &r);
	keyring_close(&k);
	words_free(&r.role);
	words_free(&r.feed);
	return rc;
}

const struct ctl_command ctl_token = {
	.name = "token",
	.synopsis =
	    "token add NAME --feed F... [--role R...] | del NAME | list",
	.help = N_(
	    "add NAME      makes a token and prints it with its URLs, once.\n"
	    "  --feed F      a feed, or \"*\" for all; may repeat\n"
	    "  --role R      pull unless given; may repeat\n"
	    "del NAME      deletes it; from then on its URL opens nothing.\n"
	    "list          shows the tokens, never their text.\n"
	    "\n"
	    "When the command returns, a running daemon works by it."),
	.run = run,
};
