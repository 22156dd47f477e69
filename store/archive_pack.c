/*
 * The archive: packing what was stored.  See archive.h.
 *
 * The thread reads and writes, and touches its struct work alone; whatever
 * becomes visible, the caller's thread does, which does all else that is done
 * in the archive.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/arena.h"
#include "store/archive_private.h"
#include "store/gzip.h"
#include "server/lang.h"

#define TEMPORARY ".packed"
#define NICE 19 /* everything else comes first */

struct work {
	int from, to;
	int wake;
	atomic_bool stop, ended;
	struct gzip *gzip;
	int error; /* errno of what went wrong */
};

struct archive_packing {
	char path[512];
	int top, folder; /* the instance's, the feed's in the archive */
	struct stat was; /* what is read */
	struct work work;
	pthread_t thread;
};

/* --- beside -------------------------------------------------------------- */

static int
take(void *ctx, const unsigned char *p, size_t n)
{
	struct work *w = ctx;

	return gzip_add(w->gzip, p, n);
}

static int
pack(struct work *w)
{
	struct gzip_sum sum, copy;
	int rc = -1;

	w->gzip = gzip_open(w->to, false);
	if (gzip_read(w->from, take, w, &w->stop, &sum) == 0 &&
	    gzip_end(w->gzip) == 0 &&
	    gzip_read(w->to, NULL, NULL, &w->stop, &copy) == 0) {
		rc = 0;
		if (sum.crc != copy.crc || sum.bytes != copy.bytes) {
			errno = EBADMSG;
			rc = -1;
		}
	}
	gzip_close(w->gzip);
	return rc;
}

static void *
pack_file(void *ctx)
{
	struct work *w = ctx;
	uint64_t one = 1;

	setpriority(PRIO_PROCESS, 0, NICE); /* of this thread alone */
	if (pack(w) == -1 || fsync(w->to) == -1)
		w->error = errno;
	atomic_store(&w->ended, true);
	(void)!write(w->wake, &one, sizeof one);
	return NULL;
}

/* --- beginning ----------------------------------------------------------- */

static void
close_all(struct archive_packing *p)
{
	if (p->work.to != -1)
		close(p->work.to);
	if (p->work.from != -1)
		close(p->work.from);
	if (p->folder != -1)
		close(p->folder);
	if (p->top != -1)
		close(p->top);
	free(p);
}

static enum archive_packed
complain(const struct archive_packing *p, struct err *e)
{
	int why = errno;

	if (why == ENOSPC || why == EDQUOT) {
		err_set(
		    e, "there is no room left on the disk to pack %s", p->path);
		return ARCHIVE_LATER;
	}
	err_set(e, "pack %s: %s", p->path,
	    why == EBADMSG ? _("it is damaged") : strerror(why));
	return why == ECANCELED || why == EAGAIN || why == EMFILE ||
		       why == ENFILE || why == ENOMEM
		   ? ARCHIVE_LATER
		   : ARCHIVE_UNFIT;
}

/* "archive/main/2026/…": "archive/main". */
static void
feed_folder(char folder[512], const char *path)
{
	size_t top = strlen("archive/");

	snprintf(
	    folder, 512, "%.*s", (int)(top + strcspn(path + top, "/")), path);
}

/* The file is opened last: nothing is left over when it is gone. */
static enum archive_packed
open_both(struct archive_packing *p, const struct conf *c, struct err *e)
{
	char folder[512];

	feed_folder(folder, p->path);
	p->top = archive_instance(c, e);
	if (p->top == -1)
		return ARCHIVE_LATER;
	p->folder = openat(
	    p->top, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->folder == -1)
		return errno == ENOENT ? ARCHIVE_GONE : complain(p, e);
	unlinkat(p->folder, TEMPORARY, 0); /* a crash may have left it */
	p->work.from = archive_open(c, p->path, e);
	if (p->work.from == -1)
		return errno == ENOENT ? ARCHIVE_GONE : complain(p, e);
	p->work.to = openat(p->folder, TEMPORARY,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (p->work.to == -1 || fstat(p->work.from, &p->was) == -1)
		return complain(p, e);
	return ARCHIVE_PACKED;
}

void
archive_pack_begin(struct archive_packing **out, enum archive_packed *how,
    const struct conf *c, const char *path, int wake, struct err *e)
{
	struct archive_packing *p = mem_alloc(sizeof *p);

	*out = NULL;
	snprintf(p->path, sizeof p->path, "%s", path);
	p->top = p->folder = p->work.from = p->work.to = -1;
	p->work.wake = wake;
	*how = open_both(p, c, e);
	if (*how == ARCHIVE_PACKED) {
		errno = pthread_create(&p->thread, NULL, pack_file, &p->work);
		if (errno == 0) {
			*out = p;
			return;
		}
		*how = complain(p, e);
	}
	if (p->work.to != -1)
		unlinkat(p->folder, TEMPORARY, 0);
	close_all(p);
}

bool
archive_pack_ended(const struct archive_packing *p)
{
	return atomic_load(&p->work.ended);
}

/* --- ending -------------------------------------------------------------- */

/* Times too are as they were. */
static int
place(const struct archive_packing *p, int folder, const char *name)
{
	struct timespec ts[2] = { p->was.st_atim, p->was.st_mtim };

	return futimens(p->work.to, ts) == 0 &&
		       fchmod(p->work.to, p->was.st_mode & 0777) == 0 &&
		       renameat(p->folder, TEMPORARY, folder, name) == 0 &&
		       fsync(folder) == 0
		   ? 0
		   : -1;
}

static enum archive_packed
settle(const struct archive_packing *p, struct err *e)
{
	const char *name = strrchr(p->path, '/') + 1;
	enum archive_packed how = ARCHIVE_PACKED;
	char path[512];
	struct stat st;
	int folder;

	archive_folder_of(path, p->path);
	folder = openat(
	    p->top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder == -1)
		return errno == ENOENT ? ARCHIVE_GONE : complain(p, e);
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		how = errno == ENOENT ? ARCHIVE_GONE : complain(p, e);
	else if (st.st_dev != p->was.st_dev || st.st_ino != p->was.st_ino)
		how = ARCHIVE_OTHER;
	else if (place(p, folder, name) == -1)
		how = complain(p, e);
	close(folder);
	return how;
}

enum archive_packed
archive_pack_end(struct archive_packing *p, struct err *e)
{
	enum archive_packed how;

	pthread_join(p->thread, NULL);
	errno = p->work.error;
	how = p->work.error == 0 ? settle(p, e) : complain(p, e);
	if (how != ARCHIVE_PACKED)
		unlinkat(p->folder, TEMPORARY, 0);
	close_all(p);
	return how;
}

void
archive_pack_cancel(struct archive_packing *p)
{
	if (p == NULL)
		return;
	atomic_store(&p->work.stop, true);
	pthread_join(p->thread, NULL);
	unlinkat(p->folder, TEMPORARY, 0);
	close_all(p);
}
