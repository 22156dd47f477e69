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

/* Why a column is ignored, in a sentence for message(); NULL when it is not.
 * map_is_google: because it holds Google's ClientID, or may. */
const char *map_note(const struct map *m, size_t column);
bool map_is_google(const struct map *m, size_t column);

/* A column of that field came later (reader.h, grown_header). */
void map_learn(struct map *m, enum field f);

/* Is this row the header again? */
bool map_is_header(struct map *m, const struct slice *cell, size_t cells);

/* Why a status means what it means. */
enum map_by {
	MAP_NOTHING,  /* nothing maps it */
	MAP_SETTINGS, /* a status rule of the source */
	MAP_PRESET,   /* the preset, or a word that means one thing only */
	MAP_GOAL,     /* a goal's id as it stands */
	/* The preset says PAID for any pipeline, and the settings name none:
	 * it counts as long as the dump turns out to have no more than one. */
	MAP_GUESS,
	/* Likewise, but the settings name pipelines and not this one: no
	 * target. */
	MAP_UNNAMED,
	/* No status did: columns that say paid or cancelled, or the default. */
	MAP_PAYMENT,
	MAP_DEFAULT
};

struct meaning {
	/* PAID, IN_PROGRESS, CANCELLED, SPAM, a goal id (without "goal:") or
	 * "skip"; empty when it is none.  Lives as long as the map or the
	 * arguments. */
	struct slice to;
	enum map_by by;
};

/*
 * The settings' rules come first, then the preset's, then the common words; a
 * rule for the pipeline before one for "*".  CANCELLED is SPAM when the loss
 * reason says so.  Where the preset takes goals as they stand, "goal:ID" is
 * goal ID whatever the rules say.
 */
struct meaning map_meaning(struct map *m, struct slice pipeline,
    struct slice status, struct slice loss_reason);

/* CANCELLED, or SPAM when the loss reason says so. */
struct slice map_cancelled(struct map *m, struct slice loss_reason);

/*
 * A CRM's word for a sale ends all of its pipelines, and not every one sells.
 * A dump with several of them may not rely on it unless the settings name the
 * pipeline, in a status rule or in their filter.  map_see_pipeline is told
 * every row's, map_guess each status whose MAP_GUESS was relied on.
 */
void map_see_pipeline(struct map *m, struct slice pipeline);
const char *const *map_pipelines(
    const struct map *m, size_t *n); /* different ones; at most 16 */
void map_guess(struct map *m, struct slice status);
const char *map_guessed(const struct map *m); /* the first; or NULL */

#endif
