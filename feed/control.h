/*
 * convdrop's line to the running daemon: the socket state/control.
 */
#ifndef FEED_CONTROL_H
#define FEED_CONTROL_H

#include <stdbool.h>
#include "server/conf.h"
#include "server/err.h"
#include "feed/ingest.h"

/* Does the daemon run? */
bool control_alive(const struct conf *c);

/* One command and its answer; -1 when no daemon runs or it gave none. */
int control_ask(const struct conf *c, const struct command *q, struct answer *a,
    struct err *e);

#endif
