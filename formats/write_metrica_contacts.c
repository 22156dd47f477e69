/*
 * Metrica's contacts as CSV (domain/conversion-formats.md 6): who the clients
 * of the CRM are.  A list is one cell, its values joined by ','.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "uniq_id",          cell_text, FIELD_CLIENT_UNIQ_ID },
	{ "name",             cell_text, FIELD_NAME },
	{ "create_date_time", cell_wall, FIELD_CREATE_DATE_TIME },
	{ "update_date_time", cell_wall, FIELD_UPDATE_DATE_TIME },
	{ "client_ids",       cell_text, FIELD_CLIENT_IDS },
	{ "emails",           cell_text, FIELD_EMAILS },
	{ "phones",           cell_text, FIELD_PHONES },
	{ "emails_md5",       cell_text, FIELD_EMAILS_MD5 },
	{ "phones_md5",       cell_text, FIELD_PHONES_MD5 },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0;
}

extern const struct writer write_metrica_contacts;
const struct writer write_metrica_contacts = {
	.name = "metrica-contacts",
	.output = "metrica-contacts",
	.file = "contacts.csv",
	.kind = RECORD_CONTACT,
	.max_bytes = 1000000000,
	.delimiter = ',',
	.column = columns,
	.needs = N_("A row needs the client's id."),
	.takes = takes,
};
