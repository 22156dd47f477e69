/*
 * Who may come in, and who makes room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "net/door.h"
#include "tests/server/instance.h"

#define NOW 1000000
#define MOST 64

static struct instance instance;

static struct in6_addr
address(unsigned last)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	a.s6_addr[12] = 127;
	a.s6_addr[14] = (uint8_t)(last >> 8);
	a.s6_addr[15] = (uint8_t)last;
	return a;
}

/* max_connections 40, _per_address 8, _unauthenticated 20, _unauth_per_address
 * 4, early_drop_from 10; 127.0.0.250 is exempt. */
static int
setup(void **state)
{
	(void)state;
	instance_open(&instance,
	    "max_connections = 40\nmax_per_address = 8\n"
	    "max_unauthenticated = 20\nmax_unauth_per_address = 4\n"
	    "early_drop_from = 10\nearly_drop_percent = 100\n"
	    "exempt = { \"127.0.0.250/32\" }\nfeed main { }\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	instance_close(&instance);
	return 0;
}

/* n guests, `each` of them from one address, the first the oldest. */
static void
fill(struct guest g[MOST], size_t n, size_t each, bool in, int64_t age)
{
	for (size_t i = 0; i < n; i++)
		g[i] = (struct guest){ .from = address((unsigned)(i / each)),
			.since_ms = NOW - age + (int64_t)i,
			.in = in };
}

static void
the_rules_one_after_the_other(void **state)
{
	static const struct {
		size_t n, each;
		bool in;
		int64_t age;
		unsigned from; /* who comes */
		bool open;
		enum door_rule rule;
		size_t ends;
	} cases[] = {
		{ 0, 1, false, 0, 1, true, DOOR_RULES, DOOR_NOBODY },
		{ 40, 1, true, 0, 200, false, DOOR_ALL, DOOR_NOBODY },
		{ 8, 8, true, 0, 0, false, DOOR_HERE, DOOR_NOBODY },
		{ 8, 8, true, 0, 1, true, DOOR_RULES, DOOR_NOBODY },
		/* the oldest from the same address makes room */
		{ 4, 4, false, 100, 0, true, DOOR_STRANGERS_HERE, 0 },
		{ 4, 4, false, 100, 1, true, DOOR_RULES, DOOR_NOBODY },
		/* the oldest of all */
		{ 20, 4, false, 100, 200, true, DOOR_STRANGERS, 0 },
		/* nobody has been silent for long enough */
		{ 15, 1, false, 500, 200, true, DOOR_RULES, DOOR_NOBODY },
		/* those who logged in do not count */
		{ 20, 4, true, 5000, 200, true, DOOR_RULES, DOOR_NOBODY },
		{ 9, 1, false, 5000, 200, true, DOOR_RULES, DOOR_NOBODY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct door *d = door_new(instance.conf);
		struct in6_addr from = address(cases[i].from);
		struct guest g[MOST];
		struct door_says says;

		fill(g, cases[i].n, cases[i].each, cases[i].in, cases[i].age);
		says = door_ask(d, g, cases[i].n, &from, NOW);
		print_message("# %zu\n", i);
		assert_int_equal(says.open, cases[i].open);
		assert_int_equal(says.rule, cases[i].rule);
		assert_int_equal(says.ends, cases[i].ends);
		door_free(d);
	}
}

static void
early_drops_are_at_random_and_hit_all_that_are_silent(void **state)
{
	struct door *d = door_new(instance.conf);
	struct in6_addr from = address(200);
	unsigned hit[MOST] = { 0 };
	struct guest g[MOST];

	(void)state;
	fill(g, 12, 1, false, 5000);
	g[3].in = true;
	g[5].busy = true;
	g[7].since_ms = NOW - 10;
	for (unsigned i = 0; i < 2000; i++) {
		struct door_says says = door_ask(d, g, 12, &from, NOW);

		assert_true(says.open);
		assert_int_equal(says.rule, DOOR_EARLY);
		assert_in_range(says.ends, 0, 11);
		hit[says.ends]++;
	}
	for (size_t i = 0; i < 12; i++) {
		if (i == 3 || i == 5 || i == 7)
			assert_int_equal(hit[i], 0);
		else
			assert_in_range(hit[i], 100, 400);
	}
	door_free(d);
}

static void
the_chance_grows_from_the_rate_to_all(void **state)
{
	static const struct {
		unsigned percent;
		size_t strangers;
		unsigned least, most; /* of 1000 */
	} cases[] = { { 30, 9, 0, 0 }, { 30, 10, 220, 380 },
		{ 30, 15, 570, 730 }, { 30, 19, 880, 980 }, { 0, 19, 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct conf c = *instance.conf;
		struct in6_addr from = address(200);
		struct guest g[MOST];
		unsigned drops = 0;
		struct door *d;

		c.early_drop_percent = cases[i].percent;
		d = door_new(&c);
		fill(g, cases[i].strangers, 1, false, 5000);
		for (unsigned n = 0; n < 1000; n++)
			drops += door_ask(d, g, cases[i].strangers, &from, NOW)
				     .rule == DOOR_EARLY;
		assert_in_range(drops, cases[i].least, cases[i].most);
		door_free(d);
	}
}

static void
room_is_made_a_few_times_a_second(void **state)
{
	struct door *d = door_new(instance.conf);
	struct in6_addr from = address(0), friend = address(77);
	struct in6_addr stranger = address(78);
	struct guest g[MOST];
	unsigned made = 0;

	(void)state;
	fill(g, 4, 4, false, 100);
	for (unsigned i = 0; i < 500; i++)
		made += door_ask(d, g, 4, &from, NOW).open;
	assert_int_equal(made, 20);
	assert_true(door_ask(d, g, 4, &from, NOW + 50).open);
	assert_false(door_ask(d, g, 4, &from, NOW + 50).open);
	/* but always for who logged in lately */
	fill(g, 20, 1, false, 100);
	door_welcome(d, &friend, NOW);
	assert_false(door_ask(d, g, 20, &stranger, NOW + 50).open);
	assert_true(door_ask(d, g, 20, &friend, NOW + 50).open);
	door_free(d);
}

static void
friends_and_exempt_ones_are_not_ended_for_others(void **state)
{
	struct door *d = door_new(instance.conf);
	struct in6_addr from = address(200), friend = address(0);
	struct guest g[MOST];

	(void)state;
	fill(g, 20, 1, false, 5000);
	g[1].from = address(250); /* exempt */
	door_welcome(d, &friend, NOW);
	assert_int_equal(door_ask(d, g, 20, &from, NOW).ends, 2);
	for (unsigned i = 0; i < 500; i++)
		assert_in_range(door_ask(d, g, 12, &from, NOW).ends, 2, 11);
	/* a day later it is a stranger again */
	assert_int_equal(
	    door_ask(d, g, 20, &from, NOW + 25 * 3600 * 1000).ends, 0);
	door_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_one_after_the_other),
		cmocka_unit_test(
		    early_drops_are_at_random_and_hit_all_that_are_silent),
		cmocka_unit_test(the_chance_grows_from_the_rate_to_all),
		cmocka_unit_test(room_is_made_a_few_times_a_second),
		cmocka_unit_test(
		    friends_and_exempt_ones_are_not_ended_for_others),
	};

	cmocka_run_group_tests(tests, setup, teardown);
	return 0;
}
