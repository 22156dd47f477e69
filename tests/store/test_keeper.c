/*
 * Records that a thread keeps: all of them, in their order, and nobody is
 * disturbed who waited.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "store/keeper.h"

#define MANY 20000

/* Only the thread touches it, or who waited for it. */
struct heap {
	int64_t n;
	int64_t fails_at; /* 0: never */
	size_t bytes;
	bool in_order;
};

static int
keep(void *ctx, const struct entry *n, struct err *e)
{
	struct heap *k = ctx;
	char id[32];

	if (k->n + 1 == k->fails_at)
		return err_set(e, "no room for %lld", (long long)n->line);
	snprintf(id, sizeof id, "id-%lld", (long long)k->n);
	k->in_order = k->in_order && n->line == k->n && slice_is(n->id, id);
	k->bytes += n->conv.n;
	k->n++;
	return 0;
}

static void
put(struct keeper *k, int64_t i, size_t bytes)
{
	static const char text[300000];
	struct arena *a = keeper_arena(k);
	char id[32];
	struct entry n = { .line = i };

	snprintf(id, sizeof id, "id-%lld", (long long)i);
	n.id = arena_copy(a, slice_of(id));
	n.conv = arena_copy(a, (struct slice){ text, bytes });
	keeper_put(k, &n);
}

static void
all_are_kept_in_their_order(void **state)
{
	static const struct {
		int64_t n;
		size_t bytes;
	} cases[] = { { 0, 1 }, { 1, 1 }, { 255, 1 }, { 256, 1 }, { 257, 0 },
		{ MANY, 90 }, { 40, 300000 } };
	struct err e;

	(void)state;
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		struct heap kept = { .in_order = true };
		struct keeper *k = keeper_open(keep, &kept);

		assert_non_null(k);
		for (int64_t i = 0; i < cases[c].n; i++)
			put(k, i, cases[c].bytes);
		assert_int_equal(keeper_end(k, &e), 0);
		assert_int_equal(kept.n, cases[c].n);
		assert_int_equal(
		    kept.bytes, (size_t)cases[c].n * cases[c].bytes);
		assert_true(kept.in_order);
	}
	assert_int_equal(keeper_end(NULL, &e), 0);
}

static void
who_waited_finds_all_kept_and_may_use_what_the_thread_uses(void **state)
{
	struct heap kept = { .in_order = true };
	struct keeper *k = keeper_open(keep, &kept);
	struct err e;

	(void)state;
	keeper_wait(k);
	for (int64_t i = 0; i < MANY; i++) {
		put(k, i, 10);
		if (i % 300 != 0)
			continue;
		keeper_wait(k);
		assert_int_equal(kept.n, i + 1);
		kept.bytes = 0;
	}
	assert_int_equal(keeper_end(k, &e), 0);
	assert_true(kept.in_order);
}

static void
after_a_failure_nothing_more_is_kept_and_the_end_says_why(void **state)
{
	struct heap kept = { .in_order = true, .fails_at = 1000 };
	struct keeper *k = keeper_open(keep, &kept);
	struct err e = ERR_EMPTY;

	(void)state;
	for (int64_t i = 0; i < MANY; i++)
		put(k, i, 10);
	keeper_wait(k);
	assert_int_equal(keeper_end(k, &e), -1);
	assert_string_equal(e.text, "no room for 999");
	assert_int_equal(kept.n, 999);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_kept_in_their_order),
		cmocka_unit_test(
		    who_waited_finds_all_kept_and_may_use_what_the_thread_uses),
		cmocka_unit_test(
		    after_a_failure_nothing_more_is_kept_and_the_end_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
