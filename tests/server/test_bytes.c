/*
 * A part of a file in memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/bytes.h"

#define SIZE ((size_t)300001)

static int file;
static uint8_t room[BYTES_ROOM(2 * SIZE)];

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

static void
a_part_is_as_far_into_a_page_as_in_its_file(void **state)
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
		{ "over a border of pages", 8191, 2, true },
		{ "last", SIZE - 1, 1, true },
		{ "none", 5, 0, true },
		{ "one too many", SIZE - 10, 11, false },
		{ "pages too many", 0, SIZE + 100000, false },
		{ "behind the end", SIZE + 1000000, 1, false },
	};

	(void)state;
	for (size_t i = 0; i < 3 * sizeof row / sizeof *row; i++) {
		size_t r = i / 3;
		uint8_t *at = room + i % 3 * 2049;
		const uint8_t *p = bytes_part(at, file, row[r].at, row[r].n);

		if ((p != NULL) != row[r].has)
			fail_msg("%s", row[r].what);
		if (p == NULL)
			continue;
		assert_in_range(p - at, 0, BYTES_PAGE - 1);
		assert_int_equal(
		    (uintptr_t)p % BYTES_PAGE, row[r].at % BYTES_PAGE);
		for (size_t k = 0; k < row[r].n; k++) {
			if (p[k] != byte_at((size_t)row[r].at + k))
				fail_msg("%s: byte %zu", row[r].what, k);
		}
	}
}

static void
what_cannot_be_read_is_none(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_null(bytes_part(room, ends[0], 0, 1));
	assert_null(bytes_part(room, -1, 0, 1));
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_is_as_far_into_a_page_as_in_its_file),
		cmocka_unit_test(what_cannot_be_read_is_none),
	};

	cmocka_run_group_tests(tests, make_file, close_file);
	return 0;
}
