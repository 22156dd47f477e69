/*
 * The clock that never steps, for how long something takes.
 */
#ifndef SERVER_CLOCK_H
#define SERVER_CLOCK_H

#include <stdint.h>

int64_t clock_ms(void); /* CLOCK_MONOTONIC, milliseconds */

#endif
