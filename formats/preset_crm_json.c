/*
 * Orders as an agency's connector reads them, and as our output crm-json is:
 * camelCase names, or the same with underscores, in JSON mostly.  Whom an
 * order is of may stand in the clients' file alone.
 */
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "clientuniqid", FIELD_CLIENT_UNIQ_ID },
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "clienttype", FIELD_CLIENT_TYPE },
	{ "client_type", FIELD_CLIENT_TYPE },
	{ "createdatetime", FIELD_CREATE_DATE_TIME },
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "updatedatetime", FIELD_UPDATE_DATE_TIME },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
	{ "finishdatetime", FIELD_FINISH_DATE_TIME },
	{ "finish_date_time", FIELD_FINISH_DATE_TIME },
	{ "orderstatus", FIELD_ORDER_STATUS },
	{ "order_status", FIELD_ORDER_STATUS },
	{ "pipeline", FIELD_PIPELINE },
	{ "funnel", FIELD_PIPELINE },
	{ "lossreason", FIELD_LOSS_REASON },
	{ "loss_reason", FIELD_LOSS_REASON },
	{ "revenue", FIELD_REVENUE },
	{ "cost", FIELD_COST },
	{ "currency", FIELD_CURRENCY },
	{ "contactphone", FIELD_PHONES },
	{ "contact_phone", FIELD_PHONES },
	{ "phones", FIELD_PHONES },
	{ "phone", FIELD_PHONES },
	{ "contactemail", FIELD_EMAILS },
	{ "contact_email", FIELD_EMAILS },
	{ "emails", FIELD_EMAILS },
	{ "email", FIELD_EMAILS },
	{ "phonesmd5", FIELD_PHONES_MD5 },
	{ "phones_md5", FIELD_PHONES_MD5 },
	{ "emailsmd5", FIELD_EMAILS_MD5 },
	{ "emails_md5", FIELD_EMAILS_MD5 },
	{ "clientids", FIELD_CLIENT_IDS },
	{ "client_ids", FIELD_CLIENT_IDS },
	{ "userid", FIELD_USER_ID },
	{ "user_id", FIELD_USER_ID },
	{ "yclid", FIELD_YCLID },
	{ "purchaseid", FIELD_PURCHASE_ID },
	{ "purchase_id", FIELD_PURCHASE_ID },
	{ "products", FIELD_PRODUCTS },
	{ "goals", FIELD_GOALS },
	{ "utmsource", FIELD_UTM_SOURCE },
	{ "utm_source", FIELD_UTM_SOURCE },
	{ "utmmedium", FIELD_UTM_MEDIUM },
	{ "utm_medium", FIELD_UTM_MEDIUM },
	{ "utmcampaign", FIELD_UTM_CAMPAIGN },
	{ "utm_campaign", FIELD_UTM_CAMPAIGN },
	{ "utmcontent", FIELD_UTM_CONTENT },
	{ "utm_content", FIELD_UTM_CONTENT },
	{ "utmterm", FIELD_UTM_TERM },
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

extern const struct preset preset_crm_json;
const struct preset preset_crm_json = {
	.name = "crm-json",
	.title = "orders for an agency's connector (JSON)",
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.joins_clients = true,
	.literal_status = true,
};
