/*
 * Any bytes as a dump, under three settings: every record has one verdict and
 * is counted once, and a record that is taken packs and unpacks to itself.
 */
#include <assert.h>
#include <stdint.h>

#include "formats/dump.h"
#include "tests/formats/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
try_record(const struct record *r, unsigned long tally[3])
{
	struct arena a = ARENA_EMPTY;
	struct conv back;
	struct slice packed = conv_pack(&a, &r->conv);

	tally[r->verdict]++;
	assert(conv_unpack(&back, packed));
	assert(slice_eq(conv_pack(&a, &back), packed));
	if (r->verdict == VERDICT_REJECT)
		assert(r->problems.n > 0);
	if (r->verdict == VERDICT_TAKE)
		assert(conv_text(&r->conv, FIELD_ID).n > 0);
	for (size_t i = 0; i < r->problems.n; i++) {
		const struct problem *p = &r->problems.p[i];

		assert(p->cell == SIZE_MAX || p->cell < r->cells);
		assert(p->reject != REJECT_NONE);
	}
	arena_free(&a);
}

static void
run(const struct settings *s, const struct zone *zone, const uint8_t *data,
    size_t n)
{
	unsigned long tally[3] = { 0 };
	struct dump *d = NULL;
	struct record *r;
	struct memory m;
	const struct input *in = memory_input(&m, data, n, 0);
	const struct dump_facts *f;
	enum fmt_status st = dump_open(&d, in, s, zone, NULL);

	assert(d != NULL);
	while (st == FMT_OK && (st = dump_next(d, &r)) == FMT_OK)
		try_record(r, tally);
	f = dump_facts(d);
	assert(f->records == tally[0] + tally[1] + tally[2]);
	assert(f->skipped == tally[VERDICT_SKIP]);
	assert(f->rejected == tally[VERDICT_REJECT]);
	assert(f->damaged <= f->rejected);
	dump_close(d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct settings *s = settings_new();
	struct zone *zone = zone_utc();

	s->limits = (struct limits){ 1 << 20, 1 << 20, 200, 1 << 16, 1 << 16,
		1 << 12, 64, 8 };
	run(s, zone, data, n);
	s->pii = PII_HASH;
	s->start_day = 20000;
	settings_set(&s->id_prefix, "p-");
	settings_set(&s->default_status, "PAID");
	settings_set(&s->preset, "generic");
	run(s, zone, data, n);
	settings_add_pipeline(s, "Опт");
	settings_add_column(s, "x", "create_date_time");
	settings_add_column(s, "y", "phones");
	settings_set(&s->preset, "");
	run(s, zone, data, n);
	zone_free(zone);
	settings_free(s);
	return 0;
}
