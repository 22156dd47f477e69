/*
 * Time zones: TZif bytes to spans of constant offset.  See zone.h.
 *
 * Everything asks one question, "which span holds this instant?", and the last
 * answer is remembered: the dates of a dump lie close together.  That makes a
 * zone a thing of one thread.
 */
#include "formats/zone.h"

#include <stdlib.h>

#include "formats/arena.h"

#define DAY INT64_C(86400)
#define FAR_PAST INT64_MIN
#define FAR_FUTURE INT64_MAX

/* RFC 8536 lets an offset be under 26 hours; so two differ by under 52. */
#define OFFSET_LIMIT (26 * 3600)

/* 0001-01-01 and 9999-12-31 23:59:59, the wall times that can be written. */
#define WALL_MIN (INT64_C(-719162) * DAY)
#define WALL_MAX (INT64_C(2932897) * DAY - 1)

struct span {
	int64_t from, to; /* to is not in it */
	int32_t offset;
};

/* A day as it is written, with the blank behind it. */
struct day {
	int64_t days; /* since 1970-01-01 */
	char text[11];
};

/* When, in a year, a footer's rule changes the clock. */
struct change {
	char kind;             /* 'M', 'J', or 'D' for a day from 0 */
	int month, week, wday; /* of 'M' */
	int day;               /* of 'J' and 'D' */
	int32_t time;          /* seconds after 00:00 on the wall clock */
};

struct rule {
	bool dst; /* false: standard time for ever */
	int32_t std_offset, dst_offset;
	struct change to_dst, to_std;
};

struct zone {
	int64_t *at; /* when each span but the first begins */
	int32_t *offset;
	size_t transitions;
	int32_t first_offset;
	bool has_rule;
	struct rule rule;
	struct span *last; /* remembered; its own block, so zones are const */
	struct day *day;   /* that was written last, likewise */
};

/* --- days and years ------------------------------------------------------ */

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int64_t year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days since 1970-01-01: years are counted from March, so that the day that
 * comes and goes is a year's last one. */
static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

	of_year += day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 +
	       of_year - 719468;
}

int64_t
wall_days(const struct wall *w)
{
	return days_of(w->year, w->month, w->day);
}

void
wall_from_days(struct wall *w, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t d = z - era * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t of_year = d - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;

	w->day = (int)(of_year - (153 * m + 2) / 5 + 1);
	w->month = (int)(m < 10 ? m + 3 : m - 9);
	w->year = (int)(y + era * 400 + (w->month <= 2));
}

bool
wall_valid(const struct wall *w)
{
	return w->year >= 1 && w->year <= 9999 && w->month >= 1 &&
	       w->month <= 12 && w->day >= 1 &&
	       w->day <= days_in_month(w->year, w->month) && w->hour >= 0 &&
	       w->hour <= 23 && w->minute >= 0 && w->minute <= 59 &&
	       w->second >= 0 && w->second <= 59;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* --- the footer's rule --------------------------------------------------- */

static bool
skip(struct slice *s, char c)
{
	if (s->n == 0 || *s->p != c)
		return false;
	s->p++;
	s->n--;
	return true;
}

static bool
number(struct slice *s, int max, int *out)
{
	int n = 0;
	bool any = false;

	while (s->n > 0 && *s->p >= '0' && *s->p <= '9') {
		n = n * 10 + (*s->p - '0');
		if (n > max)
			return false;
		any = true;
		s->p++;
		s->n--;
	}
	*out = n;
	return any;
}

/* "MSK" or "<+03>" */
static bool
abbreviation(struct slice *s)
{
	size_t n = 0;

	if (skip(s, '<')) {
		slice_cut(s, '>');
		return true;
	}
	while (n < s->n && ((s->p[n] >= 'A' && s->p[n] <= 'Z') ||
			       (s->p[n] >= 'a' && s->p[n] <= 'z')))
		n++;
	s->p += n;
	s->n -= n;
	return n >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool
clock_time(struct slice *s, int max_hours, int32_t *out)
{
	bool minus = skip(s, '-');
	int h, m = 0, sec = 0;

	if (!minus)
		skip(s, '+');
	if (!number(s, max_hours, &h))
		return false;
	if (skip(s, ':') && !number(s, 59, &m))
		return false;
	if (skip(s, ':') && !number(s, 59, &sec))
		return false;
	*out = (minus ? -1 : 1) * (h * 3600 + m * 60 + sec);
	return true;
}

/* ",M3.5.0/2", ",J60", ",59/-1" */
static bool
parse_change(struct slice *s, struct change *c)
{
	*c = (struct change){ .kind = 'D', .time = 2 * 3600 };
	if (!skip(s, ','))
		return false;
	if (skip(s, 'M')) {
		c->kind = 'M';
		if (!number(s, 12, &c->month) || !skip(s, '.') ||
		    !number(s, 5, &c->week) || !skip(s, '.') ||
		    !number(s, 6, &c->wday) || c->month < 1 || c->week < 1)
			return false;
	} else {
		if (skip(s, 'J'))
			c->kind = 'J';
		if (!number(s, 365, &c->day) || (c->kind == 'J' && c->day < 1))
			return false;
	}
	return !skip(s, '/') || clock_time(s, 167, &c->time);
}

static bool
parse_rule(struct rule *r, struct slice s)
{
	int32_t west;

	*r = (struct rule){ 0 };
	if (!abbreviation(&s) || !clock_time(&s, 24, &west))
		return false;
	r->std_offset = -west;
	if (s.n == 0)
		return true;
	r->dst = true;
	r->dst_offset = r->std_offset + 3600;
	if (!abbreviation(&s))
		return false;
	if (s.n > 0 && *s.p != ',') {
		if (!clock_time(&s, 24, &west))
			return false;
		r->dst_offset = -west;
	}
	return parse_change(&s, &r->to_dst) && parse_change(&s, &r->to_std) &&
	       s.n == 0;
}

/* The instant of a change in a year, where offset held before it. */
static int64_t
change_instant(const struct change *c, int64_t year, int32_t offset)
{
	int64_t day;

	if (c->kind == 'M') {
		int64_t first = days_of(year, c->month, 1);
		int64_t wday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was 4 */
		int n = (int)((c->wday - wday + 7) % 7) + (c->week - 1) * 7;

		while (n >= days_in_month(year, c->month))
			n -= 7;
		day = first + n;
	} else {
		day = days_of(year, 1, 1) + c->day;
		if (c->kind == 'J') /* 29 February is never counted */
			day -= !(is_leap(year) && c->day >= 60);
	}
	return day * DAY + c->time - offset;
}

/* The span of t by the rule.  A change near New Year may belong to the year
 * before or after, so five years are laid out in order. */
static struct span
rule_span(const struct rule *r, int64_t t)
{
	struct span s = { FAR_PAST, FAR_FUTURE, r->std_offset };
	int64_t at[10];
	bool dst[10];
	struct wall w;
	int n = 0;

	if (!r->dst)
		return s;
	wall_from_days(&w, floor_div(t, DAY));
	for (int64_t year = w.year - 2; year <= w.year + 2; year++) {
		for (int k = 0; k < 2; k++) {
			int64_t when = k == 0 ? change_instant(&r->to_std, year,
						    r->dst_offset)
					      : change_instant(&r->to_dst, year,
						    r->std_offset);
			int i = n++;

			/* Of two at one instant, summer time has it: that is
			 * how a rule says "summer time all year". */
			for (; i > 0 && at[i - 1] > when; i--) {
				at[i] = at[i - 1];
				dst[i] = dst[i - 1];
			}
			at[i] = when;
			dst[i] = k == 1;
		}
	}
	for (int i = 0; i < n; i++) {
		if (at[i] > t) {
			s.to = at[i];
			break;
		}
		s.from = at[i];
		s.offset = dst[i] ? r->dst_offset : r->std_offset;
	}
	return s;
}

/* --- TZif ---------------------------------------------------------------- */

struct counts {
	uint32_t isut, isstd, leap, time, type, chars;
};

enum {
	HEADER_BYTES = 44,
	TYPE_BYTES = 6
};

static uint64_t
big_endian(const char *p, int bytes)
{
	uint64_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* The version digit (0 for the first), or -1. */
static int
read_header(struct slice s, struct counts *c)
{
	const char *p = s.p + 20;

	if (s.n < HEADER_BYTES || memcmp(s.p, "TZif", 4) != 0)
		return -1;
	c->isut = (uint32_t)big_endian(p, 4);
	c->isstd = (uint32_t)big_endian(p + 4, 4);
	c->leap = (uint32_t)big_endian(p + 8, 4);
	c->time = (uint32_t)big_endian(p + 12, 4);
	c->type = (uint32_t)big_endian(p + 16, 4);
	c->chars = (uint32_t)big_endian(p + 20, 4);
	if (c->type == 0 || c->leap != 0)
		return -1;
	return s.p[4] == '\0' ? 0 : s.p[4] - '0';
}

static uint64_t
block_bytes(const struct counts *c, uint64_t time_bytes)
{
	return HEADER_BYTES + c->time * (time_bytes + 1) +
	       (uint64_t)c->type * TYPE_BYTES + c->chars +
	       c->leap * (time_bytes + 4) + c->isstd + c->isut;
}

static bool
read_offset(
    const char *types, const struct counts *c, unsigned type, int32_t *out)
{
	if (type >= c->type)
		return false;
	*out = (int32_t)(uint32_t)big_endian(types + type * TYPE_BYTES, 4);
	return *out > -OFFSET_LIMIT && *out < OFFSET_LIMIT;
}

static bool
read_transitions(
    struct zone *z, struct slice s, const struct counts *c, int time_bytes)
{
	const char *times = s.p + HEADER_BYTES;
	const char *index = times + (size_t)c->time * (size_t)time_bytes;
	const char *types = index + c->time;

	z->transitions = c->time;
	z->at = mem_alloc(c->time * sizeof *z->at);
	z->offset = mem_alloc(c->time * sizeof *z->offset);
	for (size_t i = 0; i < c->time; i++) {
		uint64_t v =
		    big_endian(times + i * (size_t)time_bytes, time_bytes);

		z->at[i] = time_bytes == 8 ? (int64_t)v : (int32_t)v;
		if ((i > 0 && z->at[i] <= z->at[i - 1]) ||
		    !read_offset(
			types, c, (unsigned char)index[i], &z->offset[i]))
			return false;
	}
	return read_offset(types, c, 0, &z->first_offset);
}

/* The footer: "\nRULE\n", an empty rule allowed. */
static bool
read_footer(struct zone *z, struct slice s)
{
	struct slice rule;

	if (!skip(&s, '\n') || s.n == 0 || memchr(s.p, '\n', s.n) == NULL)
		return false;
	rule = slice_cut(&s, '\n');
	if (rule.n == 0)
		return true;
	z->has_rule = parse_rule(&z->rule, rule);
	return z->has_rule;
}

static bool
read_tzif(struct zone *z, struct slice s)
{
	struct counts c;
	int version = read_header(s, &c);
	uint64_t bytes;

	if (version == -1 || (bytes = block_bytes(&c, 4)) > s.n)
		return false;
	if (version < 2)
		return read_transitions(z, s, &c, 4);
	/* The first block is for readers of version 1; ours comes after. */
	s.p += bytes;
	s.n -= (size_t)bytes;
	if (read_header(s, &c) < 2 || (bytes = block_bytes(&c, 8)) > s.n ||
	    !read_transitions(z, s, &c, 8))
		return false;
	s.p += bytes;
	s.n -= (size_t)bytes;
	return read_footer(z, s);
}

static struct zone *
new_zone(void)
{
	struct zone *z = mem_alloc(sizeof *z);

	z->last = mem_alloc(sizeof *z->last); /* 0 to 0: holds no instant */
	z->day = mem_alloc(sizeof *z->day);
	z->day->days = INT64_MIN;
	return z;
}

enum fmt_status
zone_parse(struct zone **out, struct slice tzif)
{
	struct zone *z = new_zone();

	if (!read_tzif(z, tzif)) {
		zone_free(z);
		return FMT_ZONE;
	}
	*out = z;
	return FMT_OK;
}

struct zone *
zone_utc(void)
{
	return new_zone();
}

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->at);
	free(z->offset);
	free(z->last);
	free(z->day);
	free(z);
}

/* --- use ----------------------------------------------------------------- */

/* How many transitions are at or before t. */
static size_t
passed(const struct zone *z, int64_t t)
{
	size_t low = 0, high = z->transitions;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= t)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct span *
find(const struct zone *z, int64_t t)
{
	struct span s = { FAR_PAST, FAR_FUTURE, z->first_offset };
	size_t n;

	if (t >= z->last->from && t < z->last->to)
		return z->last;
	n = passed(z, t);
	if (n == z->transitions && z->has_rule)
		s = rule_span(&z->rule, t);
	else if (n > 0)
		s.offset = z->offset[n - 1];
	if (n > 0 && s.from < z->at[n - 1])
		s.from = z->at[n - 1];
	if (n < z->transitions)
		s.to = z->at[n];
	*z->last = s;
	return z->last;
}

int32_t
zone_offset(const struct zone *z, int64_t t)
{
	if (t < WALL_MIN)
		t = WALL_MIN;
	if (t > WALL_MAX)
		t = WALL_MAX;
	return find(z, t)->offset;
}

bool
zone_near_change(const struct zone *z, int64_t t, int64_t within_s)
{
	const struct span *s = find(z, t);

	return (s->from != FAR_PAST && t - s->from < within_s) ||
	       (s->to != FAR_FUTURE && s->to - t <= within_s);
}

/* Walks the spans in which the wall time could lie, earliest first. */
static int64_t
search_instant(const struct zone *z, int64_t local)
{
	int64_t t = local - OFFSET_LIMIT;
	int64_t skipped = t; /* never used: the first span begins before it */

	for (;;) {
		struct span s = *find(z, t);
		int64_t here = local - s.offset;

		if (here < s.from) /* the clock jumped over it, to this span */
			return skipped;
		if (here < s.to)
			return here;
		skipped = here; /* what it is if the next span begins later */
		t = s.to;
	}
}

int64_t
zone_instant(const struct zone *z, const struct wall *w)
{
	int64_t local =
	    wall_days(w) * DAY + w->hour * 3600 + w->minute * 60 + w->second;
	int64_t t = local - z->last->offset;

	/* So far inside the remembered span that no other can hold it. */
	if (z->last->from != z->last->to &&
	    (z->last->from == FAR_PAST || t - z->last->from > 3 * DAY) &&
	    t < z->last->to)
		return t;
	return search_instant(z, local);
}

/* The day on the wall, since 1970-01-01, and the seconds of it. */
static int64_t
day_of(const struct zone *z, int64_t t, int *seconds)
{
	int64_t local, days;

	if (t < WALL_MIN - DAY * 2)
		t = WALL_MIN - DAY * 2;
	if (t > WALL_MAX + DAY * 2)
		t = WALL_MAX + DAY * 2;
	local = t + zone_offset(z, t);
	local = local < WALL_MIN ? WALL_MIN : local;
	local = local > WALL_MAX ? WALL_MAX : local;
	days = floor_div(local, DAY);
	*seconds = (int)(local - days * DAY);
	return days;
}

void
zone_wall(const struct zone *z, int64_t t, struct wall *out)
{
	int rest;

	wall_from_days(out, day_of(z, t, &rest));
	out->hour = rest / 3600;
	out->minute = rest / 60 % 60;
	out->second = rest % 60;
}

static char *
digits(char *p, int v, int n, char after)
{
	for (int i = n - 1; i >= 0; i--, v /= 10)
		p[i] = (char)('0' + v % 10);
	p[n] = after;
	return p + n + 1;
}

static void
write_day(struct day *d, int64_t days)
{
	struct wall w;
	char *p = d->text;

	d->days = days;
	wall_from_days(&w, days);
	p = digits(p, w.year, 4, '-');
	p = digits(p, w.month, 2, '-');
	digits(p, w.day, 2, ' ');
}

void
zone_write(const struct zone *z, int64_t t, char out[20])
{
	int rest;
	int64_t days = day_of(z, t, &rest);
	char *p = out + sizeof z->day->text;

	if (days != z->day->days)
		write_day(z->day, days);
	memcpy(out, z->day->text, sizeof z->day->text);
	p = digits(p, rest / 3600, 2, ':');
	p = digits(p, rest / 60 % 60, 2, ':');
	digits(p, rest % 60, 2, '\0');
}

int64_t
zone_midnight(const struct zone *z, int64_t t, int days)
{
	struct wall w;

	zone_wall(z, t, &w);
	wall_from_days(&w, wall_days(&w) + days);
	w.hour = w.minute = w.second = 0;
	return zone_instant(z, &w);
}
