/*
 * Rows read ahead: a thread decodes and cuts a dump into rows while its caller
 * judges those that came before.  What comes out is what reader_next says, row
 * for row; only time is saved.
 */
#ifndef FORMATS_AHEAD_H
#define FORMATS_AHEAD_H

#include "formats/reader.h"

struct ahead;

/* From now on the reader is the thread's, until ahead_stop.  NULL when there
 * can be no thread: then the reader is read as ever. */
struct ahead *ahead_open(struct reader *r);
void ahead_stop(struct ahead *a);  /* may be called more than once */
void ahead_close(struct ahead *a); /* NULL is fine */

/* As reader_next; the row lives until the next call. */
enum fmt_status ahead_next(struct ahead *a, struct row *out);

/* As reader_facts, when the row that was read last was the reader's last. */
void ahead_facts(const struct ahead *a, struct reader_facts *out);

#endif
