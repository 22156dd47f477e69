/*
 * Dates and times as dumps have them, to Unix seconds.
 *
 *	21.04.2026  21.04.26  2026-04-21  2026/04/21, alone or with a time
 *	11:59  11:59:21  9:05:00  T11:59:21.123+03:00  … Z  … UTC
 *	1776761961
 *
 * Forms whose parts could be swapped (04/21/2026, 21-04-2026) are refused.
 */
#include "formats/normal.h"

#include "formats/damage.h"
#include "formats/message.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

static const char hint_milliseconds[] =
    N_("these look like milliseconds; Unix seconds are taken");

static const char hint_order[] =
    N_("the day and the month cannot be told apart; export dates as "
       "DD.MM.YYYY");

/* How far a time zone's suffix can be off UTC. */
#define SUFFIX_LIMIT (18 * 3600)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
skip(struct slice *s, char c)
{
	if (s->n == 0 || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

/* From min to max digits. */
static bool
number(struct slice *s, int min, int max, int *out)
{
	int n = 0, v = 0;

	while (n < max && (size_t)n < s->n && is_digit(s->p[n]))
		v = v * 10 + (s->p[n++] - '0');
	*out = v;
	s->p += n;
	s->n -= (size_t)n;
	return n >= min;
}

static size_t
leading_digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

static bool
take_date(struct slice *s, struct wall *w)
{
	if (leading_digits(*s) == 4) {
		char mark = s->n > 4 && s->p[4] == '/' ? '/' : '-';

		return number(s, 4, 4, &w->year) && skip(s, mark) &&
		       number(s, 2, 2, &w->month) && skip(s, mark) &&
		       number(s, 2, 2, &w->day);
	}
	if (!number(s, 1, 2, &w->day) || !skip(s, '.') ||
	    !number(s, 1, 2, &w->month) || !skip(s, '.'))
		return false;
	if (leading_digits(*s) != 2)
		return number(s, 4, 4, &w->year);
	number(s, 2, 2, &w->year);
	w->year += 2000;
	return true;
}

static bool
take_clock(struct slice *s, struct wall *w)
{
	int fraction;

	w->second = 0;
	if (!number(s, 1, 2, &w->hour) || !skip(s, ':') ||
	    !number(s, 2, 2, &w->minute))
		return false;
	if (!skip(s, ':'))
		return true;
	if (!number(s, 2, 2, &w->second))
		return false;
	if (!skip(s, '.') && !skip(s, ','))
		return true;
	return number(s, 1, 9, &fraction); /* cut off, not rounded */
}

/* What parts the date from the time; false when nothing does. */
static bool
take_gap(struct slice *s)
{
	bool gap = skip(s, 'T') || skip(s, 't');

	if (gap)
		return true;
	skip(s, ',');
	while (s->n > 0) {
		struct slice rest = *s;

		if (!text_is_space(text_take(&rest)))
			break;
		*s = rest;
		gap = true;
	}
	return gap;
}

/* "Z", "+03:00", "+0300", "+03", " UTC": seconds east.  False when there is
 * something else. */
static bool
take_suffix(struct slice *s, int64_t *east)
{
	bool minus;
	int h, m = 0;

	*s = slice_trim(*s);
	*east = 0;
	if (text_is_word(*s, "z") || text_is_word(*s, "utc") ||
	    text_is_word(*s, "gmt")) {
		s->n = 0;
		return true;
	}
	minus = skip(s, '-');
	if (!minus && !skip(s, '+'))
		return false;
	if (!number(s, 2, 2, &h))
		return false;
	skip(s, ':');
	if (s->n > 0 && !number(s, 2, 2, &m))
		return false;
	*east = (minus ? -1 : 1) * (h * INT64_C(3600) + m * INT64_C(60));
	return s->n == 0 && m <= 59 && *east <= SUFFIX_LIMIT &&
	       *east >= -SUFFIX_LIMIT;
}

/* 1C and MySQL write an unknown date as the first one they have. */
static bool
is_no_date(const struct wall *w)
{
	return (w->year == 0 && w->month == 0 && w->day == 0) ||
	       (w->year == 1 && w->month == 1 && w->day == 1);
}

/* 21/04/2026, 04-05-26: could be either way around. */
static bool
could_be_swapped(struct slice s)
{
	char mark;
	int n;

	if (!number(&s, 1, 2, &n) || s.n == 0)
		return false;
	mark = *s.p;
	return (mark == '/' || mark == '-') && skip(&s, mark) &&
	       number(&s, 1, 2, &n) && skip(&s, mark) && number(&s, 2, 4, &n);
}

/* A spreadsheet's days, with a part of one: 46346,5. */
static bool
is_serial(struct slice s)
{
	int n;

	return leading_digits(s) == 5 && *s.p >= '3' && *s.p <= '6' &&
	       number(&s, 5, 5, &n) && (skip(&s, ',') || skip(&s, '.')) &&
	       s.n > 0 && leading_digits(s) == s.n;
}

/* Why it is no date; NULL when nobody knows. */
static const char *
no_date_hint(struct slice s)
{
	if (damage_month_first(s))
		return damage_hint(DAMAGE_MONTH_FIRST);
	if (is_serial(s))
		return damage_hint(DAMAGE_SERIAL);
	return could_be_swapped(s) ? hint_order : NULL;
}

/* A cell of digits alone. */
static enum reject
unix_seconds(struct slice s, int64_t *out, const char **hint)
{
	int64_t t = 0;

	if (s.n == 13)
		*hint = hint_milliseconds;
	else if (s.n == 5 && *s.p >= '3' && *s.p <= '6')
		*hint = damage_hint(DAMAGE_SERIAL);
	if (s.n != 9 && s.n != 10)
		return REJECT_DATE;
	for (size_t i = 0; i < s.n; i++)
		t = t * 10 + (s.p[i] - '0');
	*out = t;
	return REJECT_NONE;
}

static enum reject
calendar(struct slice s, const struct zone *source, const struct zone *counter,
    int64_t *out)
{
	struct wall w = { .hour = 23, .minute = 59, .second = 59 };
	int64_t east;

	if (!take_date(&s, &w))
		return REJECT_DATE;
	if (s.n == 0) {
		if (is_no_date(&w))
			return REJECT_DATE_EMPTY;
		if (!wall_valid(&w))
			return REJECT_DATE;
		*out = zone_instant(counter, &w);
		return REJECT_NONE;
	}
	if (!take_gap(&s) || !take_clock(&s, &w))
		return REJECT_DATE;
	if (is_no_date(&w))
		return REJECT_DATE_EMPTY;
	if (!wall_valid(&w))
		return REJECT_DATE;
	if (s.n == 0) {
		*out = zone_instant(source, &w);
		return REJECT_NONE;
	}
	if (!take_suffix(&s, &east))
		return REJECT_DATE;
	*out = wall_days(&w) * 86400 + w.hour * 3600 + w.minute * 60 +
	       w.second - east;
	return REJECT_NONE;
}

/* Of two digits; *right stays as it is when they are. */
static int
two(const char *p, bool *right)
{
	unsigned tens = (unsigned char)(p[0] - '0');
	unsigned ones = (unsigned char)(p[1] - '0');

	*right &= (tens <= 9) & (ones <= 9);
	return (int)(tens * 10 + ones);
}

/* "2026-04-21T11:59:21", "21.04.2026 11:59", each with seconds or without them:
 * what nearly every cell is, at once.  False says nothing. */
static bool
plain_wall(struct slice s, struct wall *w)
{
	const char *p = s.p;
	bool right = s.n == 16 || s.n == 19;

	if (!right)
		return false;
	if (p[4] == '-') {
		w->year = two(p, &right) * 100 + two(p + 2, &right);
		w->month = two(p + 5, &right);
		w->day = two(p + 8, &right);
		right &= p[7] == '-';
	} else {
		w->day = two(p, &right);
		w->month = two(p + 3, &right);
		w->year = two(p + 6, &right) * 100 + two(p + 8, &right);
		right &= (p[2] == '.') & (p[5] == '.');
	}
	w->hour = two(p + 11, &right);
	w->minute = two(p + 14, &right);
	w->second = s.n == 16 ? 0 : two(p + 17, &right);
	right &= (p[10] == ' ') | (p[10] == 'T');
	right &= (p[13] == ':') & (s.n == 16 || p[16] == ':');
	return right && wall_valid(w) && !is_no_date(w);
}

enum reject
normal_time(struct slice cell, const struct zone *source,
    const struct zone *counter, int64_t *out, const char **hint)
{
	struct slice s = normal_bare(cell);
	struct wall w;
	enum reject r;

	*hint = NULL;
	if (plain_wall(s, &w)) {
		*out = zone_instant(source, &w);
		return REJECT_NONE;
	}
	*out = CONV_NONE;
	if (s.n == 0)
		return REJECT_DATE_EMPTY;
	if (leading_digits(s) == s.n)
		return unix_seconds(s, out, hint);
	*hint = normal_damage(s);
	if (*hint != NULL)
		return REJECT_DATE;
	r = calendar(s, source, counter, out);
	if (r == REJECT_DATE)
		*hint = no_date_hint(s);
	return r;
}

bool
normal_wall(struct slice cell, struct wall *out)
{
	struct slice s = normal_bare(cell);

	return take_date(&s, out) && take_gap(&s) && take_clock(&s, out) &&
	       s.n == 0 && wall_valid(out);
}
