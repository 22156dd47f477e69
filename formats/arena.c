/*
 * Arenas: a list of blocks, the newest in use.  See arena.h.
 */
#include "formats/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) char bytes[];
};

void *
mem_alloc(size_t n)
{
	void *p = calloc(1, n == 0 ? 1 : n);

	if (p == NULL)
		abort();
	return p;
}

void *
mem_grow(void *p, size_t n)
{
	void *q = realloc(p, n == 0 ? 1 : n);

	if (q == NULL)
		abort();
	return q;
}

char *
mem_slice(struct slice s)
{
	char *p = mem_alloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p;
}

char *
mem_string(const char *s)
{
	return s == NULL ? NULL : mem_slice(slice_of(s));
}

void *
arena_alloc(struct arena *a, size_t n)
{
	size_t need =
	    (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	struct arena_block *b = a->block;
	void *p;

	if (need < n)
		abort();
	if (b == NULL || b->size - a->used < need) {
		size_t size = need > BLOCK_SIZE ? need : BLOCK_SIZE;

		b = malloc(sizeof *b + size);
		if (b == NULL)
			abort();
		b->size = size;
		b->next = a->block;
		a->block = b;
		a->used = 0;
	}
	p = b->bytes + a->used;
	a->used += need;
	return p;
}

struct slice
arena_copy(struct arena *a, struct slice s)
{
	char *p;

	if (s.n == 0)
		return (struct slice){ "", 0 };
	p = arena_alloc(a, s.n);
	memcpy(p, s.p, s.n);
	return (struct slice){ p, s.n };
}

char *
arena_string(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

void
arena_reset(struct arena *a)
{
	while (a->block != NULL &&
	       (a->block->next != NULL || a->block->size > BLOCK_SIZE)) {
		struct arena_block *b = a->block;

		a->block = b->next;
		free(b);
	}
	a->used = 0;
}

void
arena_free(struct arena *a)
{
	while (a->block != NULL) {
		struct arena_block *b = a->block;

		a->block = b->next;
		free(b);
	}
	a->used = 0;
}
