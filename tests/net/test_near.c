/*
 * Clients on this machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/near.h"

static void
only_what_comes_from_here_is_not_paced(void **state)
{
	static const struct {
		const char *from;
		bool tuned;
	} row[] = {
		{ "::ffff:127.0.0.1", true },
		{ "::1", true },
		{ "::ffff:192.0.2.1", false },
		{ "2001:db8::1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		int fd = socket(AF_INET6, SOCK_STREAM, 0);
		char usual[16] = "", now[16] = "";
		socklen_t n = sizeof usual, m = sizeof now;
		struct in6_addr from;

		assert_int_equal(inet_pton(AF_INET6, row[i].from, &from), 1);
		getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, usual, &n);
		near_tune(fd, &from);
		assert_int_equal(
		    getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, now, &m), 0);
		assert_string_equal(now, row[i].tuned ? "reno" : usual);
		close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_comes_from_here_is_not_paced),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
