/*
 * Will the destination take this file?  Says so with the destination's own
 * texts (domain/conversion-formats.md 2.1 and 2.2; cases: families cc., csv.,
 * off., calls. and chats. of tests/data/vectors.tsv).  Strict where the reader
 * of dumps is tolerant.
 */
#ifndef FORMATS_LINT_H
#define FORMATS_LINT_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/input.h"
#include "formats/status.h"

struct lint_options {
	const char *output; /* a writer's name */
	int64_t now;        /* seconds since 1970-01-01 00:00:00 on the wall
			     * clock of the counter's zone */
	int64_t instant;    /* the same in Unix seconds, UTC */
	const char *const *goal; /* ids of existing goals */
	size_t goals;
	bool any_goal;   /* take every well-formed goal id */
	bool ids_differ; /* two rows of one id are not looked for, which takes
			  * memory that grows with the file */
};

struct lint_finding {
	unsigned long line; /* 0: the file as a whole */
	const char *column; /* "" : the row as a whole */
	bool warning;       /* the destination takes it all the same */
	const char *code;   /* reject_code, or "separator", "size" … */
	const char *text;
};

struct lint_totals {
	unsigned long rows, valid, errors, warnings;
	uint64_t bytes;
};

/* Calls found once a finding, in the order of lines.  Two rows of one id, a
 * BOM, and rows older than 111 days are warnings.  Of an output that is CSV or
 * JSON the file's first byte tells which it is.  FMT_IO when reading failed;
 * FMT_SETTINGS for an unknown output. */
enum fmt_status lint_run(const struct input *in, const struct lint_options *o,
    void (*found)(void *ctx, const struct lint_finding *f), void *ctx,
    struct lint_totals *totals);

#endif
