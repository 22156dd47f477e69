/*
 * An archived dump without the erased: its own header and cells once more, in
 * plain CSV, each row on the line it had (where several had one line they
 * follow each other), so that reading it again comes to the same and a later
 * mapping still has every column.  That it does is tried; a dump of which it
 * is not true is kept in canonical form (canon.h) instead.
 */
#ifndef FEED_WINNOW_H
#define FEED_WINNOW_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/settings.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/tombstone.h"

enum winnow_found {
	WINNOW_CLEAN,
	WINNOW_FOUND,
	WINNOW_UNKNOWN /* it cannot be read to its end, and what could be read
			* has nobody in it */
};

struct winnow {
	/* set by the caller */
	const struct conf *conf;
	const struct tombstones *stones;
	const char *dir;            /* for unnamed files; NULL: state/ */
	void (*breathe)(void *ctx); /* may be NULL */
	void *ctx;
	const bool *stop; /* may be NULL; true: end with an error */
	/* Told of each row that somebody is found in, whatever becomes of it;
	 * may be NULL.  dropped: nothing of it is left. */
	void (*row)(
	    void *ctx, unsigned long line, bool dropped, const struct conv *c);
	void *row_ctx;

	/* set by winnow_look */
	enum winnow_found found;
	uint64_t dropped, changed; /* rows */

	/* its own */
	uint8_t digest[32];
	char **header;
	size_t columns;
	unsigned long header_line;
	char delimiter;
	bool is_csv, ended;
};

void winnow_free(struct winnow *w); /* what winnow_look made */

/* Reads the dump as settings say; its bytes are fd's. */
int winnow_look(
    struct winnow *w, const struct settings *s, int fd, struct err *e);

/* After a WINNOW_FOUND that could be read to its end (winnow_can): *out is an
 * unnamed file with the dump without them, at its beginning, and *settings the
 * settings' text that reads it. */
bool winnow_can(const struct winnow *w);
int winnow_write(struct winnow *w, const struct settings *s, int fd, int *out,
    char **settings, struct err *e);

#endif
