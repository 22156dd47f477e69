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

/* What the destination requires: an id, a client, a time, a status. */
static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       conv_text(c, FIELD_ID).n > 0 &&
	       conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0 && cell_has_status(c);
}

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
	.takes = takes,
};
