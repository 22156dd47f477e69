/*
 * Metrica's simplified orders (domain/conversion-formats.md 1.2, 6): what the
 * Conversion Center takes, and goals and currency, which only the API does.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "id",               cell_text,  FIELD_ID },
	{ "create_date_time", cell_wall,  FIELD_CREATE_DATE_TIME },
	{ "client_uniq_id",   cell_text,  FIELD_CLIENT_UNIQ_ID },
	{ "client_ids",       cell_text,  FIELD_CLIENT_IDS },
	{ "emails",           cell_text,  FIELD_EMAILS },
	{ "phones",           cell_text,  FIELD_PHONES },
	{ "emails_md5",       cell_text,  FIELD_EMAILS_MD5 },
	{ "phones_md5",       cell_text,  FIELD_PHONES_MD5 },
	{ "order_status",     cell_text,  FIELD_ORDER_STATUS },
	{ "revenue",          cell_money, FIELD_REVENUE },
	{ "cost",             cell_money, FIELD_COST },
	{ "goals",            cell_text,  FIELD_GOALS },
	{ "currency",         cell_text,  FIELD_CURRENCY },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

extern const struct writer write_metrica_simple;
const struct writer write_metrica_simple = {
	.name = "metrica-simple",
	.output = "metrica-simple",
	.file = "simple-orders.csv",
	.kind = RECORD_ORDER,
	.calls_too = true,
	.max_bytes = 1000000000,
	.delimiter = ',',
	.column = columns,
	.needs = N_("A row needs a creation date, an id, a status, and a "
		    "ClientID, phone or e-mail."),
	.takes = cell_takes_order,
};
