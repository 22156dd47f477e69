/*
 * Metrica's chats (domain/conversion-formats.md 6): a row a chat in one of
 * the three messengers that it knows.  Who wrote is what the file is about,
 * so nothing of it is left with pii = hash.  The names of its columns for an
 * answer and a tag are not documented; they are left out.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "DateTime",     cell_epoch,   FIELD_CREATE_DATE_TIME },
	{ "ChatPlatform", cell_text,    FIELD_CHAT_PLATFORM },
	{ "ChatUsername", cell_text,    FIELD_CHAT_USERNAME },
	{ "ChatUserID",   cell_text,    FIELD_CHAT_USER_ID },
	{ "PhoneNumber",  cell_dialled, FIELD_PHONES },
	{ "ClientId",     cell_one,     FIELD_CLIENT_IDS },
	{ "UserId",       cell_text,    FIELD_USER_ID },
	{ "Yclid",        cell_text,    FIELD_YCLID },
	{ "PurchaseId",   cell_text,    FIELD_PURCHASE_ID },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

/* Without an id of the visitor it is taken, too, and stays unattributed. */
static bool
takes(const struct conv *c, const struct writer_env *env)
{
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       conv_text(c, FIELD_CHAT_PLATFORM).n > 0 &&
	       (cell_known(c, FIELD_CHAT_USERNAME, env) ||
		   cell_known(c, FIELD_CHAT_USER_ID, env) ||
		   cell_known(c, FIELD_PHONES, env));
}

extern const struct writer write_metrica_chats;
const struct writer write_metrica_chats = {
	.name = "metrica-chats",
	.output = "metrica-chats",
	.file = "chats.csv",
	.kind = RECORD_CHAT,
	.window_days = 112,
	.max_bytes = 1000000000,
	.needs_person = true,
	.delimiter = ',',
	.column = columns,
	.needs = N_("A row needs a date, the platform, and the name, number or "
		    "phone of the user there."),
	.takes = takes,
};
