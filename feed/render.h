/*
 * The bytes of an output: the records of the store that it is for, in the order
 * of creation time and id (clients by id alone), as a writer writes them.  What
 * rebuild compares is what publish writes.
 *
 * An order that names its client and has no identifier of its own gets the
 * client's.  Calls are orders too where the feed says so.
 */
#ifndef FEED_RENDER_H
#define FEED_RENDER_H

#include <stdint.h>
#include <nettle/sha2.h>
#include "formats/writer.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/growing.h"
#include "store/store.h"

struct render {
	uint64_t bytes, rows;
	uint64_t newer;   /* of the rows: created after what->since */
	uint64_t waiting; /* orders left out, for their client is not known */
	uint64_t unfit;   /* records left out, for the file needs more */
	char sha256[65];
	int64_t from; /* what->from, or later when rows were left out */
};

#define RENDER_MARKS 256

/* Seconds that records were created in, each with the bytes of the file before
 * it, at distances that grow with the file. */
struct render_marks {
	size_t n;
	uint64_t step; /* bytes between two of them, at least */
	struct render_mark {
		int64_t second;
		uint64_t before;
	} mark[RENDER_MARKS];
};

struct render_what {
	struct store *store;
	const struct feed *feed;
	const struct writer *writer;
	const struct zone *zone;
	int64_t from, to; /* creation times, both inclusive */
	int64_t since;
	struct growing *growing; /* told of what is written; may be NULL */
	uint64_t most; /* a larger file is no use, only how large it would be:
			* what comes behind is not written; 0: any */
	/* Bytes to leave out at least, of the oldest rows, and by whole
	 * seconds; not of clients, who have no age.  0: none. */
	uint64_t leave;
	/* Filled, to be there when the same is written again with rows left
	 * out; may be NULL without leave. */
	struct render_marks *marks;
};

/* Whose creation times such a file carries, as KIND_BITs. */
unsigned render_kinds(const struct feed *f, const struct writer *w);

/* Replaces what fd holds. */
int render_write(
    const struct render_what *what, int fd, struct render *out, struct err *e);

/* What the contact that the order names by its client_uniq_id adds to an order
 * without identifiers of its own, in the arena.  *waits: nobody knows it yet.
 */
int render_join_client(struct store *s, const char *feed, struct arena *a,
    struct conv *c, bool *waits, struct err *e);

/* A call among orders: its status is the feed's.  1: an order has that very id,
 * and it is the one that counts; 0; -1. */
int render_call_as_order(struct store *s, const struct feed *f, struct arena *a,
    const struct order *o, struct conv *c, struct err *e);

/* The digest as 64 hex digits and a terminator. */
void render_hex(char out[65], struct sha256_ctx *sha);

/* Of what fd has from where it is; -1 with errno. */
int render_hash(char out[65], int fd);

#endif
