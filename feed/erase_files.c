/*
 * Erasing in files: what is archived, what is published, the reports.  Every
 * file of the archive is looked into, whether or not the ledger has it: the
 * same dump may have been dropped twice.  Dumps: erase_dumps.c; what we wrote
 * ourselves: erase_texts.c.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "store/archive.h"
#include "feed/erase_files.h"
#include "feed/report_name.h"
#include "feed/report_stage.h"
#include "store/json_foreign.h"
#include "server/lang.h"

/* --- lists of files ------------------------------------------------------- */

static void
add_file(struct files *l, const char *path)
{
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->path = mem_grow(l->path, l->room * sizeof *l->path);
	}
	l->path[l->n++] = mem_string(path);
}

void
erase_files_free(struct files *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->path[i]);
	free(l->path);
}

/* Hidden files are not ours, or on their way; but for reports that wait to be
 * put into their places. */
static bool
is_listed(const char *name)
{
	return name[0] != '.' || strcmp(name, REPORTS_REVISED) == 0;
}

int
erase_files_list(
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
		if (rc == -1 || !is_listed(name) || lstat(full, &st) == -1)
			continue;
		if (S_ISDIR(st.st_mode))
			rc = erase_files_list(c, below, l, e);
		else if (S_ISREG(st.st_mode))
			add_file(l, below);
	}
	for (int i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
	return rc;
}

bool
erase_ends(const char *s, size_t n, const char *end)
{
	size_t k = strlen(end);

	return n >= k && memcmp(s + n - k, end, k) == 0;
}

/* --- names ---------------------------------------------------------------- */

struct veil {
	char *text;
	size_t n;
	bool hit;
};

static void
veil_span(void *ctx, struct slice span)
{
	struct veil *v = ctx;

	v->hit = true;
	if (span.p >= v->text && span.p + span.n <= v->text + v->n)
		memset(v->text + (span.p - v->text), '*', span.n);
}

const char *
erase_shown(struct erasing *x, const char *path, char out[PATH_MAX])
{
	struct arena a = { 0 };
	struct veil v;
	char *name;

	snprintf(out, PATH_MAX, "%s", path);
	name = strrchr(out, '/');
	name = name == NULL ? out : name + 1;
	v = (struct veil){ name, strlen(name), false };
	tombstones_mentioned(
	    x->stones, &a, (struct slice){ name, v.n }, veil_span, &v);
	arena_free(&a);
	if (!v.hit)
		return path;
	if (json_object_get(x->act, "names") == NULL) /* of a version before */
		json_object_set_new(x->act, "names", json_object());
	erase_note(x, "names", out);
	return out;
}

/* --- what is said --------------------------------------------------------- */

void
erase_note_file(struct erasing *x, const char *feed, const char *path,
    const char *what, uint64_t rows, uint64_t changed)
{
	char shown[PATH_MAX];
	json_t *o = erase_note(x, "files", erase_shown(x, path, shown));

	json_object_set_new(o, "feed", json_string(feed));
	json_object_set_new(o, "what", json_string(what));
	json_object_set_new(o, "rows", json_integer((json_int_t)rows));
	json_object_set_new(o, "changed", json_integer((json_int_t)changed));
}

void
erase_note_unread(struct erasing *x, const char *path, const char *why)
{
	json_t *list = json_object_get(x->act, "unread");
	char shown[PATH_MAX];

	/* a name that is no UTF-8 is told without its letters */
	if (json_object_set_new(
		list, erase_shown(x, path, shown), json_foreign(why)) == -1)
		json_object_set_new(list, "?", json_foreign(why));
}

int
erase_hash_before(
    struct erasing *x, const char *path, char out[65], struct err *e)
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

int
erase_say(struct erase_event *v, const char *after, struct err *e)
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

int
erase_remove(struct erasing *x, const char *feed, const char *path,
    uint64_t rows, struct err *e)
{
	struct erase_event v = {
		.x = x, .feed = feed, .path = path, .rows = rows
	};

	if (erase_hash_before(x, path, v.before, e) == -1 ||
	    erase_say(&v, NULL, e) == -1)
		return -1;
	return archive_remove(x->conf, path, e);
}

/* --- the archive ---------------------------------------------------------- */

struct ledger {
	json_t *by_path;
	struct erasing *x;
};

static bool
note_dump(void *ctx, const struct dump_entry *d)
{
	struct ledger *l = ctx;

	json_t *ids = json_object_get(l->by_path, d->archive);
	char said[PATH_MAX], shown[PATH_MAX];
	int n;

	n = snprintf(
	    said, sizeof said, "dumps %s %lld/", d->feed, (long long)d->id);
	report_cut_name(said + n, d->name); /* of an archive's, too */
	erase_shown(l->x, said, shown);
	if (d->archive[0] == '\0')
		return true;
	if (ids == NULL) {
		ids = json_array();
		json_object_set_new_nocheck(l->by_path, d->archive, ids);
	}
	json_array_append_new(ids, json_integer((json_int_t)d->id));
	return true;
}

static int
do_archived(struct erasing *x, const struct ledger *l, const char *feed,
    const char *path, int fd, struct err *e)
{
	const json_t *ids = json_object_get(l->by_path, path);
	size_t n = strlen(path) - HASH_TAIL;
	struct expunge how = { .rows = erase_ends(path, n, ".rejects.csv") };

	if (strstr(path, "/published/") != NULL)
		return erase_version(x, feed, path, fd, e);
	if (ids != NULL)
		return erase_dump_file(x, path, ids, fd, e);
	if (how.rows || erase_ends(path, n, ".report.json") ||
	    erase_ends(path, n, ".report.txt"))
		return erase_report(x, feed, path, &how, N_("report"), fd, e);
	return erase_copy(x, feed, path, fd, e);
}

static int
erase_archived(
    struct erasing *x, const struct ledger *l, const char *path, struct err *e)
{
	char feed[FEED_NAME_MAX + 1], shown[PATH_MAX];
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
	erase_shown(x, path, shown);
	fd = archive_open(x->conf, path, e);
	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	rc = do_archived(x, l, feed, path, fd, e);
	close(fd);
	return rc == -1 ? err_add(e, "%s", path) : 0;
}

/* --- all files ------------------------------------------------------------ */

/* They are called as their dumps are. */
static int
note_reports(struct erasing *x, struct err *e)
{
	struct files l = { NULL, 0, 0 };
	int rc = erase_files_list(x->conf, "reports", &l, e);
	char shown[PATH_MAX];

	for (size_t i = 0; i < l.n; i++)
		erase_shown(x, l.path[i], shown);
	erase_files_free(&l);
	return rc;
}

/* Dropped and not read as yet, or never to be read: not opened, but named. */
static int
note_waiting(
    struct erasing *x, const char *folder, const char *why, struct err *e)
{
	struct files l = { NULL, 0, 0 };
	int rc = erase_files_list(x->conf, folder, &l, e);

	for (size_t i = 0; i < l.n; i++)
		erase_note_unread(x, l.path[i], why);
	erase_files_free(&l);
	return rc;
}

int
erase_files(struct erasing *x, struct err *e)
{
	struct ledger l = { json_object(), x };
	struct files files = { NULL, 0, 0 };
	int rc = -1;

	if (store_dumps(x->store, NULL, 0, note_dump, &l, e) == 0 &&
	    erase_files_list(x->conf, "archive", &files, e) == 0)
		rc = 0;
	for (size_t i = 0; rc == 0 && i < files.n; i++)
		rc = erase_archived(x, &l, files.path[i], e);
	if (rc == 0 &&
	    (erase_published(x, e) == -1 || note_reports(x, e) == -1 ||
		erase_below(x, "reports", true, e) == -1 ||
		note_waiting(x, "inbox", N_("it was not read yet"), e) == -1 ||
		note_waiting(
		    x, "state/quarantine", N_("it is in quarantine"), e) == -1))
		rc = -1;
	erase_files_free(&files);
	json_decref(l.by_path);
	return rc;
}
