/*
 * The upd. rows of tests/data/vectors.tsv: how orders change.  Each is bound by
 * its exact text to a scenario; one that nobody wrote a scenario for fails.
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

enum {
	JUNE_1 = 20260601,
	JUNE_2 = 20260602
}; /* as good as any numbers */

static uint64_t
orders(struct kit *k)
{
	uint64_t n;

	assert_int_equal(store_count(k->store, "main", KIND_BIT(RECORD_ORDER),
			     0, INT64_MAX, &n, NULL),
	    0);
	return n;
}

static void
two_orders_without_an_id(struct kit *k)
{
	static const struct row rows[] = {
		{ .line = 2,
		    .id = "auto-0",
		    .create = JUNE_1,
		    .status = "PAID",
		    .phones = "79995551111",
		    .auto_id = true },
		{ .line = 3,
		    .id = "auto-0",
		    .create = JUNE_1,
		    .status = "PAID",
		    .phones = "79995551111",
		    .auto_id = true },
	};

	kit_merge(k, rows, 2);
	assert_int_equal(orders(k), 2);
	kit_merge(k, rows, 2);
	assert_int_equal(orders(k), 2);
}

/* The destination would see two clients; we publish one row with both. */
static void
identifiers_of_one_id_come_together(struct kit *k)
{
	static const struct row a = { .line = 2,
		.id = "1",
		.create = JUNE_1,
		.status = "PAID",
		.phones = "79995551111" };
	static const struct row b = { .line = 2,
		.id = "1",
		.create = JUNE_1,
		.status = "PAID",
		.emails = "b@example.com" };
	char order[512];

	kit_merge(k, &a, 1);
	kit_merge(k, &b, 1);
	assert_int_equal(orders(k), 1);
	kit_order(k, order, "1");
	assert_string_equal(
	    order, "1 20260601 PAID - - - 79995551111 b@example.com 2:2");
}

static void
one_row_of_an_id_is_left(struct kit *k)
{
	static const struct row rows[] = {
		{ .line = 2,
		    .id = "1",
		    .create = JUNE_1,
		    .phones = "7",
		    .status = "IN_PROGRESS" },
		{ .line = 3,
		    .id = "1",
		    .create = JUNE_1,
		    .phones = "7",
		    .status = "PAID" },
	};
	char order[512];

	kit_merge(k, rows, 2);
	assert_int_equal(orders(k), 1);
	kit_order(k, order, "1");
	assert_string_equal(order, "1 20260601 PAID - - - 7 - 1:3");
}

static void
a_pulled_creation_time_stays(struct kit *k)
{
	struct row row = { .line = 2,
		.id = "1",
		.create = JUNE_1,
		.status = "PAID",
		.phones = "7" };
	char order[512];

	kit_merge(k, &row, 1);
	kit_publish(k, 5000, 0, INT64_MAX);
	kit_pull(k, 5000);
	row.create = JUNE_2;
	assert_int_equal(kit_merge(k, &row, 1).dates_kept, 1);
	kit_order(k, order, "1");
	assert_string_equal(order, "1 20260601 PAID - - - 7 - 1:2 frozen");
}

static const struct bound {
	const char *input, *expected;
	void (*scenario)(struct kit *k);
} bound[] = {
	{ "no id twice", "two orders", two_orders_without_an_id },
	{ "id=1 phone=A then id=1 email=B, no client_uniq_id",
	    "two clients, one order linked to the last",
	    identifiers_of_one_id_come_together },
	{ "id=1 twice in one file", "publish one row, the latest",
	    one_row_of_an_id_is_left },
	{ "id=1 2026-06-01 then id=1 2026-06-02", "2026-06-01",
	    a_pulled_creation_time_stays },
};

static void
run(const char *input, const char *expected)
{
	for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
		struct kit k;

		if (strcmp(bound[i].input, input) != 0 ||
		    strcmp(bound[i].expected, expected) != 0)
			continue;
		kit_open(&k);
		bound[i].scenario(&k);
		kit_close(&k);
		return;
	}
	fail_msg("no scenario for '%s' to '%s'", input, expected);
}

static void
every_upd_row_of_the_vectors_holds(void **state)
{
	const char *srcdir = getenv("srcdir");
	char path[512], *line = NULL;
	size_t room = 0, ran = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/data/vectors.tsv",
	    srcdir == NULL ? "." : srcdir);
	f = fopen(path, "r");
	assert_non_null(f);
	while (getline(&line, &room, f) > 0) {
		char *rest = line, *field = strsep(&rest, "\t");
		char *input = strsep(&rest, "\t");
		char *expected = strsep(&rest, "\t");

		if (strncmp(field, "upd.", 4) != 0)
			continue;
		assert_non_null(expected);
		run(input, expected);
		ran++;
	}
	assert_int_equal(ran, sizeof bound / sizeof *bound);
	free(line);
	fclose(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_upd_row_of_the_vectors_holds),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
