/*
 * What output formats put into a cell or behind a JSON key: the put of a
 * struct column.  Cells of a CSV come out quoted where they must be and on one
 * line; JSON values come out as they stand in a JSON text.
 */
#ifndef FORMATS_WRITE_CELLS_H
#define FORMATS_WRITE_CELLS_H

#include "formats/writer.h"

/* Is there a value that may be shown?  With pii = hash nobody's phone, e-mail
 * or name is. */
bool cell_known(
    const struct conv *c, enum field f, const struct writer_env *env);

/* The status as Metrica's orders take it: one of the four or a goal id. */
bool cell_has_status(const struct conv *c);

/* Orders that say themselves whom to look for.  Without an id two rows of one
 * could not be told apart; a status that is not there would be read as PAID. */
bool cell_takes_order(const struct conv *c, const struct writer_env *env);

/* Orders that name their client. */
bool cell_takes_named_order(const struct conv *c, const struct writer_env *env);

typedef void cell_function(struct out *o, const struct conv *c, enum field f,
    const struct writer_env *env);

/* --- cells of a CSV --- */
cell_function cell_text;    /* texts and lists */
cell_function cell_one;     /* of a list its first value */
cell_function cell_dialled; /* the first phone, with a plus */
cell_function cell_number;  /* seconds, flags */
cell_function cell_money;
cell_function cell_wall;   /* a time on the counter's clock */
cell_function cell_epoch;  /* a time in Unix seconds */
cell_function cell_client; /* always CONTACT */

/* --- values of a JSON text --- */
cell_function json_text;
cell_function json_list; /* an array of texts */
cell_function json_one;  /* the first of a list, as a text */
cell_function json_cash; /* money, as a number */
cell_function json_wall;
cell_function json_client;   /* always "CONTACT" */
cell_function json_goals;    /* [{"goal_action_id":"x","price":1.5}] */
cell_function json_products; /* {"pear":10} */

#endif
