/*
 * Erasing in what we wrote ourselves: versions that were published, reports.
 * They lose the rows that the person is in.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/archive.h"
#include "feed/erase_files.h"
#include "store/json_foreign.h"
#include "server/lang.h"
#include "feed/report.h"
#include "store/temp.h"

/* Our own texts may pack better than any dump. */
static const struct limits no_limits = { .packed_bytes = UINT64_MAX,
	.plain_bytes = UINT64_MAX,
	.ratio = UINT64_MAX,
	.ratio_from = UINT64_MAX };

/* --- texts that we wrote -------------------------------------------------- */

/* "HHMMSS-FILE-HASH12.gz" */
static bool
version_name(char out[64], int64_t *at, const char *path)
{
	const char *name = strrchr(path, '/') + 1,
		   *day = strstr(path, "/published/");
	struct tm tm = { 0 };
	size_t n = strlen(name);

	if (day == NULL || n <= 7 + HASH_TAIL || n - 7 - HASH_TAIL >= 64 ||
	    sscanf(day, "/published/%4d/%2d/%2d/%2d%2d%2d-", &tm.tm_year,
		&tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
		&tm.tm_sec) != 6)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*at = (int64_t)timegm(&tm);
	snprintf(out, 64, "%.*s", (int)(n - 7 - HASH_TAIL), name + 7);
	return true;
}

static const struct writer *
writer_of(const char *file)
{
	for (const struct writer *const *w = writer_all; *w != NULL; w++)
		if (strcmp((*w)->file, file) == 0)
			return *w;
	return NULL;
}

struct sent {
	struct erasing *x;
	const char *feed, *file;
	struct publication p;
	bool known;
};

static void
count(json_t *o, const char *key, json_int_t n)
{
	json_object_set_new(o, key,
	    json_integer(json_integer_value(json_object_get(o, key)) + n));
}

/* Of one version: a row that Direct may have received. */
static void
note_sent(void *ctx, struct slice id, struct slice status, struct slice revenue)
{
	const struct sent *s = ctx;
	bool named =
	    tombstones_has_id(s->x->stones, TOMBSTONE_ORDER, s->feed, id);
	char key[512], what[300];
	json_t *o;

	if (!s->known || s->p.pulls == 0)
		return;
	snprintf(key, sizeof key, "%s/%s/%.*s", s->feed, s->file,
	    named || memchr(id.p, '*', id.n) != NULL ? 0 : (int)id.n, id.p);
	key[strcspn(key, "*")] = '\0';
	o = erase_note(s->x, "received", key);
	if (o == NULL)
		return;
	json_object_set_new(o, "feed", json_string(s->feed));
	json_object_set_new(o, "file", json_string(s->file));
	json_object_set_new(
	    o, "id", json_string(key + strlen(s->feed) + strlen(s->file) + 2));
	if (json_object_get(o, "sent") == NULL)
		json_object_set_new(o, "sent", json_object());
	snprintf(what, sizeof what, "%.*s%s%.*s", (int)(status.n % 128),
	    status.p, revenue.n > 0 ? " " : "", (int)(revenue.n % 64),
	    revenue.p);
	json_object_set_new(json_object_get(o, "sent"), what, json_true());
	count(o, "versions", 1);
	count(o, "pulls", (json_int_t)s->p.pulls);
	if (json_object_get(o, "first_pull") == NULL ||
	    json_integer_value(json_object_get(o, "first_pull")) >
		s->p.first_pull)
		json_object_set_new(
		    o, "first_pull", json_integer((json_int_t)s->p.first_pull));
}

static int
say_before(void *ctx, const char *sha256, struct err *e)
{
	return erase_say(ctx, sha256, e);
}

/* copy: what is left of it. */
static int
replace_text(struct erasing *x, const char *feed, const char *path,
    uint64_t rows, int copy, struct err *e)
{
	struct erase_event v = {
		.x = x, .feed = feed, .path = path, .rows = rows
	};
	struct archiving *a = NULL;
	char sha256[65];

	if (erase_save(x, e) == -1 ||
	    erase_hash_before(x, path, v.before, e) == -1 ||
	    archive_begin(&a, x->conf, feed, ARCHIVE_DUMP, copy, NULL, e) == -1)
		return -1;
	return archive_end_over(a, path, sha256, say_before, &v, e);
}

/* What is left is written while it is looked at: most versions have whoever
 * one of them has. */
int
erase_report(struct erasing *x, const char *feed, const char *path,
    struct expunge *how, const char *what, int fd, struct err *e)
{
	int copy = x->audit == NULL ? -1 : temp_file(x->dir), rc;

	if (x->audit != NULL && copy == -1)
		return err_set(e, "make a temporary file: %s", strerror(errno));
	how->stones = x->stones;
	how->limits = &no_limits;
	how->feed = feed;
	rc = expunge_file(how, fd, copy, e);
	if (rc == 0 && how->found > 0) {
		erase_note_file(x, feed, path, what, how->found, 0);
		if (copy != -1)
			rc = replace_text(x, feed, path, how->found, copy, e);
	}
	if (copy != -1)
		close(copy);
	return rc;
}

int
erase_version(struct erasing *x, const char *feed, const char *path, int fd,
    struct err *e)
{
	char file[64];
	int64_t at;
	struct sent s = { .x = x, .feed = feed, .file = file };
	struct expunge how = { .row = note_sent, .ctx = &s };
	int found;

	if (!version_name(file, &at, path) ||
	    (how.writer = writer_of(file)) == NULL) {
		erase_note_unread(
		    x, path, N_("nothing is known of this output"));
		return 0;
	}
	found = store_publication_at(x->store, feed, file, at, &s.p, e);
	if (found == -1)
		return -1;
	s.known = found == 1;
	/* counted when it was interrupted before it was replaced */
	if (json_object_get(json_object_get(x->act, "files"), path) != NULL)
		how.row = NULL;
	return erase_report(x, feed, path, &how,
	    s.known && s.p.pulls > 0 ? N_("pulled version") : N_("version"), fd,
	    e);
}

/* --- reports, what is published ------------------------------------------- */

/* In place of the old one; reports are their folder's, whoever reads them. */
static int
rewrite(struct erasing *x, const char *path, struct expunge *how, int fd,
    struct err *e)
{
	char full[PATH_MAX], temp[PATH_MAX + 8], *slash;
	struct stat st;
	int to, rc = -1;

	conf_path(full, x->conf, path, NULL);
	slash = strrchr(full, '/');
	snprintf(
	    temp, sizeof temp, "%.*s/.erased.new", (int)(slash - full), full);
	unlink(temp);
	to = open(
	    temp, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (to == -1 || fstat(fd, &st) == -1 ||
	    fchmod(to, st.st_mode & 0777) == -1)
		err_set(e, "%s: %s", temp, strerror(errno));
	else if (expunge_file(how, fd, to, e) == 0)
		rc = fsync(to) == 0 && rename(temp, full) == 0
			 ? 0
			 : err_set(e, "%s: %s", full, strerror(errno));
	if (to != -1)
		close(to);
	unlink(temp);
	return rc;
}

/* The masked twin of a report has the person's rows too, if not his data: it
 * is written again with the next dump of that name. */
static void
remove_twin(const struct erasing *x, const char *path)
{
	const char *name = strrchr(path, '/');
	char twin[NAME_MAX + 1], below[PATH_MAX], full[PATH_MAX];

	report_twin(twin, name + 1);
	snprintf(below, sizeof below, "%.*s/" REPORTS_MASKED "/%.255s",
	    (int)(name - path), path, twin);
	conf_path(full, x->conf, below, NULL);
	unlink(full); /* what is published has none */
}

static int
do_plain(struct erasing *x, const char *feed, const char *path,
    struct expunge *how, const char *what, struct err *e)
{
	char full[PATH_MAX];
	int fd, rc;

	conf_path(full, x->conf, path, NULL);
	fd = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1)
		return errno == ENOENT
			   ? 0
			   : err_set(e, "%s: %s", full, strerror(errno));
	how->stones = x->stones;
	how->limits = &no_limits;
	how->feed = feed;
	rc = expunge_file(how, fd, -1, e);
	if (rc == 0 && how->found > 0) {
		erase_note_file(x, feed, path, what, how->found, 0);
		/* what is published is written anew from the store */
		if (x->audit != NULL && how->writer == NULL)
			rc = rewrite(x, path, how, fd, e);
		if (x->audit != NULL && rc == 0)
			remove_twin(x, path);
	}
	close(fd);
	return rc;
}

/* A dump that was written anew lies elsewhere: its report says where. */
static int
follow_copy(struct erasing *x, const char *path, struct err *e)
{
	char full[PATH_MAX], temp[PATH_MAX];
	struct dump_entry d;
	json_t *o, *was;
	int rc = 0;

	conf_path(full, x->conf, path, NULL);
	o = json_load_file(full, 0, NULL);
	was = json_object_get(o, "archive");
	if (x->audit != NULL && json_string_length(was) > 0)
		rc = store_dump_get(x->store,
		    json_integer_value(json_object_get(o, "dump")), &d, NULL,
		    e);
	if (rc == 1 && strcmp(json_string_value(was), d.archive) != 0) {
		struct stat st;

		snprintf(temp, sizeof temp, "%.*s/.erased.new",
		    (int)(strrchr(full, '/') - full), full);
		json_object_set_new(o, "archive", json_foreign(d.archive));
		if (stat(full, &st) == -1 ||
		    json_dump_file(o, temp, JSON_INDENT(2)) == -1 ||
		    chmod(temp, st.st_mode & 0777) == -1 ||
		    rename(temp, full) == -1)
			rc = err_set(e, "%s: %s", full, strerror(errno));
	}
	json_decref(o);
	return rc == -1 ? -1 : 0;
}

int
erase_below(struct erasing *x, const char *folder, bool reports, struct err *e)
{
	struct files l = { NULL, 0, 0 };
	int rc = erase_files_list(x->conf, folder, &l, e);

	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		const char *path = l.path[i], *name = strrchr(path, '/') + 1;
		const char *top = path + strlen(folder) + 1;
		size_t n = strlen(name);
		char feed[FEED_NAME_MAX + 1], file[64];
		struct expunge how = { .rows = erase_ends(name, n, ".csv") };

		snprintf(
		    feed, sizeof feed, "%.*s", (int)strcspn(top, "/"), top);
		if (!reports) {
			snprintf(file, sizeof file, "%.*s",
			    (int)(erase_ends(name, n, ".gz") ? n - 3 : n),
			    name);
			how.writer = writer_of(file);
			if (how.writer == NULL)
				continue;
		}
		if (reports && erase_ends(name, n, ".report.json") &&
		    follow_copy(x, path, e) == -1)
			rc = -1;
		else
			rc = do_plain(x, feed, path, &how,
			    reports ? N_("report") : N_("published"), e);
	}
	erase_files_free(&l);
	return rc;
}

int
erase_published(struct erasing *x, struct err *e)
{
	return erase_below(x, "published", false, e);
}
