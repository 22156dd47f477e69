/*
 * What makes the first dump of a feed quick.  Included by the store alone.
 *
 *      load_begin, load_put …, load_end
 */
#ifndef SERVER_STORE_LOAD_H
#define SERVER_STORE_LOAD_H

#include "server/store_private.h"

struct loading;

/* NULL when there can be no thread.  top is the last publication there is. */
struct loading *load_begin(struct store *s, int64_t feed, int64_t top);

/* Ids ascend.  -1 when one before could not be put in: load_end says why. */
int load_put(struct loading *l, struct slice id, int64_t create_time,
    int64_t dump, int64_t line, struct slice conv);
int load_end(struct loading *l, struct err *e); /* frees */

/* True and *out, with all that store_orders would find and perhaps more, the
 * caller's to close or to give back; false: none is ready. */
bool store_ready_take(struct store *s, const char *feed, unsigned kinds,
    int64_t from, int64_t to, struct ready *out);
void store_ready_give(struct store *s, const struct ready *r);
/* What was sorted is no longer all that there is. */
void store_ready_drop(struct store *s);

#endif
