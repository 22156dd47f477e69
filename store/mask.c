/*
 * Values, item by item.  See mask.h.
 */
#include "store/mask.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/mention.h"
#include "formats/rejects.h"
#include "formats/text.h"
#include "server/log.h"

#define STARS "***"

enum {
	FIRST = 4,     /* digits of a number that are shown in front */
	LAST = 4,      /* and behind */
	ENOUGH = 10,   /* of a number that has so many */
	HASH_SHOWN = 6 /* of an MD5 */
};

struct text {
	char *p;
	size_t n;
};

static void
put(struct text *t, const char *p, size_t n)
{
	if (n > 0)
		memcpy(t->p + t->n, p, n);
	t->n += n;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
digits(struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += is_digit(s.p[i]);
	return n;
}

/* Its first and last digits; of a short one the last two. */
static void
put_number(struct text *t, struct slice s)
{
	size_t n = digits(s), first = n >= ENOUGH ? FIRST : 0, seen = 0;
	size_t last = n >= ENOUGH ? LAST : n >= 6 ? 2 : 0;

	if (s.n > 0 && *s.p == '+' && first > 0)
		put(t, "+", 1);
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			continue;
		if (seen == first)
			put(t, STARS, strlen(STARS));
		if (seen < first || seen >= n - last)
			put(t, s.p + i, 1);
		seen++;
	}
	if (n == 0)
		put(t, STARS, strlen(STARS));
}

/* The first letter of each word. */
static void
put_words(struct text *t, struct slice s)
{
	bool begun = false;

	while (s.n > 0) {
		struct slice from = s;
		uint32_t u = text_take(&s);

		if (text_is_space(u)) {
			if (begun)
				put(t, " ", 1);
			begun = false;
		} else if (!begun) {
			put(t, from.p, from.n - s.n);
			put(t, STARS, strlen(STARS));
			begun = true;
		}
	}
}

static void
put_email(struct text *t, struct slice s)
{
	const char *at = memrchr(s.p, '@', s.n);
	struct slice rest = s;

	text_take(&rest);
	if (at != s.p)
		put(t, s.p, s.n - rest.n);
	put(t, STARS, strlen(STARS));
	put(t, at, (size_t)(s.p + s.n - at));
}

static void
put_item(struct text *t, enum field f, struct slice s)
{
	enum field_kind k = f == FIELD_COUNT ? KIND_TEXT : field_info[f].kind;

	if (s.n == 0)
		return;
	if (memchr(s.p, '@', s.n) != NULL)
		put_email(t, s);
	else if (k == KIND_MD5S && s.n > HASH_SHOWN) {
		put(t, s.p, HASH_SHOWN);
		put(t, STARS, strlen(STARS));
	} else if (k == KIND_PHONES || k == KIND_CLIENT_IDS ||
		   rejects_is_contact(s))
		put_number(t, s);
	else
		put_words(t, s);
}

/* A number, a date, an amount, a word for yes: who cares. */
static bool
is_plain_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]) && strchr(".,:-/ ", s.p[i]) == NULL)
			return false;
	return true;
}

static bool
is_hidden(enum field f, struct slice s)
{
	if (f == FIELD_ID)
		return false;
	if (rejects_is_contact(s) || memchr(s.p, '@', s.n) != NULL)
		return true;
	if (f == FIELD_COUNT)
		return !is_plain_number(s);
	switch (field_info[f].kind) {
	case KIND_PHONES:
	case KIND_EMAILS:
	case KIND_MD5S:
	case KIND_CLIENT_IDS:
		return true;
	default:
		return field_is_personal(f);
	}
}

struct slice
mask_value(struct arena *a, enum field f, struct slice value)
{
	struct text t = { .n = 0 };

	if (value.n == 0 || !is_hidden(f, value))
		return value;
	/* an item grows by its stars: the shortest is one byte and a comma */
	t.p = arena_alloc(a, 5 * value.n + 8);
	while (value.n > 0) {
		size_t n = 0;

		while (n < value.n && strchr(",;\n\r", value.p[n]) == NULL)
			n++;
		put_item(&t, f, slice_trim((struct slice){ value.p, n }));
		if (n < value.n)
			put(&t, ",", 1);
		value.p += n + (n < value.n);
		value.n -= n + (n < value.n);
	}
	return (struct slice){ t.p, t.n };
}

static void
star(void *ctx, const struct mention *m)
{
	char *text = ctx;

	if (m->kind != MENTION_CLIENT_ID)
		memset(text + (m->span.p - text), '*', m->span.n);
}

static void
mask_by(char *text, void (*each)(void *ctx, const struct mention *m))
{
	struct arena a = ARENA_EMPTY;
	char *copy = mem_string(text);

	mention_each(
	    &a, slice_of(copy), &(struct mention_how){ NULL, each, copy });
	memcpy(text, copy, strlen(text));
	free(copy);
	arena_free(&a);
}

void
mask_mentions(char *text)
{
	mask_by(text, star);
}

/* "2026-11-22 10-30-00" is when it was made, and nobody's phone. */
static void
star_name(void *ctx, const struct mention *m)
{
	if (m->kind != MENTION_PHONE || m->span.n < 2 ||
	    memcmp(m->span.p, "20", 2) != 0)
		star(ctx, m);
}

const char *
mask_name(char *out, size_t size, const char *name)
{
	log_safe(out, size, name, strlen(name));
	mask_by(out, star_name);
	return out;
}
