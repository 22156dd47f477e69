/*
 * The rejects report.  See rejects.h.
 */
#include "formats/rejects.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "formats/errors.h"

#define BOM "\xef\xbb\xbf"
#define TEXT_MAX 1024
#define SHAPE_MAX REJECTS_VEIL

static const char formula[] = "=+-@\t\r\n"; /* what a spreadsheet may run */

/* A defused cell is quoted, whatever it holds. */
static void
put_cell(struct out *o, struct slice s)
{
	if (s.n == 0 || memchr(formula, s.p[0], sizeof formula - 1) == NULL) {
		out_cell(o, s);
		return;
	}
	out_bytes(o, "\"'", 2);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			out_char(o, '"');
		out_char(o, s.p[i]);
	}
	out_char(o, '"');
}

/* Digits to 0 and letters to x, so that a person cannot be read from it and
 * what is wrong with it still can. */
static struct slice
shape(char out[SHAPE_MAX], struct slice s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n && n < SHAPE_MAX; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if ((c & 0xc0) == 0x80)
			continue; /* the rest of a letter */
		if (c >= '0' && c <= '9')
			out[n++] = '0';
		else
			out[n++] = letter || c >= 0x80 ? 'x' : (char)c;
	}
	return (struct slice){ out, n };
}

/* --- what may be shown ---------------------------------------------------- */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of what parts the digits of a phone, blanks that do not break and long
 * dashes included. */
static size_t
gap(struct slice s)
{
	unsigned char c = s.n > 0 ? (unsigned char)s.p[0] : 0;

	if (c != 0 && strchr(" -().\t\r\n", c) != NULL)
		return 1;
	if (c == 0xc2 && s.n > 1 && (unsigned char)s.p[1] == 0xa0)
		return 2;
	return c == 0xe2 && s.n > 2 && (unsigned char)s.p[1] == 0x80 ? 3 : 0;
}

/* Do digits, from here to the end of one of their runs, make a phone?  Without
 * a plus only as Russians write it, or every long number would be one. */
static bool
begins_phone(struct slice s, bool plus)
{
	const char first = s.p[0];
	size_t n = 0;

	while (n < 16) {
		while (s.n > 0 && is_digit(*s.p)) {
			n++;
			s.p++;
			s.n--;
		}
		if ((plus && n >= 10) || (n == 10 && first == '9') ||
		    (n == 11 && (first == '7' || first == '8')))
			return true;
		for (size_t k; (k = gap(s)) > 0; s.n -= k)
			s.p += k;
		if (s.n == 0 || !is_digit(*s.p))
			return false;
	}
	return false;
}

/* A phone or an e-mail in whatever column: of a row that lost a cell, say. */
bool
rejects_is_contact(struct slice s)
{
	bool plus = false, inside = false;

	for (; s.n > 0; s.p++, s.n--) {
		if (*s.p == '@')
			return true;
		if (!is_digit(*s.p)) {
			/* an apostrophe is a plus that was defused */
			plus =
			    *s.p == '+' || *s.p == '\'' || (plus && gap(s) > 0);
			inside = false;
		} else if (!inside) {
			if (begins_phone(s, plus))
				return true;
			inside = true;
		}
	}
	return false;
}

/* Day, month, year and time, or a number of seconds: "8 911 …" is none. */
static bool
is_date(struct slice s)
{
	bool alone = s.n == 8 || s.n == 10 || s.n == 13 || s.n == 14;
	size_t run = 0;

	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && is_digit(s.p[i])) {
			run++;
			continue;
		}
		if (i < s.n && strchr(" .:/-+TZ", s.p[i]) == NULL)
			return false;
		if (run > 4 && !(run == s.n && alone))
			return false;
		if (run == 3 && (i == run || s.p[i - run - 1] != '.'))
			return false;
		run = 0;
	}
	return true;
}

static bool
is_number(struct slice s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		digits += is_digit(s.p[i]);
		if (!is_digit(s.p[i]) && strchr(" .,", s.p[i]) == NULL &&
		    !(s.p[i] == '-' && i == 0))
			return false;
	}
	return digits <= 12;
}

/* Neither words, nor as long as what identifies a visitor, nor a hash. */
static bool
is_id(struct slice s)
{
	size_t digits = 0, hex = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = (char)(s.p[i] | 0x20);

		if ((unsigned char)s.p[i] <= ' ')
			return false;
		digits = is_digit(s.p[i]) ? digits + 1 : 0;
		hex = is_digit(s.p[i]) || (c >= 'a' && c <= 'f') ? hex + 1 : 0;
		if (digits > 14 || hex > 31)
			return false;
	}
	return true;
}

/* Whoever maps statuses must see those that nothing maps. */
static bool
is_status(struct slice s)
{
	size_t digits = 0;

	for (size_t i = 0; i < s.n; i++)
		digits += is_digit(s.p[i]);
	return digits <= 9 && s.n <= SHAPE_MAX;
}

/* "RUB", "руб." */
static bool
is_currency(struct slice s)
{
	size_t letters = 0;

	for (size_t i = 0; i < s.n; i++)
		letters += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	return letters <= 4;
}

/* Of a cell that may have come from another column. */
static bool
shows_strictly(enum field f, struct slice s)
{
	switch (field_info[f].kind) {
	case KIND_TIME:
		return is_date(s);
	case KIND_MONEY:
	case KIND_SECONDS:
	case KIND_FLAG:
	case KIND_ANSWER:
		return is_number(s);
	case KIND_ID:
		return f != FIELD_USER_ID && f != FIELD_YCLID && is_id(s);
	case KIND_CURRENCY:
		return is_currency(s);
	case KIND_STATUS:
		return is_status(s);
	default:
		return f == FIELD_PIPELINE && is_status(s);
	}
}

static bool
shows_field(enum field f, struct slice s, bool strict)
{
	if (f == FIELD_COUNT || field_is_personal(f) ||
	    field_info[f].kind == KIND_EMAILS ||
	    field_info[f].kind == KIND_PHONES || rejects_is_contact(s))
		return false;
	return !strict || shows_strictly(f, slice_trim(s));
}

static bool
shows(const struct rejects_mask *mask, size_t cell, struct slice s)
{
	return mask == NULL ||
	       (cell < mask->columns &&
		   shows_field(mask->field[cell], s, mask->strict));
}

bool
rejects_shows(const struct problem *p, const struct rejects_mask *mask)
{
	return mask == NULL || shows_field(p->field, p->value, mask->strict);
}

/* Which cell is which column's is not known. */
static bool
is_shifted(const struct problem *p, const struct rejects_mask *mask)
{
	return mask != NULL && mask->strict &&
	       (p->reject == REJECT_COLUMNS_FEW ||
		   p->reject == REJECT_COLUMNS_MANY);
}

struct slice
rejects_veil(char out[REJECTS_VEIL], struct slice s)
{
	return rejects_is_contact(s) ? shape(out, s) : s;
}

/* --- rows ----------------------------------------------------------------- */

static void
put_column(struct out *o, const struct problem *p)
{
	if (p->field < FIELD_COUNT)
		out_cell(o, slice_of(field_info[p->field].name));
}

size_t
rejects_text(char *out, size_t size, const struct problem *p,
    const struct rejects_mask *mask)
{
	bool named = p->field < FIELD_COUNT;
	char masked[SHAPE_MAX];

	return reject_text(out, size, p->reject,
	    named ? field_info[p->field].name : "",
	    rejects_shows(p, mask) ? p->value : shape(masked, p->value),
	    p->hint);
}

static void
put_text(
    struct out *o, const struct problem *p, const struct rejects_mask *mask)
{
	char text[TEXT_MAX];
	size_t n = rejects_text(text, sizeof text, p, mask);

	put_cell(o, (struct slice){ text, n });
}

void
rejects_header(
    struct out *o, bool bom, const char *const *header, size_t columns)
{
	if (bom)
		out_slice(o, slice_of(BOM));
	out_slice(o, slice_of("line;kind;code;column;text"));
	for (size_t i = 0; header != NULL && i < columns; i++) {
		out_char(o, ';');
		put_cell(o, slice_of(header[i]));
	}
	out_char(o, '\n');
}

void
rejects_row(struct out *o, unsigned long line, bool row,
    const struct problem *p, const struct slice *cell, size_t cells,
    const struct rejects_mask *mask)
{
	bool shifted = is_shifted(p, mask);
	char masked[SHAPE_MAX];

	out_number(o, (int64_t)line);
	out_slice(o, slice_of(row ? ";row;" : ";value;"));
	out_slice(o, slice_of(error_of_reject(p->reject)->code));
	out_char(o, ';');
	put_column(o, p);
	out_char(o, ';');
	put_text(o, p, mask);
	for (size_t i = 0; i < cells; i++) {
		out_char(o, ';');
		put_cell(o, !shifted && shows(mask, i, cell[i])
				? cell[i]
				: shape(masked, cell[i]));
	}
	out_char(o, '\n');
}
