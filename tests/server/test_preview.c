#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "server/preview.h"
#include "tests/server/ingest_bench.h"

/* Rows in tables leave out what they do not have. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define DAY INT64_C(86400)
#define LONG_AGO (NOW - 21 * DAY - 1)

struct side {
	const char *status, *phones, *client_ids, *client;
	int64_t revenue;
};

static const struct shown {
	const char *name;
	int64_t created;
	bool known;
	struct side was, is;
	enum record_kind kind;
	const char *want; /* kinds of findings */
} shown[] = {
	{ "new", NOW - DAY, false, .is = { "PAID", "7", NULL, NULL, 1 },
	    .want = "new" },
	{ "new, and too late", LONG_AGO, false,
	    .is = { "PAID", "7", NULL, NULL, 1 }, .want = "new late" },
	{ "new, and just in time", LONG_AGO + 1, false,
	    .is = { "PAID", "7", NULL, NULL, 1 }, .want = "new" },
	{ "a call is linked by no click", LONG_AGO, false,
	    .is = { NULL, "7", NULL, NULL, 1 }, .kind = RECORD_CALL,
	    .want = "new" },
	{ "as it was, long ago", LONG_AGO, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "7", NULL, NULL, 1 }, .want = "" },
	{ "its first identifier, too late", LONG_AGO, true,
	    { "PAID", NULL, NULL, "c", 1 }, { "PAID", "7", NULL, "c", 1 },
	    .want = "gained late" },
	{ "its first identifier, in time", LONG_AGO + 1, true,
	    { "PAID", NULL, NULL, "c", 1 }, { "PAID", "7", NULL, "c", 1 },
	    .want = "gained" },
	{ "its second one", LONG_AGO, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "7", "9", NULL, 1 }, .want = "gained" },
	{ "a phone is replaced", NOW, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "8", NULL, NULL, 1 }, .want = "lost gained" },
	{ "one of two phones goes", NOW, true, { "PAID", "7,8", NULL, NULL, 1 },
	    { "PAID", "8", NULL, NULL, 1 }, .want = "lost" },
	{ "two phones change places", NOW, true,
	    { "PAID", "7,8", NULL, NULL, 1 }, { "PAID", "8,7", NULL, NULL, 1 },
	    .want = "" },
	{ "another status", NOW, true, { "PAID", "7", NULL, NULL, 1 },
	    { "CANCELLED", "7", NULL, NULL, 1 }, .want = "status" },
	{ "another revenue", NOW, true, { "PAID", "7", NULL, NULL, 1 },
	    { "PAID", "7", NULL, NULL, 2 }, .want = "revenue" },
};

static void
set(struct merge_order *o, const struct side *s, int64_t created)
{
	memset(o, 0, sizeof *o);
	conv_clear(&o->conv);
	conv_text(&o->conv, FIELD_ID) = slice_of("1");
	conv_text(&o->conv, FIELD_ORDER_STATUS) = slice_of(s->status);
	conv_text(&o->conv, FIELD_PHONES) = slice_of(s->phones);
	conv_text(&o->conv, FIELD_CLIENT_IDS) = slice_of(s->client_ids);
	conv_text(&o->conv, FIELD_CLIENT_UNIQ_ID) = slice_of(s->client);
	o->conv.number[FIELD_REVENUE] = s->revenue;
	o->conv.number[FIELD_CREATE_DATE_TIME] = created;
}

static void
found(char out[128], const struct preview *p)
{
	static const char *const name[PREVIEW_KINDS] = { "new", "status",
		"revenue", "lost", "gained", "shared", "late", "future",
		"outside", "rejected", "values" };

	out[0] = '\0';
	for (size_t i = 0; i < PREVIEW_KINDS; i++)
		if (p->list[i].n > 0)
			snprintf(out + strlen(out), 128 - strlen(out), "%s%s",
			    out[0] == '\0' ? "" : " ", name[i]);
}

static void
an_order_is_found_for_what_changes(void **state)
{
	struct zone *utc = zone_utc();
	struct err e = ERR_EMPTY;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
		const struct shown *s = &shown[i];
		struct merge_order was, is;
		struct preview p;
		char got[128];

		assert_int_equal(preview_open(&p, b.inst.conf, b.feed, utc, NOW,
				     i % 2 == 0, &e),
		    0);
		p.kind = s->kind;
		set(&was, &s->was, s->created);
		set(&is, &s->is, s->created);
		preview_merged(&p, s->known ? &was : NULL, &is);
		found(got, &p);
		preview_close(&p);
		if (strcmp(got, s->want) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", s->name, got,
			    s->want);
	}
	bench_close(&b);
	zone_free(utc);
}

static const struct refusal {
	enum reject why;
	bool row;
	const char *want;
} refusals[] = {
	{ REJECT_DATE_OLD, true, "outside" },
	{ REJECT_DATE_FUTURE, true, "future" },
	{ REJECT_STATUS_EMPTY, true, "rejected" },
	{ REJECT_NO_IDENTIFIER, false, "values" },
};

static void
a_refusal_is_told_without_its_value(void **state)
{
	struct zone *utc = zone_utc();
	struct err e = ERR_EMPTY;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct problem problem = { .reject = refusals[i].why,
			.field = FIELD_PHONES,
			.cell = 0,
			.value = slice_of("79991112233") };
		char got[128], *text = NULL;
		struct preview p;
		size_t n = 0;
		FILE *to = open_memstream(&text, &n);

		assert_int_equal(
		    preview_open(&p, b.inst.conf, b.feed, utc, NOW, true, &e),
		    0);
		assert_int_equal(preview_refused(&p, 7, refusals[i].row,
				     &problem, NULL, 0, &e),
		    0);
		found(got, &p);
		assert_string_equal(got, refusals[i].want);
		assert_int_equal(preview_json(to, &p, &e), 0);
		fclose(to);
		assert_non_null(strstr(text, "\"line\":7"));
		assert_null(strstr(text, "79991112233"));
		free(text);
		preview_close(&p);
	}
	bench_close(&b);
	zone_free(utc);
}

/* More pairs of statuses than are told apart. */
static void
memory_does_not_grow_with_the_dump(void **state)
{
	struct zone *utc = zone_utc();
	struct err e = ERR_EMPTY;
	struct preview p;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	assert_int_equal(
	    preview_open(&p, b.inst.conf, b.feed, utc, NOW, false, &e), 0);
	for (unsigned i = 0; i < 3000; i++) {
		char goal[32];
		struct side from = { "PAID", "7", NULL, NULL, 100 };
		struct side to = { goal, "7", NULL, NULL, 200 };
		struct merge_order was, is;

		snprintf(goal, sizeof goal, "goal%u", i);
		set(&was, &from, NOW);
		set(&is, &to, NOW);
		preview_merged(&p, &was, &is);
	}
	assert_int_equal(p.list[PREVIEW_STATUS].n, 3000);
	assert_int_equal(p.moves, 1000);
	assert_int_equal(p.other_moves, 2000);
	assert_int_equal(p.list[PREVIEW_REVENUE].was, 300000);
	assert_int_equal(p.list[PREVIEW_REVENUE].is, 600000);
	assert_non_null(p.list[PREVIEW_STATUS].shown[PREVIEW_SHOWN - 1]);
	preview_close(&p);
	bench_close(&b);
	zone_free(utc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_is_found_for_what_changes),
		cmocka_unit_test(a_refusal_is_told_without_its_value),
		cmocka_unit_test(memory_does_not_grow_with_the_dump),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
