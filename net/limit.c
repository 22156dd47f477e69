/*
 * Penalties.  The key of an entry is a keyed hash, so that nobody can choose
 * names that fall into one place, and no name is kept.
 */
#include "net/limit.h"

#include <nettle/hmac.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "keys/secret.h"

#define SETS 4096
#define WAYS 8
#define KEY 16

enum kind {
	ADDRESS,
	ACCOUNT,
	PAIR,
	KINDS
};

/* clang-format off */
static const struct {
        unsigned free;      /* wrong guesses that cost nothing */
        int64_t max_ms;     /* the longest penalty */
        int64_t forget_ms;  /* without a wrong guess: half of them forgotten */
} rules[KINDS] = {
        [ADDRESS] = { 10,  300 * 1000,  10 * 60 * 1000 },
        [ACCOUNT] = { 20,   60 * 1000,  10 * 60 * 1000 },
        [PAIR]    = { 20,  300 * 1000,  10 * 60 * 1000 },
};
/* clang-format on */

/* A right login is "lately". */
#define GOOD_MS (7 * 24 * 3600 * (int64_t)1000)
/* Other passwords, until the right one comes again. */
#define LOOKS_MAX 100000

struct entry {
	uint8_t key[KEY];
	unsigned wrong;
	int64_t last_ms;  /* 0: the entry is free */
	int64_t until_ms; /* of the penalty */
	/* PAIR: */
	int64_t right_ms;   /* the last right login; 0 is none, */
	uint8_t proof[KEY]; /* the password that it had, by a keyed hash, */
	bool proven;        /* if it had one, */
	unsigned looks;     /* and how often another was held against it */
};

struct limit {
	struct hmac_sha256_ctx mac;
	struct entry entry[SETS][WAYS];
};

struct limit *
limit_new(void)
{
	struct limit *l = mem_alloc(sizeof *l);
	uint8_t key[32];

	secret_random(key, sizeof key);
	hmac_sha256_set_key(&l->mac, sizeof key, key);
	secret_wipe(key, sizeof key);
	return l;
}

void
limit_free(struct limit *l)
{
	free(l);
}

static void
make_key(struct limit *l, uint8_t key[KEY], enum kind kind,
    const struct in6_addr *from, struct slice account)
{
	uint8_t head[17] = { (uint8_t)kind };
	size_t n = IN6_IS_ADDR_V4MAPPED(from) ? 16 : 8;

	if (kind != ACCOUNT)
		memcpy(head + 1, from, n);
	hmac_sha256_update(&l->mac, sizeof head, head);
	if (kind != ADDRESS)
		hmac_sha256_update(
		    &l->mac, account.n, (const uint8_t *)account.p);
	hmac_sha256_digest(&l->mac, KEY, key);
}

static void
make_proof(struct limit *l, uint8_t proof[KEY], const uint8_t key[KEY],
    struct slice password)
{
	const uint8_t kind = KINDS;

	hmac_sha256_update(&l->mac, 1, &kind);
	hmac_sha256_update(&l->mac, KEY, key);
	hmac_sha256_update(&l->mac, password.n, (const uint8_t *)password.p);
	hmac_sha256_digest(&l->mac, KEY, proof);
}

static struct entry *
set_of(struct limit *l, const uint8_t key[KEY])
{
	return l->entry[(key[0] | (unsigned)key[1] << 8) % SETS];
}

static struct entry *
find(struct limit *l, enum kind kind, const struct in6_addr *from,
    struct slice account)
{
	uint8_t key[KEY];
	struct entry *set;

	make_key(l, key, kind, from, account);
	set = set_of(l, key);
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].last_ms != 0 && memcmp(set[i].key, key, KEY) == 0)
			return &set[i];
	}
	return NULL;
}

/* What is forgotten first: the shortest penalty, then the oldest.  Right
 * logins, which cannot be had by guessing, are the last to go. */
static bool
matters_less(const struct entry *a, const struct entry *b)
{
	if (a->last_ms == 0 || b->last_ms == 0)
		return b->last_ms != 0;
	if (a->right_ms != b->right_ms)
		return a->right_ms < b->right_ms;
	if (a->until_ms != b->until_ms)
		return a->until_ms < b->until_ms;
	return a->last_ms < b->last_ms;
}

static struct entry *
find_or_make(struct limit *l, enum kind kind, const struct in6_addr *from,
    struct slice account)
{
	struct entry *e = find(l, kind, from, account);
	uint8_t key[KEY];
	struct entry *set;

	if (e != NULL)
		return e;
	make_key(l, key, kind, from, account);
	set = set_of(l, key);
	e = &set[0];
	for (size_t i = 1; i < WAYS; i++) {
		if (matters_less(&set[i], e))
			e = &set[i];
	}
	memset(e, 0, sizeof *e);
	memcpy(e->key, key, KEY);
	return e;
}

static bool
is_good(const struct entry *pair, int64_t now_ms)
{
	return pair != NULL && pair->right_ms != 0 &&
	       now_ms - pair->right_ms < GOOD_MS;
}

bool
limit_spares(struct limit *l, const struct in6_addr *from, struct slice account,
    int64_t now_ms)
{
	return account.n > 0 && is_good(find(l, PAIR, from, account), now_ms);
}

static bool
proves(struct limit *l, const struct entry *pair, struct slice password)
{
	uint8_t proof[KEY];

	if (!pair->proven)
		return false;
	make_proof(l, proof, pair->key, password);
	return secret_equal(proof, pair->proof, KEY);
}

bool
limit_knows(struct limit *l, const struct in6_addr *from, struct slice account,
    struct slice password, int64_t now_ms)
{
	struct entry *pair =
	    account.n == 0 ? NULL : find(l, PAIR, from, account);

	if (!is_good(pair, now_ms) || pair->looks >= LOOKS_MAX)
		return false;
	if (proves(l, pair, password))
		return true;
	pair->looks++;
	return false;
}

static unsigned
wait_of(const struct entry *e, int64_t now_ms)
{
	if (e == NULL || e->until_ms <= now_ms)
		return 0;
	return (unsigned)((e->until_ms - now_ms + 999) / 1000);
}

unsigned
limit_check(struct limit *l, const struct in6_addr *from, struct slice account,
    int64_t now_ms)
{
	const struct entry *pair =
	    account.n == 0 ? NULL : find(l, PAIR, from, account);
	unsigned by_address, by_account;

	if (is_good(pair, now_ms))
		return wait_of(pair, now_ms);
	by_address = wait_of(find(l, ADDRESS, from, account), now_ms);
	by_account = account.n == 0
			 ? 0
			 : wait_of(find(l, ACCOUNT, from, account), now_ms);
	return by_address > by_account ? by_address : by_account;
}

static void
punish(struct limit *l, enum kind kind, const struct in6_addr *from,
    struct slice account, int64_t now_ms)
{
	struct entry *e = find_or_make(l, kind, from, account);
	unsigned over;
	int64_t ms;

	for (int64_t at = e->last_ms;
	     e->wrong > 0 && now_ms - at >= rules[kind].forget_ms;
	     at += rules[kind].forget_ms)
		e->wrong /= 2;
	e->wrong++;
	e->last_ms = now_ms;
	if (e->wrong <= rules[kind].free)
		return;
	over = e->wrong - rules[kind].free - 1;
	ms = (int64_t)1000 << (over > 16 ? 16 : over);
	e->until_ms =
	    now_ms + (ms < rules[kind].max_ms ? ms : rules[kind].max_ms);
}

void
limit_wrong(struct limit *l, const struct in6_addr *from, struct slice account,
    struct slice password, int64_t now_ms)
{
	struct entry *pair =
	    account.n == 0 ? NULL : find(l, PAIR, from, account);

	punish(l, ADDRESS, from, account, now_ms);
	if (account.n == 0)
		return;
	if (!is_good(pair, now_ms)) {
		punish(l, ACCOUNT, from, account, now_ms);
		return;
	}
	if (proves(l, pair, password))
		pair->proven = false; /* it was changed since */
	punish(l, PAIR, from, account, now_ms);
}

void
limit_right(struct limit *l, const struct in6_addr *from, struct slice account,
    struct slice password, int64_t now_ms)
{
	struct entry *e = find(l, ADDRESS, from, account);

	if (e != NULL) {
		e->wrong = 0;
		e->until_ms = 0;
	}
	if (account.n == 0)
		return;
	e = find_or_make(l, PAIR, from, account);
	e->wrong = 0;
	e->until_ms = 0;
	e->last_ms = e->right_ms = now_ms;
	if (password.n == 0)
		return;
	make_proof(l, e->proof, e->key, password);
	e->proven = true;
	e->looks = 0;
}
