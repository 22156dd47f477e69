/*
 * Roistat: the sheet of deals that it imports from CRMs without a connection
 * of their own.  Its dates are Unix seconds, its further columns the user's.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "id сделки", FIELD_ID },
	{ "номер сделки", FIELD_ID },
	{ "the date of the order", FIELD_CREATE_DATE_TIME },
	{ "date of the order", FIELD_CREATE_DATE_TIME },
	{ "дата заказа", FIELD_CREATE_DATE_TIME },
	{ "дата сделки", FIELD_CREATE_DATE_TIME },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "order status", FIELD_ORDER_STATUS },
	{ "статус", FIELD_ORDER_STATUS },
	{ "статус заказа", FIELD_ORDER_STATUS },
	{ "статус сделки", FIELD_ORDER_STATUS },
	{ "sum", FIELD_REVENUE },
	{ "сумма", FIELD_REVENUE },
	{ "выручка", FIELD_REVENUE },
	{ "cost", FIELD_COST },
	{ "себестоимость", FIELD_COST },
	{ "currency", FIELD_CURRENCY },
	{ "валюта", FIELD_CURRENCY },
	{ "name", FIELD_NAME },
	{ "?client", FIELD_NAME },
	{ "?клиент", FIELD_NAME },
	{ "?имя", FIELD_NAME },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "in work", "IN_PROGRESS" },
	{ "*", "в работе", "IN_PROGRESS" },
	{ "*", "paid", "PAID" },
	{ "*", "оплачено", "PAID" },
	{ "*", "оплачен", "PAID" },
	{ "*", "cancelled", "CANCELLED" },
	{ "*", "отменено", "CANCELLED" },
	{ "*", "отменен", "CANCELLED" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"roistat promo-code",
	"the date of the order",
	"промокод roistat",
	"промо-код roistat",
	NULL,
};

extern const struct preset preset_roistat;
const struct preset preset_roistat = {
	.name = "roistat",
	.title = N_("Roistat, sheet of deals"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
};
