/*
 * Clients as an agency's connector reads them: the other half of crm-json.
 */
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "clientuniqid", FIELD_CLIENT_UNIQ_ID },
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "uniqid", FIELD_CLIENT_UNIQ_ID },
	{ "?id", FIELD_CLIENT_UNIQ_ID },
	{ "clienttype", FIELD_CLIENT_TYPE },
	{ "client_type", FIELD_CLIENT_TYPE },
	{ "name", FIELD_NAME },
	{ "contactname", FIELD_NAME },
	{ "contact_name", FIELD_NAME },
	{ "createdatetime", FIELD_CREATE_DATE_TIME },
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "updatedatetime", FIELD_UPDATE_DATE_TIME },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
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

extern const struct preset preset_crm_json_clients;
const struct preset preset_crm_json_clients = {
	.name = "crm-json-clients",
	.title = "clients for an agency's connector (JSON)",
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CONTACT,
};
