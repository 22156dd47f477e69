/*
 * The parts of the registry.  A new code goes behind the last one of its
 * family.
 */
#ifndef FORMATS_ERRORS_PRIVATE_H
#define FORMATS_ERRORS_PRIVATE_H

#include <stddef.h>
#include "formats/errors.h"
#include "formats/message.h"

#define DIRECT true
#define OURS false

/* Each ends with code NULL. */
extern const struct error_info errors_direct[], errors_dump[], errors_other[];

#endif
