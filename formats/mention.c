/*
 * Mentions in a text.  A phone may be any stretch of a row of digits and the
 * marks that people part them with, from the beginning of one run of digits to
 * the end of another: which stretch is meant only whoever looks for it knows.
 */
#include "formats/mention.h"

#include <stdbool.h>
#include <stdint.h>

#include "formats/check.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

#define RUNS 48       /* of digits in one row */
#define PHONE_MOST 18 /* digits as dialled: 810 and fifteen */
#define PHONE_LEAST 10
#define MD5_HEX 32

struct search {
	struct arena *arena;
	void (*each)(void *ctx, const struct mention *m);
	void *ctx;
	struct slice whole; /* the span to tell instead; p NULL: its own */
};

static void
tell(struct search *s, enum mention_kind kind, struct slice span,
    struct slice value)
{
	struct mention m = { kind, s->whole.p != NULL ? s->whole : span,
		value };

	s->each(s->ctx, &m);
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static struct slice
between(const char *from, const char *to)
{
	return (struct slice){ from, (size_t)(to - from) };
}

static struct slice
lower(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32)
						      : s.p[i];
	return (struct slice){ p, s.n };
}

/* --- phones and ClientIDs --------------------------------------------------
 */

struct digits {
	struct slice run[RUNS];
	const char *plus[RUNS]; /* the one before the run, or NULL */
	size_t runs;
};

/* What may stand between the digits of one phone. */
static bool
is_mark(uint32_t u)
{
	switch (u) {
	case ' ':
	case '\t':
	case '-':
	case '(':
	case ')':
	case '.':
	case ':':
	case '/':
		return true;
	default:
		return normal_is_dash(u) ||
		       (u >= 0x80 &&
			   (text_is_space(u) || text_is_invisible(u)));
	}
}

/* "2026-11-22 09:15:00": every dump is full of them, and none is a phone. */
static bool
is_time(const struct digits *d, size_t first)
{
	const struct slice *r = &d->run[first];
	size_t n = d->runs - first;
	bool iso = n >= 3 && r[0].n == 4 && r[1].n == 2 && r[2].n == 2;
	bool dots = n >= 3 && r[0].n == 2 && r[1].n == 2 && r[2].n == 4;
	struct slice year = iso ? r[0] : dots ? r[2] : r[0];

	if ((!iso && !dots) || n < 5 || n > 6 || d->plus[first] != NULL ||
	    (!slice_starts(year, "20") && !slice_starts(year, "19")))
		return false;
	for (size_t i = 4; i < n; i++)
		if (r[i].n != 2 || r[i].p[-1] != ':')
			return false;
	return r[3].n <= 2;
}

static void
try_phone(struct search *s, const struct digits *d, size_t from, size_t to)
{
	const char *begin =
	    d->plus[from] != NULL ? d->plus[from] : d->run[from].p;
	struct slice span = between(begin, d->run[to].p + d->run[to].n), value;

	if (normal_phone(s->arena, span, &value) && value.n > 0)
		tell(s, MENTION_PHONE, span, value);
}

static void
try_phones(struct search *s, const struct digits *d)
{
	if (is_time(d, 0))
		return;
	for (size_t i = 0; i < d->runs; i++) {
		size_t n = 0;

		for (size_t k = i; k < d->runs && n < PHONE_MOST; k++) {
			if (k > i && d->plus[k] != NULL)
				break;
			n += d->run[k].n;
			if (n >= PHONE_LEAST && n <= PHONE_MOST)
				try_phone(s, d, i, k);
		}
	}
}

/* A row of digits and marks from p on; where it ends. */
static const char *
take_digits(struct search *s, const char *p, const char *end)
{
	const char *plus = NULL;
	struct digits d;

	d.runs = 0;
	while (p < end && d.runs < RUNS) {
		struct slice rest = between(p, end);

		if (is_digit(*p)) {
			const char *from = p;

			while (p < end && is_digit(*p))
				p++;
			d.plus[d.runs] = plus;
			d.run[d.runs++] = between(from, p);
			plus = NULL;
			continue;
		}
		if (*p == '+')
			plus = p;
		else if (!is_mark(text_take(&rest)))
			break;
		p = *p == '+' ? p + 1 : rest.p;
	}
	for (size_t i = 0; i < d.runs; i++)
		if (d.run[i].n >= MENTION_CLIENT_ID_MIN &&
		    check_client_id(d.run[i]))
			tell(s, MENTION_CLIENT_ID, d.run[i], d.run[i]);
	try_phones(s, &d);
	return p;
}

/* --- e-mails, MD5s ---------------------------------------------------------
 */

/* What stands beside an e-mail in a text and is not its own. */
static bool
parts_email(char c)
{
	return (unsigned char)c <= 0x20 || strchr("\"<>()[],;:\\|=&?", c);
}

static void
try_email(struct search *s, struct slice span)
{
	struct slice value = lower(s->arena, span);

	if (check_email(value))
		tell(s, MENTION_EMAIL, span, value);
}

/* Around the @ at p. */
static void
take_email(struct search *s, struct slice text, const char *at)
{
	const char *from = at, *to = at + 1, *end = text.p + text.n;

	while (from > text.p && from[-1] != '@' && !parts_email(from[-1]))
		from--;
	while (to < end && *to != '@' && !parts_email(*to))
		to++;
	while (to > at + 1 && !is_letter(to[-1]) && !is_digit(to[-1]) &&
	       (unsigned char)to[-1] < 0x80)
		to--;
	/* 'ivan@…, «ivan@…, /ivan@…: what no mailbox is named with parts it
	 * from what is before; what some are named with may be its own */
	try_email(s, between(from, to));
	for (const char *p = from; p + 1 < at; p++) {
		if (!is_letter(*p) && !is_digit(*p) && !strchr("._+-", *p))
			try_email(s, between(p + 1, to));
	}
}

/* As many hex digits as an MD5 has and nothing beside them; where it ends. */
static const char *
take_word(struct search *s, const char *p, const char *end)
{
	const char *from = p;
	bool hex = true;

	while (p < end && (is_letter(*p) || is_digit(*p))) {
		hex = hex && is_hex(*p);
		p++;
	}
	if (hex && p - from == MD5_HEX) {
		tell(s, MENTION_MD5, between(from, p),
		    lower(s->arena, between(from, p)));
		return p;
	}
	return from;
}

/* --- all of them -----------------------------------------------------------
 */

static void
look(struct search *s, struct slice text)
{
	const char *p = text.p, *end = text.p + text.n, *seen = text.p;

	while (p < end) {
		bool begins =
		    p == text.p || (!is_letter(p[-1]) && !is_digit(p[-1]));
		const char *next = begins ? take_word(s, p, end) : p;

		if (next > p) {
			p = next;
		} else if (*p == '@') {
			take_email(s, text, p++);
		} else if ((is_digit(*p) || *p == '+') && p >= seen) {
			/* letters within may begin an MD5 or an e-mail: only
			 * the digits are done with */
			seen = take_digits(s, p, end);
			seen = seen == p ? p + 1 : seen;
			p++;
		} else {
			p++;
		}
	}
}

static int
hex_value(char c)
{
	return is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* As a link has it; empty when nothing in it is written so. */
static struct slice
decoded(struct arena *a, struct slice text)
{
	char *to, *begin;
	bool any = false;

	if (memchr(text.p, '%', text.n) == NULL)
		return (struct slice){ "", 0 };
	begin = to = arena_alloc(a, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		bool coded = text.p[i] == '%' && i + 2 < text.n &&
			     is_hex(text.p[i + 1]) && is_hex(text.p[i + 2]);

		any = any || coded;
		if (coded) {
			*to++ = (char)(hex_value(text.p[i + 1]) << 4 |
				       hex_value(text.p[i + 2]));
			i += 2;
		} else {
			*to++ = text.p[i];
		}
	}
	return any ? between(begin, to) : (struct slice){ "", 0 };
}

void
mention_each(struct arena *a, struct slice text,
    void (*each)(void *ctx, const struct mention *m), void *ctx)
{
	struct search s = { a, each, ctx, { NULL, 0 } };
	struct slice other;

	if (text.n == 0)
		return;
	look(&s, text);
	other = decoded(a, text);
	if (other.n == 0)
		return;
	s.whole = text;
	look(&s, other);
}
