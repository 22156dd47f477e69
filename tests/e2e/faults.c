/*
 * Faults for one of the daemon's processes, by LD_PRELOAD:
 *
 *	FAULT_ROLE=ingest    the process it is about
 *	FAULT_COUNT=FILE     append a byte to FILE at each step that makes
 *	                     something last (sync, rename, unlink, a write into
 *	                     the store)
 *	FAULT_FROM=FILE      steps have numbers only once FILE exists
 *	FAULT_STOP_AT=N      before the Nth such step make FILE.stopped and wait
 *	                     there for ever: whoever sees it kills the group
 *	FAULT_STOP_NAME=NAME the same before a file of that name is renamed
 *	FAULT_FULL=FILE      while FILE exists, no regular file can grow: ENOSPC
 *	FAULT_FULL_AT=N      make FAULT_FULL's file before the Nth step
 *
 * The files lie where the process's sandbox lets it look.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static int chosen = -1;    /* is this the process? */
static _Atomic long steps; /* of all its threads */
static long stop_at, full_at;
static const char *count, *full, *from, *stop_name;

static void
look(void)
{
	char line[256] = { 0 };
	const char *role = getenv("FAULT_ROLE"), *at = getenv("FAULT_STOP_AT");
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd == -1 ? 0 : read(fd, line, sizeof line - 1);

	if (fd != -1)
		close(fd);
	for (ssize_t i = 0; i < n; i++) {
		if (line[i] == '\0')
			line[i] = ' ';
	}
	chosen = role != NULL && strstr(line, "--role") != NULL &&
		 strstr(line, role) != NULL;
	stop_at = at == NULL ? 0 : atol(at);
	count = getenv("FAULT_COUNT");
	full = getenv("FAULT_FULL");
	from = getenv("FAULT_FROM");
	stop_name = getenv("FAULT_STOP_NAME");
	at = getenv("FAULT_FULL_AT");
	full_at = at == NULL ? 0 : atol(at);
}

/* /proc is out of a sandbox's reach later on, so look at once. */
__attribute__((constructor)) static void
begin(void)
{
	look();
}

#define NEXT(type, name) type next = (type)dlsym(RTLD_NEXT, name)

typedef int (*int_fd)(int);
typedef ssize_t (*write_fn)(int, const void *, size_t);
typedef ssize_t (*pwrite_fn)(int, const void *, size_t, off_t);
typedef int (*renameat_fn)(int, const char *, int, const char *);
typedef int (*renameat2_fn)(int, const char *, int, const char *, unsigned);
typedef int (*rename_fn)(const char *, const char *);
typedef int (*unlinkat_fn)(int, const char *, int);
typedef int (*unlink_fn)(const char *);

static void
stop(void)
{
	char stopped[4096];
	int fd;

	snprintf(stopped, sizeof stopped, "%s.stopped", count);
	fd = open(stopped, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1)
		close(fd);
	for (;;)
		continue; /* a sandbox may know no way to sleep */
}

static int
is_counted(void)
{
	return from == NULL || access(from, F_OK) == 0;
}

static void
step(void)
{
	long n;
	int fd;

	if (chosen != 1 || count == NULL)
		return;
	n = is_counted() ? ++steps : 0;
	if (n == full_at && n > 0 && full != NULL) {
		fd = open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd != -1)
			close(fd);
	}
	if (n == stop_at && n > 0)
		stop();
	fd = open(count, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd != -1) {
		NEXT(write_fn, "write");

		(void)!next(fd, ".", 1);
		close(fd);
	}
}

/* Would a write of n bytes at that place make the file grow? */
static int
no_room(int fd, off_t at, size_t n)
{
	struct stat st;

	return chosen == 1 && fd != STDERR_FILENO && full != NULL &&
	       access(full, F_OK) == 0 && fstat(fd, &st) == 0 &&
	       S_ISREG(st.st_mode) && at + (off_t)n > st.st_size;
}

int
fsync(int fd)
{
	NEXT(int_fd, "fsync");

	step();
	return next(fd);
}

int
fdatasync(int fd)
{
	NEXT(int_fd, "fdatasync");

	step();
	return next(fd);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	NEXT(write_fn, "write");

	if (no_room(fd, lseek(fd, 0, SEEK_CUR), n)) {
		errno = ENOSPC;
		return -1;
	}
	return next(fd, p, n);
}

static ssize_t
put(const char *name, int fd, const void *p, size_t n, off_t at)
{
	NEXT(pwrite_fn, name);

	if (no_room(fd, at, n)) {
		errno = ENOSPC;
		return -1;
	}
	step();
	return next(fd, p, n, at);
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	return put("pwrite", fd, p, n, at);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t at)
{
	return put("pwrite64", fd, p, n, at);
}

int
renameat(int a, const char *from_name, int b, const char *to)
{
	NEXT(renameat_fn, "renameat");

	if (chosen == 1 && count != NULL && stop_name != NULL && is_counted() &&
	    strcmp(from_name, stop_name) == 0)
		stop();
	step();
	return next(a, from_name, b, to);
}

int
renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
	NEXT(renameat2_fn, "renameat2");

	step();
	return next(a, from, b, to, flags);
}

int
rename(const char *from, const char *to)
{
	NEXT(rename_fn, "rename");

	step();
	return next(from, to);
}

int
unlinkat(int a, const char *name, int flags)
{
	NEXT(unlinkat_fn, "unlinkat");

	step();
	return next(a, name, flags);
}

int
unlink(const char *name)
{
	NEXT(unlink_fn, "unlink");

	step();
	return next(name);
}
