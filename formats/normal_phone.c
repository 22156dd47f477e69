/*
 * One phone, as people write and dial it, to the digits that Direct takes.
 */
#include "formats/normal.h"

#include "formats/check.h"
#include "formats/message.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

/* Words that begin an extension: the number ends before them. */
static bool
is_extension(struct slice s)
{
	static const char *const word[] = { "доб", "внутр", "вн", "ext", "#",
		"x", "х", NULL };
	char folded[16];
	struct slice head = { s.p, s.n < sizeof folded ? s.n : sizeof folded };
	size_t n = text_fold(folded, head);

	for (size_t i = 0; word[i] != NULL; i++) {
		if (slice_starts((struct slice){ folded, n }, word[i]))
			return true;
	}
	return false;
}

struct dialled {
	char p[24];
	size_t n;
	bool plus;     /* it began with one */
	bool broken;   /* a second plus, an @, a letter that touches a digit */
	bool extended; /* an extension was left out */
};

bool
normal_parts_phone(uint32_t u)
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
		return u >= 0x80 && (text_is_space(u) || text_is_invisible(u));
	}
}

/* What parts digits, among ASCII. */
static const bool parts[256] = {
	[' '] = true,
	['\t'] = true,
	['-'] = true,
	['('] = true,
	[')'] = true,
	['.'] = true,
	['/'] = true,
	[':'] = true,
};

/* The digits of a phone of nothing else but what parts them and a plus before
 * them: without a branch a byte, for such are all but few.  False: there is
 * more to it, perhaps a fraction (without_fraction). */
static bool
collect_plain(struct dialled *d, struct slice s)
{
	bool plain = true, digit = false;

	if (s.n == 0 || s.n > sizeof d->p)
		return false;
	*d = (struct dialled){ .plus = *s.p == '+' };
	for (size_t i = d->plus; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		digit = (unsigned char)(c - '0') <= 9;
		d->p[d->n] = s.p[i];
		d->n += digit;
		plain &= digit | parts[c];
	}
	return plain && digit &&
	       !(s.p[s.n - 1] == '0' && s.n > 1 && s.p[s.n - 2] == '.');
}

/* The digits of a phone, up to an extension. */
static void
collect(struct dialled *d, struct slice s)
{
	enum {
		GAP,
		DIGIT,
		LETTER
	} last = GAP;

	*d = (struct dialled){ .n = 0 };
	while (s.n > 0 && !d->broken) {
		struct slice here = s;
		uint32_t u = text_take(&s);

		if (u >= '0' && u <= '9') {
			d->broken = last == LETTER || d->n == sizeof d->p;
			if (!d->broken)
				d->p[d->n++] = (char)u;
			last = DIGIT;
		} else if (normal_parts_phone(u) || normal_is_dash(u)) {
			last = GAP;
		} else if (u == '+') {
			d->broken = d->plus || d->n > 0;
			d->plus = true;
			last = GAP;
		} else if (last != LETTER && is_extension(here)) {
			d->extended = true;
			if (d->n >= 10)
				return;
			last = LETTER;
		} else {
			d->broken = last == DIGIT || u == '@' || u == '_';
			last = LETTER;
		}
	}
}

/*
 * The number with its country code; false when it cannot be told.
 *
 * Russian practice (two public projects agree): eleven digits after an 8 are
 * ten after a 7, ten that begin with 9 are a Russian mobile.  Any other ten
 * digits are kept only behind a plus: they could be Moscow's 495…, Kazakhstan's
 * 701… or Kyrgyzstan's 0555…, and a wrong guess is a stranger's number.  7 is
 * followed by ten digits everywhere.  With a plus an 8 is a country's own
 * (+852, +84), but for +89…, which is no country's.
 */
static bool
dial(struct dialled *d)
{
	if (d->n >= 13 && memcmp(d->p, "810", 3) == 0 && !d->plus) {
		memmove(d->p, d->p + 3, d->n -= 3); /* out of Russia */
		d->plus = true;
	} else if (d->n >= 12 && memcmp(d->p, "00", 2) == 0 && !d->plus) {
		memmove(d->p, d->p + 2, d->n -= 2); /* out of most of Europe */
		d->plus = true;
	}
	if (d->n == 11 && d->p[0] == '8' && (!d->plus || d->p[1] == '9'))
		d->p[0] = '7';
	if (d->n == 10 && d->p[0] == '9' && !d->plus) {
		memmove(d->p + 1, d->p, d->n++);
		d->p[0] = '7';
	}
	if (d->n == 0 || d->p[0] == '0' || (d->p[0] == '7' && d->n != 11))
		return false;
	return d->n != 10 || d->plus;
}

/* 79995551111.0: it went through a table of fractions. */
static struct slice
without_fraction(struct slice v)
{
	for (size_t i = 0; i + 2 < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return v;
	}
	if (v.n > 2 && memcmp(v.p + v.n - 2, ".0", 2) == 0)
		v.n -= 2;
	return v;
}

bool
normal_plain_phone(struct arena *a, struct slice cell, struct slice *out)
{
	struct dialled d;

	if (!collect_plain(&d, cell) || !dial(&d) || d.n < 10 || d.n > 15)
		return false;
	*out = arena_copy(a, (struct slice){ d.p, d.n });
	return true;
}

bool
normal_phone(struct arena *a, struct slice v, struct slice *out)
{
	struct dialled d;

	if (normal_damage(v) != NULL)
		return false;
	collect(&d, without_fraction(v));
	if (d.extended && d.n < 7) {
		*out = (struct slice){ "", 0 }; /* "доб. 12" after a comma */
		return true;
	}
	if (d.broken || !dial(&d))
		return false;
	*out = arena_copy(a, (struct slice){ d.p, d.n });
	return check_phone(*out);
}

const char *
normal_phone_hint(struct slice v)
{
	struct dialled d;

	collect(&d, v);
	return !d.broken && !d.plus && d.n == 10 ? N_("it has no country code")
						 : NULL;
}
