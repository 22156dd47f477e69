/*
 * See report_header.h.
 */
#include "feed/report_header.h"

#include "formats/arena.h"
#include "formats/rejects.h"

/* Is it what a column is called, and not the first row of a dump without a
 * header? */
static bool
is_column_name(const struct dump_facts *f, size_t i)
{
	size_t digits = 0;

	if (f->field != NULL && f->field[i] < FIELD_COUNT)
		return true;
	for (const char *s = f->header[i]; *s != '\0'; s++)
		digits += *s >= '0' && *s <= '9';
	return f->missing == NULL && digits < 5;
}

const char *
report_header(enum veil v, const struct dump_facts *f, size_t i)
{
	const char *s = f->header[i];
	bool hides = (v != VEIL_NONE && rejects_is_contact(slice_of(s))) ||
		     (v == VEIL_STRICT && !is_column_name(f, i));

	return hides ? "(hidden)" : s;
}

size_t
report_columns(const struct dump_facts *f)
{
	return f == NULL || f->header == NULL ? 0 : f->columns;
}

const char **
report_headers(enum veil v, const struct dump_facts *f)
{
	size_t n = report_columns(f);
	const char **header = mem_alloc((n + 1) * sizeof *header);

	for (size_t i = 0; i < n; i++)
		header[i] = report_header(v, f, i);
	return header;
}
