/*
 * Metrica's chats, as our output of that name is.  ClientID is Metrica's own
 * here.  What Metrica calls the columns for "answered" and for a tag is not
 * documented; the names that its calls' columns suggest are taken.
 */
#include "formats/message.h"
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "datetime", FIELD_CREATE_DATE_TIME },
	{ "chatplatform", FIELD_CHAT_PLATFORM },
	{ "chatusername", FIELD_CHAT_USERNAME },
	{ "chatuserid", FIELD_CHAT_USER_ID },
	{ "phonenumber", FIELD_PHONES },
	{ "clientid", FIELD_CLIENT_IDS },
	{ "userid", FIELD_USER_ID },
	{ "yclid", FIELD_YCLID },
	{ "purchaseid", FIELD_PURCHASE_ID },
	{ "chatanswered", FIELD_CHAT_ANSWERED },
	{ "answered", FIELD_CHAT_ANSWERED },
	{ "tag", FIELD_TAG },
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = {
	"chatplatform",
	"chatusername",
	"chatuserid",
	NULL,
};

static const char *const beside[] = { "datetime", NULL };

extern const struct preset preset_metrica_chats;
const struct preset preset_metrica_chats = {
	.name = "metrica-chats",
	.title = N_("Metrica's chats"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CHAT,
};
