/*
 * Keeps records in a thread of its own, while those that follow are merged.
 * What the thread uses, and the store, is its own until keeper_wait or
 * keeper_end; after keeper_wait again from the next keeper_put on.
 *
 *      keeper_open, then for each record: what it points to is put into
 *      keeper_arena, keeper_put; keeper_end
 */
#ifndef STORE_KEEPER_H
#define STORE_KEEPER_H

#include "store/store_blocks.h"

struct keeper;

/* NULL when there can be no thread.  After a failure nothing more is kept. */
struct keeper *keeper_open(
    int (*keep)(void *ctx, const struct entry *n, struct err *e), void *ctx);

struct arena *keeper_arena(struct keeper *k);
void keeper_put(struct keeper *k, const struct entry *n);

/* Until all of them are kept. */
void keeper_wait(struct keeper *k);

/* Likewise, and frees it; NULL is fine.  -1: one could not be kept. */
int keeper_end(struct keeper *k, struct err *e);

#endif
