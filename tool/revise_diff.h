/*
 * What withdrawing or reprocessing would change, for people and for programs:
 * totals, and of each kind of change the first few, or as JSON all of them as
 * they are found.
 */
#ifndef TOOL_REVISE_DIFF_H
#define TOOL_REVISE_DIFF_H

#include <stdbool.h>
#include "feed/revise.h"

struct revise_diff;

/* json: standard output gets an object; its changes come at once. */
struct revise_diff *revise_diff_begin(const char *feed, bool json);
revise_told revise_diff_told; /* ctx is the diff */
/* Prints what there is to say. */
void revise_diff_print(struct revise_diff *d, const struct revise_tally *t);
void revise_diff_free(struct revise_diff *d); /* NULL is fine */

#endif
