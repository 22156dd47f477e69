/*
 * Publishing: from the store to published/FEED/FILE, so that a reader sees one
 * whole version (I2), the update time moves if and only if the bytes do (I4),
 * and nothing is published that we would not accept (I5).
 */
#ifndef FEED_PUBLISH_H
#define FEED_PUBLISH_H

#include <stdbool.h>
#include <stdint.h>
#include "store/audit.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

enum publish_result {
	PUBLISH_SAME, /* the bytes did not change */
	PUBLISH_DONE,
	PUBLISH_LATER,   /* this second already has a version: again then */
	PUBLISH_WITHHELD /* no valid row, shrink guard, lint; status says */
};

struct publish_order {
	bool force;         /* past the shrink guard */
	bool touch;         /* a new update time for the same bytes */
	const char *reason; /* with force and touch */
	const char *actor;
};

/* Every output of the feed.  how may be NULL.  -1 when the world is bad.
 * Never twice within a second of the monotonic clock: that is up to the
 * caller, for a clock that was set back cannot say. */
int publish_feed(struct store *s, struct audit *a, const struct conf *c,
    const struct feed *f, int64_t now, const struct publish_order *how,
    enum publish_result *out, struct err *e);

/* When the feed must be looked at again though nothing was dropped: a held
 * row becomes past, the window moves at 00:00. */
int publish_due(struct store *s, const struct feed *f, int64_t now, int64_t *at,
    struct err *e);

/* FILE.gz of a version that was packed after it was published; nothing, unless
 * it still is the newest. */
int publish_sidecar(
    struct store *s, const struct conf *c, int64_t publication, struct err *e);

/* At start: finishes or undoes what a crash interrupted, removes leftovers. */
int publish_recover(struct store *s, struct audit *a, const struct conf *c,
    const struct feed *f, int64_t now, struct err *e);

#endif
