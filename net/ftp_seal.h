/*
 * A large file on its way out over TLS: a second thread encrypts what comes
 * next while the session's own sends what is ready, and listens.  One of them
 * alone takes a processor to the limit long before the network of a server is
 * full.
 *
 * The thread is made for one transfer and is gone with it, as is the memory of
 * the few blocks between the two: a session at rest has neither.  It only ever
 * calculates: everything that may wait, or go wrong, is done by the session's
 * own, the file, the socket, the clients.  Its sandbox lets it make threads
 * (see sandbox.c) rather than having one from the start, which every session
 * would pay for, also those that never ask for a large file.
 *
 *      seal_open    NULL: there can be no thread now, so do without
 *      seal_next    until it says how it ended
 *      seal_close   the TLS session is the caller's again
 */
#ifndef NET_FTP_SEAL_H
#define NET_FTP_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "net/tls.h"

/* Less is not worth a thread. */
#define SEAL_LEAST ((uint64_t)2 * 1024 * 1024)

struct seal;
/* Bytes at to end of the file.  Until seal_close nothing but tls_send may be
 * called for t, in which nothing may wait. */
struct seal *seal_open(struct tls *t, int fd, uint64_t at, uint64_t end);

/* What is to be sent next, good until the next call; plain bytes of the file
 * are in it. */
struct sealed {
	const uint8_t *p;
	size_t n;
	size_t plain;
	bool last;
};

enum seal_end {
	SEAL_MORE, /* there is *out */
	SEAL_OVER, /* there was all */
	SEAL_DISK, /* the file could not be read */
	SEAL_TLS   /* it could not be encrypted */
};
enum seal_end seal_next(struct seal *s, struct sealed *out);
void seal_close(struct seal *s);

#endif
