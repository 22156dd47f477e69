/*
 * Characters by name and number.  See html_entity.h.  The names are those that
 * occur in exports; what is left of HTML's two thousand stays as written.
 */
#include "formats/html_entity.h"

#include <stdbool.h>

#include "formats/slice.h"

static const struct {
	const char *name;
	uint32_t u;
} named[] = {
	{ "quot", '"' },
	{ "amp", '&' },
	{ "lt", '<' },
	{ "gt", '>' },
	{ "nbsp", 0xa0 },
	{ "apos", '\'' },
	{ "laquo", 0xab },
	{ "raquo", 0xbb },
	{ "ndash", 0x2013 },
	{ "mdash", 0x2014 },
	{ "hellip", 0x2026 },
	{ "bull", 0x2022 },
	{ "middot", 0xb7 },
	{ "lsquo", 0x2018 },
	{ "rsquo", 0x2019 },
	{ "sbquo", 0x201a },
	{ "ldquo", 0x201c },
	{ "rdquo", 0x201d },
	{ "bdquo", 0x201e },
	{ "lsaquo", 0x2039 },
	{ "rsaquo", 0x203a },
	{ "numero", 0x2116 },
	{ "sect", 0xa7 },
	{ "copy", 0xa9 },
	{ "reg", 0xae },
	{ "trade", 0x2122 },
	{ "deg", 0xb0 },
	{ "plusmn", 0xb1 },
	{ "times", 0xd7 },
	{ "divide", 0xf7 },
	{ "minus", 0x2212 },
	{ "frac12", 0xbd },
	{ "frac14", 0xbc },
	{ "frac34", 0xbe },
	{ "sup2", 0xb2 },
	{ "sup3", 0xb3 },
	{ "micro", 0xb5 },
	{ "euro", 0x20ac },
	{ "pound", 0xa3 },
	{ "yen", 0xa5 },
	{ "cent", 0xa2 },
	{ "ensp", 0x2002 },
	{ "emsp", 0x2003 },
	{ "thinsp", 0x2009 },
	{ "shy", 0xad },
	{ "zwnj", 0x200c },
	{ "zwj", 0x200d },
	{ "lrm", 0x200e },
	{ "rlm", 0x200f },
	{ "excl", '!' },
	{ "num", '#' },
	{ "percnt", '%' },
	{ "lpar", '(' },
	{ "rpar", ')' },
	{ "plus", '+' },
	{ "comma", ',' },
	{ "period", '.' },
	{ "sol", '/' },
	{ "colon", ':' },
	{ "semi", ';' },
	{ "equals", '=' },
	{ "commat", '@' },
	{ "lowbar", '_' },
	{ "Tab", '\t' },
	{ "NewLine", '\n' },
};

enum {
	BARE = 5 /* of them may stand without the semicolon */
};

/* What 128 to 159 mean in pages that take windows-1252 for Unicode. */
static const uint16_t windows[32] = { 0x20ac, 0x81, 0x201a, 0x192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x2c6, 0x2030, 0x160, 0x2039, 0x152, 0x8d,
	0x17d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0x2dc, 0x2122, 0x161, 0x203a, 0x153, 0x9d, 0x17e, 0x178 };

static int
digit(char c, unsigned base)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return base == 16 && c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Behind "&#". */
static size_t
by_number(const char *p, size_t n, uint32_t *u)
{
	size_t at = n > 2 && (p[2] | 0x20) == 'x' ? 3 : 2, from = at;
	unsigned base = at == 3 ? 16 : 10;
	uint32_t v = 0;
	int d;

	while (at < n && (d = digit(p[at], base)) >= 0) {
		if (v < 0x110000)
			v = v * base + (uint32_t)d;
		at++;
	}
	if (at == from)
		return 0;
	if (v >= 0x80 && v < 0xa0)
		v = windows[v - 0x80];
	*u = v >= 0x110000 || (v >= 0xd800 && v < 0xe000) ? 0xfffd : v;
	return at + (at < n && p[at] == ';');
}

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

size_t
html_entity(const char *p, size_t n, uint32_t *u)
{
	struct slice name = { p + 1, 0 };
	bool closed;

	if (n > HTML_ENTITY_BYTES)
		n = HTML_ENTITY_BYTES;
	if (n > 1 && p[1] == '#')
		return by_number(p, n, u);
	while (name.n + 1 < n && is_letter(name.p[name.n]))
		name.n++;
	closed = name.n + 1 < n && name.p[name.n] == ';';
	/* "?a=1&lt=2" is an address. */
	if (!closed && name.n + 1 < n && name.p[name.n] == '=')
		return 0;
	for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
		if (!closed && i == BARE)
			break;
		if (!slice_is(name, named[i].name))
			continue;
		*u = named[i].u;
		return 1 + name.n + closed;
	}
	return 0;
}
