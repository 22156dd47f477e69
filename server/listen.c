/*
 * The listening sockets.
 */
#include "server/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 512

static const struct {
	enum protocol protocol;
	size_t port; /* its offset in struct conf */
} services[] = {
	{ PROTO_SFTP, offsetof(struct conf, sftp_port) },
	{ PROTO_HTTPS, offsetof(struct conf, https_port) },
	{ PROTO_HTTP, offsetof(struct conf, http_port) },
	{ PROTO_FTP, offsetof(struct conf, ftp_port) },
	{ PROTO_FTPS, offsetof(struct conf, ftps_port) },
};

static uint16_t
port_of(const struct conf *c, size_t service)
{
	uint16_t port;

	memcpy(&port, (const char *)c + services[service].port, sizeof port);
	return port;
}

/* Does the list name an IPv4 address of its own?  Then "::" is IPv6 alone. */
static bool
names_ipv4(const struct conf *c)
{
	for (char **a = c->listen; *a != NULL; a++) {
		if (strchr(*a, ':') == NULL)
			return true;
	}
	return false;
}

static int
bind_to(const struct addrinfo *a, bool v6only)
{
	const int on = 1;
	const int only = v6only;
	int fd =
	    socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (a->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
	if (bind(fd, a->ai_addr, a->ai_addrlen) == -1 ||
	    listen(fd, BACKLOG) == -1) {
		int keep = errno;

		close(fd);
		errno = keep;
		return -1;
	}
	return fd;
}

static int
open_one(const char *address, uint16_t port, bool v6only, struct err *e)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *a = NULL;
	char service[8];
	int fd;

	snprintf(service, sizeof service, "%u", port);
	if (getaddrinfo(address, service, &hints, &a) != 0)
		return err_set(
		    e, "listen: \"%s\" is not an IP address.", address);
	fd = bind_to(a, v6only);
	freeaddrinfo(a);
	if (fd == -1 && errno == EAFNOSUPPORT && strcmp(address, "::") == 0)
		return open_one("0.0.0.0", port, false, e);
	if (fd == -1 && errno == EADDRINUSE)
		return err_set(e,
		    "Port %u of %s is in use by another program. Stop it or "
		    "choose another port.",
		    port, address);
	if (fd == -1)
		return err_set(e, "Cannot listen on %s port %u: %s.", address,
		    port, strerror(errno));
	return fd;
}

static const struct bound *
find(const struct listening *l, const char *address, uint16_t port)
{
	for (size_t i = 0; l != NULL && i < l->n; i++) {
		if (l->bound[i].port == port &&
		    strcmp(l->bound[i].address, address) == 0)
			return &l->bound[i];
	}
	return NULL;
}

static int
add(struct listening *l, const struct conf *c, size_t service,
    const char *address, const struct listening *old, struct err *e)
{
	uint16_t port = port_of(c, service);
	const struct bound *had = find(old, address, port);
	struct bound *b = &l->bound[l->n];

	if (l->n == LISTEN_MAX)
		return err_set(e,
		    "listen names too many addresses: %d sockets are the most.",
		    LISTEN_MAX);
	b->fd = had != NULL ? fcntl(had->fd, F_DUPFD_CLOEXEC, 0)
			    : open_one(address, port, names_ipv4(c), e);
	if (b->fd == -1 && had != NULL)
		return err_set(e, "Cannot keep port %u of %s: %s.", port,
		    address, strerror(errno));
	if (b->fd == -1)
		return -1;
	b->protocol = services[service].protocol;
	b->port = port;
	b->address = address;
	snprintf(b->shown, sizeof b->shown,
	    strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u", address, port);
	l->n++;
	return 0;
}

int
listen_open(struct listening *out, const struct conf *c,
    const struct listening *old, struct err *e)
{
	out->n = 0;
	for (size_t s = 0; s < sizeof services / sizeof services[0]; s++) {
		if (port_of(c, s) == 0)
			continue;
		for (char **a = c->listen; *a != NULL; a++) {
			if (add(out, c, s, *a, old, e) == -1) {
				listen_close(out);
				return -1;
			}
		}
	}
	return 0;
}

void
listen_close(struct listening *l)
{
	for (size_t i = 0; i < l->n; i++)
		close(l->bound[i].fd);
	l->n = 0;
}

void
listen_text(const struct listening *l, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < l->n && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s %s",
		    i == 0 ? "" : ", ", protocol_name(l->bound[i].protocol),
		    l->bound[i].shown);
}
