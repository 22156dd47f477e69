/*
 * Direct's Conversion Center (domain/conversion-formats.md 1).  UTF-8 without
 * BOM, ';', LF; all columns are always there, the status is always written.
 */
#include "formats/writer.h"

static void
put_created(struct out *o, const struct conv *c, const struct writer_env *env)
{
	char text[20];

	zone_write(env->zone, c->number[FIELD_CREATE_DATE_TIME], text);
	out_bytes(o, text, 19);
}

/* An id with a line break in it would be two rows to whoever goes by lines. */
#define PUT_TEXT(name, field)                                                  \
	static void name(                                                      \
	    struct out *o, const struct conv *c, const struct writer_env *env) \
	{                                                                      \
		(void)env;                                                     \
		out_cell_line(o, conv_text(c, field));                         \
	}

/* With pii = hash the hashes alone leave the house. */
#define PUT_PERSON(name, field)                                                \
	static void name(                                                      \
	    struct out *o, const struct conv *c, const struct writer_env *env) \
	{                                                                      \
		if (!env->hash)                                                \
			out_cell_line(o, conv_text(c, field));                 \
	}

#define PUT_MONEY(name, field)                                                 \
	static void name(                                                      \
	    struct out *o, const struct conv *c, const struct writer_env *env) \
	{                                                                      \
		(void)env;                                                     \
		if (c->number[field] != CONV_NONE)                             \
			out_money(o, c->number[field]);                        \
	}

/* clang-format off */
PUT_TEXT(put_id, FIELD_ID)
PUT_TEXT(put_client, FIELD_CLIENT_UNIQ_ID)
PUT_TEXT(put_client_ids, FIELD_CLIENT_IDS)
PUT_PERSON(put_emails, FIELD_EMAILS)
PUT_PERSON(put_phones, FIELD_PHONES)
PUT_TEXT(put_emails_md5, FIELD_EMAILS_MD5)
PUT_TEXT(put_phones_md5, FIELD_PHONES_MD5)
PUT_TEXT(put_status, FIELD_ORDER_STATUS)
PUT_MONEY(put_revenue, FIELD_REVENUE)
PUT_MONEY(put_cost, FIELD_COST)

static const struct column columns[] = {
	{ "create_date_time", put_created },
	{ "id",               put_id },
	{ "client_uniq_id",   put_client },
	{ "client_ids",       put_client_ids },
	{ "emails",           put_emails },
	{ "phones",           put_phones },
	{ "emails_md5",       put_emails_md5 },
	{ "phones_md5",       put_phones_md5 },
	{ "order_status",     put_status },
	{ "revenue",          put_revenue },
	{ "cost",             put_cost },
	{ NULL, NULL }
};
/* clang-format on */

/* Without an id two rows of one order could not be told apart; a status that
 * is not there would be read as PAID. */
static bool
takes(const struct conv *c, const struct writer_env *env)
{
	struct slice status = conv_text(c, FIELD_ORDER_STATUS);

	(void)env;
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       conv_text(c, FIELD_ID).n > 0 && conv_has_identifier(c) &&
	       status.n > 0 && !slice_is(status, "skip");
}

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
	.takes = takes,
};
