/*
 * Bitrix24: the exported list of deals ("Экспорт в Excel", which is an HTML
 * table named .xls, or CSV).
 *
 * Stages are the user's own; those a new account begins with are here, in
 * their old and new wording.  The contact's columns stand behind "Контакт: ".
 * preset_bitrix24_leads.c has leads, preset_bitrix24_rest.c what the REST
 * interface answers.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "id сделки", FIELD_ID },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "дата создания сделки", FIELD_CREATE_DATE_TIME },
	{ "дата изменения", FIELD_UPDATE_DATE_TIME },
	{ "стадия сделки", FIELD_ORDER_STATUS },
	{ "?стадия", FIELD_ORDER_STATUS },
	{ "?результат сделки", FIELD_ORDER_STATUS },
	{ "воронка", FIELD_PIPELINE },
	{ "воронка сделки", FIELD_PIPELINE },
	{ "направление", FIELD_PIPELINE },
	{ "направление сделки", FIELD_PIPELINE },
	{ "причина отказа", FIELD_LOSS_REASON },
	{ "причина провала", FIELD_LOSS_REASON },
	{ "сумма", FIELD_REVENUE },
	{ "сумма сделки", FIELD_REVENUE },
	{ "себестоимость", FIELD_COST },
	{ "валюта", FIELD_CURRENCY },
	{ "рабочий телефон", FIELD_PHONES },
	{ "домашний телефон", FIELD_PHONES },
	{ "другой телефон", FIELD_PHONES },
	{ "контакт: телефон", FIELD_PHONES },
	{ "контакт: рабочий телефон", FIELD_PHONES },
	{ "контакт: мобильный телефон", FIELD_PHONES },
	{ "контакт: домашний телефон", FIELD_PHONES },
	{ "контакт: другой телефон", FIELD_PHONES },
	{ "рабочий e-mail", FIELD_EMAILS },
	{ "частный e-mail", FIELD_EMAILS },
	{ "другой e-mail", FIELD_EMAILS },
	{ "контакт: e-mail", FIELD_EMAILS },
	{ "контакт: рабочий e-mail", FIELD_EMAILS },
	{ "контакт: частный e-mail", FIELD_EMAILS },
	{ "контакт: другой e-mail", FIELD_EMAILS },
	{ "контакт: id", FIELD_CLIENT_UNIQ_ID },
	{ "id контакта", FIELD_CLIENT_UNIQ_ID },
	{ "?контакт", FIELD_NAME },
	{ "контакт: имя", FIELD_NAME },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "новая", "IN_PROGRESS" },
	{ "*", "подготовка документов", "IN_PROGRESS" },
	{ "*", "счет на предоплату", "IN_PROGRESS" },
	{ "*", "cчет на предоплату",
	    "IN_PROGRESS" }, /* a Latin c, as shipped */
	{ "*", "в работе", "IN_PROGRESS" },
	{ "*", "финальный счет", "IN_PROGRESS" },
	{ "*", "успешно", "PAID" },
	{ "*", "сделка успешна", "PAID" },
	{ "*", "сделка заключена", "PAID" },
	{ "*", "сделка провалена", "CANCELLED" },
	{ "*", "сделка проиграна", "CANCELLED" },
	{ "*", "анализ причины провала", "CANCELLED" },
	{ "*", "провал", "CANCELLED" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"стадия сделки",
	"предполагаемая дата закрытия",
	"результат сделки",
	"контакт: рабочий телефон",
	"контакт: мобильный телефон",
	"контакт: рабочий e-mail",
	NULL,
};

extern const struct preset preset_bitrix24;
const struct preset preset_bitrix24 = {
	.name = "bitrix24",
	.title = N_("Bitrix24, list of deals"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.any_status = true,
};
