/*
 * A belt between two threads.  See belt.h.
 */
#include "formats/belt.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "formats/arena.h"

struct belt {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	size_t blocks, bytes;
	size_t given, emptied; /* how many, ever; at most blocks apart */
	bool holding;          /* the one that empties has one */
	bool ended, stopped;
	char *block;
};

struct belt *
belt_open(size_t blocks, size_t bytes)
{
	struct belt *b = mem_alloc(sizeof *b);

	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->moved, NULL);
	b->blocks = blocks;
	b->bytes = bytes;
	b->block = mem_alloc(blocks * bytes);
	return b;
}

void
belt_close(struct belt *b)
{
	if (b == NULL)
		return;
	pthread_cond_destroy(&b->moved);
	pthread_mutex_destroy(&b->lock);
	free(b->block);
	free(b);
}

void *
belt_block(struct belt *b, size_t i)
{
	return i < b->blocks ? b->block + i * b->bytes : NULL;
}

void *
belt_take(struct belt *b)
{
	void *block = NULL;

	pthread_mutex_lock(&b->lock);
	while (!b->stopped && b->given - b->emptied == b->blocks)
		pthread_cond_wait(&b->moved, &b->lock);
	if (!b->stopped)
		block = belt_block(b, b->given % b->blocks);
	pthread_mutex_unlock(&b->lock);
	return block;
}

static void
set(struct belt *b, bool *what)
{
	pthread_mutex_lock(&b->lock);
	*what = true;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
}

void
belt_give(struct belt *b)
{
	pthread_mutex_lock(&b->lock);
	b->given++;
	pthread_cond_broadcast(&b->moved);
	pthread_mutex_unlock(&b->lock);
}

void
belt_end(struct belt *b)
{
	set(b, &b->ended);
}

void
belt_stop(struct belt *b)
{
	set(b, &b->stopped);
}

void *
belt_next(struct belt *b)
{
	void *block = NULL;

	pthread_mutex_lock(&b->lock);
	if (b->holding) {
		b->holding = false;
		b->emptied++;
		pthread_cond_broadcast(&b->moved);
	}
	while (!b->ended && b->given == b->emptied)
		pthread_cond_wait(&b->moved, &b->lock);
	if (b->given != b->emptied) {
		b->holding = true;
		block = belt_block(b, b->emptied % b->blocks);
	}
	pthread_mutex_unlock(&b->lock);
	return block;
}
