/*
 * What a dump's records lose when somebody in them was erased.  The cells are
 * looked through before they mean anything, so that nothing behind (the merge,
 * the reports, the archived copy) ever sees the identifier.
 *
 * A record is left out when the order itself was erased, when its id is or
 * was made of the identifier, or when no other identifier is left in it.  Else
 * it stays without the identifier, without the fields that say who somebody is,
 * and without the cells that nobody mapped.
 */
#ifndef STORE_SIEVE_H
#define STORE_SIEVE_H

#include <stdbool.h>
#include <stdint.h>
#include "formats/dump.h"
#include "store/tombstone.h"

struct sieve {
	const struct tombstones *stones;
	const struct settings *settings;
	const struct dump_facts *facts;
	uint64_t dropped; /* records left out so far */
	uint64_t changed; /* records that lost something */

	/* its own, of the record */
	bool touched, gone;
	struct slice *span; /* of a cell */
	size_t spans, room;
};

/* All three outlive it; to be called when d was just opened. */
void sieve_attach(struct sieve *s, const struct tombstones *stones,
    const struct settings *settings, struct dump *d);
void sieve_free(struct sieve *s);

/* Once for each record: is it left out? */
bool sieve_drops(struct sieve *s, const struct record *r);

#endif
