/*
 * Rows read ahead: a thread decodes and cuts a dump into rows while its caller
 * judges those that came before, or another thread does that for him.  What
 * comes out is what reader_next says, row for row; only time is saved.
 */
#ifndef FORMATS_AHEAD_H
#define FORMATS_AHEAD_H

#include "formats/arena.h"
#include "formats/reader.h"

struct ahead;

/* What a second thread makes of each row, one after the other. */
struct ahead_work {
	/* FMT_OK and what it made; *left_out: it made nothing, and the row is
	 * not handed out.  Else the rows end here.  What it allocates in a
	 * lasts as long as the row. */
	enum fmt_status (*make)(void *ctx, const struct row *row,
	    struct arena *a, void *out, bool *left_out);
	void *ctx;
	size_t bytes; /* of out, which is zero before the first row of many */
	void (*free)(void *out);
};

/* From now on the reader is the thread's, until ahead_stop, and so is what
 * the work touches.  NULL when there can be no thread: then the reader is read
 * as ever.  Without work w is NULL. */
struct ahead *ahead_open(struct reader *r, const struct ahead_work *w);
void ahead_stop(struct ahead *a);  /* may be called more than once */
void ahead_close(struct ahead *a); /* NULL is fine */

/* As reader_next; the row, and what was made of it, lives until the next call.
 */
enum fmt_status ahead_next(struct ahead *a, struct row *out, void **made);

/* As reader_facts, when the row that was read last was the reader's last. */
void ahead_facts(const struct ahead *a, struct reader_facts *out);

#endif
