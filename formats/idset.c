/*
 * Open addressing with linear probing, at most 70 % full.
 */
#include "formats/idset.h"

#include <stdlib.h>

#include "formats/arena.h"

#define SLOTS_MIN ((size_t)1 << 10)
#define SLOTS_MAX ((size_t)1 << 25)

/* Eight bytes at a time, mixed as in MurmurHash3's finalizer. */
static uint64_t
mix(uint64_t h)
{
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

static uint64_t
hash(struct slice s)
{
	uint64_t h = s.n;

	while (s.n > 0) {
		uint64_t word = 0;
		size_t n = s.n < sizeof word ? s.n : sizeof word;

		memcpy(&word, s.p, n);
		h = mix(h * UINT64_C(0x9e3779b97f4a7c15) ^ word);
		s = (struct slice){ s.p + n, s.n - n };
	}
	return h == 0 ? 1 : h; /* 0 is a free slot */
}

/* Where h is, or where it would be put. */
static uint64_t *
find(const struct idset *s, uint64_t h)
{
	size_t i = h & (s->slots - 1);

	while (s->slot[i] != 0 && s->slot[i] != h)
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

static void
grow(struct idset *s)
{
	struct idset old = *s;

	s->slots = old.slots == 0 ? SLOTS_MIN : old.slots * 2;
	s->slot = mem_alloc(s->slots * sizeof *s->slot);
	for (size_t i = 0; i < old.slots; i++)
		if (old.slot[i] != 0)
			*find(s, old.slot[i]) = old.slot[i];
	free(old.slot);
}

bool
idset_add(struct idset *s, struct slice id)
{
	uint64_t h = hash(id);
	uint64_t *at;

	if (s->used >= s->slots / 10 * 7 && s->slots < SLOTS_MAX)
		grow(s);
	at = find(s, h);
	if (*at == h)
		return true;
	if (s->used < s->slots / 10 * 7) {
		*at = h;
		s->used++;
	}
	return false;
}

void
idset_expect(const struct idset *s, struct slice id)
{
	if (s->slots > 0)
		__builtin_prefetch(&s->slot[hash(id) & (s->slots - 1)], 1);
}

void
idset_free(struct idset *s)
{
	free(s->slot);
	*s = (struct idset)IDSET_EMPTY;
}
