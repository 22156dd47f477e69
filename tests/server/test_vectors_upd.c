/*
 * The rows of tests/data/vectors.tsv that tell how orders change (family
 * upd.), each bound by its exact text to a scenario.  A row of the family that
 * nothing binds fails.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "server/merge.h"
#include "server/sorter.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define JUNE_1 INT64_C(1780261200) /* 2026-06-01 00:00:00 in Moscow */
#define JUNE_2 (JUNE_1 + 86400)

/* --- a store of a few orders ------------------------------------------------
 */

struct kept {
	char id[64];
	struct arena text;
	struct merge_order order;
};

static struct kept kept[8];
static size_t kept_n;

static struct kept *
kept_of(struct slice id)
{
	for (size_t i = 0; i < kept_n; i++)
		if (slice_is(id, kept[i].id))
			return &kept[i];
	return NULL;
}

static int
find(void *ctx, struct slice id, struct merge_order *out, struct err *e)
{
	struct kept *k = kept_of(id);

	(void)ctx;
	(void)e;
	if (k == NULL)
		return 0;
	*out = k->order;
	return 1;
}

static int
put(void *ctx, struct slice id, const struct merge_order *was,
    const struct merge_order *is, struct err *e)
{
	struct kept *k = kept_of(id);
	struct arena text = ARENA_EMPTY;

	(void)ctx;
	(void)e;
	assert_int_equal(k == NULL, was == NULL);
	if (k == NULL) {
		assert_true(kept_n < COUNT(kept));
		k = &kept[kept_n++];
		memset(k, 0, sizeof *k);
		snprintf(k->id, sizeof k->id, "%.*s", (int)id.n, id.p);
	}
	k->order = *is;
	assert_true(conv_unpack(&k->order.conv, conv_pack(&text, &is->conv)));
	arena_free(&k->text);
	k->text = text;
	return 0;
}

static void
forget(void)
{
	while (kept_n > 0)
		arena_free(&kept[--kept_n].text);
}

/* --- a dump
 * ------------------------------------------------------------------- */

struct row {
	const char *id;
	bool auto_id;
	int64_t created;
	const char *phone, *email, *status;
};

static void
rejected(void *ctx, const struct merge_record *r, enum reject why)
{
	(void)ctx;
	fail_msg("line %lu: %s", r->line, reject_code(why));
}

static struct tally
drop(int64_t dump, const struct row *row, size_t rows)
{
	const struct merge_rules rules = { .feed = "main",
		.source = "",
		.dump = dump,
		.now = JUNE_2 + 30 * 86400,
		.same_id = SAME_ID_LAST,
		.has_status = true,
		.rejected = rejected };
	const struct merge_orders orders = { find, put, NULL };
	struct tally t = { .records = rows };
	struct sorter *s = NULL;
	struct arena a = ARENA_EMPTY;
	struct err e = ERR_EMPTY;

	assert_int_equal(sorter_open(&s, "/tmp", 1 << 20, &e), 0);
	for (size_t i = 0; i < rows; i++) {
		struct merge_record r = { .line = i + 2,
			.auto_id = row[i].auto_id };
		struct conv c;

		conv_clear(&c);
		c.number[FIELD_CREATE_DATE_TIME] = row[i].created;
		conv_text(&c, FIELD_ID) = slice_of(row[i].id);
		conv_text(&c, FIELD_PHONES) = slice_of(row[i].phone);
		conv_text(&c, FIELD_EMAILS) = slice_of(row[i].email);
		conv_text(&c, FIELD_ORDER_STATUS) = slice_of(row[i].status);
		r.conv = conv_pack(&a, &c);
		assert_int_equal(
		    store_merge_add(s, &r, conv_text(&c, FIELD_ID), &e), 0);
	}
	assert_int_equal(sorter_sort(s, &e), 0);
	assert_int_equal(merge_run(s, &rules, &orders, &t, &e), 0);
	assert_int_equal(t.records,
	    t.accepted + t.unchanged + t.superseded + t.skipped + t.rejected);
	sorter_close(s);
	arena_free(&a);
	return t;
}

static const struct conv *
order(const char *id)
{
	struct kept *k = kept_of(slice_of(id));

	assert_non_null(k);
	return &k->order.conv;
}

/* --- the scenarios
 * ------------------------------------------------------------ */

static void
two_orders_without_an_id(void)
{
	static const struct row same[] = {
		{ "auto-0123456789abcdef", true, JUNE_1, "79995551111", "",
		    "PAID" },
		{ "auto-0123456789abcdef", true, JUNE_1, "79995551111", "",
		    "PAID" },
	};

	drop(1, same, COUNT(same));
	assert_int_equal(kept_n, 2);
	order("auto-0123456789abcdef");
	order("auto-0123456789abcdef-2");
	/* a re-export adds nothing */
	drop(2, same, COUNT(same));
	assert_int_equal(kept_n, 2);
}

/* One order: the destination links it to the client it hears of last, and what
 * is known of the first is not erased. */
static void
one_order_of_two_clients(void)
{
	static const struct row first[] = { { "1", false, JUNE_1, "79995551111",
	    "", "IN_PROGRESS" } };
	static const struct row then[] = { { "1", false, JUNE_1, "",
	    "b@example.com", "PAID" } };

	drop(1, first, 1);
	drop(2, then, 1);
	assert_int_equal(kept_n, 1);
	assert_true(
	    slice_is(conv_text(order("1"), FIELD_EMAILS), "b@example.com"));
	assert_true(
	    slice_is(conv_text(order("1"), FIELD_PHONES), "79995551111"));
	assert_true(
	    slice_is(conv_text(order("1"), FIELD_ORDER_STATUS), "PAID"));
	assert_int_equal(conv_text(order("1"), FIELD_CLIENT_UNIQ_ID).n, 0);
}

static void
one_row_the_latest(void)
{
	static const struct row twice[] = {
		{ "1", false, JUNE_1, "79995551111", "", "IN_PROGRESS" },
		{ "1", false, JUNE_2, "79995552222", "", "PAID" },
	};
	struct tally t = drop(1, twice, COUNT(twice));

	assert_int_equal(kept_n, 1);
	assert_int_equal(t.superseded, 1);
	assert_int_equal(t.accepted, 1);
	assert_true(
	    slice_is(conv_text(order("1"), FIELD_PHONES), "79995552222"));
	assert_true(
	    slice_is(conv_text(order("1"), FIELD_ORDER_STATUS), "PAID"));
}

/* Once a pull carried the date away. */
static void
the_date_that_was_pulled_stays(void)
{
	static const struct row first[] = { { "1", false, JUNE_1, "79995551111",
	    "", "IN_PROGRESS" } };
	static const struct row then[] = { { "1", false, JUNE_2, "79995551111",
	    "", "PAID" } };
	struct tally t;

	drop(1, first, 1);
	kept_of(slice_of("1"))->order.frozen = true;
	t = drop(2, then, 1);
	assert_int_equal(t.dates_kept, 1);
	assert_int_equal(order("1")->number[FIELD_CREATE_DATE_TIME], JUNE_1);
	assert_true(
	    slice_is(conv_text(order("1"), FIELD_ORDER_STATUS), "PAID"));
}

static const struct {
	const char *field, *input, *expected;
	void (*scenario)(void);
} scenarios[] = {
	{ "upd.id", "no id twice", "two orders", two_orders_without_an_id },
	{ "upd.id", "id=1 phone=A then id=1 email=B, no client_uniq_id",
	    "two clients, one order linked to the last",
	    one_order_of_two_clients },
	{ "upd.id", "id=1 twice in one file", "publish one row, the latest",
	    one_row_the_latest },
	{ "upd.create_date_time", "id=1 2026-06-01 then id=1 2026-06-02",
	    "2026-06-01", the_date_that_was_pulled_stays },
};

/* --- the file
 * ----------------------------------------------------------------- */

static void
run_row(const char *field, const char *input, const char *expected)
{
	for (size_t i = 0; i < COUNT(scenarios); i++) {
		if (strcmp(field, scenarios[i].field) == 0 &&
		    strcmp(input, scenarios[i].input) == 0 &&
		    strcmp(expected, scenarios[i].expected) == 0) {
			scenarios[i].scenario();
			forget();
			return;
		}
	}
	fail_msg("nothing tests %s \"%s\"", field, input);
}

static void
every_row_of_the_family_is_a_scenario(void **state)
{
	const char *dir = getenv("srcdir");
	char path[4096], line[4096];
	size_t rows = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/data/vectors.tsv",
	    dir != NULL ? dir : ".");
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		struct slice rest = slice_of(line);
		char cell[3][512];

		if (!slice_starts(rest, "upd."))
			continue;
		for (size_t i = 0; i < COUNT(cell); i++) {
			struct slice s = slice_cut(&rest, '\t');

			snprintf(
			    cell[i], sizeof cell[i], "%.*s", (int)s.n, s.p);
		}
		run_row(cell[0], cell[1], cell[2]);
		rows++;
	}
	fclose(f);
	assert_int_equal(rows, COUNT(scenarios));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_the_family_is_a_scenario),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
