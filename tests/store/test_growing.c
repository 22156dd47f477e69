/*
 * A file that is read while it is written: its reader gets every byte, however
 * many are written between two that it is told of.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <unistd.h>

#include "formats/belt.h"
#include "store/growing.h"
#include "store/temp.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct reading {
	struct growing *file;
	uint64_t n;
	bool right; /* each byte is what was written there */
};

static char
byte_at(uint64_t at)
{
	return (char)(at % 251);
}

static void *
read_all(void *ctx)
{
	struct reading *r = ctx;
	char buf[10000];
	ssize_t k;

	while ((k = growing_read(r->file, buf, sizeof buf, r->n)) > 0)
		for (ssize_t i = 0; i < k; i++)
			r->right &= buf[i] == byte_at(r->n++);
	r->right &= k == 0;
	return NULL;
}

static void
a_reader_gets_all_and_then_the_end(void **state)
{
	static const struct {
		size_t step, steps;
	} row[] = { { 1, 0 }, { 1, 1 }, { 100, 30 }, { 65536, 4 }, { 65536, 9 },
		{ 99991, 20 } };
	static char buf[100000];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int fd = temp_file(temp_folder());
		struct reading r = { growing_open(fd), 0, true };
		pthread_t thread;
		uint64_t n = 0;

		assert_true(belt_thread(&thread, read_all, &r));
		for (size_t k = 0; k < row[i].steps; k++) {
			for (size_t b = 0; b < row[i].step; b++)
				buf[b] = byte_at(n + b);
			assert_int_equal(
			    write(fd, buf, row[i].step), (ssize_t)row[i].step);
			n += row[i].step;
			growing_add(r.file, row[i].step);
		}
		growing_end(r.file);
		pthread_join(thread, NULL);
		assert_true(r.right);
		assert_int_equal(r.n, n);
		growing_close(r.file);
		close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reader_gets_all_and_then_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
