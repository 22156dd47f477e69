/*
 * Acts and rulings: what people decided about records holds, lies over what the
 * dumps say, and comes to the same in another store.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "feed/deed.h"
#include "tests/feed/ingest_bench.h"

static struct bench b;

static const char dump[] =
    HEADER "2026-11-20 10:00:00;1001;5001;79161234501;PAID;100\n"
	   "2026-11-20 11:00:00;1002;5002;79161234502;IN_PROGRESS;200\n";

static int
begin(void **state)
{
	(void)state;
	bench_open(&b, BENCH_CONF(" hold = no\n"));
	assert_int_equal(bench_drop(&b, "one.csv", dump, NOW), 0);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	bench_close(&b);
	return 0;
}

/* The status it ends with; the text is in *a. */
static int
order(const char *verb, const char *id, const char *value, struct answer *a)
{
	struct command c;

	WIRE_INIT(&c, WIRE_COMMAND);
	WIRE_INIT(a, WIRE_ANSWER);
	a->status = 2;
	snprintf(c.argument, sizeof c.argument, "%s\n%s\n%s", verb, id, value);
	snprintf(c.actor, sizeof c.actor, "anna");
	snprintf(c.reason, sizeof c.reason, "a test");
	deeds[COMMAND_ORDER](&b.in, b.feed, &c, a);
	return a->status;
}

static const char *
published(int64_t at)
{
	bench_publish(&b, at, NULL);
	return bench_file(&b);
}

static void
what_may_be_decided(void **state)
{
	static const struct {
		const char *name, *verb, *id, *value;
		int status;
	} row[] = {
		{ "nothing to release", "release", "1001", "", 2 },
		{ "a status that is none", "cancel", "1001", "PAID", 2 },
		{ "nobody knows it", "cancel", "7", "SPAM", 2 },
		{ "no order", "cancel", "", "SPAM", 2 },
		{ "no verb", "kill", "1001", "SPAM", 2 },
		{ "cancelled", "cancel", "1001", "CANCELLED", 0 },
		{ "cancelled already", "cancel", "1001", "CANCELLED", 0 },
		{ "as spam", "cancel", "1001", "SPAM", 0 },
		{ "released", "release", "1001", "", 0 },
		{ "released already", "release", "1001", "", 2 },
		{ "no field", "forget", "1001", "wrong", 2 },
		{ "its id", "forget", "1001", "id", 2 },
		{ "its date", "forget", "1001", "create_date_time", 2 },
		{ "its status", "forget", "1001", "order_status", 2 },
		{ "a number", "forget", "1001", "revenue", 0 },
		{ "a number that is gone", "forget", "1001", "revenue", 2 },
		{ "a phone", "forget", "1001", "phones", 0 },
		{ "what it never had", "forget", "1001", "emails", 2 },
	};
	struct answer a;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (order(row[i].verb, row[i].id, row[i].value, &a) !=
		    row[i].status)
			fail_msg("%s: %d %s", row[i].name, a.status, a.text);
		assert_string_not_equal(a.text, "");
	}
}

static void
a_status_that_was_decided_lies_over_later_dumps(void **state)
{
	static const char later[] =
	    HEADER "2026-11-20 10:00:00;1001;5001;;IN_PROGRESS;300\n";
	struct answer a;
	struct act act;
	char status[256];

	(void)state;
	assert_int_equal(order("cancel", "1001", "SPAM", &a), 0);
	assert_non_null(strstr(published(NOW + 1), ";SPAM;100;"));
	assert_int_equal(bench_drop(&b, "two.csv", later, NOW + 2), 0);
	assert_non_null(strstr(published(NOW + 3), ";SPAM;300;"));
	assert_int_equal(store_order_ruling(b.in.store, "main", RECORD_ORDER,
			     slice_of("1001"), &act, status, &b.e),
	    1);
	assert_string_equal(status, "SPAM");
	assert_string_equal(act.actor, "anna");
	assert_string_equal(act.op, "cancel");
	assert_int_equal(order("release", "1001", "", &a), 0);
	assert_non_null(strstr(published(NOW + 5), ";IN_PROGRESS;300;"));
	assert_int_equal(store_order_ruling(b.in.store, "main", RECORD_ORDER,
			     slice_of("1001"), &act, status, &b.e),
	    0);
	assert_int_equal(store_order_ruling(b.in.store, "main", RECORD_ORDER,
			     slice_of("1002"), &act, status, &b.e),
	    0);
}

static int
count(void *ctx, const struct act *a, const struct ruling *r, struct err *e)
{
	unsigned *n = ctx;

	(void)e;
	assert_int_equal(a->id, r->act);
	++*n;
	return 0;
}

static void
rulings_of_one_record_can_be_forgotten(void **state)
{
	struct answer a;
	unsigned n = 0;

	(void)state;
	order("cancel", "1001", "SPAM", &a);
	order("cancel", "1002", "SPAM", &a);
	order("forget", "1001", "phones", &a);
	assert_int_equal(store_rulings(b.in.store, "main", RECORD_ORDER,
			     slice_of("1001"), count, &n, &b.e),
	    0);
	assert_int_equal(n, 2);
	assert_int_equal(store_rulings_forget(b.in.store, "main", RECORD_ORDER,
			     slice_of("1001"), &b.e),
	    0);
	n = 0;
	store_rulings(b.in.store, "main", RECORD_ORDER, slice_of("1001"), count,
	    &n, &b.e);
	assert_int_equal(n, 0);
	store_rulings(b.in.store, "main", RECORD_ORDER, slice_of("1002"), count,
	    &n, &b.e);
	assert_int_equal(n, 1);
	assert_non_null(strstr(published(NOW + 1), ";PAID;100;"));
}

static void
a_dump_that_is_none_cannot_be_withdrawn(void **state)
{
	struct command c;
	struct answer a;

	(void)state;
	WIRE_INIT(&c, WIRE_COMMAND);
	for (int64_t id = 1; id <= 2; id++) {
		WIRE_INIT(&a, WIRE_ANSWER);
		a.status = 2;
		c.op = COMMAND_WITHDRAW;
		c.dump = id == 1 ? 1 : 99;
		snprintf(c.reason, sizeof c.reason, "wrong");
		assert_int_equal(
		    deeds[COMMAND_WITHDRAW](&b.in, b.feed, &c, &a), id == 1);
		assert_int_equal(a.status, id == 1 ? 0 : 2);
	}
}

static void
orders_that_were_taken_away_do_not_trip_the_shrink_guard(void **state)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);
	struct command c;
	struct answer a;

	(void)state;
	fprintf(f, HEADER);
	for (int i = 0; i < 1000; i++)
		fprintf(f, "2026-11-21 10:00:00;x%d;5001;;PAID;1\n", i);
	fclose(f);
	assert_int_equal(bench_drop(&b, "many.csv", text, NOW + 1), 0);
	free(text);
	assert_non_null(strstr(published(NOW + 2), ";x999;"));
	WIRE_INIT(&c, WIRE_COMMAND);
	WIRE_INIT(&a, WIRE_ANSWER);
	c.op = COMMAND_WITHDRAW;
	c.dump = b.d.id;
	snprintf(c.reason, sizeof c.reason, "wrong");
	assert_true(deeds[COMMAND_WITHDRAW](&b.in, b.feed, &c, &a));
	assert_int_equal(bench_publish(&b, NOW + 4, NULL), PUBLISH_DONE);
	assert_null(strstr(bench_file(&b), ";x999;"));
	assert_non_null(strstr(bench_file(&b), ";1002;"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_may_be_decided, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_status_that_was_decided_lies_over_later_dumps, begin,
		    end),
		cmocka_unit_test_setup_teardown(
		    rulings_of_one_record_can_be_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(
		    a_dump_that_is_none_cannot_be_withdrawn, begin, end),
		cmocka_unit_test_setup_teardown(
		    orders_that_were_taken_away_do_not_trip_the_shrink_guard,
		    begin, end),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
