/*
 * What our own linter says of a file that is about to be published (I5), in a
 * thread of its own while the file is written: it reads the very bytes that
 * lie there.  Only what the destination refuses counts.  Rows of one id are but
 * worth a warning, and the store has one record an id: so nobody looks for them
 * here, and memory does not grow with the file.
 */
#ifndef FEED_LINTING_H
#define FEED_LINTING_H

#include <stddef.h>
#include <stdint.h>
#include "formats/writer.h"
#include "formats/zone.h"
#include "server/err.h"
#include "store/growing.h"

struct linting;

/* The writer and the file must outlive it. */
int linting_begin(struct linting **out, const struct writer *w,
    const struct zone *z, int64_t now, struct growing *file, struct err *e);

/* 1 and why, when the destination would refuse it or some of its rows; 0; -1.
 * Frees, as does linting_cancel (NULL is fine); the file must have ended. */
int linting_end(struct linting *l, char *why, size_t size, struct err *e);
void linting_cancel(struct linting *l);

#endif
