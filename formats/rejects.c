/*
 * The rejects report.  See rejects.h.
 */
#include "formats/rejects.h"

#include <stdint.h>
#include <stdio.h>

#include "formats/errors.h"

#define BOM "\xef\xbb\xbf"
#define TEXT_MAX 1024
#define SHAPE_MAX 128 /* bytes of a masked cell that are worth showing */

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

/* Does the field say nothing about who somebody is? */
static bool
is_harmless(enum field f, const struct rejects_mask *mask)
{
	if (f == FIELD_COUNT || field_is_personal(f) ||
	    field_info[f].kind == KIND_EMAILS ||
	    field_info[f].kind == KIND_PHONES)
		return false;
	return !mask->strict || (field_info[f].kind != KIND_CLIENT_IDS &&
				    field_info[f].kind != KIND_MD5S &&
				    f != FIELD_USER_ID && f != FIELD_YCLID);
}

/* A phone or an e-mail in whatever column: of a row that lost a cell, say.
 * Digits alone are a phone only as Russians write it, or every long number
 * would be one. */
bool
rejects_is_contact(struct slice s)
{
	size_t digits = 0;
	char first = '\0';

	s = slice_trim(s);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '@')
			return true;
		if (s.p[i] < '0' || s.p[i] > '9')
			continue;
		first = digits++ == 0 ? s.p[i] : first;
	}
	if (digits < 10)
		return false;
	return s.p[0] == '+' || s.p[0] == '\'' ||
	       (digits == 10 && first == '9') ||
	       (digits == 11 && (first == '7' || first == '8'));
}

static bool
shows(const struct rejects_mask *mask, size_t cell, struct slice s)
{
	return mask == NULL ||
	       (cell < mask->columns && is_harmless(mask->field[cell], mask) &&
		   !rejects_is_contact(s));
}

static void
put_column(struct out *o, const struct problem *p)
{
	if (p->field < FIELD_COUNT)
		out_cell(o, slice_of(field_info[p->field].name));
}

bool
rejects_shows(const struct problem *p, const struct rejects_mask *mask)
{
	return mask == NULL ||
	       (is_harmless(p->field, mask) && !rejects_is_contact(p->value));
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
		put_cell(o,
		    shows(mask, i, cell[i]) ? cell[i] : shape(masked, cell[i]));
	}
	out_char(o, '\n');
}
