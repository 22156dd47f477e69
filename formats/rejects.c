/*
 * The rejects report.  See rejects.h.
 */
#include "formats/rejects.h"

#include <stdint.h>
#include <stdio.h>

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
is_harmless(enum field f)
{
	switch (f) {
	case FIELD_COUNT:
	case FIELD_NAME:
	case FIELD_CHAT_USERNAME:
	case FIELD_CHAT_USER_ID:
	case FIELD_URL:
		return false;
	default:
		return field_info[f].kind != KIND_EMAILS &&
		       field_info[f].kind != KIND_PHONES;
	}
}

static bool
shows(const struct rejects_mask *mask, size_t cell)
{
	return mask == NULL ||
	       (cell < mask->columns && is_harmless(mask->field[cell]));
}

static void
put_column(struct out *o, const struct problem *p)
{
	if (p->field < FIELD_COUNT)
		out_cell(o, slice_of(field_info[p->field].name));
}

static void
put_text(
    struct out *o, const struct problem *p, const struct rejects_mask *mask)
{
	bool named = p->field < FIELD_COUNT;
	bool shown = mask == NULL || (named && is_harmless(p->field));
	char text[TEXT_MAX], masked[SHAPE_MAX];
	struct slice value = shown ? p->value : shape(masked, p->value);
	size_t n = reject_text(text, sizeof text, p->reject,
	    named ? field_info[p->field].name : "", value, p->hint);

	put_cell(o, (struct slice){ text, n });
}

void
rejects_header(struct out *o, const char *const *header, size_t columns)
{
	out_slice(o, slice_of(BOM "line;kind;code;column;text"));
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
	out_slice(o, slice_of(reject_code(p->reject)));
	out_char(o, ';');
	put_column(o, p);
	out_char(o, ';');
	put_text(o, p, mask);
	for (size_t i = 0; i < cells; i++) {
		out_char(o, ';');
		put_cell(o, shows(mask, i) ? cell[i] : shape(masked, cell[i]));
	}
	out_char(o, '\n');
}
