/*
 * What only Metrica's own uploads have: a chat's platform, the id of a goal,
 * lists of goals with a price and of products with a quantity.  A dump in JSON
 * has such lists as JSON, any other dump as "name:number,name:number".
 */
#include "formats/normal.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "formats/check.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

#define ITEMS_MAX 1000
#define THOUSAND 1000
#define QUANTITY_MAX INT64_C(1000000000000) /* in thousandths */

enum reject
normal_platform(struct slice cell, struct slice *out)
{
	static const char *const word[][2] = {
		{ "whatsapp", "whatsapp" },
		{ "whats app", "whatsapp" },
		{ "whatsapp business", "whatsapp" },
		{ "wa", "whatsapp" },
		{ "ватсап", "whatsapp" },
		{ "вотсап", "whatsapp" },
		{ "вацап", "whatsapp" },
		{ "telegram", "telegram" },
		{ "tg", "telegram" },
		{ "телеграм", "telegram" },
		{ "телеграмм", "telegram" },
		{ "viber", "viber" },
		{ "вайбер", "viber" },
	};
	struct slice s = normal_bare(cell);

	*out = (struct slice){ "", 0 };
	if (s.n == 0)
		return REJECT_NONE;
	for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
		if (text_is_word(s, word[i][0])) {
			*out = slice_of(word[i][1]);
			return REJECT_NONE;
		}
	}
	return REJECT_PLATFORM;
}

enum reject
normal_target(struct slice cell, struct slice *out)
{
	*out = normal_bare(cell);
	return out->n == 0 || check_target(*out) ? REJECT_NONE : REJECT_TARGET;
}

/* --- a list being made ---------------------------------------------------- */

/* A goal's price in minor units, a product's quantity in thousandths. */
struct item {
	struct slice name;
	int64_t number; /* CONV_NONE: a goal without a price */
};

struct items {
	struct arena *a;
	struct item *item;
	size_t n, room;
	bool goals;
	struct problem at;
	struct problems *ps;
};

static void
refuse(struct items *l, struct slice value)
{
	l->at.reject = l->goals ? REJECT_GOALS : REJECT_PRODUCTS;
	l->at.value = value;
	problems_add(l->ps, &l->at);
}

/* A product that is there twice is there that often; a goal is reached once
 * an order. */
static bool
known(struct items *l, struct slice name, int64_t number)
{
	for (size_t i = 0; i < l->n; i++) {
		if (!slice_eq(l->item[i].name, name))
			continue;
		if (!l->goals && l->item[i].number < QUANTITY_MAX)
			l->item[i].number += number;
		return true;
	}
	return false;
}

static void
make_room(struct items *l)
{
	struct item *was = l->item;

	l->room = l->room == 0 ? 8 : 2 * l->room;
	l->item = arena_alloc(l->a, l->room * sizeof *l->item);
	if (l->n > 0)
		memcpy(l->item, was, l->n * sizeof *was);
}

static void
add(struct items *l, struct slice name, int64_t number)
{
	if (known(l, name, number))
		return;
	if (l->n == ITEMS_MAX) {
		refuse(l, name);
		return;
	}
	if (l->n == l->room)
		make_room(l);
	l->item[l->n++] = (struct item){ name, number };
}

static size_t
print_number(char *out, size_t size, const struct item *i, bool goals)
{
	int64_t n = i->number;
	int len;

	if (n == CONV_NONE)
		return 0;
	if (!goals && n >= THOUSAND && n < 10 * THOUSAND &&
	    n % THOUSAND == 0) { /* nearly always */
		out[0] = ':';
		out[1] = (char)('0' + n / THOUSAND);
		return 2;
	}
	if (goals)
		len = n % 100 == 0 ? snprintf(out, size, ":%" PRId64, n / 100)
				   : snprintf(out, size, ":%" PRId64 ".%02d",
					 n / 100, (int)(n % 100));
	else
		len = snprintf(out, size, ":%" PRId64 ".%03d", n / THOUSAND,
		    (int)(n % THOUSAND));
	if (goals)
		return (size_t)len;
	while (out[len - 1] == '0')
		len--;
	return (size_t)(out[len - 1] == '.' ? len - 1 : len);
}

/* "name:number,name:number" in the arena. */
static struct slice
joined(struct items *l)
{
	size_t room = 0, n = 0;
	char *p;

	for (size_t i = 0; i < l->n; i++)
		room += l->item[i].name.n + 32;
	p = arena_alloc(l->a, room);
	for (size_t i = 0; i < l->n; i++) {
		if (i > 0)
			p[n++] = ',';
		memcpy(p + n, l->item[i].name.p, l->item[i].name.n);
		n += l->item[i].name.n;
		n += print_number(p + n, 31, &l->item[i], l->goals);
	}
	return (struct slice){ n == 0 ? "" : p, n };
}

/* --- as text -------------------------------------------------------------- */

/* Up to three places behind a dot; false when it is no quantity. */
static bool
quantity(struct slice s, int64_t *thousandths)
{
	int64_t n = 0, place = 0;

	if (s.n == 0 || s.n > 15)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool dot = s.p[i] == '.' && place == 0 && i > 0;

		if (!dot && (s.p[i] < '0' || s.p[i] > '9' || place > 3))
			return false;
		if (!dot)
			n = n * 10 + (s.p[i] - '0');
		place += dot || place > 0;
	}
	if (place == 1)
		return false;
	for (place = place == 0 ? 1 : place; place < 4; place++)
		n *= 10;
	*thousandths = n;
	return n > 0 && n <= QUANTITY_MAX;
}

/* Where the last ':' is; s.n when there is none. */
static size_t
last_colon(struct slice s)
{
	const char *at = memrchr(s.p, ':', s.n);

	return at == NULL ? s.n : (size_t)(at - s.p);
}

static void
take_goal(struct items *l, struct slice value)
{
	struct slice price = value;
	struct slice name = slice_trim(slice_cut(&price, ':'));
	int64_t minor = CONV_NONE;

	price = slice_trim(price);
	if (!check_target(name) ||
	    (price.n > 0 && check_money(price, &minor) != REJECT_NONE))
		refuse(l, value);
	else
		add(l, name, minor);
}

/* A colon that no number stands behind belongs to the name. */
static void
take_product(struct items *l, struct slice value)
{
	size_t at = last_colon(value);
	struct slice behind = { value.p + at, value.n - at };
	struct slice name = slice_trim((struct slice){ value.p, at });
	int64_t n = THOUSAND;

	slice_cut(&behind, ':');
	behind = slice_trim(behind);
	if (behind.n == 0 || !memchr("-0123456789.", behind.p[0], 12))
		name = at < value.n && behind.n > 0 ? value : name;
	else if (!quantity(behind, &n))
		name.n = 0;
	if (name.n == 0)
		refuse(l, value);
	else
		add(l, name, n);
}

enum {
	END = 1,
	COLON
};

/* The value that comes next, off the front; *colon: it has one. */
static struct slice
take_value(struct slice *cell, bool *colon)
{
	static const unsigned char mark[256] = { [','] = END,
		[';'] = END,
		['\r'] = END,
		['\n'] = END,
		[':'] = COLON };
	struct slice raw = *cell;
	size_t n = 0;

	*colon = false;
	for (; n < cell->n; n++) {
		unsigned char is = mark[(unsigned char)cell->p[n]];

		if (is == END)
			break;
		*colon |= is == COLON;
	}
	raw.n = n;
	n += n < cell->n;
	*cell = (struct slice){ cell->p + n, cell->n - n };
	return slice_trim(raw);
}

static void
take_text(struct items *l, struct slice cell)
{
	while (cell.n > 0) {
		bool colon;
		struct slice value = take_value(&cell, &colon);

		if (value.n == 0)
			continue;
		if (l->goals)
			take_goal(l, value);
		else if (colon)
			take_product(l, value);
		else
			add(l, value, THOUSAND); /* as nearly all are */
	}
}

/* --- as JSON -------------------------------------------------------------- */

/* A name out of JSON may hold what parts names in a list. */
static struct slice
plain_name(struct items *l, const char *name)
{
	char *p = arena_string(l->a, slice_of(name));

	for (char *c = p; *c != '\0'; c++)
		if (*c == ',' || (unsigned char)*c < ' ')
			*c = ' ';
	return slice_trim(slice_of(p));
}

static void
take_json_goal(struct items *l, const json_t *goal)
{
	static const char *const key[] = { "goal_action_id", "goalActionId",
		"id" };
	const json_t *id = goal, *price = json_object_get(goal, "price");
	double n = json_number_value(price);
	struct slice name = { "", 0 };

	for (size_t i = 0; json_is_object(id) && i < 3; i++)
		if (json_object_get(goal, key[i]) != NULL)
			id = json_object_get(goal, key[i]);
	if (json_is_string(id))
		name = arena_copy(l->a, slice_of(json_string_value(id)));
	if (name.n == 0 || !check_target(name) ||
	    (price != NULL &&
		(!json_is_number(price) || !(n >= 0) || n > 9223372036854.0)))
		refuse(l, name);
	else
		add(l, name,
		    price == NULL ? CONV_NONE : (int64_t)(n * 100 + 0.5));
}

static void
take_json_product(struct items *l, const char *key, const json_t *number)
{
	struct slice name = plain_name(l, key);
	double n = json_is_null(number) ? 1 : json_number_value(number);

	if (name.n == 0 || !(n >= 0.001) || n * THOUSAND > (double)QUANTITY_MAX)
		refuse(l, name);
	else
		add(l, name, (int64_t)(n * THOUSAND + 0.5));
}

/* False when it is no JSON; then it is a text after all. */
static bool
take_json(struct items *l, struct slice cell)
{
	json_t *all = json_loadb(cell.p, cell.n, 0, NULL), *value;
	const char *key;
	size_t i;

	if (all == NULL)
		return false;
	if (json_is_array(all))
		json_array_foreach(all, i, value)
		{
			if (l->goals)
				take_json_goal(l, value);
			else if (json_is_string(value))
				take_json_product(
				    l, json_string_value(value), json_null());
			else
				refuse(l, cell);
		}
	else
		json_object_foreach(all, key, value)
		{
			if (l->goals)
				refuse(l, cell);
			else
				take_json_product(l, key, value);
		}
	json_decref(all);
	return true;
}

/* --- lists ---------------------------------------------------------------- */

static struct slice
normal_items(struct arena *a, struct slice cell, bool goals, struct problem at,
    struct problems *ps)
{
	struct items l = { .a = a, .goals = goals, .at = at, .ps = ps };

	cell = normal_bare(cell);
	if (cell.n == 0 || memchr("[{", cell.p[0], 2) == NULL ||
	    !take_json(&l, cell))
		take_text(&l, cell);
	return joined(&l);
}

struct slice
normal_goals(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps)
{
	return normal_items(a, cell, true, at, ps);
}

struct slice
normal_products(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps)
{
	return normal_items(a, cell, false, at, ps);
}
