/*
 * Platforms, goals and products, as text and as JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/normal.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct arena arena = ARENA_EMPTY;
static struct problems problems;

static void
assert_list(struct slice got, const char *want, size_t refused)
{
	if (!slice_is(got, want) || problems.n != refused)
		fail_msg("\"%.*s\" and %zu refused instead of \"%s\" and %zu",
		    (int)got.n, got.p, problems.n, want, refused);
	arena_reset(&arena);
}

static void
a_platform_is_one_of_three(void **state)
{
	static const char *const row[][2] = {
		{ "", "" },
		{ "-", "" },
		{ " WhatsApp ", "whatsapp" },
		{ "WA", "whatsapp" },
		{ "Ватсап", "whatsapp" },
		{ "ТЕЛЕГРАМ", "telegram" },
		{ "tg", "telegram" },
		{ "Viber", "viber" },
		{ "vk", NULL },
		{ "whatsapp, telegram", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slice out;
		enum reject r = normal_platform(slice_of(row[i][0]), &out);

		assert_int_equal(
		    r, row[i][1] == NULL ? REJECT_PLATFORM : REJECT_NONE);
		assert_true(slice_is(out, row[i][1] == NULL ? "" : row[i][1]));
	}
}

static void
goals_have_prices_or_none(void **state)
{
	static const struct {
		const char *cell, *want;
		size_t refused;
	} row[] = {
		{ "", "", 0 },
		{ "oplata_cash:200,filial_1", "oplata_cash:200,filial_1", 0 },
		{ " a : 1.5 ; b ", "a:1.50,b", 0 },
		{ "a\nb\r\nc", "a,b,c", 0 },
		{ "a:0", "a:0", 0 },
		{ "a:", "a", 0 },
		{ "a,a:5,b", "a,b", 0 },
		{ "Цель:5,b", "b", 1 },
		{ "a:много,b:-1,c", "c", 2 },
		{ "a b", "", 1 },
		{ "[{\"goal_action_id\":\"x\",\"price\":123.5},"
		  "{\"goal_action_id\":\"y\"}]",
		    "x:123.50,y", 0 },
		{ "[{\"goalActionId\":\"x\"},\"y\",{\"id\":\"z\"}]", "x,y,z",
		    0 },
		{ "[{\"goal_action_id\":5},{\"price\":5},7,[]]", "", 4 },
		{ "[{\"goal_action_id\":\"x\",\"price\":\"1\"}]", "", 1 },
		{ "[{\"goal_action_id\":\"x\",\"price\":-1}]", "", 1 },
		{ "{\"a\":1}", "", 1 },
		{ "[broken", "[broken", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct problem at = { .field = FIELD_GOALS };

		problems.n = 0;
		assert_list(
		    normal_goals(&arena, slice_of(row[i].cell), at, &problems),
		    row[i].want, row[i].refused);
	}
}

static void
what_is_refused_is_named(void **state)
{
	static const char *const row[][2] = {
		{ "Цель:5", "Цель:5" },
		{ "[{\"goal_action_id\":\"bad one\"}]", "bad one" },
		{ "[{\"goal_action_id\":\"x\",\"price\":-1}]", "x" },
		{ "[{\"goal_action_id\":5}]", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct problem at = { .field = FIELD_GOALS };

		problems.n = 0;
		normal_goals(&arena, slice_of(row[i][0]), at, &problems);
		assert_int_equal(problems.n, 1);
		assert_true(slice_is(problems.p[0].value, row[i][1]));
		arena_reset(&arena);
	}
}

static void
products_have_quantities(void **state)
{
	static const struct {
		const char *cell, *want;
		size_t refused;
	} row[] = {
		{ "", "", 0 },
		{ "груша:10,яблоко:2", "груша:10,яблоко:2", 0 },
		{ "груша; яблоко", "груша:1,яблоко:1", 0 },
		{ "груша:1,яблоко:2,груша:3", "груша:4,яблоко:2", 0 },
		{ "сок:0.5", "сок:0.5", 0 },
		{ "сок:1.250,чай:2.000", "сок:1.25,чай:2", 0 },
		{ "Доставка: курьер", "Доставка: курьер:1", 0 },
		{ "Окно: ПВХ:2", "Окно: ПВХ:2", 0 },
		{ "груша:", "груша:1", 0 },
		{ "груша:0,чай:-1,сок:1.2345,лёд:1.", "", 4 },
		{ ":5", "", 1 },
		{ "лёд:9999999999999", "", 1 },
		{ "{\"pear\":10,\"apple\":0.5}", "pear:10,apple:0.5", 0 },
		{ "{\"a,b\\nc\":2}", "a b c:2", 0 },
		{ "[\"груша\",\"груша\"]", "груша:2", 0 },
		{ "{\"pear\":\"10\",\"apple\":0,\"\":1}", "", 3 },
		{ "[5]", "", 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct problem at = { .field = FIELD_PRODUCTS };

		problems.n = 0;
		assert_list(normal_products(
				&arena, slice_of(row[i].cell), at, &problems),
		    row[i].want, row[i].refused);
	}
}

/* Were it not bounded, a cell of 64 KiB could cost seconds. */
static void
a_thousand_products_are_all_an_order_has(void **state)
{
	struct problem at = { .field = FIELD_PRODUCTS };
	static char cell[65536];
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 1010; i++)
		n += (size_t)snprintf(cell + n, sizeof cell - n, "p%d,", i);
	problems.n = 0;
	normal_products(&arena, (struct slice){ cell, n }, at, &problems);
	assert_int_equal(problems.n, 10);
	assert_int_equal(problems.p[0].reject, REJECT_PRODUCTS);
	arena_free(&arena);
	problems_free(&problems);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_platform_is_one_of_three),
		cmocka_unit_test(goals_have_prices_or_none),
		cmocka_unit_test(what_is_refused_is_named),
		cmocka_unit_test(products_have_quantities),
		cmocka_unit_test(a_thousand_products_are_all_an_order_has),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
