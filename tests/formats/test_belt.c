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

static void *
give_numbers(void *ctx)
{
	struct belt *b = ctx;
	int *block;

	for (int i = 0; i < GIVEN && (block = belt_take(b)) != NULL; i++) {
		*block = i;
		belt_give(b);
	}
	belt_end(b);
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
		pthread_t thread;
		const int *block;
		int n = 0;

		assert_true(belt_thread(&thread, give_numbers, b));
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
		cmocka_unit_test(signals_stay_the_callers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
