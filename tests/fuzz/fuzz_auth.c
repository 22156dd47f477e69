/*
 * What auth does with messages of processes that were taken over: forged
 * requests and logouts of every kind of peer.  Whatever comes, nobody gets a
 * grant but by what the users file says and by what its peer serves, a
 * connection gets one and from where it is, and one peer's word ends no other's
 * grant.
 *
 * The input is a row of records: a byte each for the peer, the method, the
 * protocol, the user and the secret, and the proof of a key; or the bytes of a
 * whole message.
 */
#include <assert.h>
#include <crypt.h>
#include <nettle/base64.h>
#include <string.h>
#include <unistd.h>

#include "net/auth.c"
#include "tests/fuzz/no_parent.h"
#include "tests/server/instance.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
char *__real_crypt_ra(
    const char *phrase, const char *setting, void **data, int *size);
char *__wrap_crypt_ra(
    const char *phrase, const char *setting, void **data, int *size);

#define PUBKEY                                                                 \
	"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIuZ"                             \
	"1TopkhM3Jeav5zgkvVRyDn7W8sfsxe10iVf9Agcr"
#define HASH "$y$j9T$fuzzfuzzfuzzfuzz$"

static uint8_t key[51]; /* the blob that PUBKEY is */

/* A hash takes no time here; "one" is right. */
char *
__wrap_crypt_ra(const char *phrase, const char *setting, void **data, int *size)
{
	static char right[] = HASH "right", wrong[] = HASH "wrong";

	(void)setting;
	(void)data;
	(void)size;
	return strcmp(phrase, "one") == 0 ? right : wrong;
}

/* --- auth --- */

static struct instance instance;
static struct auth auth;
static int files_end; /* files' end of its channel */

static void
remove_instance(void)
{
	instance_close(&instance);
}

static void
make_auth(void)
{
	static const char users[] =
	    "user \"direct\" {\n\troles = pull\n\tfeeds = main\n"
	    "\thash = " HASH "right\n\tkey = " PUBKEY "\n}\n";
	static const char text[] = "AAAAC3NzaC1lZDI1NTE5AAAAIIuZ"
				   "1TopkhM3Jeav5zgkvVRyDn7W8sfsxe10iVf9Agcr";
	static struct worker worker;
	struct base64_decode_ctx b64;
	char why[KEYS_ERROR_SIZE];
	size_t n = sizeof key;
	int files[2], events[2];

	instance_open(&instance, "exempt = { \"::/0\" }\nfeed main { }\n");
	atexit(remove_instance);
	if (wire_pair(files) == -1 || wire_pair(events) == -1)
		abort();
	files_end = files[1];
	fcntl(files[0], F_SETFL, O_NONBLOCK);
	fcntl(files[1], F_SETFL, O_NONBLOCK);
	fcntl(events[0], F_SETFL, O_NONBLOCK);
	worker.conf = instance.conf;
	worker.files = files[0];
	worker.control = worker.auth = -1;
	auth.worker = &worker;
	auth.conf = instance.conf;
	auth.peers.message = peer_message;
	auth.peers.closed = peer_closed;
	auth.peers.ctx = &auth;
	auth.to_files.sock = files[0];
	auth.events = events_open(events[0]);
	auth.limit = limit_new();
	auth.tokens = tokens_new();
	hmac_sha256_set_key(&auth.mac, sizeof key, key);
	base64_decode_init(&b64);
	if (auth_login_open(&auth) == -1 ||
	    users_parse(&auth.users, users, strlen(users), why) == -1 ||
	    !base64_decode_update(&b64, &n, key, strlen(text), text) ||
	    n != sizeof key)
		abort();
}

/* Threads made their hashes, files honours what it heard. */
static void
settle_all(void)
{
	union wire_any m;

	for (enum lane_id id = 0; id < LANES; id++) {
		while (pool_busy(auth.lane[id].pool) > 0) {
			struct pollfd p = { pool_fd(auth.lane[id].pool), POLLIN,
				0 };

			poll(&p, 1, -1);
			auth_login_done(&auth);
		}
	}
	outbox_flush(&auth.to_files);
	while (wire_recv(files_end, &m, sizeof m, NULL) == 1) {
		assert(m.head.type == WIRE_ALLOW);
		assert(wire_send(files_end, &m.head, -1) == 0);
		hear_files(&auth);
		outbox_flush(&auth.to_files);
	}
	assert(!auth.broken);
}

/* --- records --- */

struct bytes {
	const uint8_t *p;
	size_t n;
};

static uint8_t
byte(struct bytes *b)
{
	if (b->n == 0)
		return 0;
	b->n--;
	return *b->p++;
}

static const struct in6_addr here = IN6ADDR_LOOPBACK_INIT;

/* A signature is nothing that an input could hit upon. */
static void
next_proof(struct auth_proof *w, struct bytes *b)
{
	size_t n = b->n < sizeof *w ? b->n : sizeof *w;

	memcpy(w, b->p, n);
	b->p += n;
	b->n -= n;
}

static void
next_request(struct auth_request *q, struct bytes *b)
{
	static const struct {
		const void *p;
		uint32_t n;
	} secrets[] = { { "one", 3 }, { "one\0x", 5 }, { "", 0 }, { key, 51 },
		{ key, 50 } };
	uint8_t which;

	WIRE_INIT(q, WIRE_AUTH);
	q->method = byte(b) % 5;
	which = byte(b);
	q->protocol = which % 6;
	q->from = here;
	q->from.s6_addr[0] = which < 128 ? 0 : which; /* elsewhere */
	which = byte(b);
	q->user_n = which < 128 ? 6 : which;
	memcpy(q->user, "direct", 6);
	which = byte(b);
	if (which < sizeof secrets / sizeof *secrets) {
		q->secret_n = secrets[which].n;
		if (q->secret_n > 0)
			memcpy(q->secret, secrets[which].p, q->secret_n);
		return;
	}
	q->secret_n = which < b->n ? which : (uint32_t)b->n;
	memcpy(q->secret, b->p, q->secret_n);
	b->p += q->secret_n;
	b->n -= q->secret_n;
	if (which == 255)
		q->secret_n = UINT32_MAX;
}

static bool
is_right(const struct peer *p, const struct auth_request *q, bool in)
{
	enum peer_kind kind = p->kind;
	static const bool serves_it[PEER_KINDS][PROTO_FTPS + 1] = {
		[PEER_NETWORK] = { [PROTO_HTTPS] = true, [PROTO_HTTP] = true },
		[PEER_SSH_CHILD] = { [PROTO_SFTP] = true },
		[PEER_FTP_CHILD] = { [PROTO_FTP] = true, [PROTO_FTPS] = true },
	};

	if (kind != PEER_NETWORK &&
	    (in || memcmp(&q->from, &here, sizeof here) != 0))
		return false;
	if (q->protocol > PROTO_FTPS || !serves_it[kind][q->protocol] ||
	    q->user_n != 6 || memcmp(q->user, "direct", 6) != 0)
		return false;
	if (q->method == AUTH_PASSWORD)
		return q->secret_n == 3 && memcmp(q->secret, "one", 3) == 0;
	return q->method == AUTH_PUBKEY_OFFER && kind == PEER_SSH_CHILD &&
	       q->secret_n == sizeof key &&
	       memcmp(q->secret, key, sizeof key) == 0;
}

/* What the peer was answered: a grant only for what is right. */
static void
judge(int client, const struct peer *p, const struct auth_request *q, bool in,
    uint8_t handle[16])
{
	union {
		union wire_any any;
		struct auth_reply reply;
	} m;

	while (wire_recv(client, &m, sizeof m, NULL) == 1) {
		if (m.any.head.type != WIRE_GRANT)
			continue;
		assert(m.reply.head.id == q->head.id);
		assert((m.reply.verdict == AUTH_YES) == is_right(p, q, in));
		if (m.reply.verdict != AUTH_YES)
			continue;
		assert(m.reply.grant.roles ==
		       (q->method == AUTH_PUBKEY_OFFER ? 0 : ROLE_PULL));
		assert(m.reply.grant.protocol == q->protocol ||
		       q->method == AUTH_PUBKEY_OFFER);
		if (q->method != AUTH_PUBKEY_OFFER)
			memcpy(handle, m.reply.grant.handle, 16);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct peer *peer[PEER_KINDS];
	int client[PEER_KINDS];
	uint8_t handle[PEER_KINDS][16];
	struct bytes b = { data, n };

	if (auth.conf == NULL)
		make_auth();
	memset(handle, 0, sizeof handle);
	for (size_t i = 0; i < PEER_KINDS; i++) {
		int pair[2];

		if (wire_pair(pair) == -1)
			abort();
		peer[i] =
		    peers_add(&auth.peers, pair[0], (enum peer_kind)i, &here);
		client[i] = pair[1];
		fcntl(client[i], F_SETFL, O_NONBLOCK);
	}
	for (unsigned k = 0; b.n > 0 && k < 64; k++) {
		uint8_t what = byte(&b);
		size_t who = what % PEER_KINDS, lives = auth.lives;
		bool in = peer[who]->in;
		union wire_any m;

		memset(&m, 0, sizeof m);
		if (what >= 240) { /* a logout, of one's own or another's */
			size_t whose = byte(&b) % PEER_KINDS;
			bool own = memcmp(handle[who], handle[whose], 16) == 0;

			WIRE_INIT(&m.revoked, WIRE_REVOKED);
			memcpy(m.revoked.handle, handle[whose], 16);
			assert(peer_message(&auth, peer[who], &m, -1));
			assert(own || auth.lives == lives);
		} else if (what >= 200) { /* any bytes, of any type */
			static const enum wire_type types[] = { WIRE_AUTH,
				WIRE_ALLOW, WIRE_PUBKEY };
			size_t some =
			    b.n < sizeof m.pubkey ? b.n : sizeof m.pubkey;

			memcpy(&m, b.p, some);
			b.p += some;
			b.n -= some;
			m.head.type = types[what % 3];
			peer_message(&auth, peer[who], &m, -1);
			assert(m.head.type == WIRE_AUTH || auth.lives == lives);
		} else {
			next_request(&m.auth, &b);
			if (m.auth.method == AUTH_PUBKEY) {
				m.head.type = WIRE_PUBKEY;
				m.head.size = sizeof m.pubkey;
				next_proof(&m.pubkey.proof, &b);
			}
			m.head.id = k;
			if (!peer_message(&auth, peer[who], &m, -1))
				assert(!is_right(peer[who], &m.auth, in));
		}
		settle_all();
		judge(client[who], peer[who], &m.auth, in, handle[who]);
	}
	peers_free(&auth.peers);
	settle_all();
	assert(auth.lives == 0);
	for (size_t i = 0; i < PEER_KINDS; i++)
		close(client[i]);
	return 0;
}
