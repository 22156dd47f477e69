/*
 * The coming host keys.
 */
#include "server/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/keyfile.h"
#include "keys/secret.h"

static int
sync_folder(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	rc = fd == -1 ? -1 : fsync(fd);
	if (rc == -1)
		err_set(e, "%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return rc;
}

int
rotate_look(struct rotation *r, const struct conf *c, struct err *e)
{
	char path[PATH_MAX], why[KEYS_ERROR_SIZE] = "", *text = NULL, *end;
	size_t n;

	*r = (struct rotation){ false, 0 };
	conf_path(path, c, "keys", "next", NULL);
	if (access(path, F_OK) == -1) {
		if (errno == ENOENT)
			return 0;
		return err_set(e, "%s: %s", path, strerror(errno));
	}
	r->there = true;
	conf_path(path, c, "keys", "next", "at", NULL);
	if (access(path, F_OK) == -1)
		return 0;
	if (keyfile_read(&text, &n, path, why) == -1)
		return err_set(e, "%s", why);
	r->at = strtoll(text, &end, 10);
	if (end == text || *end != '\n' || r->at < 0)
		r->at = 0;
	free(text);
	return r->at > 0 ? 0 : err_set(e, "%s holds no time", path);
}

/* The owner of what is replaced, when we may. */
static void
inherit(const char *path, const char *from)
{
	struct stat st;

	if (lstat(from, &st) == 0 && st.st_uid != geteuid() &&
	    lchown(path, st.st_uid, st.st_gid) == -1)
		return; /* then it is ours, as a new password is */
}

static void
remove_keys(const char *dir)
{
	char path[PATH_MAX];

	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		if (snprintf(path, sizeof path, "%s/%s", dir,
			hostkey_file((enum hostkey_type)t)) < PATH_MAX)
			unlink(path);
	}
	rmdir(dir);
}

/* Under another name first, so that next/ is whole or not there. */
int
rotate_make(const struct conf *c, struct err *e)
{
	char keys[PATH_MAX], made[PATH_MAX], next[PATH_MAX];
	char why[KEYS_ERROR_SIZE] = "";

	conf_path(keys, c, "keys", NULL);
	conf_path(made, c, "keys", ".next", NULL);
	conf_path(next, c, "keys", "next", NULL);
	if (access(next, F_OK) == 0)
		return 0;
	remove_keys(made); /* of a try that was cut off */
	if (mkdir(made, 0700) == -1)
		return err_set(e, "%s: %s", made, strerror(errno));
	if (hostkey_make(made, why) == -1) {
		remove_keys(made);
		return err_set(e, "%s", why);
	}
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		const char *file = hostkey_file((enum hostkey_type)t);
		char old[PATH_MAX], new[PATH_MAX];

		conf_path(old, c, "keys", file, NULL);
		conf_path(new, c, "keys", ".next", file, NULL);
		inherit(new, old);
	}
	inherit(made, keys);
	if (rename(made, next) == -1)
		return err_set(e, "%s: %s", next, strerror(errno));
	return sync_folder(keys, e);
}

int
rotate_set(const struct conf *c, int64_t at, struct err *e)
{
	char path[PATH_MAX], next[PATH_MAX], text[32], why[KEYS_ERROR_SIZE];

	conf_path(next, c, "keys", "next", NULL);
	conf_path(path, c, "keys", "next", "at", NULL);
	snprintf(text, sizeof text, "%lld\n", (long long)at);
	if (keyfile_write(path, text, strlen(text), why) == -1)
		return err_set(e, "%s", why);
	inherit(path, next);
	return 0;
}

int
rotate_cancel(const struct conf *c, struct err *e)
{
	char next[PATH_MAX], at[PATH_MAX];

	conf_path(next, c, "keys", "next", NULL);
	conf_path(at, c, "keys", "next", "at", NULL);
	if (unlink(at) == -1 && errno != ENOENT)
		return err_set(e, "%s: %s", at, strerror(errno));
	remove_keys(next);
	if (access(next, F_OK) == 0)
		return err_set(e, "%s: %s", next, strerror(ENOTEMPTY));
	return 0;
}

/* Are those that are still to come usable? */
static int
check_coming(const struct conf *c, struct err *e)
{
	char print[FINGERPRINT_SIZE];

	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		if (rotate_fingerprint(
			print, c, (enum hostkey_type)t, true, e) == -1)
			return -1;
	}
	return 0;
}

int
rotate_apply(const struct conf *c, struct err *e)
{
	char keys[PATH_MAX];

	if (check_coming(c, e) == -1)
		return -1;
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		const char *file = hostkey_file((enum hostkey_type)t);
		char from[PATH_MAX], to[PATH_MAX];

		conf_path(from, c, "keys", "next", file, NULL);
		conf_path(to, c, "keys", file, NULL);
		if (rename(from, to) == -1 && errno != ENOENT)
			return err_set(e, "%s: %s", to, strerror(errno));
	}
	conf_path(keys, c, "keys", NULL);
	return sync_folder(keys, e);
}

int
rotate_finish(const struct conf *c, struct err *e)
{
	return rotate_cancel(c, e);
}

int
rotate_fingerprint(char out[FINGERPRINT_SIZE], const struct conf *c,
    enum hostkey_type t, bool coming, struct err *e)
{
	char dir[PATH_MAX], path[PATH_MAX], why[KEYS_ERROR_SIZE] = "";
	char *pem = NULL;
	size_t n = 0;
	int rc = 0;

	out[0] = '\0';
	conf_path(dir, c, "keys", coming ? "next" : NULL, NULL);
	if (coming)
		conf_path(path, c, "keys", "next", hostkey_file(t), NULL);
	else
		conf_path(path, c, "keys", hostkey_file(t), NULL);
	if (access(path, F_OK) == -1 && errno == ENOENT)
		return 0;
	if (hostkey_read(&pem, &n, dir, t, why) == -1 ||
	    hostkey_fingerprint(out, pem, why) == -1)
		rc = err_set(e, "%s", why);
	if (pem != NULL)
		secret_wipe(pem, n);
	free(pem);
	return rc;
}
