/*
 * lint of a JSON text, {"KEY":[{…},{…}]}.  It is walked record by record: the
 * end of one is found by its brackets, then it alone is parsed, so that memory
 * does not grow with the file.
 */
#include "formats/lint_private.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/strict.h"

#define CHUNK (256u << 10)
#define ROOM (STRICT_ROW_MAX + 2 * CHUNK) /* a record, and a read behind it */

struct text {
	const struct input *in;
	char *buf;
	size_t start, end; /* what of buf is not yet taken */
	unsigned long line;
	uint64_t bytes;
	bool eof, failed;
};

/* --- bytes ---------------------------------------------------------------- */

static bool
fill(struct text *t)
{
	ssize_t n;

	if (t->eof || t->failed)
		return false;
	if (ROOM - t->end < CHUNK) {
		memmove(t->buf, t->buf + t->start, t->end - t->start);
		t->end -= t->start;
		t->start = 0;
	}
	n = t->in->read(t->in->ctx, t->buf + t->end, CHUNK);
	t->failed = n < 0;
	t->eof = n == 0;
	if (n <= 0)
		return false;
	t->end += (size_t)n;
	t->bytes += (size_t)n;
	return true;
}

static void
advance(struct text *t, size_t n)
{
	const char *p = t->buf + t->start, *end = p + n;

	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		t->line++;
		p++;
	}
	t->start += n;
}

/* The next byte that is no blank, which stays; '\0' at the end. */
static char
next(struct text *t)
{
	while (t->start < t->end || fill(t)) {
		char c = t->buf[t->start];

		if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
			return c;
		advance(t, 1);
	}
	return '\0';
}

static bool
take(struct text *t, char c)
{
	if (next(t) != c)
		return false;
	advance(t, 1);
	return true;
}

/* The string that comes next, without its quotes; names have no escapes. */
static bool
take_name(struct text *t, struct slice *out)
{
	size_t n = 0;

	if (!take(t, '"'))
		return false;
	while (n < 64 && (t->start + n < t->end || fill(t)) &&
	       t->buf[t->start + n] != '"')
		n++;
	if (t->start + n == t->end || t->buf[t->start + n] != '"')
		return false;
	*out = (struct slice){ t->buf + t->start, n };
	advance(t, n + 1);
	return true;
}

/* The length of the value that begins with a bracket, to the one that closes
 * it; 0 when the text ends before, or the value is longer than a row may be. */
static size_t
value_length(struct text *t)
{
	size_t n = 0, depth = 0;
	bool string = false, escaped = false;

	for (; n < STRICT_ROW_MAX; n++) {
		char c;

		if (t->start + n == t->end && !fill(t))
			return 0;
		c = t->buf[t->start + n];
		if (string) {
			string = c != '"' || escaped;
			escaped = c == '\\' && !escaped;
		} else if (c == '"') {
			string = true;
		} else if (c == '{' || c == '[') {
			depth++;
		} else if ((c == '}' || c == ']') && --depth == 0) {
			return n + 1;
		}
	}
	return 0;
}

/* --- values into cells ---------------------------------------------------- */

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

/* Text that is put together in the arena. */
struct joined {
	struct arena *a;
	char *p;
	size_t n, room;
};

static void
join(struct joined *j, const char *s, size_t n)
{
	if (j->room - j->n < n) {
		char *old = j->p;

		j->room = 2 * (j->n + n) + 256;
		j->p = arena_alloc(j->a, j->room);
		if (j->n > 0)
			memcpy(j->p, old, j->n);
	}
	if (n > 0)
		memcpy(j->p + j->n, s, n);
	j->n += n;
}

static void
join_number(struct joined *j, const json_t *number)
{
	char text[400];
	int n = snprintf(text, sizeof text, "%.2f", json_number_value(number));

	join(j, text, (size_t)n);
}

static void
join_text(struct joined *j, const json_t *text)
{
	join(j, json_string_value(text), json_string_length(text));
}

/* In the array of a list or of goals. */
static bool
join_member(struct joined *j, enum lint_type type, const json_t *value)
{
	const json_t *price = json_object_get(value, "price");

	if (type == LINT_LIST) {
		if (!json_is_string(value))
			return false;
		join_text(j, value);
		return true;
	}
	value = json_object_get(value, "goal_action_id");
	if (!json_is_string(value) || (price != NULL && !json_is_number(price)))
		return false;
	join_text(j, value);
	if (price == NULL)
		return true;
	join(j, ":", 1);
	join_number(j, price);
	return true;
}

static bool
join_products(struct joined *j, json_t *products)
{
	const char *name;
	json_t *quantity;

	json_object_foreach(products, name, quantity)
	{
		if (!json_is_number(quantity))
			return false;
		if (j->n > 0)
			join(j, ",", 1);
		join(j, name, strlen(name));
		join(j, ":", 1);
		join_number(j, quantity);
	}
	return json_is_object(products);
}

static bool
join_value(struct joined *j, enum lint_type type, json_t *value)
{
	size_t n = json_array_size(value);

	switch (type) {
	case LINT_TEXT:
		if (json_is_string(value))
			join_text(j, value);
		return json_is_string(value);
	case LINT_NUMBER:
		if (json_is_number(value))
			join_number(j, value);
		return json_is_number(value);
	case LINT_PRODUCTS:
		return join_products(j, value);
	default:
		break;
	}
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			join(j, ",", 1);
		if (!join_member(j, type, json_array_get(value, i)))
			return false;
	}
	return json_is_array(value);
}

/* Every rule's cell.  What is of another type is told here, and not checked
 * once more. */
static void
take_cells(struct lint *l, struct arena *a, const json_t *record)
{
	for (size_t i = 0; i < l->rules; i++) {
		const struct lint_rule *r = &l->to->rule[i];
		json_t *value = json_object_get(record, r->name);
		struct joined j = { .a = a };

		l->cell[i] = (struct slice){ "", 0 };
		if (value == NULL || json_is_null(value))
			continue;
		if (!join_value(&j, r->type, value))
			wrong_type(l, r);
		else if (j.n > 0)
			l->cell[i] = (struct slice){ j.p, j.n };
	}
}

/* --- records -------------------------------------------------------------- */

static void
check_record(struct lint *l, struct arena *a, struct slice text)
{
	json_error_t e;
	json_t *record = json_loadb(text.p, text.n,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &e);

	l->row_bad = false;
	if (record != NULL) {
		take_cells(l, a, record);
		lint_record(l);
	} else if (json_error_code(&e) == json_error_invalid_utf8) {
		lint_refuse(l, "encoding", l->to->words->encoding);
	} else {
		lint_error(l, "", "json",
		    N_("The record is not valid JSON, or has a key twice"));
	}
	json_decref(record);
	arena_reset(a);
	l->t.rows++;
	l->t.valid += !l->row_bad;
}

static void
refuse_shape(struct lint *l)
{
	char text[LINT_TEXT_MAX];

	snprintf(text, sizeof text,
	    message(N_("The file has to be one JSON text of the form "
		       "{\"%s\":[{...},{...}]}")),
	    l->to->key);
	lint_say(l, false, "", "json_shape", text);
	l->stop = true;
}

/* {"KEY":[ and whose key it is. */
static bool
read_head(struct lint *l, struct text *t)
{
	const struct lint_destination *to;
	struct slice key;

	if (!take(t, '{') || !take_name(t, &key))
		return false;
	to = lint_by_key(l->to, key);
	if (to == NULL)
		return false;
	lint_aim(l, to);
	return take(t, ':') && take(t, '[');
}

/* Up to the ] behind the last one; false when the text is not of that form. */
static bool
read_records(struct lint *l, struct text *t)
{
	struct arena a = ARENA_EMPTY;
	bool good = true;

	if (take(t, ']'))
		return true;
	while (!l->stop) {
		size_t n = next(t) == '{' ? value_length(t) : 0;

		l->line = t->line;
		good = n > 0;
		if (!good)
			break;
		check_record(l, &a, (struct slice){ t->buf + t->start, n });
		advance(t, n);
		lint_size(l, t->bytes);
		if (take(t, ']'))
			break;
		good = take(t, ',');
		if (!good)
			break;
	}
	arena_free(&a);
	return good;
}

static void
read_bom(struct lint *l, struct text *t)
{
	while (t->end < 3 && fill(t))
		;
	if (t->end < 3 || memcmp(t->buf, "\xef\xbb\xbf", 3) != 0)
		return;
	t->start = 3;
	l->line = 1;
	lint_bom(l);
}

enum fmt_status
lint_json(struct lint *l, const struct input *in)
{
	struct text t = { .in = in, .line = 1 };
	bool good;

	t.buf = mem_alloc(ROOM);
	read_bom(l, &t);
	good = read_head(l, &t) && read_records(l, &t);
	if (good && !l->stop)
		good = take(&t, '}') && next(&t) == '\0';
	if (!good && !l->stop && !t.failed) {
		l->line = t.line;
		refuse_shape(l);
	}
	while (fill(&t)) /* how large it is */
		t.start = t.end;
	lint_size(l, t.bytes);
	if (!t.failed && !l->stop)
		lint_end(l);
	free(t.buf);
	return t.failed ? FMT_IO : FMT_OK;
}
