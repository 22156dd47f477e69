/*
 * Dumps that were damaged on the way, for tests that run thousands of them:
 * real ones with bytes flipped, lines swapped, doubled or lost, cut short, in
 * another encoding, or spliced with another dump.  What is packed (gzip, zip,
 * xlsx) is damaged inside as often as outside.
 */
#ifndef TESTS_MUTANT_H
#define TESTS_MUTANT_H

#include <stddef.h>
#include <stdint.h>

struct mutant {
	char *bytes;
	size_t n;
};

/* The same arguments give the same bytes, malloc'ed; what was done is added
 * to said, for whoever wants to see it again. */
struct mutant mutant_make(const struct mutant *seed, const struct mutant *other,
    uint64_t number, char *said, size_t size);

#endif
