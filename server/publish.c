/*
 * Publishing.  A version is written beside the old one, checked, entered into
 * the store as planned (so that its update time is never used again), archived,
 * synced, renamed into place, and noted as done.  Whatever a crash leaves of
 * this, publish_recover tells by the hash of the file that is there.
 *
 * Nobody but ingest writes to published/FEED/; hidden names there are ours.
 */
#include "server/publish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/errors.h"
#include "formats/message.h"
#include "formats/writer.h"
#include "server/archive.h"
#include "server/bytes.h"
#include "server/lang.h"
#include "server/growing.h"
#include "server/linting.h"
#include "server/log.h"
#include "server/render.h"

#define FILE_MODE 0640
#define COPY_BYTES 65536

/* One output of one feed on its way. */
struct job {
	struct store *store;
	struct audit *audit;
	const struct conf *conf;
	const struct feed *feed;
	const struct writer *writer;
	const struct publish_order *how;
	struct zone *zone;
	int64_t now, from;
	int dir; /* published/FEED */
	int fd;  /* the new version */
	struct render render;
	struct growing *growing;     /* the new version, as it is written */
	struct archiving *archiving; /* of it */
	struct linting *linting;     /* likewise */
	struct publication last;     /* done; last.id 0: none */
	char temp[80], sidecar[80];
};

/* --- the new version ----------------------------------------------------- */

#define DIRECT_BYTES 300000000

/* The largest file of this output.  publish_bytes narrows Direct's limit. */
static uint64_t
limit(const struct job *j)
{
	uint64_t most = j->writer->max_bytes, own = j->conf->publish_bytes;

	if (most == 0)
		return UINT64_MAX;
	return most == DIRECT_BYTES && own < most ? own : most;
}

static int
note_count(struct job *j, const char *name, uint64_t n, struct err *e)
{
	char key[160], was[32] = "0", now[32];

	snprintf(
	    key, sizeof key, "%s.%s/%s", name, j->feed->name, j->writer->file);
	snprintf(now, sizeof now, "%llu", (unsigned long long)n);
	if (store_get(j->store, key, was, sizeof was, e) == -1)
		return -1;
	return strcmp(was, now) == 0 ? 0 : store_set(j->store, key, now, e);
}

/* Kept for status: how many orders wait for their client, how many records
 * lack what the file needs. */
static int
note_left_out(struct job *j, struct err *e)
{
	return note_count(j, "waiting", j->render.waiting, e) == -1
		   ? -1
		   : note_count(j, "unfit", j->render.unfit, e);
}

/* Whoever reads it while it is written is done with it. */
static void
unfollow(struct job *j)
{
	if (j->growing != NULL)
		growing_end(j->growing);
	archive_cancel(j->archiving);
	linting_cancel(j->linting);
	growing_close(j->growing);
	j->archiving = NULL;
	j->linting = NULL;
	j->growing = NULL;
}

/* Writes it; beside that it is archived and checked. */
static int
write_followed(struct job *j, struct render_what *what, struct err *e)
{
	int rc = -1;

	unfollow(j);
	if (ftruncate(j->fd, 0) == -1)
		return err_set(
		    e, "write %s: %s", j->writer->file, strerror(errno));
	what->growing = j->growing = growing_open(j->fd);
	if (linting_begin(
		&j->linting, j->writer, j->zone, j->now, j->growing, e) == 0 &&
	    archive_begin(&j->archiving, j->conf, j->feed->name, true, j->fd,
		j->growing, e) == 0)
		rc = render_write(what, j->fd, &j->render, e);
	growing_end(j->growing);
	return rc;
}

static int
write_version(struct job *j, struct err *e)
{
	struct render_what what = { j->store, j->feed, j->writer, j->zone,
		j->from, j->now, j->last.to, NULL, limit(j) };
	uint64_t most = limit(j), rows;
	char key[160], note[256] = "";

	if (write_followed(j, &what, e) == -1)
		return -1;
	if (j->render.bytes > most && j->writer->kind != RECORD_CONTACT) {
		rows = j->render.rows;
		if (render_cut(&what, j->render.bytes - most, &what.from, e) ==
			-1 ||
		    write_followed(j, &what, e) == -1)
			return -1;
		j->from = what.from;
		snprintf(note, sizeof note,
		    _("The %llu oldest rows are left out: the file would be "
		      "larger than %llu bytes."),
		    (unsigned long long)(rows - j->render.rows),
		    (unsigned long long)most);
	}
	snprintf(key, sizeof key, "note.%s/%s", j->feed->name, j->writer->file);
	return store_set(j->store, key, note, e);
}

/* --- may it be published? ------------------------------------------------ */

static int
withhold(struct job *j, const char *why, struct err *e)
{
	char known[512];
	int64_t since;
	int found = store_withheld(j->store, j->feed->name, j->writer->file,
	    known, sizeof known, &since, e);

	if (found == -1)
		return -1;
	if (found == 0 && why[0] == '\0')
		return 0;
	if (found == 1 && strcmp(known, why) == 0)
		return 0; /* since then */
	if (why[0] != '\0')
		log_warn("%s: %s is not published: %s", j->feed->name,
		    j->writer->file, why);
	return store_withhold(
	    j->store, j->feed->name, j->writer->file, why, j->now, e);
}

/* Far fewer rows than the last version had, less what grew too old since,
 * plus what is newer than it? */
static int
shrinks(struct job *j, char *why, size_t size, struct err *e)
{
	uint64_t aged = 0, expected;

	if (j->last.id == 0 || j->feed->shrink_percent == 0 ||
	    (j->how != NULL && j->how->force))
		return 0;
	if (j->from > j->last.from &&
	    store_count(j->store, j->feed->name,
		render_kinds(j->feed, j->writer), j->last.from, j->from - 1,
		&aged, e) == -1)
		return -1;
	expected = j->last.rows + j->render.newer;
	expected -= aged < expected ? aged : expected;
	if (expected <= j->feed->shrink_rows ||
	    j->render.rows * 100 >= expected * j->feed->shrink_percent)
		return 0;
	snprintf(why, size,
	    _("It would have %llu rows where about %llu were expected. If that "
	      "is right, run: convdrop publish %s --force --reason TEXT"),
	    (unsigned long long)j->render.rows, (unsigned long long)expected,
	    j->feed->name);
	return 1;
}

static void
say_empty(const struct job *j, char *why, size_t size)
{
	unsigned days = conf_window(j->conf, j->writer);

	if (j->render.unfit > 0)
		snprintf(why, size,
		    _("Nothing can be published: %llu records lack what the "
		      "file needs. %s"),
		    (unsigned long long)j->render.unfit,
		    message(j->writer->needs));
	else if (j->render.waiting > 0)
		snprintf(why, size,
		    _("No order can be published: %llu name a client who is "
		      "not "
		      "known yet. Drop the dump of the clients."),
		    (unsigned long long)j->render.waiting);
	else if (days > 0)
		snprintf(why, size,
		    _("No order can be published: none is within the last %u "
		      "days and complete."),
		    days);
	else
		snprintf(why, size,
		    _("Nothing can be published: no record is complete."));
}

/* The code of the registry by which it is explained. */
static int
with_code(char *why, size_t size, const char *name)
{
	size_t n = strlen(why);

	snprintf(why + n, size - n, " (%s)", error_named('5', name)->code);
	return 1;
}

/* 1 and why, when the last good version stays instead. */
static int
refused(struct job *j, char *why, size_t size, struct err *e)
{
	struct linting *l;
	int rc;

	if (j->render.rows == 0) {
		say_empty(j, why, size);
		return with_code(why, size, "no_rows");
	}
	if (j->render.bytes > limit(j)) {
		snprintf(why, size,
		    _("It would have %llu bytes, and the destination takes "
		      "%llu."),
		    (unsigned long long)j->render.bytes,
		    (unsigned long long)limit(j));
		return with_code(why, size, "too_large");
	}
	rc = shrinks(j, why, size, e);
	if (rc != 0)
		return rc == 1 ? with_code(why, size, "shrink") : rc;
	l = j->linting;
	j->linting = NULL;
	rc = linting_end(l, why, size, e);
	return rc == 1 ? with_code(why, size, "own_lint") : rc;
}

/* --- into place ---------------------------------------------------------- */

static int
set_time(int fd, int64_t mtime)
{
	struct timespec ts[2] = { { .tv_sec = (time_t)mtime },
		{ .tv_sec = (time_t)mtime } };

	return futimens(fd, ts);
}

static int
make_file(const struct job *j, const char *name)
{
	int fd;

	unlinkat(j->dir, name, 0);
	fd = openat(j->dir, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd != -1)
		(void)!fchmod(fd, FILE_MODE); /* whatever the umask */
	return fd;
}

static int
copy(int from, int to)
{
	char buf[COPY_BYTES];
	ssize_t n;

	while ((n = read(from, buf, sizeof buf)) > 0) {
		if (bytes_write(to, buf, (size_t)n) == -1)
			return -1;
	}
	return n == 0 ? 0 : -1;
}

/* FILE.gz: the archived version's own bytes, with the file's update time.
 * Without one the file is published all the same. */
static void
place_sidecar(const struct job *j, const struct publication *p)
{
	struct err e = ERR_EMPTY;
	char name[80];
	int from = archive_open(j->conf, p->archive, &e), to = -1;

	snprintf(name, sizeof name, "%s.gz", j->writer->file);
	if (from == -1)
		goto fail;
	to = make_file(j, j->sidecar);
	if (to == -1 || copy(from, to) == -1 || set_time(to, p->mtime) == -1 ||
	    fsync(to) == -1 ||
	    renameat(j->dir, j->sidecar, j->dir, name) == -1) {
		err_set(&e, "%s", strerror(errno));
		goto fail;
	}
	close(from);
	close(to);
	return;
fail:
	log_warn("%s: %s has no compressed copy: %s", j->feed->name,
	    j->writer->file, e.text);
	if (from != -1)
		close(from);
	if (to != -1)
		close(to);
	unlinkat(j->dir, j->sidecar, 0);
	unlinkat(j->dir, name, 0);
}

static int
place(const struct job *j, int64_t mtime, struct err *e)
{
	if (set_time(j->fd, mtime) == -1 || fsync(j->fd) == -1 ||
	    renameat(j->dir, j->temp, j->dir, j->writer->file) == -1 ||
	    fsync(j->dir) == -1)
		return err_set(
		    e, "publish %s: %s", j->writer->file, strerror(errno));
	return 0;
}

/* Is what was published last still there, as it was? */
static bool
stands(const struct job *j)
{
	struct stat st;

	return fstatat(j->dir, j->writer->file, &st, AT_SYMLINK_NOFOLLOW) ==
		   0 &&
	       S_ISREG(st.st_mode) && st.st_mtim.tv_sec == j->last.mtime &&
	       (uint64_t)st.st_size == j->last.bytes;
}

/* The newest update time that any version ever had, whatever became of it;
 * a store restored from a backup may know less than the file. */
static int
newest_time(const struct job *j, int64_t *out, struct err *e)
{
	struct publication p;
	struct stat st;
	int found = store_publication_last(
	    j->store, j->feed->name, j->writer->file, false, &p, e);

	if (found == -1)
		return -1;
	*out = found == 1 ? p.mtime : 0;
	if (fstatat(j->dir, j->writer->file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_mtim.tv_sec > *out)
		*out = st.st_mtim.tv_sec;
	return 0;
}

static int
audit_published(struct audit *a, const struct publication *p, int64_t now,
    const struct publish_order *how, bool recovered, struct err *e)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "feed",
	    p->feed, "file", p->file, "sha256", p->sha256, "bytes",
	    (json_int_t)p->bytes, "rows", (json_int_t)p->rows, "mtime",
	    (json_int_t)p->mtime, "archive", p->archive);

	if (o == NULL)
		return err_set(e, "audit of %s: it is not UTF-8", p->file);
	if (how != NULL) {
		json_object_set_new(
		    o, "order", json_string(how->touch ? "touch" : "force"));
		json_object_set_new(o, "reason",
		    json_string(how->reason == NULL ? "" : how->reason));
		json_object_set_new(o, "actor",
		    json_string(how->actor == NULL ? "" : how->actor));
	}
	if (recovered)
		json_object_set_new(o, "recovered", json_true());
	return audit_add(a, now, "published", o, e);
}

static void
fill(struct publication *p, const struct job *j, int64_t mtime)
{
	memset(p, 0, sizeof *p);
	snprintf(p->feed, sizeof p->feed, "%s", j->feed->name);
	snprintf(p->file, sizeof p->file, "%s", j->writer->file);
	memcpy(p->sha256, j->render.sha256, sizeof p->sha256);
	p->bytes = j->render.bytes;
	p->rows = j->render.rows;
	p->mtime = mtime;
	p->from = j->from;
	p->to = j->now;
	p->kinds = render_kinds(j->feed, j->writer);
	if (j->how != NULL && j->how->reason != NULL)
		snprintf(p->reason, sizeof p->reason, "%s", j->how->reason);
}

static int
new_version(struct job *j, int64_t mtime, struct err *e)
{
	struct archiving *a = j->archiving;
	struct publication p;

	fill(&p, j, mtime);
	if (store_publication_plan(j->store, &p, e) == -1)
		return -1;
	j->archiving = NULL;
	if (archive_end_published(a, p.archive, p.file, p.sha256, p.mtime, e) ==
	    -1)
		return -1;
	place_sidecar(j, &p);
	if (place(j, mtime, e) == -1 ||
	    audit_published(j->audit, &p, j->now, j->how, false, e) == -1)
		return -1;
	p.done = true;
	if (store_publication_done(j->store, &p, e) == -1)
		return -1;
	log_info("%s: %s: published %llu rows, %llu bytes, update time %lld",
	    p.feed, p.file, (unsigned long long)p.rows,
	    (unsigned long long)p.bytes, (long long)p.mtime);
	return 0;
}

/* Was there ever anything to publish? */
static int
untouched(const struct job *j, struct err *e)
{
	unsigned kinds = render_kinds(j->feed, j->writer);
	uint64_t n;

	if (j->last.id != 0)
		return 0;
	if (j->writer->kind == RECORD_CONTACT)
		kinds |= KIND_BIT(RECORD_ORDER); /* that name clients */
	if (store_count(j->store, j->feed->name, kinds, INT64_MIN, INT64_MAX,
		&n, e) == -1)
		return -1;
	return n == 0;
}

/* Is it another version than the last, or to be one? */
static bool
differs(const struct job *j, int64_t newest)
{
	bool touch = j->how != NULL && j->how->touch;

	if (touch || j->last.id == 0 ||
	    strcmp(j->last.sha256, j->render.sha256) != 0)
		return true;
	/* A store from a backup knows less than the file: then these bytes are
	 * a new version, or the update time would go back. */
	return newest > j->last.mtime && !stands(j);
}

/* The very bytes of the last version. */
static int
keep_last(const struct job *j, struct err *e)
{
	if (stands(j))
		return 0;
	log_warn("%s: %s was gone or changed; it is put back", j->feed->name,
	    j->writer->file);
	return place(j, j->last.mtime, e);
}

static int
run(struct job *j, enum publish_result *out, struct err *e)
{
	char why[512] = "";
	int64_t newest;
	int rc = untouched(j, e);
	bool new;

	*out = PUBLISH_SAME;
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	if (write_version(j, e) == -1 || note_left_out(j, e) == -1 ||
	    newest_time(j, &newest, e) == -1)
		return -1;
	new = differs(j, newest) && newest != j->now;
	rc = refused(j, why, sizeof why, e);
	if (rc == -1 || withhold(j, why, e) == -1)
		return -1;
	if (rc == 1) {
		*out = PUBLISH_WITHHELD;
		return 0;
	}
	if (!differs(j, newest))
		return keep_last(j, e);
	*out = new ? PUBLISH_DONE : PUBLISH_LATER;
	if (!new)
		return 0;
	return new_version(j, j->now > newest ? j->now : newest + 1, e);
}

/* --- a feed -------------------------------------------------------------- */

static int
open_folder(const struct conf *c, const struct feed *f, struct err *e)
{
	char path[PATH_MAX];
	int fd;

	conf_path(path, c, "published", f->name, NULL);
	if (mkdir(path, 0750) == -1 && errno != EEXIST)
		return err_set(
		    e, "make the folder %s: %s", path, strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return err_set(
		    e, "open the folder %s: %s", path, strerror(errno));
	return fd;
}

static int
begin(struct job *j, const struct writer *w, struct err *e)
{
	int found;

	j->writer = w;
	snprintf(j->temp, sizeof j->temp, ".%s.new", j->writer->file);
	snprintf(j->sidecar, sizeof j->sidecar, ".%s.gz.new", j->writer->file);
	found = store_publication_last(
	    j->store, j->feed->name, j->writer->file, true, &j->last, e);
	if (found == 0)
		memset(&j->last, 0, sizeof j->last);
	return found == -1 ? -1 : 0;
}

static int
publish_output(struct job *j, const struct writer *w, enum publish_result *out,
    struct err *e)
{
	unsigned days = conf_window(j->conf, w);
	int rc = -1;

	j->from =
	    days == 0 ? INT64_MIN : zone_midnight(j->zone, j->now, -(int)days);
	j->fd = -1;
	if (begin(j, w, e) == -1)
		return -1;
	j->fd = make_file(j, j->temp);
	if (j->fd == -1)
		return err_set(
		    e, "publish %s: %s", j->writer->file, strerror(errno));
	rc = run(j, out, e);
	unfollow(j);
	close(j->fd);
	unlinkat(j->dir, j->temp, 0); /* gone already once it is in place */
	return rc;
}

int
publish_feed(struct store *s, struct audit *a, const struct conf *c,
    const struct feed *f, int64_t now, const struct publish_order *how,
    enum publish_result *out, struct err *e)
{
	/* the one that the caller must act on comes last */
	static const int weight[] = { [PUBLISH_SAME] = 0,
		[PUBLISH_DONE] = 1,
		[PUBLISH_WITHHELD] = 2,
		[PUBLISH_LATER] = 3 };
	struct job j = { .store = s,
		.audit = a,
		.conf = c,
		.feed = f,
		.how = how,
		.now = now,
		.dir = -1 };
	enum publish_result all = PUBLISH_SAME, one = PUBLISH_SAME;
	int rc = -1;

	if (conf_zone(&j.zone, f->source[0]->zone, e) == -1)
		return -1;
	j.dir = open_folder(c, f, e);
	if (j.dir == -1)
		goto out;
	for (size_t i = 0; i < f->writers; i++) {
		if (publish_output(&j, f->writer[i], &one, e) == -1) {
			err_add(e, "feed %s", f->name);
			goto out;
		}
		if (weight[one] > weight[all])
			all = one;
	}
	*out = all;
	rc = 0;
out:
	if (j.dir != -1)
		close(j.dir);
	zone_free(j.zone);
	return rc;
}

int
publish_due(struct store *s, const struct feed *f, int64_t now, int64_t *at,
    struct err *e)
{
	struct zone *zone;
	int64_t held;

	if (store_next_due(s, f->name, now, &held, e) == -1 ||
	    conf_zone(&zone, f->source[0]->zone, e) == -1)
		return -1;
	*at = zone_midnight(zone, now, 1);
	zone_free(zone);
	if (held < *at)
		*at = held;
	return 0;
}

/* --- after a crash ------------------------------------------------------- */

static int
hash_file(int dir, const char *file, char sha256[65], struct stat *st)
{
	int fd = openat(dir, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct sha256_ctx sha;
	uint8_t buf[COPY_BYTES];
	ssize_t n = -1;

	if (fd == -1)
		return -1;
	sha256_init(&sha);
	if (fstat(fd, st) == 0) {
		while ((n = read(fd, buf, sizeof buf)) > 0)
			sha256_update(&sha, (size_t)n, buf);
	}
	close(fd);
	render_hex(sha256, &sha);
	return n == 0 ? 0 : -1;
}

/* A version that was planned and not noted as done: is it the file? */
static int
finish(struct job *j, const struct writer *w, struct err *e)
{
	struct publication p;
	char sha256[65];
	struct stat st;
	int found;

	if (begin(j, w, e) == -1)
		return -1;
	found = store_publication_last(
	    j->store, j->feed->name, j->writer->file, false, &p, e);
	if (found != 1 || p.done)
		return found == -1 ? -1 : 0;
	if (hash_file(j->dir, j->writer->file, sha256, &st) == -1 ||
	    strcmp(sha256, p.sha256) != 0 || st.st_mtim.tv_sec != p.mtime)
		return 0; /* its update time is burnt; publishing runs again */
	if (p.archive[0] == '\0') {
		int fd = openat(
		    j->dir, j->writer->file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		int rc =
		    fd == -1
			? err_set(e, "%s: %s", j->writer->file, strerror(errno))
			: archive_published(p.archive, j->conf, j->feed->name,
			      j->writer->file, fd, p.sha256, p.mtime, e);

		if (fd != -1)
			close(fd);
		if (rc == -1)
			return -1;
	}
	p.done = true;
	if (audit_published(j->audit, &p, j->now, NULL, true, e) == -1)
		return -1;
	return store_publication_done(j->store, &p, e);
}

/* A compressed copy of another version than the file is only in the way. */
static void
match_sidecar(const struct job *j)
{
	struct stat file, gz;
	char name[80];

	snprintf(name, sizeof name, "%s.gz", j->writer->file);
	if (fstatat(j->dir, name, &gz, AT_SYMLINK_NOFOLLOW) == -1)
		return;
	if (fstatat(j->dir, j->writer->file, &file, AT_SYMLINK_NOFOLLOW) ==
		-1 ||
	    file.st_mtim.tv_sec != gz.st_mtim.tv_sec)
		unlinkat(j->dir, name, 0);
}

static int
remove_hidden(int dir, struct err *e)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd == -1 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (list == NULL) {
		err_set(e, "list the published files: %s", strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	while ((d = readdir(list)) != NULL) {
		if (d->d_name[0] == '.' && strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0)
			unlinkat(dir, d->d_name, 0);
	}
	closedir(list);
	return 0;
}

int
publish_recover(struct store *s, struct audit *a, const struct conf *c,
    const struct feed *f, int64_t now, struct err *e)
{
	struct job j = { .store = s,
		.audit = a,
		.conf = c,
		.feed = f,
		.now = now,
		.fd = -1 };
	int rc = -1;

	j.dir = open_folder(c, f, e);
	if (j.dir == -1)
		return -1;
	if (remove_hidden(j.dir, e) == -1)
		goto out;
	for (size_t i = 0; i < f->writers; i++) {
		if (finish(&j, f->writer[i], e) == -1) {
			err_add(e, "feed %s", f->name);
			goto out;
		}
		match_sidecar(&j);
	}
	rc = 0;
out:
	close(j.dir);
	return rc;
}
