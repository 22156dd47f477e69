/*
 * Publishing.  A version is written beside the old one, checked, entered into
 * the store as planned (so that its update time is never used again), archived,
 * synced, renamed into place, and noted as done.  Whatever a crash leaves of
 * this, publish_recover tells by the hash of the file that is there.
 *
 * Nobody but ingest writes to published/FEED/; hidden names there are ours.
 */
#include "feed/publish_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/lang.h"
#include "server/log.h"

#define FILE_MODE 0640
#define NOTE_MAX 256

/* --- the new version ----------------------------------------------------- */

/* Nothing is written when it is what is known; none: what nothing known is. */
static int
note(struct publish_job *j, const char *name, const char *none, const char *is,
    struct err *e)
{
	char key[160], was[NOTE_MAX];
	int known;

	snprintf(
	    key, sizeof key, "%s.%s/%s", name, j->feed->name, j->writer->file);
	known = store_get(j->store, key, was, sizeof was, e);
	if (known == -1)
		return -1;
	return strcmp(known == 1 ? was : none, is) == 0
		   ? 0
		   : store_set(j->store, key, is, e);
}

static int
note_count(struct publish_job *j, const char *name, uint64_t n, struct err *e)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	return note(j, name, "0", text, e);
}

/* Kept for status: how many orders wait for their client, how many records
 * lack what the file needs. */
static int
note_left_out(struct publish_job *j, struct err *e)
{
	return note_count(j, "waiting", j->render.waiting, e) == -1
		   ? -1
		   : note_count(j, "unfit", j->render.unfit, e);
}

/* Whoever reads it while it is written is done with it. */
static void
unfollow(struct publish_job *j)
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
write_followed(struct publish_job *j, struct render_what *what, struct err *e)
{
	int rc = -1;

	unfollow(j);
	if (ftruncate(j->fd, 0) == -1)
		return err_set(
		    e, "write %s: %s", j->writer->file, strerror(errno));
	what->growing = j->growing = growing_open(j->fd);
	if (linting_begin(
		&j->linting, j->writer, j->zone, j->now, j->growing, e) == 0 &&
	    archive_begin(&j->archiving, j->conf, j->feed->name,
		ARCHIVE_PUBLISHED | ARCHIVE_HASHED | ARCHIVE_STORABLE, j->fd,
		j->growing, e) == 0)
		rc = render_write(what, j->fd, &j->render, e);
	growing_end(j->growing);
	return rc;
}

static int
write_version(struct publish_job *j, struct err *e)
{
	struct render_marks marks = { .n = 0 };
	struct render_what what = { .store = j->store,
		.feed = j->feed,
		.writer = j->writer,
		.zone = j->zone,
		.from = j->from,
		.to = j->now,
		.since = j->last.to,
		.most = publish_limit(j),
		.marks = &marks };
	uint64_t rows;
	char left_out[NOTE_MAX] = "";

	if (write_followed(j, &what, e) == -1)
		return -1;
	if (j->render.bytes > what.most && j->writer->kind != RECORD_CONTACT) {
		rows = j->render.rows;
		what.leave = j->render.bytes - what.most;
		if (write_followed(j, &what, e) == -1)
			return -1;
		j->from = j->render.from;
		snprintf(left_out, sizeof left_out,
		    ngettext("The %llu oldest row is left out: the file would "
			     "be larger than %llu bytes.",
			"The %llu oldest rows are left out: the file would be "
			"larger than %llu bytes.",
			rows - j->render.rows),
		    (unsigned long long)(rows - j->render.rows),
		    (unsigned long long)what.most);
	}
	return note(j, "note", "", left_out, e);
}

/* --- into place ---------------------------------------------------------- */

int
publish_set_time(int fd, int64_t mtime)
{
	struct timespec ts[2] = { { .tv_sec = (time_t)mtime },
		{ .tv_sec = (time_t)mtime } };

	return futimens(fd, ts);
}

int
publish_make_file(int dir, const char *name)
{
	int fd;

	unlinkat(dir, name, 0);
	fd = openat(dir, name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
	if (fd != -1)
		(void)!fchmod(fd, FILE_MODE); /* whatever the umask */
	return fd;
}

static int
place(const struct publish_job *j, int64_t mtime, struct err *e)
{
	if (publish_set_time(j->fd, mtime) == -1 || fsync(j->fd) == -1 ||
	    renameat(j->dir, j->temp, j->dir, j->writer->file) == -1 ||
	    fsync(j->dir) == -1)
		return err_set(
		    e, "publish %s: %s", j->writer->file, strerror(errno));
	return 0;
}

/* Is what was published last still there, as it was? */
static bool
stands(const struct publish_job *j)
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
newest_time(const struct publish_job *j, int64_t *out, struct err *e)
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

int
publish_audit(const struct publish_job *j, const struct publication *p,
    bool recovered, struct err *e)
{
	const struct publish_order *how = j->how;
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
	return audit_add(j->audit, j->now, "published", o, e);
}

static void
fill(struct publication *p, const struct publish_job *j, int64_t mtime)
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

/* The render's hash is that of the bytes: nobody else writes to the file. */
static int
archive_it(
    struct publish_job *j, struct publication *p, bool *stored, struct err *e)
{
	struct archiving *a = j->archiving;

	j->archiving = NULL;
	*stored = archive_is_stored(a);
	return archive_end(a, p->archive, p->sha256, p->file, p->mtime, e);
}

/* It is published, and packed when nobody waits. */
static int
note_done(const struct publish_job *j, struct publication *p, bool stored,
    struct err *e)
{
	struct store *s = j->store;

	p->done = true;
	if (store_begin(s, e) == -1)
		return -1;
	if ((stored && store_unpacked_add(s, p->archive, p->id, e) == -1) ||
	    store_publication_done(s, p, e) == -1 || store_commit(s, e) == -1) {
		store_rollback(s);
		return -1;
	}
	return 0;
}

static int
new_version(struct publish_job *j, int64_t mtime, struct err *e)
{
	struct publication p;
	bool stored;

	fill(&p, j, mtime);
	if (store_publication_plan(j->store, &p, e) == -1 ||
	    archive_it(j, &p, &stored, e) == -1)
		return -1;
	if (!stored)
		publish_place_sidecar(j->conf, j->dir, &p);
	if (place(j, mtime, e) == -1 || publish_audit(j, &p, false, e) == -1 ||
	    note_done(j, &p, stored, e) == -1)
		return -1;
	log_info(
	    ngettext("%s: %s: published %llu row, %llu bytes, update time %lld",
		"%s: %s: published %llu rows, %llu bytes, update time %lld",
		p.rows),
	    p.feed, p.file, (unsigned long long)p.rows,
	    (unsigned long long)p.bytes, (long long)p.mtime);
	return 0;
}

/* Was there ever anything to publish? */
static int
untouched(const struct publish_job *j, struct err *e)
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
differs(const struct publish_job *j, int64_t newest)
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
keep_last(const struct publish_job *j, struct err *e)
{
	if (stands(j))
		return 0;
	log_warn("%s: %s was gone or changed; it is put back", j->feed->name,
	    j->writer->file);
	return place(j, j->last.mtime, e);
}

static int
run(struct publish_job *j, enum publish_result *out, struct err *e)
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
	if (new) /* its way to the disk begins, which place waits for */
		sync_file_range(j->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	rc = publish_refused(j, why, sizeof why, e);
	if (rc == -1 || publish_withhold(j, why, e) == -1)
		return -1;
	if (rc == 1) {
		*out = PUBLISH_WITHHELD;
		return 0;
	}
	if (!differs(j, newest))
		return keep_last(j, e) == -1
			   ? -1
			   : store_publication_stands(
				 j->store, &j->last, j->from, j->now, e);
	*out = new ? PUBLISH_DONE : PUBLISH_LATER;
	if (!new)
		return 0;
	return new_version(j, j->now > newest ? j->now : newest + 1, e);
}

/* --- a feed -------------------------------------------------------------- */

int
publish_open_folder(const struct conf *c, const struct feed *f, struct err *e)
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

int
publish_begin(struct publish_job *j, const struct writer *w, struct err *e)
{
	int found;

	j->writer = w;
	snprintf(j->temp, sizeof j->temp, ".%s.new", j->writer->file);
	found = store_publication_last(
	    j->store, j->feed->name, j->writer->file, true, &j->last, e);
	if (found == 0)
		memset(&j->last, 0, sizeof j->last);
	return found == -1 ? -1 : 0;
}

static int
publish_output(struct publish_job *j, const struct writer *w,
    enum publish_result *out, struct err *e)
{
	unsigned days = conf_window(j->conf, w);
	int rc = -1;

	j->from =
	    days == 0 ? INT64_MIN : zone_midnight(j->zone, j->now, -(int)days);
	j->fd = -1;
	if (publish_begin(j, w, e) == -1)
		return -1;
	j->fd = publish_make_file(j->dir, j->temp);
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
	struct publish_job j = { .store = s,
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
	j.dir = publish_open_folder(c, f, e);
	if (j.dir == -1 ||
	    store_steps_pass(s, f->name, now, f->each_step, e) == -1)
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
	int64_t held, step;

	if (store_next_due(s, f->name, now, &held, e) == -1 ||
	    store_steps_due(s, f->name, &step, e) == -1 ||
	    conf_zone(&zone, f->source[0]->zone, e) == -1)
		return -1;
	*at = zone_midnight(zone, now, 1);
	zone_free(zone);
	if (held < *at)
		*at = held;
	if (step < *at)
		*at = step;
	return 0;
}
