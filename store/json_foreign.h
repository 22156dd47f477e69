/*
 * Text from outside as JSON, whatever bytes it has.
 */
#ifndef STORE_JSON_FOREIGN_H
#define STORE_JSON_FOREIGN_H

#include <jansson.h>

/* As it stands; what is no UTF-8 as log_safe writes it.  NULL is "". */
json_t *json_foreign(const char *s);

#endif
