/*
 * The tool's end of state/control, reached through the folder's descriptor,
 * for a socket's path has room for 107 bytes only.
 */
#include "feed/control.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A feed may be built anew; whoever ends hangs up. */
#define ANSWER_MS 86400000

static int
dial(const struct conf *c)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char path[PATH_MAX];
	int dir, fd, rc = -1;

	conf_path(path, c, "state", NULL);
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir == -1)
		return -1;
	snprintf(
	    a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/control", dir);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd != -1)
		rc = connect(fd, (const struct sockaddr *)&a, sizeof a);
	if (rc == -1 && fd != -1) {
		int failed = errno;

		close(fd);
		errno = failed;
	}
	close(dir);
	return rc == -1 ? -1 : fd;
}

bool
control_alive(const struct conf *c)
{
	int fd = dial(c);

	if (fd == -1)
		return errno == EACCES || errno == EPERM || errno == EAGAIN;
	close(fd);
	return true;
}

int
control_ask(const struct conf *c, const struct command *q, struct answer *a,
    struct err *e)
{
	union {
		struct answer answer;
		char bytes[WIRE_MAX];
	} m;
	int fd = dial(c), rc = -1;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd == -1) {
		if (errno == EACCES || errno == EPERM)
			return err_set(e,
			    "Only root and the daemon's own user may do that.");
		return err_set(e,
		    "The daemon does not run on this instance; start convdropd "
		    "first.");
	}
	if (wire_send(fd, &q->head, -1) == -1)
		err_set(e, "The daemon cannot be asked: %s.", strerror(errno));
	else if (poll(&p, 1, ANSWER_MS) != 1)
		err_set(e, "The daemon gave no answer in time.");
	else if (wire_recv(fd, &m, sizeof m, NULL) != 1 ||
		 m.answer.head.type != WIRE_ANSWER)
		err_set(e, "The daemon hung up; its log says why.");
	else {
		*a = m.answer;
		a->text[sizeof a->text - 1] = '\0';
		rc = 0;
	}
	close(fd);
	return rc;
}
