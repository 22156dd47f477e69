/*
 * Who is meant: what an admin writes of a person, as the tombstones know it.
 *
 *      a phone or an e-mail in any spelling     its MD5
 *      32 hex digits                            an MD5 of one of them
 *      a number of 10 to 20 digits              a ClientID
 *      what an order of some feed is called     that order
 *
 * A number may be a phone and a ClientID: it is both then.
 */
#ifndef FEED_PERSON_H
#define FEED_PERSON_H

#include "formats/arena.h"
#include "formats/conv.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"
#include "store/tombstone.h"

struct person_key {
	enum tombstone_kind kind;
	const char *what; /* "phone", "email", "md5", "client_id", "order" */
	struct slice value, plain; /* as tombstones_make takes them */
	struct slice shown;        /* masked */
};

struct person {
	struct arena arena;
	struct person_key *key;
	size_t keys, room;
};

void person_free(struct person *p);

/* -1 with a sentence (without what was written) when it is none of these. */
int person_add(struct person *p, const struct conf *c, struct store *s,
    const char *text, struct err *e);
int person_add_order(struct person *p, const struct conf *c, const char *feed,
    const char *id, struct err *e);
/* Every identifier of a record that is not among stones. */
void person_add_others(
    struct person *p, const struct tombstones *stones, const struct conv *c);

void person_stones(const struct person *p, struct tombstones *to);
/* As COMMAND_ERASE wants it (deed_erase): a line each.  -1: they do not fit. */
int person_command(const struct person *p, char *out, size_t size);

#endif
