/*
 * The ledger: an entry for every dump, with what became of its records.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "store/store_private.h"

const char *
dump_state_name(enum dump_state s)
{
	static const char *const name[] = { [DUMP_MERGED] = "merged",
		[DUMP_REFUSED] = "refused",
		[DUMP_HELD] = "held",
		[DUMP_WITHDRAWN] = "withdrawn" };

	return name[s];
}

/* A tally in the ledger is its numbers in a line, in the order of the struct.
 */
#define TALLY_NUMBERS (sizeof(struct tally) / sizeof(uint64_t))
#define TALLY_TEXT (TALLY_NUMBERS * 21 + 1)

static void
write_tally(char out[TALLY_TEXT], const struct tally *t)
{
	uint64_t n[TALLY_NUMBERS];
	size_t used = 0;

	memcpy(n, t, sizeof n);
	for (size_t i = 0; i < TALLY_NUMBERS; i++)
		used += (size_t)snprintf(out + used, TALLY_TEXT - used,
		    "%s%" PRIu64, i == 0 ? "" : " ", n[i]);
}

static void
read_tally(struct tally *t, const char *text)
{
	uint64_t n[TALLY_NUMBERS] = { 0 };
	char *end;

	for (size_t i = 0; i < TALLY_NUMBERS && *text != '\0'; i++) {
		n[i] = strtoull(text, &end, 10);
		text = *end == ' ' ? end + 1 : "";
	}
	memcpy(t, n, sizeof *t);
}

static void
read_dump(sqlite3_stmt *q, struct dump_entry *d)
{
	char tally[TALLY_TEXT];

	memset(d, 0, sizeof *d);
	d->id = sqlite3_column_int64(q, 0);
	store_text(q, 1, d->feed, sizeof d->feed);
	store_text(q, 2, d->source, sizeof d->source);
	store_text(q, 3, d->name, sizeof d->name);
	d->state = (enum dump_state)sqlite3_column_int(q, 4);
	d->at = sqlite3_column_int64(q, 5);
	d->bytes = (uint64_t)sqlite3_column_int64(q, 6);
	store_text(q, 7, d->sha256, sizeof d->sha256);
	store_text(q, 8, d->fingerprint, sizeof d->fingerprint);
	store_text(q, 9, d->archive, sizeof d->archive);
	store_text(q, 10, d->preset, sizeof d->preset);
	store_text(q, 11, d->encoding, sizeof d->encoding);
	store_text(q, 12, d->reason, sizeof d->reason);
	store_text(q, 13, tally, sizeof tally);
	read_tally(&d->tally, tally);
}

/* What became of the records adds up (I1); a dump that was refused as a whole
 * may have been read in part. */
static void
check_tally(const struct dump_entry *d)
{
	const struct tally *t = &d->tally;

	assert(d->state != DUMP_MERGED ||
	       t->records == t->accepted + t->unchanged + t->superseded +
				 t->skipped + t->rejected);
	(void)t;
}

static int
note_merged(struct store *s, const struct dump_entry *d, struct err *e)
{
	return d->state == DUMP_MERGED
		   ? store_event(s, d->feed, HISTORY_DUMP, d->id, e)
		   : 0;
}

int
store_dump_next(struct store *s, int64_t *out, struct err *e)
{
	return store_ask(s, SQL_DUMP_NEXT, out, e, "");
}

int
store_dump_add(
    struct store *s, struct dump_entry *d, const char *settings, struct err *e)
{
	char tally[TALLY_TEXT];

	check_tally(d);
	write_tally(tally, &d->tally);
	if (store_run(s, SQL_DUMP_ADD, e, "sssiiissssssssi", d->feed, d->source,
		d->name, (int64_t)d->state, d->at, (int64_t)d->bytes, d->sha256,
		d->fingerprint, d->archive, d->preset, d->encoding, d->reason,
		tally, settings == NULL ? "" : settings, d->id) == -1)
		return -1;
	d->id = sqlite3_last_insert_rowid(s->db);
	return note_merged(s, d, e);
}

int
store_dump_set(struct store *s, const struct dump_entry *d, struct err *e)
{
	char tally[TALLY_TEXT];

	check_tally(d);
	write_tally(tally, &d->tally);
	if (store_run(s, SQL_DUMP_SET, e, "sssiiisssssssi", d->feed, d->source,
		d->name, (int64_t)d->state, d->at, (int64_t)d->bytes, d->sha256,
		d->fingerprint, d->archive, d->preset, d->encoding, d->reason,
		tally, d->id) == -1)
		return -1;
	if (sqlite3_changes(s->db) == 0)
		return err_set(e, "the ledger has no dump %" PRId64, d->id);
	return note_merged(s, d, e);
}

static int
find_same(struct store *s, const char *feed, const char *source,
    const char *sha256, const char *fingerprint, enum dump_state state,
    struct dump_entry *out, struct err *e)
{
	sqlite3_stmt *q = store_kept(s, SQL_DUMP_KNOWN, e);
	int rc;

	if (q == NULL)
		return -1;
	store_bind(
	    q, "ssssi", sha256, feed, source, fingerprint, (int64_t)state);
	rc = store_step(s, q, e);
	if (rc == 1)
		read_dump(q, out);
	sqlite3_reset(q);
	return rc;
}

int
store_dump_known(struct store *s, const char *feed, const char *source,
    const char *sha256, const char *fingerprint, struct dump_entry *out,
    struct err *e)
{
	return find_same(
	    s, feed, source, sha256, fingerprint, DUMP_MERGED, out, e);
}

int
store_dump_waits(struct store *s, const char *feed, const char *source,
    const char *sha256, const char *fingerprint, struct dump_entry *out,
    struct err *e)
{
	return find_same(
	    s, feed, source, sha256, fingerprint, DUMP_HELD, out, e);
}

int
store_dumps(struct store *s, const char *feed, unsigned limit,
    bool (*each)(void *ctx, const struct dump_entry *d), void *ctx,
    struct err *e)
{
	sqlite3_stmt *q = store_fresh(s, SQL_DUMP_LIST, e);
	struct dump_entry d;
	int rc;

	if (q == NULL)
		return -1;
	store_bind(q, "si", feed, limit == 0 ? INT64_C(-1) : (int64_t)limit);
	while ((rc = store_step(s, q, e)) == 1) {
		read_dump(q, &d);
		if (!each(ctx, &d))
			break;
	}
	sqlite3_finalize(q);
	return rc == -1 ? -1 : 0;
}

int
store_dump_get(struct store *s, int64_t id, struct dump_entry *out,
    char **settings, struct err *e)
{
	sqlite3_stmt *q;
	int rc = store_seek(s, SQL_DUMP_GET, id, &q, e);

	if (rc == 1) {
		read_dump(q, out);
		if (settings != NULL)
			*settings = mem_slice(store_blob(q, 14));
	}
	sqlite3_reset(q);
	return rc;
}
