/*
 * Characters of UTF-8 text, as far as dumps need them: blanks and marks of
 * any width, Latin and Cyrillic letters.  Bytes that are no UTF-8 stand for
 * themselves, one by one.
 */
#ifndef FORMATS_TEXT_H
#define FORMATS_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/slice.h"

/* --- bytes --------------------------------------------------------------- */

extern const bool text_plain[256]; /* digits and Latin letters */

/* Does a Cyrillic letter stand there?  Its first byte begins a character
 * wherever it stands. */
static inline bool
text_is_cyrillic(const char *p)
{
	return ((unsigned char)p[0] & 0xfe) == 0xd0 &&
	       ((unsigned char)p[1] & 0xc0) == 0x80;
}

/* Does it end with a letter or a digit?  False for an empty one. */
static inline bool
text_ends_bare(struct slice s)
{
	return s.n > 0 && (text_plain[(unsigned char)s.p[s.n - 1]] ||
			      (s.n > 1 && text_is_cyrillic(s.p + s.n - 2)));
}

/* And does it begin with one?  Then there is nothing around it. */
static inline bool
text_is_bare(struct slice s)
{
	return text_ends_bare(s) && (text_plain[(unsigned char)*s.p] ||
					(s.n > 1 && text_is_cyrillic(s.p)));
}

#define TEXT_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Holds a rule for all bytes?  It is asked for eight at once, in any order;
 * what is shorter than a word stands in it more than once. */
static inline bool
text_all(struct slice s, bool (*right)(uint64_t word))
{
	uint64_t w;
	uint32_t first, last;

	if (s.n >= sizeof w) {
		for (size_t i = 0; i + sizeof w < s.n; i += sizeof w) {
			memcpy(&w, s.p + i, sizeof w);
			if (!right(w))
				return false;
		}
		memcpy(&w, s.p + s.n - sizeof w, sizeof w);
		return right(w);
	}
	if (s.n >= sizeof first) {
		memcpy(&first, s.p, sizeof first);
		memcpy(&last, s.p + s.n - sizeof last, sizeof last);
		return right((uint64_t)first << 32 | last);
	}
	for (size_t i = 0; i < s.n; i++)
		if (!right(TEXT_EACH((unsigned char)s.p[i])))
			return false;
	return true;
}

static inline bool
text_are_digits(uint64_t w)
{
	return ((w & TEXT_EACH(0xf0)) |
		   ((w + TEXT_EACH(0x06)) & TEXT_EACH(0xf0)) >> 4) ==
	       TEXT_EACH(0x33);
}

/* Neither blanks nor control characters, nor more than ASCII. */
static inline bool
text_are_printable(uint64_t w)
{
	return ((w | (w + TEXT_EACH(0x01)) | (w - TEXT_EACH(0x21))) &
		   TEXT_EACH(0x80)) == 0;
}

/* --- characters ---------------------------------------------------------- */

/* A character above this is a byte that is no UTF-8. */
#define TEXT_BYTE UINT32_C(0x80000000)

uint32_t text_take_wide(struct slice *s); /* text_take's slow half */

/* The first character, off the front; s must not be empty. */
static inline uint32_t
text_take(struct slice *s)
{
	if ((unsigned char)*s->p >= 0x80)
		return text_take_wide(s);
	s->n--;
	return (uint32_t)*s->p++;
}

/* The length of the UTF-8 character at p, of n bytes; 0 when it is none, is
 * longer than it has to be, half a surrogate or beyond U+10FFFF. */
size_t text_utf8(const unsigned char *p, size_t n);

/* Writes a character, of at most four bytes; returns what is behind it. */
char *text_put(char *to, uint32_t u);

/* Of any width: NBSP, thin spaces, line breaks. */
static inline bool
text_is_space(uint32_t u)
{
	if (u < 0x80)
		return u == ' ' || (u >= '\t' && u <= '\r');
	return u == 0xa0 || (u >= 0x2000 && u <= 0x200a) || u == 0x2028 ||
	       u == 0x2029 || u == 0x202f || u == 0x3000;
}

/* What nobody sees: BOM, zero width, marks of direction, soft hyphen. */
static inline bool
text_is_invisible(uint32_t u)
{
	if (u < 0x80)
		return false;
	return u == 0xad || (u >= 0x200b && u <= 0x200f) ||
	       (u >= 0x202a && u <= 0x202e) || (u >= 0x2060 && u <= 0x2069) ||
	       u == 0xfeff;
}

bool text_is_quote(uint32_t u);  /* of any kind, the apostrophe too */
uint32_t text_lower(uint32_t u); /* ё stays ё */

/* Without blanks, quotes and what nobody sees on both ends. */
struct slice text_strip(struct slice s);

/* Lower case into out, spaces as one blank, what nobody sees left out; out
 * must have room for s.n bytes.  Returns the length. */
size_t text_fold(char *out, struct slice s);

/* Is s this word, in whatever case?  The word is given in lower case. */
bool text_is_word(struct slice s, const char *word);

#endif
