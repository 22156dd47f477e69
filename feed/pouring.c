/*
 * Writing beside the making.  See pouring.h.
 */
#include "feed/pouring.h"

#include <assert.h>
#include <errno.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/belt.h"
#include "server/bytes.h"

#define BLOCKS 8

struct block {
	size_t n;
	char bytes[POURING_MOST];
};

struct pouring {
	int fd;
	struct growing *growing;
	struct belt *belt;
	pthread_t thread;
	bool beside; /* the thread is there, and has all that follows */
	struct sha256_ctx sha;
	int error; /* errno of what went wrong */
};

static int
pour(struct pouring *p, const void *buf, size_t n)
{
	if (bytes_write(p->fd, buf, n) == -1) {
		p->error = errno != 0 ? errno : EIO;
		return -1;
	}
	if (p->growing != NULL)
		growing_add(p->growing, n);
	sha256_update(&p->sha, n, buf);
	return 0;
}

static void *
run(void *ctx)
{
	struct pouring *p = ctx;
	const struct block *b;

	while ((b = belt_next(p->belt)) != NULL && pour(p, b->bytes, b->n) == 0)
		continue;
	belt_stop(p->belt);
	return NULL;
}

struct pouring *
pouring_open(int fd, struct growing *growing)
{
	struct pouring *p = mem_alloc(sizeof *p);

	p->fd = fd;
	p->growing = growing;
	p->belt = belt_open(BLOCKS, sizeof(struct block), false);
	sha256_init(&p->sha);
	p->beside = belt_thread(&p->thread, run, p);
	return p;
}

int
pouring_add(struct pouring *p, const void *buf, size_t n)
{
	struct block *b;

	assert(n <= POURING_MOST);
	if (!p->beside && p->error == 0)
		return pour(p, buf, n);
	b = p->beside ? belt_take(p->belt) : NULL;
	if (b == NULL) {
		errno = p->error;
		return -1;
	}
	memcpy(b->bytes, buf, n);
	b->n = n;
	belt_give(p->belt);
	return 0;
}

/* Until all is written. */
static void
join(struct pouring *p)
{
	belt_end(p->belt);
	if (p->beside)
		pthread_join(p->thread, NULL);
	p->beside = false;
}

int
pouring_end(struct pouring *p, char sha256[65])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	int error;

	join(p);
	error = p->error;
	sha256_digest(&p->sha, sizeof digest, digest);
	bytes_hex(sha256, digest, sizeof digest);
	pouring_cancel(p);
	errno = error;
	return error == 0 ? 0 : -1;
}

void
pouring_cancel(struct pouring *p)
{
	if (p == NULL)
		return;
	join(p);
	belt_close(p->belt);
	free(p);
}
