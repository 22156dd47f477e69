/*
 * One JSON object into cells.  See json_flat.h.
 *
 * The text is walked once, by recursion as deep as JSON_DEPTH.  A value that
 * stands in the text as it means is a slice of it; only escapes and lists are
 * copied.  Records of a dump are alike, so the column behind the last one is
 * tried before its name is looked up.
 *
 *	a list's values, however deep	joined by ',', empty ones left out
 *	a name twice outside of lists	the last one counts
 *	an object under JSON_LEVELS	its text
 *	Metrica's goals and products	their text
 */
#include "formats/json_flat.h"

#include <stdint.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/json_token.h"
#include "formats/message.h"

#define NONE SIZE_MAX

struct column {
	size_t name, n; /* in names */
	uint32_t hash;
};

struct cell {
	uint64_t record; /* that it is of; others left it as it is */
	char *p;         /* of a list: its values so far */
	size_t room;
};

struct json_flat {
	const struct limits *limits;
	struct arena arena; /* of the record */

	struct column *column;
	struct cell *cell;
	struct slice *value, *header;
	size_t columns, room;
	char *names;
	size_t named, names_room;
	uint32_t *slot; /* by hash: a column and one, 0 is free */
	size_t slots;   /* a power of two */
	size_t next;    /* the column to try first */

	uint64_t record;
	const char *p, *end;
	const char *string; /* the one just behind p, or NULL */
	char path[JSON_NAME_BYTES];
	enum flat result;
	enum reject reject;
	const char *hint;
	size_t bad_cell, long_cell;
	bool wide, long_name;
	struct json_odd odd;
};

/* --- columns --- */

static uint32_t
hash_of(struct slice s)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 16777619u;
	return h ^ h >> 15;
}

static bool
is_named(const struct json_flat *f, size_t i, struct slice name)
{
	const struct column *c = &f->column[i];

	return c->n == name.n && memcmp(f->names + c->name, name.p, c->n) == 0;
}

/* The slot of a name, or the free one where it belongs. */
static size_t
find_slot(const struct json_flat *f, struct slice name, uint32_t hash)
{
	size_t i = hash & (f->slots - 1);

	while (f->slot[i] != 0 && !is_named(f, f->slot[i] - 1, name))
		i = (i + 1) & (f->slots - 1);
	return i;
}

static void
make_room(struct json_flat *f, size_t name_bytes)
{
	if (f->named + name_bytes > f->names_room) {
		f->names_room = 2 * (f->named + name_bytes);
		f->names = mem_grow(f->names, f->names_room);
	}
	if (f->columns < f->room)
		return;
	f->room = f->room == 0 ? 64 : 2 * f->room;
	f->column = mem_grow(f->column, f->room * sizeof *f->column);
	f->cell = mem_grow(f->cell, f->room * sizeof *f->cell);
	f->value = mem_grow(f->value, f->room * sizeof *f->value);
	f->header = mem_grow(f->header, f->room * sizeof *f->header);
	free(f->slot);
	f->slots = 4 * f->room;
	f->slot = mem_alloc(f->slots * sizeof *f->slot);
	for (size_t i = 0; i < f->columns; i++) {
		const struct column *c = &f->column[i];
		struct slice name = { f->names + c->name, c->n };

		f->slot[find_slot(f, name, c->hash)] = (uint32_t)i + 1;
	}
}

/* NONE when there are too many. */
static size_t
find_column(struct json_flat *f, struct slice name)
{
	size_t at = f->next < f->columns ? f->next : 0;
	uint32_t hash;

	if (f->columns > 0 && is_named(f, at, name))
		return at;
	hash = hash_of(name);
	make_room(f, name.n);
	at = find_slot(f, name, hash);
	if (f->slot[at] != 0)
		return f->slot[at] - 1;
	if (f->columns == f->limits->columns)
		return NONE;
	f->slot[at] = (uint32_t)f->columns + 1;
	f->column[f->columns] = (struct column){ f->named, name.n, hash };
	f->cell[f->columns].record = 0;
	if (name.n > 0)
		memcpy(f->names + f->named, name.p, name.n);
	f->named += name.n;
	return f->columns++;
}

/* Takes back the newest columns; that frees their slots without a gap, as
 * whoever came later and passed by them is gone already. */
static void
forget_columns(struct json_flat *f, size_t columns)
{
	while (f->columns > columns) {
		const struct column *c = &f->column[--f->columns];
		struct slice name = { f->names + c->name, c->n };

		f->slot[find_slot(f, name, c->hash)] = 0;
		f->named = c->name;
	}
}

/* --- cells --- */

static void
join(struct json_flat *f, size_t i, struct slice v)
{
	struct cell *c = &f->cell[i];
	struct slice *s = &f->value[i];
	size_t need = s->n + 1 + v.n;

	if (c->room < need) {
		c->room = 2 * need;
		c->p = arena_alloc(&f->arena, c->room);
		memcpy(c->p, s->p, s->n);
		s->p = c->p;
	}
	c->p[s->n] = ',';
	memcpy(c->p + s->n + 1, v.p, v.n);
	s->n = need;
}

static void
limit_cell(struct json_flat *f, size_t i)
{
	struct slice *s = &f->value[i];

	if (s->n <= f->limits->field_bytes)
		return;
	s->n = f->limits->field_bytes;
	while (s->n > 0 && (s->p[s->n] & 0xc0) == 0x80)
		s->n--;
	if (f->long_cell == NONE)
		f->long_cell = i;
}

static void
emit(struct json_flat *f, struct slice name, struct slice v, bool listed)
{
	size_t i = find_column(f, name);
	struct cell *c;

	if (i == NONE) {
		f->wide = true;
		return;
	}
	c = &f->cell[i];
	f->next = i + 1;
	if (c->record == f->record && listed) {
		if (v.n == 0 || f->long_cell == i)
			return;
		if (f->value[i].n > 0) {
			join(f, i, v);
			limit_cell(f, i);
			return;
		}
	}
	c->record = f->record;
	c->room = 0;
	f->value[i] = v;
	limit_cell(f, i);
}

/* --- tokens --- */

static bool
bad(struct json_flat *f, const char *hint)
{
	f->result = FLAT_BAD;
	f->reject = REJECT_JSON;
	f->hint = hint;
	return false;
}

/* What comes behind a string cannot come there: the quote that ended it may
 * have been another one's beginning, and a record's in between. */
static bool
bad_behind(struct json_flat *f, const char *hint)
{
	if (f->string != NULL)
		f->p = f->string;
	return bad(f, hint);
}

static bool
more(struct json_flat *f)
{
	f->p = f->end;
	f->result = FLAT_MORE;
	return false;
}

/* To what is no white space. */
static bool
skip_blanks(struct json_flat *f)
{
	while (f->p < f->end && (*f->p == ' ' || *f->p == '\n' ||
				    *f->p == '\r' || *f->p == '\t'))
		f->p++;
	return f->p < f->end || more(f);
}

/* The string at p. */
static bool
string(struct json_flat *f, struct slice *out)
{
	const char *p = f->p + 1;
	bool escapes = false;

	for (;; p++) {
		while (p < f->end && *p != '"' && *p != '\\' &&
		       (unsigned char)*p >= 0x20)
			p++;
		if (p == f->end)
			return more(f);
		if (*p == '"')
			break;
		if (*p == '\\') {
			escapes = true;
			if (++p == f->end)
				return more(f);
		}
		if ((unsigned char)*p >= 0x20)
			continue;
		if (*p != '\0') {
			f->p = p;
			return bad(f, N_("a line break or another control "
					 "character stands in a string"));
		}
		f->odd.nul = true;
	}
	*out = (struct slice){ f->p + 1, (size_t)(p - f->p - 1) };
	if (escapes) {
		const char *why = json_unescape(&f->arena, *out, out, &f->odd);

		if (why != NULL)
			return bad(f, why);
	}
	f->string = f->p;
	f->p = p + 1;
	return true;
}

static bool
is_token(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.' ||
	       c == '_' || (c & 0x80) != 0;
}

/* A number, true, false or null. */
static bool
word(struct json_flat *f, struct slice *out)
{
	const char *p = f->p;
	struct slice s;

	while (p < f->end && is_token(*p))
		p++;
	if (p == f->end)
		return more(f);
	s = (struct slice){ f->p, (size_t)(p - f->p) };
	if (s.n == 0)
		return bad(f, N_("a value is missing"));
	if (slice_is(s, "null"))
		*out = (struct slice){ "", 0 };
	else if (slice_is(s, "true") || slice_is(s, "false") ||
		 json_is_number(s))
		*out = s;
	else
		return bad(f, N_("a value is neither in quotes nor a number, "
				 "true, false or null"));
	f->string = NULL;
	f->p = p;
	return true;
}

/* --- values --- */

struct place {
	struct slice name; /* of the column */
	unsigned depth;    /* brackets around it */
	unsigned levels;   /* names around it */
	bool listed;       /* in a list, near or far */
	bool quiet;        /* it is only looked for its end */
};

static bool value(struct json_flat *f, struct place at);

/* Behind a member or a value: true when another one follows, which a comma
 * says; false at the closing bracket, or when there is neither. */
static bool
goes_on(struct json_flat *f, char close)
{
	if (!skip_blanks(f))
		return false;
	if (*f->p == ',' || *f->p == close) {
		f->string = NULL;
		return *f->p++ == ',' && skip_blanks(f);
	}
	return bad_behind(f, N_("a comma or a closing bracket is missing"));
}

/* The name of a member whose key is in an object of the name path[0 … n). */
static bool
member_name(struct json_flat *f, size_t n, struct slice key, struct slice *name)
{
	if (n + key.n > JSON_NAME_BYTES - 1) { /* and a dot */
		f->long_name = true;
		return false;
	}
	*name = key;
	if (n == 0)
		return true;
	if (key.n > 0)
		memcpy(f->path + n, key.p, key.n);
	*name = (struct slice){ f->path, n + key.n };
	return true;
}

static bool
member(struct json_flat *f, size_t path, struct place in)
{
	struct slice key;

	if (*f->p != '"')
		return bad(f, N_("a name in quotes is missing"));
	if (!string(f, &key) || !skip_blanks(f))
		return false;
	if (*f->p != ':')
		return bad_behind(f, N_("a colon is missing behind a name"));
	f->p++;
	if (!in.quiet && !member_name(f, path, key, &in.name))
		in.quiet = true;
	return skip_blanks(f) && value(f, in);
}

/* The rest of an object, from behind its brace. */
static bool
members(struct json_flat *f, struct place at)
{
	size_t path = 0;

	if (at.levels > 0 && !at.quiet) {
		memmove(f->path, at.name.p, at.name.n);
		f->path[at.name.n] = '.';
		path = at.name.n + 1;
	}
	at.depth++;
	at.levels++;
	if (!skip_blanks(f))
		return false;
	if (*f->p == '}') {
		f->p++;
		return true;
	}
	do {
		if (!member(f, path, at))
			return false;
	} while (goes_on(f, '}'));
	return f->result == FLAT_OK;
}

static bool
list(struct json_flat *f, struct place at)
{
	at.depth++;
	at.listed = true;
	if (!skip_blanks(f))
		return false;
	if (*f->p == ']') {
		f->p++;
		return true;
	}
	do {
		if (!value(f, at))
			return false;
	} while (goes_on(f, ']'));
	return f->result == FLAT_OK;
}

/* Metrica's goals with their prices, its products with their quantities: a
 * column of each part would part what belongs together. */
static bool
is_whole(const struct json_flat *f, const struct place *at)
{
	return at->levels == 1 && !at->listed && !at->quiet &&
	       ((*f->p == '[' && slice_is(at->name, "goals")) ||
		   (*f->p == '{' && slice_is(at->name, "products")));
}

/* What has no columns of its own, as it stands in the text. */
static bool
text_of(struct json_flat *f, struct place at)
{
	const char *from = f->p++;
	bool listed = at.listed;

	at.quiet = true;
	if (*from == '{' ? !members(f, at) : !list(f, at))
		return false;
	emit(f, at.name, (struct slice){ from, (size_t)(f->p - from) }, listed);
	return true;
}

static bool
value(struct json_flat *f, struct place at)
{
	struct slice v;
	bool nested = *f->p == '{' || *f->p == '[';

	if (nested && at.depth == JSON_DEPTH) {
		bad(f, NULL);
		f->reject = REJECT_JSON_DEEP;
		return false;
	}
	if (is_whole(f, &at))
		return text_of(f, at);
	if (*f->p == '{') {
		if (at.levels == JSON_LEVELS && !at.quiet)
			return text_of(f, at);
		f->p++;
		return members(f, at);
	}
	if (*f->p == '[') {
		f->p++;
		return list(f, at);
	}
	if (!(*f->p == '"' ? string(f, &v) : word(f, &v)))
		return false;
	if (!at.quiet)
		emit(f, at.name, v, at.listed);
	return true;
}

/* --- records --- */

static size_t
cell_with(const struct json_flat *f, const char *what, size_t n)
{
	for (size_t i = 0; i < f->columns; i++) {
		if (f->cell[i].record == f->record &&
		    memmem(f->value[i].p, f->value[i].n, what, n) != NULL)
			return i;
	}
	return NONE;
}

static bool
has_garbled(struct slice s)
{
	return memchr(s.p, 0xef, s.n) != NULL &&
	       memmem(s.p, s.n, "\xef\xbf\xbd", 3) != NULL;
}

/* What is wrong with a record that is JSON. */
static void
judge(struct json_flat *f, struct slice text)
{
	if (f->wide) {
		f->reject = REJECT_COLUMNS_MANY;
	} else if (f->long_name) {
		f->reject = REJECT_FIELD_TOO_LONG;
		f->hint = N_("a name is longer than 1024 bytes");
	} else if (f->odd.nul) {
		f->reject = REJECT_NUL;
		f->bad_cell = cell_with(f, "", 1);
	} else if (f->odd.garbled || has_garbled(text)) {
		f->reject = REJECT_ENCODING;
		f->bad_cell = cell_with(f, "\xef\xbf\xbd", 3);
	} else if (f->long_cell != NONE) {
		f->reject = REJECT_FIELD_TOO_LONG;
		f->bad_cell = f->long_cell;
	}
}

void
json_flat_clear(struct json_flat *f)
{
	arena_reset(&f->arena);
	f->record++;
	f->next = 0;
	f->result = FLAT_OK;
	f->reject = REJECT_NONE;
	f->hint = NULL;
	f->bad_cell = NONE;
	f->long_cell = NONE;
	f->wide = f->long_name = false;
	f->odd = (struct json_odd){ 0 };
}

enum flat
json_flat_parse(struct json_flat *f, const char *p, size_t n, size_t *end)
{
	size_t columns = f->columns;
	struct place at = { .depth = 0 };

	json_flat_clear(f);
	f->p = p + 1;
	f->end = p + n;
	f->string = NULL;
	members(f, at);
	*end = (size_t)(f->p - p);
	if (f->result == FLAT_OK)
		judge(f, (struct slice){ p, *end });
	if (f->result != FLAT_OK || f->wide || f->long_name || f->odd.nul) {
		forget_columns(f, columns);
		if (f->bad_cell >= f->columns)
			f->bad_cell = NONE;
	}
	return f->result;
}

enum reject
json_flat_reject(const struct json_flat *f, const char **hint, size_t *cell)
{
	*hint = f->hint;
	*cell = f->bad_cell;
	return f->reject;
}

struct slice *
json_flat_cells(struct json_flat *f)
{
	for (size_t i = 0; i < f->columns; i++) {
		if (f->cell[i].record != f->record)
			f->value[i] = (struct slice){ "", 0 };
	}
	return f->value;
}

size_t
json_flat_columns(const struct json_flat *f)
{
	return f->columns;
}

struct slice *
json_flat_names(struct json_flat *f)
{
	for (size_t i = 0; i < f->columns; i++) {
		const struct column *c = &f->column[i];
		struct slice s = { f->names + c->name, c->n };

		if (slice_trim(s).n == 0) {
			char *p = arena_alloc(&f->arena, s.n + 2);

			p[0] = p[s.n + 1] = '"';
			memcpy(p + 1, s.p, s.n);
			s = (struct slice){ p, s.n + 2 };
		}
		f->header[i] = s;
	}
	return f->header;
}

struct json_flat *
json_flat_open(const struct limits *limits)
{
	struct json_flat *f = mem_alloc(sizeof *f);

	f->limits = limits;
	make_room(f, JSON_NAME_BYTES);
	return f;
}

void
json_flat_close(struct json_flat *f)
{
	if (f == NULL)
		return;
	arena_free(&f->arena);
	free(f->column);
	free(f->cell);
	free(f->value);
	free(f->header);
	free(f->names);
	free(f->slot);
	free(f);
}
