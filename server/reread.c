/*
 * Archived dumps, read again.  See reread.h.
 */
#include "server/reread.h"

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
