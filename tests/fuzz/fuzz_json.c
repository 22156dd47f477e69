/*
 * Any bytes through the JSON reader: see read_any.h.
 */
#include "tests/fuzz/read_any.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	read_both(data, n, "json");
	return 0;
}
