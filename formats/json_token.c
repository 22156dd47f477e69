/*
 * Parts of JSON's text.  See json_token.h.
 */
#include "formats/json_token.h"

#include <stdint.h>

#include "formats/message.h"
#include "formats/text.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four digits; UINT32_MAX when they are none. */
static uint32_t
hex4(const char *p, const char *end)
{
	uint32_t u = 0;

	if (end - p < 4)
		return UINT32_MAX;
	for (int i = 0; i < 4; i++) {
		int d = hex_digit(p[i]);

		if (d < 0)
			return UINT32_MAX;
		u = u << 4 | (uint32_t)d;
	}
	return u;
}

/* Behind "\u"; returns what is behind the character, NULL when it is none.
 * Half of a pair is no character. */
static const char *
unescape_unicode(
    struct json_odd *odd, const char *p, const char *end, char **to)
{
	uint32_t u = hex4(p, end), low;

	if (u == UINT32_MAX)
		return NULL;
	p += 4;
	if (u >= 0xd800 && u < 0xdc00 && end - p >= 2 && p[0] == '\\' &&
	    p[1] == 'u') {
		low = hex4(p + 2, end);
		if (low >= 0xdc00 && low < 0xe000) {
			u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
	}
	if (u >= 0xd800 && u < 0xe000)
		u = 0xfffd;
	odd->garbled = odd->garbled || u == 0xfffd;
	odd->nul = odd->nul || u == 0;
	*to = text_put(*to, u);
	return p;
}

const char *
json_unescape(
    struct arena *a, struct slice s, struct slice *out, struct json_odd *odd)
{
	static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *p = s.p, *end = s.p + s.n;
	char *start = arena_alloc(a, s.n), *to = start;

	while (p < end) {
		const char *q = memchr(p, '\\', (size_t)(end - p));
		size_t k = (size_t)((q == NULL ? end : q) - p);

		memcpy(to, p, k);
		to += k;
		if (q == NULL)
			break;
		p = q + 2; /* a string does not end with an odd one */
		if (q[1] == 'u') {
			p = unescape_unicode(odd, p, end, &to);
			if (p == NULL)
				return N_("\\u needs four hex digits");
			continue;
		}
		q = memchr(from, q[1], sizeof from - 1);
		if (q == NULL)
			return N_("a backslash stands before a "
				  "character that needs none");
		*to++ = means[q - from];
	}
	*out = (struct slice){ start, (size_t)(to - start) };
	return NULL;
}

static size_t
digits(struct slice s, size_t at)
{
	while (at < s.n && s.p[at] >= '0' && s.p[at] <= '9')
		at++;
	return at;
}

bool
json_is_number(struct slice s)
{
	size_t at = s.n > 0 && s.p[0] == '-', from = at;

	at = digits(s, at);
	if (at == from || (s.p[from] == '0' && at > from + 1))
		return false;
	if (at < s.n && s.p[at] == '.') {
		from = ++at;
		at = digits(s, at);
		if (at == from)
			return false;
	}
	if (at < s.n && (s.p[at] | 0x20) == 'e') {
		at++;
		at += at < s.n && (s.p[at] == '+' || s.p[at] == '-');
		from = at;
		at = digits(s, at);
		if (at == from)
			return false;
	}
	return at == s.n;
}
