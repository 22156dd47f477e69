/*
 * What the archive holds of a dump under pii = hash: its records as they were
 * mapped and hashed, in CSV with the fields' own names as columns, instead of
 * the original.  Read again under canon_settings it gives the same records.
 */
#ifndef STORE_CANON_H
#define STORE_CANON_H

#include "formats/conv.h"
#include "formats/settings.h"
#include "server/err.h"
#include "store/store.h"

struct canon;

/* An unnamed file in the folder dir. */
int canon_open(struct canon **out, const char *dir, struct err *e);
void canon_close(struct canon *c); /* NULL is fine */

/* auto_id: the id is left empty, for it is made of the record again. */
int canon_add(
    struct canon *c, const struct conv *r, bool auto_id, struct err *e);

/* The descriptor, at its beginning; stays the canon's. */
int canon_end(struct canon *c, struct err *e);

/* The settings that read it again.  What the preset decided (rules: same_id,
 * the kind of its records, whether they join clients) is theirs by then;
 * settings_free what comes out. */
struct settings *canon_settings(
    const struct settings *s, const struct merge_rules *rules);

/* Is that what s are? */
bool canon_is(const struct settings *s);
/* What of today's settings still matters: the records were mapped when they
 * were dropped, with the statuses, columns, zones and prefixes of then. */
void canon_revise(struct settings *canon, const struct settings *today);

#endif
