/*
 * Calltouch: calls, under the names of its API.
 *
 * clientId is Google's and phoneNumber the tracked number that was called:
 * neither is the caller.  A call without success is a missed one.  Flags came
 * as true and as "true".  Its requests, and older answers, write dates as
 * 31/12/2026.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "callid", FIELD_ID },
	{ "?id", FIELD_ID },
	{ "date", FIELD_CREATE_DATE_TIME },
	{ "callernumber", FIELD_PHONES },
	{ "duration", FIELD_TALK_DURATION },
	{ "waitingconnect", FIELD_HOLD_DURATION },
	{ "successful", FIELD_CALL_MISSED },
	{ "uniquecall", FIELD_FIRST_TIME_CALLER },
	{ "calltags", FIELD_TAG },
	{ "calltags.names", FIELD_TAG },
	{ "url", FIELD_URL },
	{ "utmsource", FIELD_UTM_SOURCE },
	{ "utmmedium", FIELD_UTM_MEDIUM },
	{ "utmcampaign", FIELD_UTM_CAMPAIGN },
	{ "utmcontent", FIELD_UTM_CONTENT },
	{ "utmterm", FIELD_UTM_TERM },
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = {
	"callid",
	"callernumber",
	"waitingconnect",
	"uniquecall",
	"targetcall",
	"uniqtargetcall",
	"calltags",
	NULL,
};

static const struct preset_pick picks[] = {
	{ "successful", preset_not },
	{ NULL, NULL },
};

extern const struct preset preset_calltouch;
const struct preset preset_calltouch = {
	.name = "calltouch",
	.title = N_("Calltouch, calls"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CALL,
	.day_first = true,
	.pick = picks,
};
