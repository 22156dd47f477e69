/*
 * What convert.c needs of convert_store.c: to give back what a conversion of
 * several dumps holds.
 */
#ifndef SERVER_CONVERT_STORE_H
#define SERVER_CONVERT_STORE_H

#include "server/convert.h"

void convert_store_free(struct convert *c);

#endif
