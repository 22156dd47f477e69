/*
 * Responses: statuses in a sentence, files whole and in part, folders.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/arena.h"
#include "net/http_answer.h"
#include "net/http_field.h"
#include "net/http_private.h"
#include "server/bytes.h"
#include "server/lang.h"

#define BLOCK (4 * HTTP_RECORD) /* of a body under TLS: read at once */
#define WHOLE_MAX (1 << 20)     /* a file of which one copy serves many */

/* Of a response header, roughly; what http_acked counts besides the body. */
#define HEADER_GUESS 400

/* --- answers ------------------------------------------------------- */

/* m stays the caller's. */
static enum MHD_Result
queue(struct http_request *r, unsigned status, struct MHD_Response *m)
{
	r->step = STEP_DONE;
	return MHD_queue_response(r->mhd, status, m);
}

static enum MHD_Result
send_response(struct http_request *r, unsigned status, struct MHD_Response *m)
{
	enum MHD_Result rc;

	MHD_add_response_header(m, HTTP_NOSNIFF, HTTP_NOSNIFF_VALUE);
	rc = queue(r, status, m);
	MHD_destroy_response(m);
	return rc;
}

/* A status with a line of text; close: and no further request. */
enum MHD_Result
http_say(
    struct http_request *r, unsigned status, const char *text, bool close_it)
{
	struct MHD_Response *m = MHD_create_response_from_buffer(
	    strlen(text), mem_string(text), MHD_RESPMEM_MUST_FREE);
	char number[16];

	MHD_add_response_header(m, "Content-Type", "text/plain; charset=utf-8");
	MHD_add_response_header(m, "Cache-Control", "no-store");
	if (close_it)
		MHD_add_response_header(m, "Connection", "close");
	if (status == MHD_HTTP_UNAUTHORIZED)
		MHD_add_response_header(m, "WWW-Authenticate",
		    "Basic realm=\"convdrop\", charset=\"UTF-8\"");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(m, "Allow", "GET, HEAD");
	if (status == MHD_HTTP_TOO_MANY_REQUESTS) {
		snprintf(number, sizeof number, "%u", r->who.retry_s);
		MHD_add_response_header(m, "Retry-After", number);
	}
	return send_response(r, status, m);
}

enum MHD_Result
http_say_error(struct http_request *r, int error)
{
	switch (error) {
	case EAGAIN:
	case ENFILE:
	case EMFILE:
		return http_say(r, MHD_HTTP_SERVICE_UNAVAILABLE,
		    _("The server is busy. Try again in a moment.\n"), false);
	case EINVAL:
		return http_say(r, MHD_HTTP_BAD_REQUEST,
		    _("The path cannot be read.\n"), false);
	default:
		return http_say(r, MHD_HTTP_NOT_FOUND,
		    _("There is no such file, or it is not for this login.\n"),
		    false);
	}
}

struct slice
http_request_field(struct http_request *r, const char *name)
{
	const char *value = NULL;
	size_t n = 0;

	if (MHD_lookup_connection_value_n(r->mhd, MHD_HEADER_KIND, name,
		strlen(name), &value, &n) != MHD_YES ||
	    value == NULL)
		return (struct slice){ "", 0 };
	return (struct slice){ value, n };
}

/* --- files --------------------------------------------------------- */

struct body {
	struct http_conn *conn;
	int fd;
	uint64_t first, size;
};

static ssize_t
body_read(void *cls, uint64_t at, char *buf, size_t max)
{
	struct body *b = cls;
	ssize_t n;

	b->conn->http->called++;
	n = pread(b->fd, buf, max, (off_t)(b->first + at));
	if (n <= 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	http_hold_piece(b->conn, (size_t)n, at + (uint64_t)n == b->size);
	return n;
}

static void
body_free(void *cls)
{
	struct body *b = cls;

	close(b->fd);
	free(b);
}

/* Takes fd.  In the clear the kernel sends the file; under TLS blocks of a few
 * records do better than libmicrohttpd's own way with a descriptor. */
static struct MHD_Response *
body_of(struct http_request *r, int fd, uint64_t first, uint64_t size)
{
	struct body *b;

	if (r->conn->protocol == PROTO_HTTP)
		return MHD_create_response_from_fd_at_offset64(size, fd, first);
	b = mem_alloc(sizeof *b);
	b->conn = r->conn;
	b->fd = fd;
	b->first = first;
	b->size = size;
	if (size > 0 && !r->head)
		http_hold_body(r->conn, size);
	return MHD_create_response_from_callback(
	    size, BLOCK, body_read, b, body_free);
}

/* Conditions in the order of RFC 9110 13.2.2: 0, 304 or 412. */
static unsigned
condition(struct http_request *r, const struct http_version *v)
{
	struct slice s = http_request_field(r, MHD_HTTP_HEADER_IF_MATCH);
	int64_t t;

	if (s.n > 0) {
		if (!http_etag_listed(s, v->etag, true))
			return MHD_HTTP_PRECONDITION_FAILED;
	} else {
		s = http_request_field(r, MHD_HTTP_HEADER_IF_UNMODIFIED_SINCE);
		t = s.n > 0 ? http_date_parse(s) : -1;
		if (t != -1 && v->mtime > t)
			return MHD_HTTP_PRECONDITION_FAILED;
	}
	s = http_request_field(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
	if (s.n > 0)
		return http_etag_listed(s, v->etag, false)
			   ? MHD_HTTP_NOT_MODIFIED
			   : 0;
	s = http_request_field(r, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
	t = s.n > 0 ? http_date_parse(s) : -1;
	return t != -1 && v->mtime <= t ? MHD_HTTP_NOT_MODIFIED : 0;
}

/* 200, 206 or 416, and which bytes. */
static unsigned
part(struct http_request *r, const struct http_version *v, uint64_t *first,
    uint64_t *last)
{
	struct slice range = http_request_field(r, MHD_HTTP_HEADER_RANGE);
	struct slice cond = http_request_field(r, MHD_HTTP_HEADER_IF_RANGE);

	*first = 0;
	*last = v->size - 1;
	if (range.n == 0 || r->head)
		return MHD_HTTP_OK;
	if (cond.n > 0 && !slice_is(cond, v->etag) &&
	    http_date_parse(cond) != v->mtime)
		return MHD_HTTP_OK;
	switch (http_range(range, v->size, first, last)) {
	case RANGE_PART:
		return MHD_HTTP_PARTIAL_CONTENT;
	case RANGE_NONE:
		return MHD_HTTP_RANGE_NOT_SATISFIABLE;
	default:
		return MHD_HTTP_OK;
	}
}

static void
add_fields(struct MHD_Response *m, const struct http_fields *f)
{
	for (size_t i = 0; i < f->n; i++)
		MHD_add_response_header(m, f->field[i].name, f->field[i].value);
}

static struct MHD_Response *
bare(const struct http_version *v, bool varies)
{
	struct MHD_Response *m =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	struct http_fields fields;

	http_fields_version(&fields, v, varies);
	add_fields(m, &fields);
	return m;
}

/* One answer does for all who have the version. */
static enum MHD_Result
unmodified(struct http_request *r, struct http_seen *s)
{
	if (s->unmodified == NULL) {
		s->unmodified = bare(&s->v, s->varies);
		MHD_add_response_header(
		    s->unmodified, HTTP_NOSNIFF, HTTP_NOSNIFF_VALUE);
	}
	return queue(r, MHD_HTTP_NOT_MODIFIED, s->unmodified);
}

static enum MHD_Result
without_body(struct http_request *r, unsigned status,
    const struct http_version *v, bool varies)
{
	struct MHD_Response *m = bare(v, varies);
	char text[64];

	if (status == MHD_HTTP_RANGE_NOT_SATISFIABLE) {
		snprintf(text, sizeof text, "bytes */%" PRIu64, v->size);
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_RANGE, text);
	}
	return send_response(r, status, m);
}

static void
forget_whole(struct http_seen *s)
{
	if (s->whole != NULL)
		MHD_destroy_response(s->whole);
	s->whole = NULL;
}

void
http_forget_bodies(struct http *h)
{
	for (size_t i = 0; i < HTTP_SEEN; i++)
		forget_whole(&h->seen[i]);
}

static struct http_seen *
seen_of(struct http *h, const struct files_stat *st, bool gzip, bool varies)
{
	uint64_t which = (uint64_t)st->mtime ^ st->size ^ (uint64_t)gzip;
	struct http_seen *s = &h->seen[which % HTTP_SEEN];

	if (s->v.etag[0] != '\0' && s->v.mtime == st->mtime &&
	    s->v.size == st->size && s->gzip == gzip && s->varies == varies)
		return s;
	if (s->unmodified != NULL)
		MHD_destroy_response(s->unmodified);
	forget_whole(s);
	*s = (struct http_seen){ .gzip = gzip, .varies = varies };
	http_version_of(&s->v, st->mtime, st->size, gzip);
	return s;
}

/* The file itself, which no other has been since, whatever it is called. */
static bool
is_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* A small file goes out of memory, where its next pulls find it; NULL when it
 * is none, or not as it was when it was opened. */
static struct MHD_Response *
whole(struct http_request *r, struct http_seen *s, int fd)
{
	struct http_fields fields;
	struct stat st;
	char *all;

	if (r->conn->protocol != PROTO_HTTPS || r->head || r->size == 0 ||
	    r->size != s->v.size || r->size > WHOLE_MAX || fstat(fd, &st) == -1)
		return NULL;
	if (s->whole != NULL && is_file(&s->whole_of, &st))
		return s->whole;
	if (bytes_take(&all, fd, s->v.size) == -1)
		return NULL;
	forget_whole(s);
	s->whole_of = st;
	s->whole = MHD_create_response_from_buffer(
	    s->v.size, all, MHD_RESPMEM_MUST_FREE);
	http_fields_file(&fields, &s->v, r->path, s->gzip, s->varies);
	add_fields(s->whole, &fields);
	MHD_add_response_header(s->whole, HTTP_NOSNIFF, HTTP_NOSNIFF_VALUE);
	return s->whole;
}

/* Answers with an open file, which it takes.  gzip: the file is the sidecar
 * and stands for path; varies: there might have been one. */
enum MHD_Result
http_send_file(struct http_request *r, int fd, const struct files_stat *st,
    bool gzip, bool varies)
{
	struct http_seen *seen = seen_of(r->conn->http, st, gzip, varies);
	const struct http_version *v = &seen->v;
	struct http_fields fields;
	struct MHD_Response *m;
	uint64_t first, last;
	unsigned status = condition(r, v);

	if (status == 0)
		status = part(r, v, &first, &last);
	if (status != MHD_HTTP_OK && status != MHD_HTTP_PARTIAL_CONTENT) {
		close(fd);
		return status == MHD_HTTP_NOT_MODIFIED
			   ? unmodified(r, seen)
			   : without_body(r, status, v, varies);
	}
	r->first = first;
	r->size = v->size == 0 ? 0 : last - first + 1;
	r->reaches_end = first + r->size == v->size;
	http_measure(r->conn);
	m = whole(r, seen, fd);
	if (m != NULL) {
		close(fd);
		http_hold_whole(r->conn, r->size);
		return queue(r, status, m);
	}
	m = body_of(r, fd, first, r->size);
	http_fields_file(&fields, v, r->path, gzip, varies);
	if (status == MHD_HTTP_PARTIAL_CONTENT)
		http_fields_part(&fields, v, first, r->size);
	add_fields(m, &fields);
	return send_response(r, status, m);
}

/* --- published files, which this process opens itself -------------- */

static void
pull_begin(struct http_request *r, const char *path,
    const struct files_stat *st, bool encoded)
{
	struct http *h = r->conn->http;
	struct files_pull m;

	r->pull = mem_alloc(sizeof *r->pull);
	r->pull->number = ++h->last_pull;
	WIRE_INIT(&m, WIRE_PULL);
	m.step = PULL_BEGINS;
	m.number = r->pull->number;
	memcpy(m.handle, r->conn->grant.handle, sizeof m.handle);
	m.mtime = st->mtime;
	m.size = st->size;
	m.first = r->first;
	m.asked = r->size;
	m.encoded = encoded;
	memcpy(m.path, path, strnlen(path, sizeof m.path - 1));
	outbox_put(&h->to_files, &m.head);
}

void
http_pull_done(struct http *h, struct http_pull *p)
{
	struct files_pull m;

	WIRE_INIT(&m, WIRE_PULL);
	m.step = PULL_ENDS;
	m.number = p->number;
	m.bytes = p->bytes;
	m.complete = p->complete;
	outbox_put(&h->to_files, &m.head);
	free(p);
}

uint64_t
http_delivered(const struct http_request *r)
{
	uint64_t got = http_acked(r->conn);
	uint64_t first = r->conn->before + HEADER_GUESS;

	got = got > first ? got - first : 0;
	return got < r->size ? got : r->size;
}

void
http_pull_end(struct http_request *r, bool completed)
{
	struct http_conn *c = r->conn;
	struct http_pull *p = r->pull;

	p->bytes = completed ? r->size : http_delivered(r);
	r->pull = NULL;
	p->complete = completed && r->reaches_end;
	p->sure_at = c->before + r->size;
	if (completed)
		http_pull_sent(c, p);
	else
		http_pull_done(c->http, p);
}

/* The sidecar, when it is asked for and of the very version; -1 when not. */
static int
open_sidecar(struct http_request *r, struct tree_place *beside,
    const struct files_stat *st, struct files_stat *gz)
{
	size_t n = strlen(beside->rel);
	int fd;

	if (!http_takes_gzip(
		http_request_field(r, MHD_HTTP_HEADER_ACCEPT_ENCODING)) ||
	    n + 4 > sizeof beside->rel)
		return -1;
	memcpy(beside->rel + n, ".gz", 4);
	fd = tree_open(&r->conn->http->tree, beside, gz);
	if (fd != -1 && gz->mtime != st->mtime) {
		close(fd);
		return -1;
	}
	return fd;
}

enum MHD_Result
http_send_published(struct http_request *r, const struct tree_place *at, int fd,
    const struct files_stat *st)
{
	size_t n = strlen(r->path);
	bool varies = n < 3 || strcmp(r->path + n - 3, ".gz") != 0;
	struct files_stat gz;
	struct tree_place beside = *at;
	int side;
	enum MHD_Result rc;

	if (outbox_stays_full(&r->conn->http->to_files)) {
		close(fd); /* what cannot be audited is not served */
		return http_say_error(r, EAGAIN);
	}
	side = varies ? open_sidecar(r, &beside, st, &gz) : -1;
	if (side != -1) {
		close(fd);
		fd = side;
		st = &gz;
		at = &beside;
	}
	rc = http_send_file(r, fd, st, side != -1, varies);
	if (r->size > 0 && !r->head)
		pull_begin(r, at->rel, st, side != -1);
	return rc;
}

/* --- folders ------------------------------------------------------- */

static void
text_add(struct http_text *t, const char *s, size_t n)
{
	if (t->room - t->n < n) {
		t->room = t->room * 2 + n + 4096;
		t->p = mem_grow(t->p, t->room);
	}
	memcpy(t->p + t->n, s, n);
	t->n += n;
}

static void
text_escaped(struct http_text *t, const char *s, bool url)
{
	for (; *s != '\0'; s++) {
		char buf[8];
		bool plain =
		    (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') ||
		    (*s >= 'A' && *s <= 'Z') || strchr("-._", *s) != NULL;

		if (plain || (!url && strchr("<>&\"'", *s) == NULL))
			text_add(t, s, 1);
		else {
			snprintf(buf, sizeof buf, url ? "%%%02X" : "&#%u;",
			    (unsigned)(unsigned char)*s);
			text_add(t, buf, strlen(buf));
		}
	}
}

bool
http_list_entry(void *ctx, const struct files_entry *e)
{
	struct http_text *t = ctx;
	const char *slash = e->stat.is_dir ? "/" : "";
	char buf[64], date[HTTP_DATE_SIZE];
	int n;

	text_add(t, "<tr><td><a href=\"", 17);
	text_escaped(t, e->name, true);
	text_add(t, slash, strlen(slash));
	text_add(t, "\">", 2);
	text_escaped(t, e->name, false);
	text_add(t, slash, strlen(slash));
	http_date_write(e->stat.mtime, date);
	n = snprintf(buf, sizeof buf, "</a><td>%" PRIu64 "<td>%s\n",
	    e->stat.size, e->stat.is_dir ? "" : date);
	text_add(t, buf, (size_t)n);
	return true;
}

enum MHD_Result
http_list_send(struct http_request *r, struct http_text *t, bool cut)
{
	const char *more = _("<p>The folder has more files than these; the "
			     "others can be fetched by their names.</p>\n");
	struct MHD_Response *m;

	http_measure(r->conn);
	text_add(t, "</table>\n", 9);
	if (cut)
		text_add(t, more, strlen(more));
	m = MHD_create_response_from_buffer(t->n, t->p, MHD_RESPMEM_MUST_FREE);
	MHD_add_response_header(
	    m, MHD_HTTP_HEADER_CONTENT_TYPE, "text/html; charset=utf-8");
	MHD_add_response_header(m, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return send_response(r, MHD_HTTP_OK, m);
}

void
http_list_begin(struct http_text *t)
{
	static const char head[] = "<!doctype html>\n<meta charset=\"utf-8\">\n"
				   "<title>convdrop</title>\n<table>\n";

	text_add(t, head, sizeof head - 1);
}

/* A folder's address ends with a slash, or its links would lead astray. */
enum MHD_Result
http_send_to_slash(struct http_request *r)
{
	struct MHD_Response *m =
	    MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	const char *name = strrchr(r->path, '/') + 1;
	struct http_text t = { NULL, 0, 0 };

	text_escaped(&t, name, true);
	text_add(&t, "/", 2);
	MHD_add_response_header(m, MHD_HTTP_HEADER_LOCATION, t.p);
	free(t.p);
	return send_response(r, MHD_HTTP_MOVED_PERMANENTLY, m);
}
