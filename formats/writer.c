/*
 * What all output formats share: a header, then a row an order, cells between
 * delimiters, LF.
 */
#include "formats/writer.h"

const struct writer *
writer_by_name(const char *name)
{
	for (const struct writer *const *w = writer_all; *w != NULL; w++)
		if (strcmp((*w)->name, name) == 0)
			return *w;
	return NULL;
}

void
writer_header(const struct writer *w, struct out *o)
{
	for (const struct column *c = w->column; c->name != NULL; c++) {
		if (c != w->column)
			out_char(o, w->delimiter);
		out_cell(o, slice_of(c->name));
	}
	out_char(o, '\n');
}

void
writer_row(const struct writer *w, struct out *o, const struct conv *c,
    const struct writer_env *env)
{
	for (const struct column *col = w->column; col->name != NULL; col++) {
		if (col != w->column)
			out_char(o, w->delimiter);
		col->put(o, c, env);
	}
	out_char(o, '\n');
}
