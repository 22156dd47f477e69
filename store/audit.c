/*
 * The audit's writing side.  The folder itself is the lock: who holds it finds
 * the newest month, its last line, and appends.  See audit.h.
 */
#include "store/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/audit_private.h"
#include "server/bytes.h"

struct audit {
	char *dir_path;
	int dir;
	int fd; /* the month in use; -1 as yet */
	char month[AUDIT_NAME];
	off_t size;    /* as of our last line: if it is this still, */
	char last[65]; /* this is the hash of the last line */
	bool held, dirty;
	bool locked; /* since a line of ours: it is still the last one */
	unsigned keep_days;
};

/* --- what the reading side needs too ------------------------------------ */

void
audit_hash(char out[65], const char *line, size_t n)
{
	struct sha256_ctx h;
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_init(&h);
	sha256_update(&h, n, (const uint8_t *)line);
	sha256_digest(&h, sizeof digest, digest);
	bytes_hex(out, digest, sizeof digest);
}

static bool
is_month(const char *name)
{
	return strlen(name) == AUDIT_NAME - 1 &&
	       strspn(name, "0123456789") == 4 && name[4] == '-' &&
	       strspn(name + 5, "0123456789") == 2 &&
	       strcmp(name + 7, ".jsonl") == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

int
audit_months(int dir, char (**out)[AUDIT_NAME], size_t *n)
{
	char(*list)[AUDIT_NAME] = NULL;
	size_t count = 0;
	const struct dirent *d;
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *h = fd == -1 ? NULL : fdopendir(fd);

	if (h == NULL) {
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((d = readdir(h)) != NULL) {
		if (!is_month(d->d_name))
			continue;
		list = mem_grow(list, (count + 1) * sizeof *list);
		memcpy(list[count++], d->d_name, AUDIT_NAME);
	}
	closedir(h);
	if (count > 0)
		qsort(list, count, sizeof *list, by_name);
	*out = list;
	*n = count;
	return 0;
}

/* --- life --------------------------------------------------------------- */

int
audit_open(struct audit **out, const struct conf *c, struct err *e)
{
	char path[PATH_MAX];
	struct audit *a;
	int dir;

	conf_path(path, c, "audit", NULL);
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return err_set(e, "make %s: %s", path, strerror(errno));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return err_set(e, "open %s: %s", path, strerror(errno));
	a = mem_alloc(sizeof *a);
	a->dir_path = mem_string(path);
	a->dir = dir;
	a->fd = -1;
	a->keep_days = c->keep_audit_days;
	*out = a;
	return 0;
}

void
audit_close(struct audit *a)
{
	if (a == NULL)
		return;
	audit_sync(a, NULL);
	if (a->fd != -1)
		close(a->fd);
	close(a->dir);
	free(a->dir_path);
	free(a);
}

static int
complain(const struct audit *a, const char *what, struct err *e)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(e,
		    "there is no room left in %s for the audit; free some "
		    "space there",
		    a->dir_path);
	return err_set(
	    e, "%s the audit in %s: %s", what, a->dir_path, strerror(errno));
}

int
audit_sync(struct audit *a, struct err *e)
{
	if (!a->dirty)
		return 0;
	if (fdatasync(a->fd) == -1)
		return complain(a, "sync", e);
	a->dirty = false;
	return 0;
}

/* --- the newest month --------------------------------------------------- */

static void
month_of(char out[AUDIT_NAME], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, AUDIT_NAME, "%Y-%m.jsonl", &tm);
}

/* Takes a month into use, making it when it is new. */
static int
use_month(struct audit *a, const char *name, struct err *e)
{
	struct stat st;

	if (a->fd != -1 && strcmp(a->month, name) == 0 &&
	    fstat(a->fd, &st) == 0 && st.st_nlink > 0)
		return 0;
	if (a->fd != -1) {
		if (audit_sync(a, e) == -1)
			return -1;
		close(a->fd);
	}
	a->size = -1;
	a->fd = openat(a->dir, name,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (a->fd == -1 || fsync(a->dir) == -1)
		return complain(a, "open", e);
	memcpy(a->month, name, AUDIT_NAME);
	return 0;
}

/* The last line of a file: malloc'ed without its line break, *whole false when
 * it has none; n 0 when the file is empty. */
static int
last_line(int fd, char **out, size_t *n, bool *whole)
{
	struct stat st;
	size_t want = 8192;
	char *buf = NULL;

	if (fstat(fd, &st) == -1)
		return -1;
	for (;; want *= 4) {
		size_t len =
		    (off_t)want > st.st_size ? (size_t)st.st_size : want;
		const char *from;

		buf = mem_grow(buf, len + 1);
		if (pread(fd, buf, len, st.st_size - (off_t)len) !=
		    (ssize_t)len) {
			free(buf);
			errno = EIO;
			return -1;
		}
		*whole = len == 0 || buf[len - 1] == '\n';
		*n = len - (len > 0 && *whole);
		from = *n == 0 ? NULL : memrchr(buf, '\n', *n);
		if (from == NULL && len < (size_t)st.st_size)
			continue; /* a longer line than that */
		if (from != NULL) {
			*n -= (size_t)(from + 1 - buf);
			memmove(buf, from + 1, *n);
		}
		*out = buf;
		return 0;
	}
}

/* The hash of the last line of a month's file; 0 when it has none. */
static int
last_hash(int fd, char out[65], size_t *torn)
{
	char *line;
	size_t n;
	bool whole;

	if (last_line(fd, &line, &n, &whole) == -1)
		return -1;
	if (n > 0)
		audit_hash(out, line, n);
	*torn = whole ? 0 : n;
	free(line);
	return n > 0;
}

static int
hash_of_month(
    const struct audit *a, const char *name, char out[65], size_t *torn)
{
	int fd = openat(a->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int rc = fd == -1 ? -1 : last_hash(fd, out, torn);

	if (fd != -1)
		close(fd);
	return rc;
}

/* --- appending ---------------------------------------------------------- */

static int
append(struct audit *a, const char *line, size_t n, struct err *e)
{
	off_t before = lseek(a->fd, 0, SEEK_END);
	ssize_t k;

	do
		k = write(a->fd, line, n);
	while (k == -1 && errno == EINTR);
	a->dirty = true;
	if (k == (ssize_t)n) {
		a->size = before + k;
		return 0;
	}
	if (k != -1)
		errno = ENOSPC;
	complain(a, "write", e);
	a->size = -1;
	if (ftruncate(a->fd, before) == -1)
		return -1; /* the next line says that this one is torn */
	return -1;
}

/* The members of an object as they stand in a line behind others, each with
 * a comma before it; NULL when they cannot be written. */
static char *
members(json_t *fields)
{
	static const char *const ours[] = { "time", "event", "prev" };
	char *text;
	size_t n;

	if (fields == NULL)
		return mem_string("");
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		json_object_del(fields, ours[i]);
	if (json_object_size(fields) == 0)
		return mem_string("");
	text = json_dumps(fields, JSON_COMPACT);
	if (text == NULL)
		return NULL;
	n = strlen(text);
	text[0] = ',';
	text[n - 1] = '\0'; /* the braces are the line's */
	return text;
}

static int
write_event(struct audit *a, int64_t at, const char *event, json_t *fields,
    struct err *e)
{
	char when[32], *text = members(fields), *line;
	time_t t = (time_t)at;
	struct tm tm;
	size_t room, n;
	int rc;

	if (text == NULL)
		return err_set(e, "an audit event cannot be written as JSON");
	gmtime_r(&t, &tm);
	strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	room = strlen(event) + strlen(text) + sizeof when + sizeof a->last + 64;
	line = mem_grow(NULL, room);
	n = (size_t)snprintf(line, room,
	    "{\"time\":\"%s\",\"event\":\"%s\"%s,\"prev\":\"%s\"}\n", when,
	    event, text, a->last);
	rc = append(a, line, n, e);
	if (rc == 0)
		audit_hash(a->last, line, n - 1);
	free(line);
	free(text);
	return rc;
}

/* A line without an end is ended, and the next one says so. */
static int
recover(struct audit *a, int64_t at, size_t torn, struct err *e)
{
	json_t *o;

	if (append(a, "\n", 1, e) == -1)
		return -1;
	o = json_object();
	json_object_set_new(o, "bytes", json_integer((json_int_t)torn));
	if (write_event(a, at, "recovered", o, e) == -1) {
		json_decref(o);
		return -1;
	}
	json_decref(o);
	return 0;
}

/* What the next line's prev is, read from the file unless nobody but us wrote
 * to it.  older: the month before, "" when there is none. */
static int
find_last(struct audit *a, const char *older, int64_t at, struct err *e)
{
	struct stat st;
	size_t torn = 0;
	int rc;

	if (fstat(a->fd, &st) == 0 && st.st_size == a->size)
		return 0;
	memset(a->last, '0', 64);
	a->last[64] = '\0';
	rc = last_hash(a->fd, a->last, &torn);
	if (rc == 0 && older[0] != '\0')
		rc = hash_of_month(a, older, a->last, &torn);
	if (rc == -1)
		return complain(a, "read", e);
	if (torn > 0 && st.st_size > 0)
		return recover(a, at, torn, e);
	return 0;
}

/* The month to write to, and the one before it. */
static int
find_month(struct audit *a, int64_t at, char name[AUDIT_NAME],
    char older[AUDIT_NAME], struct err *e)
{
	char(*month)[AUDIT_NAME];
	size_t n;

	if (audit_months(a->dir, &month, &n) == -1)
		return complain(a, "list", e);
	month_of(name, at);
	older[0] = '\0';
	if (n > 0 && strcmp(month[n - 1], name) >= 0)
		memcpy(name, month[n - 1], AUDIT_NAME);
	for (size_t i = 0; i < n && strcmp(month[i], name) < 0; i++)
		memcpy(older, month[i], AUDIT_NAME);
	free(month);
	return 0;
}

/* A torn line at the end of the month before is ended there. */
static int
mend_older(struct audit *a, const char *older, int64_t at, struct err *e)
{
	char hash[65];
	size_t torn = 0;

	if (hash_of_month(a, older, hash, &torn) == -1)
		return complain(a, "read", e);
	if (torn == 0)
		return 0;
	return use_month(a, older, e) == -1 ? -1 : find_last(a, "", at, e);
}

static int
add_locked(struct audit *a, int64_t at, const char *event, json_t *fields,
    struct err *e)
{
	char name[AUDIT_NAME], older[AUDIT_NAME];
	bool is_new;

	if (find_month(a, at, name, older, e) == -1)
		return -1;
	is_new = faccessat(a->dir, name, F_OK, 0) == -1;
	if (is_new && older[0] != '\0' && mend_older(a, older, at, e) == -1)
		return -1;
	if (use_month(a, name, e) == -1 || find_last(a, older, at, e) == -1 ||
	    write_event(a, at, event, fields, e) == -1)
		return -1;
	return a->held ? 0 : audit_sync(a, e);
}

static int
lock(const struct audit *a, int how)
{
	int rc;

	do
		rc = flock(a->dir, how);
	while (rc == -1 && errno == EINTR);
	return rc;
}

/* Is our last line the last one for certain, and of the month that is due? */
static bool
goes_on(const struct audit *a, int64_t at)
{
	char name[AUDIT_NAME];

	month_of(name, at);
	return a->locked && a->fd != -1 && a->size != -1 &&
	       strcmp(name, a->month) <= 0;
}

int
audit_add(struct audit *a, int64_t at, const char *event, json_t *fields,
    struct err *e)
{
	int rc;

	if (!a->locked && lock(a, LOCK_EX) == -1) {
		json_decref(fields);
		return complain(a, "lock", e);
	}
	rc = goes_on(a, at) ? write_event(a, at, event, fields, e)
			    : add_locked(a, at, event, fields, e);
	a->locked = a->held;
	if (!a->locked)
		lock(a, LOCK_UN);
	json_decref(fields);
	return rc;
}

void
audit_hold(struct audit *a, bool hold)
{
	a->held = hold;
	if (!hold && a->locked)
		lock(a, LOCK_UN);
	a->locked = a->locked && hold;
}

/* --- months that are past their time ------------------------------------- */

/* When the month after it begins. */
static int64_t
month_end(const char *name)
{
	struct tm tm = { .tm_mday = 1 };

	tm.tm_year = atoi(name) - 1900;
	tm.tm_mon = atoi(name + 5);
	return (int64_t)timegm(&tm);
}

static int
expire(struct audit *a, const char *name, int64_t now, struct err *e)
{
	char hash[65] = "";
	size_t torn;
	json_t *o;

	if (hash_of_month(a, name, hash, &torn) == -1)
		return complain(a, "read", e);
	o = json_object();
	json_object_set_new(o, "audit", json_string(name));
	json_object_set_new(o, "last", json_string(hash));
	if (audit_add(a, now, "expired", o, e) == -1)
		return -1;
	if (unlinkat(a->dir, name, 0) == -1 && errno != ENOENT)
		return complain(a, "remove an old month of", e);
	return 0;
}

int
audit_purge(struct audit *a, int64_t now, struct err *e)
{
	int64_t keep = (int64_t)a->keep_days * 86400;
	char(*month)[AUDIT_NAME];
	size_t n;
	int rc = 0;

	if (audit_months(a->dir, &month, &n) == -1)
		return complain(a, "list", e);
	for (size_t i = 0; rc == 0 && i + 1 < n; i++)
		if (month_end(month[i]) + keep < now)
			rc = expire(a, month[i], now, e);
	free(month);
	return rc;
}
