/*
 * The first orders of a feed.  They come in the order of the table and none of
 * them was there, so nothing is asked of the database: a thread puts them in
 * while its caller merges the next ones.  Meanwhile they are sorted for the
 * publishing that follows, which need not read them back.
 *
 * Until load_end the database is the thread's alone.
 */
#include "server/store_load.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "formats/belt.h"

enum {
	BATCHES = 4,
	ROWS = 256
};

struct fresh {
	struct slice id, conv;
	int64_t create_time, dump, line;
};

struct batch {
	size_t n;
	struct fresh row[ROWS];
	struct arena arena;
};

struct loading {
	struct store *store;
	int64_t feed, top;
	struct belt *belt;
	struct batch *batch; /* being filled */
	pthread_t thread;
	/* the thread's */
	bool failed;
	struct err error;
};

/* --- the thread ---------------------------------------------------------- */

static int
insert(struct loading *l, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct fresh *f = &b->row[i];

		if (store_run(l->store, SQL_ORDER_ADD, &l->error, "ibiiiib",
			l->feed, f->id, f->create_time, l->top, f->dump,
			f->line, f->conv) == -1)
			return -1;
	}
	return 0;
}

static void *
run(void *ctx)
{
	struct loading *l = ctx;
	const struct batch *b;

	while ((b = belt_next(l->belt)) != NULL) {
		if (insert(l, b) == -1) {
			l->failed = true;
			belt_stop(l->belt);
			break;
		}
	}
	return NULL;
}

/* --- its caller ---------------------------------------------------------- */

struct loading *
load_begin(struct store *s, int64_t feed, int64_t top)
{
	struct loading *l = mem_alloc(sizeof *l);
	sigset_t all, old;
	int rc;

	l->store = s;
	l->feed = feed;
	l->top = top;
	l->error = (struct err)ERR_EMPTY;
	l->belt = belt_open(BATCHES, sizeof *l->batch);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&l->thread, NULL, run, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return l;
	belt_close(l->belt);
	free(l);
	return NULL;
}

int
load_put(struct loading *l, struct slice id, int64_t create_time, int64_t dump,
    int64_t line, struct slice conv)
{
	struct batch *b = l->batch;

	if (b == NULL) {
		b = l->batch = belt_take(l->belt);
		if (b == NULL)
			return -1;
		b->n = 0;
		arena_reset(&b->arena);
	}
	b->row[b->n++] = (struct fresh){ arena_copy(&b->arena, id),
		arena_copy(&b->arena, conv), create_time, dump, line };
	if (b->n == ROWS) {
		belt_give(l->belt);
		l->batch = NULL;
	}
	return 0;
}

int
load_end(struct loading *l, struct err *e)
{
	struct batch *b;
	int rc = 0;

	if (l->batch != NULL)
		belt_give(l->belt);
	belt_end(l->belt);
	pthread_join(l->thread, NULL);
	if (l->failed)
		rc = err_set(e, "%s", l->error.text);
	for (size_t i = 0; (b = belt_block(l->belt, i)) != NULL; i++)
		arena_free(&b->arena);
	belt_close(l->belt);
	free(l);
	return rc;
}

/* --- sorted for the publishing ------------------------------------------- */

void
store_ready_drop(struct store *s)
{
	s->dropped++;
	sorter_close(s->ready.sorter);
	s->ready.sorter = NULL;
	s->ready.feed[0] = '\0';
}

bool
store_ready_take(struct store *s, const char *feed, unsigned kinds,
    int64_t from, int64_t to, struct ready *out)
{
	const struct ready *r = &s->ready;

	if (r->sorter == NULL || r->kinds != kinds ||
	    strcmp(r->feed, feed) != 0 || from < r->from || to > r->to)
		return false;
	*out = *r;
	s->ready.sorter = NULL;
	return true;
}

void
store_ready_give(struct store *s, const struct ready *r)
{
	if (r->dropped != s->dropped) { /* the store changed meanwhile */
		sorter_close(r->sorter);
		return;
	}
	sorter_close(s->ready.sorter);
	s->ready = *r;
}
