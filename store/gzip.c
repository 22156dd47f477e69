/*
 * gzip files, by ISA-L: zlib's fastest level took five times as long, more than
 * all else that is done with a dump, and its files were larger.  ISA-L streams
 * (libdeflate wants the whole file in memory for one member, and not every HTTP
 * client reads several).  It is ordinary gzip, which zlib reads.
 *
 * A stored block has a header of five bytes (RFC 1951, 3.2.4): whether it is
 * the last, its length and that inverted.
 */
#include "store/gzip.h"

#include <errno.h>
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/bytes.h"

#define LEVEL 1
#define LEVEL_ROOM ISAL_DEF_LVL1_DEFAULT
#define ROOM ((size_t)256 * 1024) /* of what is written or read at once */
#define STORED_MOST 65535U
#define STORED_HEADER 5U

struct gzip {
	int to;
	bool stored;
	uint32_t crc, bytes; /* of what is stored; the latter as gzip counts */
	struct isal_zstream z;
	unsigned char *out;
	size_t n; /* in out, of what is stored */
};

/* --- stored -------------------------------------------------------------- */

static void
put_number(unsigned char *p, uint32_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

static int
flush(struct gzip *z)
{
	int rc = bytes_write(z->to, z->out, z->n);

	z->n = 0;
	return rc;
}

static int
store_block(struct gzip *z, const unsigned char *p, size_t n, bool last)
{
	if (z->n + STORED_HEADER + n > ROOM && flush(z) == -1)
		return -1;
	z->out[z->n] = last;
	put_number(z->out + z->n + 1, (uint32_t)n, 2);
	put_number(z->out + z->n + 3, ~(uint32_t)n, 2);
	if (n > 0)
		memcpy(z->out + z->n + STORED_HEADER, p, n);
	z->n += STORED_HEADER + n;
	return 0;
}

static int
store_bytes(struct gzip *z, const unsigned char *p, size_t n)
{
	z->crc = crc32_gzip_refl(z->crc, p, n);
	z->bytes += (uint32_t)n;
	while (n > 0) {
		size_t k = n < STORED_MOST ? n : STORED_MOST;

		if (store_block(z, p, k, false) == -1)
			return -1;
		p += k;
		n -= k;
	}
	return 0;
}

static int
store_end(struct gzip *z)
{
	if (store_block(z, NULL, 0, true) == -1 || flush(z) == -1)
		return -1;
	put_number(z->out, z->crc, 4);
	put_number(z->out + 4, z->bytes, 4);
	z->n = 8;
	return flush(z);
}

/* --- packed -------------------------------------------------------------- */

static int
pack(struct gzip *z, const unsigned char *p, size_t n, bool last)
{
	union { /* isal_deflate does not write to it */
		const unsigned char *in;
		unsigned char *out;
	} of = { p };

	z->z.next_in = of.out;
	z->z.avail_in = (uint32_t)n;
	z->z.end_of_stream = last;
	do {
		z->z.next_out = z->out;
		z->z.avail_out = (uint32_t)ROOM;
		if (isal_deflate(&z->z) != COMP_OK) {
			errno = EINVAL;
			return -1;
		}
		if (bytes_write(z->to, z->out, ROOM - z->z.avail_out) == -1)
			return -1;
	} while (z->z.avail_out == 0);
	return 0;
}

/* --- writing ------------------------------------------------------------- */

static const unsigned char header[10] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0,
	255 };

bool
gzip_is_stored(int from)
{
	static const unsigned char last[5] = { 1, 0, 0, 0xff, 0xff };
	unsigned char p[sizeof header + STORED_HEADER], q[sizeof last];
	off_t end = lseek(from, 0, SEEK_END);

	return pread(from, p, sizeof p, 0) == sizeof p &&
	       memcmp(p, header, sizeof header) == 0 && p[10] == 0 &&
	       (p[11] ^ p[13]) == 0xff && (p[12] ^ p[14]) == 0xff &&
	       pread(from, q, sizeof q, end - 8 - (off_t)sizeof last) ==
		   sizeof q &&
	       memcmp(q, last, sizeof last) == 0;
}

struct gzip *
gzip_open(int to, bool stored)
{
	struct gzip *z = mem_alloc(sizeof *z);

	z->to = to;
	z->stored = stored;
	z->out = mem_alloc(ROOM);
	if (stored) {
		memcpy(z->out, header, sizeof header);
		z->n = sizeof header;
		return z;
	}
	isal_deflate_init(&z->z);
	z->z.gzip_flag = IGZIP_GZIP;
	z->z.level = LEVEL;
	z->z.level_buf_size = LEVEL_ROOM;
	z->z.level_buf = mem_alloc(LEVEL_ROOM);
	return z;
}

int
gzip_add(struct gzip *z, const unsigned char *p, size_t n)
{
	return z->stored ? store_bytes(z, p, n) : pack(z, p, n, false);
}

int
gzip_end(struct gzip *z)
{
	return z->stored ? store_end(z) : pack(z, NULL, 0, true);
}

void
gzip_close(struct gzip *z)
{
	if (z == NULL)
		return;
	free(z->z.level_buf);
	free(z->out);
	free(z);
}

/* --- reading ------------------------------------------------------------- */

struct reading {
	int from;
	off_t at;
	struct inflate_state z;
	unsigned char *in, *out;
};

/* 1, 0 at the end, -1. */
static int
fill(struct reading *r)
{
	ssize_t n;

	do {
		n = pread(r->from, r->in, ROOM, r->at);
	} while (n == -1 && errno == EINTR);
	if (n <= 0)
		return (int)n;
	r->z.next_in = r->in;
	r->z.avail_in = (uint32_t)n;
	r->at += n;
	return 1;
}

/* Until nothing of what was read is left, or the file's end. */
static int
unpack(struct reading *r,
    int (*take)(void *ctx, const unsigned char *p, size_t n), void *ctx,
    struct gzip_sum *sum)
{
	size_t n;

	do {
		r->z.next_out = r->out;
		r->z.avail_out = (uint32_t)ROOM;
		if (isal_inflate(&r->z) != ISAL_DECOMP_OK) {
			errno = EBADMSG;
			return -1;
		}
		n = ROOM - r->z.avail_out;
		sum->crc = crc32_gzip_refl(sum->crc, r->out, n);
		sum->bytes += n;
		if (n > 0 && take != NULL && take(ctx, r->out, n) != 0)
			return -1;
	} while (r->z.avail_out == 0);
	return 0;
}

int
gzip_read(int from, int (*take)(void *ctx, const unsigned char *p, size_t n),
    void *ctx, const atomic_bool *stop, struct gzip_sum *sum)
{
	struct reading *r = mem_alloc(sizeof *r);
	int rc;

	r->from = from;
	r->in = mem_alloc(ROOM);
	r->out = mem_alloc(ROOM);
	isal_inflate_init(&r->z);
	r->z.crc_flag = ISAL_GZIP; /* it checks the file's own sum */
	*sum = (struct gzip_sum){ 0, 0 };
	while ((rc = fill(r)) == 1) {
		if (stop != NULL && atomic_load(stop)) {
			errno = ECANCELED;
			rc = -1;
			break;
		}
		if (unpack(r, take, ctx, sum) == -1) {
			rc = -1;
			break;
		}
		if (r->z.block_state == ISAL_BLOCK_FINISH &&
		    r->z.avail_in > 0) {
			errno = EBADMSG; /* more follows */
			rc = -1;
			break;
		}
	}
	if (rc == 0 && r->z.block_state != ISAL_BLOCK_FINISH) {
		errno = EBADMSG;
		rc = -1;
	}
	free(r->in);
	free(r->out);
	free(r);
	return rc;
}
