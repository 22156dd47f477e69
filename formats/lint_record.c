/*
 * One record of a JSON text into the cells that rules look at.  The grammar is
 * taken literally; a key that no rule names is only read over.  No tree is
 * built: that takes ten times as long, and every file is read here before it
 * is published.
 */
#include "formats/lint_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "formats/json_token.h"
#include "formats/text.h"

#define DEPTH_MAX 64 /* brackets within brackets */

struct walk {
	struct lint *l;
	struct arena *a;
	const char *p, *end;
	bool broken; /* it is no JSON */
};

/* --- tokens --------------------------------------------------------------- */

static bool
broken(struct walk *w)
{
	w->broken = true;
	return false;
}

/* The next byte that is no blank, which stays; '\0' at the end. */
static char
next(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\n' ||
				    *w->p == '\r' || *w->p == '\t'))
		w->p++;
	return w->p < w->end ? *w->p : '\0';
}

static bool
take(struct walk *w, char c)
{
	if (next(w) != c)
		return broken(w);
	w->p++;
	return true;
}

/* Behind a member: another one, or the bracket that closes them all. */
static bool
goes_on(struct walk *w, char close)
{
	char c = next(w);

	if (c != ',' && c != close)
		return broken(w);
	w->p++;
	return c == ',';
}

static bool
take_string(struct walk *w, struct slice *out)
{
	struct json_odd odd = { false, false };
	const char *p, *start;
	bool escapes = false;

	if (!take(w, '"'))
		return false;
	start = p = w->p;
	for (; p < w->end && *p != '"'; p++) {
		if ((unsigned char)*p < ' ')
			return broken(w);
		escapes = escapes || *p == '\\';
		p += *p == '\\';
	}
	if (p >= w->end)
		return broken(w);
	*out = (struct slice){ start, (size_t)(p - start) };
	w->p = p + 1;
	if (escapes && json_unescape(w->a, *out, out, &odd) != NULL)
		return broken(w);
	return !odd.nul || broken(w);
}

/* A number, true, false or null. */
static bool
take_word(struct walk *w, struct slice *out)
{
	const char *p;

	next(w);
	p = w->p;
	while (p < w->end && strchr(",]} \t\r\n", *p) == NULL)
		p++;
	*out = (struct slice){ w->p, (size_t)(p - w->p) };
	w->p = p;
	return json_is_number(*out) || slice_is(*out, "true") ||
	       slice_is(*out, "false") || slice_is(*out, "null") || broken(w);
}

/* --- what is only read over ----------------------------------------------- */

static bool
pass(struct walk *w, unsigned depth)
{
	struct slice ignored;
	char open = next(w), close = open == '{' ? '}' : ']';

	if (open == '"')
		return take_string(w, &ignored);
	if (open != '{' && open != '[')
		return take_word(w, &ignored);
	if (depth == DEPTH_MAX)
		return broken(w);
	w->p++;
	if (next(w) == close) {
		w->p++;
		return true;
	}
	do {
		if (open == '{' && (!take_string(w, &ignored) || !take(w, ':')))
			return false;
		if (!pass(w, depth + 1))
			return false;
	} while (goes_on(w, close));
	return !w->broken;
}

/* --- values --------------------------------------------------------------- */

/* A cell that is put together of parts. */
struct joined {
	struct arena *a;
	char *p;
	size_t n, room;
};

static void
join(struct joined *j, struct slice s)
{
	if (s.n == 0)
		return;
	if (j->room - j->n < s.n) {
		char *old = j->p;

		j->room = 2 * (j->n + s.n) + 64;
		j->p = arena_alloc(j->a, j->room);
		if (j->n > 0)
			memcpy(j->p, old, j->n);
	}
	memcpy(j->p + j->n, s.p, s.n);
	j->n += s.n;
}

/* As a CSV would have it: without an exponent. */
static bool
take_number(struct walk *w, struct slice *out)
{
	char text[400], number[64];
	char c = next(w);

	if (c == '"' || c == '{' || c == '[' || !take_word(w, out) ||
	    !json_is_number(*out))
		return false;
	if (memchr(out->p, 'e', out->n) == NULL &&
	    memchr(out->p, 'E', out->n) == NULL)
		return true;
	if (out->n >= sizeof number)
		return true;
	memcpy(number, out->p, out->n);
	number[out->n] = '\0';
	snprintf(text, sizeof text, "%.2f", strtod(number, NULL));
	*out = arena_copy(w->a, slice_of(text));
	return true;
}

/* Each of these is false when the value is of another type, or broken. */

static bool
take_goal(struct walk *w, struct joined *j)
{
	struct slice key, id = { NULL, 0 }, price = { NULL, 0 };
	bool good = true;

	if (next(w) != '{')
		return false;
	w->p++;
	do {
		if (!take_string(w, &key) || !take(w, ':'))
			return false;
		if (slice_is(key, "goal_action_id"))
			good = next(w) == '"' && take_string(w, &id);
		else if (slice_is(key, "price"))
			good = take_number(w, &price);
		else
			good = pass(w, 3);
	} while (good && goes_on(w, '}'));
	join(j, id);
	if (price.n > 0) {
		join(j, slice_of(":"));
		join(j, price);
	}
	return good && !w->broken && id.p != NULL;
}

static bool
take_product(struct walk *w, struct joined *j)
{
	struct slice name, quantity;

	if (!take_string(w, &name) || !take(w, ':') ||
	    !take_number(w, &quantity))
		return false;
	join(j, name);
	join(j, slice_of(":"));
	join(j, quantity);
	return true;
}

static bool
take_text(struct walk *w, struct joined *j)
{
	struct slice text;

	if (next(w) != '"' || !take_string(w, &text))
		return false;
	join(j, text);
	return true;
}

static bool
take_parts(struct walk *w, char open, char close,
    bool (*part)(struct walk *w, struct joined *j), struct slice *out)
{
	struct joined j = { .a = w->a };
	bool good = true;

	if (next(w) != open)
		return false;
	w->p++;
	if (next(w) == close) {
		w->p++;
		return true;
	}
	do {
		if (j.n > 0)
			join(&j, slice_of(","));
		good = part(w, &j);
	} while (good && goes_on(w, close));
	if (j.n > 0)
		*out = (struct slice){ j.p, j.n };
	return good && !w->broken;
}

static bool
take_value(struct walk *w, enum lint_type type, struct slice *out)
{
	switch (type) {
	case LINT_TEXT:
		return next(w) == '"' && take_string(w, out);
	case LINT_NUMBER:
		return take_number(w, out);
	case LINT_LIST:
		return take_parts(w, '[', ']', take_text, out);
	case LINT_GOALS:
		return take_parts(w, '[', ']', take_goal, out);
	case LINT_PRODUCTS:
		return take_parts(w, '{', '}', take_product, out);
	}
	return false;
}

static void
wrong_type(struct lint *l, const struct lint_rule *r)
{
	char text[LINT_TEXT_MAX];

	switch (r->type) {
	case LINT_TEXT:
		snprintf(text, sizeof text,
		    message(N_("'%s' has to be a text")), r->name);
		break;
	case LINT_NUMBER:
		snprintf(text, sizeof text,
		    message(N_("'%s' has to be a number")), r->name);
		break;
	case LINT_LIST:
		snprintf(text, sizeof text,
		    message(N_("'%s' has to be a list of texts")), r->name);
		break;
	case LINT_GOALS:
		snprintf(text, sizeof text,
		    message(N_("'%s' has to be a list of objects with a text "
			       "goal_action_id and a number price")),
		    r->name);
		break;
	case LINT_PRODUCTS:
		snprintf(text, sizeof text,
		    message(N_("'%s' has to be an object of names and "
			       "numbers")),
		    r->name);
		break;
	}
	lint_say(l, false, r->name, "json_type", text);
}

/* --- the record ----------------------------------------------------------- */

static bool
is_utf8(struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n =
		    (unsigned char)s.p[i] < 0x80
			? 1
			: text_utf8((const unsigned char *)s.p + i, s.n - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

/* The value of a rule's key.  What is of another type is told here, and is no
 * cell. */
static bool
take_cell(struct walk *w, size_t rule)
{
	const struct lint_rule *r = &w->l->to->rule[rule];
	const char *start;
	struct slice cell = { "", 0 };

	if (next(w) == 'n')
		return pass(w, 1); /* null */
	start = w->p;
	if (take_value(w, r->type, &cell)) {
		w->l->cell[rule] = cell.n > 0 ? cell : (struct slice){ "", 0 };
		return true;
	}
	w->p = start;
	w->broken = false;
	if (!pass(w, 1))
		return false;
	wrong_type(w->l, r);
	return true;
}

/* Our own keys come in the order of the rules. */
static size_t
rule_of(const struct lint *l, struct slice key, size_t expected)
{
	if (expected < l->rules && slice_is(key, l->to->rule[expected].name))
		return expected;
	return lint_rule_named(l, key);
}

static bool
take_members(struct walk *w)
{
	uint32_t seen = 0; /* a bit a rule */
	size_t rule = SIZE_MAX;

	if (!take(w, '{'))
		return false;
	if (next(w) == '}') {
		w->p++;
		return true;
	}
	do {
		struct slice key;

		if (next(w) != '"' || !take_string(w, &key) || !take(w, ':'))
			return broken(w);
		rule = rule_of(w->l, key, rule + 1);
		if (rule == w->l->rules) {
			if (!pass(w, 1))
				return false;
			continue;
		}
		if ((seen & UINT32_C(1) << rule) != 0)
			return broken(w);
		seen |= UINT32_C(1) << rule;
		if (!take_cell(w, rule))
			return false;
	} while (goes_on(w, '}'));
	return !w->broken;
}

enum lint_parsed
lint_parse(struct lint *l, struct arena *a, struct slice record)
{
	struct walk w = {
		.l = l, .a = a, .p = record.p, .end = record.p + record.n
	};

	if (!is_utf8(record))
		return LINT_NOT_UTF8;
	for (size_t i = 0; i < l->rules; i++)
		l->cell[i] = (struct slice){ "", 0 };
	return take_members(&w) && w.p == w.end ? LINT_PARSED : LINT_BROKEN;
}
