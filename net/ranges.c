/*
 * Ranges of bytes.
 */
#include "net/ranges.h"

#include <string.h>

void
ranges_add(struct ranges *s, uint64_t from, uint64_t to)
{
	size_t first = 0, last;

	if (from >= to)
		return;
	while (first < s->n && s->r[first].to < from)
		first++;
	/* [first, last) touch the new one and become part of it */
	for (last = first; last < s->n && s->r[last].from <= to; last++) {
		if (s->r[last].from < from)
			from = s->r[last].from;
		if (s->r[last].to > to)
			to = s->r[last].to;
	}
	if (last == first && s->n == RANGES_MAX)
		return;
	memmove(s->r + first + 1, s->r + last, (s->n - last) * sizeof *s->r);
	s->n = s->n - (last - first) + 1;
	s->r[first] = (struct range){ from, to };
}

bool
ranges_cover(const struct ranges *s, uint64_t size)
{
	return size == 0 ||
	       (s->n > 0 && s->r[0].from == 0 && s->r[0].to >= size);
}

bool
ranges_reach(const struct ranges *s, uint64_t size)
{
	return size == 0 || (s->n == 1 && s->r[0].to >= size);
}
