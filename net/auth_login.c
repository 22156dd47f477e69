/*
 * Who somebody is: passwords, tokens, public keys.
 *
 * A password hash takes some 20 ms by design, so hashes are made in threads, a
 * few at a time, and a right password is remembered for a while.  Limits are
 * looked at once more when a password's turn comes, so that many guesses sent
 * at once gain nothing.  A token is 256 bits: looking one up tells nobody
 * anything, so penalties never stand before a right one.
 *
 * Every failure is a line in the log of its own, which fail2ban reads
 * (scripts/fail2ban); its words are an interface.
 */
#include "net/auth_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "keys/proof.h"
#include "keys/secret.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/log.h"

#define QUEUE_MAX 256
#define QUEUE_PER_ADDRESS 32
#define FLOOD_MS 10000 /* a stretch of time, */
#define FLOOD_WRONG 20 /* and how many wrong logins in two are many */

/* clang-format off */
const struct lane_rule lane_rules[LANES] = {
        [LANE_QUICK] = { .threads = 2, .niceness = 0 },
        [LANE_SLOW]  = { .threads = 1, .niceness = 15 },
};
/* clang-format on */

struct login {
	struct task task; /* first: a task is its login */
	struct login *next;
	struct auth_request q;
	uint64_t peer; /* its number */
	uint64_t epoch;
	bool known; /* hash holds the user's */
	char hash[SECRET_HASH_SIZE];
	bool matches;
};

static struct slice
user_of(const struct auth_request *q)
{
	return (struct slice){ q->user, q->user_n };
}

static struct slice
secret_of(const struct auth_request *q)
{
	return (struct slice){ q->secret, q->secret_n };
}

static void
login_free(struct login *l)
{
	secret_wipe(&l->q, sizeof l->q);
	free(l);
}

static struct peer *
peer_by_number(struct auth *a, uint64_t number)
{
	for (size_t i = 0; i < a->peers.n; i++) {
		if (a->peers.peer[i]->number == number &&
		    !a->peers.peer[i]->gone)
			return a->peers.peer[i];
	}
	return NULL;
}

/* --- many wrong ones ---------------------------------------------------- */

static void
turn_flood(struct flood *f)
{
	int64_t now = clock_ms(), age = now - f->since_ms;

	if (age < FLOOD_MS)
		return;
	f->before = age < 2 * FLOOD_MS ? f->now : 0;
	f->now = 0;
	f->since_ms = now;
}

static bool
is_flooded(struct auth *a)
{
	turn_flood(&a->flood);
	return a->flood.now + a->flood.before >= FLOOD_WRONG;
}

/* The seconds to wait before a password is looked at. */
static unsigned
penalty(struct auth *a, const struct auth_request *q, struct slice account)
{
	return networks_have(a->conf->exempt, &q->from)
		   ? 0
		   : limit_check(a->limit, &q->from, account, clock_ms());
}

/* --- answers ------------------------------------------------------------- */

/* What the audit says was tried: what is no user's name may well be somebody's
 * password, typed in the wrong place. */
static const char *
tried(const struct auth *a, const struct auth_request *q)
{
	const struct user *u = users_find(a->users, q->user, q->user_n);

	if (q->method == AUTH_TOKEN)
		return "(token)";
	return u == NULL ? "(unknown)" : u->name;
}

static void
log_refusal(struct auth *a, const struct auth_request *q, bool spared)
{
	const char *protocol = protocol_name((enum protocol)q->protocol);
	char from[INET6_ADDRSTRLEN];

	address_text(from, &q->from);
	if (spared) /* nobody's firewall is to shut it out */
		log_info("The login of %s over %s failed; %s is spared, as it "
			 "is exempt or logged in lately.",
		    tried(a, q), protocol, from);
	else
		log_info("The login of %s from %s over %s failed.", tried(a, q),
		    from, protocol);
}

/* p may be NULL: it hung up, but its guess counts. */
static void
refuse(struct auth *a, struct peer *p, const struct auth_request *q,
    struct slice account, struct slice password)
{
	bool exempt = networks_have(a->conf->exempt, &q->from);
	char address[INET6_ADDRSTRLEN];
	int64_t now = clock_ms();
	struct event ev;
	unsigned wait;

	turn_flood(&a->flood);
	a->flood.now++;
	log_refusal(
	    a, q, exempt || limit_spares(a->limit, &q->from, account, now));
	if (!exempt)
		limit_wrong(a->limit, &q->from, account, password, now);
	wait = penalty(a, q, account);
	if (wait > 0)
		log_warn("too many wrong logins: %s, or the account it tried, "
			 "must wait %u s",
		    address_text(address, &q->from), wait);
	event_init(&ev, EVENT_LOGIN_FAILED);
	ev.protocol = q->protocol;
	ev.from = q->from;
	snprintf(ev.user, sizeof ev.user, "%s", tried(a, q));
	events_put(a->events, &ev);
	if (p != NULL)
		auth_reply_to(p, q->head.id, AUTH_NO, 0);
}

static void
accept_user(struct auth *a, struct peer *p, const struct auth_request *q,
    const struct user *u)
{
	const struct identity who = { u->name, u->roles, u->feed };
	const struct slice none = { NULL, 0 };

	limit_right(a->limit, &q->from, user_of(q),
	    q->method == AUTH_PASSWORD ? secret_of(q) : none, clock_ms());
	if (p != NULL)
		auth_grant(a, p, q, &who);
}

/* The user, when one may log in from there at all. */
static const struct user *
user_there(struct auth *a, const struct auth_request *q)
{
	const struct user *u = users_find(a->users, q->user, q->user_n);

	return u != NULL && user_from(u, &q->from) ? u : NULL;
}

/* --- passwords ----------------------------------------------------------- */

static void
make_hash(struct task *t)
{
	struct login *l = (struct login *)t;

	l->matches = secret_matches(
	    l->known ? l->hash : NULL, l->q.secret, l->q.secret_n);
}

/* True when the answer needs no hash; else *known says whether who asks was
 * right from there lately. */
static bool
settle(
    struct auth *a, struct peer *p, const struct auth_request *q, bool *known)
{
	const struct user *u;
	unsigned wait;

	*known = limit_knows(
	    a->limit, &q->from, user_of(q), secret_of(q), clock_ms());
	wait = *known ? 0 : penalty(a, q, user_of(q));
	if (wait > 0) {
		auth_reply_to(p, q->head.id, AUTH_WAIT, wait);
		return true;
	}
	if (!auth_seen(a, 'p', user_of(q), secret_of(q), 0))
		return false;
	u = user_there(a, q);
	if (u == NULL)
		return false;
	accept_user(a, p, q, u);
	return true;
}

static struct lane *
lane_for(struct auth *a, bool known)
{
	return &a->lane[!known && is_flooded(a) ? LANE_SLOW : LANE_QUICK];
}

static void
enqueue(struct lane *lane, struct login *l)
{
	l->next = NULL;
	*lane->last = l;
	lane->last = &l->next;
	lane->waiting++;
}

static struct login *
dequeue(struct lane *lane)
{
	struct login *l = lane->first;

	lane->first = l->next;
	if (lane->first == NULL)
		lane->last = &lane->first;
	lane->waiting--;
	return l;
}

static void
start_hash(struct auth *a, struct lane *lane, struct login *l)
{
	const struct user *u = users_find(a->users, l->q.user, l->q.user_n);

	l->epoch = a->epoch;
	l->known = u != NULL && u->hash != NULL;
	if (l->known)
		snprintf(l->hash, sizeof l->hash, "%s", u->hash);
	l->task.run = make_hash;
	pool_put(lane->pool, &l->task);
}

static void
dispatch_lane(struct auth *a, enum lane_id id)
{
	struct lane *lane = &a->lane[id];

	while (lane->first != NULL &&
	       pool_busy(lane->pool) < lane_rules[id].threads) {
		struct login *l = dequeue(lane);
		struct peer *p = peer_by_number(a, l->peer);
		bool known;

		if (p == NULL || settle(a, p, &l->q, &known))
			login_free(l);
		else if (id == LANE_QUICK && lane_for(a, known) != lane)
			enqueue(&a->lane[LANE_SLOW], l);
		else
			start_hash(a, lane, l);
	}
}

static void
dispatch(struct auth *a)
{
	for (enum lane_id id = 0; id < LANES; id++)
		dispatch_lane(a, id);
}

static bool
is_full(const struct lane *lane, const struct in6_addr *from)
{
	size_t same = 0;

	for (const struct login *l = lane->first; l != NULL; l = l->next)
		same += address_same(&l->q.from, from);
	return lane->waiting >= QUEUE_MAX || same >= QUEUE_PER_ADDRESS;
}

static void
by_password(struct auth *a, struct peer *p, const struct auth_request *q)
{
	struct lane *lane;
	struct login *l;
	bool known;

	if (settle(a, p, q, &known))
		return;
	lane = lane_for(a, known);
	if (is_full(lane, &q->from)) {
		auth_reply_to(p, q->head.id, AUTH_WAIT, 1);
		return;
	}
	l = mem_alloc(sizeof *l);
	l->q = *q;
	l->peer = p->number;
	enqueue(lane, l);
	dispatch(a);
}

static void
finish(struct auth *a, struct login *l)
{
	struct peer *p = peer_by_number(a, l->peer);
	const struct user *u = user_there(a, &l->q);

	if (u != NULL && l->matches) {
		auth_seen(a, 'p', user_of(&l->q), secret_of(&l->q),
		    (int64_t)a->conf->remember_s * 1000);
		accept_user(a, p, &l->q, u);
	} else {
		refuse(a, p, &l->q, user_of(&l->q), secret_of(&l->q));
	}
}

void
auth_login_done(struct auth *a)
{
	for (enum lane_id id = 0; id < LANES; id++) {
		struct lane *lane = &a->lane[id];
		struct task *t;

		while ((t = pool_done(lane->pool)) != NULL) {
			struct login *l = (struct login *)t;

			if (l->epoch != a->epoch) { /* other hashes by now */
				enqueue(lane, l);
				continue;
			}
			finish(a, l);
			login_free(l);
		}
	}
	dispatch(a);
}

int
auth_login_open(struct auth *a)
{
	int rc = 0;

	for (enum lane_id id = 0; id < LANES; id++) {
		struct lane *lane = &a->lane[id];

		lane->last = &lane->first;
		lane->pool =
		    pool_open(lane_rules[id].threads, lane_rules[id].niceness);
		if (lane->pool == NULL)
			rc = -1;
	}
	return rc;
}

void
auth_login_close(struct auth *a)
{
	for (enum lane_id id = 0; id < LANES; id++) {
		struct lane *lane = &a->lane[id];

		while (lane->first != NULL)
			login_free(dequeue(lane));
		pool_close(lane->pool);
	}
}

/* --- tokens and keys ----------------------------------------------------- */

static void
by_token(struct auth *a, struct peer *p, const struct auth_request *q)
{
	const struct token *t = token_find(a->tokens, q->secret, q->secret_n);
	const struct slice nobody = { NULL, 0 };
	char name[sizeof((struct grant *)0)->user];
	unsigned wait;

	if (t != NULL) {
		const struct identity who = { name, t->roles, t->feed };

		snprintf(name, sizeof name, "token:%s", t->name);
		auth_grant(a, p, q, &who);
		return;
	}
	wait = penalty(a, q, nobody);
	if (wait > 0)
		auth_reply_to(p, q->head.id, AUTH_WAIT, wait);
	else
		refuse(a, p, q, nobody, nobody);
}

/* Not a guess: clients offer every key they have. */
static void
by_offer(struct auth *a, struct peer *p, const struct auth_request *q)
{
	const struct user *u = user_there(a, q);
	bool fits = u != NULL && user_has_key(u, q->secret, q->secret_n);

	auth_reply_to(p, q->head.id, fits ? AUTH_YES : AUTH_NO, 0);
}

static struct octets
octets_of(const void *p, size_t n)
{
	return (struct octets){ p, n };
}

/* The peer's lengths may be anything. */
static bool
proves(const struct auth *a, const struct auth_pubkey *m)
{
	const struct auth_proof *w = &m->proof;
	const struct worker *us = a->worker;
	uint64_t n = (uint64_t)w->exchange_n + w->message_n + w->signature_n;
	const uint8_t *at = w->bytes;
	struct octets host[sizeof us->pem / sizeof *us->pem];
	struct proof proof;

	if (n > sizeof w->bytes)
		return false;
	proof.exchange = octets_of(at, w->exchange_n);
	proof.message = octets_of(at += w->exchange_n, w->message_n);
	proof.signature = octets_of(at + w->message_n, w->signature_n);
	for (size_t i = 0; i < sizeof host / sizeof *host; i++)
		host[i] = octets_of(us->pem[i], us->pem_n[i]);
	return proof_holds(&proof, octets_of(m->ask.user, m->ask.user_n),
	    octets_of(m->ask.secret, m->ask.secret_n), host,
	    sizeof host / sizeof *host);
}

static void
by_pubkey(struct auth *a, struct peer *p, const struct auth_request *q)
{
	const struct user *u = user_there(a, q);
	bool has = u != NULL && user_has_key(u, q->secret, q->secret_n);
	char from[INET6_ADDRSTRLEN];

	if (has && proves(a, (const struct auth_pubkey *)q)) {
		accept_user(a, p, q, u);
		return;
	}
	if (has)
		log_error("The process that serves %s says that a key of "
			  "\"%s\" was proven, but the proof does not hold.",
		    address_text(from, &q->from), u->name);
	refuse(a, p, q, user_of(q), (struct slice){ NULL, 0 });
}

static const struct {
	void (*ask)(
	    struct auth *a, struct peer *p, const struct auth_request *q);
	enum wire_type message;
	bool child; /* for an ssh child alone */
} methods[] = {
	[AUTH_PASSWORD] = { by_password, WIRE_AUTH, false },
	[AUTH_TOKEN] = { by_token, WIRE_AUTH, false },
	[AUTH_PUBKEY_OFFER] = { by_offer, WIRE_AUTH, true },
	[AUTH_PUBKEY] = { by_pubkey, WIRE_PUBKEY, true },
};

/* What each kind of peer serves; one that was taken over is no more than that.
 */
static const unsigned serves[PEER_KINDS] = {
	[PEER_NETWORK] = 1U << PROTO_HTTPS | 1U << PROTO_HTTP,
	[PEER_SSH_CHILD] = 1U << PROTO_SFTP,
	[PEER_FTP_CHILD] = 1U << PROTO_FTP | 1U << PROTO_FTPS,
};

bool
auth_serves_one(const struct peer *p)
{
	return p->kind == PEER_SSH_CHILD || p->kind == PEER_FTP_CHILD;
}

bool
auth_login(struct auth *a, struct peer *p, const struct auth_request *q)
{
	if (q->user_n > sizeof q->user || q->secret_n > sizeof q->secret ||
	    q->method >= sizeof methods / sizeof methods[0] ||
	    q->head.type != methods[q->method].message ||
	    q->protocol > PROTO_FTPS || !(serves[p->kind] >> q->protocol & 1) ||
	    (methods[q->method].child && p->kind != PEER_SSH_CHILD))
		return false;
	if (auth_serves_one(p) &&
	    (p->in || memcmp(&q->from, &p->from, sizeof q->from) != 0))
		return false;
	methods[q->method].ask(a, p, q);
	return true;
}
