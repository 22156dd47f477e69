/*
 * What clockcheck needs to judge a dump that was read, and perhaps merged: the
 * profiles of the source's dumps before it.
 */
#ifndef SERVER_CLOCKASK_H
#define SERVER_CLOCKASK_H

#include "server/clockcheck.h"
#include "server/err.h"
#include "server/intake.h"
#include "server/store.h"

/* in->profile must be set; dump is its number in the ledger, 0 when it has
 * none.  *n warnings; none of a dump of which not even the header was read. */
int clock_ask(const struct intake *in, struct store *s, int64_t dump,
    struct clock_warning out[CLOCK_CODES], size_t *n, struct err *e);

#endif
