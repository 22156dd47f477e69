/*
 * Dates that went out wrongly: a whole dump was read in the wrong time zone,
 * pulled, and corrected too late.  Direct keeps a creation date as it came
 * first, so these orders are the ones to know.  Reads only.
 */
#ifndef TOOL_FROZEN_H
#define TOOL_FROZEN_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

/* "+3", "-3", "+5:30", "-0:30": hours, at most 26, in seconds.  0 is none. */
bool frozen_shift(const char *text, int64_t *seconds);

struct frozen_order {
	enum record_kind kind;
	struct slice id;
	int64_t published; /* as Direct has it */
	int64_t right;     /* as the newest archived row says today */
	int64_t pulled;    /* when the first pull took it */
	int64_t revenue;   /* CONV_NONE: not known */
	int64_t dump;      /* whose row it is */
	unsigned long line;
};

struct frozen_what {
	const struct conf *conf;
	const struct feed *feed;
	struct store *store;
	int64_t shift; /* what was published minus what is right, in seconds */
	/* In the order of ids; returns -1 to stop. */
	int (*each)(void *ctx, const struct frozen_order *o, struct err *e);
	/* A dump that cannot be looked into, and why (for message()). */
	void (*unread)(void *ctx, const struct dump_entry *d, const char *why);
	void (*progress)(void *ctx, size_t n, size_t of); /* may be NULL */
	void *ctx;
};

/* Every merged dump is read under today's settings of its source. */
int frozen_wrong(const struct frozen_what *w, struct err *e);

#endif
