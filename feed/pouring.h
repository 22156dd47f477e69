/*
 * Bytes on their way into a file: a thread of its own hashes and writes them,
 * so that whoever makes them waits for neither.
 *
 *      pouring_open; pouring_add …; pouring_end or pouring_cancel
 */
#ifndef FEED_POURING_H
#define FEED_POURING_H

#include <stddef.h>
#include "store/growing.h"

#define POURING_MOST 65536 /* bytes at once */

struct pouring;

/* growing may be NULL; else it is told of what is written. */
struct pouring *pouring_open(int fd, struct growing *growing);

/* 0; -1 with errno when something went wrong with these bytes or earlier ones.
 */
int pouring_add(struct pouring *p, const void *buf, size_t n);

/* All is written: 0 with its SHA-256, or -1 with errno.  Frees, as does
 * pouring_cancel (NULL is fine). */
int pouring_end(struct pouring *p, char sha256[65]);
void pouring_cancel(struct pouring *p);

#endif
