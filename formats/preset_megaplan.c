/*
 * Megaplan: list of deals.
 *
 * No export was found to go by: the names are those its pages use, where a
 * pipeline is a "схема" and a client a "плательщик".  A user's own statuses
 * need rules of the feed.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "номер", FIELD_ID },
	{ "номер сделки", FIELD_ID },
	{ "№", FIELD_ID },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "создана", FIELD_CREATE_DATE_TIME },
	{ "время создания", FIELD_CREATE_DATE_TIME },
	{ "дата изменения", FIELD_UPDATE_DATE_TIME },
	{ "время изменения", FIELD_UPDATE_DATE_TIME },
	{ "статус", FIELD_ORDER_STATUS },
	{ "статус сделки", FIELD_ORDER_STATUS },
	{ "схема", FIELD_PIPELINE },
	{ "схема сделки", FIELD_PIPELINE },
	{ "причина отказа", FIELD_LOSS_REASON },
	{ "стоимость", FIELD_REVENUE },
	{ "стоимость сделки", FIELD_REVENUE },
	{ "сумма", FIELD_REVENUE },
	{ "себестоимость", FIELD_COST },
	{ "валюта", FIELD_CURRENCY },
	{ "плательщик", FIELD_NAME },
	{ "клиент", FIELD_NAME },
	{ "?контактное лицо", FIELD_NAME },
	{ "телефон плательщика", FIELD_PHONES },
	{ "телефоны", FIELD_PHONES },
	{ "e-mail плательщика", FIELD_EMAILS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "переговоры", "IN_PROGRESS" },
	{ "*", "ожидание оплаты", "IN_PROGRESS" },
	{ "*", "закрыта успешно", "PAID" },
	{ "*", "положительный результат", "PAID" },
	{ "*", "закрыта неуспешно", "CANCELLED" },
	{ "*", "отрицательный результат", "CANCELLED" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"схема",
	"схема сделки",
	"плательщик",
	"телефон плательщика",
	NULL,
};

extern const struct preset preset_megaplan;
const struct preset preset_megaplan = {
	.name = "megaplan",
	.title = N_("Megaplan, list of deals"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
};
