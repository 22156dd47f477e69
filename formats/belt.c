/*
 * A belt between threads.  See belt.h.
 */
#include "formats/belt.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>

#include "formats/arena.h"

/* What one thread waits for and another one does, so that nobody is woken for
 * nothing, or for one block: who waits for a full belt to be emptied, or for an
 * empty one to be filled, sleeps until half of it is.  Threads that wake each
 * other for each block end up on one processor, and take turns there. */
enum deed {
	GIVEN,
	PASSED,
	EMPTIED,
	DEEDS
};

struct belt {
	pthread_mutex_t lock;
	pthread_cond_t done[DEEDS];
	size_t blocks, bytes;
	/* How many, ever, at most blocks apart; passed: by the one between. */
	size_t given, passed, emptied;
	bool between;          /* there is one */
	bool passing, holding; /* he, and the one that empties, has one */
	bool ended, passed_all, stopped;
	char *block;
};

struct belt *
belt_open(size_t blocks, size_t bytes, bool between)
{
	struct belt *b = mem_alloc(sizeof *b);

	pthread_mutex_init(&b->lock, NULL);
	for (int i = 0; i < DEEDS; i++)
		pthread_cond_init(&b->done[i], NULL);
	b->blocks = blocks;
	b->bytes = bytes;
	b->between = between;
	b->block = mem_alloc(blocks * bytes);
	return b;
}

void
belt_close(struct belt *b)
{
	if (b == NULL)
		return;
	for (int i = 0; i < DEEDS; i++)
		pthread_cond_destroy(&b->done[i]);
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
		pthread_cond_wait(&b->done[EMPTIED], &b->lock);
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
	for (int i = 0; i < DEEDS; i++)
		pthread_cond_signal(&b->done[i]);
	pthread_mutex_unlock(&b->lock);
}

void
belt_give(struct belt *b)
{
	pthread_mutex_lock(&b->lock);
	b->given++;
	if (b->given - b->emptied >= b->blocks / 2)
		pthread_cond_signal(&b->done[GIVEN]);
	pthread_mutex_unlock(&b->lock);
}

void
belt_wait(struct belt *b)
{
	assert(!b->between);
	pthread_mutex_lock(&b->lock);
	pthread_cond_signal(&b->done[GIVEN]); /* it may sleep until half */
	while (b->given != b->emptied)
		pthread_cond_wait(&b->done[EMPTIED], &b->lock);
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

/* To be called with the lock. */
static void
pass_on(struct belt *b)
{
	b->passed += b->passing;
	b->passing = false;
	if (b->passed_all || b->passed - b->emptied >= b->blocks / 2)
		pthread_cond_signal(&b->done[PASSED]);
}

void *
belt_pass(struct belt *b)
{
	void *block = NULL;

	pthread_mutex_lock(&b->lock);
	pass_on(b);
	while (!b->ended && !b->stopped && b->given == b->passed)
		pthread_cond_wait(&b->done[GIVEN], &b->lock);
	if (!b->stopped && b->given != b->passed) {
		b->passing = true;
		block = belt_block(b, b->passed % b->blocks);
	}
	pthread_mutex_unlock(&b->lock);
	return block;
}

void
belt_pass_end(struct belt *b)
{
	pthread_mutex_lock(&b->lock);
	b->passed_all = true;
	pass_on(b);
	pthread_mutex_unlock(&b->lock);
}

/* Is one to be waited for? */
static bool
is_coming(const struct belt *b)
{
	return b->between ? !b->passed_all && b->passed == b->emptied
			  : !b->ended && b->given == b->emptied;
}

void *
belt_next(struct belt *b)
{
	void *block = NULL;

	pthread_mutex_lock(&b->lock);
	if (b->holding) {
		b->holding = false;
		b->emptied++;
		if (b->given - b->emptied <= b->blocks / 2)
			pthread_cond_signal(&b->done[EMPTIED]);
	}
	while (is_coming(b))
		pthread_cond_wait(
		    &b->done[b->between ? PASSED : GIVEN], &b->lock);
	if ((b->between ? b->passed : b->given) != b->emptied) {
		b->holding = true;
		block = belt_block(b, b->emptied % b->blocks);
	}
	pthread_mutex_unlock(&b->lock);
	return block;
}

bool
belt_thread(pthread_t *thread, void *(*run)(void *), void *ctx)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc == 0;
}
