/*
 * What a process of the daemon could do if it were taken over: loaded into each
 * by LD_PRELOAD, it makes the process try, at the moment of SIGUSR2, wherever
 * it is by then and whoever it serves.
 *
 *	PROBE_DIR=DIR        the instance, absolute
 *
 * A line of stderr an attempt, "probe PID: NAME: refused" or "POSSIBLE", then
 * "probe PID: tuned VALUE", of GLIBC_TUNABLES, and at last "probe PID: done".
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[PATH_MAX], tuned[100];

static bool
opens(const char *path, int flags)
{
	char full[2 * PATH_MAX];
	int fd;

	snprintf(full, sizeof full, "%s%s", path[0] == '/' ? "" : dir, path);
	fd = open(full, flags | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	close(fd);
	if (flags & O_CREAT)
		unlinkat(AT_FDCWD, full, 0);
	return true;
}

static bool
makes_socket(const char *path, int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	(void)path;
	if (fd == -1)
		return false;
	close(fd);
	return true;
}

/* ftp may make a socket, but connects to nobody. */
static bool
connects(const char *path, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

	(void)path;
	if (fd == -1)
		return false;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	a.sin_port = htons((uint16_t)port);
	rc = connect(fd, (const struct sockaddr *)&a, sizeof a);
	if (rc == -1 && errno != EPERM && errno != EACCES)
		rc = 0; /* it was tried */
	close(fd);
	return rc == 0;
}

static bool
traces(const char *path, int unused)
{
	pid_t pid = getppid();

	(void)path;
	(void)unused;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1)
		return false;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return true;
}

static bool
forks(const char *path, int unused)
{
	pid_t pid = fork();

	(void)path;
	(void)unused;
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0;
}

static int
does_nothing(void *unused)
{
	(void)unused;
	return 0;
}

/* By clone, which takes flags where fork takes none. */
static bool
clones(const char *path, int flags)
{
	static char stack[4][16384]; /* each in use until its user is gone */
	static int used;
	char *top = stack[used % 4] + sizeof stack[0];
	int pid = clone(does_nothing, top, flags, NULL);

	(void)path;
	used++;
	if (pid > 0 && !(flags & CLONE_THREAD))
		waitpid(pid, NULL, 0);
	return pid > 0;
}

/* The call whose flags no filter can see. */
static bool
clones_unseen(const char *path, int flags)
{
	uint64_t args[8] = { [0] = (uint64_t)flags, [4] = SIGCHLD };
	long pid = syscall(SYS_clone3, args, sizeof args);

	(void)path;
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid((pid_t)pid, NULL, 0);
	return pid > 0;
}

static bool
signals(const char *path, int unused)
{
	(void)path;
	(void)unused;
	return kill(getppid(), 0) == 0;
}

/* Only ever returns when it fails; then the last lines lack. */
static bool
executes(const char *path, int unused)
{
	char name[] = "true";
	char *const argv[] = { name, NULL };

	(void)unused;
	execv(path, argv);
	return false;
}

static bool
maps_code(const char *path, int unused)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    /* cppcheck-suppress invalidFunctionArg ; no file is mapped */
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)path;
	(void)unused;
	if (p == MAP_FAILED)
		return false;
	munmap(p, 4096);
	return true;
}

#define THREAD (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY)
#define NEW_FLAGS (O_WRONLY | O_CREAT | O_EXCL)

/* clang-format off */
static const struct {
        const char *name;
        bool (*possible)(const char *path, int flags);
        const char *path; /* in the instance, or absolute */
        int flags;
} attempts[] = {
        { "read users",          opens,        "keys/users",           O_RDONLY },
        { "read tokens",         opens,        "keys/tokens",          O_RDONLY },
        { "read tls key",        opens,        "keys/tls.key",         O_RDONLY },
        { "read configuration",  opens,        "convdrop.conf",        O_RDONLY },
        { "list state",          opens,        "state",                DIR_FLAGS },
        { "read store",          opens,        "state/store.db",       O_RDONLY },
        { "write state",         opens,        "state/probe",          NEW_FLAGS },
        { "list audit",          opens,        "audit",                DIR_FLAGS },
        { "list archive",        opens,        "archive",              DIR_FLAGS },
        { "list reports",        opens,        "reports",              DIR_FLAGS },
        { "list inbox",          opens,        "inbox",                DIR_FLAGS },
        { "write inbox",         opens,        "inbox/.probe",         NEW_FLAGS },
        { "list published",      opens,        "published",            DIR_FLAGS },
        { "read another's file", opens,        "published/other/conversions.csv", O_RDONLY },
        { "write published",     opens,        "published/.probe",     NEW_FLAGS },
        { "read passwd",         opens,        "/etc/passwd",          O_RDONLY },
        { "list root",           opens,        "/",                    DIR_FLAGS },
        { "make a socket",       makes_socket, "",                     AF_INET },
        { "make a unix socket",  makes_socket, "",                     AF_UNIX },
        { "connect",             connects,     "",                     1 },
        { "trace the parent",    traces,       "",                     0 },
        { "fork",                forks,        "",                     0 },
        { "clone itself",        clones,       "",                     SIGCHLD },
        { "share its memory",    clones,       "",                     CLONE_VM | SIGCHLD },
        { "begin a thread",      clones,       "",                     THREAD },
        { "clone unseen",        clones_unseen, "",                    0 },
        { "clone apart",         clones,       "",                     CLONE_NEWUSER | SIGCHLD },
        { "signal the parent",   signals,      "",                     0 },
        { "map code",            maps_code,    "",                     0 },
        { "execute",             executes,     "/bin/true",            0 },
};
/* clang-format on */

static void
say(const char *what, const char *how)
{
	char line[128];
	int n = snprintf(
	    line, sizeof line, "probe %d: %s%s\n", (int)getpid(), what, how);

	(void)!write(STDERR_FILENO, line, (size_t)n);
}

static void
probe(int sig)
{
	int error = errno;

	(void)sig;
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		bool possible =
		    attempts[i].possible(attempts[i].path, attempts[i].flags);

		say(attempts[i].name, possible ? ": POSSIBLE" : ": refused");
	}
	say("tuned ", tuned);
	say("done", "");
	errno = error;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *where = getenv("PROBE_DIR"), *t = getenv("GLIBC_TUNABLES");
	struct sigaction act = { .sa_handler = probe, .sa_flags = SA_RESTART };

	if (where == NULL)
		return;
	snprintf(dir, sizeof dir, "%s/", where);
	snprintf(tuned, sizeof tuned, "%s", t != NULL ? t : "");
	sigaction(SIGUSR2, &act, NULL);
}
