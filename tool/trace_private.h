/*
 * What the files of trace share.
 */
#ifndef TOOL_TRACE_PRIVATE_H
#define TOOL_TRACE_PRIVATE_H

#include "formats/arena.h"
#include "formats/zone.h"
#include "feed/intake.h"
#include "tool/trace.h"

/* --- a dump's rows (trace_rows.c) ---------------------------------------- */

struct trace_row {
	unsigned long line;
	bool merges;       /* it went to the merge */
	bool skip;         /* its status says skip */
	struct slice conv; /* packed; with merges */
	json_t *told;      /* trace_tell_row */
};

struct trace_dump {
	struct dump_entry d;
	const char *unread;       /* why not, for message(); NULL: it was */
	struct merge_rules rules; /* of its merge, as far as one order needs */
	struct settings *settings;
	enum record_kind kind;
	char preset[64], encoding[32];
	struct slice needle; /* of its bytes; empty: any */
	bool sought;         /* it was looked for, and is in so many places */
	uint64_t places;
	struct trace_row *row;
	size_t rows;
};

/* A dump of the ledger (1, 0, -1), then whether it can have the order, then its
 * rows of it; their texts live in the arena.  A dump that cannot be read is no
 * error: unread says why. */
int trace_open(struct trace_dump *out, const struct trace_what *w, int64_t id,
    struct err *e);
int trace_rows(struct trace_dump *t, struct arena *a,
    const struct trace_what *w, struct err *e);
void trace_rows_free(struct trace_dump *t);

/* --- which dumps can have it (trace_seek.c) ------------------------------- */

/* What its raw bytes must have somewhere when a text names the id: the longest
 * part of it that no syntax or encoding of text changes; empty: nothing. */
struct slice trace_needle(struct slice id);
uint64_t trace_occurrences(struct slice s, struct slice needle);
/* All n of them, by several threads; they are those after so many before, of
 * so many in all. */
void trace_seek(struct trace_dump *d, size_t n, const struct trace_what *w,
    size_t before, size_t of);

/* --- what a row became (trace_tell.c) ------------------------------------ */

struct trace_tell {
	const struct settings *settings;
	const struct dump_facts *facts;
	const struct zone *counter, *source;
	bool plain;
};

/* {"line", "verdict", "cells", "fields", "dropped", "reason"} */
json_t *trace_tell_row(
    const struct trace_tell *t, const struct record *r, bool too_old);

/* A value as it is published, masked unless plain; null when unknown. */
json_t *trace_value(
    const struct conv *c, enum field f, const struct zone *zone, bool plain);
/* All that is known: {"revenue": "100", …}. */
json_t *trace_values(const struct conv *c, const struct zone *zone, bool plain);

/* --- versions (trace_version.c) ------------------------------------------ */

enum trace_seen {
	SEEN_THERE,   /* the version has it: values */
	SEEN_ABSENT,  /* it has not */
	SEEN_NO_IDS,  /* the file has no ids in it */
	SEEN_EXPIRED, /* the archived copy is gone */
	SEEN_BROKEN   /* it cannot be read */
};

/* Its cells by column, not masked; *values is NULL unless SEEN_THERE. */
enum trace_seen trace_version(json_t **values, const struct conf *c,
    const struct publication *p, enum record_kind kind, struct slice id);

/* Takes the creation time out of what trace_version found (else *created stays)
 * and masks the rest unless plain. */
void trace_version_settle(json_t **values, int64_t *created, const char *file,
    const struct zone *zone, bool plain);

/* The writer of a published file; NULL. */
const struct writer *trace_writer(const char *file);

#endif
