/*
 * What a dump was like: when its rows were created, how they lie over the day,
 * its columns.  Gathered while it is read, at the cost of a few counters a
 * row, and kept in the ledger (dumps.profile, JSON), where the next dump of
 * that feed, source and kind is held against it.
 *
 *      profile_open, profile_see for each record, profile_columns at the end,
 *      then profile_text; profile_read takes the text back.  profile_close.
 *
 * A row's time is its creation time.  A date without a time of day is 23:59:59
 * in the counter's zone (normal_time.h): such a row is not "timed".
 */
#ifndef FEED_PROFILE_H
#define FEED_PROFILE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/dump.h"

#define PROFILE_HOURS 24

struct profile {
	enum record_kind kind;
	char preset[64];
	int64_t at; /* when it came in */

	/* CONV_NONE where there is no such row */
	int64_t oldest, newest; /* creation, whatever it is */
	int64_t touched; /* the newest creation or change; not in the future:
			  * rows that are count for nothing here, and a date
			  * without a time is over at the latest when the dump
			  * came in */
	uint64_t dated;  /* rows with a creation time */
	uint64_t timed;  /* and with a time of day */
	uint64_t future; /* of timed: after the dump came in, and by more than
			  * the feed's hold_future_minutes */
	/* of timed, on the clock of the source's zone, as written */
	uint64_t midnight; /* exactly 00:00:00 */
	uint64_t hour[PROFILE_HOURS];

	/* What was refused or left out before the merge, for a dump whose
	 * archived copy has only the other rows (pii = hash). */
	uint64_t records, skipped, rejected, too_old, values_dropped;

	/* As written, each cut to 128 bytes; where the feed hashes, without
	 * what reads like a phone.  JSON has no header: none, and hash "". */
	char **column;
	size_t columns;
	/* Of all of it, whatever its case and blanks, but for columns without
	 * a name at its end; the list ends after 512. */
	char columns_hash[17];

	/* For a dump from an archive, of its name there, without digits: what
	 * comes together every night is told apart by it.  "": a file. */
	char member[17];

	/* its own */
	const struct zone *counter, *source; /* source may be the counter's */
	int64_t ahead_s;
};

/* The zones must last while profile_see is called; source may be NULL. */
void profile_open(struct profile *p, int64_t at, int64_t ahead_s,
    const struct zone *counter, const struct zone *source);
void profile_close(struct profile *p); /* once opened or read, or all zeros */

/* A record that has values (r->conv), taken or not. */
void profile_see(struct profile *p, const struct conv *c);

/* Kind, preset and header, once all was read. */
void profile_columns(
    struct profile *p, const struct dump_facts *facts, bool hash);

/* name: of the dump, "archive.zip/deals-0412.csv". */
void profile_member(struct profile *p, const char *name);

char *profile_text(const struct profile *p); /* malloc'ed */
/* False when it is none, as of a dump that an older version merged. */
bool profile_read(struct profile *out, const char *text);

#endif
