/*
 * Which dumps can have an order: those whose bytes have its id somewhere.
 * Unpacking them is nearly all of the work, and is done for as many dumps at
 * once as there are processors; nothing here asks the store.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/decode.h"
#include "store/archive.h"
#include "tool/trace_private.h"

#define THREADS 8
#define NEEDLE_MAX 250

/* --- the bytes of an id --------------------------------------------------- */

/* Quotes are doubled in CSV, '&' and '<' written otherwise in HTML. */
static bool
is_safe(char c)
{
	return c > ' ' && c < 0x7f && strchr("\"'\\&<>/", c) == NULL;
}

struct slice
trace_needle(struct slice id)
{
	struct slice best = { id.p, 0 };
	size_t i = 0;

	while (i < id.n) {
		size_t from = i;

		while (i < id.n && is_safe(id.p[i]))
			i++;
		if (i - from > best.n)
			best = (struct slice){ id.p + from, i - from };
		i += i == from;
	}
	return best;
}

uint64_t
trace_occurrences(struct slice s, struct slice needle)
{
	uint64_t n = 0;
	const char *p;

	while (s.n >= needle.n &&
	       (p = memmem(s.p, s.n, needle.p, needle.n)) != NULL) {
		n++;
		s.n -= (size_t)(p + 1 - s.p);
		s.p = p + 1;
	}
	return n;
}

/* --- one dump ------------------------------------------------------------- */

struct search {
	int fd;
	struct slice needle;
	char tail[NEEDLE_MAX]; /* of the chunk before, too short for it */
	size_t tail_n;
	uint64_t found;
	bool sure; /* what is not found is not there */
};

static ssize_t
read_fd(void *ctx, void *buf, size_t n)
{
	const struct search *s = ctx;
	ssize_t k;

	do
		k = read(s->fd, buf, n);
	while (k == -1 && errno == EINTR);
	return k;
}

/* Is it the beginning of lines of text in an encoding that keeps ASCII?  JSON
 * may write any letter as \u0041, and a workbook is packed. */
static bool
is_lines(struct slice head)
{
	if (slice_starts(head, "\xef\xbb\xbf")) {
		head.p += 3;
		head.n -= 3;
	}
	if (head.n > 1024)
		head.n = 1024;
	if (slice_starts(head, "PK") || memchr(head.p, '\0', head.n) != NULL ||
	    slice_starts(head, "\xff\xfe") || slice_starts(head, "\xfe\xff"))
		return false;
	head = slice_trim(head);
	return head.n > 0 && strchr("{[<", *head.p) == NULL;
}

/* Bytes of UTF-8 for what nobody sees, which an id is read without; in other
 * encodings they are letters, and then the dump is parsed for nothing. */
static bool
has_invisible(struct slice s)
{
	const char *p;

	while (s.n > 2 && (p = memchr(s.p, 0xe2, s.n - 2)) != NULL) {
		unsigned char x = (unsigned char)p[1], y = (unsigned char)p[2];

		if ((x == 0x80 && ((y >= 0x8b && y <= 0x8f) ||
				      (y >= 0xaa && y <= 0xae))) ||
		    (x == 0x81 && y >= 0xa0 && y <= 0xaf))
			return true;
		s.n -= (size_t)(p + 1 - s.p);
		s.p = p + 1;
	}
	return false;
}

/* What lies across two chunks is in their seam, and nothing else is. */
static void
search_chunk(struct search *s, struct slice chunk)
{
	size_t most = s->needle.n - 1, head;
	char seam[2 * NEEDLE_MAX];

	head = chunk.n < most ? chunk.n : most;
	memcpy(seam, s->tail, s->tail_n);
	memcpy(seam + s->tail_n, chunk.p, head);
	s->found += trace_occurrences(
	    (struct slice){ seam, s->tail_n + head }, s->needle);
	s->found += trace_occurrences(chunk, s->needle);
	if (chunk.n >= most) {
		memcpy(s->tail, chunk.p + chunk.n - most, most);
		s->tail_n = most;
		return;
	}
	head += s->tail_n;
	s->tail_n = head < most ? head : most;
	memmove(s->tail, seam + head - s->tail_n, s->tail_n);
}

static void
search_all(struct search *s, const struct limits *limits)
{
	struct input in = { .read = read_fd, .ctx = s };
	struct decode *d = NULL;
	struct slice chunk;
	enum fmt_status st = decode_open_plain(&d, &in, limits);
	bool first = true;

	while (st == FMT_OK && (st = decode_plain(d, &chunk)) == FMT_OK) {
		if ((first && !is_lines(chunk)) || has_invisible(chunk))
			break;
		first = false;
		search_chunk(s, chunk);
	}
	s->sure = st == FMT_END;
	decode_close(d);
}

/* One that cannot be opened is whoever's who reads it. */
static void
search_dump(const struct conf *c, struct trace_dump *d)
{
	struct search s = { .needle = d->needle };
	struct err e = ERR_EMPTY;

	d->sought = false;
	if (d->needle.n == 0 || d->needle.n > NEEDLE_MAX)
		return;
	s.fd = archive_open(c, d->d.archive, &e);
	if (s.fd == -1)
		return;
	search_all(&s, &d->settings->limits);
	close(s.fd);
	d->sought = s.sure;
	d->places = s.found;
}

/* --- many of them --------------------------------------------------------- */

struct seeking {
	const struct trace_what *w;
	struct trace_dump *dump;
	size_t n, before, of;
	_Atomic size_t next;
};

static void *
work(void *ctx)
{
	struct seeking *k = ctx;
	size_t i;

	while ((i = atomic_fetch_add(&k->next, 1)) < k->n)
		search_dump(k->w->conf, &k->dump[i]);
	return NULL;
}

/* The same, and says how far it is. */
static void
work_and_tell(struct seeking *k)
{
	const struct trace_what *w = k->w;
	size_t i;

	while ((i = atomic_fetch_add(&k->next, 1)) < k->n) {
		if (w->progress != NULL)
			w->progress(w->ctx, k->before + i + 1, k->of);
		search_dump(w->conf, &k->dump[i]);
	}
}

void
trace_seek(struct trace_dump *d, size_t n, const struct trace_what *w,
    size_t before, size_t of)
{
	struct seeking k = {
		.w = w, .dump = d, .n = n, .before = before, .of = of
	};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t thread[THREADS];
	size_t threads = 0;

	while (threads < THREADS && (long)threads + 1 < processors &&
	       threads + 1 < n &&
	       pthread_create(&thread[threads], NULL, work, &k) == 0)
		threads++;
	work_and_tell(&k);
	while (threads > 0)
		pthread_join(thread[--threads], NULL);
}
