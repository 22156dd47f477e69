/*
 * Publications, why one is withheld, pulls, and the history that a rebuild
 * replays.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store_queue.h"
#include "store/store_ready.h"

/* --- publications ------------------------------------------------------- */

static void
read_publication(sqlite3_stmt *q, struct publication *p)
{
	memset(p, 0, sizeof *p);
	p->id = sqlite3_column_int64(q, 0);
	store_text(q, 1, p->feed, sizeof p->feed);
	store_text(q, 2, p->file, sizeof p->file);
	store_text(q, 3, p->sha256, sizeof p->sha256);
	p->bytes = (uint64_t)sqlite3_column_int64(q, 4);
	p->rows = (uint64_t)sqlite3_column_int64(q, 5);
	p->mtime = sqlite3_column_int64(q, 6);
	p->from = sqlite3_column_int64(q, 7);
	p->to = sqlite3_column_int64(q, 8);
	store_text(q, 9, p->archive, sizeof p->archive);
	p->done = sqlite3_column_int(q, 10) != 0;
	p->pulls = (uint64_t)sqlite3_column_int64(q, 11);
	p->first_pull = sqlite3_column_int64(q, 12);
	store_text(q, 13, p->reason, sizeof p->reason);
	p->kinds = (unsigned)sqlite3_column_int64(q, 14);
	p->stood_from = sqlite3_column_int64(q, 15);
	p->stood_to = sqlite3_column_int64(q, 16);
}

/* The one row that a bound statement answers. */
static int
one_publication(
    struct store *s, sqlite3_stmt *q, struct publication *out, struct err *e)
{
	int rc = store_step(s, q, e);

	if (rc == 1)
		read_publication(q, out);
	sqlite3_reset(q);
	return rc;
}

int
store_publication_plan(struct store *s, struct publication *p, struct err *e)
{
	if (p->kinds == 0)
		p->kinds = KIND_BIT(RECORD_ORDER);
	if (store_run(s, SQL_PUB_ADD, e, "sssiiiiissi", p->feed, p->file,
		p->sha256, (int64_t)p->bytes, (int64_t)p->rows, p->mtime,
		p->from, p->to, p->archive, p->reason,
		(int64_t)p->kinds) == -1) {
		if (sqlite3_errcode(s->db) == SQLITE_CONSTRAINT)
			return err_set(e,
			    "%s/%s already has a version of the update time "
			    "%" PRId64,
			    p->feed, p->file, p->mtime);
		return -1;
	}
	p->id = sqlite3_last_insert_rowid(s->db);
	p->done = false;
	return 0;
}

/* Runs what needs several statements as one, whether or not the caller has a
 * transaction open. */
static int
commit_or_not(struct store *s, bool ours, int rc, struct err *e)
{
	if (!ours)
		return rc;
	if (rc == 0)
		rc = store_commit(s, e);
	if (rc == -1)
		store_rollback(s);
	return rc;
}

int
store_publication_done(
    struct store *s, const struct publication *p, struct err *e)
{
	bool ours = sqlite3_get_autocommit(s->db);
	int rc;

	if (ours && store_begin(s, e) == -1)
		return -1;
	rc = store_run(s, SQL_PUB_DONE, e, "siissi", p->sha256,
	    (int64_t)p->bytes, (int64_t)p->rows, p->archive, p->reason, p->id);
	if (rc == 0 && sqlite3_changes(s->db) == 0)
		rc = err_set(
		    e, "the store knows no publication %" PRId64, p->id);
	if (rc == 0)
		rc = store_event(s, p->feed, HISTORY_PUBLICATION, p->id, e);
	return commit_or_not(s, ours, rc, e);
}

int
store_publication_stands(struct store *s, const struct publication *p,
    int64_t from, int64_t to, struct err *e)
{
	bool ours = sqlite3_get_autocommit(s->db);
	int64_t acts;
	int rc;

	if (store_ask(s, SQL_ACT_SINCE, &acts, e, "si", p->feed, p->id) == -1)
		return -1;
	if (acts == 0)
		return 0;
	if (ours && store_begin(s, e) == -1)
		return -1;
	rc = store_run(s, SQL_PUB_STANDS, e, "iii", from, to, p->id);
	if (rc == 0)
		rc = store_run(s, SQL_EVENT_AGAIN, e, "sii", p->feed,
		    (int64_t)HISTORY_STANDS, p->id);
	return commit_or_not(s, ours, rc, e);
}

int
store_publication_again(
    struct store *s, const struct publication *p, struct err *e)
{
	if (queue_expire(s, p->feed, p->to, e) == -1 ||
	    store_run(s, SQL_PUB_AGAIN, e, "sssiiiiissii", p->feed, p->file,
		p->sha256, (int64_t)p->bytes, (int64_t)p->rows, p->mtime,
		p->from, p->to, p->archive, p->reason, (int64_t)p->kinds,
		p->id) == -1)
		return -1;
	return store_event(s, p->feed, HISTORY_PUBLICATION, p->id, e);
}

int
store_publication_last(struct store *s, const char *feed, const char *file,
    bool done_only, struct publication *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PUB_LAST, e);

	if (q == NULL)
		return -1;
	store_bind(q, "ssi", feed, file, (int64_t)done_only);
	return one_publication(s, q, out, e);
}

int
store_publication_at(struct store *s, const char *feed, const char *file,
    int64_t mtime, struct publication *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PUB_AT, e);

	if (q == NULL)
		return -1;
	store_bind(q, "ssi", feed, file, mtime);
	return one_publication(s, q, out, e);
}

int
store_publication_then(struct store *s, const char *feed, const char *file,
    int64_t at, struct publication *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PUB_THEN, e);

	if (q == NULL)
		return -1;
	store_bind(q, "ssi", feed, file, at);
	return one_publication(s, q, out, e);
}

int
store_publication_get(
    struct store *s, int64_t id, struct publication *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PUB_GET, e);

	if (q == NULL)
		return -1;
	store_bind(q, "i", id);
	return one_publication(s, q, out, e);
}

/* --- withheld ----------------------------------------------------------- */

int
store_withhold(struct store *s, const char *feed, const char *file,
    const char *reason, int64_t at, struct err *e)
{
	if (reason[0] == '\0')
		return store_run(s, SQL_WITHHOLD_CLEAR, e, "ss", feed, file);
	return store_run(s, SQL_WITHHOLD, e, "sssi", feed, file, reason, at);
}

int
store_withheld(struct store *s, const char *feed, const char *file,
    char *reason, size_t size, int64_t *since, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_WITHHELD, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "ss", feed, file);
	rc = store_step(s, q, e);
	if (rc == 1) {
		store_text(q, 0, reason, size);
		*since = sqlite3_column_int64(q, 1);
	}
	sqlite3_reset(q);
	return rc;
}

/* --- pulls -------------------------------------------------------------- */

static void
read_pull(sqlite3_stmt *q, struct pull *p)
{
	memset(p, 0, sizeof *p);
	p->id = (uint64_t)sqlite3_column_int64(q, 0);
	p->publication = sqlite3_column_int64(q, 1);
	store_text(q, 2, p->feed, sizeof p->feed);
	store_text(q, 3, p->file, sizeof p->file);
	store_text(q, 4, p->user, sizeof p->user);
	store_text(q, 5, p->protocol, sizeof p->protocol);
	store_text(q, 6, p->address, sizeof p->address);
	p->begun = sqlite3_column_int64(q, 7);
	p->ended = sqlite3_column_int64(q, 8);
	p->bytes = (uint64_t)sqlite3_column_int64(q, 9);
	p->size = (uint64_t)sqlite3_column_int64(q, 10);
	p->complete = sqlite3_column_int(q, 11) != 0;
	p->number = sqlite3_column_int64(q, 12);
	p->encoded = sqlite3_column_int(q, 13) != 0;
	p->first = (uint64_t)sqlite3_column_int64(q, 14);
	p->asked = (uint64_t)sqlite3_column_int64(q, 15);
}

/* The file whose version it is: a sidecar's is the file beside it. */
static void
version_name(char out[64], const char *file)
{
	size_t n = strlen(file);

	snprintf(out, 64, "%s", file);
	if (n > 3 && n < 64 && strcmp(out + n - 3, ".gz") == 0)
		out[n - 3] = '\0';
}

/* 1, or 0 when it is told again. */
static int
add_pull(struct store *s, struct pull *p, struct err *e)
{
	if (store_run(s, SQL_PULL_ADD, e, "iisssssiiiiiiii", (int64_t)p->id,
		p->publication, p->feed, p->file, p->user, p->protocol,
		p->address, p->begun, p->ended, (int64_t)p->bytes,
		(int64_t)p->size, (int64_t)p->complete, (int64_t)p->encoded,
		(int64_t)p->first, (int64_t)p->asked) == -1)
		return -1;
	if (sqlite3_changes(s->db) == 0)
		return 0;
	p->number = sqlite3_last_insert_rowid(s->db);
	return 1;
}

int
store_pull_begin(struct store *s, struct pull *p, int64_t mtime, struct err *e)
{
	struct publication pub;
	char file[64];
	int rc;

	version_name(file, p->file);
	rc = store_publication_at(s, p->feed, file, mtime, &pub, e);
	if (rc == -1)
		return -1;
	p->publication = rc == 1 ? pub.id : 0;
	p->ended = 0;
	p->bytes = 0;
	p->complete = false;
	rc = add_pull(s, p, e);
	if (rc == 0)
		rc = store_pull_get(s, p->id, p, e);
	return rc == 1 ? 0 : -1;
}

int
store_pull_at(struct store *s, uint64_t id, uint64_t bytes, struct err *e)
{
	return store_run(s, SQL_PULL_AT, e, "ii", (int64_t)bytes, (int64_t)id);
}

static int
one_pull(
    struct store *s, enum sql k, int64_t key, struct pull *out, struct err *e)
{
	sqlite3_stmt *q;
	int rc = store_seek(s, k, key, &q, e);

	if (rc == 1)
		read_pull(q, out);
	sqlite3_reset(q);
	return rc;
}

int
store_pull_get(struct store *s, uint64_t id, struct pull *out, struct err *e)
{
	return one_pull(s, SQL_PULL_GET, (int64_t)id, out, e);
}

int
store_pull_numbered(
    struct store *s, int64_t number, struct pull *out, struct err *e)
{
	return one_pull(s, SQL_PULL_NUMBERED, number, out, e);
}

static int
pulled_completely(
    struct store *s, int64_t publication, int64_t at, struct err *e)
{
	struct publication p;
	struct pulled as;
	int rc =
	    publication == 0 ? 0 : store_publication_get(s, publication, &p, e);

	if (rc != 1)
		return rc;
	if (store_run(s, SQL_PUB_PULLED, e, "ii", at, p.id) == -1)
		return -1;
	if (p.pulls > 0)
		return 0;
	as = (struct pulled){ p.id, p.from, p.to, p.kinds, at };
	if (store_freeze(s, p.feed, &as, e) == -1 ||
	    store_ghosts(s, p.feed, &as, e) == -1)
		return -1;
	return store_event(s, p.feed, HISTORY_PULL, p.id, e);
}

static int
end_pull(struct store *s, uint64_t id, int64_t at, uint64_t bytes,
    bool complete, struct err *e)
{
	struct pull p;
	int rc;

	if (store_run(s, SQL_PULL_END, e, "iiii", at, (int64_t)bytes,
		(int64_t)complete, (int64_t)id) == -1)
		return -1;
	if (sqlite3_changes(s->db) == 0 || !complete)
		return 0; /* one that began unseen, or ended before */
	rc = store_pull_get(s, id, &p, e);
	return rc == 1 ? pulled_completely(s, p.publication, at, e) : rc;
}

int
store_pull_end(struct store *s, uint64_t id, int64_t at, uint64_t bytes,
    bool complete, struct err *e)
{
	bool ours = sqlite3_get_autocommit(s->db);

	store_ready_drop(s); /* it may freeze orders */
	if (ours && store_begin(s, e) == -1)
		return -1;
	return commit_or_not(
	    s, ours, end_pull(s, id, at, bytes, complete, e), e);
}

static int
whole_pull(struct store *s, struct pull *p, struct err *e)
{
	int rc = add_pull(s, p, e);

	if (rc == 0)
		rc = store_pull_get(s, p->id, p, e);
	else if (rc == 1 && p->complete)
		rc = pulled_completely(s, p->publication, p->ended, e);
	return rc == -1 ? -1 : 0;
}

int
store_pull_whole(struct store *s, struct pull *p, struct err *e)
{
	bool ours = sqlite3_get_autocommit(s->db);

	store_ready_drop(s); /* it may freeze orders */
	if (ours && store_begin(s, e) == -1)
		return -1;
	return commit_or_not(s, ours, whole_pull(s, p, e), e);
}

int
store_pulls_close(struct store *s, int64_t at,
    int (*each)(void *ctx, const struct pull *p, struct err *e), void *ctx,
    struct err *e)
{
	struct pull p;

	for (;;) {
		sqlite3_stmt *q = store_kept(s, SQL_PULL_OPEN, e);
		int rc;

		if (q == NULL)
			return -1;
		rc = store_step(s, q, e);
		if (rc == 1)
			read_pull(q, &p);
		sqlite3_reset(q);
		if (rc != 1)
			return rc;
		p.ended = at;
		if ((each != NULL && each(ctx, &p, e) == -1) ||
		    store_pull_end(s, p.id, at, p.bytes, false, e) == -1)
			return -1;
	}
}

int
store_pulls(struct store *s, const char *feed, unsigned limit,
    bool (*each)(void *ctx, const struct pull *p), void *ctx, struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_PULL_LIST, e);
	struct pull p;
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "si", feed, limit == 0 ? INT64_C(-1) : (int64_t)limit);
	while ((rc = store_step(s, q, e)) == 1) {
		read_pull(q, &p);
		if (!each(ctx, &p))
			break;
	}
	sqlite3_finalize(q);
	return rc == -1 ? -1 : 0;
}

/* --- history ------------------------------------------------------------ */

int
store_history(struct store *s, const char *feed, int64_t *after,
    int (*each)(void *ctx, enum history_kind k, int64_t id, struct err *e),
    void *ctx, struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_HISTORY, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "siiiii", feed, (int64_t)HISTORY_DUMP,
	    (int64_t)DUMP_MERGED, after == NULL ? INT64_C(0) : *after,
	    (int64_t)DUMP_WITHDRAWN, (int64_t)HISTORY_WITHDRAWN);
	while ((rc = store_step(s, q, e)) == 1) {
		if (each(ctx, (enum history_kind)sqlite3_column_int(q, 0),
			sqlite3_column_int64(q, 1), e) == -1) {
			rc = -1;
			break;
		}
		if (after != NULL)
			*after = sqlite3_column_int64(q, 2);
	}
	sqlite3_finalize(q);
	return rc;
}
