/*
 * What spreadsheets and wrong encodings do to values on their way from the CRM.
 * One value shows most of it; that zeros were lost only a whole column shows.
 */
#ifndef FORMATS_DAMAGE_H
#define FORMATS_DAMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "formats/slice.h"

enum damage {
	DAMAGE_NONE = 0,
	DAMAGE_EXPONENT,    /* 7,9E+10 */
	DAMAGE_ZEROS,       /* 169000000012345000: 15 digits, then zeros */
	DAMAGE_HASHES,      /* ##### */
	DAMAGE_SERIAL,      /* 45000 for a date */
	DAMAGE_MONTH_FIRST, /* 04/21/2026, 04.21.2026 */
	DAMAGE_LOST_ZEROS,  /* 42 among 000041 and 000043 */
	DAMAGE_MOJIBAKE,    /* РџСЂРёРІРµС‚ for Привет */
	DAMAGE_COUNT
};

/* Its name in the registry's family 7, and the constant text that a problem
 * has for its hint. */
const char *damage_name(enum damage d);
const char *damage_hint(enum damage d);
enum damage damage_of_hint(const char *hint); /* NULL is fine */

/* A whole number whose digits behind the 15th are all zeros, at least three of
 * them; of genuine ClientIDs one in a thousand looks so. */
static inline bool
damage_zeros(struct slice s)
{
	if (s.n < 18 || s.p[s.n - 1] != '0')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (i < 15 ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != '0')
			return false;
	return true;
}

/* A date, perhaps with a time, that is one only with the month first. */
bool damage_month_first(struct slice s);

/* UTF-8 that was taken for windows-1251 or Latin-1 and saved again, at least
 * two letters of it; or windows-1251 that was taken for Latin-1, a word of
 * accents alone. */
bool damage_mojibake(struct slice s);

/* Letters that became question marks: nothing but them and blanks. */
bool damage_question_marks(struct slice s);

/*
 * A column of ids, value by value.  Where numbers are filled up with zeros to
 * one length, shorter ones have lost theirs.
 */
struct damage_column {
	uint64_t padded; /* begin with a zero */
	size_t length;   /* of those */
	bool mixed;      /* they differ in length */
	uint64_t plain[20];
	unsigned long line[20]; /* the first of that length */
};
void damage_see(
    struct damage_column *c, struct slice value, unsigned long line);

/* How many lost theirs, and the line of one of them. */
uint64_t damage_lost(const struct damage_column *c, unsigned long *line);

#endif
