/*
 * Metrica's calls (domain/conversion-formats.md 6): what a call tracker knows
 * of a call that one of the visitor's ids goes with.  Times are Unix seconds.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "UserId",          cell_text,    FIELD_USER_ID },
	{ "ClientId",        cell_one,     FIELD_CLIENT_IDS },
	{ "Yclid",           cell_text,    FIELD_YCLID },
	{ "DateTime",        cell_epoch,   FIELD_CREATE_DATE_TIME },
	{ "StaticCall",      cell_number,  FIELD_STATIC_CALL },
	{ "Price",           cell_money,   FIELD_REVENUE },
	{ "Currency",        cell_text,    FIELD_CURRENCY },
	{ "PhoneNumber",     cell_dialled, FIELD_PHONES },
	{ "TalkDuration",    cell_number,  FIELD_TALK_DURATION },
	{ "HoldDuration",    cell_number,  FIELD_HOLD_DURATION },
	{ "CallMissed",      cell_number,  FIELD_CALL_MISSED },
	{ "Tag",             cell_text,    FIELD_TAG },
	{ "FirstTimeCaller", cell_number,  FIELD_FIRST_TIME_CALLER },
	{ "URL",             cell_text,    FIELD_URL },
	{ "CallTrackerURL",  cell_text,    FIELD_CALL_TRACKER_URL },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       (conv_text(c, FIELD_USER_ID).n > 0 ||
		   conv_text(c, FIELD_CLIENT_IDS).n > 0 ||
		   conv_text(c, FIELD_YCLID).n > 0);
}

extern const struct writer write_metrica_calls;
const struct writer write_metrica_calls = {
	.name = "metrica-calls",
	.output = "metrica-calls",
	.file = "calls.csv",
	.kind = RECORD_CALL,
	.window_days = 112,
	.max_bytes = 1000000000,
	.delimiter = ',',
	.column = columns,
	.needs =
	    N_("A row needs a date and one of ClientId, UserId and Yclid. By "
	       "phone calls can be sent as orders: see calls_as_orders."),
	.takes = takes,
};
