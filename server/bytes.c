/*
 * Bytes on their way between processes.
 */
#include "server/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/arena.h"

/* All n bytes of the file from at on; -1 and errno, EPROTO when it ends. */
static int
take_at(void *to, int fd, uint64_t at, size_t n)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got =
		    pread(fd, (char *)to + have, n - have, (off_t)(at + have));

		if (got == -1 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EPROTO;
		if (got <= 0)
			return -1;
		have += (size_t)got;
	}
	return 0;
}

int
bytes_take(char **out, int fd, size_t n)
{
	char *p = mem_alloc(n + 1);

	if (take_at(p, fd, 0, n) == -1) {
		free(p);
		return -1;
	}
	*out = p;
	return 0;
}

const uint8_t *
bytes_part(uint8_t *room, int fd, uint64_t at, size_t n)
{
	uint8_t *p = room + (at - (uintptr_t)room) % BYTES_PAGE;

	return take_at(p, fd, at, n) == 0 ? p : NULL;
}

int
bytes_read(char **out, size_t *n, const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int rc = -1;

	if (fd == -1 || fstat(fd, &st) == -1)
		goto out;
	if (!S_ISREG(st.st_mode)) {
		errno = EISDIR;
		goto out;
	}
	if (st.st_size < 0 || (size_t)st.st_size > max) {
		errno = EFBIG;
		goto out;
	}
	rc = bytes_take(out, fd, (size_t)st.st_size);
	if (rc == 0)
		*n = (size_t)st.st_size;
out:
	if (fd != -1) {
		int keep = errno;

		close(fd);
		errno = keep;
	}
	return rc;
}

int
bytes_write(int fd, const void *p, size_t n)
{
	const char *at = p;

	while (n > 0) {
		ssize_t put = write(fd, at, n);

		if (put == -1 && errno == EINTR)
			continue;
		if (put == -1)
			return -1;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

int
bytes_seal(const void *p, size_t n)
{
	int fd = memfd_create("convdrop", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd == -1)
		return -1;
	if (bytes_write(fd, p, n) == -1 ||
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) ==
		-1 ||
	    lseek(fd, 0, SEEK_SET) == -1) {
		int keep = errno;

		close(fd);
		errno = keep;
		return -1;
	}
	return fd;
}

void
bytes_hex(char *out, const uint8_t *p, size_t n)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digit[p[i] >> 4];
		out[2 * i + 1] = digit[p[i] & 15];
	}
	out[2 * n] = '\0';
}
