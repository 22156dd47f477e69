/*
 * The archive: copying in.  See archive.h.
 *
 * The copying may have a thread of its own, which touches its struct copy
 * alone.
 */
#include "store/archive_private.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/bytes.h"
#include "store/gzip.h"
#include "server/lang.h"

#define NAME_BYTES 128
#define TEMPORARY ".new"
#define EARLY_BYTES ((off_t)8 << 20) /* go to the disk before the sync */
#define WAIT_MS 50                   /* between two breaths */

/* --- small things ------------------------------------------------------- */

int
archive_instance(const struct conf *c, struct err *e)
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

struct copy {
	int from, to;
	struct growing *growing; /* from's, or NULL */
	bool gzipped;            /* it is gzip already */
	bool trusts;             /* whoever writes or reads it hashes it, too */
	bool storable, stored;   /* it may be, it is stored */
	atomic_bool stop;
	struct sha256_ctx hash;
	unsigned char *in;
	int error; /* errno of what went wrong */
};

static ssize_t
read_block(struct copy *y, size_t n, off_t at)
{
	ssize_t k;

	do {
		k = y->growing == NULL
			? pread(y->from, y->in, n, at)
			: growing_read(y->growing, y->in, n, (uint64_t)at);
	} while (k == -1 && errno == EINTR);
	return k;
}

/* What is small is packed while others look the other way; what is very large
 * needs less room on the disk.  Of a file that grows only time tells. */
static bool
is_large(struct copy *y)
{
	struct stat st;

	if (y->growing != NULL)
		return read_block(y, 1, (off_t)ARCHIVE_STORE_FROM - 1) == 1;
	return fstat(y->from, &st) == 0 && st.st_size >= ARCHIVE_STORE_FROM &&
	       st.st_size <= ARCHIVE_STORE_TO;
}

static bool
is_gzip(struct copy *y)
{
	return read_block(y, 2, 0) == 2 && y->in[0] == 0x1f && y->in[1] == 0x8b;
}

static int
copy_bytes(struct copy *y, struct gzip *z)
{
	off_t at = 0;
	ssize_t n;

	while ((n = read_block(y, ARCHIVE_BLOCK, at)) > 0) {
		if (atomic_load(&y->stop)) {
			errno = ECANCELED;
			return -1;
		}
		if (y->gzipped || !y->trusts)
			sha256_update(&y->hash, (size_t)n, y->in);
		if ((y->gzipped ? bytes_write(y->to, y->in, (size_t)n)
				: gzip_add(z, y->in, (size_t)n)) == -1)
			return -1;
		if (y->stored && at / EARLY_BYTES != (at + n) / EARLY_BYTES)
			sync_file_range(y->to, 0, 0, SYNC_FILE_RANGE_WRITE);
		at += n;
	}
	if (n == -1)
		return -1;
	return y->gzipped ? 0 : gzip_end(z);
}

/* All of from, gzipped, into to, and synced. */
static void *
copy_file(void *ctx)
{
	struct copy *y = ctx;
	struct gzip *z;

	y->in = mem_alloc(ARCHIVE_BLOCK);
	y->gzipped = is_gzip(y);
	y->stored = y->storable && !y->gzipped && is_large(y);
	z = gzip_open(y->to, y->stored);
	sha256_init(&y->hash);
	if (copy_bytes(y, z) == -1 || fsync(y->to) == -1)
		y->error = errno;
	gzip_close(z);
	free(y->in);
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
int
archive_folder(int dir, const char *path)
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
	bool beside;      /* and not joined */
	pthread_t thread; /* beside: runs copy_file */
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

	a->top = archive_instance(a->conf, e);
	if (a->top == -1)
		return -1;
	snprintf(path, sizeof path, "archive/%s", a->feed);
	a->folder = archive_folder(a->top, path);
	if (a->folder == -1)
		return complain(a, _("make"), e);
	unlinkat(a->folder, TEMPORARY, 0); /* a crash may have left it */
	a->copy.to = openat(a->folder, TEMPORARY,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	return a->copy.to == -1 ? complain(a, _("write to"), e) : 0;
}

static int
prepare(struct archiving **out, const struct conf *c, const char *feed,
    unsigned how, int fd, struct err *e)
{
	struct archiving *a = mem_alloc(sizeof *a);

	a->conf = c;
	a->feed = feed;
	a->under = how & ARCHIVE_PUBLISHED ? "published/" : "";
	a->top = a->folder = a->copy.to = -1;
	a->copy.from = fd;
	a->copy.trusts = how & ARCHIVE_HASHED;
	a->copy.storable = how & ARCHIVE_STORABLE;
	if (open_temporary(a, e) == -1) {
		close_all(a);
		return -1;
	}
	*out = a;
	return 0;
}

int
archive_begin(struct archiving **out, const struct conf *c, const char *feed,
    unsigned how, int fd, struct growing *growing, struct err *e)
{
	struct archiving *a;

	if (prepare(&a, c, feed, how, fd, e) == -1)
		return -1;
	a->copy.growing = growing;
	a->beside = true;
	errno = pthread_create(&a->thread, NULL, copy_file, &a->copy);
	if (errno != 0) {
		complain(a, _("write to"), e);
		unlinkat(a->folder, TEMPORARY, 0);
		close_all(a);
		return -1;
	}
	*out = a;
	return 0;
}

/* Until all is copied, and what went wrong is in errno: 0 when nothing did. */
static int
join(struct archiving *a)
{
	if (a->beside)
		pthread_join(a->thread, NULL);
	a->beside = false;
	errno = a->copy.error;
	return a->copy.error;
}

int
archive_wait(struct archiving *a, void (*breathe)(void *ctx), void *ctx,
    const bool *stop, struct err *e)
{
	while (a->beside) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += WAIT_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		if (pthread_timedjoin_np(a->thread, NULL, &until) == 0)
			a->beside = false;
		else if (breathe != NULL)
			breathe(ctx);
		if (a->beside && stop != NULL && *stop)
			return err_set(
			    e, "interrupted; it is archived once more later");
	}
	return 0;
}

bool
archive_is_stored(struct archiving *a)
{
	return join(a) == 0 && a->copy.stored;
}

static void
final_path(char path[512], const struct archiving *a, const char *name,
    int64_t at, const char *sha256)
{
	char safe[NAME_BYTES + 1], when[32];
	time_t t = (time_t)at;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(when, sizeof when, "%Y/%m/%d/%H%M%S", &tm);
	safe_name(safe, name);
	snprintf(path, 512, "archive/%s/%s%s-%s-%.12s.gz", a->feed, a->under,
	    when, safe, sha256);
}

void
archive_folder_of(char folder[512], const char *path)
{
	snprintf(folder, 512, "%.*s", (int)(strrchr(path, '/') - path), path);
}

/* The hidden file is renamed into its folder, and that is synced. */
static int
settle(const struct archiving *a, const char *path, const char *folder)
{
	int to = archive_folder(a->top, folder), rc = -1, keep;

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
	if (a->copy.gzipped || !a->copy.trusts) {
		archive_digest(&a->copy.hash, sha256);
	} else if (sha256[0] == '\0') {
		unsigned char *buf = mem_alloc(ARCHIVE_BLOCK);
		int rc = archive_hash_raw(a->copy.from, buf, sha256);

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

	if (join(a) == 0 && settle_hash(a, sha256) == 0) {
		final_path(path, a, name, at, sha256);
		archive_folder_of(folder, path);
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

	if (join(a) == 0) {
		archive_digest(&a->copy.hash, sha256);
		archive_folder_of(folder, path);
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
	join(a);
	unlinkat(a->folder, TEMPORARY, 0);
	close_all(a);
}

/* At once: there is nothing to do beside. */
static int
copy_at_once(struct archiving **out, const struct conf *c, const char *feed,
    unsigned how, int fd, struct err *e)
{
	if (prepare(out, c, feed, how, fd, e) == -1)
		return -1;
	copy_file(&(*out)->copy);
	return 0;
}

int
archive_dump(char path[512], char sha256[65], const struct conf *c,
    const char *feed, const char *name, int fd, int64_t at, struct err *e)
{
	struct archiving *a;

	if (copy_at_once(&a, c, feed, ARCHIVE_DUMP, fd, e) == -1)
		return -1;
	return archive_end(a, path, sha256, name, at, e);
}

int
archive_published(char path[512], const struct conf *c, const char *feed,
    const char *file, int fd, const char *sha256, int64_t mtime, struct err *e)
{
	struct archiving *a;
	char found[65];

	if (copy_at_once(&a, c, feed, ARCHIVE_PUBLISHED, fd, e) == -1 ||
	    archive_end(a, path, found, file, mtime, e) == -1)
		return -1;
	if (strcmp(found, sha256) != 0)
		return err_set(e,
		    "archive %s/%s: the file changed while it was archived",
		    feed, file);
	return 0;
}
