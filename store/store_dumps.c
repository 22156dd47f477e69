/*
 * What dumps were like, as the next one asks, and the dumps that wait for
 * somebody's decision.  The rest of the ledger is in store.c.
 */
#include <sqlite3.h>
#include <stdlib.h>

#include "store/store_private.h"

/* --- profiles ------------------------------------------------------------ */

int
store_profile_set(
    struct store *s, int64_t dump, const char *text, struct err *e)
{
	return store_run(s, SQL_PROFILE_SET, e, "si", text, dump);
}

int
store_profile_get(struct store *s, int64_t dump, char **text, struct err *e)
{
	sqlite3_stmt *q;
	int rc = store_seek(s, SQL_PROFILE_GET, dump, &q, e);

	if (rc == 1)
		*text = mem_slice(store_blob(q, 0));
	sqlite3_reset(q);
	return rc;
}

int
store_profile_before(struct store *s, const struct profile_of *of,
    int64_t before, int64_t *dump, char **text, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_PROFILE_BEFORE, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "ssisis", of->feed, of->source, (int64_t)DUMP_MERGED,
	    record_kind_name(of->kind), before, of->member);
	rc = store_step(s, q, e);
	if (rc == 1) {
		*dump = sqlite3_column_int64(q, 0);
		*text = mem_slice(store_blob(q, 1));
	}
	sqlite3_reset(q);
	return rc;
}

/* --- what was merged before ---------------------------------------------- */

int
store_has_history(struct store *s, const char *feed, struct err *e)
{
	int64_t n;

	return store_ask(s, SQL_DUMP_ANY, &n, e, "si", feed,
		   (int64_t)DUMP_MERGED) == -1
		   ? -1
		   : n > 0;
}

int
store_has_kind(
    struct store *s, const char *feed, enum record_kind kind, struct err *e)
{
	int64_t n;

	return store_ask(s, SQL_DUMP_KIND, &n, e, "sis", feed,
		   (int64_t)DUMP_MERGED, record_kind_name(kind)) == -1
		   ? -1
		   : n > 0;
}

int
store_has_preset(struct store *s, const char *feed, const char *source,
    const char *preset, struct err *e)
{
	int64_t n;

	return store_ask(s, SQL_DUMP_PRESET, &n, e, "ssis", feed, source,
		   (int64_t)DUMP_MERGED, preset) == -1
		   ? -1
		   : n > 0;
}

/* --- what waits ---------------------------------------------------------- */

int
store_dumps_held(struct store *s, const char *feed,
    bool (*each)(void *ctx, const struct dump_entry *d), void *ctx,
    struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_DUMP_STATE, e);
	struct dump_entry d;
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "si", feed, (int64_t)DUMP_HELD);
	while ((rc = store_step(s, q, e)) == 1) {
		rc = store_dump_get(s, sqlite3_column_int64(q, 0), &d, NULL, e);
		if (rc == -1 || !each(ctx, &d))
			break;
	}
	sqlite3_finalize(q);
	return rc == -1 ? -1 : 0;
}

/* --- lists --------------------------------------------------------------- */

struct ids {
	int64_t after, *id;
	size_t n, room;
	bool merged;
};

static bool
note_id(void *ctx, const struct dump_entry *d)
{
	struct ids *l = ctx;

	if (d->id <= l->after)
		return false;
	if (l->merged && d->state != DUMP_MERGED)
		return true;
	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		l->id = mem_grow(l->id, l->room * sizeof *l->id);
	}
	l->id[l->n++] = d->id;
	return true;
}

int
store_dump_ids(struct store *s, const char *feed, int64_t after, bool merged,
    int64_t **out, size_t *n, struct err *e)
{
	struct ids l = { .after = after, .merged = merged };
	int rc = store_dumps(s, feed, 0, note_id, &l, e);

	for (size_t i = 0; i < l.n / 2; i++) {
		int64_t newest = l.id[i];

		l.id[i] = l.id[l.n - 1 - i];
		l.id[l.n - 1 - i] = newest;
	}
	*out = l.id;
	*n = l.n;
	return rc;
}
