/*
 * Which mistake is meant?  Finds in a text what Direct or convdrop said: a
 * code, a banner in any wrapping or in part, a row's error with its values, one
 * of our own sentences.
 */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include "formats/errors.h"
#include "formats/slice.h"

struct explain; /* the texts that are known */

struct explain *explain_new(void);
void explain_free(struct explain *x); /* NULL is fine */

struct explain_match {
	const struct error_info *info;
	/* as the text has them; empty when it names none */
	char column[64], value[256];
};

#define EXPLAIN_MATCHES 8

/* How many it found, each mistake once.  A text longer than 4 KiB is looked at
 * in its first 4 KiB. */
size_t explain_text(const struct explain *x, struct slice text,
    struct explain_match out[EXPLAIN_MATCHES]);

/* "line 12", "row 12", "строка 12", "в строке 12"; 0 when none is named. */
unsigned long explain_line_of(struct slice text);

#endif
