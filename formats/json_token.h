/*
 * Parts of JSON's text: what escapes in a string mean, and what a number is.
 */
#ifndef FORMATS_JSON_TOKEN_H
#define FORMATS_JSON_TOKEN_H

#include <stdbool.h>
#include "formats/arena.h"
#include "formats/slice.h"

/* What a string may say and a text should not hold. */
struct json_odd {
	bool nul;     /* a zero */
	bool garbled; /* half a pair, or U+FFFD itself */
};

/* The text of a string with backslashes, without its quotes, in the arena.
 * NULL, or what is wrong with it. */
const char *json_unescape(
    struct arena *a, struct slice s, struct slice *out, struct json_odd *odd);

bool json_is_number(struct slice s);

#endif
