/*
 * Addresses of clients.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>

#include "server/address.h"

static struct in6_addr
parse(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static void
an_address_is_written_as_people_do(void **state)
{
	static const char *const row[][2] = {
		{ "::ffff:192.0.2.1", "192.0.2.1" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "::1", "::1" },
	};
	char out[INET6_ADDRSTRLEN];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct in6_addr a = parse(row[i][0]);

		assert_string_equal(address_text(out, &a), row[i][1]);
	}
}

static void
one_client_is_an_ipv4_address_or_an_ipv6_64(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} row[] = {
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", true },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
		{ "2001:db8::1", "2001:db8::2", true },
		{ "2001:db8::1", "2001:db8:0:1::1", false },
		{ "::1", "::ffff:192.0.2.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct in6_addr a = parse(row[i].a), b = parse(row[i].b);

		assert_int_equal(address_same(&a, &b), row[i].same);
		assert_int_equal(address_same(&b, &a), row[i].same);
	}
}

static void
an_address_of_this_machine_is_known(void **state)
{
	static const struct {
		const char *a;
		bool here;
	} row[] = {
		{ "::1", true },
		{ "::ffff:127.0.0.1", true },
		{ "::ffff:127.255.255.254", true },
		{ "::ffff:128.0.0.1", false },
		{ "::ffff:10.127.0.1", false },
		{ "::", false },
		{ "::2", false },
		{ "2001:db8::127.0.0.1", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct in6_addr a = parse(row[i].a);

		if (address_is_here(&a) != row[i].here)
			fail_msg("%s", row[i].a);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_written_as_people_do),
		cmocka_unit_test(one_client_is_an_ipv4_address_or_an_ipv6_64),
		cmocka_unit_test(an_address_of_this_machine_is_known),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
