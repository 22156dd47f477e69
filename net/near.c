/*
 * Clients on this machine.  See near.h.
 */
#include "net/near.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "server/address.h"

void
near_tune(int fd, const struct in6_addr *from)
{
	static const char reno[] = "reno"; /* every kernel has it */

	if (address_is_here(from))
		setsockopt(
		    fd, IPPROTO_TCP, TCP_CONGESTION, reno, sizeof reno - 1);
}
