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
