/*
 * The files process: its loop and channels, what auth allowed, and what is
 * read.  Uploads are in files_upload.c.
 */
#include "net/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "server/bytes.h"
#include "net/files_private.h"
#include "server/clock.h"
#include "server/log.h"
#include "server/sandbox.h"

#define THREADS 4
#define PULLS_MAX 8192 /* at once, a channel: http has many clients */
#define POLICE_MS 1000
#define UNTOLD_MS 8 /* most pulls of http are over by then */

/* --- what auth allowed --------------------------------------------------- */

static struct allowed **
bucket_of(struct files *f, const uint8_t handle[16])
{
	return &f->bucket[(handle[0] | (unsigned)handle[1] << 8) % BUCKETS];
}

static struct allowed **
find_allowed(struct files *f, const uint8_t handle[16])
{
	struct allowed **at = bucket_of(f, handle);

	while (*at != NULL && !secret_equal((*at)->grant.handle, handle, 16))
		at = &(*at)->next;
	return at;
}

bool
files_allows(struct files *f, const uint8_t handle[16])
{
	return *find_allowed(f, handle) != NULL;
}

/* Whoever uses it first keeps it: a handle is of no use to anybody else. */
static struct allowed *
allowed_for(struct files *f, const struct peer *p, const uint8_t handle[16])
{
	struct allowed *a = *find_allowed(f, handle);

	if (a == NULL)
		return NULL;
	if (a->peer == 0)
		a->peer = p->number;
	return a->peer == p->number ? a : NULL;
}

static void
disallow(struct files *f, struct allowed **at)
{
	struct allowed *a = *at;

	for (size_t i = 0; i < f->peers.n; i++) {
		struct peer *p = f->peers.peer[i];

		if (p->number == a->peer && !p->gone && p->data != NULL)
			upload_drop_all(f, p->data, a);
	}
	*at = a->next;
	free(a);
}

static bool
hear_auth(struct files *f, struct peer *p, const struct auth_allow *m)
{
	struct allowed **at = find_allowed(f, m->grant.handle);

	if (!m->live && *at != NULL) {
		peers_catch_up(&f->peers, p); /* to what was still allowed */
		disallow(f, find_allowed(f, m->grant.handle));
	}
	if (m->live && *at == NULL) {
		struct allowed *a = mem_alloc(sizeof *a);

		a->grant = m->grant;
		a->grant.user[sizeof a->grant.user - 1] = '\0';
		*at = a;
	}
	peers_send(p, &m->head, -1);
	return true;
}

/* --- events and pulls ---------------------------------------------------- */

struct event
files_event(
    enum event_kind kind, const struct grant *g, size_t feed, const char *path)
{
	struct event ev;

	event_init(&ev, kind);
	ev.head.id = (uint64_t)getpid();
	ev.protocol = g->protocol;
	ev.from = g->from;
	ev.feed = (uint32_t)feed;
	memcpy(ev.user, g->user, sizeof ev.user);
	snprintf(ev.path, sizeof ev.path, "%s", path);
	return ev;
}

/* NULL when there are too many. */
static struct pulling *
pull_add(struct files *f, struct channel *c, const struct grant *g,
    const struct tree_place *place)
{
	struct pulling *p;

	if (c->pulls >= PULLS_MAX)
		return NULL;
	p = mem_alloc(sizeof *p);
	p->begin = files_event(EVENT_PULL_BEGIN, g, place->feed, place->rel);
	p->begin.pull = ++f->last_pull;
	p->number = p->begin.pull;
	p->next = c->pulling;
	c->pulling = p;
	c->pulls++;
	return p;
}

static struct pulling **
pull_find(struct channel *c, uint64_t number)
{
	struct pulling **at = &c->pulling;

	while (*at != NULL && (*at)->number != number)
		at = &(*at)->next;
	return at;
}

static void
tell(struct files *f, struct pulling *p, enum event_kind kind, uint64_t bytes)
{
	p->begin.kind = kind;
	p->begin.at = (int64_t)time(NULL);
	p->begin.bytes = bytes;
	events_put(f->events, &p->begin);
}

static void
pull_end(struct files *f, struct channel *c, struct pulling **at,
    uint64_t bytes, bool complete)
{
	struct pulling *p = *at;

	p->begin.complete = complete;
	tell(f, p, p->untold_ms != 0 ? EVENT_PULLED : EVENT_PULL_END, bytes);
	*at = p->next;
	c->pulls--;
	f->untold -= p->untold_ms != 0;
	free(p);
}

/* Ingest is told of those that did not end at once. */
static void
tell_begun(struct files *f, const struct channel *c, int64_t now)
{
	struct pulling *p = c == NULL || f->untold == 0 ? NULL : c->pulling;

	for (; p != NULL; p = p->next) {
		if (p->untold_ms == 0 || now - p->untold_ms < UNTOLD_MS)
			continue;
		events_put(f->events, &p->begin);
		p->untold_ms = 0;
		f->untold--;
	}
}

/* --- operations: each an errno ------------------------------------------- */

static int
op_stat(struct request *rq)
{
	struct tree_place place;
	const struct upload *u;
	int rc =
	    tree_resolve(&rq->f->tree, &rq->by->grant, rq->q->path, &place);

	if (rc != 0)
		return rc;
	u = place.kind == TREE_REAL ? upload_find(rq->channel, rq->by, &place)
				    : NULL;
	if (u != NULL) {
		rq->r.stat = upload_stat(u);
		return 0;
	}
	return tree_stat(&rq->f->tree, &place, &rq->r.stat) == 0 ? 0 : errno;
}

static int
begin_opened(struct request *rq, const struct tree_place *place)
{
	const struct files_stat *st = &rq->r.stat;
	struct pulling *p = pull_add(rq->f, rq->channel, &rq->by->grant, place);

	if (p == NULL)
		return EMFILE;
	p->begin.size = st->size;
	p->begin.mtime = st->mtime;
	if (rq->q->first > 0 && rq->q->first <= st->size) {
		p->begin.first = rq->q->first;
		p->begin.asked = st->size - rq->q->first;
	}
	events_put(rq->f->events, &p->begin);
	rq->r.number = p->number;
	return 0;
}

static int
op_open(struct request *rq)
{
	struct tree_place place;
	const struct upload *u;
	struct event ev;
	int rc =
	    tree_resolve(&rq->f->tree, &rq->by->grant, rq->q->path, &place);

	if (rc != 0)
		return rc;
	u = place.kind == TREE_REAL ? upload_find(rq->channel, rq->by, &place)
				    : NULL;
	if (u != NULL) {
		rq->r.stat = upload_stat(u);
		rq->fd = upload_open(u);
		return rq->fd == -1 ? errno : 0;
	}
	rq->fd = tree_open(&rq->f->tree, &place, &rq->r.stat);
	if (rq->fd == -1)
		return errno;
	if (place.root == TREE_PUBLISHED)
		return begin_opened(rq, &place);
	if (place.root == TREE_ARCHIVE) {
		ev = files_event(
		    EVENT_ARCHIVE_READ, &rq->by->grant, place.feed, place.rel);
		ev.size = rq->r.stat.size;
		ev.mtime = rq->r.stat.mtime;
		events_put(rq->f->events, &ev);
	}
	return 0;
}

static int
op_pull_at(struct request *rq)
{
	struct pulling *p = *pull_find(rq->channel, rq->q->number);

	if (p == NULL)
		return ENOENT;
	tell(rq->f, p, EVENT_PULL_AT, rq->q->bytes);
	return 0;
}

/* Its login may be over by now. */
static int
op_pull_end(struct request *rq)
{
	struct pulling **at = pull_find(rq->channel, rq->q->number);

	if (*at == NULL)
		return ENOENT;
	pull_end(rq->f, rq->channel, at, rq->q->bytes, rq->q->complete != 0);
	return 0;
}

/* clang-format off */
static const struct {
        int (*run)(struct request *rq);
        bool without; /* needs no live login */
} operations[] = {
        [FILES_STAT]       = { op_stat,       false },
        [FILES_OPEN]       = { op_open,       false },
        [FILES_LIST]       = { list_begin,    false },
        [FILES_CREATE]     = { upload_create, false },
        [FILES_COMMIT]     = { upload_commit, false },
        [FILES_ABORT]      = { upload_abort,  false },
        [FILES_RENAME]     = { upload_rename, false },
        [FILES_REMOVE]     = { upload_remove, false },
        [FILES_PULL_END]   = { op_pull_end,   true },
        [FILES_PULL_AT]    = { op_pull_at,    true },
};
/* clang-format on */

/* --- channels ------------------------------------------------------------ */

void
files_answer(struct peer *p, const struct files_reply *r, int fd)
{
	if (r->head.id != FILES_UNANSWERED)
		peers_send(p, &r->head, r->error == 0 ? fd : -1);
	if (fd != -1)
		close(fd);
}

static bool
is_request(const struct files_request *q)
{
	return q->op < sizeof operations / sizeof operations[0] &&
	       memchr(q->path, '\0', sizeof q->path) != NULL &&
	       memchr(q->path2, '\0', sizeof q->path2) != NULL;
}

static struct channel *
channel_of(struct peer *p)
{
	if (p->data == NULL)
		p->data = mem_alloc(sizeof(struct channel));
	return p->data;
}

/* What http opened by itself is noted as far as the grant allows it. */
static void
begin_told(struct files *f, struct peer *peer, const struct files_pull *m)
{
	const struct allowed *by = allowed_for(f, peer, m->handle);
	struct channel *c = channel_of(peer);
	struct tree_place place;
	struct pulling *p;

	if (by == NULL ||
	    tree_resolve(&f->tree, &by->grant, m->path, &place) != 0 ||
	    place.kind != TREE_REAL || place.root != TREE_PUBLISHED)
		return;
	p = pull_add(f, c, &by->grant, &place);
	if (p == NULL)
		return;
	p->number = m->number;
	p->untold_ms = clock_ms();
	f->untold++;
	p->begin.size = m->size;
	p->begin.mtime = m->mtime;
	p->begin.first = m->first;
	p->begin.asked = m->asked;
	p->begin.encoded = m->encoded != 0;
}

static bool
hear_pull(struct files *f, struct peer *peer, const struct files_pull *m)
{
	struct channel *c = channel_of(peer);
	struct pulling **at = pull_find(c, m->number);

	if (m->step > PULL_ENDS ||
	    memchr(m->path, '\0', sizeof m->path) == NULL ||
	    (m->step == PULL_BEGINS && *at != NULL))
		return false;
	if (m->step == PULL_BEGINS)
		begin_told(f, peer, m);
	else if (*at != NULL && m->step == PULL_ENDS)
		pull_end(f, c, at, m->bytes, m->complete != 0);
	else if (*at != NULL && (*at)->untold_ms == 0)
		tell(f, *at, EVENT_PULL_AT, m->bytes);
	peers_rest(peer);
	return true;
}

static bool
hear_request(struct files *f, struct peer *p, const struct files_request *q)
{
	struct request rq = { .f = f, .peer = p, .q = q, .fd = -1 };

	if (!is_request(q))
		return false;
	rq.channel = channel_of(p);
	WIRE_INIT(&rq.r, WIRE_OPENED);
	rq.r.head.id = q->head.id;
	rq.by = allowed_for(f, p, q->handle);
	if (rq.by == NULL && !operations[q->op].without)
		rq.r.error = EACCES;
	else
		rq.r.error = operations[q->op].run(&rq);
	if (!rq.later)
		files_answer(p, &rq.r, rq.fd);
	return true;
}

static bool
peer_message(void *ctx, struct peer *p, const union wire_any *m, int fd)
{
	struct files *f = ctx;

	(void)fd;
	if (p == f->auth)
		return m->head.type == WIRE_ALLOW && hear_auth(f, p, &m->allow);
	if (m->head.type == WIRE_PULL)
		return hear_pull(f, p, &m->pull);
	return m->head.type == WIRE_FILE && hear_request(f, p, &m->file);
}

static void
peer_closed(void *ctx, struct peer *p)
{
	struct files *f = ctx;
	struct channel *c = p->data;

	if (p == f->auth)
		f->auth = NULL;
	if (c == NULL)
		return;
	while (c->pulling != NULL)
		pull_end(f, c, &c->pulling, c->pulling->begin.bytes, false);
	upload_drop_all(f, c, NULL);
	p->data = NULL;
	free(c);
}

static void
hear_parent(struct files *f)
{
	union wire_any m;
	int fd;

	if (wire_recv(f->worker->control, &m, sizeof m, &fd) != 1) {
		f->stop = true;
		return;
	}
	if (m.head.type == WIRE_CLIENT && fd != -1) {
		peers_add(&f->peers, fd, (enum peer_kind)m.client.kind,
		    &m.client.from);
		fd = -1;
	}
	if (m.head.type == WIRE_DRAIN)
		f->draining = true;
	if (m.head.type == WIRE_STOP)
		f->stop = true;
	if (fd != -1)
		close(fd);
}

/* Without auth there is nothing more to honour. */
static bool
goes_on(const struct files *f)
{
	if (f->stop)
		return false;
	return f->draining ? f->peers.n > 0 : f->auth != NULL;
}

static int
timeout_of(const struct files *f)
{
	if (f->untold > 0)
		return UNTOLD_MS;
	return f->open_uploads > 0 ? POLICE_MS : -1;
}

static void
loop(struct files *f)
{
	while (goes_on(f)) {
		struct pollfd more[3] = { { f->worker->control, POLLIN, 0 },
			{ pool_fd(f->pool), POLLIN, 0 },
			{ events_waiting(f->events) ? f->worker->events : -1,
			    POLLOUT, 0 } };

		peers_wait(&f->peers, more, 3, timeout_of(f));
		for (size_t i = 0; i < f->peers.n; i++)
			tell_begun(f, f->peers.peer[i]->data, clock_ms());
		if (more[1].revents != 0)
			upload_synced(f);
		if (more[2].revents != 0)
			events_flush(f->events);
		if (f->open_uploads > 0)
			upload_police(f);
		if (more[0].revents != 0)
			hear_parent(f);
	}
}

static int
start(struct files *f, struct err *e)
{
	const unsigned all = 1U << TREE_PUBLISHED | 1U << TREE_INBOX |
			     1U << TREE_REPORTS | 1U << TREE_ARCHIVE;

	if (tree_open_roots(&f->tree, f->conf, all, e) == -1)
		return -1;
	if (sandbox_paths(SANDBOX_FILES, f->conf, e) == -1)
		return -1;
	f->pool = pool_open(THREADS, 0);
	if (f->pool == NULL)
		return err_set(e, "no thread can be started");
	f->auth = peers_add(&f->peers, f->worker->auth, PEER_NETWORK, NULL);
	upload_tidy(f);
	secret_random(&f->last_pull, sizeof f->last_pull);
	return sandbox_calls(SANDBOX_FILES, e);
}

static void
end(struct files *f)
{
	peers_free(&f->peers);
	while (f->pool != NULL && pool_busy(f->pool) > 0) {
		struct pollfd p = { pool_fd(f->pool), POLLIN, 0 };

		poll(&p, 1, -1);
		upload_synced(f);
	}
	pool_close(f->pool);
	for (size_t i = 0; i < BUCKETS; i++) {
		while (f->bucket[i] != NULL)
			disallow(f, &f->bucket[i]);
	}
	for (size_t i = 0; i < TREE_ROOTS; i++) {
		if (f->tree.root[i] != -1)
			close(f->tree.root[i]);
	}
	events_close(f->events);
	free(f);
}

int
files_main(struct worker *w)
{
	struct files *f = mem_alloc(sizeof *f);
	struct err e = ERR_EMPTY;
	int status = 1;

	f->worker = w;
	f->conf = w->conf;
	f->peers.message = peer_message;
	f->peers.closed = peer_closed;
	f->peers.ctx = f;
	f->events = events_open(w->events);
	if (start(f, &e) == -1) {
		log_error("%s", e.text);
		goto out;
	}
	worker_ready(w);
	loop(f);
	status = f->auth == NULL && !f->draining && !f->stop ? 1 : 0;
out:
	end(f);
	return status;
}
