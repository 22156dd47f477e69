/*
 * Where records of a JSON dump begin and end.  See json_feet.h.
 */
#include "formats/json_feet.h"

size_t
json_gap(struct json_gap *g, const char *p, size_t n, size_t at)
{
	for (; at < n && (json_blank(p[at]) || p[at] == ','); at++) {
		if (p[at] == '\n' || p[at] == '\r') {
			g->own_line = true;
			g->indent = 0;
		} else if (p[at] == ',') {
			g->comma = true;
			g->own_line = false;
		} else {
			g->indent++;
		}
	}
	return at;
}

static size_t
skip_blanks(const char *p, size_t n, size_t at)
{
	while (at < n && json_blank(p[at]))
		at++;
	return at;
}

void
json_layout(
    struct json_layout *l, const struct json_gap *g, const char *p, size_t n)
{
	size_t from = skip_blanks(p, n, 1), to = from;

	l->own_line = g->own_line;
	l->indent = g->indent;
	if (l->key_n > 0 || from == n || p[from] != '"')
		return;
	for (to++; to < n && p[to] != '"' && p[to] != '\\'; to++)
		continue;
	to += to < n && p[to] == '"';
	l->key_n = to - from < sizeof l->key ? to - from : sizeof l->key;
	memcpy(l->key, p + from, l->key_n);
}

/* --- brackets --- */

static void
open_bracket(struct json_balance *b, bool square)
{
	uint64_t bit = UINT64_C(1) << b->depth % 64;

	if (square)
		b->square[b->depth / 64] |= bit;
	else
		b->square[b->depth / 64] &= ~bit;
	b->depth++;
}

static bool
close_bracket(struct json_balance *b, bool square)
{
	b->depth--;
	return (b->square[b->depth / 64] >> b->depth % 64 & 1) == square;
}

/* A character of a string. */
static enum json_found
in_string(struct json_balance *b, char c)
{
	if (b->escaped) {
		b->escaped = false;
		return JSON_ON;
	}
	if (c == '\n' || c == '\r')
		return JSON_LOST;
	b->escaped = c == '\\';
	b->string = c != '"';
	return b->string || b->depth > 0 ? JSON_ON : JSON_END;
}

enum json_found
json_balance(struct json_balance *b, const struct json_layout *l, const char *p,
    size_t n, size_t *at)
{
	size_t i = *at;

	for (; i < n; i++) {
		char c = p[i];
		bool begins = b->new_line && l != NULL && l->own_line &&
			      b->indent == l->indent && c == '{';

		*at = i;
		if (b->string) {
			enum json_found found = in_string(b, c);

			*at = i + (found == JSON_END);
			if (found != JSON_ON)
				return found;
			continue;
		}
		if (begins || (b->depth == 0 && i > 0 &&
				  (json_blank(c) || c == ',' || c == '{' ||
				      c == '[' || c == '}' || c == ']')))
			return JSON_END;
		if (c == '\n' || c == '\r') {
			b->new_line = true;
			b->indent = 0;
			continue;
		}
		if (c == ' ' || c == '\t') {
			b->indent++;
			continue;
		}
		b->new_line = false;
		b->string = c == '"';
		if (c == '{' || c == '[') {
			if (b->depth == JSON_BALANCE)
				return JSON_LOST;
			open_bracket(b, c == '[');
		} else if (c == '}' || c == ']') {
			if (b->depth == 0 || !close_bracket(b, c == ']'))
				return JSON_LOST;
			*at = i + 1;
			if (b->depth == 0)
				return JSON_END;
		}
	}
	*at = n;
	return JSON_ON;
}

/* --- records --- */

/* Do only blanks stand before it on its line?  How many goes to *indent. */
static bool
on_own_line(const char *p, size_t at, size_t *indent)
{
	size_t from = at;

	while (from > 0 && (p[from - 1] == ' ' || p[from - 1] == '\t'))
		from--;
	*indent = at - from;
	return from > 0 && (p[from - 1] == '\n' || p[from - 1] == '\r');
}

/* Behind a comma, or a record that forgot it, with the first name of all. */
static bool
looks_alike(const struct json_layout *l, const char *p, size_t n, size_t at)
{
	size_t before = at, name = skip_blanks(p, n, at + 1);

	while (before > 0 && json_blank(p[before - 1]))
		before--;
	return before > 0 && (p[before - 1] == ',' || p[before - 1] == '}') &&
	       n - name >= l->key_n && memcmp(p + name, l->key, l->key_n) == 0;
}

enum json_found
json_feet(const struct json_layout *l, bool list, const char *p, size_t n,
    bool whole, size_t from, size_t *at)
{
	enum {
		AHEAD = 256 /* that a record's name may be behind its brace */
	};
	size_t indent, end = whole ? n : n < AHEAD ? 0 : n - AHEAD;

	for (size_t i = from; i < end; i++) {
		bool found;

		if (p[i] != '{' && p[i] != ']')
			continue;
		if (l->own_line) {
			found = on_own_line(p, i, &indent) &&
				(p[i] == '{' ? indent == l->indent
					     : list && indent <= l->indent);
		} else {
			found = p[i] == '{' && looks_alike(l, p, n, i);
		}
		if (found) {
			*at = i;
			return JSON_END;
		}
	}
	*at = from > end ? from : end;
	return JSON_ON;
}

/* --- lists --- */

/* The name of the member whose value is at p[at]; empty when it has none. */
static struct slice
name_before(const char *p, size_t at)
{
	struct slice none = { "", 0 };
	size_t end, from;

	while (at > 0 && json_blank(p[at - 1]))
		at--;
	if (at == 0 || p[at - 1] != ':')
		return none;
	for (at--; at > 0 && json_blank(p[at - 1]);)
		at--;
	if (at == 0 || p[at - 1] != '"')
		return none;
	end = at - 1;
	for (from = end; from > 0 && p[from - 1] != '"';)
		from--;
	return (struct slice){ p + from, end - from };
}

/* What the list of records is called by those who export it. */
static bool
is_wrapping(struct slice name)
{
	static const char *const usual[] = { "orders", "contacts", "clients",
		"customers", "deals", "leads", "items", "data", "result",
		"results", "records", "rows", "list", "calls", "chats" };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		if (slice_is(name, usual[i]))
			return true;
	}
	return false;
}

bool
json_find_list(
    const char *p, size_t n, size_t *at, unsigned *depth, bool *empty)
{
	unsigned objects = 0, lists = 0;
	bool string = false;

	*empty = false;
	for (size_t i = 0; i < n; i++) {
		size_t k;

		if (string) {
			string = p[i] != '"';
			i += p[i] == '\\';
			continue;
		}
		string = p[i] == '"';
		if (p[i] == '{' && lists == 0)
			objects++;
		else if (p[i] == '}' && lists == 0 && --objects == 0)
			return false;
		else if (p[i] == ']' && lists > 0)
			lists--;
		if (p[i] != '[')
			continue;
		k = skip_blanks(p, n, i + 1);
		if (lists == 0 && k < n && p[k] == '{') {
			*at = i;
			*depth = objects;
			return true;
		}
		if (lists == 0 && k < n && p[k] == ']' &&
		    is_wrapping(name_before(p, i)))
			*empty = true;
		lists++;
	}
	return false;
}
