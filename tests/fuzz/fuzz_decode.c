/*
 * Any bytes through decode, detected and as every encoding that can be set.
 * What comes out is valid UTF-8 and does not depend on how the bytes arrive.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/charset.h"
#include "formats/decode.h"
#include "tests/formats/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct limits limits = { 1 << 20, 1 << 20, 200, 1 << 16, 1 << 16,
	1 << 12, 64, 8 };

static enum fmt_status
run(const uint8_t *data, size_t n, size_t step, const char *encoding,
    char **text, size_t *made)
{
	struct memory m;
	struct decode *d = NULL;
	struct slice chunk;
	enum fmt_status rc;

	*text = mem_alloc(1);
	*made = 0;
	rc =
	    decode_open(&d, memory_input(&m, data, n, step), encoding, &limits);
	while (rc == FMT_OK && (rc = decode_read(d, &chunk)) == FMT_OK) {
		*text = mem_grow(*text, *made + chunk.n);
		memcpy(*text + *made, chunk.p, chunk.n);
		*made += chunk.n;
	}
	decode_close(d);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const char *const encodings[] = { "", "utf-8", "windows-1251",
		"koi8-r", "cp866", "utf-16le", "utf-16be" };

	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		char *a, *b;
		size_t an, bn;
		enum fmt_status ra = run(data, n, 0, encodings[i], &a, &an);
		enum fmt_status rb = run(data, n, 3, encodings[i], &b, &bn);

		/* of two faults of a packed dump either may be met first */
		assert(ra == rb || data[0] == 0x1f);
		assert(charset_utf8((const uint8_t *)a, an) == an);
		if (ra == FMT_END && rb == FMT_END)
			assert(an == bn && (an == 0 || memcmp(a, b, an) == 0));
		free(a);
		free(b);
	}
	return 0;
}
