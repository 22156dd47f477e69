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
#include "formats/text.h"

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

/* In texts of every length, the odd byte anywhere in them. */
static void
a_rule_for_all_bytes_finds_the_one_that_breaks_it(void **state)
{
	(void)state;
	for (size_t n = 0; n < 30; n++) {
		char text[] = "0123456789012345678901234567890";

		assert_true(
		    text_all((struct slice){ text, n }, text_are_digits));
		for (size_t at = 0; at < n; at++) {
			for (int c = 0; c < 256; c++) {
				struct slice s = { text, n };

				text[at] = (char)c;
				assert_int_equal(text_all(s, text_are_digits),
				    c >= '0' && c <= '9');
				assert_int_equal(
				    text_all(s, text_are_printable),
				    c > ' ' && c < 0x7f);
			}
			text[at] = '7';
		}
	}
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
		cmocka_unit_test(
		    a_rule_for_all_bytes_finds_the_one_that_breaks_it),
		cmocka_unit_test(an_arena_gives_separate_aligned_memory),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
