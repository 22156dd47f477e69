/*
 * Linting beside the writing.  See linting.h.
 */
#include "feed/linting.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/lint.h"
#include "server/lang.h"

/* A finding's text may show a phone, so only its place and code are told. */
struct first_error {
	struct lint_finding finding;
	char column[64], code[64];
};

struct linting {
	const struct writer *writer;
	struct growing *file;
	uint64_t at;
	struct lint_options options;
	pthread_t thread;
	/* what came of it */
	enum fmt_status status;
	int error;
	struct lint_totals totals;
	struct first_error first;
};

static void
note_error(void *ctx, const struct lint_finding *f)
{
	struct first_error *first = ctx;

	if (f->warning || first->code[0] != '\0')
		return;
	first->finding.line = f->line;
	snprintf(first->column, sizeof first->column, "%s", f->column);
	snprintf(first->code, sizeof first->code, "%s", f->code);
}

static ssize_t
read_file(void *ctx, void *buf, size_t n)
{
	struct linting *l = ctx;
	ssize_t k = growing_read(l->file, buf, n, l->at);

	l->at += k > 0 ? (uint64_t)k : 0;
	return k;
}

static void *
run(void *ctx)
{
	struct linting *l = ctx;
	struct input in = { .read = read_file, .ctx = l };

	l->status =
	    lint_run(&in, &l->options, note_error, &l->first, &l->totals);
	l->error = errno;
	return NULL;
}

/* In an hour that comes twice the clock on the wall shows less than a row of
 * the first time has. */
static int64_t
latest_offset(const struct zone *z, int64_t now)
{
	int64_t is = zone_offset(z, now), was = zone_offset(z, now - 2 * 3600);

	return was > is ? was : is;
}

int
linting_begin(struct linting **out, const struct writer *w,
    const struct zone *z, int64_t now, struct growing *file, struct err *e)
{
	struct linting *l = mem_alloc(sizeof *l);

	l->writer = w;
	l->file = file;
	l->options = (struct lint_options){ .output = w->name,
		.now = now + latest_offset(z, now),
		.instant = now,
		.any_goal = true,
		.ids_differ = true };
	errno = pthread_create(&l->thread, NULL, run, l);
	if (errno != 0) {
		err_set(e, "check %s: %s", w->file, strerror(errno));
		free(l);
		return -1;
	}
	*out = l;
	return 0;
}

static int
judge(const struct linting *l, char *why, size_t size, struct err *e)
{
	const struct lint_totals *t = &l->totals;
	const struct first_error *first = &l->first;

	if (l->status == FMT_IO)
		return err_set(
		    e, "check %s: %s", l->writer->file, strerror(l->error));
	if (l->status != FMT_OK && l->status != FMT_END) {
		snprintf(why, size, _("The destination would not take it: %s"),
		    fmt_status_text(l->status));
		return 1;
	}
	if (t->errors == 0 && t->valid > 0)
		return 0;
	snprintf(why, size,
	    ngettext("The destination would refuse %lu of its %lu row, in line "
		     "%lu (%s: %s).",
		"The destination would refuse %lu of its %lu rows, the first "
		"in line %lu (%s: %s).",
		t->rows),
	    t->rows - t->valid, t->rows, first->finding.line,
	    first->column[0] == '\0' ? "row" : first->column, first->code);
	return 1;
}

int
linting_end(struct linting *l, char *why, size_t size, struct err *e)
{
	int rc;

	pthread_join(l->thread, NULL);
	rc = judge(l, why, size, e);
	free(l);
	return rc;
}

void
linting_cancel(struct linting *l)
{
	if (l == NULL)
		return;
	pthread_join(l->thread, NULL);
	free(l);
}
