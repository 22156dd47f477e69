/*
 * The steps that orders take between two pulls.  Private to the store.
 *
 *      steps_open, steps_note for each order of a dump that was merged,
 *      steps_end; steps_carried when a version was pulled completely.
 */
#ifndef STORE_STORE_STEPS_H
#define STORE_STORE_STEPS_H

#include "store/merge.h"
#include "store/store_private.h"

struct steps;

/* *out is NULL when there is nothing to note: nobody has pulled the feed, or
 * the records have no status.  NULL is fine for all others. */
int steps_open(struct steps **out, struct store *s,
    const struct merge_rules *rules, struct err *e);
void steps_note(struct steps *t, const struct merge_order *was,
    const struct merge_order *is);
/* Counts what was noted (unless keep is false) and frees t. */
int steps_end(struct steps *t, bool keep, struct err *e);

/* What an order is now has reached whoever pulled p. */
int steps_carried(
    struct store *s, const char *feed, const struct pulled *p, struct err *e);

#endif
