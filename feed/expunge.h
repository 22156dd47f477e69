/*
 * A text that we wrote ourselves (a published version, a report) without the
 * erased: rows of a CSV and objects of a JSON list go whole; of any other text
 * only the identifiers go, and asterisks stand in their place.
 */
#ifndef FEED_EXPUNGE_H
#define FEED_EXPUNGE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/settings.h"
#include "formats/writer.h"
#include "server/err.h"
#include "store/tombstone.h"

struct expunge {
	/* set by the caller */
	const struct tombstones *stones;
	const struct limits *limits;
	const char *feed;
	/* The output that the text is of; NULL: it is a report. */
	const struct writer *writer;
	bool rows; /* of a report: a CSV (rejects.csv), not a text */
	/* Of a foreign text that is only looked at: what it is in ("": to be
	 * found out); NULL: UTF-8. */
	const char *encoding;
	/* Told of each row that goes; a value that it has not is empty.  May
	 * be NULL. */
	void (*row)(void *ctx, struct slice id, struct slice status,
	    struct slice revenue);
	void *ctx;
	uint64_t found; /* set: rows, or mentions in a text */
};

/* fd: as it is or in gzip, from its beginning.  to: what is left is written
 * there; -1: it is only looked at. */
int expunge_file(struct expunge *x, int fd, int to, struct err *e);

#endif
