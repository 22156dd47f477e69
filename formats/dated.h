/*
 * How the creation times of a dump are written, cell by cell: with a time of
 * day or without, in a zone of their own or in the source's, in an hour that
 * the clock skips or has twice, the day or the month first.  Whether that makes
 * sense clockcheck says (feed/clockcheck.h), which knows when the dump came.
 */
#ifndef FORMATS_DATED_H
#define FORMATS_DATED_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/slice.h"
#include "formats/zone.h"

#define DATED_HALVES 48 /* of a day */

struct dated {
	uint64_t timed; /* have a time of day */
	uint64_t zoned; /* of those: and say in which zone, or are Unix time */

	/* Of timed: on the source's clock exactly so many half hours after
	 * midnight. */
	uint64_t half_hour[DATED_HALVES];

	/* Of timed and not zoned: the clock of the source's zone never showed
	 * the time, or showed it twice; the first line of each. */
	uint64_t skipped, repeated;
	unsigned long skipped_line, repeated_line;

	/* Two numbers before the year: which of them is above 12?  either: none
	 * is, and they differ.  A month first is refused elsewhere. */
	uint64_t day_first, month_first, either;
	unsigned long month_first_line;
	uint32_t first, second_part; /* of either: which numbers, as bits */
};

/* A cell that was read as the instant t. */
void dated_see(struct dated *d, struct slice cell, const struct zone *source,
    int64_t t, unsigned long line);

/* One that was refused because it is a date only with the month first. */
void dated_see_month_first(struct dated *d, unsigned long line);

/* A date of two numbers before the year, its day and month swapped; false when
 * that is no date, or the same one.  The time of day stays. */
bool dated_swap(const struct zone *z, int64_t t, int64_t *out);

#endif
