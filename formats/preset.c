/*
 * What all presets share: how names are compared, the status words that no
 * CRM can mean otherwise, and how well a header fits.  See preset.h.
 *
 * How a preset is chosen by a header: it has one of the preset's proof
 * headers (and, where a proof alone is a word that others use too, one of
 * those that must stand beside it), and each known column is worth one point;
 * the most points win, and of equals the one that PRESETS in Makefile.am names
 * first.  So a header with amoCRM's own words is amoCRM's, whatever else it
 * holds.  A preset without proof headers comes after all that are proven, and
 * takes any header.
 */
#include "formats/preset.h"

#include "formats/check.h"
#include "formats/text.h"

enum {
	PROOF_POINTS = 1000
};

#define ANY(status, to)                                                        \
	{                                                                      \
		"*", status, to                                                \
	}

/* Written folded.  A word is here only if it can mean nothing else. */
const struct preset_status preset_common_status[] = { ANY("paid", "PAID"),
	ANY("оплачен", "PAID"), ANY("оплачена", "PAID"),
	ANY("оплачено", "PAID"), ANY("оплата получена", "PAID"),
	ANY("выполнен", "PAID"), ANY("выполнена", "PAID"),
	ANY("выполнено", "PAID"), ANY("успешно", "PAID"),
	ANY("успешно реализовано", "PAID"), ANY("успешная сделка", "PAID"),
	ANY("продано", "PAID"), ANY("конвертирован", "PAID"),
	ANY("конвертирована", "PAID"), ANY("completed", "PAID"),
	ANY("complete", "PAID"), ANY("won", "PAID"),
	ANY("in_progress", "IN_PROGRESS"), ANY("in progress", "IN_PROGRESS"),
	ANY("in work", "IN_PROGRESS"), ANY("processing", "IN_PROGRESS"),
	ANY("new", "IN_PROGRESS"), ANY("новый", "IN_PROGRESS"),
	ANY("новая", "IN_PROGRESS"), ANY("новое", "IN_PROGRESS"),
	ANY("новый заказ", "IN_PROGRESS"), ANY("новая заявка", "IN_PROGRESS"),
	ANY("новая сделка", "IN_PROGRESS"), ANY("новый лид", "IN_PROGRESS"),
	ANY("в работе", "IN_PROGRESS"), ANY("в обработке", "IN_PROGRESS"),
	ANY("обрабатывается", "IN_PROGRESS"), ANY("принят", "IN_PROGRESS"),
	ANY("принята", "IN_PROGRESS"), ANY("принято", "IN_PROGRESS"),
	ANY("принят в работу", "IN_PROGRESS"), ANY("cancelled", "CANCELLED"),
	ANY("canceled", "CANCELLED"), ANY("refunded", "CANCELLED"),
	ANY("refund", "CANCELLED"), ANY("lost", "CANCELLED"),
	ANY("отменен", "CANCELLED"), ANY("отменена", "CANCELLED"),
	ANY("отменено", "CANCELLED"), ANY("отмена", "CANCELLED"),
	ANY("отказ", "CANCELLED"), ANY("отказ клиента", "CANCELLED"),
	ANY("возврат", "CANCELLED"), ANY("возвращен", "CANCELLED"),
	ANY("удален", "CANCELLED"), ANY("удалена", "CANCELLED"),
	ANY("удалено", "CANCELLED"),
	ANY("закрыто и не реализовано", "CANCELLED"), ANY("spam", "SPAM"),
	ANY("спам", "SPAM"), ANY("нецелевой", "SPAM"), ANY("нецелевая", "SPAM"),
	ANY("нецелевое", "SPAM"), ANY("не целевой", "SPAM"),
	ANY("не целевая", "SPAM"), ANY("нецелевой лид", "SPAM"),
	{ NULL, NULL, NULL } };

const struct preset *
preset_by_name(const char *name)
{
	for (size_t i = 0; preset_all[i] != NULL; i++) {
		if (strcmp(preset_all[i]->name, name) == 0)
			return preset_all[i];
	}
	return NULL;
}

struct slice
preset_target(const char *to)
{
	struct slice s = slice_of(to);

	if (check_status_fixed(s) || slice_is(s, "skip"))
		return s;
	if (!slice_starts(s, "goal:"))
		return (struct slice){ "", 0 };
	s.p += strlen("goal:");
	s.n -= strlen("goal:");
	/* A goal of that name would be read as something else. */
	if (!check_goal_id(s) || check_status_fixed(s) || slice_is(s, "skip"))
		return (struct slice){ "", 0 };
	return s;
}

/* --- folding ------------------------------------------------------------- */

struct slice
preset_fold(struct arena *a, struct slice s)
{
	static const char yo[] = "\xd1\x91", ye[] = "\xd0\xb5";
	char *p;
	size_t n;

	s = text_strip(s);
	if (s.n == 0)
		return (struct slice){ "", 0 };
	p = arena_alloc(a, s.n);
	n = text_fold(p, s);
	for (size_t i = 0; i + 1 < n; i++) {
		if (memcmp(p + i, yo, 2) == 0)
			memcpy(p + i, ye, 2);
	}
	return (struct slice){ p, n };
}

/* --- headers ------------------------------------------------------------- */

/* Does the table's name mean this header?  Its marks: "?" before it is for
 * preset_is_weak, "*" after it takes any rest. */
static bool
names(const char *name, struct slice folded)
{
	struct slice want = slice_of(name[0] == '?' ? name + 1 : name);

	if (want.n == 0 || want.p[want.n - 1] != '*')
		return slice_eq(want, folded);
	want.n--;
	return folded.n >= want.n && memcmp(folded.p, want.p, want.n) == 0;
}

/* Is it the same name in camelCase, of which folding left one word:
 * "clientuniqid" for "client_uniq_id"? */
static bool
names_joined(const char *name, struct slice folded)
{
	size_t i = 0;

	for (name += name[0] == '?'; *name != '\0'; name++) {
		if (*name != '_' && (i == folded.n || folded.p[i++] != *name))
			return false;
	}
	return i == folded.n;
}

/* A joined name is nearer than one that takes any rest: "emailsmd5" is no
 * "email*". */
static const struct preset_column *
find(const struct preset *p, struct slice folded)
{
	const struct preset_column *c = p->column, *joined;

	while (c->header != NULL && !names(c->header, folded))
		c++;
	if (c->header != NULL && c->header[strlen(c->header) - 1] != '*')
		return c;
	for (joined = p->column; joined->header != NULL; joined++) {
		if (names_joined(joined->header, folded))
			return joined;
	}
	return c->header == NULL ? NULL : c;
}

enum field
preset_field(const struct preset *p, struct slice folded)
{
	const struct preset_column *c = find(p, folded);

	return c == NULL ? FIELD_COUNT : c->field;
}

bool
preset_is_weak(const struct preset *p, struct slice folded)
{
	const struct preset_column *c = find(p, folded);

	return c != NULL && c->header[0] == '?';
}

struct slice
preset_not(struct slice cell)
{
	static const char *const turned[][2] = { { "true", "0" },
		{ "True", "0" }, { "1", "0" }, { "false", "1" },
		{ "False", "1" }, { "0", "1" } };
	struct slice s = slice_trim(cell);

	for (size_t i = 0; i < sizeof turned / sizeof *turned; i++) {
		if (slice_is(s, turned[i][0]))
			return slice_of(turned[i][1]);
	}
	return cell;
}

preset_part *
preset_part_of(const struct preset *p, struct slice folded)
{
	const struct preset_pick *k = p->pick;

	while (k != NULL && k->header != NULL && !names(k->header, folded) &&
	       !names_joined(k->header, folded))
		k++;
	return k == NULL ? NULL : k->part;
}

/* Is one of the names among the headers? */
static bool
has_one(const char *const *name, const struct slice *folded, size_t cells)
{
	for (; *name != NULL; name++) {
		for (size_t i = 0; i < cells; i++) {
			if (names(*name, folded[i]))
				return true;
		}
	}
	return false;
}

static bool
is_proven(const struct preset *p, const struct slice *folded, size_t cells)
{
	return has_one(p->proof, folded, cells) &&
	       (p->beside == NULL || has_one(p->beside, folded, cells));
}

int
preset_score(const struct preset *p, const struct slice *folded, size_t cells)
{
	int points = 0;

	if (p->proof != NULL && !is_proven(p, folded, cells))
		return 0;
	for (size_t i = 0; i < cells; i++)
		points += preset_field(p, folded[i]) != FIELD_COUNT;
	return points == 0 || p->proof == NULL ? points : points + PROOF_POINTS;
}
