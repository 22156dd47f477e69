/*
 * InSales: orders.
 *
 * No export of orders was found to go by.  These are the names that its API
 * gives an order's fields, and Russian ones as its pages call them; a payment
 * has a status of its own, which counts as "paid" beside the order's.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "номер заказа", FIELD_ID },
	{ "number", FIELD_ID },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "дата заказа", FIELD_CREATE_DATE_TIME },
	{ "created_at", FIELD_CREATE_DATE_TIME },
	{ "дата изменения", FIELD_UPDATE_DATE_TIME },
	{ "updated_at", FIELD_UPDATE_DATE_TIME },
	{ "дата оплаты", FIELD_FINISH_DATE_TIME },
	{ "paid_at", FIELD_FINISH_DATE_TIME },
	{ "статус", FIELD_ORDER_STATUS },
	{ "статус заказа", FIELD_ORDER_STATUS },
	{ "fulfillment_status", FIELD_ORDER_STATUS },
	{ "статус оплаты", FIELD_PAID },
	{ "financial_status", FIELD_PAID },
	{ "сумма заказа", FIELD_REVENUE },
	{ "итоговая сумма", FIELD_REVENUE },
	{ "total_price", FIELD_REVENUE },
	{ "закупочная цена", FIELD_COST },
	{ "валюта", FIELD_CURRENCY },
	{ "currency_code", FIELD_CURRENCY },
	{ "id клиента", FIELD_CLIENT_UNIQ_ID },
	{ "client.id", FIELD_CLIENT_UNIQ_ID },
	{ "client.name", FIELD_NAME },
	{ "client_name", FIELD_NAME },
	{ "?покупатель", FIELD_NAME },
	{ "?клиент", FIELD_NAME },
	{ "client.phone", FIELD_PHONES },
	{ "client_phone", FIELD_PHONES },
	{ "телефон покупателя", FIELD_PHONES },
	{ "client.email", FIELD_EMAILS },
	{ "client_email", FIELD_EMAILS },
	{ "email покупателя", FIELD_EMAILS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "new", "IN_PROGRESS" },
	{ "*", "accepted", "IN_PROGRESS" },
	{ "*", "approved", "IN_PROGRESS" },
	{ "*", "dispatched", "IN_PROGRESS" },
	{ "*", "delivered", "IN_PROGRESS" },
	{ "*", "declined", "CANCELLED" },
	{ "*", "returned", "CANCELLED" },
	{ "*", "согласован", "IN_PROGRESS" },
	{ "*", "отгружен", "IN_PROGRESS" },
	{ "*", "доставлен", "IN_PROGRESS" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"fulfillment_status",
	"financial_status",
	"статус оплаты",
	NULL,
};

/* The payment's status as yes or no. */
static struct slice
is_paid(struct slice cell)
{
	static const char *const paid[] = { "paid", "Оплачен", "оплачен",
		"Оплачено", "оплачено", "Да", "да", NULL };

	cell = slice_trim(cell);
	if (cell.n == 0)
		return cell;
	for (size_t i = 0; paid[i] != NULL; i++) {
		if (slice_is(cell, paid[i]))
			return slice_of("1");
	}
	return slice_of("0");
}

static const struct preset_pick picks[] = {
	{ "статус оплаты", is_paid },
	{ "financial_status", is_paid },
	{ NULL, NULL },
};

extern const struct preset preset_insales;
const struct preset preset_insales = {
	.name = "insales",
	.title = N_("InSales, orders"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.pick = picks,
};
