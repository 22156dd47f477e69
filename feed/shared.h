/*
 * Identifiers that many orders share: one office phone in every order glues
 * strangers together, and Direct takes them for one visitor.
 *
 *      shared_open, shared_add for every order, shared_count, shared_close.
 *
 * They are sorted and counted, on the disk when there are many: memory grows
 * neither with the orders nor with the identifiers.
 */
#ifndef FEED_SHARED_H
#define FEED_SHARED_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/conv.h"
#include "server/err.h"
#include "store/store.h"

#define SHARED_MORE_THAN 20 /* orders */
#define SHARED_LISTED 1000  /* at most; the most frequent ones */
#define SHARED_EXAMPLES 3

struct shared_group {
	enum field field; /* FIELD_PHONES, FIELD_EMAILS or FIELD_CLIENT_IDS */
	uint64_t orders;
	bool md5;                     /* only its MD5 is known */
	char *value;                  /* as published */
	char *order[SHARED_EXAMPLES]; /* ids; NULL where there is none */
};

struct shared_found {
	uint64_t identifiers; /* shared by more than SHARED_MORE_THAN orders */
	uint64_t most;        /* orders of the most frequent one */
	struct shared_group *group; /* with list; the most frequent first */
	size_t groups;
};

struct shared;

/* list: the values are wanted, not only how many. */
int shared_open(struct shared **out, struct store *s, bool list, struct err *e);
void shared_close(struct shared *h); /* NULL is fine */

/* A phone and its MD5 are one identifier, and count once in an order. */
int shared_add(struct shared *h, const struct conv *c, struct err *e);

/* Once; out is to be freed.  stop, asked now and then (NULL: never), ends it
 * with an error. */
int shared_count(struct shared *h, bool (*stop)(void *ctx), void *ctx,
    struct shared_found *out, struct err *e);
void shared_free(struct shared_found *f);

#endif
