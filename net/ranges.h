/*
 * Which bytes of a file were moved: sorted ranges that neither touch nor
 * overlap.  A client may read or write in any order; as long as it leaves no
 * more than RANGES_MAX gaps at a time, nothing is forgotten.  Beyond that a
 * range is not added, so that what follows errs towards "not whole".
 */
#ifndef NET_RANGES_H
#define NET_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANGES_MAX 64

struct range {
	uint64_t from, to; /* to is the first byte after it */
};

struct ranges {
	size_t n;
	struct range r[RANGES_MAX];
};

void ranges_add(struct ranges *s, uint64_t from, uint64_t to);

/* Were all of the first size bytes moved?  Of none, yes. */
bool ranges_cover(const struct ranges *s, uint64_t size);

/* Was everything moved from some byte on up to the size, and nothing else? */
bool ranges_reach(const struct ranges *s, uint64_t size);

#endif
