/*
 * Tags of HTML, as browsers take them, as far as tables need.
 */
#ifndef FORMATS_HTML_TAG_H
#define FORMATS_HTML_TAG_H

#include <stdbool.h>
#include "formats/slice.h"

enum {
	HTML_NAME_BYTES = 16
};

struct html_tag {
	char name[HTML_NAME_BYTES]; /* in lower case; empty: it is longer */
	bool closes;
	struct slice rest; /* its attributes */
};

enum html_effect {
	HTML_TEXT, /* it only formats */
	HTML_TABLE,
	HTML_PART, /* of a table: rows end here */
	HTML_ROW,
	HTML_CELL,
	HTML_BREAK,
	HTML_RAW, /* what is in it is no text */
	HTML_PAGE
};

static inline bool
html_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool
html_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The tag that begins at p and has n bytes. */
void html_tag_read(struct html_tag *t, const char *p, size_t n);

/* Where the '>' of the tag at p is: one in quotes is none.  SIZE_MAX when it
 * is not in the n bytes. */
size_t html_tag_end(const char *p, size_t n);

/* The number of an attribute, "colspan"; 1 when there is none. */
size_t html_attribute(struct slice rest, const char *name);

enum html_effect html_effect(const char *name);

#endif
