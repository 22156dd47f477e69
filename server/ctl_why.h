/*
 * What the files of `convdrop why` share.
 */
#ifndef SERVER_CTL_WHY_H
#define SERVER_CTL_WHY_H

#include <jansson.h>
#include "server/ctl.h"

/* What trace_order found, for a person. */
void ctl_why_print(const json_t *trace);

#endif
