/*
 * How well Direct can link the orders of a feed with visits, by its own table:
 *
 *      ClientID   phone or e-mail   quality
 *      yes        yes               maximum
 *      yes        no                good
 *      no         yes               medium, half of the maximum
 *      no         no                invalid
 *
 * of the orders that are published: by day, status and source, in orders and
 * in revenue; and what keeps Direct from linking them.  A contact's identifiers
 * count for the orders that name it, as they do in the published file.  Memory
 * grows with days, statuses and dumps, not with orders.
 */
#ifndef FEED_QUALITY_H
#define FEED_QUALITY_H

#include <jansson.h>
#include <stdio.h>
#include "formats/conv.h"
#include "server/conf.h"
#include "server/err.h"
#include "feed/shared.h"
#include "store/store.h"

enum quality_class {
	QUALITY_MAXIMUM,
	QUALITY_GOOD,
	QUALITY_MEDIUM,
	QUALITY_INVALID,
	QUALITY_CLASSES
};
const char *quality_name(enum quality_class c); /* "maximum" */

/* Of one order, its contact's identifiers included. */
enum quality_class quality_of(const struct conv *c);

struct quality_count {
	uint64_t orders[QUALITY_CLASSES];
	int64_t revenue[QUALITY_CLASSES]; /* minor units */
};
uint64_t quality_orders(const struct quality_count *c);
int64_t quality_revenue(const struct quality_count *c);

struct quality_line {
	char *name; /* "2026-11-22", "PAID", a source; "" the default one */
	struct quality_count count;
};

struct quality_table {
	struct quality_line *line;
	size_t n;
};

struct quality_sum {
	uint64_t orders;
	int64_t revenue;
};

#define QUALITY_WINDOW_DAYS 21 /* Direct's, to link an order with a click */
#define QUALITY_EXAMPLES 20    /* ids of orders that are named */
#define QUALITY_PAIRS 100      /* of statuses that are told apart */

struct quality {
	int64_t from, to;                 /* orders created then, inclusive */
	char first_day[12], last_day[12]; /* the same, by the counter's zone */
	struct quality_count all;
	struct quality_table day, status, source;
	uint64_t waiting; /* orders that name a client whom nobody knows */
	/* Created so that tomorrow they are older than 21 days. */
	struct {
		uint64_t orders, no_client_id, no_identifier;
		char *id[QUALITY_EXAMPLES]; /* of those without identifier */
		size_t ids;
	} leaving;
	/* Older than 21 days when Direct first saw them; of those that were
	 * there before it first came, nothing could be done; and those that
	 * are older by now and were never pulled. */
	struct quality_sum late, before, unseen;
	/* Statuses that came and went between two pulls, by pair, the most
	 * frequent first; the same in all, also what did not fit. */
	struct missed missed[QUALITY_PAIRS];
	size_t missed_n;
	uint64_t missed_orders;
	struct shared_found shared;
};

struct quality_what {
	struct store *store;
	const struct conf *conf;
	const struct feed *feed;
	int64_t now;
	int64_t since;    /* orders created since; INT64_MIN: all published */
	bool list_shared; /* the identifiers themselves */
	/* Asked now and then; true: give up, with an error.  May be NULL. */
	bool (*stop)(void *ctx);
	void *ctx;
};

/* *out is to be freed; also when it fails. */
int quality_gather(
    struct quality *out, const struct quality_what *what, struct err *e);
void quality_free(struct quality *q);

/* --- shown (quality_print.c) --- */

/* quality.csv: ';', UTF-8 with BOM; a line for all, each day, status and
 * source. */
void quality_csv(FILE *to, const struct quality *q);
json_t *quality_json(const struct quality *q, bool plain);
/* The table, for a terminal. */
void quality_text(FILE *to, const struct quality *q);
/* What is wrong and what to do, a paragraph each, the most urgent first; how
 * many there were. */
unsigned quality_advice(FILE *to, const struct quality *q);
/* The identifiers that are shared; plain: not masked. */
void quality_shared(FILE *to, const struct quality *q, bool plain);

#endif
