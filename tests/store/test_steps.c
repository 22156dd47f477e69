/*
 * Statuses that were replaced before any completed pull carried them, and when
 * an order was first pulled.  A history is a line of steps: "A=LEAD" a dump
 * with order A in that status, "*" a version is published, "!" it is pulled,
 * "~" the one before the last is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "tests/store/merge_kit.h"

static struct err e;

struct told {
	char text[512];
};

static void
tell(void *ctx, const struct missed *m)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	assert_int_equal(m->day, 1000000 / 86400);
	snprintf(t->text + n, sizeof t->text - n, "%s%s>%s:%d",
	    n == 0 ? "" : " ", m->status, m->next, (int)m->n);
}

static void
drop(struct kit *k, const char *step, int64_t create)
{
	char id[2] = { step[0], '\0' };
	struct row row = { .line = 2,
		.id = id,
		.create = create,
		.status = step + 2,
		.phones = "79991234567" };

	kit_merge(k, &row, 1);
}

static void
play(struct kit *k, const char *history)
{
	char *copy = strdup(history), *rest = copy, *step;
	int64_t mtime = 1000;

	while ((step = strtok_r(rest, " ", &rest)) != NULL) {
		if (strcmp(step, "*") == 0)
			kit_publish(k, mtime += 10, 0, 999999);
		else if (strcmp(step, "!") == 0)
			kit_pull(k, mtime);
		else if (strcmp(step, "~") == 0)
			kit_pull(k, mtime - 10);
		else
			drop(k, step, step[0] == 'F' ? 2000000 : 500);
	}
	free(copy);
}

static void
what_no_pull_carried_is_counted(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label, *history, *missed;
	} cases[] = {
		{ "nothing was ever pulled", "A=LEAD A=PAID *", "" },
		{ "a new order's first status",
		  "Z=PAID * ! A=LEAD * A=PAID *", "LEAD>PAID:1" },
		{ "published alone is not pulled",
		  "A=IN_PROGRESS * ! A=LEAD * A=PAID * !", "LEAD>PAID:1" },
		{ "all were pulled",
		  "A=IN_PROGRESS * ! A=LEAD * ! A=PAID * !", "" },
		{ "two in a row",
		  "A=IN_PROGRESS * ! A=LEAD A=GOOD A=PAID * !",
		  "GOOD>PAID:1 LEAD>GOOD:1" },
		{ "the same status again is no step",
		  "A=IN_PROGRESS * ! A=IN_PROGRESS A=PAID * !", "" },
		{ "back to what was carried, then on",
		  "A=NEW * ! A=LEAD A=NEW A=PAID", "LEAD>NEW:1" },
		{ "there and back twice",
		  "A=NEW * ! A=LEAD A=NEW A=GOOD A=NEW A=PAID",
		  "GOOD>NEW:1 LEAD>NEW:1" },
		{ "back to what was carried before the last pull",
		  "A=NEW * ! A=LEAD * ! A=NEW A=PAID", "NEW>PAID:1" },
		{ "two orders",
		  "A=NEW B=NEW * ! A=LEAD B=LEAD A=PAID B=PAID", "LEAD>PAID:2" },
		{ "an older version's pull does not carry it",
		  "A=NEW * ! * A=LEAD * ~ A=PAID", "LEAD>PAID:1" },
		{ "an older version's pull carries what it had",
		  "A=NEW * ! A=LEAD * * ~ A=PAID", "" },
		{ "a pull after, then a step at once",
		  "A=NEW * ! A=LEAD * ! A=GOOD A=PAID", "GOOD>PAID:1" },
		{ "an order of the future is in no version",
		  "A=NEW F=NEW * ! F=PAID", "NEW>PAID:1" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct told t = { "" };
		struct kit k;

		kit_open(&k);
		play(&k, cases[i].history);
		assert_int_equal(
		    store_missed(k.store, "main", 0, tell, &t, &e), 0);
		if (strcmp(t.text, cases[i].missed) != 0)
			fail_msg("%s: %s", cases[i].label, t.text);
		kit_close(&k);
	}
}

static void
only_days_that_are_asked_for_are_told(void **state)
{
	struct told t = { "" };
	struct kit k;

	(void)state;
	kit_open(&k);
	play(&k, "A=NEW * ! A=LEAD A=PAID");
	assert_int_equal(
	    store_missed(k.store, "main", 1000000 / 86400 + 1, tell, &t, &e),
	    0);
	assert_int_equal(store_missed(k.store, "none", 0, tell, &t, &e), 0);
	assert_string_equal(t.text, "");
	kit_close(&k);
}

static int
note_pulled(void *ctx, const struct order *o, struct err *err)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	(void)err;
	assert_int_equal(o->frozen, o->pulled != 0);
	snprintf(t->text + n, sizeof t->text - n, "%.*s:%d ", (int)o->id.n,
	    o->id.p, (int)o->pulled);
	return 0;
}

static void
an_order_knows_when_it_was_first_pulled(void **state)
{
	struct told t = { "" };
	struct kit k;

	(void)state;
	kit_open(&k);
	play(&k, "A=NEW * ! B=NEW * * ! C=NEW *");
	assert_int_equal(store_orders(k.store, "main", KIND_BIT(RECORD_ORDER),
			     0, 999999, note_pulled, &t, &e),
	    0);
	assert_string_equal(t.text, "A:1012 B:1032 C:0 ");
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_pull_carried_is_counted),
		cmocka_unit_test(only_days_that_are_asked_for_are_told),
		cmocka_unit_test(an_order_knows_when_it_was_first_pulled),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
