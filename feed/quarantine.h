/*
 * What lies in an inbox and is no plain file of somebody we know is not opened
 * but moved to state/quarantine/FEED/, for the admin to look at.
 */
#ifndef FEED_QUARANTINE_H
#define FEED_QUARANTINE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include "server/conf.h"

/* May it be opened?  If not, why. */
bool quarantine_trusts(const struct stat *st, const uid_t *owner, size_t owners,
    char *why, size_t size);

/* Moves it there from the folder dir, under a name that is free; -1 and
 * errno. */
int quarantine_move(
    const struct conf *c, const struct feed *feed, int dir, const char *name);

#endif
