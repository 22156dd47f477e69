/*
 * The rules by which the rows of one dump become orders (design 2 "Merge").
 * Pure: no SQL, no clock.  store_merge gives it the store's orders to start
 * from; `convdrop convert` starts from nothing.
 *
 * For a dump (merge_run.c): store_merge_add every record to a sorter, sort,
 * merge_run.  For one order (merge.c): merge_begin, merge_apply for each row,
 * merge_finish.
 */
#ifndef STORE_MERGE_H
#define STORE_MERGE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/conv.h"
#include "server/err.h"
#include "store/sorter.h"
#include "store/store.h"

/* --- ids that differ by zeros ------------------------------------------- */

#define VARIANT_MAX 64 /* longer ids are nobody's numbers */

/* What a spreadsheet leaves of a number with zeros in front, or ".0" behind:
 * "123" of "00123" and "123.0"; in buf.  Empty when nothing is taken off it.
 * The first prefix bytes are the source's and stay. */
struct slice variant_canonical(
    char buf[VARIANT_MAX], struct slice id, size_t prefix);

/* Is it a number that nothing would be taken off? */
bool variant_is_plain(struct slice id, size_t prefix);

/* --- one dump ----------------------------------------------------------- */

/* An order on its way from and to where orders are kept. */
struct merge_order {
	struct conv conv; /* FIELD_ID is its id */
	/* The same, packed by conv_pack, where that is at hand; else empty. */
	struct slice packed;
	bool frozen;   /* its creation time was pulled and stays */
	int64_t dump;  /* what its newest row came from */
	int64_t since; /* find's, untouched for put */
	unsigned long line;
	/* The creation time that the dump's last row of it gave, whether it was
	 * taken or not; CONV_NONE when none did.  Not kept. */
	int64_t told_time;
	/* With rules.each_step: statuses that rows of the dump had and later
	 * rows replaced, in their order, each followed by '\n'.  Not kept. */
	struct slice passed;
};

/* An order as it is kept. */
struct merge_known {
	struct slice id, conv; /* packed, without id and creation time */
	int64_t create_time, since, dump;
	unsigned long line;
	bool frozen;
};

struct merge_orders {
	/* The order of that id: 1, 0 when there is none, -1.  Lives until the
	 * next call.  NULL: no order is known. */
	int (*find)(
	    void *ctx, struct slice id, struct merge_known *out, struct err *e);
	/* All of what was found; its texts live as long. */
	int (*read)(void *ctx, const struct merge_known *k,
	    struct merge_order *out, struct err *e);
	/* Keeps a new order (was NULL) or a changed one. */
	int (*put)(void *ctx, struct slice id, const struct merge_order *was,
	    const struct merge_order *is, struct err *e);
	/* For an id that is not known: one that is, and differs from it by
	 * zeros alone.  canonical is the id without them, padded says whether
	 * it has any; *known may use out.  1, 0, -1.  NULL: none is known. */
	int (*find_variant)(void *ctx, struct slice canonical, bool padded,
	    char out[VARIANT_MAX], struct slice *known, struct err *e);
	/* Is there a contact of that id?  NULL: none is known. */
	int (*knows_client)(void *ctx, struct slice client, struct err *e);
	void *ctx;
};

/*
 * Merges the records of a sorter that was sorted.  Adds to t the buckets,
 * future, auto_ids, same_id, amounts_differ, dates_kept, skip_kept,
 * identifiers_kept and waiting; every record that came out of the sorter is in
 * exactly one bucket afterwards.  t->records is the caller's.
 */
int merge_run(struct sorter *sorted, const struct merge_rules *rules,
    const struct merge_orders *orders, struct tally *t, struct err *e);

/* --- one order ---------------------------------------------------------- */

/* A row's fate once it is known; also the index of merge_state.count. */
enum merge_bucket {
	MERGE_ACCEPTED,   /* a value in the order is its own and new */
	MERGE_UNCHANGED,  /* its values are the ones that were known */
	MERGE_SUPERSEDED, /* nothing of it is left, or it was older */
	MERGE_SKIPPED,    /* status skip */
	MERGE_REJECTED,   /* the merged order lacks what is required */
	MERGE_BUCKETS
};

/*
 * Rows of one dump and one id, in the order of their lines.  A row's fate
 * depends on later rows: each field remembers which row it came from, so a row
 * that owns no field any more is superseded, and memory does not grow with the
 * number of rows.
 */
struct merge_state {
	const struct merge_rules *rules;
	struct merge_order was; /* what is known; valid when known */
	struct merge_order is;  /* what it becomes */
	bool known;             /* the order was known before the dump */
	bool live;              /* it exists: known, or a row made it */
	bool dropped;           /* its newest row says skip */
	uint64_t rows;          /* applied so far; a row's number, from 1 */
	uint64_t owner[FIELD_COUNT]; /* row that the value is from; 0: known */
	bool supplied[FIELD_COUNT];  /* by a row that was newer */
	bool newer; /* some row was newer than what was known */
	bool amount_seen, amounts_differ, date_kept, skip_kept;
	int64_t amount;   /* the first revenue seen */
	int64_t sum[2];   /* same_id = sum: revenue, cost */
	bool gave[2];     /* some row gave to it */
	uint64_t summed;  /* rows that gave to a sum and own nothing */
	uint64_t settled; /* superseded by a skip, whatever follows */
	uint64_t count[MERGE_BUCKETS]; /* rows whose fate is settled */
	struct arena text[3];          /* of is.conv, a spare, of was.conv */
	size_t text_bytes;
};

void merge_init(struct merge_state *m); /* once; then merge_begin each */
void merge_free(struct merge_state *m);

/* was NULL: the order is not known. */
void merge_begin(struct merge_state *m, const struct merge_rules *rules,
    struct slice id, const struct merge_order *was);

void merge_apply(struct merge_state *m, const struct conv *row,
    unsigned long line, bool skip);

/* Why these values make no order (contact, call, chat): what is required of
 * its kind and missing; or REJECT_NONE. */
enum reject merge_wants(const struct merge_rules *rules, const struct conv *c);

/* The field that a refusal of the merge is about; FIELD_COUNT for none. */
enum field merge_field(enum reject why);

/* Why the order as it is now cannot be made; REJECT_NONE once it can, and
 * from then on it can, unless a later row says skip. */
enum reject merge_lacks(const struct merge_state *m);

/*
 * Settles all rows in count.  REJECT_NONE, or why all rows but the skipped ones
 * are rejected.  *changed: the order in m->is must be kept.
 */
enum reject merge_finish(struct merge_state *m, bool *changed);

#endif
