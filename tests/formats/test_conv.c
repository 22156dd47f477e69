/*
 * The canonical record: its names and its packed form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/conv.h"

static void
every_field_is_found_by_its_name(void **state)
{
	(void)state;
	for (int f = 0; f < FIELD_COUNT; f++) {
		assert_non_null(field_info[f].name);
		assert_int_equal(
		    field_by_name(slice_of(field_info[f].name)), f);
	}
	assert_int_equal(field_by_name(slice_of("")), FIELD_COUNT);
	assert_int_equal(field_by_name(slice_of("ID")), FIELD_COUNT);
}

static void
numbers_come_first_and_texts_after(void **state)
{
	(void)state;
	for (int f = 0; f < FIELD_COUNT; f++)
		assert_int_equal(
		    field_info[f].kind <= KIND_FLAG, f < FIELD_NUMBERS);
}

static void
fill(struct conv *c)
{
	conv_clear(c);
	c->number[FIELD_CREATE_DATE_TIME] = -1;
	c->number[FIELD_REVENUE] = 0;
	c->number[FIELD_COST] = INT64_MAX;
	conv_text(c, FIELD_ID) = slice_of("№A1");
	conv_text(c, FIELD_LOSS_REASON) = slice_of("дорого");
}

static void
a_packed_record_unpacks_to_itself(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct conv c, back;
	struct slice first, second;

	(void)state;
	fill(&c);
	first = conv_pack(&a, &c);
	assert_true(conv_unpack(&back, first));
	assert_memory_equal(c.number, back.number, sizeof c.number);
	for (int f = FIELD_NUMBERS; f < FIELD_COUNT; f++)
		assert_true(slice_eq(conv_text(&c, f), conv_text(&back, f)));
	second = conv_pack(&a, &back);
	assert_true(slice_eq(first, second));
	arena_free(&a);
}

static void
an_empty_record_packs_to_nothing(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct conv c;

	(void)state;
	conv_clear(&c);
	assert_int_equal(conv_pack(&a, &c).n, 0);
	assert_true(conv_unpack(&c, slice_of("")));
	assert_int_equal(c.number[0], CONV_NONE);
	arena_free(&a);
}

static void
bytes_that_are_no_record_are_refused(void **state)
{
	static const struct {
		const char *why;
		const char *p;
		size_t n;
	} row[] = {
		{ "no such field", "\xff\1\0\0\0x", 6 },
		{ "a number cut short", "\0\1\2\3", 4 },
		{ "an unknown number", "\0\0\0\0\0\0\0\0\x80", 9 },
		{ "a text cut short", "\x0b\2\0\0\0x", 6 },
		{ "a length cut short", "\x0b\2\0", 3 },
		{ "an empty text", "\x0b\0\0\0\0", 5 },
		{ "one field twice", "\x0b\1\0\0\0x\x0b\1\0\0\0x", 12 },
		{ "fields out of order", "\x0c\1\0\0\0x\x0b\1\0\0\0x", 12 },
	};
	struct conv c;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_false(
		    conv_unpack(&c, (struct slice){ row[i].p, row[i].n }));
}

static void
every_cut_of_a_record_is_refused_or_a_shorter_record(void **state)
{
	struct arena a = ARENA_EMPTY;
	struct conv c, back;
	struct slice whole;

	(void)state;
	fill(&c);
	whole = conv_pack(&a, &c);
	for (size_t n = 0; n < whole.n; n++) {
		struct slice cut = { whole.p, n };

		if (conv_unpack(&back, cut))
			assert_true(slice_eq(conv_pack(&a, &back), cut));
	}
	arena_free(&a);
}

static void
any_of_the_five_identifiers_counts(void **state)
{
	static const enum field yes[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
		FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5 };
	struct conv c;

	(void)state;
	conv_clear(&c);
	conv_text(&c, FIELD_CLIENT_UNIQ_ID) = slice_of("1");
	conv_text(&c, FIELD_YCLID) = slice_of("1");
	assert_false(conv_has_identifier(&c));
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		conv_clear(&c);
		conv_text(&c, yes[i]) = slice_of("1");
		assert_true(conv_has_identifier(&c));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_is_found_by_its_name),
		cmocka_unit_test(numbers_come_first_and_texts_after),
		cmocka_unit_test(a_packed_record_unpacks_to_itself),
		cmocka_unit_test(an_empty_record_packs_to_nothing),
		cmocka_unit_test(bytes_that_are_no_record_are_refused),
		cmocka_unit_test(
		    every_cut_of_a_record_is_refused_or_a_shorter_record),
		cmocka_unit_test(any_of_the_five_identifiers_counts),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
