/*
 * gzip files as the archive writes them: packed, or stored (their bytes as they
 * are, in blocks that any gzip reader takes), which costs next to nothing.
 *
 *      gzip_open; gzip_add …; gzip_end, after which the file is whole;
 *      gzip_close.
 *
 * Nothing of the file's name or time is in it.
 */
#ifndef STORE_GZIP_H
#define STORE_GZIP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gzip;

/* Writes to the descriptor, from where it stands. */
struct gzip *gzip_open(int to, bool stored);
/* -1 and errno. */
int gzip_add(struct gzip *z, const unsigned char *p, size_t n);
int gzip_end(struct gzip *z);
void gzip_close(struct gzip *z); /* NULL is fine */

/* Is it one that was stored here?  As far as its first and last bytes tell. */
bool gzip_is_stored(int from);

/* What a file unpacks to. */
struct gzip_sum {
	uint32_t crc;
	uint64_t bytes;
};
/*
 * Unpacks the file, from its beginning, and tells take (NULL is fine) of every
 * piece; what it answers but 0 ends the reading.  -1 and errno: EBADMSG when it
 * is not one sound gzip member as gzip_end leaves it, ECANCELED once stop (NULL
 * is fine) is set.
 */
int gzip_read(int from,
    int (*take)(void *ctx, const unsigned char *p, size_t n), void *ctx,
    const atomic_bool *stop, struct gzip_sum *sum);

#endif
