/*
 * One XML file in a zip archive, read by expat as a stream.  Names come without
 * their prefix, since producers choose those as they like.  What no
 * spreadsheet program writes ends it: a document type, and with it every kind
 * of entity; names, nesting or single tags that need more than a few MB.
 */
#ifndef FORMATS_XML_PART_H
#define FORMATS_XML_PART_H

#include "formats/slice.h"
#include "formats/status.h"
#include "formats/unzip.h"

struct xml_part;

struct xml_hooks {
	/* attr: name, value, …, NULL; see xml_attr */
	void (*start)(void *ctx, const char *name, const char **attr);
	void (*end)(void *ctx, const char *name);
	void (*text)(void *ctx, struct slice s); /* in pieces; may be NULL */
};

/* FMT_XLSX when there is no such member. */
enum fmt_status xml_open(struct xml_part **out, struct unzip *z,
    const char *name, const struct xml_hooks *hooks, void *ctx);
void xml_close(struct xml_part *x); /* NULL is fine */

/* Reads on until a hook pauses it (FMT_OK), to the end (FMT_END), or until
 * something is wrong. */
enum fmt_status xml_run(struct xml_part *x);

/* For hooks: xml_run returns, with FMT_OK or with why. */
void xml_pause(struct xml_part *x);
void xml_fail(struct xml_part *x, enum fmt_status why);

/* The attribute's value; NULL. */
const char *xml_attr(const char **attr, const char *name);

/* All of it at once: FMT_OK, not FMT_END. */
enum fmt_status xml_read(struct unzip *z, const char *name,
    const struct xml_hooks *hooks, void *ctx, struct xml_part **running);

#endif
