/*
 * Cells and JSON values out of the canonical record.  See write_cells.h.
 */
#include "formats/write_cells.h"

bool
cell_known(const struct conv *c, enum field f, const struct writer_env *env)
{
	if (f < FIELD_NUMBERS)
		return c->number[f] != CONV_NONE;
	if (env->hash &&
	    (f == FIELD_EMAILS || f == FIELD_PHONES || field_is_personal(f)))
		return false;
	return conv_text(c, f).n > 0;
}

bool
cell_has_status(const struct conv *c)
{
	struct slice status = conv_text(c, FIELD_ORDER_STATUS);

	return status.n > 0 && !slice_is(status, "skip");
}

static bool
is_order(const struct conv *c)
{
	return c->number[FIELD_CREATE_DATE_TIME] != CONV_NONE &&
	       conv_text(c, FIELD_ID).n > 0 && cell_has_status(c);
}

bool
cell_takes_order(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return is_order(c) && conv_has_identifier(c);
}

bool
cell_takes_named_order(const struct conv *c, const struct writer_env *env)
{
	(void)env;
	return is_order(c) && conv_text(c, FIELD_CLIENT_UNIQ_ID).n > 0;
}

/* The first value of a list; empty when there is none. */
static struct slice
first_of(struct slice list)
{
	return slice_cut(&list, ',');
}

/* --- cells of a CSV ------------------------------------------------------- */

void
cell_text(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	if (cell_known(c, f, env))
		out_cell_line(o, conv_text(c, f));
}

void
cell_one(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	if (cell_known(c, f, env))
		out_cell_line(o, first_of(conv_text(c, f)));
}

/* Metrica's calls and chats, and nothing else, want the plus. */
void
cell_dialled(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	if (!cell_known(c, f, env))
		return;
	out_char(o, '+');
	out_slice(o, first_of(conv_text(c, f)));
}

void
cell_number(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	if (cell_known(c, f, env))
		out_number(o, c->number[f]);
}

void
cell_money(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	if (cell_known(c, f, env))
		out_money(o, c->number[f]);
}

void
cell_wall(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	char text[20];

	if (!cell_known(c, f, env))
		return;
	zone_write(env->zone, c->number[f], text);
	out_bytes(o, text, 19);
}

/* A true epoch: zones have nothing to do with it. */
void
cell_epoch(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	cell_number(o, c, f, env);
}

void
cell_client(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	(void)c;
	(void)f;
	(void)env;
	out_slice(o, slice_of("CONTACT"));
}

/* --- values of a JSON text ------------------------------------------------ */

void
json_text(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	(void)env;
	out_json(o, conv_text(c, f));
}

void
json_one(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	(void)env;
	out_json(o, first_of(conv_text(c, f)));
}

void
json_list(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	struct slice rest = conv_text(c, f);
	char before = '[';

	(void)env;
	while (rest.n > 0) {
		out_char(o, before);
		out_json(o, slice_cut(&rest, ','));
		before = ',';
	}
	out_char(o, ']');
}

void
json_cash(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	cell_money(o, c, f, env);
}

void
json_wall(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	out_char(o, '"');
	cell_wall(o, c, f, env);
	out_char(o, '"');
}

void
json_client(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	out_char(o, '"');
	cell_client(o, c, f, env);
	out_char(o, '"');
}

/* What stands before the last ':' of an item, and after it.  Names of products
 * may hold one, too. */
static struct slice
cut_last(struct slice item, struct slice *after)
{
	size_t n = item.n;

	while (n > 0 && item.p[n - 1] != ':')
		n--;
	if (n == 0) {
		*after = (struct slice){ "", 0 };
		return item;
	}
	*after = (struct slice){ item.p + n, item.n - n };
	return (struct slice){ item.p, n - 1 };
}

void
json_goals(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	struct slice rest = conv_text(c, f);
	char before = '[';

	(void)env;
	while (rest.n > 0) {
		struct slice price;
		struct slice goal = cut_last(slice_cut(&rest, ','), &price);

		out_char(o, before);
		out_slice(o, slice_of("{\"goal_action_id\":"));
		out_json(o, goal);
		if (price.n > 0) {
			out_slice(o, slice_of(",\"price\":"));
			out_slice(o, price);
		}
		out_char(o, '}');
		before = ',';
	}
	out_char(o, ']');
}

void
json_products(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env)
{
	struct slice rest = conv_text(c, f);
	char before = '{';

	(void)env;
	while (rest.n > 0) {
		struct slice quantity;
		struct slice name = cut_last(slice_cut(&rest, ','), &quantity);

		out_char(o, before);
		out_json(o, name);
		out_char(o, ':');
		out_slice(o, quantity);
		before = ',';
	}
	out_char(o, '}');
}
