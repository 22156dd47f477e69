/*
 * A record as the sorter keeps it, the same in memory and in a run on the disk:
 * a head, the key, the bytes.  Nothing in it is aligned.
 */
#ifndef STORE_SORTER_RECORD_H
#define STORE_SORTER_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "formats/slice.h"

struct record_head {
	uint64_t sequence;
	uint32_t key_n, bytes_n;
};

static inline size_t
record_size(const struct record_head *h)
{
	return sizeof *h + h->key_n + h->bytes_n;
}

/* Of a key, so that smaller sorts first. */
static inline uint64_t
record_prefix(const char *key, size_t n)
{
	uint64_t p = 0;

	for (size_t i = 0; i < 8; i++)
		p = p << 8 | (i < n ? (unsigned char)key[i] : 0);
	return p;
}

/* Of two with equal prefixes: by key, then by sequence. */
static inline int
record_compare(const char *a, const char *b)
{
	struct record_head x, y;
	int c;

	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	c = slice_cmp((struct slice){ a + sizeof x, x.key_n },
	    (struct slice){ b + sizeof y, y.key_n });
	if (c != 0)
		return c;
	return (x.sequence > y.sequence) - (x.sequence < y.sequence);
}

/* Its size. */
static inline size_t
record_give(const char *record, struct slice *key, uint64_t *sequence,
    struct slice *bytes)
{
	struct record_head h;

	memcpy(&h, record, sizeof h);
	*key = (struct slice){ record + sizeof h, h.key_n };
	*bytes = (struct slice){ key->p + h.key_n, h.bytes_n };
	*sequence = h.sequence;
	return record_size(&h);
}

#endif
