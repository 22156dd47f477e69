/*
 * Files that hold secrets.  See keyfile.h.
 */
#include "keys/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/secret.h"
#include "keys/text.h"

#define KEYFILE_MAX (16 << 20)

static int
say(char *why, const char *path, const char *sentence)
{
	snprintf(why, KEYS_ERROR_SIZE, "%.160s: %s", path, sentence);
	return -1;
}

/* Is it a file that we may trust with a secret? */
static int
check_stat(const struct stat *st, const char *path, char *why)
{
	char mode[64];

	if (!S_ISREG(st->st_mode))
		return say(why, path, _("it is not a regular file"));
	if (st->st_uid != 0 && st->st_uid != geteuid())
		return say(why, path,
		    _("it belongs to another account; chown it to yours or "
		      "root"));
	if ((st->st_mode & 077) != 0) {
		snprintf(mode, sizeof mode,
		    _("others may use it (mode %04o); chmod it to 0600"),
		    (unsigned)st->st_mode & 07777);
		return say(why, path, mode);
	}
	if (st->st_size > KEYFILE_MAX)
		return say(why, path, _("it is larger than 16 MiB"));
	return 0;
}

/* All of it, though it may change meanwhile. */
static char *
read_all(int fd, size_t room, size_t *n)
{
	char *buf = malloc(room + 1);
	ssize_t k = 1;

	for (*n = 0; buf != NULL && *n < room && k > 0; *n += (size_t)k) {
		k = read(fd, buf + *n, room - *n);
		if (k == -1) {
			secret_wipe(buf, *n);
			free(buf);
			return NULL;
		}
	}
	if (buf != NULL)
		buf[*n] = '\0';
	return buf;
}

int
keyfile_read_at(char **out, size_t *n, int dirfd, const char *name, char *why)
{
	struct stat st;
	size_t got = 0;
	char *buf = NULL;
	int fd, rc = -1;

	fd = openat(dirfd, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1) {
		say(why, name,
		    errno == ELOOP ? _("it is a symbolic link")
				   : strerror(errno));
		goto out;
	}
	if (check_stat(&st, name, why) == -1)
		goto out;
	buf = read_all(fd, (size_t)st.st_size, &got);
	if (buf == NULL) {
		say(why, name, strerror(errno));
		goto out;
	}
	*out = buf;
	*n = got;
	rc = 0;
out:
	if (fd != -1)
		close(fd);
	return rc;
}

int
keyfile_read(char **out, size_t *n, const char *path, char *why)
{
	return keyfile_read_at(out, n, AT_FDCWD, path, why);
}

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k == -1 && errno != EINTR)
			return -1;
		if (k > 0) {
			p += k;
			n -= (size_t)k;
		}
	}
	return fsync(fd);
}

static int
sync_folder(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, rc;

	snprintf(folder, sizeof folder, "%.*s",
	    slash == NULL ? 1 : (int)(slash - path + 1),
	    slash == NULL ? "." : path);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

/* Written beside, synced, renamed; over what is there only when replace. */
static int
put(const char *path, const void *p, size_t n, bool replace, char *why)
{
	const char *slash = strrchr(path, '/');
	size_t folder = slash == NULL ? 0 : (size_t)(slash - path + 1);
	char tmp[PATH_MAX];
	struct stat old;
	int fd, rc = -1;

	if ((size_t)snprintf(tmp, sizeof tmp, "%.*s.%s.XXXXXX", (int)folder,
		path, path + folder) >= sizeof tmp)
		return say(why, path, strerror(ENAMETOOLONG));
	fd = mkostemp(tmp, O_CLOEXEC); /* mode 0600 */
	if (fd == -1)
		return say(why, path, strerror(errno));
	/* An owner that we may not give away to stays: then it is ours. */
	if (replace && lstat(path, &old) == 0 && old.st_uid != geteuid() &&
	    fchown(fd, old.st_uid, old.st_gid) == -1 && errno != EPERM)
		goto out;
	if (write_all(fd, p, n) == -1 ||
	    renameat2(AT_FDCWD, tmp, AT_FDCWD, path,
		replace ? 0 : RENAME_NOREPLACE) == -1)
		goto out;
	tmp[0] = '\0';
	if (sync_folder(path) == -1)
		goto out;
	rc = 0;
out:
	if (rc == -1)
		say(why, path, strerror(errno));
	close(fd);
	if (tmp[0] != '\0')
		unlink(tmp);
	return rc;
}

int
keyfile_write(const char *path, const void *p, size_t n, char *why)
{
	return put(path, p, n, true, why);
}

int
keyfile_create(const char *path, const void *p, size_t n, char *why)
{
	return put(path, p, n, false, why);
}
