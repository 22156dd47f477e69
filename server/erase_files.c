/*
 * Erasing in files: what is archived, what is published, the reports.  Every
 * file of the archive is looked into, whether or not the ledger has it: the
 * same dump may have been dropped twice.  A dump is written anew under another
 * name, and the ledger names that one from then on; a copy that nothing needs,
 * or that cannot be read, goes whole.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "server/archive.h"
#include "server/erase.h"
#include "server/expunge.h"
#include "server/json_foreign.h"
#include "server/lang.h"
#include "server/temp.h"
#include "server/unpack.h"
#include "server/winnow.h"

#define HASH_TAIL (1 + 12 + 3) /* "-HASH12.gz" */

/* --- lists of files --------------------------------------------------------
 */

struct files {
	char **path; /* relative to the instance */
	size_t n, room;
};

static void
add_file(struct files *l, const char *path)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->path = mem_grow(l->path, l->room * sizeof *l->path);
	}
	l->path[l->n++] = mem_string(path);
}

static void
free_files(struct files *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->path[i]);
	free(l->path);
}

/* Every regular file below, but hidden ones; a folder that is not there has
 * none. */
static int
list_files(
    const struct conf *c, const char *path, struct files *l, struct err *e)
{
	char full[PATH_MAX], below[PATH_MAX];
	struct dirent **entry = NULL;
	int n, rc = 0;

	conf_path(full, c, path, NULL);
	n = scandir(full, &entry, NULL, alphasort);
	if (n == -1)
		return errno == ENOENT ? 0
				       : err_set(e, "read the folder %s: %s",
					     full, strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name;
		struct stat st;

		snprintf(below, sizeof below, "%.2000s/%.255s", path, name);
		conf_path(full, c, below, NULL);
		if (rc == -1 || name[0] == '.' || lstat(full, &st) == -1)
			continue;
		if (S_ISDIR(st.st_mode))
			rc = list_files(c, below, l, e);
		else if (S_ISREG(st.st_mode))
			add_file(l, below);
	}
	for (int i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
	return rc;
}

/* --- what is said ----------------------------------------------------------
 */

static json_t *
note_file(struct erasing *x, const char *feed, const char *path,
    const char *what, uint64_t rows, uint64_t changed)
{
	json_t *o = erase_note(x, "files", path);

	json_object_set_new(o, "feed", json_string(feed));
	json_object_set_new(o, "what", json_string(what));
	json_object_set_new(o, "rows", json_integer((json_int_t)rows));
	json_object_set_new(o, "changed", json_integer((json_int_t)changed));
	return o;
}

static void
note_unread(struct erasing *x, const char *path, const char *why)
{
	json_object_set_new(
	    json_object_get(x->act, "unread"), path, json_foreign(why));
}

/* What the audit has of it: the name of an original ends in its hash. */
static int
hash_before(struct erasing *x, const char *path, char out[65], struct err *e)
{
	char raw[65], unpacked[65];
	size_t n = strlen(path);

	if (archive_hash(x->conf, path, raw, unpacked, e) == -1)
		return -1;
	if (unpacked[0] == '\0' ||
	    (n > HASH_TAIL && memcmp(path + n - 15, raw, 12) == 0))
		memcpy(out, raw, sizeof raw);
	else
		memcpy(out, unpacked, sizeof unpacked);
	return 0;
}

struct event {
	struct erasing *x;
	const char *feed, *path, *into;
	char before[65];
	uint64_t rows;
};

/* before the file changes; after: NULL when nothing is left of it. */
static int
say(struct event *v, const char *after, struct err *e)
{
	json_t *o = json_pack("{s:s, s:o, s:s, s:I, s:I}", "feed", v->feed,
	    "archive", json_foreign(v->path), "before", v->before, "rows",
	    (json_int_t)v->rows, "erasure", (json_int_t)v->x->job.id);

	if (v->into != NULL) {
		json_object_set_new(o, "into", json_foreign(v->into));
		json_object_set_new(o, "into_sha256", json_string(after));
	} else if (after != NULL) {
		json_object_set_new(o, "sha256", json_string(after));
	}
	return audit_add(v->x->audit, (int64_t)time(NULL), "erased", o, e);
}

static int
say_before(void *ctx, const char *sha256, struct err *e)
{
	return say(ctx, sha256, e);
}

static int
remove_file(struct erasing *x, const char *feed, const char *path,
    uint64_t rows, struct err *e)
{
	struct event v = { .x = x, .feed = feed, .path = path, .rows = rows };

	if (hash_before(x, path, v.before, e) == -1 || say(&v, NULL, e) == -1)
		return -1;
	return archive_remove(x->conf, path, e);
}

/* Our own texts may pack better than any dump. */
static const struct limits no_limits = { .packed_bytes = UINT64_MAX,
	.plain_bytes = UINT64_MAX,
	.ratio = UINT64_MAX,
	.ratio_from = UINT64_MAX };

/* --- dumps -----------------------------------------------------------------
 */

static struct winnow
winnow_of(struct erasing *x)
{
	return (struct winnow){ .conf = x->conf,
		.stones = x->stones,
		.dir = x->dir,
		.breathe = x->breathe,
		.ctx = x->ctx,
		.stop = x->stop };
}

/* The copy without them lies under a name of its own, which the ledger has
 * from then on; then the old one goes. */
static int
replace_dump(struct erasing *x, struct dump_entry *d, struct winnow *w,
    const struct settings *s, int fd, struct err *e)
{
	struct event v = { .x = x,
		.feed = d->feed,
		.path = d->archive,
		.rows = w->dropped + w->changed };
	struct archiving *a = NULL;
	struct dump_entry to = *d;
	char *text = NULL, sha256[65];
	int copy = -1, rc = -1;

	if (hash_before(x, d->archive, v.before, e) == -1 ||
	    winnow_write(w, s, fd, &copy, &text, e) == -1 ||
	    archive_begin(&a, x->conf, d->feed, ARCHIVE_DUMP, copy, NULL, e) ==
		-1)
		goto out;
	if (archive_end(a, to.archive, sha256, d->name, d->at, e) == -1)
		goto out;
	v.into = to.archive;
	snprintf(to.encoding, sizeof to.encoding, "utf-8");
	if (say(&v, sha256, e) == -1 || store_begin(x->store, e) == -1)
		goto out;
	if (store_dump_set(x->store, &to, e) == -1 ||
	    store_dump_revise(x->store, d->id, text, d->fingerprint, e) == -1 ||
	    store_commit(x->store, e) == -1) {
		store_rollback(x->store);
		goto out;
	}
	rc = archive_remove(x->conf, d->archive, e);
out:
	if (copy != -1)
		close(copy);
	free(text);
	return rc;
}

static int
do_dump(struct erasing *x, struct dump_entry *d, const char *text, int fd,
    struct err *e)
{
	struct winnow w = winnow_of(x);
	struct settings *s = NULL;
	int rc = -1;

	if (settings_parse(&s, text) != FMT_OK)
		return err_set(e, "the ledger's settings cannot be read");
	if (winnow_look(&w, s, fd, e) == -1)
		goto out;
	rc = 0;
	if (w.found == WINNOW_CLEAN)
		goto out;
	if (w.found == WINNOW_UNKNOWN && d->state != DUMP_REFUSED) {
		note_unread(
		    x, d->archive, N_("it cannot be read to its end any more"));
		goto out;
	}
	if (w.found == WINNOW_FOUND || x->audit != NULL)
		note_file(
		    x, d->feed, d->archive, N_("dump"), w.dropped, w.changed);
	else
		note_unread(
		    x, d->archive, N_("it was refused, for it cannot be read"));
	if (x->audit == NULL)
		goto out;
	if (erase_save(x, e) == -1)
		rc = -1;
	else if (winnow_can(&w))
		rc = replace_dump(x, d, &w, s, fd, e);
	else if (d->state == DUMP_REFUSED)
		rc = remove_file(x, d->feed, d->archive, w.dropped, e);
	else
		note_unread(x, d->archive, N_("it cannot be written anew"));
out:
	winnow_free(&w);
	settings_free(s);
	return rc;
}

/* --- what the ledger does not have ------------------------------------------
 */

/* A copy of a dump that was known, an archive whose members are dumps of their
 * own: looked through as the feed would read it now. */
static int
look_into(struct erasing *x, const struct feed *f, int fd, struct winnow *sum,
    struct err *e)
{
	struct winnow w = winnow_of(x);
	int rc = winnow_look(&w, f->source[0], fd, e);

	if (rc == 0 && w.found > sum->found)
		sum->found =
		    w.found == WINNOW_UNKNOWN && sum->found == WINNOW_FOUND
			? WINNOW_FOUND
			: w.found;
	sum->dropped += w.dropped;
	sum->changed += w.changed;
	winnow_free(&w);
	return rc;
}

static int
look_into_all(struct erasing *x, const struct feed *f, const char *path, int fd,
    struct winnow *sum, struct err *e)
{
	struct unpack_how how = { .limits = &f->source[0]->limits,
		.dir = x->dir,
		.breathe = x->breathe,
		.ctx = x->ctx,
		.stop = x->stop };
	enum fmt_status st = FMT_OK;
	struct unpack_dump m;
	struct unpack *u = NULL;
	int unpacked = -1, rc = -1;

	if (unpack_gzip(&unpacked, fd, &how, &st, e) == -1)
		return -1;
	if (st != FMT_OK) {
		sum->found = WINNOW_UNKNOWN;
		return 0;
	}
	if (unpack_open(&u, unpacked == -1 ? fd : unpacked, path, &how, e) ==
	    -1)
		goto out;
	if (!unpack_is_archive(u)) {
		rc = look_into(x, f, fd, sum, e);
		goto out;
	}
	while ((rc = unpack_next(u, &m, e)) == 1) {
		if (m.status != FMT_OK) {
			if (sum->found == WINNOW_CLEAN)
				sum->found = WINNOW_UNKNOWN;
		} else if (look_into(x, f, m.fd, sum, e) == -1) {
			rc = -1;
			break;
		}
	}
out:
	unpack_close(u);
	if (unpacked != -1)
		close(unpacked);
	return rc;
}

static int
do_other(struct erasing *x, const char *feed, const char *path, int fd,
    struct err *e)
{
	const struct feed *f = conf_feed(x->conf, feed);
	struct winnow sum = { .found = WINNOW_CLEAN };

	if (f == NULL)
		sum.found = WINNOW_UNKNOWN;
	else if (look_into_all(x, f, path, fd, &sum, e) == -1)
		return -1;
	if (sum.found == WINNOW_CLEAN)
		return 0;
	if (sum.found == WINNOW_UNKNOWN && x->audit == NULL) {
		note_unread(x, path, N_("it cannot be looked through"));
		return 0;
	}
	note_file(x, feed, path, N_("copy"), sum.dropped, sum.changed);
	if (x->audit == NULL)
		return 0;
	return erase_save(x, e) == -1
		   ? -1
		   : remove_file(x, feed, path, sum.dropped, e);
}

/* --- texts that we wrote ----------------------------------------------------
 */

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

static bool
ends(const char *s, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n >= k && memcmp(s + n - k, end, k) == 0;
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
replace_text(struct erasing *x, const char *feed, const char *path,
    struct expunge *how, int fd, struct err *e)
{
	struct event v = {
		.x = x, .feed = feed, .path = path, .rows = how->found
	};
	struct archiving *a = NULL;
	char sha256[65];
	int copy = temp_file(x->dir), rc = -1;

	how->row = NULL;
	if (copy == -1)
		err_set(e, "make a temporary file: %s", strerror(errno));
	else if (hash_before(x, path, v.before, e) == 0 &&
		 expunge_file(how, fd, copy, e) == 0 &&
		 archive_begin(
		     &a, x->conf, feed, ARCHIVE_DUMP, copy, NULL, e) == 0)
		rc = archive_end_over(a, path, sha256, say_before, &v, e);
	if (copy != -1)
		close(copy);
	return rc;
}

static int
do_text(struct erasing *x, const char *feed, const char *path,
    struct expunge *how, const char *what, int fd, struct err *e)
{
	how->stones = x->stones;
	how->limits = &no_limits;
	how->feed = feed;
	if (expunge_file(how, fd, -1, e) == -1)
		return -1;
	if (how->found == 0)
		return 0;
	note_file(x, feed, path, what, how->found, 0);
	if (x->audit == NULL)
		return 0;
	return erase_save(x, e) == -1 ? -1
				      : replace_text(x, feed, path, how, fd, e);
}

static int
do_version(struct erasing *x, const char *feed, const char *path, int fd,
    struct err *e)
{
	char file[64];
	int64_t at;
	struct sent s = { .x = x, .feed = feed, .file = file };
	struct expunge how = { .row = note_sent, .ctx = &s };
	int found;

	if (!version_name(file, &at, path) ||
	    (how.writer = writer_of(file)) == NULL) {
		note_unread(x, path, N_("nothing is known of this output"));
		return 0;
	}
	found = store_publication_at(x->store, feed, file, at, &s.p, e);
	if (found == -1)
		return -1;
	s.known = found == 1;
	/* counted when it was interrupted before it was replaced */
	if (json_object_get(json_object_get(x->act, "files"), path) != NULL)
		how.row = NULL;
	return do_text(x, feed, path, &how,
	    s.known && s.p.pulls > 0 ? N_("pulled version") : N_("version"), fd,
	    e);
}

/* --- the archive ------------------------------------------------------------
 */

struct ledger {
	json_t *by_path;
};

static bool
note_dump(void *ctx, const struct dump_entry *d)
{
	struct ledger *l = ctx;

	if (d->archive[0] != '\0')
		json_object_set_new(
		    l->by_path, d->archive, json_integer((json_int_t)d->id));
	return true;
}

static int
do_archived(struct erasing *x, const struct ledger *l, const char *feed,
    const char *path, int fd, struct err *e)
{
	const json_t *id = json_object_get(l->by_path, path);
	size_t n = strlen(path) - HASH_TAIL;
	struct expunge how = { .rows = ends(path, n, ".rejects.csv") };
	struct dump_entry d;
	char *text = NULL;
	int rc;

	if (strstr(path, "/published/") != NULL)
		return do_version(x, feed, path, fd, e);
	if (id == NULL && (how.rows || ends(path, n, ".report.json") ||
			      ends(path, n, ".report.txt")))
		return do_text(x, feed, path, &how, N_("report"), fd, e);
	if (id == NULL)
		return do_other(x, feed, path, fd, e);
	rc = store_dump_get(x->store, json_integer_value(id), &d, &text, e);
	if (rc == 1)
		rc = do_dump(x, &d, text, fd, e);
	free(text);
	return rc;
}

static int
erase_archived(
    struct erasing *x, const struct ledger *l, const char *path, struct err *e)
{
	char feed[FEED_NAME_MAX + 1];
	const char *name = path + strlen("archive/");
	size_t n = strcspn(name, "/");
	int fd, rc;

	if (x->breathe != NULL)
		x->breathe(x->ctx);
	if (x->stop != NULL && *x->stop)
		return err_set(e, "interrupted; it is done later");
	if (n > FEED_NAME_MAX || strlen(name) < n + HASH_TAIL + 8)
		return 0;
	snprintf(feed, sizeof feed, "%.*s", (int)n, name);
	fd = archive_open(x->conf, path, e);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	rc = do_archived(x, l, feed, path, fd, e);
	close(fd);
	return rc == -1 ? err_add(e, "%s", path) : 0;
}

/* --- reports, what is published ---------------------------------------------
 */

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
	char below[PATH_MAX], full[PATH_MAX];

	snprintf(below, sizeof below, "%.*s/" REPORTS_MASKED "%.255s",
	    (int)(name - path), path, name);
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
		note_file(x, feed, path, what, how->found, 0);
		/* what is published is written anew from the store */
		if (x->audit != NULL && how->writer == NULL)
			rc = rewrite(x, path, how, fd, e);
		if (x->audit != NULL && rc == 0)
			remove_twin(x, path);
	}
	close(fd);
	return rc;
}

static int
erase_below(struct erasing *x, const char *folder, bool reports, struct err *e)
{
	struct files l = { NULL, 0, 0 };
	int rc = list_files(x->conf, folder, &l, e);

	for (size_t i = 0; rc == 0 && i < l.n; i++) {
		const char *path = l.path[i], *name = strrchr(path, '/') + 1;
		const char *top = path + strlen(folder) + 1;
		size_t n = strlen(name);
		char feed[FEED_NAME_MAX + 1], file[64];
		struct expunge how = { .rows = ends(name, n, ".csv") };

		snprintf(
		    feed, sizeof feed, "%.*s", (int)strcspn(top, "/"), top);
		if (!reports) {
			snprintf(file, sizeof file, "%.*s",
			    (int)(ends(name, n, ".gz") ? n - 3 : n), name);
			how.writer = writer_of(file);
			if (how.writer == NULL)
				continue;
		}
		rc = do_plain(x, feed, path, &how,
		    reports ? N_("report") : N_("published"), e);
	}
	free_files(&l);
	return rc;
}

/* Dropped and not read as yet, or never to be read: not opened, but named. */
static int
note_waiting(
    struct erasing *x, const char *folder, const char *why, struct err *e)
{
	struct files l = { NULL, 0, 0 };
	int rc = list_files(x->conf, folder, &l, e);

	for (size_t i = 0; i < l.n; i++)
		note_unread(x, l.path[i], why);
	free_files(&l);
	return rc;
}

int
erase_published(struct erasing *x, struct err *e)
{
	return erase_below(x, "published", false, e);
}

int
erase_files(struct erasing *x, struct err *e)
{
	struct ledger l = { json_object() };
	struct files files = { NULL, 0, 0 };
	int rc = -1;

	if (store_dumps(x->store, NULL, 0, note_dump, &l, e) == 0 &&
	    list_files(x->conf, "archive", &files, e) == 0)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = erase_archived(x, &l, files.path[i], e);
	if (rc == 0 &&
	    (erase_published(x, e) == -1 ||
		erase_below(x, "reports", true, e) == -1 ||
		note_waiting(x, "inbox", N_("it was not read yet"), e) == -1 ||
		note_waiting(
		    x, "state/quarantine", N_("it is in quarantine"), e) == -1))
		rc = -1;
	free_files(&files);
	json_decref(l.by_path);
	return rc;
}
