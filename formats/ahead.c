/*
 * Rows read ahead, in batches of some hundred.  See ahead.h.
 */
#include "formats/ahead.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/belt.h"

enum {
	BATCHES = 4,
	ROWS = 256
};
#define BATCH_BYTES ((size_t)128 * 1024)
#define GAP 4

/* A row and how far the reader was with it. */
struct kept {
	struct row row;
	struct reader_facts facts;
	bool left_out;
};

struct batch {
	size_t n;
	struct kept kept[ROWS];
	struct arena arena;  /* the rows' cells, and what is made of them */
	char *made;          /* of each row */
	size_t most;         /* of which so many were ever used */
	enum fmt_status end; /* what comes behind the rows, if not FMT_OK */
	int error;           /* errno with it */
	struct reader_facts facts;
};

struct ahead {
	struct reader *reader;
	struct ahead_work work; /* bytes 0: none */
	struct belt *belt;
	pthread_t thread, worker;
	bool running, working;
	struct batch *batch; /* being handed out */
	size_t at;
	struct reader_facts facts; /* as of the row handed out last */
};

/* --- the thread ---------------------------------------------------------- */

/* Does a cell stand in the text behind the one that ends there, with no more
 * than a delimiter, quotes and some blanks between? */
static bool
follows(const char *end, const char *next)
{
	return (uintptr_t)next - (uintptr_t)end <= GAP;
}

/* Copies the cells, those together that follow each other; what they took. */
static size_t
keep(struct batch *b, const struct row *row)
{
	const struct slice *from = row->cell;
	size_t bytes = row->cells * (sizeof *from + GAP), i = 0;
	struct slice *cell;
	char *p;

	for (size_t k = 0; k < row->cells; k++)
		bytes += from[k].n;
	cell = arena_alloc(&b->arena, bytes);
	p = (char *)(cell + row->cells);
	while (i < row->cells) {
		const char *begin = from[i].p, *end = begin;

		for (; i < row->cells && follows(end, from[i].p); i++) {
			cell[i].p = p + (from[i].p - begin);
			cell[i].n = from[i].n;
			end = from[i].p + from[i].n;
		}
		if (end > begin)
			memcpy(p, begin, (size_t)(end - begin));
		p += end - begin;
	}
	b->kept[b->n].row = *row;
	b->kept[b->n].row.cell = cell;
	b->kept[b->n].left_out = false;
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

/* --- the second thread --------------------------------------------------- */

/* Where the work ends the rows do. */
static void
cut_short(struct batch *b, size_t at, enum fmt_status st)
{
	b->n = at;
	b->end = st;
	b->facts = b->kept[at].facts;
}

static enum fmt_status
work_on(struct ahead *a, struct batch *b)
{
	const struct ahead_work *w = &a->work;

	if (b->made == NULL)
		b->made = mem_alloc(ROWS * w->bytes);
	if (b->n > b->most)
		b->most = b->n;
	for (size_t i = 0; i < b->n; i++) {
		struct kept *k = &b->kept[i];
		enum fmt_status st = w->make(w->ctx, &k->row, &b->arena,
		    b->made + i * w->bytes, &k->left_out);

		if (st != FMT_OK) {
			cut_short(b, i, st);
			return st;
		}
	}
	return FMT_OK;
}

static void *
work(void *ctx)
{
	struct ahead *a = ctx;
	struct batch *b;

	while ((b = belt_pass(a->belt)) != NULL)
		if (work_on(a, b) != FMT_OK)
			break;
	belt_pass_end(a->belt);
	return NULL;
}

/* --- their caller -------------------------------------------------------- */

/* The one that reads is started last: nothing was read when it fails. */
struct ahead *
ahead_open(struct reader *r, const struct ahead_work *w)
{
	struct ahead *a = mem_alloc(sizeof *a);

	a->reader = r;
	if (w != NULL)
		a->work = *w;
	a->belt = belt_open(BATCHES, sizeof *a->batch, w != NULL);
	reader_facts(r, &a->facts);
	a->working = w != NULL && belt_thread(&a->worker, work, a);
	if (w == NULL || a->working)
		a->running = belt_thread(&a->thread, run, a);
	if (a->running)
		return a;
	ahead_close(a);
	return NULL;
}

void
ahead_stop(struct ahead *a)
{
	belt_stop(a->belt);
	if (a->running)
		pthread_join(a->thread, NULL);
	if (a->working)
		pthread_join(a->worker, NULL);
	a->running = a->working = false;
}

static void
free_batch(const struct ahead_work *w, struct batch *b)
{
	for (size_t i = 0; i < b->most; i++)
		w->free(b->made + i * w->bytes);
	free(b->made);
	arena_free(&b->arena);
}

void
ahead_close(struct ahead *a)
{
	struct batch *b;

	if (a == NULL)
		return;
	ahead_stop(a);
	for (size_t i = 0; (b = belt_block(a->belt, i)) != NULL; i++)
		free_batch(&a->work, b);
	belt_close(a->belt);
	free(a);
}

/* The next one, left out or not. */
static enum fmt_status
next(struct ahead *a)
{
	while (a->batch == NULL || a->at == a->batch->n) {
		if (a->batch != NULL && a->batch->end != FMT_OK) {
			a->facts = a->batch->facts;
			errno = a->batch->error;
			return a->batch->end;
		}
		a->batch = belt_next(a->belt);
		a->at = 0;
	}
	a->facts = a->batch->kept[a->at++].facts;
	return FMT_OK;
}

enum fmt_status
ahead_next(struct ahead *a, struct row *out, void **made)
{
	enum fmt_status st;

	do
		st = next(a);
	while (st == FMT_OK && a->batch->kept[a->at - 1].left_out);
	if (st != FMT_OK)
		return st;
	*out = a->batch->kept[a->at - 1].row;
	*made = a->batch->made + (a->at - 1) * a->work.bytes;
	return FMT_OK;
}

void
ahead_facts(const struct ahead *a, struct reader_facts *out)
{
	*out = a->facts;
}
