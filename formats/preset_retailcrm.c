/*
 * RetailCRM: orders.
 *
 * No export was found to go by.  These are the names that its API gives an
 * order's fields, flat or behind dots, and Russian ones as its pages call
 * them; the statuses are those a new account begins with.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "number", FIELD_ID },
	{ "номер", FIELD_ID },
	{ "номер заказа", FIELD_ID },
	{ "created_at", FIELD_CREATE_DATE_TIME },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "дата оформления", FIELD_CREATE_DATE_TIME },
	{ "дата и время оформления", FIELD_CREATE_DATE_TIME },
	{ "status_updated_at", FIELD_UPDATE_DATE_TIME },
	{ "дата изменения статуса", FIELD_UPDATE_DATE_TIME },
	{ "status", FIELD_ORDER_STATUS },
	{ "статус", FIELD_ORDER_STATUS },
	{ "статус заказа", FIELD_ORDER_STATUS },
	{ "total_summ", FIELD_REVENUE },
	{ "?summ", FIELD_REVENUE },
	{ "сумма заказа", FIELD_REVENUE },
	{ "purchase_summ", FIELD_COST },
	{ "закупочная сумма", FIELD_COST },
	{ "currency", FIELD_CURRENCY },
	{ "валюта", FIELD_CURRENCY },
	{ "customer.id", FIELD_CLIENT_UNIQ_ID },
	{ "?customer.externalid", FIELD_CLIENT_UNIQ_ID },
	{ "id клиента", FIELD_CLIENT_UNIQ_ID },
	{ "customer.phone", FIELD_PHONES },
	{ "customer.phones", FIELD_PHONES },
	{ "customer.phones.number", FIELD_PHONES },
	{ "additional_phone", FIELD_PHONES },
	{ "доп. телефон", FIELD_PHONES },
	{ "customer.email", FIELD_EMAILS },
	{ "first_name", FIELD_NAME },
	{ "?customer.first_name", FIELD_NAME },
	{ "?покупатель", FIELD_NAME },
	{ "?клиент", FIELD_NAME },
	{ "?имя", FIELD_NAME },
	{ "source.source", FIELD_UTM_SOURCE },
	{ "source.medium", FIELD_UTM_MEDIUM },
	{ "source.campaign", FIELD_UTM_CAMPAIGN },
	{ "source.content", FIELD_UTM_CONTENT },
	{ "source.keyword", FIELD_UTM_TERM },
	{ "customfields.ym_uid", FIELD_CLIENT_IDS },
	{ "customfields.ym_client_id", FIELD_CLIENT_IDS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "new", "IN_PROGRESS" },
	{ "*", "availability-confirmed", "IN_PROGRESS" },
	{ "*", "offer-analog", "IN_PROGRESS" },
	{ "*", "client-confirmed", "IN_PROGRESS" },
	{ "*", "prepayed", "IN_PROGRESS" },
	{ "*", "send-to-assembling", "IN_PROGRESS" },
	{ "*", "assembling", "IN_PROGRESS" },
	{ "*", "assembling-complete", "IN_PROGRESS" },
	{ "*", "send-to-delivery", "IN_PROGRESS" },
	{ "*", "delivering", "IN_PROGRESS" },
	{ "*", "redirect", "IN_PROGRESS" },
	{ "*", "complete", "PAID" },
	{ "*", "no-call", "CANCELLED" },
	{ "*", "no-product", "CANCELLED" },
	{ "*", "already-buyed", "CANCELLED" },
	{ "*", "delyvery-did-not-suit", "CANCELLED" },
	{ "*", "prices-did-not-suit", "CANCELLED" },
	{ "*", "cancel-other", "CANCELLED" },
	{ "*", "наличие подтверждено", "IN_PROGRESS" },
	{ "*", "предложить замену", "IN_PROGRESS" },
	{ "*", "согласовано с клиентом", "IN_PROGRESS" },
	{ "*", "предоплата поступила", "IN_PROGRESS" },
	{ "*", "передано в комплектацию", "IN_PROGRESS" },
	{ "*", "комплектуется", "IN_PROGRESS" },
	{ "*", "укомплектован", "IN_PROGRESS" },
	{ "*", "передан в доставку", "IN_PROGRESS" },
	{ "*", "доставляется", "IN_PROGRESS" },
	{ "*", "доставка перенесена", "IN_PROGRESS" },
	{ "*", "недозвон", "CANCELLED" },
	{ "*", "нет в наличии", "CANCELLED" },
	{ "*", "купил в другом месте", "CANCELLED" },
	{ "*", "не устроила доставка", "CANCELLED" },
	{ "*", "не устроила цена", "CANCELLED" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"totalsumm",
	"total_summ",
	"purchasesumm",
	"purchase_summ",
	"customer.phones.number",
	"customer.phones",
	"способ оформления",
	"дата и время оформления",
	NULL,
};

extern const struct preset preset_retailcrm;
const struct preset preset_retailcrm = {
	.name = "retailcrm",
	.title = N_("RetailCRM, orders"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
};
