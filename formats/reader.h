/*
 * From UTF-8 to rows of cells.  A reader knows a syntax and nothing of what
 * the cells mean.  Every syntax is one file with one constant struct syntax;
 * READERS in Makefile.am lists them.
 *
 * Lines are counted as an editor counts them: CR, LF and CRLF end one, also
 * inside quotes.  A row is a record as the dump has it; blank lines are
 * counted, never returned.
 */
#ifndef FORMATS_READER_H
#define FORMATS_READER_H

#include <stdbool.h>
#include "formats/decode.h"
#include "formats/settings.h"
#include "formats/slice.h"
#include "formats/status.h"

struct row {
	unsigned long line; /* where it begins, from 1 */
	size_t cells;
	struct slice *cell; /* until the next call */
	/* REJECT_NONE, or why the row cannot be trusted: an unclosed quote
	 * (line is where it opened), a limit, bytes that are not text.
	 * The cells then hold what could be read. */
	enum reject reject;
	size_t bad_cell;  /* the one it is about, when one is */
	const char *hint; /* more exactly, or NULL */
	/* Not a record: the header again, with columns added behind those it
	 * had.  JSON names its columns as it goes; rows before it are whole,
	 * they had nothing in the new ones. */
	bool grown_header;
};

struct reader;

struct syntax {
	const char *name; /* "csv" */
	/* How sure it is that the dump is its own: 0 not, 100 certain. */
	int (*sniff)(struct slice head);
	enum fmt_status (*open)(struct reader *r);
	enum fmt_status (*next)(struct reader *r, struct row *out);
	void (*close)(struct reader *r);
};

extern const struct syntax *const reader_syntaxes[]; /* ends with NULL */

struct reader_facts {
	const char *syntax;
	char delimiter; /* 0 when the syntax has none */
	unsigned long blank_lines;
	unsigned long lines; /* read so far */
	/* JSON: objects, the first of which has a list of objects in it.  Such
	 * are records with their goods, or else pages that were put together.
	 */
	bool pages;
};

enum fmt_status reader_open(
    struct reader **out, struct decode *d, const struct settings *s);
void reader_close(struct reader *r);

enum fmt_status reader_next(struct reader *r, struct row *out);

/* How many cells a record is expected to have.  Told once the header is
 * known; lets the reader find its feet after a stray quote: a record of
 * several lines with another count is refused as an unclosed quote, and
 * reading goes on at the line after the one where the quote opened.  0 (the
 * start) is unknown. */
void reader_expect(struct reader *r, size_t cells);

void reader_facts(const struct reader *r, struct reader_facts *out);

#endif
