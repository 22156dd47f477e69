/*
 * Damage on the way from the CRM.  See damage.h.
 */
#include "formats/damage.h"

#include <assert.h>

#include "formats/charset.h"
#include "formats/message.h"
#include "formats/text.h"

/* clang-format off */
static const struct {
	const char *name, *hint;
} table[DAMAGE_COUNT] = {
	[DAMAGE_EXPONENT] = { "excel_exponent",
	    N_("Excel turned the number into an exponent; its digits are lost") },
	[DAMAGE_ZEROS] = { "excel_zeros",
	    N_("Excel keeps 15 digits of a number; those behind became zeros") },
	[DAMAGE_HASHES] = { "excel_hashes",
	    N_("Excel wrote ### because its column was too narrow") },
	[DAMAGE_SERIAL] = { "excel_serial",
	    N_("Excel wrote the date as a number of days") },
	[DAMAGE_MONTH_FIRST] = { "month_first",
	    N_("it is a date only with the month first; do not trust the others "
	       "of its column either") },
	[DAMAGE_LOST_ZEROS] = { "lost_zeros",
	    N_("the zeros in front of it are lost") },
	[DAMAGE_MOJIBAKE] = { "mojibake",
	    N_("its letters were decoded with a wrong encoding before the "
	       "export") },
};
/* clang-format on */

const char *
damage_name(enum damage d)
{
	assert(d > DAMAGE_NONE && d < DAMAGE_COUNT);
	return table[d].name;
}

const char *
damage_hint(enum damage d)
{
	assert(d > DAMAGE_NONE && d < DAMAGE_COUNT);
	return table[d].hint;
}

enum damage
damage_of_hint(const char *hint)
{
	for (enum damage d = DAMAGE_NONE + 1; d < DAMAGE_COUNT; d++)
		if (hint == table[d].hint)
			return d;
	return DAMAGE_NONE;
}

/* --- dates --------------------------------------------------------------- */

/* One or two digits off the front. */
static int
small_number(struct slice *s)
{
	int v = 0;
	size_t n = 0;

	while (n < 2 && n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		v = v * 10 + (s->p[n++] - '0');
	*s = (struct slice){ s->p + n, s->n - n };
	return n == 0 ? -1 : v;
}

bool
damage_month_first(struct slice s)
{
	int month, day;
	char mark;

	s = slice_trim(s);
	month = small_number(&s);
	if (s.n == 0)
		return false;
	mark = s.p[0];
	if (mark != '/' && mark != '.' && mark != '-')
		return false;
	s = (struct slice){ s.p + 1, s.n - 1 };
	day = small_number(&s);
	if (s.n == 0 || s.p[0] != mark)
		return false;
	s = (struct slice){ s.p + 1, s.n - 1 };
	return month >= 1 && month <= 12 && day >= 13 && day <= 31 &&
	       small_number(&s) >= 0;
}

/* --- encodings ----------------------------------------------------------- */

/* What windows-1252 has where Latin-1 has control characters. */
static const uint16_t latin[32] = { 0x20ac, 0x81, 0x201a, 0x0192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,
	0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e, 0x0178 };

static void
fill_latin(uint32_t to[128])
{
	for (uint32_t i = 0; i < 128; i++)
		to[i] = i < 32 ? latin[i] : 0x80 + i;
}

static void
fill_cyrillic(uint32_t to[128])
{
	for (size_t i = 0; i < 128; i++) {
		uint8_t byte = (uint8_t)(0x80 + i);
		char utf8[CHARSET_GROWTH];
		size_t used, n = charset_convert(CHARSET_WINDOWS_1251, &byte, 1,
				 true, utf8, &used);
		struct slice s = { utf8, n };

		to[i] = n == 0 ? 0 : text_take(&s);
	}
	to[0x18] = 0x98; /* which windows-1251 does not have */
}

/* The byte that became this character; -1 when none did. */
static int
byte_of(const uint32_t table_of[128], uint32_t u)
{
	if (u < 0x80)
		return (int)u;
	for (int i = 0; i < 128; i++)
		if (table_of[i] == u)
			return 0x80 + i;
	return -1;
}

#define LOOK 96 /* bytes of a text that are looked at */

/* Do the characters, turned back into bytes, read as Cyrillic UTF-8?  The last
 * one may have lost its second half. */
static bool
turns_back(const uint32_t table_of[128], struct slice s)
{
	uint8_t bytes[LOOK];
	size_t n = 0, letters = 0;

	while (s.n > 0 && n < sizeof bytes) {
		int byte = byte_of(table_of, text_take(&s));

		if (byte == -1)
			return false;
		bytes[n++] = (uint8_t)byte;
	}
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] < 0x80)
			continue;
		if (bytes[i] != 0xd0 && bytes[i] != 0xd1)
			return false;
		if (i + 1 == n)
			break;
		if ((bytes[++i] & 0xc0) != 0x80)
			return false;
		letters++;
	}
	return letters >= 2;
}

/* "Íîìåð çàêàçà": letters of windows-1251 that Latin-1 has in the same places,
 * and no Latin one beside them. */
static bool
was_cyrillic(struct slice s)
{
	size_t letters = 0;

	while (s.n > 0) {
		uint32_t u = text_take(&s);

		if ((u >= 'A' && u <= 'Z') || (u >= 'a' && u <= 'z') ||
		    (u >= 0x80 && u < 0xa0) || u > 0xff)
			return false;
		letters += u >= 0xc0;
	}
	return letters >= 3;
}

bool
damage_question_marks(struct slice s)
{
	size_t marks = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '?' && s.p[i] != ' ')
			return false;
		marks += s.p[i] == '?';
	}
	return marks >= 3;
}

bool
damage_mojibake(struct slice s)
{
	uint32_t cyrillic[128], western[128];
	bool plain = true;

	for (size_t i = 0; i < s.n && plain; i++)
		plain = (unsigned char)s.p[i] < 0x80;
	if (plain)
		return false;
	fill_cyrillic(cyrillic);
	fill_latin(western);
	s = slice_trim(s);
	return turns_back(cyrillic, s) || turns_back(western, s) ||
	       was_cyrillic(s);
}

/* --- columns ------------------------------------------------------------- */

#define LENGTHS (sizeof((struct damage_column *)NULL)->plain / sizeof(uint64_t))

void
damage_see(struct damage_column *c, struct slice s, unsigned long line)
{
	if (s.n < 2 || s.n >= LENGTHS)
		return;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return;
	if (s.p[0] == '0') {
		c->mixed = c->mixed || (c->padded > 0 && c->length != s.n);
		c->length = s.n;
		c->padded++;
	} else if (c->plain[s.n]++ == 0) {
		c->line[s.n] = line;
	}
}

uint64_t
damage_lost(const struct damage_column *c, unsigned long *line)
{
	uint64_t n = 0;

	if (c->mixed || c->padded < 3)
		return 0;
	for (size_t i = 1; i < c->length; i++) {
		if (c->plain[i] > 0 && (n == 0 || c->line[i] < *line))
			*line = c->line[i];
		n += c->plain[i];
	}
	return n;
}
