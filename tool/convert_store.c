/*
 * Several dumps into one file, through a store in a folder of its own that is
 * gone afterwards: merged by the same code as ingest's, and written by the same
 * as publish's, so orders find their clients whichever comes first.
 */
#include "tool/convert_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/bytes.h"
#include "feed/clockask.h"
#include "feed/intake.h"
#include "feed/render.h"
#include "store/temp.h"

#define COPY_BYTES 65536

struct convert_store {
	struct store *store;
	struct intake intake; /* of the last dump */
	/* a configuration of one feed with one output */
	struct conf conf;
	struct feed feed;
	struct settings *settings; /* its own, with the feed's name */
	const struct writer *writer;
	char calls_as[256];
};

/* --- a feed of one output ------------------------------------------------ */

static void
make_feed(struct convert *c)
{
	struct convert_store *s = c->store;
	struct feed *f = &s->feed;

	s->writer = c->writer;
	snprintf(s->calls_as, sizeof s->calls_as, "%s",
	    c->calls_as == NULL ? "" : c->calls_as);
	s->conf.window_days = 112;
	s->conf.feed = f;
	s->conf.feeds = 1;
	f->name = s->settings->feed;
	f->source = &s->settings;
	f->sources = 1;
	f->writer = &s->writer;
	f->writers = 1;
	f->window_days = conf_window(&s->conf, c->writer);
	f->calls_as_orders = s->calls_as;
	f->targets = c->targets;
	f->target = mem_alloc((c->targets + 1) * sizeof *f->target);
	for (size_t i = 0; i < c->targets; i++)
		f->target[i] = c->target[i];
}

static struct settings *
settings_copy(const struct settings *s, struct err *e)
{
	struct settings *copy = NULL;
	char *text = settings_text(s);

	if (text == NULL || settings_parse(&copy, text) != FMT_OK)
		err_set(e, "the settings are not UTF-8");
	free(text);
	if (copy == NULL)
		return NULL;
	copy->limits = s->limits;
	settings_set(&copy->feed, "convert");
	return copy;
}

int
convert_begin(struct convert *c, struct err *e)
{
	struct convert_store *s = mem_alloc(sizeof *s);

	c->store = s;
	s->settings = settings_copy(c->settings, e);
	if (s->settings == NULL)
		return -1;
	make_feed(c);
	return store_open_scratch(&s->store, c->dir, e);
}

/* --- one dump ------------------------------------------------------------ */

static int
refused(void *ctx, unsigned long line, bool row, const struct problem *p,
    const struct slice *cell, size_t cells, struct err *e)
{
	struct convert *c = ctx;
	bool date =
	    p->reject == REJECT_DATE_OLD || p->reject == REJECT_DATE_FUTURE;

	if (c->refused != NULL && !date)
		c->refused(c->ctx, line, row, p);
	return c->refusals == NULL
		   ? 0
		   : refusals_add(c->refusals, line, row, p, cell, cells, e);
}

static int
merge(struct convert *c, const char *name, struct err *e)
{
	struct convert_store *s = c->store;
	struct dump_entry d = { .state = DUMP_MERGED, .at = c->now };

	snprintf(d.feed, sizeof d.feed, "%s", s->feed.name);
	snprintf(d.name, sizeof d.name, "%s", name);
	memcpy(d.sha256, s->intake.sha256, sizeof d.sha256);
	if (store_begin(s->store, e) == -1)
		return -1;
	if (store_dump_add(s->store, &d, "", e) == -1 ||
	    intake_merge(&s->intake, s->store, d.id, e) == -1) {
		store_rollback(s->store);
		return -1;
	}
	return store_commit(s->store, e);
}

int
convert_add(struct convert *c, int fd, const char *name, struct err *e)
{
	struct convert_store *s = c->store;
	struct intake *in = &s->intake;

	intake_close(in);
	profile_close(&c->profile);
	*in = (struct intake){ .conf = &s->conf,
		.settings = s->settings,
		.at = c->now,
		.dir = c->dir,
		.profile = &c->profile,
		.refused = refused,
		.refused_ctx = c,
		.refuses_dates = true };
	c->dump = NULL;
	if (store_has_variants(s->store, s->feed.name, &in->has_variants, e) ==
		-1 ||
	    intake_read(in, fd, e) == -1)
		return -1;
	c->dump = in->dump;
	c->status = in->status;
	c->tally = in->tally;
	if (in->status == FMT_END && merge(c, name, e) == -1)
		return -1;
	c->tally = in->tally;
	return clock_ask(in, s->store, 0, c->clock, &c->clocks, e);
}

/* --- the file ------------------------------------------------------------ */

static int
copy(const struct convert *c, int fd, struct err *e)
{
	char buf[COPY_BYTES];
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) == -1)
		return err_set(e, "read the file: %s", strerror(errno));
	while ((n = read(fd, buf, sizeof buf)) > 0) {
		if (c->out.write(c->out.ctx, buf, (size_t)n) == -1)
			return err_set(
			    e, "write the file: %s", strerror(errno));
	}
	return n == 0 ? 0 : err_set(e, "read the file: %s", strerror(errno));
}

static int
count(struct convert *c, const struct render *r, struct err *e)
{
	unsigned kinds = render_kinds(&c->store->feed, c->writer);
	uint64_t all;

	if (store_count(c->store->store, c->store->feed.name, kinds, INT64_MIN,
		INT64_MAX, &all, e) == -1 ||
	    store_count(c->store->store, c->store->feed.name, kinds, c->now + 1,
		INT64_MAX, &c->future, e) == -1)
		return -1;
	c->written = r->rows;
	c->bytes = r->rows == 0 ? 0 : r->bytes;
	c->unfit = all > c->future + r->rows ? all - c->future - r->rows : 0;
	return 0;
}

int
convert_end(struct convert *c, struct err *e)
{
	struct convert_store *s = c->store;
	struct render_what what = { .store = s->store,
		.feed = &s->feed,
		.writer = c->writer,
		.zone = c->counter,
		.from = convert_from(c),
		.to = c->now,
		.since = c->now };
	struct render r;
	int fd, rc = -1;

	fd = temp_file(c->dir);
	if (fd == -1)
		return err_set(e, "make a temporary file in %s: %s", c->dir,
		    strerror(errno));
	if (render_write(&what, fd, &r, e) == 0 && count(c, &r, e) == 0)
		rc = r.rows == 0 ? 0 : copy(c, fd, e);
	close(fd);
	return rc;
}

/* --- the end ------------------------------------------------------------- */

void
convert_store_free(struct convert *c)
{
	struct convert_store *s = c->store;

	intake_close(&s->intake);
	profile_close(&c->profile);
	store_close(s->store);
	settings_free(s->settings);
	free(s->feed.target);
	free(s);
	c->store = NULL;
	c->dump = NULL;
}
