/*
 * Connections of clients.  See near.h.
 */
#include "net/near.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "server/address.h"

void
near_begin(int fd, const struct in6_addr *from)
{
	const int yes = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
	near_tune(fd, from);
}

void
near_tune(int fd, const struct in6_addr *from)
{
	static const char reno[] = "reno"; /* every kernel has it */

	if (address_is_here(from))
		setsockopt(
		    fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof reno - 1);
}
