/*
 * A list of clients: Metrica's own column names for contacts, which our output
 * metrica-contacts has too, and what spreadsheets commonly call them.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "client_uniq_id", FIELD_CLIENT_UNIQ_ID },
	{ "id клиента", FIELD_CLIENT_UNIQ_ID },
	{ "id контакта", FIELD_CLIENT_UNIQ_ID },
	{ "id покупателя", FIELD_CLIENT_UNIQ_ID },
	{ "код клиента", FIELD_CLIENT_UNIQ_ID },
	{ "номер клиента", FIELD_CLIENT_UNIQ_ID },
	{ "contact_id", FIELD_CLIENT_UNIQ_ID },
	{ "customer_id", FIELD_CLIENT_UNIQ_ID },
	{ "name", FIELD_NAME },
	{ "имя", FIELD_NAME },
	{ "имя клиента", FIELD_NAME },
	{ "фио", FIELD_NAME },
	{ "клиент", FIELD_NAME },
	{ "create_date_time", FIELD_CREATE_DATE_TIME },
	{ "?дата создания", FIELD_CREATE_DATE_TIME },
	{ "update_date_time", FIELD_UPDATE_DATE_TIME },
	{ "?дата изменения", FIELD_UPDATE_DATE_TIME },
	{ "client_ids", FIELD_CLIENT_IDS },
	{ "emails_md5", FIELD_EMAILS_MD5 },
	{ "phones_md5", FIELD_PHONES_MD5 },
	{ "user_id", FIELD_USER_ID },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = { "uniq_id", NULL };

static const char *const beside[] = { "client_ids", "emails", "phones",
	"emails_md5", "phones_md5", NULL };

extern const struct preset preset_contacts;
const struct preset preset_contacts = {
	.name = "contacts",
	.title = N_("a list of clients, as Metrica names its columns"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CONTACT,
};
