/*
 * The merge rules, and the loop that runs them over a sorted dump.  See
 * merge.h.
 */
#include "store/merge.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "formats/normal.h"

/* Direct takes no more (domain: 9223372036854), in minor units. */
#define AMOUNT_MAX INT64_C(922337203685400)
/* ClientIDs are not united beyond this many bytes, about 200 of them: a list
 * that long is no person's, and uniting would take ever longer. */
#define UNITE_MAX 4096
/* Texts of an order with very many rows are packed anew at this size. */
#define TEXT_MAX ((size_t)1 << 20)

/* Whose values same_id = sum adds up. */
static const enum field sums[2] = { FIELD_REVENUE, FIELD_COST };

/* An owner is a row's number; this bit says that it gave to a sum as well. */
#define GAVE ((uint64_t)1 << 63)

/* --- fields ------------------------------------------------------------- */

static bool
is_number(enum field f)
{
	return f < FIELD_NUMBERS;
}

static bool
has(const struct conv *c, enum field f)
{
	/* cppcheck-suppress arrayIndexOutOfBounds ; is_number guards it */
	return is_number(f) ? c->number[f] != CONV_NONE : conv_text(c, f).n > 0;
}

static bool
same(const struct conv *a, const struct conv *b, enum field f)
{
	return is_number(f) ? a->number[f] == b->number[f]
			    : slice_eq(conv_text(a, f), conv_text(b, f));
}

static bool
is_sum(enum field f)
{
	return f == sums[0] || f == sums[1];
}

/* --- ids that differ by zeros ------------------------------------------- */

static size_t
digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

/* How many of its bytes a number begins with that mean nothing, and how many
 * are left of it without ".0"; 0 when it is no number. */
static size_t
significant(struct slice number, size_t *zeros)
{
	size_t whole = digits(number), n = whole;

	*zeros = 0;
	if (n < number.n && number.p[n] == '.' && n + 1 < number.n) {
		for (n++; n < number.n && number.p[n] == '0'; n++)
			;
	}
	if (n < number.n || whole == 0)
		return 0;
	while (*zeros + 1 < whole && number.p[*zeros] == '0')
		++*zeros;
	return whole - *zeros;
}

struct slice
variant_canonical(char buf[VARIANT_MAX], struct slice id, size_t prefix)
{
	struct slice number;
	size_t zeros, n;

	if (id.n <= prefix || id.n > VARIANT_MAX)
		return (struct slice){ buf, 0 };
	number = (struct slice){ id.p + prefix, id.n - prefix };
	/* Nearly all ids are none, and nothing more is looked at. */
	if (number.p[0] != '0' && number.p[number.n - 1] != '0')
		return (struct slice){ buf, 0 };
	n = significant(number, &zeros);
	if (n == 0 || n == number.n)
		return (struct slice){ buf, 0 };
	memcpy(buf, id.p, prefix);
	memcpy(buf + prefix, number.p + zeros, n);
	return (struct slice){ buf, prefix + n };
}

bool
variant_is_plain(struct slice id, size_t prefix)
{
	struct slice number;

	if (id.n <= prefix || id.n > VARIANT_MAX)
		return false;
	number = (struct slice){ id.p + prefix, id.n - prefix };
	return digits(number) == number.n &&
	       (number.p[0] != '0' || number.n == 1);
}

/* --- one order ---------------------------------------------------------- */

void
merge_init(struct merge_state *m)
{
	memset(m, 0, sizeof *m);
}

void
merge_free(struct merge_state *m)
{
	for (size_t i = 0; i < 3; i++)
		arena_free(&m->text[i]);
}

static void
copy_texts(struct arena *a, struct conv *c)
{
	for (enum field f = FIELD_NUMBERS; f < FIELD_COUNT; f++)
		if (conv_text(c, f).n > 0)
			conv_text(c, f) = arena_copy(a, conv_text(c, f));
}

void
merge_begin(struct merge_state *m, const struct merge_rules *rules,
    struct slice id, const struct merge_order *was)
{
	for (size_t i = 0; i < 3; i++)
		arena_reset(&m->text[i]);
	memset((char *)m + offsetof(struct merge_state, was), 0,
	    offsetof(struct merge_state, text) -
		offsetof(struct merge_state, was));
	m->rules = rules;
	m->text_bytes = 0;
	m->known = m->live = was != NULL;
	if (was != NULL) {
		m->was = *was;
		copy_texts(&m->text[2], &m->was.conv);
		m->is = m->was;
	} else {
		conv_clear(&m->was.conv);
		conv_clear(&m->is.conv);
	}
	m->was.told_time = m->is.told_time = CONV_NONE;
	conv_text(&m->is.conv, FIELD_ID) = arena_copy(&m->text[2], id);
}

/* Own update times when both have one, else the dumps, else the lines. */
static bool
is_newer(const struct merge_state *m, const struct conv *row)
{
	int64_t mine = row->number[FIELD_UPDATE_DATE_TIME];
	int64_t its = m->is.conv.number[FIELD_UPDATE_DATE_TIME];

	if (!m->live && !m->dropped)
		return true;
	if (mine != CONV_NONE && its != CONV_NONE && mine != its)
		return mine > its;
	if (m->is.dump != m->rules->dump)
		return m->rules->dump > m->is.dump;
	return m->rules->same_id != SAME_ID_FIRST;
}

static bool
owns(const struct merge_state *m, uint64_t owner)
{
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (m->owner[f] == owner)
			return true;
	return false;
}

/* The row owned fields before; it is settled once it owns none. */
static void
settle_displaced(struct merge_state *m, uint64_t row)
{
	if (owns(m, row))
		return;
	if (row & GAVE)
		m->summed++;
	else
		m->count[MERGE_SUPERSEDED]++;
}

/* Now the present row owns these fields. */
static void
own(struct merge_state *m, const enum field *taken, size_t n, uint64_t row)
{
	uint64_t before[FIELD_COUNT];
	size_t displaced = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t was = m->owner[taken[i]];
		bool seen = was == 0;

		for (size_t k = 0; !seen && k < displaced; k++)
			seen = before[k] == was;
		if (!seen)
			before[displaced++] = was;
		m->owner[taken[i]] = row;
	}
	for (size_t i = 0; i < displaced; i++)
		settle_displaced(m, before[i]);
}

/* The newest row of an order that nobody knew says that there is none. */
static void
drop(struct merge_state *m, const struct conv *row, unsigned long line)
{
	struct slice id = conv_text(&m->is.conv, FIELD_ID);

	m->count[MERGE_SUPERSEDED] = m->rows - 1 - m->count[MERGE_SKIPPED];
	m->count[MERGE_UNCHANGED] = 0;
	m->settled = m->count[MERGE_SUPERSEDED];
	m->summed = 0;
	m->live = false;
	m->dropped = true;
	memset(m->owner, 0, sizeof m->owner);
	memset(m->gave, 0, sizeof m->gave);
	memset(m->sum, 0, sizeof m->sum);
	conv_clear(&m->is.conv);
	conv_text(&m->is.conv, FIELD_ID) = id;
	m->is.conv.number[FIELD_UPDATE_DATE_TIME] =
	    row->number[FIELD_UPDATE_DATE_TIME];
	m->is.dump = m->rules->dump;
	m->is.line = line;
}

/* What a row with status skip does; true when it is done with. */
static bool
skips(struct merge_state *m, const struct conv *row, unsigned long line,
    bool newer)
{
	if (m->known && newer) {
		m->skip_kept = true;
		if (m->rules->skip_known == SKIP_KNOWN_CANCELLED)
			return false;
	} else if (!m->known && newer && m->rules->same_id != SAME_ID_SUM) {
		drop(m, row, line);
	}
	m->count[MERGE_SKIPPED]++;
	return true;
}

static void
add_to_sum(struct merge_state *m, enum field f, int64_t amount)
{
	size_t i = f == sums[0] ? 0 : 1;

	m->gave[i] = true;
	if (amount > AMOUNT_MAX || m->sum[i] > AMOUNT_MAX - amount)
		m->sum[i] = AMOUNT_MAX;
	else
		m->sum[i] += amount;
}

/* Is every value of the list y in the list x? */
static bool
list_has_all(struct slice x, struct slice y)
{
	while (y.n > 0) {
		struct slice want = slice_cut(&y, ','), rest = x;
		bool found = false;

		while (!found && rest.n > 0)
			found = slice_eq(slice_cut(&rest, ','), want);
		if (!found)
			return false;
	}
	return true;
}

static struct slice
unite(struct merge_state *m, struct slice x, struct slice y)
{
	if (x.n == 0)
		return arena_copy(&m->text[0], y);
	if (x.n + 1 + y.n > UNITE_MAX || list_has_all(x, y))
		return x;
	return normal_unite(&m->text[0], x, y);
}

#define PASSED_MAX 512 /* bytes: nobody takes so many steps in a day */

/* An earlier row's status gives way to this one's. */
static void
pass_status(struct merge_state *m)
{
	struct slice status = conv_text(&m->is.conv, FIELD_ORDER_STATUS);
	struct slice before = m->is.passed;
	char *p;

	if (m->owner[FIELD_ORDER_STATUS] == 0 || status.n == 0 ||
	    before.n + status.n + 1 > PASSED_MAX)
		return;
	p = arena_alloc(&m->text[2], before.n + status.n + 1);
	if (before.n > 0)
		memcpy(p, before.p, before.n);
	memcpy(p + before.n, status.p, status.n);
	p[before.n + status.n] = '\n';
	m->is.passed = (struct slice){ p, before.n + status.n + 1 };
}

static void
take(struct merge_state *m, const struct conv *row, enum field f)
{
	struct conv *is = &m->is.conv;

	if (is_number(f)) {
		is->number[f] = row->number[f];
		return;
	}
	if (same(is, row, f))
		return;
	if (f == FIELD_ORDER_STATUS && m->rules->each_step)
		pass_status(m);
	conv_text(is, f) = f == FIELD_CLIENT_IDS
			       ? unite(m, conv_text(is, f), conv_text(row, f))
			       : arena_copy(&m->text[0], conv_text(row, f));
	m->text_bytes += conv_text(is, f).n;
}

/* May this row's value of the field go into the order? */
static bool
may_take(
    struct merge_state *m, const struct conv *row, enum field f, bool newer)
{
	const struct conv *is = &m->is.conv;

	if (f == FIELD_CREATE_DATE_TIME && m->is.frozen) {
		if (newer && !same(is, row, f))
			m->date_kept = true;
		return false;
	}
	return newer || (!has(is, f) && f != FIELD_UPDATE_DATE_TIME);
}

/* Texts that were replaced are given back. */
static void
compact(struct merge_state *m)
{
	struct arena old = m->text[0];
	bool sound;

	if (m->text_bytes < TEXT_MAX)
		return;
	sound = conv_unpack(&m->is.conv, conv_pack(&m->text[1], &m->is.conv));
	assert(sound);
	(void)sound;
	m->text[0] = m->text[1];
	m->text[1] = old;
	arena_reset(&m->text[1]);
	m->text_bytes = 0;
}

/* Takes from the row what it may give; true when it owns something now, *gave
 * when it added to a sum. */
static bool
take_fields(
    struct merge_state *m, const struct conv *row, bool newer, bool *gave)
{
	uint64_t bits = conv_present(row) & ~(UINT64_C(1) << FIELD_ID);
	enum field taken[FIELD_COUNT];
	size_t n = 0;

	*gave = false;
	for (; bits != 0; bits &= bits - 1) {
		enum field f = (enum field)__builtin_ctzll(bits);

		if (m->rules->same_id == SAME_ID_SUM && is_sum(f)) {
			add_to_sum(m, f, row->number[f]);
			*gave = true;
		} else if (may_take(m, row, f, newer)) {
			take(m, row, f);
			taken[n++] = f;
		}
		if (newer)
			m->supplied[f] = true;
	}
	own(m, taken, n, m->rows | (*gave ? GAVE : 0));
	return n > 0;
}

static void
note_amount(struct merge_state *m, int64_t amount)
{
	if (amount == CONV_NONE)
		return;
	if (m->amount_seen && amount != m->amount)
		m->amounts_differ = true;
	m->amount_seen = true;
	m->amount = amount;
}

static void
apply_values(struct merge_state *m, const struct conv *row, unsigned long line,
    bool newer)
{
	bool gave;

	m->live = true;
	m->dropped = false;
	if (newer) {
		m->newer = true;
		m->is.dump = m->rules->dump;
		m->is.line = line;
	}
	if (!take_fields(m, row, newer, &gave)) {
		if (gave)
			m->summed++;
		else
			m->count[newer ? MERGE_UNCHANGED : MERGE_SUPERSEDED]++;
	}
	compact(m);
}

void
merge_apply(struct merge_state *m, const struct conv *row, unsigned long line,
    bool skip)
{
	bool newer = is_newer(m, row);
	struct conv cancelled;

	m->rows++;
	if (has(row, FIELD_CREATE_DATE_TIME))
		m->is.told_time = row->number[FIELD_CREATE_DATE_TIME];
	if (skip && skips(m, row, line, newer))
		return;
	if (m->dropped && !newer) {
		m->count[MERGE_SUPERSEDED]++;
		m->settled++;
		return;
	}
	if (m->dropped)
		m->is.conv.number[FIELD_UPDATE_DATE_TIME] = CONV_NONE;
	if (skip) {
		cancelled = *row;
		conv_text(&cancelled, FIELD_ORDER_STATUS) =
		    slice_of("CANCELLED");
		row = &cancelled;
	}
	note_amount(m, row->number[FIELD_REVENUE]);
	apply_values(m, row, line, newer);
}

/* --- what is required --------------------------------------------------- */

static bool
order_is_identified(const struct merge_rules *r, const struct conv *c)
{
	return (r->any_identifier && conv_has_any_identifier(c)) ||
	       (r->joins_clients && has(c, FIELD_CLIENT_UNIQ_ID));
}

/* Somebody, or a way to find the visit. */
static bool
is_identified(const struct merge_rules *r, const struct conv *c)
{
	if (conv_has_identifier(c))
		return true;
	if (r->kind == RECORD_ORDER)
		return order_is_identified(r, c);
	return conv_has_any_identifier(c) ||
	       (r->kind == RECORD_CHAT &&
		   (has(c, FIELD_CHAT_USERNAME) || has(c, FIELD_CHAT_USER_ID)));
}

enum reject
merge_wants(const struct merge_rules *rules, const struct conv *c)
{
	if (rules->kind == RECORD_CONTACT)
		return REJECT_NONE; /* its id is all it needs */
	if (!has(c, FIELD_CREATE_DATE_TIME))
		return REJECT_DATE_EMPTY;
	if (!is_identified(rules, c))
		return REJECT_NO_IDENTIFIER;
	if (rules->kind == RECORD_CHAT && !has(c, FIELD_CHAT_PLATFORM))
		return REJECT_PLATFORM_EMPTY;
	if (rules->kind == RECORD_ORDER && rules->has_status &&
	    !has(c, FIELD_ORDER_STATUS))
		return REJECT_STATUS_EMPTY;
	return REJECT_NONE;
}

enum field
merge_field(enum reject why)
{
	switch (why) {
	case REJECT_DATE_EMPTY:
		return FIELD_CREATE_DATE_TIME;
	case REJECT_STATUS_EMPTY:
		return FIELD_ORDER_STATUS;
	case REJECT_PLATFORM_EMPTY:
		return FIELD_CHAT_PLATFORM;
	case REJECT_ID_VARIANT:
		return FIELD_ID;
	default:
		return FIELD_COUNT;
	}
}

enum reject
merge_lacks(const struct merge_state *m)
{
	return m->known || !m->live ? REJECT_NONE
				    : merge_wants(m->rules, &m->is.conv);
}

/* --- the end of an order ------------------------------------------------ */

/* The sums become the order's; false when the rows that gave were all older
 * than what is known. */
static bool
take_sums(struct merge_state *m)
{
	bool taken = false;

	for (size_t i = 0; i < 2; i++) {
		int64_t *is = &m->is.conv.number[sums[i]];

		if (!m->gave[i] || (!m->newer && *is != CONV_NONE))
			continue;
		*is = m->sum[i];
		taken = true;
	}
	return taken;
}

static bool
differs(const struct merge_state *m, enum field f)
{
	return !same(&m->was.conv, &m->is.conv, f);
}

/* Does the row have a value in the order that was not known before? */
static bool
is_new(const struct merge_state *m, uint64_t owner)
{
	for (enum field f = 0; f < FIELD_COUNT; f++)
		if (m->owner[f] == owner && differs(m, f))
			return true;
	return (owner & GAVE) && (differs(m, sums[0]) || differs(m, sums[1]));
}

static void
settle_owners(struct merge_state *m)
{
	uint64_t last = 0;

	for (enum field f = 0; f < FIELD_COUNT; f++) {
		bool first = m->owner[f] != 0 && m->owner[f] != last;

		for (enum field g = 0; first && g < f; g++)
			first = m->owner[g] != m->owner[f];
		last = m->owner[f] != 0 ? m->owner[f] : last;
		if (first)
			m->count[is_new(m, m->owner[f]) ? MERGE_ACCEPTED
							: MERGE_UNCHANGED]++;
	}
}

static void
settle_summed(struct merge_state *m, bool taken)
{
	enum merge_bucket b = !taken            ? MERGE_SUPERSEDED
			      : is_new(m, GAVE) ? MERGE_ACCEPTED
						: MERGE_UNCHANGED;

	m->count[b] += m->summed;
	m->summed = 0;
}

static void
reject_rows(struct merge_state *m)
{
	m->count[MERGE_REJECTED] =
	    m->rows - m->count[MERGE_SKIPPED] - m->settled;
	m->count[MERGE_SUPERSEDED] = m->settled;
	m->count[MERGE_ACCEPTED] = m->count[MERGE_UNCHANGED] = 0;
}

enum reject
merge_finish(struct merge_state *m, bool *changed)
{
	enum reject why = merge_lacks(m);
	uint64_t settled = 0;

	*changed = false;
	if (why != REJECT_NONE) {
		reject_rows(m);
	} else if (m->live) {
		settle_summed(m, take_sums(m));
		settle_owners(m);
		*changed = !m->known;
		for (enum field f = 0; !*changed && f < FIELD_COUNT; f++)
			*changed = f != FIELD_ID && differs(m, f);
	}
	for (size_t i = 0; i < MERGE_BUCKETS; i++)
		settled += m->count[i];
	assert(settled == m->rows); /* I1 */
	return why;
}
