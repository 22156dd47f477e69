/*
 * Rows read ahead, in batches of some hundred.  See ahead.h.
 */
#include "formats/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/belt.h"

enum {
	BATCHES = 4,
	ROWS = 512
};
#define BATCH_BYTES ((size_t)128 * 1024)

/* A row and how far the reader was with it. */
struct kept {
	struct row row;
	struct reader_facts facts;
};

struct batch {
	size_t n;
	struct kept kept[ROWS];
	struct arena arena;  /* the rows' cells */
	enum fmt_status end; /* what comes behind the rows, if not FMT_OK */
	int error;           /* errno with it */
	struct reader_facts facts;
};

struct ahead {
	struct reader *reader;
	struct belt *belt;
	pthread_t thread;
	bool running;
	struct batch *batch; /* being handed out */
	size_t at;
	struct reader_facts facts; /* as of the row handed out last */
};

/* --- the thread ---------------------------------------------------------- */

/* Copies the cells; what they took. */
static size_t
keep(struct batch *b, const struct row *row)
{
	size_t bytes = 0;
	struct slice *cell;
	char *p;

	for (size_t i = 0; i < row->cells; i++)
		bytes += row->cell[i].n;
	bytes += row->cells * sizeof *cell;
	cell = arena_alloc(&b->arena, bytes);
	p = (char *)(cell + row->cells);
	for (size_t i = 0; i < row->cells; i++) {
		struct slice s = row->cell[i];

		if (s.n > 0)
			memcpy(p, s.p, s.n);
		cell[i] = (struct slice){ p, s.n };
		p += s.n;
	}
	b->kept[b->n].row = *row;
	b->kept[b->n].row.cell = cell;
	return bytes;
}

static void
fill(struct batch *b, struct reader *r)
{
	size_t bytes = 0;

	arena_reset(&b->arena);
	b->n = 0;
	while (b->n < ROWS && bytes < BATCH_BYTES) {
		struct row row = { 0 };

		b->end = reader_next(r, &row);
		if (b->end != FMT_OK) {
			b->error = errno;
			reader_facts(r, &b->facts);
			return;
		}
		bytes += keep(b, &row);
		reader_facts(r, &b->kept[b->n].facts);
		b->n++;
	}
}

static void *
run(void *ctx)
{
	struct ahead *a = ctx;
	enum fmt_status st = FMT_OK;
	struct batch *b;

	while (st == FMT_OK && (b = belt_take(a->belt)) != NULL) {
		fill(b, a->reader);
		st = b->end;
		belt_give(a->belt);
	}
	belt_end(a->belt);
	return NULL;
}

/* --- its caller ---------------------------------------------------------- */

/* Signals are the caller's. */
static int
start(struct ahead *a)
{
	sigset_t all, old;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&a->thread, NULL, run, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

struct ahead *
ahead_open(struct reader *r)
{
	struct ahead *a = mem_alloc(sizeof *a);

	a->reader = r;
	a->belt = belt_open(BATCHES, sizeof *a->batch);
	reader_facts(r, &a->facts);
	a->running = start(a) == 0;
	if (a->running)
		return a;
	ahead_close(a);
	return NULL;
}

void
ahead_stop(struct ahead *a)
{
	if (!a->running)
		return;
	belt_stop(a->belt);
	pthread_join(a->thread, NULL);
	a->running = false;
}

void
ahead_close(struct ahead *a)
{
	struct batch *b;

	if (a == NULL)
		return;
	ahead_stop(a);
	for (size_t i = 0; (b = belt_block(a->belt, i)) != NULL; i++)
		arena_free(&b->arena);
	belt_close(a->belt);
	free(a);
}

enum fmt_status
ahead_next(struct ahead *a, struct row *out)
{
	const struct kept *k;

	while (a->batch == NULL || a->at == a->batch->n) {
		if (a->batch != NULL && a->batch->end != FMT_OK) {
			a->facts = a->batch->facts;
			errno = a->batch->error;
			return a->batch->end;
		}
		a->batch = belt_next(a->belt);
		a->at = 0;
	}
	k = &a->batch->kept[a->at++];
	*out = k->row;
	a->facts = k->facts;
	return FMT_OK;
}

void
ahead_facts(const struct ahead *a, struct reader_facts *out)
{
	*out = a->facts;
}
