/*
 * The listening sockets: every address of the configuration with every port
 * that is not off.  A reload keeps the sockets that stay, so that no client
 * finds a closed door.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stddef.h>
#include <stdint.h>
#include "server/protocol.h"
#include "server/conf.h"
#include "server/err.h"

#define LISTEN_MAX 64

struct bound {
	int fd;
	enum protocol protocol;
	uint16_t port;
	const char *address; /* the configuration's */
	char shown[64];      /* "[::]:2022" */
};

struct listening {
	struct bound bound[LISTEN_MAX];
	size_t n;
};

/* old may be NULL.  On an error nothing is open. */
int listen_open(struct listening *out, const struct conf *c,
    const struct listening *old, struct err *e);
void listen_close(struct listening *l);

/* "sftp [::]:2022, https [::]:8443" */
void listen_text(const struct listening *l, char *out, size_t size);

#endif
