/*
 * convdrop init: a self-contained instance in a folder of its own.  It makes
 * all of it or nothing: whatever fails or interrupts it, what it made is
 * removed again.  The configuration is written last.
 */
#include "tool/ctl_init.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/cert.h"
#include "keys/hostkey.h"
#include "keys/keyfile.h"
#include "keys/secret.h"
#include "server/conf_table.h"
#include "server/lang.h"

/* Whom init makes, and what for. */
static const struct {
	const char *name;
	unsigned roles;
} users[INIT_USERS] = {
	{ "direct", ROLE_PULL },
	{ "dropper", ROLE_DROP },
	{ "admin", ROLE_ADMIN },
	{ "auditor", ROLE_AUDIT },
};

/* Accounts that a package makes; all of them are used, or none. */
static const char *const accounts[] = { "convdrop-auth", "convdrop-files",
	"convdrop-ingest", "convdrop-http", "convdrop-ssh", "convdrop-ftp" };

/* --- what was asked for -------------------------------------------------- */

struct request {
	const char *dir;
	const char **feed;
	size_t feeds;
	struct conf_init init;
};

/* An option's value must be what its setting takes. */
static int
check(const char *option, const char *setting, const char *value)
{
	const struct setting *s = conf_setting;
	char why[256];

	while (strcmp(s->name, setting) != 0)
		s++;
	if (setting_take(s, value, NULL, why, sizeof why))
		return CTL_FINE;
	return ctl_fail("--%s is \"%s\"; it must be %s", option, value, why);
}

static int
take_port(unsigned *port, const char *option, const char *setting)
{
	if (check(option, setting, optarg) != CTL_FINE)
		return CTL_FAILED;
	*port = (unsigned)strtoul(optarg, NULL, 10);
	return CTL_FINE;
}

static int
take_text(const char **text, const char *option)
{
	*text = optarg;
	return check(option, option, optarg);
}

static int
take_feed(struct request *r)
{
	if (!conf_name_valid(optarg))
		return ctl_fail(
		    "--feed is \"%s\"; it must be up to %d small "
		    "Latin letters, digits, _ and -, and none of the names "
		    "that the server has for itself (inbox, reports, archive, "
		    "status, metrics, healthz, readyz, t)",
		    optarg, FEED_NAME_MAX);
	for (size_t i = 0; i < r->feeds; i++) {
		if (strcmp(r->feed[i], optarg) == 0)
			return ctl_fail("--feed %s is given twice", optarg);
	}
	r->feed = mem_grow(r->feed, (r->feeds + 1) * sizeof *r->feed);
	r->feed[r->feeds++] = optarg;
	return CTL_FINE;
}

static int
take_option(struct request *r, int option)
{
	struct conf_init *i = &r->init;

	switch (option) {
	case 'f':
		return take_feed(r);
	case 'z':
		return take_text(&i->timezone, "timezone");
	case 'H':
		return take_text(&i->host, "host");
	case 'p':
		return take_text(&i->pii, "pii");
	case 's':
		return take_port(&i->sftp_port, "sftp-port", "sftp_port");
	case 'S':
		return take_port(&i->https_port, "https-port", "https_port");
	case 'h':
		return take_port(&i->http_port, "http-port", "http_port");
	case 't':
		return take_port(&i->ftp_port, "ftp-port", "ftp_port");
	case 'T':
		return take_port(&i->ftps_port, "ftps-port", "ftps_port");
	default:
		return ctl_usage(&ctl_init);
	}
}

static int
parse(struct request *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "feed", required_argument, NULL, 'f' },
		{ "timezone", required_argument, NULL, 'z' },
		{ "host", required_argument, NULL, 'H' },
		{ "pii", required_argument, NULL, 'p' },
		{ "sftp-port", required_argument, NULL, 's' },
		{ "https-port", required_argument, NULL, 'S' },
		{ "http-port", required_argument, NULL, 'h' },
		{ "ftp-port", required_argument, NULL, 't' },
		{ "ftps-port", required_argument, NULL, 'T' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (take_option(r, option) != CTL_FINE)
			return CTL_FAILED;
	}
	if (optind != argc - 1 || argv[optind][0] == '\0')
		return ctl_usage(&ctl_init);
	r->dir = argv[optind];
	if (r->feeds == 0) {
		r->feed = mem_alloc(sizeof *r->feed);
		r->feed[r->feeds++] = "main";
	}
	r->init.feed = r->feed;
	r->init.feeds = r->feeds;
	return CTL_FINE;
}

/* Started as root, the workers get their own accounts when there are such. */
static void
choose_accounts(struct conf_init *i)
{
	for (size_t k = 0; k < sizeof accounts / sizeof *accounts; k++) {
		if (geteuid() != 0 || getpwnam(accounts[k]) == NULL)
			return;
	}
	memcpy(i->user, accounts, sizeof i->user);
}

/* --- making and unmaking ------------------------------------------------- */

struct made {
	char **path; /* in the order in which they came to be */
	size_t n;
};

static void
note(struct made *m, const char *path)
{
	m->path = mem_grow(m->path, (m->n + 1) * sizeof *m->path);
	m->path[m->n++] = mem_string(path);
}

static void
unmake(struct made *m)
{
	while (m->n > 0) {
		char *path = m->path[--m->n];

		if (unlink(path) == -1)
			rmdir(path);
		free(path);
	}
}

/* Ctrl-C and kill are held back while something is half made. */
static void
hold_signals(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &set, before);
}

static bool
interrupted(void)
{
	sigset_t set;

	sigpending(&set);
	return sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) ||
	       sigismember(&set, SIGHUP) || sigismember(&set, SIGQUIT);
}

/* With any umask. */
static int
make_folder(struct made *m, const char *path, mode_t mode)
{
	if (mkdir(path, mode) == -1)
		return ctl_fail("%s: %s", path, strerror(errno));
	note(m, path);
	if (chmod(path, mode) == -1)
		return ctl_fail("%s: %s", path, strerror(errno));
	return interrupted() ? CTL_FAILED : CTL_FINE;
}

/* The instance's own folder: a new one, or one that is there and empty. */
static int
make_root(struct made *m, const char *dir)
{
	struct dirent *entry;
	bool empty = true;
	DIR *d;

	if (mkdir(dir, 0711) == 0) {
		note(m, dir);
		if (chmod(dir, 0711) == -1)
			return ctl_fail("%s: %s", dir, strerror(errno));
		return CTL_FINE;
	}
	if (errno != EEXIST)
		return ctl_fail("%s: %s", dir, strerror(errno));
	d = opendir(dir);
	if (d == NULL)
		return ctl_fail("%s: %s", dir, strerror(errno));
	while (empty && (entry = readdir(d)) != NULL)
		empty = strcmp(entry->d_name, ".") == 0 ||
			strcmp(entry->d_name, "..") == 0;
	closedir(d);
	if (!empty)
		return ctl_fail("%s is there and not empty, so it is left as "
				"it is; name a new folder",
		    dir);
	return CTL_FINE;
}

static int
make_folders(struct made *m, const struct conf *c)
{
	/* The inbox may be opened to a group, whose members then drop files;
	 * nothing else is for anybody but the daemon. */
	static const struct {
		const char *name;
		mode_t mode;
		bool per_feed;
	} folder[] = {
		{ "keys", 0700, false },
		{ "inbox", 0770, true },
		{ "published", 0700, true },
		{ "reports", 0700, true },
		{ "archive", 0700, false },
		{ "audit", 0700, false },
		{ "state", 0700, false },
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof folder / sizeof *folder; i++) {
		conf_path(path, c, folder[i].name, NULL);
		if (make_folder(m, path, folder[i].mode) != CTL_FINE)
			return CTL_FAILED;
		for (size_t k = 0; folder[i].per_feed && k < c->feeds; k++) {
			conf_path(
			    path, c, folder[i].name, c->feed[k].name, NULL);
			if (make_folder(m, path, folder[i].mode) != CTL_FINE)
				return CTL_FAILED;
		}
	}
	return CTL_FINE;
}

/* The host keys and the certificate. */
static int
make_keys(struct made *m, const struct conf *c, struct init_facts *f)
{
	char dir[PATH_MAX], crt[PATH_MAX], key[PATH_MAX];
	char why[KEYS_ERROR_SIZE], *pem = NULL;
	size_t n = 0;
	int rc;

	conf_path(dir, c, "keys", NULL);
	if (hostkey_make(dir, why) == -1)
		return ctl_fail("%s", why);
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		conf_path(
		    key, c, "keys", hostkey_file((enum hostkey_type)t), NULL);
		note(m, key);
	}
	conf_path(crt, c, "keys", "tls.crt", NULL);
	conf_path(key, c, "keys", "tls.key", NULL);
	if (interrupted())
		return CTL_FAILED;
	if (cert_make(crt, key, c->host, (int64_t)time(NULL), why) == -1)
		return ctl_fail("%s", why);
	note(m, crt);
	note(m, key);
	rc = hostkey_read(&pem, &n, dir, HOSTKEY_ED25519, why);
	if (rc == 0)
		rc = hostkey_fingerprint(f->host_key, pem, why);
	if (pem != NULL)
		secret_wipe(pem, n);
	free(pem);
	return rc == 0 ? CTL_FINE : ctl_fail("%s", why);
}

static int
write_secret(struct made *m, const struct conf *c, const char *name, char *text)
{
	char path[PATH_MAX], why[KEYS_ERROR_SIZE];
	int rc;

	conf_path(path, c, "keys", name, NULL);
	rc = keyfile_create(path, text, strlen(text), why);
	free(text);
	if (rc == -1)
		return ctl_fail("%s", why);
	note(m, path);
	return interrupted() ? CTL_FAILED : CTL_FINE;
}

static int
make_users(struct made *m, const struct conf *c, const struct request *r,
    struct init_facts *f)
{
	const char **feeds = mem_alloc((r->feeds + 1) * sizeof *feeds);
	struct users *u = users_new();
	char why[KEYS_ERROR_SIZE], hash[SECRET_HASH_SIZE];
	int rc = 0;

	memcpy(feeds, r->feed, r->feeds * sizeof *feeds);
	for (size_t i = 0; rc == 0 && i < INIT_USERS; i++) {
		struct user *one;

		f->user[i] = users[i].name;
		secret_password(f->password[i]);
		rc = users_add(u, users[i].name, users[i].roles, feeds, why);
		if (rc == -1)
			break;
		rc = secret_hash(hash, f->password[i], strlen(f->password[i]));
		one = users_find(u, users[i].name, strlen(users[i].name));
		one->hash = rc == 0 ? mem_string(hash) : NULL;
		snprintf(why, sizeof why, _("a password cannot be hashed"));
	}
	rc = rc == 0 ? write_secret(m, c, "users", users_text(u))
		     : ctl_fail("%s", why);
	users_free(u);
	free(feeds);
	return rc;
}

static int
make_tokens(struct made *m, const struct conf *c, struct init_facts *f)
{
	struct tokens *t = tokens_new();
	char why[KEYS_ERROR_SIZE];
	int rc = 0;

	f->token = mem_alloc(c->feeds * sizeof *f->token);
	for (size_t i = 0; rc == 0 && i < c->feeds; i++) {
		const char *feed[] = { c->feed[i].name, NULL };

		rc = token_mint(t, feed[0], ROLE_PULL, feed,
		    (int64_t)time(NULL), f->token[i], why);
	}
	rc = rc == 0 ? write_secret(m, c, "tokens", tokens_text(t))
		     : ctl_fail("%s", why);
	tokens_free(t);
	return rc;
}

/* Last: what has one is an instance. */
static int
make_conf(struct made *m, const struct conf *c, const char *text)
{
	char path[PATH_MAX], why[KEYS_ERROR_SIZE];

	conf_path(path, c, "convdrop.conf", NULL);
	if (keyfile_create(path, text, strlen(text), why) == -1)
		return ctl_fail("%s", why);
	note(m, path);
	if (chmod(path, 0640) == -1)
		return ctl_fail("%s: %s", path, strerror(errno));
	return interrupted() ? CTL_FAILED : CTL_FINE;
}

static int
make_all(const struct conf *c, const char *text, const struct request *r,
    struct init_facts *f)
{
	struct made m = { NULL, 0 };
	sigset_t before;
	int rc;

	hold_signals(&before);
	rc = make_root(&m, c->dir);
	if (rc == CTL_FINE)
		rc = make_folders(&m, c);
	if (rc == CTL_FINE)
		rc = make_keys(&m, c, f);
	if (rc == CTL_FINE)
		rc = make_users(&m, c, r, f);
	if (rc == CTL_FINE)
		rc = make_tokens(&m, c, f);
	if (rc == CTL_FINE)
		rc = make_conf(&m, c, text);
	/* What nobody can read the passwords of is of no use. */
	if (rc == CTL_FINE)
		rc = f->json ? init_print_json(c, f) : init_print(c, f);
	if (rc != CTL_FINE)
		unmake(&m);
	while (m.n > 0)
		free(m.path[--m.n]);
	free(m.path);
	sigprocmask(SIG_SETMASK, &before, NULL); /* now it may end us */
	return rc;
}

/* The configuration as it will be read, before anything is made. */
static int
plan(struct conf **out, char **text, struct request *r)
{
	char path[PATH_MAX];
	struct err e = ERR_EMPTY;
	const char *sentence;

	if ((size_t)snprintf(path, sizeof path, "%s%sconvdrop.conf", r->dir,
		r->dir[strlen(r->dir) - 1] == '/' ? "" : "/") >= sizeof path)
		return ctl_fail("%s: %s", r->dir, strerror(ENAMETOOLONG));
	choose_accounts(&r->init);
	*text = conf_text(&r->init);
	if (conf_parse(out, *text, strlen(*text), path, &e) == 0)
		return CTL_FINE;
	/* The file does not exist, so its name and line help nobody. */
	sentence = strstr(e.text + strnlen(e.text, strlen(path)), ": ");
	return ctl_fail("%s", sentence == NULL ? e.text : sentence + 2);
}

static int
run(struct ctl *c, int argc, char **argv)
{
	struct request r = { .init = { .timezone = "Europe/Moscow",
				 .host = "localhost",
				 .pii = "plain",
				 .sftp_port = 2022,
				 .https_port = 8443 } };
	struct init_facts f = { .json = c->json };
	struct conf *conf = NULL;
	struct err e = ERR_EMPTY;
	char *text = NULL;
	int rc;

	rc = parse(&r, argc, argv);
	if (rc == CTL_FINE && conf_zone(&f.zone, r.init.timezone, &e) == -1)
		rc = ctl_fail("%s", e.text);
	if (rc == CTL_FINE)
		rc = plan(&conf, &text, &r);
	if (rc == CTL_FINE)
		rc = make_all(conf, text, &r, &f);
	secret_wipe(f.password, sizeof f.password);
	if (f.token != NULL)
		secret_wipe(f.token, conf->feeds * sizeof *f.token);
	free(f.token);
	zone_free(f.zone);
	conf_free(conf);
	free(text);
	free(r.feed);
	return rc;
}

const struct ctl_command ctl_init = {
	.name = "init",
	.synopsis = "init DIR [--feed NAME]... [--timezone ZONE] [--host NAME] "
		    "[--pii plain|hash] [--sftp-port N] [--https-port N] "
		    "[--http-port N] [--ftp-port N] [--ftps-port N]",
	.help =
	    N_("Makes an instance in DIR, which must be new or empty: its\n"
	       "configuration, keys, users, tokens and folders.  Prints the\n"
	       "passwords and tokens, this one time, and what to type into\n"
	       "Direct's form.\n"
	       "\n"
	       "  --feed NAME      a feed for each Metrica counter (main)\n"
	       "  --timezone ZONE  the counter's zone (Europe/Moscow)\n"
	       "  --host NAME      for the certificate and printed URLs\n"
	       "                   (localhost); never an address to listen on\n"
	       "  --pii hash       publish phones and e-mails as MD5 only\n"
	       "  --sftp-port N, --https-port N, --http-port N, --ftp-port N,\n"
	       "  --ftps-port N    2022, 8443, 0, 0 and 0; 0 is off"),
	.run = run,
};
