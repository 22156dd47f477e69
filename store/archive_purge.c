/*
 * What leaves the archive by age.  Walks the folders by date: the path says how
 * old a file is, the store whether a version was ever pulled.  The audit says
 * that a file is gone before it goes.
 */
#include "store/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/audit.h"

#define DAY INT64_C(86400)

struct purge {
	const struct conf *conf;
	struct store *store;
	struct audit *audit;
	int64_t now;
	int top; /* the instance's folder */
	struct err *e;
};

/* A list of names, sorted: purging is the same whatever the folder's order. */
struct names {
	char **name;
	size_t n, room;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
names_free(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

/* The names in a folder but those that begin with a dot.  A folder that does
 * not exist has none. */
static int
list(const struct purge *p, const char *path, struct names *out)
{
	struct names l = { NULL, 0, 0 };
	const struct dirent *d;
	DIR *dir;
	int fd = openat(
	    p->top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	*out = l;
	if (fd == -1)
		return errno == ENOENT || errno == ENOTDIR
			   ? 0
			   : err_set(
				 p->e, "open %s: %s", path, strerror(errno));
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_set(p->e, "read %s: %s", path, strerror(errno));
	}
	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (l.n == l.room) {
			l.room = l.room == 0 ? 64 : l.room * 2;
			l.name = mem_grow(l.name, l.room * sizeof *l.name);
		}
		l.name[l.n++] = mem_string(d->d_name);
	}
	closedir(dir);
	if (l.n > 0)
		qsort(l.name, l.n, sizeof *l.name, by_name);
	*out = l;
	return 0;
}

/* The instant that a day's folder and a file's name tell: 1, or 0 when they
 * are not ours. */
static bool
instant(int64_t *out, const char *day, const char *name)
{
	struct tm tm = { 0 };
	int used = 0;

	if (sscanf(day, "%4d/%2d/%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday) !=
		3 ||
	    sscanf(name, "%2d%2d%2d-%n", &tm.tm_hour, &tm.tm_min, &tm.tm_sec,
		&used) != 3 ||
	    used != 7)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = (int64_t)timegm(&tm);
	return true;
}

/* "HHMMSS-FILE-HASH12.gz": FILE. */
static bool
version_file(char out[64], const char *name)
{
	size_t n = strlen(name), tail = 1 + 12 + 3;

	if (n <= 7 + tail || n - 7 - tail >= 64 || name[n - tail] != '-')
		return false;
	snprintf(out, 64, "%.*s", (int)(n - 7 - tail), name + 7);
	return true;
}

/* How many days a published version is kept; -1 for ever, -2 on error. */
static int64_t
version_days(
    const struct purge *p, const char *feed, const char *name, int64_t at)
{
	struct publication pub, last;
	char file[64];
	int rc;

	if (!version_file(file, name))
		return p->conf->keep_unpulled_days;
	rc = store_publication_last(p->store, feed, file, true, &last, p->e);
	if (rc == 1 && last.mtime == at)
		return -1;
	if (rc != -1)
		rc = store_publication_at(p->store, feed, file, at, &pub, p->e);
	if (rc == -1)
		return -2;
	return rc == 1 && pub.pulls > 0 ? p->conf->keep_pulled_days
					: p->conf->keep_unpulled_days;
}

struct folder {
	const char *feed;
	bool published;
	char path[128];  /* archive/FEED[/published]/YYYY/MM/DD */
	const char *day; /* its last three parts */
};

/* Is the file past its time?  1, 0, -1. */
static int
is_expired(const struct purge *p, const struct folder *f, const char *name)
{
	int64_t at, days = p->conf->keep_dump_days;

	if (!instant(&at, f->day, name))
		return 0;
	if (f->published)
		days = version_days(p, f->feed, name, at);
	if (days == -2)
		return -1;
	return days != -1 && at + days * DAY < p->now;
}

static int
say_expired(const struct purge *p, const struct folder *f, const char *name)
{
	json_t *o = json_object();
	char path[512];

	snprintf(path, sizeof path, "%s/%s", f->path, name);
	json_object_set_new(o, "feed", json_string(f->feed));
	json_object_set_new(o, "archive", json_string(path));
	return audit_add(p->audit, p->now, "expired", o, p->e);
}

/* Says of all, then removes all: one sync a folder. */
static int
purge_files(const struct purge *p, const struct folder *f, struct names *l)
{
	int dir = openat(p->top, f->path,
		O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    rc = 0;
	size_t n = 0;

	if (dir == -1)
		return err_set(p->e, "open %s: %s", f->path, strerror(errno));
	audit_hold(p->audit, true);
	for (size_t i = 0; rc != -1 && i < l->n; i++) {
		rc = is_expired(p, f, l->name[i]);
		if (rc != 1)
			continue;
		rc = say_expired(p, f, l->name[i]);
		char *swap = l->name[n];
		l->name[n++] = l->name[i];
		l->name[i] = swap;
	}
	if (audit_sync(p->audit, p->e) == -1)
		rc = -1;
	audit_hold(p->audit, false);
	for (size_t i = 0; rc != -1 && i < n; i++)
		if (unlinkat(dir, l->name[i], 0) == -1 && errno != ENOENT)
			rc = err_set(p->e, "remove %s/%s: %s", f->path,
			    l->name[i], strerror(errno));
	close(dir);
	return rc == -1 ? -1 : 0;
}

static int
purge_day(const struct purge *p, struct folder *f)
{
	struct names l;
	int rc;

	if (list(p, f->path, &l) == -1)
		return -1;
	rc = purge_files(p, f, &l);
	names_free(&l);
	return rc;
}

static bool
is_digits(const char *name, size_t n)
{
	return strlen(name) == n && strspn(name, "0123456789") == n;
}

/* Years, then months, then days below path; empty folders go. */
static int
purge_below(const struct purge *p, struct folder *f, size_t used, int depth)
{
	static const size_t digits[] = { 4, 2, 2 };
	struct names l;
	int rc = 0;

	if (depth == 3)
		return purge_day(p, f);
	if (list(p, f->path, &l) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		int n;

		if (!is_digits(l.name[i], digits[depth]))
			continue;
		n = snprintf(
		    f->path + used, sizeof f->path - used, "/%s", l.name[i]);
		if (depth == 0)
			f->day = f->path + used + 1;
		rc = purge_below(p, f, used + (size_t)n, depth + 1);
		if (rc == 0)
			unlinkat(p->top, f->path, AT_REMOVEDIR); /* if empty */
	}
	f->path[used] = '\0';
	names_free(&l);
	return rc;
}

static int
purge_feed(const struct purge *p, const char *feed)
{
	int rc = 0;

	for (int published = 0; rc == 0 && published < 2; published++) {
		struct folder f = { .feed = feed, .published = published };
		int n = snprintf(f.path, sizeof f.path, "archive/%s%s", feed,
		    published ? "/published" : "");

		rc = purge_below(p, &f, (size_t)n, 0);
	}
	return rc;
}

int
archive_purge(const struct conf *c, struct store *s, struct audit *a,
    int64_t now, struct err *e)
{
	struct purge p = { c, s, a, now, -1, e };
	struct names feeds;
	int rc;

	p.top = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (p.top == -1)
		return err_set(e, "open %s: %s", c->dir, strerror(errno));
	rc = list(&p, "archive", &feeds); /* of feeds that are gone, too */
	if (rc == 0) {
		for (size_t i = 0; rc == 0 && i < feeds.n; i++)
			if (strlen(feeds.name[i]) <= FEED_NAME_MAX)
				rc = purge_feed(&p, feeds.name[i]);
		names_free(&feeds);
	}
	close(p.top);
	return rc == 0 ? audit_purge(a, now, e) : rc;
}
