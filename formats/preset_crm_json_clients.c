/*
 * Clients as an agency's connector reads them: the other half of crm-json.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "uniqid", FIELD_CLIENT_UNIQ_ID },
	{ "?id", FIELD_CLIENT_UNIQ_ID },
	{ "client_type", FIELD_CLIENT_TYPE },
	{ "name", FIELD_NAME },
	{ "contact_name", FIELD_NAME },
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
	PRESET_CONNECTOR_CONTACTS,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = {
	"clientuniqid",
	"uniqid",
	"clienttype",
	"createdatetime",
	"contactphone",
	NULL,
};

static const char *const beside[] = { "clientuniqid", "uniqid",
	"client_uniq_id", "createdatetime", "create_date_time", NULL };

extern const struct preset preset_crm_json_clients;
const struct preset preset_crm_json_clients = {
	.name = "crm-json-clients",
	.title = N_("clients for an agency's connector (JSON)"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CONTACT,
};
