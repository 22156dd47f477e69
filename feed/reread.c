/*
 * Archived dumps, read again.  See reread.h.
 */
#include "feed/reread.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/archive.h"

int
reread_read(struct reread *r, const struct conf *c, const struct dump_entry *d,
    const char *text, int fd, struct err *e)
{
	struct intake *in = &r->in;

	if (settings_parse(&r->settings, text) != FMT_OK)
		return err_set(e, "the ledger's settings cannot be read");
	in->conf = c;
	in->settings = r->settings;
	in->at = d->at;
	if (intake_read(in, fd, e) == -1)
		return -1;
	r->none = in->status == FMT_EMPTY;
	if (in->status != FMT_END && !r->none)
		return err_set(
		    e, "its archived copy is refused: %s", in->reason);
	return 0;
}

int
reread_merge(
    struct reread *r, struct store *s, struct dump_entry *d, struct err *e)
{
	if (r->none)
		return 0;
	if (intake_merge(&r->in, s, d->id, e) == -1)
		return -1;
	d->tally = r->in.tally;
	return 0;
}

void
reread_close(struct reread *r)
{
	intake_close(&r->in);
	settings_free(r->settings);
}

int
reread_count_rest(struct store *ledger, struct dump_entry *d, struct err *e)
{
	struct tally *t = &d->tally;
	struct profile p;
	char *text;

	if (store_profile_get(ledger, d->id, &text, e) != 1)
		return -1;
	if (profile_read(&p, text) && p.records > t->records) {
		t->records += p.skipped + p.rejected;
		t->skipped += p.skipped;
		t->rejected += p.rejected;
		t->too_old += p.too_old;
		t->values_dropped += p.values_dropped;
	}
	profile_close(&p);
	free(text);
	return 0;
}

/* --- below later ones ---------------------------------------------------- */

static int
merge_once_more(const struct intake *like, struct store *s,
    const struct conf *c, int64_t id, struct err *e)
{
	struct reread r = REREAD_EMPTY;
	struct dump_entry d;
	char *text = NULL;
	int fd = -1, rc = store_dump_get(s, id, &d, &text, e);

	if (rc != 1)
		goto out;
	fd = archive_open(c, d.archive, e);
	if (fd == -1) {
		rc = errno == ENOENT ? 0 : -1;
		goto out;
	}
	r.in.dir = like->dir;
	r.in.breathe = like->breathe;
	r.in.ctx = like->ctx;
	r.in.stop = like->stop;
	r.in.stones = like->stones;
	r.in.again = true;
	rc = store_has_variants(s, d.feed, &r.in.has_variants, e);
	if (rc == 0)
		rc = reread_read(&r, c, &d, text, fd, e);
	if (rc == 0)
		rc = reread_merge(&r, s, &d, e);
out:
	if (rc == -1)
		err_add(e, "dump %lld", (long long)id);
	reread_close(&r);
	if (fd != -1)
		close(fd);
	free(text);
	return rc;
}

int
reread_merge_below(struct reread *r, struct store *s, const struct conf *c,
    struct dump_entry *d, struct err *e)
{
	int64_t *later;
	size_t n;
	int rc = store_dump_ids(s, d->feed, d->id, true, &later, &n, e);

	r->in.again = n > 0;
	if (rc == 0)
		rc = reread_merge(r, s, d, e);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = merge_once_more(&r->in, s, c, later[i], e);
	free(later);
	return rc;
}
