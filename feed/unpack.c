/*
 * Out of archives into unnamed files.  See unpack.h; what an archive may hold
 * and may not is formats/unzip.c's matter.
 */
#include "feed/unpack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/decode.h"
#include "formats/unzip.h"
#include "server/bytes.h"
#include "store/temp.h"

#define BLOCK ((size_t)64 * 1024)
#define BREATH 64      /* blocks between two breaths */
#define NAME_BYTES 128 /* a report's name is cut there */
#define NAME_PART 60

/* A file that is read through struct input. */
struct file {
	int fd;
	uint64_t at;
	struct input in;
};

struct unpack {
	const struct unpack_how *how;
	const char *name;
	int spooled; /* what gzip held, or the present member; -1 */
	int held;    /* the archive that gzip held; -1 */
	struct file file;
	struct unzip *zip; /* NULL: one dump */
	size_t *order;     /* of its members, by name */
	size_t dumps, passed_over, next;
};

/* --- files -------------------------------------------------------------- */

static ssize_t
read_there(void *ctx, void *buf, size_t n, uint64_t at)
{
	struct file *f = ctx;
	ssize_t k;

	do
		k = pread(f->fd, buf, n, (off_t)at);
	while (k == -1 && errno == EINTR);
	return k;
}

static ssize_t
read_on(void *ctx, void *buf, size_t n)
{
	struct file *f = ctx;
	ssize_t k = read_there(ctx, buf, n, f->at);

	if (k > 0)
		f->at += (uint64_t)k;
	return k;
}

static int
use_file(struct file *f, int fd, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return err_set(e, "read it: %s", strerror(errno));
	f->fd = fd;
	f->at = 0;
	f->in = (struct input){ .read = read_on,
		.ctx = f,
		.read_at = read_there,
		.size = (uint64_t)st.st_size };
	return 0;
}

int
unpack_file(const char *dir, struct err *e)
{
	int fd = temp_file(dir);

	return fd != -1
		   ? fd
		   : err_set(e, "unpack it in %s: %s", dir, strerror(errno));
}

static int
put(int fd, const void *p, size_t n, const struct unpack_how *how,
    struct err *e)
{
	if (bytes_write(fd, p, n) == 0)
		return 0;
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(e,
		    "there is no room left in %s to unpack the dump; free "
		    "some space there",
		    how->dir);
	return err_set(e, "unpack it in %s: %s", how->dir, strerror(errno));
}

static int
breathe(const struct unpack_how *how, uint64_t blocks, struct err *e)
{
	if (blocks % BREATH != 1)
		return 0;
	if (how->breathe != NULL)
		how->breathe(how->ctx);
	if (how->check_room != NULL &&
	    how->check_room(how->ctx, BREATH * BLOCK, e) == -1)
		return -1;
	if (how->stop != NULL && *how->stop)
		return err_set(e, "interrupted; it is read again later");
	return 0;
}

/* --- gzip --------------------------------------------------------------- */

/* All that d still has, behind what it gave first. */
static int
spool_plain(int fd, struct decode *d, struct slice chunk,
    const struct unpack_how *how, enum fmt_status *status, struct err *e)
{
	uint64_t blocks = 0;

	*status = FMT_OK;
	while (*status == FMT_OK) {
		if (put(fd, chunk.p, chunk.n, how, e) == -1 ||
		    breathe(how, ++blocks, e) == -1)
			return -1;
		*status = decode_plain(d, &chunk);
	}
	if (*status == FMT_IO)
		return err_set(e, "read it: %s", strerror(errno));
	if (*status == FMT_END)
		*status = FMT_OK;
	return lseek(fd, 0, SEEK_SET) == -1 ? err_set(e, "%s", strerror(errno))
					    : 0;
}

int
unpack_gzip(int *out, int fd, const struct unpack_how *how,
    enum fmt_status *status, struct err *e)
{
	struct file f;
	struct decode *d = NULL;
	struct slice chunk;
	int spooled = -1, rc = 0;

	*out = -1;
	*status = FMT_OK;
	if (use_file(&f, fd, e) == -1)
		return -1;
	/* what is wrong here is told by whoever reads it on */
	if (decode_open_plain(&d, &f.in, how->limits) != FMT_OK)
		return 0;
	if (*decode_compression(d) != '\0' &&
	    decode_plain(d, &chunk) == FMT_OK &&
	    unzip_is_zip(chunk.p, chunk.n)) {
		spooled = unpack_file(how->dir, e);
		rc = spooled == -1
			 ? -1
			 : spool_plain(spooled, d, chunk, how, status, e);
	}
	decode_close(d);
	if (spooled != -1 && (rc == -1 || *status != FMT_OK)) {
		close(spooled);
		spooled = -1;
	}
	*out = spooled;
	return rc;
}

/* --- zip ---------------------------------------------------------------- */

static int
compare_names(const void *x, const void *y, void *ctx)
{
	const struct unzip *z = ctx;
	size_t a = *(const size_t *)x, b = *(const size_t *)y;
	int c = strcmp(unzip_member(z, a)->name, unzip_member(z, b)->name);

	return c != 0 ? c : a < b ? -1 : a > b;
}

/* True when there is one at least that can be read. */
static bool
find_dumps(struct unpack *u)
{
	size_t n = unzip_members(u->zip);
	bool any = false;

	u->order = mem_alloc((n + 1) * sizeof *u->order);
	for (size_t i = 0; i < n; i++) {
		const struct unzip_member *m = unzip_member(u->zip, i);

		if (unzip_is_noise(m)) {
			u->passed_over++;
			continue;
		}
		any = any || m->status == FMT_OK;
		u->order[u->dumps++] = i;
	}
	qsort_r(u->order, u->dumps, sizeof *u->order, compare_names, u->zip);
	return any;
}

/* What cannot be opened, or holds nothing to read, is one dump: whoever reads
 * it will say what is wrong. */
static void
open_archive(struct unpack *u)
{
	char head[4];

	if (read_there(&u->file, head, sizeof head, 0) != sizeof head ||
	    !unzip_is_zip(head, sizeof head) ||
	    unzip_open(&u->zip, &u->file.in, u->how->limits) != FMT_OK)
		return;
	if (!unzip_is_package(u->zip) && find_dumps(u))
		return;
	unzip_close(u->zip);
	u->zip = NULL;
	u->dumps = u->passed_over = 0;
}

int
unpack_open(struct unpack **out, int fd, const char *name,
    const struct unpack_how *how, struct err *e)
{
	struct unpack *u = mem_alloc(sizeof *u);
	enum fmt_status status;

	u->how = how;
	u->name = name;
	u->spooled = -1;
	if (unpack_gzip(&u->held, fd, how, &status, e) == -1 ||
	    use_file(&u->file, u->held == -1 ? fd : u->held, e) == -1) {
		unpack_close(u);
		return -1;
	}
	open_archive(u);
	*out = u;
	return 0;
}

void
unpack_close(struct unpack *u)
{
	if (u == NULL)
		return;
	unzip_close(u->zip);
	if (u->spooled != -1)
		close(u->spooled);
	if (u->held != -1)
		close(u->held);
	free(u->order);
	free(u);
}

bool
unpack_is_archive(const struct unpack *u)
{
	return u->zip != NULL;
}

size_t
unpack_dumps(const struct unpack *u)
{
	return u->zip == NULL ? 1 : u->dumps;
}

size_t
unpack_passed_over(const struct unpack *u)
{
	return u->passed_over;
}

const char *
unpack_member(const struct unpack *u, size_t i)
{
	return u->zip == NULL ? "" : unzip_member(u->zip, u->order[i])->name;
}

/* --- names -------------------------------------------------------------- */

/* The length of at most n bytes of s, cut where a character begins. */
static size_t
cut(const char *s, size_t n)
{
	if (strlen(s) <= n)
		return strlen(s);
	while (n > 0 && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* In a report's name a slash is an underscore, too. */
static bool
look_alike(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++) {
		char x = *a == '/' ? '_' : *a, y = *b == '/' ? '_' : *b;

		if (x != y)
			return false;
	}
	return *a == *b;
}

static bool
has_double_before(const struct unpack *u, const char *member)
{
	for (size_t i = 0; i < u->next; i++)
		if (look_alike(unpack_member(u, i), member))
			return true;
	return false;
}

/* Reports are found by this name: where it would be cut, or is another one's, a
 * number keeps the members apart. */
static void
name_dump(char out[256], const struct unpack *u, const char *member)
{
	size_t n = strlen(member);

	if (strlen(u->name) + 1 + n <= NAME_BYTES &&
	    !has_double_before(u, member)) {
		snprintf(out, 256, "%s/%s", u->name, member);
		return;
	}
	if (n > NAME_PART) {
		member += n - NAME_PART;
		while (((unsigned char)*member & 0xc0) == 0x80)
			member++;
	}
	snprintf(out, 256, "%.*s/%zu-%s", (int)cut(u->name, NAME_PART), u->name,
	    u->next + 1, member);
}

/* --- one after the other ------------------------------------------------ */

static int
copy_member(int fd, struct unzip_stream *s, const struct unpack_how *how,
    enum fmt_status *status, struct err *e)
{
	char *buf = mem_alloc(BLOCK);
	uint64_t blocks = 0;
	size_t got = 0;
	int rc = 0;

	do {
		*status = unzip_read(s, buf, BLOCK, &got);
		if (*status == FMT_IO)
			rc = err_set(e, "read it: %s", strerror(errno));
		else if (*status == FMT_OK)
			rc = put(fd, buf, got, how, e);
		if (rc == 0)
			rc = breathe(how, ++blocks, e);
	} while (rc == 0 && *status == FMT_OK && got > 0);
	free(buf);
	return rc;
}

static int
spool_member(
    struct unpack *u, size_t member, struct unpack_dump *out, struct err *e)
{
	struct unzip_stream *s = NULL;
	int rc;

	out->status = unzip_begin(&s, u->zip, member);
	if (out->status == FMT_IO)
		return err_set(e, "read it: %s", strerror(errno));
	if (out->status != FMT_OK)
		return 0;
	u->spooled = unpack_file(u->how->dir, e);
	rc = u->spooled == -1
		 ? -1
		 : copy_member(u->spooled, s, u->how, &out->status, e);
	unzip_end(s);
	if (rc == -1)
		return -1;
	if (out->status == FMT_OK && lseek(u->spooled, 0, SEEK_SET) == -1)
		return err_set(e, "read it: %s", strerror(errno));
	if (out->status == FMT_OK)
		out->fd = u->spooled;
	return 0;
}

int
unpack_next(struct unpack *u, struct unpack_dump *out, struct err *e)
{
	if (u->spooled != -1)
		close(u->spooled);
	u->spooled = -1;
	if (u->next == unpack_dumps(u))
		return 0;
	*out = (struct unpack_dump){ .member = "", .fd = -1 };
	if (u->zip == NULL) {
		if (lseek(u->file.fd, 0, SEEK_SET) == -1)
			return err_set(e, "read it: %s", strerror(errno));
		snprintf(out->name, sizeof out->name, "%s", u->name);
		out->fd = u->file.fd;
		out->status = FMT_OK;
	} else {
		out->member = unpack_member(u, u->next);
		name_dump(out->name, u, out->member);
		if (spool_member(u, u->order[u->next], out, e) == -1)
			return err_add(e, "%s", out->name);
	}
	u->next++;
	return 1;
}

void
unpack_skip(struct unpack *u, size_t n)
{
	size_t left = unpack_dumps(u) - u->next;

	u->next += n < left ? n : left;
}
