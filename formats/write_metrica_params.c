/*
 * Metrica's visitor parameters: the status of a visitor's orders.  The
 * columns are not documented (domain/conversion-formats.md 6), so an id, a key
 * and a value is a choice; an upload is told one sort of ids, so a file has
 * one.  Rows go from old to new, so that the newest order's
 * status is the last one said.
 */
#include "formats/write_cells.h"

#include "formats/message.h"

static void
put_key(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	(void)c;
	(void)env;
	out_slice(o, slice_of(field_info[f].name));
}

/* clang-format off */
static const struct column columns[] = {
	{ "ClientID", cell_one,  FIELD_CLIENT_IDS },
	{ "Key",      put_key,   FIELD_ORDER_STATUS },
	{ "Value",    cell_text, FIELD_ORDER_STATUS },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

static bool
takes(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       conv_text(c, FIELD_CLIENT_IDS).n > 0 && cell_has_status(c);
}

/* A parameter is kept for two years after it was sent, so older orders need
 * not be sent again. */
extern const struct writer write_metrica_params;
const struct writer write_metrica_params = {
	.name = "metrica-params",
	.output = "metrica-params",
	.file = "visitor-params.csv",
	.kind = RECORD_ORDER,
	.window_days = 112,
	.max_bytes = 1000000000,
	.delimiter = ',',
	.column = columns,
	.needs = N_("A row needs a ClientID and a status."),
	.takes = takes,
};
