/*
 * Any bytes as a TZif file: refused, or a zone in which instants and wall
 * times agree with each other.
 */
#include <assert.h>
#include <stdint.h>

#include "formats/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct zone *z = NULL;
	char text[20];

	if (zone_parse(&z, (struct slice){ (const char *)data, n }) != FMT_OK)
		return 0;
	for (int64_t t = -3000000000; t < 6000000000; t += 98765431) {
		struct wall w, again;
		int64_t back;

		zone_wall(z, t, &w);
		assert(wall_valid(&w));
		back = zone_instant(z, &w);
		zone_wall(z, back, &again);
		assert(wall_days(&w) == wall_days(&again));
		assert(back <= t);
		zone_write(z, t, text);
	}
	zone_offset(z, INT64_MIN);
	zone_offset(z, INT64_MAX);
	zone_midnight(z, 0, -112);
	zone_free(z);
	return 0;
}
