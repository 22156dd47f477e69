#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "feed/gate.h"
#include "feed/profile.h"
#include "feed/weigh.h"
#include "tests/feed/ingest_bench.h"

/* Rows in tables leave out what they do not have. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define DAY INT64_C(86400)
#define NEWEST (NOW - DAY)

/* --- the gate ------------------------------------------------------------ */

/* What conf_table.c sets. */
static const struct hold defaults = { 1, 5, 5, 20, 2, 2, 10, 1, 1 };
static const struct hold off = { 0, 5, 5, 20, 2, 2, 10, 1, 1 };
static const struct hold no_ids = { 1, 0, 5, 20, 2, 2, 10, 1, 1 };
static const struct hold no_backwards = { 1, 5, 0, 20, 2, 2, 10, 1, 1 };
static const struct hold no_older = { 1, 5, 5, 20, 0, 2, 10, 1, 1 };
static const struct hold no_future = { 1, 5, 5, 20, 2, 0, 10, 1, 1 };
static const struct hold no_header = { 1, 5, 5, 20, 2, 2, 10, 0, 1 };
static const struct hold no_preset = { 1, 5, 5, 20, 2, 2, 10, 1, 0 };

static const struct judged {
	const char *name;
	struct gate_facts f; /* hold NULL: the defaults */
	int64_t touched;     /* 0: as the last one; -1: none */
	uint64_t timed, future;
	const char *header; /* NULL: the last one's; "": none */
	const char *want;   /* codes */
} judged[] = {
	{ "nothing is odd", { .history = true, .ids = 100, .known = 100 },
	    .want = "" },

	{ "4 of 100 ids are known, the other feed knows 5",
	    { .history = true,
		.ids = 100,
		.known = 4,
		.sample = 100,
		.elsewhere = 5,
		.other = "b" },
	    .want = "unknown_ids" },
	{ "5 of 100 are not fewer than 5 %",
	    { .history = true,
		.ids = 100,
		.known = 5,
		.sample = 100,
		.elsewhere = 95,
		.other = "b" },
	    .want = "" },
	{ "the other feed knows just as many",
	    { .history = true,
		.ids = 100,
		.known = 4,
		.sample = 100,
		.elsewhere = 4,
		.other = "b" },
	    .want = "" },
	{ "a sample counts by its size",
	    { .history = true,
		.ids = 1000000,
		.known = 40000,
		.sample = 10000,
		.elsewhere = 401,
		.other = "b" },
	    .want = "unknown_ids" },
	{ "a sample counts by its size, just not",
	    { .history = true,
		.ids = 1000000,
		.known = 40000,
		.sample = 10000,
		.elsewhere = 400,
		.other = "b" },
	    .want = "" },
	{ "no other feed knows any",
	    { .history = true, .ids = 100, .known = 0, .sample = 100 },
	    .want = "" },
	{ "a feed's first dump",
	    { .ids = 100,
		.known = 0,
		.sample = 100,
		.elsewhere = 100,
		.other = "b" },
	    .want = "" },
	{ "ids switched off",
	    { .hold = &no_ids,
		.history = true,
		.ids = 100,
		.sample = 100,
		.elsewhere = 100,
		.other = "b" },
	    .want = "" },
	{ "no id at all", { .history = true }, .want = "" },

	{ "6 of 100 known orders get worse",
	    { .history = true, .ids = 200, .known = 100, .worse = 6 },
	    .want = "backwards" },
	{ "5 of 100 do",
	    { .history = true, .ids = 200, .known = 100, .worse = 5 },
	    .want = "" },
	{ "two of three do, as in a dump of one hour",
	    { .history = true, .ids = 10, .known = 3, .worse = 1 },
	    .want = "" },
	{ "all three do",
	    { .history = true, .ids = 10, .known = 3, .worse = 2 },
	    .want = "backwards" },
	{ "backwards switched off",
	    { .hold = &no_backwards,
		.history = true,
		.ids = 100,
		.known = 100,
		.worse = 100 },
	    .want = "" },

	{ "the newest row is over two days older",
	    { .history = true, .ids = 10 }, .touched = NEWEST - 2 * DAY - 1,
	    .want = "older" },
	{ "it has a quarter of the orders since its oldest row",
	    { .history = true, .ids = 25, .known = 25, .since = 100 },
	    .touched = NEWEST - 2 * DAY - 1, .want = "older" },
	{ "it has fewer, as an export of what changed",
	    { .history = true, .ids = 24, .known = 24, .since = 100 },
	    .touched = NEWEST - 2 * DAY - 1, .want = "" },
	{ "one of them is new",
	    { .history = true, .ids = 24, .known = 23, .since = 100 },
	    .touched = NEWEST - 2 * DAY - 1, .want = "older" },
	{ "half of its orders come on",
	    { .history = true, .ids = 2, .known = 2, .better = 1, .since = 2 },
	    .touched = NEWEST - 2 * DAY - 1, .want = "" },
	{ "a third of its orders come on",
	    { .history = true, .ids = 3, .known = 3, .better = 1, .since = 3 },
	    .touched = NEWEST - 2 * DAY - 1, .want = "older" },
	{ "it is two days older", { .history = true },
	    .touched = NEWEST - 2 * DAY, .want = "" },
	{ "it is newer", { .history = true }, .touched = NEWEST + DAY,
	    .want = "" },
	{ "no row has a time", { .history = true }, .touched = -1, .want = "" },
	{ "age switched off", { .hold = &no_older, .history = true },
	    .touched = NEWEST - 90 * DAY, .want = "" },

	{ "3 of 100 timed rows are in the future", { .history = true },
	    .timed = 100, .future = 3, .want = "future" },
	{ "2 of 100 are", { .history = true }, .timed = 100, .future = 2,
	    .want = "" },
	{ "the first dump's are", { .history = false }, .timed = 100,
	    .future = 3, .want = "future" },
	{ "no row has a time of day", { .history = true }, .want = "" },
	{ "the future switched off", { .hold = &no_future, .history = true },
	    .timed = 100, .future = 100, .want = "" },

	{ "a column is gone", { .history = true }, .header = "id;date",
	    .want = "header" },
	{ "its case and blanks alone", { .history = true },
	    .header = "ID; date ;\"phone\"", .want = "" },
	{ "columns changed places", { .history = true },
	    .header = "date;id;phone", .want = "header" },
	{ "JSON has no header", { .history = true }, .header = "", .want = "" },
	{ "the header switched off", { .hold = &no_header, .history = true },
	    .header = "id;date", .want = "" },

	{ "another preset, and one id is known",
	    { .history = true, .ids = 100, .known = 1, .new_preset = true },
	    .want = "preset" },
	{ "another preset, and none is",
	    { .history = true, .ids = 100, .new_preset = true }, .want = "" },
	{ "presets switched off",
	    { .hold = &no_preset,
		.history = true,
		.ids = 100,
		.known = 100,
		.new_preset = true },
	    .want = "" },

	{ "everything at once",
	    { .history = true,
		.ids = 100,
		.known = 4,
		.sample = 100,
		.elsewhere = 96,
		.other = "b",
		.worse = 3,
		.new_preset = true },
	    .touched = NEWEST - 90 * DAY, .timed = 100, .future = 3,
	    .header = "id;date",
	    .want = "unknown_ids backwards older future header preset" },
	{ "everything at once, switched off",
	    { .hold = &off,
		.history = true,
		.ids = 100,
		.known = 4,
		.sample = 100,
		.elsewhere = 96,
		.other = "b",
		.worse = 1,
		.new_preset = true },
	    .touched = NEWEST - 90 * DAY, .timed = 100, .future = 3,
	    .header = "id;date", .want = "" },
};

static void
set_header(struct profile *p, const char *text)
{
	struct slice s = slice_of(text);

	struct dump_facts f = { .syntax = "csv", .preset = "generic" };
	char *name[16];

	while (s.n > 0)
		name[f.columns++] = mem_slice(slice_cut(&s, ';'));
	f.header = (const char *const *)name;
	profile_columns(p, &f, false);
	for (size_t i = 0; i < f.columns; i++)
		free(name[i]);
}

static void
judge(const struct judged *j, struct gate *out)
{
	struct profile last = { .at = NOW - DAY, .touched = NEWEST };
	struct profile now = { .at = NOW,
		.timed = j->timed,
		.future = j->future,
		.preset = "generic" };
	struct gate_facts f = j->f;

	set_header(&last, "id;date;phone");
	set_header(&now, j->header == NULL ? "id;date;phone" : j->header);
	now.touched = j->touched == 0    ? NEWEST
		      : j->touched == -1 ? CONV_NONE
					 : j->touched;
	f.now = &now;
	f.last = f.history ? &last : NULL;
	f.last_dump = 7;
	if (f.hold == NULL)
		f.hold = &defaults;
	gate_judge(out, &f);
	profile_close(&last);
	profile_close(&now);
}

static void
each_reason_trips_and_a_near_miss_does_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof judged / sizeof *judged; i++) {
		struct gate g;
		char got[256] = "";

		judge(&judged[i], &g);
		for (size_t k = 0; k < g.n; k++)
			snprintf(got + strlen(got), sizeof got - strlen(got),
			    "%s%s", k == 0 ? "" : " ", g.reason[k].code);
		if (strcmp(got, judged[i].want) != 0)
			fail_msg("%s: \"%s\" instead of \"%s\"", judged[i].name,
			    got, judged[i].want);
	}
}

static void
reasons_are_joined_whole(void **state)
{
	char small[400], all[8192];
	struct gate g;

	(void)state;
	judge(&judged[sizeof judged / sizeof *judged - 2], &g);
	assert_int_equal(g.n, GATE_REASONS);
	gate_text(&g, small, sizeof small);
	assert_int_equal(small[strlen(small) - 1], '.');
	assert_true(strlen(small) > 20);
	gate_text(&g, all, sizeof all);
	assert_non_null(strstr(all, "Of its 100 ids only 4 (4.0 %)"));
	assert_non_null(strstr(all, "Columns gone: phone; new: -; moved: -."));
	assert_non_null(strstr(all, "dump 7"));
	assert_non_null(strstr(all, "preset generic"));
}

/* A phone above the header may be taken for one. */
static void
a_header_that_is_a_phone_is_not_shown(void **state)
{
	struct judged j = { .f = { .history = true },
		.header = "id;+7 999 123-45-67;phone" };
	struct gate g;

	(void)state;
	judge(&j, &g);
	assert_int_equal(g.n, 1);
	assert_null(strstr(g.reason[0].text, "123-45-67"));
	assert_non_null(strstr(g.reason[0].text, "(hidden)"));
}

/* --- what it is told of an order ----------------------------------------- */

static const struct compared {
	const char *name;
	const char *was, *is;
	int64_t before, after; /* CONV_NONE: no revenue */
	unsigned backwards, fallen, worse;
} compared[] = {
	{ "paid, as before", "PAID", "PAID", 100, 100, 0, 0, 0 },
	{ "paid, and in progress", "PAID", "IN_PROGRESS", 100, 100, 1, 0, 1 },
	{ "cancelled, and in progress", "CANCELLED", "IN_PROGRESS", 100, 100, 1,
	    0, 1 },
	{ "paid, and cancelled", "PAID", "CANCELLED", 100, 100, 0, 0, 0 },
	{ "spam, and in progress", "SPAM", "IN_PROGRESS", 100, 100, 0, 0, 0 },
	{ "falls by 20 %", "PAID", "PAID", 1000, 800, 0, 0, 0 },
	{ "falls by more", "PAID", "PAID", 1000, 799, 0, 1, 1 },
	{ "to nothing", "PAID", "PAID", 1, 0, 0, 1, 1 },
	{ "both, counted once", "PAID", "IN_PROGRESS", 1000, 1, 1, 1, 1 },
	{ "rises", "PAID", "PAID", 100, 100000, 0, 0, 0 },
	{ "had none", "PAID", "PAID", CONV_NONE, 100, 0, 0, 0 },
	{ "was nothing", "PAID", "PAID", 0, 0, 0, 0, 0 },
	{ "has none", "PAID", "PAID", 100, CONV_NONE, 0, 0, 0 },
	{ "is enormous", "PAID", "PAID", INT64_MAX, INT64_MAX / 2, 0, 1, 1 },
};

static void
set_order(struct merge_order *o, const char *status, int64_t revenue)
{
	memset(o, 0, sizeof *o);
	conv_clear(&o->conv);
	conv_text(&o->conv, FIELD_ID) = slice_of("1");
	conv_text(&o->conv, FIELD_ORDER_STATUS) = slice_of(status);
	o->conv.number[FIELD_REVENUE] = revenue;
}

static void
an_order_counts_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
		const struct compared *c = &compared[i];
		struct weigh w = { .facts.hold = &defaults };
		struct merge_order was, is;

		set_order(&was, c->was, c->before);
		set_order(&is, c->is, c->after);
		weigh_merged(&w, &was, &is);
		weigh_merged(&w, NULL, &is);
		if (w.facts.backwards != c->backwards ||
		    w.facts.fallen != c->fallen || w.facts.worse != c->worse ||
		    w.facts.known != 1 || w.facts.ids != 2)
			fail_msg("%s", c->name);
	}
}

/* --- what a dump was like ------------------------------------------------ */

static const struct seen {
	const char *name;
	int64_t created, changed;
	uint64_t dated, timed, future, midnight;
	int hour; /* -1: none */
	int64_t touched;
} seen[] = {
	{ "a time", NOW - DAY, CONV_NONE, 1, 1, 0, 0, 15, NOW - DAY },
	{ "midnight in Moscow", NOW - 15 * 3600, CONV_NONE, 1, 1, 0, 1, 0,
	    NOW - 15 * 3600 },
	{ "a date of yesterday", NOW - 15 * 3600 - 1, CONV_NONE, 1, 0, 0, 0, -1,
	    NOW - 15 * 3600 - 1 },
	{ "today's date is over at the latest now", NOW + 9 * 3600 - 1,
	    CONV_NONE, 1, 0, 0, 0, -1, NOW },
	{ "in ten minutes", NOW + 600, CONV_NONE, 1, 1, 0, 0, 15, NOW + 600 },
	{ "a second later", NOW + 601, CONV_NONE, 1, 1, 1, 0, 15, CONV_NONE },
	{ "changed since", NOW - DAY, NOW - 60, 1, 1, 0, 0, 15, NOW - 60 },
	{ "changed in the future", NOW - DAY, NOW + DAY, 1, 1, 0, 0, 15,
	    NOW - DAY },
	{ "no time at all", CONV_NONE, CONV_NONE, 0, 0, 0, 0, -1, CONV_NONE },
};

static void
a_row_is_seen_for_what_it_is(void **state)
{
	struct err e = ERR_EMPTY;
	struct zone *moscow;

	(void)state;
	assert_int_equal(conf_zone(&moscow, "Europe/Moscow", &e), 0);
	for (size_t i = 0; i < sizeof seen / sizeof *seen; i++) {
		const struct seen *s = &seen[i];
		struct profile p;
		struct conv c;

		profile_open(&p, NOW, 600, moscow, NULL);
		conv_clear(&c);
		c.number[FIELD_CREATE_DATE_TIME] = s->created;
		c.number[FIELD_UPDATE_DATE_TIME] = s->changed;
		profile_see(&p, &c);
		if (p.dated != s->dated || p.timed != s->timed ||
		    p.future != s->future || p.midnight != s->midnight ||
		    p.touched != s->touched || p.newest != s->created ||
		    (s->hour != -1 && p.hour[s->hour] != 1))
			fail_msg("%s", s->name);
		profile_close(&p);
	}
	zone_free(moscow);
}

static void
hours_are_the_sources(void **state)
{
	struct err e = ERR_EMPTY;
	struct zone *moscow, *utc = zone_utc();
	struct profile p;
	struct conv c;

	(void)state;
	assert_int_equal(conf_zone(&moscow, "Europe/Moscow", &e), 0);
	profile_open(&p, NOW, 600, moscow, utc);
	conv_clear(&c);
	c.number[FIELD_CREATE_DATE_TIME] = NOW - 12 * 3600;
	profile_see(&p, &c);
	assert_int_equal(p.hour[0], 1);
	assert_int_equal(p.midnight, 1);
	zone_free(moscow);
	zone_free(utc);
}

static void
a_profile_reads_back_as_it_was(void **state)
{
	static const char *const header[] = { "Номер", "+7 999 123-45-67",
		"\xff\xfe" };
	struct dump_facts f = { .kind = RECORD_CALL,
		.preset = "generic",
		.syntax = "csv",
		.header = header,
		.columns = 3 };
	struct profile p, q;
	char *text;

	(void)state;
	memset(&p, 0, sizeof p);
	p.oldest = INT64_MIN;
	p.newest = NOW;
	p.hour[23] = 5;
	p.records = UINT32_MAX;
	profile_columns(&p, &f, true);
	text = profile_text(&p);
	assert_null(strstr(text, "123-45-67"));
	assert_true(profile_read(&q, text));
	assert_int_equal(q.kind, RECORD_CALL);
	assert_string_equal(q.preset, "generic");
	assert_true(q.oldest == INT64_MIN && q.newest == NOW);
	assert_int_equal(q.hour[23], 5);
	assert_int_equal(q.records, UINT32_MAX);
	assert_int_equal(q.columns, 3);
	assert_string_equal(q.column[0], "Номер");
	assert_string_equal(q.column[1], "(hidden)");
	assert_string_equal(q.columns_hash, p.columns_hash);
	profile_close(&p);
	profile_close(&q);
	free(text);
	assert_false(profile_read(&q, ""));
	assert_false(profile_read(&q, "[1]"));
}

static void
json_has_no_header(void **state)
{
	static const char *const header[] = { "id" };
	struct dump_facts f = {
		.syntax = "json", .header = header, .columns = 1
	};
	struct profile p = { 0 };

	(void)state;
	profile_columns(&p, &f, false);
	assert_int_equal(p.columns, 0);
	assert_string_equal(p.columns_hash, "");
}

/* --- both, at ingest ----------------------------------------------------- */

static const char *const two = "feed \"main\" {\n}\nfeed \"other\" {\n}\n";

static int
drop_to(struct bench *b, size_t feed, const char *name, unsigned from,
    unsigned to, int64_t at, const char *status)
{
	char *text = mem_alloc(200 + (to - from + 1) * 64);
	size_t n = (size_t)sprintf(text, "%s", HEADER);
	int rc;

	for (unsigned id = from; id <= to; id++)
		n += (size_t)sprintf(text + n,
		    "2026-11-%02u 10:00:00;%u;%u;;%s;100\n", id % 20 + 1, id,
		    id + 1000, status);
	b->feed = &b->inst.conf->feed[feed];
	rc = bench_drop(b, name, text, at);
	free(text);
	return rc;
}

static void
another_feeds_file_is_recognised_by_a_sample(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, two);
	assert_int_equal(drop_to(&b, 0, "a.csv", 1, 12000, NOW, "PAID"), 0);
	assert_int_equal(drop_to(&b, 1, "b.csv", 50001, 50100, NOW, "PAID"), 0);
	assert_int_equal(
	    drop_to(&b, 1, "a.csv", 101, 12000, NOW + 1, "PAID"), 1);
	assert_int_equal(b.d.state, DUMP_HELD);
	assert_non_null(strstr(b.d.reason, "the feed main knows 100.0 %"));
	bench_close(&b);
}

/* Both count from one: what is the same number there is another order. */
static void
the_same_number_of_another_day_is_another_order(void **state)
{
	struct bench b;

	(void)state;
	bench_open(&b, two);
	assert_int_equal(drop_to(&b, 0, "a.csv", 1, 400, NOW, "PAID"), 0);
	assert_int_equal(drop_to(&b, 1, "b.csv", 1001, 1100, NOW, "PAID"), 0);
	b.feed = &b.inst.conf->feed[1];
	assert_int_equal(bench_drop(&b, "c.csv",
			     HEADER "2026-11-21 10:00:00;5;9;;PAID;1\n"
				    "2026-11-21 10:00:00;6;9;;PAID;1\n",
			     NOW + 1),
	    0);
	bench_close(&b);
}

static void
what_waits_is_in_the_ledger_and_nowhere_else(void **state)
{
	struct dump_entry d;
	struct bench b;
	int64_t first;
	uint64_t n;

	(void)state;
	bench_open(&b, BENCH_CONF(""));
	assert_int_equal(drop_to(&b, 0, "a.csv", 1, 100, NOW, "PAID"), 0);
	assert_int_equal(
	    drop_to(&b, 0, "b.csv", 1, 150, NOW + 1, "IN_PROGRESS"), 1);
	assert_int_equal(b.d.state, DUMP_HELD);
	assert_false(b.known);
	first = b.d.id;
	assert_int_equal(store_count(b.in.store, "main", KIND_BIT(RECORD_ORDER),
			     INT64_MIN, INT64_MAX, &n, &b.e),
	    0);
	assert_int_equal(n, 100);
	assert_true(instance_has(instance_path(&b.inst, "%s", b.d.archive)));
	assert_int_equal(
	    drop_to(&b, 0, "c.csv", 1, 150, NOW + 2, "IN_PROGRESS"), 1);
	assert_true(b.known);
	assert_int_equal(b.d.id, first);
	assert_int_equal(
	    store_dump_get(b.in.store, first + 1, &d, NULL, &b.e), 0);
	bench_close(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_reason_trips_and_a_near_miss_does_not),
		cmocka_unit_test(reasons_are_joined_whole),
		cmocka_unit_test(a_header_that_is_a_phone_is_not_shown),
		cmocka_unit_test(an_order_counts_once),
		cmocka_unit_test(a_row_is_seen_for_what_it_is),
		cmocka_unit_test(hours_are_the_sources),
		cmocka_unit_test(a_profile_reads_back_as_it_was),
		cmocka_unit_test(json_has_no_header),
		cmocka_unit_test(another_feeds_file_is_recognised_by_a_sample),
		cmocka_unit_test(
		    the_same_number_of_another_day_is_another_order),
		cmocka_unit_test(what_waits_is_in_the_ledger_and_nowhere_else),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
