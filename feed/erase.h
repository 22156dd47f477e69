/*
 * Where a person stands, and taking him out of there: the orders in the store,
 * archived dumps and versions, what is published, the reports.  Looking and
 * erasing are one way: what erasing would change is what looking finds.
 *
 * An erasure is a job (store.h): its tombstones come first, so that whatever
 * interrupts it, it can be done again from its beginning, which changes only
 * what is still to be changed.  The audit has an "erased" event for each file,
 * before the file changes.
 */
#ifndef FEED_ERASE_H
#define FEED_ERASE_H

#include <jansson.h>
#include "store/audit.h"
#include "feed/ingest.h"
#include "store/tombstone.h"

struct erasing {
	const struct conf *conf;
	struct store *store;
	struct audit *audit; /* NULL: it is only looked */
	const struct tombstones *stones;
	struct erasure job;
	const char *dir;            /* for what does not fit in memory */
	void (*breathe)(void *ctx); /* may be NULL */
	void *ctx;
	const bool *stop; /* may be NULL */
	/* Told of each record of the store that somebody is found in, as it was
	 * and (NULL: nothing is left) as it is without him; may be NULL. */
	void (*record)(void *ctx, const char *feed, enum record_kind kind,
	    const struct conv *was, const struct conv *is);
	void *record_ctx;
	/*
	 * What was found, without identifiers, as objects:
	 *
	 *   orders, by FEED/KIND/ID: feed, kind, id, created, status, revenue,
	 *   gone; the first ERASE_LISTED, the others are counted (orders_more)
	 *
	 *   files, by path: feed, what, rows, changed
	 *
	 *   received, by FEED/FILE/ID: feed, file, id, sent (status and revenue
	 *   as keys), versions, pulls, first_pull; as many
	 *
	 *   unread, by path: why
	 *
	 *   names, by path: what is called by him.  Such a name stays, for
	 *   the audit has it.  Here it is masked, as in the other lists.
	 *
	 *   replay, by feed: why its dumps cannot be replayed as yet
	 */
	json_t *act;
};

/* The act is made by them; -1 when the world is bad. */
int erase_files(struct erasing *x, struct err *e);
/* What lies in published/ alone; it is only looked at. */
int erase_published(struct erasing *x, struct err *e);
int erase_orders(struct erasing *x, struct err *e);
/* Contacts of whom nothing would be left: orders that name them are his too.
 * Adds to stones. */
int erase_clients(struct erasing *x, struct tombstones *stones, struct err *e);

#define ERASE_LISTED 1000

json_t *erase_act_new(void);
/* A member of the act's object: there, or made; NULL: the list is full, which
 * is counted. */
json_t *erase_note(struct erasing *x, const char *list, const char *key);
/* Kept in the store, for whoever goes on. */
int erase_save(struct erasing *x, struct err *e);

/* --- in ingest ------------------------------------------------------------ */

/* Everybody who was erased; *out is the caller's, NULL: nobody ever was. */
int erase_stones(const struct conf *c, struct store *s, struct tombstones **out,
    struct err *e);
/* in->stones, from the store. */
int erase_load(struct ingest *in, struct err *e);
/*
 * A dump that has, or may have, one of in->stones, before it is archived.
 * *keep: it is; then *copy is an unnamed file without them, the caller's, and
 * *text the settings' text that reads it, or -1: nobody is in it.
 */
int erase_dump(struct ingest *in, const struct settings *s, int fd, int *copy,
    char **text, bool *keep, struct err *e);

/* Erasures that were interrupted. */
void erase_resume(struct ingest *in);

#endif
