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
#define CLIENT_ID_MOST 20
#define MD5_HEX 32
#define LAYERS 3 /* of percent signs: a link in a link in a link */

struct search {
	struct arena *arena;
	const struct mention_how *how;
	struct slice whole; /* the span to tell instead; p NULL: its own */
};

static void
tell(struct search *s, enum mention_kind kind, struct slice span,
    struct slice value)
{
	struct mention m = { kind, s->whole.p != NULL ? s->whole : span,
		value };

	s->how->each(s->how->ctx, &m);
}

static bool
may(const struct search *s, enum mention_kind kind, struct slice raw)
{
	return s->how->may == NULL || s->how->may(s->how->ctx, kind, raw);
}

/* --- characters ----------------------------------------------------------- */

enum {
	DIGIT = 1,
	HEX = 1 << 1,
	AT = 1 << 2,
	PERCENT = 1 << 3,
	COUNTED = DIGIT | HEX | AT | PERCENT,
	LETTER = 1 << 4,
	PARTS = 1 << 5, /* beside an e-mail in a text, and not its own */
	NAMES = 1 << 6  /* a mark in the name of a mailbox */
};

/* clang-format off */
#define D (DIGIT | HEX)
#define H (LETTER | HEX)
#define L LETTER
#define P PARTS
static const uint8_t kind_of[256] = {
	P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
	P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
	P, 0, P, 0, 0, PERCENT, P, 0, P, P, 0, NAMES, P, NAMES, NAMES, 0,
	D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P,
	AT, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, P, P, P, 0, NAMES,
	0, H, H, H, H, H, H, L, L, L, L, L, L, L, L, L,
	L, L, L, L, L, L, L, L, L, L, L, 0, P, 0, 0, 0
};
#undef D
#undef H
#undef L
#undef P
/* clang-format on */

static bool
is(char c, unsigned kinds)
{
	return (kind_of[(unsigned char)c] & kinds) != 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
	return is(c, HEX);
}

static bool
is_word(char c)
{
	return is(c, LETTER | DIGIT);
}

struct made {
	size_t digits, hex, ats, percents;
};

#define PIECE ((size_t)32768)

/* What a text has of that all of these are made of: sixteen bits each while a
 * piece of it is counted. */
static struct made
made_of(struct slice text)
{
	static const uint64_t counts[] = { 0, 1, UINT64_C(1) << 16,
		UINT64_C(1) << 16 | 1, UINT64_C(1) << 32, 0, 0, 0,
		UINT64_C(1) << 48 };
	struct made m = { 0, 0, 0, 0 };

	while (text.n > 0) {
		size_t n = text.n < PIECE ? text.n : PIECE;
		uint64_t sum = 0;

		for (size_t i = 0; i < n; i++)
			sum +=
			    counts[kind_of[(unsigned char)text.p[i]] & COUNTED];
		m.digits += sum & 0xffff;
		m.hex += sum >> 16 & 0xffff;
		m.ats += sum >> 32 & 0xffff;
		m.percents += sum >> 48;
		text.p += n;
		text.n -= n;
	}
	return m;
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

/* --- phones and ClientIDs ------------------------------------------------- */

struct digits {
	struct slice run[RUNS];
	const char *plus[RUNS]; /* the one before the run, or NULL */
	size_t runs;
};

/* What may stand between the digits of one phone. */
static bool
is_mark(uint32_t u)
{
	return normal_parts_phone(u) || normal_is_dash(u);
}

/* "2026-11-22 09:15:00": every dump is full of them, and none is a phone. */
static bool
is_time(const struct digits *d)
{
	const struct slice *r = d->run;
	size_t n = d->runs;
	bool iso = n >= 3 && r[0].n == 4 && r[1].n == 2 && r[2].n == 2;
	bool dots = n >= 3 && r[0].n == 2 && r[1].n == 2 && r[2].n == 4;
	struct slice year = iso ? r[0] : dots ? r[2] : r[0];

	if ((!iso && !dots) || n < 5 || n > 6 || d->plus[0] != NULL ||
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

/* The last digits up to the end of a run. */
static bool
may_end(const struct search *s, const struct digits *d, size_t run)
{
	char tail[MENTION_TAIL];
	size_t n = MENTION_TAIL;

	for (size_t i = run + 1; n > 0 && i-- > 0;) {
		const struct slice *r = &d->run[i];

		for (size_t k = r->n; n > 0 && k > 0;)
			tail[--n] = r->p[--k];
		if (d->plus[i] != NULL)
			break;
	}
	return n == 0 &&
	       may(s, MENTION_PHONE, (struct slice){ tail, MENTION_TAIL });
}

static void
try_phones(struct search *s, const struct digits *d)
{
	for (size_t last = 0; last < d->runs; last++) {
		size_t from = last, n = d->run[last].n;

		if (!may_end(s, d, last))
			continue;
		while (from > 0 && n < PHONE_MOST && d->plus[from] == NULL)
			n += d->run[--from].n;
		/* the longest first: whoever masks it masks all of it */
		for (; from <= last; n -= d->run[from++].n)
			if (n >= PHONE_LEAST && n <= PHONE_MOST)
				try_phone(s, d, from, last);
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
		    d.run[i].n <= CLIENT_ID_MOST)
			tell(s, MENTION_CLIENT_ID, d.run[i], d.run[i]);
	if (!is_time(&d))
		try_phones(s, &d);
	/* what did not fit may have begun among the last that did */
	if (d.runs < RUNS)
		return p;
	plus = d.plus[RUNS - PHONE_MOST];
	return plus != NULL ? plus : d.run[RUNS - PHONE_MOST].p;
}

/* --- e-mails, MD5s -------------------------------------------------------- */

static void
try_email(struct search *s, struct slice span)
{
	struct slice value = lower(s->arena, span);

	if (may(s, MENTION_EMAIL, value) && check_email(value))
		tell(s, MENTION_EMAIL, span, value);
}

/* Around the @ at p. */
static void
take_email(struct search *s, struct slice text, const char *at)
{
	const char *from = at, *to = at + 1, *end = text.p + text.n;

	while (from > text.p && from[-1] != '@' && !is(from[-1], PARTS))
		from--;
	while (to < end && *to != '@' && !is(*to, PARTS))
		to++;
	while (to > at + 1 && !is_word(to[-1]) && (unsigned char)to[-1] < 0x80)
		to--;
	/* 'ivan@…, «ivan@…, /ivan@…: what no mailbox is named with parts it
	 * from what is before; what some are named with may be its own */
	try_email(s, between(from, to));
	for (const char *p = from; p + 1 < at; p++) {
		if (!is(*p, LETTER | DIGIT | NAMES))
			try_email(s, between(p + 1, to));
	}
}

/* As many hex digits as an MD5 has and nothing beside them; where it ends. */
static const char *
take_word(struct search *s, const char *p, const char *end)
{
	const char *from = p;

	if (end - p < MD5_HEX)
		return from;
	while (p < end && p - from <= MD5_HEX && is_hex(*p))
		p++;
	if (p - from != MD5_HEX || (p < end && is_word(*p)))
		return from;
	tell(s, MENTION_MD5, between(from, p),
	    lower(s->arena, between(from, p)));
	return p;
}

/* --- all of them ---------------------------------------------------------- */

static void
look_for_phones(struct search *s, struct slice text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *next =
		    is_digit(*p) || *p == '+' ? take_digits(s, p, end) : p;

		p = next > p ? next : p + 1;
	}
}

static void
look_for_emails(struct search *s, struct slice text)
{
	const char *end = text.p + text.n, *p = text.p;

	for (; (p = memchr(p, '@', (size_t)(end - p))) != NULL; p++)
		take_email(s, text, p);
}

static void
look_for_md5s(struct search *s, struct slice text)
{
	const char *p = text.p, *end = text.p + text.n;

	while (p < end) {
		const char *next = take_word(s, p, end);

		p = next > p ? next : p + 1;
		while (p < end && is_word(p[-1]) && is_word(*p))
			p++;
	}
}

/* Most cells have too few digits for anything, and no e-mail. */
static struct made
look(struct search *s, struct slice text)
{
	struct made m = made_of(text);

	if (m.digits >= MENTION_CLIENT_ID_MIN)
		look_for_phones(s, text);
	if (m.ats > 0)
		look_for_emails(s, text);
	if (m.hex >= MD5_HEX)
		look_for_md5s(s, text);
	return m;
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
mention_each(struct arena *a, struct slice text, const struct mention_how *how)
{
	struct search s = { a, how, { NULL, 0 } };
	struct slice layer = text;

	for (int i = 0; layer.n > 0 && look(&s, layer).percents > 0; i++) {
		if (i == LAYERS)
			return;
		layer = decoded(a, layer);
		s.whole = text;
	}
}
