/*
 * Direct's own column names, as its Conversion Center takes them, and those
 * of Metrica's order import beside them.
 */
#include "formats/message.h"
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "id", FIELD_ID },
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "client_ids", FIELD_CLIENT_IDS },
	{ "emails", FIELD_EMAILS },
	{ "phones", FIELD_PHONES },
	{ "emails_md5", FIELD_EMAILS_MD5 },
	{ "phones_md5", FIELD_PHONES_MD5 },
	/* Metrica's, for a feed that has an output for it */
	{ "user_id", FIELD_USER_ID },
	{ "yclid", FIELD_YCLID },
	{ "purchase_id", FIELD_PURCHASE_ID },
	{ "order_status", FIELD_ORDER_STATUS },
	{ "revenue", FIELD_REVENUE },
	{ "cost", FIELD_COST },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
	{ "finish_date_time", FIELD_FINISH_DATE_TIME },
	{ "currency", FIELD_CURRENCY },
	{ "goals", FIELD_GOALS },
	{ "products", FIELD_PRODUCTS },
	/* Not Direct's names.  But whoever names the rest as Direct does and
	 * the status otherwise must not find every order paid. */
	{ "?status", FIELD_ORDER_STATUS },
	{ "?order status", FIELD_ORDER_STATUS },
	{ "?stage", FIELD_ORDER_STATUS },
	{ "?state", FIELD_ORDER_STATUS },
	{ "?статус*", FIELD_ORDER_STATUS },
	{ "?этап*", FIELD_ORDER_STATUS },
	{ "?стадия*", FIELD_ORDER_STATUS },
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = { "create_date_time", NULL };

extern const struct preset preset_direct;
const struct preset preset_direct = {
	.name = "direct",
	.title = N_("Direct's own column names"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.default_status = "PAID",
	.literal_status = true,
};
