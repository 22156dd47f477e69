/*
 * What the hold gate asks of the store and of the merge: told of every order
 * of a dump, it counts what would get worse and keeps a sample of the ids, for
 * other feeds to recognise.
 *
 *      weigh_begin before the merge; weigh_merged is its merge_rules.merged;
 *      weigh_judge after it, in the same transaction; weigh_end.
 */
#ifndef FEED_WEIGH_H
#define FEED_WEIGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "feed/gate.h"
#include "store/merge.h"
#include "feed/profile.h"
#include "store/store.h"

struct weigh {
	struct gate_facts facts;
	const struct conf *conf;
	const struct feed *feed;
	struct sample *sample; /* NULL: nobody would know them */
	size_t prefix;         /* of the source's ids */
};

/* May be asked to judge though hold = no: then nothing is a reason. */
int weigh_begin(struct weigh *w, const struct conf *c, const struct feed *f,
    struct store *s, struct err *e);
/* Is there anything to be told of? */
bool weigh_wants_orders(const struct weigh *w);
void weigh_merged(
    void *ctx, const struct merge_order *was, const struct merge_order *is);
/* p: the dump's profile, whole; its zones last. */
int weigh_judge(struct weigh *w, const char *source, const struct profile *p,
    struct store *s, struct gate *out, struct err *e);
void weigh_end(struct weigh *w); /* once begun, or all zeros */

#endif
