/*
 * A file that is read while it is written.  See growing.h.
 */
#include "store/growing.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "formats/arena.h"

#define TOLD_EVERY ((uint64_t)256 * 1024) /* bytes, as readers ask for */

struct growing {
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t grown;
	uint64_t size;
	bool ended;
};

struct growing *
growing_open(int fd)
{
	struct growing *g = mem_alloc(sizeof *g);

	g->fd = fd;
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->grown, NULL);
	return g;
}

void
growing_close(struct growing *g)
{
	if (g == NULL)
		return;
	pthread_cond_destroy(&g->grown);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

void
growing_add(struct growing *g, size_t n)
{
	uint64_t before;

	pthread_mutex_lock(&g->lock);
	before = g->size;
	g->size += n;
	if (before / TOLD_EVERY != g->size / TOLD_EVERY)
		pthread_cond_broadcast(&g->grown);
	pthread_mutex_unlock(&g->lock);
}

void
growing_end(struct growing *g)
{
	pthread_mutex_lock(&g->lock);
	g->ended = true;
	pthread_cond_broadcast(&g->grown);
	pthread_mutex_unlock(&g->lock);
}

/* How many bytes there are from at on; waits until there are some. */
static uint64_t
wait_for(struct growing *g, uint64_t at)
{
	uint64_t n;

	pthread_mutex_lock(&g->lock);
	while (g->size <= at && !g->ended)
		pthread_cond_wait(&g->grown, &g->lock);
	n = g->size > at ? g->size - at : 0;
	pthread_mutex_unlock(&g->lock);
	return n;
}

ssize_t
growing_read(struct growing *g, void *buf, size_t n, uint64_t at)
{
	uint64_t there = wait_for(g, at);
	ssize_t k;

	if (there == 0)
		return 0;
	do {
		k = pread(g->fd, buf, n < there ? n : (size_t)there, (off_t)at);
	} while (k == -1 && errno == EINTR);
	return k;
}
