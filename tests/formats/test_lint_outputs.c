/*
 * lint of every output but Direct's: what our own writers make is taken, each
 * rule's mistake is told with its line, column and text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/lint.h"
#include "tests/formats/lint_kit.h"
#include "tests/formats/memory.h"
#include "tests/formats/write_kit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INSTANT (KIT_AT + 3600)  /* 2026-04-21 09:59:21 UTC */
#define NOW (INSTANT + 3 * 3600) /* on the wall, in Moscow */
#define NOTHING "0: No row of the file is valid\n"

static struct lint_totals
lint(const char *output, struct slice file, size_t step)
{
	const struct lint_options o = {
		.output = output, .now = NOW, .instant = INSTANT
	};
	struct memory memory;
	const struct input *in = memory_input(&memory, file.p, file.n, step);
	struct lint_totals t;
	size_t n = 0;

	found[0] = '\0';
	assert_int_equal(lint_run(in, &o, note, &n, &t), FMT_OK);
	return t;
}

/* --- our own files -------------------------------------------------------- */

static void
what_a_writer_makes_lint_takes(void **state)
{
	struct conv c[2] = { kit_record(), kit_record() };
	static struct kit kit;

	(void)state;
	conv_text(&c[1], FIELD_ID) = slice_of("another");
	conv_text(&c[1], FIELD_CLIENT_UNIQ_ID) = slice_of("another");
	conv_text(&c[1], FIELD_CLIENT_IDS) = slice_of("77");
	for (const struct writer *const *w = writer_all; *w != NULL; w++) {
		for (int hash = 0; hash < ((*w)->needs_person ? 1 : 2);
		     hash++) {
			struct writer_env env = { .hash = hash };
			struct lint_totals t;

			assert_int_equal(
			    kit_write(&kit, (*w)->name, &env, c, 2), 2);
			t = lint(
			    (*w)->name, (struct slice){ kit.bytes, kit.n }, 7);
			assert_string_equal(found, "");
			assert_int_equal(t.valid, 2);
			assert_int_equal(t.bytes, kit.n);
		}
	}
}

/* --- one row -------------------------------------------------------------- */

#define OFFLINE                                                                \
	"ClientId,UserId,Yclid,PurchaseId,Target,DateTime,Price,Currency"
#define CALLS                                                                  \
	"UserId,ClientId,Yclid,DateTime,StaticCall,PhoneNumber,TalkDuration,"  \
	"CallMissed"
#define CHATS "DateTime,ChatPlatform,ChatUsername,PhoneNumber,ClientID"
#define PARAMS "ClientID,Key,Value"
#define CONTACTS                                                               \
	"uniq_id,name,create_date_time,client_ids,emails,phones,emails_md5"
#define ORDERS                                                                 \
	"id;client_uniq_id;client_type;create_date_time;order_status;"         \
	"revenue;products;goals;currency"
#define SIMPLE                                                                 \
	"id,create_date_time,client_ids,phones,order_status,revenue,goals,"    \
	"currency"

static void
each_mistake_of_a_row_is_told(void **state)
{
	static const struct {
		const char *output, *header, *row, *want;
	} row[] = {
		{ "metrica-offline", OFFLINE, "7,,,,g,1776761961,1.5,RUB", "" },
		{ "metrica-offline", "ClientID,yclid,Target,DateTime",
		    "7,,g,1776761961", "" },
		{ "metrica-offline", OFFLINE, ",,,,g,1776761961,,",
		    "2: There is no identifier: ClientId, UserId, Yclid or "
		    "PurchaseId is needed\n" },
		{ "metrica-offline", OFFLINE, "x,,,,g,1776761961,,",
		    "2 ClientId: Invalid 'ClientId' value 'x'\n" },
		{ "metrica-offline", OFFLINE, "7,,,,,1776761961,,",
		    "2 Target: Empty 'Target' value\n" },
		{ "metrica-offline", OFFLINE,
		    "7,,,,Заявка с сайта,1776761961,,",
		    "2 Target: 'Target': goal id expected, not the name of "
		    "a goal 'Заявка с сайта'\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,,,",
		    "2 DateTime: Empty 'DateTime' value\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,2026-04-21,,",
		    "2 DateTime: Invalid 'DateTime' value '2026-04-21' "
		    "(seconds since 1970-01-01 00:00:00 UTC expected)\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,1776765562,,",
		    "2 DateTime: 'DateTime' is from the future\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,1776765561,,", "" },
		{ "metrica-offline", OFFLINE, "7,,,,g,1776761961000,,",
		    "2 DateTime: 'DateTime' is from the future (these are "
		    "milliseconds)\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,9999999999999999999,,",
		    "2 DateTime: Invalid 'DateTime' value "
		    "'9999999999999999999' (seconds since 1970-01-01 00:00:00 "
		    "UTC expected)\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,1776761961,\"1,5\",",
		    "2 Price: Invalid 'Price' value\n" },
		{ "metrica-offline", OFFLINE, "7,,,,g,1776761961,,руб",
		    "2 Currency: Invalid 'Currency' value 'руб' (ISO 4217 "
		    "expected)\n" },
		{ "metrica-calls", CALLS, ",,5,1776761961,1,+70123456789,9,0",
		    "" },
		{ "metrica-calls", CALLS, ",,,1776761961,,,,",
		    "2: There is no identifier: UserId, ClientId or Yclid is "
		    "needed\n" },
		{ "metrica-calls", CALLS,
		    ",,5,1776761961,да,70123456789,1:23,2",
		    "2 StaticCall: Invalid 'StaticCall' value 'да' (0 or 1 "
		    "expected)\n"
		    "2 PhoneNumber: Invalid 'PhoneNumber' value '70123456789' "
		    "(a plus, then the number with its country code and "
		    "without blanks expected)\n"
		    "2 TalkDuration: Invalid 'TalkDuration' value '1:23' "
		    "(seconds expected)\n"
		    "2 CallMissed: Invalid 'CallMissed' value '2' (0 or 1 "
		    "expected)\n" },
		{ "metrica-chats", CHATS, "1776761961,viber,ivanov,,7", "" },
		{ "metrica-chats", CHATS, "1776761961,vk,ivanov,,7",
		    "2 ChatPlatform: 'ChatPlatform' is an unknown platform "
		    "'vk': Metrica knows whatsapp, telegram and viber\n" },
		{ "metrica-chats", CHATS, "1776761961,,ivanov,,7",
		    "2 ChatPlatform: Empty 'ChatPlatform' value\n" },
		{ "metrica-chats", CHATS, "1776761961,viber,,,7",
		    "2: Nobody wrote: ChatUsername, ChatUserID or PhoneNumber "
		    "is needed\n" },
		{ "metrica-chats", CHATS, "1776761961,viber,ivanov,,",
		    "2: warning: There is no identifier, so the chat stays "
		    "unattributed\n" },
		{ "metrica-params", PARAMS, "7,order_status,PAID", "" },
		{ "metrica-params", "UserID,Key,Value", "u,level,gold", "" },
		{ "metrica-params", PARAMS, ",,",
		    "2 Key: Empty 'Key' value\n2 Value: Empty 'Value' value\n"
		    "2: There is no identifier: ClientID or UserID is "
		    "needed\n" },
		{ "metrica-contacts", CONTACTS,
		    "1,,2026-04-21,\"7,8\",a@b.ru,\"79995551111\",", "" },
		{ "metrica-contacts", CONTACTS, ",,,,,,",
		    "2 uniq_id: Empty 'uniq_id' value\n" },
		{ "metrica-contacts", CONTACTS, "1,,вчера,0,x,8(999),z",
		    "2 create_date_time: Invalid date format 'вчера'\n"
		    "2 client_ids: Invalid 'client_ids' identifier '0'\n"
		    "2 emails: Invalid 'emails' identifier 'x'\n"
		    "2 phones: Invalid 'phones' identifier '8(999)'\n"
		    "2 emails_md5: Invalid 'emails_md5' identifier 'z'\n" },
		{ "metrica-orders", ORDERS,
		    "1;2;CONTACT;2020-01-01;PAID;1.50;a:1;g:2;RUB", "" },
		{ "metrica-orders", ORDERS, ";;;;;;;;",
		    "2 id: Empty 'id' value\n"
		    "2 client_uniq_id: Empty 'client_uniq_id' value\n"
		    "2 client_type: The client's type is CONTACT, to the "
		    "letter\n"
		    "2 create_date_time: Empty 'create_date_time' value\n"
		    "2 order_status: Empty 'order_status' value\n" },
		{ "metrica-orders", ORDERS,
		    "1;2;CONTACT;2026-04-22;paid;x;a;Цель:1,g:x;rub",
		    "2 create_date_time: 'create_date_time' is from the "
		    "future\n"
		    "2 revenue: Invalid 'revenue' value\n"
		    "2 order_status: Invalid 'order_status' value\n"
		    "2 currency: Invalid 'currency' value 'rub' (ISO 4217 "
		    "expected)\n"
		    "2 products: Invalid 'products' value 'a': products are "
		    "written name:quantity,name:quantity\n"
		    "2 goals: Invalid 'goals' value 'Цель:1': goals are "
		    "written goal:price,goal\n"
		    "2 goals: Invalid 'goals' value 'g:x': goals are written "
		    "goal:price,goal\n" },
		{ "metrica-simple", SIMPLE,
		    "1,2020-01-01,,79995551111,,1.50,\"g:2,h\",EUR", "" },
		{ "metrica-simple", SIMPLE, "1,2020-01-01,,,,,,",
		    "2: There is no identifier: client_ids, emails, phones, "
		    "emails_md5 or phones_md5 is needed\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char file[1024], want[2048];
		bool bad = strstr(row[i].want, "2") != NULL &&
			   strstr(row[i].want, "warning") == NULL;
		struct lint_totals t;

		snprintf(
		    file, sizeof file, "%s\n%s\n", row[i].header, row[i].row);
		snprintf(
		    want, sizeof want, "%s%s", row[i].want, bad ? NOTHING : "");
		t = lint(row[i].output, slice_of(file), 999);
		assert_string_equal(found, want);
		assert_int_equal(t.rows, 1);
		assert_int_equal(t.valid, !bad);
	}
}

/* --- the file as a whole -------------------------------------------------- */

static void
a_file_that_cannot_be_taken_is_told_as_a_whole(void **state)
{
#define MANY                                                                   \
	"missing a column with identifiers: ClientId, UserId, Yclid or "       \
	"PurchaseId\n"
	static const struct {
		const char *output, *file, *want;
	} row[] = {
		{ "metrica-offline", "", NOTHING },
		{ "metrica-offline", OFFLINE "\n", NOTHING },
		{ "metrica-offline", "ClientId;Target;DateTime\n7;g;1\n",
		    "1: The columns have to be parted by commas\n" },
		{ "metrica-offline", "Target,DateTime\ng,1\n",
		    "1: " MANY NOTHING },
		{ "metrica-offline", "ClientId,Price\n7,1\n",
		    "1: missing Target\n1: missing DateTime\n" NOTHING },
		{ "metrica-offline", "clientid,Target,DateTime\n7,g,1\n",
		    "1: warning: This column is ignored: the destination knows "
		    "it as 'ClientId', to the letter\n1: " MANY NOTHING },
		{ "metrica-offline", "ClientId,Target,DateTime\n7,\xc7,1\n",
		    "2: The file holds bytes that are not UTF-8, the only "
		    "encoding that the destination reads\n" },
		{ "metrica-offline",
		    "\xef\xbb\xbf"
		    "ClientId,Target,DateTime\n7,g,1\n",
		    "1: warning: The file begins with a BOM, which the "
		    "destination's rules do not mention\n" },
		{ "metrica-offline",
		    "ClientId,Target,DateTime,Currency\n7,g,1,RUB\n8,g,1,EUR\n"
		    "9,g,1,USD\n",
		    "3 Currency: warning: Rows before this one have another "
		    "currency; where one upload mixes them the destination may "
		    "count no amounts\n" },
		{ "metrica-chats",
		    "DateTime,ChatPlatform,ChatUsername\n1,viber,x\n",
		    "1: warning: missing a column with identifiers: ClientId, "
		    "UserId, Yclid or PurchaseId; the chats stay "
		    "unattributed\n2: warning: There is no identifier, so the "
		    "chat stays unattributed\n" },
		{ "metrica-params", PARAMS "\n7,a,1\n7,b,1\n8,a,1\n7,a,2\n",
		    "5 Key: warning: An earlier row has the same visitor and "
		    "key; the last one is meant to count\n" },
		/* delimiter_type is a matter of the upload */
		{ "metrica-orders",
		    "id,client_uniq_id,client_type,create_date_time,"
		    "order_status\n1,2,CONTACT,2020-01-01,PAID\n",
		    "" },
		{ "metrica-simple",
		    "id;create_date_time;client_ids\n1;2020-01-01;\"7,8\"\n"
		    "1;2020-01-01;7\n",
		    "3 id: warning: An earlier row has the same id; the "
		    "destination applies such rows in random order\n" },
		{ "metrica-simple", "id|create_date_time\n1|2020-01-01\n",
		    "1: The columns have to be parted by commas or "
		    "semicolons\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		lint(row[i].output, slice_of(row[i].file), 999);
		assert_string_equal(found, row[i].want);
	}
}

static void
ids_that_are_known_to_differ_are_not_looked_for(void **state)
{
	static const char *const row[][2] = {
		{ "metrica-simple",
		    "id,create_date_time,client_ids\n1,2020-01-01,7\n"
		    "1,2020-01-01,7\n" },
		{ "metrica-params", PARAMS "\n7,a,1\n7,a,2\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct lint_options o = {
			.output = row[i][0], .now = NOW, .instant = INSTANT
		};

		for (int differ = 0; differ < 2; differ++) {
			struct memory memory;
			const struct input *in = memory_input(
			    &memory, row[i][1], strlen(row[i][1]), 999);
			struct lint_totals t;

			o.ids_differ = differ == 1;
			assert_int_equal(
			    lint_run(in, &o, NULL, NULL, &t), FMT_OK);
			assert_int_equal(t.warnings, 1 - differ);
			assert_int_equal(t.valid, 2);
		}
	}
}

/* Where all values are goals, their form alone is known until some are named.
 */
static void
a_target_has_to_be_a_goal_that_is_named(void **state)
{
	static const char *const goal[] = { "g1", "g2" };
	static const char file[] = "ClientId,Target,DateTime\n7,g3,1\n7,g2,1\n";
	struct lint_options o = { .output = "metrica-offline",
		.now = NOW,
		.instant = INSTANT,
		.goal = goal,
		.goals = COUNT(goal) };
	struct memory memory;
	const struct input *in = memory_input(&memory, file, strlen(file), 99);
	struct lint_totals t;
	size_t n = 0;

	(void)state;
	assert_int_equal(lint_run(in, &o, note, &n, &t), FMT_OK);
	assert_string_equal(found,
	    "2 Target: 'Target': goal id expected, not the name of a goal "
	    "'g3' (none of the goals that --goal names)\n");
	o.any_goal = true;
	in = memory_input(&memory, file, strlen(file), 99);
	assert_int_equal(lint_run(in, &o, note, &n, &t), FMT_OK);
	assert_int_equal(t.errors, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_writer_makes_lint_takes),
		cmocka_unit_test(each_mistake_of_a_row_is_told),
		cmocka_unit_test(
		    a_file_that_cannot_be_taken_is_told_as_a_whole),
		cmocka_unit_test(
		    ids_that_are_known_to_differ_are_not_looked_for),
		cmocka_unit_test(a_target_has_to_be_a_goal_that_is_named),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
