/*
 * From an open dump to the store: what ingest does with a dump that was just
 * dropped and rebuild with one from the archive, so that both come to the
 * same.
 *
 *      intake_open, intake_read, then intake_merge when intake.status is
 *      FMT_END; intake_close.
 */
#ifndef FEED_INTAKE_H
#define FEED_INTAKE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/dump.h"
#include "store/canon.h"
#include "feed/clockcheck.h"
#include "server/conf.h"
#include "server/err.h"
#include "feed/profile.h"
#include "feed/report.h"
#include "store/sieve.h"
#include "store/sorter.h"
#include "store/store.h"

struct intake {
	/* set by the caller */
	const struct conf *conf;
	const struct settings *settings;
	int64_t at;            /* decides what is too old */
	struct report *report; /* NULL: nobody asks */
	/* Told of what is refused, as the report is; may be NULL. */
	int (*refused)(void *ctx, unsigned long line, bool row,
	    const struct problem *p, const struct slice *cell, size_t cells,
	    struct err *e);
	void *refused_ctx;
	bool refuses_dates; /* and of rows too old or in the future */
	bool has_variants;  /* the feed has ids that differ by zeros, so that
			     * numbers may be refused; set when the dump does */
	bool want_canon;    /* pii = hash, at ingest */
	/* Opened here, filled in by intake_read, and closed by the caller; its
	 * zones last until intake_close.  May be NULL. */
	struct profile *profile;
	/* Whose rows are left out; NULL: nobody's. */
	const struct tombstones *stones;
	const char *dir; /* for what does not fit in memory; NULL: state/ */
	/* Instead of going to a merge, every record is shown.  too_old: the
	 * merge would not get it.  1: that is enough, 0, -1.  May be NULL. */
	int (*shown)(
	    void *ctx, const struct record *r, bool too_old, struct err *e);
	void *shown_ctx;
	void (*breathe)(void *ctx); /* may be NULL */
	void *ctx;
	void (*progress)(void *ctx, uint64_t done, uint64_t bytes);
	const bool *stop; /* may be NULL; true: end with an error */
	/* The merge's, as in struct merge_rules. */
	void (*merged)(void *ctx, const struct merge_order *was,
	    const struct merge_order *is);
	void *merged_ctx;
	bool dry;
	bool again;

	/* set by intake_open and intake_read */
	/* FMT_END, or why the dump is refused; FMT_OK: shown had enough. */
	enum fmt_status status;
	char reason[512];               /* the latter as a sentence */
	const struct dump_facts *facts; /* NULL when nothing is known */
	struct tally tally;             /* what was decided before the merge */
	char sha256[65]; /* of the decompressed bytes; with FMT_END */
	struct canon *canon;
	enum same_id same_id;
	struct clock_seen clock; /* complete after the merge */

	/* its own */
	struct zone *counter, *source;
	struct zone *its_counter, *its_source; /* the dump's own */
	struct input input;
	struct dump *dump;
	struct sieve sieve;
	struct sorter *sorter;
	struct arena arena;
	int fd;
	int unpacked; /* what fd's gzip held, if has_unpacked; then fd is it */
	bool has_unpacked;
	_Atomic uint64_t done;
	uint64_t bytes, breaths;
	int64_t oldest;
	struct merge_rules rules;
	struct err report_error;
};

/* -1: the world is bad.  A dump that cannot be read is no error here: status
 * and reason say so. */
int intake_read(struct intake *in, int fd, struct err *e);

/* What the merge needs to know of a dump; not its number and call-backs. */
void intake_rules(struct merge_rules *r, const struct settings *s,
    const struct dump_facts *facts, int64_t now);

/* After each record: JSON names its columns as it goes, and a status may be
 * among those that come late.  facts are those of dump_open. */
void intake_see_columns(struct merge_rules *r, const struct dump_facts *facts);

/* Within a transaction: store_merge, and the tally completed (I1). */
int intake_merge(
    struct intake *in, struct store *s, int64_t dump, struct err *e);

void intake_close(struct intake *in);

#endif
