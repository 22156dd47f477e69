/*
 * FTP's listeners, as the accepting process makes them for its children.
 */
#include "net/ftp_data.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "keys/secret.h"
#include "server/clock.h"
#include "server/log.h"

#define LOG_MS 1000
#define BACKLOG 8 /* so that a thief's knock does not shut the client out */
#define TRIES_MAX 1024u /* of a large range; a small one is tried whole */

union address {
	struct sockaddr_storage any;
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* Binding wants an IPv4 address as such. */
static socklen_t
unmap(union address *a)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	if (a->any.ss_family == AF_INET6 &&
	    IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
		memcpy(&in.sin_addr, a->in6.sin6_addr.s6_addr + 12, 4);
		a->in = in;
	}
	return a->any.ss_family == AF_INET6 ? sizeof a->in6 : sizeof a->in;
}

/* In both families the port is at the same place; 0 or an errno. */
static int
listen_at(const union address *at, socklen_t n, unsigned port, int *out)
{
	const int yes = 1;
	union address a = *at;
	int error, fd = socket(a.any.ss_family,
		       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return errno;
	a.in.sin_port = htons((uint16_t)port);
	/* a port is free again as soon as nobody listens on it */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, &a.sa, n) == 0 && listen(fd, BACKLOG) == 0) {
		*out = fd;
		return 0;
	}
	error = errno;
	close(fd);
	return error;
}

/* 0 or an errno. */
static int
listen_within(
    const struct sockaddr_storage *at, unsigned first, unsigned last, int *out)
{
	union address a = { .any = *at };
	socklen_t n = unmap(&a);
	unsigned ports = last - first + 1, start, error = EADDRINUSE;

	secret_random(&start, sizeof start);
	for (unsigned i = 0; i < ports && i < TRIES_MAX; i++) {
		error = (unsigned)listen_at(
		    &a, n, first + (start % ports + i) % ports, out);
		if (error != EADDRINUSE)
			break;
	}
	return (int)error;
}

static unsigned
port_of(int fd)
{
	union address a;
	socklen_t n = sizeof a;

	memset(&a, 0, sizeof a);
	getsockname(fd, &a.sa, &n);
	return ntohs(a.in.sin_port);
}

/* At most once a second: whoever asks again and again does not fill the log. */
static void
log_used_up(unsigned first, unsigned last)
{
	static int64_t logged = -LOG_MS;
	int64_t now = clock_ms();

	if (now - logged < LOG_MS)
		return;
	logged = now;
	log_warn("No port is free for a data connection: all from %u to %u "
		 "are in use (ftp_passive_ports).",
	    first, last);
}

int
ftp_data_grant(int report, const struct wire *ask,
    const struct sockaddr_storage *at, unsigned first, unsigned last)
{
	struct wire_passive m;
	int rc, fd = -1;

	WIRE_INIT(&m, WIRE_PASSIVE);
	m.head.id = ask->id;
	m.error = listen_within(at, first, last, &fd);
	if (fd != -1)
		m.port = port_of(fd);
	else if (m.error == EADDRINUSE)
		log_used_up(first, last);
	else
		log_error("There is no listener for a data connection: %s.",
		    strerror(m.error));
	rc = wire_send(report, &m.head, fd);
	if (fd != -1)
		close(fd);
	return rc;
}
