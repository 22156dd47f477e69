/*
 * A feed's records of one kind, kept in blocks: a row of table blocks holds
 * many of them, in the order of their ids, with the first of these and the
 * range of their creation times.  Included by the store alone.
 *
 * Whoever goes through ids in their order touches each block once: it is read,
 * changed in memory, and written when the next one is wanted.  Any other order
 * is as right, and slower.
 *
 *      blocks_open, then blocks_find, blocks_put, blocks_remove, blocks_end;
 *      blocks_close
 */
#ifndef STORE_STORE_BLOCKS_H
#define STORE_STORE_BLOCKS_H

#include "store/store_private.h"

/* A record as it lies in a block. */
struct entry {
	struct slice id;
	int64_t create_time;
	int64_t since; /* the last publication before it got that */
	int64_t dump, line;
	struct slice conv; /* packed, without id and creation time */
};

struct blocks;

/* feed is a number of store_feed. */
struct blocks *blocks_open(struct store *s, int64_t feed);
/* What was put and not yet written is lost: after an error. */
void blocks_close(struct blocks *b); /* NULL is fine */

/* What these are given must not lie in what they gave. */
/* 1 and *out, valid until the next call; 0; -1. */
int blocks_find(
    struct blocks *b, struct slice id, struct entry *out, struct err *e);
/* A new one, or instead of the one of that id. */
int blocks_put(struct blocks *b, const struct entry *n, struct err *e);
int blocks_remove(struct blocks *b, struct slice id, struct err *e);
/* Writes what is not yet written. */
int blocks_end(struct blocks *b, struct err *e);

/* For single questions: the last blocks that were read stay at hand, of a store
 * that is only read as long as a transaction lasts. */
struct blocks *blocks_reader(struct store *s, int64_t feed);
void blocks_readers_close(struct store *s);

/*
 * Those of the blocks that overlap from … to, by id: walk_begin even when it
 * fails, walk_entry until it answers 0 or -1, walk_finish.
 */
struct block_walk {
	struct store *store;
	sqlite3_stmt *blocks;
	struct slice rest; /* of the block at hand */
};
int walk_begin(struct block_walk *w, struct store *s, int64_t feed,
    int64_t from, int64_t to, struct err *e);
int walk_entry(struct block_walk *w, struct entry *out, struct err *e);
void walk_finish(struct block_walk *w);

int blocks_count(struct store *s, int64_t feed, int64_t from, int64_t to,
    uint64_t *out, struct err *e);
/* The earliest creation time after now, or INT64_MAX. */
int blocks_due(
    struct store *s, int64_t feed, int64_t now, int64_t *out, struct err *e);
int blocks_any(struct store *s, int64_t feed, bool *out, struct err *e);

/* From a row per record, as it was up to schema 2. */
int blocks_migrate(struct store *s, struct err *e);

/* Of a record, packed in the arena; since, dump and line are yet to be set. */
struct entry entry_of(struct arena *a, const struct conv *c);
struct entry entry_of_packed(struct arena *a, struct slice packed);
/* The one in front of *s, which is taken off; false: there is none. */
bool entry_take(struct slice *s, struct entry *out);
int entry_damaged(const struct store *s, struct err *e); /* -1 */
/* All that it says.  -1: it cannot be read. */
int entry_conv(const struct store *s, const struct entry *n, struct conv *out,
    struct err *e);

#endif
