/*
 * Runs on the disk, merged.  See sorter_runs.h.
 */
#include "store/sorter_runs.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/belt.h"
#include "store/sorter_record.h"

#define CURSOR_MIN ((size_t)16 * 1024)
#define CURSOR_MAX ((size_t)1024 * 1024)
#define BATCHES 8
#define BATCH_BYTES ((size_t)128 * 1024)

#define NOBODY SIZE_MAX

/* A run being read. */
struct cursor {
	uint64_t begin;   /* in the file */
	uint64_t at, end; /* likewise: what was not read yet */
	char *buf;
	size_t room, used, pos; /* pos: the present record */
	bool ended;             /* there is none any more */
	uint64_t prefix;        /* its key's; of none the greatest */
	struct record_head head;
};

/* Records one behind the other, on their way to who asks for them. */
struct batch {
	char *p;
	size_t n, room;
	bool failed; /* behind them, with the thread's error */
};

struct runs {
	const char *dir;
	int fd;
	size_t memory_bytes;
	uint64_t bytes; /* of all runs */
	int (*await)(void *ctx, struct err *e);
	void *ctx;
	/* the thread's while it runs */
	struct cursor *cursor; /* one a run */
	size_t cursors;
	/* A tournament: of each match the cursor that lost it, and which one
	 * won all, whose record is the next, in [0].  [n] is the match between
	 * the winners of [2n] and [2n + 1]; behind the matches stand the
	 * cursors. */
	size_t *lost;
	size_t live; /* cursors that still have a record */
	struct err err;
	/* of both */
	pthread_t thread;
	bool running;
	struct belt *belt;
	/* the caller's */
	bool begun; /* at the first record, none of which was taken */
	struct batch *batch;
	size_t at;         /* in batch: the next record */
	bool more, failed; /* without a thread */
};

/* --- life ---------------------------------------------------------------- */

struct runs *
runs_open(const char *dir)
{
	struct runs *r = mem_alloc(sizeof *r);

	r->dir = dir;
	return r;
}

void
runs_add(struct runs *r, size_t bytes)
{
	r->cursor = mem_grow(r->cursor, (r->cursors + 1) * sizeof *r->cursor);
	r->cursor[r->cursors++] = (struct cursor){
		.begin = r->bytes,
		.at = r->bytes,
		.end = r->bytes + bytes,
	};
	r->bytes += bytes;
}

static void
stop(struct runs *r)
{
	struct batch *b;

	if (r->belt == NULL)
		return;
	belt_stop(r->belt);
	if (r->running)
		pthread_join(r->thread, NULL);
	r->running = false;
	for (size_t i = 0; (b = belt_block(r->belt, i)) != NULL; i++)
		free(b->p);
	belt_close(r->belt);
	r->belt = NULL;
	r->batch = NULL;
	r->at = 0;
}

void
runs_close(struct runs *r)
{
	if (r == NULL)
		return;
	stop(r);
	for (size_t i = 0; i < r->cursors; i++)
		free(r->cursor[i].buf);
	free(r->cursor);
	free(r->lost);
	free(r);
}

/* --- one run ------------------------------------------------------------- */

/* Reads on until at least need bytes of the present record are in the buffer.
 */
static int
fill(struct runs *r, struct cursor *c, size_t need)
{
	if (c->used - c->pos >= need)
		return 0;
	memmove(c->buf, c->buf + c->pos, c->used - c->pos);
	c->used -= c->pos;
	c->pos = 0;
	if (need > c->room) {
		c->buf = mem_grow(c->buf, need);
		c->room = need;
	}
	while (c->used < need) {
		size_t want = c->room - c->used;
		ssize_t n;

		if (want > c->end - c->at)
			want = (size_t)(c->end - c->at);
		n = pread(r->fd, c->buf + c->used, want, (off_t)c->at);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_set(
			    &r->err, "sort in %s: %s", r->dir, strerror(errno));
		if (n == 0)
			return err_set(&r->err,
			    "sort in %s: the temporary file was cut short",
			    r->dir);
		c->used += (size_t)n;
		c->at += (uint64_t)n;
	}
	return 0;
}

/* The cursor's next record, if there is one. */
static int
load(struct runs *r, struct cursor *c)
{
	const char *key;

	c->ended = c->pos == c->used && c->at == c->end;
	if (c->ended) {
		c->prefix = UINT64_MAX;
		r->live--;
		return 0;
	}
	if (fill(r, c, sizeof c->head) == -1)
		return -1;
	memcpy(&c->head, c->buf + c->pos, sizeof c->head);
	if (fill(r, c, record_size(&c->head)) == -1)
		return -1;
	key = c->buf + c->pos + sizeof c->head;
	c->prefix = record_prefix(key, c->head.key_n);
	return 0;
}

/* --- all of them --------------------------------------------------------- */

static bool
before(const struct runs *r, size_t a, size_t b)
{
	const struct cursor *x = &r->cursor[a], *y = &r->cursor[b];
	int c;

	if (x->prefix != y->prefix)
		return x->prefix < y->prefix;
	if (x->ended || y->ended)
		return y->ended && !x->ended;
	c = record_compare(x->buf + x->pos, y->buf + y->pos);
	return c != 0 ? c < 0 : a < b;
}

/* The cursor plays its matches, up to the first whose other side is yet to
 * come; whoever wins goes on. */
static void
play(struct runs *r, size_t i)
{
	for (size_t n = (i + r->cursors) / 2; n > 0; n /= 2) {
		size_t other = r->lost[n];

		if (other == NOBODY) {
			r->lost[n] = i;
			return;
		}
		if (before(r, other, i)) {
			r->lost[n] = i;
			i = other;
		}
	}
	r->lost[0] = i;
}

/* Every run's first record. */
static int
begin_tournament(struct runs *r)
{
	r->live = r->cursors;
	for (size_t i = 0; i < r->cursors; i++)
		r->lost[i] = NOBODY;
	for (size_t i = 0; i < r->cursors; i++) {
		if (load(r, &r->cursor[i]) == -1)
			return -1;
		play(r, i);
	}
	return 0;
}

static int
open_cursors(struct runs *r)
{
	size_t room = r->memory_bytes / r->cursors;

	room = room < CURSOR_MIN   ? CURSOR_MIN
	       : room > CURSOR_MAX ? CURSOR_MAX
				   : room;
	if (r->await(r->ctx, &r->err) == -1)
		return -1;
	r->lost = mem_alloc(r->cursors * sizeof *r->lost);
	for (size_t i = 0; i < r->cursors; i++) {
		r->cursor[i].buf = mem_alloc(room);
		r->cursor[i].room = room;
	}
	return begin_tournament(r);
}

static int
reopen_cursors(struct runs *r)
{
	for (size_t i = 0; i < r->cursors; i++) {
		r->cursor[i].at = r->cursor[i].begin;
		r->cursor[i].used = r->cursor[i].pos = 0;
	}
	return begin_tournament(r);
}

/* Puts the record in front behind, and the next one in front. */
static int
advance(struct runs *r)
{
	struct cursor *c = &r->cursor[r->lost[0]];

	c->pos += record_size(&c->head);
	if (load(r, c) == -1)
		return -1;
	play(r, r->lost[0]);
	return 0;
}

/* --- batches ------------------------------------------------------------- */

static void
add(struct batch *b, const char *record, size_t n)
{
	if (n > b->room - b->n) {
		b->room = b->n + n > BATCH_BYTES ? b->n + n : BATCH_BYTES;
		b->p = mem_grow(b->p, b->room);
	}
	memcpy(b->p + b->n, record, n);
	b->n += n;
}

/* The records in front, at least one when there is any. */
static int
fill_batch(struct runs *r, struct batch *b)
{
	while (r->live > 0) {
		const struct cursor *c = &r->cursor[r->lost[0]];
		size_t n = record_size(&c->head);

		if (b->n > 0 && b->n + n > BATCH_BYTES)
			return 0;
		add(b, c->buf + c->pos, n);
		if (advance(r) == -1)
			return -1;
	}
	return 0;
}

/* One that was very large is not kept so. */
static void
empty(struct batch *b)
{
	b->n = 0;
	b->failed = false;
	if (b->room <= BATCH_BYTES)
		return;
	free(b->p);
	b->p = NULL;
	b->room = 0;
}

/* False after the last one, and when nobody wants more. */
static bool
give_batch(struct runs *r, bool failed)
{
	struct batch *b = belt_take(r->belt);

	if (b == NULL)
		return false;
	empty(b);
	b->failed = failed || fill_batch(r, b) == -1;
	failed = b->failed;
	belt_give(r->belt);
	return !failed && r->live > 0;
}

static bool
open_all(struct runs *r)
{
	return (r->lost == NULL ? open_cursors(r) : reopen_cursors(r)) == 0;
}

static void *
read_ahead(void *ctx)
{
	struct runs *r = ctx;
	bool failed = !open_all(r);

	while (give_batch(r, failed))
		continue;
	belt_end(r->belt);
	return NULL;
}

/* Without a thread the caller fills what it empties. */
static struct batch *
next_batch(struct runs *r)
{
	if (!r->running && r->more && !(r->more = give_batch(r, r->failed)))
		belt_end(r->belt);
	return belt_next(r->belt);
}

void
runs_begin(struct runs *r, int fd, size_t memory_bytes,
    int (*await)(void *ctx, struct err *e), void *ctx)
{
	if (r->begun)
		return;
	stop(r);
	r->fd = fd;
	r->memory_bytes = memory_bytes;
	r->await = await;
	r->ctx = ctx;
	r->belt = belt_open(BATCHES, sizeof *r->batch, false);
	r->begun = true;
	r->running = belt_thread(&r->thread, read_ahead, r);
	r->more = !r->running;
	r->failed = r->more && !open_all(r);
}

int
runs_next(struct runs *r, struct slice *key, uint64_t *sequence,
    struct slice *bytes, struct err *e)
{
	r->begun = false;
	while (r->batch == NULL || r->at == r->batch->n) {
		if (r->batch != NULL && r->batch->failed) {
			*e = r->err;
			return -1;
		}
		r->batch = next_batch(r);
		r->at = 0;
		if (r->batch == NULL)
			return 0;
	}
	r->at += record_give(r->batch->p + r->at, key, sequence, bytes);
	return 1;
}
