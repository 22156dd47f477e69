/*
 * The encodings that dumps come in, and which of them bytes are in.  Pure:
 * from bytes to UTF-8, nothing is kept between calls.
 */
#ifndef FORMATS_CHARSET_H
#define FORMATS_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum charset {
	CHARSET_UTF_8 = 0, /* and so ASCII */
	CHARSET_WINDOWS_1251,
	CHARSET_KOI8_R,
	CHARSET_CP866,
	CHARSET_UTF_16LE,
	CHARSET_UTF_16BE,
	CHARSET_COUNT
};

const char *charset_name(enum charset c);

/* In any case of letters, also "cp1251"; CHARSET_COUNT when unknown. */
enum charset charset_by_name(const char *name);

/* How many bytes at the beginning are ASCII; are valid UTF-8. */
size_t charset_ascii(const uint8_t *p, size_t n);
size_t charset_utf8(const uint8_t *p, size_t n);

/*
 * The length of the damage at p, where no valid sequence begins: what U+FFFD
 * stands for (one to three bytes, as browsers do it).  0 when the n bytes are
 * the beginning of a valid sequence.
 */
size_t charset_utf8_damage(const uint8_t *p, size_t n);

/*
 * Converts to UTF-8; not for UTF-8 itself.  Returns the bytes written, at
 * most CHARSET_GROWTH a byte, and in *used those taken: fewer than n when the
 * last ones begin a character and last is false.
 */
#define CHARSET_GROWTH 3
size_t charset_convert(enum charset c, const uint8_t *in, size_t n, bool last,
    char *out, size_t *used);

/*
 * Which encoding is it?  UTF-8 when the bytes in its sequences outweigh those
 * that are in none two to one: a dump with a few broken bytes stays UTF-8.
 * Otherwise the one-byte encoding whose letter pairs are the most Russian.
 * *sure is false when there were too few bytes to go by.
 */
enum charset charset_guess(const uint8_t *p, size_t n, bool *sure);

/* UTF-16 without a BOM shows by zeros in every other byte.  CHARSET_COUNT
 * when it is not. */
enum charset charset_guess_utf16(const uint8_t *p, size_t n);

#endif
