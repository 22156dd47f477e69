/*
 * What a report says in words of what was refused: problems grouped by what is
 * wrong, with the first lines of each and what to do about it, and the lines
 * of the configuration that would map what nothing maps.  Memory does not grow
 * with the dump.
 */
#ifndef SERVER_SUMMARY_H
#define SERVER_SUMMARY_H

#include <jansson.h>
#include <stdio.h>
#include "formats/normal.h"
#include "formats/rejects.h"

struct summary;

struct summary *summary_new(void);
void summary_free(struct summary *s); /* NULL is fine */

/* A row refused or a value dropped.  pipeline: of the row, for a status that
 * nothing maps.  mask as in formats/rejects.h; NULL: everything is shown. */
void summary_add(struct summary *s, unsigned long line, bool row,
    const struct problem *p, struct slice pipeline,
    const struct rejects_mask *mask);

/* rejects: the name of the file that has all of them. */
void summary_text(FILE *to, const struct summary *s, const char *rejects);

/* Into the report's object: "problems" and "unmapped_statuses". */
void summary_json(json_t *report, const struct summary *s);

#endif
