/*
 * Who somebody is: passwords, tokens, public keys.
 *
 * A password hash takes some 20 ms by design, so hashes are made in threads, a
 * few at a time, and a right password is remembered for a while.  Limits are
 * looked at once more when a password's turn comes, so that many guesses sent
 * at once gain nothing.  A token is 256 bits: looking one up tells nobody
 * anything, so penalties never stand before a right one.
 */
#include "net/auth_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/log.h"

#define QUEUE_MAX 256
#define QUEUE_PER_ADDRESS 32

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

/* p may be NULL: it hung up, but its guess counts. */
static void
refuse(struct auth *a, struct peer *p, const struct auth_request *q,
    struct slice account)
{
	char address[INET6_ADDRSTRLEN];
	struct event ev;
	unsigned wait;

	limit_wrong(a->limit, &q->from, account, clock_ms());
	wait = limit_check(a->limit, &q->from, account, clock_ms());
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

	limit_right(a->limit, &q->from, user_of(q), clock_ms());
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

/* True when the answer needs no hash. */
static bool
settle(struct auth *a, struct peer *p, const struct auth_request *q)
{
	unsigned wait = limit_check(a->limit, &q->from, user_of(q), clock_ms());
	const struct user *u;

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

static void
dispatch(struct auth *a)
{
	while (a->first != NULL && pool_busy(a->pool) < HASHERS) {
		struct login *l = a->first;
		struct peer *p = peer_by_number(a, l->peer);
		const struct user *u;

		a->first = l->next;
		if (a->first == NULL)
			a->last = &a->first;
		a->waiting--;
		if (p == NULL || settle(a, p, &l->q)) {
			login_free(l);
			continue;
		}
		u = users_find(a->users, l->q.user, l->q.user_n);
		l->epoch = a->epoch;
		l->known = u != NULL && u->hash != NULL;
		if (l->known)
			snprintf(l->hash, sizeof l->hash, "%s", u->hash);
		l->task.run = make_hash;
		pool_put(a->pool, &l->task);
	}
}

static void
enqueue(struct auth *a, struct login *l)
{
	l->next = NULL;
	*a->last = l;
	a->last = &l->next;
	a->waiting++;
}

static bool
queue_full(const struct auth *a, const struct in6_addr *from)
{
	size_t same = 0;

	for (const struct login *l = a->first; l != NULL; l = l->next)
		same += address_same(&l->q.from, from);
	return a->waiting >= QUEUE_MAX || same >= QUEUE_PER_ADDRESS;
}

static void
by_password(struct auth *a, struct peer *p, const struct auth_request *q)
{
	struct login *l;

	if (settle(a, p, q))
		return;
	if (queue_full(a, &q->from)) {
		auth_reply_to(p, q->head.id, AUTH_WAIT, 1);
		return;
	}
	l = mem_alloc(sizeof *l);
	l->q = *q;
	l->peer = p->number;
	enqueue(a, l);
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
		refuse(a, p, &l->q, user_of(&l->q));
	}
}

void
auth_login_done(struct auth *a)
{
	struct task *t;

	while ((t = pool_done(a->pool)) != NULL) {
		struct login *l = (struct login *)t;

		if (l->epoch != a->epoch) { /* other hashes by now */
			enqueue(a, l);
			continue;
		}
		finish(a, l);
		login_free(l);
	}
	dispatch(a);
}

void
auth_login_forget(struct auth *a)
{
	while (a->first != NULL) {
		struct login *l = a->first;

		a->first = l->next;
		login_free(l);
	}
	a->last = &a->first;
	a->waiting = 0;
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
	wait = limit_check(a->limit, &q->from, nobody, clock_ms());
	if (wait > 0)
		auth_reply_to(p, q->head.id, AUTH_WAIT, wait);
	else
		refuse(a, p, q, nobody);
}

/* Not a guess: clients offer every key they have. */
static void
by_offer(struct auth *a, struct peer *p, const struct auth_request *q)
{
	const struct user *u = user_there(a, q);
	bool fits = u != NULL && user_has_key(u, q->secret, q->secret_n);

	auth_reply_to(p, q->head.id, fits ? AUTH_YES : AUTH_NO, 0);
}

static void
by_pubkey(struct auth *a, struct peer *p, const struct auth_request *q)
{
	const struct user *u = user_there(a, q);

	if (u != NULL && user_has_key(u, q->secret, q->secret_n))
		accept_user(a, p, q, u);
	else
		refuse(a, p, q, user_of(q));
}

static const struct {
	void (*ask)(
	    struct auth *a, struct peer *p, const struct auth_request *q);
	bool child; /* only an ssh child verifies signatures */
} methods[] = {
	[AUTH_PASSWORD] = { by_password, false },
	[AUTH_TOKEN] = { by_token, false },
	[AUTH_PUBKEY_OFFER] = { by_offer, true },
	[AUTH_PUBKEY] = { by_pubkey, true },
};

bool
auth_login(struct auth *a, struct peer *p, const struct auth_request *q)
{
	if (q->user_n > sizeof q->user || q->secret_n > sizeof q->secret ||
	    q->method >= sizeof methods / sizeof methods[0] ||
	    q->protocol > PROTO_FTPS ||
	    (methods[q->method].child && p->kind != PEER_CHILD))
		return false;
	methods[q->method].ask(a, p, q);
	return true;
}
