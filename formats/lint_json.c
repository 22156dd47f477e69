/*
 * lint of a JSON text, {"KEY":[{…},{…}]}.  It is walked record by record: the
 * end of one is found by its brackets, then it alone is parsed (lint_record.c),
 * so that memory does not grow with the file.
 */
#include "formats/lint_private.h"

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
	if (n == 64 || t->start + n == t->end)
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

/* --- records -------------------------------------------------------------- */

static void
check_record(struct lint *l, struct arena *a, struct slice record)
{
	l->row_bad = false;
	switch (lint_parse(l, a, record)) {
	case LINT_PARSED:
		lint_record(l);
		break;
	case LINT_NOT_UTF8:
		lint_refuse(l, "encoding", l->to->words->encoding);
		break;
	case LINT_BROKEN:
		lint_error(l, "", "json",
		    N_("The record is not valid JSON, or has a key twice"));
		break;
	}
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
