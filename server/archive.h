/*
 * The archive: originals and published versions, compressed, readable with
 * zcat, for audit and for rebuilding.
 *
 *      archive/FEED/YYYY/MM/DD/HHMMSS-NAME-HASH12.gz
 *      archive/FEED/published/YYYY/MM/DD/HHMMSS-FILE-HASH12.gz
 */
#ifndef SERVER_ARCHIVE_H
#define SERVER_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "server/store.h"

/*
 * Copies the open file (from its beginning; its bytes as they are when it is
 * gzip already, else gzipped) and syncs file and folders.  path gets where it
 * lies, relative to the instance; hash12 is the SHA-256 of the bytes as
 * dropped, which goes to sha256 (65 bytes).  The same bytes at the same second
 * are not copied twice.  On ENOSPC nothing is left over.  The archived bytes
 * decompress to the same bytes that the dump's own bytes decompress to.
 */
int archive_dump(char path[512], char sha256[65], const struct conf *c,
    const char *feed, const char *name, int fd, int64_t at, struct err *e);
int archive_published(char path[512], const struct conf *c, const char *feed,
    const char *file, int fd, const char *sha256, int64_t mtime,
    struct err *e);

/* Opens one for reading, by the path it got. */
int archive_open(const struct conf *c, const char *path, struct err *e);

/* Removes what is past its time (conf.keep_*), each with an audit event. */
struct audit;
int archive_purge(const struct conf *c, struct store *s, struct audit *a,
    int64_t now, struct err *e);

#endif
