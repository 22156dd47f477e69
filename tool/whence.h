/*
 * Where an order came from: from a line of a published file to its id, from
 * the id to the dump and line in the archive.  Reads only.
 */
#ifndef TOOL_WHENCE_H
#define TOOL_WHENCE_H

#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

struct whence;

int whence_open(struct whence **out, const struct conf *c, struct err *e);
void whence_close(struct whence *w); /* NULL is fine */

struct whence_place {
	char feed[FEED_NAME_MAX + 1];
	struct dump_entry dump;
	unsigned long line;
	char original[512]; /* the dump's line, cut; "" when it is not there */
};

/* In any feed, or in the one that is named.  1 found, 0, -1. */
int whence_order(struct whence *w, const char *feed, const char *id,
    struct whence_place *out, struct err *e);

struct whence_wanted {
	unsigned long line; /* of the published file, the header is 1 */
	char id[256];       /* gets the row's id; "" when there is none */
};

/* The ids in lines of conversions.csv as it was pulled last, or published last
 * when nobody has pulled it.  wanted is sorted by line. */
int whence_ids(struct whence *w, const char *feed, struct whence_wanted *wanted,
    size_t n, struct err *e);

#endif
