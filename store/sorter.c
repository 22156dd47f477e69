/*
 * Sorting in memory until it is full, then in runs on the disk.  What is sorted
 * are small entries that point at records and begin with the key's first eight
 * bytes, so that most comparisons touch no record.
 *
 * A run that is full is sorted and written by a thread while the next one is
 * filled, which is half as large so that memory stays bounded.  The thread has
 * its run and the file to itself; whoever needs either waits for it first.
 * Once all were added that is the thread that merges the runs (sorter_runs.h).
 */
#include "store/sorter.h"
#include "server/bytes.h"
#include "store/sorter_record.h"
#include "store/sorter_runs.h"
#include "store/temp.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"

#define FIRST_ROOM ((size_t)64 * 1024) /* grows by doubling */
#define RECORD_MAX ((size_t)1 << 30)
/* Little enough for the heap to have it again and again. */
#define WRITE_BYTES ((size_t)64 * 1024)

struct entry {
	uint64_t prefix; /* of the key, so that smaller sorts first */
	size_t at;       /* in memory; grows with every record added */
};

/* The records of a run, in memory. */
struct run {
	char *mem;
	size_t used, room;
	struct entry *entry;
	size_t n, entries_room;
	bool ordered; /* they came in order */
};

/* A run on its way to the disk. */
struct spilling {
	struct run run;
	pthread_t thread;
	bool running;
	int fd;    /* the sorter's */
	int error; /* errno of what went wrong */
};

struct sorter {
	char *dir;
	size_t memory_bytes;
	struct run run; /* being filled */
	struct spilling spilling;
	bool sorted;       /* sorter_sort was called */
	size_t next;       /* in memory: the next entry */
	int fd;            /* the spilled runs; -1 without */
	struct runs *runs; /* likewise; NULL without */
};

/* --- records ------------------------------------------------------------ */

static int
compare_entries(const void *va, const void *vb, void *mem)
{
	const struct entry *a = va, *b = vb;
	int c;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	c = record_compare(
	    (const char *)mem + a->at, (const char *)mem + b->at);
	return c != 0 ? c : (a->at > b->at) - (a->at < b->at);
}

/* --- life --------------------------------------------------------------- */

int
sorter_open(
    struct sorter **out, const char *dir, size_t memory_bytes, struct err *e)
{
	struct sorter *s = mem_alloc(sizeof *s);

	(void)e;
	s->dir = mem_string(dir);
	s->memory_bytes = memory_bytes;
	s->fd = -1;
	s->run.ordered = true;
	*out = s;
	return 0;
}

int
sorter_sibling(struct sorter **out, const struct sorter *s, size_t memory_bytes,
    struct err *e)
{
	return sorter_open(out, s->dir, memory_bytes, e);
}

static void
join_spilling(struct spilling *p)
{
	if (p->running)
		pthread_join(p->thread, NULL);
	p->running = false;
}

static void
empty_run(struct run *r)
{
	r->used = r->n = 0;
	r->ordered = true;
}

static void
free_run(struct run *r)
{
	free(r->mem);
	free(r->entry);
	*r = (struct run){ .ordered = true };
}

void
sorter_reset(struct sorter *s)
{
	runs_close(s->runs); /* its thread may have the rest */
	s->runs = NULL;
	join_spilling(&s->spilling);
	s->spilling.error = 0;
	if (s->fd != -1)
		temp_close(s->fd);
	s->fd = -1;
	s->next = 0;
	empty_run(&s->run);
	s->sorted = false;
}

void
sorter_close(struct sorter *s)
{
	if (s == NULL)
		return;
	sorter_reset(s);
	free_run(&s->run);
	free_run(&s->spilling.run);
	free(s->dir);
	free(s);
}

/* --- spilling ----------------------------------------------------------- */

static int
complain(const struct sorter *s, struct err *e)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return err_set(e,
		    "there is no room left in %s to sort the records; free "
		    "some space there",
		    s->dir);
	return err_set(e, "sort in %s: %s", s->dir, strerror(errno));
}

/* By prefix alone: a byte at a time from the last one on, each pass leaving
 * equals as they were.  A byte that all have in common needs no pass. */
static void
sort_prefixes(struct run *r)
{
	struct entry *from = r->entry;
	struct entry *to = mem_grow(NULL, r->n * sizeof *to);
	size_t(*count)[256] = mem_alloc(8 * sizeof *count);

	for (size_t i = 0; i < r->n; i++)
		for (unsigned b = 0; b < 8; b++)
			count[b][from[i].prefix >> 8 * b & 0xff]++;
	for (unsigned b = 0; b < 8; b++) {
		struct entry *swap = to;
		size_t at = 0;

		if (count[b][from[0].prefix >> 8 * b & 0xff] == r->n)
			continue;
		for (size_t v = 0; v < 256; v++) {
			size_t n = count[b][v];

			count[b][v] = at;
			at += n;
		}
		for (size_t i = 0; i < r->n; i++)
			to[count[b][from[i].prefix >> 8 * b & 0xff]++] =
			    from[i];
		to = from;
		from = swap;
	}
	r->entry = from;
	r->entries_room = r->n; /* what both have room for */
	free(to);
	free(count);
}

/* Those whose prefixes are equal are told apart by all of the key. */
static void
sort_run(struct run *r)
{
	size_t end;

	if (r->ordered || r->n == 0)
		return;
	sort_prefixes(r);
	for (size_t i = 0; i < r->n; i = end) {
		for (end = i + 1; end < r->n; end++)
			if (r->entry[end].prefix != r->entry[i].prefix)
				break;
		if (end - i > 1)
			qsort_r(r->entry + i, end - i, sizeof *r->entry,
			    compare_entries, r->mem);
	}
	r->ordered = true;
}

/* Appends record after record to buf, which is written when full. */
static int
write_run(int fd, const struct run *run, char *buf, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < run->n; i++) {
		const char *r = run->mem + run->entry[i].at;
		struct record_head h;
		size_t n;

		memcpy(&h, r, sizeof h);
		n = record_size(&h);
		if (n > room - used) {
			if (bytes_write(fd, buf, used) == -1)
				return -1;
			used = 0;
		}
		if (n > room) {
			if (bytes_write(fd, r, n) == -1)
				return -1;
		} else {
			memcpy(buf + used, r, n);
			used += n;
		}
	}
	return bytes_write(fd, buf, used);
}

static void *
sort_and_write(void *ctx)
{
	struct spilling *p = ctx;
	char *buf = mem_alloc(WRITE_BYTES);

	sort_run(&p->run);
	p->error =
	    write_run(p->fd, &p->run, buf, WRITE_BYTES) == -1 ? errno : 0;
	free(buf);
	return NULL;
}

/* Until the run before is on the disk. */
static int
await_spilling(struct sorter *s, struct err *e)
{
	join_spilling(&s->spilling);
	errno = s->spilling.error;
	return errno == 0 ? 0 : complain(s, e);
}

static void
start_spilling(struct spilling *p)
{
	p->running = pthread_create(&p->thread, NULL, sort_and_write, p) == 0;
	if (!p->running)
		sort_and_write(p);
}

/* The run that is full goes to the disk, and another one can be filled. */
static int
spill(struct sorter *s, struct err *e)
{
	struct run full = s->run;

	if (s->fd == -1 && (s->fd = temp_file(s->dir)) == -1)
		return complain(s, e);
	if (await_spilling(s, e) == -1)
		return -1;
	if (s->runs == NULL)
		s->runs = runs_open(s->dir);
	runs_add(s->runs, full.used);
	s->run = s->spilling.run;
	empty_run(&s->run);
	s->spilling.run = full;
	s->spilling.fd = s->fd;
	start_spilling(&s->spilling);
	return 0;
}

/* --- adding ------------------------------------------------------------- */

static bool
is_full(const struct sorter *s, size_t need)
{
	size_t most = s->runs == NULL ? s->memory_bytes : s->memory_bytes / 2;

	return s->run.used + need + (s->run.n + 1) * sizeof *s->run.entry >
	       most;
}

static char *
put(char *to, struct slice s)
{
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

static void
make_room(struct run *r, size_t need)
{
	if (r->used + need > r->room) {
		size_t room = r->room == 0 ? FIRST_ROOM : r->room * 2;

		while (room < r->used + need)
			room *= 2;
		r->mem = mem_grow(r->mem, room);
		r->room = room;
	}
	if (r->n == r->entries_room) {
		r->entries_room = r->n == 0 ? 1024 : r->n * 2;
		r->entry =
		    mem_grow(r->entry, r->entries_room * sizeof *r->entry);
	}
}

int
sorter_add_parts(struct sorter *s, struct slice key, uint64_t sequence,
    const struct slice *part, size_t parts, struct err *e)
{
	struct record_head h = { sequence, (uint32_t)key.n, 0 };
	struct run *r;
	struct entry *x;
	size_t need, bytes = 0;
	char *p;

	assert(!s->sorted);
	for (size_t i = 0; i < parts; i++)
		bytes += part[i].n;
	if (key.n > RECORD_MAX || bytes > RECORD_MAX)
		return err_set(e, "a record is too large to be sorted");
	h.bytes_n = (uint32_t)bytes;
	need = record_size(&h);
	if (s->run.n > 0 && is_full(s, need) && spill(s, e) == -1)
		return -1;
	r = &s->run;
	make_room(r, need);
	p = put(r->mem + r->used, (struct slice){ (char *)&h, sizeof h });
	p = put(p, key);
	for (size_t i = 0; i < parts; i++)
		p = put(p, part[i]);
	x = &r->entry[r->n++];
	*x = (struct entry){ record_prefix(key.p, key.n), r->used };
	r->used += need;
	if (r->ordered && r->n > 1)
		r->ordered = compare_entries(x - 1, x, r->mem) <= 0;
	return 0;
}

int
sorter_add(struct sorter *s, struct slice key, uint64_t sequence,
    struct slice bytes, struct err *e)
{
	return sorter_add_parts(s, key, sequence, &bytes, 1, e);
}

/* --- reading ------------------------------------------------------------ */

/* Called by the thread that merges the runs; the rest is its to free. */
static int
await_runs(void *ctx, struct err *e)
{
	struct sorter *s = ctx;

	if (await_spilling(s, e) == -1)
		return -1;
	free_run(&s->run);
	free_run(&s->spilling.run);
	return 0;
}

static void
begin_runs(struct sorter *s)
{
	runs_begin(s->runs, s->fd, s->memory_bytes, await_runs, s);
}

int
sorter_rewind(struct sorter *s, struct err *e)
{
	(void)e;
	assert(s->sorted);
	s->next = 0;
	if (s->runs != NULL)
		begin_runs(s);
	return 0;
}

int
sorter_sort(struct sorter *s, struct err *e)
{
	assert(!s->sorted);
	s->sorted = true;
	if (s->runs == NULL) {
		sort_run(&s->run);
		return 0;
	}
	if (s->run.n > 0 && spill(s, e) == -1)
		return -1;
	begin_runs(s);
	return 0;
}

static int
next_in_memory(struct sorter *s, struct slice *key, uint64_t *sequence,
    struct slice *bytes)
{
	if (s->next == s->run.n)
		return 0;
	record_give(
	    s->run.mem + s->run.entry[s->next++].at, key, sequence, bytes);
	return 1;
}

int
sorter_next(struct sorter *s, struct slice *key, uint64_t *sequence,
    struct slice *bytes, struct err *e)
{
	assert(s->sorted);
	return s->runs == NULL ? next_in_memory(s, key, sequence, bytes)
			       : runs_next(s->runs, key, sequence, bytes, e);
}
