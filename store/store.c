/*
 * The database file, transactions and facts.  store_private.h says where the
 * rest of store.h is; all SQL is in store_sql.c.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_blocks.h"
#include "store/store_ready.h"

#define BUSY_MS 10000
#define WAL_MANY ((int64_t)4 << 20)   /* bytes worth carrying over */
#define WAL_MOST ((int64_t)256 << 20) /* not to be put off */
#define APPLICATION_ID 0x636f6e76     /* "conv", so that file(1) can tell */

/* --- statements --------------------------------------------------------- */

/* -1 with SQLite's reason. */
static int
fail_sqlite(struct store *s, struct err *e)
{
	int code = sqlite3_errcode(s->db);

	if (code == SQLITE_FULL)
		return err_set(e,
		    "there is no room left in %s for the store; free some "
		    "space there",
		    s->dir);
	if (code == SQLITE_BUSY)
		return err_set(e,
		    "the store %s is in use by another process; try again",
		    s->path);
	if (code == SQLITE_READONLY)
		return err_set(
		    e, "the store %s was opened for reading only", s->path);
	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
		return err_set(e,
		    "the store %s is damaged (%s); restore it from a backup "
		    "or rebuild it from the archive",
		    s->path, sqlite3_errmsg(s->db));
	return err_set(e, "the store %s: %s", s->path, sqlite3_errmsg(s->db));
}

sqlite3_stmt *
store_fresh(struct store *s, enum sql k, struct err *e)
{
	sqlite3_stmt *q = NULL;

	if (sqlite3_prepare_v2(s->db, store_sql[k], -1, &q, NULL) !=
	    SQLITE_OK) {
		fail_sqlite(s, e);
		return NULL;
	}
	return q;
}

sqlite3_stmt *
store_kept(struct store *s, enum sql k, struct err *e)
{
	if (s->kept[k] == NULL)
		s->kept[k] = store_fresh(s, k, e);
	else
		sqlite3_reset(s->kept[k]);
	return s->kept[k];
}

static void
bind_all(sqlite3_stmt *q, const char *kinds, va_list ap)
{
	for (int i = 1; *kinds != '\0'; kinds++, i++) {
		struct slice b;

		switch (*kinds) {
		case 'i':
			sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
			break;
		case 's':
			sqlite3_bind_text(
			    q, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
			break;
		case 'b':
			b = va_arg(ap, struct slice);
			sqlite3_bind_blob64(
			    q, i, b.n == 0 ? "" : b.p, b.n, SQLITE_STATIC);
			break;
		default:
			assert(!"a kind of parameter that does not exist");
		}
	}
}

void
store_bind(sqlite3_stmt *q, const char *kinds, ...)
{
	va_list ap;

	va_start(ap, kinds);
	bind_all(q, kinds, ap);
	va_end(ap);
}

int
store_step(struct store *s, sqlite3_stmt *q, struct err *e)
{
	switch (sqlite3_step(q)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		return fail_sqlite(s, e);
	}
}

/* Goes to the first row; *q is NULL when there is no such statement. */
static int
first_row(struct store *s, enum sql k, sqlite3_stmt **q, struct err *e,
    const char *kinds, va_list ap)
{
	*q = store_kept(s, k, e);
	if (*q == NULL)
		return -1;
	bind_all(*q, kinds, ap);
	return store_step(s, *q, e);
}

int
store_run(struct store *s, enum sql k, struct err *e, const char *kinds, ...)
{
	sqlite3_stmt *q;
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = first_row(s, k, &q, e, kinds, ap);
	va_end(ap);
	sqlite3_reset(q); /* NULL is none */
	return rc == -1 ? -1 : 0;
}

int
store_seek(struct store *s, enum sql k, int64_t number, sqlite3_stmt **q,
    struct err *e)
{
	*q = store_kept(s, k, e);
	if (*q == NULL)
		return -1;
	store_bind(*q, "i", number);
	return store_step(s, *q, e);
}

int
store_ask(struct store *s, enum sql k, int64_t *out, struct err *e,
    const char *kinds, ...)
{
	sqlite3_stmt *q;
	va_list ap;
	int rc;

	va_start(ap, kinds);
	rc = first_row(s, k, &q, e, kinds, ap);
	va_end(ap);
	if (q == NULL)
		return -1;
	*out = rc == 1 && sqlite3_column_type(q, 0) != SQLITE_NULL
		   ? sqlite3_column_int64(q, 0)
		   : -1;
	sqlite3_reset(q);
	return rc == -1 ? -1 : 0;
}

void
store_text(sqlite3_stmt *q, int column, char *out, size_t size)
{
	const unsigned char *t = sqlite3_column_text(q, column);

	snprintf(out, size, "%s", t == NULL ? "" : (const char *)t);
}

struct slice
store_blob(sqlite3_stmt *q, int column)
{
	struct slice b = { sqlite3_column_blob(q, column),
		(size_t)sqlite3_column_bytes(q, column) };

	return b;
}

/* --- the file ----------------------------------------------------------- */

static int
execute(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		   ? 0
		   : fail_sqlite(s, e);
}

/* The number that a pragma answers; -1 with e set. */
static int64_t
ask(struct store *s, const char *sql, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int64_t answer = -1;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		answer = sqlite3_column_int64(q, 0);
	else
		fail_sqlite(s, e);
	sqlite3_finalize(q);
	return answer;
}

static int
check_schema(const struct store *s, int64_t version, struct err *e)
{
	if (version > STORE_SCHEMA)
		return err_set(e,
		    "the store %s was written by a newer convdrop (schema "
		    "%" PRId64 ", this one knows %d); install that version "
		    "again, or restore an older backup",
		    s->path, version, STORE_SCHEMA);
	if (version == 0 && s->read_only)
		return err_set(e,
		    "the store %s is empty as yet; start convdropd once",
		    s->path);
	if (version != STORE_SCHEMA && s->read_only)
		return err_set(e,
		    "the store %s is an older version's; start convdropd once",
		    s->path);
	return 0;
}

/* From nothing, or from what an older version left. */
static int
bring_up(struct store *s, int64_t version, struct err *e)
{
	if (version == 0)
		return execute(s, store_schema, e);
	for (; version < STORE_SCHEMA; version++) {
		if (execute(s, store_migration[version], e) == -1 ||
		    (version == 2 && blocks_migrate(s, e) == -1))
			return -1;
	}
	return 0;
}

static int
make_schema(struct store *s, struct err *e)
{
	char mark[96];
	int64_t version = ask(s, "PRAGMA user_version", e);

	if (version == -1 || check_schema(s, version, e) == -1)
		return -1;
	if (version == STORE_SCHEMA)
		return 0;
	if (store_begin(s, e) == -1)
		return -1;
	version = ask(s, "PRAGMA user_version", e); /* now that it is ours */
	snprintf(mark, sizeof mark,
	    "PRAGMA user_version = %d; PRAGMA application_id = %d",
	    STORE_SCHEMA, APPLICATION_ID);
	if (version == -1 || bring_up(s, version, e) == -1 ||
	    execute(s, mark, e) == -1 || store_commit(s, e) == -1) {
		store_rollback(s);
		return -1;
	}
	return 0;
}

static void
carry_over(struct store *s)
{
	s->wal_bytes = 0;
	sqlite3_wal_checkpoint_v2(
	    s->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

/* Pages in the WAL after a commit.  Carrying them over is put off until
 * store_tidy, but for very many. */
static int
note_wal(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct store *s = ctx;

	(void)db;
	(void)name;
	s->wal_bytes = pages * s->page_bytes;
	if (s->wal_bytes >= WAL_MOST)
		carry_over(s);
	return SQLITE_OK;
}

/* WAL: readers never wait for the writer.  FULL: what was committed survives a
 * loss of power. */
static int
configure(struct store *s, struct err *e)
{
	static const char always[] = "PRAGMA trusted_schema = OFF;"
				     "PRAGMA cell_size_check = ON;"
				     "PRAGMA foreign_keys = ON;"
				     "PRAGMA temp_store = MEMORY;"
				     "PRAGMA cache_size = -16384;";
	static const char writing[] = "PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = FULL;"
				      "PRAGMA journal_size_limit = 67108864;";
	/* Of one that is made now: a page holds nearly all of a block. */
	static const char page_size[] = "PRAGMA page_size = 16384;";
	/* What fails is thrown away whole. */
	static const char scratch[] = "PRAGMA journal_mode = OFF;";

	sqlite3_busy_timeout(s->db, BUSY_MS);
	sqlite3_wal_hook(s->db, note_wal, s);
	if (execute(s, page_size, e) == -1 ||
	    (s->is_scratch && execute(s, scratch, e) == -1))
		return -1;
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (execute(s, always, e) == -1)
		return -1;
	return s->read_only || s->is_scratch ? 0 : execute(s, writing, e);
}

/* The file is made here and not by SQLite: it holds personal data, and is its
 * owner's alone.  The files beside it get its mode. */
static int
touch(const struct store *s, struct err *e)
{
	int fd = open(s->path,
	    (s->read_only ? O_RDONLY : O_RDWR | O_CREAT) | O_CLOEXEC, 0600);

	if (fd == -1 && errno == ENOENT && s->read_only)
		return err_set(e,
		    "there is no store %s yet; start convdropd once", s->path);
	if (fd == -1)
		return err_set(
		    e, "open the store %s: %s", s->path, strerror(errno));
	close(fd);
	return 0;
}

static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return mem_string(".");
	return mem_slice(
	    (struct slice){ path, slash == path ? 1 : (size_t)(slash - path) });
}

/* One thread at a time works with a store, as a belt hands it over: so SQLite
 * need not lock anything, nor count its memory, at every step.  Only before
 * anything else; later it answers that it is too late, and nothing changes. */
static void
configure_library(void)
{
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* name is SQLite's. */
static int
open_database(struct store *s, const char *name, struct err *e)
{
	int flags =
	    SQLITE_OPEN_NOMUTEX |
	    (s->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);

	if (sqlite3_open_v2(name, &s->db, flags, NULL) != SQLITE_OK)
		return fail_sqlite(s, e);
	if (configure(s, e) == -1 || make_schema(s, e) == -1)
		return -1;
	s->page_bytes = ask(s, "PRAGMA page_size", e); /* of what was read */
	return s->page_bytes == -1 ? -1 : 0;
}

int
store_open(struct store **out, const char *path, bool read_only, struct err *e)
{
	struct store *s = mem_alloc(sizeof *s);

	configure_library();
	s->path = mem_string(path);
	s->dir = folder_of(path);
	s->read_only = read_only;
	if (touch(s, e) == -1 || open_database(s, path, e) == -1) {
		store_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

/* SQLite's own temporary database: its file loses its name as soon as it has
 * it. */
int
store_open_scratch(struct store **out, const char *dir, struct err *e)
{
	struct store *s = mem_alloc(sizeof *s);

	configure_library();
	s->path = mem_string(dir);
	s->dir = mem_string(dir);
	s->is_scratch = true;
	sqlite3_free(sqlite3_temp_directory);
	sqlite3_temp_directory = sqlite3_mprintf("%s", dir);
	if (open_database(s, "", e) == -1) {
		store_close(s);
		return -1;
	}
	*out = s;
	return 0;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->kept[i]);
	store_ready_drop(s);
	blocks_readers_close(s);
	sqlite3_close(s->db);
	free(s->path);
	free(s->dir);
	free(s);
}

/* --- transactions ------------------------------------------------------- */

int
store_begin(struct store *s, struct err *e)
{
	s->blocks_written += s->read_only; /* by others */
	return execute(s, s->read_only ? "BEGIN" : "BEGIN IMMEDIATE", e);
}

int
store_commit(struct store *s, struct err *e)
{
	return execute(s, "COMMIT", e);
}

void
store_tidy(struct store *s)
{
	store_ready_drop(s);
	if (s->wal_bytes >= WAL_MANY)
		carry_over(s);
}

void
store_rollback(struct store *s)
{
	s->due.feed[0] = '\0';
	s->blocks_written++;
	store_ready_drop(s);
	if (!sqlite3_get_autocommit(s->db)) /* some errors did it already */
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

int
store_event(struct store *s, const char *feed, enum history_kind k, int64_t ref,
    struct err *e)
{
	return store_run(s, SQL_EVENT_ADD, e, "sii", feed, (int64_t)k, ref);
}

/* What the records of a kind are kept under; '/' is in no feed's name. */
static void
kind_name(char out[FEED_NAME_MAX + 16], const char *feed, enum record_kind kind)
{
	static const char *const below[RECORD_KINDS] = {
		[RECORD_ORDER] = "",
		[RECORD_CONTACT] = "/contacts",
		[RECORD_CALL] = "/calls",
		[RECORD_CHAT] = "/chats",
	};

	snprintf(out, FEED_NAME_MAX + 16, "%s%s", feed, below[kind]);
}

int
store_feed(struct store *s, const char *feed_name, enum record_kind kind,
    bool make, int64_t *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_FEED_GET, e);
	char feed[FEED_NAME_MAX + 16];
	int rc;

	if (q == NULL)
		return -1;
	kind_name(feed, feed_name, kind);
	store_bind(q, "s", feed);
	rc = store_step(s, q, e);
	if (rc == 1)
		*out = sqlite3_column_int64(q, 0);
	sqlite3_reset(q);
	if (rc != 0 || !make)
		return rc;
	if (store_run(s, SQL_FEED_ADD, e, "s", feed) == -1)
		return -1;
	*out = sqlite3_last_insert_rowid(s->db);
	return 1;
}

/* --- facts -------------------------------------------------------------- */

int
store_get(
    struct store *s, const char *key, char *out, size_t size, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_FACT_GET, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "s", key);
	rc = store_step(s, q, e);
	if (rc == 1)
		store_text(q, 0, out, size);
	sqlite3_reset(q);
	return rc;
}

int
store_set(struct store *s, const char *key, const char *value, struct err *e)
{
	return store_run(s, SQL_FACT_SET, e, "ss", key, value);
}
