/*
 * A part of a file in memory: mapped, and copied where the kernel does not
 * fetch pages when it is asked to.  Link with --wrap=madvise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "net/window.h"

#define SIZE ((size_t)300001) /* ends within a page */

int __real_madvise(void *p, size_t n, int advice);
int __wrap_madvise(void *p, size_t n, int advice);

static bool old_kernel;
static int file;

int
__wrap_madvise(void *p, size_t n, int advice)
{
	if (!old_kernel)
		return __real_madvise(p, n, advice);
	errno = EINVAL;
	return -1;
}

static uint8_t
byte_at(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static int
make_file(void **state)
{
	static uint8_t bytes[SIZE];

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = byte_at(i);
	file = memfd_create("file", MFD_CLOEXEC);
	return pwrite(file, bytes, SIZE, 0) == (ssize_t)SIZE ? 0 : -1;
}

static int
close_file(void **state)
{
	(void)state;
	return close(file);
}

/* Mapped; or read, as the kernel is too old or as the file may be cut. */
#define WAYS 3

static bool
opens(struct window *w, size_t way, uint64_t at, size_t n)
{
	old_kernel = way == 1;
	return window_open(w, file, at, n, way != 2);
}

static void
shows_the_bytes_that_the_file_has(void **state)
{
	static const struct {
		const char *what;
		uint64_t at;
		size_t n;
		bool has;
	} row[] = {
		{ "all", 0, SIZE, true },
		{ "first", 0, 1, true },
		{ "from within a page", 4097, 70000, true },
		{ "over a border of windows", 65535, 2, true },
		{ "last", SIZE - 1, 1, true },
		{ "one too many, in the last page", SIZE - 10, 11, false },
		{ "pages too many", 0, SIZE + 100000, false },
		{ "behind the end", SIZE + 1000000, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < WAYS * sizeof row / sizeof *row; i++) {
		size_t r = i / WAYS;
		struct window w;

		if (opens(&w, i % WAYS, row[r].at, row[r].n) != row[r].has)
			fail_msg("%s", row[r].what);
		if (!row[r].has)
			continue;
		assert_int_equal(w.n, row[r].n);
		for (size_t k = 0; k < w.n; k++) {
			if (w.p[k] != byte_at((size_t)row[r].at + k))
				fail_msg("%s: byte %zu", row[r].what, k);
		}
		assert_true(window_close(&w));
	}
}

static void
a_file_that_is_cut_meanwhile_is_noticed(void **state)
{
	static const size_t left[] = { SIZE - 1, 65536, 0 };
	struct window w;

	for (size_t i = 0; i < WAYS * sizeof left / sizeof *left; i++) {
		assert_true(opens(&w, i % WAYS, 5, SIZE - 5));
		assert_int_equal(ftruncate(file, (off_t)left[i / WAYS]), 0);
		/* where it does not last, this is no SIGBUS */
		assert_true(
		    i % WAYS != 2 || w.p[SIZE - 6] == byte_at(SIZE - 1));
		assert_false(window_close(&w));
		assert_false(opens(&w, i % WAYS, 5, SIZE - 5));
		close_file(state);
		assert_int_equal(make_file(state), 0);
	}
}

static void
what_cannot_be_read_is_no_window(void **state)
{
	struct window w;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_false(window_open(&w, ends[0], 0, 1, true));
	assert_false(window_open(&w, -1, 0, 1, true));
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_bytes_that_the_file_has),
		cmocka_unit_test(a_file_that_is_cut_meanwhile_is_noticed),
		cmocka_unit_test(what_cannot_be_read_is_no_window),
	};

	cmocka_run_group_tests(tests, make_file, close_file);
	return 0;
}
