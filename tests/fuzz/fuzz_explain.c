/*
 * convdrop explain, which is given whatever somebody pasted; and what tells
 * damaged values from genuine ones.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "formats/damage.h"
#include "tool/explain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct explain *known;
	struct explain_match match[EXPLAIN_MATCHES];
	struct slice s = { (const char *)data, size };
	struct damage_column column = { 0 };
	unsigned long line = 0;
	size_t n;

	if (known == NULL)
		known = explain_new();
	n = explain_text(known, s, match);
	for (size_t i = 0; i < n; i++)
		if (match[i].info == NULL || strlen(match[i].value) > 255)
			abort();
	explain_line_of(s);
	damage_zeros(s);
	damage_month_first(s);
	damage_mojibake(s);
	while (s.n > 0)
		damage_see(&column, slice_cut(&s, '\n'), ++line);
	damage_lost(&column, &line);
	return 0;
}
