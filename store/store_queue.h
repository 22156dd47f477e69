/*
 * status_steps = each: the statuses that an order took and that nobody has
 * pulled yet, to be shown one after the other.  Private to the store.
 */
#ifndef STORE_STORE_QUEUE_H
#define STORE_STORE_QUEUE_H

#include "store/store_private.h"

/* --- filling; feed is a number of store_feed ------------------------------ */

/* An order went from one status to another. */
struct step {
	struct slice id, was, is;
	int64_t create_time;
	bool carried;  /* a pull carried was */
	int64_t since; /* the last publication before was; when not carried */
};
/* *queued: a pull may still carry was. */
int queue_step(struct store *s, int64_t feed, int64_t now, const struct step *t,
    bool *queued, struct err *e);

/* --- emptying ------------------------------------------------------------- */

/* Steps that were shown for long enough give way. */
int queue_expire(struct store *s, const char *feed, int64_t now, struct err *e);
/* What p showed is done; at: when it was pulled. */
int queue_pulled(struct store *s, const char *feed, const struct pulled *p,
    int64_t at, struct err *e);

/* --- showing -------------------------------------------------------------- */

struct queue; /* of a feed, as it is now; NULL: nothing waits */

int queue_open(
    struct queue **out, struct store *s, const char *feed, struct err *e);
void queue_close(struct queue *q); /* NULL is fine */
/* Which status to show instead: 1 and *out, valid until the next call; 0; -1.
 */
int queue_shown(
    struct queue *q, struct slice id, struct slice *out, struct err *e);

#endif
