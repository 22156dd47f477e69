/*
 * What the files of `convdrop why` share.
 */
#ifndef TOOL_CTL_WHY_H
#define TOOL_CTL_WHY_H

#include <jansson.h>
#include "tool/ctl.h"

/* What trace_order found, for a person. */
void ctl_why_print(const json_t *trace);

#endif
