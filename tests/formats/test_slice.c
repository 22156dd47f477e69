/*
 * Slices and arenas.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/arena.h"
#include "formats/slice.h"

static void
a_slice_is_cut_at_the_first_separator(void **state)
{
	struct slice s = slice_of("a;b;");

	(void)state;
	assert_true(slice_is(slice_cut(&s, ';'), "a"));
	assert_true(slice_is(slice_cut(&s, ';'), "b"));
	assert_int_equal(s.n, 0);
	assert_int_equal(slice_cut(&s, ';').n, 0);
}

static void
blanks_and_nbsp_are_trimmed(void **state)
{
	static const char *const row[][2] = {
		{ "  a b ", "a b" }, { "\xc2\xa0x\xc2\xa0\t", "x" },
		{ " \xc2\xa0 ", "" }, { "", "" },
		{ "\xd0\xa0", "\xd0\xa0" }, /* Р ends with 0xA0 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_true(
		    slice_is(slice_trim(slice_of(row[i][0])), row[i][1]));
}

static void
a_slice_sorts_before_what_it_begins(void **state)
{
	(void)state;
	assert_true(slice_cmp(slice_of("a"), slice_of("ab")) < 0);
	assert_true(slice_cmp(slice_of("b"), slice_of("ab")) > 0);
	assert_int_equal(slice_cmp(slice_of(""), slice_of("")), 0);
}

static void
an_arena_gives_separate_aligned_memory(void **state)
{
	struct arena a = ARENA_EMPTY;
	char *first = arena_alloc(&a, 1);

	(void)state;
	*first = 'x';
	for (int i = 0; i < 1000; i++) {
		char *p = arena_alloc(&a, 997);

		assert_int_equal((uintptr_t)p % 16, 0);
		memset(p, i, 997);
	}
	memset(arena_alloc(&a, 1 << 20), 1, 1 << 20);
	assert_int_equal(*first, 'x');
	arena_reset(&a);
	assert_string_equal(arena_string(&a, slice_of("again")), "again");
	arena_free(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slice_is_cut_at_the_first_separator),
		cmocka_unit_test(blanks_and_nbsp_are_trimmed),
		cmocka_unit_test(a_slice_sorts_before_what_it_begins),
		cmocka_unit_test(an_arena_gives_separate_aligned_memory),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
