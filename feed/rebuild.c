/*
 * The past once more.  What happened between two dumps matters: a pull freezes
 * creation times, so publications and pulls are replayed in their places.
 */
#include "feed/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/archive.h"
#include "feed/render.h"
#include "feed/reread.h"
#include "store/temp.h"

/* --- replaying ------------------------------------------------------------ */

static int
tell_reading(struct replay *r, struct dump_entry *d, struct reread *again,
    bool merged, struct err *e)
{
	return r->reading == NULL ? 0 : r->reading(r->ctx, d, again, merged, e);
}

static int
merge_dump(struct replay *r, struct dump_entry *d, const char *text, int fd,
    struct err *e)
{
	struct reread again = REREAD_EMPTY;
	int rc = -1;

	again.in.dir = r->dir;
	again.in.breathe = r->breathe;
	again.in.ctx = r->breathe_ctx;
	again.in.stop = r->stop;
	if (tell_reading(r, d, &again, false, e) == -1 ||
	    reread_read(&again, r->conf, d, text, fd, e) == -1 ||
	    store_begin(r->to, e) == -1)
		goto out;
	if (store_dump_add(r->to, d, text, e) == -1 ||
	    reread_merge_below(&again, r->to, r->conf, d, e) == -1 ||
	    store_dump_set(r->to, d, e) == -1 ||
	    tell_reading(r, d, &again, true, e) == -1)
		store_rollback(r->to);
	else
		rc = store_commit(r->to, e);
out:
	reread_close(&again);
	return rc;
}

/* 1, or 0 when it is past its time. */
static int
open_copy(struct replay *r, const struct dump_entry *d, int *fd, struct err *e)
{
	char path[PATH_MAX];

	conf_path(path, r->conf, d->archive, NULL);
	if (access(path, F_OK) == -1 && errno == ENOENT) {
		if (d->at >= r->needed)
			return err_set(e,
			    "its archived copy %s is not there; without it "
			    "orders would be lost",
			    d->archive);
		r->expired++;
		return 0;
	}
	*fd = archive_open(r->conf, d->archive, e);
	return *fd == -1 ? -1 : 1;
}

static int
read_dump(struct replay *r, struct dump_entry *d, char **text, struct err *e)
{
	int fd = -1, rc = open_copy(r, d, &fd, e);

	if (rc == 1 && r->choose != NULL)
		rc = r->choose(r->ctx, d, text, e);
	if (rc == 1 && merge_dump(r, d, *text, fd, e) == -1)
		rc = -1;
	if (fd != -1)
		close(fd);
	return rc;
}

static int
replay_dump(struct replay *r, int64_t id, struct err *e)
{
	struct dump_entry d;
	char *text = NULL;
	int rc = store_dump_get(r->from, id, &d, &text, e);

	if (rc == 0)
		rc = err_set(e, "the ledger does not have it");
	else if (rc == 1)
		rc = read_dump(r, &d, &text, e);
	free(text);
	if (rc == -1)
		return err_add(e, "dump %lld", (long long)id);
	if (rc == 1) {
		r->dumps++;
		if (r->merged != NULL)
			r->merged(r->ctx, &d);
	}
	return 0;
}

/* As it was when to was the time. */
static int
tell_published(struct replay *r, const struct publication *p, struct err *e)
{
	if (r->published == NULL)
		return 0;
	return store_steps_pass(r->to, p->feed, p->to, true, e) == -1
		   ? -1
		   : r->published(r->ctx, p, e);
}

static int
get_publication(
    struct replay *r, int64_t id, struct publication *out, struct err *e)
{
	int found = store_publication_get(r->from, id, out, e);

	return found == 0
		   ? err_set(e, "publication %lld is missing", (long long)id)
		   : found;
}

static int
replay_publication(struct replay *r, int64_t id, struct err *e)
{
	struct publication p;

	if (get_publication(r, id, &p, e) == -1 ||
	    tell_published(r, &p, e) == -1)
		return -1;
	r->publications++;
	return store_publication_again(r->to, &p, e);
}

static int
replay_stands(struct replay *r, int64_t id, struct err *e)
{
	struct publication p;

	if (get_publication(r, id, &p, e) == -1)
		return -1;
	p.from = p.stood_from;
	p.to = p.stood_to;
	return tell_published(r, &p, e);
}

static int
replay_pull(struct replay *r, int64_t id, struct err *e)
{
	struct publication p;
	struct pull pull = { .id = ++r->pull };
	int found = store_publication_get(r->from, id, &p, e);

	if (found != 1)
		return found;
	memcpy(pull.feed, p.feed, sizeof pull.feed);
	memcpy(pull.file, p.file, sizeof pull.file);
	pull.begun = p.mtime;
	pull.size = p.bytes;
	r->pulls++;
	if (store_pull_begin(r->to, &pull, p.mtime, e) == -1)
		return -1;
	return store_pull_end(r->to, pull.id,
	    p.first_pull == 0 ? p.mtime : p.first_pull, p.bytes, true, e);
}

static int
replay_act(struct replay *r, int64_t id, struct err *e)
{
	if (store_begin(r->to, e) == -1)
		return -1;
	if (store_act_again(r->to, r->from, id, e) == -1) {
		store_rollback(r->to);
		return -1;
	}
	if (store_commit(r->to, e) == -1)
		return -1;
	if (r->acted != NULL)
		r->acted(r->ctx);
	return 0;
}

static int
step(void *ctx, enum history_kind k, int64_t id, struct err *e)
{
	struct replay *r = ctx;

	if (r->breathe != NULL)
		r->breathe(r->breathe_ctx);
	if (r->stop != NULL && *r->stop)
		return err_set(e, "interrupted");
	switch (k) {
	case HISTORY_DUMP:
		return replay_dump(r, id, e);
	case HISTORY_PUBLICATION:
		return replay_publication(r, id, e);
	case HISTORY_PULL:
		return replay_pull(r, id, e);
	case HISTORY_ACT:
		return replay_act(r, id, e);
	case HISTORY_STANDS:
		return replay_stands(r, id, e);
	case HISTORY_LAST:
		return store_steps_pass(r->to, r->feed->name, 0, false, e);
	case HISTORY_WITHDRAWN:
		return 0;
	}
	return err_set(e, "history of an unknown kind");
}

int
replay(struct replay *r, struct err *e)
{
	return store_history(r->from, r->feed->name, &r->after, step, r, e);
}

/* --- comparing ------------------------------------------------------------ */

#define LOOKS 5 /* at a file in published/ */
#define LOOK_US 200000

struct comparing {
	struct replay r;
	const char *into;
	struct zone *zone;
	struct version { /* the last one of each output */
		bool compared, differs, outdated;
		char sha256[65]; /* as it came out */
	} * version;             /* by the feed's writers */
};

static int
open_output(const struct comparing *r, const char *file, struct err *e)
{
	char path[PATH_MAX];
	int fd;

	if (r->into == NULL) {
		fd = temp_file(temp_folder());
		return fd != -1 ? fd
				: err_set(e, "make a temporary file in %s: %s",
				      temp_folder(), strerror(errno));
	}
	snprintf(path, sizeof path, "%s/%s", r->into, file);
	fd = open(
	    path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		err_set(e, "%s: %s", path, strerror(errno));
	return fd;
}

/* The file as it comes out now, against the ledger, that says what was
 * published. */
static int
compare(struct comparing *r, size_t writer, const struct publication *p,
    struct err *e)
{
	struct version *v = &r->version[writer];
	struct render_what what = { .store = r->r.to,
		.feed = r->r.feed,
		.writer = r->r.feed->writer[writer],
		.zone = r->zone,
		.from = p->from,
		.to = p->to,
		.since = p->to };
	struct render got;
	int fd, rc;

	v->outdated =
	    p->kinds != 0 && p->kinds != render_kinds(r->r.feed, what.writer);
	if (v->outdated)
		return 0;
	fd = open_output(r, p->file, e);
	if (fd == -1)
		return -1;
	rc = render_write(&what, fd, &got, e);
	close(fd);
	if (rc == -1)
		return -1;
	v->compared = true;
	v->differs = strcmp(got.sha256, p->sha256) != 0;
	memcpy(v->sha256, got.sha256, sizeof v->sha256);
	return 0;
}

/* The last version of each output is compared. */
static int
compare_last(void *ctx, const struct publication *p, struct err *e)
{
	struct comparing *r = ctx;
	struct publication last;
	int found =
	    store_publication_last(r->r.from, p->feed, p->file, true, &last, e);

	if (found != 1 || last.id != p->id)
		return found == -1 ? -1 : 0;
	for (size_t i = 0; i < r->r.feed->writers; i++)
		if (strcmp(r->r.feed->writer[i]->file, p->file) == 0)
			return compare(r, i, p, e);
	return 0; /* no output any more */
}

/* Dumps before an act may be read otherwise than when a version came to be:
 * what was compared says nothing until it was published again. */
static void
compare_again(void *ctx)
{
	struct comparing *r = ctx;

	memset(r->version, 0, r->r.feed->writers * sizeof *r->version);
}

/* --- what lies in published/ ---------------------------------------------- */

/* false: it cannot be read. */
static bool
hash_published(const struct comparing *r, const char *file, char sha256[65])
{
	char path[PATH_MAX];
	bool read;
	int fd;

	conf_path(path, r->r.conf, "published", r->r.feed->name, file, NULL);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	read = render_hash(sha256, fd) == 0;
	close(fd);
	return read;
}

/* Is it a version that came after the store was looked at: 1, 0, -1.  One that
 * is only planned may lie there already. */
static int
is_newer(struct comparing *r, struct store *now, const char *file,
    const char *sha256, struct err *e)
{
	const char *feed = r->r.feed->name;
	struct publication was, is;
	int found =
	    store_publication_last(r->r.from, feed, file, true, &was, e);

	for (int done = 0; found == 1 && done < 2; done++) {
		found =
		    store_publication_last(now, feed, file, done == 1, &is, e);
		if (found == 1 && is.id > was.id &&
		    strcmp(is.sha256, sha256) == 0)
			return 1;
	}
	return found == -1 ? -1 : 0;
}

/* The daemon may publish meanwhile: then what lies there is held against what
 * the ledger says by now.  Between two looks it may publish once more. */
static int
look_at_file(
    struct comparing *r, struct store *now, size_t writer, struct err *e)
{
	const char *file = r->r.feed->writer[writer]->file;
	struct version *v = &r->version[writer];
	char sha256[65];
	int newer = 0;

	for (int i = 0; i < LOOKS && newer == 0; i++) {
		if (i > 0)
			usleep(LOOK_US);
		if (hash_published(r, file, sha256)) {
			if (strcmp(sha256, v->sha256) == 0)
				return 0;
			newer = is_newer(r, now, file, sha256, e);
		}
	}
	v->differs = v->differs || newer == 0;
	return newer == -1 ? -1 : 0;
}

static int
look_at_files(struct comparing *r, struct err *e)
{
	struct store *now = NULL;
	char path[PATH_MAX];
	int rc = 0;

	conf_path(path, r->r.conf, "state", "store.db", NULL);
	rc = store_open(&now, path, true, e);
	for (size_t i = 0; rc == 0 && i < r->r.feed->writers; i++)
		if (r->version[i].compared)
			rc = look_at_file(r, now, i, e);
	store_close(now);
	return rc;
}

static void
count(const struct comparing *r, struct rebuild *out)
{
	for (size_t i = 0; i < r->r.feed->writers; i++) {
		out->files += r->version[i].compared;
		out->differ += r->version[i].differs;
		out->outdated += r->version[i].outdated;
	}
	out->dumps = r->r.dumps;
	out->publications = r->r.publications;
	out->pulls = r->r.pulls;
	out->expired = r->r.expired;
}

static int
open_store(struct comparing *r, struct err *e)
{
	char path[PATH_MAX];

	if (r->into == NULL)
		return store_open_scratch(&r->r.to, temp_folder(), e);
	snprintf(path, sizeof path, "%s/store.db", r->into);
	if (access(path, F_OK) == 0)
		return err_set(e, "%s is there already", path);
	return store_open(&r->r.to, path, false, e);
}

int
rebuild_feed(struct rebuild *out, const struct conf *c, const struct feed *f,
    struct store *from, const char *into, struct err *e)
{
	struct comparing r = { .into = into };
	int rc = -1;

	memset(out, 0, sizeof *out);
	r.version = mem_alloc((f->writers + 1) * sizeof *r.version);
	r.r = (struct replay){ .conf = c,
		.feed = f,
		.from = from,
		.dir = into == NULL ? temp_folder() : into,
		.needed = INT64_MAX,
		.published = compare_last,
		.acted = compare_again,
		.ctx = &r };
	if (conf_zone(&r.zone, f->source[0]->zone, e) == 0 &&
	    open_store(&r, e) == 0 && replay(&r.r, e) == 0)
		rc = look_at_files(&r, e);
	count(&r, out);
	store_close(r.r.to);
	zone_free(r.zone);
	free(r.version);
	return rc == -1 ? err_add(e, "rebuild %s", f->name) : 0;
}
