/*
 * Metrica's contacts as the JSON body of its API (domain/conversion-
 * formats.md 6).  Keys whose value is not known are left out.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "uniq_id",          json_text, FIELD_CLIENT_UNIQ_ID },
	{ "name",             json_text, FIELD_NAME },
	{ "create_date_time", json_wall, FIELD_CREATE_DATE_TIME },
	{ "update_date_time", json_wall, FIELD_UPDATE_DATE_TIME },
	{ "client_ids",       json_list, FIELD_CLIENT_IDS },
	{ "emails",           json_list, FIELD_EMAILS },
	{ "phones",           json_list, FIELD_PHONES },
	{ "emails_md5",       json_list, FIELD_EMAILS_MD5 },
	{ "phones_md5",       json_list, FIELD_PHONES_MD5 },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0;
}

extern const struct writer write_metrica_contacts_json;
const struct writer write_metrica_contacts_json = {
	.name = "metrica-contacts-json",
	.output = "metrica-contacts",
	.file = "contacts.json",
	.kind = RECORD_CONTACT,
	.max_bytes = 1000000000,
	.json = "contacts",
	.column = columns,
	.needs = N_("A row needs the client's id."),
	.takes = takes,
};
