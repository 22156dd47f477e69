/*
 * One dump into one publishable file, without a store: what ingest and publish
 * do for a feed that knows no order yet.  Streams through sorters.
 */
#ifndef SERVER_CONVERT_H
#define SERVER_CONVERT_H

#include "formats/dump.h"
#include "formats/writer.h"
#include "server/err.h"
#include "server/refusals.h"
#include "server/store.h"

struct convert {
	/* what to do */
	struct input in;
	struct output out;
	const struct settings *settings;
	const struct zone *counter, *source; /* source NULL: the counter's */
	const struct writer *writer;
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
	uint64_t written; /* orders */
	uint64_t future;  /* orders left out, their time is to come */
	uint64_t bytes;   /* of the file */

	/* its own */
	struct sorter *records, *orders;
	struct arena arena;
	int64_t oldest;
	struct err error; /* of a call-back */
};

/*
 * -1 when the world is bad; a dump that is refused is status.  Nothing is
 * written when there is no order to write.
 */
int convert_run(struct convert *c, struct err *e);
void convert_free(struct convert *c); /* what it made itself */

#endif
