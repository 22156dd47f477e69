/*
 * The life of one order: what each dump said of it and what that became, which
 * published versions carried it, which pulls took those to Direct, what people
 * decided, and what it is now.  Reads the store and the archive; changes
 * nothing.
 *
 * trace.c replays the order's history: trace_merge.c its dumps, trace_publish.c
 * its versions.  trace_rows.c finds its rows in a dump, trace_seek.c the dumps
 * that can have any; trace_tell.c says what a row became, trace_version.c finds
 * the order in a version.
 */
#ifndef TOOL_TRACE_H
#define TOOL_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

struct trace_what {
	const struct conf *conf;
	const struct feed *feed;
	struct store *store;
	enum record_kind kind;
	const char *id;
	bool plain; /* personal data as it stands, not masked */
	/* Dump n of so many is read next; may be NULL. */
	void (*progress)(void *ctx, size_t n, size_t of);
	void *ctx;
};

/*
 * {"feed", "order", "kind", "zone", "history": […], "unread": […],
 *  "now": {…} or null}.  In the history, in the order in which it happened:
 *
 *	{"what": "dump", "dump", "name", "rows": […], "merge": {…} or null, …}
 *	{"what": "version", "file", "last_modified", "values", "pulls": […], …}
 *	{"what": "act", "op", "actor", "reason", …}
 *
 * unread: dumps whose archived copies expired or cannot be read.  Texts are in
 * the reader's language.  -1.
 */
int trace_order(json_t **out, const struct trace_what *w, struct err *e);

#endif
