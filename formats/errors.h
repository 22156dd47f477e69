/*
 * The registry of mistakes: every code that a report, a linter or the manual
 * names, Direct's own text where it has one, what it means and how to mend it.
 * A code is stable: it is never given to anything else, and never goes away
 * (tests/formats/test_errors.c).
 *
 *      E1  Direct's Conversion Center about the file     E5  publishing
 *      E2  a row or value, by Direct's rules             W6  warnings of lint,
 *      E3  a row or value, by ours                           of a dump's times
 *      E4  the dump as a whole                           E7  what a spreadsheet
 *                                                            does to values
 */
#ifndef FORMATS_ERRORS_H
#define FORMATS_ERRORS_H

#include <stdbool.h>
#include <stddef.h>
#include "formats/status.h"

struct error_info {
	const char *code; /* "E203" */
	const char *name; /* the short one, such as "old_date"; once a family */
	bool direct;      /* is text Direct's own, to the letter? */
	const char *text; /* %c: a column's name, %v: " 'VALUE'" */
	const char *meaning, *cure; /* sentences, for message() */
};

/* All of them, from 0; NULL behind the last. */
const struct error_info *error_at(size_t n);

/* "e203", "E203"; NULL when there is none. */
const struct error_info *error_by_code(const char *code);

/* Never NULL; E000 is for what has no code, which a test forbids. */
const struct error_info *error_of_reject(enum reject r);
const struct error_info *error_of_status(enum fmt_status s);

/* By lint_finding.code. */
const struct error_info *error_of_finding(const char *name, bool warning);

/* By family ('1' … '7') and name; NULL when there is none. */
const struct error_info *error_named(char family, const char *name);

#endif
