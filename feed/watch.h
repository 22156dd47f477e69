/*
 * The inbox.  A file is a dump once it was renamed into place, or has been
 * unchanged (size, by our monotonic clock) for settle_ms.  Dot files, *.part,
 * *.filepart, *.tmp and *~ never are.  inotify, and a rescan at start, on
 * queue overflow, and every rescan_s.
 */
#ifndef FEED_WATCH_H
#define FEED_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"

struct watch;

bool watch_takes(const char *name); /* may a dump be called that? */

int watch_open(struct watch **out, const struct conf *c, struct err *e);
void watch_close(struct watch *w);

int watch_fd(const struct watch *w); /* readable: call watch_next */

/* Milliseconds until watch_next may have something; -1 when nothing waits. */
int watch_timeout(const struct watch *w);

enum watch_what {
	WATCH_DUMP,        /* fd is open for reading, checked by fstat */
	WATCH_QUARANTINED, /* moved to state/quarantine/FEED/; why says */
	WATCH_UNREADABLE   /* left where it is; reported once */
};
struct watch_found {
	enum watch_what what;
	const struct feed *feed;
	const struct settings *source;
	char name[256];
	int fd;          /* the caller's */
	int64_t settled; /* Unix seconds */
	char why[256];
};
/* In the order of settled time, then name.  1, 0 (nothing now), -1. */
int watch_next(struct watch *w, struct watch_found *out, struct err *e);

/* Takes the dump out of the inbox: only the very file that was handed out. */
int watch_remove(struct watch *w, const struct watch_found *f, struct err *e);

/* Not now (no room on the disk): handed out again after ms. */
void watch_later(struct watch *w, const struct watch_found *f, unsigned ms);

#endif
