/*
 * Rebuilding a feed's store from the archive and the ledger (I10): every dump
 * is read again from its archived copy under the settings of its time, and
 * publications and pulls are replayed between them; the files that come out
 * must be the ones that are published.
 */
#ifndef SERVER_REBUILD_H
#define SERVER_REBUILD_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "server/store.h"

struct rebuild {
	uint64_t dumps, publications, pulls; /* replayed */
	uint64_t expired; /* dumps whose archived copy is past its time */
	uint64_t files;   /* compared */
	uint64_t differ;  /* of these */
};

/* Into the folder into, which is there and holds no store.db: the store, and
 * each output's file as it comes out.  NULL: nothing is kept. */
int rebuild_feed(struct rebuild *out, const struct conf *c,
    const struct feed *f, struct store *from, const char *into, struct err *e);

#endif
