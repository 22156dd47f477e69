/*
 * A feed's history once more (I10): every dump is read again from its archived
 * copy under the settings of its time, and publications, pulls and acts are
 * replayed between them, so that another store comes to the same records.
 * convdrop rebuild compares; withdrawing and reprocessing leave a dump out or
 * read some otherwise (revise.h).
 */
#ifndef FEED_REBUILD_H
#define FEED_REBUILD_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

struct reread; /* reread.h */

/* --- replaying ------------------------------------------------------------ */

struct replay {
	/* set by the caller */
	const struct conf *conf;
	const struct feed *feed;
	struct store *from, *to;
	const char *dir; /* for what does not fit in memory; NULL: state/ */
	/* A dump that was ingested then or later and has no archived copy any
	 * more is an error; an older one is counted. */
	int64_t needed;
	void (*breathe)(void *ctx); /* these three may be NULL */
	void *breathe_ctx;
	const bool *stop;
	/* How a dump is read: 1 as the ledger says, or with other settings in
	 * *text (malloc'ed); 0 not at all; -1.  May be NULL. */
	int (*choose)(
	    void *ctx, const struct dump_entry *d, char **text, struct err *e);
	/* Told of a dump that is to be read, and once more when it is merged.
	 * May be NULL. */
	int (*reading)(void *ctx, struct dump_entry *d, struct reread *again,
	    bool merged, struct err *e);
	/* Told of each dump and of its tally; of each publication as soon as to
	 * has what it carried, and again when it still stood after an act, with
	 * the window of then; of each act.  May be NULL. */
	void (*merged)(void *ctx, const struct dump_entry *d);
	int (*published)(void *ctx, const struct publication *p, struct err *e);
	void (*acted)(void *ctx);
	void *ctx;

	/* set by replay */
	uint64_t dumps, publications, pulls;
	uint64_t expired; /* dumps whose archived copy is past its time */
	int64_t after;    /* its place in the history */
	uint64_t pull;
};

/* What came since the last call, all of it at first. */
int replay(struct replay *r, struct err *e);

/* --- comparing ------------------------------------------------------------ */

struct rebuild {
	uint64_t dumps, publications, pulls; /* replayed */
	uint64_t expired; /* dumps whose archived copy is past its time */
	uint64_t files;   /* compared */
	uint64_t differ;  /* of these */
	/* Not compared: calls_as_orders was another when they came to be. */
	uint64_t outdated;
};

/* from should stay as it is meanwhile (store_begin); what is published after
 * that is no difference.  Into the folder into, which is there and holds no
 * store.db: the store, and each output's file as it comes out.  NULL: nothing
 * is kept. */
int rebuild_feed(struct rebuild *out, const struct conf *c,
    const struct feed *f, struct store *from, const char *into, struct err *e);

#endif
