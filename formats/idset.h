/*
 * Which ids were seen before: their 64-bit hashes, 8 to 16 bytes an id.  Two
 * different ids among three million have the same hash once in four million
 * files, and what then comes out is a warning too many.  It grows up to 256
 * MiB, room for 23 million ids, more than a file of 300 MB holds; beyond that
 * it is full and finds no more.
 */
#ifndef FORMATS_IDSET_H
#define FORMATS_IDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"

struct idset {
	uint64_t *slot; /* 0 is free */
	size_t slots;   /* a power of two; 0 at first */
	size_t used;
};

#define IDSET_EMPTY                                                            \
	{                                                                      \
		NULL, 0, 0                                                     \
	}

bool idset_add(struct idset *s, struct slice id); /* was it there? */

/* id will be added soon: fetches its slot into the cache meanwhile, which is
 * what most of the time of idset_add goes by with. */
void idset_expect(const struct idset *s, struct slice id);

void idset_free(struct idset *s);

#endif
