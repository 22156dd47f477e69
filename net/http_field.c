/*
 * HTTP fields.  See http_field.h.
 */
#include "net/http_field.h"

#include <ctype.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

static struct slice
blanks_off(struct slice s)
{
	while (s.n > 0 && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* Is it the word, in whatever case? */
static bool
word_is(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

static bool
has_control(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return true;
	}
	return false;
}

bool
http_basic(struct slice field, char *buf, size_t size, struct slice *user,
    struct slice *password)
{
	struct base64_decode_ctx b64;
	struct slice rest = blanks_off(field);
	struct slice scheme = slice_cut(&rest, ' ');
	size_t n = size;

	rest = blanks_off(rest);
	if (!word_is(scheme, "basic") || BASE64_DECODE_LENGTH(rest.n) > size)
		return false;
	base64_decode_init(&b64);
	if (!base64_decode_update(&b64, &n, (uint8_t *)buf, rest.n, rest.p) ||
	    !base64_decode_final(&b64) || has_control(buf, n) ||
	    memchr(buf, ':', n) == NULL)
		return false;
	*password = (struct slice){ buf, n };
	*user = slice_cut(password, ':');
	return true;
}

/* Undoes %XX of s into out of size bytes, terminated. */
static bool
unescape(struct slice s, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '%') {
			char hex[3] = { 0 };

			if (s.n - i < 3 ||
			    !isxdigit((unsigned char)s.p[i + 1]) ||
			    !isxdigit((unsigned char)s.p[i + 2]))
				return false;
			memcpy(hex, s.p + i + 1, 2);
			c = (char)strtoul(hex, NULL, 16);
			i += 2;
		}
		if (has_control(&c, 1) || n + 1 >= size)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}

/* "/t/TOKEN/rest" is cut to "/rest"; token may be there from the query. */
static bool
path_token(char *path, char *token, size_t token_size)
{
	char *end;
	size_t n;

	if (strncmp(path, "/t/", 3) != 0)
		return true;
	end = strchr(path + 3, '/');
	if (end == NULL || (size_t)(end - path - 3) >= token_size)
		return false;
	n = (size_t)(end - path - 3);
	if (*token != '\0' &&
	    (strlen(token) != n || memcmp(token, path + 3, n) != 0))
		return false;
	memcpy(token, path + 3, n);
	token[n] = '\0';
	memmove(path, end, strlen(end) + 1);
	return true;
}

bool
http_target(
    const char *target, char *path, size_t size, char *token, size_t token_size)
{
	struct slice query = slice_of(target);
	struct slice p;

	if (strncasecmp(target, "http://", 7) == 0 ||
	    strncasecmp(target, "https://", 8) == 0) {
		const char *slash = strchr(strstr(target, "//") + 2, '/');

		query = slice_of(slash == NULL ? "/" : slash);
	}
	*token = '\0';
	p = slice_cut(&query, '?');
	if (p.n == 0 || *p.p != '/' || !unescape(p, path, size))
		return false;
	while (query.n > 0) {
		struct slice value = slice_cut(&query, '&');
		struct slice name = slice_cut(&value, '=');

		if (!slice_is(name, "token"))
			continue;
		if (*token != '\0' || !unescape(value, token, token_size))
			return false;
	}
	return path_token(path, token, token_size);
}

/* Digits alone, up to 18 of them, so that no sum overflows. */
static bool
number(struct slice s, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0 || s.n > 18)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!isdigit((unsigned char)s.p[i]))
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

enum http_range
http_range(struct slice field, uint64_t size, uint64_t *first, uint64_t *last)
{
	struct slice rest = blanks_off(field);
	struct slice unit = slice_cut(&rest, '=');
	struct slice a;
	uint64_t from, to;

	if (!word_is(unit, "bytes") || rest.n == 0 ||
	    memchr(rest.p, ',', rest.n) != NULL ||
	    memchr(rest.p, '-', rest.n) == NULL)
		return RANGE_ALL;
	a = blanks_off(slice_cut(&rest, '-'));
	rest = blanks_off(rest);
	if (a.n == 0) { /* "-N": the last N bytes */
		if (!number(rest, &to))
			return RANGE_ALL;
		if (to == 0 || size == 0)
			return RANGE_NONE;
		*first = to > size ? 0 : size - to;
		*last = size - 1;
		return RANGE_PART;
	}
	if (!number(a, &from))
		return RANGE_ALL;
	if (rest.n == 0)
		to = UINT64_MAX;
	else if (!number(rest, &to) || to < from)
		return RANGE_ALL;
	if (from >= size)
		return RANGE_NONE;
	*first = from;
	*last = to >= size ? size - 1 : to;
	return RANGE_PART;
}

int64_t
http_date_parse(struct slice field)
{
	static const char *const form[] = {
		"%a, %d %b %Y %H:%M:%S GMT", /* IMF-fixdate */
		"%A, %d-%b-%y %H:%M:%S GMT", /* RFC 850 */
		"%a %b %e %H:%M:%S %Y",      /* asctime */
	};
	char text[64];
	struct slice s = blanks_off(field);

	if (s.n >= sizeof text)
		return -1;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	for (size_t i = 0; i < sizeof form / sizeof *form; i++) {
		struct tm tm = { 0 };
		const char *end = strptime(text, form[i], &tm);

		if (end != NULL && *end == '\0') {
			time_t t = timegm(&tm);

			return t < 0 ? -1 : t;
		}
	}
	return -1;
}

void
http_date_write(int64_t t, char out[HTTP_DATE_SIZE])
{
	time_t when = (time_t)t;
	struct tm tm;

	gmtime_r(&when, &tm);
	strftime(out, HTTP_DATE_SIZE, "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

bool
http_etag_listed(struct slice field, const char *etag, bool strong)
{
	struct slice rest = blanks_off(field);

	if (slice_is(rest, "*"))
		return true;
	while (rest.n > 0) {
		struct slice one = blanks_off(slice_cut(&rest, ','));
		bool weak = slice_starts(one, "W/");

		if (weak) {
			one.p += 2;
			one.n -= 2;
		}
		if (slice_is(one, etag) && !(weak && strong))
			return true;
	}
	return false;
}

bool
http_takes_gzip(struct slice field)
{
	struct slice rest = field;

	while (rest.n > 0) {
		struct slice weight = slice_cut(&rest, ',');
		struct slice coding = blanks_off(slice_cut(&weight, ';'));

		if (!word_is(coding, "gzip") && !word_is(coding, "x-gzip"))
			continue;
		weight = blanks_off(weight);
		if (weight.n == 0)
			return true;
		/* "q=0", "q=0.0" … refuse it; any other weight will do */
		for (size_t i = 0; i < weight.n; i++) {
			if (weight.p[i] >= '1' && weight.p[i] <= '9')
				return true;
		}
	}
	return false;
}

bool
http_too_slow(int64_t ms, uint64_t taken)
{
	return ms > HTTP_RATE_FROM_MS &&
	       taken < (uint64_t)ms / 1000 * HTTP_RATE_MIN;
}
