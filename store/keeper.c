/*
 * A thread that keeps records, which come to it in batches.  See keeper.h.
 */
#include "store/keeper.h"

#include <pthread.h>
#include <stdlib.h>

#include "formats/belt.h"

#define BATCHES 8
#define ENTRIES 1024
#define BATCH_BYTES ((size_t)128 * 1024)

struct batch {
	struct arena a;
	size_t n, bytes;
	struct entry entry[ENTRIES];
};

struct keeper {
	int (*keep)(void *ctx, const struct entry *n, struct err *e);
	void *ctx;
	struct belt *belt;
	pthread_t thread;
	struct batch *batch; /* being filled; NULL: none */
	/* the thread's, until it ended */
	bool failed;
	struct err err;
};

static void
keep_batch(struct keeper *k, const struct batch *b)
{
	for (size_t i = 0; !k->failed && i < b->n; i++)
		k->failed = k->keep(k->ctx, &b->entry[i], &k->err) == -1;
}

static void *
run(void *ctx)
{
	struct keeper *k = ctx;
	struct batch *b;

	while ((b = belt_next(k->belt)) != NULL)
		keep_batch(k, b);
	return NULL;
}

static void
free_all(struct keeper *k)
{
	struct batch *b;

	for (size_t i = 0; (b = belt_block(k->belt, i)) != NULL; i++)
		arena_free(&b->a);
	belt_close(k->belt);
	free(k);
}

struct keeper *
keeper_open(
    int (*keep)(void *ctx, const struct entry *n, struct err *e), void *ctx)
{
	struct keeper *k = mem_alloc(sizeof *k);

	k->keep = keep;
	k->ctx = ctx;
	k->belt = belt_open(BATCHES, sizeof *k->batch, false);
	if (belt_thread(&k->thread, run, k))
		return k;
	free_all(k);
	return NULL;
}

static struct batch *
batch(struct keeper *k)
{
	if (k->batch == NULL) {
		k->batch = belt_take(k->belt);
		k->batch->n = k->batch->bytes = 0;
		arena_reset(&k->batch->a);
	}
	return k->batch;
}

static void
give(struct keeper *k)
{
	if (k->batch != NULL)
		belt_give(k->belt);
	k->batch = NULL;
}

struct arena *
keeper_arena(struct keeper *k)
{
	return &batch(k)->a;
}

void
keeper_put(struct keeper *k, const struct entry *n)
{
	struct batch *b = batch(k);

	b->entry[b->n++] = *n;
	b->bytes += n->id.n + n->conv.n;
	if (b->n == ENTRIES || b->bytes >= BATCH_BYTES)
		give(k);
}

void
keeper_wait(struct keeper *k)
{
	give(k);
	belt_wait(k->belt);
}

int
keeper_end(struct keeper *k, struct err *e)
{
	int rc = 0;

	if (k == NULL)
		return 0;
	give(k);
	belt_end(k->belt);
	pthread_join(k->thread, NULL);
	if (k->failed) {
		*e = k->err;
		rc = -1;
	}
	free_all(k);
	return rc;
}
