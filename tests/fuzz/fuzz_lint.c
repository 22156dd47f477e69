/*
 * lint over any bytes, of which the first one names the output ('A' and on, in
 * the order of the writers): it must end, count every row once, and say the
 * same whether the file comes in one piece or byte by byte.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "formats/lint.h"
#include "formats/slice.h"
#include "formats/writer.h"
#include "tests/formats/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct heard {
	struct lint_totals totals;
	unsigned long last, findings;
	uint64_t sum; /* of all that was said */
};

static void
hear(void *ctx, const struct lint_finding *f)
{
	struct heard *h = ctx;

	if (f->line != 0 && f->line < h->last)
		abort();
	if (f->line != 0)
		h->last = f->line;
	h->findings++;
	for (const char *p = f->text; *p != '\0'; p++)
		h->sum = h->sum * 31 + (unsigned char)*p;
	h->sum = h->sum * 31 + f->line;
}

static const char *
output_of(uint8_t c)
{
	size_t n = 0;

	while (writer_all[n] != NULL)
		n++;
	return writer_all[(c + 256u - 'A') % 256u % n]->name;
}

static struct heard
lint(const char *output, struct slice file, size_t step)
{
	static const char *const goal[] = { "good_lead" };
	const struct lint_options o = { .output = output,
		.now = INT64_C(1782820800),
		.instant = INT64_C(1782810000),
		.goal = goal,
		.goals = 1 };
	struct memory memory;
	const struct input *in = memory_input(&memory, file.p, file.n, step);
	struct heard h = { .last = 0 };

	if (lint_run(in, &o, hear, &h, &h.totals) != FMT_OK)
		abort();
	return h;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct slice file;
	struct heard whole, bytes;
	const struct lint_totals *t = &whole.totals;

	if (n == 0)
		return 0;
	file = (struct slice){ (const char *)data + 1, n - 1 };
	whole = lint(output_of(data[0]), file, n);
	bytes = lint(output_of(data[0]), file, 1);
	if (whole.sum != bytes.sum || whole.findings != bytes.findings ||
	    t->rows != bytes.totals.rows || t->valid != bytes.totals.valid)
		abort();
	if (t->valid > t->rows || t->errors + t->warnings != whole.findings)
		abort();
	if (t->errors == 0 && (t->rows != t->valid || t->rows == 0))
		abort();
	return 0;
}
