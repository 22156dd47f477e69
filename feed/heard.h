/*
 * ingest's end of the events (event.h): what the network side did goes to audit
 * and store, each once and in its order.  In a transaction it waits on the disk
 * (spool.h), as it does while audit or store cannot be written.
 */
#ifndef FEED_HEARD_H
#define FEED_HEARD_H

#include <stdbool.h>
#include <stddef.h>
#include "store/audit.h"
#include "server/conf.h"
#include "server/event.h"
#include "feed/spool.h"
#include "store/store.h"

struct running {
	struct event ev; /* PULL_BEGIN without its end; how far it came */
	bool moved;      /* which the store does not know */
	bool told;       /* its end is in the audit */
	bool ended;      /* in the batch that is being taken */
};

struct heard {
	const struct conf *conf;
	struct store *store;
	struct audit *audit;
	struct spool *spool;
	bool *pulled; /* by feed: a pull was completed */
	/* What the last pull of the batch was of: many are of the same. */
	struct publication version;
	char version_path[sizeof((struct event *)0)->path];
	int64_t version_mtime;
	struct running *running;
	size_t runs, run_room;
	uint64_t audited; /* the last event that the audit has */
	bool moved;       /* one of running did */
	int64_t tell_ms;  /* monotonic: when the store is told how far */
	int64_t again_ms; /* monotonic: not before, for it failed */
	int64_t rest_ms;  /* monotonic: not before, for more may come */
	char said[512];   /* why */
};

/* Takes what an earlier process left, too. */
int heard_open(struct heard *h, const struct conf *c, struct store *s,
    struct audit *a, int sock, struct err *e);
/* What comes then is the next process's. */
void heard_close(struct heard *h);

/* Readable when something came; -1 while it lets more come. */
int heard_fd(const struct heard *h);
/* Until it wants to be drained although nothing came. */
int64_t heard_wait_ms(const struct heard *h);
void heard_drain(struct heard *h, bool in_transaction);

/* At start: pulls that ended when the daemon did. */
int heard_close_pulls(struct heard *h, int64_t now, struct err *e);

#endif
