/*
 * Sorting, in memory and in runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/sorter.h"

static struct err e;

static void
records_come_by_key_then_sequence_then_as_added(void **state)
{
	static const struct {
		const char *key;
		size_t n;
		uint64_t sequence;
	} added[] = { { "b", 1, 1 }, { "order-00000002", 14, 1 }, { "", 0, 9 },
		{ "order-00000001", 14, 1 }, { "a\0", 2, 1 }, { "a", 1, 2 },
		{ "a", 1, 1 }, { "b", 1, 1 }, { "\xff", 1, 0 },
		{ "order-000000011", 15, 0 } };
	static const char want[] = "2 6 5 4 0 7 3 9 1 8 ";
	static const size_t memory[] = { 1 << 20, 200, 1 };

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		struct slice key, bytes;
		struct sorter *s;
		uint64_t sequence;
		char got[64] = "";

		assert_int_equal(sorter_open(&s, "/tmp", memory[m], &e), 0);
		for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
			char number[8];

			snprintf(number, sizeof number, "%zu ", i);
			assert_int_equal(
			    sorter_add(s,
				(struct slice){ added[i].key, added[i].n },
				added[i].sequence, slice_of(number), &e),
			    0);
		}
		assert_int_equal(sorter_sort(s, &e), 0);
		while (sorter_next(s, &key, &sequence, &bytes, &e) == 1)
			strncat(got, bytes.p, bytes.n);
		assert_string_equal(got, want);
		assert_int_equal(
		    sorter_next(s, &key, &sequence, &bytes, &e), 0);
		sorter_close(s);
	}
}

static int
by_number(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The next n records are those; each has its length for a sequence. */
static void
check_order(struct sorter *s, char *const *sorted, int n)
{
	struct slice k, bytes;
	uint64_t sequence;

	for (int i = 0; i < n; i++) {
		assert_int_equal(sorter_next(s, &k, &sequence, &bytes, &e), 1);
		assert_true(slice_is(k, sorted[i]));
		assert_int_equal(bytes.n, sequence);
	}
}

/* Of any length up to some that no buffer holds at first. */
static void
whatever_the_memory_nothing_is_lost(void **state)
{
	enum {
		N = 3000
	};
	static const size_t memory[] = { 1 << 24, 100000, 3000 };
	char **key = calloc(N, sizeof *key);
	char *filler = calloc(1, 200000);
	size_t *length = calloc(N, sizeof *length);

	(void)state;
	srandom(1);
	memset(filler, 'x', 200000);
	for (int i = 0; i < N; i++) {
		assert_true(asprintf(&key[i], "k%06ld-%04d", random() % 1000000,
				i) > 0);
	}
	for (size_t m = 0; m < 3; m++) {
		struct slice k, bytes;
		struct sorter *s;
		uint64_t sequence;
		char **sorted = calloc(N, sizeof *sorted);

		assert_int_equal(sorter_open(&s, "/tmp", memory[m], &e), 0);
		for (int again = 0; again < 2; again++) {
			for (int i = 0; i < N; i++) {
				length[i] =
				    (size_t)(random() %
					     (i % 500 == 0 ? 200000 : 300));
				sorted[i] = key[i];
				assert_int_equal(
				    sorter_add(s, slice_of(key[i]), length[i],
					(struct slice){ filler, length[i] },
					&e),
				    0);
			}
			qsort(sorted, N, sizeof *sorted, by_number);
			assert_int_equal(sorter_sort(s, &e), 0);
			check_order(s, sorted, N / 3);
			assert_int_equal(sorter_rewind(s, &e), 0);
			check_order(s, sorted, N);
			assert_int_equal(
			    sorter_next(s, &k, &sequence, &bytes, &e), 0);
			assert_int_equal(sorter_rewind(s, &e), 0);
			check_order(s, sorted, N);
			sorter_reset(s);
		}
		sorter_close(s);
		free(sorted);
	}
	for (int i = 0; i < N; i++)
		free(key[i]);
	free(key);
	free(length);
	free(filler);
}

static void
a_sibling_sorts_beside_and_parts_are_joined(void **state)
{
	struct slice part[3] = { slice_of("a"), slice_of(""), slice_of("bc") };
	struct slice key, bytes;
	struct sorter *s, *t;
	uint64_t sequence;

	(void)state;
	assert_int_equal(sorter_open(&s, "/tmp", 1000, &e), 0);
	assert_int_equal(sorter_sibling(&t, s, 1, &e), 0);
	sorter_close(s);
	for (uint64_t i = 5; i-- > 0;)
		assert_int_equal(
		    sorter_add_parts(t, slice_of(""), i, part, 3, &e), 0);
	assert_int_equal(sorter_sort(t, &e), 0);
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(
		    sorter_next(t, &key, &sequence, &bytes, &e), 1);
		assert_true(slice_is(bytes, "abc"));
		assert_int_equal(sequence, i);
	}
	sorter_close(t);
}

static void
a_folder_that_cannot_be_written_is_named(void **state)
{
	struct sorter *s;
	int rc = 0;

	(void)state;
	assert_int_equal(sorter_open(&s, "/nonexistent", 10, &e), 0);
	for (int i = 0; rc == 0 && i < 3; i++)
		rc = sorter_add(s, slice_of("k"), 1, slice_of("v"), &e);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(e.text, "/nonexistent"));
	sorter_close(s);
}

static void
a_full_disk_is_said_in_words(void **state)
{
	char dir[] = "/tmp/full-XXXXXX";
	char block[4096] = { 0 };
	struct sorter *s;
	int rc = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	if (mount("none", dir, "tmpfs", 0, "size=64k") == -1) {
		rmdir(dir); /* only root can make a small disk */
		skip();
	}
	assert_int_equal(sorter_open(&s, dir, 10, &e), 0);
	for (int i = 0; rc == 0 && i < 100; i++)
		rc = sorter_add(s, slice_of("k"), 1,
		    (struct slice){ block, sizeof block }, &e);
	assert_int_equal(rc, -1);
	assert_non_null(strstr(e.text, "no room"));
	assert_non_null(strstr(e.text, dir));
	sorter_close(s);
	umount(dir);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    records_come_by_key_then_sequence_then_as_added),
		cmocka_unit_test(whatever_the_memory_nothing_is_lost),
		cmocka_unit_test(a_sibling_sorts_beside_and_parts_are_joined),
		cmocka_unit_test(a_folder_that_cannot_be_written_is_named),
		cmocka_unit_test(a_full_disk_is_said_in_words),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
