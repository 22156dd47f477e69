/*
 * A belt: what is given comes out in order, and a thread at it leaves signals
 * to its caller.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/belt.h"

#define GIVEN 1000

struct numbers {
	struct belt *belt;
	int n; /* so many are to be given, or came */
};

static void *
give_numbers(void *ctx)
{
	const struct numbers *give = ctx;
	int *block;

	for (int i = 0; i < give->n && (block = belt_take(give->belt)); i++) {
		*block = i;
		belt_give(give->belt);
	}
	belt_end(give->belt);
	return NULL;
}

static void *
double_numbers(void *ctx)
{
	struct belt *b = ctx;
	int *block;

	while ((block = belt_pass(b)) != NULL)
		*block *= 2;
	belt_pass_end(b);
	return NULL;
}

static void
blocks_come_out_in_order_until_nobody_wants_more(void **state)
{
	static const struct {
		size_t blocks;
		int wanted;
	} rows[] = { { 1, GIVEN }, { 4, GIVEN }, { 4, 10 } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct belt *b = belt_open(rows[i].blocks, sizeof(int), false);
		struct numbers numbers = { b, GIVEN };
		pthread_t thread;
		const int *block;
		int n = 0;

		assert_true(belt_thread(&thread, give_numbers, &numbers));
		while (n < rows[i].wanted && (block = belt_next(b)) != NULL)
			assert_int_equal(*block, n++);
		assert_int_equal(n, rows[i].wanted);
		if (n == GIVEN)
			assert_null(belt_next(b));
		belt_stop(b);
		pthread_join(thread, NULL);
		belt_close(b);
	}
}

/* How many come behind the last whole half of a belt does not matter. */
static void
the_last_blocks_are_passed_on_however_few(void **state)
{
	(void)state;
	for (int given = 0; given < 20; given++) {
		struct belt *b = belt_open(8, sizeof(int), true);
		struct numbers numbers = { b, given };
		pthread_t giver, between;
		const int *block;
		int n = 0;

		assert_true(belt_thread(&between, double_numbers, b));
		assert_true(belt_thread(&giver, give_numbers, &numbers));
		while ((block = belt_next(b)) != NULL)
			assert_int_equal(*block, 2 * n++);
		assert_int_equal(n, given);
		pthread_join(giver, NULL);
		pthread_join(between, NULL);
		belt_close(b);
	}
}

static void *
count_numbers(void *ctx)
{
	struct numbers *c = ctx;

	while (belt_next(c->belt) != NULL)
		c->n++;
	return NULL;
}

static void
who_waits_for_a_few_blocks_finds_them_emptied(void **state)
{
	struct numbers c = { belt_open(8, sizeof(int), false), 0 };
	pthread_t thread;
	int given = 0;

	(void)state;
	assert_true(belt_thread(&thread, count_numbers, &c));
	for (int i = 0; i < GIVEN; i++) {
		for (int k = 0; k < i % 12; k++, given++) {
			assert_non_null(belt_take(c.belt));
			belt_give(c.belt);
		}
		belt_wait(c.belt);
		assert_int_equal(c.n, given);
	}
	belt_end(c.belt);
	pthread_join(thread, NULL);
	belt_close(c.belt);
}

static void *
look_at_mask(void *ctx)
{
	pthread_sigmask(SIG_SETMASK, NULL, ctx);
	return NULL;
}

static void
signals_stay_the_callers(void **state)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGUSR1 };
	sigset_t its, mine;
	pthread_t thread;

	(void)state;
	sigemptyset(&its);
	assert_true(belt_thread(&thread, look_at_mask, &its));
	pthread_join(thread, NULL);
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		assert_true(sigismember(&its, signals[i]));
		assert_false(sigismember(&mine, signals[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    blocks_come_out_in_order_until_nobody_wants_more),
		cmocka_unit_test(the_last_blocks_are_passed_on_however_few),
		cmocka_unit_test(who_waits_for_a_few_blocks_finds_them_emptied),
		cmocka_unit_test(signals_stay_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
