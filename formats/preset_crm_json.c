/*
 * Orders as an agency's connector reads them, and as our output crm-json is:
 * camelCase names, or the same with underscores, in JSON mostly.  Whom an
 * order is of may stand in the clients' file alone.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "client_type", FIELD_CLIENT_TYPE },
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
	{ "finish_date_time", FIELD_FINISH_DATE_TIME },
	{ "order_status", FIELD_ORDER_STATUS },
	{ "pipeline", FIELD_PIPELINE },
	{ "funnel", FIELD_PIPELINE },
	{ "loss_reason", FIELD_LOSS_REASON },
	{ "revenue", FIELD_REVENUE },
	{ "cost", FIELD_COST },
	{ "currency", FIELD_CURRENCY },
	PRESET_CONNECTOR_CONTACTS,
	{ "yclid", FIELD_YCLID },
	{ "purchase_id", FIELD_PURCHASE_ID },
	{ "products", FIELD_PRODUCTS },
	{ "goals", FIELD_GOALS },
	{ "utm_source", FIELD_UTM_SOURCE },
	{ "utm_medium", FIELD_UTM_MEDIUM },
	{ "utm_campaign", FIELD_UTM_CAMPAIGN },
	{ "utm_content", FIELD_UTM_CONTENT },
	{ "utm_term", FIELD_UTM_TERM },
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = {
	"clientuniqid",
	"clienttype",
	"createdatetime",
	"orderstatus",
	"contactphone",
	NULL,
};

static const char *const beside[] = { "createdatetime", "create_date_time",
	NULL };

extern const struct preset preset_crm_json;
const struct preset preset_crm_json = {
	.name = "crm-json",
	.title = N_("orders for an agency's connector (JSON)"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.joins_clients = true,
	.literal_status = true,
};
