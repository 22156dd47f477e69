/*
 * An arena: memory for one row while it travels.  All of it is given back at
 * once by arena_reset; nothing in it is freed alone.
 *
 * Memory that cannot be had ends the process: the store is transactional and
 * the parent starts the worker again, which is safer than every caller's
 * untested way out.
 */
#ifndef FORMATS_ARENA_H
#define FORMATS_ARENA_H

#include <stddef.h>
#include "formats/slice.h"

struct arena {
	struct arena_block *block; /* the newest first; NULL when empty */
	size_t used;               /* of the newest block */
};

/* clang-format off */
#define ARENA_EMPTY { NULL, 0 }
/* clang-format on */

void *arena_alloc(struct arena *a, size_t n); /* aligned, not cleared */
struct slice arena_copy(struct arena *a, struct slice s);
char *arena_string(struct arena *a, struct slice s); /* terminated */
void arena_reset(struct arena *a); /* keeps one block for the next row */
void arena_free(struct arena *a);

/* The same promise for what outlives a row. */
void *mem_alloc(size_t n);         /* cleared */
void *mem_grow(void *p, size_t n); /* realloc */
char *mem_string(const char *s);   /* strdup; NULL stays NULL */
char *mem_slice(struct slice s);   /* a terminated copy */

#endif
