/*
 * What the files of normal share: a cell as people and spreadsheets leave it.
 */
#ifndef FORMATS_NORMAL_CELL_H
#define FORMATS_NORMAL_CELL_H

#include "formats/slice.h"

/* The cell without what surrounds its value; empty for a filler ("-"). */
struct slice normal_bare(struct slice s);

/* What a spreadsheet did to the value, or NULL. */
const char *normal_damage(struct slice s);

/* The ISO 4217 code of a currency's word or sign, or NULL. */
const char *normal_currency_code(struct slice s);

#endif
