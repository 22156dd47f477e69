/*
 * Where records of a JSON dump begin and end when their own grammar cannot
 * say: one of them is broken, or is longer than the limit.
 *
 * Brackets are followed without their meaning; where they do not match either,
 * the next place counts that looks like the beginning of a record: a brace
 * that stands on a line of its own at the depth where records did, or, in a
 * dump that is one long line, one behind a comma with the first name that
 * records have.
 */
#ifndef FORMATS_JSON_FEET_H
#define FORMATS_JSON_FEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"

static inline bool
json_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* What stands before a record. */
struct json_gap {
	bool comma, own_line;
	size_t indent; /* blanks before it on its own line */
};

/* Goes over blanks and commas from p[at]; returns what is behind, or n. */
size_t json_gap(struct json_gap *g, const char *p, size_t n, size_t at);

/* How records stand in the dump. */
struct json_layout {
	bool own_line;
	size_t indent;
	char key[64]; /* the first name with its quotes, cut; for one line */
	size_t key_n;
};

/* Of the record at p, when g was before it. */
void json_layout(
    struct json_layout *l, const struct json_gap *g, const char *p, size_t n);

enum json_found {
	JSON_ON, /* not until here: ask again with more */
	JSON_END,
	JSON_LOST
};

enum {
	JSON_BALANCE = 1024 /* brackets within brackets that are followed */
};

struct json_balance { /* begins as { 0 } */
	uint64_t square[JSON_BALANCE / 64];
	unsigned depth;
	bool string, escaped, new_line;
	size_t indent;
};

/*
 * Follows a value over p[0 … n), more of it than at the last call; *at is how
 * far it got.  JSON_END: there the value ends, or, with a layout (else NULL),
 * the next record surely begins.  JSON_LOST: the brackets do not match.
 */
enum json_found json_balance(struct json_balance *b,
    const struct json_layout *l, const char *p, size_t n, size_t *at);

/*
 * The next record that begins behind p[from], or the end of its list (list
 * says whether there is one): JSON_END, at *at.  JSON_ON: none is there before
 * *at.  whole: nothing follows p[n].
 */
enum json_found json_feet(const struct json_layout *l, bool list, const char *p,
    size_t n, bool whole, size_t from, size_t *at);

/*
 * The list of objects in the object at p: the first one, in whatever object
 * within objects.  *at is its bracket, *depth how many objects are around it.
 * False when there is none; then *empty says whether there is one with a name
 * such as "orders" and nothing in it.
 */
bool json_find_list(
    const char *p, size_t n, size_t *at, unsigned *depth, bool *empty);

#endif
