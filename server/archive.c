/*
 * The archive: copying in, opening, checking.  See archive.h; what goes out is
 * in archive_purge.c.
 *
 * The copying has a thread of its own, which touches its struct copy alone.
 */
#include "server/archive.h"
#include "server/bytes.h"
#include "server/lang.h"

#include <errno.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <linux/openat2.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/arena.h"

#define BLOCK ((size_t)256 * 1024)
#define NAME_BYTES 128
#define GZIP_WINDOW (15 + 16) /* for reading, which is zlib's */
#define TEMPORARY ".new"
#define BESIDE 5 /* how nice a copy is that is made beside the reading */

/* --- small things ------------------------------------------------------- */

static void
finish_hash(struct sha256_ctx *h, char out[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(h, sizeof digest, digest);
	bytes_hex(out, digest, sizeof digest);
}

/* The SHA-256 of the file's bytes. */
static int
hash_raw(int fd, unsigned char *buf, char out[65])
{
	struct sha256_ctx h;
	off_t at = 0;
	ssize_t n;

	sha256_init(&h);
	while ((n = pread(fd, buf, BLOCK, at)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		sha256_update(&h, (size_t)n, buf);
		at += n;
	}
	finish_hash(&h, out);
	return 0;
}

static int
open_instance(const struct conf *c, struct err *e)
{
	int fd = open(c->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd == -1)
		err_set(e, "open %s: %s", c->dir, strerror(errno));
	return fd;
}

/* How long the valid, printable UTF-8 character at p is; 0 when it is none. */
static size_t
character(const unsigned char *p, size_t n)
{
	size_t want = *p < 0x80                 ? 1
		      : *p >= 0xc2 && *p < 0xe0 ? 2
		      : *p >= 0xe0 && *p < 0xf0 ? 3
		      : *p >= 0xf0 && *p < 0xf5 ? 4
						: 0;

	if (want == 0 || want > n || *p < 0x20 || *p == 0x7f || *p == '/' ||
	    *p == '\\')
		return 0;
	for (size_t i = 1; i < want; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] >= 0xa0) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] >= 0x90) ||
	    (*p == 0xc2 && p[1] < 0xa0))
		return 0;
	return want;
}

/* At most NAME_BYTES, cut at a character. */
static void
safe_name(char out[NAME_BYTES + 1], const char *name)
{
	const unsigned char *p = (const unsigned char *)name;
	size_t n = strlen(name), used = 0;

	while (n > 0) {
		size_t k = character(p, n), bytes = k == 0 ? 1 : k;

		if (used + bytes > NAME_BYTES)
			break;
		if (k == 0)
			out[used] = '_';
		else
			memcpy(out + used, p, k);
		used += bytes;
		p += bytes;
		n -= bytes;
	}
	out[used] = '\0';
}

/* --- copying ------------------------------------------------------------ */

/*
 * What is written is packed by ISA-L: zlib's fastest level took five times as
 * long, more than all else that is done with a dump, and its files were larger.
 * It streams (libdeflate wants the whole file in memory for one member, and
 * not every HTTP client reads several) and its bytes depend on the file's
 * alone.  It is ordinary gzip, which zlib reads.
 */
#define LEVEL 1
#define LEVEL_ROOM ISAL_DEF_LVL1_DEFAULT

struct copy {
	int from, to;
	struct growing *growing; /* from's, or NULL */
	bool packed;             /* it is gzip already */
	bool trusts;             /* whoever writes or reads it hashes it, too */
	bool yields;             /* nobody waits for it as yet */
	atomic_bool stop;
	struct sha256_ctx hash;
	struct isal_zstream z;
	unsigned char *in, *out;
	int error; /* errno of what went wrong */
};

static int
pack(struct copy *y, unsigned char *p, size_t n, bool last)
{
	y->z.next_in = p;
	y->z.avail_in = (uint32_t)n;
	y->z.end_of_stream = last;
	do {
		y->z.next_out = y->out;
		y->z.avail_out = BLOCK;
		if (isal_deflate(&y->z) != COMP_OK) {
			errno = EINVAL;
			return -1;
		}
		if (bytes_write(y->to, y->out, BLOCK - y->z.avail_out) == -1)
			return -1;
	} while (y->z.avail_out == 0);
	return 0;
}

static ssize_t
read_block(struct copy *y, off_t at)
{
	return y->growing == NULL
		   ? pread(y->from, y->in, BLOCK, at)
		   : growing_read(y->growing, y->in, BLOCK, (uint64_t)at);
}

static int
copy_bytes(struct copy *y)
{
	off_t at = 0;
	ssize_t n;

	while ((n = read_block(y, at)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n != -1 && atomic_load(&y->stop)) {
			errno = ECANCELED;
			return -1;
		}
		if (n == -1)
			return -1;
		if (at == 0)
			y->packed =
			    n >= 2 && y->in[0] == 0x1f && y->in[1] == 0x8b;
		if (y->packed || !y->trusts)
			sha256_update(&y->hash, (size_t)n, y->in);
		if ((y->packed ? bytes_write(y->to, y->in, (size_t)n)
			       : pack(y, y->in, (size_t)n, false)) == -1)
			return -1;
		at += n;
	}
	return y->packed ? 0 : pack(y, y->in, 0, true);
}

/* All of from, gzipped, into to, and synced. */
static void *
copy_file(void *ctx)
{
	struct copy *y = ctx;

	/* Of this thread alone: the reading, on which all else waits, comes
	 * first, and there is time enough until the end of the merge. */
	if (y->yields)
		setpriority(PRIO_PROCESS, 0, BESIDE);
	isal_deflate_init(&y->z);
	y->z.gzip_flag = IGZIP_GZIP;
	y->z.level = LEVEL;
	y->z.level_buf_size = LEVEL_ROOM;
	y->z.level_buf = mem_alloc(LEVEL_ROOM);
	y->in = mem_alloc(BLOCK);
	y->out = mem_alloc(BLOCK);
	sha256_init(&y->hash);
	if (copy_bytes(y) == -1 || fsync(y->to) == -1)
		y->error = errno;
	free(y->z.level_buf);
	free(y->in);
	free(y->out);
	return NULL;
}

/* --- folders ------------------------------------------------------------ */

/* A new name in the folder survives a loss of power.  The instance's own folder
 * may be closed to us: it was there before. */
static int
sync_folder(int at)
{
	int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd == -1)
		return errno == EACCES ? 0 : -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* Opens the folder below dir, making what is missing; every folder that got a
 * new name in it is synced. */
static int
make_folders(int dir, const char *path)
{
	char rest[512], *part, *save = NULL;
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0), next;

	snprintf(rest, sizeof rest, "%s", path);
	for (part = strtok_r(rest, "/", &save); at != -1 && part != NULL;
	     part = strtok_r(NULL, "/", &save)) {
		bool made = mkdirat(at, part, 0750) == 0;

		next = -1;
		if (made ? sync_folder(at) == 0 : errno == EEXIST)
			next = openat(at, part,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		close(at);
		at = next;
	}
	return at;
}

/* --- archiving ---------------------------------------------------------- */

struct archiving {
	const struct conf *conf;
	const char *feed;
	const char *under; /* "" or "published/" */
	int top, folder;   /* the instance's, the feed's in the archive */
	struct copy copy;
	pthread_t thread; /* runs copy_file */
};

static int
complain(const struct archiving *a, const char *what, struct err *e)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(e,
		    "there is no room left in %s/archive; free some space "
		    "there",
		    a->conf->dir);
	return err_set(e, "%s %s/archive/%s: %s", what, a->conf->dir, a->feed,
	    strerror(errno));
}

static void
close_all(struct archiving *a)
{
	if (a->copy.to != -1)
		close(a->copy.to);
	if (a->folder != -1)
		close(a->folder);
	if (a->top != -1)
		close(a->top);
	free(a);
}

static int
open_temporary(struct archiving *a, struct err *e)
{
	char path[FEED_NAME_MAX + 16];

	a->top = open_instance(a->conf, e);
	if (a->top == -1)
		return -1;
	snprintf(path, sizeof path, "archive/%s", a->feed);
	a->folder = make_folders(a->top, path);
	if (a->folder == -1)
		return complain(a, _("make"), e);
	unlinkat(a->folder, TEMPORARY, 0); /* a crash may have left it */
	a->copy.to = openat(a->folder, TEMPORARY,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	return a->copy.to == -1 ? complain(a, _("write to"), e) : 0;
}

int
archive_begin(struct archiving **out, const struct conf *c, const char *feed,
    enum archive_how how, int fd, struct growing *growing, struct err *e)
{
	struct archiving *a = mem_alloc(sizeof *a);

	a->conf = c;
	a->feed = feed;
	a->under = how == ARCHIVE_PUBLISHED ? "published/" : "";
	a->top = a->folder = a->copy.to = -1;
	a->copy.from = fd;
	a->copy.growing = growing;
	a->copy.trusts = how == ARCHIVE_HASHED;
	a->copy.yields = how == ARCHIVE_HASHED;
	if (open_temporary(a, e) == -1)
		goto fail;
	errno = pthread_create(&a->thread, NULL, copy_file, &a->copy);
	if (errno != 0) {
		unlinkat(a->folder, TEMPORARY, 0);
		complain(a, _("write to"), e);
		goto fail;
	}
	*out = a;
	return 0;
fail:
	close_all(a);
	return -1;
}

static void
final_path(char path[512], char folder[512], const struct archiving *a,
    const char *name, int64_t at, const char *sha256)
{
	char safe[NAME_BYTES + 1], day[16], clock[8];
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(day, sizeof day, "%Y/%m/%d", &tm);
	strftime(clock, sizeof clock, "%H%M%S", &tm);
	safe_name(safe, name);
	snprintf(folder, 512, "archive/%s/%s%s", a->feed, a->under, day);
	snprintf(path, 512, "archive/%s/%s%s/%s-%s-%.12s.gz", a->feed, a->under,
	    day, clock, safe, sha256);
}

/* The hidden file is renamed into its folder, and that is synced. */
static int
settle(const struct archiving *a, const char *path, const char *folder)
{
	int to = make_folders(a->top, folder), rc = -1, keep;

	if (to == -1)
		return -1;
	if (renameat(a->folder, TEMPORARY, to, strrchr(path, '/') + 1) == 0 &&
	    fsync(to) == 0)
		rc = 0;
	keep = errno;
	close(to);
	errno = keep;
	return rc;
}

/* Of what was copied; the caller may have put it there already. */
static int
settle_hash(struct archiving *a, char sha256[65])
{
	if (a->copy.packed || !a->copy.trusts) {
		finish_hash(&a->copy.hash, sha256);
	} else if (sha256[0] == '\0') {
		unsigned char *buf = mem_alloc(BLOCK);
		int rc = hash_raw(a->copy.from, buf, sha256);

		free(buf);
		return rc;
	}
	return 0;
}

int
archive_end(struct archiving *a, char path[512], char sha256[65],
    const char *name, int64_t at, struct err *e)
{
	char folder[512];
	int rc = -1;

	pthread_join(a->thread, NULL);
	errno = a->copy.error;
	if (errno == 0 && settle_hash(a, sha256) == 0) {
		final_path(path, folder, a, name, at, sha256);
		rc = settle(a, path, folder);
	}
	if (rc == -1) {
		complain(a, _("write to"), e);
		unlinkat(a->folder, TEMPORARY, 0);
	}
	close_all(a);
	return rc;
}

int
archive_end_over(struct archiving *a, const char *path, char sha256[65],
    int (*before)(void *ctx, const char *sha256, struct err *e), void *ctx,
    struct err *e)
{
	char folder[512];
	int rc = -1;

	pthread_join(a->thread, NULL);
	errno = a->copy.error;
	if (errno == 0) {
		finish_hash(&a->copy.hash, sha256);
		snprintf(folder, sizeof folder, "%.*s",
		    (int)(strrchr(path, '/') - path), path);
		if (before(ctx, sha256, e) == -1)
			goto out;
		rc = settle(a, path, folder);
	}
	if (rc == -1)
		complain(a, _("write to"), e);
out:
	if (rc == -1)
		unlinkat(a->folder, TEMPORARY, 0);
	close_all(a);
	return rc;
}

void
archive_cancel(struct archiving *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->copy.stop, true);
	pthread_join(a->thread, NULL);
	unlinkat(a->folder, TEMPORARY, 0);
	close_all(a);
}

int
archive_dump(char path[512], char sha256[65], const struct conf *c,
    const char *feed, const char *name, int fd, int64_t at, struct err *e)
{
	struct archiving *a;

	if (archive_begin(&a, c, feed, ARCHIVE_DUMP, fd, NULL, e) == -1)
		return -1;
	return archive_end(a, path, sha256, name, at, e);
}

int
archive_published(char path[512], const struct conf *c, const char *feed,
    const char *file, int fd, const char *sha256, int64_t mtime, struct err *e)
{
	struct archiving *a;

	if (archive_begin(&a, c, feed, ARCHIVE_PUBLISHED, fd, NULL, e) == -1)
		return -1;
	return archive_end_published(a, path, file, sha256, mtime, e);
}

int
archive_end_published(struct archiving *a, char path[512], const char *file,
    const char *sha256, int64_t mtime, struct err *e)
{
	const char *feed = a->feed;
	char found[65];

	if (archive_end(a, path, found, file, mtime, e) == -1)
		return -1;
	if (strcmp(found, sha256) != 0)
		return err_set(e,
		    "archive %s/%s: the file changed while it was archived",
		    feed, file);
	return 0;
}

/* --- opening and checking ----------------------------------------------- */

/* The path's own folder is the root: ".." and links cannot leave it. */
static int
open_beneath(int top, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS };
	int archive = openat(
		top, "archive", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
	    fd, keep;

	if (archive == -1)
		return -1;
	fd = (int)syscall(
	    SYS_openat2, archive, path + strlen("archive/"), &how, sizeof how);
	keep = errno;
	close(archive);
	errno = keep;
	return fd;
}

int
archive_open(const struct conf *c, const char *path, struct err *e)
{
	int top, fd, keep;
	struct stat st;

	if (strncmp(path, "archive/", 8) != 0) {
		err_set(e, "%s is no path in the archive", path);
		errno = EINVAL;
		return -1;
	}
	top = open_instance(c, e);
	if (top == -1)
		return -1;
	fd = open_beneath(top, path);
	keep = errno;
	close(top);
	if (fd != -1 && (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
		keep = EINVAL;
	}
	if (fd == -1)
		err_set(e, "open %s: %s", path, strerror(keep));
	errno = keep;
	return fd;
}

struct unpack {
	z_stream z;
	struct sha256_ctx hash;
	unsigned char *out;
	bool ended; /* between two members, or behind the last */
	bool sound;
};

static void
unpack_some(struct unpack *u)
{
	u->z.avail_out = BLOCK;
	while (u->sound && (u->z.avail_in > 0 || u->z.avail_out == 0)) {
		int rc;

		if (u->ended && u->z.avail_in > 0)
			inflateReset(&u->z); /* another member follows */
		u->z.next_out = u->out;
		u->z.avail_out = BLOCK;
		rc = inflate(&u->z, Z_NO_FLUSH);
		sha256_update(&u->hash, BLOCK - u->z.avail_out, u->out);
		u->ended = rc == Z_STREAM_END;
		u->sound = u->ended || rc == Z_OK || rc == Z_BUF_ERROR;
	}
}

/* The SHA-256 of what the file unpacks to; "" when it is no sound gzip. */
static int
hash_unpacked(int fd, unsigned char *buf, char out[65])
{
	struct unpack u = { .sound = true };
	off_t at = 0;
	ssize_t n = 0;

	if (inflateInit2(&u.z, GZIP_WINDOW) != Z_OK) {
		errno = ENOMEM;
		return -1;
	}
	sha256_init(&u.hash);
	u.out = mem_alloc(BLOCK);
	while (u.sound && (n = pread(fd, buf, BLOCK, at)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		u.z.next_in = buf;
		u.z.avail_in = (uInt)n;
		unpack_some(&u);
		at += n;
	}
	finish_hash(&u.hash, out);
	if (!u.sound || !u.ended)
		out[0] = '\0';
	inflateEnd(&u.z);
	free(u.out);
	return u.sound && n == -1 ? -1 : 0;
}

int
archive_hash(const struct conf *c, const char *path, char raw[65],
    char unpacked[65], struct err *e)
{
	int fd = archive_open(c, path, e), rc = 0;
	unsigned char *buf;

	if (fd == -1)
		return -1;
	buf = mem_alloc(BLOCK);
	if (hash_raw(fd, buf, raw) == -1 ||
	    hash_unpacked(fd, buf, unpacked) == -1)
		rc = err_set(e, "read %s: %s", path, strerror(errno));
	free(buf);
	close(fd);
	return rc;
}

int
archive_remove(const struct conf *c, const char *path, struct err *e)
{
	char folder[512];
	int top = open_instance(c, e), dir, rc = -1;

	if (top == -1)
		return -1;
	snprintf(folder, sizeof folder, "%.*s",
	    (int)(strrchr(path, '/') - path), path);
	dir = make_folders(top, folder);
	if (dir != -1 &&
	    (unlinkat(dir, strrchr(path, '/') + 1, 0) == 0 ||
		errno == ENOENT) &&
	    fsync(dir) == 0)
		rc = 0;
	if (rc == -1)
		err_set(e, "remove %s: %s", path, strerror(errno));
	if (dir != -1)
		close(dir);
	close(top);
	return rc;
}

int
archive_matches(
    const struct conf *c, const char *path, const char *sha256, struct err *e)
{
	int fd = archive_open(c, path, e), rc = -1, keep;
	unsigned char *buf;
	char found[65];

	if (fd == -1)
		return -1;
	buf = mem_alloc(BLOCK);
	if (hash_raw(fd, buf, found) == 0)
		rc = strcmp(found, sha256) == 0;
	if (rc == 0)
		rc = hash_unpacked(fd, buf, found) == -1
			 ? -1
			 : strcmp(found, sha256) == 0;
	keep = errno;
	if (rc == -1)
		err_set(e, "read %s: %s", path, strerror(errno));
	free(buf);
	close(fd);
	errno = keep;
	return rc;
}
