/*
 * Output formats.  Each file that can be published is one source file,
 * write_NAME.c, with one constant struct writer; WRITERS in Makefile.am lists
 * them.
 */
#ifndef FORMATS_WRITER_H
#define FORMATS_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/conv.h"
#include "formats/out.h"
#include "formats/zone.h"

/* An order of that status reaches that goal (metrica-offline's Target). */
struct target_rule {
	char *status; /* PAID, or a goal id */
	char *target; /* the id of a JS goal */
};

struct writer_env {
	const struct zone *zone; /* the counter's */
	bool hash;               /* pii = hash */
	const struct target_rule *target;
	size_t targets;
};

/* How a field becomes a cell, or the value of a JSON key (write_cells.h). */
struct column {
	const char *name;
	void (*put)(struct out *o, const struct conv *c, enum field f,
	    const struct writer_env *env);
	enum field field;
};

struct writer {
	const char *name;   /* "metrica-contacts-json": this one file */
	const char *output; /* "metrica-contacts": as a feed's outputs name it,
			     * which may mean several files */
	const char *file;   /* "contacts.json" */
	enum record_kind kind; /* whose rows it has */
	bool calls_too;       /* calls, too, where the feed makes them orders */
	unsigned window_days; /* the destination takes no older; 0: any */
	uint64_t max_bytes;   /* the destination takes no more */
	bool needs_person;    /* nothing of it is left with pii = hash */
	bool any_identifier;  /* takes user_id, yclid, purchase_id too */

	/* A CSV: its columns, which end with name NULL. */
	char delimiter;
	const struct column *column;

	/* Or a JSON text, {"KEY":[…]} with an object a line whose keys are
	 * the columns; NULL for a CSV. */
	const char *json;

	const char *needs; /* a sentence: what a record must have */
	/* Has the file a row for this record? */
	bool (*takes)(const struct conv *c, const struct writer_env *env);
};

extern const struct writer *const writer_all[]; /* ends with NULL */

/* By name; else the first one of that output; NULL. */
const struct writer *writer_by_name(const char *name);

/* The n-th writer that this word of a feed's outputs means (an output's name
 * means all its files, a writer's name one); NULL after the last. */
const struct writer *writer_of_output(const char *word, size_t n);

/* One file being written. */
struct writing {
	const struct writer *writer;
	const struct writer_env *env;
	struct out *out;
	uint64_t rows;
};

void writing_begin(struct writing *w, const struct writer *writer,
    const struct writer_env *env, struct out *out);
/* False, and nothing is written, when the file has no row for it. */
bool writing_row(struct writing *w, const struct conv *c);
void writing_end(struct writing *w); /* out_end is the caller's */

#endif
