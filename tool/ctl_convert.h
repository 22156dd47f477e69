/*
 * What ctl_convert.c does and ctl_convert_print.c says.
 */
#ifndef TOOL_CTL_CONVERT_H
#define TOOL_CTL_CONVERT_H

#include <jansson.h>
#include <stdbool.h>
#include "tool/convert.h"

/* What is shown of one dump's refusals. */
struct show {
	const char *file;
	bool quiet; /* --json, or --rejects has them */
	uint64_t refused;
};

/* convert.refused, with a struct show. */
void ctl_convert_refusal(
    void *ctx, unsigned long line, bool row, const struct problem *p);

/* What was made of a dump, or why it cannot be taken as a whole. */
void ctl_convert_dump(const struct convert *c, const struct show *s);
void ctl_convert_refused(const struct convert *c, const char *file);

/* What was made of them all. */
void ctl_convert_file(const struct convert *c, const char *file);

/* The same as JSON: one dump; printed with what became of all, and freed. */
json_t *ctl_convert_json(const struct convert *c, const char *file);
void ctl_convert_print_json(const struct convert *c, json_t *all);

#endif
