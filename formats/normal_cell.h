/*
 * What the files of normal share: a cell as people and spreadsheets leave it.
 */
#ifndef FORMATS_NORMAL_CELL_H
#define FORMATS_NORMAL_CELL_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/arena.h"
#include "formats/slice.h"
#include "formats/text.h"

struct slice normal_bare_wrapped(struct slice s); /* normal_bare's slow half */

/* The cell without what surrounds its value; empty for a filler ("-"). */
static inline struct slice
normal_bare(struct slice s)
{
	return text_is_bare(s) ? s : normal_bare_wrapped(s);
}

/* What a spreadsheet did to the value, or NULL. */
const char *normal_damage(struct slice s);

bool normal_is_dash(uint32_t u); /* of any length */
/* Does it part the digits of a phone, beside dashes that are no '-'? */
bool normal_parts_phone(uint32_t u);

/* A cell that is one phone of digits and what parts them, as nearly all are,
 * into *out, which lives in the arena.  False says nothing. */
bool normal_plain_phone(struct arena *a, struct slice cell, struct slice *out);
/* One phone into *out, likewise; empty when it is but an extension.  False when
 * it is none; then the hint may say why (or NULL). */
bool normal_phone(struct arena *a, struct slice value, struct slice *out);
const char *normal_phone_hint(struct slice value);

/* The ISO 4217 code of a currency's word or sign, or NULL. */
const char *normal_currency_code(struct slice s);

#endif
