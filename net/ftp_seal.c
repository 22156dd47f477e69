/*
 * Two threads that take turns with a large file.  See ftp_seal.h.
 *
 * Each has every second block.  Two things are done in the order of the blocks,
 * by one thread at a time: encrypting, as the session has a state, and sending.
 * While the one sends, the other encrypts, and what was encrypted is sent by
 * the same processor, which still has it at hand.
 */
#include "net/ftp_seal.h"

#include <pthread.h>
#include <stdlib.h>

#include "formats/belt.h"
#include "net/window.h"

#define BLOCK ((size_t)512 * 1024)

enum {
	OURS,   /* blocks 0, 2, 4 …: the session's thread */
	HELPERS /* blocks 1, 3, 5 … */
};

struct seal {
	struct tls *tls;
	int fd;
	bool lasts;
	uint64_t at, end;      /* of the file */
	uint64_t blocks, mine; /* of the session's thread: the one it is at */
	pthread_t helper;
	pthread_mutex_t lock; /* of all until the records */
	pthread_cond_t turn;
	uint64_t sealed, sent; /* blocks so far; the next one's turn is next */
	struct sealed rest;    /* of the helper's last: for us to send */
	enum seal_end trouble; /* SEAL_MORE: none */
	bool stopped;
	struct {
		bool made;
		size_t n;
		uint8_t p[TLS_SEALED_MAX(BLOCK)];
	} records[2];
};

static bool
goes_on(const struct seal *s)
{
	return !s->stopped && s->trouble == SEAL_MORE;
}

/* Until it is block k's turn.  False when it never will be. */
static bool
await_turn(struct seal *s, const uint64_t *done, uint64_t k)
{
	bool on;

	pthread_mutex_lock(&s->lock);
	while (goes_on(s) && *done != k)
		pthread_cond_wait(&s->turn, &s->lock);
	on = goes_on(s);
	pthread_mutex_unlock(&s->lock);
	return on;
}

static void
end_turn(struct seal *s, uint64_t *done, enum seal_end trouble)
{
	pthread_mutex_lock(&s->lock);
	++*done;
	if (s->trouble == SEAL_MORE)
		s->trouble = trouble;
	pthread_cond_signal(&s->turn);
	pthread_mutex_unlock(&s->lock);
}

/* Encrypts block k when it is its turn.  The file is looked at before, and
 * never while the client is waited for. */
static bool
make(struct seal *s, uint64_t k)
{
	uint64_t at = s->at + k * BLOCK, left = s->end - at;
	enum seal_end trouble = SEAL_MORE;
	struct window w;
	ssize_t n = -1;

	if (!window_open(
		&w, s->fd, at, left < BLOCK ? (size_t)left : BLOCK, s->lasts)) {
		end_turn(s, &s->sealed, SEAL_DISK);
		return false;
	}
	if (await_turn(s, &s->sealed, k)) {
		n = tls_seal(s->tls, w.p, w.n, s->records[k % 2].p);
		if (n == -1)
			trouble = SEAL_TLS;
	}
	s->records[k % 2].n = (size_t)n;
	if (!window_close(&w))
		trouble = SEAL_DISK;
	end_turn(s, &s->sealed, trouble);
	return n != -1 && trouble == SEAL_MORE;
}

/* What the socket does not take at once, the session's thread sends, which can
 * wait for it. */
static void
send_some(struct seal *s, uint64_t k)
{
	struct sealed left = { .p = s->records[HELPERS].p,
		.n = s->records[HELPERS].n,
		.last = k + 1 == s->blocks };
	ssize_t n = 0;

	while (n >= 0 && left.n > 0) {
		n = tls_send(s->tls, left.p, left.n, !left.last);
		if (n > 0) {
			left.p += n;
			left.n -= (size_t)n;
		}
	}
	pthread_mutex_lock(&s->lock);
	s->rest = left;
	s->sent++;
	pthread_cond_signal(&s->turn);
	while (goes_on(s) && s->rest.n > 0)
		pthread_cond_wait(&s->turn, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void *
help(void *p)
{
	struct seal *s = p;

	for (uint64_t k = HELPERS; k < s->blocks; k += 2) {
		if (!make(s, k) || !await_turn(s, &s->sent, k))
			break;
		send_some(s, k);
	}
	return NULL;
}

struct seal *
seal_open(struct tls *t, int fd, bool lasts, uint64_t at, uint64_t end)
{
	struct seal *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->tls = t;
	s->fd = fd;
	s->lasts = lasts;
	s->at = at;
	s->end = end;
	s->blocks = (end - at + BLOCK - 1) / BLOCK;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->turn, NULL);
	if (belt_thread(&s->helper, help, s))
		return s;
	free(s);
	return NULL;
}

enum seal_end
seal_next(struct seal *s, struct sealed *out)
{
	if (s->rest.n > 0) {
		pthread_mutex_lock(&s->lock);
		s->rest.n = 0;
		pthread_cond_signal(&s->turn);
		pthread_mutex_unlock(&s->lock);
	} else if (s->records[OURS].made) {
		s->records[OURS].made = false;
		s->mine += 2;
		end_turn(s, &s->sent, SEAL_MORE);
	}
	if (s->mine < s->blocks && !s->records[OURS].made) {
		if (!make(s, s->mine))
			return s->trouble;
		s->records[OURS].made = true;
	}
	if (!await_turn(s, &s->sent, s->mine < s->blocks ? s->mine : s->blocks))
		return s->trouble;
	*out = s->rest;
	if (s->rest.n == 0 && s->mine < s->blocks)
		*out = (struct sealed){ .p = s->records[OURS].p,
			.n = s->records[OURS].n,
			.last = s->mine + 1 == s->blocks };
	return out->n > 0 ? SEAL_MORE : SEAL_OVER;
}

uint64_t
seal_close(struct seal *s)
{
	uint64_t at;

	pthread_mutex_lock(&s->lock);
	s->stopped = true;
	pthread_cond_signal(&s->turn);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->helper, NULL);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->turn);
	at = s->at + s->sealed * BLOCK;
	if (at > s->end)
		at = s->end;
	free(s);
	return at;
}
