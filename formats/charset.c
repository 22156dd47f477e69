/*
 * Encodings: one table a one-byte encoding (the upper 128 bytes as code
 * points), UTF-8 and UTF-16 by rule, and the guess among them.  See charset.h.
 */
#include "formats/charset.h"

#include <endian.h>
#include <string.h>
#include <strings.h>

#include "formats/block.h"
#include "formats/slice.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define REPLACEMENT 0xfffd

/* clang-format off */
static const uint16_t windows_1251[128] = {
	0x0402, 0x0403, 0x201a, 0x0453, 0x201e, 0x2026, 0x2020, 0x2021,
	0x20ac, 0x2030, 0x0409, 0x2039, 0x040a, 0x040c, 0x040b, 0x040f,
	0x0452, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
	0xfffd, 0x2122, 0x0459, 0x203a, 0x045a, 0x045c, 0x045b, 0x045f,
	0x00a0, 0x040e, 0x045e, 0x0408, 0x00a4, 0x0490, 0x00a6, 0x00a7,
	0x0401, 0x00a9, 0x0404, 0x00ab, 0x00ac, 0x00ad, 0x00ae, 0x0407,
	0x00b0, 0x00b1, 0x0406, 0x0456, 0x0491, 0x00b5, 0x00b6, 0x00b7,
	0x0451, 0x2116, 0x0454, 0x00bb, 0x0458, 0x0405, 0x0455, 0x0457,
	0x0410, 0x0411, 0x0412, 0x0413, 0x0414, 0x0415, 0x0416, 0x0417,
	0x0418, 0x0419, 0x041a, 0x041b, 0x041c, 0x041d, 0x041e, 0x041f,
	0x0420, 0x0421, 0x0422, 0x0423, 0x0424, 0x0425, 0x0426, 0x0427,
	0x0428, 0x0429, 0x042a, 0x042b, 0x042c, 0x042d, 0x042e, 0x042f,
	0x0430, 0x0431, 0x0432, 0x0433, 0x0434, 0x0435, 0x0436, 0x0437,
	0x0438, 0x0439, 0x043a, 0x043b, 0x043c, 0x043d, 0x043e, 0x043f,
	0x0440, 0x0441, 0x0442, 0x0443, 0x0444, 0x0445, 0x0446, 0x0447,
	0x0448, 0x0449, 0x044a, 0x044b, 0x044c, 0x044d, 0x044e, 0x044f,
};

static const uint16_t koi8_r[128] = {
	0x2500, 0x2502, 0x250c, 0x2510, 0x2514, 0x2518, 0x251c, 0x2524,
	0x252c, 0x2534, 0x253c, 0x2580, 0x2584, 0x2588, 0x258c, 0x2590,
	0x2591, 0x2592, 0x2593, 0x2320, 0x25a0, 0x2219, 0x221a, 0x2248,
	0x2264, 0x2265, 0x00a0, 0x2321, 0x00b0, 0x00b2, 0x00b7, 0x00f7,
	0x2550, 0x2551, 0x2552, 0x0451, 0x2553, 0x2554, 0x2555, 0x2556,
	0x2557, 0x2558, 0x2559, 0x255a, 0x255b, 0x255c, 0x255d, 0x255e,
	0x255f, 0x2560, 0x2561, 0x0401, 0x2562, 0x2563, 0x2564, 0x2565,
	0x2566, 0x2567, 0x2568, 0x2569, 0x256a, 0x256b, 0x256c, 0x00a9,
	0x044e, 0x0430, 0x0431, 0x0446, 0x0434, 0x0435, 0x0444, 0x0433,
	0x0445, 0x0438, 0x0439, 0x043a, 0x043b, 0x043c, 0x043d, 0x043e,
	0x043f, 0x044f, 0x0440, 0x0441, 0x0442, 0x0443, 0x0436, 0x0432,
	0x044c, 0x044b, 0x0437, 0x0448, 0x044d, 0x0449, 0x0447, 0x044a,
	0x042e, 0x0410, 0x0411, 0x0426, 0x0414, 0x0415, 0x0424, 0x0413,
	0x0425, 0x0418, 0x0419, 0x041a, 0x041b, 0x041c, 0x041d, 0x041e,
	0x041f, 0x042f, 0x0420, 0x0421, 0x0422, 0x0423, 0x0416, 0x0412,
	0x042c, 0x042b, 0x0417, 0x0428, 0x042d, 0x0429, 0x0427, 0x042a,
};

static const uint16_t cp866[128] = {
	0x0410, 0x0411, 0x0412, 0x0413, 0x0414, 0x0415, 0x0416, 0x0417,
	0x0418, 0x0419, 0x041a, 0x041b, 0x041c, 0x041d, 0x041e, 0x041f,
	0x0420, 0x0421, 0x0422, 0x0423, 0x0424, 0x0425, 0x0426, 0x0427,
	0x0428, 0x0429, 0x042a, 0x042b, 0x042c, 0x042d, 0x042e, 0x042f,
	0x0430, 0x0431, 0x0432, 0x0433, 0x0434, 0x0435, 0x0436, 0x0437,
	0x0438, 0x0439, 0x043a, 0x043b, 0x043c, 0x043d, 0x043e, 0x043f,
	0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556,
	0x2555, 0x2563, 0x2551, 0x2557, 0x255d, 0x255c, 0x255b, 0x2510,
	0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
	0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567,
	0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256b,
	0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
	0x0440, 0x0441, 0x0442, 0x0443, 0x0444, 0x0445, 0x0446, 0x0447,
	0x0448, 0x0449, 0x044a, 0x044b, 0x044c, 0x044d, 0x044e, 0x044f,
	0x0401, 0x0451, 0x0404, 0x0454, 0x0407, 0x0457, 0x040e, 0x045e,
	0x00b0, 0x2219, 0x00b7, 0x221a, 0x2116, 0x00a4, 0x25a0, 0x00a0,
};

/* clang-format on */

static const struct {
	const char *name;
	const char *alias;
	const uint16_t *table; /* of a one-byte encoding */
} charsets[CHARSET_COUNT] = {
	[CHARSET_UTF_8] = { "utf-8", "utf8", NULL },
	[CHARSET_WINDOWS_1251] = { "windows-1251", "cp1251", windows_1251 },
	[CHARSET_KOI8_R] = { "koi8-r", "koi8r", koi8_r },
	[CHARSET_CP866] = { "cp866", "ibm866", cp866 },
	[CHARSET_UTF_16LE] = { "utf-16le", "utf16le", NULL },
	[CHARSET_UTF_16BE] = { "utf-16be", "utf16be", NULL },
};

const char *
charset_name(enum charset c)
{
	return charsets[c].name;
}

enum charset
charset_by_name(const char *name)
{
	for (int c = 0; c < CHARSET_COUNT; c++) {
		if (strcasecmp(name, charsets[c].name) == 0 ||
		    strcasecmp(name, charsets[c].alias) == 0)
			return (enum charset)c;
	}
	return CHARSET_COUNT;
}

/* --- UTF-8 --- */

#define WORD sizeof(uint64_t)

static bool
is_ascii_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, WORD);
	return (w & UINT64_C(0x8080808080808080)) == 0;
}

size_t
charset_ascii(const uint8_t *p, size_t n)
{
	size_t i = 0;

	while (n - i >= WORD && is_ascii_word(p + i))
		i += WORD;
	while (i < n && p[i] < 0x80)
		i++;
	return i;
}

/* What may follow a lead byte: how many bytes, and the range of the first
 * (the others are 80 to BF).  Overlong forms, surrogates and what is past
 * U+10FFFF fall out of these ranges. */
static const struct lead {
	uint8_t first, last; /* of the lead byte */
	uint8_t follow;
	uint8_t low, high; /* of the second byte */
} leads[] = {
	{ 0xc2, 0xdf, 1, 0x80, 0xbf },
	{ 0xe0, 0xe0, 2, 0xa0, 0xbf },
	{ 0xe1, 0xec, 2, 0x80, 0xbf },
	{ 0xed, 0xed, 2, 0x80, 0x9f },
	{ 0xee, 0xef, 2, 0x80, 0xbf },
	{ 0xf0, 0xf0, 3, 0x90, 0xbf },
	{ 0xf1, 0xf3, 3, 0x80, 0xbf },
	{ 0xf4, 0xf4, 3, 0x80, 0x8f },
};

/*
 * Looks at the sequence that begins with the non-ASCII byte *p.  Returns the
 * bytes of it that are right; *whole says whether nothing is missing.
 */
static size_t
sequence(const uint8_t *p, size_t n, bool *whole)
{
	const struct lead *l = leads;
	size_t k = 1;

	*whole = false;
	while (l < leads + COUNT(leads) && *p > l->last)
		l++;
	if (l == leads + COUNT(leads) || *p < l->first)
		return 0;
	if (n < 2 || p[1] < l->low || p[1] > l->high)
		return 1;
	for (k = 2; k <= l->follow; k++) {
		if (k == n || (p[k] & 0xc0) != 0x80)
			return k;
	}
	*whole = true;
	return k;
}

/*
 * A block of ASCII and of characters of two bytes: nothing is above df, nothing
 * is c0 or c1, and what may begin a character stands before every 10… and
 * before nothing else.  *due: the byte before it began one.
 */
static bool
is_short_block(const char *p, uint64_t *due)
{
	uint64_t high = block_below(p, 0), follows = block_below(p, -64);
	uint64_t first = high & ~follows;

	if (high != block_below(p, -32) || follows != block_below(p, -62) ||
	    follows != (first << 1 | *due))
		return false;
	*due = first >> 63;
	return true;
}

/*
 * Dumps are of ASCII and of letters of two bytes, in short runs: a branch at
 * the end of each would cost more than all bytes between.  So eight are judged
 * at once, by their upper bits, each moved to the top of its byte: a byte 110…
 * that says more than c0 and c1 do has to stand before every 10…, and before
 * nothing else.  Returns how many bytes there are of such characters, about.
 */
static size_t
short_characters(const uint8_t *p, size_t n)
{
	const uint64_t top = UINT64_C(0x8080808080808080);
	uint64_t due = 0; /* the last byte before began a character */
	size_t i = 0;

	while (n - i >= BLOCK && is_short_block((const char *)p + i, &due))
		i += BLOCK;
	while (n - i >= WORD) {
		uint64_t w, high, first, some;

		memcpy(&w, p + i, WORD);
		w = le64toh(w);
		high = w & top;
		first = high & w << 1;
		some = w << 3 | w << 4 | w << 5 | w << 6;
		if ((first & w << 2) != 0 || (first & ~some) != 0 ||
		    (high & ~first) != (first << 8 | due << 7))
			break;
		due = first >> 63;
		i += WORD;
	}
	return due == 0 ? i : i - 1;
}

size_t
charset_utf8(const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (;;) {
		bool whole = true;
		size_t k = 1;

		i += short_characters(p + i, n - i);
		if (i == n)
			return i;
		if (p[i] >= 0x80)
			k = sequence(p + i, n - i, &whole);
		if (!whole)
			return i;
		i += k;
	}
}

size_t
charset_utf8_damage(const uint8_t *p, size_t n)
{
	bool whole;
	size_t k = sequence(p, n, &whole);

	if (whole || (k > 0 && k == n))
		return 0;
	return k == 0 ? 1 : k;
}

static char *
put(char *out, uint32_t c)
{
	if (c < 0x80) {
		*out++ = (char)c;
	} else if (c < 0x800) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	}
	return out;
}

/* --- conversion --- */

/* Eight bytes at a time while they are ASCII. */
static size_t
from_table(const uint16_t *table, const uint8_t *in, size_t n, char *out)
{
	char *to = out;
	size_t i = 0;

	while (i < n) {
		size_t stop = n;

		if (n - i >= WORD) {
			memcpy(to, in + i, WORD);
			if (is_ascii_word(in + i)) {
				to += WORD;
				i += WORD;
				continue;
			}
			stop = i + WORD;
		}
		for (; i < stop; i++) {
			if (in[i] < 0x80)
				*to++ = (char)in[i];
			else
				to = put(to, table[in[i] - 0x80]);
		}
	}
	return (size_t)(to - out);
}

static uint32_t
unit(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

static size_t
from_utf16(
    bool big, const uint8_t *in, size_t n, bool last, char *out, size_t *used)
{
	char *to = out;
	size_t i = 0;

	while (n - i >= 2) {
		uint32_t c = unit(in + i, big);

		if ((c & 0xfc00) == 0xd800) {
			uint32_t low = n - i >= 4 ? unit(in + i + 2, big) : 0;

			if (n - i < 4 && !last)
				break;
			if ((low & 0xfc00) == 0xdc00) {
				c = 0x10000 +
				    ((c & 0x3ff) << 10 | (low & 0x3ff));
				i += 2;
			} else {
				c = REPLACEMENT;
			}
		} else if ((c & 0xfc00) == 0xdc00) {
			c = REPLACEMENT;
		}
		to = put(to, c);
		i += 2;
	}
	if (last && i < n) {
		to = put(to, REPLACEMENT); /* half a unit */
		i = n;
	}
	*used = i;
	return (size_t)(to - out);
}

size_t
charset_convert(enum charset c, const uint8_t *in, size_t n, bool last,
    char *out, size_t *used)
{
	if (charsets[c].table == NULL)
		return from_utf16(
		    c == CHARSET_UTF_16BE, in, n, last, out, used);
	*used = n;
	return from_table(charsets[c].table, in, n, out);
}

/* --- the guess --- */

/* Fewer non-ASCII bytes than this are too few to go by. */
#define EVIDENCE 32

/* The commonest letter pairs of Russian names, headers and statuses. */
static const char *const pairs[] = { "ст", "но", "то", "на", "ен", "ов", "ни",
	"ра", "во", "ко", "ро", "не", "ос", "по", "пр", "ер", "ть", "ал", "ли",
	"ре", "от", "ан", "ет", "ла", "ат", "го", "ем", "ва", "ин", "ор", "ел",
	"ас", "ом", "та", "де", "ес", "ле", "он", "ис", "ил", "об", "те", "ри",
	"ск", "ль", "ит", "ол", "ка", "за", "ак", "аз", "да", "до", "ме", "мо",
	"ма", "ми", "мя", "им", "ир", "ви", "ве", "ив", "ий", "ый", "ая", "ое",
	"ые", "ие", "ия", "ам", "ар", "ев", "ек", "ер", "ет", "ик", "ич", "кл",
	"ло", "лю", "ну", "ны", "нн", "ог", "од", "ой", "оп", "ою", "пе", "ру",
	"се", "си", "со", "су", "сп", "ти", "тр", "ту", "ты", "тк", "ум", "ус",
	"уз", "чт", "че", "чи", "чн", "ше", "ще", "яв", "ят", "вс", "вы", "га",
	"ди", "др", "ду", "жи", "из", "кв", "ки", "кт", "лл", "ма", "сс", "сы",
	"тв", "уп", "фо", "це", "ша", "ще", "эт", "юл", "юр", "яз", "ад", "аб",
	"ба", "бо", "бе", "бр", "гр", "кр", "бу", "ку", "лу", "му", "ру" };

enum {
	LETTERS = 32,
	NEUTRAL = 0,
	LOWER = 1,
	UPPER = LOWER + LETTERS,
	SYMBOL = UPPER + LETTERS,
	UNKNOWN
};

/* A letter's class is LOWER or UPPER and its number in the alphabet. */
static uint8_t
classify(uint32_t c)
{
	if (c >= 0x430 && c <= 0x44f)
		return (uint8_t)(LOWER + c - 0x430);
	if (c >= 0x410 && c <= 0x42f)
		return (uint8_t)(UPPER + c - 0x410);
	if (c == 0x451 || c == 0x401)
		return (uint8_t)((c == 0x451 ? LOWER : UPPER) + 5); /* е */
	if (c == REPLACEMENT)
		return UNKNOWN;
	if (c < 0x80 || c == 0xa0 || c == 0xab || c == 0xbb || c == 0xb0 ||
	    (c >= 0x2010 && c <= 0x2030) || c == 0x20ac || c == 0x2116)
		return NEUTRAL;
	return SYMBOL;
}

struct model {
	bool common[LETTERS][LETTERS];
	uint8_t class[256];
};

static unsigned
letter(const char *utf8)
{
	uint32_t c = ((uint32_t)(uint8_t)utf8[0] & 0x1f) << 6 |
		     ((uint8_t)utf8[1] & 0x3f);

	return c - 0x430;
}

/* Points of a two-byte step; the weights were set by the table in
 * test_charset.c. */
static int
points(const struct model *m, uint8_t a, uint8_t b)
{
	bool letters = a >= LOWER && a < UPPER + LETTERS && b >= LOWER &&
		       b < UPPER + LETTERS;

	if (b == UNKNOWN)
		return -10;
	if (b == SYMBOL)
		return -2;
	if (!letters)
		return 0;
	if (a < UPPER && b >= UPPER)
		return -3; /* a capital inside a word */
	return m->common[(a - LOWER) % LETTERS][(b - LOWER) % LETTERS] ? 3 : -1;
}

static enum charset
guess_one_byte(const uint8_t *p, size_t n)
{
	enum charset best = CHARSET_WINDOWS_1251;
	long best_score = 0;
	struct model m;

	memset(&m, 0, sizeof m);
	for (size_t i = 0; i < COUNT(pairs); i++)
		m.common[letter(pairs[i])][letter(pairs[i] + 2)] = true;
	for (int c = CHARSET_WINDOWS_1251; c <= CHARSET_CP866; c++) {
		uint8_t before = NEUTRAL;
		long score = 0;

		for (int b = 0; b < 128; b++)
			m.class[0x80 + b] = classify(charsets[c].table[b]);
		for (size_t i = 0; i < n; i++) {
			uint8_t now = m.class[p[i]];

			if (now != NEUTRAL)
				score += points(&m, before, now);
			before = now;
		}
		if (c == CHARSET_WINDOWS_1251 || score > best_score) {
			best = (enum charset)c;
			best_score = score;
		}
	}
	return best;
}

/*
 * What a Russian dump has in UTF-8: Latin, Cyrillic and their neighbours (two
 * bytes), punctuation and symbols (E2 80 to E2 9F), emoji.  Other sequences
 * also come about by chance in cp866 ("сам" is one), so they count a sixteenth.
 */
static bool
likely(const uint8_t *p)
{
	return p[0] < 0xe0 || (p[0] == 0xe2 && p[1] <= 0x9f) || p[0] == 0xf0 ||
	       (p[0] == 0xef && p[1] >= 0xbb);
}

enum charset
charset_guess(const uint8_t *p, size_t n, bool *sure)
{
	size_t good = 0, odd = 0, bad = 0;

	for (size_t i = charset_ascii(p, n); i < n;
	     i += charset_ascii(p + i, n - i)) {
		bool whole;
		size_t k = sequence(p + i, n - i, &whole);

		if (whole && likely(p + i))
			good += k;
		else if (whole)
			odd += k;
		else if (k == 0 || i + k < n)
			bad += k == 0 ? 1 : k;
		i += k == 0 ? 1 : k;
	}
	*sure = good + odd + bad >= EVIDENCE;
	if (good + odd / 16 > 2 * bad)
		return CHARSET_UTF_8;
	return guess_one_byte(p, n);
}

enum charset
charset_guess_utf16(const uint8_t *p, size_t n)
{
	size_t zeros[2] = { 0, 0 };

	n = n > 4096 ? 4096 : n & ~(size_t)1;
	for (size_t i = 0; i < n; i++)
		zeros[i & 1] += p[i] == 0;
	/* one character in eight is ASCII, and hardly any is a NUL */
	if (zeros[1] > n / 16 && zeros[0] <= zeros[1] / 8)
		return CHARSET_UTF_16LE;
	if (zeros[0] > n / 16 && zeros[1] <= zeros[0] / 8)
		return CHARSET_UTF_16BE;
	return CHARSET_COUNT;
}
