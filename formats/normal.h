/*
 * One cell in, the form in which it is published out; or why not.  The cases
 * are tests/data/vectors.tsv (families norm., md5., map.).  What Excel did to
 * a cell ("7,9E+10") is recognised and named in the problem's hint.
 */
#ifndef FORMATS_NORMAL_H
#define FORMATS_NORMAL_H

#include <stdint.h>
#include "formats/arena.h"
#include "formats/conv.h"
#include "formats/slice.h"
#include "formats/status.h"
#include "formats/zone.h"

/* What was wrong with one value: a value dropped from its cell, or the reason
 * a row is refused. */
struct problem {
	enum reject reject;
	enum field field;   /* FIELD_COUNT: the whole row */
	size_t cell;        /* of the row, from 0; SIZE_MAX when not known */
	struct slice value; /* as it stood; empty when there is none */
	const char *hint;   /* constant text or NULL */
};

struct problems {
	struct problem *p;
	size_t n, room; /* grows; owned by whoever holds it */
};
void problems_add(struct problems *ps, const struct problem *p);
void problems_free(struct problems *ps);

/*
 * Lists: split at , ; and line breaks, each value normalised, doubles taken
 * out, joined by ','.  A bad value is left out and added to ps.  The result
 * lives in the arena, or is a part of the cell.
 */
struct slice normal_phones(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);
struct slice normal_emails(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);
struct slice normal_client_ids(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);
struct slice normal_md5s(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

/* Each value of a normalised list as its MD5, lower-case hex. */
struct slice normal_md5_of(struct arena *a, struct slice list);

/* Two lists as one, what a has first, without doubles. */
struct slice normal_unite(struct arena *a, struct slice x, struct slice y);

/* Order and client ids: trimmed, an apostrophe before it gone, "№" kept. */
enum reject normal_id(
    struct arena *a, struct slice cell, struct slice *out, const char **hint);

/* "1 508,50 руб" to 150850; half a minor unit rounds up. */
enum reject normal_money(struct slice cell, int64_t *minor, const char **hint);

/* The ISO 4217 code of the currency that stands beside an amount in its cell;
 * NULL when none does. */
const char *normal_money_unit(struct slice cell);

/* Every form of domain/conversion-formats.md 1.3, one-digit hours, ISO 8601
 * with T, fraction and zone suffix, Unix seconds.  A date alone is 23:59:59
 * of that date in counter's zone; a suffix wins over source's zone. */
enum reject normal_time(struct slice cell, const struct zone *source,
    const struct zone *counter, int64_t *out, const char **hint);

/* A date and time that say no zone, as they stand; false when it is something
 * else. */
bool normal_wall(struct slice cell, struct wall *out);

enum reject normal_flag(struct slice cell, int64_t *out);    /* да, true, 1 */
enum reject normal_seconds(struct slice cell, int64_t *out); /* 95, 00:01:23 */
enum reject normal_currency(
    struct arena *a, struct slice cell, struct slice *out); /* "руб" is RUB */

/* Metrica's own; an empty cell gives an empty value. */
enum reject normal_platform(struct slice cell, struct slice *out);
enum reject normal_target(struct slice cell, struct slice *out);

/* "goal:price,goal" and "product:quantity,…", also out of JSON: goals as
 * [{"goal_action_id":"x","price":1.5}], products as {"pear":10}.  A product
 * without a quantity is one. */
struct slice normal_goals(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);
struct slice normal_products(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

#endif
