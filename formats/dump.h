/*
 * A dump: bytes in, records out.  Runs decode, read, map, normalise and check
 * in this order and nothing else does; ingest and convert both stand on it.
 * Streams: memory does not grow with the dump.
 */
#ifndef FORMATS_DUMP_H
#define FORMATS_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/conv.h"
#include "formats/dated.h"
#include "formats/input.h"
#include "formats/map.h"
#include "formats/normal.h"
#include "formats/settings.h"
#include "formats/zone.h"

struct dump;

enum verdict {
	VERDICT_TAKE,
	VERDICT_SKIP,  /* status "skip", pipeline filter, start day */
	VERDICT_REJECT /* problems' last one says why */
};

struct record {
	unsigned long line;
	enum verdict verdict;
	struct conv conv;         /* with VERDICT_TAKE, and with a SKIP by
				   * status (its order may be known) */
	struct problems problems; /* values dropped, and why it is refused */
	const struct slice *cell; /* as it stood in the dump */
	size_t cells;
	bool broken;  /* the row cannot be trusted: its cells are what could be
		       * read of it */
	bool auto_id; /* it had no id and got one: auto-… of its content */
	bool skip_status; /* skipped for its status alone */
	/* What its status is, how it stands in the dump (empty: nowhere) and
	 * why it means what it means; false: the row did not come so far. */
	bool has_meaning;
	struct meaning meaning;
	struct slice pipeline, status;
};

struct dump_facts {
	const char *encoding, *compression, *syntax, *preset;
	char delimiter;
	unsigned long header_line;
	unsigned long preamble, repeated_headers, blank_lines, lines;
	unsigned long records, rejected, skipped, damaged;
	unsigned long values_dropped;
	/* Without a currency that is set: amounts in another one than the
	 * first that was named. */
	unsigned long other_currency;
	uint64_t packed_bytes, plain_bytes;
	enum record_kind kind; /* of its records */
	enum same_id same_id;  /* of its preset */
	bool joins_clients;    /* see preset.h */
	bool has_status;       /* is there a column of it, or of payment? */
	size_t columns;
	const char *const *header; /* as written, by column */
	const enum field *field;   /* by column; FIELD_COUNT is ignored */
	/* By column: why it is ignored, a sentence for message() (map_note);
	 * NULL when it is not.  google: a ClientID that is Google's, or may
	 * be. */
	const char *const *note;
	const bool *google;
	struct dated dated;  /* how creation times are written */
	const char *missing; /* with FMT_MISSING_COLUMN: its name */
	/* With FMT_PIPELINES: the first 16 different ones, and the status
	 * that the preset takes for a sale in any of them. */
	const char *const *pipeline;
	size_t pipelines;
	const char *paid_status;
};

/*
 * s, zones and in must outlive it.  source may be NULL: it is the counter's.
 * Reads up to and with the header, so that the facts about columns are there.
 * On an error other than FMT_IO *out is set all the same, for its facts.
 */
enum fmt_status dump_open(struct dump **out, const struct input *in,
    const struct settings *s, const struct zone *counter,
    const struct zone *source);
void dump_close(struct dump *d);

/*
 * To be called before any record is read: sift sees the cells of each before
 * they mean anything, and may put others in their place; what it puts there
 * may live in a, which lasts as long as the record.
 */
void dump_sift(struct dump *d,
    void (*sift)(void *ctx, struct arena *a, struct slice *cell, size_t cells),
    void *ctx);

/*
 * The next record, valid until the next call; FMT_END after the last one.
 * FMT_EMPTY when there was a header and nothing under it; FMT_DAMAGED only at
 * the end, when more than max_bad of the records were damaged: whoever reads
 * a dump merges nothing before FMT_END.
 *
 * A row with no id gets "auto-" and 16 hex of SHA-256(source, creation time,
 * normalised identifiers).  id_prefix is put before every other id.  With
 * pii = hash, e-mails and phones arrive as MD5 only.  An empty status stays
 * empty when the dump has a status column (the merge knows the order), else
 * it is the default.  A missing creation time or identifier is no reason to
 * refuse a row here: the merged order is what must have them.
 */
enum fmt_status dump_next(struct dump *d, struct record **out);

/* Once dump_next was called: only after the last call of it. */
const struct dump_facts *dump_facts(struct dump *d);

/* With FMT_PIPELINES: which pipelines there are and what to write, in a
 * sentence of at most size bytes with its terminator. */
void dump_pipelines(char *out, size_t size, const struct dump_facts *f);

void dump_sha256(const struct dump *d, uint8_t out[32]); /* after FMT_END */

#endif
