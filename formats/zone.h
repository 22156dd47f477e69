/*
 * A time zone, from the bytes of a TZif file (RFC 8536) that the caller read.
 * Pure: no file, no environment, not the C library's idea of local time.
 * Past the last transition the footer's POSIX TZ rule applies.
 */
#ifndef FORMATS_ZONE_H
#define FORMATS_ZONE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/slice.h"
#include "formats/status.h"

/* It remembers what it was asked last, so each thread needs its own. */
struct zone;

/* A date and time as a clock on the wall shows it. */
struct wall {
	int year;  /* 1 to 9999 */
	int month; /* 1 to 12 */
	int day;
	int hour, minute, second;
};

/* FMT_ZONE when the bytes are not TZif or have leap seconds ("right/"). */
enum fmt_status zone_parse(struct zone **out, struct slice tzif);
struct zone *zone_utc(void);
void zone_free(struct zone *z);

int32_t zone_offset(const struct zone *z, int64_t t); /* seconds east of UTC */

/* Is the offset another one some time within so many seconds of t? */
bool zone_near_change(const struct zone *z, int64_t t, int64_t within_s);

/* A wall time that comes twice means the earlier instant; one that is skipped
 * is moved forward by the gap. */
int64_t zone_instant(const struct zone *z, const struct wall *w);

void zone_wall(const struct zone *z, int64_t t, struct wall *out);

/* "2026-04-21 11:59:21", 19 bytes and a terminator. */
void zone_write(const struct zone *z, int64_t t, char out[20]);

bool wall_valid(const struct wall *w);
int64_t wall_days(const struct wall *w);           /* since 1970-01-01 */
void wall_from_days(struct wall *w, int64_t days); /* time of day untouched */

/* The instant of 00:00 of the day of t, days later (or earlier). */
int64_t zone_midnight(const struct zone *z, int64_t t, int days);

#endif
