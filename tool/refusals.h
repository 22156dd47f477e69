/*
 * What a conversion refused, put into the order of the dump's lines although
 * part of it is only known after the merge.  Memory is bounded: they wait in a
 * sorter.
 */
#ifndef TOOL_REFUSALS_H
#define TOOL_REFUSALS_H

#include "formats/dump.h"
#include "server/err.h"

struct refusals;

int refusals_open(struct refusals **out, const char *dir, struct err *e);
void refusals_close(struct refusals *r); /* NULL is fine */

int refusals_add(struct refusals *r, unsigned long line, bool row,
    const struct problem *p, const struct slice *cell, size_t cells,
    struct err *e);

/* The cells of a line that refusals_add_late may yet name. */
int refusals_note(struct refusals *r, unsigned long line,
    const struct slice *cell, size_t cells, struct err *e);
int refusals_add_late(struct refusals *r, unsigned long line,
    const struct problem *p, struct err *e);

/* All of them as formats/rejects.h has it; first: they begin their file.  facts
 * may be NULL. */
int refusals_write(struct refusals *r, struct output to, bool first,
    const struct dump_facts *facts, struct err *e);

#endif
