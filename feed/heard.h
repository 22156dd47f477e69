/*
 * ingest's end of the events (event.h): what the network side did goes to the
 * audit at once, and pulls to the store as soon as it may be written.
 */
#ifndef FEED_HEARD_H
#define FEED_HEARD_H

#include <stdbool.h>
#include <stddef.h>
#include "store/audit.h"
#include "server/conf.h"
#include "server/event.h"
#include "store/store.h"

struct heard {
	const struct conf *conf;
	struct store *store;
	struct audit *audit;
	bool *pulled;          /* by feed: a pull was completed */
	struct event *running; /* PULL_BEGIN without its end */
	size_t runs, run_room;
	struct event *waiting; /* for the end of a transaction */
	size_t waits, wait_room;
};

void heard_init(
    struct heard *h, const struct conf *c, struct store *s, struct audit *a);
void heard_free(struct heard *h);

/* Takes what the socket holds; in a transaction pulls wait, and what is more
 * than can wait stays in the socket. */
void heard_drain(struct heard *h, int sock, bool in_transaction);

/* At start: pulls that ended when the daemon did. */
int heard_close_pulls(struct heard *h, int64_t now, struct err *e);

#endif
