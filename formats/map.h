/*
 * From columns to fields, and from the CRM's statuses to Direct's.  Built once
 * per dump from its header, a preset and the settings.
 */
#ifndef FORMATS_MAP_H
#define FORMATS_MAP_H

#include <stdbool.h>
#include "formats/conv.h"
#include "formats/preset.h"
#include "formats/settings.h"
#include "formats/slice.h"
#include "formats/status.h"

struct map;

/*
 * Chooses the preset (settings' own, else by the header) and gives every
 * column its field: the settings' column rules first, then the preset.  Two
 * columns of one list field (phones, e-mails, ClientIDs) are united; of two
 * columns of any other field the first that is not empty counts.
 */
enum fmt_status map_open(struct map **out, const struct settings *s,
    const struct slice *header, size_t cells);
void map_free(struct map *m);

const struct preset *map_preset(const struct map *m);
size_t map_columns(const struct map *m);
enum field map_field(
    const struct map *m, size_t column); /* FIELD_COUNT: ignored */
/* What counts of a column's cells; NULL: all. */
preset_part *map_part(const struct map *m, size_t column);
const char *map_header(const struct map *m, size_t column); /* as written */
bool map_has(const struct map *m, enum field f);

/* Is this row the header again? */
bool map_is_header(struct map *m, const struct slice *cell, size_t cells);

/*
 * PAID, IN_PROGRESS, CANCELLED, SPAM, a goal id (without "goal:") or "skip";
 * empty when nothing maps it.  The settings' rules come first, then the
 * preset's, then the common words; a rule for the pipeline before one for
 * "*".  Where the preset takes goals as they stand, "goal:ID" is goal ID
 * whatever the rules say.  Lives as long as the map or the arguments.
 */
struct slice map_status(struct map *m, struct slice pipeline,
    struct slice status, struct slice loss_reason);

#endif
