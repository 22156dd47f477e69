/*
 * What convert.c needs of convert_store.c: to give back what a conversion of
 * several dumps holds.
 */
#ifndef TOOL_CONVERT_STORE_H
#define TOOL_CONVERT_STORE_H

#include "tool/convert.h"

void convert_store_free(struct convert *c);

#endif
