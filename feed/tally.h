/*
 * A dump's numbers by name: what the reports, in words and as JSON, count.
 */
#ifndef FEED_TALLY_H
#define FEED_TALLY_H

#include <stdio.h>
#include "store/store.h"

/* The text follows the number; one and many are for ngettext. */
struct tally_words {
	const char *one, *many;
};

struct tally_item {
	const char *key; /* in JSON */
	size_t offset;   /* in struct tally */
	struct tally_words words;
	const struct tally_words *of_kind; /* what is no order; may be NULL */
};

/* The accounting (I1): records, and its five buckets.  Ends with key NULL. */
extern const struct tally_item tally_accounts[];
/* What is worth knowing besides, and what waits. */
extern const struct tally_item tally_notes[];
extern const struct tally_item tally_waits[];

uint64_t tally_get(const struct tally *t, const struct tally_item *i);

/* "       981 accepted: …", a line each that is not zero.  kind is of the
 * dump's records. */
void tally_print(FILE *to, const struct tally *t,
    const struct tally_item *items, enum record_kind kind);

/* "981 records = 900 accepted + …": one line that must add up. */
void tally_account(char *out, size_t size, const struct tally *t);

#endif
