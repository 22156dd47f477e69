/*
 * The orders as an agency's connector reads them (domain/crm-dumps.md 3):
 * camelCase keys, those without a value left out.  contactPhone is the first
 * phone, phones has all of them.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "id",             json_text,     FIELD_ID },
	{ "clientUniqId",   json_text,     FIELD_CLIENT_UNIQ_ID },
	{ "clientType",     json_client,   FIELD_CLIENT_UNIQ_ID },
	{ "createDateTime", json_wall,     FIELD_CREATE_DATE_TIME },
	{ "updateDateTime", json_wall,     FIELD_UPDATE_DATE_TIME },
	{ "finishDateTime", json_wall,     FIELD_FINISH_DATE_TIME },
	{ "orderStatus",    json_text,     FIELD_ORDER_STATUS },
	{ "revenue",        json_cash,     FIELD_REVENUE },
	{ "cost",           json_cash,     FIELD_COST },
	{ "currency",       json_text,     FIELD_CURRENCY },
	{ "contactPhone",   json_one,      FIELD_PHONES },
	{ "phones",         json_list,     FIELD_PHONES },
	{ "emails",         json_list,     FIELD_EMAILS },
	{ "clientIds",      json_list,     FIELD_CLIENT_IDS },
	{ "userId",         json_text,     FIELD_USER_ID },
	{ "yclid",          json_text,     FIELD_YCLID },
	{ "purchaseId",     json_text,     FIELD_PURCHASE_ID },
	{ "utmSource",      json_text,     FIELD_UTM_SOURCE },
	{ "utmMedium",      json_text,     FIELD_UTM_MEDIUM },
	{ "utmCampaign",    json_text,     FIELD_UTM_CAMPAIGN },
	{ "utmContent",     json_text,     FIELD_UTM_CONTENT },
	{ "utmTerm",        json_text,     FIELD_UTM_TERM },
	{ "products",       json_products, FIELD_PRODUCTS },
	{ "goals",          json_goals,    FIELD_GOALS },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

/* Whom it is about may stand in the file of clients alone. */
static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       conv_text(c, FIELD_ID).n > 0 && cell_has_status(c);
}

extern const struct writer write_crm_json;
const struct writer write_crm_json = {
	.name = "crm-json",
	.output = "crm-json",
	.file = "crm-orders.json",
	.kind = RECORD_ORDER,
	.calls_too = true,
	.max_bytes = 1000000000,
	.needs_person = true,
	.json = "orders",
	.column = columns,
	.needs = N_("A row needs an id, a creation date and a status."),
	.takes = takes,
};
