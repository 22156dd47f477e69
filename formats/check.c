/*
 * Direct's rules for one published value, taken literally: whatever it would
 * not read is refused here, however plain its meaning is to a person.
 */
#include "formats/check.h"

#include "formats/text.h"

#define MONEY_MAX INT64_C(9223372036854) /* in whole units */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
all_digits(struct slice s)
{
	return s.n > 0 && text_all(s, text_are_digits);
}

bool
check_phone(struct slice s)
{
	return s.n >= 10 && s.n <= 15 && all_digits(s);
}

/* Which parts of an address a character may be in: what RFC 5322 lets stand
 * before the @ without quotes, but capitals. */
enum {
	MAILBOX = 1,
	HOST = 2
};
/* clang-format off */
static const unsigned char address[256] = {
	['a' ... 'z'] = MAILBOX | HOST,
	['0' ... '9'] = MAILBOX | HOST,
	['-'] = MAILBOX | HOST,
	['!'] = MAILBOX, ['#'] = MAILBOX, ['$'] = MAILBOX, ['%'] = MAILBOX,
	['&'] = MAILBOX, ['\''] = MAILBOX, ['*'] = MAILBOX, ['+'] = MAILBOX,
	['/'] = MAILBOX, ['='] = MAILBOX, ['?'] = MAILBOX, ['^'] = MAILBOX,
	['_'] = MAILBOX, ['`'] = MAILBOX, ['{'] = MAILBOX, ['|'] = MAILBOX,
	['}'] = MAILBOX, ['~'] = MAILBOX, ['.'] = MAILBOX,
};
/* clang-format on */

/* Two labels at least, none empty. */
static bool
is_domain(struct slice s)
{
	size_t dots = 0, label = 0; /* bytes of it so far */

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '.') {
			if ((address[(unsigned char)s.p[i]] & HOST) == 0)
				return false;
			label++;
		} else {
			if (label == 0)
				return false;
			dots++;
			label = 0;
		}
	}
	return dots >= 1 && label > 0;
}

bool
check_email(struct slice s)
{
	size_t n = 0;

	while (n < s.n && (address[(unsigned char)s.p[n]] & MAILBOX) != 0)
		n++;
	return n > 0 && n < s.n && s.p[n] == '@' &&
	       is_domain((struct slice){ s.p + n + 1, s.n - n - 1 });
}

bool
check_client_id(struct slice s)
{
	static const char most[] = "18446744073709551615"; /* UINT64_MAX */
	const size_t longest = sizeof most - 1;

	if (s.n > longest || !all_digits(s) ||
	    (s.n == longest && memcmp(s.p, most, longest) > 0))
		return false;
	while (s.n > 0 && *s.p == '0') {
		s.p++;
		s.n--;
	}
	return s.n > 0;
}

bool
check_md5(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'f') &&
		    !(c >= 'A' && c <= 'F'))
			return false;
	}
	return s.n == 32;
}

enum reject
check_money(struct slice s, int64_t *minor)
{
	struct slice fraction = { "", 0 };
	bool negative = s.n > 0 && s.p[0] == '-';
	bool over, zero = true;
	int64_t units = 0, cents;
	size_t n = negative;

	for (; n < s.n && is_digit(s.p[n]); n++)
		if (units <= MONEY_MAX)
			units = units * 10 + (s.p[n] - '0');
	if (n == negative)
		return REJECT_MONEY;
	if (n < s.n) {
		fraction = (struct slice){ s.p + n + 1, s.n - n - 1 };
		if (s.p[n] != '.' || !all_digits(fraction))
			return REJECT_MONEY;
	}
	for (size_t i = 0; i < fraction.n; i++)
		zero = zero && fraction.p[i] == '0';
	over = units > MONEY_MAX || (units == MONEY_MAX && !zero);
	if (negative && (units > 0 || !zero))
		return REJECT_MONEY_NEGATIVE;
	if (over)
		return REJECT_MONEY_TOO_BIG;
	cents = fraction.n > 0 ? (fraction.p[0] - '0') * 10 : 0;
	cents += fraction.n > 1 ? fraction.p[1] - '0' : 0;
	cents += fraction.n > 2 && fraction.p[2] >= '5' ? 1 : 0;
	if (minor != NULL)
		*minor = units * 100 + cents;
	return REJECT_NONE;
}

/* Takes n digits and the separator after them (NUL: none) off the front. */
static bool
take(struct slice *s, size_t n, char separator, int *out)
{
	size_t used = n + (separator != '\0');

	if (s->n < used || !all_digits((struct slice){ s->p, n }))
		return false;
	if (separator != '\0' && s->p[n] != separator)
		return false;
	*out = 0;
	for (size_t i = 0; i < n; i++)
		*out = *out * 10 + (s->p[i] - '0');
	*s = (struct slice){ s->p + used, s->n - used };
	return true;
}

static bool
take_date(struct slice *s, struct wall *w)
{
	if (s->n > 4 && s->p[4] == '-')
		return take(s, 4, '-', &w->year) &&
		       take(s, 2, '-', &w->month) && take(s, 2, '\0', &w->day);
	if (!take(s, 2, '.', &w->day) || !take(s, 2, '.', &w->month))
		return false;
	if (take(s, 4, '\0', &w->year))
		return true;
	if (!take(s, 2, '\0', &w->year))
		return false;
	w->year += 2000;
	return true;
}

static bool
take_time(struct slice *s, struct wall *w)
{
	if (s->n == 0 || s->p[0] != ' ')
		return false;
	*s = (struct slice){ s->p + 1, s->n - 1 };
	if (!take(s, 2, ':', &w->hour) || !take(s, 2, '\0', &w->minute))
		return false;
	w->second = 0;
	if (s->n == 0)
		return true;
	*s = (struct slice){ s->p + 1, s->n - 1 };
	return s->p[-1] == ':' && take(s, 2, '\0', &w->second);
}

enum reject
check_time(struct slice s, struct wall *out, bool *has_time)
{
	struct wall w = { .hour = 23, .minute = 59, .second = 59 };
	bool timed;

	if (s.n == 0)
		return REJECT_DATE_EMPTY;
	if (!take_date(&s, &w))
		return REJECT_DATE;
	timed = s.n > 0;
	if (timed && !take_time(&s, &w))
		return REJECT_DATE;
	if (s.n > 0 || !wall_valid(&w))
		return REJECT_DATE;
	*out = w;
	*has_time = timed;
	return REJECT_NONE;
}

bool
check_status_fixed(struct slice s)
{
	return slice_is(s, "PAID") || slice_is(s, "IN_PROGRESS") ||
	       slice_is(s, "CANCELLED") || slice_is(s, "SPAM");
}

bool
check_goal_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f || c == ';' || c == ',' || c == '"')
			return false;
	}
	return s.n > 0;
}

/* --- Metrica -------------------------------------------------------------- */

bool
check_target(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return check_goal_id(s);
}

bool
check_currency(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.n == 3;
}

bool
check_platform(struct slice s)
{
	return slice_is(s, "whatsapp") || slice_is(s, "telegram") ||
	       slice_is(s, "viber");
}
