/*
 * The clients as an agency's connector reads them (domain/crm-dumps.md 3),
 * the other half of crm-json: orders name them by clientUniqId.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "clientUniqId",   json_text,   FIELD_CLIENT_UNIQ_ID },
	{ "clientType",     json_client, FIELD_CLIENT_UNIQ_ID },
	{ "name",           json_text,   FIELD_NAME },
	{ "createDateTime", json_wall,   FIELD_CREATE_DATE_TIME },
	{ "updateDateTime", json_wall,   FIELD_UPDATE_DATE_TIME },
	{ "contactPhone",   json_one,    FIELD_PHONES },
	{ "phones",         json_list,   FIELD_PHONES },
	{ "emails",         json_list,   FIELD_EMAILS },
	{ "clientIds",      json_list,   FIELD_CLIENT_IDS },
	{ "userId",         json_text,   FIELD_USER_ID },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0;
}

extern const struct writer write_crm_json_clients;
const struct writer write_crm_json_clients = {
	.name = "crm-json-clients",
	.output = "crm-json",
	.file = "crm-clients.json",
	.kind = RECORD_CONTACT,
	.max_bytes = 1000000000,
	.needs_person = true,
	.json = "contacts",
	.column = columns,
	.needs = N_("A row needs the client's id."),
	.takes = takes,
};
