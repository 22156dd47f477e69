/*
 * Reports of dumps that are read otherwise (revise.h): written beside, in a
 * hidden folder of reports/FEED/, and put into their places once it is certain
 * that the dumps were.
 *
 *      report_stage for each dump; in the transaction report_stage_seal;
 *      report_stage_end after it, whatever became of it, at start, and from
 * time to time.
 */
#ifndef FEED_REPORT_STAGE_H
#define FEED_REPORT_STAGE_H

#include "feed/report.h"

#define REPORTS_REVISED ".revised" /* below reports/FEED/ */

/* To be written by report_write. */
int report_stage(struct report **out, const struct conf *c,
    const struct feed *f, const struct dump_entry *d, struct err *e);

/* They belong to that act: without it they are nothing. */
int report_stage_seal(
    const struct conf *c, const struct feed *f, int64_t act, struct err *e);

/*
 * If the store has the act, each goes to the archive, and into the place of the
 * dump's report unless that is another dump's by now.  Nothing of them is left
 * beside.  -1: what is left is tried again with the next call.
 */
int report_stage_end(
    const struct conf *c, const struct feed *f, struct store *s, struct err *e);

#endif
