/*
 * Metrica's calls, as our output of that name is.  ClientId is Metrica's own
 * here.
 */
#include "formats/message.h"
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "userid", FIELD_USER_ID },
	{ "clientid", FIELD_CLIENT_IDS },
	{ "yclid", FIELD_YCLID },
	{ "datetime", FIELD_CREATE_DATE_TIME },
	{ "staticcall", FIELD_STATIC_CALL },
	{ "price", FIELD_REVENUE },
	{ "currency", FIELD_CURRENCY },
	{ "phonenumber", FIELD_PHONES },
	{ "talkduration", FIELD_TALK_DURATION },
	{ "holdduration", FIELD_HOLD_DURATION },
	{ "callmissed", FIELD_CALL_MISSED },
	{ "tag", FIELD_TAG },
	{ "firsttimecaller", FIELD_FIRST_TIME_CALLER },
	{ "url", FIELD_URL },
	{ "calltrackerurl", FIELD_CALL_TRACKER_URL },
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = {
	"staticcall",
	"talkduration",
	"holdduration",
	"callmissed",
	"firsttimecaller",
	"calltrackerurl",
	NULL,
};

static const char *const beside[] = { "datetime", NULL };

extern const struct preset preset_metrica_calls;
const struct preset preset_metrica_calls = {
	.name = "metrica-calls",
	.title = N_("Metrica's calls"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CALL,
};
