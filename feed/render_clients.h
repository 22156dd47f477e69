/*
 * The clients of a feed, for the outputs that have a row for each: its
 * contacts, and whom its orders name besides by their client_uniq_id.
 */
#ifndef FEED_RENDER_CLIENTS_H
#define FEED_RENDER_CLIENTS_H

#include "formats/conv.h"
#include "server/err.h"
#include "store/store.h"

/*
 * By id; of contacts and orders created until to.  A contact is as it is known.
 * Whom only orders name has of each of its cells the newest order's that is not
 * empty, and the ClientIDs of all.  each returns -1 (with e set) to stop.
 */
int render_clients(struct store *s, const char *feed, int64_t to,
    int (*each)(void *ctx, const struct conv *c, struct err *e), void *ctx,
    struct err *e);

#endif
