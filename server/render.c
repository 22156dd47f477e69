/*
 * Rows from the store into a file, hashed on their way.
 */
#include "server/render.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "server/bytes.h"

struct rows {
	struct writing writing;
	struct writer_env env;
	int fd; /* -1: only measured */
	struct sha256_ctx sha;
	struct out *out;
	uint64_t newer;
	int64_t since;
	uint64_t drop; /* measuring: bytes to leave out, the oldest first */
	int64_t cut;   /* the creation time of the last row left out */
};

static int
sink(void *ctx, const void *buf, size_t n)
{
	struct rows *r = ctx;

	if (r->fd == -1)
		return 0;
	sha256_update(&r->sha, n, buf);
	return bytes_write(r->fd, buf, n);
}

static int
put_row(void *ctx, const struct order *o, struct err *e)
{
	struct rows *r = ctx;

	uint64_t before = r->out->bytes;

	if (!writing_row(&r->writing, &o->conv))
		return 0;
	if (before < r->drop)
		r->cut = o->create_time;
	r->newer += o->create_time > r->since;
	if (r->out->failed != 0)
		return err_set(e, "write: %s", strerror(r->out->failed));
	return 0;
}

static void
begin(struct rows *r, const struct render_what *what, int fd)
{
	memset(r, 0, sizeof *r);
	r->env.zone = what->zone;
	r->env.hash = what->feed->source[0]->pii == PII_HASH;
	r->since = what->since;
	r->fd = fd;
	r->out = mem_alloc(sizeof *r->out);
	sha256_init(&r->sha);
	out_begin(r->out, (struct output){ sink, r });
}

void
render_hex(char out[65], struct sha256_ctx *sha)
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(sha, sizeof digest, digest);
	bytes_hex(out, digest, sizeof digest);
}

int
render_write(
    const struct render_what *what, int fd, struct render *out, struct err *e)
{
	const char *file = what->writer->file;
	struct rows r;
	int rc = -1;

	begin(&r, what, fd);
	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1) {
		err_set(e, "write %s: %s", file, strerror(errno));
		goto out;
	}
	writing_begin(&r.writing, what->writer, &r.env, r.out);
	if (store_orders(what->store, what->feed->name, what->from, what->to,
		put_row, &r, e) == -1) {
		err_add(e, "write %s", file);
		goto out;
	}
	writing_end(&r.writing);
	if (out_end(r.out) == -1) {
		err_set(e, "write %s: %s", file, strerror(errno));
		goto out;
	}
	out->bytes = r.out->bytes;
	out->rows = r.writing.rows;
	out->newer = r.newer;
	render_hex(out->sha256, &r.sha);
	rc = 0;
out:
	free(r.out);
	return rc;
}

int
render_cut(
    const struct render_what *what, uint64_t drop, int64_t *from, struct err *e)
{
	struct rows r;
	int rc;

	begin(&r, what, -1);
	r.drop = drop;
	r.cut = what->from - 1;
	writing_begin(&r.writing, what->writer, &r.env, r.out);
	rc = store_orders(what->store, what->feed->name, what->from, what->to,
	    put_row, &r, e);
	free(r.out);
	if (rc == 0)
		*from = r.cut + 1;
	return rc;
}
