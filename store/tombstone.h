/*
 * Whom nobody may bring back: the identifiers of erased persons as keyed
 * hashes (HMAC-SHA-256).  The hashes are in the store, the key is in a file of
 * its own (state/erasure.key, its owner's alone), so that neither says anything
 * without the other.
 *
 * A phone or an e-mail is hashed as its MD5, which is what feeds with pii =
 * hash know of it: so one hash finds it in either form.
 *
 *      tombstones_new, tombstones_add for those that are known as plain text,
 *      tombstones_keep for those that are hashes already; tombstones_free.
 */
#ifndef STORE_TOMBSTONE_H
#define STORE_TOMBSTONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/mention.h"
#include "formats/slice.h"
#include "server/conf.h"
#include "server/err.h"

enum tombstone_kind {
	TOMBSTONE_CONTACT, /* the MD5 of a phone or an e-mail */
	TOMBSTONE_CLIENT_ID,
	TOMBSTONE_ORDER,  /* FEED/ID, of an order, call or chat */
	TOMBSTONE_CLIENT, /* FEED/CLIENT_UNIQ_ID */
	TOMBSTONE_KINDS
};

#define TOMBSTONE_KEY 32
#define TOMBSTONE_HASH 32

struct tombstone {
	enum tombstone_kind kind;
	uint64_t brief; /* short hashes, so that most need no HMAC */
	uint8_t hash[TOMBSTONE_HASH];
};

struct tombstones;

struct tombstones *tombstones_new(const uint8_t key[TOMBSTONE_KEY]);
void tombstones_free(struct tombstones *t); /* NULL is fine */

/* value is normalised; of a phone or an e-mail it is the MD5 in lower case, and
 * plain what it is of: where that is empty (it is not known), every phone and
 * e-mail of a dump must be hashed, which takes twice as long as reading it. */
void tombstones_make(const struct tombstones *t, struct tombstone *out,
    enum tombstone_kind kind, struct slice value, struct slice plain);
void tombstones_keep(struct tombstones *t, const struct tombstone *stone);
void tombstones_add(struct tombstones *t, enum tombstone_kind kind,
    struct slice value, struct slice plain);

size_t tombstones_count(const struct tombstones *t);
const struct tombstone *tombstones_at(const struct tombstones *t, size_t i);

/* Is there one of it? */
bool tombstones_has(
    const struct tombstones *t, enum tombstone_kind kind, struct slice value);
/* Of a phone or an e-mail as plain text, of a feed's order or client. */
bool tombstones_has_contact(const struct tombstones *t, struct slice plain);
bool tombstones_has_id(const struct tombstones *t, enum tombstone_kind kind,
    const char *feed, struct slice id);
/* Tells of everything in the text that mentions one; spans overlap. */
void tombstones_mentioned(const struct tombstones *t, struct arena *a,
    struct slice text, void (*each)(void *ctx, struct slice span), void *ctx);

/* "FEED/ID" in the arena. */
struct slice tombstone_id(struct arena *a, const char *feed, struct slice id);

/* A key for as long as the program runs. */
int tombstone_key_new(uint8_t key[TOMBSTONE_KEY], struct err *e);
/* state/erasure.key; make: it is made when it is not there.  1 read, 0 there
 * is none, -1. */
int tombstone_key_read(
    const struct conf *c, bool make, uint8_t key[TOMBSTONE_KEY], struct err *e);

#endif
