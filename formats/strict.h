/*
 * A published CSV, read as strictly as it was written: UTF-8, LF or
 * CRLF, quotes only around whole cells.  Nothing is guessed or mended; that is
 * the reader of dumps' business (reader.h).
 */
#ifndef FORMATS_STRICT_H
#define FORMATS_STRICT_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/input.h"
#include "formats/slice.h"
#include "formats/status.h"

#define STRICT_ROW_MAX (1u << 20) /* bytes of one row */
#define STRICT_CELLS_MAX 4096

struct strict;

struct strict_row {
	unsigned long line; /* where it begins, from 1 */
	size_t cells;
	struct slice *cell; /* until the next call */
	/* REJECT_NONE, or why there are no cells: UNCLOSED_QUOTE (any quote
	 * out of place), LINE_TOO_LONG, COLUMNS_MANY, ENCODING, NUL.  Reading
	 * goes on at the line after. */
	enum reject reject;
};

/* in must outlive it.  delimiters are those that the file may have: the one
 * that comes first in its first line counts, else the first of them. */
struct strict *strict_open(const struct input *in, const char *delimiters);
void strict_close(struct strict *s); /* NULL is fine */

/* Blank lines are passed over.  FMT_END after the last row, FMT_IO. */
enum fmt_status strict_next(struct strict *s, struct strict_row *out);

bool strict_bom(const struct strict *s); /* did the file begin with one? */
uint64_t strict_bytes(const struct strict *s); /* read from the input so far */

#endif
