/*
 * auth and those who guess: what slows them down, what it costs, and that
 * nobody else waits.
 */
#include "tests/net/auth_kit.h"

static void
guessing_is_slowed_and_the_owner_is_not(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct auth_reply r = { .verdict = AUTH_NO };
	unsigned n = 0;

	(void)state;
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 77).verdict, AUTH_YES);
	for (; n < 40 && r.verdict == AUTH_NO; n++)
		r = login(sock, AUTH_PASSWORD, "direct", "wrong", 66);
	assert_int_equal(r.verdict, AUTH_WAIT);
	assert_in_range(r.retry_s, 1, 2);
	assert_in_range(n, 6, 20);
	/* not even the right password is looked at from there */
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 66).verdict, AUTH_WAIT);
	/* a right token is: it cannot be guessed */
	assert_int_equal(
	    login(sock, AUTH_TOKEN, "", token, 66).verdict, AUTH_YES);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 77).verdict, AUTH_YES);
	close(sock);
}

static void
many_guesses_at_once_gain_nothing(void **state)
{
	enum {
		MANY = 30
	};
	int sock = kit_client(&kit, PEER_NETWORK);
	unsigned no = 0;

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		ask_bytes(sock, AUTH_PASSWORD, "direct", 6, "wrong", 5, 50);
	for (unsigned i = 0; i < MANY; i++) {
		union {
			union wire_any any;
			struct auth_reply reply;
		} m;

		assert_true(converse(sock, &m.any));
		no += m.reply.verdict == AUTH_NO;
	}
	assert_in_range(no, 5, 13); /* the others had to wait */
	close(sock);
}

static void
whoever_it_is_costs_the_same_work(void **state)
{
	static const struct {
		const char *user, *secret;
		unsigned from;
	} cases[] = { { "direct", "wrong", 31 }, { "nobody", "wrong", 32 },
		{ "", "wrong", 33 }, { "keyed", "wrong", 34 },
		{ "near", "two", 35 }, /* not from there */
		{ "direct", "", 36 }, { "nobody", "", 37 } };
	int sock = kit_client(&kit, PEER_NETWORK);
	char cost[sizeof work->cost];

	(void)state;
	login(sock, AUTH_PASSWORD, "direct", "one", 30);
	memcpy(cost, work->cost, sizeof cost);
	assert_string_equal(cost, "$y$j9T$");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		work->hashes = 0;
		work->cost[0] = '\0';
		assert_int_equal(login(sock, AUTH_PASSWORD, cases[i].user,
				     cases[i].secret, cases[i].from)
				     .verdict,
		    AUTH_NO);
		assert_int_equal(work->hashes, 1);
		assert_string_equal(work->cost, cost);
	}
	close(sock);
}

static void
who_was_right_gets_in_whatever_else_comes_from_there(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct auth_reply r = { .verdict = AUTH_NO };

	(void)state;
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 90).verdict, AUTH_YES);
	for (unsigned i = 0; i < 60 && r.verdict == AUTH_NO; i++)
		r = login(sock, AUTH_PASSWORD, "direct", "wrong", 90);
	assert_int_equal(r.verdict, AUTH_WAIT);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(
		    login(sock, AUTH_PASSWORD, "direct", "one", 90).verdict,
		    AUTH_YES);
	assert_true(
	    give_users(hash_one, false)); /* what was seen is forgotten */
	for (unsigned i = 0; i < 60 && r.verdict != AUTH_WAIT; i++)
		r = login(sock, AUTH_PASSWORD, "direct", "wrong", 90);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 90).verdict, AUTH_YES);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "on", 90).verdict, AUTH_NO);
	close(sock);
}

static void
exempt_networks_never_wait(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	for (unsigned i = 0; i < 30; i++)
		assert_int_equal(
		    login(sock, AUTH_PASSWORD, "direct", "wrong", 241).verdict,
		    AUTH_NO);
	/* nor do others wait for what comes from there */
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 91).verdict, AUTH_YES);
	close(sock);
}

static void
an_honest_login_does_not_queue_behind_a_flood(void **state)
{
	enum {
		ADDRESSES = 100
	};
	int sock = kit_client(&kit, PEER_NETWORK);
	int honest = kit_client(&kit, PEER_NETWORK);
	char name[16];
	unsigned before;

	(void)state;
	assert_int_equal(
	    login(honest, AUTH_PASSWORD, "direct", "one", 77).verdict,
	    AUTH_YES);
	for (unsigned i = 0; i < 20; i++) { /* until it is seen as one */
		snprintf(name, sizeof name, "first%u", i);
		login(sock, AUTH_PASSWORD, name, "wrong", 100 + i);
	}
	assert_true(give_users(hash_one, true)); /* nothing is remembered */
	for (unsigned i = 0; i < ADDRESSES; i++) {
		snprintf(name, sizeof name, "user%u", i);
		ask_bytes(sock, AUTH_PASSWORD, name, strlen(name), "wrong", 5,
		    100 + i);
	}
	before = work->hashes;
	assert_int_equal(
	    login(honest, AUTH_PASSWORD, "direct", "one", 77).verdict,
	    AUTH_YES);
	/* its own, and the few that were made meanwhile */
	assert_in_range(work->hashes - before, 1, ADDRESSES / 4);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		union wire_any m;

		assert_true(converse(sock, &m));
	}
	close(sock);
	close(honest);
}

static void
a_thousand_right_logins_are_one_hash(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	work->hashes = 0;
	for (int i = 0; i < 1000; i++) {
		struct auth_reply r =
		    login(sock, AUTH_PASSWORD, "direct", "one", 1);
		struct auth_revoked out;

		assert_int_equal(r.verdict, AUTH_YES);
		WIRE_INIT(&out, WIRE_REVOKED);
		memcpy(out.handle, r.grant.handle, sizeof out.handle);
		assert_int_equal(wire_send(sock, &out.head, -1), 0);
	}
	assert_int_equal(work->hashes, 1);
	close(sock);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(guessing_is_slowed_and_the_owner_is_not),
		CASE(many_guesses_at_once_gain_nothing),
		CASE(whoever_it_is_costs_the_same_work),
		CASE(who_was_right_gets_in_whatever_else_comes_from_there),
		CASE(exempt_networks_never_wait),
		CASE(an_honest_login_does_not_queue_behind_a_flood),
		CASE(a_thousand_right_logins_are_one_hash),
	};

	cmocka_run_group_tests(tests, setup, teardown);
	return 0;
}
