/*
 * Metrica's offline conversions.  ClientId is Metrica's own here, in either
 * spelling of its pages.  That a goal was reached does not say that anything
 * was paid, so where a status is wanted it is IN_PROGRESS.
 */
#include "formats/message.h"
#include "formats/preset.h"

static const struct preset_column columns[] = {
	{ "clientid", FIELD_CLIENT_IDS },
	{ "userid", FIELD_USER_ID },
	{ "yclid", FIELD_YCLID },
	{ "purchaseid", FIELD_PURCHASE_ID },
	{ "target", FIELD_TARGET },
	{ "datetime", FIELD_CREATE_DATE_TIME },
	{ "price", FIELD_REVENUE },
	{ "currency", FIELD_CURRENCY },
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = { { NULL, NULL, NULL } };

static const char *const proof[] = { "target", NULL };

static const char *const beside[] = { "datetime", NULL };

extern const struct preset preset_metrica_offline;
const struct preset preset_metrica_offline = {
	.name = "metrica-offline",
	.title = N_("Metrica's offline conversions"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.beside = beside,
	.same_id = SAME_ID_LAST,
	.default_status = "IN_PROGRESS",
};
