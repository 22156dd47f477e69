/*
 * The statuses of a dump: each with its pipeline, how often it comes and what
 * it becomes.  Memory does not grow with the dump: what is told apart is
 * bounded, and so is each name.
 */
#ifndef FEED_STATUSES_H
#define FEED_STATUSES_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/dump.h"

#define STATUSES_MAX 10000
#define STATUS_NAME_MAX 200 /* bytes that are kept of a name */

struct status_count {
	char *pipeline, *status; /* as the dump first writes them, one line */
	char *to;                /* "" for none; goals with "goal:" */
	enum map_by by;
	uint64_t n;
};

struct statuses {
	struct status_count *row;
	size_t rows;
	uint64_t others; /* rows with still others */
	size_t *slot;    /* its own: a hash table of rows, 0 is none */
};

void statuses_open(struct statuses *s);
void statuses_close(struct statuses *s);

void statuses_add(struct statuses *s, const struct record *r);

/* Nothing maps it, or something does only for pipelines that are named; which
 * is so for a guess once the dump has several. */
bool status_is_unmapped(const struct status_count *c, bool several);

/* Unmapped first, then the most frequent. */
void statuses_sort(struct statuses *s, bool several);

#endif
