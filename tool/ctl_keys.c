/*
 * Changing users and tokens.  The files are replaced by rename while keys/ is
 * locked; a running daemon is told by SIGUSR1 and answers by writing the
 * SHA-256 of what it loaded to state/keys.loaded.
 */
#include "tool/ctl_keys.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/writer.h"
#include "keys/keyfile.h"
#include "keys/secret.h"
#include "store/audit.h"
#include "server/bytes.h"
#include "server/clock.h"

#define LOADED_WITHIN_MS 10000

/* --- the two files ------------------------------------------------------- */

int
ctl_lock_keys(const struct conf *c)
{
	char path[PATH_MAX];
	int fd;

	conf_path(path, c, "keys", NULL);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd != -1 && flock(fd, LOCK_EX) == 0)
		return fd;
	ctl_fail("%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return -1;
}

int
keyring_open(struct keyring *k, const struct ctl *c)
{
	char *users = NULL, *tokens = NULL, why[KEYS_ERROR_SIZE];
	size_t users_n = 0, tokens_n = 0;
	int rc = CTL_FAILED;

	k->conf = ctl_conf(c);
	if (k->conf == NULL)
		return CTL_FAILED;
	k->lock = ctl_lock_keys(k->conf);
	if (k->lock == -1)
		return CTL_FAILED;
	if (keyfile_read_at(&users, &users_n, k->lock, "users", why) == -1 ||
	    keyfile_read_at(&tokens, &tokens_n, k->lock, "tokens", why) == -1 ||
	    users_parse(&k->users, users, users_n, why) == -1 ||
	    tokens_parse(&k->tokens, tokens, tokens_n, why) == -1)
		ctl_fail("%s/keys: %s", k->conf->dir, why);
	else
		rc = CTL_FINE;
	if (users != NULL)
		secret_wipe(users, users_n);
	free(users);
	free(tokens);
	return rc;
}

void
keyring_close(struct keyring *k)
{
	users_free(k->users);
	tokens_free(k->tokens);
	conf_free(k->conf);
	if (k->lock != -1)
		close(k->lock); /* and with it the lock */
	*k = (struct keyring)KEYRING_EMPTY;
}

int
keyring_check_feeds(const struct keyring *k, const char *const *feeds)
{
	for (size_t i = 0; feeds != NULL && feeds[i] != NULL; i++) {
		if (strcmp(feeds[i], "*") != 0 &&
		    conf_feed(k->conf, feeds[i]) == NULL)
			return ctl_fail(
			    "there is no feed \"%s\" in "
			    "%s/convdrop.conf; use \"*\" for all feeds",
			    feeds[i], k->conf->dir);
	}
	return CTL_FINE;
}

/* --- putting a change in force ------------------------------------------- */

/* The daemon's pid, 0 when none runs.  It holds a lock on its pid file. */
pid_t
ctl_daemon_pid(const struct conf *c)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX], text[32] = "";
	pid_t pid = 0;
	int fd;

	conf_path(path, c, "state", "convdropd.pid", NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return 0;
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK) {
		pid = lock.l_pid;
		/* Not known across a container's border: the file says it. */
		if (pid <= 0 && read(fd, text, sizeof text - 1) > 0)
			pid = (pid_t)strtol(text, NULL, 10);
	}
	close(fd);
	return pid > 1 ? pid : 0;
}

/* Does state/keys.loaded say so? */
static bool
is_loaded(const struct conf *c, const char hex[65])
{
	char path[PATH_MAX], text[65] = "";
	bool same = false;
	int fd;

	conf_path(path, c, "state", "keys.loaded", NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return false;
	if (read(fd, text, 64) == 64)
		same = memcmp(text, hex, 64) == 0;
	close(fd);
	return same;
}

/* Waits for the daemon's answer; one that ends meanwhile will read the new
 * files when it starts. */
static int
wait_loaded(const struct conf *c, int watch, int process, const char hex[65])
{
	int64_t until = clock_ms() + LOADED_WITHIN_MS;
	struct pollfd p[2] = { { .fd = watch, .events = POLLIN },
		{ .fd = process, .events = POLLIN } };

	while (!is_loaded(c, hex)) {
		char events[4096];
		int64_t left = until - clock_ms();

		if (left <= 0)
			return ctl_fail(
			    "the files are changed, but the "
			    "daemon has not loaded them within %d s; its log "
			    "says why",
			    LOADED_WITHIN_MS / 1000);
		if (poll(p, 2, (int)left) == -1 && errno != EINTR)
			return ctl_fail("poll: %s", strerror(errno));
		if (p[1].revents != 0)
			return CTL_FINE;
		if (p[0].revents != 0 &&
		    read(watch, events, sizeof events) == -1 && errno != EINTR)
			return ctl_fail("inotify: %s", strerror(errno));
	}
	return CTL_FINE;
}

static int
tell_daemon(const struct conf *c, const char hex[65])
{
	char path[PATH_MAX];
	pid_t pid = ctl_daemon_pid(c);
	int watch = -1, process = -1, rc = CTL_FAILED;

	if (pid == 0)
		return CTL_FINE;
	conf_path(path, c, "state", NULL);
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	watch = inotify_init1(IN_CLOEXEC);
	if (process == -1 && errno == ESRCH) {
		rc = CTL_FINE;
		goto out;
	}
	if (process == -1 || watch == -1 ||
	    inotify_add_watch(watch, path, IN_MOVED_TO | IN_CLOSE_WRITE) ==
		-1) {
		ctl_fail("the files are changed, but the daemon cannot be "
			 "watched: %s",
		    strerror(errno));
		goto out;
	}
	if (kill(pid, SIGUSR1) == -1 && errno != ESRCH) {
		ctl_fail(
		    "the files are changed, but the daemon (process %ld) "
		    "cannot be told: %s; run this as root or as its account",
		    (long)pid, strerror(errno));
		goto out;
	}
	rc = wait_loaded(c, watch, process, hex);
out:
	if (watch != -1)
		close(watch);
	if (process != -1)
		close(process);
	return rc;
}

static void
digest(char hex[65], const char *users, const char *tokens)
{
	struct sha256_ctx ctx;
	uint8_t sum[32];

	sha256_init(&ctx);
	sha256_update(&ctx, strlen(users), (const uint8_t *)users);
	sha256_update(&ctx, strlen(tokens), (const uint8_t *)tokens);
	sha256_digest(&ctx, sizeof sum, sum);
	bytes_hex(hex, sum, sizeof sum);
}

static int
write_audit(const struct conf *c, const char *event, const char *action,
    const char *name)
{
	struct audit *a = NULL;
	struct err e = ERR_EMPTY;
	char who[64];
	int rc;

	if (audit_open(&a, c, &e) == -1)
		return ctl_fail(
		    "the change is made, but not in the audit: %s", e.text);
	ctl_actor(who);
	rc = audit_add(a, (int64_t)time(NULL), event,
	    json_pack(
		"{s:s,s:s,s:s}", "action", action, event, name, "actor", who),
	    &e);
	audit_close(a);
	if (rc == -1)
		return ctl_fail(
		    "the change is made, but not in the audit: %s", e.text);
	return CTL_FINE;
}

int
keyring_commit(
    struct keyring *k, const char *event, const char *action, const char *name)
{
	char *users = users_text(k->users), *tokens = tokens_text(k->tokens);
	char path[2][PATH_MAX], hex[65], why[KEYS_ERROR_SIZE];
	bool is_user = strcmp(event, "user") == 0;
	const char *text = is_user ? users : tokens;
	int rc = CTL_FAILED, audit;

	conf_path(path[0], k->conf, "keys", "users", NULL);
	conf_path(path[1], k->conf, "keys", "tokens", NULL);
	if (keyfile_write(path[is_user ? 0 : 1], text, strlen(text), why) ==
	    -1) {
		ctl_fail("%s", why);
		goto out;
	}
	/* The other file may have been edited by hand: as it lies there. */
	char **other = is_user ? &tokens : &users;
	size_t n;

	free(*other);
	*other = NULL;
	if (keyfile_read(other, &n, path[is_user ? 1 : 0], why) == -1) {
		ctl_fail("%s", why);
		goto out;
	}
	digest(hex, users, tokens);
	audit = write_audit(k->conf, event, action, name);
	rc = tell_daemon(k->conf, hex);
	if (rc == CTL_FINE)
		rc = audit;
out:
	free(users);
	free(tokens);
	return rc;
}

/* --- words, links and JSON ----------------------------------------------- */

void
words_add(struct words *w, const char *text)
{
	for (;;) {
		size_t n;

		text += strspn(text, ", \t");
		n = strcspn(text, ", \t");
		if (n == 0)
			return;
		w->word = mem_grow(w->word, (w->n + 2) * sizeof *w->word);
		w->word[w->n++] = mem_slice((struct slice){ text, n });
		w->word[w->n] = NULL;
		text += n;
	}
}

void
words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->word[i]);
	free(w->word);
}

unsigned
words_roles(const struct words *w)
{
	unsigned roles = 0;

	for (size_t i = 0; i < w->n; i++) {
		unsigned one = role_parse(w->word[i], strlen(w->word[i]));

		if (one == 0) {
			ctl_fail("there is no role \"%s\"; the roles are pull, "
				 "drop, report, audit and admin",
			    w->word[i]);
			return 0;
		}
		roles |= one;
	}
	return roles;
}

static void
link_feed(const struct conf *c, const struct feed *f, const char *token,
    void (*each)(void *ctx, const char *url), void *ctx)
{
	struct in6_addr six;
	bool bracket = inet_pton(AF_INET6, c->host, &six) == 1;
	bool tls = c->https_port != 0;
	unsigned port = tls ? c->https_port : c->http_port;
	char url[1024];

	for (size_t i = 0; port != 0 && i < f->writers; i++) {
		const struct writer *w = f->writer[i];

		snprintf(url, sizeof url, "%s://%s%s%s:%u/t/%s/%s/%s",
		    tls ? "https" : "http", bracket ? "[" : "", c->host,
		    bracket ? "]" : "", port, token, f->name, w->file);
		each(ctx, url);
	}
}

void
link_each(const struct conf *c, char *const *feeds, const char *token,
    void (*each)(void *ctx, const char *url), void *ctx)
{
	for (size_t i = 0; i < c->feeds; i++) {
		for (size_t k = 0; feeds[k] != NULL; k++) {
			if (strcmp(feeds[k], "*") == 0 ||
			    strcmp(feeds[k], c->feed[i].name) == 0)
				link_feed(c, &c->feed[i], token, each, ctx);
		}
	}
}

json_t *
json_roles(unsigned roles)
{
	json_t *j = json_array();

	for (unsigned r = 1; role_name((enum role)r) != NULL; r <<= 1) {
		if ((roles & r) != 0)
			json_array_append_new(
			    j, json_string(role_name((enum role)r)));
	}
	return j;
}

json_t *
json_strings(char *const *list)
{
	json_t *j = json_array();

	for (size_t i = 0; list != NULL && list[i] != NULL; i++)
		json_array_append_new(j, json_string(list[i]));
	return j;
}

int
ctl_print_json(json_t *j)
{
	json_dumpf(j, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(j);
	if (fflush(stdout) != 0)
		return ctl_fail("standard output: %s", strerror(errno));
	return CTL_FINE;
}
