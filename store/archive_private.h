/*
 * What the archive's files share: archive.c copies in, archive_read.c opens and
 * checks, archive_pack.c packs what was stored, archive_purge.c takes out.
 * Nobody else includes this.
 */
#ifndef STORE_ARCHIVE_PRIVATE_H
#define STORE_ARCHIVE_PRIVATE_H

#include <nettle/sha2.h>
#include <stddef.h>

#include "store/archive.h"

#define ARCHIVE_BLOCK ((size_t)256 * 1024)

/* The instance's folder; -1 with e set. */
int archive_instance(const struct conf *c, struct err *e);

/* Opens the folder below dir, making what is missing; every folder that got a
 * new name in it is synced.  -1 and errno. */
int archive_folder(int dir, const char *path);

/* "archive/main/2026/11/22/091530-a.gz": "archive/main/2026/11/22". */
void archive_folder_of(char folder[512], const char *path);

void archive_digest(struct sha256_ctx *h, char out[65]);
/* The SHA-256 of the file's bytes; buf has ARCHIVE_BLOCK.  -1 and errno. */
int archive_hash_raw(int fd, unsigned char *buf, char out[65]);

#endif
