/*
 * What was sorted for publishing.  Included by the store alone.
 */
#ifndef STORE_STORE_READY_H
#define STORE_STORE_READY_H

#include "store/store_private.h"

/* True and *out, with all that store_orders would find and perhaps more, the
 * caller's to close or to give back; false: none is ready. */
bool store_ready_take(struct store *s, const char *feed, unsigned kinds,
    int64_t from, int64_t to, struct ready *out);
void store_ready_give(struct store *s, const struct ready *r);
/* What was sorted is no longer all that there is. */
void store_ready_drop(struct store *s);

#endif
