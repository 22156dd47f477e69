/*
 * The auth process, with the test as parent, files, network and ingest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <crypt.h>
#include <nettle/base64.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "keys/keyfile.h"
#include "keys/secret.h"
#include "keys/token.h"
#include "keys/users.h"
#include "net/auth.h"
#include "server/bytes.h"
#include "tests/server/instance.h"
#include "tests/net/worker_kit.h"

#define PUBKEY                                                                 \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuZ"                             \
	"1TopkhM3Jeav5zgkvVRyDn7W8sfsxe10iVf9Agcr"

/* As long as a name may be: it is shown whole. */
#define LONGEST                                                                \
	"a-token-of-the-agency-with-a-name-as-long-as-any-name-may-ever-"

static struct instance instance;
static struct kit kit;
static char *hash_one, *hash_two;
static char token[TOKEN_SIZE], *tokens;
static uint64_t readings, asks;
static uint32_t protocol;     /* of what is asked */
static unsigned begun, ended; /* grants, as files saw them */
static struct grant last;

/* --- the work that a login costs ----------------------------------------- */

char *__real_crypt_ra(
    const char *phrase, const char *setting, void **data, int *size);
char *__wrap_crypt_ra(
    const char *phrase, const char *setting, void **data, int *size);

/* How often, and at which cost, passwords were hashed; the process of auth
 * shares it. */
static struct work {
	_Atomic unsigned hashes;
	char cost[16]; /* of the last one: "$y$j9T$" */
} * work;

char *
__wrap_crypt_ra(const char *phrase, const char *setting, void **data, int *size)
{
	if (work != NULL) {
		const char *salt = strrchr(setting, '$'), *end;

		for (end = salt; end > setting && end[-1] != '$';)
			end--;
		snprintf(work->cost, sizeof work->cost, "%.*s",
		    (int)(end - setting), setting);
		work->hashes++;
	}
	return __real_crypt_ra(phrase, setting, data, size);
}

/* --- the other processes ------------------------------------------------- */

static void
be_files(void)
{
	union wire_any m;

	assert_true(kit_hear(kit.other, &m, NULL));
	assert_int_equal(m.head.type, WIRE_ALLOW);
	if (m.allow.live) {
		begun++;
		last = m.allow.grant;
	} else {
		ended++;
	}
	assert_int_equal(wire_send(kit.other, &m.head, -1), 0);
}

/* Waits for a message on sock, being files meanwhile. */
static bool
converse(int sock, union wire_any *m)
{
	for (;;) {
		struct pollfd p[2] = { { kit.other, POLLIN, 0 },
			{ sock, POLLIN, 0 } };

		assert_true(poll(p, 2, KIT_MS) > 0);
		if (p[0].revents != 0)
			be_files();
		else
			return wire_recv(sock, m, sizeof *m, NULL) == 1;
	}
}

static void
ask_bytes(int sock, enum auth_method method, const char *user, size_t user_n,
    const void *secret, size_t secret_n, unsigned from)
{
	struct auth_request q;

	WIRE_INIT(&q, WIRE_AUTH);
	q.head.id = ++asks;
	q.method = method;
	q.protocol = protocol;
	q.from = kit_address(from);
	q.user_n = (uint32_t)user_n;
	q.secret_n = (uint32_t)secret_n;
	memcpy(q.user, user, user_n);
	memcpy(q.secret, secret, secret_n);
	assert_int_equal(wire_send(sock, &q.head, -1), 0);
}

static struct auth_reply
login_bytes(int sock, enum auth_method method, const char *user, size_t user_n,
    const void *secret, size_t secret_n, unsigned from)
{
	union {
		union wire_any any;
		struct auth_reply reply;
	} m;

	ask_bytes(sock, method, user, user_n, secret, secret_n, from);
	assert_true(converse(sock, &m.any));
	assert_int_equal(m.any.head.type, WIRE_GRANT);
	assert_int_equal(m.any.head.id, asks);
	return m.reply;
}

static struct auth_reply
login(int sock, enum auth_method method, const char *user, const char *secret,
    unsigned from)
{
	return login_bytes(
	    sock, method, user, strlen(user), secret, strlen(secret), from);
}

static void
send_text(const char *users, const char *tokens_part)
{
	struct wire_keys m;
	char all[8192];
	int fd;

	snprintf(all, sizeof all, "%s%s", users, tokens_part);
	fd = bytes_seal(all, strlen(all));
	WIRE_INIT(&m, WIRE_KEYS);
	m.head.id = ++readings;
	m.users_bytes = strlen(users);
	m.tokens_bytes = strlen(tokens_part);
	assert_int_equal(wire_send(kit.control, &m.head, fd), 0);
	close(fd);
}

/* Is it taken? */
static bool
keys_taken(void)
{
	union wire_any m;

	do {
		assert_true(converse(kit.control, &m));
	} while (m.head.type != WIRE_KEYS);
	assert_int_equal(m.head.id, readings);
	return m.keys.taken != 0;
}

static bool
give_users(const char *direct_hash, bool with_other)
{
	char text[4096];
	int n = snprintf(text, sizeof text,
	    "user \"direct\" {\n\troles = pull\n\tfeeds = main\n\thash = %s\n"
	    "\tkey = " PUBKEY "\n}\n"
	    "user \"near\" {\n\troles = pull, drop\n\tfeeds = *\n\thash = %s\n"
	    "\tnetworks = 192.0.2.128/25\n}\n"
	    "user \"keyed\" {\n\troles = pull\n\tfeeds = main\n"
	    "\tkey = " PUBKEY "\n}\n",
	    direct_hash, hash_two);

	if (with_other)
		snprintf(text + n, sizeof text - (size_t)n,
		    "user \"other\" {\n\troles = report\n\tfeeds = other\n"
		    "\thash = %s\n}\n",
		    hash_two);
	send_text(text, tokens);
	return keys_taken();
}

static int
setup(void **state)
{
	static const char *const feeds[] = { "other", NULL };
	char why[KEYS_ERROR_SIZE], hash[SECRET_HASH_SIZE];
	struct tokens *t = tokens_new();

	(void)state;
	instance_open(&instance, "remember_s = 60\nfeed main { }\n"
				 "exempt = { \"192.0.2.240/29\" }\n"
				 "feed other { }\n");
	work = mmap(NULL, sizeof *work, PROT_READ | PROT_WRITE,
	    /* cppcheck-suppress invalidFunctionArg ; no file is mapped */
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(work != MAP_FAILED);
	assert_int_equal(secret_hash(hash, "one", 3), 0);
	hash_one = strdup(hash);
	assert_int_equal(secret_hash(hash, "two", 3), 0);
	hash_two = strdup(hash);
	assert_int_equal(
	    token_mint(t, LONGEST, ROLE_PULL, feeds, 1, token, why), 0);
	tokens = tokens_text(t);
	tokens_free(t);
	return 0;
}

static int
begin(void **state)
{
	union wire_any m;

	(void)state;
	begun = ended = 0;
	protocol = PROTO_HTTPS;
	kit_start(&kit, instance.conf, WORKER_AUTH, auth_main);
	assert_true(give_users(hash_one, true));
	assert_true(converse(kit.control, &m));
	assert_int_equal(m.head.type, WIRE_READY);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kit_tell(&kit, WIRE_STOP);
	assert_int_equal(kit_end(&kit), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	instance_close(&instance);
	free(hash_one);
	free(hash_two);
	free(tokens);
	return 0;
}

static struct event
next_event(void)
{
	union {
		union wire_any any;
		struct event event;
	} m;

	assert_true(kit_hear(kit.events, &m.any, NULL));
	assert_int_equal(m.any.head.type, WIRE_EVENT);
	return m.event;
}

/* --- cases --------------------------------------------------------------- */

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
	struct base64_decode_ctx b;
	uint8_t blob[256];
	size_t n = sizeof blob;
	const char *text = strchr(PUBKEY, ' ') + 1;
	struct auth_reply r;

	(void)state;
	protocol = PROTO_SFTP;
	base64_decode_init(&b);
	assert_int_equal(
	    base64_decode_update(&b, &n, blob, strcspn(text, " "), text), 1);
	r = login_bytes(sock, AUTH_PUBKEY_OFFER, "direct", 6, blob, n, 200);
	assert_int_equal(r.verdict, AUTH_YES);
	assert_int_equal(r.grant.roles, 0); /* an offer allows nothing */
	assert_int_equal(begun, 0);
	r = login_bytes(sock, AUTH_PUBKEY_OFFER, "near", 4, blob, n, 200);
	assert_int_equal(r.verdict, AUTH_NO);
	blob[n - 1] ^= 1;
	r = login_bytes(sock, AUTH_PUBKEY, "direct", 6, blob, n, 200);
	assert_int_equal(r.verdict, AUTH_NO);
	blob[n - 1] ^= 1;
	r = login_bytes(sock, AUTH_PUBKEY, "direct", 6, blob, n, 200);
	assert_int_equal(r.verdict, AUTH_YES);
	assert_int_equal(r.grant.roles, ROLE_PULL);
	close(sock);
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
		{ "a key after it", AUTH_PUBKEY, "keyed", "k", 1, true, true },
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
		/* http and ftp verify no signatures */
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_gets_in_and_as_what),
		CASE(a_password_counts_to_its_last_byte),
		CASE(a_public_key_is_offered_and_then_used),
		CASE(a_connection_logs_in_once_and_from_where_it_is),
		CASE(of_two_logins_at_once_one_counts),
		CASE(handles_differ_and_end_with_their_channel),
		CASE(only_a_master_introduces_others),
		CASE(what_is_no_request_ends_the_channel),
		CASE(guessing_is_slowed_and_the_owner_is_not),
		CASE(many_guesses_at_once_gain_nothing),
		CASE(whoever_it_is_costs_the_same_work),
		CASE(who_was_right_gets_in_whatever_else_comes_from_there),
		CASE(exempt_networks_never_wait),
		CASE(an_honest_login_does_not_queue_behind_a_flood),
		CASE(a_thousand_right_logins_are_one_hash),
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
