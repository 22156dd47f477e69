/*
 * What an .xlsx workbook is made of besides the sheet itself.  Included by
 * read_xlsx.c and the xlsx_*.c alone.
 */
#ifndef FORMATS_XLSX_H
#define FORMATS_XLSX_H

#include <stdint.h>
#include "formats/slice.h"
#include "formats/unzip.h"
#include "formats/xml_part.h"

/* --- the workbook: where its parts are (xlsx_book.c) --- */

struct xlsx_book {
	char *sheet;            /* the member with the sheet to read */
	char *strings, *styles; /* NULL when it has none */
	bool from_1904;         /* its days are counted from there */
};

/* sheet: its name, in any case of letters; "" is the first one shown. */
enum fmt_status xlsx_book_open(
    struct xlsx_book *out, struct unzip *z, const char *sheet);
void xlsx_book_close(struct xlsx_book *b);

/* --- shared strings (xlsx_strings.c) --- */

/* All of them in memory: their bytes, and eight each. */
struct xlsx_strings {
	char *bytes;
	uint64_t *end; /* where each one ends */
	size_t used, room, n, n_room;
};

enum fmt_status xlsx_strings_read(
    struct xlsx_strings *out, struct unzip *z, const char *member);
void xlsx_strings_free(struct xlsx_strings *s);
bool xlsx_string(const struct xlsx_strings *s, uint64_t i, struct slice *out);

/* Takes "_x000D_" for the character it stands for, in place. */
size_t xlsx_unescape(char *p, size_t n);

/* --- styles (xlsx_styles.c) --- */

enum xlsx_style {
	XLSX_NUMBER,
	XLSX_DATE,
	XLSX_TIME,
	XLSX_DATE_TIME,
	XLSX_ELAPSED /* [h]:mm: hours go on after 24 */
};

struct xlsx_styles {
	uint8_t *style; /* by a cell's s */
	size_t n;
};

enum fmt_status xlsx_styles_read(
    struct xlsx_styles *out, struct unzip *z, const char *member);
void xlsx_styles_free(struct xlsx_styles *s);

/* What a number format shows. */
enum xlsx_style xlsx_style_of(const char *format);

/* --- numbers (xlsx_number.c) --- */

#define XLSX_NUMBER_BYTES 64

/* A number as a person meant it: no exponent, no ".0", none of what binary
 * arithmetic leaves behind the 15th digit; with a style, a date or a time.
 * Writes into out and returns that, or v itself where it is best left alone. */
struct slice xlsx_number(char out[XLSX_NUMBER_BYTES], struct slice v,
    enum xlsx_style style, bool from_1904);

#endif
