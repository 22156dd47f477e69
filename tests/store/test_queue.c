/*
 * status_steps = each.  A history is a line of steps: "A=LEAD" a dump with
 * order A in that status ("A=NEW,LEAD": in two rows), "*" a version is
 * published, "!" it is pulled, "~" the one before the last is, "+23" hours
 * pass, "A?LEAD" that is what a version would show now, "@23" the next status
 * is due in so many hours ("@-": none is), "last" and "each" the setting is
 * that from now on, "again" the daemon is started anew.
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

#define HOUR 3600

static struct err e;

struct history {
	struct kit k;
	int64_t now, version[2]; /* update times: the last, the one before */
	const char *label, *step;
};

static void
drop(struct history *h)
{
	char id[2] = { h->step[0], '\0' }, *copy = strdup(h->step + 2);
	char *rest = copy, *status;
	struct row row[4];
	size_t n = 0;

	memset(row, 0, sizeof row);
	while ((status = strtok_r(rest, ",", &rest)) != NULL) {
		row[n].line = 2 + n;
		row[n].id = id;
		row[n].create = id[0] == 'F' ? 2000000 : 500;
		row[n].status = status;
		row[n++].phones = "79991234567";
	}
	h->k.rules.now = h->now;
	kit_merge(&h->k, row, n);
	free(copy);
}

static void
publish(struct history *h)
{
	bool each = h->k.rules.each_step;

	h->now++;
	assert_int_equal(
	    store_steps_pass(h->k.store, "main", h->now, each, &e), 0);
	h->version[1] = h->version[0];
	h->version[0] = h->now;
	kit_publish(&h->k, h->now, 0, h->now);
}

static void
pull(struct history *h, int64_t mtime)
{
	static uint64_t last = UINT64_C(1) << 62;
	struct pull p = { .id = ++last, .begun = h->now, .size = 10 };

	strcpy(p.feed, "main");
	strcpy(p.file, "conversions.csv");
	assert_int_equal(store_pull_begin(h->k.store, &p, mtime, &e), 0);
	assert_int_equal(
	    store_pull_end(h->k.store, p.id, h->now, 10, true, &e), 0);
}

struct shown {
	char id, status[64];
};

static int
note(void *ctx, const struct order *o, struct err *err)
{
	struct shown *s = ctx;
	struct slice status = conv_text(&o->conv, FIELD_ORDER_STATUS);

	(void)err;
	if (o->id.p[0] == s->id)
		snprintf(s->status, sizeof s->status, "%.*s", (int)status.n,
		    status.p);
	return 0;
}

static void
look(struct history *h)
{
	struct shown s = { .id = h->step[0], .status = "" };

	assert_int_equal(store_steps_pass(h->k.store, "main", h->now,
			     h->k.rules.each_step, &e),
	    0);
	assert_int_equal(
	    store_orders(h->k.store, "main", KIND_BIT(RECORD_ORDER), 0,
		INT64_MAX, note, &s, &e),
	    0);
	if (strcmp(s.status, h->step + 2) != 0)
		fail_msg("%s: %s, and it is %s", h->label, h->step, s.status);
}

static void
ask_due(struct history *h)
{
	int64_t due, want = INT64_MAX;

	if (h->step[1] != '-')
		want = h->now + atoi(h->step + 1) * INT64_C(3600);
	assert_int_equal(store_steps_due(h->k.store, "main", &due, &e), 0);
	/* versions take a second each */
	if (due > want || due < want - 60)
		fail_msg("%s: %s, and it is in %lld s", h->label, h->step,
		    (long long)(due - h->now));
}

static void
ask_waiting(struct history *h)
{
	uint64_t n;

	assert_int_equal(store_steps_waiting(h->k.store, "main", &n, &e), 0);
	if (n != (uint64_t)atoi(h->step + 1))
		fail_msg("%s: %s, and it is %llu", h->label, h->step,
		    (unsigned long long)n);
}

static void
take(struct history *h)
{
	const char *s = h->step;

	if (strcmp(s, "last") == 0)
		h->k.rules.each_step = false;
	else if (strcmp(s, "each") == 0)
		h->k.rules.each_step = true;
	else if (strcmp(s, "again") == 0)
		kit_reopen(&h->k);
	else if (*s == '*')
		publish(h);
	else if (*s == '!' || *s == '~')
		pull(h, h->version[*s == '~']);
	else if (*s == '+')
		h->now += atoi(s + 1) * INT64_C(3600);
	else if (*s == '#')
		ask_waiting(h);
	else if (*s == '@')
		ask_due(h);
	else if (s[1] == '?')
		look(h);
	else
		drop(h);
}

static void
play(const char *label, const char *steps)
{
	struct history h = { .now = 1000000, .label = label };
	char *copy = strdup(steps), *rest = copy;

	kit_open(&h.k);
	h.k.rules.each_step = true;
	while ((h.step = strtok_r(rest, " ", &rest)) != NULL)
		take(&h);
	kit_close(&h.k);
	free(copy);
}

static void
statuses_wait_for_a_pull_of_the_one_before(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label, *steps;
	} cases[] = {
		{ "an order that stands still",
		  "A=NEW * A?NEW @- ! A?NEW" },
		{ "each was pulled in time",
		  "A=NEW * ! A=LEAD A?LEAD * ! A=PAID A?PAID @-" },
		{ "one waits for the one before",
		  "A=NEW * ! A=LEAD * A=PAID A?LEAD * A?LEAD ! A?PAID @-" },
		{ "two wait",
		  "A=NEW * ! A=LEAD * A=GOOD A=PAID A?LEAD ! A?GOOD * A?GOOD ! "
		  "A?PAID * ! A?PAID @-" },
		{ "nobody has pulled anything yet",
		  "A=NEW * A=LEAD A?NEW A=PAID A?NEW ! A?LEAD * ! A?PAID" },
		{ "one that was never published is shown first",
		  "A=NEW A=LEAD A?NEW * ! A?LEAD * ! A?LEAD @-" },
		{ "a pull of a version before it does not count",
		  "B=NEW * A=NEW * A=LEAD ~ A?NEW ! A?LEAD" },
		{ "nor one before the status",
		  "A=NEW * ! * A=LEAD * A=PAID ~ A?LEAD ! A?PAID" },
		{ "a second pull of the same version shows nothing new",
		  "A=NEW * A=LEAD A=PAID ! A?LEAD ! A?LEAD * ! A?PAID" },
		{ "the last one may be followed before it is pulled",
		  "A=NEW * A=LEAD * ! A?LEAD * A=PAID A?LEAD ! A?PAID" },
		{ "and after it was",
		  "A=NEW * A=LEAD ! * ! A=PAID A?PAID @-" },
		{ "back to an old one",
		  "A=NEW * A=LEAD A=NEW A?NEW ! A?LEAD * ! A?NEW" },
		{ "two orders, each its own",
		  "#0 A=NEW B=NEW * ! A=LEAD * B=LEAD * #0 A=PAID B=PAID A?LEAD "
		  "B?LEAD #2 ~ A?PAID B?LEAD #1 ! B?PAID #0" },
		{ "one that is in no version waits for its time",
		  "F=NEW * ! F=LEAD * ! F?NEW +25 F?LEAD" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		play(cases[i].label, cases[i].steps);
}

static void
nothing_waits_for_more_than_a_day(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label, *steps;
	} cases[] = {
		{ "nobody pulls",
		  "A=NEW * A=LEAD @24 +23 A?NEW @1 +1 A?LEAD @-" },
		{ "each has its own day",
		  "A=NEW * A=LEAD A=PAID +24 A?LEAD * @24 +23 A?LEAD +1 A?PAID" },
		{ "two days at once",
		  "A=NEW * A=LEAD A=PAID +48 A?PAID @-" },
		{ "the day begins when the next one comes",
		  "A=NEW * +40 A?NEW @- A=LEAD @24 A?NEW +24 A?LEAD" },
		{ "or with the pull of the one before",
		  "A=NEW * A=LEAD A=PAID +20 ! A?LEAD @24 +23 A?LEAD +1 A?PAID" },
		{ "what gave way is not brought back by a late pull",
		  "A=NEW * A=LEAD A=PAID +24 A?LEAD * ~ A?LEAD ! A?PAID" },
		{ "what was shown last for a day is forgotten",
		  "A=NEW * A=LEAD ! * +25 A?LEAD A=PAID A?PAID" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		play(cases[i].label, cases[i].steps);
}

static void
cancelled_and_spam_wait_for_nothing(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label, *steps;
	} cases[] = {
		{ "cancelled", "A=NEW * A=LEAD A=CANCELLED A?CANCELLED @-" },
		{ "spam", "A=NEW * A=LEAD A=GOOD A=SPAM A?SPAM @-" },
		{ "at once", "A=NEW * A=CANCELLED A?CANCELLED @-" },
		{ "and are no step", "A=NEW A=CANCELLED * A=PAID A?PAID @-" },
		{ "what comes behind waits again",
		  "A=NEW A=CANCELLED * A=LEAD A=PAID A?LEAD * ! A?PAID" },
		{ "within one dump", "A=NEW,LEAD,SPAM A?SPAM @-" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		play(cases[i].label, cases[i].steps);
}

static void
rows_of_one_dump_are_steps_too(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label, *steps;
	} cases[] = {
		{ "of a new order",
		  "A=NEW,LEAD,PAID A?NEW * ! A?LEAD * ! A?PAID @-" },
		{ "of one that was pulled",
		  "A=NEW * ! A=LEAD,PAID A?LEAD * ! A?PAID @-" },
		{ "of one that was not",
		  "A=NEW * A=NEW,LEAD,PAID A?NEW ! A?LEAD * ! A?PAID" },
		{ "there and back",
		  "A=NEW * ! A=LEAD,NEW A?LEAD * ! A?NEW" },
		{ "all the same", "A=NEW,NEW,NEW A?NEW @-" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		play(cases[i].label, cases[i].steps);
}

static void
more_than_eight_are_not_kept(void **state)
{
	(void)state;
	play("the newest takes the last one's place",
	    "A=S1 * A=S2 A=S3 A=S4 A=S5 A=S6 A=S7 A=S8 A=S9 A=S10 A?S1 ! A?S2 "
	    "* ! A?S3 * ! A?S4 * ! A?S5 * ! A?S6 * ! A?S7 * ! A?S10 @-");
}

static void
the_setting_last_ends_the_waiting(void **state)
{
	(void)state;
	play("at the next version",
	    "A=NEW * A=LEAD A=PAID A?NEW last A?PAID @- A=DONE A?DONE");
	play("never began", "last A=NEW * A=LEAD A=PAID A?PAID @-");
	play("and begins anew, and what was published before is pulled late",
	    "A=NEW * A=LEAD last * A?LEAD each A=PAID A?LEAD ~ A?LEAD ! "
	    "A?PAID");
	play("and begins anew after a pull",
	    "A=NEW * ! A=LEAD A=PAID * last * A?PAID each A=X A?PAID ~ A?PAID "
	    "! A?X");
}

static void
a_restart_changes_nothing(void **state)
{
	(void)state;
	play("while two wait",
	    "A=NEW * A=LEAD A=PAID again A?NEW @24 ! again A?LEAD * again ! "
	    "A?PAID @-");
}

/* --- once more ------------------------------------------------------------ */

struct replay {
	struct history *from, to;
	const char *step[16]; /* of each dump, when it came, the setting */
	int64_t at[16];
	bool each[16];
	size_t dumps, next;
};

static int
again(void *ctx, enum history_kind kind, int64_t id, struct err *err)
{
	struct replay *r = ctx;
	struct publication p;

	if (kind == HISTORY_DUMP) {
		r->to.step = r->step[r->next];
		r->to.k.rules.each_step = r->each[r->next];
		r->to.now = r->at[r->next++];
		drop(&r->to);
		return 0;
	}
	if (kind == HISTORY_LAST)
		return store_steps_pass(r->to.k.store, "main", 0, false, err);
	assert_int_equal(
	    store_publication_get(r->from->k.store, id, &p, err), 1);
	if (kind == HISTORY_PUBLICATION)
		return store_publication_again(r->to.k.store, &p, err);
	r->to.now = p.first_pull;
	pull(&r->to, p.mtime);
	return 0;
}

static void
shown_and_due(struct history *h, char out[128])
{
	struct shown s = { .id = 'A', .status = "" };
	int64_t due;

	assert_int_equal(
	    store_steps_pass(h->k.store, "main", h->now, true, &e), 0);
	assert_int_equal(
	    store_orders(h->k.store, "main", KIND_BIT(RECORD_ORDER), 0,
		INT64_MAX, note, &s, &e),
	    0);
	assert_int_equal(store_steps_due(h->k.store, "main", &due, &e), 0);
	snprintf(out, 128, "%s %lld", s.status, (long long)due);
}

/* As convdrop rebuild does: what happened is all that counts, and not when
 * somebody looked. */
static void
a_replay_of_the_history_comes_to_the_same(void **state)
{
	static const char *const histories[] = {
		"A=NEW * A=LEAD A=PAID +20 !",
		"A=NEW * A=LEAD A=PAID +25 A?LEAD * +1 !",
		"A=NEW * A=LEAD A=PAID +25 ! A?LEAD +3 * +30",
		"A=NEW * A=LEAD +30 A=PAID * ~ +2 A=LEAD ! +5 * ! A=PAID",
		"A=NEW,LEAD,PAID +10 * +10 * ~ +23 * A=CANCELLED A=X A=Y +1",
		"A=NEW * A=LEAD A=PAID last * each A=X +1 ~ +1 !",
		"A=NEW * A=LEAD A=PAID last A=X each A=Y * last * each +1",
		"A=NEW,LEAD last * each A=PAID,NEW last * each A=X +1 !",
	};

	(void)state;
	for (size_t i = 0; i < sizeof histories / sizeof *histories; i++) {
		struct history h = { .now = 1000000, .label = histories[i] };
		struct replay r = { .from = &h, .to = h };
		char *copy = strdup(histories[i]), *rest = copy;
		char want[128], got[128];

		kit_open(&h.k);
		kit_open(&r.to.k);
		h.k.rules.each_step = r.to.k.rules.each_step = true;
		while ((h.step = strtok_r(rest, " ", &rest)) != NULL) {
			if (h.step[1] == '=') {
				r.each[r.dumps] = h.k.rules.each_step;
				r.step[r.dumps] = h.step;
				r.at[r.dumps++] = h.now;
			}
			take(&h);
		}
		assert_int_equal(
		    store_history(h.k.store, "main", NULL, again, &r, &e), 0);
		assert_int_equal(r.next, r.dumps);
		r.to.now = h.now;
		shown_and_due(&h, want);
		shown_and_due(&r.to, got);
		if (strcmp(want, got) != 0)
			fail_msg("%s: %s, and once more %s", histories[i], want,
			    got);
		kit_close(&h.k);
		kit_close(&r.to.k);
		free(copy);
	}
}

struct told {
	char text[256];
};

static void
tell(void *ctx, const struct missed *m)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	snprintf(t->text + n, sizeof t->text - n, "%s>%s:%d ", m->status,
	    m->next, (int)m->n);
}

static void
what_gives_way_unpulled_is_counted(void **state)
{
	static const char *const steps[] = { "A=NEW", "*", "A=LEAD", "A=PAID",
		"+24", "A?LEAD", "*", "!", "A?PAID" };
	struct history h = { .now = 1000000, .label = "missed" };
	struct told t = { "" };

	(void)state;
	kit_open(&h.k);
	h.k.rules.each_step = true;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		h.step = steps[i];
		take(&h);
	}
	assert_int_equal(store_missed(h.k.store, "main", 0, tell, &t, &e), 0);
	assert_string_equal(t.text, "NEW>LEAD:1 ");
	kit_close(&h.k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(statuses_wait_for_a_pull_of_the_one_before),
		cmocka_unit_test(nothing_waits_for_more_than_a_day),
		cmocka_unit_test(cancelled_and_spam_wait_for_nothing),
		cmocka_unit_test(rows_of_one_dump_are_steps_too),
		cmocka_unit_test(more_than_eight_are_not_kept),
		cmocka_unit_test(the_setting_last_ends_the_waiting),
		cmocka_unit_test(a_restart_changes_nothing),
		cmocka_unit_test(a_replay_of_the_history_comes_to_the_same),
		cmocka_unit_test(what_gives_way_unpulled_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
