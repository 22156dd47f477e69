/*
 * Ringostat: calls, under the names of its API.
 *
 * Whose client_id it is is not documented, so it is not taken.  The client is
 * the caller of an incoming call and of a callback; in a call that we made the
 * caller is one of ours, so those are skipped unless the feed maps the type
 * "out" to something else.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "uniqueid", FIELD_ID },
	{ "calldate", FIELD_CREATE_DATE_TIME },
	{ "call_type", FIELD_ORDER_STATUS },
	{ "caller", FIELD_PHONES },
	{ "billsec", FIELD_TALK_DURATION },
	{ "?duration", FIELD_TALK_DURATION },
	{ "waittime", FIELD_HOLD_DURATION },
	{ "disposition", FIELD_CALL_MISSED },
	{ "repeated_flag", FIELD_FIRST_TIME_CALLER },
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "in", "IN_PROGRESS" },
	{ "*", "incoming", "IN_PROGRESS" },
	{ "*", "callback", "IN_PROGRESS" },
	{ "*", "out", "skip" },
	{ "*", "outgoing", "skip" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"disposition",
	"billsec",
	"waittime",
	"calldate",
	NULL,
};

/* What it is not stays as it is, to be refused by name. */
static struct slice
is_missed(struct slice cell)
{
	static const char *const answered[] = { "ANSWERED", "ANSWER", "PROPER",
		"REPEATED", NULL };
	static const char *const missed[] = { "NO ANSWER", "NOANSWER", "BUSY",
		"FAILED", "VOICEMAIL", "CLIENT NO ANSWER", NULL };
	struct slice s = slice_trim(cell);

	for (size_t i = 0; answered[i] != NULL; i++) {
		if (slice_is(s, answered[i]))
			return slice_of("0");
	}
	for (size_t i = 0; missed[i] != NULL; i++) {
		if (slice_is(s, missed[i]))
			return slice_of("1");
	}
	return cell;
}

static const struct preset_pick picks[] = {
	{ "disposition", is_missed },
	{ "repeated_flag", preset_not },
	{ NULL, NULL },
};

extern const struct preset preset_ringostat;
const struct preset preset_ringostat = {
	.name = "ringostat",
	.title = N_("Ringostat, calls"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CALL,
	.pick = picks,
};
