/*
 * One function a warning, each with its thresholds beside it; what they share
 * is how a shift is called and which zones have it.  See clockcheck.h.
 */
#include "feed/clockcheck.h"

#include <stdlib.h>
#include <string.h>

#include "formats/errors.h"
#include "server/conf.h"
#include "server/lang.h"

#define HOUR 3600
#define DAY 86400

/* As much may two clocks differ that are right. */
#define TOLERANCE (10 * 60)
#define OFF_MAX (CLOCK_STEPS * CLOCK_STEP + TOLERANCE)

/* --- gathered ------------------------------------------------------------ */

/* "03.04.2026": of its numbers either may be the day? */
static bool
may_swap(struct slice cell)
{
	size_t i = 0;

	cell = slice_trim(cell);
	while (i < cell.n && i < 3 && cell.p[i] >= '0' && cell.p[i] <= '9')
		i++;
	return (i == 1 || i == 2) && i < cell.n &&
	       (cell.p[i] == '.' || cell.p[i] == '/');
}

static bool
swaps_to_past(const struct dump_facts *facts, const struct slice *cell,
    size_t cells, const struct zone *source, int64_t created, int64_t at)
{
	int64_t t;

	if (!dated_swap(source, created, &t) || t > at)
		return false;
	for (size_t i = 0; i < cells && i < facts->columns; i++)
		if (facts->field[i] == FIELD_CREATE_DATE_TIME && cell[i].n > 0)
			return may_swap(cell[i]);
	return false;
}

void
clock_see(struct clock_seen *s, int64_t at, int64_t created,
    const struct dump_facts *facts, const struct slice *cell, size_t cells,
    const struct zone *source)
{
	if (created == CONV_NONE || created <= at + TOLERANCE)
		return;
	s->swapped += swaps_to_past(facts, cell, cells, source, created, at);
	if (created > at + OFF_MAX) {
		s->beyond++;
		return;
	}
	s->ahead++;
	if (created > s->ahead_newest)
		s->ahead_newest = created;
}

void
clock_see_order(struct clock_seen *s, const struct merge_order *was,
    const struct merge_order *is)
{
	int64_t before, by;

	if (was == NULL || is->told_time == CONV_NONE)
		return;
	before = was->conv.number[FIELD_CREATE_DATE_TIME];
	if (before == CONV_NONE)
		return;
	by = is->told_time - before;
	s->known++;
	if (by == 0)
		s->same++;
	else if (by % CLOCK_STEP == 0 && llabs(by) <= CLOCK_STEPS * CLOCK_STEP)
		s->moved[by / CLOCK_STEP + CLOCK_STEPS]++;
}

/* --- shifts and zones ---------------------------------------------------- */

/* Where CRMs stand, by how likely they stand there. */
static const char *const places[] = { "Europe/Moscow", "UTC",
	"Europe/Kaliningrad", "Europe/Samara", "Asia/Yekaterinburg",
	"Asia/Omsk", "Asia/Novosibirsk", "Asia/Krasnoyarsk", "Asia/Irkutsk",
	"Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
	"Europe/Minsk", "Asia/Almaty", "Asia/Tashkent", "Asia/Tbilisi",
	"Asia/Yerevan", "Asia/Baku", "Asia/Dubai", "Europe/Istanbul",
	"Europe/Berlin", "Europe/London", "Europe/Kyiv", "Asia/Kolkata",
	"Asia/Shanghai", "America/New_York", "America/Los_Angeles" };
#define PLACES (sizeof places / sizeof *places)
#define PLACES_NAMED 3

/* "+3 h", "-5:30 h" */
static const char *
shift_text(char out[32], int64_t shift)
{
	int64_t minutes = llabs(shift) / 60;
	char sign = shift < 0 ? '-' : '+';

	if (minutes % 60 == 0)
		snprintf(out, 32, _("%c%d h"), sign, (int)(minutes / 60));
	else
		snprintf(out, 32, _("%c%d:%02d h"), sign, (int)(minutes / 60),
		    (int)(minutes % 60));
	return out;
}

/* -1 when the zone is not there. */
static int
offset_of(const char *name, int64_t t, int32_t *out)
{
	struct err ignored = ERR_EMPTY;
	struct zone *z;

	if (conf_zone(&z, name, &ignored) == -1)
		return -1;
	*out = zone_offset(z, t);
	zone_free(z);
	return 0;
}

static void
list_zones(char *out, size_t size, int64_t offset, int64_t t)
{
	size_t n = 0, named = 0;
	int32_t its;

	*out = '\0';
	for (size_t i = 0; i < PLACES && named < PLACES_NAMED; i++) {
		if (offset_of(places[i], t, &its) == -1 || its != offset)
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s%s",
		    named++ == 0 ? "" : ", ", places[i]);
	}
}

/* Was a clock put forward or back, anywhere that counts, between the two? */
static bool
clock_changed(int64_t from, int64_t to)
{
	int32_t a, b;

	for (size_t i = 0; i < PLACES; i++)
		if (offset_of(places[i], from, &a) == 0 &&
		    offset_of(places[i], to, &b) == 0 && a != b)
			return true;
	return false;
}

/* Do the times mostly say their zone themselves? */
static bool
says_zone(const struct clock_facts *f)
{
	return f->dated->zoned * 2 > f->dated->timed;
}

/* What to set so that times come out earlier by the shift. */
static void
advise(struct clock_warning *w, const struct clock_facts *f, int64_t shift)
{
	int64_t t = f->at;

	w->shift = shift;
	if (says_zone(f)) {
		snprintf(w->cure, sizeof w->cure, "%s",
		    _("The times say their zone themselves, so no setting "
		      "mends them: set the clock and the zone of the CRM or "
		      "of its export."));
		return;
	}
	list_zones(
	    w->zones, sizeof w->zones, zone_offset(f->source, t) + shift, t);
	if (w->zones[0] != '\0')
		snprintf(w->cure, sizeof w->cure,
		    _("If the CRM's clock is that of another place, set "
		      "source_timezone = \"%.*s\" for this source (zones with "
		      "that time: %s), and read what came before anew with "
		      "\"convdrop reprocess\"."),
		    (int)strcspn(w->zones, ","), w->zones, w->zones);
	else
		snprintf(w->cure, sizeof w->cure, "%s",
		    _("No usual time zone differs so much: look at the clock "
		      "of the CRM's server."));
}

static unsigned long long
ull(uint64_t n)
{
	return n;
}

/* --- against the arrival ------------------------------------------------- */

/* How long before a dump came something last happened in it. */
static int64_t
lag(const struct profile *p)
{
	return p->touched == CONV_NONE ? INT64_MAX : p->at - p->touched;
}

#define LIVE_DUMPS 3
#define LIVE_LAG (15 * 60)

/* Were the last dumps minutes old when they came?  The oldest of them. */
static bool
comes_live(const struct clock_facts *f, int64_t *usual)
{
	*usual = 0;
	for (size_t i = 0; i < LIVE_DUMPS; i++) {
		if (i >= f->n || lag(&f->earlier[i]) > LIVE_LAG)
			return false;
		if (lag(&f->earlier[i]) > *usual)
			*usual = lag(&f->earlier[i]);
	}
	return true;
}

static bool
check_ahead(const struct clock_facts *f, struct clock_warning *w)
{
	const struct clock_seen *s = f->seen;
	int64_t by = s->ahead_newest - f->at, step = HOUR, usual;
	char shift[32];

	if (s->ahead == 0 || s->beyond > s->ahead)
		return false;
	if (s->ahead < 3 && s->ahead * 50 < f->dated->timed)
		return false;
	if (comes_live(f, &usual))
		step = CLOCK_STEP;
	/* The newest row came before the dump, by however much. */
	w->rows = s->ahead;
	w->of = f->dated->timed;
	advise(w, f, (by - TOLERANCE + step - 1) / step * step);
	snprintf(w->text, sizeof w->text,
	    _("Rows that were created after the dump came: %llu, up "
	      "to %lld minutes; so its times are probably shifted by "
	      "%s."),
	    ull(s->ahead), (long long)((by + 59) / 60),
	    shift_text(shift, w->shift));
	return true;
}

/* How many rows should have been created since, by how earlier dumps lie over
 * the day. */
static double
expected(const struct clock_facts *f, int64_t from, int64_t to)
{
	double rows = 0, days = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct profile *p = &f->earlier[i];

		if (p->timed > 0)
			days += (double)((p->newest - p->oldest) / DAY + 1);
	}
	for (int64_t t = from + HOUR / 2; days > 0 && t < to; t += HOUR) {
		int64_t local = (t + zone_offset(f->source, t)) % DAY;

		for (size_t i = 0; i < f->n; i++)
			rows += (double)f->earlier[i].hour[local / HOUR] / days;
	}
	return rows;
}

#define EXPECTED_MIN 8 /* then none at all is no chance */

static bool
check_behind(const struct clock_facts *f, struct clock_warning *w)
{
	int64_t since = lag(f->now), usual, by;
	char shift[32];

	if (since == INT64_MAX || since < HOUR - TOLERANCE ||
	    since > OFF_MAX + LIVE_LAG || !comes_live(f, &usual))
		return false;
	by = since / HOUR * HOUR;
	if (since - by > usual + 2 * 60 || by == 0)
		return false;
	/* Known orders at their old times: only late, not shifted. */
	if (f->seen->same * 5 > f->seen->known)
		return false;
	if (expected(f, f->now->touched, f->at) < EXPECTED_MIN)
		return false;
	w->rows = w->of = f->dated->timed;
	advise(w, f, -by);
	snprintf(w->text, sizeof w->text,
	    _("The newest row is %lld minutes older than the dump, and in the "
	      "dumps before it was at most %lld: its times are probably "
	      "shifted by %s, or the export is that old."),
	    (long long)(since / 60), (long long)((usual + 59) / 60),
	    shift_text(shift, -by));
	return true;
}

/* --- against what is known ----------------------------------------------- */

#define MOVED_MIN 5

static bool
check_moved(const struct clock_facts *f, struct clock_warning *w)
{
	const struct clock_seen *s = f->seen;
	size_t best = 0;
	char shift[32];

	for (size_t i = 0; i < 2 * CLOCK_STEPS + 1; i++)
		if (s->moved[i] > s->moved[best])
			best = i;
	if (s->moved[best] < MOVED_MIN || s->moved[best] * 3 < s->known * 2)
		return false;
	w->rows = s->moved[best];
	w->of = s->known;
	advise(w, f, ((int64_t)best - CLOCK_STEPS) * CLOCK_STEP);
	shift_text(shift, w->shift);
	if (llabs(w->shift) == HOUR && f->n > 0 &&
	    clock_changed(f->earlier[0].at, f->at)) {
		w->zones[0] = '\0';
		snprintf(w->text, sizeof w->text,
		    _("%llu of %llu known orders have times that differ by %s "
		      "from those in earlier dumps, and clocks were changed "
		      "between: the CRM writes old times with today's "
		      "offset."),
		    ull(w->rows), ull(w->of), shift);
		snprintf(w->cure, sizeof w->cure, "%s",
		    _("Let the CRM export times in UTC or with their offset, "
		      "and set source_timezone to what it writes."));
		return true;
	}
	snprintf(w->text, sizeof w->text,
	    _("%llu of %llu known orders have times that differ by %s from "
	      "those in earlier dumps: the zone of the CRM or of its export "
	      "was changed."),
	    ull(w->rows), ull(w->of), shift);
	return true;
}

/* --- over the day -------------------------------------------------------- */

#define NIGHT_ROWS 200
#define NIGHT_PERCENT 45
#define QUIET_PERCENT 10 /* of six hours: shops that never close have 25 */
#define QUIET_FROM 1     /* when those six hours begin where all is right */
#define JOB_PERCENT 60

static uint64_t
rows_in(const uint64_t hour[24], size_t from, size_t hours)
{
	uint64_t n = 0;

	for (size_t i = 0; i < hours; i++)
		n += hour[(from + i) % 24];
	return n;
}

/* When the six hours begin in which the least happens; of several such, those
 * in the middle. */
static size_t
quiet_from(const uint64_t hour[24])
{
	uint64_t least = UINT64_MAX, around = UINT64_MAX;
	size_t from = 0;

	for (size_t i = 0; i < 24; i++) {
		uint64_t n = rows_in(hour, i, 6);
		uint64_t wide = rows_in(hour, i + 24 - 3, 12);

		if (n > least || (n == least && wide >= around))
			continue;
		least = n;
		around = wide;
		from = i;
	}
	return from;
}

/* On the counter's clock: where clients live. */
static void
counter_hours(uint64_t out[24], const struct clock_facts *f)
{
	int32_t by =
	    zone_offset(f->counter, f->at) - zone_offset(f->source, f->at);
	size_t turn = (size_t)((by / HOUR % 24 + 24) % 24);

	for (size_t i = 0; i < 24; i++)
		out[(i + turn) % 24] = f->now->hour[i];
}

/* What they are all made at, by some job; -1 when none is. */
static int
job_hour(const uint64_t hour[24], uint64_t all)
{
	for (int i = 0; i < 24; i++)
		if (hour[i] * 100 > all * JOB_PERCENT)
			return i;
	return -1;
}

static void
say_job(struct clock_warning *w, int hour)
{
	snprintf(w->text, sizeof w->text,
	    _("%llu of %llu rows were created between 0 and 6 o'clock, most "
	      "of them in one hour, from %02d:00: that is when a job wrote "
	      "them, not when the clients came."),
	    ull(w->rows), ull(w->of), hour);
	snprintf(w->cure, sizeof w->cure, "%s",
	    _("Export the time at which the client left the order or lead."));
}

static bool
check_night(const struct clock_facts *f, struct clock_warning *w)
{
	uint64_t hour[24];
	char shift[32];
	size_t from;
	int job, by;

	w->of = f->now->timed;
	if (w->of < NIGHT_ROWS || f->now->midnight * 2 > w->of)
		return false;
	counter_hours(hour, f);
	w->rows = rows_in(hour, 0, 6);
	if (w->rows * 100 <= w->of * NIGHT_PERCENT)
		return false;
	job = job_hour(hour, w->of);
	if (job != -1) {
		say_job(w, job);
		return true;
	}
	from = quiet_from(hour);
	if (rows_in(hour, from, 6) * 100 > w->of * QUIET_PERCENT)
		return false;
	by = (int)(from + 24 - QUIET_FROM) % 24;
	by = by > 12 ? by - 24 : by;
	advise(w, f, by * (int64_t)HOUR);
	snprintf(w->text, sizeof w->text,
	    _("%llu of %llu rows were created between 0 and 6 o'clock, and "
	      "hardly any from %02d:00 to %02d:00: the times are probably "
	      "shifted by about %s."),
	    ull(w->rows), ull(w->of), (int)from, (int)(from + 6) % 24,
	    shift_text(shift, w->shift));
	return true;
}

/* --- as they are written ------------------------------------------------- */

#define DATES_MIN 10

static bool
check_dates(const struct clock_facts *f, struct clock_warning *w)
{
	const struct dated *d = f->dated;
	size_t most = 0;

	for (size_t i = 1; i < DATED_HALVES; i++)
		if (d->half_hour[i] > d->half_hour[most])
			most = i;
	w->rows = d->half_hour[most];
	w->of = d->timed;
	if (d->timed < DATES_MIN || w->rows * 100 < w->of * 95)
		return false;
	if (most == 0)
		snprintf(w->text, sizeof w->text,
		    _("%llu of %llu times are exactly 00:00:00: they are dates "
		      "that were saved with a time of day that nobody knows."),
		    ull(w->rows), ull(w->of));
	else
		snprintf(w->text, sizeof w->text,
		    _("%llu of %llu times are exactly %02d:%02d:00: they are "
		      "dates, written as midnight in another zone, so that "
		      "even the day may be wrong."),
		    ull(w->rows), ull(w->of), (int)most / 2,
		    (int)most % 2 * 30);
	return true;
}

static bool
check_change(const struct clock_facts *f, struct clock_warning *w)
{
	const struct dated *d = f->dated;

	w->rows = d->skipped + d->repeated;
	w->of = d->timed;
	if (d->skipped > 0 && d->repeated > 0)
		snprintf(w->text, sizeof w->text,
		    _("Times in an hour that the clock of the source's zone "
		      "skips: %llu, first in line %lu; they were moved "
		      "forward by it. Times in an hour that it has twice: "
		      "%llu, first in line %lu; they were taken for the "
		      "earlier one."),
		    ull(d->skipped), d->skipped_line, ull(d->repeated),
		    d->repeated_line);
	else if (d->skipped > 0)
		snprintf(w->text, sizeof w->text,
		    _("Times in an hour that the clock of the source's zone "
		      "skips: %llu, first in line %lu; they were moved "
		      "forward by it. The CRM's clock is not that of the "
		      "zone."),
		    ull(d->skipped), d->skipped_line);
	else if (d->repeated > 0)
		snprintf(w->text, sizeof w->text,
		    _("Times in an hour that the clock of the source's zone "
		      "has twice: %llu, first in line %lu; they were taken "
		      "for the earlier one."),
		    ull(d->repeated), d->repeated_line);
	return w->rows > 0;
}

static int
bits(uint32_t n)
{
	int k = 0;

	for (; n != 0; n &= n - 1)
		k++;
	return k;
}

#define SWAPPED_MIN 3
#define EITHER_MIN 20

static bool
check_months(const struct clock_facts *f, struct clock_warning *w)
{
	const struct dated *d = f->dated;
	const struct clock_seen *s = f->seen;

	w->rows = d->either;
	w->of = d->either + d->day_first + d->month_first;
	if (d->month_first > 0 && d->either > 0) {
		snprintf(w->text, sizeof w->text,
		    _("Dates that make sense only with the month first: "
		      "%llu, first in line %lu; so the %llu that were taken "
		      "with the day first are probably wrong."),
		    ull(d->month_first), d->month_first_line, ull(d->either));
		return true;
	}
	if (d->day_first > 0)
		return false;
	if (s->swapped >= SWAPPED_MIN &&
	    s->swapped * 2 > s->ahead + s->beyond) {
		w->rows = s->swapped;
		snprintf(w->text, sizeof w->text,
		    _("%llu dates lie in the future with the day first and in "
		      "the past with the month first, and none is certain to "
		      "have the day first."),
		    ull(s->swapped));
		return true;
	}
	snprintf(w->text, sizeof w->text,
	    _("With the day first, %llu dates lie on one or two days of many "
	      "months; with the month first they lie close together, so that "
	      "is what they have."),
	    ull(d->either));
	return d->either >= EITHER_MIN && bits(d->first) <= 2 &&
	       bits(d->second_part) >= 5;
}

/* --- all of them ---------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name;
	bool (*check)(const struct clock_facts *f, struct clock_warning *w);
} checks[CLOCK_CODES] = {
	[CLOCK_AHEAD]  = { "clock_ahead",  check_ahead },
	[CLOCK_BEHIND] = { "clock_behind", check_behind },
	[CLOCK_MOVED]  = { "clock_moved",  check_moved },
	[CLOCK_NIGHT]  = { "night",        check_night },
	[CLOCK_DATES]  = { "midnight",     check_dates },
	[CLOCK_CHANGE] = { "clock_change", check_change },
	[CLOCK_MONTHS] = { "month_first",  check_months },
};
/* clang-format on */

size_t
clock_check(const struct clock_facts *f, struct clock_warning out[CLOCK_CODES])
{
	size_t n = 0;

	for (enum clock_code c = 0; c < CLOCK_CODES; c++) {
		struct clock_warning *w = &out[n];

		memset(w, 0, sizeof *w);
		w->code = c;
		w->name = checks[c].name;
		if (!checks[c].check(f, w))
			continue;
		if (w->cure[0] == '\0')
			snprintf(w->cure, sizeof w->cure, "%s",
			    message(error_named('6', w->name)->cure));
		n++;
	}
	return n;
}

void
clock_write(FILE *to, const struct clock_warning *w, size_t n)
{
	if (n == 0)
		return;
	fputs(_("\nThe times look wrong:\n"), to);
	for (; n > 0; n--, w++) {
		fprintf(
		    to, "  %s: %s\n", error_named('6', w->name)->code, w->text);
		fprintf(to, _("     To mend it: %s\n"), w->cure);
	}
}

json_t *
clock_json(const struct clock_warning *w, size_t n)
{
	json_t *all = json_array();

	for (; n > 0; n--, w++)
		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:I, s:I, s:I, s:s, s:s, s:s}",
			"code", error_named('6', w->name)->code, "name",
			w->name, "shift_seconds", (json_int_t)w->shift, "rows",
			(json_int_t)w->rows, "of", (json_int_t)w->of, "zones",
			w->zones, "text", w->text, "cure", w->cure));
	return all;
}
