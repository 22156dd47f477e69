/*
 * What the network side tells (event.h), on the disk before anything else is
 * done with it: state/events.  A thread of its own puts it there as it comes,
 * so that neither a long merge delays it nor a kill loses it; ingest takes it
 * from there in its order, and says when all of it is in audit and store.
 *
 *      spool_open      finds what an earlier process left, and starts the
 *                      thread: in the sandbox, with the socket
 *      spool_next, spool_took      one event after another
 *      spool_done      all that was taken is safe elsewhere
 *      spool_close     what is left stays for the next process
 *
 * Every event has a number, which grows over restarts: the audit's lines carry
 * it ("heard"), so that an event which is taken again after a crash is not
 * written twice.
 */
#ifndef FEED_SPOOL_H
#define FEED_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "server/event.h"

struct spool;

struct spooled {
	uint64_t number;
	struct event event; /* its texts are terminated */
};

/* heard: the last number that the audit has. */
int spool_open(struct spool **out, const struct conf *c, int sock,
    uint64_t heard, struct err *e);
void spool_close(struct spool *s); /* NULL is fine */

/* Readable until spool_next finds no more. */
int spool_fd(const struct spool *s);
/* What the socket holds goes to the disk now. */
void spool_pump(struct spool *s);
/* False: there is none.  The same one until it was taken. */
bool spool_next(struct spool *s, struct spooled *out);
void spool_took(struct spool *s);
/* All from that number on come again, as they were not kept after all. */
void spool_back(struct spool *s, uint64_t number);
void spool_done(struct spool *s);
/* What has not been taken survives a loss of power, too; at most once a second,
 * for it takes its time. */
void spool_sync(struct spool *s);

/* For whoever only looks: when (Unix seconds) the first event happened that the
 * audit, which has those up to heard, is still to have; 0: there is none. */
int64_t spool_waits_since(const struct conf *c, uint64_t heard);

#endif
