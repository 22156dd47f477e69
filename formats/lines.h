/*
 * Lines as an editor counts them: CR, LF and CRLF each end one, also where a
 * CRLF comes in halves.
 */
#ifndef FORMATS_LINES_H
#define FORMATS_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct lines { /* begins as { 0 } */
	unsigned long ends;
	bool cr;    /* the last byte was one */
	bool begun; /* a line that has not ended */
};

static inline void
lines_count(struct lines *l, const char *p, size_t n)
{
	const char *end = p + n, *q;

	if (n == 0)
		return;
	for (q = p; (q = memchr(q, '\r', (size_t)(end - q))) != NULL; q++)
		l->ends++;
	for (q = p; (q = memchr(q, '\n', (size_t)(end - q))) != NULL; q++)
		l->ends += q == p ? !l->cr : q[-1] != '\r';
	l->cr = end[-1] == '\r';
	l->begun = end[-1] != '\r' && end[-1] != '\n';
}

/* Of the byte that comes next, from 1. */
static inline unsigned long
lines_here(const struct lines *l)
{
	return l->ends + 1;
}

static inline unsigned long
lines_seen(const struct lines *l)
{
	return l->ends + l->begun;
}

#endif
