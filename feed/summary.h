/*
 * What a report says in words of what was refused: problems grouped by what is
 * wrong, with the first lines of each and what to do about it; what a
 * spreadsheet did, by column; and the lines of the configuration that would
 * map what nothing maps.  Memory does not grow with the dump.
 */
#ifndef FEED_SUMMARY_H
#define FEED_SUMMARY_H

#include <jansson.h>
#include <stdio.h>
#include "formats/normal.h"
#include "formats/rejects.h"

struct summary;

struct summary *summary_new(void);
void summary_free(struct summary *s); /* NULL is fine */

/* A row refused or a value dropped.  pipeline: of the row, for a status that
 * nothing maps.  mask as in formats/rejects.h: a person's values are never
 * shown here. */
void summary_add(struct summary *s, unsigned long line, bool row,
    const struct problem *p, struct slice pipeline,
    const struct rejects_mask *mask);

/* The header of a column, as written; the value of an id as it stood. */
void summary_header(struct summary *s, size_t cell, struct slice header);
void summary_id(struct summary *s, enum field f, size_t cell,
    struct slice value, unsigned long line);

/* The columns of the dump as they may be shown, for their names. */
struct summary_columns {
	const char *const *header;
	size_t n;
};

bool summary_any(const struct summary *s); /* was anything refused? */

/* What to mend first; "Nothing is to be mended." when there is nothing. */
void summary_problems(
    FILE *to, const struct summary *s, const struct summary_columns *c);
/* What was damaged before it came, by column; of so many records. */
void summary_damage(FILE *to, const struct summary *s,
    const struct summary_columns *c, uint64_t records);
/* The lines for the configuration. */
void summary_statuses(FILE *to, const struct summary *s);
/* Where all of it is; rejects: the name of that file. */
void summary_rest(FILE *to, const struct summary *s, const char *rejects);

/* Into the report's object: "problems", "damage", "unmapped_statuses". */
void summary_json(
    json_t *report, const struct summary *s, const struct summary_columns *c);
/* And back, into an empty one; false when they are not there as they are
 * written now. */
bool summary_take(struct summary *s, const json_t *report);

#endif
