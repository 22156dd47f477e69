/*
 * What clockcheck needs to judge a dump that was read, and perhaps merged: the
 * profiles of the source's dumps before it.
 */
#ifndef FEED_CLOCKASK_H
#define FEED_CLOCKASK_H

#include "feed/clockcheck.h"
#include "server/err.h"
#include "feed/intake.h"
#include "store/store.h"

/* in->profile must be set; dump is its number in the ledger, 0 when it has
 * none.  *n warnings; none of a dump of which not even the header was read. */
int clock_ask(const struct intake *in, struct store *s, int64_t dump,
    struct clock_warning out[CLOCK_CODES], size_t *n, struct err *e);

#endif
