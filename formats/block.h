/*
 * Sixty-four bytes at a time, each a bit of the answer, the first one the
 * lowest.  Written for SSE2, which every amd64 has; what is general says the
 * same.
 */
#ifndef FORMATS_BLOCK_H
#define FORMATS_BLOCK_H

#include <stddef.h>
#include <stdint.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLOCK ((size_t)64)

#ifdef __SSE2__

#define BLOCK_EACH(p, test)                                                    \
	uint64_t bits = 0;                                                     \
	for (size_t i = 0; i < BLOCK; i += sizeof(__m128i)) {                  \
		__m128i v = _mm_loadu_si128((const void *)((p) + i));          \
                                                                               \
		bits |= (uint64_t)(unsigned)_mm_movemask_epi8(test) << i;      \
	}                                                                      \
	return bits

/* Which are c? */
static inline uint64_t
block_is(const char *p, char c)
{
	BLOCK_EACH(p, _mm_cmpeq_epi8(v, _mm_set1_epi8(c)));
}

/* Which are below, as numbers from -128 to 127? */
static inline uint64_t
block_below(const char *p, signed char limit)
{
	BLOCK_EACH(p, _mm_cmplt_epi8(v, _mm_set1_epi8(limit)));
}

#else

static inline uint64_t
block_is(const char *p, char c)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < BLOCK; i++)
		bits |= (uint64_t)(p[i] == c) << i;
	return bits;
}

static inline uint64_t
block_below(const char *p, signed char limit)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < BLOCK; i++)
		bits |= (uint64_t)((signed char)p[i] < limit) << i;
	return bits;
}

#endif
#endif
