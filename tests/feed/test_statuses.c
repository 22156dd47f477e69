/*
 * A dump's statuses, counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "feed/statuses.h"

static void
add(struct statuses *s, const char *pipeline, const char *status,
    const char *to, enum map_by by)
{
	struct record r = { .has_meaning = true,
		.meaning = { slice_of(to), by },
		.pipeline = slice_of(pipeline),
		.status = slice_of(status) };

	statuses_add(s, &r);
}

static void
the_same_status_is_one_however_it_is_written(void **state)
{
	struct statuses s;

	(void)state;
	statuses_open(&s);
	add(&s, "Опт", "Счёт выставлен", "", MAP_NOTHING);
	add(&s, " опт ", "СЧЕТ  выставлен", "", MAP_NOTHING);
	add(&s, "Розница", "Счёт выставлен", "", MAP_NOTHING);
	add(&s, "Опт", "Счёт выставлен", "PAID", MAP_PAYMENT);
	add(&s, "Опт", "Замер", "BigDeal", MAP_SETTINGS);
	add(&s, "Опт", "Замер", "BigDeal", MAP_SETTINGS);
	add(&s, "Опт", "Замер", "BigDeal", MAP_SETTINGS);
	add(&s, "Опт", "Черновик", "skip", MAP_SETTINGS);
	assert_int_equal(s.rows, 5);
	statuses_sort(&s, false);
	/* unmapped first, then the most frequent */
	assert_string_equal(s.row[0].status, "Счёт выставлен");
	assert_string_equal(s.row[0].pipeline, "Опт");
	assert_int_equal(s.row[0].n, 2);
	assert_string_equal(s.row[1].pipeline, "Розница");
	assert_string_equal(s.row[2].to, "goal:BigDeal");
	assert_int_equal(s.row[2].n, 3);
	assert_string_equal(s.row[4].to, "skip");
	assert_true(status_is_unmapped(&s.row[1], false));
	assert_false(status_is_unmapped(&s.row[2], false));
	statuses_close(&s);
}

static void
a_guess_is_unmapped_in_several_pipelines(void **state)
{
	static const struct {
		const char *status, *to;
		enum map_by by;
		bool one, several;
	} row[] = {
		{ "Won", "PAID", MAP_GUESS, false, true },
		{ "Won", "PAID", MAP_PRESET, false, false },
		{ "Won", "", MAP_UNNAMED, true, true },
		{ "", "", MAP_NOTHING, false, false },
		{ "", "PAID", MAP_DEFAULT, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct statuses s;

		statuses_open(&s);
		add(&s, "Sales", row[i].status, row[i].to, row[i].by);
		assert_int_equal(
		    status_is_unmapped(&s.row[0], false), row[i].one);
		assert_int_equal(
		    status_is_unmapped(&s.row[0], true), row[i].several);
		statuses_close(&s);
	}
}

static void
memory_is_bounded(void **state)
{
	static char name[100000];
	struct statuses s;

	(void)state;
	statuses_open(&s);
	for (int i = 0; i < STATUSES_MAX + 500; i++) {
		snprintf(name, sizeof name, "Status %d", i);
		add(&s, "", name, "", MAP_NOTHING);
	}
	add(&s, "", "status 1", "", MAP_NOTHING);
	assert_int_equal(s.rows, STATUSES_MAX);
	assert_int_equal(s.others, 500);
	assert_int_equal(s.row[1].n, 2);
	statuses_close(&s);
	/* a name that is cut is cut at a character */
	statuses_open(&s);
	memset(name, 'x', sizeof name - 1);
	memcpy(name + STATUS_NAME_MAX - 1, "ё", 2);
	add(&s, name, "a\nb", name, MAP_SETTINGS);
	assert_int_equal(strlen(s.row[0].pipeline), STATUS_NAME_MAX - 1);
	assert_string_equal(s.row[0].status, "a b");
	assert_true(strlen(s.row[0].to) <= STATUS_NAME_MAX);
	statuses_close(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_status_is_one_however_it_is_written),
		cmocka_unit_test(a_guess_is_unmapped_in_several_pipelines),
		cmocka_unit_test(memory_is_bounded),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
