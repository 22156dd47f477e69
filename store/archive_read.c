/*
 * The archive: opening, checking, taking one out.  See archive.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

#include "formats/arena.h"
#include "store/archive_private.h"
#include "store/gzip.h"
#include "server/bytes.h"

#define GZIP_WINDOW (15 + 16)

/* --- opening ------------------------------------------------------------ */

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
	top = archive_instance(c, e);
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

/* --- checking ----------------------------------------------------------- */

void
archive_digest(struct sha256_ctx *h, char out[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(h, sizeof digest, digest);
	bytes_hex(out, digest, sizeof digest);
}

int
archive_hash_raw(int fd, unsigned char *buf, char out[65])
{
	struct sha256_ctx h;
	off_t at = 0;
	ssize_t n;

	sha256_init(&h);
	while ((n = pread(fd, buf, ARCHIVE_BLOCK, at)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		sha256_update(&h, (size_t)n, buf);
		at += n;
	}
	archive_digest(&h, out);
	return 0;
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
	u->z.avail_out = ARCHIVE_BLOCK;
	while (u->sound && (u->z.avail_in > 0 || u->z.avail_out == 0)) {
		int rc;

		if (u->ended && u->z.avail_in > 0)
			inflateReset(&u->z); /* another member follows */
		u->z.next_out = u->out;
		u->z.avail_out = ARCHIVE_BLOCK;
		rc = inflate(&u->z, Z_NO_FLUSH);
		sha256_update(&u->hash, ARCHIVE_BLOCK - u->z.avail_out, u->out);
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
	u.out = mem_alloc(ARCHIVE_BLOCK);
	while (u.sound && (n = pread(fd, buf, ARCHIVE_BLOCK, at)) != 0) {
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			break;
		u.z.next_in = buf;
		u.z.avail_in = (uInt)n;
		unpack_some(&u);
		at += n;
	}
	archive_digest(&u.hash, out);
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
	buf = mem_alloc(ARCHIVE_BLOCK);
	if (archive_hash_raw(fd, buf, raw) == -1 ||
	    hash_unpacked(fd, buf, unpacked) == -1)
		rc = err_set(e, "read %s: %s", path, strerror(errno));
	free(buf);
	close(fd);
	return rc;
}

/* What was gzip when it was dropped is kept as it came, however it is packed:
 * of that the name has the hash of the file itself. */
int
archive_lies_stored(const struct conf *c, const char *path, struct err *e)
{
	char raw[65], unpacked[65];
	size_t n = strlen(path);
	struct stat st;
	int fd = archive_open(c, path, e);
	bool is;

	if (fd == -1)
		return -1;
	is = fstat(fd, &st) == 0 && st.st_size >= ARCHIVE_STORE_FROM &&
	     gzip_is_stored(fd);
	close(fd);
	if (!is || n < 15)
		return 0;
	if (archive_hash(c, path, raw, unpacked, e) == -1)
		return -1;
	return memcmp(path + n - 15, unpacked, 12) == 0;
}

int
archive_remove(const struct conf *c, const char *path, struct err *e)
{
	char folder[512];
	int top = archive_instance(c, e), dir, rc = -1;

	if (top == -1)
		return -1;
	archive_folder_of(folder, path);
	dir = archive_folder(top, folder);
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
	buf = mem_alloc(ARCHIVE_BLOCK);
	if (archive_hash_raw(fd, buf, found) == 0)
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
