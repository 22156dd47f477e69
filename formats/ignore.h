/*
 * Identifiers that are nobody's own (ignore_identifiers): the office's phone, a
 * test's e-mail.  They are dropped from the cells in which they stand.  The
 * settings have them as MD5s, which enter their text, so that a dump can be
 * read again without the file that named them, and no ledger holds a phone.
 */
#ifndef FORMATS_IGNORE_H
#define FORMATS_IGNORE_H

#include "formats/arena.h"
#include "formats/settings.h"
#include "formats/slice.h"

/* A line of the file: a phone, an e-mail, a ClientID, or the MD5 of a phone or
 * e-mail, each as anybody writes it; or nothing, or a comment behind '#'.
 * False: it is none of them. */
bool ignore_add_line(struct settings *s, struct slice line);

/* As it stands in the settings' text; false: it is none. */
bool ignore_add_md5(struct settings *s, struct slice md5);

/* All of from's.  Lists are in order and without doubles. */
void ignore_add_all(struct settings *s, const struct settings *from);

/* Without those that s ignores; md5: they are MD5s.  dropped is told of each.
 * The result is the list itself, or lives in the arena. */
struct slice ignore_drop(struct arena *a, const struct settings *s,
    struct slice list, bool md5, void (*dropped)(void *ctx, struct slice value),
    void *ctx);

#endif
