/*
 * What all output formats share: a head, then a row a record, then a foot.  A
 * CSV is a header and cells between delimiters; a JSON text is an array of
 * objects, one a line.  Both end their lines with LF.
 */
#include "formats/writer.h"

#include "formats/write_cells.h"

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

/* --- CSV ------------------------------------------------------------------ */

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
		col->put(o, c, col->field, env);
	}
	out_char(o, '\n');
}

/* --- JSON ----------------------------------------------------------------- */

/* Only what is known; the comma before it is the one between records. */
static void
put_object(struct writing *w, const struct conv *c)
{
	struct out *o = w->out;
	char before = '{';

	out_slice(o, slice_of(w->rows == 0 ? "\n" : ",\n"));
	for (const struct column *col = w->writer->column; col->name != NULL;
	     col++) {
		if (!cell_known(c, col->field, w->env))
			continue;
		out_char(o, before);
		out_json(o, slice_of(col->name));
		out_char(o, ':');
		col->put(o, c, col->field, w->env);
		before = ',';
	}
	out_char(o, '}');
}

/* --- a file --------------------------------------------------------------- */

void
writing_begin(struct writing *w, const struct writer *writer,
    const struct writer_env *env, struct out *out)
{
	w->writer = writer;
	w->env = env;
	w->out = out;
	w->rows = 0;
	if (writer->json == NULL) {
		put_header(writer, out);
	} else {
		out_char(out, '{');
		out_json(out, slice_of(writer->json));
		out_slice(out, slice_of(":["));
	}
}

bool
writing_row(struct writing *w, const struct conv *c)
{
	if (!w->writer->takes(c, w->env))
		return false;
	if (w->writer->json == NULL)
		put_cells(w->writer, w->out, c, w->env);
	else
		put_object(w, c);
	w->rows++;
	return true;
}

void
writing_end(struct writing *w)
{
	if (w->writer->json != NULL)
		out_slice(w->out, slice_of("\n]}\n"));
}
