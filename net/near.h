/*
 * A client's TCP connection, as it was accepted.
 *
 * One from this machine, as a proxy's before HTTP often is, is never congested.
 * Under bbr, which many servers are set to, what is sent is paced by timers all
 * the same, and a large file over HTTP takes twice as long.
 */
#ifndef NET_NEAR_H
#define NET_NEAR_H

#include <netinet/in.h>

/* Small answers at once; a client that is gone is noticed; and near_tune. */
void near_begin(int fd, const struct in6_addr *from);

/* Not paced if it is from this machine; others stay as they are. */
void near_tune(int fd, const struct in6_addr *from);

#endif
