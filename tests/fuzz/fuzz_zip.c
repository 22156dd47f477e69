/*
 * Any bytes as a zip archive: every name can be shown, what is unpacked stays
 * within the limits, and it is the same however the bytes arrive.
 */
#include <assert.h>
#include <stdint.h>

#include "formats/charset.h"
#include "formats/unzip.h"
#include "tests/formats/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct limits limits = { 1 << 20, 1 << 20, 200, 1 << 16, 1 << 16,
	1 << 12, 64, 8 };

static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * UINT64_C(1099511628211);
	return h;
}

static uint64_t
read_member(struct unzip *z, size_t i, uint64_t *plain)
{
	struct unzip_stream *s = NULL;
	enum fmt_status rc = unzip_begin(&s, z, i);
	char buf[4096];
	size_t got = 1;
	uint64_t h = 1;

	while (rc == FMT_OK && got > 0) {
		rc = unzip_read(s, buf, sizeof buf, &got);
		if (rc == FMT_OK) {
			h = mix(h, buf, got);
			*plain += got;
		}
	}
	unzip_end(s);
	assert(*plain <= limits.plain_bytes);
	return mix(h, &rc, sizeof rc);
}

static uint64_t
run(const uint8_t *data, size_t n, size_t step)
{
	struct memory m;
	struct unzip *z = NULL;
	uint64_t h = 1, plain = 0;
	enum fmt_status rc =
	    unzip_open(&z, memory_file(&m, data, n, step), &limits);

	if (rc != FMT_OK)
		return rc;
	assert(unzip_members(z) <= limits.members);
	for (size_t i = 0; i < unzip_members(z); i++) {
		const struct unzip_member *k = unzip_member(z, i);
		size_t length = strlen(k->name);
		uint64_t one;

		assert(
		    charset_utf8((const uint8_t *)k->name, length) == length);
		for (size_t c = 0; c < length; c++)
			assert((unsigned char)k->name[c] >= 0x20);
		assert(unzip_find(z, k->name) <= i);
		one = read_member(z, i, &plain);
		h = mix(h, &one, sizeof one);
	}
	rc = unzip_verdict(z);
	unzip_close(z);
	return mix(h, &rc, sizeof rc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint64_t whole = run(data, n, 0);

	assert(run(data, n, 7) == whole);
	return 0;
}
