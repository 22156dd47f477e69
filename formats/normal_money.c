/*
 * Money as people and spreadsheets write it: "1 508,50 руб", "1.508,50",
 * "1508.50 ₽".  It is brought to the form "1508.50" and judged by
 * check_money.
 */
#include "formats/normal.h"

#include "formats/check.h"
#include "formats/message.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

static const char hint_ambiguous[] = N_(
    "a comma before three digits may part thousands or roubles from kopecks");

/* The amount while it is read: digits, and separators as ' ' ',' '.'. */
struct amount {
	char p[48];
	size_t n;
	bool negative;
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Without the currency before or after the number; *unit is its code, or
 * stays as it is. */
static struct slice
without_currency(struct slice s, const char **unit)
{
	size_t first = 0, last = s.n;

	while (first < s.n && !is_digit(s.p[first]) && s.p[first] != '-')
		first++;
	while (last > first && !is_digit(s.p[last - 1]))
		last--;
	if (last < s.n) {
		struct slice word = { s.p + last, s.n - last };
		const char *code = normal_currency_code(text_strip(word));

		if (code != NULL) {
			s.n = last;
			*unit = code;
		}
	}
	if (first > 0 && first < s.n) {
		struct slice word = { s.p, first };
		const char *code = normal_currency_code(text_strip(word));

		if (code != NULL) {
			s.p += first;
			s.n -= first;
			*unit = code;
		}
	}
	return s;
}

const char *
normal_money_unit(struct slice cell)
{
	const char *unit = NULL;

	without_currency(normal_bare(cell), &unit);
	return unit;
}

static bool
collect(struct amount *m, struct slice s)
{
	*m = (struct amount){ .n = 0 };
	for (bool begun = false; s.n > 0; begun = true) {
		uint32_t u = text_take(&s);

		if (!begun && (u == '-' || u == 0x2212)) {
			m->negative = true;
			continue;
		}
		if (text_is_invisible(u))
			continue;
		if (text_is_space(u) || u == '\'' || u == 0x2019)
			u = ' '; /* 1'508.50 is Swiss */
		else if ((u < '0' || u > '9') && u != ',' && u != '.')
			return false;
		if (m->n == sizeof m->p)
			return false;
		if (u != ' ' || m->n > 0)
			m->p[m->n++] = (char)u;
	}
	return m->n > 0;
}

static size_t
count(const struct amount *m, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		n += m->p[i] == c;
	return n;
}

/* The separator of the fraction: '.' or ',', '\0' when there is none. */
static char
fraction_mark(const struct amount *m)
{
	size_t dots = count(m, '.'), commas = count(m, ',');

	if (dots > 0 && commas > 0) {
		for (size_t i = m->n; i > 0; i--) {
			if (m->p[i - 1] == '.' || m->p[i - 1] == ',')
				return m->p[i - 1]; /* the last one */
		}
	}
	return dots == 1 ? '.' : commas == 1 ? ',' : '\0';
}

/* "1,508": a Russian would mean one and a half, an Englishman a thousand and a
 * half.  A dot is Direct's own fraction mark, so "1.508" is no question. */
static bool
is_ambiguous(const struct amount *m)
{
	const char *comma = memchr(m->p, ',', m->n);
	size_t whole;

	if (comma == NULL || count(m, ',') != 1 || count(m, '.') != 0 ||
	    count(m, ' ') != 0)
		return false;
	whole = (size_t)(comma - m->p);
	return whole >= 1 && whole <= 3 && m->p[0] != '0' &&
	       m->n - whole - 1 == 3;
}

/* Writes "1508.50"; 0 when the groups of thousands are not groups. */
static size_t
rewrite(char *out, const struct amount *m)
{
	char mark = fraction_mark(m);
	size_t n = 0, group = 0;
	char group_mark = '\0';
	size_t i;

	if (m->negative)
		out[n++] = '-';
	for (i = 0; i < m->n && m->p[i] != mark; i++) {
		if (is_digit(m->p[i])) {
			out[n++] = m->p[i];
			group++;
			continue;
		}
		/* One kind of separator, groups of three but for the first. */
		if ((group_mark != '\0' &&
			(m->p[i] != group_mark || group != 3)) ||
		    group == 0 || group > 3)
			return 0;
		group_mark = m->p[i];
		group = 0;
	}
	if (group_mark != '\0' && group != 3)
		return 0;
	if (i < m->n)
		out[n++] = '.';
	for (i++; i < m->n; i++) {
		if (!is_digit(m->p[i]))
			return 0;
		out[n++] = m->p[i];
	}
	return n;
}

/* The digits before the fraction, from *i on, with a blank before each three or
 * none at all; how many they are. */
static size_t
take_whole(struct slice s, size_t *i, int64_t *n)
{
	size_t all = 0, group = 0; /* digits since the last blank */
	bool grouped = false;

	for (*n = 0; *i < s.n && all < 12; ++*i) {
		char c = s.p[*i];

		if (is_digit(c)) {
			*n = *n * 10 + (c - '0');
			all++;
			group++;
		} else if (c == ' ' && (grouped ? group == 3 : group <= 3)) {
			grouped = true;
			group = 0;
		} else {
			break;
		}
	}
	return grouped && group != 3 ? 0 : all;
}

/* "1508", "1508.5", "1 508,50": what nearly every cell is, at once. */
static bool
is_plain(struct slice s, int64_t *minor)
{
	size_t i = 0, end;
	int64_t n;

	if (s.n == 0 || !is_digit(*s.p) || take_whole(s, &i, &n) == 0)
		return false;
	end = i;
	if (i < s.n && (s.p[i] == '.' || s.p[i] == ','))
		for (i++; i < s.n && is_digit(s.p[i]) && i <= end + 2; i++)
			n = n * 10 + (s.p[i] - '0');
	if (i < s.n || i == end + 1)
		return false;
	*minor = i == end ? n * 100 : i == end + 2 ? n * 10 : n;
	return true;
}

enum reject
normal_money(struct slice cell, int64_t *minor, const char **hint)
{
	struct slice s;
	struct amount m;
	char text[sizeof m.p + 2]; /* a sign and a dot more */
	const char *unit;
	size_t n;

	*hint = NULL;
	if (is_plain(cell, minor))
		return REJECT_NONE;
	*minor = CONV_NONE;
	s = normal_bare(cell);
	if (s.n == 0)
		return REJECT_NONE;
	*hint = normal_damage(s);
	if (*hint != NULL || !collect(&m, without_currency(s, &unit)))
		return REJECT_MONEY;
	if (is_ambiguous(&m)) {
		*hint = hint_ambiguous;
		return REJECT_MONEY;
	}
	n = rewrite(text, &m);
	return check_money((struct slice){ text, n }, minor);
}
