/*
 * Passwords and random bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "keys/secret.h"

static void
a_password_matches_its_own_hash_alone(void **state)
{
	char hash[SECRET_HASH_SIZE], again[SECRET_HASH_SIZE];

	(void)state;
	assert_int_equal(secret_hash(hash, "correct horse", 13), 0);
	assert_int_equal(secret_hash(again, "correct horse", 13), 0);
	assert_string_not_equal(hash, again); /* salted */
	assert_int_equal(strncmp(hash, "$y$", 3), 0);
	assert_true(secret_matches(hash, "correct horse", 13));
	assert_true(secret_matches(hash, "correct horse!", 13));
	assert_false(secret_matches(hash, "correct horse!", 14));
	assert_false(secret_matches(hash, "correct hors", 12));
	assert_false(secret_matches("$y$broken", "correct horse", 13));
	assert_false(secret_matches("", "correct horse", 13));
}

static void
what_can_be_no_password_is_refused(void **state)
{
	static char big[SECRET_MAX + 2];
	char hash[SECRET_HASH_SIZE];

	(void)state;
	memset(big, 'x', sizeof big);
	assert_int_equal(secret_hash(hash, "", 0), -1);
	assert_int_equal(secret_hash(hash, "a\0b", 3), -1);
	assert_int_equal(secret_hash(hash, big, SECRET_MAX + 1), -1);
	assert_int_equal(secret_hash(hash, big, SECRET_MAX), 0);
	assert_true(secret_matches(hash, big, SECRET_MAX));
	assert_false(secret_matches(hash, big, SECRET_MAX + 1));
	assert_int_equal(secret_hash(hash, "password", 8), 0);
	assert_false(secret_matches(hash, "password\0x", 10));
	assert_false(secret_matches(hash, "", 0));
	/* what an impossible password is replaced by must not get in */
	assert_int_equal(secret_hash(hash, "x", 1), 0);
	assert_false(secret_matches(hash, "", 0));
}

static double
cpu_ms(const char *hash, const char *password, size_t n)
{
	struct timespec a, b;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
	secret_matches(hash, password, n);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
	return (double)(b.tv_sec - a.tv_sec) * 1e3 +
	       (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

static void
keep_least(double *least, double ms)
{
	*least = ms < *least ? ms : *least;
}

static void
an_unknown_user_costs_as_much_as_a_wrong_password(void **state)
{
	char hash[SECRET_HASH_SIZE];
	double known = 1e9, unknown = 1e9, impossible = 1e9;

	(void)state;
	assert_int_equal(secret_hash(hash, "password", 8), 0);
	for (int i = 0; i < 7; i++) { /* whatever slows one slows all */
		keep_least(&known, cpu_ms(hash, "wrong", 5));
		keep_least(&unknown, cpu_ms(NULL, "wrong", 5));
		keep_least(&impossible, cpu_ms(hash, "", 0));
	}
	assert_true(known > 3 && known < 2000);
	assert_true(unknown > known / 2 && unknown < known * 2);
	assert_true(impossible > known / 2 && impossible < known * 2);
}

static void
no_password_lets_an_unknown_user_in(void **state)
{
	(void)state;
	assert_false(secret_matches(NULL, "password", 8));
	assert_false(secret_matches(NULL, "x", 1));
	assert_false(secret_matches(NULL, "", 0));
}

static void
a_generated_password_is_long_and_plain(void **state)
{
	char a[SECRET_PASSWORD_SIZE], b[SECRET_PASSWORD_SIZE];
	bool seen[256] = { false };
	int kinds = 0;

	(void)state;
	secret_password(b);
	for (int i = 0; i < 500; i++) {
		secret_password(a);
		assert_int_equal(strlen(a), 20);
		assert_null(strpbrk(a, "Il1O0oBiS52Z")); /* look-alikes */
		assert_string_not_equal(a, b);
		for (size_t k = 0; k < 20; k++)
			seen[(unsigned char)a[k]] = true;
	}
	for (int i = 0; i < 256; i++)
		kinds += seen[i];
	assert_true(kinds >= 32); /* 5 bits each */
}

static void
secrets_are_compared_whole_and_wiped(void **state)
{
	char a[8] = "abcdefg", b[8] = "abcdefg", none[8] = { 0 };

	(void)state;
	assert_true(secret_equal(a, b, 8));
	b[0] = 'x';
	assert_false(secret_equal(a, b, 8));
	assert_true(secret_equal(a + 1, b + 1, 7));
	secret_wipe(a, sizeof a);
	assert_memory_equal(a, none, sizeof a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_matches_its_own_hash_alone),
		cmocka_unit_test(what_can_be_no_password_is_refused),
		cmocka_unit_test(
		    an_unknown_user_costs_as_much_as_a_wrong_password),
		cmocka_unit_test(no_password_lets_an_unknown_user_in),
		cmocka_unit_test(a_generated_password_is_long_and_plain),
		cmocka_unit_test(secrets_are_compared_whole_and_wiped),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
