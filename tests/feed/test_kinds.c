/*
 * Kinds of records in the store, orders that name their client, clients that
 * only orders name, and ids that differ by zeros.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "store/merge.h"
#include "feed/render_clients.h"
#include "tests/store/merge_kit.h"

static struct err e;

static size_t
count_rows(const struct row *row)
{
	size_t n = 0;

	while (row[n].line != 0)
		n++;
	return n;
}

/* --- what is required ---------------------------------------------------- */

#define HAS(field) (UINT64_C(1) << (field))
#define DATE HAS(FIELD_CREATE_DATE_TIME)
#define STATUS HAS(FIELD_ORDER_STATUS)
#define PHONE HAS(FIELD_PHONES)
#define YCLID HAS(FIELD_YCLID)
#define CLIENT HAS(FIELD_CLIENT_UNIQ_ID)
#define CHATTER HAS(FIELD_CHAT_USERNAME)
#define PLATFORM HAS(FIELD_CHAT_PLATFORM)

static void
what_a_record_must_have_depends_on_its_kind(void **state)
{
	/* clang-format off */
	static const struct {
		enum record_kind kind;
		bool any, joins;
		uint64_t has;
		enum reject why;
	} row[] = {
	{ RECORD_ORDER, false, false, DATE | STATUS | PHONE, REJECT_NONE },
	{ RECORD_ORDER, false, false, STATUS | PHONE, REJECT_DATE_EMPTY },
	{ RECORD_ORDER, false, false, DATE | PHONE, REJECT_STATUS_EMPTY },
	{ RECORD_ORDER, false, false, DATE | STATUS, REJECT_NO_IDENTIFIER },
	{ RECORD_ORDER, false, false, DATE | STATUS | YCLID,
	  REJECT_NO_IDENTIFIER },
	{ RECORD_ORDER, true, false, DATE | STATUS | YCLID, REJECT_NONE },
	{ RECORD_ORDER, true, false, DATE | STATUS | CLIENT,
	  REJECT_NO_IDENTIFIER },
	{ RECORD_ORDER, false, true, DATE | STATUS | CLIENT, REJECT_NONE },
	{ RECORD_ORDER, false, true, DATE | STATUS | YCLID,
	  REJECT_NO_IDENTIFIER },
	{ RECORD_CONTACT, false, false, 0, REJECT_NONE },
	{ RECORD_CALL, false, false, DATE | PHONE, REJECT_NONE },
	{ RECORD_CALL, false, false, DATE | YCLID, REJECT_NONE },
	{ RECORD_CALL, false, false, PHONE, REJECT_DATE_EMPTY },
	{ RECORD_CALL, false, true, DATE | CLIENT, REJECT_NO_IDENTIFIER },
	{ RECORD_CHAT, false, false, DATE | PLATFORM | CHATTER, REJECT_NONE },
	{ RECORD_CHAT, false, false, DATE | PLATFORM | YCLID, REJECT_NONE },
	{ RECORD_CHAT, false, false, DATE | CHATTER, REJECT_PLATFORM_EMPTY },
	{ RECORD_CHAT, false, false, DATE | PLATFORM, REJECT_NO_IDENTIFIER },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct merge_rules r = { .kind = row[i].kind,
			.has_status = true,
			.any_identifier = row[i].any,
			.joins_clients = row[i].joins };
		struct conv c;

		conv_clear(&c);
		for (int f = 0; f < FIELD_COUNT; f++) {
			if (!(row[i].has & HAS(f)))
				continue;
			if (f < FIELD_NUMBERS)
				c.number[f] = 1;
			else
				conv_text(&c, f) = slice_of("x");
		}
		if (merge_wants(&r, &c) != row[i].why)
			fail_msg(
			    "row %zu: %s", i, reject_code(merge_wants(&r, &c)));
	}
}

/* --- ids of their own ---------------------------------------------------- */

static void
each_kind_has_ids_of_its_own(void **state)
{
	static const struct row order = { 2, "1", 100, 0, "PAID", NULL, "7" };
	static const struct row call = { 2, "1", 200, 0, NULL, NULL, "8" };
	static const struct row contact = {
		.line = 2, .id = "1", .phones = "9"
	};
	struct kit k;
	char text[512];
	uint64_t n;

	(void)state;
	kit_open(&k);
	kit_merge(&k, &order, 1);
	k.rules.kind = RECORD_CALL;
	assert_int_equal(kit_merge(&k, &call, 1).accepted, 1);
	k.rules.kind = RECORD_CONTACT;
	assert_int_equal(kit_merge(&k, &contact, 1).accepted, 1);
	kit_order(&k, text, "1");
	assert_string_equal(text, "1 - - - - - 9 - 3:2");
	k.rules.kind = RECORD_CALL;
	kit_order(&k, text, "1");
	assert_string_equal(text, "1 200 - - - - 8 - 2:2");
	k.rules.kind = RECORD_ORDER;
	kit_order(&k, text, "1");
	assert_string_equal(text, "1 100 PAID - - - 7 - 1:2");
	k.rules.kind = RECORD_CHAT;
	kit_order(&k, text, "1");
	assert_string_equal(text, "none");
	assert_int_equal(store_count(k.store, "main",
			     KIND_BIT(RECORD_ORDER) | KIND_BIT(RECORD_CALL),
			     INT64_MIN, INT64_MAX, &n, &e),
	    0);
	assert_int_equal(n, 2);
	kit_close(&k);
}

static int
join(void *ctx, const struct order *o, struct err *e_)
{
	char *text = ctx;

	(void)e_;
	assert_true(slice_eq(o->id, conv_text(&o->conv, FIELD_ID)));
	sprintf(text + strlen(text), "%.*s/%s ", (int)o->id.n, o->id.p,
	    record_kind_name(o->kind));
	return 0;
}

static void
calls_among_orders_have_an_id_that_says_so(void **state)
{
	static const struct row orders[] = {
		{ 2, "b", 100, 0, "PAID", NULL, "7" },
		{ 3, "d", 100, 0, "PAID", NULL, "7" },
	};
	static const struct row call = { 2, "1", 100, 0, NULL, NULL, "8" };
	struct kit k;
	char text[128] = "";

	(void)state;
	kit_open(&k);
	kit_merge(&k, orders, 2);
	k.rules.kind = RECORD_CALL;
	kit_merge(&k, &call, 1);
	assert_int_equal(store_orders(k.store, "main",
			     KIND_BIT(RECORD_ORDER) | KIND_BIT(RECORD_CALL), 0,
			     200, join, text, &e),
	    0);
	assert_string_equal(text, "b/order call-1/call d/order ");
	text[0] = '\0';
	assert_int_equal(store_orders(k.store, "main", KIND_BIT(RECORD_CALL), 0,
			     200, join, text, &e),
	    0);
	assert_string_equal(text, "1/call ");
	kit_close(&k);
}

static void
a_held_record_of_any_kind_is_due(void **state)
{
	static const struct row call = { 2, "1", 500, 0, NULL, NULL, "8" };
	struct kit k;
	int64_t next;

	(void)state;
	kit_open(&k);
	k.rules.kind = RECORD_CALL;
	kit_merge(&k, &call, 1);
	assert_int_equal(store_next_due(k.store, "main", 100, &next, &e), 0);
	assert_int_equal(next, 500);
	kit_close(&k);
}

static void
a_pull_freezes_the_kinds_that_it_carried(void **state)
{
	static const struct row first = { 2, "1", 100, 0, "PAID", NULL, "7" };
	static const struct row second = { 2, "1", 150, 0, "PAID", NULL, "7" };
	static const struct {
		unsigned kinds;
		enum record_kind kind;
		const char *order;
	} row[] = {
		{ 0, RECORD_ORDER, "1 100 PAID - - - 7 - 1:2 frozen" },
		{ KIND_BIT(RECORD_CALL), RECORD_ORDER,
		    "1 150 PAID - - - 7 - 2:2" },
		{ KIND_BIT(RECORD_CALL), RECORD_CALL,
		    "1 100 PAID - - - 7 - 1:2 frozen" },
		{ KIND_BIT(RECORD_ORDER) | KIND_BIT(RECORD_CALL), RECORD_CALL,
		    "1 100 PAID - - - 7 - 1:2 frozen" },
		{ KIND_BIT(RECORD_CONTACT), RECORD_CONTACT,
		    "1 150 PAID - - - 7 - 2:2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct publication p = { .mtime = 1000,
			.from = 0,
			.to = 1000,
			.kinds = row[i].kinds };
		struct kit k;
		char text[512];

		kit_open(&k);
		k.rules.kind = row[i].kind;
		kit_merge(&k, &first, 1);
		strcpy(p.feed, "main");
		strcpy(p.file, "conversions.csv");
		assert_int_equal(store_publication_plan(k.store, &p, &e), 0);
		assert_int_equal(store_publication_done(k.store, &p, &e), 0);
		kit_pull(&k, 1000);
		kit_merge(&k, &second, 1);
		kit_order(&k, text, "1");
		assert_string_equal(text, row[i].order);
		kit_close(&k);
	}
}

/* --- clients ------------------------------------------------------------- */

static void
orders_that_name_a_client_nobody_knows_wait(void **state)
{
	static const struct row orders[] = {
		{ 2, "1", 100, 0, "PAID", .client = "c1" },
		{ 3, "2", 100, 0, "PAID", .client = "c2" },
		{ 4, "3", 100, 0, "PAID", NULL, "7", .client = "c3" },
	};
	static const struct row contact = { 2, "c1", 0, 0, NULL, NULL, "9" };
	struct kit k;

	(void)state;
	kit_open(&k);
	k.rules.joins_clients = true;
	assert_int_equal(kit_merge(&k, orders, 3).waiting, 2);
	k.rules.kind = RECORD_CONTACT;
	assert_int_equal(kit_merge(&k, &contact, 1).waiting, 0);
	k.rules.kind = RECORD_ORDER;
	assert_int_equal(kit_merge(&k, orders, 3).waiting, 1);
	k.rules.joins_clients = false;
	k.rules.feed = "other";
	assert_int_equal(kit_merge(&k, orders, 3).rejected, 2);
	kit_close(&k);
}

static int
join_client(void *ctx, const struct conv *c, struct err *e_)
{
	static const enum field f[] = { FIELD_ID, FIELD_NAME, FIELD_CLIENT_IDS,
		FIELD_PHONES, FIELD_EMAILS };
	char *text = ctx;

	(void)e_;
	assert_true(slice_eq(
	    conv_text(c, FIELD_ID), conv_text(c, FIELD_CLIENT_UNIQ_ID)));
	for (size_t i = 0; i < sizeof f / sizeof *f; i++)
		sprintf(text + strlen(text), "%s%.*s", i == 0 ? "" : ";",
		    (int)conv_text(c, f[i]).n, conv_text(c, f[i]).p);
	strcat(text, "\n");
	return 0;
}

static void
clients_are_contacts_and_whom_orders_name(void **state)
{
	static const struct row contacts[] = {
		{ 2, "c2", 0, 0, NULL, NULL, "92", .client = "c2",
		    .name = "B" },
		{ 3, "c9", 50, 0, NULL, NULL, NULL, .client = "c9",
		    .name = "I" },
	};
	static const struct row orders[] = {
		{ 2, "5", 100, 0, "PAID", "11,12", "71", "a@b", .client = "c1",
		    .name = "old" },
		{ 3, "4", 200, 0, "PAID", "12,13", "72", NULL, .client = "c1",
		    .name = "new" },
		{ 4, "3", 300, 0, "PAID", "99", "73", NULL, .client = "c2" },
		{ 5, "2", 300, 0, "PAID", NULL, "74", NULL },
		{ 6, "1", 900, 0, "PAID", NULL, "75", NULL, .client = "c3" },
		{ 7, "0", 901, 0, "PAID", NULL, "76", NULL, .client = "c4" },
	};
	struct kit k;
	char text[512] = "";

	(void)state;
	kit_open(&k);
	kit_merge(&k, orders, 6);
	k.rules.kind = RECORD_CONTACT;
	kit_merge(&k, contacts, 2);
	assert_int_equal(
	    render_clients(k.store, "main", 900, join_client, text, &e), 0);
	assert_string_equal(text, "c1;new;11,12,13;72;a@b\n"
				  "c2;B;;92;\n"
				  "c3;;;75;\n"
				  "c9;I;;;\n");
	kit_close(&k);
}

/* --- ids that differ by zeros -------------------------------------------- */

static void
a_number_is_what_a_spreadsheet_leaves_of_it(void **state)
{
	static const struct {
		const char *id;
		size_t prefix;
		const char *canonical;
		bool plain;
	} row[] = {
		{ "123", 0, "", true },
		{ "00123", 0, "123", false },
		{ "123.0", 0, "123", false },
		{ "0123.000", 0, "123", false },
		{ "0", 0, "", true },
		{ "00", 0, "0", false },
		{ "0.0", 0, "0", false },
		{ "100", 0, "", true },
		{ "100.0", 0, "100", false },
		{ "123.", 0, "", false },
		{ "123.5", 0, "", false },
		{ "1.2.0", 0, "", false },
		{ ".0", 0, "", false },
		{ "A-0012", 0, "", false },
		{ "0x10", 0, "", false },
		{ "shop-0012", 5, "shop-12", false },
		{ "shop-12", 5, "", true },
		{ "shop-12", 0, "", false },
		{ "shop-", 5, "", false },
		{ "", 0, "", false },
		{ "000000000000000000000000000000000000000000000000000000000000"
		  "00"
		  "1",
		    0, "1", false },
		{ "000000000000000000000000000000000000000000000000000000000000"
		  "00"
		  "001",
		    0, "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char buf[VARIANT_MAX];
		struct slice c =
		    variant_canonical(buf, slice_of(row[i].id), row[i].prefix);

		if (!slice_is(c, row[i].canonical) ||
		    variant_is_plain(slice_of(row[i].id), row[i].prefix) !=
			row[i].plain)
			fail_msg("\"%s\": %.*s", row[i].id, (int)c.n, c.p);
	}
}

#define ORDER(line, id)                                                        \
	{                                                                      \
		line, id, 100, 0, "PAID", NULL, "7"                            \
	}

static void
an_id_that_differs_by_zeros_is_refused_by_name(void **state)
{
	/* clang-format off */
	static const struct {
		size_t prefix;
		struct row first[4], second[6];
		const char *rejected; /* of the second dump */
	} row[] = {
	{ 0, { ORDER(2, "123") }, { ORDER(2, "00123") }, "2:id_variant=123" },
	{ 0, { ORDER(2, "00123") }, { ORDER(2, "123") },
	  "2:id_variant=00123" },
	{ 0, { ORDER(2, "123.0") }, { ORDER(2, "0123") },
	  "2:id_variant=123.0" },
	{ 0, { ORDER(2, "00123") }, { ORDER(2, "00123"), ORDER(3, "1230") },
	  "" },
	/* known both from of old: both go on */
	{ 0, { ORDER(2, "A1"), ORDER(3, "1") }, { ORDER(2, "1"),
	  ORDER(3, "A1") }, "" },
	/* nothing is known: the one that came first, whatever it looks like */
	{ 0, { ORDER(2, "9") }, { ORDER(2, "123"), ORDER(3, "00123") },
	  "3:id_variant=123" },
	{ 0, { ORDER(2, "9") }, { ORDER(2, "00123"), ORDER(3, "123") },
	  "3:id_variant=00123" },
	{ 0, { ORDER(2, "9") }, { ORDER(2, "0123"), ORDER(3, "00123"),
	  ORDER(4, "123.0"), ORDER(5, "123"), ORDER(6, "123") },
	  "5:id_variant=0123 6:id_variant=0123 3:id_variant=0123 "
	  "4:id_variant=0123" },
	/* the known one is known, whoever came first here */
	{ 0, { ORDER(2, "123") }, { ORDER(2, "00123"), ORDER(3, "123") },
	  "2:id_variant=123" },
	{ 5, { ORDER(2, "shop-7") }, { ORDER(2, "shop-07") },
	  "2:id_variant=shop-7" },
	{ 5, { ORDER(2, "shop-7") }, { ORDER(2, "crm-x07") }, "" },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct kit k;

		kit_open(&k);
		k.rules.prefix = row[i].prefix;
		kit_merge(&k, row[i].first, count_rows(row[i].first));
		kit_merge(&k, row[i].second, count_rows(row[i].second));
		if (strcmp(k.rejected, row[i].rejected) != 0)
			fail_msg("row %zu: \"%s\"", i, k.rejected);
		kit_close(&k);
	}
}

/* The rule in words, over dumps of a few ids in any order. */
static const char *const ids[] = { "7", "07", "007", "7.0", "70", "070", "0",
	"00", "A7" };
static const int number[] = { 0, 0, 0, 0, 1, 1, 2, 2, 3 };
#define IDS (sizeof ids / sizeof *ids)

static bool
may_be_new(const bool known[IDS], const size_t *dump, size_t at)
{
	for (size_t i = 0; i < IDS; i++)
		if (known[i] && i != dump[at] && number[i] == number[dump[at]])
			return false;
	for (size_t i = 0; i < at; i++) {
		if (dump[i] == dump[at])
			return may_be_new(known, dump, i);
		if (number[dump[i]] == number[dump[at]])
			return false;
	}
	return true;
}

static void
of_ids_that_differ_by_zeros_one_is_known(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 150; round++) {
		bool known[IDS] = { false };
		struct kit k;

		kit_open(&k);
		for (int d = 0; d < 3; d++) {
			struct row row[8];
			size_t dump[8], n = 1 + (size_t)rand_r(&seed) % 8;
			bool now[IDS];
			uint64_t refused = 0;

			for (size_t i = 0; i < n; i++) {
				dump[i] = (size_t)rand_r(&seed) % IDS;
				row[i] = (struct row)ORDER(i + 2, ids[dump[i]]);
			}
			memcpy(now, known, sizeof now);
			for (size_t i = 0; i < n; i++) {
				if (known[dump[i]] ||
				    may_be_new(known, dump, i))
					now[dump[i]] = true;
				else
					refused++;
			}
			memcpy(known, now, sizeof known);
			assert_int_equal(
			    kit_merge(&k, row, n).rejected, refused);
			for (size_t i = 0; i < IDS; i++) {
				char text[512];

				kit_order(&k, text, ids[i]);
				assert_int_equal(
				    strcmp(text, "none") != 0, known[i]);
			}
		}
		kit_close(&k);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_record_must_have_depends_on_its_kind),
		cmocka_unit_test(each_kind_has_ids_of_its_own),
		cmocka_unit_test(calls_among_orders_have_an_id_that_says_so),
		cmocka_unit_test(a_held_record_of_any_kind_is_due),
		cmocka_unit_test(a_pull_freezes_the_kinds_that_it_carried),
		cmocka_unit_test(orders_that_name_a_client_nobody_knows_wait),
		cmocka_unit_test(clients_are_contacts_and_whom_orders_name),
		cmocka_unit_test(a_number_is_what_a_spreadsheet_leaves_of_it),
		cmocka_unit_test(
		    an_id_that_differs_by_zeros_is_refused_by_name),
		cmocka_unit_test(of_ids_that_differ_by_zeros_one_is_known),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
