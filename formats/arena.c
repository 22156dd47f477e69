/*
 * Arenas: a list of blocks, the newest in use.  See arena.h.
 */
#include "formats/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

/* Each is twice as large as the one before, up to some. */
#define BLOCK_SIZE ((size_t)64 * 1024)
#define BLOCK_MOST ((size_t)512 * 1024)

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

static size_t
next_size(const struct arena *a, size_t need)
{
	size_t size = a->block == NULL ? BLOCK_SIZE : 2 * a->block->size;

	if (size > BLOCK_MOST)
		size = BLOCK_MOST;
	return need > size ? need : size;
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
		size_t size = next_size(a, need);

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

/* Which of two is worth keeping: the larger, unless it is too large. */
static struct arena_block *
better(struct arena_block *a, struct arena_block *b)
{
	if (a == NULL || a->size > BLOCK_MOST)
		return b;
	return b->size > BLOCK_MOST || b->size < a->size ? a : b;
}

void
arena_reset(struct arena *a)
{
	struct arena_block *b = a->block, *kept = NULL, *next;

	a->used = 0;
	if (b == NULL || (b->next == NULL && b->size <= BLOCK_MOST))
		return;
	for (; b != NULL; b = b->next)
		kept = better(kept, b);
	if (kept->size > BLOCK_MOST)
		kept = NULL;
	for (b = a->block; b != NULL; b = next) {
		next = b->next;
		if (b != kept)
			free(b);
	}
	if (kept != NULL)
		kept->next = NULL;
	a->block = kept;
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
