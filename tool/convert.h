/*
 * Dumps into one publishable file: what ingest and publish do for a feed that
 * knows nothing yet.  One dump whose records are what the file has rows of
 * streams through sorters (convert_run); several, or those that must be joined,
 * go through a store of their own (convert_begin …).
 */
#ifndef TOOL_CONVERT_H
#define TOOL_CONVERT_H

#include "formats/dump.h"
#include "formats/writer.h"
#include "feed/clockcheck.h"
#include "server/err.h"
#include "tool/refusals.h"
#include "store/store.h"

struct convert {
	/* what to do */
	struct input in;
	struct output out;
	const struct settings *settings;
	const struct zone *counter, *source; /* source NULL: the counter's */
	const struct writer *writer;
	const char *calls_as; /* "", or the target of calls as orders */
	const struct target_rule *target; /* see writer_env */
	size_t targets;
	int64_t now;
	const char *dir;           /* for what does not fit in memory */
	struct refusals *refusals; /* gets what is refused; may be NULL */
	/* Each refusal as it is found; may be NULL. */
	void (*refused)(
	    void *ctx, unsigned long line, bool row, const struct problem *p);
	void *ctx;

	/* what became of it */
	enum fmt_status status; /* FMT_END: converted; else why it was not */
	struct dump *dump;      /* its facts; NULL when there are none */
	struct tally tally;
	uint64_t written; /* rows */
	uint64_t future;  /* records left out, their time is to come */
	uint64_t unfit;   /* records that the output has no row for */
	bool other_kind;  /* of none of its records has the output a row */
	uint64_t bytes;   /* of the file */
	struct clock_warning clock[CLOCK_CODES]; /* of the dump's times */
	size_t clocks;

	/* its own */
	struct sorter *records, *orders;
	struct arena arena;
	int64_t oldest;
	struct merge_rules rules;
	struct profile profile;
	struct clock_seen seen;
	bool has_variants; /* the dump has ids with zeros to take off */
	struct writer_env env;
	struct err error; /* of a call-back */
	struct convert_store *store;
};

/*
 * -1 when the world is bad; a dump that is refused is status.  Nothing is
 * written when there is no order to write.
 */
int convert_run(struct convert *c, struct err *e);

/*
 * With several dumps: convert_begin, convert_add for each, convert_end. status,
 * dump and tally are the last one's; a dump that is refused as a whole changes
 * nothing.  fd is a regular file, and is read from its beginning.
 */
int convert_begin(struct convert *c, struct err *e);
int convert_add(struct convert *c, int fd, const char *name, struct err *e);
int convert_end(struct convert *c, struct err *e);

/* The instant before which records are too old for its file. */
int64_t convert_from(const struct convert *c);

void convert_free(struct convert *c); /* what it made itself */

#endif
