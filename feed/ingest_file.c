/*
 * A file as it was dropped: one dump, or an archive of them.  The archive is
 * kept as it came, then every member goes its own way as a dump of its own;
 * one that is refused does not stop the others.  Only when all of them are
 * merged or refused may the file leave the inbox.
 */
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "formats/errors.h"
#include "store/archive.h"
#include "feed/ingest.h"
#include "store/json_foreign.h"
#include "server/log.h"
#include "store/mask.h"
#include "feed/unpack.h"

struct file {
	struct ingest *in;
	const struct feed *feed;
	const struct settings *source;
	const char *name;
	int fd;
	int64_t at;
	struct unpack *unpack;
	ingest_done *done;
	void *ctx;
};

/* --- the archive as it came --------------------------------------------- */

static int
audit_archive(
    const struct file *f, const char *path, const char *sha256, struct err *e)
{
	json_t *o = json_object();
	struct stat st;

	json_object_set_new(o, "feed", json_string(f->feed->name));
	json_object_set_new(o, "source", json_string(f->source->source));
	json_object_set_new(o, "name", json_foreign(f->name));
	if (fstat(f->fd, &st) == 0)
		json_object_set_new(
		    o, "bytes", json_integer((json_int_t)st.st_size));
	json_object_set_new(
	    o, "dumps", json_integer((json_int_t)unpack_dumps(f->unpack)));
	json_object_set_new(o, "passed_over",
	    json_integer((json_int_t)unpack_passed_over(f->unpack)));
	if (path != NULL) {
		json_object_set_new(o, "archive", json_foreign(path));
		json_object_set_new(o, "sha256", json_string(sha256));
	}
	return audit_add(f->in->audit, (int64_t)time(NULL), "dropped", o, e);
}

/* With pii = hash only the members' hashed records are kept; nor is it kept
 * when persons were erased, for one of them may be in it. */
static int
keep_archive(const struct file *f, struct err *e)
{
	char path[512], sha256[65];
	struct archiving *a;
	struct stat st;

	if (f->source->pii == PII_HASH || f->in->stones != NULL)
		return audit_archive(f, NULL, NULL, e);
	if (fstat(f->fd, &st) == -1)
		return err_set(e, "read it: %s", strerror(errno));
	if (ingest_check_room(f->in->conf, (uint64_t)st.st_size, e) == -1 ||
	    archive_begin(&a, f->in->conf, f->feed->name, ARCHIVE_DUMP, f->fd,
		NULL, e) == -1)
		return -1;
	if (archive_wait(a, f->in->breathe, f->in->ctx, &f->in->stop, e) ==
	    -1) {
		archive_cancel(a);
		return -1;
	}
	if (archive_end(a, path, sha256, f->name, f->at, e) == -1)
		return -1;
	return audit_archive(f, path, sha256, e);
}

/* --- its members -------------------------------------------------------- */

/* One that was refused would be refused once more when the file is tried
 * again for a later one's sake. */
static bool
is_begun(const struct file *f)
{
	const struct half *h = &f->in->half;
	struct stat st;

	return h->kept && fstat(f->fd, &st) == 0 && st.st_dev == h->dev &&
	       st.st_ino == h->ino && st.st_ctim.tv_sec == h->changed.tv_sec &&
	       st.st_ctim.tv_nsec == h->changed.tv_nsec;
}

static void
note_kept(struct file *f)
{
	struct half *h = &f->in->half;
	struct stat st;

	*h = (struct half){ .kept = fstat(f->fd, &st) == 0 };
	if (!h->kept)
		return;
	h->dev = st.st_dev;
	h->ino = st.st_ino;
	h->changed = st.st_ctim;
}

static int
refuse_member(struct file *f, const struct unpack_dump *m, struct err *e)
{
	char name[512], why[512];

	snprintf(why, sizeof why, "%s (%s)", fmt_status_text(m->status),
	    error_of_status(m->status)->code);
	if (ingest_refused(
		f->in, f->feed, f->source, m->name, f->at, true, why, e) == -1)
		return -1;
	mask_name(name, sizeof name, m->name);
	log_warn("%s: %s: refused: %s", f->feed->name, name, why);
	return 0;
}

static int
take_member(struct file *f, const struct unpack_dump *m, struct err *e)
{
	struct dump_entry d;
	bool known = false;

	if (m->status != FMT_OK)
		return refuse_member(f, m, e);
	if (ingest_dump(f->in, f->feed, f->source, m->name, m->fd, f->at, &d,
		&known, e) == -1)
		return err_add(e, "%s", m->name);
	f->done(f->ctx, m->name, &d, known);
	return 0;
}

static void
log_archive(const struct file *f)
{
	char name[512];

	mask_name(name, sizeof name, f->name);
	log_info("%s: %s: an archive: dumps in it: %zu, other members, which "
		 "are passed over: %zu",
	    f->feed->name, name, unpack_dumps(f->unpack),
	    unpack_passed_over(f->unpack));
}

static int
take_members(struct file *f, struct err *e)
{
	struct unpack_dump m;
	int more;

	if (is_begun(f)) {
		unpack_skip(f->unpack, f->in->half.members);
	} else {
		if (keep_archive(f, e) == -1)
			return -1;
		note_kept(f);
		log_archive(f);
	}
	while ((more = unpack_next(f->unpack, &m, e)) == 1) {
		if (take_member(f, &m, e) == -1)
			return -1;
		f->in->half.members++;
	}
	return more;
}

/* --- while it is unpacked ----------------------------------------------- */

static void
breathe(void *ctx)
{
	const struct file *f = ctx;

	if (f->in->breathe != NULL)
		f->in->breathe(f->in->ctx);
}

static int
check_room(void *ctx, uint64_t bytes, struct err *e)
{
	const struct file *f = ctx;

	return ingest_check_room(f->in->conf, bytes, e);
}

int
ingest_file(struct ingest *in, const struct feed *feed,
    const struct settings *source, const char *name, int fd, int64_t at,
    ingest_done *done, void *ctx, struct err *e)
{
	struct file f = { in, feed, source, name, fd, at, NULL, done, ctx };
	char dir[PATH_MAX];
	struct unpack_how how = { .limits = &source->limits,
		.dir = dir,
		.breathe = breathe,
		.ctx = &f,
		.stop = &in->stop,
		.check_room = check_room };
	struct dump_entry d;
	bool known = false;
	int rc;

	conf_path(dir, in->conf, "state", NULL);
	if (unpack_open(&f.unpack, fd, name, &how, e) == -1)
		return -1;
	if (unpack_is_archive(f.unpack)) {
		rc = take_members(&f, e);
	} else {
		rc = ingest_dump(in, feed, source, name, fd, at, &d, &known, e);
		if (rc != -1)
			done(ctx, name, &d, known);
	}
	unpack_close(f.unpack);
	return rc == -1 ? -1 : 0;
}
