/*
 * Addresses of clients.  See address.h.
 */
#include "server/address.h"

#include <arpa/inet.h>
#include <string.h>

struct in6_addr
address_from(const struct sockaddr *a)
{
	struct in6_addr out = IN6ADDR_ANY_INIT;

	if (a->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, a, sizeof in6);
		out = in6.sin6_addr;
	} else if (a->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, a, sizeof in);
		out.s6_addr[10] = out.s6_addr[11] = 0xff;
		memcpy(out.s6_addr + 12, &in.sin_addr, 4);
	}
	return out;
}

const char *
address_text(char out[INET6_ADDRSTRLEN], const struct in6_addr *a)
{
	if (IN6_IS_ADDR_V4MAPPED(a))
		inet_ntop(AF_INET, a->s6_addr + 12, out, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, a, out, INET6_ADDRSTRLEN);
	return out;
}

struct in6_addr
address_network(const struct in6_addr *a)
{
	struct in6_addr n = *a;

	if (!IN6_IS_ADDR_V4MAPPED(a))
		memset(n.s6_addr + 8, 0, 8);
	return n;
}

bool
address_is_here(const struct in6_addr *a)
{
	return IN6_IS_ADDR_LOOPBACK(a) ||
	       (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr[12] == 127);
}

bool
address_same(const struct in6_addr *a, const struct in6_addr *b)
{
	struct in6_addr x = address_network(a), y = address_network(b);

	return memcmp(&x, &y, sizeof x) == 0;
}
