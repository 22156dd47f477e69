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
	struct slice all, left;
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
	m->all = m->left = (struct slice){ p, n };
	m->step = step;
	m->fails = false;
	m->in = (struct input){ .read = memory_read, .ctx = m };
	return &m->in;
}

static inline ssize_t
memory_read_at(void *ctx, void *buf, size_t n, uint64_t at)
{
	struct memory *m = ctx;

	if (at >= m->all.n)
		return 0;
	if (m->step > 0 && n > m->step)
		n = m->step;
	if (n > m->all.n - at)
		n = m->all.n - at;
	memcpy(buf, m->all.p + at, n);
	return (ssize_t)n;
}

/* As a file, not as a stream: it can also be read anywhere. */
static inline const struct input *
memory_file(struct memory *m, const void *p, size_t n, size_t step)
{
	memory_input(m, p, n, step);
	m->in.read_at = memory_read_at;
	m->in.size = n;
	return &m->in;
}

#endif
