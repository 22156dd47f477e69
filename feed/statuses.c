/*
 * Statuses by pipeline, name and meaning, in a hash table that does not grow.
 * See statuses.h.
 */
#include "feed/statuses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/check.h"

#define SLOTS 32768 /* a power of two, at least three times STATUSES_MAX */

void
statuses_open(struct statuses *s)
{
	memset(s, 0, sizeof *s);
	s->slot = mem_alloc(SLOTS * sizeof *s->slot);
}

void
statuses_close(struct statuses *s)
{
	for (size_t i = 0; i < s->rows; i++) {
		free(s->row[i].pipeline);
		free(s->row[i].status);
		free(s->row[i].to);
	}
	free(s->row);
	free(s->slot);
}

/* On one line, whole characters, spaces joined. */
static void
name_of(char out[STATUS_NAME_MAX + 1], struct slice s)
{
	size_t n = 0, i = 0;

	s = slice_trim(s);
	for (; i < s.n && n < STATUS_NAME_MAX; i++) {
		bool blank = (unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f;

		if (!blank || (n > 0 && out[n - 1] != ' '))
			out[n++] = blank ? ' ' : s.p[i];
	}
	/* not half a character */
	while (i < s.n && n > 0 && ((unsigned char)s.p[i] & 0xc0) == 0x80) {
		i--;
		n--;
	}
	out[n] = '\0';
}

/* As a rule of the settings writes it. */
static void
target_of(char out[STATUS_NAME_MAX + 1], struct slice to)
{
	char name[STATUS_NAME_MAX + 1];
	bool fixed =
	    to.n == 0 || check_status_fixed(to) || slice_is(to, "skip");

	name_of(name, to);
	snprintf(out, STATUS_NAME_MAX + 1, "%s%.*s",
	    fixed ? "" : "goal:", STATUS_NAME_MAX - 5, name);
}

static uint32_t
hash_of(struct slice a, struct slice b, const char *c, enum map_by by)
{
	uint32_t h = 2166136261u + (uint32_t)by; /* FNV-1a */
	const struct slice part[] = { a, b, slice_of(c) };

	for (int i = 0; i < 3; i++) {
		for (size_t k = 0; k < part[i].n; k++)
			h = (h ^ (unsigned char)part[i].p[k]) * 16777619u;
		h *= 16777619u;
	}
	return h ^ h >> 15;
}

/* Is it this row, but for case, spaces, ё and е? */
static bool
is_row(const struct status_count *c, struct slice pipeline, struct slice status,
    const char *to, enum map_by by, struct arena *a)
{
	return c->by == by && strcmp(c->to, to) == 0 &&
	       slice_eq(preset_fold(a, slice_of(c->status)), status) &&
	       slice_eq(preset_fold(a, slice_of(c->pipeline)), pipeline);
}

void
statuses_add(struct statuses *s, const struct record *r)
{
	char pipeline[STATUS_NAME_MAX + 1], status[STATUS_NAME_MAX + 1];
	char to[STATUS_NAME_MAX + 1];
	struct arena a = ARENA_EMPTY;
	struct slice line, name;
	uint32_t at;

	name_of(pipeline, r->pipeline);
	name_of(status, r->status);
	target_of(to, r->meaning.to);
	line = preset_fold(&a, slice_of(pipeline));
	name = preset_fold(&a, slice_of(status));
	at = hash_of(line, name, to, r->meaning.by) & (SLOTS - 1);
	while (s->slot[at] != 0 && !is_row(&s->row[s->slot[at] - 1], line, name,
				       to, r->meaning.by, &a))
		at = (at + 1) & (SLOTS - 1);
	if (s->slot[at] == 0 && s->rows == STATUSES_MAX) {
		s->others++;
		goto out;
	}
	if (s->slot[at] == 0) {
		if ((s->rows & (s->rows - 1)) == 0)
			s->row = mem_grow(s->row,
			    (s->rows == 0 ? 1 : 2 * s->rows) * sizeof *s->row);
		s->row[s->rows++] = (struct status_count){
			.pipeline = mem_string(pipeline),
			.status = mem_string(status),
			.to = mem_string(to),
			.by = r->meaning.by,
		};
		s->slot[at] = s->rows;
	}
	s->row[s->slot[at] - 1].n++;
out:
	arena_free(&a);
}

bool
status_is_unmapped(const struct status_count *c, bool several)
{
	if (c->by == MAP_GUESS)
		return several;
	return c->to[0] == '\0' && c->status[0] != '\0';
}

static int
by_weight(const void *a, const void *b)
{
	const struct status_count *x = a, *y = b;
	int order;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	order = strcmp(x->status, y->status);
	if (order == 0)
		order = strcmp(x->pipeline, y->pipeline);
	if (order == 0)
		order = strcmp(x->to, y->to);
	return order;
}

void
statuses_sort(struct statuses *s, bool several)
{
	size_t unmapped = 0;

	for (size_t i = 0; i < s->rows; i++) {
		struct status_count c = s->row[i];

		if (!status_is_unmapped(&c, several))
			continue;
		s->row[i] = s->row[unmapped];
		s->row[unmapped++] = c;
	}
	if (s->rows > 0) {
		qsort(s->row, unmapped, sizeof *s->row, by_weight);
		qsort(s->row + unmapped, s->rows - unmapped, sizeof *s->row,
		    by_weight);
	}
}
