/*
 * Numbers of a workbook, as text.  A workbook keeps binary fractions, written
 * in 15 to 17 digits and sometimes with an exponent; people see 15 digits at
 * most.  Dates are days and parts of a day since the end of 1899 or the
 * beginning of 1904, and only a cell's style tells them from other numbers.
 */
#include <stdio.h>
#include <string.h>

#include "formats/xlsx.h"
#include "formats/zone.h"

#define SEEN 15   /* digits that mean something */
#define DIGITS 24 /* most that are looked at */
#define DAY 86400
#define LAST_DAY 2958465 /* 9999-12-31 */
#define PART INT64_C(1000000000000)

/* 0.DIGITS times ten to the point; no zeros at either end, so none for 0. */
struct decimal {
	bool negative;
	char digit[DIGITS];
	int n, point;
};

/* --- digits ------------------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
take_exponent(struct slice s, int *out)
{
	bool negative = s.n > 0 && *s.p == '-';
	int e = 0;

	if (s.n > 0 && (*s.p == '-' || *s.p == '+')) {
		s.p++;
		s.n--;
	}
	if (s.n == 0 || s.n > 4)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
		e = e * 10 + (s.p[i] - '0');
	}
	*out = negative ? -e : e;
	return true;
}

/* False when it is no number. */
static bool
take_digits(struct slice s, struct decimal *d)
{
	bool dot = false, any = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '.' && !dot) {
			dot = true;
			continue;
		}
		if (!is_digit(c))
			return false;
		any = true;
		if (d->n == 0 && c == '0') {
			d->point -= dot;
			continue;
		}
		if (d->n < DIGITS)
			d->digit[d->n++] = c;
		d->point += !dot;
	}
	while (d->n > 0 && d->digit[d->n - 1] == '0')
		d->n--;
	return any;
}

static bool
take_decimal(struct slice s, struct decimal *d)
{
	size_t e = 0;
	int exponent = 0;

	*d = (struct decimal){ 0 };
	if (s.n > 0 && (*s.p == '-' || *s.p == '+')) {
		d->negative = *s.p == '-';
		s.p++;
		s.n--;
	}
	while (e < s.n && (s.p[e] | 32) != 'e')
		e++;
	if (e < s.n &&
	    !take_exponent(
		(struct slice){ s.p + e + 1, s.n - e - 1 }, &exponent))
		return false;
	s.n = e;
	if (!take_digits(s, d))
		return false;
	d->point = d->n == 0 ? 0 : d->point + exponent;
	return true;
}

/* To the digits that mean something. */
static void
round_decimal(struct decimal *d)
{
	bool up = d->n > SEEN && d->digit[SEEN] >= '5';

	if (d->n > SEEN)
		d->n = SEEN;
	while (up && d->n > 0) {
		if (d->digit[d->n - 1] != '9') {
			d->digit[d->n - 1]++;
			up = false;
		} else {
			d->n--;
		}
	}
	if (up) {
		d->digit[d->n++] = '1';
		d->point++;
	}
	while (d->n > 0 && d->digit[d->n - 1] == '0')
		d->n--;
}

/* --- plain numbers ------------------------------------------------------ */

static struct slice
write_decimal(char out[XLSX_NUMBER_BYTES], const struct decimal *d)
{
	char *p = out;

	if (d->negative && d->n > 0)
		*p++ = '-';
	if (d->point <= 0)
		*p++ = '0';
	for (int i = 0; i < d->point; i++)
		*p++ = i < d->n ? d->digit[i] : '0';
	if (d->n > d->point)
		*p++ = '.';
	for (int i = d->point; i < 0 && d->n > 0; i++)
		*p++ = '0';
	for (int i = d->point < 0 ? 0 : d->point; i < d->n; i++)
		*p++ = d->digit[i];
	return (struct slice){ out, (size_t)(p - out) };
}

/* More than SEEN digits before the dot were typed as text once, or are lost
 * already: they stay as they are. */
static struct slice
plain_number(char out[XLSX_NUMBER_BYTES], struct slice v, struct decimal *d)
{
	if (d->n > SEEN) {
		if (d->point > SEEN)
			return v;
		round_decimal(d);
	}
	if (d->point > DIGITS || d->point < -DIGITS)
		return v;
	return write_decimal(out, d);
}

/* --- dates -------------------------------------------------------------- */

/* In whole seconds; false beyond the last day. */
static bool
take_seconds(const struct decimal *d, int64_t *out)
{
	int64_t day = 0, part = 0; /* of a day: in 10^-12 */

	if (d->negative || d->point > 7)
		return false;
	for (int i = 0; i < d->point; i++)
		day = day * 10 + (i < d->n ? d->digit[i] - '0' : 0);
	for (int i = d->point; i < d->point + 12; i++)
		part = part * 10 + (i >= 0 && i < d->n ? d->digit[i] - '0' : 0);
	*out = day * DAY + (part * DAY + PART / 2) / PART;
	return day <= LAST_DAY;
}

/*
 * Excel counts a 29 February 1900, which was none, so that its days before
 * that are one off; day 0 is written into cells that have no date.
 */
static void
calendar_day(int64_t day, bool from_1904, struct wall *w)
{
	const struct wall first = { .year = 1899, .month = 12, .day = 30 },
			  mac = { .year = 1904, .month = 1, .day = 1 };

	memset(w, 0, sizeof *w);
	if (from_1904) {
		wall_from_days(w, wall_days(&mac) + day);
	} else if (day == 60) {
		*w = (struct wall){ .year = 1900, .month = 2, .day = 29 };
	} else if (day > 0) {
		wall_from_days(w, wall_days(&first) + day + (day < 60));
	}
}

static struct slice
write_clock(char out[XLSX_NUMBER_BYTES], int64_t s)
{
	int n = snprintf(out, XLSX_NUMBER_BYTES, "%02lld:%02lld:%02lld",
	    (long long)(s / 3600), (long long)(s / 60 % 60),
	    (long long)(s % 60));

	return (struct slice){ out, (size_t)n };
}

static struct slice
write_date(char out[XLSX_NUMBER_BYTES], const struct wall *w, int64_t clock,
    bool with_clock)
{
	int n = snprintf(out, XLSX_NUMBER_BYTES, "%04d-%02d-%02d", w->year,
	    w->month, w->day);

	if (with_clock) {
		n += snprintf(out + n, XLSX_NUMBER_BYTES - (size_t)n,
		    " %02d:%02d:%02d", (int)(clock / 3600),
		    (int)(clock / 60 % 60), (int)(clock % 60));
	}
	return (struct slice){ out, (size_t)n };
}

struct slice
xlsx_number(char out[XLSX_NUMBER_BYTES], struct slice v, enum xlsx_style style,
    bool from_1904)
{
	struct decimal d;
	struct wall w;
	int64_t s;

	if (!take_decimal(v, &d))
		return v;
	if (style == XLSX_NUMBER || !take_seconds(&d, &s))
		return plain_number(out, v, &d);
	if (style == XLSX_ELAPSED || (style == XLSX_TIME && s < DAY))
		return write_clock(out, s);
	calendar_day(s / DAY, from_1904, &w);
	return write_date(out, &w, s % DAY, style != XLSX_DATE || s % DAY != 0);
}
