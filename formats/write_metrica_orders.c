/*
 * Metrica's detailed orders as CSV (domain/conversion-formats.md 6).  With
 * several goals or products in a cell the destination wants ';' between the
 * columns (delimiter_type=SEMICOLON), so it is ';' always.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "id",               cell_text,   FIELD_ID },
	{ "client_uniq_id",   cell_text,   FIELD_CLIENT_UNIQ_ID },
	{ "client_type",      cell_client, FIELD_CLIENT_TYPE },
	{ "create_date_time", cell_wall,   FIELD_CREATE_DATE_TIME },
	{ "update_date_time", cell_wall,   FIELD_UPDATE_DATE_TIME },
	{ "finish_date_time", cell_wall,   FIELD_FINISH_DATE_TIME },
	{ "revenue",          cell_money,  FIELD_REVENUE },
	{ "order_status",     cell_text,   FIELD_ORDER_STATUS },
	{ "cost",             cell_money,  FIELD_COST },
	{ "currency",         cell_text,   FIELD_CURRENCY },
	{ "products",         cell_text,   FIELD_PRODUCTS },
	{ "goals",            cell_text,   FIELD_GOALS },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

extern const struct writer write_metrica_orders;
const struct writer write_metrica_orders = {
	.name = "metrica-orders",
	.output = "metrica-orders",
	.file = "orders.csv",
	.kind = RECORD_ORDER,
	.calls_too = true,
	.max_bytes = 1000000000,
	.delimiter = ';',
	.column = columns,
	.needs = N_("A row needs an id, the client's id, a creation date and a "
		    "status."),
	.takes = cell_takes_named_order,
};
