/*
 * Direct's Conversion Center (domain/conversion-formats.md 1).  UTF-8 without
 * BOM, ';', LF; all columns are always there, the status is always written.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "create_date_time", cell_wall,  FIELD_CREATE_DATE_TIME },
	{ "id",               cell_text,  FIELD_ID },
	{ "client_uniq_id",   cell_text,  FIELD_CLIENT_UNIQ_ID },
	{ "client_ids",       cell_text,  FIELD_CLIENT_IDS },
	{ "emails",           cell_text,  FIELD_EMAILS },
	{ "phones",           cell_text,  FIELD_PHONES },
	{ "emails_md5",       cell_text,  FIELD_EMAILS_MD5 },
	{ "phones_md5",       cell_text,  FIELD_PHONES_MD5 },
	{ "order_status",     cell_text,  FIELD_ORDER_STATUS },
	{ "revenue",          cell_money, FIELD_REVENUE },
	{ "cost",             cell_money, FIELD_COST },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

extern const struct writer write_conversion_center;
const struct writer write_conversion_center = {
	.name = "conversion-center",
	.output = "conversion-center",
	.file = "conversions.csv",
	.kind = RECORD_ORDER,
	.calls_too = true,
	.window_days = 112,
	.max_bytes = 300000000,
	.delimiter = ';',
	.column = columns,
	.needs = N_("A row needs a creation date, an id, a status, and a "
		    "ClientID, phone or e-mail."),
	.takes = cell_takes_order,
};
