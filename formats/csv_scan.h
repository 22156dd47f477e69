/*
 * Where a CSV record ends, and what divides it: the rules by which libcsv
 * reads when it is not strict, without making cells.
 */
#ifndef FORMATS_CSV_SCAN_H
#define FORMATS_CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include "formats/slice.h"

enum csv_scan_state {
	START,
	BARE,
	QUOTED,
	ENDED
};

/* Begins as { .delimiter = … }. */
struct csv_scan {
	char delimiter;
	bool plain;    /* quotes mean nothing */
	bool sniffing; /* a quote behind any of ; , tab begins a field */
	enum csv_scan_state state;
	bool blanks; /* between a quote that may have closed and here */
	size_t at;
	size_t opened; /* the last opening quote */
	bool loose;    /* a quote inside that field is not doubled */
	bool torn;     /* such a field went over a line end */
	size_t cells;  /* delimiters passed */
};

static inline bool
csv_blank(char c)
{
	return c == ' ' || c == '\t';
}

static inline bool
csv_break(char c)
{
	return c == '\n' || c == '\r';
}

/* Goes on to the line end that ends the record, at s->at; false when there is
 * none before n.  May then be asked again with more. */
bool csv_scan(struct csv_scan *s, const char *p, size_t n);

/* Line ends (CR, LF, CRLF) in the n bytes. */
unsigned long csv_lines(const char *p, size_t n);

/* Which of ; , and tab divides the dump's first records best.  whole: there
 * is no more than head.  Quotes are respected, unless none of the three
 * divides anything then: the very first quote may be a stray one. */
char csv_sniff(struct slice head, bool whole);

#endif
