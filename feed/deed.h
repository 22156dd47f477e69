/*
 * What a person does to a feed through the running ingest, which alone writes:
 * a dump is approved, withdrawn, an order is cancelled …  One function each, by
 * command_op; each is called outside a transaction, writes to the audit itself,
 * and says in the answer, in whole sentences, what came of it.
 */
#ifndef FEED_DEED_H
#define FEED_DEED_H

#include <stdbool.h>
#include "feed/ingest.h"

/*
 * f is NULL when the command names no feed.  c's texts end in NUL.  a comes
 * with status 2 (it could not be done) and an empty text.  True: the orders may
 * have changed, and what is published follows before the answer goes out.
 */
typedef bool deed_fn(struct ingest *in, const struct feed *f,
    const struct command *c, struct answer *a);

deed_fn deed_approve, deed_reject;     /* deed_held.c: a dump that waits */
deed_fn deed_withdraw, deed_reprocess; /* deed_revise.c: dumps, once more */
deed_fn deed_order;                    /* deed_order.c: one order */

deed_fn deed_erase; /* erase.c: a person */

/* By command_op; NULL: it is no deed. */
extern deed_fn *const deeds[COMMAND_OPS];

#endif
