/*
 * Rows from the store into a file, hashed on their way.
 */
#include "feed/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/preset.h"
#include "server/bytes.h"
#include "feed/pouring.h"
#include "feed/render_clients.h"

#define MARK_BYTES 4096

struct rows {
	struct writing writing;
	struct writer_env env;
	struct pouring *file;
	bool measured; /* and not written */
	struct out *out;
	uint64_t newer;
	int64_t from, since;
	const struct render_what *what;
	struct arena arena; /* of one row */
	uint64_t waiting, unfit;
	bool leaving;   /* rows are left out as yet */
	uint64_t leave; /* leaving: up to that byte of the file at least */
	int64_t cut;    /* leaving: the creation time of the last one */
	int64_t second; /* that the last record was created in */
};

static int
sink(void *ctx, const void *buf, size_t n)
{
	struct rows *r = ctx;

	if (r->measured)
		return 0;
	if (r->what->most != 0 && r->out->bytes > r->what->most) {
		r->measured = true;
		if (r->what->growing != NULL)
			growing_end(r->what->growing);
		return 0;
	}
	return pouring_add(r->file, buf, n);
}

/* --- one row ------------------------------------------------------------- */

/* Every other mark goes when there are too many. */
static void
mark(struct render_marks *m, int64_t second, uint64_t before)
{
	if (m->n > 0 && before < m->mark[m->n - 1].before + m->step)
		return;
	if (m->n == RENDER_MARKS) {
		for (m->n = 0; m->n < RENDER_MARKS / 2; m->n++)
			m->mark[m->n] = m->mark[m->n * 2];
		m->step = m->step * 2 + MARK_BYTES;
	}
	m->mark[m->n++] = (struct render_mark){ second, before };
}

static void
note_second(struct rows *r, int64_t second)
{
	if (second != r->second && r->what->marks != NULL &&
	    r->what->leave == 0)
		mark(r->what->marks, second, r->out->bytes);
	r->second = second;
}

static void
begin_file(struct rows *r)
{
	r->leaving = r->measured = false;
	out_begin(r->out, (struct output){ sink, r });
	writing_begin(&r->writing, r->what->writer, &r->env, r->out);
}

/* The rows that are left out are measured, from the last mark before their end
 * on. */
static void
begin_leaving(struct rows *r)
{
	const struct render_marks *m = r->what->marks;
	uint64_t head = r->out->bytes;
	size_t i = m->n;

	r->leaving = true;
	r->leave = head + r->what->leave;
	r->cut = r->from == INT64_MIN ? INT64_MIN : r->from - 1;
	r->measured = true;
	while (i > 0 && m->mark[i - 1].before >= r->leave)
		i--;
	if (i == 0)
		return;
	r->from = m->mark[i - 1].second;
	r->out->bytes = m->mark[i - 1].before;
	r->writing.rows = r->out->bytes > head; /* a JSON text has commas */
}

static void
leave_out(struct rows *r, const struct conv *c)
{
	if (writing_row(&r->writing, c))
		r->cut = c->number[FIELD_CREATE_DATE_TIME];
}

static int
put_conv(struct rows *r, const struct conv *c, bool waits, struct err *e)
{
	int64_t created = c->number[FIELD_CREATE_DATE_TIME];

	if (r->leaving && r->out->bytes >= r->leave && created > r->cut)
		begin_file(r);
	if (r->leaving) {
		leave_out(r, c);
		return 0;
	}
	note_second(r, created);
	if (!writing_row(&r->writing, c)) {
		r->waiting += waits;
		r->unfit += !waits &&
			    !slice_is(conv_text(c, FIELD_ORDER_STATUS), "skip");
		return 0;
	}
	r->newer += created > r->since;
	if (r->out->failed != 0)
		return err_set(e, "write: %s", strerror(r->out->failed));
	return 0;
}

static int
put_client(void *ctx, const struct conv *c, struct err *e)
{
	return put_conv(ctx, c, false, e);
}

int
render_join_client(struct store *s, const char *feed, struct arena *a,
    struct conv *c, bool *waits, struct err *e)
{
	static const enum field from[] = { FIELD_CLIENT_IDS, FIELD_EMAILS,
		FIELD_PHONES, FIELD_EMAILS_MD5, FIELD_PHONES_MD5, FIELD_NAME };
	struct slice client = conv_text(c, FIELD_CLIENT_UNIQ_ID);
	struct conv contact;
	int found;

	*waits = client.n > 0 && !conv_has_identifier(c);
	if (!*waits)
		return 0;
	found = store_values(s, a, feed, RECORD_CONTACT, client, &contact, e);
	if (found != 1)
		return found;
	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		if (conv_text(c, from[i]).n == 0)
			conv_text(c, from[i]) = conv_text(&contact, from[i]);
	}
	*waits = !conv_has_identifier(c);
	return 0;
}

int
render_call_as_order(struct store *s, const struct feed *f, struct arena *a,
    const struct order *o, struct conv *c, struct err *e)
{
	struct conv other;

	/* else it was decided, or no dump has the call any more */
	if (!o->ruled &&
	    !slice_is(conv_text(c, FIELD_ORDER_STATUS), "CANCELLED"))
		conv_text(c, FIELD_ORDER_STATUS) =
		    preset_target(f->calls_as_orders);
	return store_values(s, a, f->name, RECORD_ORDER, o->id, &other, e);
}

/* Is it written as it lies in the store? */
static bool
is_whole(const struct rows *r, const struct order *o)
{
	return o->kind == RECORD_ORDER ? conv_has_identifier(&o->conv)
				       : r->what->writer->kind != RECORD_ORDER;
}

static int
put_row(void *ctx, const struct order *o, struct err *e)
{
	struct rows *r = ctx;
	struct conv c;
	bool waits = false;
	int rc;

	if (is_whole(r, o))
		return put_conv(r, &o->conv, false, e);
	arena_reset(&r->arena);
	c = o->conv;
	if (o->kind == RECORD_ORDER)
		rc = render_join_client(r->what->store, r->what->feed->name,
		    &r->arena, &c, &waits, e);
	else
		rc = render_call_as_order(
		    r->what->store, r->what->feed, &r->arena, o, &c, e);
	if (rc != 0)
		return rc == 1 ? 0 : -1;
	return put_conv(r, &c, waits, e);
}

unsigned
render_kinds(const struct feed *f, const struct writer *w)
{
	bool calls = w->calls_too && f->calls_as_orders != NULL &&
		     f->calls_as_orders[0] != '\0';

	return KIND_BIT(w->kind) | (calls ? KIND_BIT(RECORD_CALL) : 0);
}

static int
put_rows(struct rows *r, const struct render_what *what, struct err *e)
{
	const char *feed = what->feed->name;

	if (what->writer->kind == RECORD_CONTACT)
		return render_clients(
		    what->store, feed, what->to, put_client, r, e);
	return store_orders(what->store, feed,
	    render_kinds(what->feed, what->writer), r->from, what->to, put_row,
	    r, e);
}

/* --- the file ------------------------------------------------------------ */

static void
begin(struct rows *r, const struct render_what *what)
{
	memset(r, 0, sizeof *r);
	r->env.zone = what->zone;
	r->env.hash = what->feed->source[0]->pii == PII_HASH;
	r->env.target = what->feed->target;
	r->env.targets = what->feed->targets;
	r->what = what;
	r->from = what->from;
	r->since = what->since;
	r->out = mem_alloc(sizeof *r->out);
	begin_file(r);
	if (what->leave > 0)
		begin_leaving(r);
}

void
render_hex(char out[65], struct sha256_ctx *sha)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(sha, sizeof digest, digest);
	bytes_hex(out, digest, sizeof digest);
}

int
render_hash(char out[65], int fd)
{
	struct sha256_ctx sha;
	uint8_t buf[65536];
	ssize_t n;

	sha256_init(&sha);
	while ((n = read(fd, buf, sizeof buf)) > 0)
		sha256_update(&sha, (size_t)n, buf);
	render_hex(out, &sha);
	return n == 0 ? 0 : -1;
}

int
render_write(
    const struct render_what *what, int fd, struct render *out, struct err *e)
{
	const char *file = what->writer->file;
	struct rows r;
	int rc = -1;

	begin(&r, what);
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		err_set(e, "write %s: %s", file, strerror(errno));
		goto out;
	}
	r.file = pouring_open(fd, what->growing);
	if (put_rows(&r, what, e) == -1) {
		err_add(e, "write %s", file);
		goto out;
	}
	if (r.leaving)
		begin_file(&r); /* nothing is left */
	writing_end(&r.writing);
	rc = out_end(r.out);
	if (rc == 0) {
		rc = pouring_end(r.file, out->sha256);
		r.file = NULL;
	}
	if (rc == -1) {
		err_set(e, "write %s: %s", file, strerror(errno));
		goto out;
	}
	out->bytes = r.out->bytes;
	out->rows = r.writing.rows;
	out->newer = r.newer;
	out->waiting = r.waiting;
	out->unfit = r.unfit;
	out->from = r.leave > 0 ? r.cut + 1 : what->from;
out:
	pouring_cancel(r.file);
	free(r.out);
	arena_free(&r.arena);
	return rc;
}
