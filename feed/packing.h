/*
 * What was archived stored is packed when nobody waits: one file after the
 * other, the newest version first, and each version's sidecar follows.  The
 * store knows which are left, so whatever interrupts it, it goes on.
 *
 *      packing_open; packing_step whenever the loop comes by, or packing_fd can
 *      be read; packing_stop before a person is erased; packing_close.
 */
#ifndef FEED_PACKING_H
#define FEED_PACKING_H

#include <stdbool.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/store.h"

struct packing;

/* Both must outlast it.  NULL with e set. */
struct packing *packing_open(
    const struct conf *c, struct store *s, struct err *e);
void packing_close(struct packing *p); /* NULL is fine */

/* Ends what has come to its end and, when idle, begins the next.  False: none
 * is under way, because nothing is left or because it must wait. */
bool packing_step(struct packing *p, bool idle);
/* Nothing of an archived file is left but the file; it begins anew later. */
void packing_stop(struct packing *p);

int packing_fd(const struct packing *p); /* readable: step is due */
/* Milliseconds until something that failed is tried again. */
int64_t packing_wait_ms(const struct packing *p);

#endif
