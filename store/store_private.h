/*
 * What the store's own files share: the database, its statements, and small
 * helpers that make a query three lines.  Nobody else includes this.
 *
 *      store.c          opening, transactions, facts
 *      store_ledger.c   what became of each dump
 *      store_dumps.c    what dumps were like, and those that wait
 *      store_orders.c   merging and reading orders
 *      store_blocks.c   records in blocks, as they are kept
 *      keeper.c         a thread that keeps them
 *      store_scan.c     many of them at once
 *      store_ready.c    what was sorted once
 *      store_times.c    what is frozen, what is due
 *      store_pubs.c     publications, pulls, history
 *      store_kept.c     records as they are kept, one after the other
 *      store_erase.c    erasures, tombstones
 *      store_rulings.c  what people decided about records
 *      store_steps.c    statuses that were replaced before they were pulled
 *      store_queue.c    statuses that wait to be shown
 *      store_packing.c  archived files that are to be packed
 *      store_sql.c      all SQL
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include <sqlite3.h>
#include "store/store.h"

#define STORE_SCHEMA 3 /* PRAGMA user_version */

enum sql {
	SQL_FEED_GET,
	SQL_FEED_ADD,
	SQL_DUMP_NEXT,
	SQL_DUMP_ADD,
	SQL_DUMP_SET,
	SQL_DUMP_KNOWN,
	SQL_DUMP_GET,
	SQL_DUMP_LIST,
	SQL_DUMP_STATE,
	SQL_DUMP_ANY,
	SQL_DUMP_KIND,
	SQL_DUMP_PRESET,
	SQL_PROFILE_SET,
	SQL_PROFILE_GET,
	SQL_PROFILE_BEFORE,
	SQL_BLOCK_ANY,
	SQL_BLOCK_AT,
	SQL_BLOCK_FIRST,
	SQL_BLOCK_NEXT,
	SQL_BLOCK_SET,
	SQL_BLOCK_DELETE,
	SQL_BLOCK_SCAN,
	SQL_BLOCK_ACROSS,
	SQL_BLOCK_COUNT,
	SQL_BLOCK_DUE,
	SQL_OLD_ORDERS,
	SQL_OLD_DROP,
	SQL_VARIANT_ANY,
	SQL_VARIANT_ADD,
	SQL_VARIANT_GET,
	SQL_PULLED,
	SQL_CARRIED_BY,
	SQL_CARRIED_FORGET,
	SQL_PUB_TOP,
	SQL_PUB_ADD,
	SQL_PUB_DONE,
	SQL_PUB_LAST,
	SQL_PUB_AT,
	SQL_PUB_THEN,
	SQL_PUB_GET,
	SQL_PUB_PULLED,
	SQL_PUB_STANDS,
	SQL_WITHHOLD,
	SQL_WITHHOLD_CLEAR,
	SQL_WITHHELD,
	SQL_PULL_ADD,
	SQL_PULL_END,
	SQL_PULL_AT,
	SQL_PULL_GET,
	SQL_PULL_NUMBERED,
	SQL_PULL_OPEN,
	SQL_PULL_LIST,
	SQL_FACT_GET,
	SQL_FACT_SET,
	SQL_EVENT_ADD,
	SQL_EVENT_AGAIN,
	SQL_HISTORY,
	SQL_EVENT_NEXT,
	SQL_CARRIED_SCAN,
	SQL_CARRIED_GET,
	SQL_CARRIED_PUT,
	SQL_ACT_ADD,
	SQL_ACT_GONE_SET,
	SQL_ACT_GET,
	SQL_ACT_SINCE,
	SQL_ACT_GONE,
	SQL_RULING_ADD,
	SQL_RULING_ACT,
	SQL_RULING_OF,
	SQL_RULING_STICKY,
	SQL_RULING_LATENT,
	SQL_RULING_FORGET,
	SQL_DUMP_REVISE,
	SQL_PUB_AGAIN,
	SQL_PUB_DONE_LIST,
	SQL_BLOCK_COPY,
	SQL_BLOCK_ADD,
	SQL_REPLACE_ORDERS,
	SQL_REPLACE_CARRIED,
	SQL_REPLACE_VARIANTS,
	SQL_VARIANT_SCAN,
	SQL_STEP_GET,
	SQL_STEP_SET,
	SQL_STEP_CARRIED,
	SQL_STEP_CLEAR,
	SQL_STEP_SHOWN,
	SQL_STEP_COPY,
	SQL_MISSED_ADD,
	SQL_MISSED_LIST,
	SQL_ERASURE_ADD,
	SQL_ERASURE_SET,
	SQL_ERASURE_GET,
	SQL_ERASURE_LIST,
	SQL_TOMBSTONE_ADD,
	SQL_TOMBSTONE_LIST,
	SQL_RULING_LIST,
	SQL_RULING_SET,
	SQL_RULING_DROP,
	SQL_STEP_DROP,
	SQL_QUEUE_ANY,
	SQL_QUEUE_TAIL,
	SQL_QUEUE_ADD,
	SQL_QUEUE_STATUS,
	SQL_QUEUE_WAIT,
	SQL_QUEUE_DROP,
	SQL_QUEUE_CLEAR,
	SQL_QUEUE_FIRST,
	SQL_QUEUE_POP,
	SQL_QUEUE_NEXT,
	SQL_QUEUE_MISSED,
	SQL_QUEUE_OVER,
	SQL_QUEUE_PULLED,
	SQL_QUEUE_DUE,
	SQL_QUEUE_COUNT,
	SQL_QUEUE_IDS,
	SQL_QUEUE_OF,
	SQL_QUEUE_COPY,
	SQL_VARIANT_DROP,
	SQL_UNPACKED_ADD,
	SQL_UNPACKED_FOUND,
	SQL_UNPACKED_DROP,
	SQL_UNPACKED_NEXT,
	SQL_UNPACKED_HAS,
	SQL_COUNT
};
extern const char store_schema[];
/* [n] makes a store of schema n one of schema n + 1. */
extern const char *const store_migration[STORE_SCHEMA];
extern const char *const store_sql[SQL_COUNT];

/* A publication that somebody pulled completely. */
struct pulled {
	int64_t id, from, to;
	unsigned kinds;
	int64_t first; /* when the first pull of it ended */
};

enum {
	READERS = 8
};

struct store {
	sqlite3 *db;
	char *path, *dir;
	bool read_only, is_scratch;
	int64_t page_bytes;
	int64_t wal_bytes; /* not yet carried over; 0: not known to be any */
	sqlite3_stmt *kept[SQL_COUNT]; /* prepared at first use */
	/* When the next held order of a feed is due, as long as no order
	 * changes: from the asking until then the answer stands. */
	struct {
		char feed[FEED_NAME_MAX + 1];
		int64_t asked, due;
	} due;
	/* Records of a feed as they were sorted for a publishing, or while they
	 * were merged, as long as none changes (store_ready.h). */
	struct ready {
		char feed[FEED_NAME_MAX + 1];
		unsigned kinds;
		int64_t from, to;
		bool sorted;
		uint64_t dropped;      /* the store's, when it began */
		struct sorter *sorter; /* NULL: none */
	} ready;
	uint64_t dropped; /* how often ready was no longer true */
	/* Of blocks_reader, by the number of their feed; NULL: none. */
	struct blocks *reader[READERS];
	/* How often a block changed, or may have; and when they were opened. */
	uint64_t blocks_written, readers_of;
};

/* A kept statement, reset; NULL with e set. */
sqlite3_stmt *store_kept(struct store *s, enum sql k, struct err *e);
/* A fresh one for a list whose callback may ask the store: finalize it. */
sqlite3_stmt *store_fresh(struct store *s, enum sql k, struct err *e);

/* Binds from the first parameter on: i int64_t, s const char *, b struct
 * slice (bytes). A NULL const char * binds NULL. */
void store_bind(sqlite3_stmt *q, const char *kinds, ...);

int store_step(struct store *s, sqlite3_stmt *q, struct err *e); /* 1, 0, -1 */

/* Binds, steps to the end, resets. */
int store_run(
    struct store *s, enum sql k, struct err *e, const char *kinds, ...);

/* To the row of that number: 1, 0 when there is none, -1.  *q, which may be
 * NULL, is to be reset. */
int store_seek(struct store *s, enum sql k, int64_t number, sqlite3_stmt **q,
    struct err *e);

/* The number that a statement of one row answers; -1 when it has none, without
 * error. */
int store_ask(struct store *s, enum sql k, int64_t *out, struct err *e,
    const char *kinds, ...);

void store_text(sqlite3_stmt *q, int column, char *out, size_t size);
struct slice store_blob(sqlite3_stmt *q, int column);

/* The number of a feed's records of that kind in table blocks: 1, 0 when there
 * is none, -1. */
int store_feed(struct store *s, const char *feed, enum record_kind kind,
    bool make, int64_t *out, struct err *e);

/* Puts an event into the one sequence that store_history tells. */
int store_event(struct store *s, const char *feed, enum history_kind k,
    int64_t ref, struct err *e);

/* The pulled publications that carry creation times of records of that kind; p
 * is the caller's to free. */
struct pulled_list {
	struct pulled *p; /* by id, ascending */
	size_t n, room;
};

int store_read_pulled(struct store *s, const char *feed, enum record_kind kind,
    struct pulled_list *out, struct err *e);

/* Did one of them carry the creation time that a record got when since was the
 * last publication? */
bool store_is_frozen(
    const struct pulled_list *l, int64_t since, int64_t create_time);

/* When the first of them that did was pulled; 0: none did. */
int64_t store_first_pull(
    const struct pulled_list *l, int64_t since, int64_t create_time);

/*
 * Records of a kind as they are kept, changed in the order of their ids, or in
 * any other, slower (store_kept.c).  With e NULL edit_end throws away what was
 * put.
 */
struct edit;
int edit_begin(struct edit **out, struct store *s, const char *feed,
    enum record_kind kind, struct err *e);
int edit_get(struct edit *w, struct arena *a, struct slice id, struct kept *out,
    struct err *e); /* 1 (in the arena), 0, -1 */
int edit_put(struct edit *w, const struct kept *k, struct err *e);
/* What was carried of a record that is not there. */
int edit_carried(struct edit *w, const struct kept *k, struct err *e);
const struct pulled_list *edit_pulled(const struct edit *w);
int edit_end(struct edit *w, struct err *e); /* NULL is fine */

/* Records that vanished come back when p, which was just pulled, is found to
 * have carried them (store_rulings.c). */
int store_ghosts(
    struct store *s, const char *feed, const struct pulled *p, struct err *e);

/* Completed pulls of publication p begin to hold: orders that it carried with
 * another creation time than they have now get theirs back. */
int store_freeze(
    struct store *s, const char *feed, const struct pulled *p, struct err *e);

#endif
