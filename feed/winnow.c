/*
 * Dumps read for what they say of the erased, and written without them.  See
 * winnow.h.
 */
#include "feed/winnow.h"

#include <errno.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/dump.h"
#include "formats/out.h"
#include "server/bytes.h"
#include "store/canon.h"
#include "feed/expunge.h"
#include "feed/intake.h"
#include "store/sieve.h"
#include "store/temp.h"
#include "feed/unpack.h"

#define BREATH 2048

/* A pass over the dump. */
struct pass {
	struct winnow *w;
	const struct settings *settings;
	struct zone *counter, *source;
	int fd, unpacked;
	bool has_unpacked;
	struct input input;
	struct dump *dump;
	struct sieve sieve;
	bool sifts;
	struct sha256_ctx sha;
	struct arena arena;
	enum fmt_status status;
	/* to be written; NULL: it is only looked at */
	struct out *out;
	unsigned long line;
	struct canon *canon;
};

static const char *
folder(const struct winnow *w, char state[PATH_MAX])
{
	if (w->dir != NULL)
		return w->dir;
	conf_path(state, w->conf, "state", NULL);
	return state;
}

/* --- the dump's bytes ----------------------------------------------------- */

static ssize_t
read_dump(void *ctx, void *buf, size_t n)
{
	const struct pass *p = ctx;
	ssize_t k;

	do
		k = read(p->fd, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

static ssize_t
read_dump_at(void *ctx, void *buf, size_t n, uint64_t at)
{
	const struct pass *p = ctx;
	ssize_t k;

	do
		k = pread(p->fd, buf, n, (off_t)at);
	while (k == -1 && errno == EINTR);
	return k;
}

static int
open_input(struct pass *p, int fd, struct err *e)
{
	char state[PATH_MAX];
	struct unpack_how how = { .limits = &p->settings->limits,
		.dir = folder(p->w, state),
		.breathe = p->w->breathe,
		.ctx = p->w->ctx,
		.stop = p->w->stop };
	struct stat size;

	p->status = FMT_OK;
	if (unpack_gzip(&p->unpacked, fd, &how, &p->status, e) == -1)
		return -1;
	p->has_unpacked = p->unpacked != -1;
	p->fd = p->has_unpacked ? p->unpacked : fd;
	p->input = (struct input){ .read = read_dump,
		.ctx = p,
		.read_at = read_dump_at,
		.size = fstat(p->fd, &size) == 0 ? (uint64_t)size.st_size : 0 };
	if (lseek(p->fd, 0, SEEK_SET) == -1)
		return err_set(e, "read it: %s", strerror(errno));
	return 0;
}

static int
open_pass(struct pass *p, struct winnow *w, const struct settings *s, int fd,
    bool sifts, struct err *e)
{
	*p = (struct pass){ .w = w, .settings = s, .sifts = sifts, .line = 1 };
	sha256_init(&p->sha);
	if (conf_zone(&p->counter, s->zone, e) == -1 ||
	    (s->source_zone[0] != '\0' &&
		conf_zone(&p->source, s->source_zone, e) == -1) ||
	    open_input(p, fd, e) == -1)
		return -1;
	if (p->status == FMT_OK)
		p->status =
		    dump_open(&p->dump, &p->input, s, p->counter, p->source);
	if (p->status == FMT_IO)
		return err_set(e, "read it: %s", strerror(errno));
	if (p->status == FMT_OK && sifts)
		sieve_attach(&p->sieve, w->stones, s, p->dump);
	return 0;
}

static void
close_pass(struct pass *p)
{
	dump_close(p->dump);
	sieve_free(&p->sieve);
	zone_free(p->counter);
	zone_free(p->source);
	arena_free(&p->arena);
	canon_close(p->canon);
	if (p->has_unpacked)
		close(p->unpacked);
}

/* --- records -------------------------------------------------------------- */

/* What goes on to the merge: the same records, the same orders. */
static void
digest(struct pass *p, const struct record *r)
{
	uint8_t head[2] = { r->auto_id, r->skip_status };
	struct slice packed;

	if (r->verdict == VERDICT_REJECT ||
	    (r->verdict == VERDICT_SKIP && !r->skip_status))
		return;
	arena_reset(&p->arena);
	packed = conv_pack(&p->arena, &r->conv);
	sha256_update(&p->sha, sizeof head, head);
	sha256_update(&p->sha, packed.n, (const uint8_t *)packed.p);
}

static void
put_cell(struct out *o, struct slice s)
{
	out_char(o, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"')
			out_char(o, '"');
		out_char(o, s.p[i]);
	}
	out_char(o, '"');
}

/* Lines as an editor counts them. */
static unsigned long
breaks(struct slice s)
{
	unsigned long n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == '\n' ||
		     (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'));
	return n;
}

static void
put_row(struct pass *p, unsigned long line, const struct slice *cell,
    size_t cells, size_t width)
{
	static const struct slice none = { "", 0 };

	for (; p->line < line; p->line++)
		out_char(p->out, '\n');
	for (size_t i = 0; i < cells || i < width; i++) {
		struct slice s = i < cells ? cell[i] : none;

		if (i > 0)
			out_char(p->out, p->w->delimiter);
		put_cell(p->out, s);
		p->line += breaks(s);
	}
	out_char(p->out, '\n');
	p->line++;
}

/* A row that could not be read might be read once its quotes are in place. */
static int
keep(struct pass *p, const struct record *r, struct err *e)
{
	digest(p, r);
	if (p->canon != NULL && r->verdict != VERDICT_REJECT &&
	    (r->verdict != VERDICT_SKIP || r->skip_status) &&
	    canon_add(p->canon, &r->conv, r->auto_id, e) == -1)
		return -1;
	if (p->out == NULL || r->broken)
		return 0;
	put_row(
	    p, r->line, r->cell, r->cells, p->w->is_csv ? 0 : p->w->columns);
	return p->out->failed == 0
		   ? 0
		   : err_set(e, "write it: %s", strerror(p->out->failed));
}

static int
take(struct pass *p, const struct record *r, struct err *e)
{
	struct winnow *w = p->w;
	bool dropped = p->sifts && sieve_drops(&p->sieve, r);

	if (w->row != NULL && p->sifts && (dropped || p->sieve.touched))
		w->row(w->row_ctx, r->line, dropped, &r->conv);
	return dropped ? 0 : keep(p, r, e);
}

static int
read_records(struct pass *p, struct err *e)
{
	struct winnow *w = p->w;
	struct record *r;
	uint64_t n = 0;

	if (p->status != FMT_OK)
		return 0;
	while ((p->status = dump_next(p->dump, &r)) == FMT_OK) {
		if (take(p, r, e) == -1)
			return -1;
		if (++n % BREATH != 0)
			continue;
		if (w->breathe != NULL)
			w->breathe(w->ctx);
		if (w->stop != NULL && *w->stop)
			return err_set(e, "interrupted; it is done later");
	}
	if (p->status == FMT_IO)
		return err_set(e, "read it: %s", strerror(errno));
	return 0;
}

/* Whatever became of the dump, all of its records were seen. */
static bool
came_to_its_end(enum fmt_status st)
{
	return st == FMT_END || st == FMT_EMPTY || st == FMT_DAMAGED ||
	       st == FMT_PIPELINES;
}

void
winnow_free(struct winnow *w)
{
	for (size_t i = 0; i < w->columns; i++)
		free(w->header[i]);
	free(w->header);
	w->header = NULL;
	w->columns = 0;
}

/* What the copy must have, once all columns are known: JSON names them as it
 * goes. */
static void
note_shape(struct winnow *w, struct pass *p)
{
	const struct dump_facts *f = dump_facts(p->dump);

	w->is_csv = f->syntax != NULL && strcmp(f->syntax, "csv") == 0;
	w->delimiter = w->is_csv && f->delimiter != '\0' ? f->delimiter : ';';
	if (f->header == NULL)
		return;
	w->columns = f->columns;
	w->header_line = f->header_line;
	w->header = mem_alloc((w->columns + 1) * sizeof *w->header);
	for (size_t i = 0; i < w->columns; i++)
		w->header[i] = mem_string(f->header[i]);
}

/* A text may be looked through though it is no dump that can be read. */
static void
look_at_text(struct winnow *w, const struct settings *s, int fd)
{
	struct expunge how = { .stones = w->stones,
		.limits = &s->limits,
		.feed = s->feed,
		.encoding = s->encoding };
	struct err e = ERR_EMPTY;

	if (w->found != WINNOW_UNKNOWN || expunge_file(&how, fd, -1, &e) == -1)
		return;
	w->found = how.found > 0 ? WINNOW_FOUND : WINNOW_CLEAN;
	w->dropped = how.found;
}

int
winnow_look(struct winnow *w, const struct settings *s, int fd, struct err *e)
{
	struct pass p;
	int rc = -1;

	if (open_pass(&p, w, s, fd, true, e) == -1 || read_records(&p, e) == -1)
		goto out;
	w->ended = came_to_its_end(p.status);
	w->dropped = p.sieve.dropped;
	w->changed = p.sieve.changed;
	w->found = w->dropped + w->changed > 0 ? WINNOW_FOUND
		   : w->ended                  ? WINNOW_CLEAN
					       : WINNOW_UNKNOWN;
	sha256_digest(&p.sha, sizeof w->digest, w->digest);
	if (p.dump != NULL)
		note_shape(w, &p);
	look_at_text(w, s, fd);
	rc = 0;
out:
	close_pass(&p);
	return rc;
}

bool
winnow_can(const struct winnow *w)
{
	return w->found == WINNOW_FOUND && w->ended && w->columns > 0;
}

/* --- writing -------------------------------------------------------------- */

static int
write_fd(void *ctx, const void *buf, size_t n)
{
	return bytes_write(*(const int *)ctx, buf, n);
}

/* What reads it again: a plain text, no part of which may be too bad. */
static struct settings *
plain_settings(const struct winnow *w, const struct settings *s)
{
	char *text = settings_text(s);
	struct settings *c = NULL;

	if (text == NULL || settings_parse(&c, text) != FMT_OK)
		c = settings_new();
	free(text);
	settings_set(&c->encoding, "utf-8");
	settings_set(&c->sheet, "");
	c->delimiter = w->delimiter;
	c->max_bad_percent = 100;
	return c;
}

static void
put_header(struct pass *p)
{
	const struct winnow *w = p->w;
	struct slice *cell = mem_alloc(w->columns * sizeof *cell);

	for (size_t i = 0; i < w->columns; i++)
		cell[i] = slice_of(w->header[i]);
	put_row(p, w->is_csv ? w->header_line : 1, cell, w->columns, 0);
	free(cell);
}

static int
write_cells(
    struct winnow *w, const struct settings *s, int fd, int to, struct err *e)
{
	struct out *out = mem_alloc(sizeof *out);
	struct pass p;
	int rc = -1;

	out_begin(out, (struct output){ write_fd, &to });
	if (open_pass(&p, w, s, fd, true, e) == -1)
		goto out;
	p.out = out;
	put_header(&p);
	if (read_records(&p, e) == -1)
		goto out;
	if (out_end(out) == -1)
		err_set(e, "write it: %s", strerror(errno));
	else
		rc = 0;
out:
	close_pass(&p);
	free(out);
	return rc;
}

/* Does it read again to the same?  1, 0, -1. */
static int
reads_again(struct winnow *w, const struct settings *s, int fd, struct err *e)
{
	uint8_t found[32];
	struct pass p;
	int rc = -1;

	if (open_pass(&p, w, s, fd, false, e) == 0 &&
	    read_records(&p, e) == 0) {
		sha256_digest(&p.sha, sizeof found, found);
		rc = (p.status == FMT_END || p.status == FMT_EMPTY) &&
		     memcmp(found, w->digest, sizeof found) == 0;
	}
	close_pass(&p);
	return rc;
}

static int
write_canon(struct winnow *w, const struct settings *s, int fd, int *out,
    char **settings, struct err *e)
{
	struct merge_rules rules;
	struct settings *again;
	char state[PATH_MAX];
	struct pass p;
	int from, rc = -1;

	if (open_pass(&p, w, s, fd, true, e) == -1 ||
	    canon_open(&p.canon, folder(w, state), e) == -1)
		goto out;
	intake_rules(&rules, s, dump_facts(p.dump), 0);
	if (read_records(&p, e) == -1 || (from = canon_end(p.canon, e)) == -1)
		goto out;
	*out = dup(from);
	if (*out == -1) {
		err_set(e, "write it: %s", strerror(errno));
		goto out;
	}
	again = canon_settings(s, &rules);
	*settings = settings_text(again);
	settings_free(again);
	rc = 0;
out:
	close_pass(&p);
	return rc;
}

int
winnow_write(struct winnow *w, const struct settings *s, int fd, int *out,
    char **settings, struct err *e)
{
	struct settings *plain = plain_settings(w, s);
	char state[PATH_MAX];
	int to = temp_file(folder(w, state)), same = -1;

	w->row = NULL;
	if (to == -1)
		err_set(e, "make a temporary file: %s", strerror(errno));
	else if (write_cells(w, s, fd, to, e) == 0)
		same = reads_again(w, plain, to, e);
	if (same == 1) {
		*settings = settings_text(plain);
		*out = to;
		if (lseek(to, 0, SEEK_SET) == -1)
			same = err_set(e, "write it: %s", strerror(errno));
	} else if (to != -1) {
		close(to);
	}
	if (same == 0)
		same = write_canon(w, s, fd, out, settings, e) == 0 ? 1 : -1;
	settings_free(plain);
	return same == 1 ? 0 : -1;
}
