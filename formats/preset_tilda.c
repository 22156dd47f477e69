/*
 * Tilda: orders and leads exported from a site's forms or its own CRM.
 *
 * A form's fields bear the names its author gave them, so a phone may stand in
 * "Input".  All cookies of the visitor are in one column, Metrica's ClientID
 * among them.  What has no stage is a lead that somebody left, never a sale;
 * and "Входящие" says no more than that it came.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "tranid", FIELD_ID },
	{ "sent", FIELD_CREATE_DATE_TIME },
	{ "stage", FIELD_ORDER_STATUS },
	{ "?стадия", FIELD_ORDER_STATUS },
	{ "сумма заказа", FIELD_REVENUE },
	{ "?price", FIELD_REVENUE },
	{ "?subtotal", FIELD_REVENUE },
	{ "currency", FIELD_CURRENCY },
	{ "валюта", FIELD_CURRENCY },
	{ "cookies", FIELD_CLIENT_IDS },
	{ "input", FIELD_PHONES },
	{ "name", FIELD_NAME },
	{ "?имя", FIELD_NAME },
	{ "?название", FIELD_NAME },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "входящие", "IN_PROGRESS" },
	{ "*", "новые", "IN_PROGRESS" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = { "tranid", "formid", "formname", NULL };

/* The ClientID in "…; _ym_uid=1690000000123456789; _ga=GA1.2.…". */
static struct slice
metrica_cookie(struct slice cell)
{
	static const char name[] = "_ym_uid=";

	while (cell.n > 0) {
		struct slice one = slice_trim(slice_cut(&cell, ';'));

		if (!slice_starts(one, name))
			continue;
		one.p += strlen(name);
		one.n -= strlen(name);
		return one;
	}
	return (struct slice){ "", 0 };
}

/* Whatever a visitor wrote, if it can be a phone. */
static struct slice
phone_like(struct slice cell)
{
	size_t digits = 0;

	for (size_t i = 0; i < cell.n; i++) {
		char c = cell.p[i];

		if (c >= '0' && c <= '9')
			digits++;
		else if (strchr(" +-()'", c) == NULL)
			return (struct slice){ "", 0 };
	}
	return digits < 10 || digits > 15 ? (struct slice){ "", 0 } : cell;
}

static const struct preset_pick picks[] = {
	{ "cookies", metrica_cookie },
	{ "input", phone_like },
	{ NULL, NULL },
};

extern const struct preset preset_tilda;
const struct preset preset_tilda = {
	.name = "tilda",
	.title = N_("Tilda, orders and leads"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.default_status = "IN_PROGRESS",
	.pick = picks,
};
