/*
 * What the files of trace share.
 */
#ifndef TOOL_TRACE_PRIVATE_H
#define TOOL_TRACE_PRIVATE_H

#include "feed/intake.h"
#include "formats/arena.h"
#include "formats/zone.h"
#include "store/merge.h"
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
	bool placed; /* the history says when it was merged */
};

/* A dump of the ledger (1, 0, -1), then whether it can have the order, then its
 * rows of it; their texts live in the arena.  A dump that cannot be read is no
 * error: unread says why. */
int trace_open(struct trace_dump *out, const struct trace_what *w, int64_t id,
    struct err *e);
int trace_rows(struct trace_dump *t, struct arena *a,
    const struct trace_what *w, struct err *e);
void trace_rows_free(struct trace_dump *t);

/* --- which dumps can have it (trace_seek.c) ------------------------------ */

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

/* --- an order's history, being replayed (trace.c) ------------------------ */

/* A published file, as it was when it was looked into last. */
struct file_seen {
	char file[64];
	uint64_t changes; /* trace.changes, then */
	bool known;
	enum trace_seen seen;
	json_t *values;
	int64_t created; /* what it carried; CONV_NONE */
};

struct version_seen {
	int64_t publication;
	int64_t created; /* the creation time it carried; CONV_NONE */
	json_t *pulls;   /* the item's list; borrowed */
};

/* What was decided about the order by an act. */
struct decided {
	int64_t act;
	enum ruling_what what;
	char *value;
};

struct trace {
	const struct trace_what *w;
	struct arena arena; /* rows, for as long as all lasts */
	struct zone *zone;  /* the counter's */
	struct trace_dump *dump;
	size_t dumps, shown; /* those before were told of */
	int64_t *date;       /* creation times that it ever had */
	size_t dates;
	struct decided *decided;
	size_t decisions;

	struct merge_state merge;
	struct merge_order order; /* as it is by now; with live */
	bool live;
	uint64_t changes; /* how often it may have changed */
	bool elsewhere;   /* a dump that was withdrawn had it */

	struct file_seen *file;
	size_t files;
	struct version_seen *version; /* by publication */
	size_t versions;
	json_t *history, *unread;
};

json_t *trace_when(int64_t at);
/* A creation time that it ever had; CONV_NONE is none. */
void trace_note_date(struct trace *t, int64_t date);

/* --- its dumps (trace_merge.c) ------------------------------------------- */

/* Dumps that the history does not have, in their places by time: those until
 * then, before that number; INT64_MAX: every one that is left. */
void trace_show_others(struct trace *t, int64_t until, int64_t id);
void trace_replay_dump(struct trace *t, int64_t id);

/* --- its versions (trace_publish.c) -------------------------------------- */

int trace_replay_publication(struct trace *t, int64_t id, struct err *e);
void trace_replay_pull(struct trace *t, int64_t publication);
/* Of store_pulls; ctx is the trace. */
bool trace_note_pull(void *ctx, const struct pull *p);

#endif
