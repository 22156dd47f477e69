/*
 * The inbox.  Every name that something happened to is a candidate; a
 * candidate becomes a dump when it was renamed into place or when its size
 * stood still for settle_ms by our own monotonic clock.  inotify only says
 * where to look: what is there is decided by fstat, and what inotify missed is
 * found by the rescan.
 */
#include "feed/watch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/clock.h"
#include "server/lang.h"
#include "feed/quarantine.h"

#define BUCKETS 4096
#define EVENTS                                                                 \
	(IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_ATTRIB |    \
	    IN_ONLYDIR)
#define TAKEN ".convdrop-taken." /* on its way out of the inbox */
#define NAME_ROOM (NAME_MAX - sizeof TAKEN)
#define AGAIN_MS 200

struct folder {
	const struct feed *feed;
	const struct settings *source;
	char path[PATH_MAX];
	int fd, wd;
};

struct candidate {
	struct candidate *next; /* of its bucket */
	size_t folder;
	char name[256];
	off_t size;
	int64_t since_ms; /* its size has not changed since */
	int64_t until_ms; /* not before then (watch_later) */
	int64_t settled;
	bool renamed;   /* into place: whole at once */
	bool ready;     /* settled is set */
	bool out;       /* handed out */
	bool reported;  /* unreadable, and said so */
	struct stat st; /* when it was handed out */
};

struct watch {
	const struct conf *conf;
	int fd;
	struct folder *folder;
	size_t folders;
	struct candidate *bucket[BUCKETS];
	uid_t *owner;
	size_t owners;
	int64_t rescan_ms; /* the next one */
};

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n >= m && strcasecmp(name + n - m, end) == 0;
}

bool
watch_takes(const char *name)
{
	static const char *const unfinished[] = { ".part", ".filepart", ".tmp",
		"~" };

	if (name[0] == '.' || name[0] == '\0')
		return false;
	for (size_t i = 0; i < sizeof unfinished / sizeof *unfinished; i++) {
		if (ends_with(name, unfinished[i]))
			return false;
	}
	return true;
}

/* --- candidates ---------------------------------------------------------- */

static struct candidate **
slot(struct watch *w, size_t folder, const char *name)
{
	uint32_t h = 2166136261U ^ (uint32_t)folder;
	struct candidate **p;

	for (const char *s = name; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 16777619U;
	for (p = &w->bucket[h % BUCKETS]; *p != NULL; p = &(*p)->next) {
		if ((*p)->folder == folder && strcmp((*p)->name, name) == 0)
			break;
	}
	return p;
}

static void
drop(struct watch *w, struct candidate *c)
{
	struct candidate **p = slot(w, c->folder, c->name);

	*p = c->next;
	free(c);
}

/* The candidate of that name; a new one begins to settle now. */
static struct candidate *
candidate(struct watch *w, size_t folder, const char *name)
{
	struct candidate **p = slot(w, folder, name), *c = *p;
	struct stat st;

	if (c != NULL)
		return c;
	*p = c = mem_alloc(sizeof *c);
	c->folder = folder;
	snprintf(c->name, sizeof c->name, "%s", name);
	c->since_ms = clock_ms();
	c->size =
	    fstatat(w->folder[folder].fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
		? st.st_size
		: -1;
	return c;
}

/* Something happened to it. */
static void
touch(struct watch *w, size_t folder, const char *name, uint32_t mask)
{
	struct candidate *c;

	if (!watch_takes(name))
		return;
	c = candidate(w, folder, name);
	c->reported = false;
	if ((mask & IN_MOVED_TO) != 0) {
		c->renamed = true;
		c->ready = false;
	} else if ((mask & IN_MODIFY) != 0) {
		c->renamed = false;
		c->ready = false;
		c->since_ms = clock_ms();
	} else if (!c->renamed && !c->ready) {
		c->since_ms = clock_ms();
	}
}

/* Has it settled?  False also when it is gone: *gone. */
static bool
settles(struct watch *w, struct candidate *c, int64_t now, bool *gone)
{
	struct stat st;

	*gone = false;
	if (c->ready)
		return true;
	if (!c->renamed && now - c->since_ms < (int64_t)w->conf->settle_ms)
		return false;
	if (fstatat(w->folder[c->folder].fd, c->name, &st,
		AT_SYMLINK_NOFOLLOW) == -1) {
		*gone = errno == ENOENT;
		c->since_ms = now;
		return false;
	}
	if (!c->renamed && st.st_size != c->size) {
		c->size = st.st_size;
		c->since_ms = now;
		return false;
	}
	/* When it came to rest, the same after a restart: it orders what
	 * piled up while nobody was watching, and names the archived copy. */
	c->settled = st.st_ctim.tv_sec;
	if (c->settled > (int64_t)time(NULL))
		c->settled = (int64_t)time(NULL);
	c->ready = true;
	return true;
}

/* --- folders -------------------------------------------------------------- */

/* Puts back what a crash caught between watch_remove's two steps. */
static void
put_back(struct folder *f, const char *taken)
{
	const char *name = taken + strlen(TAKEN);

	if (renameat2(f->fd, taken, f->fd, name, RENAME_NOREPLACE) == -1 &&
	    errno == EEXIST)
		unlinkat(f->fd, taken, 0); /* replaced by whoever dropped it */
}

static bool
is_source(const struct feed *f, const char *name)
{
	return feed_source(f, name) != NULL;
}

static int
scan_folder(struct watch *w, size_t i, struct err *e)
{
	struct folder *f = &w->folder[i];
	int fd = -1, rc = -1;
	struct dirent *d;
	DIR *dir = NULL;

	/* Opened anew: somebody may have replaced the folder. */
	(void)!mkdir(f->path, 0750);
	fd = open(f->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1) {
		err_set(e, "open the folder %s: %s", f->path, strerror(errno));
		goto out;
	}
	f->wd = inotify_add_watch(w->fd, f->path, EVENTS);
	if (f->wd == -1) {
		err_set(e, "watch the folder %s: %s", f->path, strerror(errno));
		goto out;
	}
	if (f->fd != -1)
		close(f->fd);
	f->fd = fd;
	fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd == -1 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		err_set(e, "list the folder %s: %s", f->path, strerror(errno));
		goto out;
	}
	fd = -1;
	while ((d = readdir(dir)) != NULL) {
		if (strncmp(d->d_name, TAKEN, strlen(TAKEN)) == 0)
			put_back(f, d->d_name);
		else if (watch_takes(d->d_name) &&
			 !(d->d_type == DT_DIR &&
			     is_source(f->feed, d->d_name)))
			candidate(w, i, d->d_name);
	}
	rc = 0;
out:
	if (dir != NULL)
		closedir(dir);
	if (fd != -1)
		close(fd);
	return rc;
}

/* Forgets what was reported and is there no more. */
static void
forget_gone(struct watch *w)
{
	struct candidate *c, *next;
	struct stat st;

	for (size_t b = 0; b < BUCKETS; b++) {
		for (c = w->bucket[b]; c != NULL; c = next) {
			next = c->next;
			if (c->reported &&
			    fstatat(w->folder[c->folder].fd, c->name, &st,
				AT_SYMLINK_NOFOLLOW) == -1 &&
			    errno == ENOENT)
				drop(w, c);
		}
	}
}

static int
rescan(struct watch *w, struct err *e)
{
	int rc = 0;

	w->rescan_ms = clock_ms() + (int64_t)w->conf->rescan_s * 1000;
	for (size_t i = 0; i < w->folders; i++) {
		if (scan_folder(w, i, e) == -1)
			rc = -1;
	}
	forget_gone(w);
	return rc;
}

/* --- opening -------------------------------------------------------------- */

static void
add_owner(struct watch *w, uid_t uid)
{
	w->owner = mem_grow(w->owner, (w->owners + 1) * sizeof *w->owner);
	w->owner[w->owners++] = uid;
}

static int
add_owner_name(struct watch *w, const char *name, struct err *e)
{
	struct passwd *pw;
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	if (name[0] != '\0' && *end == '\0') {
		add_owner(w, (uid_t)n);
		return 0;
	}
	pw = getpwnam(name);
	if (pw == NULL)
		return err_set(
		    e, "There is no account \"%s\" (inbox_owners).", name);
	add_owner(w, pw->pw_uid);
	return 0;
}

static int
find_owners(struct watch *w, struct err *e)
{
	const struct conf *c = w->conf;
	const struct passwd *pw;

	add_owner(w, 0);
	add_owner(w, geteuid());
	/* Uploads belong to `files`; by this account only when it has one. */
	pw = c->user_files == NULL || c->user_files[0] == '\0'
		 ? NULL
		 : getpwnam(c->user_files);
	if (pw != NULL)
		add_owner(w, pw->pw_uid);
	for (size_t i = 0; c->inbox_owner != NULL && c->inbox_owner[i] != NULL;
	     i++) {
		if (add_owner_name(w, c->inbox_owner[i], e) == -1)
			return -1;
	}
	return 0;
}

static void
add_folder(struct watch *w, const struct feed *f, const struct settings *s)
{
	struct folder *to;

	w->folder = mem_grow(w->folder, (w->folders + 1) * sizeof *w->folder);
	to = &w->folder[w->folders++];
	memset(to, 0, sizeof *to);
	to->feed = f;
	to->source = s;
	to->fd = to->wd = -1;
	conf_path(to->path, w->conf, "inbox", f->name,
	    s->source[0] == '\0' ? NULL : s->source, NULL);
}

int
watch_open(struct watch **out, const struct conf *c, struct err *e)
{
	struct watch *w = mem_alloc(sizeof *w);

	w->conf = c;
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd == -1) {
		err_set(e, "start watching the inbox: %s", strerror(errno));
		goto fail;
	}
	if (find_owners(w, e) == -1)
		goto fail;
	for (size_t i = 0; i < c->feeds; i++) {
		for (size_t k = 0; k < c->feed[i].sources; k++)
			add_folder(w, &c->feed[i], c->feed[i].source[k]);
	}
	if (rescan(w, e) == -1)
		goto fail;
	*out = w;
	return 0;
fail:
	watch_close(w);
	return -1;
}

void
watch_close(struct watch *w)
{
	if (w == NULL)
		return;
	for (size_t b = 0; b < BUCKETS; b++) {
		while (w->bucket[b] != NULL)
			drop(w, w->bucket[b]);
	}
	for (size_t i = 0; i < w->folders; i++) {
		if (w->folder[i].fd != -1)
			close(w->folder[i].fd);
	}
	if (w->fd != -1)
		close(w->fd);
	free(w->folder);
	free(w->owner);
	free(w);
}

/* --- daily use ------------------------------------------------------------ */

int
watch_fd(const struct watch *w)
{
	return w->fd;
}

static void
note_event(struct watch *w, const struct inotify_event *ev)
{
	if ((ev->mask & IN_Q_OVERFLOW) != 0)
		w->rescan_ms = 0; /* at the next watch_next */
	if (ev->len == 0)
		return;
	for (size_t i = 0; i < w->folders; i++) {
		struct folder *f = &w->folder[i];

		if (f->wd != ev->wd)
			continue;
		if ((ev->mask & IN_ISDIR) == 0 || !is_source(f->feed, ev->name))
			touch(w, i, ev->name, ev->mask);
	}
}

static int
read_events(struct watch *w, struct err *e)
{
	_Alignas(struct inotify_event) char buf[65536];
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof buf)) > 0) {
		for (char *p = buf; p < buf + n;) {
			struct inotify_event ev;

			memcpy(&ev, p, sizeof ev);
			note_event(w, (const struct inotify_event *)(void *)p);
			p += sizeof ev + ev.len;
		}
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return err_set(
		    e, "read what happened in the inbox: %s", strerror(errno));
	return 0;
}

static int64_t
wait_ms(const struct watch *w, const struct candidate *c, int64_t now)
{
	if (c->out || c->reported)
		return INT64_MAX;
	if (c->until_ms > now)
		return c->until_ms - now;
	if (c->ready || c->renamed)
		return 0;
	return c->since_ms + (int64_t)w->conf->settle_ms - now;
}

int
watch_timeout(const struct watch *w)
{
	int64_t now = clock_ms(), least = w->rescan_ms - now;

	for (size_t b = 0; b < BUCKETS; b++) {
		for (struct candidate *c = w->bucket[b]; c != NULL;
		     c = c->next) {
			int64_t ms = wait_ms(w, c, now);

			if (ms < least)
				least = ms;
		}
	}
	if (least < 0)
		return 0;
	return least > INT_MAX ? INT_MAX : (int)least;
}

static bool
comes_before(const struct candidate *a, const struct candidate *b)
{
	int order;

	if (a->settled != b->settled)
		return a->settled < b->settled;
	order = strcmp(a->name, b->name);
	return order != 0 ? order < 0 : a->folder < b->folder;
}

/* The candidate whose turn it is; NULL when there is none. */
static struct candidate *
first_ready(struct watch *w)
{
	struct candidate *best = NULL, *c, *next;
	int64_t now = clock_ms();
	bool gone;

	for (size_t b = 0; b < BUCKETS; b++) {
		for (c = w->bucket[b]; c != NULL; c = next) {
			next = c->next;
			if (c->out || c->reported || c->until_ms > now)
				continue;
			if (settles(w, c, now, &gone)) {
				if (best == NULL || comes_before(c, best))
					best = c;
			} else if (gone) {
				drop(w, c);
			}
		}
	}
	return best;
}

static void
leave(struct candidate *c, struct watch_found *out, const char *why)
{
	out->what = WATCH_UNREADABLE;
	snprintf(out->why, sizeof out->why, "%s", why);
	c->reported = true;
	c->ready = false;
}

/* Opens it, moves it away or leaves it.  False: look again later. */
static bool
hand_out(struct watch *w, struct candidate *c, struct watch_found *out)
{
	struct folder *f = &w->folder[c->folder];
	struct stat st, opened;
	char why[256];

	memset(out, 0, sizeof *out);
	out->feed = f->feed;
	out->source = f->source;
	out->settled = c->settled;
	out->fd = -1;
	snprintf(out->name, sizeof out->name, "%s", c->name);
	c->ready = false;
	c->since_ms = clock_ms();
	if (fstatat(f->fd, c->name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return false;
	if (S_ISDIR(st.st_mode)) {
		leave(c, out,
		    _("It is a folder, and no source of the feed has its name; "
		      "dumps in it are not read."));
		return true;
	}
	if (!quarantine_trusts(&st, w->owner, w->owners, why, sizeof why)) {
		if (quarantine_move(w->conf, f->feed, f->fd, c->name) == 0) {
			out->what = WATCH_QUARANTINED;
			memcpy(out->why, why, sizeof out->why);
			drop(w, c);
		} else {
			leave(c, out, why);
		}
		return true;
	}
	out->fd = openat(f->fd, c->name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (out->fd == -1 && (errno == EACCES || errno == EPERM)) {
		leave(c, out,
		    _("The server may not read it; give it read permission."));
		return true;
	}
	if (out->fd == -1)
		return false;
	if (fstat(out->fd, &opened) == -1 || opened.st_ino != st.st_ino ||
	    opened.st_dev != st.st_dev || !S_ISREG(opened.st_mode)) {
		close(out->fd);
		return false;
	}
	out->what = WATCH_DUMP;
	c->out = true;
	c->renamed = false;
	c->st = opened;
	return true;
}

int
watch_next(struct watch *w, struct watch_found *out, struct err *e)
{
	struct candidate *c;

	if (read_events(w, e) == -1)
		return -1;
	if (clock_ms() >= w->rescan_ms && rescan(w, e) == -1)
		return -1;
	while ((c = first_ready(w)) != NULL) {
		if (hand_out(w, c, out))
			return 1;
		c->until_ms = clock_ms() + AGAIN_MS;
	}
	return 0;
}

static struct candidate *
handed_out(struct watch *w, const struct watch_found *f)
{
	for (size_t i = 0; i < w->folders; i++) {
		struct candidate *c;

		if (w->folder[i].feed != f->feed ||
		    w->folder[i].source != f->source)
			continue;
		c = *slot(w, i, f->name);
		return c != NULL && c->out ? c : NULL;
	}
	return NULL;
}

static bool
same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int
watch_remove(struct watch *w, const struct watch_found *f, struct err *e)
{
	struct candidate *c = handed_out(w, f);
	char taken[300];
	struct folder *dir;
	struct stat st;
	size_t n;

	if (c == NULL)
		return 0;
	dir = &w->folder[c->folder];
	c->out = c->ready = false;
	c->since_ms = clock_ms();
	/* Out of sight first: what is looked at next cannot be exchanged. */
	n = strlen(c->name);
	snprintf(taken, sizeof taken, "%s%s", TAKEN,
	    c->name + (n > NAME_ROOM ? n - NAME_ROOM : 0));
	if (renameat(dir->fd, c->name, dir->fd, taken) == -1) {
		if (errno == ENOENT) {
			drop(w, c);
			return 0;
		}
		return err_set(e, "take %s out of the inbox: %s", c->name,
		    strerror(errno));
	}
	if (fstatat(dir->fd, taken, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    !same_file(&st, &c->st)) {
		put_back(dir, taken); /* a newer one: it settles again */
		return 0;
	}
	if (unlinkat(dir->fd, taken, 0) == -1)
		return err_set(e, "take %s out of the inbox: %s", c->name,
		    strerror(errno));
	drop(w, c);
	return 0;
}

void
watch_later(struct watch *w, const struct watch_found *f, unsigned ms)
{
	struct candidate *c = handed_out(w, f);

	if (c == NULL)
		return;
	c->out = false;
	c->until_ms = clock_ms() + ms;
}
