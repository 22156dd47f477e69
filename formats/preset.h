/*
 * A CRM preset: which header names which field, and which of that CRM's own
 * statuses mean what.  Each is one file, preset_NAME.c, with one constant
 * struct preset; PRESETS in Makefile.am lists them.
 */
#ifndef FORMATS_PRESET_H
#define FORMATS_PRESET_H

#include <stdbool.h>
#include "formats/conv.h"
#include "formats/settings.h"
#include "formats/slice.h"

struct preset_column {
	/* Written folded.  '*' at the end: any rest.  '?' before it: a weak
	 * name, that counts only when no other column has the field. */
	const char *header;
	enum field field; /* FIELD_COUNT: surely not ours */
};

struct preset_status {
	const char *pipeline; /* "*" */
	const char *status;
	const char *to;
};

/* The part of a cell that counts: the number in "Счет 0000-057583 от …", the
 * ClientID among cookies.  It points into the cell or is constant. */
typedef struct slice preset_part(struct slice cell);

struct preset_pick {
	const char *header; /* as in preset_column */
	preset_part *part;
};

struct preset {
	const char *name;                   /* "amocrm" */
	const char *title;                  /* "amoCRM, list of deals" */
	const struct preset_column *column; /* ends with header NULL */
	const struct preset_status *status; /* ends with status NULL; the
					     * common words come after */
	const char *const *proof;   /* headers that no other CRM has; NULL at
				     * the end, NULL for none */
	const char *const *beside;  /* one of these as well, or the proof is
				     * none; NULL at the end, NULL: alone */
	enum same_id same_id;       /* never SAME_ID_PRESET */
	const char *default_status; /* PAID for direct, as Direct does; else
				     * NULL */
	enum record_kind kind;      /* what its rows are */
	/* Orders that name their client by client_uniq_id alone: whom to look
	 * for stands in another dump, of contacts. */
	bool joins_clients;
	/* Like Direct, a status that nothing maps is a goal id as it stands,
	 * when it looks like one: Latin letters, digits, "_-.:", no blanks. */
	bool literal_status;
	const struct preset_pick *pick; /* ends with header NULL; NULL: none */
	/* Of several status columns the first counts whose status is mapped,
	 * not the first that is filled. */
	bool any_status;
	/* It writes dates as 31/12/2026, the day first; without that they are
	 * refused, since the month may be. */
	bool day_first;
};

extern const struct preset *const preset_all[]; /* ends with NULL */
extern const struct preset_status preset_common_status[];

const struct preset *preset_by_name(const char *name); /* NULL */

/* What an order gets for a target as settings write it ("PAID", "goal:lead",
 * "skip"): itself, a goal id without "goal:"; empty when it is no target. */
struct slice preset_target(const char *to);

/* Folded for comparison: lower case, ё as е, white space (NBSP too) to single
 * spaces, ends trimmed, a BOM and quotes around it gone. */
struct slice preset_fold(struct arena *a, struct slice s);

/* The field of a header under this preset, by the first row that names it;
 * FIELD_COUNT when unknown. */
enum field preset_field(const struct preset *p, struct slice folded);
bool preset_is_weak(const struct preset *p, struct slice folded);

/* A part: no for yes and yes for no.  What is neither stays, to be refused by
 * name. */
preset_part preset_not;

/* NULL: the whole cell counts. */
preset_part *preset_part_of(const struct preset *p, struct slice folded);

/* How well it fits a header: 0 not at all.  Comparable between presets. */
int preset_score(
    const struct preset *p, const struct slice *folded, size_t cells);

#endif
