/*
 * The reasons why a dump must wait, each a question of its own.  See gate.h.
 */
#include "feed/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/rejects.h"
#include "formats/text.h"
#include "server/lang.h"
#include "server/log.h"

#define DAY 86400
#define WORSE_MIN 2     /* one order is no reason, of however few */
#define NAMES_BYTES 160 /* of a list of columns, as shown */

typedef unsigned long long ull;

/* A share in per cent, with a decimal. */
struct share {
	char text[24];
};

static struct share
share(uint64_t part, uint64_t of)
{
	struct share s;
	uint64_t n = of == 0 ? 0 : part * 1000 / of;

	snprintf(
	    s.text, sizeof s.text, "%llu.%llu", (ull)(n / 10), (ull)(n % 10));
	return s;
}

/* --- one question each: does it trip, and the sentence -------------------- */

static bool
is_another_feeds(const struct gate_facts *f, char *out, size_t size)
{
	unsigned percent = f->hold->unknown_percent;

	if (!f->history || percent == 0 || f->other == NULL ||
	    f->known * 100 >= (uint64_t)percent * f->ids ||
	    f->elsewhere * f->ids <= f->known * f->sample)
		return false;
	snprintf(out, size,
	    _("Of its %llu ids only %llu (%s %%) are known to this feed, while "
	      "the feed %s knows %s %% of them: it may be the file of that "
	      "feed."),
	    (ull)f->ids, (ull)f->known, share(f->known, f->ids).text, f->other,
	    share(f->elsewhere, f->sample).text);
	return true;
}

static bool
goes_backwards(const struct gate_facts *f, char *out, size_t size)
{
	unsigned percent = f->hold->backwards_percent;

	if (!f->history || percent == 0 || f->worse < WORSE_MIN ||
	    f->worse * 100 <= (uint64_t)percent * f->known)
		return false;
	snprintf(out, size,
	    _("Of its %llu known orders %llu (%s %%) would get worse: %llu "
	      "would go from PAID or CANCELLED back to IN_PROGRESS, and the "
	      "revenue of %llu would fall by more than %u %%. It may be an "
	      "older export, or its statuses are mapped wrongly. If so many "
	      "orders are opened again or sent back, raise "
	      "hold_backwards_percent."),
	    (ull)f->known, (ull)f->worse, share(f->worse, f->known).text,
	    (ull)f->backwards, (ull)f->fallen, f->hold->revenue_percent);
	return true;
}

static void
write_time(char out[20], const struct gate_facts *f, int64_t t)
{
	struct zone *utc = f->now->counter == NULL ? zone_utc() : NULL;

	zone_write(utc == NULL ? f->now->counter : utc, t, out);
	zone_free(utc);
}

/* An export of what changed may hold old orders alone, but few of those that
 * are known, or such as came on. */
static bool
is_part(const struct gate_facts *f)
{
	return f->known == f->ids &&
	       (f->better * 2 >= f->ids || f->ids * 4 < f->since);
}

static bool
is_older(const struct gate_facts *f, char *out, size_t size)
{
	char now[20], last[20];
	int64_t days = (int64_t)f->hold->older_days;

	if (!f->history || days == 0 || f->last == NULL ||
	    f->last->touched == CONV_NONE || f->now->touched == CONV_NONE ||
	    f->last->touched - f->now->touched <= days * DAY || is_part(f))
		return false;
	write_time(now, f, f->now->touched);
	write_time(last, f, f->last->touched);
	snprintf(out, size,
	    ngettext("Its newest row is of %s, which is more than %u day "
		     "before the newest row (%s) of dump %lld, the last one of "
		     "this source: it may be an old export.",
		"Its newest row is of %s, which is more than %u days before "
		"the newest row (%s) of dump %lld, the last one of this "
		"source: it may be an old export.",
		f->hold->older_days),
	    now, f->hold->older_days, last, (long long)f->last_dump);
	return true;
}

static bool
is_ahead(const struct gate_facts *f, char *out, size_t size)
{
	const struct profile *p = f->now;
	unsigned percent = f->hold->future_percent;

	if (percent == 0 || p->future * 100 <= (uint64_t)percent * p->timed)
		return false;
	snprintf(out, size,
	    ngettext("Of its %llu row with a time of day %llu (%s %%) is more "
		     "than %u minutes in the future: the time zone of the "
		     "source may be set wrongly.",
		"Of its %llu rows with a time of day %llu (%s %%) are more "
		"than %u minutes in the future: the time zone of the source "
		"may be set wrongly.",
		p->timed),
	    (ull)p->timed, (ull)p->future, share(p->future, p->timed).text,
	    f->hold->future_minutes);
	return true;
}

/* A name as profile.h compares it; columns have at most 128 bytes. */
struct folded {
	char s[160];
	size_t n;
};

static struct folded
fold(const char *name)
{
	struct slice s = text_strip(slice_of(name));
	struct folded f;

	s.n = s.n > sizeof f.s ? sizeof f.s : s.n;
	f.n = text_fold(f.s, s);
	return f;
}

static bool
is_same(const char *a, const char *b)
{
	struct folded x = fold(a), y = fold(b);

	return x.n == y.n && memcmp(x.s, y.s, x.n) == 0;
}

static bool
has_column(const struct profile *p, const char *name)
{
	for (size_t i = 0; i < p->columns; i++)
		if (is_same(p->column[i], name))
			return true;
	return false;
}

/* What is in a and not in b; with moved: what is in both at another place. */
static void
name_columns(char out[NAMES_BYTES + 8], const struct profile *a,
    const struct profile *b, bool moved)
{
	char safe[NAMES_BYTES];
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < a->columns; i++) {
		const char *s = a->column[i];
		bool is_there = i < b->columns && is_same(s, b->column[i]);

		if (s[0] == '\0' || is_there || has_column(b, s) != moved)
			continue;
		if (rejects_is_contact(slice_of(s)))
			s = "(hidden)";
		log_safe(safe, sizeof safe, s, strlen(s));
		if (n + 2 + strlen(safe) >= NAMES_BYTES) {
			strcpy(out + n, " …");
			return;
		}
		n += (size_t)sprintf(out + n, "%s%s", n == 0 ? "" : ", ", safe);
	}
	if (n == 0)
		strcpy(out, "-");
}

static bool
has_another_header(const struct gate_facts *f, char *out, size_t size)
{
	char gone[NAMES_BYTES + 8], new[NAMES_BYTES + 8];
	char moved[NAMES_BYTES + 8];

	if (!f->history || !f->hold->header || f->last == NULL ||
	    f->last->columns_hash[0] == '\0' ||
	    f->now->columns_hash[0] == '\0' ||
	    strcmp(f->last->columns_hash, f->now->columns_hash) == 0)
		return false;
	name_columns(gone, f->last, f->now, false);
	name_columns(new, f->now, f->last, false);
	name_columns(moved, f->now, f->last, true);
	snprintf(out, size,
	    _("Its header is not that of dump %lld, the last one of this "
	      "source. Columns gone: %s; new: %s; moved: %s. It may be another "
	      "export; one that comes regularly should have a source of its "
	      "own. If columns come and go by themselves, set hold_header = "
	      "no."),
	    (long long)f->last_dump, gone, new, moved);
	return true;
}

static bool
has_another_preset(const struct gate_facts *f, char *out, size_t size)
{
	if (!f->history || !f->hold->preset || !f->new_preset || f->known == 0)
		return false;
	snprintf(out, size,
	    _("It was read with the preset %s, which this source never had "
	      "before, and %llu of its %llu ids are known: two systems would "
	      "write to the same orders. Give it a source of its own with an "
	      "id_prefix, if it comes from another system."),
	    f->now->preset, (ull)f->known, (ull)f->ids);
	return true;
}

/* --- all of them --------------------------------------------------------- */

static const struct question {
	const char *code;
	bool (*trips)(const struct gate_facts *f, char *out, size_t size);
} questions[GATE_REASONS] = {
	{ "unknown_ids", is_another_feeds },
	{ "backwards", goes_backwards },
	{ "older", is_older },
	{ "future", is_ahead },
	{ "header", has_another_header },
	{ "preset", has_another_preset },
};

void
gate_judge(struct gate *out, const struct gate_facts *f)
{
	out->n = 0;
	if (!f->hold->on)
		return;
	for (size_t i = 0; i < GATE_REASONS; i++) {
		struct gate_reason *r = &out->reason[out->n];

		if (questions[i].trips(f, r->text, sizeof r->text)) {
			r->code = questions[i].code;
			out->n++;
		}
	}
}

void
gate_text(const struct gate *g, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < g->n; i++) {
		size_t add = strlen(g->reason[i].text) + (n > 0);

		if (n + add >= size)
			return;
		snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "",
		    g->reason[i].text);
		n += add;
	}
}
