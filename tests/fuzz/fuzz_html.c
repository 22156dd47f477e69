/*
 * Any bytes through the HTML reader: see read_any.h.
 */
#include "tests/fuzz/read_any.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	read_both(data, n, "html");
	return 0;
}
