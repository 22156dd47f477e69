/*
 * What a published cell must be, rule by rule.  Direct's texts are Direct's
 * own; for Metrica's uploads none are documented, so they are ours.
 */
#include "formats/lint_private.h"

#include <stdio.h>

#include "formats/check.h"
#include "formats/zone.h"

#define DAYS_OLD 113      /* refused */
#define DAYS_UNLINKED 111 /* 21 to link a visit, 90 to correct it */

/* --- times ---------------------------------------------------------------- */

/* Seconds on the wall; false when it is no time, which is then told. */
static bool
read_wall(
    struct lint *l, const struct lint_rule *r, struct slice cell, int64_t *out)
{
	struct wall w = { 0 };
	bool has_time = false;
	enum reject why = check_time(cell, &w, &has_time);

	if (why != REJECT_NONE) {
		lint_reject(l, r->name, why, cell, NULL);
		return false;
	}
	*out =
	    wall_days(&w) * LINT_DAY + w.hour * 3600 + w.minute * 60 + w.second;
	return true;
}

void
lint_created(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	int64_t t;

	if (!read_wall(l, r, cell, &t))
		return;
	if (t > l->o->now)
		lint_reject(l, r->name, REJECT_DATE_FUTURE, cell, NULL);
	else if (t < l->o->now - DAYS_OLD * LINT_DAY)
		lint_reject(l, r->name, REJECT_DATE_OLD, cell, NULL);
	else if (t < l->o->now - DAYS_UNLINKED * LINT_DAY)
		lint_warn(l, r->name, "aging_date",
		    N_("'create_date_time' is older than 111 days, so that no "
		       "visit can be linked to it or corrected any more"));
}

void
lint_past(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	int64_t t;

	if (read_wall(l, r, cell, &t) && t > l->o->now)
		lint_reject(l, r->name, REJECT_DATE_FUTURE, cell, NULL);
}

void
lint_time(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	int64_t t;

	if (cell.n > 0)
		read_wall(l, r, cell, &t);
}

static bool
read_digits(struct slice s, int64_t *out)
{
	int64_t n = 0;

	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		n = n * 10 + (s.p[i] - '0');
	}
	*out = n;
	return true;
}

void
lint_epoch(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	int64_t t;

	if (cell.n == 0)
		lint_reject(l, r->name, REJECT_DATE_EMPTY, cell, NULL);
	else if (!read_digits(cell, &t))
		lint_reject(l, r->name, REJECT_NUMBER, cell,
		    N_("seconds since 1970-01-01 00:00:00 UTC expected"));
	else if (t > l->o->instant)
		lint_reject(l, r->name, REJECT_DATE_FUTURE, cell,
		    t > l->o->instant * 100 ? N_("these are milliseconds")
					    : NULL);
}

/* --- ids ------------------------------------------------------------------ */

void
lint_id(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	if (cell.n > 0 && !l->o->ids_differ && idset_add(&l->ids, cell))
		lint_warn(l, r->name, "same_id",
		    N_("An earlier row has the same id; the destination "
		       "applies such rows in random order"));
}

void
lint_filled(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	char text[LINT_TEXT_MAX];

	if (cell.n > 0)
		return;
	snprintf(text, sizeof text, message(N_("Empty '%s' value")), r->name);
	lint_say(l, false, r->name, "empty", text);
}

void
lint_own_id(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	lint_filled(l, r, cell);
	lint_id(l, r, cell);
}

void
lint_contact(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	if (!slice_is(cell, "CONTACT"))
		lint_error(l, r->name, "client_type",
		    N_("The client's type is CONTACT, to the letter"));
}

/* The same key twice for one visitor, whose ids are the table's first two
 * columns: both are looked up as one text. */
void
lint_key(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	struct slice visitor = l->cell[0].n > 0 ? l->cell[0] : l->cell[1];
	char both[512];

	lint_filled(l, r, cell);
	if (cell.n == 0 || l->o->ids_differ ||
	    visitor.n + 1 + cell.n > sizeof both)
		return;
	memcpy(both, visitor.n > 0 ? visitor.p : "", visitor.n);
	both[visitor.n] = '\0';
	memcpy(both + visitor.n + 1, cell.p, cell.n);
	if (idset_add(&l->ids, (struct slice){ both, visitor.n + 1 + cell.n }))
		lint_warn(l, r->name, "same_key",
		    N_("An earlier row has the same visitor and key; the last "
		       "one is meant to count"));
}

/* --- lists and values ----------------------------------------------------- */

/* Excel turned a long number into "1,33591E+17", which splits as a list. */
static bool
is_exponent(struct slice cell)
{
	struct slice rest = cell;
	struct slice whole = slice_cut(&rest, ',');
	struct slice fraction = slice_cut(&rest, '+');
	size_t digits = 0;

	while (digits < fraction.n && fraction.p[digits] >= '0' &&
	       fraction.p[digits] <= '9')
		digits++;
	return whole.n == 1 && rest.n > 0 && digits + 1 == fraction.n &&
	       fraction.p[digits] == 'E';
}

void
lint_list(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	struct slice rest = cell;
	bool more = cell.n > 0;

	while (more) {
		struct slice value;

		more = memchr(rest.p, ',', rest.n) != NULL;
		value = slice_cut(&rest, ',');
		if (r->good(value))
			continue;
		if (is_exponent(cell)) {
			lint_reject(l, r->name, r->reject, cell, NULL);
			break;
		}
		lint_reject(
		    l, r->name, r->reject, value.n > 0 ? value : cell, NULL);
	}
}

void
lint_value(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	if (cell.n > 0 && !r->good(cell))
		lint_reject(l, r->name, r->reject, cell, NULL);
}

void
lint_amount(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	enum reject why = cell.n == 0 ? REJECT_NONE : check_money(cell, NULL);

	if (why != REJECT_NONE)
		lint_reject(l, r->name, why, cell, NULL);
}

void
lint_seconds(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	int64_t n;

	if (cell.n > 0 && !read_digits(cell, &n))
		lint_reject(
		    l, r->name, REJECT_NUMBER, cell, N_("seconds expected"));
}

void
lint_flag(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	if (cell.n > 0 && !slice_is(cell, "0") && !slice_is(cell, "1"))
		lint_reject(
		    l, r->name, REJECT_NUMBER, cell, N_("0 or 1 expected"));
}

void
lint_currency(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	if (cell.n > 0 && !check_currency(cell))
		lint_reject(
		    l, r->name, REJECT_CURRENCY, cell, N_("ISO 4217 expected"));
}

/* Metrica counts no amounts where one upload of conversions mixes them. */
void
lint_one_currency(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	lint_currency(l, r, cell);
	if (cell.n == 0 || !check_currency(cell))
		return;
	if (l->currency[0] == '\0')
		memcpy(l->currency, cell.p, 3);
	if (l->mixed || slice_is(cell, l->currency))
		return;
	l->mixed = true;
	lint_warn(l, r->name, "mixed_currency",
	    N_("Rows before this one have another currency; where one upload "
	       "mixes them the destination may count no amounts"));
}

void
lint_dialled(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	struct slice digits = { cell.p + 1, cell.n - 1 };

	if (cell.n == 0 || (cell.p[0] == '+' && check_phone(digits)))
		return;
	lint_reject(l, r->name, REJECT_NUMBER, cell,
	    N_("a plus, then the number with its country code and without "
	       "blanks expected"));
}

void
lint_platform(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	lint_filled(l, r, cell);
	if (cell.n > 0 && !check_platform(cell))
		lint_reject(l, r->name, REJECT_PLATFORM, cell, NULL);
}

/* --- goals, statuses ------------------------------------------------------ */

static bool
is_named(const struct lint *l, struct slice id)
{
	for (size_t i = 0; i < l->o->goals; i++)
		if (slice_is(id, l->o->goal[i]))
			return true;
	return false;
}

/* Empty is PAID to the destination. */
void
lint_status(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	if (cell.n > 0 && !check_status_fixed(cell) &&
	    !(l->o->any_goal ? check_goal_id(cell) : is_named(l, cell)))
		lint_reject(l, r->name, REJECT_STATUS, cell, NULL);
}

void
lint_needed_status(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	lint_filled(l, r, cell);
	lint_status(l, r, cell);
}

/* Where nothing but goals can stand, their form is all that is known of them
 * until the goals that exist are named. */
static bool
is_target(const struct lint *l, struct slice id)
{
	return check_target(id) &&
	       (l->o->any_goal || l->o->goals == 0 || is_named(l, id));
}

void
lint_target(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	lint_filled(l, r, cell);
	if (cell.n > 0 && !is_target(l, cell))
		lint_reject(l, r->name, REJECT_TARGET, cell,
		    check_target(cell) ? N_("none of the goals that --goal "
					    "names")
				       : NULL);
}

void
lint_goals(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	struct slice rest = cell;
	bool more = cell.n > 0;

	while (more) {
		struct slice value, price;

		more = memchr(rest.p, ',', rest.n) != NULL;
		value = price = slice_cut(&rest, ',');
		if (!is_target(l, slice_cut(&price, ':')) ||
		    (memchr(value.p, ':', value.n) != NULL &&
			check_money(price, NULL) != REJECT_NONE))
			lint_reject(l, r->name, REJECT_GOALS, value, NULL);
	}
}

/* Only the quantity can be told from nonsense. */
void
lint_products(struct lint *l, const struct lint_rule *r, struct slice cell)
{
	struct slice rest = cell;
	bool more = cell.n > 0;

	while (more) {
		struct slice value, behind;
		size_t n;

		more = memchr(rest.p, ',', rest.n) != NULL;
		value = slice_cut(&rest, ',');
		for (n = value.n; n > 0 && value.p[n - 1] != ':';)
			n--;
		behind = (struct slice){ value.p + n, value.n - n };
		if (n < 2 || check_money(behind, NULL) != REJECT_NONE)
			lint_reject(l, r->name, REJECT_PRODUCTS, value, NULL);
	}
}
