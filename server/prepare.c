/*
 * What the parent does once, before the first worker.
 */
#include "server/prepare.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <libssh/libssh.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config.h"
#include "server/bytes.h"
#include "server/wire.h"

#define EVENTS_BUFFER (8 * 1024 * 1024)

int
prepare_libraries(struct err *e)
{
	if (ssh_version(SSH_VERSION_INT(0, 10, 6)) == NULL)
		return err_set(e,
		    "libssh %s has known holes in its server; 0.10.6 or newer "
		    "is needed. Update the package libssh-4.",
		    ssh_version(0));
	return 0;
}

/* One daemon an instance.  The lock lives as long as this process. */
int
prepare_lock(int *lock, const struct conf *c, struct err *e)
{
	struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX], pid[32];

	conf_path(path, c, "state", "convdropd.pid", NULL);
	*lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (*lock == -1)
		return err_set(e, "Cannot open %s: %s.", path, strerror(errno));
	if (fcntl(*lock, F_SETLK, &l) == -1) {
		l.l_type = F_WRLCK;
		if (fcntl(*lock, F_GETLK, &l) == -1 || l.l_type == F_UNLCK)
			l.l_pid = 0;
		return err_set(e,
		    "Another convdropd (process %d) runs this instance. Stop "
		    "it first, or send it SIGHUP to reload.",
		    (int)l.l_pid);
	}
	snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(*lock, 0) == -1 ||
	    bytes_write(*lock, pid, strlen(pid)) == -1)
		return err_set(
		    e, "Cannot write %s: %s.", path, strerror(errno));
	return 0;
}

/* state/control; through the folder's descriptor, since a socket's path has
 * room for 107 bytes only. */
int
prepare_command(const struct conf *c, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char path[PATH_MAX];
	mode_t mask;
	int dir, sock = -1, rc = -1;

	conf_path(path, c, "state", NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		goto out;
	unlinkat(dir, "control", 0);
	snprintf(
	    a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/control", dir);
	sock =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	if (sock != -1 &&
	    bind(sock, (const struct sockaddr *)&a, sizeof a) == 0 &&
	    listen(sock, 16) == 0)
		rc = 0;
	umask(mask);
out:
	if (rc == -1)
		err_set(e, "Cannot make the socket state/control: %s.",
		    strerror(errno));
	if (rc == -1 && sock != -1)
		close(sock);
	if (dir != -1)
		close(dir);
	return rc == -1 ? -1 : sock;
}

/* The events' socket outlives every worker, so nothing in it is lost. */
int
prepare_events(int pair[2], struct err *e)
{
	const int bytes = EVENTS_BUFFER;

	if (wire_pair(pair) == -1)
		return err_set(e, "Cannot make a socket: %s.", strerror(errno));
	if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &bytes,
		sizeof bytes) == -1)
		setsockopt(
		    pair[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	fcntl(pair[1], F_SETFL, O_NONBLOCK);
	return 0;
}

void
prepare_descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max < 65536 ? r.rlim_max : 65536;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

int
prepare_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* LeakSanitizer cannot run in a process that nobody may trace. */
void
prepare_sanitizer(void)
{
#ifdef SANITIZE
	const char *had = getenv("ASAN_OPTIONS");
	char text[1024];

	snprintf(
	    text, sizeof text, "%s:detect_leaks=0", had == NULL ? "" : had);
	setenv("ASAN_OPTIONS", text, 1);
#endif
}
