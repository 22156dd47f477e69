/*
 * The rejects report: what was refused and why, with the original cells, in a
 * form that a spreadsheet opens with a double click ("convert --rejects",
 * reports/FEED/NAME.rejects.csv).  UTF-8 with BOM, ';', LF.
 *
 *      line;kind;code;column;text;then the dump's own columns
 *
 * kind is "row" for a record that is left out, "value" for one value dropped
 * from its cell; code is of the registry (errors.h), such as E207; column is
 * the field's published name.  A cell that a spreadsheet would run as a formula
 * gets an apostrophe in front, which the reader of dumps takes off again.
 */
#ifndef FORMATS_REJECTS_H
#define FORMATS_REJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include "formats/conv.h"
#include "formats/normal.h"
#include "formats/out.h"
#include "formats/slice.h"

/*
 * What may be shown when personal data may not (pii = hash): cells of columns
 * that hold no person, by dump_facts.field and dump_facts.columns, unless there
 * is a phone or an e-mail in them all the same (columns shift).  All others,
 * also of columns that nobody mapped, keep their shape only: "+7 (999) 12"
 * becomes "+0 (000) 00".  strict: of visitors, hashes and free text no more
 * than that either, and of other columns only what looks like theirs: a date,
 * an amount, an id, a status.
 */
struct rejects_mask {
	const enum field *field;
	size_t columns;
	bool strict;
};

/* The header, behind a BOM where it begins its file; header (the dump's, as
 * written) may be NULL. */
void rejects_header(
    struct out *o, bool bom, const char *const *header, size_t columns);

/* One line.  mask NULL: everything is shown. */
void rejects_row(struct out *o, unsigned long line, bool row,
    const struct problem *p, const struct slice *cell, size_t cells,
    const struct rejects_mask *mask);

/* The sentence of a problem, its value masked likewise; its length. */
size_t rejects_text(char *out, size_t size, const struct problem *p,
    const struct rejects_mask *mask);

/* Is there anything in it that reads like a phone or an e-mail? */
bool rejects_is_contact(struct slice s);

#define REJECTS_VEIL 128 /* bytes of what is hidden that are worth showing */
/* The text, or its shape if it is about a contact. */
struct slice rejects_veil(char out[REJECTS_VEIL], struct slice s);

/* Is the problem's value shown as it stood? */
bool rejects_shows(const struct problem *p, const struct rejects_mask *mask);

#endif
