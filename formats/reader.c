/*
 * The reader: chooses the syntax and keeps the window of text in which it
 * works.  The window grows only as far as a syntax asks, and the syntaxes ask
 * for no more than limits.line_bytes and a chunk.
 */
#include "formats/reader.h"

#include <stdlib.h>

#include "formats/arena.h"
#include "formats/syntax.h"

#define HEAD ((size_t)64 * 1024) /* what a syntax is chosen by */

enum fmt_status
reader_fill(struct reader *r)
{
	struct slice chunk;
	enum fmt_status rc = decode_read(r->decode, &chunk);

	if (rc == FMT_END) {
		r->eof = true;
		return FMT_OK;
	}
	if (rc != FMT_OK)
		return rc;
	if (r->at > 0) {
		memmove(r->text, r->text + r->at, r->end - r->at);
		r->end -= r->at;
		r->at = 0;
	}
	if (r->room - r->end < chunk.n) {
		r->room = 2 * r->room + chunk.n;
		r->text = mem_grow(r->text, r->room + SYNTAX_SLACK);
	}
	memcpy(r->text + r->end, chunk.p, chunk.n);
	r->end += chunk.n;
	return FMT_OK;
}

enum fmt_status
reader_fill_to(struct reader *r, size_t n)
{
	enum fmt_status rc = FMT_OK;

	while (rc == FMT_OK && !r->eof && r->end - r->at < n)
		rc = reader_fill(r);
	return rc;
}

static enum fmt_status
choose_workbook(struct reader *r)
{
	for (const struct syntax *const *s = reader_syntaxes; *s != NULL; s++) {
		if (strcmp((*s)->name, "xlsx") == 0)
			r->syntax = *s;
	}
	return r->syntax == NULL ? FMT_SYNTAX : FMT_OK;
}

/* By the beginning of the text. */
static enum fmt_status
choose(struct reader *r)
{
	struct slice head = { r->text, r->end };
	int best = 0;

	for (const struct syntax *const *s = reader_syntaxes; *s != NULL; s++) {
		int sure = (*s)->sniff(head);

		if (sure > best) {
			best = sure;
			r->syntax = *s;
		}
	}
	return best > 0 ? FMT_OK : FMT_SYNTAX;
}

enum fmt_status
reader_open(struct reader **out, struct decode *d, const struct settings *s)
{
	struct reader *r = mem_alloc(sizeof *r);
	enum fmt_status rc = FMT_OK;

	r->settings = s;
	r->decode = d;
	r->room = HEAD;
	r->text = mem_alloc(r->room + SYNTAX_SLACK);
	if (decode_workbook(d) != NULL) {
		rc = choose_workbook(r);
	} else {
		while (rc == FMT_OK && !r->eof && r->end < HEAD)
			rc = reader_fill(r);
		if (rc == FMT_OK)
			rc = choose(r);
	}
	if (rc == FMT_OK)
		rc = r->syntax->open(r);
	if (rc == FMT_OK) {
		r->facts.syntax = r->syntax->name;
		*out = r;
	} else {
		reader_close(r);
	}
	return rc;
}

void
reader_close(struct reader *r)
{
	if (r == NULL)
		return;
	if (r->state != NULL)
		r->syntax->close(r);
	free(r->text);
	free(r);
}

enum fmt_status
reader_next(struct reader *r, struct row *out)
{
	return r->syntax->next(r, out);
}

void
reader_expect(struct reader *r, size_t cells)
{
	r->expect = cells;
}

void
reader_facts(const struct reader *r, struct reader_facts *out)
{
	*out = r->facts;
}
