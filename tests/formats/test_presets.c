/*
 * The presets' tables: each is sound in itself, each knows its own CRM's
 * header beside all others, and none takes Google's client id for Metrica's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/map.h"
#include "tests/formats/split.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* --- which one fits ------------------------------------------------------ */

/* Headers marked (*) are seen in public material, see domain/crm-dumps.md's
 * rows; the others are made up or of general knowledge. */
static const struct {
	const char *preset, *header;
} fits[] = {
	{ "direct", /* (*) */
	    "create_date_time;id;client_uniq_id;client_ids;emails;phones;"
	    "emails_md5;phones_md5;order_status;revenue;cost;COMMENT" },
	{ "direct", "id;create_date_time;phones" },
	{ "direct", /* (*) Metrica's simplified orders */
	    "id;create_date_time;client_uniq_id;client_ids;emails;phones;"
	    "order_status;revenue;cost;goals;currency" },
	{ "metrica-orders", /* (*) */
	    "id;client_uniq_id;client_type;create_date_time;update_date_time;"
	    "finish_date_time;revenue;order_status;cost;currency;products;"
	    "goals" },
	{ "metrica-orders",
	    "create_date_time;id;client_type;client_uniq_id;order_status" },
	{ "metrica-offline", /* (*) */
	    "ClientId;UserId;Yclid;PurchaseId;Target;DateTime;Price;"
	    "Currency" },
	{ "metrica-offline", "yclid;Target;DateTime" },
	{ "metrica-calls", /* (*) */
	    "UserId;ClientId;Yclid;DateTime;StaticCall;Price;Currency;"
	    "PhoneNumber;TalkDuration;HoldDuration;CallMissed;Tag;"
	    "FirstTimeCaller;URL;CallTrackerURL" },
	{ "metrica-calls", "ClientId;DateTime;PhoneNumber;CallMissed" },
	{ "metrica-chats", /* (*) */
	    "DateTime;ChatPlatform;ChatUsername;ChatUserID;PhoneNumber;"
	    "ClientId;UserId;Yclid;PurchaseId" },
	{ "metrica-chats", "DateTime;ChatPlatform;PhoneNumber" },
	{ "crm-json", /* (*) */
	    "id;client_uniq_id;client_type;create_date_time;order_status;"
	    "revenue;contactPhone;utm_source;utm_medium;utm_campaign" },
	{ "crm-json", "id;clientUniqId;clientType;createDateTime;"
		      "orderStatus;revenue;contactPhone;utmSource" },
	{ "crm-json", "id;createDateTime;contactPhone;orderStatus" },
	{ "crm-json-clients", "clientUniqId;clientType;name;createDateTime;"
			      "contactPhone;phones;emails;clientIds" },
	{ "crm-json-clients", "clientUniqId;contactPhone" },
	{ "crm-json-clients", "id;name;contactPhone;emails;createDateTime" },
	{ "amocrm", /* (*) */
	    "Название сделки;Основной контакт;Этап сделки;Ответственный;"
	    "Бюджет;Дата создания;Кем создана;Дата закрытия;Теги сделки;"
	    "Примечание 1;Рабочий телефон (контакт);"
	    "Мобильный телефон (контакт);Полное имя (контакт)" },
	{ "amocrm", /* (*) the import template */
	    "Название сделки;Бюджет сделки;Ответственный за сделку;"
	    "Дата создания (сделка);Статус сделки;Личный email (контакт)" },
	{ "bitrix24", /* (*) */
	    "ID;Название сделки;Стадия сделки;Ответственный;Сумма;"
	    "Дата создания;Дата начала;Предполагаемая дата закрытия;Тип;"
	    "Лид" },
	{ "bitrix24", /* (*) */
	    "Номер сделки;Статус сделки;Результат сделки;"
	    "Дата создания сделки;Телефон" },
	{ "bitrix24-leads", /* (*) */
	    "ID;Название лида;Название компании;Рабочий телефон;"
	    "Мобильный телефон;Рабочий e-mail;Корпоративный сайт;"
	    "Реквизит (Россия): ИНН" },
	{ "bitrix24-leads", "ID;TITLE;STATUS_ID;STATUS_SEMANTIC_ID;"
			    "OPPORTUNITY;CURRENCY_ID;DATE_CREATE;PHONE" },
	{ "bitrix24-rest", /* (*) */
	    "ID;TITLE;STAGE_ID;CATEGORY_ID;OPPORTUNITY;CURRENCY_ID;"
	    "DATE_CREATE;DATE_MODIFY;CLOSEDATE;STAGE_SEMANTIC_ID;"
	    "UF_CRM_1700000000" },
	{ "bitrix24-rest", "ID;STAGE_ID;DATE_CREATE;CONTACT_PHONE" },
	{ "1c", /* (*) but the phone */
	    "Дата операции;Дата операции;Операция;Клиент;Сумма продажи;"
	    "Прибыль;Дата оплаты;Телефон" },
	{ "1c", "Регистратор;Дата;Контрагент;Сумма;Телефон;Статус" },
	{ "tilda", /* (*) */
	    "tranid;formid;formname;Name;Phone;Email;referer;utm_source;"
	    "utm_campaign;sent;COOKIES" },
	{ "tilda", /* (*) */
	    "Email;Name;Phone;Date;Input;Hidden;tranid;formid;Checkbox;"
	    "\"Status ID\";Stage" },
	{ "tilda", /* (*) */
	    "Email;Название;Телефон;Дата;Промокод;Товары в заказе;"
	    "utm_campaign;Адрес_доставки;Комментарий;tranid;formid;formname;"
	    "Сумма заказа;Stage" },
	{ "retailcrm", "number;externalId;createdAt;statusUpdatedAt;status;"
		       "totalSumm;purchaseSumm;phone;email;customer.id;"
		       "customer.phones.number" },
	{ "retailcrm", "Номер;Дата и время оформления;Статус;Сумма;Телефон;"
		       "Способ оформления" },
	{ "insales", "number;created_at;fulfillment_status;financial_status;"
		     "total_price;client.phone" },
	{ "insales", "Номер заказа;Дата заказа;Статус заказа;Статус оплаты;"
		     "Сумма заказа;Телефон" },
	{ "shop", /* (*) */
	    "Номер заказа;Дата создания;Сумма;Статус;Оплачен;Отменен;"
	    "Позиции;Цена товара" },
	{ "shop", "№ заказа;Дата;Итого;Отменён;Телефон" },
	{ "roistat", /* (*) */
	    "ID;Order status;Roistat promo-code;Sum;Cost;"
	    "The date of the order" },
	{ "roistat", "ID;Статус;Промокод Roistat;Сумма;Себестоимость;"
		     "Дата заказа;Телефон" },
	{ "megaplan", "Номер;Схема;Статус;Плательщик;Стоимость;"
		      "Дата создания;Телефон" },
	{ "megaplan", "№;Статус сделки;Плательщик;Сумма;Создана;E-mail" },
	{ "calltouch", /* (*) */
	    "callId;date;duration;waitingConnect;callerNumber;phoneNumber;"
	    "successful;uniqueCall;targetCall;uniqTargetCall;callTags;"
	    "utmSource;clientId;yaClientId;sessionId" },
	{ "calltouch", "callId;date;callerNumber;successful" },
	{ "comagic", /* (*) */
	    "id;start_time;finish_time;direction;is_lost;"
	    "contact_phone_number;virtual_phone_number;total_duration;"
	    "ua_client_id;utm_source;tags" },
	{ "comagic", "id;start_time;contact_phone_number" },
	{ "ringostat", /* (*) */
	    "caller;dst;disposition;calldate;duration;billsec;waittime;"
	    "call_type;proper_flag;repeated_flag;utm_source;uniqueid;"
	    "client_id" },
	{ "ringostat", "calldate;caller;disposition" },
	{ "operator", /* (*) */
	    "Номер абонента;Номер Б;Дата и время;Направление;Длительность" },
	{ "operator", "Дата и время;Номер Б" },
	{ "contacts", /* (*) */
	    "uniq_id;name;create_date_time;update_date_time;client_ids;"
	    "emails;phones;emails_md5;phones_md5" },
	{ "contacts", "uniq_id;phones" },
	/* a system's word among common ones must not lose those */
	{ "megaplan", "Номер;Дата;Плательщик;Сумма;Статус;Телефон" },
	{ "insales", "Номер;Дата;Статус оплаты;Итого;Телефон" },
	{ "1c", "Номер;Дата;Статус;Сумма продажи;Телефон" },
	{ "roistat", "Номер заказа;Создан;Статус;Промокод Roistat;Телефон" },
	/* a custom field of another system */
	{ "amocrm", "ID;Этап сделки;Бюджет;Дата создания;Телефон (контакт);"
		    "roistat;TRANID;FORMID;COOKIES;Оплачен" },
	{ "generic", "Номер заказа;Дата создания;Сумма;Статус;Телефон;"
		     "roistat" },
	/* one word of a file that we write ourselves is not that file */
	{ "generic", "ID;Created;Status;Phone;Target" },
	{ "generic", "ID;Created;Status;Phone;TalkDuration" },
	{ "generic", "ID;Created;Status;Phone;ChatUsername" },
	{ "generic", "id;created_at;status;phone;client_type" },
	{ "generic", "id;created_at;status;phone;uniq_id" },
	{ "generic", "id;createdAt;contactPhone;status" },
	/* nobody's own words: whatever CRM knows them all */
	{ "generic", "Номер заказа;Дата создания;Сумма;Статус;Телефон" },
	{ "generic", "ID;Дата создания;Статус;Бюджет;Воронка;Телефон" },
	{ "generic", "id;created_at;status;total;phone;email" },
	{ "generic", "Дата;Номер документа;Сумма;Статус;Телефон" },
};

static void
a_header_chooses_the_preset_of_its_crm(void **state)
{
	struct settings *s = settings_new();

	(void)state;
	for (size_t i = 0; i < COUNT(fits); i++) {
		struct map *m = NULL;
		size_t n = split(fits[i].header);

		assert_int_equal(map_open(&m, s, cells, n), FMT_OK);
		if (strcmp(map_preset(m)->name, fits[i].preset) != 0)
			print_error("%s\n", fits[i].header);
		assert_string_equal(map_preset(m)->name, fits[i].preset);
		map_free(m);
	}
	settings_free(s);
}

static void
every_preset_has_two_headers_above(void **state)
{
	(void)state;
	for (size_t p = 0; preset_all[p] != NULL; p++) {
		int n = 0;

		for (size_t i = 0; i < COUNT(fits); i++)
			n += strcmp(fits[i].preset, preset_all[p]->name) == 0;
		if (n < 2)
			print_error("%s\n", preset_all[p]->name);
		assert_true(n >= 2);
	}
}

/* --- the tables ---------------------------------------------------------- */

static bool
is_folded(const char *name)
{
	struct arena a = { 0 };
	bool same = slice_is(preset_fold(&a, slice_of(name)), name);

	if (!same)
		print_error("\"%s\"\n", name);
	arena_free(&a);
	return same;
}

static void
a_table_is_written_folded_and_names_nothing_twice(void **state)
{
	(void)state;
	for (size_t p = 0; preset_all[p] != NULL; p++) {
		const struct preset_column *c = preset_all[p]->column;
		const struct preset_status *s = preset_all[p]->status;

		for (size_t i = 0; c[i].header != NULL; i++) {
			const char *name = c[i].header;

			name += *name == '?';
			assert_true(is_folded(name));
			/* what it shadows is a guess that all share */
			for (size_t k = 0; k < i && *c[i].header != '?'; k++) {
				const char *other = c[k].header;

				other += *other == '?';
				if (strcmp(name, other) == 0)
					print_error("%s: %s\n",
					    preset_all[p]->name, name);
				assert_string_not_equal(name, other);
			}
		}
		for (size_t i = 0; s[i].status != NULL; i++) {
			assert_true(is_folded(s[i].status));
			assert_true(preset_target(s[i].to).n > 0);
			for (size_t k = 0; k < i; k++)
				assert_true(
				    strcmp(s[i].status, s[k].status) != 0 ||
				    strcmp(s[i].pipeline, s[k].pipeline) != 0);
		}
	}
}

/* A pick for a header that is no column would never be asked. */
static void
what_proves_a_preset_and_what_it_picks_from_is_written_folded(void **state)
{
	(void)state;
	for (size_t p = 0; preset_all[p] != NULL; p++) {
		const struct preset *one = preset_all[p];

		for (size_t i = 0; one->proof != NULL && one->proof[i] != NULL;
		     i++)
			assert_true(is_folded(one->proof[i]));
		for (size_t i = 0;
		     one->beside != NULL && one->beside[i] != NULL; i++)
			assert_true(is_folded(one->beside[i]));
		for (size_t i = 0;
		     one->pick != NULL && one->pick[i].header != NULL; i++)
			assert_int_not_equal(
			    preset_field(one, slice_of(one->pick[i].header)),
			    FIELD_COUNT);
	}
}

static void
every_preset_knows_what_its_kind_needs(void **state)
{
	(void)state;
	for (size_t p = 0; preset_all[p] != NULL; p++) {
		bool has[FIELD_COUNT + 1] = { false };
		const struct preset_column *c = preset_all[p]->column;
		enum record_kind kind = preset_all[p]->kind;

		for (; c->header != NULL; c++)
			has[c->field] = true;
		assert_true(has[FIELD_CREATE_DATE_TIME]);
		assert_true(has[FIELD_CLIENT_IDS]);
		assert_true(kind != RECORD_ORDER || has[FIELD_ORDER_STATUS] ||
			    preset_all[p]->default_status != NULL);
		assert_true(
		    kind != RECORD_CONTACT || has[FIELD_CLIENT_UNIQ_ID]);
		assert_true(kind != RECORD_CHAT || has[FIELD_CHAT_PLATFORM]);
	}
}

static void
what_metrica_finds_a_visit_by_is_known_in_lists_of_orders(void **state)
{
	static const char *const preset[] = { "direct", "metrica-orders",
		"crm-json", "generic" };
	static const struct {
		const char *header;
		enum field field;
	} row[] = {
		{ "user_id", FIELD_USER_ID },
		{ "yclid", FIELD_YCLID },
		{ "purchase_id", FIELD_PURCHASE_ID },
	};

	(void)state;
	for (size_t p = 0; p < COUNT(preset); p++) {
		for (size_t i = 0; i < COUNT(row); i++)
			assert_int_equal(preset_field(preset_by_name(preset[p]),
					     slice_of(row[i].header)),
			    row[i].field);
	}
}

static void
googles_client_id_is_nobodys(void **state)
{
	static const char *const google[] = { "_ga", "ga", "ga_client_id",
		"ga client id", "gaclientid", "ua_client_id", "uaclientid",
		"google client id", "google clientid", "google_client_id",
		"googleclientid" };
	static const char *const unclear[] = { "clientid", "client_id",
		"client id" };

	(void)state;
	for (size_t p = 0; preset_all[p] != NULL; p++) {
		const struct preset *one = preset_all[p];
		bool own = strncmp(one->name, "metrica-", 8) == 0;
		bool weak = strcmp(one->name, "generic") == 0 ||
			    strcmp(one->name, "amocrm") == 0;

		for (size_t i = 0; i < COUNT(google); i++)
			assert_int_equal(preset_field(one, slice_of(google[i])),
			    FIELD_COUNT);
		for (size_t i = 0; i < COUNT(unclear) && !own; i++) {
			struct slice name = slice_of(unclear[i]);

			if (weak)
				assert_true(preset_is_weak(one, name));
			else
				assert_int_equal(
				    preset_field(one, name), FIELD_COUNT);
		}
	}
}

/* --- parts of cells ------------------------------------------------------ */

static void
a_part_of_a_cell_is_what_counts(void **state)
{
	static const struct {
		const char *preset, *header, *cell, *part;
	} row[] = {
		{ "1c", "операция",
		    "Счет клиенту(Продажа) 0000-057583 от 10.07.2026 19:57:57",
		    "0000-057583" },
		{ "1c", "операция", "Кейс 00000210250 от 10.07.2026 16:59:38",
		    "00000210250" },
		{ "1c", "документ",
		    "Реализация \xc2\xa0ТД-000123\xc2\xa0от\xc2\xa0"
		    "1.02.2026 1:02:03",
		    "ТД-000123" },
		{ "1c", "документ", "Заказ  12  от  10.07.2026", "12" },
		{ "1c", "документ", "Заказ 12 отгружен", "Заказ 12 отгружен" },
		{ "1c", "документ", "0000-000001", "0000-000001" },
		{ "1c", "документ", "Кейс от 10.07.2026",
		    "Кейс от 10.07.2026" },
		{ "1c", "документ", "Заказ 7 от клиента",
		    "Заказ 7 от "
		    "клиента" },
		{ "1c", "документ", "", "" },
		{ "1c", "документ", "от", "от" },
		{ "tilda", "cookies",
		    "_ga=GA1.2.1.2; _ym_uid=1690000000123456789; _ym_d=1",
		    "1690000000123456789" },
		{ "tilda", "cookies", "_ym_uid=5", "5" },
		{ "tilda", "cookies", "_ga=GA1.2.1.2; x_ym_uid=7", "" },
		{ "tilda", "cookies", "", "" },
		{ "tilda", "input", "+7 (701) 123-45-67",
		    "+7 (701) 123-45-67" },
		{ "tilda", "input", "после 18:00, 87010000101", "" },
		{ "tilda", "input", "00", "" },
		{ "bitrix24-rest", "stage_id", "C1:WON", "WON" },
		{ "bitrix24-rest", "stage_id", "WON", "WON" },
		{ "bitrix24-rest", "stage_id", "UC_1:X", "UC_1:X" },
		{ "bitrix24-rest", "stage_id", "C:WON", "C:WON" },
		{ "insales", "financial_status", "paid", "1" },
		{ "insales", "financial_status", "pending", "0" },
		{ "insales", "статус оплаты", " Не оплачен", "0" },
		{ "insales", "статус оплаты", "", "" },
		{ "calltouch", "successful", "true", "0" },
		{ "calltouch", "successful", "false", "1" },
		{ "calltouch", "successful", "maybe", "maybe" },
		{ "ringostat", "disposition", "ANSWERED", "0" },
		{ "ringostat", "disposition", "NO ANSWER", "1" },
		{ "ringostat", "disposition", "CHANUNAVAIL", "CHANUNAVAIL" },
		{ "ringostat", "repeated_flag", "1", "0" },
		{ "ringostat", "repeated_flag", "0", "1" },
		{ "ringostat", "repeatedflag", "0", "1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		preset_part *part = preset_part_of(
		    preset_by_name(row[i].preset), slice_of(row[i].header));
		struct slice is;

		assert_non_null(part);
		is = part(slice_of(row[i].cell));
		if (!slice_is(is, row[i].part))
			print_error(
			    "%s: \"%.*s\"\n", row[i].cell, (int)is.n, is.p);
		assert_true(slice_is(is, row[i].part));
	}
	assert_null(
	    preset_part_of(preset_by_name("generic"), slice_of("документ")));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_chooses_the_preset_of_its_crm),
		cmocka_unit_test(every_preset_has_two_headers_above),
		cmocka_unit_test(
		    a_table_is_written_folded_and_names_nothing_twice),
		cmocka_unit_test(
		    what_proves_a_preset_and_what_it_picks_from_is_written_folded),
		cmocka_unit_test(every_preset_knows_what_its_kind_needs),
		cmocka_unit_test(
		    what_metrica_finds_a_visit_by_is_known_in_lists_of_orders),
		cmocka_unit_test(googles_client_id_is_nobodys),
		cmocka_unit_test(a_part_of_a_cell_is_what_counts),
	};

	cmocka_run_group_tests_name("presets", tests, NULL, NULL);
	return 0;
}
