/*
 * Metrica's offline conversions (domain/conversion-formats.md 6): a row an
 * order that reached a goal, by the visitor's ids alone.  An order of several
 * ClientIDs is one conversion, so the first of them has it.
 */
#include "formats/write_cells.h"

#include "formats/check.h"
#include "formats/message.h"

/* The dump's own target, else what the feed's rules make of the status, else
 * a status that is a goal's id itself. */
static struct slice
target_of(const struct conv *c, const struct writer_env *env)
{
	struct slice status = conv_text(c, FIELD_ORDER_STATUS);

	if (check_target(conv_text(c, FIELD_TARGET)))
		return conv_text(c, FIELD_TARGET);
	for (size_t i = 0; i < env->targets; i++)
		if (slice_is(status, env->target[i].status))
			return slice_of(env->target[i].target);
	if (cell_has_status(c) && !check_status_fixed(status) &&
	    check_target(status))
		return status;
	return (struct slice){ "", 0 };
}

static void
put_target(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	(void)f;
	out_cell_line(o, target_of(c, env));
}

/* clang-format off */
static const struct column columns[] = {
	{ "ClientId",   cell_one,   FIELD_CLIENT_IDS },
	{ "UserId",     cell_text,  FIELD_USER_ID },
	{ "Yclid",      cell_text,  FIELD_YCLID },
	{ "PurchaseId", cell_text,  FIELD_PURCHASE_ID },
	{ "Target",     put_target, FIELD_TARGET },
	{ "DateTime",   cell_epoch, FIELD_CREATE_DATE_TIME },
	{ "Price",      cell_money, FIELD_REVENUE },
	{ "Currency",   cell_text,  FIELD_CURRENCY },
	{ NULL, NULL, FIELD_COUNT }
};
/* clang-format on */

static bool
takes(const struct conv *c, const struct writer_env *env)
{
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       (conv_text(c, FIELD_CLIENT_IDS).n > 0 ||
		   conv_text(c, FIELD_USER_ID).n > 0 ||
		   conv_text(c, FIELD_YCLID).n > 0 ||
		   conv_text(c, FIELD_PURCHASE_ID).n > 0) &&
	       !slice_is(conv_text(c, FIELD_ORDER_STATUS), "skip") &&
	       target_of(c, env).n > 0;
}

extern const struct writer write_metrica_offline;
const struct writer write_metrica_offline = {
	.name = "metrica-offline",
	.output = "metrica-offline",
	.file = "offline-conversions.csv",
	.kind = RECORD_ORDER,
	.any_identifier = true,
	.window_days = 112, /* 21 can be linked; none is documented */
	.max_bytes = 1000000000,
	.delimiter = ',',
	.column = columns,
	.needs = N_("A row needs a creation date, one of ClientId, UserId, "
		    "Yclid and PurchaseId, and a goal: a line target(\"PAID\", "
		    "\"GOAL\") in the feed names it."),
	.takes = takes,
};
