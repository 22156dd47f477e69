/*
 * What a client sees after login.
 */
#include "net/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "formats/slice.h"

#define NAME_BYTES 255

/* clang-format off */
static const struct root {
        const char *mount;  /* the first part of a path; "": feeds themselves */
        const char *folder; /* of the instance */
        unsigned read;      /* roles that may read */
        unsigned upload;    /* roles that may upload */
        unsigned masked;    /* of those who see masked twins (report.h) */
        bool flat;          /* nothing below a feed's folder but files */
} roots[TREE_ROOTS] = {
        [TREE_PUBLISHED] = { "",        "published",
                             ROLE_PULL | ROLE_AUDIT, 0, 0, true },
        [TREE_INBOX]     = { "inbox",   "inbox",
                             ROLE_AUDIT, ROLE_DROP, 0, false },
        [TREE_REPORTS]   = { "reports", "reports",
                             ROLE_DROP | ROLE_AUDIT, 0, ROLE_REPORT, false },
        [TREE_ARCHIVE]   = { "archive", "archive",
                             ROLE_AUDIT, 0, 0, false },
};
/* clang-format on */

/* --- resolving ----------------------------------------------------------- */

/* Byte by byte: what has no business in a name. */
static bool
bad_byte(unsigned char c)
{
	return c < 0x20 || c == 0x7f || c == '\\';
}

/* Without doubled slashes and "." parts; EINVAL for what may not be.  dotted:
 * the last part begins with a dot. */
static int
clean(const char *path, char out[FILES_PATH_MAX], bool *dotted)
{
	struct slice rest = slice_of(path);
	size_t n = 0;

	if (rest.n >= FILES_PATH_MAX)
		return EINVAL;
	for (size_t i = 0; i < rest.n; i++) {
		if (bad_byte((unsigned char)rest.p[i]))
			return EINVAL;
	}
	while (rest.n > 0) {
		struct slice part = slice_cut(&rest, '/');

		if (part.n == 0 || slice_is(part, "."))
			continue;
		if (slice_is(part, "..") || part.n > NAME_BYTES)
			return EINVAL;
		if (*dotted)
			return ENOENT; /* what is in a hidden folder */
		*dotted = part.p[0] == '.';
		if (n > 0)
			out[n++] = '/';
		memcpy(out + n, part.p, part.n);
		n += part.n;
	}
	out[n] = '\0';
	return 0;
}

static bool
shows(const struct root *r, const struct grant *g, size_t feed)
{
	return grant_has(g, r->read | r->upload | r->masked, feed);
}

static bool
shows_any(const struct root *r, const struct conf *c, const struct grant *g)
{
	for (size_t i = 0; i < c->feeds; i++) {
		if (shows(r, g, i))
			return true;
	}
	return false;
}

static const struct feed *
feed_of(const struct conf *c, struct slice name)
{
	for (size_t i = 0; i < c->feeds; i++) {
		if (slice_is(name, c->feed[i].name))
			return &c->feed[i];
	}
	return NULL;
}

static bool
is_source(const struct feed *f, struct slice name)
{
	for (size_t i = 0; i < f->sources; i++) {
		if (name.n > 0 && slice_is(name, f->source[i]->source))
			return true;
	}
	return false;
}

/* rel is FEED, FEED/NAME or deeper; may an upload lie there? */
static bool
upload_fits(const struct feed *f, const char *rel)
{
	struct slice rest = slice_of(rel), name;

	slice_cut(&rest, '/'); /* the feed */
	name = slice_cut(&rest, '/');
	if (name.n == 0)
		return true; /* the folder: in it */
	if (is_source(f, name))
		return memchr(rest.p, '/', rest.n) == NULL;
	return rest.n == 0;
}

static bool
depth_fits(const struct root *r, const char *rel)
{
	const char *slash = strchr(rel, '/');

	return !r->flat || slash == NULL || strchr(slash + 1, '/') == NULL;
}

int
tree_resolve(const struct tree *t, const struct grant *g, const char *path,
    struct tree_place *out)
{
	struct tree_place p = { .kind = TREE_TOP };
	char whole[FILES_PATH_MAX];
	struct slice rest, first;
	const struct feed *f;
	bool dotted = false;
	int rc = clean(path, whole, &dotted);

	if (rc != 0)
		return rc;
	rest = slice_of(whole);
	if (rest.n == 0) {
		*out = p;
		return 0;
	}
	first = slice_cut(&rest, '/');
	for (p.root = TREE_ROOTS - 1; p.root > TREE_PUBLISHED; p.root--) {
		if (slice_is(first, roots[p.root].mount))
			break;
	}
	if (p.root != TREE_PUBLISHED) {
		if (!shows_any(&roots[p.root], t->conf, g))
			return ENOENT;
		if (rest.n == 0) {
			p.kind = TREE_MOUNT;
			*out = p;
			return 0;
		}
		memcpy(p.rel, rest.p, rest.n + 1);
		first = slice_cut(&rest, '/');
	} else {
		memcpy(p.rel, whole, strlen(whole) + 1);
	}
	f = feed_of(t->conf, first);
	if (f == NULL || !shows(&roots[p.root], g, f->index) ||
	    !depth_fits(&roots[p.root], p.rel))
		return ENOENT;
	p.kind = TREE_REAL;
	p.feed = f->index;
	p.masked = !grant_has(g, roots[p.root].read, f->index) &&
		   grant_has(g, roots[p.root].masked, f->index);
	p.read = p.masked || grant_has(g, roots[p.root].read, f->index);
	p.upload = grant_has(g, roots[p.root].upload, f->index) &&
		   upload_fits(f, p.rel);
	if (dotted) {
		if (p.root != TREE_INBOX || !p.upload)
			return ENOENT;
		p.read = false; /* it is an upload's name, or none */
	}
	*out = p;
	return 0;
}

/* --- opening ------------------------------------------------------------- */

int
tree_open_roots(
    struct tree *t, const struct conf *c, unsigned which, struct err *e)
{
	t->conf = c;
	for (size_t i = 0; i < TREE_ROOTS; i++)
		t->root[i] = -1;
	for (size_t i = 0; i < TREE_ROOTS; i++) {
		char path[PATH_MAX];

		if (!(which & 1U << i))
			continue;
		conf_path(path, c, roots[i].folder, NULL);
		t->root[i] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (t->root[i] != -1)
			continue;
		err_set(
		    e, "cannot open the folder %s: %s", path, strerror(errno));
		while (i-- > 0) {
			if (t->root[i] != -1)
				close(t->root[i]);
			t->root[i] = -1;
		}
		return -1;
	}
	return 0;
}

/* Where it lies; false when that is too long. */
static bool
real_path(char out[FILES_PATH_MAX + 16], const struct tree_place *p)
{
	size_t feed = strcspn(p->rel, "/");

	if (!p->masked)
		return snprintf(out, FILES_PATH_MAX + 16, "%s", p->rel) > 0;
	return snprintf(out, FILES_PATH_MAX + 16, "%.*s/" REPORTS_MASKED "%s",
		   (int)feed, p->rel, p->rel + feed) < FILES_PATH_MAX + 16;
}

/* Beneath its root or not at all. */
static int
open_beneath(const struct tree *t, const struct tree_place *p, uint64_t flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC | O_NOFOLLOW,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS };
	char path[FILES_PATH_MAX + 16];
	int fd = -1;

	if (t->root[p->root] == -1 || !real_path(path, p)) {
		errno = EACCES;
		return -1;
	}
	for (int tries = 0; fd == -1 && tries < 8; tries++) {
		fd = (int)syscall(
		    SYS_openat2, t->root[p->root], path, &how, sizeof how);
		if (fd == -1 && errno != EAGAIN && errno != EINTR)
			break; /* EAGAIN: something was renamed meanwhile */
	}
	if (fd == -1 && (errno == ELOOP || errno == EXDEV || errno == ENOTDIR ||
			    errno == ENXIO))
		errno = ENOENT;
	return fd;
}

static bool
describe(int fd, const struct tree_place *p, struct files_stat *out)
{
	struct stat st;

	memset(out, 0, sizeof *out);
	if (fstat(fd, &st) == -1 ||
	    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)))
		return false;
	out->is_dir = S_ISDIR(st.st_mode);
	out->size = out->is_dir ? 0 : (uint64_t)st.st_size;
	out->mtime = (int64_t)st.st_mtim.tv_sec;
	out->writable = out->is_dir && p->upload;
	return true;
}

static void
made_up(const struct tree_place *p, struct files_stat *st)
{
	memset(st, 0, sizeof *st);
	st->is_dir = 1;
	st->writable = p->upload;
}

/* The folder that a feed's path begins with, or a source's in the inbox: there
 * for everybody who sees the feed, whatever else is in it. */
static bool
is_own_folder(const struct tree *t, const struct tree_place *p)
{
	struct slice rest = slice_of(p->rel);

	slice_cut(&rest, '/');
	return rest.n == 0 || (p->root == TREE_INBOX &&
				  is_source(&t->conf->feed[p->feed], rest));
}

int
tree_open(
    const struct tree *t, const struct tree_place *p, struct files_stat *st)
{
	int fd;

	if (p->kind != TREE_REAL || is_own_folder(t, p)) {
		errno = EISDIR;
		return -1;
	}
	if (!p->read) {
		errno = ENOENT;
		return -1;
	}
	fd = open_beneath(t, p, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return -1;
	if (!describe(fd, p, st) || st->is_dir) {
		close(fd);
		errno = st->is_dir ? EISDIR : ENOENT;
		return -1;
	}
	return fd;
}

int
tree_stat(
    const struct tree *t, const struct tree_place *p, struct files_stat *st)
{
	int fd;
	bool fine;

	if (p->kind != TREE_REAL) {
		made_up(p, st);
		return 0;
	}
	if (!p->read && !is_own_folder(t, p)) {
		errno = ENOENT;
		return -1;
	}
	fd = open_beneath(t, p, O_PATH);
	if (fd == -1 && errno == ENOENT && is_own_folder(t, p)) {
		made_up(p, st); /* nothing was published yet */
		return 0;
	}
	if (fd == -1)
		return -1;
	fine = describe(fd, p, st);
	close(fd);
	if (!fine)
		errno = ENOENT;
	return fine ? 0 : -1;
}

/* --- listing ------------------------------------------------------------- */

struct listing {
	bool (*each)(void *ctx, const struct files_entry *e);
	void *ctx;
};

/* False when nobody wants more. */
static bool
emit(const struct listing *l, const char *name, const struct files_stat *st)
{
	struct files_entry e;
	size_t n = strlen(name);

	memset(&e, 0, sizeof e);
	if (n >= sizeof e.name)
		return true;
	memcpy(e.name, name, n);
	e.stat = *st;
	return l->each(l->ctx, &e);
}

static void
list_feeds(const struct tree *t, const struct grant *g, enum tree_root root,
    const struct listing *l)
{
	for (size_t i = 0; i < t->conf->feeds; i++) {
		struct tree_place p = {
			.kind = TREE_REAL, .root = root, .feed = i
		};
		struct files_stat st;

		if (!shows(&roots[root], g, i))
			continue;
		p.upload = grant_has(g, roots[root].upload, i);
		memcpy(p.rel, t->conf->feed[i].name,
		    strlen(t->conf->feed[i].name) + 1);
		if (tree_stat(t, &p, &st) == -1)
			made_up(&p, &st);
		emit(l, t->conf->feed[i].name, &st);
	}
}

static void
list_top(const struct tree *t, const struct grant *g, const struct listing *l)
{
	const struct tree_place mount = { .kind = TREE_MOUNT };
	struct files_stat st;

	list_feeds(t, g, TREE_PUBLISHED, l);
	made_up(&mount, &st);
	for (size_t i = TREE_PUBLISHED + 1; i < TREE_ROOTS; i++) {
		if (shows_any(&roots[i], t->conf, g))
			emit(l, roots[i].mount, &st);
	}
}

/* Which entries of a real folder are shown. */
static bool
is_shown(const struct tree *t, const struct tree_place *p, const char *name)
{
	const struct slice s = slice_of(name);

	if (name[0] == '.' || s.n > NAME_BYTES)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (bad_byte((unsigned char)name[i]))
			return false;
	}
	if (p->read)
		return true;
	return p->root == TREE_INBOX && strchr(p->rel, '/') == NULL &&
	       is_source(&t->conf->feed[p->feed], s);
}

static int
list_real(
    const struct tree *t, const struct tree_place *p, const struct listing *l)
{
	int fd = -1, rc = 0;
	const struct dirent *de;
	bool more = true;
	DIR *d;

	if (!p->read && !is_own_folder(t, p))
		return ENOENT;
	fd = open_beneath(t, p, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	if (fd == -1)
		return errno == ENOENT && is_own_folder(t, p) ? 0 : errno;
	d = fdopendir(fd);
	if (d == NULL) {
		rc = errno;
		close(fd);
		return rc;
	}
	while (more && (de = readdir(d)) != NULL) {
		struct tree_place one = *p;
		struct files_stat st;
		size_t n = strlen(p->rel), name = strlen(de->d_name);

		if (!is_shown(t, p, de->d_name) ||
		    n + 1 + name >= sizeof one.rel)
			continue;
		one.rel[n] = '/';
		memcpy(one.rel + n + 1, de->d_name, name + 1);
		one.upload = p->upload && is_own_folder(t, &one);
		if (tree_stat(t, &one, &st) == 0 &&
		    depth_fits(&roots[p->root], one.rel) &&
		    !(roots[p->root].flat && st.is_dir))
			more = emit(l, de->d_name, &st);
	}
	closedir(d);
	return 0;
}

int
tree_list(const struct tree *t, const struct grant *g,
    const struct tree_place *p,
    bool (*each)(void *ctx, const struct files_entry *e), void *ctx)
{
	const struct listing l = { each, ctx };

	switch (p->kind) {
	case TREE_TOP:
		list_top(t, g, &l);
		return 0;
	case TREE_MOUNT:
		list_feeds(t, g, p->root, &l);
		return 0;
	default:
		return list_real(t, p, &l);
	}
}
