/*
 * What a syntax sees of its reader: a window of UTF-8 text that it moves over
 * the dump.  Included by reader.c and the syntaxes alone.
 */
#ifndef FORMATS_SYNTAX_H
#define FORMATS_SYNTAX_H

#include "formats/reader.h"

#define SYNTAX_SLACK 64

struct reader {
	const struct syntax *syntax;
	const struct settings *settings;
	struct decode *decode;
	void *state; /* the syntax's own; its close frees it */
	size_t expect;
	struct reader_facts facts;

	/* text[at … end) is read and not yet taken; SYNTAX_SLACK bytes behind
	 * may be looked at, whatever they are */
	char *text;
	size_t at, end, room;
	bool eof; /* nothing follows text[end] */
};

/* More text at end, or eof.  Positions are kept as they are relative to at,
 * which moves to 0; so is text itself.  Else what decode_read says. */
enum fmt_status reader_fill(struct reader *r);

/* At least n bytes at text[at], unless the dump ends before. */
enum fmt_status reader_fill_to(struct reader *r, size_t n);

#endif
