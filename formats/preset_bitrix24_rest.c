/*
 * Bitrix24: deals under the names of its REST interface.
 *
 * A stage's id is the pipeline's behind a "C1:" unless it is the first one's;
 * a rule may name it with or without.  A stage that nothing maps is the user's
 * own: then STAGE_SEMANTIC_ID says whether it goes on (P), was won (S) or lost
 * (F), if the column is there.
 */
#include "formats/message.h"
#include "formats/preset.h"
#include "formats/preset_columns.h"

static const struct preset_column columns[] = {
	{ "id", FIELD_ID },
	{ "date_create", FIELD_CREATE_DATE_TIME },
	{ "date_modify", FIELD_UPDATE_DATE_TIME },
	{ "stage_id", FIELD_ORDER_STATUS },
	{ "stage_semantic_id", FIELD_ORDER_STATUS },
	{ "category_id", FIELD_PIPELINE },
	{ "opportunity", FIELD_REVENUE },
	{ "currency_id", FIELD_CURRENCY },
	{ "contact_id", FIELD_CLIENT_UNIQ_ID },
	{ "contact.phone", FIELD_PHONES },
	{ "contact.phone.value", FIELD_PHONES },
	{ "contact_phone", FIELD_PHONES },
	{ "phone.value", FIELD_PHONES },
	{ "contact.email", FIELD_EMAILS },
	{ "contact.email.value", FIELD_EMAILS },
	{ "contact_email", FIELD_EMAILS },
	{ "email.value", FIELD_EMAILS },
	{ "contact_name", FIELD_NAME },
	{ "uf_crm_ym*", FIELD_CLIENT_IDS },
	{ "uf_crm_phone", FIELD_PHONES },
	{ "uf_crm_email", FIELD_EMAILS },
	PRESET_CONTACTS,
	PRESET_CLIENT_IDS,
	PRESET_UTM,
	{ NULL, FIELD_COUNT },
};

static const struct preset_status statuses[] = {
	{ "*", "new", "IN_PROGRESS" },
	{ "*", "preparation", "IN_PROGRESS" },
	{ "*", "prepayment_invoice", "IN_PROGRESS" },
	{ "*", "executing", "IN_PROGRESS" },
	{ "*", "final_invoice", "IN_PROGRESS" },
	{ "*", "won", "PAID" },
	{ "*", "lose", "CANCELLED" },
	{ "*", "apology", "CANCELLED" },
	{ "*", "p", "IN_PROGRESS" },
	{ "*", "s", "PAID" },
	{ "*", "f", "CANCELLED" },
	{ NULL, NULL, NULL },
};

static const char *const proof[] = {
	"stage_id",
	"stage_semantic_id",
	"category_id",
	NULL,
};

/* "C1:WON" is WON. */
static struct slice
without_pipeline(struct slice cell)
{
	struct slice rest = slice_trim(cell), line;

	if (memchr(rest.p, ':', rest.n) == NULL)
		return cell;
	line = slice_cut(&rest, ':');
	if (line.n < 2 || (*line.p != 'C' && *line.p != 'c'))
		return cell;
	for (size_t i = 1; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return cell;
	}
	return rest;
}

static const struct preset_pick picks[] = {
	{ "stage_id", without_pipeline },
	{ NULL, NULL },
};

extern const struct preset preset_bitrix24_rest;
const struct preset preset_bitrix24_rest = {
	.name = "bitrix24-rest",
	.title = N_("Bitrix24, deals from its REST interface"),
	.column = columns,
	.status = statuses,
	.proof = proof,
	.same_id = SAME_ID_LAST,
	.pick = picks,
	.any_status = true,
};
