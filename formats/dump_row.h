/*
 * What the two files of dump share: dump.c finds the header and reads rows,
 * dump_row.c judges one.
 */
#ifndef FORMATS_DUMP_ROW_H
#define FORMATS_DUMP_ROW_H

#include "formats/dump.h"
#include "formats/map.h"
#include "formats/reader.h"

struct step {
	size_t column;
	enum field field;
	enum field_kind kind;
	preset_part *part; /* NULL: the whole cell */
};

struct dump {
	const struct settings *settings;
	const struct zone *counter, *source;
	struct decode *decode;
	struct reader *reader;
	struct map *map;
	struct arena arena; /* of the row */
	struct arena keep;  /* of the dump */
	struct step *step;  /* the columns that mean something, dates first */
	size_t steps;
	size_t columns;     /* that a row must have */
	size_t date_column; /* the first one with the creation date */
	int64_t start;      /* orders created before it are skipped */
	struct slice default_status;
	struct slice *pipeline; /* folded; only these, when there are any */
	struct row row;
	unsigned long blank_rows; /* of empty cells */
	bool garbled;       /* bytes of the header do not fit the encoding */
	unsigned day_only;  /* a bit for each time that is a date alone */
	size_t status_step; /* the first that is filled; SIZE_MAX: none */
	struct problem refusal; /* why the row is refused; REJECT_NONE */
	struct record record;
	struct dump_facts facts;
	const char **header;
	enum field *field;
};

/* Cells without the empty ones at the end, that spreadsheets add. */
size_t dump_used_cells(const struct slice *cell, size_t cells);

/* Fills d->record from d->row; with VERDICT_REJECT d->refusal says why. */
enum verdict dump_judge(struct dump *d);

#endif
