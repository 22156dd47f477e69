/*
 * The archive: originals and published versions, compressed, readable with
 * zcat, for audit and for rebuilding.
 *
 *      archive/FEED/YYYY/MM/DD/HHMMSS-NAME-HASH12.gz
 *      archive/FEED/published/YYYY/MM/DD/HHMMSS-FILE-HASH12.gz
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/conf.h"
#include "server/err.h"
#include "store/growing.h"
#include "store/store.h"

/*
 * Names are made safe: what is not printable UTF-8 becomes '_', and 128 bytes
 * are enough.  A file is written under a hidden name first (.new, one a feed;
 * what a crash left of it goes with the next file) and renamed when synced.
 *
 * Copies the open file (from its beginning; its bytes as they are when it is
 * gzip already, else gzipped) and syncs file and folders.  path gets where it
 * lies, relative to the instance; hash12 is the SHA-256 of the bytes as
 * dropped, which goes to sha256 (65 bytes).  The same bytes at the same second
 * are not copied twice.  On ENOSPC nothing is left over.  The archived bytes
 * decompress to the same bytes that the dump's own bytes decompress to.
 */
int archive_dump(char path[512], char sha256[65], const struct conf *c,
    const char *feed, const char *name, int fd, int64_t at, struct err *e);

/* A published version; sha256 is that of its bytes. */
int archive_published(char path[512], const struct conf *c, const char *feed,
    const char *file, int fd, const char *sha256, int64_t mtime, struct err *e);

/*
 * The same in two steps, between which the copying runs beside the caller, who
 * may read the file too but not change it.  growing may be NULL; else the file
 * is being written as yet, and the end waits until it was.  Nothing is in the
 * archive before archive_end says so.  conf, feed and fd must last until then,
 * and another file of the feed must wait for it.  The end, like archive_cancel
 * (NULL is fine), frees.
 *
 * Packing is most of the work.  What somebody waits for, and is large, is
 * archived stored when it may be: ordinary gzip, whole and synced, but as long
 * as its contents.  The caller asks before the end, and notes it after it
 * (store_unpacked_add); it is packed when nobody waits (packing.h).
 */
struct archiving;
enum archive_how { /* any of them, ored */
	ARCHIVE_DUMP = 0,
	ARCHIVE_PUBLISHED = 1,
	/* The caller hashes it as well.  The end gets its SHA-256 in sha256, so
	 * that no byte is hashed twice; "" when it came to nothing.  What is
	 * gzip already is hashed here all the same. */
	ARCHIVE_HASHED = 2,
	ARCHIVE_STORABLE = 4
};
/* Bytes: less is packed at once; more, too, for it needs much room. */
#define ARCHIVE_STORE_FROM ((off_t)4 << 20)
#define ARCHIVE_STORE_TO ((off_t)4 << 30)
int archive_begin(struct archiving **out, const struct conf *c,
    const char *feed, unsigned how, int fd, struct growing *growing,
    struct err *e);
int archive_end(struct archiving *a, char path[512], char sha256[65],
    const char *name, int64_t at, struct err *e);
/* Waits until all is copied, and lets others do something meanwhile: breathe
 * may be NULL, and when stop, which may be NULL, says so it is an error. */
int archive_wait(struct archiving *a, void (*breathe)(void *ctx), void *ctx,
    const bool *stop, struct err *e);
/* Waits likewise. */
bool archive_is_stored(struct archiving *a);
void archive_cancel(struct archiving *a);
/* Into the place of an archived file that is there.  before is told the
 * SHA-256 once all is synced, and nothing is replaced when it answers -1. */
int archive_end_over(struct archiving *a, const char *path, char sha256[65],
    int (*before)(void *ctx, const char *sha256, struct err *e), void *ctx,
    struct err *e);

/*
 * Packs a file that was archived stored, beside the caller.  What comes of it
 * lies under a hidden name (.packed, one a feed; what a crash left of it goes
 * with the next), was synced and unpacks to the same bytes.  It takes the
 * file's place at the end, and only if that is still the file which was read:
 * purging and erasing need not know.  wake, an eventfd, is written to when the
 * end no longer waits.
 */
/* Is it one of those, whatever was noted?  1, 0, -1. */
int archive_lies_stored(const struct conf *c, const char *path, struct err *e);
struct archive_packing;
enum archive_packed {
	ARCHIVE_PACKED,
	ARCHIVE_GONE,  /* there is no such file (any more) */
	ARCHIVE_OTHER, /* another one is in its place */
	ARCHIVE_LATER, /* no room, or cancelled: it stays as it is */
	ARCHIVE_UNFIT  /* damaged, or cannot be read; it stays as it is */
};
/* *out is NULL unless it begins: then *how says why not. */
void archive_pack_begin(struct archive_packing **out, enum archive_packed *how,
    const struct conf *c, const char *path, int wake, struct err *e);
bool archive_pack_ended(const struct archive_packing *p);
/* Both free; e says why it is not packed. */
enum archive_packed archive_pack_end(struct archive_packing *p, struct err *e);
void archive_pack_cancel(struct archive_packing *p); /* NULL is fine */

/* Takes one out; it may be gone already. */
int archive_remove(const struct conf *c, const char *path, struct err *e);
/* The SHA-256 of its bytes as they are and unpacked ("" when it is no gzip). */
int archive_hash(const struct conf *c, const char *path, char raw[65],
    char unpacked[65], struct err *e);

/* Opens one for reading, by the path it got; -1 with errno set as well. */
int archive_open(const struct conf *c, const char *path, struct err *e);

/*
 * Does the archived file hold the bytes with that SHA-256, as they are or
 * unpacked?  1, 0, -1 (e says why it cannot be read).
 */
int archive_matches(
    const struct conf *c, const char *path, const char *sha256, struct err *e);

/*
 * Removes what is past its time (conf.keep_*), each with an audit event
 * "expired" that comes first and names it: {"archive": path}, or for a month of
 * the audit {"audit": "2023-01.jsonl", "last": the SHA-256 of its last line}.
 * The newest version of a published file stays whatever its age.
 */
struct audit;
int archive_purge(const struct conf *c, struct store *s, struct audit *a,
    int64_t now, struct err *e);

#endif
