/*
 * Events into audit and store.  One that cannot be written stays on the disk,
 * and with it all after it; nobody downstream waits for an answer.
 */
#include "feed/heard.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/arena.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/log.h"

#define AT_ONCE 8192  /* events; then others may go on */
#define AGAIN_MS 5000 /* after one that could not be written */
#define REST_MS 20    /* from one batch to the next: many at once cost less */
#define PROGRESS_MS 2000 /* between two looks at how far pulls came */

/* --- what it was ---------------------------------------------------------- */

static json_t *
safe_json(const char *s, size_t size)
{
	char safe[1024];

	return json_string(log_safe(safe, sizeof safe, s, strnlen(s, size)));
}

static json_t *
who(const struct event *ev)
{
	json_t *o = json_object();
	char address[64];

	address_text(address, &ev->from);
	json_object_set_new(o, "user", safe_json(ev->user, sizeof ev->user));
	json_object_set_new(o, "address", json_string(address));
	json_object_set_new(o, "protocol",
	    json_string(protocol_name((enum protocol)ev->protocol)));
	return o;
}

/* "main/conversions.csv.gz" into the feed and the file that it is. */
static bool
split_path(const struct event *ev, char feed[FEED_NAME_MAX + 1], char file[64])
{
	const char *slash = memchr(ev->path, '/', sizeof ev->path);
	size_t n, rest;

	if (slash == NULL)
		return false;
	n = (size_t)(slash - ev->path);
	rest = strnlen(slash + 1, sizeof ev->path - n - 1);
	if (n == 0 || n > FEED_NAME_MAX || rest == 0 || rest >= 64)
		return false;
	memcpy(feed, ev->path, n);
	feed[n] = '\0';
	memcpy(file, slash + 1, rest);
	file[rest] = '\0';
	return true;
}

static void
without_gz(char *file)
{
	size_t n = strlen(file);

	if (n > 3 && strcmp(file + n - 3, ".gz") == 0)
		file[n - 3] = '\0';
}

/* --- audit --------------------------------------------------------------- */

static const char *const words[] = { [EVENT_LOGIN] = "login",
	[EVENT_LOGIN_FAILED] = "login_failed",
	[EVENT_UPLOADED] = "uploaded",
	[EVENT_KEY_CHANGED] = "key",
	[EVENT_ARCHIVE_READ] = "archive_read" };

/* With its number, by which it is known when it is taken again. */
static int
audit_heard_event(struct heard *h, uint64_t number, int64_t at,
    const char *word, json_t *fields, struct err *e)
{
	json_object_set_new(fields, "heard", json_integer((json_int_t)number));
	return audit_add(h->audit, at, word, fields, e);
}

/* What ssh_profile = "strict" has nothing of for the client, such as ["mac"];
 * null when it is not known. */
static json_t *
lacks_json(unsigned lacks)
{
	json_t *list;

	if (lacks == STRICT_UNKNOWN)
		return json_null();
	list = json_array();
	for (int l = 0; l < SSH_LISTS; l++) {
		if (lacks & 1u << l)
			json_array_append_new(
			    list, json_string(ssh_list_key((enum ssh_list)l)));
	}
	return list;
}

/* What a client and we agreed on; nothing without encryption. */
static void
add_negotiated(json_t *o, const struct negotiated *n)
{
	if (n->kex[0] == '\0')
		return;
	json_object_set_new(
	    o, "client", safe_json(n->client, sizeof n->client));
	json_object_set_new(o, n->mac[0] == '\0' ? "tls" : "kex",
	    safe_json(n->kex, sizeof n->kex));
	json_object_set_new(
	    o, "cipher", safe_json(n->cipher, sizeof n->cipher));
	if (n->mac[0] == '\0')
		return;
	json_object_set_new(o, "mac", safe_json(n->mac, sizeof n->mac));
	json_object_set_new(
	    o, "hostkey", safe_json(n->hostkey, sizeof n->hostkey));
	json_object_set_new(o, "strict_lacks", lacks_json(n->lacks));
}

static int
audit_simple(struct heard *h, const struct spooled *s, struct err *e)
{
	const struct event *ev = &s->event;
	json_t *o = who(ev);

	if (ev->path[0] != '\0')
		json_object_set_new(
		    o, "path", safe_json(ev->path, sizeof ev->path));
	if (ev->kind == EVENT_UPLOADED)
		json_object_set_new(
		    o, "bytes", json_integer((json_int_t)ev->bytes));
	if (ev->kind == EVENT_LOGIN)
		add_negotiated(o, &ev->how);
	return audit_heard_event(h, s->number, ev->at, words[ev->kind], o, e);
}

/* A host key took another's place: nobody's doing at that moment, but the
 * clock's. */
static int
audit_key(struct heard *h, const struct spooled *s, struct err *e)
{
	json_t *o = json_pack("{s:s, s:o}", "action", "changed", "key",
	    safe_json(s->event.path, sizeof s->event.path));

	return audit_heard_event(
	    h, s->number, s->event.at, words[s->event.kind], o, e);
}

/* Unless it is there already.  pull is its number in the store, or 0. */
static int
audit_pulled(struct heard *h, uint64_t number, const struct event *begun,
    const struct event *ended, int64_t pull, const char *sha256, struct err *e)
{
	json_t *o;

	if (number <= h->audited)
		return 0;
	o = who(begun);
	if (pull != 0)
		json_object_set_new(o, "pull", json_integer(pull));
	json_object_set_new(
	    o, "path", safe_json(begun->path, sizeof begun->path));
	json_object_set_new(o, "sha256", json_string(sha256));
	json_object_set_new(o, "mtime", json_integer(begun->mtime));
	json_object_set_new(o, "bytes", json_integer((json_int_t)ended->bytes));
	json_object_set_new(o, "size", json_integer((json_int_t)begun->size));
	json_object_set_new(o, "complete", json_boolean(ended->complete != 0));
	return audit_heard_event(h, number, ended->at, "pulled", o, e);
}

/* --- pulls --------------------------------------------------------------- */

static struct running *
find_running(const struct heard *h, uint64_t pull)
{
	for (size_t i = 0; i < h->runs; i++) {
		if (!h->running[i].ended && h->running[i].ev.pull == pull)
			return &h->running[i];
	}
	return NULL;
}

static struct running *
add_running(struct heard *h, const struct event *ev)
{
	if (h->runs == h->run_room) {
		h->run_room = h->run_room == 0 ? 16 : h->run_room * 2;
		h->running =
		    mem_grow(h->running, h->run_room * sizeof *h->running);
	}
	h->running[h->runs] = (struct running){ .ev = *ev };
	return &h->running[h->runs++];
}

/* As the store has it; false when its path names no file of a feed. */
static bool
pull_of(const struct event *ev, struct pull *p)
{
	memset(p, 0, sizeof *p);
	if (!split_path(ev, p->feed, p->file))
		return false;
	p->id = ev->pull;
	p->begun = ev->at;
	p->size = ev->size;
	p->first = ev->first;
	p->asked = ev->asked;
	p->encoded = ev->encoded != 0;
	snprintf(p->user, sizeof p->user, "%.*s", (int)sizeof ev->user - 1,
	    ev->user);
	snprintf(p->protocol, sizeof p->protocol, "%s",
	    protocol_name((enum protocol)ev->protocol));
	address_text(p->address, &ev->from);
	return true;
}

static int
begin_pull(struct heard *h, const struct event *ev, struct err *e)
{
	struct pull p;

	if (pull_of(ev, &p) &&
	    store_pull_begin(h->store, &p, ev->mtime, e) == -1)
		return err_add(e, "pull of %s/%s", p.feed, p.file);
	if (find_running(h, ev->pull) == NULL)
		add_running(h, ev);
	return 0;
}

/* Its beginning may have been heard by an earlier process: each event of a pull
 * says whose it is. */
static void
move_pull(struct heard *h, const struct event *ev)
{
	struct running *r = find_running(h, ev->pull);

	if (r == NULL)
		r = add_running(h, ev);
	r->ev.bytes = ev->bytes;
	r->moved = h->moved = true;
}

/* The version that it is of, empty when it is not known. */
static const struct publication *
version_of(struct heard *h, const struct event *ev, struct err *e)
{
	char feed[FEED_NAME_MAX + 1] = "", file[64] = "";
	struct publication *p = &h->version;

	if (h->version_path[0] != '\0' && ev->mtime == h->version_mtime &&
	    strcmp(ev->path, h->version_path) == 0)
		return p;
	memset(p, 0, sizeof *p);
	h->version_path[0] = '\0';
	if (!split_path(ev, feed, file))
		return p;
	without_gz(file);
	if (store_publication_at(h->store, feed, file, ev->mtime, p, e) == -1)
		return p;
	memcpy(h->version_path, ev->path, sizeof ev->path);
	h->version_mtime = ev->mtime;
	return p;
}

static void
note_pulled(struct heard *h, const char *feed, bool complete)
{
	const struct feed *f = conf_feed(h->conf, feed);

	if (f != NULL && complete)
		h->pulled[f->index] = true;
}

static int
end_pull(
    struct heard *h, uint64_t number, const struct event *ev, struct err *e)
{
	char feed[FEED_NAME_MAX + 1] = "", file[64] = "";
	struct running *r = find_running(h, ev->pull);
	struct event begun = r != NULL ? r->ev : *ev;
	const struct publication *version = version_of(h, &begun, e);
	struct pull p;

	split_path(&begun, feed, file);
	if (store_pull_get(h->store, begun.pull, &p, e) != 1)
		p.number = 0;
	if ((r == NULL || !r->told) && audit_pulled(h, number, &begun, ev,
					   p.number, version->sha256, e) == -1)
		return -1;
	if (r != NULL)
		r->told = true;
	if (ev->kind == EVENT_PULL_END) /* else there may be more of them */
		h->audited = number > h->audited ? number : h->audited;
	if (store_pull_end(h->store, ev->pull, ev->at, ev->bytes,
		ev->complete != 0, e) == -1)
		return err_add(e, "pull of %s/%s", feed, file);
	if (r != NULL)
		r->ended = true;
	note_pulled(h, feed, ev->complete != 0);
	return 0;
}

/* The store first: what it refuses is not in the audit either. */
static int
take_pulled(
    struct heard *h, uint64_t number, const struct event *ev, struct err *e)
{
	const struct publication *version = version_of(h, ev, e);
	struct pull p;

	if (pull_of(ev, &p)) {
		p.publication = version->id;
		p.ended = ev->at;
		p.bytes = ev->bytes;
		p.complete = ev->complete != 0;
		if (store_pull_whole(h->store, &p, e) == -1)
			return err_add(e, "pull of %s/%s", p.feed, p.file);
	}
	if (audit_pulled(h, number, ev, ev, p.number, version->sha256, e) == -1)
		return -1;
	note_pulled(h, p.feed, p.complete);
	return 0;
}

/* Nobody can tell any more how these ended. */
static int
end_pulls_of(
    struct heard *h, uint64_t number, const struct event *gone, struct err *e)
{
	for (size_t i = 0; i < h->runs; i++) {
		struct event ev = h->running[i].ev;

		if (h->running[i].ended || ev.head.id != gone->pull)
			continue;
		ev.kind = EVENT_FILES_GONE;
		ev.at = gone->at;
		ev.complete = 0;
		if (end_pull(h, number, &ev, e) == -1)
			return -1;
	}
	return 0;
}

/* Pulls that ended are forgotten when the store knows; else they run on, and
 * end again. */
static void
forget_ended(struct heard *h, bool kept)
{
	size_t i = 0;

	while (i < h->runs) {
		struct running *r = &h->running[i];

		if (r->ended && kept) {
			*r = h->running[--h->runs];
		} else {
			r->ended = false;
			i++;
		}
	}
}

/* How far they came, for whoever asks after a kill. */
static int
tell_progress(struct heard *h, struct err *e)
{
	int rc = 0;

	if (!h->moved || clock_ms() < h->tell_ms)
		return 0;
	if (store_begin(h->store, e) == -1)
		return -1;
	for (size_t i = 0; rc == 0 && i < h->runs; i++) {
		const struct running *r = &h->running[i];

		if (r->moved)
			rc =
			    store_pull_at(h->store, r->ev.pull, r->ev.bytes, e);
	}
	if (rc == -1 || store_commit(h->store, e) == -1) {
		store_rollback(h->store);
		return -1;
	}
	for (size_t i = 0; i < h->runs; i++)
		h->running[i].moved = false;
	h->moved = false;
	h->tell_ms = clock_ms() + PROGRESS_MS;
	return 0;
}

/* --- one after another --------------------------------------------------- */

static int
take(struct heard *h, const struct spooled *s, struct err *e)
{
	const struct event *ev = &s->event;

	switch (ev->kind) {
	case EVENT_PULL_BEGIN:
		return begin_pull(h, ev, e);
	case EVENT_PULL_AT:
		move_pull(h, ev);
		return 0;
	case EVENT_PULL_END:
		return end_pull(h, s->number, ev, e);
	case EVENT_PULLED:
		return take_pulled(h, s->number, ev, e);
	case EVENT_FILES_GONE:
		return end_pulls_of(h, s->number, ev, e);
	case EVENT_LOGIN:
	case EVENT_LOGIN_FAILED:
	case EVENT_UPLOADED:
	case EVENT_ARCHIVE_READ:
		return s->number <= h->audited ? 0 : audit_simple(h, s, e);
	case EVENT_KEY_CHANGED:
		return s->number <= h->audited ? 0 : audit_key(h, s, e);
	default:
		log_warn("an event of unknown kind %u", ev->kind);
		return 0;
	}
}

/* What is there, up to most, in one transaction.  When one fails nothing is
 * kept, for half of it may be done; *n is how many came before it. */
static int
take_batch(struct heard *h, size_t most, size_t *n, struct err *e)
{
	struct spooled s;
	uint64_t from;
	bool failed;

	*n = 0;
	if (!spool_next(h->spool, &s))
		return 0;
	from = s.number;
	h->version_path[0] = '\0'; /* it may have been published since */
	if (store_begin(h->store, e) == -1)
		return -1;
	do {
		failed = take(h, &s, e) == -1;
		if (failed)
			break;
		h->audited = s.number > h->audited ? s.number : h->audited;
		spool_took(h->spool);
		++*n;
	} while (*n < most && spool_next(h->spool, &s));
	if (!failed && store_commit(h->store, e) == -1) {
		failed = true;
		*n = 0; /* the same ones would fail again */
	}
	forget_ended(h, !failed);
	if (!failed)
		return 0;
	store_rollback(h->store);
	spool_back(h->spool, from);
	return -1;
}

/* 1: there may be more. */
static int
take_all(struct heard *h, struct err *e)
{
	size_t n, again;
	int rc;

	audit_hold(h->audit, true);
	rc = take_batch(h, AT_ONCE, &n, e);
	if (rc == -1 && n > 0) /* what came before it need not wait */
		take_batch(h, n, &again, NULL);
	audit_hold(h->audit, false);
	if (audit_sync(h->audit, rc == -1 ? NULL : e) == -1)
		rc = -1;
	if (rc == -1 || tell_progress(h, e) == -1)
		return -1;
	if (!h->moved) /* else a kill needs them */
		spool_done(h->spool);
	if (n > 0)
		h->rest_ms = clock_ms() + REST_MS;
	return n == AT_ONCE;
}

void
heard_drain(struct heard *h, bool in_transaction)
{
	struct err e = ERR_EMPTY;

	spool_pump(h->spool);
	if (in_transaction) {
		spool_sync(h->spool);
		return;
	}
	if (clock_ms() < h->again_ms)
		return;
	if (take_all(h, &e) != -1) {
		h->said[0] = '\0';
		return;
	}
	h->again_ms = clock_ms() + AGAIN_MS;
	if (strcmp(h->said, e.text) != 0)
		log_error("%s (what the network side told waits)", e.text);
	snprintf(h->said, sizeof h->said, "%s", e.text);
}

static bool
is_resting(const struct heard *h)
{
	return clock_ms() < h->rest_ms;
}

int64_t
heard_wait_ms(const struct heard *h)
{
	int64_t at = h->said[0] != '\0' ? h->again_ms : h->tell_ms;
	int64_t wait;

	if (is_resting(h))
		at = h->rest_ms;
	else if (h->said[0] == '\0' && !h->moved)
		return INT_MAX;
	wait = at - clock_ms();
	return wait < 0 ? 0 : wait;
}

int
heard_fd(const struct heard *h)
{
	bool failed = h->said[0] != '\0';

	return failed || is_resting(h) ? -1 : spool_fd(h->spool);
}

/* --- its life ------------------------------------------------------------ */

/* What an earlier process left comes before anything else. */
int
heard_open(struct heard *h, const struct conf *c, struct store *s,
    struct audit *a, int sock, struct err *e)
{
	int more;

	memset(h, 0, sizeof *h);
	h->conf = c;
	h->store = s;
	h->audit = a;
	h->pulled = mem_alloc((c->feeds + 1) * sizeof *h->pulled);
	if (audit_heard(c, &h->audited, e) == -1 ||
	    spool_open(&h->spool, c, sock, h->audited, e) == -1)
		return -1;
	do
		more = take_all(h, e);
	while (more == 1);
	return more;
}

void
heard_close(struct heard *h)
{
	spool_close(h->spool);
	free(h->pulled);
	free(h->running);
}

static int
note_broken(void *ctx, const struct pull *p, struct err *e)
{
	struct heard *h = ctx;
	struct publication pub = { 0 };
	json_t *o = json_object();
	char path[FEED_NAME_MAX + 80];

	if (p->publication == 0 ||
	    store_publication_get(h->store, p->publication, &pub, e) != 1)
		pub.sha256[0] = '\0';
	snprintf(path, sizeof path, "%s/%s", p->feed, p->file);
	json_object_set_new(o, "user", safe_json(p->user, sizeof p->user));
	json_object_set_new(o, "address", json_string(p->address));
	json_object_set_new(o, "protocol", json_string(p->protocol));
	json_object_set_new(o, "pull", json_integer((json_int_t)p->number));
	json_object_set_new(o, "path", safe_json(path, sizeof path));
	json_object_set_new(o, "sha256", json_string(pub.sha256));
	json_object_set_new(o, "bytes", json_integer((json_int_t)p->bytes));
	json_object_set_new(o, "size", json_integer((json_int_t)p->size));
	json_object_set_new(o, "complete", json_false());
	json_object_set_new(o, "note", json_string("the daemon ended before"));
	return audit_add(h->audit, (int64_t)time(NULL), "pulled", o, e);
}

int
heard_close_pulls(struct heard *h, int64_t now, struct err *e)
{
	return store_pulls_close(h->store, now, note_broken, h, e);
}
