/*
 * The auth process: who gets in and as what, and what ends it.  Guessing is
 * test_guessing.c.
 */
#include "tests/net/auth_kit.h"

static void
who_gets_in_and_as_what(void **state)
{
	static const struct {
		enum auth_method method;
		const char *user, *secret;
		unsigned from;
		enum auth_verdict verdict;
		unsigned roles;
		uint64_t feeds;
		const char *name;
	} cases[] = {
		{ AUTH_PASSWORD, "direct", "one", 1, AUTH_YES, ROLE_PULL, 1,
		    "direct" },
		{ AUTH_PASSWORD, "direct", "one", 1, AUTH_YES, ROLE_PULL, 1,
		    "direct" }, /* remembered */
		{ AUTH_PASSWORD, "direct", "two", 2, AUTH_NO, 0, 0, "" },
		{ AUTH_PASSWORD, "direct", "", 2, AUTH_NO, 0, 0, "" },
		{ AUTH_PASSWORD, "Direct", "one", 2, AUTH_NO, 0, 0, "" },
		{ AUTH_PASSWORD, "nobody", "one", 2, AUTH_NO, 0, 0, "" },
		{ AUTH_PASSWORD, "", "", 2, AUTH_NO, 0, 0, "" },
		{ AUTH_PASSWORD, "near", "two", 200, AUTH_YES,
		    ROLE_PULL | ROLE_DROP, 3, "near" },
		{ AUTH_PASSWORD, "near", "two", 3, AUTH_NO, 0, 0, "" },
		{ AUTH_PASSWORD, "near", "two", 200, AUTH_YES,
		    ROLE_PULL | ROLE_DROP, 3, "near" },
		{ AUTH_TOKEN, "", token, 4, AUTH_YES, ROLE_PULL, 2,
		    "token:" LONGEST },
		{ AUTH_TOKEN, "", "no-such-token", 4, AUTH_NO, 0, 0, "" },
		{ AUTH_TOKEN, "", "", 4, AUTH_NO, 0, 0, "" },
	};
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct auth_reply r = login(sock, cases[i].method,
		    cases[i].user, cases[i].secret, cases[i].from);

		print_message("# %zu: %s\n", i, cases[i].user);
		assert_int_equal(r.verdict, cases[i].verdict);
		assert_int_equal(r.grant.roles, cases[i].roles);
		assert_int_equal(r.grant.feed[0], cases[i].feeds);
		assert_string_equal(r.grant.user, cases[i].name);
		if (r.verdict == AUTH_YES) /* files knew it before */
			assert_memory_equal(&last, &r.grant, sizeof last);
	}
	close(sock);
}

static void
a_password_counts_to_its_last_byte(void **state)
{
	static const struct {
		const char *secret;
		size_t n;
	} cases[] = { { "one\0x", 5 }, { "one\0", 4 }, { "on", 2 },
		{ "onee", 4 }, { "\0one", 4 } };
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(login_bytes(sock, AUTH_PASSWORD, "direct", 6,
				     cases[i].secret, cases[i].n, 9)
				     .verdict,
		    AUTH_NO);
	assert_int_equal(
	    login_bytes(sock, AUTH_PASSWORD, "direct\0x", 8, "one", 3, 9)
		.verdict,
	    AUTH_NO);
	close(sock);
}

static void
a_public_key_is_offered_and_then_used(void **state)
{
	int sock = kit_client_at(&kit, PEER_SSH_CHILD, 200);
	struct octets key = key_blob();
	struct auth_pubkey q;
	struct auth_reply r;
	struct made made;

	(void)state;
	protocol = PROTO_SFTP;
	r = login_bytes(
	    sock, AUTH_PUBKEY_OFFER, "direct", 6, key.p, key.n, 200);
	assert_int_equal(r.verdict, AUTH_YES);
	assert_int_equal(r.grant.roles, 0); /* an offer allows nothing */
	assert_int_equal(begun, 0);
	r = login_bytes(sock, AUTH_PUBKEY_OFFER, "near", 4, key.p, key.n, 200);
	assert_int_equal(r.verdict, AUTH_NO);
	key_sign(&made, (struct draft){ .user = "direct" });
	put_key_login(&q, "direct", &made);
	q.ask.secret[key.n - 1] ^= 1;
	assert_int_equal(ask_by_key(sock, &q).verdict, AUTH_NO);
	q.ask.secret[key.n - 1] ^= 1;
	r = ask_by_key(sock, &q);
	assert_int_equal(r.verdict, AUTH_YES);
	assert_int_equal(r.grant.roles, ROLE_PULL);
	close(sock);
}

/* What a process that was taken over may claim, knowing the public half: what
 * its owner did not sign for us, as that user, is worth nothing. */
static void
a_key_without_a_proof_is_no_login(void **state)
{
	static const struct {
		const char *what, *user;
		struct draft d;
	} cases[] = {
		{ "signed for another server", "direct",
		    { .user = "direct", .host = "its host key" } },
		{ "signed as another user", "direct", { .user = "keyed" } },
		{ "signed as one who lacks the key", "near",
		    { .user = "near" } },
		{ "of a session that was none", "direct",
		    { .user = "direct", .other_session = true } },
	};
	int sock = kit_client_at(&kit, PEER_SSH_CHILD, 200);
	struct auth_pubkey q;
	struct made made;

	(void)state;
	put_key_login(&q, "direct", NULL);
	assert_int_equal(ask_by_key(sock, &q).verdict, AUTH_NO);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("# %s\n", cases[i].what);
		key_sign(&made, cases[i].d);
		put_key_login(&q, cases[i].user, &made);
		assert_int_equal(ask_by_key(sock, &q).verdict, AUTH_NO);
	}
	assert_int_equal(begun, 0);
	close(sock);
}

static void
a_proof_may_have_any_lengths(void **state)
{
	static const uint32_t lengths[][3] = {
		{ UINT32_MAX, 1, 1 },
		{ 1, UINT32_MAX, 1 },
		{ 1, 1, UINT32_MAX },
		{ UINT32_MAX, UINT32_MAX, UINT32_MAX },
		{ sizeof((struct auth_proof *)0)->bytes, 1, 0 },
		{ sizeof((struct auth_proof *)0)->bytes, 0, 0 },
		{ 0, 0, 0 },
	};
	struct auth_pubkey q;
	struct made made;

	(void)state;
	key_sign(&made, (struct draft){ .user = "direct" });
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		int sock = kit_client_at(&kit, PEER_SSH_CHILD, 200);

		print_message("# %zu\n", i);
		put_key_login(&q, "direct", &made);
		q.proof.exchange_n = lengths[i][0];
		q.proof.message_n = lengths[i][1];
		q.proof.signature_n = lengths[i][2];
		assert_int_equal(ask_by_key(sock, &q).verdict, AUTH_NO);
		close(sock);
	}
}

/* A process that was taken over is no more than its one client was. */
static void
a_connection_logs_in_once_and_from_where_it_is(void **state)
{
	static const struct {
		const char *what;
		enum auth_method method;
		const char *user, *secret;
		unsigned from;
		bool in, ends;
	} cases[] = {
		{ "a login", AUTH_PASSWORD, "direct", "one", 1, false, false },
		{ "wrong, once more", AUTH_PASSWORD, "direct", "two", 1, false,
		    false },
		{ "from elsewhere", AUTH_PASSWORD, "near", "two", 200, false,
		    true },
		{ "an offer from elsewhere", AUTH_PUBKEY_OFFER, "direct", "k",
		    2, false, true },
		{ "a second login", AUTH_PASSWORD, "other", "two", 1, true,
		    true },
		{ "the same again", AUTH_PASSWORD, "direct", "one", 1, true,
		    true },
		{ "an offer after it", AUTH_PUBKEY_OFFER, "keyed", "k", 1, true,
		    true },
	};

	(void)state;
	protocol = PROTO_SFTP;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int sock = kit_client(&kit, PEER_SSH_CHILD);
		union wire_any m;

		print_message("# %s\n", cases[i].what);
		if (cases[i].in)
			assert_int_equal(
			    login(sock, AUTH_PASSWORD, "direct", "one", 1)
				.verdict,
			    AUTH_YES);
		ask_bytes(sock, cases[i].method, cases[i].user,
		    strlen(cases[i].user), cases[i].secret,
		    strlen(cases[i].secret), cases[i].from);
		assert_int_equal(converse(sock, &m), !cases[i].ends);
		close(sock);
	}
}

static void
of_two_logins_at_once_one_counts(void **state)
{
	static const char *const user[] = { "direct", "other" };
	static const char *const secret[] = { "one", "two" };
	int sock = kit_client(&kit, PEER_FTP_CHILD);
	unsigned yes = 0;

	(void)state;
	protocol = PROTO_FTPS;
	for (size_t i = 0; i < 2; i++)
		ask_bytes(sock, AUTH_PASSWORD, user[i], strlen(user[i]),
		    secret[i], strlen(secret[i]), 1);
	for (size_t i = 0; i < 2; i++) {
		union {
			union wire_any any;
			struct auth_reply reply;
		} m;

		assert_true(converse(sock, &m.any));
		assert_int_equal(m.any.head.type, WIRE_GRANT);
		yes += m.reply.verdict == AUTH_YES;
	}
	assert_int_equal(yes, 1);
	assert_int_equal(begun, 1);
	close(sock);
}

static void
handles_differ_and_end_with_their_channel(void **state)
{
	int one = kit_client(&kit, PEER_NETWORK);
	int two = kit_client(&kit, PEER_NETWORK);
	struct auth_reply a = login(one, AUTH_PASSWORD, "direct", "one", 1);
	struct auth_reply b = login(two, AUTH_PASSWORD, "direct", "one", 1);
	struct auth_revoked out;

	(void)state;
	assert_memory_not_equal(a.grant.handle, b.grant.handle, 16);
	assert_int_equal(begun, 2);
	/* somebody else's logout ends nothing */
	WIRE_INIT(&out, WIRE_REVOKED);
	memcpy(out.handle, b.grant.handle, sizeof out.handle);
	wire_send(one, &out.head, -1);
	login(one, AUTH_PASSWORD, "direct", "one", 1);
	assert_int_equal(ended, 0);
	/* one's own does */
	wire_send(two, &out.head, -1);
	be_files();
	assert_int_equal(ended, 1);
	close(one); /* both of its grants */
	be_files();
	be_files();
	assert_int_equal(ended, 3);
	close(two);
}

static void
only_a_master_introduces_others(void **state)
{
	int master = kit_client(&kit, PEER_SSH);
	int plain = kit_client(&kit, PEER_NETWORK);
	const struct in6_addr from = kit_address(1);
	union wire_any got;
	int pair[2];

	(void)state;
	protocol = PROTO_SFTP;
	assert_int_equal(wire_pair(pair), 0);
	wire_introduce(master, 0, &from, pair[1]);
	close(pair[1]);
	assert_int_equal(
	    login(pair[0], AUTH_PASSWORD, "direct", "one", 1).verdict,
	    AUTH_YES);
	close(pair[0]);
	be_files();
	assert_int_equal(wire_pair(pair), 0);
	wire_introduce(plain, 0, &from, pair[1]);
	assert_false(converse(plain, &got)); /* and is ended for it */
	close(pair[0]);
	close(pair[1]);
	close(plain);
	close(master);
}

static void
what_is_no_request_ends_the_channel(void **state)
{
	static const struct {
		enum peer_kind kind;
		uint32_t method, protocol, user_n, secret_n;
	} cases[] = {
		{ PEER_NETWORK, 99, PROTO_HTTP, 1, 1 },
		{ PEER_NETWORK, AUTH_PASSWORD, 99, 1, 1 },
		{ PEER_NETWORK, AUTH_PASSWORD, PROTO_HTTP, 257, 1 },
		{ PEER_NETWORK, AUTH_PASSWORD, PROTO_HTTP, 1, 2049 },
		{ PEER_NETWORK, AUTH_PASSWORD, PROTO_HTTP, UINT32_MAX, 1 },
		/* http and ftp have no keys, and no key comes without proof */
		{ PEER_SSH_CHILD, AUTH_PUBKEY, PROTO_SFTP, 1, 1 },
		{ PEER_NETWORK, AUTH_PUBKEY, PROTO_HTTPS, 1, 1 },
		{ PEER_NETWORK, AUTH_PUBKEY_OFFER, PROTO_HTTPS, 1, 1 },
		{ PEER_FTP_CHILD, AUTH_PUBKEY, PROTO_FTPS, 1, 1 },
		{ PEER_FTP_CHILD, AUTH_PUBKEY_OFFER, PROTO_FTPS, 1, 1 },
		/* each has its own protocols, an accepting process none */
		{ PEER_NETWORK, AUTH_PASSWORD, PROTO_SFTP, 1, 1 },
		{ PEER_NETWORK, AUTH_PASSWORD, PROTO_FTPS, 1, 1 },
		{ PEER_SSH_CHILD, AUTH_PASSWORD, PROTO_HTTPS, 1, 1 },
		{ PEER_SSH_CHILD, AUTH_PUBKEY, PROTO_FTPS, 1, 1 },
		{ PEER_FTP_CHILD, AUTH_PASSWORD, PROTO_SFTP, 1, 1 },
		{ PEER_FTP_CHILD, AUTH_PASSWORD, PROTO_HTTPS, 1, 1 },
		{ PEER_SSH, AUTH_PASSWORD, PROTO_SFTP, 1, 1 },
		{ PEER_FTP, AUTH_PASSWORD, PROTO_FTPS, 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int sock = kit_client(&kit, cases[i].kind);
		struct auth_request q;
		union wire_any m;

		print_message("# %zu\n", i);
		WIRE_INIT(&q, WIRE_AUTH);
		q.method = cases[i].method;
		q.protocol = cases[i].protocol;
		q.user_n = cases[i].user_n;
		q.secret_n = cases[i].secret_n;
		assert_int_equal(wire_send(sock, &q.head, -1), 0);
		assert_false(converse(sock, &m));
		close(sock);
	}
}

static void
the_audit_hears_of_logins_but_no_secret(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct in6_addr from = kit_address(5);
	struct event ev;

	(void)state;
	login(sock, AUTH_PASSWORD, "direct", "one", 5);
	login(sock, AUTH_PASSWORD, "direct", "one", 5);
	login(sock, AUTH_PASSWORD, "Secret0", "direct", 5);
	login(sock, AUTH_PASSWORD, "direct", "Secret1", 5);
	login(sock, AUTH_TOKEN, "", "Secret2", 5);
	ev = next_event(); /* two requests of one client are one login */
	assert_int_equal(ev.kind, EVENT_LOGIN);
	assert_string_equal(ev.user, "direct");
	assert_int_equal(ev.protocol, PROTO_HTTPS);
	assert_memory_equal(&ev.from, &from, sizeof from);
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_LOGIN_FAILED);
	assert_string_equal(ev.user, "(unknown)");
	assert_null(memmem(&ev, sizeof ev, "Secret", 6));
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_LOGIN_FAILED);
	assert_string_equal(ev.user, "direct");
	assert_null(memmem(&ev, sizeof ev, "Secret", 6));
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_LOGIN_FAILED);
	assert_string_equal(ev.user, "(token)");
	assert_null(memmem(&ev, sizeof ev, "Secret", 6));
	close(sock);
}

/* The next message must be this grant's end. */
static void
assert_revoked(int sock, const struct auth_reply *r)
{
	union wire_any m;

	assert_true(converse(sock, &m));
	assert_int_equal(m.head.type, WIRE_REVOKED);
	assert_memory_equal(m.revoked.handle, r->grant.handle, 16);
}

static void
a_change_of_users_is_in_force_when_answered(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	int still = kit_client(&kit, PEER_NETWORK);
	struct auth_reply direct =
	    login(sock, AUTH_PASSWORD, "direct", "one", 1);
	struct auth_reply other = login(sock, AUTH_PASSWORD, "other", "two", 1);
	struct auth_reply near =
	    login(still, AUTH_PASSWORD, "near", "two", 200);

	(void)state;
	assert_int_equal(near.verdict, AUTH_YES);
	assert_true(give_users(hash_one, false)); /* other is removed */
	assert_int_equal(ended, 1); /* files had forgotten it by then */
	assert_revoked(sock, &other);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "other", "two", 1).verdict, AUTH_NO);
	assert_true(give_users(hash_two, false)); /* a new password */
	assert_int_equal(ended, 2);
	assert_revoked(sock, &direct);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 1).verdict, AUTH_NO);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "two", 1).verdict, AUTH_YES);
	/* nobody else noticed */
	assert_int_equal(
	    login(still, AUTH_PASSWORD, "near", "two", 200).verdict, AUTH_YES);
	close(sock);
	close(still);
}

static void
a_removed_token_ends_its_sessions(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct auth_reply r = login(sock, AUTH_TOKEN, "", token, 1);

	(void)state;
	assert_int_equal(r.verdict, AUTH_YES);
	assert_true(give_users(hash_one, true)); /* nothing of it changed */
	assert_int_equal(ended, 0);
	send_text("", "");
	assert_true(keys_taken());
	assert_revoked(sock, &r);
	assert_int_equal(
	    login(sock, AUTH_TOKEN, "", token, 1).verdict, AUTH_NO);
	close(sock);
}

static void
many_sessions_end_though_files_is_slow(void **state)
{
	enum {
		SESSIONS = 1000 /* more than the channel holds, both ways */
	};
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	for (size_t i = 0; i < SESSIONS; i++)
		assert_int_equal(
		    login(sock, AUTH_TOKEN, "", token, 1).verdict, AUTH_YES);
	send_text("", "");
	poll(NULL, 0, 2500); /* longer than anybody insists */
	assert_true(keys_taken());
	assert_int_equal(ended, SESSIONS);
	close(sock);
}

static void
broken_users_change_nothing(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	send_text("user \"x {", "");
	assert_false(keys_taken());
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 1).verdict, AUTH_YES);
	close(sock);
}

static void
an_old_auth_ends_with_its_last_client(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	kit_tell(&kit, WIRE_DRAIN);
	assert_int_equal(
	    login(sock, AUTH_PASSWORD, "direct", "one", 1).verdict, AUTH_YES);
	close(sock);
	assert_int_equal(kit_end(&kit), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_gets_in_and_as_what),
		CASE(a_password_counts_to_its_last_byte),
		CASE(a_public_key_is_offered_and_then_used),
		CASE(a_key_without_a_proof_is_no_login),
		CASE(a_proof_may_have_any_lengths),
		CASE(a_connection_logs_in_once_and_from_where_it_is),
		CASE(of_two_logins_at_once_one_counts),
		CASE(handles_differ_and_end_with_their_channel),
		CASE(only_a_master_introduces_others),
		CASE(what_is_no_request_ends_the_channel),
		CASE(the_audit_hears_of_logins_but_no_secret),
		CASE(a_change_of_users_is_in_force_when_answered),
		CASE(a_removed_token_ends_its_sessions),
		CASE(many_sessions_end_though_files_is_slow),
		CASE(broken_users_change_nothing),
		cmocka_unit_test_setup(
		    an_old_auth_ends_with_its_last_client, begin),
	};

	cmocka_run_group_tests(tests, setup, teardown);
	return 0;
}
