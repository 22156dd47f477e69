/*
 * Metrica's detailed orders, CSV or JSON, as our output of that name is.  An
 * order names its client; whom to look for stands among the contacts.  The
 * simplified ones are what preset_direct.c takes.
 */
#include "formats/message.h"
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "client_type", FIELD_CLIENT_TYPE },
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
	{ "finish_date_time", FIELD_FINISH_DATE_TIME },
	{ "revenue", FIELD_REVENUE },
	{ "order_status", FIELD_ORDER_STATUS },
	{ "cost", FIELD_COST },
	{ "currency", FIELD_CURRENCY },
	{ "products", FIELD_PRODUCTS },
	{ "goals", FIELD_GOALS },
	{ "client_ids", FIELD_CLIENT_IDS },
	{ "emails", FIELD_EMAILS },
	{ "phones", FIELD_PHONES },
	{ "emails_md5", FIELD_EMAILS_MD5 },
	{ "phones_md5", FIELD_PHONES_MD5 },
	{ "user_id", FIELD_USER_ID },
	{ "yclid", FIELD_YCLID },
	{ "purchase_id", FIELD_PURCHASE_ID },
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = { "client_type", NULL };

static const char *const beside[] = { "create_date_time", NULL };

extern const struct preset preset_metrica_orders;
const struct preset preset_metrica_orders = {
	.name = "metrica-orders",
	.title = N_("Metrica's detailed orders"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.joins_clients = true,
	.literal_status = true,
};
