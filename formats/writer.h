/*
 * Output formats.  Each is one file, write_NAME.c, with one constant struct
 * writer; WRITERS in Makefile.am lists them.
 */
#ifndef FORMATS_WRITER_H
#define FORMATS_WRITER_H

#include <stdbool.h>
#include "formats/conv.h"
#include "formats/out.h"
#include "formats/zone.h"

struct writer_env {
	const struct zone *zone; /* the counter's */
	bool hash;               /* pii = hash */
};

struct column {
	const char *name;
	void (*put)(
	    struct out *o, const struct conv *c, const struct writer_env *env);
};

struct writer {
	const char *name; /* "conversion-center" */
	const char *file; /* "conversions.csv" */
	char delimiter;
	const struct column *column;         /* ends with name NULL */
	bool (*takes)(const struct conv *c); /* is the order a row here? */
};

extern const struct writer *const writer_all[];        /* ends with NULL */
const struct writer *writer_by_name(const char *name); /* NULL */

void writer_header(const struct writer *w, struct out *o);
void writer_row(const struct writer *w, struct out *o, const struct conv *c,
    const struct writer_env *env);

#endif
