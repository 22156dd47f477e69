/*
 * A client's address: IPv4 as ::ffff:a.b.c.d, as everywhere in the daemon.
 */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/* Of a socket; any other family than IPv4 and IPv6: "::". */
struct in6_addr address_from(const struct sockaddr *a);

/* "192.0.2.1" or "2001:db8::1"; returns out. */
const char *address_text(char out[INET6_ADDRSTRLEN], const struct in6_addr *a);

/* What "per address" means: an IPv4 address, or an IPv6 /64. */
struct in6_addr address_network(const struct in6_addr *a);
bool address_is_here(const struct in6_addr *a); /* 127.0.0.0/8 or ::1 */
bool address_same(const struct in6_addr *a, const struct in6_addr *b);

#endif
