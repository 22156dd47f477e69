/*
 * convdrop user: who may log in, as what, for which feeds.  A password is
 * printed once, when it is made, and never on a command line.
 */
#include "tool/ctl_keys.h"
#include "server/lang.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/keyfile.h"
#include "keys/secret.h"

#define PASSWORD_LEAST 8
#define KEY_LINE_MAX 8192

struct request {
	struct words role, feed, network;
	char **key; /* OpenSSH public keys, NULL-terminated; NULL for none */
	size_t keys;
	bool no_password, from_stdin;
	const char *name;
};

static void
request_free(struct request *r)
{
	words_free(&r->role);
	words_free(&r->feed);
	words_free(&r->network);
	for (size_t i = 0; i < r->keys; i++)
		free(r->key[i]);
	free(r->key);
}

/* The keys of a file such as id_ed25519.pub, a line each. */
static int
read_keys(struct request *r, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[KEY_LINE_MAX];
	size_t before = r->keys;
	int rc = CTL_FINE;

	if (f == NULL)
		return ctl_fail("%s: %s", path, strerror(errno));
	while (rc == CTL_FINE && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0' || line[0] == '#')
			continue;
		if (!user_key_valid(line)) {
			rc = ctl_fail("%s: this is no OpenSSH public key, such "
				      "as ssh-keygen writes to a .pub file",
			    path);
			break;
		}
		r->key = mem_grow(r->key, (r->keys + 2) * sizeof *r->key);
		r->key[r->keys++] = mem_string(line);
		r->key[r->keys] = NULL;
	}
	if (rc == CTL_FINE && r->keys == before)
		rc = ctl_fail("%s: there is no key in it", path);
	fclose(f);
	return rc;
}

static int
take_option(struct request *r, int option)
{
	switch (option) {
	case 'r':
		words_add(&r->role, optarg);
		return CTL_FINE;
	case 'f':
		words_add(&r->feed, optarg);
		return CTL_FINE;
	case 'n':
		words_add(&r->network, optarg);
		return CTL_FINE;
	case 'k':
		return read_keys(r, optarg);
	case 'N':
		r->no_password = true;
		return CTL_FINE;
	case 'S':
		r->from_stdin = true;
		return CTL_FINE;
	default:
		return ctl_usage(&ctl_user);
	}
}

/* Options and the one name behind the subcommand. */
static int
parse(struct request *r, const char *allowed, int argc, char **argv)
{
	static const struct option options[] = {
		{ "role", required_argument, NULL, 'r' },
		{ "feed", required_argument, NULL, 'f' },
		{ "key", required_argument, NULL, 'k' },
		{ "network", required_argument, NULL, 'n' },
		{ "no-password", no_argument, NULL, 'N' },
		{ "password-stdin", no_argument, NULL, 'S' },
		{ NULL, 0, NULL, 0 },
	};
	int option, rc = CTL_FINE;

	optind = 0;
	opterr = 0;
	while (rc == CTL_FINE &&
	       (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		rc = strchr(allowed, option) == NULL ? ctl_usage(&ctl_user)
						     : take_option(r, option);
	if (rc != CTL_FINE)
		return rc;
	if (optind != argc - 1)
		return ctl_usage(&ctl_user);
	r->name = argv[optind];
	return CTL_FINE;
}

/* One line of standard input, or a generated one. */
static int
get_password(char out[SECRET_MAX + 1], bool from_stdin)
{
	char line[SECRET_MAX + 3] = "";
	size_t n;

	if (!from_stdin) {
		secret_password(out);
		return CTL_FINE;
	}
	if (fgets(line, sizeof line, stdin) == NULL)
		return ctl_fail("there is no password on standard input");
	n = strcspn(line, "\r\n");
	if (n < PASSWORD_LEAST || n > SECRET_MAX) {
		secret_wipe(line, sizeof line);
		return ctl_fail("a password has %d to %d bytes", PASSWORD_LEAST,
		    SECRET_MAX);
	}
	memcpy(out, line, n);
	out[n] = '\0';
	secret_wipe(line, sizeof line);
	return CTL_FINE;
}

static int
set_password(struct user *u, char password[SECRET_MAX + 1], bool from_stdin)
{
	char hash[SECRET_HASH_SIZE];

	if (get_password(password, from_stdin) != CTL_FINE)
		return CTL_FAILED;
	if (secret_hash(hash, password, strlen(password)) == -1)
		return ctl_fail("the password cannot be hashed");
	free(u->hash);
	u->hash = mem_string(hash);
	return CTL_FINE;
}

/* Says what was done; a password that the admin typed is not repeated. */
static int
report(const struct ctl *c, const char *name, const char *done,
    const char *password)
{
	if (c->json)
		return ctl_print_json(password == NULL
					  ? json_pack("{s:s}", "user", name)
					  : json_pack("{s:s,s:s}", "user", name,
						"password", password));
	printf(_("User %s is %s.\n"), name, done);
	if (password != NULL)
		printf(
		    _("Password: %s\nIt is kept as a hash alone and cannot be "
		      "shown again.\n"),
		    password);
	return CTL_FINE;
}

static int
check_request(const struct keyring *k, const struct request *r)
{
	if (r->role.n == 0 || r->feed.n == 0)
		return ctl_fail(
		    "a new user needs --role (pull, drop, report, "
		    "audit or admin) and --feed (a feed's name, or \"*\" for "
		    "all)");
	if (r->no_password && r->keys == 0)
		return ctl_fail("without a password the user needs a --key to "
				"log in with");
	for (size_t i = 0; i < r->network.n; i++) {
		if (!user_network_valid(r->network.word[i]))
			return ctl_fail("\"%s\" is no network; write it as "
					"192.0.2.0/24 or 2001:db8::/32",
			    r->network.word[i]);
	}
	return keyring_check_feeds(k, (const char *const *)r->feed.word);
}

static int
add(const struct ctl *c, struct keyring *k, struct request *r)
{
	char password[SECRET_MAX + 1], why[KEYS_ERROR_SIZE];
	unsigned roles = 0;
	struct user *u;
	int rc;

	if (check_request(k, r) != CTL_FINE ||
	    (roles = words_roles(&r->role)) == 0)
		return CTL_FAILED;
	if (users_add(k->users, r->name, roles,
		(const char *const *)r->feed.word, why) == -1)
		return ctl_fail("%s", why);
	u = users_find(k->users, r->name, strlen(r->name));
	u->key = r->key; /* the user's from now on */
	r->key = NULL;
	r->keys = 0;
	u->network = r->network.word;
	r->network = (struct words){ NULL, 0 };
	if (!r->no_password &&
	    set_password(u, password, r->from_stdin) != CTL_FINE)
		return CTL_FAILED;
	rc = keyring_commit(k, "user", "add", r->name);
	if (rc == CTL_FINE)
		rc = report(c, r->name, _("added"),
		    r->no_password || r->from_stdin ? NULL : password);
	secret_wipe(password, sizeof password);
	return rc;
}

static int
no_user(const char *name)
{
	return ctl_fail("there is no user \"%s\"; \"convdrop user list\" shows "
			"them",
	    name);
}

static int
passwd(const struct ctl *c, struct keyring *k, struct request *r)
{
	struct user *u = users_find(k->users, r->name, strlen(r->name));
	char password[SECRET_MAX + 1];
	int rc;

	if (u == NULL)
		return no_user(r->name);
	if (set_password(u, password, r->from_stdin) != CTL_FINE)
		return CTL_FAILED;
	rc = keyring_commit(k, "user", "passwd", r->name);
	if (rc == CTL_FINE)
		rc = report(c, r->name, _("given a new password"),
		    r->from_stdin ? NULL : password);
	secret_wipe(password, sizeof password);
	return rc;
}

static int
del(const struct ctl *c, struct keyring *k, struct request *r)
{
	int rc;

	if (users_del(k->users, r->name) == -1)
		return no_user(r->name);
	rc = keyring_commit(k, "user", "del", r->name);
	return rc == CTL_FINE ? report(c, r->name, "deleted", NULL) : rc;
}

static json_t *
describe(const struct user *u)
{
	size_t keys = 0;

	while (u->key != NULL && u->key[keys] != NULL)
		keys++;
	return json_pack("{s:s,s:o,s:o,s:b,s:i,s:o}", "name", u->name, "roles",
	    json_roles(u->roles), "feeds", json_strings(u->feed), "password",
	    u->hash != NULL, "keys", (int)keys, "networks",
	    json_strings(u->network));
}

static void
join(char *out, size_t size, const json_t *list)
{
	size_t n = 0;

	snprintf(out, size, "-");
	for (size_t i = 0; i < json_array_size(list) && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s",
		    i == 0 ? "" : ",",
		    json_string_value(json_array_get(list, i)));
}

static int
list(const struct ctl *c, const struct keyring *k)
{
	json_t *all = json_array();

	for (size_t i = 0; i < k->users->n; i++)
		json_array_append_new(all, describe(k->users->user[i]));
	if (c->json)
		return ctl_print_json(json_pack("{s:o}", "users", all));
	printf("%-16s %-16s %-24s %-8s %4s  %s\n", "USER", "ROLES", "FEEDS",
	    "PASSWORD", "KEYS", "NETWORKS");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *u = json_array_get(all, i);
		char roles[128], feeds[1024], networks[1024];

		join(roles, sizeof roles, json_object_get(u, "roles"));
		join(feeds, sizeof feeds, json_object_get(u, "feeds"));
		join(networks, sizeof networks, json_object_get(u, "networks"));
		printf("%-16s %-16s %-24s %-8s %4d  %s\n",
		    json_string_value(json_object_get(u, "name")), roles, feeds,
		    json_is_true(json_object_get(u, "password")) ? "yes" : "no",
		    (int)json_integer_value(json_object_get(u, "keys")),
		    networks);
	}
	json_decref(all);
	return CTL_FINE;
}

static const struct {
	const char *name, *options;
	int (*run)(const struct ctl *c, struct keyring *k, struct request *r);
} subcommands[] = {
	{ "add", "rfknNS", add },
	{ "passwd", "S", passwd },
	{ "del", "", del },
};

static int
run(struct ctl *c, int argc, char **argv)
{
	struct keyring k = KEYRING_EMPTY;
	struct request r = { .name = NULL };
	int rc = CTL_FAILED;
	size_t i = 0;

	if (argc < 2)
		return ctl_usage(&ctl_user);
	if (strcmp(argv[1], "list") == 0 && argc == 2) {
		rc = keyring_open(&k, c);
		if (rc == CTL_FINE)
			rc = list(c, &k);
		keyring_close(&k);
		return rc;
	}
	while (i < 3 && strcmp(subcommands[i].name, argv[1]) != 0)
		i++;
	if (i == 3)
		return ctl_usage(&ctl_user);
	rc = parse(&r, subcommands[i].options, argc - 1, argv + 1);
	if (rc == CTL_FINE)
		rc = keyring_open(&k, c);
	if (rc == CTL_FINE)
		rc = subcommands[i].run(c, &k, &r);
	keyring_close(&k);
	request_free(&r);
	return rc;
}

const struct ctl_command ctl_user = {
	.name = "user",
	.synopsis = "user add NAME --role R... --feed F... [OPTIONS] | "
		    "passwd NAME | del NAME | list",
	.help = N_(
	    "add NAME      makes a user and prints the password, once.\n"
	    "  --role R      pull, drop, report, audit or admin; may repeat\n"
	    "  --feed F      a feed, or \"*\" for all; may repeat\n"
	    "  --key FILE    an OpenSSH public key that may log in (SFTP)\n"
	    "  --network N   logins only from there, such as 192.0.2.0/24\n"
	    "  --no-password log in with the key alone\n"
	    "  --password-stdin  take the password from standard input\n"
	    "passwd NAME   gives a new password (or --password-stdin).\n"
	    "del NAME      deletes the user and ends its sessions.\n"
	    "list          shows the users, never their passwords.\n"
	    "\n"
	    "When the command returns, a running daemon works by it."),
	.run = run,
};
