/*
 * A glance at each cell; only what lies within hours of a change of the clock
 * is read again.  See dated.h.
 */
#include "formats/dated.h"

#include "formats/normal.h"

/* The clock is never put forward or back by more. */
#define CHANGE_MAX (3 * 3600)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One or two digits at i, and behind them a mark; where it goes on, or 0. */
static size_t
part(struct slice s, size_t i, int *out)
{
	size_t from = i;

	*out = 0;
	while (i < s.n && i < from + 2 && is_digit(s.p[i]))
		*out = *out * 10 + (s.p[i++] - '0');
	return i == from || i == s.n || s.p[i] != '.' ? 0 : i + 1;
}

static void
see_order(struct dated *d, struct slice cell)
{
	int first, second;
	size_t i = part(cell, 0, &first);

	if (i == 0 || part(cell, i, &second) == 0)
		return;
	if (first > 12) {
		d->day_first++;
	} else if (first != second) {
		d->either++;
		d->first |= UINT32_C(1) << first;
		d->second_part |= UINT32_C(1) << second;
	}
}

/* Behind the time: Z, UTC, +03:00, -0500. */
static bool
says_zone(struct slice cell, const char *colon)
{
	size_t left = cell.n - (size_t)(colon - cell.p);
	char last = cell.p[cell.n - 1];

	return !is_digit(last) || memchr(colon, '+', left) != NULL ||
	       memchr(colon, '-', left) != NULL;
}

static int64_t
on_the_wall(const struct wall *w)
{
	return wall_days(w) * 86400 + w->hour * 3600 + w->minute * 60 +
	       w->second;
}

/* Was the clock changed around the time, and does that matter to it? */
static void
see_change(struct dated *d, struct slice cell, const struct zone *source,
    int64_t t, unsigned long line)
{
	int32_t later = zone_offset(source, t + CHANGE_MAX);
	struct wall w;
	int64_t local, again;

	if (!normal_wall(cell, &w))
		return;
	local = on_the_wall(&w);
	again = local - later;
	if (t + zone_offset(source, t) != local) {
		if (d->skipped++ == 0)
			d->skipped_line = line;
	} else if (again > t && zone_offset(source, again) == later) {
		if (d->repeated++ == 0)
			d->repeated_line = line;
	}
}

static void
see_time_of_day(struct dated *d, const struct zone *source, int64_t t)
{
	int64_t second = (t + zone_offset(source, t)) % 86400;

	second += second < 0 ? 86400 : 0;
	if (second % (86400 / DATED_HALVES) == 0)
		d->half_hour[second / (86400 / DATED_HALVES)]++;
}

void
dated_see(struct dated *d, struct slice cell, const struct zone *source,
    int64_t t, unsigned long line)
{
	const char *colon = memchr(cell.p, ':', cell.n);
	bool dotted = cell.n > 2 && (cell.p[1] == '.' || cell.p[2] == '.');
	bool digits = colon == NULL && !dotted && cell.n >= 9 &&
		      memchr(cell.p, '-', cell.n) == NULL &&
		      memchr(cell.p, '/', cell.n) == NULL;

	if (dotted)
		see_order(d, cell);
	if (colon == NULL && !digits)
		return;
	see_time_of_day(d, source, t);
	d->timed++;
	if (digits || says_zone(cell, colon))
		d->zoned++;
	else if (zone_near_change(source, t, CHANGE_MAX))
		see_change(d, cell, source, t, line);
}

void
dated_see_month_first(struct dated *d, unsigned long line)
{
	if (d->month_first++ == 0)
		d->month_first_line = line;
}

bool
dated_swap(const struct zone *z, int64_t t, int64_t *out)
{
	struct wall w;
	int day;

	zone_wall(z, t, &w);
	day = w.day;
	w.day = w.month;
	w.month = day;
	if (w.day == w.month || !wall_valid(&w))
		return false;
	*out = zone_instant(z, &w);
	return true;
}
