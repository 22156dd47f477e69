/*
 * One JSON object into cells.  Its members become columns: a nested object's
 * are named with dots ("customer.phone"), lists have no name of their own, so
 * that "phones": [{"number": 1}, {"number": 2}] is "1,2" in "phones.number".
 *
 * No library does it: they give numbers as double or int64_t, and a ClientID
 * must come out with its digits as written.  So tokens are walked here, which
 * also costs no tree and no allocation a member.
 */
#ifndef FORMATS_JSON_FLAT_H
#define FORMATS_JSON_FLAT_H

#include <stdbool.h>
#include "formats/settings.h"
#include "formats/slice.h"
#include "formats/status.h"

enum {
	JSON_DEPTH = 64,       /* brackets within brackets */
	JSON_LEVELS = 8,       /* names in a column's; deeper ones are text */
	JSON_NAME_BYTES = 1024 /* in a column's name */
};

enum flat {
	FLAT_OK,
	FLAT_MORE, /* the text ends before the object does */
	FLAT_BAD   /* it is no JSON: refused on is why */
};

struct json_flat; /* the columns so far, and the cells of a record */

struct json_flat *json_flat_open(const struct limits *limits);
void json_flat_close(struct json_flat *f);

/*
 * The object that begins at p, of which n bytes are there; *end is behind it,
 * or where it is no JSON.  Names that are new become columns, at the end,
 * unless the record is bad or json_flat_reject says that it cannot be trusted
 * as a whole.  What was read until then is in the cells.
 */
enum flat json_flat_parse(
    struct json_flat *f, const char *p, size_t n, size_t *end);

/* Of the last record: why it is refused, more exactly so in *hint (may become
 * NULL), and the cell that it is about, or SIZE_MAX. */
enum reject json_flat_reject(
    const struct json_flat *f, const char **hint, size_t *cell);

/* All columns' cells of the last record, empty where it has no such name;
 * they live until the next one, as long as its text does. */
struct slice *json_flat_cells(struct json_flat *f);
void json_flat_clear(struct json_flat *f); /* a record of which nothing is */

/* The names, in the order in which they came, as cells; until the next
 * record.  A blank one stands in quotes, as a header's cell is not blank. */
size_t json_flat_columns(const struct json_flat *f);
struct slice *json_flat_names(struct json_flat *f);

#endif
