/*
 * Metrica's outputs: each file to the byte, what stays in with pii = hash, and
 * which records are no row of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/formats/write_kit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct kit kit;

#define PLAIN "mail@example.com,\"79876543210,79991234567\","
#define MD5S                                                                   \
	"7daf6c79d4802916d83f6266e24850af,"                                    \
	"c523d04542feb526ea83dc33a4dc6aea"
#define VISITOR "133591247640966458,u-1,12345678901234567890,p-1"
#define CLIENT "\"ООО \"\"Рога\"\"\""
#define URLS                                                                   \
	"\"https://example.com/?a=1,2\","                                      \
	"https://tracker.example.com/7"

static const struct {
	const char *output, *header, *plain, *hashed; /* NULL: no row */
} files[] = {
	{ "metrica-offline",
	    "ClientId,UserId,Yclid,PurchaseId,Target,DateTime,Price,Currency",
	    VISITOR ",good_lead,1776761961,1508.50,RUB",
	    VISITOR ",good_lead,1776761961,1508.50,RUB" },
	{ "metrica-calls",
	    "UserId,ClientId,Yclid,DateTime,StaticCall,Price,Currency,"
	    "PhoneNumber,TalkDuration,HoldDuration,CallMissed,Tag,"
	    "FirstTimeCaller,URL,CallTrackerURL",
	    "u-1,133591247640966458,12345678901234567890,1776761961,0,"
	    "1508.50,RUB,+79876543210,95,7,1,окна,1," URLS,
	    "u-1,133591247640966458,12345678901234567890,1776761961,0,"
	    "1508.50,RUB,,95,7,1,окна,1,," },
	{ "metrica-chats",
	    "DateTime,ChatPlatform,ChatUsername,ChatUserID,PhoneNumber,"
	    "ClientId,UserId,Yclid,PurchaseId",
	    "1776761961,telegram,ivanov,42,+79876543210," VISITOR, NULL },
	{ "metrica-params", "ClientID,Key,Value",
	    "133591247640966458,order_status,PAID",
	    "133591247640966458,order_status,PAID" },
	{ "metrica-contacts",
	    "uniq_id,name,create_date_time,update_date_time,client_ids,emails,"
	    "phones,emails_md5,phones_md5",
	    CLIENT ",\"Иванов, И.\",2026-04-21 08:59:21,2026-04-21 09:00:21,"
		   "\"133591247640966458,27389521\"," PLAIN MD5S,
	    CLIENT ",,2026-04-21 08:59:21,2026-04-21 09:00:21,"
		   "\"133591247640966458,27389521\",,," MD5S },
	{ "metrica-orders",
	    "id;client_uniq_id;client_type;create_date_time;update_date_time;"
	    "finish_date_time;revenue;order_status;cost;currency;products;"
	    "goals",
	    "\"A;1 2\";" CLIENT ";CONTACT;2026-04-21 08:59:21;2026-04-21 "
	    "09:00:21;2026-04-21 09:01:21;1508.50;PAID;1000;RUB;\"груша: "
	    "сорт 1:10,яблоко:2.5\";\"oplata_cash:200.50,filial_1\"",
	    "\"A;1 2\";" CLIENT ";CONTACT;2026-04-21 08:59:21;2026-04-21 "
	    "09:00:21;2026-04-21 09:01:21;1508.50;PAID;1000;RUB;\"груша: "
	    "сорт 1:10,яблоко:2.5\";\"oplata_cash:200.50,filial_1\"" },
	{ "metrica-simple",
	    "id,create_date_time,client_uniq_id,client_ids,emails,phones,"
	    "emails_md5,phones_md5,order_status,revenue,cost,goals,currency",
	    "\"A;1 2\",2026-04-21 08:59:21," CLIENT
	    ",\"133591247640966458,27389521\"," PLAIN MD5S
	    ",PAID,1508.50,1000,\"oplata_cash:200.50,filial_1\",RUB",
	    "\"A;1 2\",2026-04-21 08:59:21," CLIENT
	    ",\"133591247640966458,27389521\",,," MD5S
	    ",PAID,1508.50,1000,\"oplata_cash:200.50,filial_1\",RUB" },
};

static void
assert_file(size_t i, const struct conv *c, bool hash, const char *row)
{
	struct writer_env env = { .hash = hash };
	char want[4096];

	assert_int_equal(
	    kit_write(&kit, files[i].output, &env, c, 1), row != NULL);
	snprintf(want, sizeof want, "%s\n%s%s", files[i].header,
	    row == NULL ? "" : row, row == NULL ? "" : "\n");
	assert_string_equal(kit.bytes, want);
}

static void
every_file_is_written_to_the_byte(void **state)
{
	struct conv c = kit_record();

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		assert_file(i, &c, false, files[i].plain);
		assert_file(i, &c, true, files[i].hashed);
	}
}

/* Which field's absence leaves no row; "" is none. */
static void
a_record_is_a_row_only_when_it_has_what_is_required(void **state)
{
	static const struct {
		const char *output;
		enum field without[6]; /* ends with FIELD_COUNT */
		bool row;
	} row[] = {
		{ "metrica-offline", { FIELD_CREATE_DATE_TIME, FIELD_COUNT },
		    false },
		{ "metrica-offline",
		    { FIELD_CLIENT_IDS, FIELD_USER_ID, FIELD_YCLID,
			FIELD_COUNT },
		    true },
		{ "metrica-offline",
		    { FIELD_CLIENT_IDS, FIELD_USER_ID, FIELD_YCLID,
			FIELD_PURCHASE_ID, FIELD_COUNT },
		    false },
		{ "metrica-offline", { FIELD_ORDER_STATUS, FIELD_COUNT },
		    true },
		{ "metrica-offline", { FIELD_TARGET, FIELD_COUNT }, false },
		{ "metrica-calls", { FIELD_CREATE_DATE_TIME, FIELD_COUNT },
		    false },
		{ "metrica-calls",
		    { FIELD_CLIENT_IDS, FIELD_USER_ID, FIELD_PHONES,
			FIELD_COUNT },
		    true },
		{ "metrica-calls",
		    { FIELD_CLIENT_IDS, FIELD_USER_ID, FIELD_YCLID,
			FIELD_COUNT },
		    false },
		{ "metrica-chats", { FIELD_CHAT_PLATFORM, FIELD_COUNT },
		    false },
		{ "metrica-chats",
		    { FIELD_CHAT_USERNAME, FIELD_CHAT_USER_ID, FIELD_COUNT },
		    true },
		{ "metrica-chats",
		    { FIELD_CHAT_USERNAME, FIELD_CHAT_USER_ID, FIELD_PHONES,
			FIELD_COUNT },
		    false },
		{ "metrica-chats",
		    { FIELD_CLIENT_IDS, FIELD_USER_ID, FIELD_YCLID,
			FIELD_PURCHASE_ID, FIELD_COUNT },
		    true },
		{ "metrica-params", { FIELD_CLIENT_IDS, FIELD_COUNT }, false },
		{ "metrica-params", { FIELD_ORDER_STATUS, FIELD_COUNT },
		    false },
		{ "metrica-contacts",
		    { FIELD_CREATE_DATE_TIME, FIELD_NAME, FIELD_ID,
			FIELD_PHONES, FIELD_COUNT },
		    true },
		{ "metrica-contacts", { FIELD_CLIENT_UNIQ_ID, FIELD_COUNT },
		    false },
		{ "metrica-orders", { FIELD_ID, FIELD_COUNT }, false },
		{ "metrica-orders", { FIELD_CLIENT_UNIQ_ID, FIELD_COUNT },
		    false },
		{ "metrica-orders", { FIELD_CREATE_DATE_TIME, FIELD_COUNT },
		    false },
		{ "metrica-orders", { FIELD_ORDER_STATUS, FIELD_COUNT },
		    false },
		{ "metrica-orders",
		    { FIELD_PHONES, FIELD_EMAILS, FIELD_CLIENT_IDS,
			FIELD_COUNT },
		    true },
		{ "metrica-simple", { FIELD_ID, FIELD_COUNT }, false },
		{ "metrica-simple", { FIELD_CLIENT_UNIQ_ID, FIELD_COUNT },
		    true },
		{ "metrica-simple",
		    { FIELD_PHONES, FIELD_EMAILS, FIELD_CLIENT_IDS,
			FIELD_EMAILS_MD5, FIELD_PHONES_MD5, FIELD_COUNT },
		    false },
		{ "crm-json", { FIELD_CLIENT_UNIQ_ID, FIELD_COUNT }, true },
		{ "crm-json", { FIELD_ORDER_STATUS, FIELD_COUNT }, false },
		{ "crm-json-clients", { FIELD_CLIENT_UNIQ_ID, FIELD_COUNT },
		    false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct writer_env env = { .hash = false };
		struct conv c = kit_record();

		for (size_t k = 0; row[i].without[k] != FIELD_COUNT; k++) {
			enum field f = row[i].without[k];

			if (f < FIELD_NUMBERS)
				c.number[f] = CONV_NONE;
			else
				conv_text(&c, f) = slice_of("");
		}
		if (kit_write(&kit, row[i].output, &env, &c, 1) != row[i].row)
			fail_msg("row %zu: %s", i, kit.bytes);
	}
}

/* "skip" is the status map's word, not one of Metrica's. */
static void
a_status_that_is_skipped_is_no_row(void **state)
{
	static const char *const output[] = { "metrica-offline",
		"metrica-params", "metrica-orders", "metrica-orders-json",
		"metrica-simple", "crm-json" };
	struct writer_env env = { .hash = false };
	struct conv c = kit_record();

	(void)state;
	conv_text(&c, FIELD_ORDER_STATUS) = slice_of("skip");
	for (size_t i = 0; i < COUNT(output); i++)
		assert_int_equal(kit_write(&kit, output[i], &env, &c, 1), 0);
}

static void
a_target_is_the_dumps_or_a_rules_or_a_goal(void **state)
{
	static char paid[] = "PAID", sale[] = "sale", lead[] = "good_lead",
		    hot[] = "hot";
	static const struct target_rule rules[] = { { paid, sale },
		{ lead, hot } };
	static const struct {
		const char *target, *status;
		size_t rules;
		const char *want; /* NULL: no row */
	} row[] = {
		{ "mine", "PAID", 2, "mine" },
		{ "", "PAID", 2, "sale" },
		{ "", "PAID", 0, NULL },
		{ "", "CANCELLED", 2, NULL },
		{ "", "good_lead", 2, "hot" },
		{ "", "good_lead", 0, "good_lead" },
		{ "", "", 2, NULL },
		{ "", "skip", 0, NULL },
		/* a goal's name is none of its ids */
		{ "Заявка с сайта", "PAID", 0, NULL },
		{ "Заявка с сайта", "PAID", 1, "sale" },
		{ "", "заявка", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct writer_env env = { .target = rules,
			.targets = row[i].rules };
		struct conv c = kit_record();
		uint64_t rows;
		char want[64];

		conv_text(&c, FIELD_TARGET) = slice_of(row[i].target);
		conv_text(&c, FIELD_ORDER_STATUS) = slice_of(row[i].status);
		rows = kit_write(&kit, "metrica-offline", &env, &c, 1);
		assert_int_equal(rows, row[i].want != NULL);
		snprintf(want, sizeof want, ",p-1,%s,",
		    row[i].want == NULL ? "?" : row[i].want);
		assert_int_equal(
		    strstr(kit.bytes, want) != NULL, row[i].want != NULL);
	}
}

static void
what_is_not_known_leaves_its_cell_empty(void **state)
{
	struct writer_env env = { .hash = false };
	struct conv c;

	(void)state;
	conv_clear(&c);
	c.number[FIELD_CREATE_DATE_TIME] = KIT_AT;
	conv_text(&c, FIELD_YCLID) = slice_of("5");
	assert_int_equal(kit_write(&kit, "metrica-calls", &env, &c, 1), 1);
	assert_string_equal(
	    strchr(kit.bytes, '\n') + 1, ",,5,1776761961,,,,,,,,,,,\n");
}

/* What a feed's outputs name, and what an admin types. */
static void
an_output_may_be_several_files(void **state)
{
	static const struct {
		const char *word, *file[3];
	} row[] = {
		{ "conversion-center", { "conversions.csv" } },
		{ "metrica-offline", { "offline-conversions.csv" } },
		{ "metrica-calls", { "calls.csv" } },
		{ "metrica-chats", { "chats.csv" } },
		{ "metrica-params", { "visitor-params.csv" } },
		{ "metrica-contacts", { "contacts.csv", "contacts.json" } },
		{ "metrica-contacts-json", { "contacts.json" } },
		{ "metrica-orders", { "orders.csv", "orders.json" } },
		{ "metrica-orders-json", { "orders.json" } },
		{ "metrica-simple", { "simple-orders.csv" } },
		{ "crm-json", { "crm-orders.json", "crm-clients.json" } },
		{ "crm-json-clients", { "crm-clients.json" } },
		{ "metrica", { NULL } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t n = 0; n < 3; n++) {
			const struct writer *w =
			    writer_of_output(row[i].word, n);

			if (row[i].file[n] == NULL) {
				assert_null(w);
				break;
			}
			assert_string_equal(w->file, row[i].file[n]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_written_to_the_byte),
		cmocka_unit_test(
		    a_record_is_a_row_only_when_it_has_what_is_required),
		cmocka_unit_test(a_status_that_is_skipped_is_no_row),
		cmocka_unit_test(a_target_is_the_dumps_or_a_rules_or_a_goal),
		cmocka_unit_test(what_is_not_known_leaves_its_cell_empty),
		cmocka_unit_test(an_output_may_be_several_files),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
