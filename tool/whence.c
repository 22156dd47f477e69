/*
 * Through the store to the archive.  See whence.h.
 */
#include "tool/whence.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/arena.h"
#include "formats/decode.h"
#include "formats/strict.h"
#include "store/archive.h"

#define FILE_NAME "conversions.csv"

struct whence {
	const struct conf *conf;
	struct store *store;
};

int
whence_open(struct whence **out, const struct conf *c, struct err *e)
{
	struct whence *w = mem_alloc(sizeof *w);
	char path[PATH_MAX];

	w->conf = c;
	conf_path(path, c, "state", "store.db", NULL);
	if (store_open(&w->store, path, true, e) == -1) {
		free(w);
		return -1;
	}
	*out = w;
	return 0;
}

void
whence_close(struct whence *w)
{
	if (w == NULL)
		return;
	store_close(w->store);
	free(w);
}

/* --- archived files ------------------------------------------------------- */

struct archived {
	int fd;
	struct input packed;
	struct decode *decode;
	struct slice chunk; /* what is left of it */
};

static ssize_t
read_packed(void *ctx, void *buf, size_t n)
{
	const struct archived *a = ctx;
	ssize_t k;

	do
		k = read(a->fd, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

static bool
archived_open(struct archived *a, const struct whence *w, const char *path,
    const char *encoding)
{
	struct err e = ERR_EMPTY;

	*a = (struct archived){ .fd = archive_open(w->conf, path, &e) };
	if (a->fd == -1)
		return false;
	a->packed = (struct input){ .read = read_packed, .ctx = a };
	return decode_open(&a->decode, &a->packed, encoding,
		   &w->conf->limits) == FMT_OK;
}

static void
archived_close(struct archived *a)
{
	decode_close(a->decode);
	if (a->fd != -1)
		close(a->fd);
}

static ssize_t
read_plain(void *ctx, void *buf, size_t n)
{
	struct archived *a = ctx;

	while (a->chunk.n == 0) {
		enum fmt_status st = decode_read(a->decode, &a->chunk);

		if (st == FMT_END)
			return 0;
		if (st != FMT_OK)
			return -1;
	}
	n = n < a->chunk.n ? n : a->chunk.n;
	memcpy(buf, a->chunk.p, n);
	a->chunk.p += n;
	a->chunk.n -= n;
	return (ssize_t)n;
}

/* --- an order ------------------------------------------------------------- */

/* The line of that number, as an editor counts them: CR, LF and CRLF end one;
 * cut at a character. */
static void
copy_line(struct archived *a, unsigned long want, char *out, size_t size)
{
	unsigned long line = 1;
	size_t n = 0;
	char buf[8192], last = '\0';
	ssize_t k;

	while (line <= want && (k = read_plain(a, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < k && line <= want; i++) {
			bool pair = buf[i] == '\n' && last == '\r';
			bool end = buf[i] == '\n' || buf[i] == '\r';

			last = buf[i];
			if (end)
				line += !pair;
			else if (line == want && n < size - 1)
				out[n++] = buf[i];
		}
	}
	if (n == size - 1) { /* the last character may be half there */
		while (n > 0 && ((unsigned char)out[n - 1] & 0xc0) == 0x80)
			n--;
		n -= n > 0 && (unsigned char)out[n - 1] >= 0xc0;
	}
	out[n] = '\0';
}

static bool
is_hashed(const struct whence *w, const char *feed)
{
	for (size_t i = 0; i < w->conf->feeds; i++)
		if (strcmp(w->conf->feed[i].name, feed) == 0)
			return w->conf->feed[i].source[0]->pii == PII_HASH;
	return false;
}

/* What the archive has of a hashed feed is not the dump's own lines. */
static void
add_original(const struct whence *w, struct whence_place *p)
{
	struct archived a;

	p->original[0] = '\0';
	if (p->dump.archive[0] == '\0' || is_hashed(w, p->feed))
		return;
	if (archived_open(&a, w, p->dump.archive, p->dump.encoding))
		copy_line(&a, p->line, p->original, sizeof p->original);
	archived_close(&a);
}

static int
order_in(struct whence *w, const char *feed, const char *id,
    struct whence_place *out, struct err *e)
{
	struct arena a = ARENA_EMPTY;
	struct order o;
	char *settings = NULL;
	int found = 0;

	for (enum record_kind k = 0; k < RECORD_KINDS && found == 0; k++)
		found = store_order(w->store, &a, feed, k, slice_of(id), &o, e);
	if (found == 1) {
		snprintf(out->feed, sizeof out->feed, "%s", feed);
		out->line = o.line;
		found =
		    store_dump_get(w->store, o.dump, &out->dump, &settings, e);
		free(settings);
	}
	arena_free(&a);
	return found;
}

int
whence_order(struct whence *w, const char *feed, const char *id,
    struct whence_place *out, struct err *e)
{
	int found = 0;

	for (size_t i = 0; i < w->conf->feeds && found == 0; i++) {
		const char *name = w->conf->feed[i].name;

		if (feed == NULL || strcmp(feed, name) == 0)
			found = order_in(w, name, id, out, e);
	}
	if (found == 1)
		add_original(w, out);
	return found;
}

/* --- a line of the published file ----------------------------------------- */

struct pulled {
	int64_t publication;
};

static bool
note_pull(void *ctx, const struct pull *p)
{
	struct pulled *l = ctx;

	if (p->complete && p->publication != 0 &&
	    strncmp(p->file, FILE_NAME, strlen(FILE_NAME)) == 0)
		l->publication = p->publication;
	return l->publication == 0;
}

static int
find_version(
    struct whence *w, const char *feed, struct publication *p, struct err *e)
{
	struct pulled last = { 0 };

	if (store_pulls(w->store, feed, 0, note_pull, &last, e) == -1)
		return -1;
	if (last.publication != 0)
		return store_publication_get(w->store, last.publication, p, e);
	return store_publication_last(w->store, feed, FILE_NAME, true, p, e);
}

static size_t
id_column(const struct strict_row *header)
{
	size_t i = 0;

	while (i < header->cells && !slice_is(header->cell[i], "id"))
		i++;
	return i;
}

static void
read_ids(struct strict *file, struct whence_wanted *wanted, size_t n)
{
	struct strict_row row;
	size_t at = 0, column = SIZE_MAX;

	while (at < n && strict_next(file, &row) == FMT_OK) {
		if (column == SIZE_MAX)
			column = id_column(&row);
		while (at < n && wanted[at].line < row.line)
			at++;
		for (; at < n && wanted[at].line == row.line; at++)
			if (row.line > 1 && column < row.cells)
				snprintf(wanted[at].id, sizeof wanted[at].id,
				    "%.*s", (int)row.cell[column].n,
				    row.cell[column].p);
	}
}

int
whence_ids(struct whence *w, const char *feed, struct whence_wanted *wanted,
    size_t n, struct err *e)
{
	struct publication p;
	struct archived a;
	int found = find_version(w, feed, &p, e);

	if (found != 1)
		return found;
	if (archived_open(&a, w, p.archive, "utf-8")) {
		struct input in = { .read = read_plain, .ctx = &a };
		struct strict *file = strict_open(&in, ";");

		read_ids(file, wanted, n);
		strict_close(file);
	}
	archived_close(&a);
	return 1;
}
