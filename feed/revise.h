/*
 * A feed's past made otherwise: without a dump, or with dumps read under
 * today's settings.  The history is replayed beside the store, the records that
 * come out are compared with those that are there, and then take their place in
 * one transaction together with what must be remembered (rulings):
 *
 *      - a creation time that a completed pull carried stays;
 *      - an order that no dump has any more, but that a completed pull carried,
 *        stays as CANCELLED; one that none carried is gone, and comes back so
 *        should a pull that began before yet end;
 *      - a record that only dumps past their time had stays as it is.
 *
 *      revise_begin, revise_replay, then within a transaction revise_settle, or
 *      revise_look to change nothing; revise_end
 */
#ifndef FEED_REVISE_H
#define FEED_REVISE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

/* What is to be done; the caller's. */
struct revise_how {
	const struct conf *conf;
	const struct feed *feed;
	struct store *store;
	int64_t now;
	int64_t withdraw; /* this dump is left out; 0: none */
	/* Else these are read with today's settings; none: all of them that
	 * were ingested since. */
	const int64_t *dump;
	size_t dumps;
	int64_t since;
	bool reports; /* of dumps that are read are written (report_stage.h) */
	const char *dir;            /* for temporary files */
	void (*breathe)(void *ctx); /* may be NULL */
	void *ctx;
	const bool *stop; /* may be NULL */
};

enum revise_fate {
	REVISE_GONE,      /* no dump has it, and no completed pull carried it,
			   * or nobody can be told (gone_pulled) */
	REVISE_CANCELLED, /* no dump has it, and one did */
	REVISE_CHANGED,
	REVISE_NEW,
	REVISE_FATES
};

struct revise_change {
	enum revise_fate fate;
	enum record_kind kind;
	const struct conv *was, *is; /* NULL: there is none */
	bool date_kept; /* its creation time would be another one, but a pull
			 * carried this one */
};

struct revise_tally {
	uint64_t fate[REVISE_FATES];
	uint64_t gone_pulled; /* of REVISE_GONE: their kind has no status, so
			       * that nobody can be told */
	uint64_t left;        /* records that there are then */
	uint64_t rulings;
	uint64_t dates_kept;
	uint64_t kept;    /* only dumps past their time had them */
	uint64_t expired; /* such dumps */
	uint64_t read;    /* dumps read with today's settings */
	uint64_t same;    /* of these: the settings have not changed */
	uint64_t hashed;  /* of these: their archived copy is hashed */
	uint64_t orphans; /* dumps whose source is no longer configured */
	char orphan[FEED_NAME_MAX + 1]; /* such a source */
};

struct revise;

/* -1 also when it cannot be done: e says why in a sentence. */
int revise_begin(
    struct revise **out, const struct revise_how *how, struct err *e);
/* The long part; the store is only read. */
int revise_replay(struct revise *r, struct err *e);

/* Told of every record that becomes another. */
typedef int revise_told(
    void *ctx, const struct revise_change *c, struct err *e);
int revise_look(struct revise *r, struct revise_tally *out, revise_told *told,
    void *ctx, struct err *e);

/* What happened meanwhile is replayed too.  a has op, actor and reason. */
int revise_settle(
    struct revise *r, struct act *a, struct revise_tally *out, struct err *e);
void revise_end(struct revise *r); /* NULL is fine */

#endif
