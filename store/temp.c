/*
 * See temp.h.
 */
#include "store/temp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/belt.h"

#define LARGE ((off_t)8 << 20)

const char *
temp_folder(void)
{
	const char *dir = getenv("TMPDIR");

	return dir == NULL || dir[0] == '\0' ? "/tmp" : dir;
}

/* Where the file system has no files without a name, one loses it at once. */
int
temp_file(const char *dir)
{
	char path[PATH_MAX];
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd != -1 || (errno != EOPNOTSUPP && errno != EISDIR))
		return fd;
	if ((size_t)snprintf(path, sizeof path, "%s/.convdrop-XXXXXX", dir) >=
	    sizeof path) {
		errno = ENAMETOOLONG;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd != -1)
		unlink(path);
	return fd;
}

static void *
close_it(void *ctx)
{
	close((int)(intptr_t)ctx);
	return NULL;
}

void
temp_close(int fd)
{
	pthread_t thread;
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_nlink == 0 && st.st_size >= LARGE &&
	    belt_thread(&thread, close_it, (void *)(intptr_t)fd))
		pthread_detach(thread);
	else
		close(fd);
}
