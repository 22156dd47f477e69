/*
 * The report of a dump that is read otherwise than it was: what is refused is
 * told as it is read once more, and the report waits beside (report_stage.h).
 *
 *      restate_begin before it is read, restate_end once it is merged, or
 *      restate_drop.
 */
#ifndef FEED_RESTATE_H
#define FEED_RESTATE_H

#include <stdbool.h>
#include "feed/profile.h"
#include "feed/report.h"
#include "feed/reread.h"

struct restate {
	/* set by the caller */
	const struct conf *conf;
	const struct feed *feed;
	struct store *ledger;
	struct store *to; /* that it is merged into */

	/* its own */
	bool hashed;
	struct report *report; /* NULL: none is begun */
	struct profile profile;
};

/* hashed: only its hashed records are in the archive. */
int restate_begin(struct restate *x, const struct dump_entry *d, bool hashed,
    struct reread *r, struct err *e);
/* d: as the dump is now.  *profile is malloc'ed; NULL: it stays. */
int restate_end(struct restate *x, const struct dump_entry *d, struct reread *r,
    char **profile, struct err *e);
/* Whatever was begun. */
void restate_drop(struct restate *x);

/* A dump that is withdrawn: what was told of it stays, and that it is. */
int restate_withdrawn(const struct conf *c, const struct feed *f,
    const struct dump_entry *d, struct err *e);

#endif
