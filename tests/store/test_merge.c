/*
 * The merge rules: each case is one dump into an empty store, or a second one
 * after a first.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/store/merge_kit.h"

#define ROWS 6

struct scenario {
	const char *what;
	enum same_id same_id; /* SAME_ID_PRESET (0) is LAST here */
	bool no_status_column, cancel;
	struct row first[ROWS], second[ROWS];
	const char *buckets; /* of the last dump */
	const char *order;   /* "1" at the end */
	const char *rejected;
};

/* clang-format off */
static const struct scenario scenarios[] = {
{ .what = "a new order is accepted",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 PAID 5 - - 7 - 1:2" },
{ .what = "the same row again is unchanged, and stays the first dump's",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 } },
  .second = { { 9, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 } },
  .buckets = "0 1 0 0 0", .order = "1 100 PAID 5 - - 7 - 1:2" },
{ .what = "a value replaces a value, an empty cell keeps what is known",
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", "a@b", 5, 3 } },
  .second = { { 3, "1", 200, 0, "PAID", NULL, "8", NULL, 6, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 200 PAID 6 3 - 8 a@b 2:3" },
{ .what = "ClientIDs unite",
  .first = { { 2, "1", 100, 0, "PAID", "11,12", NULL, NULL, 0, 0 } },
  .second = { { 3, "1", 100, 0, "PAID", "12,13", NULL, NULL, 0, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 PAID - - 11,12,13 - - 2:3" },
{ .what = "ClientIDs that are known already change nothing",
  .first = { { 2, "1", 100, 0, "PAID", "11,12", NULL, NULL, 0, 0 } },
  .second = { { 3, "1", 100, 0, "PAID", "12", NULL, NULL, 0, 0 } },
  .buckets = "0 1 0 0 0", .order = "1 100 PAID - - 11,12 - - 1:2" },
{ .what = "an older update time is superseded",
  .first = { { 2, "1", 100, 50, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 90, 40, "NEW", NULL, "8", NULL, 0, 0 } },
  .buckets = "0 0 1 0 0", .order = "1 100 PAID - - - 7 - 1:2" },
{ .what = "an older row fills empty cells alone, and is accepted for that",
  .first = { { 2, "1", 100, 50, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 90, 40, "NEW", "11", "8", NULL, 6, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 PAID 6 - 11 7 - 1:2" },
{ .what = "an older row's ClientIDs fill, but do not unite",
  .first = { { 2, "1", 100, 50, "PAID", "11", NULL, NULL, 0, 0 } },
  .second = { { 3, "1", 90, 40, "NEW", "12", NULL, NULL, 0, 0 } },
  .buckets = "0 0 1 0 0", .order = "1 100 PAID - - 11 - - 1:2" },
{ .what = "with one update time alone the later dump is newer",
  .first = { { 2, "1", 100, 50, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 90, 0, "NEW", NULL, "8", NULL, 0, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 90 NEW - - - 8 - 2:3" },
{ .what = "equal update times: the later dump is newer",
  .first = { { 2, "1", 100, 50, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 100, 50, "NEW", NULL, "7", NULL, 0, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 NEW - - - 7 - 2:3" },
{ .what = "of two rows of a dump the last line wins",
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", NULL, 5, 0 },
             { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 } },
  .buckets = "1 0 1 0 0", .order = "1 100 PAID 5 - - 7 - 1:3" },
{ .what = "what is left of a replaced row keeps it accepted",
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", NULL, 0, 0 },
             { 3, "1", 100, 0, "PAID", NULL, NULL, "a@b", 0, 0 } },
  .buckets = "2 0 0 0 0", .order = "1 100 PAID - - - 7 a@b 1:3" },
{ .what = "an update time wins over the line",
  .first = { { 2, "1", 100, 60, "PAID", NULL, "7", NULL, 0, 0 },
             { 3, "1", 100, 50, "NEW", NULL, "8", NULL, 0, 0 } },
  .buckets = "1 0 1 0 0", .order = "1 100 PAID - - - 7 - 1:2" },
{ .what = "same_id = first: the first line wins, the second fills",
  .same_id = SAME_ID_FIRST,
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 },
             { 3, "1", 200, 0, "NEW", NULL, "8", "a@b", 0, 0 },
             { 4, "1", 200, 0, "NEW", NULL, "8", "c@d", 0, 0 } },
  .buckets = "2 0 1 0 0", .order = "1 100 PAID - - - 7 a@b 1:2" },
{ .what = "same_id = first: the first line is newer than what is known",
  .same_id = SAME_ID_FIRST,
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", NULL, 0, 0 } },
  .second = { { 5, "1", 100, 0, "PAID", NULL, "8", NULL, 0, 0 },
              { 6, "1", 100, 0, "NEW", NULL, "9", NULL, 0, 0 } },
  .buckets = "1 0 1 0 0", .order = "1 100 PAID - - - 8 - 2:5" },
{ .what = "same_id = sum: amounts add up, every row counts",
  .same_id = SAME_ID_SUM,
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 1 },
             { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 6, 0 },
             { 4, "1", 100, 0, "PAID", NULL, "7", NULL, 7, 2 } },
  .buckets = "3 0 0 0 0", .order = "1 100 PAID 18 3 - 7 - 1:4" },
{ .what = "same_id = sum: the same rows again change nothing",
  .same_id = SAME_ID_SUM,
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 },
             { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 6, 0 } },
  .second = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 },
              { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 6, 0 } },
  .buckets = "0 2 0 0 0", .order = "1 100 PAID 11 - - 7 - 1:3" },
{ .what = "same_id = sum: a new dump's sum replaces the old one",
  .same_id = SAME_ID_SUM,
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 },
             { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 6, 0 } },
  .second = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 5, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 PAID 5 - - 7 - 2:2" },
{ .what = "same_id = sum: rows older than what is known only fill",
  .same_id = SAME_ID_SUM,
  .first = { { 2, "1", 100, 9, "PAID", NULL, "7", NULL, 5, 0 } },
  .second = { { 2, "1", 100, 8, "NEW", NULL, "8", NULL, 6, 2 },
              { 3, "1", 100, 8, "NEW", NULL, "8", NULL, 7, 2 } },
  .buckets = "2 0 0 0 0", .order = "1 100 PAID 5 4 - 7 - 1:2" },
{ .what = "same_id = sum: amounts that cannot be added stop at Direct's limit",
  .same_id = SAME_ID_SUM,
  .first = {
    { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 922337203685400, 0 },
    { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 922337203685400, 0 } },
  .buckets = "2 0 0 0 0",
  .order = "1 100 PAID 922337203685400 - - 7 - 1:3" },
{ .what = "there and back within a dump: the order is as it was",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 2, "1", 100, 0, "NEW", NULL, "7", NULL, 0, 0 },
              { 3, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 } },
  .buckets = "0 1 1 0 0", .order = "1 100 PAID - - - 7 - 1:2" },
{ .what = "an empty status keeps a known order's",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 100, 0, NULL, NULL, "8", NULL, 0, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 PAID - - - 8 - 2:3" },
{ .what = "an empty status of a new order is refused",
  .first = { { 2, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0 } },
  .buckets = "0 0 0 0 1", .order = "none", .rejected = "2:empty_status" },
{ .what = "without a status column there is nothing to refuse",
  .no_status_column = true,
  .first = { { 2, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 - - - - 7 - 1:2" },
{ .what = "required is what the merged order has after all rows",
  .first = { { 2, "1", 0, 0, NULL, NULL, NULL, NULL, 5, 0 },
             { 3, "1", 100, 0, NULL, NULL, NULL, NULL, 0, 0 },
             { 4, "1", 0, 0, "PAID", "11", NULL, NULL, 0, 0 } },
  .buckets = "3 0 0 0 0", .order = "1 100 PAID 5 - 11 - - 1:4" },
{ .what = "no creation time: all its rows are refused",
  .first = { { 2, "1", 0, 0, "NEW", NULL, "7", NULL, 0, 0 },
             { 3, "1", 0, 0, "PAID", NULL, "8", NULL, 0, 0 } },
  .buckets = "0 0 0 0 2", .order = "none",
  .rejected = "2:empty_date 3:empty_date" },
{ .what = "no identifier: refused",
  .first = { { 2, "1", 100, 0, "PAID", NULL, NULL, NULL, 5, 0 } },
  .buckets = "0 0 0 0 1", .order = "none", .rejected = "2:no_identifier" },
{ .what = "a known order needs neither date nor identifier in a row",
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 0, 0, "PAID", NULL, NULL, NULL, 0, 0 } },
  .buckets = "1 0 0 0 0", .order = "1 100 PAID - - - 7 - 2:3" },
{ .what = "status skip of an unknown order: skipped",
  .first = { { 2, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0, true } },
  .buckets = "0 0 0 1 0", .order = "none" },
{ .what = "status skip of a known order keeps its row",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 200, 0, NULL, NULL, "8", NULL, 0, 0, true } },
  .buckets = "0 0 0 1 0", .order = "1 100 PAID - - - 7 - 1:2" },
{ .what = "skip_known = CANCELLED cancels a known order",
  .cancel = true,
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 100, 0, NULL, NULL, "8", NULL, 0, 0, true } },
  .buckets = "1 0 0 0 0", .order = "1 100 CANCELLED - - - 8 - 2:3" },
{ .what = "skip_known = CANCELLED does not make an unknown order",
  .cancel = true,
  .first = { { 2, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0, true } },
  .buckets = "0 0 0 1 0", .order = "none" },
{ .what = "an older skip does not touch the order",
  .cancel = true,
  .first = { { 2, "1", 100, 50, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 100, 40, NULL, NULL, "8", NULL, 0, 0, true } },
  .buckets = "0 0 0 1 0", .order = "1 100 PAID - - - 7 - 1:2" },
{ .what = "a new order whose last row says skip is not made",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 },
             { 3, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0, true } },
  .buckets = "0 0 1 1 0", .order = "none" },
{ .what = "a row after the skip makes it, from its own cells alone",
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", "a@b", 0, 0 },
             { 3, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0, true },
             { 4, "1", 200, 0, "PAID", NULL, "9", NULL, 0, 0 } },
  .buckets = "1 0 1 1 0", .order = "1 200 PAID - - - 9 - 1:4" },
{ .what = "after a skip, a row that lacks something is refused alone",
  .first = { { 2, "1", 100, 0, "NEW", NULL, "7", "a@b", 0, 0 },
             { 3, "1", 100, 0, NULL, NULL, "7", NULL, 0, 0, true },
             { 4, "1", 0, 0, "PAID", NULL, "9", NULL, 0, 0 } },
  .buckets = "0 0 1 1 1", .order = "none", .rejected = "4:empty_date" },
{ .what = "a row older than the skip does not make it",
  .first = { { 2, "1", 100, 50, NULL, NULL, "7", NULL, 0, 0, true },
             { 3, "1", 100, 40, "PAID", NULL, "7", NULL, 0, 0 } },
  .buckets = "0 0 1 1 0", .order = "none" },
{ .what = "a row with an id alone changes nothing",
  .first = { { 2, "1", 100, 0, "PAID", NULL, "7", NULL, 0, 0 } },
  .second = { { 3, "1", 0, 0, NULL, NULL, NULL, NULL, 0, 0 } },
  .buckets = "0 1 0 0 0", .order = "1 100 PAID - - - 7 - 1:2" },
};
/* clang-format on */

static size_t
count(const struct row *r)
{
	size_t n = 0;

	while (n < ROWS && r[n].line != 0)
		n++;
	return n;
}

static void
every_record_ends_in_its_bucket(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
		const struct scenario *c = &scenarios[i];
		char buckets[64], order[512];
		struct tally t;
		struct kit k;

		kit_open(&k);
		if (c->same_id != SAME_ID_PRESET)
			k.rules.same_id = c->same_id;
		k.rules.has_status = !c->no_status_column;
		k.rules.skip_known =
		    c->cancel ? SKIP_KNOWN_CANCELLED : SKIP_KNOWN_KEEP;
		t = kit_merge(&k, c->first, count(c->first));
		if (count(c->second) > 0)
			t = kit_merge(&k, c->second, count(c->second));
		kit_buckets(buckets, &t);
		kit_order(&k, order, "1");
		if (strcmp(buckets, c->buckets) != 0 ||
		    strcmp(order, c->order) != 0 ||
		    strcmp(k.rejected,
			c->rejected == NULL ? "" : c->rejected) != 0)
			fail_msg("%s:\n%s | %s | %s\ninstead of\n%s | %s | %s",
			    c->what, buckets, order, k.rejected, c->buckets,
			    c->order, c->rejected == NULL ? "" : c->rejected);
		kit_close(&k);
	}
}

static void
equal_rows_without_an_id_stay_orders_of_their_own(void **state)
{
	static const struct row rows[] = {
		{ .line = 2,
		    .id = "auto-x",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7",
		    .auto_id = true },
		{ .line = 3,
		    .id = "auto-x",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7",
		    .auto_id = true },
		{ .line = 4,
		    .id = "auto-x",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7",
		    .auto_id = true },
		{ .line = 5,
		    .id = "auto-x-5",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 6,
		    .id = "auto-y",
		    .create = 100,
		    .status = "PAID",
		    .auto_id = true },
		{ .line = 7,
		    .id = "auto-y",
		    .create = 100,
		    .status = "PAID",
		    .auto_id = true },
	};
	struct tally t;
	struct kit k;
	uint64_t n;
	char order[512];

	(void)state;
	kit_open(&k);
	t = kit_merge(&k, rows, 6);
	assert_int_equal(t.accepted, 4);
	assert_int_equal(t.rejected, 2);
	assert_string_equal(k.rejected, "7:no_identifier 6:no_identifier");
	assert_int_equal(t.auto_ids, 5);
	assert_int_equal(t.same_id, 0);
	kit_order(&k, order, "auto-x-3");
	assert_string_equal(order, "auto-x-3 100 PAID - - - 7 - 1:4");
	t = kit_merge(&k, rows, 4);
	assert_int_equal(t.unchanged, 4);
	assert_int_equal(store_count(k.store, "main", KIND_BIT(RECORD_ORDER), 0,
			     INT64_MAX, &n, NULL),
	    0);
	assert_int_equal(n, 4);
	kit_close(&k);
}

static void
the_tally_counts_what_people_ask_about(void **state)
{
	static const struct row rows[] = {
		{ .line = 2,
		    .id = "1",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7",
		    .emails = "a@b",
		    .revenue = 5 },
		{ .line = 3,
		    .id = "1",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7",
		    .emails = "a@b",
		    .revenue = 6 },
		{ .line = 4,
		    .id = "2",
		    .create = 2000000,
		    .status = "PAID",
		    .phones = "7",
		    .revenue = 5 },
		{ .line = 5,
		    .id = "2",
		    .create = 2000000,
		    .status = "PAID",
		    .phones = "7",
		    .revenue = 5 },
		{ .line = 6,
		    .id = "3",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7" },
	};
	static const struct row again[] = {
		{ .line = 2,
		    .id = "1",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7" }, /* lacks the e-mail */
		{ .line = 3, .id = "3", .create = 100, .skip = true },
		{ .line = 4,
		    .id = "2",
		    .create = 2000000,
		    .status = "PAID",
		    .phones = "8" },
	};
	struct tally t;
	struct kit k;

	(void)state;
	kit_open(&k);
	t = kit_merge(&k, rows, 5);
	assert_int_equal(t.same_id, 4);
	assert_int_equal(t.amounts_differ, 1);
	assert_int_equal(t.future, 1); /* its other row is superseded */
	assert_int_equal(t.identifiers_kept, 0);
	t = kit_merge(&k, again, 3);
	assert_int_equal(t.same_id, 0);
	assert_int_equal(t.identifiers_kept, 1);
	assert_int_equal(t.skip_kept, 1);
	assert_int_equal(t.future, 1);
	kit_close(&k);
}

static void
an_id_of_very_many_rows_needs_no_memory_for_them(void **state)
{
	enum {
		MANY = 20000
	};
	struct row *rows = calloc(MANY, sizeof *rows);
	static char phones[64][1000];
	char order[512];
	struct tally t;
	struct kit k;

	(void)state;
	kit_open(&k);
	for (int i = 0; i < 64; i++)
		memset(phones[i], '0' + i % 10, sizeof phones[i] - 1);
	for (int i = 0; i < MANY; i++)
		rows[i] = (struct row){ .line = (unsigned long)i + 2,
			.id = "1",
			.status = "PAID",
			.phones = phones[i % 64] };
	t = kit_merge(&k, rows, MANY); /* none has a date: all wait */
	assert_int_equal(t.rejected, MANY);
	for (int i = 0; i < MANY; i++)
		rows[i].create = 100;
	rows[MANY - 1].phones = "7";
	t = kit_merge(&k, rows, MANY);
	assert_int_equal(t.accepted, 1);
	assert_int_equal(t.superseded, MANY - 1);
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 100 PAID - - - 7 - 2:20001");
	free(rows);
	kit_close(&k);
}

static void
united_client_ids_end_somewhere(void **state)
{
	enum {
		MANY = 5000
	};
	struct row *rows = calloc(MANY, sizeof *rows);
	char(*ids)[16] = calloc(MANY, sizeof *ids);
	struct arena a = ARENA_EMPTY;
	struct order o;
	struct kit k;

	(void)state;
	kit_open(&k);
	for (int i = 0; i < MANY; i++) {
		snprintf(ids[i], sizeof ids[i], "%d", 1000000 + i);
		rows[i] = (struct row){ .line = (unsigned long)i + 2,
			.id = "1",
			.create = 100,
			.status = "PAID",
			.client_ids = ids[i] };
	}
	kit_merge(&k, rows, MANY);
	assert_int_equal(store_order(k.store, &a, "main", RECORD_ORDER,
			     slice_of("1"), &o, NULL),
	    1);
	assert_in_range(conv_text(&o.conv, FIELD_CLIENT_IDS).n, 4000, 4096);
	assert_true(slice_starts(
	    conv_text(&o.conv, FIELD_CLIENT_IDS), "1000000,1000001,"));
	arena_free(&a);
	free(ids);
	free(rows);
	kit_close(&k);
}

/* As kit_pull, but it broke off. */
static void
begin_pull(struct kit *k, int64_t mtime)
{
	struct err e = ERR_EMPTY;
	struct pull p = { .id = 77,
		.begun = mtime + 1,
		.size = 10,
		.feed = "main",
		.file = "conversions.csv" };

	assert_int_equal(store_pull_begin(k->store, &p, mtime, &e), 0);
	assert_int_not_equal(p.publication, 0);
	assert_int_equal(
	    store_pull_end(k->store, p.id, mtime + 2, 9, false, &e), 0);
}

static void
a_creation_time_freezes_when_it_was_pulled(void **state)
{
	static const struct row june1[] = {
		{ 2, "1", 100, 0, "NEW", NULL, "7", NULL, 0, 0 },
		{ 3, "2", 100, 0, "NEW", NULL, "7", NULL, 0, 0 },
	};
	static const struct row june2[] = {
		{ 2, "1", 200, 0, "PAID", NULL, "7", NULL, 0, 0 },
	};
	char order[512];
	struct tally t;
	struct kit k;

	(void)state;
	kit_open(&k);
	kit_merge(&k, june1, 2);
	kit_publish(&k, 5000, 0, 1000);
	begin_pull(&k, 5000);
	t = kit_merge(&k, june2, 1); /* published, never carried away whole */
	assert_int_equal(t.dates_kept, 0);
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 200 PAID - - - 7 - 2:2");
	kit_publish(&k, 5001, 0, 1000);
	kit_pull(&k, 5001);
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 200 PAID - - - 7 - 2:2 frozen");
	t = kit_merge(&k, june1, 2);
	assert_int_equal(t.dates_kept, 1);
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 200 NEW - - - 7 - 3:2 frozen");
	kit_close(&k);
}

static void
a_late_pull_brings_back_the_date_it_carried(void **state)
{
	static const struct row before[] = {
		{ 2, "1", 100, 0, "NEW", NULL, "7", NULL, 0, 0 },
		{ 3, "2", 100, 0, "NEW", NULL, "7", NULL, 0, 0 },
		{ 4, "3", 900, 0, "NEW", NULL, "7", NULL, 0, 0 },
	};
	static const struct row after[] = {
		{ 2, "1", 200, 0, "NEW", NULL, "7", NULL, 0, 0 },
		{ 3, "2", 200, 0, "NEW", NULL, "7", NULL, 0, 0 },
		{ 4, "3", 200, 0, "NEW", NULL, "7", NULL, 0, 0 },
	};
	char order[512];
	struct kit k;

	(void)state;
	kit_open(&k);
	kit_merge(&k, before, 3);
	kit_publish(&k, 5000, 0, 500); /* 3 is held: it carries 1 and 2 */
	kit_merge(&k, after, 3);
	kit_publish(&k, 5001, 0, 500);
	kit_pull(&k, 5000); /* begun before the second version came */
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 100 NEW - - - 7 - 2:2 frozen");
	kit_order(&k, order, "2");
	assert_string_equal(order, "2 100 NEW - - - 7 - 2:3 frozen");
	kit_order(&k, order, "3");
	assert_string_equal(order, "3 200 NEW - - - 7 - 2:4");
	kit_pull(&k, 5001); /* it carried 1 with another date: too late */
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 100 NEW - - - 7 - 2:2 frozen");
	kit_order(&k, order, "3");
	assert_string_equal(order, "3 200 NEW - - - 7 - 2:4 frozen");
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_record_ends_in_its_bucket),
		cmocka_unit_test(
		    equal_rows_without_an_id_stay_orders_of_their_own),
		cmocka_unit_test(the_tally_counts_what_people_ask_about),
		cmocka_unit_test(
		    an_id_of_very_many_rows_needs_no_memory_for_them),
		cmocka_unit_test(united_client_ids_end_somewhere),
		cmocka_unit_test(a_creation_time_freezes_when_it_was_pulled),
		cmocka_unit_test(a_late_pull_brings_back_the_date_it_carried),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
