/*
 * NAME.report.txt: a letter about one dump to the colleague who mends the CRM.
 * What came, what was done, what to mend first, what waits, where the rest is;
 * a first screen that says all that matters, and behind it how the dump was
 * read.  It shows nobody's phone or address.
 */
#ifndef FEED_LETTER_H
#define FEED_LETTER_H

#include <jansson.h>
#include <stdio.h>
#include "formats/dump.h"
#include "feed/clockcheck.h"
#include "store/store.h"
#include "feed/summary.h"

struct letter {
	const struct dump_entry *dump;
	const struct dump_facts *facts; /* NULL: it could not be opened */
	const struct summary *summary;
	struct summary_columns columns;    /* as they may be shown */
	const struct clock_warning *clock; /* what is wrong with its times */
	size_t clocks;
	const char *rejects; /* the name of rejects.csv */
	bool original_gone;  /* refused, and pii = hash */
	bool taken_over; /* it is not read again, and what was said of it when
			  * it came is not known any more */
	json_t *before;  /* what was, when it is; may be NULL */
};

void letter_write(FILE *to, const struct letter *l);

/* The same, for a machine: NAME.report.json (letter_json.c). */
json_t *letter_json(const struct letter *l);

#endif
