/*
 * Slices: the few operations that every stage of the line needs.
 */
#include "formats/slice.h"

int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

struct slice
slice_cut(struct slice *s, char c)
{
	const char *at = s->n == 0 ? NULL : memchr(s->p, c, s->n);
	struct slice head = *s;

	if (at == NULL) {
		*s = (struct slice){ s->p + s->n, 0 };
		return head;
	}
	head.n = (size_t)(at - s->p);
	s->p = at + 1;
	s->n -= head.n + 1;
	return head;
}

/* The length of the blank at p, 0 when there is none. */
static size_t
blank(const char *p, size_t n)
{
	if (*p == ' ' || (*p >= '\t' && *p <= '\r'))
		return 1;
	if (n >= 2 && p[0] == '\xc2' && p[1] == '\xa0')
		return 2;
	return 0;
}

struct slice
slice_trim_blanks(struct slice s)
{
	size_t k;

	while (s.n > 0 && (k = blank(s.p, s.n)) > 0) {
		s.p += k;
		s.n -= k;
	}
	while (s.n > 0) {
		if (blank(s.p + s.n - 1, 1) > 0)
			s.n -= 1;
		else if (s.n >= 2 && blank(s.p + s.n - 2, 2) == 2)
			s.n -= 2;
		else
			break;
	}
	return s;
}
