/*
 * What the parts of erase_files share; see erase.h.  Paths are relative to the
 * instance.
 */
#ifndef FEED_ERASE_FILES_H
#define FEED_ERASE_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "feed/erase.h"
#include "feed/expunge.h"

#define HASH_TAIL (1 + 12 + 3) /* "-HASH12.gz" */

struct files {
	char **path;
	size_t n, room;
};

/* Every regular file below, but hidden ones; a folder that is not there has
 * none.  Reports that wait to be put into their places are none of these. */
int erase_files_list(
    const struct conf *c, const char *path, struct files *l, struct err *e);
void erase_files_free(struct files *l);
/* Do the first n bytes of s end so? */
bool erase_ends(const char *s, size_t n, const char *end);

/* The path as it may be shown and kept: its last part masked when it tells of
 * somebody, which is noted. */
const char *erase_shown(
    struct erasing *x, const char *path, char out[PATH_MAX]);

/* --- what is said --------------------------------------------------------- */

void erase_note_file(struct erasing *x, const char *feed, const char *path,
    const char *what, uint64_t rows, uint64_t changed);
void erase_note_unread(struct erasing *x, const char *path, const char *why);

struct erase_event {
	struct erasing *x;
	const char *feed, *path, *into; /* into: NULL: its own name */
	char before[65];
	uint64_t rows;
};

/* What the audit has of it: the name of an original ends in its hash. */
int erase_hash_before(
    struct erasing *x, const char *path, char out[65], struct err *e);
/* Before the file changes; after: NULL when nothing is left of it. */
int erase_say(struct erase_event *v, const char *after, struct err *e);
/* An archived file goes whole. */
int erase_remove(struct erasing *x, const char *feed, const char *path,
    uint64_t rows, struct err *e);

/* --- of what kind it is: fd is the archived file -------------------------- */

/* Which dumps of the ledger lie in it. */
int erase_dump_file(struct erasing *x, const char *path, const json_t *ids,
    int fd, struct err *e);
/* None of the ledger's: of a dump that was known, or of an archive whose
 * members are dumps of their own. */
int erase_copy(struct erasing *x, const char *feed, const char *path, int fd,
    struct err *e);
int erase_version(struct erasing *x, const char *feed, const char *path, int fd,
    struct err *e);
int erase_report(struct erasing *x, const char *feed, const char *path,
    struct expunge *how, const char *what, int fd, struct err *e);

/* --- what is not archived ------------------------------------------------- */

/* published/ or reports/ */
int erase_below(
    struct erasing *x, const char *folder, bool reports, struct err *e);

#endif
