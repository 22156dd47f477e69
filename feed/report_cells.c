/*
 * The cells of a row that may yet be rejected, as bytes that travel with its
 * record.
 */
#include "feed/report.h"

#include <string.h>

struct slice
report_pack_cells(struct arena *a, const struct slice *cell, size_t cells)
{
	size_t n = 0;
	char *p, *to;

	for (size_t i = 0; i < cells; i++)
		n += sizeof(uint32_t) + cell[i].n;
	p = to = arena_alloc(a, n == 0 ? 1 : n);
	for (size_t i = 0; i < cells; i++) {
		uint32_t bytes = (uint32_t)cell[i].n;

		memcpy(to, &bytes, sizeof bytes);
		to += sizeof bytes;
		if (bytes > 0)
			memcpy(to, cell[i].p, bytes);
		to += bytes;
	}
	return (struct slice){ p, n };
}

struct slice *
report_unpack_cells(struct arena *a, struct slice packed, size_t *cells)
{
	struct slice *cell = NULL;
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++) {
		struct slice s = packed;
		uint32_t bytes;

		for (n = 0; s.n >= sizeof bytes; n++) {
			memcpy(&bytes, s.p, sizeof bytes);
			if (bytes > s.n - sizeof bytes)
				break;
			if (cell != NULL)
				cell[n] =
				    (struct slice){ s.p + sizeof bytes, bytes };
			s.p += sizeof bytes + bytes;
			s.n -= sizeof bytes + bytes;
		}
		if (pass == 0)
			cell = arena_alloc(a, (n + 1) * sizeof *cell);
	}
	*cells = n;
	return cell;
}
