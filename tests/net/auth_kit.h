/*
 * For tests of the auth process: the test is its parent, files, network and
 * ingest; there are users and a token.
 */
#ifndef TESTS_NET_AUTH_KIT_H
#define TESTS_NET_AUTH_KIT_H

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
#include "tests/keys/proof_kit.h"
#include "tests/server/instance.h"
#include "tests/net/worker_kit.h"

/* The first one of RFC 8032, 7.1. */
#define PUBKEY                                                                 \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINda"                             \
	"mAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
static uint8_t privkey[32] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60,
	0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69,
	0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f,
	0x60 };

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

static inline void
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
static inline bool
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

static inline void
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

static inline struct auth_reply
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

static inline struct auth_reply
login(int sock, enum auth_method method, const char *user, const char *secret,
    unsigned from)
{
	return login_bytes(
	    sock, method, user, strlen(user), secret, strlen(secret), from);
}

/* The blob of PUBKEY. */
static inline struct octets
key_blob(void)
{
	static uint8_t blob[64];
	const char *text = strchr(PUBKEY, ' ') + 1;
	struct base64_decode_ctx b;
	size_t n = sizeof blob;

	base64_decode_init(&b);
	assert_int_equal(
	    base64_decode_update(&b, &n, blob, strlen(text), text), 1);
	return (struct octets){ blob, n };
}

static inline void
key_sign(struct made *out, struct draft d)
{
	const gnutls_datum_t half = { privkey, sizeof privkey };
	struct signer by = { .sign = GNUTLS_SIGN_EDDSA_ED25519 };
	gnutls_datum_t x;
	uint8_t public[32];

	d.algorithm = "ssh-ed25519";
	d.key = key_blob();
	memcpy(public, d.key.p + d.key.n - sizeof public, sizeof public);
	x = (gnutls_datum_t){ public, sizeof public };
	assert_int_equal(gnutls_privkey_init(&by.key), 0);
	assert_int_equal(gnutls_privkey_import_ecc_raw(
			     by.key, GNUTLS_ECC_CURVE_ED25519, &x, NULL, &half),
	    0);
	proof_make(out, &d, &by);
	gnutls_privkey_deinit(by.key);
}

static inline void
put_part(struct auth_proof *w, uint32_t *n, const struct wire_text *t)
{
	size_t at = (size_t)w->exchange_n + w->message_n + w->signature_n;

	memcpy(w->bytes + at, t->p, t->n);
	*n = (uint32_t)t->n;
}

/* By PUBKEY, from .200 over SFTP; made may be NULL: without any proof. */
static inline void
put_key_login(struct auth_pubkey *m, const char *user, const struct made *made)
{
	struct octets blob = key_blob();

	WIRE_INIT(m, WIRE_PUBKEY);
	m->head.id = ++asks;
	m->ask.method = AUTH_PUBKEY;
	m->ask.protocol = PROTO_SFTP;
	m->ask.from = kit_address(200);
	m->ask.user_n = (uint32_t)strlen(user);
	memcpy(m->ask.user, user, strlen(user));
	m->ask.secret_n = (uint32_t)blob.n;
	memcpy(m->ask.secret, blob.p, blob.n);
	if (made == NULL)
		return;
	put_part(&m->proof, &m->proof.exchange_n, &made->exchange);
	put_part(&m->proof, &m->proof.message_n, &made->message);
	put_part(&m->proof, &m->proof.signature_n, &made->signature);
}

static inline struct auth_reply
ask_by_key(int sock, const struct auth_pubkey *q)
{
	union {
		union wire_any any;
		struct auth_reply reply;
	} m;

	assert_int_equal(wire_send(sock, &q->head, -1), 0);
	assert_true(converse(sock, &m.any));
	assert_int_equal(m.any.head.type, WIRE_GRANT);
	assert_int_equal(m.any.head.id, q->head.id);
	return m.reply;
}

static inline void
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
static inline bool
keys_taken(void)
{
	union wire_any m;

	do {
		assert_true(converse(kit.control, &m));
	} while (m.head.type != WIRE_KEYS);
	assert_int_equal(m.head.id, readings);
	return m.keys.taken != 0;
}

static inline bool
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

static inline int
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

static inline int
auth_with_host_key(struct worker *w)
{
	static char host[] = PROOF_HOST;

	w->pem[1] = host;
	w->pem_n[1] = sizeof host - 1;
	return auth_main(w);
}

static inline int
begin(void **state)
{
	union wire_any m;

	(void)state;
	begun = ended = 0;
	protocol = PROTO_HTTPS;
	kit_start(&kit, instance.conf, WORKER_AUTH, auth_with_host_key);
	assert_true(give_users(hash_one, true));
	assert_true(converse(kit.control, &m));
	assert_int_equal(m.head.type, WIRE_READY);
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	return kit_stop(&kit);
}

static inline int
teardown(void **state)
{
	(void)state;
	instance_close(&instance);
	free(hash_one);
	free(hash_two);
	free(tokens);
	return 0;
}

static inline struct event
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
