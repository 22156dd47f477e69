/*
 * What a feed's people are told without asking: reports/FEED/quality.csv and
 * summary.txt, in plain words what came, what went out, what is wrong and what
 * to mend first.  They show nobody's data, so that the role report may see them
 * (their twins lie in REPORTS_MASKED, as those of all reports do).
 */
#ifndef FEED_OVERVIEW_H
#define FEED_OVERVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

struct overview {
	struct store *store;
	const struct conf *conf;
	const struct feed *feed;
	int64_t now; /* of the last publishing, whose sorted orders are used */
	bool (*stop)(void *ctx); /* true: give up (1); may be NULL */
	void *ctx;
};

/* Both files, each replaced at once.  0; 1 when it was told to stop; -1. */
int overview_write(const struct overview *o, struct err *e);

/*
 * When: after a change, and every day; not more often than its work allows, and
 * not before the inbox is empty, unless that lasts for ten minutes.  Zero is
 * the beginning; times are those of clock_ms() but for now.
 */
struct overview_turn {
	bool due;
	int64_t day;           /* of the last one, UTC */
	int64_t not_before_ms; /* the next one */
	int64_t latest_ms;     /* from then on it gives way to nobody */
};

void overview_mark(struct overview_turn *t, int64_t ms); /* a change */
bool overview_is_due(
    const struct overview_turn *t, int64_t now, int64_t ms, bool idle);
/* Milliseconds until it may be due. */
int64_t overview_wait(const struct overview_turn *t, int64_t now, int64_t ms);
/* It was written, or gave way, from that time on until ms. */
void overview_done(struct overview_turn *t, int64_t now, int64_t from_ms,
    int64_t ms, bool gave_way);

#endif
