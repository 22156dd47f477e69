/*
 * Penalties for wrong guesses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "net/limit.h"

#define S ((int64_t)1000)
#define START (1000 * S)

static struct in6_addr
address(const char *text)
{
	struct in6_addr a;

	assert_int_equal(inet_pton(AF_INET6, text, &a), 1);
	return a;
}

static unsigned
wrong(struct limit *l, const char *from, const char *user, int64_t now,
    unsigned times)
{
	struct in6_addr a = address(from);

	while (times-- > 0)
		limit_wrong(l, &a, slice_of(user), slice_of("wrong"), now);
	return limit_check(l, &a, slice_of(user), now);
}

static unsigned
check(struct limit *l, const char *from, const char *user, int64_t now)
{
	struct in6_addr a = address(from);

	return limit_check(l, &a, slice_of(user), now);
}

static void
right(struct limit *l, const char *from, const char *user, int64_t now)
{
	struct in6_addr a = address(from);

	limit_right(l, &a, slice_of(user), slice_of("right"), now);
}

static bool
knows(struct limit *l, const char *from, const char *user, const char *password,
    int64_t now)
{
	struct in6_addr a = address(from);

	return limit_knows(l, &a, slice_of(user), slice_of(password), now);
}

static void
penalties_of_an_address_grow_and_end(void **state)
{
	/* the wrong guess, the seconds to wait after it */
	static const struct {
		unsigned n, wait;
	} cases[] = { { 10, 0 }, { 11, 1 }, { 12, 2 }, { 13, 4 }, { 14, 8 },
		{ 15, 16 }, { 19, 256 }, { 20, 300 }, { 40, 300 } };
	struct limit *l = limit_new();
	char user[16];
	unsigned n = 0, wait = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		for (; n < cases[i].n; n++) { /* no account twice */
			snprintf(user, sizeof user, "user%u", n);
			wait = wrong(l, "::ffff:192.0.2.1", user, START, 1);
		}
		assert_int_equal(wait, cases[i].wait);
	}
	assert_int_equal(check(l, "::ffff:192.0.2.1", "x", START + 299 * S), 1);
	assert_int_equal(check(l, "::ffff:192.0.2.1", "x", START + 300 * S), 0);
	limit_free(l);
}

static void
whose_guesses_count_for_whom(void **state)
{
	static const struct {
		const char *guesser, *other;
		unsigned waits;
	} cases[] = {
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 1 },
		{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", 0 },
		{ "2001:db8::1", "2001:db8::ffff:1", 1 }, /* one /64 */
		{ "2001:db8::1", "2001:db8:0:1::1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct limit *l = limit_new();

		for (char c = 'a'; c < 'a' + 11; c++) {
			const char user[] = { c, '\0' };

			wrong(l, cases[i].guesser, user, START, 1);
		}
		assert_int_equal(
		    check(l, cases[i].other, "z", START), cases[i].waits);
		limit_free(l);
	}
}

static void
an_account_is_protected_from_many_addresses(void **state)
{
	struct limit *l = limit_new();
	char from[32];

	(void)state;
	for (unsigned i = 1; i <= 21; i++) {
		snprintf(from, sizeof from, "::ffff:192.0.2.%u", i);
		wrong(l, from, "direct", START, 1);
	}
	assert_int_equal(check(l, "::ffff:198.51.100.1", "direct", START), 1);
	assert_int_equal(check(l, "::ffff:198.51.100.1", "other", START), 0);
	limit_free(l);
}

static void
others_guesses_do_not_keep_the_owner_out(void **state)
{
	struct limit *l = limit_new();
	char from[32];

	(void)state;
	right(l, "::ffff:203.0.113.5", "direct", START);
	for (unsigned i = 1; i <= 200; i++) {
		snprintf(from, sizeof from, "::ffff:192.0.2.%u", i);
		wrong(l, from, "direct", START, 1);
	}
	assert_true(check(l, "::ffff:198.51.100.1", "direct", START) > 0);
	assert_int_equal(check(l, "::ffff:203.0.113.5", "direct", START), 0);
	/* but guesses from there are not free either */
	assert_int_equal(
	    wrong(l, "::ffff:203.0.113.5", "direct", START, 20), 0);
	assert_int_equal(wrong(l, "::ffff:203.0.113.5", "direct", START, 1), 1);
	limit_free(l);
}

static void
a_right_login_ends_its_address_penalty(void **state)
{
	struct limit *l = limit_new();

	(void)state;
	assert_true(wrong(l, "::1", "a", START, 12) > 0);
	right(l, "::1", "b", START);
	assert_int_equal(check(l, "::1", "c", START), 0);
	limit_free(l);
}

static void
a_thousand_right_logins_are_no_trouble(void **state)
{
	struct limit *l = limit_new();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(check(l, "::1", "direct", START + i), 0);
		right(l, "::1", "direct", START + i);
	}
	limit_free(l);
}

static void
wrong_guesses_are_forgotten_in_time(void **state)
{
	struct limit *l = limit_new();

	(void)state;
	wrong(l, "::1", "a", START, 10);
	assert_int_equal(wrong(l, "::1", "b", START + 1300 * S, 7), 0);
	assert_int_equal(wrong(l, "::1", "b", START + 1300 * S, 2), 1);
	limit_free(l);
}

static void
a_flood_of_addresses_does_not_free_the_worst(void **state)
{
	struct limit *l = limit_new();
	struct in6_addr a = address("2001:db8::");

	(void)state;
	for (unsigned i = 0; i < 40; i++) {
		char user[16];

		snprintf(user, sizeof user, "u%u", i);
		wrong(l, "::ffff:192.0.2.1", user, START, 1);
	}
	for (uint32_t i = 1; i < 200000; i++) {
		memcpy(a.s6_addr + 4, &i, sizeof i);
		limit_wrong(l, &a, (struct slice){ NULL, 0 },
		    (struct slice){ NULL, 0 }, START + 1);
	}
	assert_int_equal(check(l, "::ffff:192.0.2.1", "x", START + 2), 300);
	limit_free(l);
}

static void
who_was_right_here_lately_is_known(void **state)
{
	static const struct {
		const char *from, *user, *password;
		int64_t after;
		bool known;
	} cases[] = {
		{ "::ffff:203.0.113.5", "direct", "right", 0, true },
		{ "::ffff:203.0.113.5", "direct", "right", 3600 * S, true },
		{ "::ffff:203.0.113.5", "direct", "right", 8 * 86400 * S,
		    false },
		{ "::ffff:203.0.113.5", "direct", "wrong", 0, false },
		{ "::ffff:203.0.113.5", "direct", "", 0, false },
		{ "::ffff:203.0.113.5", "other", "right", 0, false },
		{ "::ffff:203.0.113.6", "direct", "right", 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct limit *l = limit_new();

		right(l, "::ffff:203.0.113.5", "direct", START);
		assert_int_equal(knows(l, cases[i].from, cases[i].user,
				     cases[i].password, START + cases[i].after),
		    cases[i].known);
		limit_free(l);
	}
}

static void
guesses_from_the_same_address_do_not_make_it_unknown(void **state)
{
	struct limit *l = limit_new();

	(void)state;
	right(l, "::1", "direct", START);
	assert_true(wrong(l, "::1", "direct", START, 500) > 0);
	assert_true(knows(l, "::1", "direct", "right", START));
	/* but who goes on for ever does not find it by trying */
	for (unsigned i = 0; i < 200000; i++)
		knows(l, "::1", "direct", "guess", START);
	assert_false(knows(l, "::1", "direct", "right", START));
	right(l, "::1", "direct", START);
	assert_true(knows(l, "::1", "direct", "right", START));
	limit_free(l);
}

static void
a_password_that_is_no_longer_right_is_no_proof(void **state)
{
	struct limit *l = limit_new();
	struct in6_addr a = address("::1");

	(void)state;
	right(l, "::1", "direct", START);
	limit_wrong(l, &a, slice_of("direct"), slice_of("right"), START);
	assert_false(knows(l, "::1", "direct", "right", START));
	limit_free(l);
}

static void
a_flood_of_addresses_does_not_forget_who_was_right(void **state)
{
	struct limit *l = limit_new();
	struct in6_addr a = address("2001:db8::");
	unsigned known = 0;
	char from[40];

	(void)state;
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(from, sizeof from, "::ffff:203.0.113.%u", i);
		right(l, from, "direct", START);
	}
	for (uint32_t i = 1; i < 100000; i++) {
		memcpy(a.s6_addr + 4, &i, sizeof i);
		for (unsigned n = 0; n < 11; n++)
			limit_wrong(
			    l, &a, slice_of("x"), slice_of("y"), START + 1);
	}
	for (unsigned i = 1; i <= 100; i++) {
		snprintf(from, sizeof from, "::ffff:203.0.113.%u", i);
		known += knows(l, from, "direct", "right", START + 2);
	}
	assert_int_equal(known, 100);
	limit_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(penalties_of_an_address_grow_and_end),
		cmocka_unit_test(whose_guesses_count_for_whom),
		cmocka_unit_test(an_account_is_protected_from_many_addresses),
		cmocka_unit_test(others_guesses_do_not_keep_the_owner_out),
		cmocka_unit_test(a_right_login_ends_its_address_penalty),
		cmocka_unit_test(a_thousand_right_logins_are_no_trouble),
		cmocka_unit_test(wrong_guesses_are_forgotten_in_time),
		cmocka_unit_test(a_flood_of_addresses_does_not_free_the_worst),
		cmocka_unit_test(who_was_right_here_lately_is_known),
		cmocka_unit_test(
		    guesses_from_the_same_address_do_not_make_it_unknown),
		cmocka_unit_test(
		    a_password_that_is_no_longer_right_is_no_proof),
		cmocka_unit_test(
		    a_flood_of_addresses_does_not_forget_who_was_right),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
