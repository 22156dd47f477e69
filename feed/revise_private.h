/*
 * What the files of revising share: revise.c leads from the beginning to the
 * commit, revise_choose.c says which dumps are read otherwise and what becomes
 * of them, revise_carried.c what publications carried of a record,
 * revise_record.c what one record becomes.
 */
#ifndef FEED_REVISE_PRIVATE_H
#define FEED_REVISE_PRIVATE_H

#include "feed/rebuild.h"
#include "feed/restate.h"
#include "feed/revise.h"

/* A dump that is read with today's settings. */
struct chosen {
	int64_t id;
	bool other;  /* than they were */
	bool empty;  /* all of it was rejected before */
	bool hashed; /* only its hashed records are in the archive */
	struct tally tally;
	char preset[64], encoding[32]; /* "": as they were */
	char *profile;                 /* NULL: as it was */
};

/* One that is at work. */
struct revise {
	struct revise_how how;
	struct store *scratch;
	struct replay replay;
	struct restate restate;
	struct chosen *chosen;
	size_t n, room;
	struct dump_entry reading; /* as the ledger has it; id 0: none is */
	struct edition *edition;   /* the feed's publications */
	size_t editions;
	struct act *act; /* while it is settled; NULL: nothing is kept */
	revise_told *told;
	void *told_ctx;
	struct revise_tally tally;
	struct arena a; /* of one record */
	uint64_t breaths;
};

/* --- revise_choose.c ------------------------------------------------------ */

/* May that dump be withdrawn, or read once more?  -1 with the reason. */
int revise_check_dump(const struct revise_how *h, int64_t id, struct err *e);

/* For struct replay, whose ctx is the struct revise. */
int revise_choose(
    void *ctx, const struct dump_entry *d, char **text, struct err *e);
int revise_reading(void *ctx, struct dump_entry *d, struct reread *again,
    bool merged, struct err *e);
void revise_merged(void *ctx, const struct dump_entry *d);

/* Why a dump could not be read is in e: what is gone that it was read with
 * comes before that.  -1. */
int revise_blame(const struct revise *r, struct err *e);
/* All are read: -1 when one of them cannot be used. */
int revise_check_chosen(struct revise *r, struct err *e);
/* From then on: is it a dump that is left out, or read otherwise? */
bool revise_is_revised(const struct revise *r, int64_t dump);
/* The ledger says what was done to them. */
int revise_mark(struct revise *r, const struct act *a, struct err *e);

/* --- revise_carried.c ----------------------------------------------------- */

/* All times that were carried, as many as k->carries + 1 at most: the ones
 * before, and the one it has, until the last publication there is. */
size_t revise_all_carried(
    const struct kept *k, int64_t top, struct carried *out);
/* Did the same publications carry the same times? */
bool revise_carried_alike(
    struct revise *r, const struct kept *a, const struct kept *b);
/* Did a publication (that was pulled) carry the record? */
bool revise_went_out(const struct revise *r, const struct kept *k,
    enum record_kind kind, bool pulled);

/* --- revise_record.c ------------------------------------------------------ */

/* A record that no dump has any more, one that none had before, and one that
 * is there before and after: what it becomes is told, and what must be
 * remembered of it is a ruling. */
int revise_lost(struct revise *r, enum record_kind kind,
    const struct kept *live, struct err *e);
int revise_made(struct revise *r, enum record_kind kind,
    const struct kept *scratch, struct err *e);
int revise_both(struct revise *r, enum record_kind kind,
    const struct kept *live, const struct kept *scratch, struct err *e);

#endif
