/*
 * What a dump would change: told of every order that the merge would make or
 * change, and of every row that it would refuse.  Memory is bounded: of each
 * kind of finding the first few are kept as text, or all as JSON in a file
 * without a name.  Nobody's phone or address is in it.
 *
 *      preview_open, preview_merged and preview_refused as call-backs of an
 *      intake, preview_print or preview_json, preview_close.
 */
#ifndef TOOL_PREVIEW_H
#define TOOL_PREVIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "formats/dump.h"
#include "server/conf.h"
#include "server/err.h"
#include "store/merge.h"
#include "store/store.h"

#define PREVIEW_SHOWN 20
#define PREVIEW_LINK_DAYS 21 /* Direct links a conversion to a click */

enum preview_kind {
	PREVIEW_NEW,      /* orders that nobody knew */
	PREVIEW_STATUS,   /* whose status changes */
	PREVIEW_REVENUE,  /* whose revenue changes */
	PREVIEW_LOST,     /* an identifier of theirs is replaced */
	PREVIEW_GAINED,   /* they get another one */
	PREVIEW_SHARED,   /* another feed has an order of that id */
	PREVIEW_LATE,     /* made or identified too late for the link */
	PREVIEW_FUTURE,   /* rows held back until their time is past */
	PREVIEW_OUTSIDE,  /* rows too old to be published */
	PREVIEW_REJECTED, /* rows refused */
	PREVIEW_VALUES,   /* values refused, whose rows are taken */
	PREVIEW_KINDS
};

/* Findings of one kind. */
struct preview_list {
	uint64_t n;
	char *shown[PREVIEW_SHOWN];
	FILE *all;       /* JSON objects with commas between; NULL: text */
	int64_t was, is; /* revenue, of all of them */
};

/* A status that becomes another one. */
struct preview_move {
	char from[64], to[64];
	uint64_t n;
	int64_t was, is; /* revenue */
};

struct preview {
	struct preview_list list[PREVIEW_KINDS];
	struct preview_move *move;
	size_t moves;
	uint64_t other_moves; /* too many to tell apart */

	const struct conf *conf;
	const struct feed *feed;
	const struct zone *zone; /* the counter's */
	struct store *others;    /* another hold of the store, for other feeds;
				  * NULL: there are none */
	enum record_kind kind;
	int64_t now;
	struct err error; /* of a call-back */
	struct arena arena;
};

/* Zone and conf must last.  The store's path is asked for other feeds. */
int preview_open(struct preview *p, const struct conf *c, const struct feed *f,
    const struct zone *zone, int64_t now, bool json, struct err *e);
void preview_close(struct preview *p);

void preview_merged(
    void *ctx, const struct merge_order *was, const struct merge_order *is);
int preview_refused(void *ctx, unsigned long line, bool row,
    const struct problem *problem, const struct slice *cell, size_t cells,
    struct err *e);

/* Totals, and the first few of each. */
void preview_print(FILE *to, struct preview *p);
/* ,"new":{…},"statuses":{…} …, to go on in an object. */
int preview_json(FILE *to, struct preview *p, struct err *e);

#endif
