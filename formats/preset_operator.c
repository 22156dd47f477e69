/*
 * A phone operator's list of calls, as Kcell gives it for a company's numbers.
 *
 * "Номер абонента" is the company's own, "Номер Б" the other one, whoever
 * called.  A call that the company made answers no advertisement, and may be
 * to anybody: it is skipped unless the feed maps the direction to something
 * else.  There is no id, so it is made of the time and the number.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "номер б", FIELD_PHONES },
	{ "дата и время", FIELD_CREATE_DATE_TIME },
	{ "?дата", FIELD_CREATE_DATE_TIME },
	{ "направление", FIELD_ORDER_STATUS },
	{ "длительность", FIELD_TALK_DURATION },
	{ "длительность, сек", FIELD_TALK_DURATION },
	PRESET_CLIENT_IDS,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "входящий", "IN_PROGRESS" },
	{ "*", "входящий вызов", "IN_PROGRESS" },
	{ "*", "входящий звонок", "IN_PROGRESS" },
	{ "*", "исходящий", "skip" },
	{ "*", "исходящий вызов", "skip" },
	{ "*", "исходящий звонок", "skip" },
	{ "*", "переадресация", "skip" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = { "номер б", "номер абонента", NULL };

extern const struct preset preset_operator;
const struct preset preset_operator = {
	.name = "operator",
	.title = N_("a phone operator's list of calls"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.kind = RECORD_CALL,
};
