/*
 * A record of the sorter is a kind and, by kind: a line of the report as it
 * will be written; the cells of a row; or why and in which field a row was
 * refused, to be written with those cells.
 */
#include "tool/refusals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "formats/rejects.h"
#include "feed/report.h"
#include "store/sorter.h"

#define MEMORY_BYTES ((size_t)8 << 20)

/* In the order in which they are needed on one line. */
enum kind {
	KIND_CELLS,
	KIND_READY,
	KIND_LATE
};

struct late {
	enum reject why;
	enum field field;
	size_t n;
	char value[64]; /* an id: no longer ones are named late */
};

struct refusals {
	struct sorter *sorter;
	struct arena arena;
	uint64_t added;
	/* the report's line being made */
	struct out out;
	char *line;
	size_t n, room;
};

static int
keep(void *ctx, const void *buf, size_t n)
{
	struct refusals *r = ctx;

	if (r->n + n > r->room) {
		r->room = 2 * (r->n + n);
		r->line = mem_grow(r->line, r->room);
	}
	memcpy(r->line + r->n, buf, n);
	r->n += n;
	return 0;
}

int
refusals_open(struct refusals **out, const char *dir, struct err *e)
{
	struct refusals *r = mem_alloc(sizeof *r);

	if (sorter_open(&r->sorter, dir, MEMORY_BYTES, e) == -1) {
		free(r);
		return -1;
	}
	*out = r;
	return 0;
}

void
refusals_close(struct refusals *r)
{
	if (r == NULL)
		return;
	sorter_close(r->sorter);
	arena_free(&r->arena);
	free(r->line);
	free(r);
}

/* Sorted by line, then by kind, then as they came. */
static int
add(struct refusals *r, unsigned long line, enum kind kind, struct slice bytes,
    struct err *e)
{
	unsigned char key[9];

	for (size_t i = 0; i < 8; i++)
		key[i] = (unsigned char)((uint64_t)line >> (56 - 8 * i));
	key[8] = (unsigned char)kind;
	return sorter_add(r->sorter,
	    (struct slice){ (const char *)key, sizeof key }, r->added++, bytes,
	    e);
}

int
refusals_add(struct refusals *r, unsigned long line, bool row,
    const struct problem *p, const struct slice *cell, size_t cells,
    struct err *e)
{
	r->n = 0;
	out_begin(&r->out, (struct output){ keep, r });
	rejects_row(&r->out, line, row, p, cell, cells, NULL);
	out_end(&r->out);
	return add(r, line, KIND_READY, (struct slice){ r->line, r->n }, e);
}

int
refusals_note(struct refusals *r, unsigned long line, const struct slice *cell,
    size_t cells, struct err *e)
{
	arena_reset(&r->arena);
	return add(
	    r, line, KIND_CELLS, report_pack_cells(&r->arena, cell, cells), e);
}

int
refusals_add_late(struct refusals *r, unsigned long line,
    const struct problem *p, struct err *e)
{
	struct late late = { .why = p->reject, .field = p->field };

	late.n = p->value.n < sizeof late.value ? p->value.n : 0;
	if (late.n > 0)
		memcpy(late.value, p->value.p, late.n);
	return add(r, line, KIND_LATE,
	    (struct slice){ (const char *)&late, sizeof late }, e);
}

/* The cells noted for a line, until the next line. */
struct noted {
	unsigned long line;
	struct slice *cell;
	size_t cells;
};

static void
write_late(struct out *o, unsigned long line, struct slice bytes,
    const struct noted *noted)
{
	bool there = noted->line == line;
	struct problem p = { .cell = SIZE_MAX };
	struct late late;

	memcpy(&late, bytes.p, sizeof late);
	p.reject = late.why;
	p.field = late.field;
	p.value = (struct slice){ late.value, late.n };
	rejects_row(o, line, true, &p, there ? noted->cell : NULL,
	    there ? noted->cells : 0, NULL);
}

static unsigned long
line_of(struct slice key)
{
	uint64_t line = 0;

	for (size_t i = 0; i < 8; i++)
		line = line << 8 | (unsigned char)key.p[i];
	return (unsigned long)line;
}

static int
write_all(struct refusals *r, struct out *o, struct err *e)
{
	struct noted noted = { 0, NULL, 0 };
	struct slice key, bytes;
	uint64_t sequence;
	int rc;

	while ((rc = sorter_next(r->sorter, &key, &sequence, &bytes, e)) == 1) {
		unsigned long line = line_of(key);

		if (key.p[8] == KIND_READY) {
			out_slice(o, bytes);
		} else if (key.p[8] == KIND_LATE) {
			write_late(o, line, bytes, &noted);
		} else {
			arena_reset(&r->arena);
			noted.line = line;
			noted.cell = report_unpack_cells(&r->arena,
			    arena_copy(&r->arena, bytes), &noted.cells);
		}
	}
	return rc;
}

int
refusals_write(struct refusals *r, struct output to, bool first,
    const struct dump_facts *facts, struct err *e)
{
	if (sorter_sort(r->sorter, e) == -1)
		return -1;
	out_begin(&r->out, to);
	rejects_header(&r->out, first, facts == NULL ? NULL : facts->header,
	    facts == NULL ? 0 : facts->columns);
	if (write_all(r, &r->out, e) == -1)
		return -1;
	if (out_end(&r->out) == -1)
		return err_set(e, "%s", strerror(errno));
	return 0;
}
