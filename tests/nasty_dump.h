/*
 * Small dumps with every damage that CRM exports were seen to have, for tests
 * that run thousands of them.
 */
#ifndef TESTS_NASTY_DUMP_H
#define TESTS_NASTY_DUMP_H

#include <stddef.h>
#include <stdint.h>

/* The same seed gives the same bytes.  *out is malloc'ed. */
size_t nasty_dump(uint64_t seed, char **out);

#endif
