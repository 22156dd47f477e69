/*
 * Erasures and tombstones, and what erasing does to the rest of the store.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "store/store_blocks.h"
#include "store/store_ready.h"

/* --- erasures ------------------------------------------------------------- */

static void
read_erasure(sqlite3_stmt *q, struct erasure *r)
{
	memset(r, 0, sizeof *r);
	r->id = sqlite3_column_int64(q, 0);
	r->at = sqlite3_column_int64(q, 1);
	r->done = sqlite3_column_int64(q, 2);
	store_text(q, 3, r->actor, sizeof r->actor);
	store_text(q, 4, r->reason, sizeof r->reason);
}

int
store_erasure_add(struct store *s, struct erasure *r, struct err *e)
{
	if (store_run(
		s, SQL_ERASURE_ADD, e, "iss", r->at, r->actor, r->reason) == -1)
		return -1;
	r->id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int
store_erasure_set(
    struct store *s, const struct erasure *r, const char *act, struct err *e)
{
	return store_run(s, SQL_ERASURE_SET, e, "isi", r->done, act, r->id);
}

int
store_erasure_get(
    struct store *s, int64_t id, struct erasure *out, char **act, struct err *e)
{
	sqlite3_stmt *q;
	int rc = store_seek(s, SQL_ERASURE_GET, id, &q, e);

	if (rc == 1) {
		read_erasure(q, out);
		if (act != NULL)
			*act = mem_slice(store_blob(q, 5));
	}
	sqlite3_reset(q);
	return rc;
}

int
store_erasures(struct store *s, bool all,
    int (*each)(void *ctx, const struct erasure *r, struct err *e), void *ctx,
    struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_ERASURE_LIST, e);
	struct erasure *list = NULL;
	size_t n = 0;
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "i", (int64_t)all);
	while ((rc = store_step(s, q, e)) == 1) {
		list = mem_grow(list, (n + 1) * sizeof *list);
		read_erasure(q, &list[n++]);
	}
	sqlite3_finalize(q);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = each(ctx, &list[i], e);
	free(list);
	return rc;
}

/* --- tombstones ----------------------------------------------------------- */

int
store_tombstone_add(struct store *s, int64_t erasure, int kind,
    struct slice hash, int64_t brief, struct err *e)
{
	return store_run(s, SQL_TOMBSTONE_ADD, e, "ibii", (int64_t)kind, hash,
	    brief, erasure);
}

int
store_tombstones(struct store *s,
    void (*each)(
	void *ctx, int64_t erasure, int kind, struct slice hash, int64_t brief),
    void *ctx, struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_TOMBSTONE_LIST, e);
	int rc;

	if (q == NULL)
		return -1;
	while ((rc = store_step(s, q, e)) == 1)
		each(ctx, sqlite3_column_int64(q, 3), sqlite3_column_int(q, 0),
		    store_blob(q, 1), sqlite3_column_int64(q, 2));
	sqlite3_finalize(q);
	return rc;
}

/* --- the rest ------------------------------------------------------------- */

int
store_rulings_sift(struct store *s, const char *feed,
    int (*each)(void *ctx, struct arena *a, const struct ruling *r,
	struct slice *value),
    void *ctx, struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_RULING_LIST, e);
	struct arena a = ARENA_EMPTY;
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "s", feed);
	while ((rc = store_step(s, q, e)) == 1) {
		struct ruling r = { .act = sqlite3_column_int64(q, 0),
			.kind = (enum record_kind)sqlite3_column_int(q, 1),
			.what = (enum ruling_what)sqlite3_column_int(q, 3) };
		struct slice value = { "", 0 };
		int what;

		arena_reset(&a);
		r.id = arena_copy(&a, store_blob(q, 2));
		r.value = arena_copy(&a, store_blob(q, 4));
		what = each(ctx, &a, &r, &value);
		if ((what == 1 &&
			store_run(s, SQL_RULING_SET, e, "biibi", value, r.act,
			    (int64_t)r.kind, r.id, (int64_t)r.what) == -1) ||
		    (what == 2 &&
			store_run(s, SQL_RULING_DROP, e, "iibi", r.act,
			    (int64_t)r.kind, r.id, (int64_t)r.what) == -1)) {
			rc = -1;
			break;
		}
	}
	sqlite3_finalize(q);
	arena_free(&a);
	return rc;
}

static int
forget_id(struct store *s, const char *feed, enum record_kind kind,
    struct slice id, struct err *e)
{
	static const enum sql from[] = { SQL_VARIANT_DROP, SQL_STEP_DROP,
		SQL_QUEUE_DROP, SQL_CARRIED_FORGET };
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	for (size_t i = 0; rc == 1 && i < sizeof from / sizeof *from; i++)
		if (store_run(s, from[i], e, "ib", number, id) == -1)
			rc = -1;
	return rc == -1 ? -1 : store_rulings_forget(s, feed, kind, id, e);
}

static int
vacuum(struct store *s, struct err *e)
{
	static const char sql[] = "PRAGMA temp_store = FILE; VACUUM;"
				  "PRAGMA temp_store = MEMORY";

	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = sqlite3_mprintf("%s", s->dir);
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return err_set(e, "the store %s: %s", s->path, sqlite3_errmsg(s->db));
}

/* The database is copied without its free pages, in a file beside, and what
 * the log of writes (-wal) still had of them is cut off. */
int
store_scrub(struct store *s, struct err *e)
{
	store_ready_drop(s);
	for (size_t i = 0; i < SQL_COUNT; i++) {
		sqlite3_finalize(s->kept[i]);
		s->kept[i] = NULL;
	}
	if (vacuum(s, e) == -1)
		return -1;
	for (int i = 0; i < 50; i++) {
		if (sqlite3_wal_checkpoint_v2(s->db, NULL,
			SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) == SQLITE_OK)
			return 0;
		sqlite3_sleep(100);
	}
	return err_set(e,
	    "the store %s is being read by another process; what was erased "
	    "stays in its file %s-wal until nobody reads it",
	    s->path, s->path);
}

int
store_kept_drop(struct store *s, const char *feed, enum record_kind kind,
    struct slice id, struct err *e)
{
	struct blocks *b;
	int64_t number;
	int rc = store_feed(s, feed, kind, false, &number, e);

	if (rc != 1)
		return rc;
	s->due.feed[0] = '\0';
	store_ready_drop(s);
	b = blocks_open(s, number);
	rc = blocks_remove(b, id, e) == -1 ? -1 : blocks_end(b, e);
	blocks_close(b);
	return rc == -1 ? -1 : forget_id(s, feed, kind, id, e);
}
