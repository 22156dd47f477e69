/*
 * Sorts more than fits in memory: records of a key and bytes, by key
 * (bytewise), then by sequence, then as they were added.  What does not fit
 * into memory_bytes is spilled in runs into an unnamed file in dir, by a thread
 * with half as much memory again, and merged by another one, ahead of who asks
 * for them; what fits never touches the disk.
 */
#ifndef STORE_SORTER_H
#define STORE_SORTER_H

#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"
#include "server/err.h"

struct sorter;

int sorter_open(
    struct sorter **out, const char *dir, size_t memory_bytes, struct err *e);
void sorter_close(struct sorter *s); /* NULL is fine */

/* Empties it for other records; keeps the memory of the first run. */
void sorter_reset(struct sorter *s);

/* An empty sorter in the same folder. */
int sorter_sibling(struct sorter **out, const struct sorter *s,
    size_t memory_bytes, struct err *e);

int sorter_add(struct sorter *s, struct slice key, uint64_t sequence,
    struct slice bytes, struct err *e);

/* The bytes are the parts one after the other. */
int sorter_add_parts(struct sorter *s, struct slice key, uint64_t sequence,
    const struct slice *part, size_t parts, struct err *e);

/* No more records are added; sorter_next begins.  What goes wrong with those
 * that are spilled meanwhile it says. */
int sorter_sort(struct sorter *s, struct err *e);

/* 1 and the next record, valid until the next call; 0 at the end; -1. */
int sorter_next(struct sorter *s, struct slice *key, uint64_t *sequence,
    struct slice *bytes, struct err *e);

/* Back to the first record, as after sorter_sort; no work at the first. */
int sorter_rewind(struct sorter *s, struct err *e);

#endif
