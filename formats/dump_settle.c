/*
 * What cannot be settled cell by cell: a status means what it means in its
 * pipeline, beside its loss reason and what the shop says of payment; an
 * amount is worth what its currency is.
 */
#include "formats/dump_row.h"

#include <stdio.h>

#include "formats/damage.h"
#include "formats/check.h"
#include "formats/message.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

/* --- status -------------------------------------------------------------- */

/* Only remembered: it is mapped once pipeline and loss reason are known. */
void
dump_take_status(struct dump *d, const struct step *at, struct slice cell)
{
	if (d->status_step == SIZE_MAX && normal_bare(cell).n > 0)
		d->status_step = (size_t)(at - d->step);
}

/* Yes or no, or the very word of such a column: "Оплачен", "Не оплачен". */
static enum reject
read_answer(struct arena *a, struct slice cell, int64_t *out)
{
	static const struct {
		const char *begins; /* folded */
		int64_t answer;
	} word[] = { { "не оплач", 0 }, { "не отмен", 0 }, { "unpaid", 0 },
		{ "not paid", 0 }, { "оплач", 1 }, { "отмен", 1 },
		{ "paid", 1 }, { "cancel", 1 }, { "+", 1 } };
	struct slice folded;

	if (normal_flag(cell, out) == REJECT_NONE)
		return REJECT_NONE;
	folded = preset_fold(a, cell);
	for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
		if (!slice_starts(folded, word[i].begins))
			continue;
		*out = word[i].answer;
		return REJECT_NONE;
	}
	return REJECT_NUMBER;
}

void
dump_take_answer(struct dump *d, const struct step *at, struct slice cell)
{
	int64_t *out =
	    at->field == FIELD_PAID ? &d->told.paid : &d->told.cancelled;

	if (*out != CONV_NONE)
		return;
	if (read_answer(d->arena, cell, out) != REJECT_NONE) {
		*out = CONV_NONE;
		dump_drop(d, REJECT_NUMBER, at,
		    N_("this column says yes or no; the status decides"));
	}
}

/* A status may be named as it stands, or by the part of it that counts. */
static struct meaning
map_one_status(struct dump *d, const struct step *at, struct slice *status)
{
	const struct conv *c = &d->record->conv;
	struct slice line = conv_text(c, FIELD_PIPELINE);
	struct slice reason = conv_text(c, FIELD_LOSS_REASON);
	struct meaning is = { { "", 0 }, MAP_NOTHING }, part;

	*status = normal_bare(d->row.cell[at->column]);
	if (status->n > 0)
		is = map_meaning(d->map, line, *status, reason);
	if (is.to.n > 0 || status->n == 0 || at->part == NULL)
		return is;
	part = map_meaning(d->map, line, dump_cell(d, at), reason);
	if (part.to.n == 0)
		return part.by == MAP_NOTHING ? is : part;
	*status = dump_cell(d, at);
	return part;
}

/* What the status becomes: the first filled one, or where the preset says so
 * the first one that something maps.  Why the first was not is kept. */
static struct meaning
map_statuses(struct dump *d, struct slice *status)
{
	struct meaning is = { { "", 0 }, MAP_NOTHING };

	for (size_t i = d->status_step; i < d->steps && is.to.n == 0; i++) {
		enum map_by why = is.by;

		if (d->step[i].kind != KIND_STATUS)
			continue;
		is = map_one_status(d, &d->step[i], status);
		if (is.to.n == 0 && why != MAP_NOTHING)
			is.by = why;
		if (!map_preset(d->map)->any_status)
			break;
	}
	return is;
}

/* What the shop says of payment and cancellation; empty when neither.  A paid
 * order may be given back later: that its status says. */
static struct slice
answered(struct dump *d, struct slice status)
{
	if (d->told.cancelled == 1)
		return map_cancelled(
		    d->map, conv_text(&d->record->conv, FIELD_LOSS_REASON));
	if (slice_is(status, "CANCELLED") || slice_is(status, "SPAM"))
		return slice_of("");
	return slice_of(d->told.paid == 1 ? "PAID" : "");
}

/* Where there is no status: the default; or an order that the shop calls
 * neither paid nor cancelled is on its way. */
static struct meaning
without_status(const struct dump *d)
{
	struct meaning none = { { "", 0 }, MAP_NOTHING };

	if (!d->facts.has_status)
		return (struct meaning){ d->default_status, MAP_DEFAULT };
	if (map_has(d->map, FIELD_ORDER_STATUS) ||
	    (d->told.paid == CONV_NONE && d->told.cancelled == CONV_NONE))
		return none;
	return (struct meaning){ slice_of("IN_PROGRESS"), MAP_PAYMENT };
}

/* Why a status means nothing. */
static const char *
no_meaning(const struct dump *d, enum map_by by, struct slice status)
{
	if (by != MAP_UNNAMED)
		return damage_mojibake(status) ? damage_hint(DAMAGE_MOJIBAKE)
					       : N_("no rule maps this status");
	if (slice_trim(conv_text(&d->record->conv, FIELD_PIPELINE)).n == 0)
		return N_("the settings name pipelines, so a preset's PAID "
			  "does not count in a row without one; if it is a "
			  "sale, add status(\"*\", \"STATUS\", \"PAID\") "
			  "with the row's status");
	return N_("the settings name other pipelines, so a preset's PAID does "
		  "not count in this one; if it is a sale, add "
		  "status(\"PIPELINE\", \"STATUS\", \"PAID\") with the "
		  "row's pipeline and status");
}

static struct slice
use_status(struct dump *d, struct meaning is, struct slice status)
{
	if (is.by == MAP_GUESS)
		map_guess(d->map, status);
	if (is.to.n == 0)
		dump_refuse(d, REJECT_STATUS, FIELD_ORDER_STATUS,
		    d->step[d->status_step].column,
		    no_meaning(d, is.by, status));
	return is.to;
}

void
dump_settle_status(struct dump *d)
{
	struct record *rec = d->record;
	struct slice *to = &conv_text(&rec->conv, FIELD_ORDER_STATUS);
	bool filled = d->status_step != SIZE_MAX;
	struct meaning is = { { "", 0 }, MAP_NOTHING };
	struct slice status = { "", 0 }, answer;

	map_see_pipeline(d->map, conv_text(&d->record->conv, FIELD_PIPELINE));
	if (filled)
		is = map_statuses(d, &status);
	answer = answered(d, is.to);
	if (is.by != MAP_SETTINGS && answer.n > 0)
		is = (struct meaning){ answer, MAP_PAYMENT };
	else if (filled)
		is.to = use_status(d, is, status);
	else
		is = without_status(d);
	*to = is.to;
	rec->skip_status = slice_is(*to, "skip");
	rec->has_meaning = true;
	rec->meaning = is;
	rec->pipeline = conv_text(&rec->conv, FIELD_PIPELINE);
	rec->status = status;
}

/* The names in quotes, as many as there is room for. */
static void
list_names(char *out, size_t size, const char *const *name, size_t names)
{
	size_t n = 0;

	*out = '\0';
	for (size_t i = 0; i < names; i++) {
		int k = snprintf(
		    out + n, size - n, "%s\"%s\"", i == 0 ? "" : ", ", name[i]);

		if (n + (size_t)k + sizeof ", …" > size) {
			snprintf(out + n, size - n, "%s", n > 0 ? ", …" : "…");
			return;
		}
		n += (size_t)k;
	}
}

void
dump_pipelines(char *out, size_t size, const struct dump_facts *f)
{
	char names[160];

	list_names(names, sizeof names, f->pipeline, f->pipelines);
	for (char *p = names; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
	snprintf(out, size,
	    message(N_("The dump has the pipelines %s, and the settings name "
		       "none. For each that sells add the line "
		       "status(\"PIPELINE\", \"%s\", \"PAID\") with its "
		       "name.")),
	    names, f->paid_status);
}

/* --- money --------------------------------------------------------------- */

void
dump_take_currency(struct dump *d, const struct step *at, struct slice cell)
{
	struct slice *out = &conv_text(&d->record->conv, at->field), code;

	if (out->n > 0)
		return;
	if (normal_currency(d->arena, cell, &code) != REJECT_NONE) {
		if (d->settings->currency[0] == '\0')
			dump_drop(d, REJECT_CURRENCY, at, NULL);
		else
			dump_refuse(
			    d, REJECT_CURRENCY, at->field, at->column, NULL);
		return;
	}
	*out = code;
	d->told.currency_column = at->column;
}

/* What one unit of a currency is worth; 0 when nobody said. */
static int64_t
rate_of(const struct settings *s, struct slice code)
{
	int64_t scaled;

	for (size_t i = 0; i < s->rates; i++) {
		if (slice_is(code, s->rate[i].currency) &&
		    settings_rate(s->rate[i].rate, &scaled))
			return scaled;
	}
	return 0;
}

/* Half a minor unit rounds up.  False when it is more than may be told. */
static bool
exchange(int64_t *minor, int64_t scaled)
{
	__int128 n = ((__int128)*minor * scaled + RATE_SCALE / 2) / RATE_SCALE;

	if (n > CHECK_MONEY_MAX)
		return false;
	*minor = (int64_t)n;
	return true;
}

static void
settle_amount(struct dump *d, enum field f, struct slice code, size_t column)
{
	int64_t *minor = &d->record->conv.number[f];
	int64_t scaled;

	if (code.n == 0 || slice_is(code, d->settings->currency))
		return;
	scaled = rate_of(d->settings, code);
	if (scaled == 0)
		dump_refuse(d, REJECT_CURRENCY, FIELD_CURRENCY, column,
		    N_("the source's currency is another one: drop such orders "
		       "as a source of their own, or say what it is worth, as "
		       "in rate(\"USD\", \"92.50\")"));
	else if (*minor != CONV_NONE && !exchange(minor, scaled))
		dump_refuse(d, REJECT_MONEY_TOO_BIG, f, column,
		    N_("converted into the source's currency"));
}

/* Amounts in several currencies would be published as if they were in one. */
static void
see_currency(struct dump *d)
{
	struct slice code = conv_text(&d->record->conv, FIELD_CURRENCY);

	if (d->record->conv.number[FIELD_REVENUE] == CONV_NONE)
		return;
	if (d->told.unit[0].code != NULL)
		code = slice_of(d->told.unit[0].code);
	if (code.n == 0)
		return;
	if (d->currency[0] == '\0')
		snprintf(d->currency, sizeof d->currency, "%.*s", (int)code.n,
		    code.p);
	else if (!slice_is(code, d->currency))
		d->facts.other_currency++;
}

void
dump_settle_money(struct dump *d)
{
	static const enum field amount[] = { FIELD_REVENUE, FIELD_COST };
	const char *own = d->settings->currency;
	struct slice *code = &conv_text(&d->record->conv, FIELD_CURRENCY);

	if (*own == '\0') {
		see_currency(d);
		return;
	}
	for (size_t i = 0; i < 2; i++) {
		const struct unit *u = &d->told.unit[i];

		if (u->code != NULL)
			settle_amount(
			    d, amount[i], slice_of(u->code), u->column);
		else
			settle_amount(
			    d, amount[i], *code, d->told.currency_column);
	}
	if (code->n > 0 || d->told.unit[0].code != NULL ||
	    d->told.unit[1].code != NULL)
		*code = slice_of(own);
}
