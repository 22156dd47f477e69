/*
 * A shop's orders where "Оплачен" and "Отменен" stand in columns of their own
 * beside the status, as several shop systems export them.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "номер заказа", FIELD_ID },
	{ "№ заказа", FIELD_ID },
	{ "id заказа", FIELD_ID },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "дата создания заказа", FIELD_CREATE_DATE_TIME },
	{ "дата заказа", FIELD_CREATE_DATE_TIME },
	{ "дата оформления", FIELD_CREATE_DATE_TIME },
	{ "дата изменения", FIELD_UPDATE_DATE_TIME },
	{ "дата оплаты", FIELD_FINISH_DATE_TIME },
	{ "статус", FIELD_ORDER_STATUS },
	{ "статус заказа", FIELD_ORDER_STATUS },
	{ "оплачен", FIELD_PAID },
	{ "заказ оплачен", FIELD_PAID },
	{ "отменен", FIELD_CANCELLED },
	{ "заказ отменен", FIELD_CANCELLED },
	{ "причина отмены", FIELD_LOSS_REASON },
	{ "сумма заказа", FIELD_REVENUE },
	{ "себестоимость", FIELD_COST },
	{ "валюта", FIELD_CURRENCY },
	{ "id покупателя", FIELD_CLIENT_UNIQ_ID },
	{ "id клиента", FIELD_CLIENT_UNIQ_ID },
	{ "покупатель", FIELD_NAME },
	{ "фио", FIELD_NAME },
	{ "?имя", FIELD_NAME },
	{ "телефон покупателя", FIELD_PHONES },
	{ "email покупателя", FIELD_EMAILS },
	{ "e-mail покупателя", FIELD_EMAILS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "ожидает оплаты", "IN_PROGRESS" },
	{ "*", "ожидает подтверждения", "IN_PROGRESS" },
	{ "*", "подтвержден", "IN_PROGRESS" },
	{ "*", "собирается", "IN_PROGRESS" },
	{ "*", "собран", "IN_PROGRESS" },
	{ "*", "отправлен", "IN_PROGRESS" },
	{ "*", "доставляется", "IN_PROGRESS" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"оплачен",
	"отменен",
	"заказ оплачен",
	"заказ отменен",
	NULL,
};

extern const struct preset preset_shop;
const struct preset preset_shop = {
	.name = "shop",
	.title = N_("a shop's orders, with columns for paid and cancelled"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
};
