/*
 * A client on this machine, as a proxy before HTTP often is: nothing between
 * the two is ever congested.  Under bbr, which many servers are set to, what is
 * sent is paced by timers all the same, and a large file over HTTP takes twice
 * as long.
 */
#ifndef NET_NEAR_H
#define NET_NEAR_H

#include <netinet/in.h>

/* Of a TCP connection that was accepted; others stay as they are. */
void near_tune(int fd, const struct in6_addr *from);

#endif
