/*
 * What libssh has OpenSSL do for each packet, done for many at once.  HMAC,
 * which ciphers that do not authenticate (CTR) need, is set up anew for every
 * packet: twelve microseconds for each request and each answer, and two for a
 * copy of what was set up before.  The random bytes of a packet's padding cost
 * two, and next to nothing when they are drawn by the kilobyte.  The functions
 * that libssh calls for these are ours here, as in ssh_proof.h; for all else
 * they call OpenSSL's.
 */
#ifndef NET_SSH_PACKET_H
#define NET_SSH_PACKET_H

#include "server/err.h"

/* Finds OpenSSL's functions, before the sandbox. */
int ssh_packet_open(struct err *e);

/* From now on, in the process of a connection: it never forks, so what it keeps
 * is its own. */
void ssh_packet_keep(void);

#endif
