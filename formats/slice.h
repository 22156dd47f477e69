/*
 * A slice: bytes that are only looked at.  It owns nothing and is not
 * terminated; it lives as long as what it points into, at most until the next
 * row is read.
 */
#ifndef FORMATS_SLICE_H
#define FORMATS_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

/* Of a string literal or any other terminated string; NULL gives an empty. */
static inline struct slice
slice_of(const char *s)
{
	return (struct slice){ s, s == NULL ? 0 : strlen(s) };
}

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool
slice_is(struct slice a, const char *s)
{
	return slice_eq(a, slice_of(s));
}

static inline bool
slice_starts(struct slice a, const char *s)
{
	size_t n = strlen(s);

	return a.n >= n && (n == 0 || memcmp(a.p, s, n) == 0);
}

/* Bytewise order; a prefix comes before what it begins. */
int slice_cmp(struct slice a, struct slice b);

/* Takes what comes before the first c off the front of *s and returns it;
 * without a c, all of *s is returned and *s is left empty. */
struct slice slice_cut(struct slice *s, char c);

struct slice slice_trim_blanks(struct slice s); /* slice_trim's slow half */

/* Without leading and trailing ASCII white space and U+00A0. */
static inline struct slice
slice_trim(struct slice s)
{
	if (s.n == 0)
		return s;
	/* U+00A0 is C2 A0 */
	if ((unsigned char)s.p[0] > ' ' && s.p[0] != '\xc2' &&
	    (unsigned char)s.p[s.n - 1] > ' ' && s.p[s.n - 1] != '\xa0')
		return s;
	return slice_trim_blanks(s);
}

#endif
