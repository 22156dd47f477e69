/*
 * reports/FEED/.revised/DUMP/ has the reports of one dump as reports/FEED/
 * would have them, .revised/.act the number of the act that they belong to. See
 * report_stage.h.
 */
#include "feed/report_stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/archive.h"
#include "server/bytes.h"

#define STAGE REPORTS_REVISED
#define ACT ".act"

/* reports/FEED, or what is below it. */
static void
path_of(char out[PATH_MAX], const struct conf *c, const struct feed *f,
    const char *below)
{
	conf_path(out, c, "reports", f->name, below, NULL);
}

int
report_stage(struct report **out, const struct conf *c, const struct feed *f,
    const struct dump_entry *d, struct err *e)
{
	char path[PATH_MAX], below[64];

	path_of(path, c, f, STAGE);
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return err_set(
		    e, "make the folder %s: %s", path, strerror(errno));
	snprintf(below, sizeof below, STAGE "/%lld", (long long)d->id);
	path_of(path, c, f, below);
	return report_open_in(out, c, f, d->name, path, e);
}

/* --- sealing -------------------------------------------------------------- */

static int
write_act(int dir, int64_t act)
{
	int fd = openat(dir, ACT,
		O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600),
	    rc;
	char text[32];

	if (fd == -1)
		return -1;
	snprintf(text, sizeof text, "%lld\n", (long long)act);
	rc = bytes_write(fd, text, strlen(text)) == -1 || fsync(fd) == -1 ? -1
									  : 0;
	close(fd);
	return rc == -1 ? -1 : fsync(dir);
}

int
report_stage_seal(
    const struct conf *c, const struct feed *f, int64_t act, struct err *e)
{
	char path[PATH_MAX];
	int dir, rc;

	path_of(path, c, f, STAGE);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir == -1)
		return errno == ENOENT /* no dump is read otherwise */
			   ? 0
			   : err_set(e, "open the folder %s: %s", path,
				 strerror(errno));
	rc = write_act(dir, act);
	if (rc == -1)
		err_set(e, "write %s/%s: %s", path, ACT, strerror(errno));
	close(dir);
	return rc;
}

/* --- one dump's ----------------------------------------------------------- */

/* The folders of one dump's reports, or of their twins. */
struct placing {
	const struct conf *conf;
	const struct feed *feed;
	struct dump_entry d;
	char path[PATH_MAX]; /* of from, for messages */
	int from, to;
	bool archives;
	bool own; /* the dump's report is the one that is shown */
};

static const char *const suffix[] = { ".rejects.csv", ".report.json",
	".report.txt" };

/* Is what is shown under that name about this dump, or nothing? */
static bool
is_own(const struct placing *p, const char *name)
{
	char json[NAME_MAX + 1];
	bool own;
	json_t *j;
	int fd;

	snprintf(json, sizeof json, "%.200s%s", name, suffix[1]);
	fd = openat(p->to, json, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT;
	j = json_loadfd(fd, 0, NULL);
	own = json_integer_value(json_object_get(j, "dump")) == p->d.id;
	json_decref(j);
	close(fd);
	return own;
}

static int
place_file(struct placing *p, const char *name, struct err *e)
{
	char path[512], sha256[65];
	int fd = openat(p->from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), rc;

	if (fd == -1)
		return errno == ENOENT ? 0 /* it was placed before a crash */
				       : err_set(e, "%s/%s: %s", p->path, name,
					     strerror(errno));
	rc = p->archives ? archive_dump(path, sha256, p->conf, p->feed->name,
			       name, fd, p->d.at, e)
			 : 0;
	close(fd);
	if (rc == 0)
		rc = p->own ? renameat(p->from, name, p->to, name)
			    : unlinkat(p->from, name, 0);
	return rc == -1 && e->text[0] == '\0'
		   ? err_set(e, "%s/%s: %s", p->path, name, strerror(errno))
		   : rc;
}

/* Its three files, as a report's are: the letter comes last. */
static int
place_report(struct placing *p, const char *name, struct err *e)
{
	char file[NAME_MAX + 1];

	p->own = is_own(p, name);
	for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
		snprintf(file, sizeof file, "%.200s%s", name, suffix[i]);
		if (place_file(p, file, e) == -1)
			return -1;
	}
	return 0;
}

/* The name that a folder's report has; "" when there is none. */
static void
name_in(int folder, char out[NAME_MAX + 1])
{
	int fd = dup(folder);
	DIR *dir = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *d;

	out[0] = '\0';
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		size_t n = strlen(d->d_name), k = strlen(suffix[2]);

		if (d->d_name[0] != '.' && n > k &&
		    strcmp(d->d_name + n - k, suffix[2]) == 0)
			snprintf(
			    out, NAME_MAX + 1, "%.*s", (int)(n - k), d->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	else if (fd != -1)
		close(fd);
}

static int
place_folder(struct placing *p, const char *from, const char *to, struct err *e)
{
	char name[NAME_MAX + 1];
	int rc = -1;

	snprintf(p->path, sizeof p->path, "%s", from);
	p->from = open(from, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	p->to = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->from == -1 || p->to == -1) {
		err_set(e, "open the folder %s: %s", p->from == -1 ? from : to,
		    strerror(errno));
	} else {
		name_in(p->from, name);
		rc = name[0] == '\0' ? 0 : place_report(p, name, e);
		if (rc == 0)
			(void)!fsync(p->to);
	}
	if (p->from != -1)
		close(p->from);
	if (p->to != -1)
		close(p->to);
	return rc;
}

static int
place_dump(const struct conf *c, const struct feed *f, struct store *s,
    int64_t id, struct err *e)
{
	struct placing p = { .conf = c, .feed = f, .archives = true };
	char from[PATH_MAX], to[PATH_MAX], below[64];
	int found = store_dump_get(s, id, &p.d, NULL, e);

	if (found != 1)
		return found;
	snprintf(below, sizeof below, STAGE "/%lld", (long long)id);
	path_of(from, c, f, below);
	path_of(to, c, f, NULL);
	if (place_folder(&p, from, to, e) == -1)
		return -1;
	snprintf(
	    below, sizeof below, STAGE "/%lld/" REPORTS_MASKED, (long long)id);
	path_of(from, c, f, below);
	path_of(to, c, f, REPORTS_MASKED);
	p.archives = false;
	return place_folder(&p, from, to, e);
}

/* --- all of them ---------------------------------------------------------- */

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The dumps whose folders there are, ascending; to be freed. */
static size_t
list(const char *path, int64_t **out)
{
	struct dirent *d;
	DIR *dir = opendir(path);
	size_t n = 0;

	*out = NULL;
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		int64_t id = strtoll(d->d_name, NULL, 10);

		if (id <= 0)
			continue;
		*out = mem_grow(*out, (n + 1) * sizeof **out);
		(*out)[n++] = id;
	}
	if (dir != NULL)
		closedir(dir);
	if (n > 0)
		qsort(*out, n, sizeof **out, by_number);
	return n;
}

static void
empty(const char *path)
{
	struct dirent *d;
	DIR *dir = opendir(path);

	while (dir != NULL && (d = readdir(dir)) != NULL)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			unlinkat(dirfd(dir), d->d_name, 0);
	if (dir != NULL)
		closedir(dir);
}

/* The folder of the twins lies in the dump's own. */
static void
remove_dump(const struct conf *c, const struct feed *f, int64_t id)
{
	char path[PATH_MAX], below[64];

	for (int twins = 1; twins >= 0; twins--) {
		snprintf(below, sizeof below, STAGE "/%lld%s", (long long)id,
		    twins == 1 ? "/" REPORTS_MASKED : "");
		path_of(path, c, f, below);
		empty(path);
		rmdir(path);
	}
}

/* 1: it was done, 0, -1. */
static int
was_done(
    const struct conf *c, const struct feed *f, struct store *s, struct err *e)
{
	char path[PATH_MAX], text[32] = "";
	struct act act;
	ssize_t n;
	int fd, found;

	path_of(path, c, f, STAGE "/" ACT);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (n <= 0)
		return 0;
	found = store_act(s, strtoll(text, NULL, 10), &act, e);
	return found == 1 ? strcmp(act.feed, f->name) == 0 : found;
}

int
report_stage_end(
    const struct conf *c, const struct feed *f, struct store *s, struct err *e)
{
	char path[PATH_MAX];
	int64_t *dump;
	size_t n;
	int rc;

	path_of(path, c, f, STAGE);
	if (access(path, F_OK) == -1)
		return 0;
	rc = was_done(c, f, s, e);
	n = list(path, &dump);
	for (size_t i = 0; rc != -1 && i < n; i++) {
		if (rc == 1 && place_dump(c, f, s, dump[i], e) == -1)
			rc = -1;
		else
			remove_dump(c, f, dump[i]);
	}
	free(dump);
	if (rc == -1)
		return err_add(e, "reports of dumps that were read otherwise");
	empty(path);
	rmdir(path);
	return 0;
}
