/*
 * An input that reads from memory, a few bytes at a time if one likes, and
 * can fail at a place.
 */
#ifndef TESTS_FORMATS_MEMORY_H
#define TESTS_FORMATS_MEMORY_H

#include <errno.h>
#include <string.h>
#include "formats/input.h"
#include "formats/slice.h"

struct memory {
	struct slice left;
	size_t step; /* most bytes at once; 0: all there are */
	bool fails;  /* at the end: EIO instead of the end */
	struct input in;
};

static inline ssize_t
memory_read(void *ctx, void *buf, size_t n)
{
	struct memory *m = ctx;

	if (m->step > 0 && n > m->step)
		n = m->step;
	if (n > m->left.n)
		n = m->left.n;
	if (n == 0 && m->fails) {
		errno = EIO;
		return -1;
	}
	if (n > 0)
		memcpy(buf, m->left.p, n);
	m->left.p += n;
	m->left.n -= n;
	return (ssize_t)n;
}

static inline const struct input *
memory_input(struct memory *m, const void *p, size_t n, size_t step)
{
	m->left = (struct slice){ p, n };
	m->step = step;
	m->fails = false;
	m->in = (struct input){ .read = memory_read, .ctx = m };
	return &m->in;
}

#endif
