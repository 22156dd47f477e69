/*
 * The accepting process of a service that gives each connection a process of
 * its own (SFTP, FTP).  It accepts, counts, introduces each child to auth and
 * files, and ends with the last of them.  It reads no byte of any client.
 */
#ifndef NET_MASTER_H
#define NET_MASTER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include "server/wire.h"
#include "server/worker.h"

/* What a child begins with; its other descriptors are closed. */
struct connection {
	int fd;                     /* the client's socket; does not block */
	struct in6_addr from;       /* IPv4 as ::ffff:a.b.c.d */
	struct sockaddr_storage at; /* our end of it */
	uint32_t protocol;          /* the listener's */
	int auth, files;            /* channels of this process alone */
	int report; /* to the accepting process: WIRE_IN says that the client
		     * logged in; what comes is WIRE_DRAIN, or an answer to
		     * what the service lets its children ask */
};

struct service {
	/* In the child, for good: its exit status. */
	int (*serve)(void *ctx, const struct connection *it);
	/* In the master: a child, whose client came to the address at, says
	 * something of the service's own.  False when it may not say that.
	 * NULL when there is nothing. */
	bool (*asked)(void *ctx, int report, const struct sockaddr_storage *at,
	    const struct wire *m);
	void *ctx;
};

/* Says that the worker is ready, and serves until it is told to end. */
int master_run(struct worker *w, const struct service *s);

#endif
