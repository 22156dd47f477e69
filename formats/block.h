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

static inline __m128i
block_load(const char *p)
{
	return _mm_loadu_si128((const void *)p);
}

static inline uint64_t
block_bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
	uint64_t low = (unsigned)_mm_movemask_epi8(a) |
		       (unsigned)_mm_movemask_epi8(b) << 16;
	uint64_t high = (unsigned)_mm_movemask_epi8(c) |
			(unsigned)_mm_movemask_epi8(d) << 16;

	return low | high << 32;
}

/* Which are c? */
static inline uint64_t
block_is(const char *p, char c)
{
	const __m128i each = _mm_set1_epi8(c);

	return block_bits(_mm_cmpeq_epi8(block_load(p), each),
	    _mm_cmpeq_epi8(block_load(p + 16), each),
	    _mm_cmpeq_epi8(block_load(p + 32), each),
	    _mm_cmpeq_epi8(block_load(p + 48), each));
}

/* Which are below, as numbers from -128 to 127? */
static inline uint64_t
block_below(const char *p, signed char limit)
{
	const __m128i each = _mm_set1_epi8(limit);

	return block_bits(_mm_cmplt_epi8(block_load(p), each),
	    _mm_cmplt_epi8(block_load(p + 16), each),
	    _mm_cmplt_epi8(block_load(p + 32), each),
	    _mm_cmplt_epi8(block_load(p + 48), each));
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
