/*
 * The sorter's runs on the disk, read as one: a thread merges them, some
 * batches of records ahead of whoever asks for them.
 *
 *      runs_open, runs_add for each run, runs_begin, runs_next …, runs_close
 */
#ifndef STORE_SORTER_RUNS_H
#define STORE_SORTER_RUNS_H

#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"
#include "server/err.h"

struct runs;

struct runs *runs_open(const char *dir); /* dir: named in errors */
void runs_close(struct runs *r);         /* NULL is fine */

/* So many bytes of records follow in the file, in order. */
void runs_add(struct runs *r, size_t bytes);

/* Reads them from the first record on; may be called again for that.  The first
 * time await is called before anything is read, by the thread: it says whether
 * the runs are written. */
void runs_begin(struct runs *r, int fd, size_t memory_bytes,
    int (*await)(void *ctx, struct err *e), void *ctx);

/* 1 and the next record, valid until the next call; 0 at the end; -1. */
int runs_next(struct runs *r, struct slice *key, uint64_t *sequence,
    struct slice *bytes, struct err *e);

#endif
