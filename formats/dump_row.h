/*
 * What the files of dump share: dump.c opens it and reads rows, dump_header.c
 * finds the header, dump_row.c and dump_settle.c judge a row.
 */
#ifndef FORMATS_DUMP_ROW_H
#define FORMATS_DUMP_ROW_H

#include "formats/ahead.h"
#include "formats/dump.h"
#include "formats/map.h"
#include "formats/reader.h"

struct step {
	size_t column;
	enum field field;
	enum field_kind kind;
	preset_part *part; /* NULL: the whole cell */
};

struct unit {
	const char *code; /* ISO 4217; NULL: a number alone */
	size_t column;
};

/* What a row says that steers how its cells are read. */
struct told {
	int64_t paid, cancelled; /* 0, 1 or CONV_NONE */
	size_t currency_column;
	struct unit unit[2]; /* in the cells of revenue and cost */
};

struct dump {
	const struct settings *settings;
	const struct zone *counter, *source;
	struct decode *decode;
	struct reader *reader;
	bool may_read_ahead, may_judge_ahead;
	struct ahead *ahead; /* has the reader once rows are read */
	bool judges_ahead;   /* and what judges them */
	struct map *map;
	struct arena *arena;    /* of the row */
	struct arena row_arena; /* where it is, unless rows are judged ahead */
	struct arena keep;      /* of the dump */
	struct step *step; /* the columns that mean something, dates first */
	size_t steps;
	size_t columns;     /* that a row must have */
	size_t room;        /* for columns, in header and field */
	size_t date_column; /* the first one with the creation date */
	int64_t start;      /* orders created before it are skipped */
	struct slice default_status;
	struct slice *pipeline; /* folded; only these, when there are any */
	struct row row;
	struct row *early; /* refused records that came before the header */
	size_t early_rows, early_given;
	unsigned long blank_rows; /* of empty cells */
	bool garbled;       /* bytes of the header do not fit the encoding */
	bool mojibake;      /* its letters are those of another one */
	unsigned day_only;  /* a bit for each time that is a date alone */
	size_t status_step; /* the first that is filled; SIZE_MAX: none */
	struct told told;
	char currency[4];       /* the first that was named; empty: none */
	struct problem refusal; /* why the row is refused; REJECT_NONE */
	struct record *record;  /* that the row becomes */
	struct record own;      /* where it is, unless rows are judged ahead */
	void (*sift)(
	    void *ctx, struct arena *a, struct slice *cell, size_t cells);
	void *sift_ctx;
	struct dump_facts facts;
	const char **header;
	enum field *field;
	const char **note;
	bool *is_google;
};

/* --- the header (dump_header.c) ------------------------------------------ */

/* Opens d->map.  Even when columns are missing, where there is any header. */
enum fmt_status dump_find_header(struct dump *d);
void dump_note_columns(struct dump *d); /* of the map, into the facts */
void dump_plan(struct dump *d);         /* d->step */

/* Cells without the empty ones at the end, that spreadsheets add. */
size_t dump_used_cells(const struct slice *cell, size_t cells);
/* A spreadsheet's row without anything in it: ";;;;". */
bool dump_is_blank(const struct row *r);

/* d->row may be the header.  FMT_END: the same again; FMT_HEADER_CHANGED:
 * another one; FMT_OK: it is none. */
enum fmt_status dump_check_header(struct dump *d);
/* d->row is the header again, with more columns. */
enum fmt_status dump_grow(struct dump *d);

/* --- a row (dump_row.c) -------------------------------------------------- */

/* Fills d->record from d->row; with VERDICT_REJECT d->refusal says why. */
enum verdict dump_judge(struct dump *d);

/* --- between dump_row.c and dump_settle.c -------------------------------- */

/* Why the row is refused; the first reason counts. */
void dump_refuse(
    struct dump *d, enum reject r, enum field f, size_t cell, const char *hint);
/* A value that the row can do without. */
void dump_drop(
    struct dump *d, enum reject r, const struct step *at, const char *hint);
/* What counts of the row's cell. */
struct slice dump_cell(const struct dump *d, const struct step *at);

void dump_take_status(struct dump *d, const struct step *at, struct slice cell);
void dump_take_answer(struct dump *d, const struct step *at, struct slice cell);
void dump_take_currency(
    struct dump *d, const struct step *at, struct slice cell);
void dump_settle_status(struct dump *d); /* once all cells are taken */
void dump_settle_money(struct dump *d);

#endif
