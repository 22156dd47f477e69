/*
 * The coming host keys: keys/next/ holds them until they take the places of
 * those in keys/, and keys/next/at, if it is there, the second in which they
 * do.  `convdrop key` makes them and sets the time; the parent changes over,
 * or, when no daemon runs, `convdrop key` itself.  Cut off at any point,
 * changing over goes on where it was.
 */
#ifndef SERVER_ROTATE_H
#define SERVER_ROTATE_H

#include <stdbool.h>
#include <stdint.h>
#include "keys/hostkey.h"
#include "server/conf.h"
#include "server/err.h"

struct rotation {
	bool there; /* keys are to come */
	int64_t at; /* Unix seconds; 0: no time is set */
};
int rotate_look(struct rotation *r, const struct conf *c, struct err *e);

int rotate_make(const struct conf *c, struct err *e); /* if none are there */
int rotate_set(const struct conf *c, int64_t at, struct err *e);
int rotate_cancel(const struct conf *c, struct err *e);

/* The coming keys take their places; rotate_finish once they are in force. */
int rotate_apply(const struct conf *c, struct err *e);
int rotate_finish(const struct conf *c, struct err *e);

/* "SHA256:…" of a key, or of the one that is to come; "" when there is none. */
#define FINGERPRINT_SIZE 64
int rotate_fingerprint(char out[FINGERPRINT_SIZE], const struct conf *c,
    enum hostkey_type t, bool coming, struct err *e);

#endif
