/*
 * Events into audit and store.  A failure to write one is logged and the next
 * is taken: nobody downstream waits for an answer.
 */
#include "feed/heard.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/arena.h"
#include "server/address.h"
#include "server/log.h"

#define WAITING_MAX 8192

static void
put(struct event **list, size_t *n, size_t *room, const struct event *ev)
{
	if (*n == *room) {
		*room = *room == 0 ? 16 : *room * 2;
		*list = mem_grow(*list, *room * sizeof **list);
	}
	(*list)[(*n)++] = *ev;
}

void
heard_init(
    struct heard *h, const struct conf *c, struct store *s, struct audit *a)
{
	memset(h, 0, sizeof *h);
	h->conf = c;
	h->store = s;
	h->audit = a;
	h->pulled = mem_alloc((c->feeds + 1) * sizeof *h->pulled);
}

void
heard_free(struct heard *h)
{
	free(h->pulled);
	free(h->running);
	free(h->waiting);
}

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
	[EVENT_ARCHIVE_READ] = "archive_read" };

static void
audit_simple(struct heard *h, const struct event *ev)
{
	struct err e = ERR_EMPTY;
	json_t *o = who(ev);

	if (ev->path[0] != '\0')
		json_object_set_new(
		    o, "path", safe_json(ev->path, sizeof ev->path));
	if (ev->kind == EVENT_UPLOADED)
		json_object_set_new(
		    o, "bytes", json_integer((json_int_t)ev->bytes));
	if (audit_add(h->audit, ev->at, words[ev->kind], o, &e) == -1)
		log_error("audit: %s", e.text);
}

static void
audit_pulled(struct heard *h, const struct event *begun,
    const struct event *ended, const char *sha256)
{
	struct err e = ERR_EMPTY;
	json_t *o = who(begun);
	struct pull p;

	if (store_pull_get(h->store, begun->pull, &p, &e) == 1)
		json_object_set_new(
		    o, "pull", json_integer((json_int_t)p.number));
	json_object_set_new(
	    o, "path", safe_json(begun->path, sizeof begun->path));
	json_object_set_new(o, "sha256", json_string(sha256));
	json_object_set_new(o, "mtime", json_integer(begun->mtime));
	json_object_set_new(o, "bytes", json_integer((json_int_t)ended->bytes));
	json_object_set_new(o, "size", json_integer((json_int_t)begun->size));
	json_object_set_new(o, "complete", json_boolean(ended->complete != 0));
	if (audit_add(h->audit, ended->at, "pulled", o, &e) == -1)
		log_error("audit: %s", e.text);
}

/* --- pulls --------------------------------------------------------------- */

static void
begin_pull(struct heard *h, const struct event *ev)
{
	struct err e = ERR_EMPTY;
	struct pull p;

	put(&h->running, &h->runs, &h->run_room, ev);
	memset(&p, 0, sizeof p);
	if (!split_path(ev, p.feed, p.file))
		return;
	p.id = ev->pull;
	p.begun = ev->at;
	p.size = ev->size;
	p.first = ev->first;
	p.asked = ev->asked;
	p.encoded = ev->complete != 0;
	snprintf(
	    p.user, sizeof p.user, "%.*s", (int)sizeof ev->user - 1, ev->user);
	snprintf(p.protocol, sizeof p.protocol, "%s",
	    protocol_name((enum protocol)ev->protocol));
	address_text(p.address, &ev->from);
	if (store_pull_begin(h->store, &p, ev->mtime, &e) == -1)
		log_error("pull of %s/%s: %s", p.feed, p.file, e.text);
}

static void
end_pull(struct heard *h, const struct event *ev)
{
	char feed[FEED_NAME_MAX + 1] = "", file[64] = "";
	struct event begun = *ev;
	struct publication p = { 0 };
	struct err e = ERR_EMPTY;
	const struct feed *f;

	for (size_t i = 0; i < h->runs; i++) {
		if (h->running[i].pull != ev->pull)
			continue;
		begun = h->running[i];
		h->running[i] = h->running[--h->runs];
		break;
	}
	if (split_path(&begun, feed, file)) {
		without_gz(file);
		if (store_publication_at(
			h->store, feed, file, begun.mtime, &p, &e) != 1)
			p.sha256[0] = '\0';
	}
	audit_pulled(h, &begun, ev, p.sha256);
	if (store_pull_end(h->store, ev->pull, ev->at, ev->bytes,
		ev->complete != 0, &e) == -1)
		log_error("pull of %s/%s: %s", feed, file, e.text);
	f = conf_feed(h->conf, feed);
	if (f != NULL && ev->complete != 0)
		h->pulled[f->index] = true;
}

/* Nobody can tell any more how these ended. */
static void
end_pulls_of(struct heard *h, const struct event *gone)
{
	size_t i = 0;

	while (i < h->runs) {
		struct event ev = h->running[i];

		if (ev.head.id != gone->pull) {
			i++;
			continue;
		}
		ev.at = gone->at;
		ev.bytes = 0;
		ev.complete = 0;
		end_pull(h, &ev); /* takes it out of running */
	}
}

/* --- the socket ---------------------------------------------------------- */

static void
take(struct heard *h, const struct event *ev, bool in_transaction)
{
	switch (ev->kind) {
	case EVENT_PULL_BEGIN:
	case EVENT_PULL_END:
	case EVENT_FILES_GONE:
		if (in_transaction)
			put(&h->waiting, &h->waits, &h->wait_room, ev);
		else if (ev->kind == EVENT_PULL_BEGIN)
			begin_pull(h, ev);
		else if (ev->kind == EVENT_PULL_END)
			end_pull(h, ev);
		else
			end_pulls_of(h, ev);
		break;
	case EVENT_LOGIN:
	case EVENT_LOGIN_FAILED:
	case EVENT_UPLOADED:
	case EVENT_ARCHIVE_READ:
		audit_simple(h, ev);
		break;
	default:
		log_warn("an event of unknown kind %u", ev->kind);
		break;
	}
}

static void
take_waiting(struct heard *h)
{
	for (size_t i = 0; i < h->waits; i++)
		take(h, &h->waiting[i], false);
	h->waits = 0;
}

static bool
readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return fd != -1 && poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

void
heard_drain(struct heard *h, int sock, bool in_transaction)
{
	union {
		struct event event;
		char bytes[WIRE_MAX];
	} m;
	struct err e = ERR_EMPTY;
	size_t n = 0;

	audit_hold(h->audit, true);
	if (!in_transaction)
		take_waiting(h);
	while (h->waits < WAITING_MAX && n++ < WAITING_MAX && readable(sock)) {
		if (wire_recv(sock, &m, sizeof m, NULL) != 1)
			break;
		if (m.event.head.type != WIRE_EVENT)
			continue;
		m.event.user[sizeof m.event.user - 1] = '\0';
		m.event.path[sizeof m.event.path - 1] = '\0';
		take(h, &m.event, in_transaction);
	}
	audit_hold(h->audit, false);
	if (audit_sync(h->audit, &e) == -1)
		log_error("audit: %s", e.text);
}

/* --- after a crash ------------------------------------------------------- */

static void
note_broken(void *ctx, const struct pull *p)
{
	struct heard *h = ctx;
	struct publication pub = { 0 };
	struct err e = ERR_EMPTY;
	json_t *o = json_object();
	char path[FEED_NAME_MAX + 80];

	if (p->publication == 0 ||
	    store_publication_get(h->store, p->publication, &pub, &e) != 1)
		pub.sha256[0] = '\0';
	snprintf(path, sizeof path, "%s/%s", p->feed, p->file);
	json_object_set_new(o, "user", safe_json(p->user, sizeof p->user));
	json_object_set_new(o, "address", json_string(p->address));
	json_object_set_new(o, "protocol", json_string(p->protocol));
	json_object_set_new(o, "pull", json_integer((json_int_t)p->number));
	json_object_set_new(o, "path", safe_json(path, sizeof path));
	json_object_set_new(o, "sha256", json_string(pub.sha256));
	json_object_set_new(o, "size", json_integer((json_int_t)p->size));
	json_object_set_new(o, "complete", json_false());
	json_object_set_new(o, "note", json_string("the daemon ended before"));
	if (audit_add(h->audit, (int64_t)time(NULL), "pulled", o, &e) == -1)
		log_error("audit: %s", e.text);
}

int
heard_close_pulls(struct heard *h, int64_t now, struct err *e)
{
	return store_pulls_close(h->store, now, note_broken, h, e);
}
