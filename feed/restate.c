/*
 * See restate.h.
 */
#include "feed/restate.h"

#include <stdlib.h>

#include "feed/clockask.h"
#include "feed/report_stage.h"

int
restate_begin(struct restate *x, const struct dump_entry *d, bool hashed,
    struct reread *r, struct err *e)
{
	x->hashed = hashed;
	if (report_stage(&x->report, x->conf, x->feed, d, e) == -1)
		return -1;
	if (hashed)
		return report_take_over(x->report, d->id, e);
	r->in.report = x->report;
	r->in.profile = &x->profile;
	return store_has_variants(x->to, x->feed->name, &r->in.has_variants, e);
}

/* What is wrong with its times, as it is read now. */
static int
note_times(struct restate *x, int64_t dump, struct reread *r, struct err *e)
{
	struct clock_warning clock[CLOCK_CODES];
	size_t clocks;

	if (x->hashed || r->none)
		return 0;
	if (clock_ask(&r->in, x->ledger, dump, clock, &clocks, e) == -1)
		return -1;
	report_clock(x->report, clock, clocks);
	return 0;
}

int
restate_end(struct restate *x, const struct dump_entry *d, struct reread *r,
    char **profile, struct err *e)
{
	struct dump_entry now = *d;
	struct report *report;

	*profile = NULL;
	if (x->hashed && reread_count_rest(x->ledger, &now, e) == -1)
		return -1;
	if (note_times(x, d->id, r, e) == -1)
		return -1;
	if (!x->hashed && !r->none) {
		profile_member(&x->profile, d->name);
		*profile = profile_text(&x->profile);
	}
	report = x->report;
	x->report = NULL;
	if (report_write(report, &now, x->hashed ? NULL : r->in.facts, e) ==
	    -1) {
		free(*profile);
		*profile = NULL;
		return -1;
	}
	profile_close(&x->profile);
	x->profile = (struct profile){ 0 };
	return 0;
}

void
restate_drop(struct restate *x)
{
	report_discard(x->report);
	x->report = NULL;
	profile_close(&x->profile);
	x->profile = (struct profile){ 0 };
}

int
restate_withdrawn(const struct conf *c, const struct feed *f,
    const struct dump_entry *d, struct err *e)
{
	struct report *r;

	if (report_stage(&r, c, f, d, e) == -1)
		return -1;
	if (report_take_over(r, d->id, e) == -1) {
		report_discard(r);
		return -1;
	}
	return report_write(r, d, NULL, e);
}
