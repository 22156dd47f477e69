/*
 * The store: the ledger of dumps, a record per feed and order, publications and
 * pulls.  SQLite in state/store.db, and all SQL is in store_sql.c; another
 * engine can stand behind this header.  ingest alone writes; convdrop reads.
 *
 * Everything between store_begin and store_commit is one transaction; a reader
 * sees the store as it was when it first read.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/conv.h"
#include "formats/settings.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/sorter.h"

struct store;

/*
 * A feed's records are kept by their kind; each kind has ids of its own.  A set
 * of kinds is their bits, ORed.
 */
#define KIND_BIT(kind) (1U << (kind))

/* What goes before a call's id where calls are orders too. */
#define CALL_ORDER_PREFIX "call-"

/* read_only: for convdrop beside a running daemon; writes fail. */
int store_open(
    struct store **out, const char *path, bool read_only, struct err *e);
/* A store for as long as it is open: empty at first, in a file without a name
 * in the folder dir, so that nothing is left of it.  Nothing is taken back
 * either: after an error it can only be closed. */
int store_open_scratch(struct store **out, const char *dir, struct err *e);
void store_close(struct store *s);

/* Of a store that is only read: whatever others write, it stays as it is. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* Takes what was committed over into the database's own file: to be called when
 * nobody waits.  Until then it lies beside it, just as safe.  No error. */
void store_tidy(struct store *s);

/* --- the ledger ------------------------------------------------------- */

enum dump_state {
	DUMP_MERGED,
	DUMP_REFUSED,
	DUMP_HELD,
	DUMP_WITHDRAWN
};
const char *dump_state_name(enum dump_state s);

/* I1: records = accepted + unchanged + superseded + skipped + rejected. */
struct tally {
	uint64_t records;
	uint64_t accepted, unchanged, superseded, skipped, rejected;
	uint64_t values_dropped;
	uint64_t too_old; /* of skipped */
	uint64_t future;  /* of accepted and unchanged: held until past */
	uint64_t auto_ids;
	uint64_t same_id; /* records that share their id within the dump */
	uint64_t
	    amounts_differ;  /* orders whose same-id rows' revenue differs */
	uint64_t dates_kept; /* orders whose frozen creation time stayed */
	uint64_t skip_kept;  /* known orders whose new status is skip */
	uint64_t identifiers_kept; /* orders where the dump lacks a known one */
	uint64_t waiting; /* orders that name a client who is not known yet */
	uint64_t other_currency; /* amounts in another one than the first */
	uint64_t erased;         /* of skipped: rows of erased persons */
	uint64_t cleared;        /* rows that lost an erased identifier */
};

struct dump_entry {
	int64_t id; /* ascending in the order of ingest */
	char feed[FEED_NAME_MAX + 1], source[FEED_NAME_MAX + 1];
	char name[256];
	enum dump_state state;
	int64_t at;           /* when it was ingested */
	uint64_t bytes;       /* as dropped */
	char sha256[65];      /* of the decompressed bytes */
	char fingerprint[65]; /* of the settings' text */
	char archive[512];    /* relative to the instance */
	char preset[64], encoding[32];
	char reason[2048]; /* why refused or held; else "" */
	struct tally tally;
};

/* The next number: that of the dump that is added next. */
int store_dump_next(struct store *s, int64_t *out, struct err *e);
/* Puts it in under d->id, or when that is 0 under the next number, which it
 * then is.  settings is settings_text(). */
int store_dump_add(
    struct store *s, struct dump_entry *d, const char *settings, struct err *e);
int store_dump_set(struct store *s, const struct dump_entry *d, struct err *e);

/* Was a dump with these bytes, feed, source and fingerprint merged (I7)?
 * 1 and *out, 0, -1. */
int store_dump_known(struct store *s, const char *feed, const char *source,
    const char *sha256, const char *fingerprint, struct dump_entry *out,
    struct err *e);

/* Newest first; feed NULL for all; limit 0 for all.  each returns false to
 * stop. */
int store_dumps(struct store *s, const char *feed, unsigned limit,
    bool (*each)(void *ctx, const struct dump_entry *d), void *ctx,
    struct err *e);
/* The numbers of a feed's dumps after the number after, or of those alone that
 * are merged, the oldest first; *out is the caller's to free. */
int store_dump_ids(struct store *s, const char *feed, int64_t after,
    bool merged, int64_t **out, size_t *n, struct err *e);
int store_dump_get(struct store *s, int64_t id, struct dump_entry *out,
    char **settings, struct err *e); /* 1 found, 0, -1; settings malloc'ed */

/* --- what dumps were like (profile.h), and those that wait ------------- */

int store_profile_set(
    struct store *s, int64_t dump, const char *text, struct err *e);
int store_profile_get(struct store *s, int64_t dump, char **text,
    struct err *e); /* 1, 0, -1; malloc'ed; "" of an old dump */
/* Whose dumps: of a feed, source and kind, and with that member (profile.h);
 * "": with any. */
struct profile_of {
	const char *feed, *source, *member;
	enum record_kind kind;
};
/* Of the newest merged one of those with a number below before: 1, 0, -1. */
int store_profile_before(struct store *s, const struct profile_of *of,
    int64_t before, int64_t *dump, char **text, struct err *e);

/* Was anything ever merged into the feed?  Anything of that kind?  1, 0, -1. */
int store_has_history(struct store *s, const char *feed, struct err *e);
int store_has_kind(
    struct store *s, const char *feed, enum record_kind kind, struct err *e);
/* Was a dump of that preset merged from the source?  1, 0, -1. */
int store_has_preset(struct store *s, const char *feed, const char *source,
    const char *preset, struct err *e);

/* Does a dump with these bytes, feed, source and fingerprint wait (held)?  1
 * and *out, 0, -1. */
int store_dump_waits(struct store *s, const char *feed, const char *source,
    const char *sha256, const char *fingerprint, struct dump_entry *out,
    struct err *e);
/* Those of the feed that wait, the oldest first; each returns false to stop. */
int store_dumps_held(struct store *s, const char *feed,
    bool (*each)(void *ctx, const struct dump_entry *d), void *ctx,
    struct err *e);

/* --- merging ---------------------------------------------------------- */

/*
 * Records for store_merge are sorted by key (the order id) and sequence (the
 * line, shifted left by 8, so that a record may carry several).  Their bytes:
 */
struct merge_record {
	unsigned long line;
	struct slice conv;  /* conv_pack */
	struct slice cells; /* the original row, packed by whoever reports it;
			     * only where it may yet be rejected */
	bool auto_id;
	bool skip_status; /* matters only when the order is known */
	size_t prefix;    /* bytes of its id that the source's id_prefix is */
	/* When it is rejected with REJECT_ID_VARIANT: the id that it is a
	 * variant of. */
	struct slice known;
};
/* Appends to the sorter with key = the conv's id. */
int store_merge_add(struct sorter *to, const struct merge_record *r,
    struct slice id, struct err *e);

struct merge_order; /* merge.h */

struct merge_rules {
	enum record_kind kind;
	const char *feed;
	const char *source;
	int64_t dump; /* its ledger id; the ingest sequence */
	int64_t now;
	enum same_id same_id; /* LAST, FIRST or SUM */
	bool has_status; /* the dump has a status column: an empty status of
			  * a new order is refused */
	enum skip_known skip_known;
	bool any_identifier; /* user_id, yclid, purchase_id are identifiers */
	bool joins_clients;  /* so is the client_uniq_id of an order */
	size_t prefix;       /* bytes of the source's id_prefix */
	/* A record that the merge rejects: REJECT_NO_IDENTIFIER,
	 * REJECT_DATE_EMPTY, REJECT_STATUS_EMPTY, REJECT_PLATFORM_EMPTY,
	 * REJECT_ID_VARIANT. */
	void (*rejected)(
	    void *ctx, const struct merge_record *r, enum reject why);
	void *ctx;
	/* Told of every order that the dump has and that is made or known: what
	 * it was (NULL: nobody knew it) and what it is after the dump, changed
	 * or not.  The dump's ids ascend.  May be NULL. */
	void (*merged)(void *ctx, const struct merge_order *was,
	    const struct merge_order *is);
	void *merged_ctx;
	/* Nothing is kept, and the store may be read-only: only tallied and
	 * told. */
	bool dry;
	/* The dump, or one after it, was merged before: what changes is no step
	 * that a status takes. */
	bool again;
	/* status_steps = each: statuses wait for a pull of the one before. */
	bool each_step;
	/* Called now and then in a long merge; may be NULL. */
	void (*breathe)(void *ctx);
};

/*
 * Merges all records of one dump by design 2 "Merge".  Call inside a
 * transaction.  Adds to t what became of each record; the records that this
 * function is given are each in exactly one bucket afterwards.
 */
int store_merge(struct store *s, struct sorter *sorted,
    const struct merge_rules *rules, struct tally *t, struct err *e);

/* Has the feed ids that differ from numbers by zeros ("00123", "123.0")? */
int store_has_variants(
    struct store *s, const char *feed, bool *out, struct err *e);

/* --- orders ----------------------------------------------------------- */

struct order {
	enum record_kind kind;
	struct slice id;
	int64_t create_time;
	bool frozen;    /* a completed pull carried create_time */
	bool ruled;     /* its status is what somebody decided */
	int64_t pulled; /* when the first one did; 0: none */
	int64_t dump;   /* what its newest values came from */
	unsigned long line;
	struct conv conv;
};

/* Records of these kinds of the feed, created within from … to (inclusive), in
 * the order of creation time, then id; those without a creation time (contacts
 * may lack it) come first, when from is INT64_MIN.  Beside orders a call's id
 * has CALL_ORDER_PREFIX.  each returns -1 (with e set) to stop. */
int store_orders(struct store *s, const char *feed, unsigned kinds,
    int64_t from, int64_t to,
    int (*each)(void *ctx, const struct order *o, struct err *e), void *ctx,
    struct err *e);

/* 1 found (conv's texts live in a), 0, -1. */
int store_order(struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, struct order *out, struct err *e);

/* Its values alone, and without a look at what was pulled: for very many. */
int store_values(struct store *s, struct arena *a, const char *feed,
    enum record_kind kind, struct slice id, struct conv *out, struct err *e);

/* A sorter whose runs lie where the store's own do. */
int store_sorter(
    struct store *s, struct sorter **out, size_t memory_bytes, struct err *e);

/* The next instant after now at which a held order becomes past, or
 * INT64_MAX. */
int store_next_due(struct store *s, const char *feed, int64_t now, int64_t *out,
    struct err *e);
int store_count(struct store *s, const char *feed, unsigned kinds, int64_t from,
    int64_t to, uint64_t *out, struct err *e);

/* --- statuses that no pull carried -------------------------------------- */

/*
 * A status that was replaced by another one before any completed pull carried
 * it never reached Direct.  store_merge counts such pairs by day, once the
 * feed has been pulled at all (store_steps.c).  The counts are of what was so:
 * no withdrawal changes them.
 */
struct missed {
	int64_t day; /* since 1970-01-01, UTC, of the dump that replaced it */
	char status[256], next[256];
	uint64_t n; /* orders */
};

/* Those since that day, by day, then by status. */
int store_missed(struct store *s, const char *feed, int64_t day,
    void (*each)(void *ctx, const struct missed *m), void *ctx, struct err *e);

/*
 * status_steps = each (store_queue.c): store_orders gives each order the oldest
 * status that no pull carried.  To be called before a version is written: what
 * was shown for 24 hours by now gives way; each false: nothing waits any more.
 */
int store_steps_pass(
    struct store *s, const char *feed, int64_t now, bool each, struct err *e);
/* When the next one gives way to another, or INT64_MAX. */
int store_steps_due(
    struct store *s, const char *feed, int64_t *out, struct err *e);
/* The statuses of one order that wait: the one that is shown, until due at the
 * latest, then the others; none: it shows what it is. */
int store_steps_of(struct store *s, const char *feed, struct slice id,
    void (*each)(void *ctx, struct slice status, int64_t due), void *ctx,
    struct err *e);
/* How many orders show an earlier status than they have. */
int store_steps_waiting(
    struct store *s, const char *feed, uint64_t *out, struct err *e);

/* --- publications ----------------------------------------------------- */

struct publication {
	int64_t id; /* ascending */
	char feed[FEED_NAME_MAX + 1];
	char file[64]; /* "conversions.csv" */
	char sha256[65];
	uint64_t bytes, rows;
	int64_t mtime;    /* the update time; unique per feed and file */
	int64_t from, to; /* creation times that were published */
	char archive[512];
	bool done;          /* the rename happened; false: only planned */
	uint64_t pulls;     /* completed */
	int64_t first_pull; /* 0: none completed */
	char reason[256];   /* of a --touch or --force */
	unsigned kinds;     /* whose creation times it carries; 0: orders' */
	/* The window of the publishing after the last act that came to the
	 * same bytes; both 0: there was none. */
	int64_t stood_from, stood_to;
};

/*
 * Planned before the rename (so that its update time is never used again) and
 * done after it.  A version carries every order (or what its kinds are) of the
 * feed that was created within from … to, with the creation time it had when
 * the version was planned: so no merge may come between writing a version and
 * planning it.
 */
int store_publication_plan(
    struct store *s, struct publication *p, struct err *e);
int store_publication_done(
    struct store *s, const struct publication *p, struct err *e);
/* The newest, planned or done: 1, 0, -1. */
int store_publication_last(struct store *s, const char *feed, const char *file,
    bool done_only, struct publication *out, struct err *e);
int store_publication_at(struct store *s, const char *feed, const char *file,
    int64_t mtime, struct publication *out, struct err *e);
int store_publication_get(struct store *s, int64_t id, struct publication *out,
    struct err *e); /* 1, 0, -1 */
/* One that was done in another store, under its own id; nobody pulled it. */
int store_publication_again(
    struct store *s, const struct publication *p, struct err *e);
/* The one that was in force at that time. */
int store_publication_then(struct store *s, const char *feed, const char *file,
    int64_t at, struct publication *out, struct err *e); /* 1, 0, -1 */

/* A publishing with that window came to the very bytes of p, the last version.
 * When somebody acted since, the history says so: the dumps before the act may
 * now be read otherwise than when p came to be (HISTORY_STANDS). */
int store_publication_stands(struct store *s, const struct publication *p,
    int64_t from, int64_t to, struct err *e);

/* An archived file that lies stored, and the version that it is (0: it is a
 * dump), until it is packed (packing.h). */
int store_unpacked_add(
    struct store *s, const char *path, int64_t publication, struct err *e);
/* One that nobody noted; it stays what it is when somebody did. */
int store_unpacked_found(struct store *s, const char *path, struct err *e);
int store_unpacked_drop(struct store *s, const char *path, struct err *e);
/* The newest version first: 1, 0, -1. */
int store_unpacked_next(
    struct store *s, char path[512], int64_t *publication, struct err *e);
int store_unpacked_has(struct store *s, int64_t publication, struct err *e);

/* Why a feed's file is not published now: shown by status until cleared by
 * reason "". */
int store_withhold(struct store *s, const char *feed, const char *file,
    const char *reason, int64_t at, struct err *e);
int store_withheld(struct store *s, const char *feed, const char *file,
    char *reason, size_t size, int64_t *since, struct err *e); /* 1, 0, -1 */

/* --- pulls ------------------------------------------------------------ */

struct pull {
	int64_t number; /* by which people call it: 1, 2 … */
	uint64_t id;
	int64_t publication; /* 0: a version we do not know */
	char feed[FEED_NAME_MAX + 1], file[64];
	char user[72], protocol[8], address[64];
	int64_t begun, ended; /* ended 0: still running, or killed */
	uint64_t bytes, size;
	uint64_t first, asked; /* from which byte, how many; 0, 0: unknown */
	bool complete;
	bool encoded; /* the sidecar as HTTP's content encoding of the file */
};

/* Sets p->number and p->publication. */
int store_pull_begin(
    struct store *s, struct pull *p, int64_t mtime, struct err *e);
/* One that has ended, as store_pull_end says; p->publication is known. */
int store_pull_whole(struct store *s, struct pull *p, struct err *e);
/* A completed pull of a conversions file freezes the creation time of every
 * order that the version carried, at what it carried: an order that was given
 * another one since gets that one back, so publish again afterwards.
 * p->file may end in ".gz": the sidecar is the same version. */
int store_pull_end(struct store *s, uint64_t id, int64_t at, uint64_t bytes,
    bool complete, struct err *e);
/* How far it came; for many in a row, in a transaction. */
int store_pull_at(struct store *s, uint64_t id, uint64_t bytes, struct err *e);
/* At start: those still running ended when the daemon did.  each is told
 * before that is noted, and its -1 stops it. */
int store_pulls_close(struct store *s, int64_t at,
    int (*each)(void *ctx, const struct pull *p, struct err *e), void *ctx,
    struct err *e);
/* By its id, by its number: 1, 0, -1. */
int store_pull_get(
    struct store *s, uint64_t id, struct pull *out, struct err *e);
int store_pull_numbered(
    struct store *s, int64_t number, struct pull *out, struct err *e);
/* Newest first. */
int store_pulls(struct store *s, const char *feed, unsigned limit,
    bool (*each)(void *ctx, const struct pull *p), void *ctx, struct err *e);

/* --- facts for status and a free table ---------------------------------- */

int store_get(struct store *s, const char *key, char *out, size_t size,
    struct err *e); /* 1, 0, -1 */
int store_set(
    struct store *s, const char *key, const char *value, struct err *e);

/* --- rebuilding (I10) --------------------------------------------------- */

/*
 * What happened to a feed, in the order of the commits: dumps merged (those
 * withdrawn since as HISTORY_WITHDRAWN, where they were merged), publications
 * done, and the first completed pull of each.
 * id is the dump's, the publication's, and again the publication's (the one
 * that was pulled).  Acts are among them, and which versions stood after them:
 * id is the publication's once more.  HISTORY_LAST: statuses that waited do so
 * no more (store_steps_pass).  after may be NULL; else only what
 * came after *after is told, and it moves along.  feed/rebuild.c replays it
 * all into an empty store.
 */
enum history_kind {
	HISTORY_DUMP,
	HISTORY_PUBLICATION,
	HISTORY_PULL,
	HISTORY_ACT, /* store_act_again */
	HISTORY_STANDS,
	HISTORY_LAST,
	HISTORY_WITHDRAWN
};
int store_history(struct store *s, const char *feed, int64_t *after,
    int (*each)(void *ctx, enum history_kind k, int64_t id, struct err *e),
    void *ctx, struct err *e);

/* The settings that a dump is read with from now on. */
int store_dump_revise(struct store *s, int64_t id, const char *settings,
    const char *fingerprint, struct err *e);

/* --- records as they are kept --------------------------------------------- */

/* The publications since + 1 … until carried that creation time. */
struct carried {
	int64_t since, until, create_time;
};

/* A record with what publishing made of it: the last publication before it got
 * its creation time, and other times that were carried before. */
struct kept {
	struct conv conv; /* all of it */
	int64_t since;
	bool frozen;
	int64_t dump, line;
	const struct carried *carried;
	size_t carries;
};

/* All records of a kind, by id.  What comes out lives until the next. */
struct walk;
int store_walk(struct walk **out, struct store *s, const char *feed,
    enum record_kind kind, struct err *e);
int walk_next(struct walk *w, struct kept *out, struct err *e); /* 1, 0, -1 */
void walk_end(struct walk *w); /* NULL is fine */

/* Instead of what is kept under that id, if anything is. */
int store_kept_put(struct store *s, const char *feed, enum record_kind kind,
    const struct kept *k, struct err *e);

/* The feed's records, with what was carried, become those of the other store:
 * within a transaction of to. */
int store_replace_feed(
    struct store *to, struct store *from, const char *feed, struct err *e);

/* The feed's publications that were done, oldest first; *out is the caller's
 * to free. */
struct edition {
	int64_t id, from, to;
	unsigned kinds;
	bool pulled;
};
int store_editions(struct store *s, const char *feed, struct edition **out,
    size_t *n, struct err *e);

/* --- what people decided ------------------------------------------------- */

/*
 * An act is what a person did to a feed's records: it has a place in the
 * history, and rulings, each about one record.  Acts and rulings are kept for
 * good: with the archive and the rest of the ledger they make the records what
 * they are.
 */
enum ruling_what {
	RULING_STATUS,  /* its status is value, whatever dumps say */
	RULING_RELEASE, /* no longer */
	RULING_FORGET,  /* value is the name of a field: it is not known */
	RULING_DATE,    /* its creation time, and what was carried */
	RULING_KEEP,    /* as it is, for no archived dump tells any more */
	RULING_GHOST    /* no dump has it any more; if a completed pull carried
			 * it, it is kept as CANCELLED */
};

struct act {
	int64_t id;
	char feed[FEED_NAME_MAX + 1];
	char op[16];  /* withdraw reprocess cancel release forget erase */
	int64_t dump; /* the one that was withdrawn; else 0 */
	int64_t at;
	int64_t top;   /* the last publication before it */
	uint64_t gone; /* records that vanished by it */
	char actor[64], reason[256];
};

struct ruling {
	int64_t act;
	enum record_kind kind;
	struct slice id;
	enum ruling_what what;
	struct slice value;
};

/* Within a transaction: sets a->id and a->top. */
int store_act_add(struct store *s, struct act *a, struct err *e);
int store_act_gone(struct store *s, const struct act *a, struct err *e);
int store_act(
    struct store *s, int64_t id, struct act *out, struct err *e); /* 1, 0, -1 */
int store_ruling_add(struct store *s, const struct ruling *r, struct err *e);
/* A ruling about a record as it is kept: its value is made of k, which lives in
 * the arena. */
struct slice ruling_value(struct arena *a, const struct kept *k);
/* The rulings of an act do what they say. */
int store_act_apply(struct store *s, int64_t act, struct err *e);
/* What another store has of an act, once more here, and applied. */
int store_act_again(
    struct store *s, struct store *from, int64_t act, struct err *e);

/* The status that somebody decided on: 1 with the act and the status (""
 * terminated, as in the file), 0, -1. */
int store_order_ruling(struct store *s, const char *feed, enum record_kind kind,
    struct slice id, struct act *out, char status[256], struct err *e);
/* Everything that was ever decided about one record, oldest first; each returns
 * -1 to stop. */
int store_rulings(struct store *s, const char *feed, enum record_kind kind,
    struct slice id,
    int (*each)(
	void *ctx, const struct act *a, const struct ruling *r, struct err *e),
    void *ctx, struct err *e);
/* As if nothing had been decided about it: for a person's erasure. */
int store_rulings_forget(struct store *s, const char *feed,
    enum record_kind kind, struct slice id, struct err *e);
/* How many records acts took away since that publication was the last. */
int store_gone_since(struct store *s, const char *feed, int64_t publication,
    uint64_t *out, struct err *e);

/* The statuses that were decided, for reading very many records. */
struct sticky;
int store_sticky(struct sticky **out, struct store *s, const char *feed,
    struct err *e); /* *out is NULL when there are none */
/* True and the record's status; lives as long as the list. */
bool sticky_status(const struct sticky *l, enum record_kind kind,
    struct slice id, struct slice *out);
void sticky_free(struct sticky *l); /* NULL is fine */

/* --- erasing persons ------------------------------------------------------ */

/*
 * An erasure is begun with its tombstones (tombstone.h) and done when nothing
 * of the person is left; what was interrupted goes on.  act is a JSON text
 * without identifiers that says what was erased.
 */
struct erasure {
	int64_t id, at, done; /* done 0: not yet */
	char actor[64], reason[256];
};

int store_erasure_add(struct store *s, struct erasure *r, struct err *e);
int store_erasure_set(
    struct store *s, const struct erasure *r, const char *act, struct err *e);
/* 1, 0, -1; act malloc'ed, may be NULL. */
int store_erasure_get(struct store *s, int64_t id, struct erasure *out,
    char **act, struct err *e);
/* Oldest first; all: also those that are done. */
int store_erasures(struct store *s, bool all,
    int (*each)(void *ctx, const struct erasure *r, struct err *e), void *ctx,
    struct err *e);

int store_tombstone_add(struct store *s, int64_t erasure, int kind,
    struct slice hash, int64_t brief, struct err *e);
int store_tombstones(struct store *s,
    void (*each)(
	void *ctx, int64_t erasure, int kind, struct slice hash, int64_t brief),
    void *ctx, struct err *e);

/* Within a transaction: every ruling of the feed.  each answers what becomes of
 * it: 0 it stays, 1 *value is its value from now on, 2 it goes. */
int store_rulings_sift(struct store *s, const char *feed,
    int (*each)(void *ctx, struct arena *a, const struct ruling *r,
	struct slice *value),
    void *ctx, struct err *e);

/* Within a transaction: the record goes, and all that is kept under its id. */
int store_kept_drop(struct store *s, const char *feed, enum record_kind kind,
    struct slice id, struct err *e);

/* Nothing that was deleted stays in the files of the store: they are written
 * anew. */
int store_scrub(struct store *s, struct err *e);

#endif
