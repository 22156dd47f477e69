/*
 * Quality: a table of orders in, a table of qualities out; what Direct is too
 * late for; identifiers that many orders share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "feed/overview.h"
#include "feed/quality.h"
#include "tests/store/merge_kit.h"

#define DAY 86400
#define NOON 1764403200 /* 2025-11-29 11:00 in Moscow */

static struct err e;
static struct conf *conf;

static int
open_conf(void **state)
{
	static const char text[] = "feed main { source shop { } }\n";

	(void)state;
	setenv("CONVDROP_LOCALEDIR", "/nonexistent", 1);
	return conf_parse(
	    &conf, text, sizeof text - 1, "/tmp/convdrop.conf", &e);
}

static int
close_conf(void **state)
{
	(void)state;
	conf_free(conf);
	return 0;
}

static void
gather(struct quality *q, struct kit *k, int64_t now)
{
	struct quality_what what = { .store = k->store,
		.conf = conf,
		.feed = &conf->feed[0],
		.now = now,
		.since = INT64_MIN,
		.list_shared = true };

	if (quality_gather(q, &what, &e) == -1)
		fail_msg("%s", e.text);
}

static void
an_order_has_the_quality_of_its_identifiers(void **state)
{
	static const struct {
		const char *client_ids, *phones, *emails, *phones_md5,
		    *emails_md5, *quality;
	} cases[] = {
		{ "1", "7", "", "", "", "maximum" },
		{ "1", "", "a@b.c", "", "", "maximum" },
		{ "1", "", "", "00", "", "maximum" },
		{ "1", "", "", "", "00", "maximum" },
		{ "1", "", "", "", "", "good" },
		{ "", "7", "", "", "", "medium" },
		{ "", "", "a@b.c", "", "", "medium" },
		{ "", "", "", "00", "", "medium" },
		{ "", "", "", "", "00", "medium" },
		{ "", "", "", "", "", "invalid" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct conv c;

		conv_clear(&c);
		conv_text(&c, FIELD_CLIENT_IDS) = slice_of(cases[i].client_ids);
		conv_text(&c, FIELD_PHONES) = slice_of(cases[i].phones);
		conv_text(&c, FIELD_EMAILS) = slice_of(cases[i].emails);
		conv_text(&c, FIELD_PHONES_MD5) = slice_of(cases[i].phones_md5);
		conv_text(&c, FIELD_EMAILS_MD5) = slice_of(cases[i].emails_md5);
		assert_string_equal(
		    quality_name(quality_of(&c)), cases[i].quality);
	}
}

static char *
csv_of(const struct quality *q)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	quality_csv(f, q);
	fclose(f);
	return text;
}

static void
a_table_of_orders_gives_a_table_of_qualities(void **state)
{
	/* clang-format off */
	static const struct row shop[] = {
		{ .line = 2, .id = "s1", .create = NOON - DAY, .status = "PAID",
		  .client_ids = "11", .revenue = 10050 },
	};
	static const struct row crm[] = {
		{ .line = 2, .id = "a1", .create = NOON - DAY, .status = "PAID",
		  .client_ids = "12", .phones = "79990000001", .revenue = 20000 },
		{ .line = 3, .id = "a2", .create = NOON, .status = "IN_PROGRESS",
		  .phones = "79990000002" },
		{ .line = 4, .id = "a3", .create = NOON, .status = "good_lead",
		  .client = "C1", .revenue = 300 },
		{ .line = 5, .id = "a4", .create = NOON, .status = "PAID",
		  .client = "C2", .revenue = 500 },
		{ .line = 6, .id = "future", .create = NOON + DAY,
		  .status = "PAID", .phones = "79990000003" },
		{ .line = 7, .id = "old", .create = NOON - 120 * DAY,
		  .status = "PAID", .phones = "79990000004" },
	};
	static const struct row contact[] = {
		{ .line = 2, .id = "C1", .client = "C1", .emails = "a@b.ru",
		  .client_ids = "13" },
	};
	/* clang-format on */
	struct quality q;
	struct kit k;
	char *csv;

	(void)state;
	kit_open(&k);
	k.rules.now = NOON;
	k.rules.joins_clients = true;
	kit_merge(&k, crm, sizeof crm / sizeof *crm);
	k.rules.source = "shop";
	kit_merge(&k, shop, 1);
	k.rules.kind = RECORD_CONTACT;
	kit_merge(&k, contact, 1);
	gather(&q, &k, NOON + 100);
	csv = csv_of(&q);
	assert_string_equal(csv,
	    "\xef\xbb\xbf"
	    "by;name;orders;maximum;good;medium;invalid;client_id_percent;"
	    "revenue;revenue_maximum;revenue_good;revenue_medium;"
	    "revenue_invalid;revenue_client_id_percent\n"
	    "all;;5;2;1;1;1;60.0;308.50;203;100.50;0;5;98.4\n"
	    "day;2025-11-28;2;1;1;0;0;100.0;300.50;200;100.50;0;0;100.0\n"
	    "day;2025-11-29;3;1;0;1;1;33.3;8;3;0;0;5;37.5\n"
	    "status;PAID;3;1;1;0;1;66.7;305.50;200;100.50;0;5;98.4\n"
	    "status;IN_PROGRESS;1;0;0;1;0;0.0;0;0;0;0;0;0.0\n"
	    "status;good_lead;1;1;0;0;0;100.0;3;3;0;0;0;100.0\n"
	    "source;;4;2;0;1;1;50.0;208;203;0;0;5;97.6\n"
	    "source;shop;1;0;1;0;0;100.0;100.50;0;100.50;0;0;100.0\n");
	assert_int_equal(q.waiting, 1);
	free(csv);
	quality_free(&q);
	kit_close(&k);
}

/* --- too late ------------------------------------------------------------- */

static void
what_was_pulled_too_late_is_told_apart(void **state)
{
	/* The feed is pulled for the first time at NOON, again 30 days later;
	 * it is looked at another day later. */
	static const struct {
		const char *label;
		int64_t created; /* before NOON */
		bool after;      /* dropped after the first pull */
		bool pulled;
		char where; /* l late, b before, u unseen, - none */
	} cases[] = {
		{ "in time", 20 * DAY, false, true, '-' },
		{ "a second in time", 21 * DAY - 20, false, true, '-' },
		{ "there before the first pull", 22 * DAY, false, true, 'b' },
		{ "dropped late", 3 * DAY, true, true, 'l' },
		{ "dropped in time", -10 * DAY, true, true, '-' },
		{ "never pulled, too late", 3 * DAY, true, false, 'u' },
		{ "never pulled, still time", -12 * DAY, true, false, '-' },
		{ "old already when the feed began", 25 * DAY, true, false,
		    '-' },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct row other = { .line = 2,
			.id = "other",
			.create = NOON - DAY,
			.status = "PAID",
			.phones = "7" };
		struct row row = { .line = 2,
			.id = "a",
			.create = NOON - cases[i].created,
			.status = "PAID",
			.phones = "7",
			.revenue = 700 };
		struct quality q;
		struct kit k;

		kit_open(&k);
		k.rules.now = NOON;
		kit_merge(&k, &other, 1);
		if (!cases[i].after)
			kit_merge(&k, &row, 1);
		kit_publish(&k, NOON, 0, NOON);
		kit_pull(&k, NOON);
		if (cases[i].after)
			kit_merge(&k, &row, 1);
		if (cases[i].after && cases[i].pulled) {
			kit_publish(&k, NOON + 30 * DAY, 0, NOON + 30 * DAY);
			kit_pull(&k, NOON + 30 * DAY);
		}
		gather(&q, &k, NOON + 31 * DAY);
		if (q.late.orders != (cases[i].where == 'l') ||
		    q.before.orders != (cases[i].where == 'b') ||
		    q.unseen.orders != (cases[i].where == 'u') ||
		    q.late.revenue + q.before.revenue + q.unseen.revenue !=
			(cases[i].where == '-' ? 0 : 700))
			fail_msg("%s: late %d, before %d, unseen %d",
			    cases[i].label, (int)q.late.orders,
			    (int)q.before.orders, (int)q.unseen.orders);
		quality_free(&q);
		kit_close(&k);
	}
}

static void
who_leaves_tomorrow_is_told_by_the_day(void **state)
{
	/* NOON is 11:00; tomorrow is the day from +13 h to +37 h. */
	static const struct {
		const char *label;
		int64_t turns_21; /* seconds after NOON */
		const char *phones, *client;
		int orders, no_identifier;
	} cases[] = {
		{ "today", 13 * 3600 - 1, "", "C", 0, 0 },
		{ "first second of tomorrow", 13 * 3600, "", "C", 1, 1 },
		{ "last second of tomorrow", 37 * 3600 - 1, "", "C", 1, 1 },
		{ "the day after", 37 * 3600, "", "C", 0, 0 },
		{ "with a phone", 14 * 3600, "79990000001", "", 1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct row row = { .line = 2,
			.id = "a",
			.create = NOON + cases[i].turns_21 - 21 * DAY,
			.status = "PAID",
			.phones = cases[i].phones,
			.client = cases[i].client };
		struct quality q;
		struct kit k;

		kit_open(&k);
		k.rules.now = NOON;
		k.rules.joins_clients = true;
		kit_merge(&k, &row, 1);
		gather(&q, &k, NOON);
		if ((int)q.leaving.orders != cases[i].orders ||
		    (int)q.leaving.no_identifier != cases[i].no_identifier ||
		    (int)q.leaving.ids != cases[i].no_identifier)
			fail_msg("%s: %d, %d", cases[i].label,
			    (int)q.leaving.orders,
			    (int)q.leaving.no_identifier);
		quality_free(&q);
		kit_close(&k);
	}
}

/* --- shared --------------------------------------------------------------- */

#define OFFICE "74950000000"

/* What would a spreadsheet of orders with one phone, then another say? */
static void
identifiers_of_more_than_twenty_orders_are_shared(void **state)
{
	static const struct {
		const char *label;
		int orders;
		int identifiers, most;
	} cases[] = {
		{ "twenty", 20, 0, 0 },
		{ "twenty-one", 21, 1, 21 },
		{ "many", 300, 1, 300 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct row row[300];
		char id[300][16], email[300][32];
		struct quality q;
		struct kit k;

		for (int n = 0; n < cases[i].orders; n++) {
			snprintf(id[n], sizeof id[n], "o%03d", n);
			snprintf(email[n], sizeof email[n], "a%d@b.ru", n);
			row[n] = (struct row){ .line = (unsigned long)n + 2,
				.id = id[n],
				.create = NOON - 10,
				.status = "PAID",
				.phones = OFFICE,
				.emails = email[n] };
		}
		kit_open(&k);
		k.rules.now = NOON;
		kit_merge(&k, row, (size_t)cases[i].orders);
		gather(&q, &k, NOON);
		assert_int_equal(q.shared.identifiers, cases[i].identifiers);
		assert_int_equal(q.shared.most, cases[i].most);
		assert_int_equal(q.shared.groups, cases[i].identifiers);
		if (q.shared.groups > 0) {
			assert_string_equal(q.shared.group[0].value, OFFICE);
			assert_string_equal(q.shared.group[0].order[0], "o000");
			assert_string_equal(q.shared.group[0].order[2], "o002");
		}
		quality_free(&q);
		kit_close(&k);
	}
}

static void
a_phone_and_its_md5_are_one_identifier(void **state)
{
	struct shared_found found;
	struct shared *h;
	struct kit k;

	(void)state;
	kit_open(&k);
	assert_int_equal(shared_open(&h, k.store, true, &e), 0);
	for (int i = 0; i < 24; i++) {
		struct conv c;

		conv_clear(&c);
		conv_text(&c, FIELD_ID) = slice_of("x");
		if (i % 2 == 0)
			conv_text(&c, FIELD_PHONES) = slice_of("79995551111");
		if (i % 3 != 0 || i % 2 == 1)
			conv_text(&c, FIELD_PHONES_MD5) =
			    slice_of("f09f2c3d48f31e2a802944ade2e5aec5");
		assert_int_equal(shared_add(h, &c, &e), 0);
	}
	assert_int_equal(shared_count(h, NULL, NULL, &found, &e), 0);
	assert_int_equal(found.identifiers, 1);
	assert_int_equal(found.most, 24);
	assert_string_equal(found.group[0].value, "79995551111");
	assert_false(found.group[0].md5);
	shared_free(&found);
	shared_close(h);
	kit_close(&k);
}

/* --- advice --------------------------------------------------------------- */

static void
advice_names_what_is_wrong(void **state)
{
	static const struct {
		const char *label, *phones, *client_ids, *says;
	} cases[] = {
		{ "all have one", "7", "1", "All orders have a ClientID" },
		{ "none has one", "7", "", "No order has a ClientID" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct row row = { .line = 2,
			.id = "a",
			.create = NOON - 10,
			.status = "PAID",
			.phones = cases[i].phones,
			.client_ids = cases[i].client_ids };
		char *text = NULL;
		struct quality q;
		struct kit k;
		size_t n;
		FILE *f = open_memstream(&text, &n);

		kit_open(&k);
		k.rules.now = NOON;
		kit_merge(&k, &row, 1);
		gather(&q, &k, NOON);
		assert_int_equal(quality_advice(f, &q), 1);
		fclose(f);
		assert_non_null(strstr(text, cases[i].says));
		free(text);
		quality_free(&q);
		kit_close(&k);
	}
}

static void
no_orders_need_no_advice(void **state)
{
	struct quality q;
	struct kit k;
	FILE *f = fopen("/dev/null", "w");

	(void)state;
	kit_open(&k);
	gather(&q, &k, NOON);
	assert_int_equal(quality_advice(f, &q), 0);
	fclose(f);
	quality_free(&q);
	kit_close(&k);
}

/* --- the overview's turn -------------------------------------------------- */

static void
an_overview_waits_for_its_turn(void **state)
{
	/* clang-format off */
	static const struct {
		const char *label;
		struct overview_turn turn;
		int64_t now, ms;
		bool idle, due;
		int64_t wait;
	} cases[] = {
		{ "at the start", { false, 0, 0, 0 }, 3 * DAY, 5, true, true, 0 },
		{ "not while a dump waits", { false, 0, 0, 0 }, 3 * DAY, 5,
		  false, false, 0 },
		{ "nothing changed today", { false, 3, 0, 0 }, 3 * DAY + 100, 5,
		  true, false, (DAY - 100) * 1000 },
		{ "another day", { false, 3, 0, 0 }, 4 * DAY, 5, true, true, 0 },
		{ "a change", { true, 3, 0, 600000 }, 3 * DAY, 5, true, true, 0 },
		{ "not so soon", { true, 3, 100, 600000 }, 3 * DAY, 5, true,
		  false, 95 },
		{ "it waited long enough", { true, 3, 0, 600000 }, 3 * DAY,
		  600000, false, true, 0 },
	};
	/* clang-format on */
	struct overview_turn t = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct overview_turn *c = &cases[i].turn;

		if (overview_is_due(c, cases[i].now, cases[i].ms,
			cases[i].idle) != cases[i].due ||
		    overview_wait(c, cases[i].now, cases[i].ms) !=
			cases[i].wait)
			fail_msg("%s", cases[i].label);
	}
	/* it takes one part in twenty of the time */
	overview_mark(&t, 1000);
	overview_done(&t, 3 * DAY, 1000, 3000, false);
	assert_false(t.due);
	assert_int_equal(t.not_before_ms, 3000 + 40000 + 1000);
	/* what gave way is tried again, and at last gives way to nobody */
	overview_mark(&t, 4000);
	overview_done(&t, 3 * DAY, 5000, 5000, true);
	assert_true(t.due);
	assert_int_equal(t.latest_ms, 4000 + 600000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_order_has_the_quality_of_its_identifiers),
		cmocka_unit_test(a_table_of_orders_gives_a_table_of_qualities),
		cmocka_unit_test(what_was_pulled_too_late_is_told_apart),
		cmocka_unit_test(who_leaves_tomorrow_is_told_by_the_day),
		cmocka_unit_test(
		    identifiers_of_more_than_twenty_orders_are_shared),
		cmocka_unit_test(a_phone_and_its_md5_are_one_identifier),
		cmocka_unit_test(advice_names_what_is_wrong),
		cmocka_unit_test(no_orders_need_no_advice),
		cmocka_unit_test(an_overview_waits_for_its_turn),
	};

	cmocka_run_group_tests(tests, open_conf, close_conf);
	return 0;
}
