/*
 * Buffered output of text, with the cells of a CSV in mind.  The first error
 * sticks and is answered by out_end.
 */
#ifndef FORMATS_OUT_H
#define FORMATS_OUT_H

#include <stdint.h>
#include "formats/input.h"
#include "formats/slice.h"

struct out {
	struct output to;
	uint64_t bytes; /* put so far */
	size_t used;
	int failed; /* errno of the first failure */
	char buf[65536];
};

void out_begin(struct out *o, struct output to);
int out_end(struct out *o); /* flushes; 0 or -1 with errno */

void out_bytes(struct out *o, const void *p, size_t n);
void out_slice(struct out *o, struct slice s);
void out_char(struct out *o, char c);
void out_number(struct out *o, int64_t n);
void out_money(struct out *o, int64_t minor); /* "15000", "1508.50" */

/* Quoted when it holds ; , " CR or LF, '"' doubled. */
void out_cell(struct out *o, struct slice s);

/* The same on one line: CR, LF and CRLF each become a space. */
void out_cell_line(struct out *o, struct slice s);

/* A JSON string with its quotes.  Bytes that are no UTF-8 come out as U+FFFD:
 * the text stays JSON whatever went in. */
void out_json(struct out *o, struct slice s);

#endif
