/*
 * Metrica's detailed orders as the JSON body of its API (domain/conversion-
 * formats.md 6).  Keys whose value is not known are left out; client_type is
 * a constant and goes by the client's id.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

/* clang-format off */
static const struct column columns[] = {
	{ "id",               json_text,     FIELD_ID },
	{ "client_uniq_id",   json_text,     FIELD_CLIENT_UNIQ_ID },
	{ "client_type",      json_client,   FIELD_CLIENT_UNIQ_ID },
	{ "create_date_time", json_wall,     FIELD_CREATE_DATE_TIME },
	{ "update_date_time", json_wall,     FIELD_UPDATE_DATE_TIME },
	{ "finish_date_time", json_wall,     FIELD_FINISH_DATE_TIME },
	{ "revenue",          json_cash,     FIELD_REVENUE },
	{ "order_status",     json_text,     FIELD_ORDER_STATUS },
	{ "cost",             json_cash,     FIELD_COST },
	{ "currency",         json_text,     FIELD_CURRENCY },
	{ "products",         json_products, FIELD_PRODUCTS },
	{ "goals",            json_goals,    FIELD_GOALS },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

extern const struct writer write_metrica_orders_json;
const struct writer write_metrica_orders_json = {
	.name = "metrica-orders-json",
	.output = "metrica-orders",
	.file = "orders.json",
	.kind = RECORD_ORDER,
	.calls_too = true,
	.max_bytes = 1000000000,
	.json = "orders",
	.column = columns,
	.needs = N_("A row needs an id, the client's id, a creation date and a "
		    "status."),
	.takes = cell_takes_named_order,
};
