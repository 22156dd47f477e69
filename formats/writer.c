/*
 * What all output formats share: a head, then a row a record, then a foot.  A
 * CSV is a header, cells between delimiters, LF.
 */
#include "formats/writer.h"

const struct writer *
writer_of_output(const char *word, size_t n)
{
	for (const struct writer *const *w = writer_all; *w != NULL; w++) {
		bool named = strcmp((*w)->name, word) == 0 &&
			     strcmp((*w)->output, word) != 0;

		if (named)
			return n == 0 ? *w : NULL;
		if (strcmp((*w)->output, word) == 0 && n-- == 0)
			return *w;
	}
	return NULL;
}

const struct writer *
writer_by_name(const char *name)
{
	return writer_of_output(name, 0);
}

static void
put_header(const struct writer *w, struct out *o)
{
	for (const struct column *c = w->column; c->name != NULL; c++) {
		if (c != w->column)
			out_char(o, w->delimiter);
		out_cell(o, slice_of(c->name));
	}
	out_char(o, '\n');
}

static void
put_cells(const struct writer *w, struct out *o, const struct conv *c,
    const struct writer_env *env)
{
	for (const struct column *col = w->column; col->name != NULL; col++) {
		if (col != w->column)
			out_char(o, w->delimiter);
		col->put(o, c, env);
	}
	out_char(o, '\n');
}

void
writing_begin(struct writing *w, const struct writer *writer,
    const struct writer_env *env, struct out *out)
{
	w->writer = writer;
	w->env = env;
	w->out = out;
	w->rows = 0;
	if (writer->column != NULL)
		put_header(writer, out);
	else
		writer->head(out, env);
}

bool
writing_row(struct writing *w, const struct conv *c)
{
	if (!w->writer->takes(c, w->env))
		return false;
	if (w->writer->column != NULL)
		put_cells(w->writer, w->out, c, w->env);
	else
		w->writer->row(w->out, c, w->env, w->rows == 0);
	w->rows++;
	return true;
}

void
writing_end(struct writing *w)
{
	if (w->writer->column == NULL)
		w->writer->foot(w->out, w->env);
}
