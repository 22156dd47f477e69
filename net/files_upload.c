/*
 * Uploads.  The bytes lie in a hidden file of the folder they are for, written
 * by the network process through its descriptor, until the client says that
 * they are whole: then they are synced (in a thread) and renamed to the first
 * of name.csv, name-2.csv … that is free, so that no waiting dump is lost.
 * What its own session sees is kept here, whatever ingest did meanwhile.
 *
 * Clients upload under a temporary name and rename at the end.  What has one of
 * the known endings gets that name and ingest leaves it alone; what begins with
 * a dot stays hidden as it was, and goes with its session.
 */
#include "net/files_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "server/log.h"

#define UPLOADS_MAX 64  /* at once, a channel */
#define KEPT_MAX 4096   /* finished ones that a session still sees */
#define NAMES_MAX 10000 /* name-2 … */
#define STALE_S (24 * 3600)
#define HIDDEN ".upload-"

static const char *
base_of(const char *rel)
{
	const char *slash = strrchr(rel, '/');

	return slash == NULL ? rel : slash + 1;
}

static bool
begins_with_dot(const char *name)
{
	return name[0] == '.';
}

/* Names that ingest leaves alone: a client renames them when it is done. */
static bool
unfinished(const char *name)
{
	static const char *const ends[] = { ".part", ".filepart", ".tmp", "~" };
	size_t n = strlen(name);

	if (begins_with_dot(name))
		return true;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		size_t m = strlen(ends[i]);

		if (n >= m && strcmp(name + n - m, ends[i]) == 0)
			return true;
	}
	return false;
}

/* --- folders and disk ---------------------------------------------------- */

static int
open_folder(const struct files *f, const struct tree_place *place)
{
	char folder[FILES_PATH_MAX];
	char *slash;

	memcpy(folder, place->rel, sizeof folder);
	slash = strrchr(folder, '/');
	if (slash == NULL) {
		errno = EISDIR;
		return -1;
	}
	*slash = '\0';
	return openat(f->tree.root[TREE_INBOX], folder,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Is more than the reserve free?  parts: of the reserve, in quarters. */
static bool
has_room(const struct files *f, int dir, unsigned quarters)
{
	struct statvfs st;
	uint64_t keep, percent;

	if (fstatvfs(dir, &st) == -1)
		return true; /* the write itself will tell */
	keep = f->conf->reserve_bytes;
	percent = (uint64_t)st.f_blocks * st.f_frsize / 100 *
		  f->conf->reserve_percent;
	if (percent < keep)
		keep = percent;
	return (uint64_t)st.f_bavail * st.f_frsize > keep / 4 * quarters;
}

/* --- one upload ---------------------------------------------------------- */

/* Takes it off the disk, unless it is THERE under a name that can be seen. */
static void
discard(struct files *f, struct upload *u)
{
	if (u->state != UPLOAD_THERE) {
		unlinkat(u->dir, u->hidden, 0);
		f->open_uploads--;
	} else if (begins_with_dot(u->name) &&
		   unlinkat(u->dir, u->name, 0) == 0) {
		log_warn("an upload is removed: its client gave it a temporary "
			 "name that begins with a dot, and did not rename it");
	}
	if (u->fd != -1)
		close(u->fd);
	close(u->dir);
	free(u);
}

static void
unlink_upload(struct files *f, struct channel *c, struct upload *u)
{
	struct upload **at = &c->upload;

	while (*at != u)
		at = &(*at)->next;
	*at = u->next;
	c->kept--;
	if (u->state != UPLOAD_THERE)
		c->uploads--;
	if (u->state == UPLOAD_SYNCING) { /* its thread still has it */
		u->by = NULL;
		u->next = NULL;
		return;
	}
	discard(f, u);
}

struct upload *
upload_find(
    struct channel *c, const struct allowed *by, const struct tree_place *place)
{
	struct upload *u = c->upload;

	while (u != NULL && (u->by != by || place->root != TREE_INBOX ||
				strcmp(u->place.rel, place->rel) != 0))
		u = u->next;
	return u;
}

static struct upload *
by_number(const struct request *rq)
{
	struct upload *u = rq->channel->upload;

	while (u != NULL && (u->by != rq->by || u->number != rq->q->number))
		u = u->next;
	return u;
}

struct files_stat
upload_stat(const struct upload *u)
{
	struct files_stat out = u->stat;
	struct stat st;

	if (u->state != UPLOAD_THERE && fstat(u->fd, &st) == 0) {
		out.size = (uint64_t)st.st_size;
		out.mtime = (int64_t)st.st_mtim.tv_sec;
	}
	out.writable = 1;
	return out;
}

const char *
upload_name_in(const struct upload *u, const char *folder)
{
	size_t n = strlen(folder);

	if (strncmp(u->place.rel, folder, n) != 0 || u->place.rel[n] != '/' ||
	    strchr(u->place.rel + n + 1, '/') != NULL)
		return NULL;
	return u->place.rel + n + 1;
}

/* Is the file of that name still the one that was uploaded? */
static bool
still_there(const struct upload *u)
{
	struct stat st;

	return fstatat(u->dir, u->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (uint64_t)st.st_ino == u->inode &&
	       (uint64_t)st.st_dev == u->device;
}

bool
upload_is_entry(const struct upload *u)
{
	return u->state == UPLOAD_THERE && still_there(u) &&
	       strcmp(u->name, base_of(u->place.rel)) == 0;
}

/* "deals.csv", 2 → "deals-2.csv"; "deals.csv.gz" → "deals-2.csv.gz". */
static bool
numbered_name(char out[256], const char *name, unsigned i)
{
	const char *dot = strchr(name + 1, '.');
	int stem = dot == NULL ? (int)strlen(name) : (int)(dot - name);
	int n;

	if (i == 1)
		n = snprintf(out, 256, "%s", name);
	else
		n = snprintf(out, 256, "%.*s-%u%s", stem, name, i,
		    dot == NULL ? "" : dot);
	return n > 0 && n < 256;
}

/* Into the folder under the first free name; its name goes to out. */
static int
move_in(
    int from_dir, const char *from, int dir, const char *name, char out[256])
{
	for (unsigned i = 1; i < NAMES_MAX; i++) {
		if (!numbered_name(out, name, i))
			return ENAMETOOLONG;
		if (renameat2(from_dir, from, dir, out, RENAME_NOREPLACE) == 0)
			return 0;
		if (errno != EEXIST)
			return errno;
	}
	return EEXIST;
}

/* --- beginning ----------------------------------------------------------- */

static int
resolve(const struct request *rq, const char *path, struct tree_place *out)
{
	int rc = tree_resolve(&rq->f->tree, &rq->by->grant, path, out);

	if (rc != 0)
		return rc;
	if (out->kind != TREE_REAL || !out->upload ||
	    strchr(out->rel, '/') == NULL)
		return EACCES;
	return 0;
}

/* A fresh one takes the place of one's own earlier upload of that name.  What
 * is a dump stays one; what only waits for its client is replaced. */
static void
replace(struct request *rq, struct upload *u)
{
	if (u->state == UPLOAD_THERE && unfinished(u->name) && still_there(u))
		unlinkat(u->dir, u->name, 0);
	unlink_upload(rq->f, rq->channel, u);
}

static int
begin(struct files *f, struct upload *u)
{
	uint8_t random[12];
	struct stat st;
	size_t n = strlen(HIDDEN);

	u->dir = open_folder(f, &u->place);
	if (u->dir == -1)
		return errno == ENOENT ? ENOENT : EACCES;
	if (!has_room(f, u->dir, 4)) {
		log_warn("an upload is refused: the disk is nearly full");
		return ENOSPC;
	}
	secret_random(random, sizeof random);
	memcpy(u->hidden, HIDDEN, n + 1);
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(u->hidden + n + 2 * i, 3, "%02x", random[i]);
	u->fd = openat(u->dir, u->hidden,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (u->fd == -1)
		return errno;
	if (fstat(u->fd, &st) == 0) {
		u->inode = (uint64_t)st.st_ino;
		u->device = (uint64_t)st.st_dev;
	}
	return 0;
}

int
upload_create(struct request *rq)
{
	struct channel *c = rq->channel;
	struct upload *u, *old;
	struct tree_place place;
	int rc = resolve(rq, rq->q->path, &place);

	if (rc == 0 && rq->by->grant.protocol == PROTO_FTP)
		rc = EACCES; /* personal data, unencrypted; whoever asks */
	if (rc != 0)
		return rc;
	if (c->uploads >= UPLOADS_MAX || c->kept >= KEPT_MAX) {
		log_warn("an upload is refused: its session has too many");
		return EMFILE;
	}
	u = mem_alloc(sizeof *u);
	u->fd = u->dir = -1;
	u->by = rq->by;
	u->place = place;
	rc = begin(rq->f, u);
	if (rc != 0) {
		if (u->dir != -1)
			close(u->dir);
		free(u);
		return rc;
	}
	old = upload_find(c, rq->by, &place);
	if (old != NULL)
		replace(rq, old);
	secret_random(&u->number, sizeof u->number);
	u->next = c->upload;
	c->upload = u;
	c->uploads++;
	c->kept++;
	rq->f->open_uploads++;
	rq->fd = fcntl(u->fd, F_DUPFD_CLOEXEC, 0);
	rq->r.number = u->number;
	rq->r.stat = upload_stat(u);
	return 0;
}

/* --- ending -------------------------------------------------------------- */

struct sync {
	struct task task; /* first: a task is its sync */
	struct upload *u;
	uint64_t peer, ask;
	int error;
};

static void
run_sync(struct task *t)
{
	struct sync *s = (struct sync *)t;

	s->error = fsync(s->u->fd) == 0 ? 0 : errno;
}

int
upload_commit(struct request *rq)
{
	struct upload *u = by_number(rq);
	struct sync *s;

	if (u == NULL || u->state != UPLOAD_OPEN)
		return ENOENT;
	if (u->failed == 0 &&
	    upload_stat(u).size > rq->f->conf->limits.packed_bytes) {
		log_warn("an upload is refused: it is over the limit of %llu "
			 "bytes",
		    (unsigned long long)rq->f->conf->limits.packed_bytes);
		u->failed = EFBIG;
	}
	if (u->failed != 0) {
		int failed = u->failed;

		unlink_upload(rq->f, rq->channel, u);
		return failed;
	}
	s = mem_alloc(sizeof *s);
	s->task.run = run_sync;
	s->u = u;
	s->peer = rq->peer->number;
	s->ask = rq->q->head.id;
	u->state = UPLOAD_SYNCING;
	rq->later = true;
	pool_put(rq->f->pool, &s->task);
	return 0;
}

static void
uploaded(struct files *f, const struct upload *u)
{
	char path[FILES_PATH_MAX + 256];
	struct event ev;

	snprintf(path, sizeof path, "%.*s%s",
	    (int)(base_of(u->place.rel) - u->place.rel), u->place.rel, u->name);
	ev = files_event(EVENT_UPLOADED, &u->by->grant, u->place.feed, path);
	ev.size = ev.bytes = u->stat.size;
	events_put(f->events, &ev);
}

static int
give_name(struct upload *u)
{
	const char *name = base_of(u->place.rel);

	if (!begins_with_dot(name))
		return move_in(u->dir, u->hidden, u->dir, name, u->name);
	memcpy(u->name, u->hidden, sizeof u->hidden);
	return 0;
}

/* Its bytes are on the disk: it gets its name. */
static int
settle(struct files *f, struct channel *c, struct upload *u, int error)
{
	int rc = error;

	u->stat = upload_stat(u);
	if (rc == 0)
		rc = give_name(u);
	if (rc != 0) {
		u->state = UPLOAD_OPEN;
		unlink_upload(f, c, u);
		return rc;
	}
	if (fsync(u->dir) == -1)
		log_error(
		    "an upload's folder cannot be synced: %s", strerror(errno));
	u->state = UPLOAD_THERE;
	c->uploads--;
	f->open_uploads--;
	close(u->fd);
	u->fd = -1;
	if (!unfinished(u->name))
		uploaded(f, u);
	return 0;
}

struct peer *
files_peer(const struct files *f, uint64_t number)
{
	for (size_t i = 0; i < f->peers.n; i++) {
		if (f->peers.peer[i]->number == number &&
		    !f->peers.peer[i]->gone)
			return f->peers.peer[i];
	}
	return NULL;
}

void
upload_synced(struct files *f)
{
	struct task *t;

	while ((t = pool_done(f->pool)) != NULL) {
		struct sync *s = (struct sync *)t;
		struct files_reply r;
		struct peer *p;

		if (list_done(f, t))
			continue;
		p = files_peer(f, s->peer);
		WIRE_INIT(&r, WIRE_OPENED);
		r.head.id = s->ask;
		if (s->u->by == NULL) { /* its login ended meanwhile */
			s->u->state = UPLOAD_OPEN;
			discard(f, s->u);
			r.error = EACCES;
		} else {
			r.error = settle(f, p->data, s->u, s->error);
		}
		if (p != NULL)
			files_answer(p, &r, -1);
		free(s);
	}
}

int
upload_abort(struct request *rq)
{
	struct upload *u = by_number(rq);

	if (u == NULL || u->state != UPLOAD_OPEN)
		return ENOENT;
	unlink_upload(rq->f, rq->channel, u);
	return 0;
}

/* --- renaming and removing ----------------------------------------------- */

/* The file under the new name; a name that ingest took from us is only a name
 * in this session. */
static int
rename_there(struct request *rq, struct upload *u, const struct tree_place *to)
{
	char name[256];
	int dir, rc;

	if (!still_there(u))
		return 0;
	dir = open_folder(rq->f, to);
	if (dir == -1)
		return errno == ENOENT ? ENOENT : EACCES;
	rc = move_in(u->dir, u->name, dir, base_of(to->rel), name);
	if (rc == ENOENT) { /* taken in this very moment */
		close(dir);
		return 0;
	}
	if (rc != 0) {
		close(dir);
		return rc;
	}
	if (fsync(dir) == -1 || fsync(u->dir) == -1)
		log_error(
		    "an upload's folder cannot be synced: %s", strerror(errno));
	close(u->dir);
	u->dir = dir;
	memcpy(u->name, name, sizeof u->name);
	return 0;
}

static bool
same_folder(const char *a, const char *b)
{
	size_t n = (size_t)(base_of(a) - a);

	return n == (size_t)(base_of(b) - b) && strncmp(a, b, n) == 0;
}

int
upload_rename(struct request *rq)
{
	struct tree_place from, to;
	struct upload *u, *old;
	bool becomes_dump;
	int rc = resolve(rq, rq->q->path, &from);

	if (rc == 0)
		rc = resolve(rq, rq->q->path2, &to);
	if (rc != 0)
		return rc;
	u = upload_find(rq->channel, rq->by, &from);
	if (u == NULL)
		return ENOENT;
	if (from.feed != to.feed)
		return EACCES;
	if (u->state == UPLOAD_SYNCING ||
	    (u->state == UPLOAD_OPEN && !same_folder(from.rel, to.rel)))
		return EBUSY;
	if (strcmp(from.rel, to.rel) == 0)
		return 0;
	if (u->state == UPLOAD_THERE && begins_with_dot(base_of(to.rel)))
		return EINVAL;
	becomes_dump = u->state == UPLOAD_THERE && unfinished(u->name) &&
		       !unfinished(base_of(to.rel));
	old = upload_find(rq->channel, rq->by, &to);
	if (old != NULL)
		replace(rq, old);
	if (u->state == UPLOAD_THERE)
		rc = rename_there(rq, u, &to);
	if (rc != 0)
		return rc;
	u->place = to;
	if (becomes_dump)
		uploaded(rq->f, u);
	return 0;
}

int
upload_open(const struct upload *u)
{
	if (u->state != UPLOAD_THERE || !still_there(u)) {
		errno = EACCES;
		return -1;
	}
	return openat(
	    u->dir, u->name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

int
upload_remove(struct request *rq)
{
	struct tree_place place;
	struct upload *u;
	int rc = resolve(rq, rq->q->path, &place);

	if (rc != 0)
		return rc;
	u = upload_find(rq->channel, rq->by, &place);
	if (u == NULL)
		return ENOENT;
	if (u->state == UPLOAD_SYNCING)
		return EBUSY;
	if (u->state == UPLOAD_THERE) {
		if (!still_there(u) || unlinkat(u->dir, u->name, 0) == -1)
			return EACCES; /* ingest has it */
	}
	unlink_upload(rq->f, rq->channel, u);
	return 0;
}

/* --- at the end, by the clock, at the start ------------------------------- */

void
upload_drop_all(struct files *f, struct channel *c, const struct allowed *by)
{
	struct upload *u = c->upload;

	while (u != NULL) {
		struct upload *next = u->next;

		if (by == NULL || u->by == by)
			unlink_upload(f, c, u);
		u = next;
	}
}

/* Network processes write by themselves: what grows over a limit is emptied. */
static void
police_one(struct files *f, struct upload *u)
{
	bool big = upload_stat(u).size > f->conf->limits.packed_bytes;

	if (u->failed != 0 || u->state != UPLOAD_OPEN ||
	    (!big && has_room(f, u->dir, 1)))
		return;
	log_warn("an upload is stopped: %s",
	    big ? "it is over the limit of size" : "the disk is nearly full");
	u->failed = big ? EFBIG : ENOSPC;
	if (ftruncate(u->fd, 0) == -1)
		log_error("an upload cannot be emptied: %s", strerror(errno));
}

void
upload_police(struct files *f)
{
	for (size_t i = 0; i < f->peers.n; i++) {
		struct channel *c = f->peers.peer[i]->data;

		if (c == NULL)
			continue;
		for (struct upload *u = c->upload; u != NULL; u = u->next) {
			if (u->state != UPLOAD_THERE)
				police_one(f, u);
		}
	}
}

static void
tidy_folder(int root, const char *folder)
{
	int fd = openat(
	    root, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	const struct dirent *de;
	time_t now = time(NULL);

	if (d == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((de = readdir(d)) != NULL) {
		struct stat st;

		if (strncmp(de->d_name, HIDDEN, strlen(HIDDEN)) != 0 ||
		    fstatat(fd, de->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		if (S_ISREG(st.st_mode) && now - st.st_mtime > STALE_S)
			unlinkat(fd, de->d_name, 0);
	}
	closedir(d);
}

void
upload_tidy(const struct files *f)
{
	for (size_t i = 0; i < f->conf->feeds; i++) {
		const struct feed *feed = &f->conf->feed[i];

		for (size_t s = 0; s < feed->sources; s++) {
			char folder[256];
			const char *source = feed->source[s]->source;

			snprintf(folder, sizeof folder, "%s%s%s", feed->name,
			    source[0] == '\0' ? "" : "/", source);
			tidy_folder(f->tree.root[TREE_INBOX], folder);
		}
	}
}
