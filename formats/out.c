/*
 * One buffer in front of the caller's write; numbers are written by hand, for
 * printf would be half of the time that a published file takes.
 */
#include "formats/out.h"

#include <errno.h>
#include <stdbool.h>

#include "formats/text.h"

void
out_begin(struct out *o, struct output to)
{
	o->to = to;
	o->bytes = 0;
	o->used = 0;
	o->failed = 0;
}

static void
flush(struct out *o)
{
	if (o->used > 0 && o->failed == 0 &&
	    o->to.write(o->to.ctx, o->buf, o->used) == -1)
		o->failed = errno != 0 ? errno : EIO;
	o->used = 0;
}

int
out_end(struct out *o)
{
	flush(o);
	errno = o->failed;
	return o->failed == 0 ? 0 : -1;
}

void
out_bytes(struct out *o, const void *p, size_t n)
{
	const char *from = p;

	o->bytes += n;
	if (n > 0 && n < sizeof o->buf - o->used) { /* nearly always */
		memcpy(o->buf + o->used, from, n);
		o->used += n;
		return;
	}
	while (n > 0) {
		size_t part = sizeof o->buf - o->used;

		part = part < n ? part : n;
		memcpy(o->buf + o->used, from, part);
		o->used += part;
		from += part;
		n -= part;
		if (o->used == sizeof o->buf)
			flush(o);
	}
}

void
out_slice(struct out *o, struct slice s)
{
	out_bytes(o, s.p, s.n);
}

void
out_char(struct out *o, char c)
{
	if (o->used + 1 < sizeof o->buf) {
		o->buf[o->used++] = c;
		o->bytes++;
		return;
	}
	out_bytes(o, &c, 1);
}

/* A number, from its end on; the longest is -92233720368547758.08. */
struct number {
	char text[24];
	size_t at;
};

static void
put_back(struct number *to, char c)
{
	to->text[--to->at] = c;
}

/* 00 to 99. */
static void
put_two(struct number *to, uint64_t n)
{
	static const char two[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

	to->at -= 2;
	memcpy(to->text + to->at, two + 2 * n, 2);
}

static void
put_digits(struct number *to, uint64_t n)
{
	for (; n >= 100; n /= 100)
		put_two(to, n % 100);
	if (n >= 10)
		put_two(to, n);
	else
		put_back(to, (char)('0' + n));
}

/* Of INT64_MIN, too. */
static uint64_t
absolute(int64_t n)
{
	return n < 0 ? -(uint64_t)n : (uint64_t)n;
}

static void
put_number(struct out *o, struct number *n, bool negative)
{
	if (negative)
		put_back(n, '-');
	out_bytes(o, n->text + n->at, sizeof n->text - n->at);
}

void
out_number(struct out *o, int64_t n)
{
	struct number to = { .at = sizeof to.text };

	put_digits(&to, absolute(n));
	put_number(o, &to, n < 0);
}

void
out_money(struct out *o, int64_t minor)
{
	struct number to = { .at = sizeof to.text };
	uint64_t n = absolute(minor);

	if (n % 100 != 0) {
		put_two(&to, n % 100);
		put_back(&to, '.');
	}
	put_digits(&to, n / 100);
	put_number(o, &to, minor < 0);
}

/* What of a cell has to be quoted, and what of that ends a line. */
enum {
	MARK = 1,
	BREAK = 2
};
static const unsigned char special[256] = {
	[';'] = MARK, [','] = MARK, ['"'] = MARK, ['\r'] = BREAK, ['\n'] = BREAK
};

/* The highest bit of every byte that is below the limit; one may be set above
 * such a byte, too. */
static inline uint64_t
below(uint64_t w, unsigned char limit)
{
	return (w - TEXT_EACH(limit)) & ~w & TEXT_EACH(0x80);
}

/* Neither of the three marks, nor a control character. */
static inline bool
are_plain(uint64_t w)
{
	return (below(w, ' ') | below(w ^ TEXT_EACH(';'), 1) |
		   below(w ^ TEXT_EACH(','), 1) |
		   below(w ^ TEXT_EACH('"'), 1)) == 0;
}

/* Nearly all cells are plain. */
static unsigned
look(struct slice s)
{
	unsigned seen = 0;

	if (text_all(s, are_plain))
		return 0;
	for (size_t i = 0; i < s.n; i++)
		seen |= special[(unsigned char)s.p[i]];
	return seen;
}

static void
put_quoted(struct out *o, struct slice s)
{
	out_char(o, '"');
	while (s.n > 0) {
		bool quote = memchr(s.p, '"', s.n) != NULL;

		out_slice(o, slice_cut(&s, '"'));
		if (quote)
			out_bytes(o, "\"\"", 2);
	}
	out_char(o, '"');
}

void
out_cell(struct out *o, struct slice s)
{
	if (look(s) == 0)
		out_slice(o, s);
	else
		put_quoted(o, s);
}

static void
put_line(struct out *o, struct slice s, bool quotes)
{
	if (quotes)
		out_char(o, '"');
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\n' && i > 0 && s.p[i - 1] == '\r')
			continue;
		if (c == '"')
			out_char(o, '"');
		out_char(o, c == '\r' || c == '\n' ? ' ' : c);
	}
	if (quotes)
		out_char(o, '"');
}

void
out_cell_line(struct out *o, struct slice s)
{
	unsigned seen = look(s);

	if (seen == 0)
		out_slice(o, s);
	else if (seen == MARK)
		put_quoted(o, s);
	else
		put_line(o, s, (seen & MARK) != 0);
}

/* --- JSON ---------------------------------------------------------------- */

static void
put_escaped(struct out *o, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char letter[32] = { ['\b'] = 'b',
		['\t'] = 't',
		['\n'] = 'n',
		['\f'] = 'f',
		['\r'] = 'r' };

	out_char(o, '\\');
	if (c >= ' ') {
		out_char(o, (char)c);
	} else if (letter[c] != '\0') {
		out_char(o, letter[c]);
	} else {
		out_bytes(o, "u00", 3);
		out_char(o, hex[c >> 4]);
		out_char(o, hex[c & 15]);
	}
}

/* The length of what can be copied as it is. */
static size_t
plain(struct slice s)
{
	size_t n = 0;

	while (n < s.n) {
		unsigned char c = (unsigned char)s.p[n];

		if (c < ' ' || c == '"' || c == '\\' || c >= 0x80)
			break;
		n++;
	}
	return n;
}

/* The character at the front, as it stands in a JSON string; its length. */
static size_t
put_character(struct out *o, struct slice s)
{
	size_t n = text_utf8((const unsigned char *)s.p, s.n);

	if ((unsigned char)*s.p < 0x80)
		put_escaped(o, (unsigned char)*s.p);
	else if (n == 0)
		out_bytes(o, "\xef\xbf\xbd", 3);
	else
		out_bytes(o, s.p, n);
	return n > 0 ? n : 1;
}

void
out_json(struct out *o, struct slice s)
{
	out_char(o, '"');
	while (s.n > 0) {
		size_t n = plain(s);

		out_bytes(o, s.p, n);
		s = (struct slice){ s.p + n, s.n - n };
		if (s.n == 0)
			break;
		n = put_character(o, s);
		s = (struct slice){ s.p + n, s.n - n };
	}
	out_char(o, '"');
}
