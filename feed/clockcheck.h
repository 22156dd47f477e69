/*
 * Do a dump's times make sense?  Direct freezes creation dates, so a clock that
 * is off by hours must be told of before the file is pulled.  Facts in,
 * warnings out: each names the likely shift and the zones that would have it.
 * Doubt makes no warning.
 *
 *      clock_see for each record that is taken, clock_see_order for each order
 *      that the merge tells of; then clock_check.
 */
#ifndef FEED_CLOCKCHECK_H
#define FEED_CLOCKCHECK_H

#include <jansson.h>
#include <stdio.h>
#include "formats/dump.h"
#include "store/merge.h"
#include "feed/profile.h"

/* --- gathered while a dump is read and merged ---------------------------- */

#define CLOCK_STEP 1800 /* clocks are off by multiples of half an hour */
#define CLOCK_STEPS 28  /* by at most 14 hours, either way */

struct clock_seen {
	/* Rows created after the dump came: within what a clock can be off, and
	 * the newest of those; later still; and of both, those that would not
	 * be were day and month the other way around. */
	uint64_t ahead, beyond, swapped;
	int64_t ahead_newest;
	/* Orders that were known, by how much later the dump has them. */
	uint64_t known, same;
	uint64_t moved[2 * CLOCK_STEPS + 1];
};

/* cell: of the creation time, as it stood; empty when nobody has it. */
void clock_see(struct clock_seen *s, int64_t at, int64_t created,
    const struct dump_facts *facts, const struct slice *cell, size_t cells,
    const struct zone *source);
void clock_see_order(struct clock_seen *s, const struct merge_order *was,
    const struct merge_order *is);

/* --- judged --------------------------------------------------------------- */

struct clock_facts {
	int64_t at; /* when it came */
	const struct clock_seen *seen;
	const struct dated *dated;
	const struct profile *now;
	/* Of the source's last dumps, the newest first. */
	const struct profile *earlier;
	size_t n;
	const struct zone *counter, *source; /* source: or the counter's */
};

enum clock_code {
	CLOCK_AHEAD,  /* the newest rows come after the dump */
	CLOCK_BEHIND, /* they are hours old, and never were before */
	CLOCK_MOVED,  /* known orders have other times, all by one shift */
	CLOCK_NIGHT,  /* most are made at night */
	CLOCK_DATES,  /* all have one time of day */
	CLOCK_CHANGE, /* in an hour that the clock skips or has twice */
	CLOCK_MONTHS, /* the month is probably first */
	CLOCK_CODES
};

struct clock_warning {
	enum clock_code code;
	const char *name; /* in the registry, family 6 */
	int64_t shift;    /* how much later the dump's times are; 0: none */
	uint64_t rows, of;
	char zones[256]; /* that would have it right; "" */
	char text[512], cure[512];
};

#define CLOCK_EARLIER 5 /* dumps that are looked back at */

/* How many there are; at most one of each code. */
size_t clock_check(
    const struct clock_facts *f, struct clock_warning out[CLOCK_CODES]);

/* --- shown ---------------------------------------------------------------- */

/* A paragraph of the report; nothing when there are none. */
void clock_write(FILE *to, const struct clock_warning *w, size_t n);
json_t *clock_json(const struct clock_warning *w, size_t n);

#endif
