/*
 * Messages for a channel that must not make its sender wait: what the socket
 * does not take now waits here, in order.
 */
#ifndef NET_OUTBOX_H
#define NET_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include "server/wire.h"

struct letter;
struct outbox { /* all zero but the socket, which stays the owner's */
	int sock;
	struct letter *first, *last;
	size_t n;
	bool vain; /* it was waited for, and nothing was taken since */
};

/* Sends m, or keeps a copy until outbox_flush.  Never fails: whoever may
 * refuse work asks outbox_full before. */
void outbox_put(struct outbox *o, const struct wire *m);

/* So many wait that nothing more should be asked of the peer. */
bool outbox_full(const struct outbox *o);

/* The same, but lets the peer catch up first: up to a second, and not again for
 * one that took nothing in that time. */
bool outbox_stays_full(struct outbox *o);

bool outbox_waiting(const struct outbox *o); /* poll for POLLOUT, then flush */
void outbox_flush(struct outbox *o);
void outbox_free(struct outbox *o); /* what waits is lost */

#endif
