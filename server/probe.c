/*
 * The probe: one line an attempt, "NAME: refused" or "NAME: POSSIBLE".
 */
#include "server/probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/conf.h"
#include "server/log.h"
#include "server/sandbox.h"

static const struct {
	const char *name;
	enum sandbox_role role;
} names[] = {
	{ "auth", SANDBOX_AUTH },
	{ "files", SANDBOX_FILES },
	{ "ingest", SANDBOX_INGEST },
	{ "http", SANDBOX_HTTP },
	{ "ssh", SANDBOX_SSH },
	{ "ssh-child", SANDBOX_SSH_CHILD },
	{ "ftp", SANDBOX_FTP },
	{ "ftp-child", SANDBOX_FTP_CHILD },
};

static bool
opens(const struct conf *c, const char *path, int flags)
{
	char full[PATH_MAX];
	int fd;

	if (path[0] == '/')
		snprintf(full, sizeof full, "%s", path);
	else
		conf_path(full, c, path, NULL);
	fd = open(full, flags | O_CLOEXEC, 0600);
	if (fd == -1)
		return false;
	close(fd);
	if (flags & O_CREAT)
		unlinkat(AT_FDCWD, full, 0);
	return true;
}

static bool
makes_socket(const struct conf *c, const char *path, int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	(void)c;
	(void)path;
	if (fd == -1)
		return false;
	close(fd);
	return true;
}

/* ftp may make a socket, but connects to nobody. */
static bool
connects(const struct conf *c, const char *path, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

	(void)c;
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
traces(const struct conf *c, const char *path, int unused)
{
	pid_t pid = getppid();

	(void)c;
	(void)path;
	(void)unused;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) == -1)
		return false;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return true;
}

static bool
forks(const struct conf *c, const char *path, int unused)
{
	pid_t pid = fork();

	(void)c;
	(void)path;
	(void)unused;
	if (pid == 0)
		_exit(0);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid > 0;
}

static bool
signals(const struct conf *c, const char *path, int unused)
{
	(void)c;
	(void)path;
	(void)unused;
	return kill(getppid(), 0) == 0;
}

/* Only ever returns when it fails. */
static bool
executes(const struct conf *c, const char *path, int unused)
{
	char name[] = "true";
	char *const argv[] = { name, NULL };

	(void)c;
	(void)unused;
	execv(path, argv);
	return false;
}

static bool
maps_code(const struct conf *c, const char *path, int unused)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    /* cppcheck-suppress invalidFunctionArg ; no file is mapped */
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)c;
	(void)path;
	(void)unused;
	if (p == MAP_FAILED)
		return false;
	munmap(p, 4096);
	return true;
}

#define DIR_FLAGS (O_RDONLY | O_DIRECTORY)
#define NEW_FLAGS (O_WRONLY | O_CREAT | O_EXCL)

/* clang-format off */
static const struct {
        const char *name;
        bool (*possible)(const struct conf *c, const char *path, int flags);
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
        { "write published",     opens,        "published/.probe",     NEW_FLAGS },
        { "read passwd",         opens,        "/etc/passwd",          O_RDONLY },
        { "list root",           opens,        "/",                    DIR_FLAGS },
        { "make a socket",       makes_socket, "",                     AF_INET },
        { "make a unix socket",  makes_socket, "",                     AF_UNIX },
        { "connect",             connects,     "",                     1 },
        { "trace the parent",    traces,       "",                     0 },
        { "fork",                forks,        "",                     0 },
        { "signal the parent",   signals,      "",                     0 },
        { "map code",            maps_code,    "",                     0 },
        { "execute",             executes,     "/bin/true",            0 },
};
/* clang-format on */

int
probe_run(const char *role, const char *conf_path)
{
	struct conf *c = NULL;
	struct err e = ERR_EMPTY;
	size_t r = 0;

	while (r < sizeof names / sizeof names[0] &&
	       strcmp(names[r].name, role) != 0)
		r++;
	if (r == sizeof names / sizeof names[0]) {
		log_error("There is no sandbox %s.", role);
		return 2;
	}
	if (conf_load(&c, conf_path, &e) == -1 ||
	    sandbox_enter(names[r].role, c, &e) == -1) {
		log_error("%s", e.text);
		conf_free(c);
		return 2;
	}
	for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
		bool possible = attempts[i].possible(
		    c, attempts[i].path, attempts[i].flags);

		printf("%s: %s\n", attempts[i].name,
		    possible ? "POSSIBLE" : "refused");
		fflush(stdout);
	}
	conf_free(c);
	return 0;
}
