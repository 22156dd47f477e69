/*
 * Characters of UTF-8 text.  See text.h.
 */
#include "formats/text.h"

/* How many bytes a character has that begins with c; 1 if none does. */
static size_t
length(unsigned char c)
{
	if (c < 0xc2 || c > 0xf4)
		return 1;
	return c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

uint32_t
text_take_wide(struct slice *s)
{
	unsigned char c = (unsigned char)*s->p;
	size_t n = length(c);
	uint32_t u = c < 0x80 ? c : c & (0xffu >> (n + 1));

	for (size_t i = 1; i < n; i++) {
		if (i >= s->n || ((unsigned char)s->p[i] & 0xc0) != 0x80) {
			n = 1;
			break;
		}
		u = u << 6 | ((unsigned char)s->p[i] & 0x3f);
	}
	s->p += n;
	s->n -= n;
	return n == 1 && c >= 0x80 ? TEXT_BYTE | c : u;
}

size_t
text_utf8(const unsigned char *p, size_t n)
{
	size_t more = p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : 1;
	uint32_t c;

	if (p[0] < 0xc2 || p[0] > 0xf4 || n < more + 1)
		return 0;
	c = p[0] & (0x3fu >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((more == 2 && c < 0x800) || (more == 3 && c < 0x10000) ||
	    c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	return more + 1;
}

char *
text_put(char *to, uint32_t u)
{
	if (u < 0x80) {
		*to++ = (char)u;
		return to;
	}
	if (u < 0x800) {
		*to++ = (char)(0xc0 | u >> 6);
	} else {
		if (u < 0x10000) {
			*to++ = (char)(0xe0 | u >> 12);
		} else {
			*to++ = (char)(0xf0 | u >> 18);
			*to++ = (char)(0x80 | (u >> 12 & 0x3f));
		}
		*to++ = (char)(0x80 | (u >> 6 & 0x3f));
	}
	*to++ = (char)(0x80 | (u & 0x3f));
	return to;
}

bool
text_is_quote(uint32_t u)
{
	return u == '"' || u == '\'' || u == '`' || u == 0xab || u == 0xbb ||
	       (u >= 0x2018 && u <= 0x201f);
}

uint32_t
text_lower(uint32_t u)
{
	if (u >= 'A' && u <= 'Z')
		return u + 32;
	if (u >= 0x410 && u <= 0x42f)
		return u + 32;
	if (u >= 0x400 && u <= 0x40f)
		return u + 80;
	return u;
}

static bool
is_wrapping(uint32_t u)
{
	return text_is_space(u) || text_is_quote(u) || text_is_invisible(u);
}

const bool text_plain[256] = {
	['0' ... '9'] = true,
	['a' ... 'z'] = true,
	['A' ... 'Z'] = true,
};

struct slice
text_strip(struct slice s)
{
	struct slice rest;
	size_t n = 0;

	if (text_is_bare(s))
		return s;
	for (rest = s; rest.n > 0 && is_wrapping(text_take(&rest));)
		s = rest;
	if (text_ends_bare(s))
		return s;
	for (rest = s; rest.n > 0;) {
		if (!is_wrapping(text_take(&rest)))
			n = s.n - rest.n;
	}
	s.n = n;
	return s;
}

static char *
put(char *p, uint32_t u, struct slice from)
{
	if (u < 0x80)
		*p++ = (char)u;
	else if (u < 0x800) {
		*p++ = (char)(0xc0 | u >> 6);
		*p++ = (char)(0x80 | (u & 0x3f));
	} else {
		memcpy(p, from.p, from.n);
		p += from.n;
	}
	return p;
}

size_t
text_fold(char *out, struct slice s)
{
	char *p = out;
	bool space = false;

	while (s.n > 0) {
		struct slice from = s;
		uint32_t u = text_take(&s);

		from.n -= s.n;
		if (text_is_invisible(u))
			continue;
		if (text_is_space(u)) {
			space = true;
			continue;
		}
		if (space)
			*p++ = ' ';
		space = false;
		p = put(p, text_lower(u), from);
	}
	return (size_t)(p - out);
}

bool
text_is_word(struct slice s, const char *word)
{
	char folded[64];
	size_t n;

	if (s.n >= sizeof folded)
		return false;
	n = text_fold(folded, s);
	return slice_is((struct slice){ folded, n }, word);
}
