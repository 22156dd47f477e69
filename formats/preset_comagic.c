/*
 * CoMagic (UIS): calls, under the names of its API.
 *
 * ua_client_id is Google's.  The contact's number is the client's in calls of
 * both directions; one that we made answers no advertisement, so it is
 * skipped unless the feed maps the direction "out" to something else.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "start_time", FIELD_CREATE_DATE_TIME },
	{ "direction", FIELD_ORDER_STATUS },
	{ "contact_phone_number", FIELD_PHONES },
	{ "talk_duration", FIELD_TALK_DURATION },
	{ "?total_duration", FIELD_TALK_DURATION },
	{ "wait_duration", FIELD_HOLD_DURATION },
	{ "?total_wait_duration", FIELD_HOLD_DURATION },
	{ "is_lost", FIELD_CALL_MISSED },
	{ "tags", FIELD_TAG },
	{ "tags.tag_name", FIELD_TAG },
	{ "contact_full_name", FIELD_NAME },
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "in", "IN_PROGRESS" },
	{ "*", "out", "skip" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"contact_phone_number",
	"virtual_phone_number",
	"is_lost",
	NULL,
};

extern const struct preset preset_comagic;
const struct preset preset_comagic = {
	.name = "comagic",
	.title = N_("CoMagic (UIS), calls"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CALL,
};
