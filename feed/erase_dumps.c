/*
 * Erasing in archived dumps.  A dump is written anew under another name, and
 * the ledger names that one from then on; a copy that nothing needs, or that
 * cannot be read, goes whole.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/archive.h"
#include "feed/erase_files.h"
#include "server/lang.h"
#include "feed/unpack.h"
#include "feed/winnow.h"

/* --- dumps ---------------------------------------------------------------- */

static struct winnow
winnow_of(struct erasing *x)
{
	return (struct winnow){ .conf = x->conf,
		.stones = x->stones,
		.dir = x->dir,
		.breathe = x->breathe,
		.ctx = x->ctx,
		.stop = x->stop };
}

/* The copy without them lies under a name of its own, which the ledger has
 * from then on. */
static int
replace_dump(struct erasing *x, struct dump_entry *d, struct winnow *w,
    const struct settings *s, int fd, struct err *e)
{
	struct erase_event v = { .x = x,
		.feed = d->feed,
		.path = d->archive,
		.rows = w->dropped + w->changed };
	struct archiving *a = NULL;
	struct dump_entry to = *d;
	char *text = NULL, sha256[65];
	int copy = -1, rc = -1;

	if (erase_hash_before(x, d->archive, v.before, e) == -1 ||
	    winnow_write(w, s, fd, &copy, &text, e) == -1 ||
	    archive_begin(&a, x->conf, d->feed, ARCHIVE_DUMP, copy, NULL, e) ==
		-1)
		goto out;
	if (archive_end(a, to.archive, sha256, d->name, d->at, e) == -1)
		goto out;
	v.into = to.archive;
	snprintf(to.encoding, sizeof to.encoding, "utf-8");
	if (erase_say(&v, sha256, e) == -1 || store_begin(x->store, e) == -1)
		goto out;
	if (store_dump_set(x->store, &to, e) == -1 ||
	    store_dump_revise(x->store, d->id, text, d->fingerprint, e) == -1 ||
	    store_commit(x->store, e) == -1) {
		store_rollback(x->store);
		goto out;
	}
	rc = 0;
out:
	if (copy != -1)
		close(copy);
	free(text);
	return rc;
}

/* What becomes of the file, as far as one dump of the ledger is concerned. */
enum outcome {
	STAYS,    /* nobody is in it, or it cannot be helped */
	REPLACED, /* there is another copy */
	GOES      /* nothing needs it */
};

/* Somebody is in it, or may be. */
static int
mend(struct erasing *x, struct dump_entry *d, struct winnow *w,
    const struct settings *s, int fd, enum outcome *out, struct err *e)
{
	bool refused = d->state == DUMP_REFUSED;

	if (w->found == WINNOW_UNKNOWN && (!refused || x->audit == NULL)) {
		erase_note_unread(x, d->archive,
		    refused ? N_("it was refused, for it cannot be read")
			    : N_("it cannot be read to its end any more"));
		return 0;
	}
	erase_note_file(
	    x, d->feed, d->archive, N_("dump"), w->dropped, w->changed);
	if (x->audit == NULL)
		return 0;
	if (erase_save(x, e) == -1)
		return -1;
	if (winnow_can(w)) {
		*out = REPLACED;
		return replace_dump(x, d, w, s, fd, e);
	}
	if (refused)
		*out = GOES;
	else
		erase_note_unread(
		    x, d->archive, N_("it cannot be written anew"));
	return 0;
}

static int
do_dump(struct erasing *x, struct dump_entry *d, const char *text, int fd,
    enum outcome *out, uint64_t *rows, struct err *e)
{
	struct winnow w = winnow_of(x);
	struct settings *s = NULL;
	int rc;

	*out = STAYS;
	if (settings_parse(&s, text) != FMT_OK)
		return err_set(e, "the ledger's settings cannot be read");
	rc = winnow_look(&w, s, fd, e);
	if (rc == 0 && w.found != WINNOW_CLEAN)
		rc = mend(x, d, &w, s, fd, out, e);
	*rows = w.dropped + w.changed;
	winnow_free(&w);
	settings_free(s);
	return rc;
}

/* Two sources may have had the same bytes, of one name, in one second. */
int
erase_dump_file(struct erasing *x, const char *path, const json_t *ids, int fd,
    struct err *e)
{
	unsigned n[GOES + 1] = { 0 };
	struct dump_entry d;
	uint64_t rows = 0;
	json_t *id;
	size_t i;

	json_array_foreach(ids, i, id)
	{
		enum outcome out = STAYS;
		char *text = NULL;
		int rc = store_dump_get(
		    x->store, json_integer_value(id), &d, &text, e);

		if (rc == 1)
			rc = do_dump(x, &d, text, fd, &out, &rows, e);
		free(text);
		if (rc == -1)
			return -1;
		n[out]++;
	}
	if (x->audit == NULL || n[STAYS] > 0)
		return 0;
	return n[REPLACED] > 0 ? archive_remove(x->conf, path, e)
			       : erase_remove(x, d.feed, path, rows, e);
}

/* --- what the ledger does not have ---------------------------------------- */

/* A copy of a dump that was known, an archive whose members are dumps of their
 * own: looked through as the feed would read it now. */
static int
look_into(struct erasing *x, const struct feed *f, int fd, struct winnow *sum,
    struct err *e)
{
	struct winnow w = winnow_of(x);
	int rc = winnow_look(&w, f->source[0], fd, e);

	if (rc == 0 && w.found > sum->found)
		sum->found =
		    w.found == WINNOW_UNKNOWN && sum->found == WINNOW_FOUND
			? WINNOW_FOUND
			: w.found;
	sum->dropped += w.dropped;
	sum->changed += w.changed;
	winnow_free(&w);
	return rc;
}

static int
look_into_all(struct erasing *x, const struct feed *f, const char *path, int fd,
    struct winnow *sum, struct err *e)
{
	struct unpack_how how = { .limits = &f->source[0]->limits,
		.dir = x->dir,
		.breathe = x->breathe,
		.ctx = x->ctx,
		.stop = x->stop };
	enum fmt_status st = FMT_OK;
	struct unpack_dump m;
	struct unpack *u = NULL;
	int unpacked = -1, rc = -1;

	if (unpack_gzip(&unpacked, fd, &how, &st, e) == -1)
		return -1;
	if (st != FMT_OK) {
		sum->found = WINNOW_UNKNOWN;
		return 0;
	}
	if (unpack_open(&u, unpacked == -1 ? fd : unpacked, path, &how, e) ==
	    -1)
		goto out;
	if (!unpack_is_archive(u)) {
		rc = look_into(x, f, fd, sum, e);
		goto out;
	}
	while ((rc = unpack_next(u, &m, e)) == 1) {
		if (m.status != FMT_OK) {
			if (sum->found == WINNOW_CLEAN)
				sum->found = WINNOW_UNKNOWN;
		} else if (look_into(x, f, m.fd, sum, e) == -1) {
			rc = -1;
			break;
		}
	}
out:
	unpack_close(u);
	if (unpacked != -1)
		close(unpacked);
	return rc;
}

int
erase_copy(struct erasing *x, const char *feed, const char *path, int fd,
    struct err *e)
{
	const struct feed *f = conf_feed(x->conf, feed);
	struct winnow sum = { .found = WINNOW_CLEAN };

	if (f == NULL)
		sum.found = WINNOW_UNKNOWN;
	else if (look_into_all(x, f, path, fd, &sum, e) == -1)
		return -1;
	if (sum.found == WINNOW_CLEAN)
		return 0;
	if (sum.found == WINNOW_UNKNOWN && x->audit == NULL) {
		erase_note_unread(x, path, N_("it cannot be looked through"));
		return 0;
	}
	erase_note_file(x, feed, path, N_("copy"), sum.dropped, sum.changed);
	if (x->audit == NULL)
		return 0;
	return erase_save(x, e) == -1
		   ? -1
		   : erase_remove(x, feed, path, sum.dropped, e);
}
