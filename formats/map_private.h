/*
 * What the two files of map share: map.c knows columns, map_status.c statuses.
 */
#ifndef FORMATS_MAP_PRIVATE_H
#define FORMATS_MAP_PRIVATE_H

#include "formats/map.h"

enum {
	MEMORY = 64, /* answers remembered; a power of two */
	PROBES = 4,  /* places that an answer may have, one behind the other */
	PARTS = 3,   /* of what is asked: pipeline, status, loss reason */
	KEY_BYTES = 232,
	PIPELINES = 16 /* different ones that are told apart */
};

struct rule {
	struct slice pipeline, status, to; /* folded; pipeline "*" for any */
};

struct answer {
	bool used;
	size_t n[PARTS];
	char key[KEY_BYTES]; /* the parts, one behind the other */
	struct meaning is;   /* with MAP_GOAL: without its goal */
};

struct map {
	struct arena arena, scratch;
	const struct preset *preset;
	size_t columns;
	struct slice *folded; /* the header, by column */
	const char **header;
	enum field *field;
	bool *fixed; /* by a rule of the settings */
	bool has[FIELD_COUNT];
	struct rule *rule; /* of the settings */
	size_t rules;
	struct slice *named; /* pipelines that the settings name, folded */
	size_t nameds;
	struct slice *spam; /* words in a loss reason, folded */
	size_t spams;
	struct answer memory[MEMORY];
	/* What the dump holds, as long as no pipeline is named. */
	struct slice pipeline[PIPELINES]; /* folded */
	const char *pipeline_name[PIPELINES];
	size_t pipelines;
	const char *guessed; /* see map_guessed; NULL */
};

/* The settings' rules, pipelines and words.  False when a rule has no
 * target. */
bool map_open_statuses(struct map *m, const struct settings *s);

#endif
