/*
 * What the columns of a dump are called in its reports.  A line "Phone: +7 …"
 * before the real header may be taken for it, so a header may have a person in
 * it.
 */
#ifndef FEED_REPORT_HEADER_H
#define FEED_REPORT_HEADER_H

#include "formats/dump.h"

/* Whom a header is shown: the letters' readers must be able to name columns in
 * the configuration, those of the twins need not. */
enum veil {
	VEIL_NONE,
	VEIL_CONTACTS,
	VEIL_STRICT
};

/* How many; 0 when the dump has none, or facts is NULL. */
size_t report_columns(const struct dump_facts *facts);
const char *report_header(
    enum veil v, const struct dump_facts *facts, size_t i);

/* All of them; the array is to be freed. */
const char **report_headers(enum veil v, const struct dump_facts *facts);

#endif
