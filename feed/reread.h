/*
 * A dump once more: its archived copy, read with the settings that the ledger
 * has of it, as it is rebuilt or approved.
 *
 *      struct reread r = REREAD_EMPTY; set in r.in what is wanted beside;
 *      reread_read, then within a transaction reread_merge; reread_close.
 */
#ifndef FEED_REREAD_H
#define FEED_REREAD_H

#include <stdbool.h>
#include "feed/intake.h"

struct reread {
	struct intake in;
	struct settings *settings;
	bool none; /* a copy without a row: all were refused, or erased */
};
/* clang-format off */
#define REREAD_EMPTY { .settings = NULL }
/* clang-format on */

/* text: settings_text() of the ledger.  -1 also when the copy is refused now:
 * what was read once must be readable again. */
int reread_read(struct reread *r, const struct conf *c,
    const struct dump_entry *d, const char *text, int fd, struct err *e);
/* Under the number d->id, at the time d->at; fills in d->tally. */
int reread_merge(
    struct reread *r, struct store *s, struct dump_entry *d, struct err *e);
void reread_close(struct reread *r);

/* Of a feed that hashes: the copy has no row that was refused or left out
 * before the merge.  They are added to d->tally, by the ledger's profile. */
int reread_count_rest(
    struct store *ledger, struct dump_entry *d, struct err *e);

/*
 * A dump that is approved after later ones belongs below them: r (read, not
 * merged as yet) is merged, and then every dump of the feed that s has of
 * later, once more.  Those change nothing but what r would have of theirs.  A
 * later one whose copy is past its time is passed over.
 */
int reread_merge_below(struct reread *r, struct store *s, const struct conf *c,
    struct dump_entry *d, struct err *e);

#endif
