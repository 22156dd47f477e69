/*
 * Encryption beside sending.  See ftp_seal.h.
 *
 * The session's thread lays parts of the file on a belt, on which they come
 * back to it as records: it fills the belt and empties it, and the other one
 * stands between.  The threads have to be several blocks apart, as waking each
 * other takes longer than encrypting one.
 */
#include "net/ftp_seal.h"

#include <pthread.h>
#include <stdlib.h>

#include "formats/belt.h"
#include "server/bytes.h"

#define BLOCKS 4
#define BLOCK ((size_t)512 * 1024) /* fewer wakings */

struct block {
	const uint8_t *plain; /* in room */
	size_t plain_n;
	ssize_t n; /* of records; -1: they could not be made */
	uint8_t room[BYTES_ROOM(BLOCK)];
	uint8_t records[TLS_SEALED_MAX(BLOCK)];
};

struct seal {
	struct tls *tls;
	int fd;
	uint64_t at, end; /* of the file: what is not on the belt yet */
	struct belt *belt;
	size_t there; /* blocks that are, but for the one that is sent */
	pthread_t thread;
};

static void *
run(void *p)
{
	struct seal *s = p;
	struct block *b;

	while ((b = belt_pass(s->belt)) != NULL)
		b->n = tls_seal(s->tls, b->plain, b->plain_n, b->records);
	belt_pass_end(s->belt);
	return NULL;
}

/* Lays as much on the belt as there is room for.  False when the file has it
 * not. */
static bool
fill(struct seal *s)
{
	while (s->at < s->end && s->there < BLOCKS - 1) {
		uint64_t left = s->end - s->at;
		struct block *b = belt_take(s->belt);

		b->plain_n = left < BLOCK ? (size_t)left : BLOCK;
		b->plain = bytes_part(b->room, s->fd, s->at, b->plain_n);
		if (b->plain == NULL)
			return false;
		s->at += b->plain_n;
		s->there++;
		belt_give(s->belt);
		if (s->at == s->end)
			belt_end(s->belt);
	}
	return true;
}

struct seal *
seal_open(struct tls *t, int fd, uint64_t at, uint64_t end)
{
	struct seal *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	*s = (struct seal){ .tls = t, .fd = fd, .at = at, .end = end };
	s->belt = belt_open(BLOCKS, sizeof(struct block), true);
	if (belt_thread(&s->thread, run, s))
		return s;
	belt_close(s->belt);
	free(s);
	return NULL;
}

enum seal_end
seal_next(struct seal *s, struct sealed *out)
{
	struct block *b;

	if (!fill(s))
		return SEAL_DISK;
	if (s->there == 0)
		return SEAL_OVER;
	b = belt_next(s->belt);
	s->there--;
	*out = (struct sealed){ .p = b->records,
		.n = (size_t)b->n,
		.plain = b->plain_n,
		.last = s->at == s->end && s->there == 0 };
	return b->n == -1 ? SEAL_TLS : SEAL_MORE;
}

void
seal_close(struct seal *s)
{
	belt_stop(s->belt);
	pthread_join(s->thread, NULL);
	belt_close(s->belt);
	free(s);
}
