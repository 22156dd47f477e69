/*
 * What the other processes tell ingest, which writes the audit and the store.
 * One way, over one socket that outlives every worker.  ingest puts each event
 * on the disk as it comes (feed/spool.h), whatever else it is doing.
 *
 * Pulls are told by files alone.  What a protocol must ask of it is in
 * net/files.h: FILES_OPEN (or PULL_BEGINS) before the first byte goes
 * out, FILES_PULL_AT every few seconds, FILES_PULL_END.  Every later event of
 * a pull repeats what its beginning said.
 */
#ifndef SERVER_EVENT_H
#define SERVER_EVENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/negotiated.h"
#include "server/protocol.h"
#include "server/wire.h"

enum event_kind {
	EVENT_LOGIN,
	EVENT_LOGIN_FAILED,
	EVENT_PULL_BEGIN, /* written to the store, so that a kill shows */
	EVENT_PULL_END,
	EVENT_UPLOADED,
	EVENT_ARCHIVE_READ,
	EVENT_FILES_GONE,  /* by the parent: files ended without telling how its
			    * pulls did; pull is its process id */
	EVENT_KEY_CHANGED, /* by the parent: path is the file of a host key and
			    * its fingerprint */
	EVENT_PULL_AT, /* how far it came: while it lasts, every few seconds */
	EVENT_PULLED   /* a short one, from beginning to end */
};

struct event {            /* WIRE_EVENT */
	struct wire head; /* id: the sender's process id, for pulls */
	uint32_t kind, protocol;
	int64_t at; /* Unix seconds */
	struct in6_addr from;
	uint64_t pull;         /* unique over restarts: random */
	uint64_t bytes;        /* PULL_END, PULL_AT, PULLED: delivered */
	uint64_t size;         /* of the file that is pulled */
	uint64_t first, asked; /* the part of it; 0, 0: all */
	int64_t mtime;         /* of the version pulled: names it */
	uint32_t encoded;      /* it goes out as a content encoding */
	uint32_t complete;     /* PULL_END, PULLED */
	uint32_t feed;         /* conf.feed[].index; UINT32_MAX for none */
	uint32_t pad;
	char user[GRANT_USER_SIZE]; /* as in grant; for a failed login the user
				     * that was tried, "(unknown)" or "(token)"
				     */
	char path[FEED_NAME_MAX + 1 + 256]; /* "main/conversions.csv" */
	struct negotiated how;              /* LOGIN */
};
/* feed is the sender's index: across a reload the path's first part, the
 * feed's name, is what counts. */

/*
 * The sender's end.  ingest may be busy with a dump for a while: what the
 * socket does not take waits in memory, up to a bound; what is over the bound
 * is dropped and counted in the log.  Nothing here blocks but event_close.
 */
struct events;

struct events *events_open(int sock); /* does not block; stays the caller's */
void events_close(struct events *q);  /* waits a few seconds for the rest */
void events_put(struct events *q, const struct event *ev);
bool events_waiting(const struct events *q); /* poll for POLLOUT, then flush */
void events_flush(struct events *q);

/* A fresh event of that kind, at the present time, of nobody and no feed. */
void event_init(struct event *ev, enum event_kind kind);

#endif
