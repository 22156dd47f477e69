/*
 * Bitrix24: the exported list of leads, and leads as its REST interface
 * answers them.
 *
 * A lead that was converted became a deal: whether that was paid is the deal's
 * to say, so it stays IN_PROGRESS here.  A lead of no quality is SPAM.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "id лида", FIELD_ID },
	{ "дата создания", FIELD_CREATE_DATE_TIME },
	{ "дата создания лида", FIELD_CREATE_DATE_TIME },
	{ "date_create", FIELD_CREATE_DATE_TIME },
	{ "дата изменения", FIELD_UPDATE_DATE_TIME },
	{ "date_modify", FIELD_UPDATE_DATE_TIME },
	{ "стадия лида", FIELD_ORDER_STATUS },
	{ "статус лида", FIELD_ORDER_STATUS },
	{ "стадия", FIELD_ORDER_STATUS },
	{ "статус", FIELD_ORDER_STATUS },
	{ "status_id", FIELD_ORDER_STATUS },
	{ "status_semantic_id", FIELD_ORDER_STATUS },
	{ "причина отказа", FIELD_LOSS_REASON },
	{ "сумма", FIELD_REVENUE },
	{ "возможная сумма", FIELD_REVENUE },
	{ "opportunity", FIELD_REVENUE },
	{ "валюта", FIELD_CURRENCY },
	{ "currency_id", FIELD_CURRENCY },
	{ "рабочий телефон", FIELD_PHONES },
	{ "домашний телефон", FIELD_PHONES },
	{ "другой телефон", FIELD_PHONES },
	{ "phone.value", FIELD_PHONES },
	{ "рабочий e-mail", FIELD_EMAILS },
	{ "частный e-mail", FIELD_EMAILS },
	{ "другой e-mail", FIELD_EMAILS },
	{ "email.value", FIELD_EMAILS },
	{ "?контакт", FIELD_NAME },
	{ "?имя", FIELD_NAME },
	{ "name", FIELD_NAME },
	{ "contact_id", FIELD_CLIENT_UNIQ_ID },
	{ "uf_crm_ym*", FIELD_CLIENT_IDS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	PRESET_COMMON,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "не обработан", "IN_PROGRESS" },
	{ "*", "новый", "IN_PROGRESS" },
	{ "*", "в работе", "IN_PROGRESS" },
	{ "*", "в обработке", "IN_PROGRESS" },
	{ "*", "обработан", "IN_PROGRESS" },
	{ "*", "качественный лид", "IN_PROGRESS" },
	{ "*", "некачественный лид", "SPAM" },
	{ "*", "new", "IN_PROGRESS" },
	{ "*", "in_process", "IN_PROGRESS" },
	{ "*", "processed", "IN_PROGRESS" },
	{ "*", "converted", "IN_PROGRESS" },
	{ "*", "junk", "SPAM" },
	/* what a stage means, beside the user's own one */
	{ "*", "p", "IN_PROGRESS" },
	{ "*", "s", "IN_PROGRESS" },
	{ "*", "f", "CANCELLED" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"название лида",
	"стадия лида",
	"статус лида",
	"id лида",
	"status_semantic_id",
	NULL,
};

extern const struct preset preset_bitrix24_leads;
const struct preset preset_bitrix24_leads = {
	.name = "bitrix24-leads",
	.title = N_("Bitrix24, list of leads"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.any_status = true,
};
