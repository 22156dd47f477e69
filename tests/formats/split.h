/*
 * Rows of tests of the map.
 */
#ifndef TESTS_FORMATS_SPLIT_H
#define TESTS_FORMATS_SPLIT_H

#include "formats/slice.h"

static struct slice cells[64];

/* "a;b" as a row. */
static inline size_t
split(const char *row)
{
	struct slice rest = slice_of(row);
	size_t n = 0;

	while (rest.n > 0)
		cells[n++] = slice_cut(&rest, ';');
	return n;
}

#endif
