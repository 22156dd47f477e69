/*
 * A preset that an admin wrote, in presets/NAME.conf of the instance.  To
 * everybody but its maker it is a struct preset like any other; it is shared
 * by the settings of all sources that may use it, and its rows enter their
 * text, so that a dump can be read again as it was.
 *
 *      own_preset_new, own_preset_add_… and the members of preset, then
 *      settings_add_preset, which takes a share; own_preset_free gives one
 *      back.
 */
#ifndef FORMATS_OWN_PRESET_H
#define FORMATS_OWN_PRESET_H

#include <jansson.h>
#include "formats/arena.h"
#include "formats/preset.h"

struct own_preset {
	struct preset preset; /* its strings live in the arena */
	unsigned shares;
	struct arena arena;
	struct preset_column *column; /* what preset points to */
	struct preset_status *status;
	const char **proof;
	size_t columns, statuses, proofs;
};

/* Orders, the last of several rows; no columns yet. */
struct own_preset *own_preset_new(const char *name);
struct own_preset *own_preset_share(struct own_preset *p);
void own_preset_free(struct own_preset *p); /* NULL is fine */

/* Small Latin letters, digits and '-', up to 32; a letter or digit first. */
bool own_preset_name_valid(const char *name);

/* Headers as anybody writes them, with the marks of struct preset_column; a
 * field FIELD_COUNT is surely not ours. */
void own_preset_add_column(
    struct own_preset *p, const char *header, enum field field);
void own_preset_add_proof(struct own_preset *p, const char *header);
void own_preset_add_status(struct own_preset *p, const char *pipeline,
    const char *status, const char *to);
const char *own_preset_keep(struct own_preset *p, const char *text);

/* The marked header folded as the tables have it; empty when nothing is. */
struct slice own_preset_header(struct arena *a, const char *header);

/* NULL when a text is not UTF-8. */
json_t *own_preset_json(const struct own_preset *p);
struct own_preset *own_preset_parse(json_t *j); /* NULL: it is none */

#endif
