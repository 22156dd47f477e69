/*
 * Penalties for wrong guesses, per address (IPv6 by /64) and per account, for
 * all protocols together.  A few are free; then each doubles the time in which
 * nobody's password is looked at.
 *
 * Someone else's guesses must not keep an account's owner out: an address from
 * which this account logged in lately goes by its own count alone.  And a
 * right login ends its address's penalty.  Whoever comes back to the same
 * address with the very password that was right there lately is known, and
 * never waits: guesses that share the address do not keep him out either.
 *
 * Fixed memory: when the table is full, what matters least is forgotten.
 */
#ifndef NET_LIMIT_H
#define NET_LIMIT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include "formats/slice.h"

struct limit;

struct limit *limit_new(void);
void limit_free(struct limit *l);

/* The seconds to wait, 0 for none.  account of length 0: none (a token). */
unsigned limit_check(struct limit *l, const struct in6_addr *from,
    struct slice account, int64_t now_ms);

/* Did this account log in from there lately? */
bool limit_spares(struct limit *l, const struct in6_addr *from,
    struct slice account, int64_t now_ms);

/* … and with this very password?  Asked
 * too often with others since, it is forgotten: who shares the address must
 * not try them one by one. */
bool limit_knows(struct limit *l, const struct in6_addr *from,
    struct slice account, struct slice password, int64_t now_ms);

void limit_wrong(struct limit *l, const struct in6_addr *from,
    struct slice account, struct slice password, int64_t now_ms);
/* password of length 0: none (a public key). */
void limit_right(struct limit *l, const struct in6_addr *from,
    struct slice account, struct slice password, int64_t now_ms);

#endif
