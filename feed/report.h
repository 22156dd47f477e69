/*
 * Reports on one dump, in reports/FEED/: NAME.rejects.csv, NAME.report.json,
 * NAME.report.txt.  The latest of that NAME; copies go to the archive.  The
 * hidden folder REPORTS_MASKED beside has what the role report is shown instead
 * (report_twin).
 *
 *      report_open, report_begin once the columns are known, report_problem
 *      for each, report_write or report_discard.
 */
#ifndef FEED_REPORT_H
#define FEED_REPORT_H

#include <limits.h>
#include "formats/dump.h"
#include "feed/clockcheck.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/sorter.h"
#include "store/store.h"

struct report;

/* name as dropped; it is cut to 128 bytes at a character for the files. */
int report_open(struct report **out, const struct conf *c, const struct feed *f,
    const char *name, struct err *e);
/* The same in another folder, where nothing is archived (report_stage.h). */
int report_open_in(struct report **out, const struct conf *c,
    const struct feed *f, const char *name, const char *folder, struct err *e);
void report_discard(struct report *r); /* NULL is fine */

/* The columns of rejects.csv.  facts may be NULL (a dump that could not be
 * opened at all); hash: identifiers are masked. */
int report_begin(
    struct report *r, const struct dump_facts *facts, bool hash, struct err *e);

/* One line of rejects.csv: kind row or value.  With pii = hash identifiers
 * are masked.  Cells that a spreadsheet would run as a formula are defused. */
int report_problem(struct report *r, unsigned long line, bool row,
    const struct problem *p, const struct slice *cell, size_t cells,
    struct err *e);

/* A record, whatever becomes of it: what only a whole column shows. */
void report_see(struct report *r, unsigned long line, const struct slice *cell,
    size_t cells);

/* The row packed, for a record that may yet be rejected (merge_record.cells),
 * and back: *cells of them, in the arena, pointing into packed. */
struct slice report_pack_cells(
    struct arena *a, const struct slice *cell, size_t cells);
struct slice *report_unpack_cells(
    struct arena *a, struct slice packed, size_t *cells);

/* At start: what a report that was killed left half-written goes. */
void report_sweep(const struct conf *c, const struct feed *f);

/* Under which name a report's file lies in REPORTS_MASKED. */
void report_twin(char out[NAME_MAX + 1], const char *name);

/* Is there a report of that name already? */
bool report_exists(const struct report *r);

/* What is wrong with its times; they are copied. */
void report_clock(struct report *r, const struct clock_warning *w, size_t n);

/* For a dump that is not read again, or not as it came: what it was told of
 * before stays, if the report of that name is still its own.  Instead of
 * report_begin. */
int report_take_over(struct report *r, int64_t dump, struct err *e);

/* Writes the three files in place, synced, and their copies into the archive;
 * frees r, also when it fails.  facts may be NULL. */
int report_write(struct report *r, const struct dump_entry *d,
    const struct dump_facts *facts, struct err *e);

#endif
