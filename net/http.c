/*
 * The http process: listeners, connections and their deadlines, channels.
 *
 * libmicrohttpd's own time limit is for inactivity alone, so a client that
 * drips a byte now and then would live for ever.  Here a connection has
 * http_request_s from the end of one answer to the end of the next request's
 * header; an answer must be taken at HTTP_RATE_MIN on average, and never rest
 * for idle_s.
 */
#include "net/http.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "server/address.h"
#include "server/clock.h"
#include "net/http_field.h"
#include "net/http_private.h"
#include "server/lang.h"
#include "server/log.h"
#include "server/sandbox.h"
#include "net/tls.h"

#define TICK_MS 1000 /* how often deadlines are looked at */
#define LOG_MS 1000  /* how often limits are logged */
#define IDLE_RUNS 2  /* of libmicrohttpd, that did nothing */
#define REST_MS 2
#define CONNECTION_MEMORY 24576 /* header, 16 KiB, and the answer's */

/* Memory that the next answer uses again, instead of giving it back. */
#define HEAP_MAX (4 << 20)

#define CHANNELS 3 /* to the parent, auth and files */

/* Of a TCP connection, as the kernel numbers them; <netinet/tcp.h>, which has
 * them, cannot be included beside <linux/tcp.h>. */
enum {
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8
};

#define PRIORITIES                                                             \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:"            \
	"-AES-128-CBC:-AES-256-CBC:-AES-128-CCM:-AES-256-CCM:"                 \
	"-SHA1:" TLS_GROUPS ":%SERVER_PRECEDENCE"

static struct tcp_info
tcp_of(const struct http_conn *c)
{
	struct tcp_info info = { .tcpi_bytes_acked = c->acked };
	socklen_t n = sizeof info;

	getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &n);
	return info;
}

uint64_t
http_acked(const struct http_conn *c)
{
	return tcp_of(c).tcpi_bytes_acked;
}

void
http_measure(struct http_conn *c)
{
	c->measured = true;
	c->acked = http_acked(c);
	c->taken = 0;
	c->taken_ms = clock_ms();
}

/* --- connections --------------------------------------------------- */

/* Is it only told later that it was refused? */
static bool
is_held(const struct http_conn *c)
{
	return c->request != NULL && c->request->held_ms != 0;
}

/* libmicrohttpd sees the end of the stream and cleans up. */
static void
conn_cut(struct http_conn *c)
{
	if (!c->doomed)
		shutdown(c->fd, SHUT_RDWR);
	c->doomed = true;
	c->http->stirred = true;
	if (is_held(c))
		http_request_release(c->request);
}

static const char *const limits[HTTP_LIMITS] = {
	[HTTP_ALL] = N_("refused, as max_connections is reached"),
	[HTTP_HERE] = N_("refused, as max_per_address is reached"),
	[HTTP_STRANGERS] = N_("refused, as max_unauthenticated is reached"),
	[HTTP_STRANGERS_HERE] =
	    N_("refused, as max_unauth_per_address is reached"),
	[HTTP_MADE_ROOM] =
	    N_("ended before a login, as max_unauthenticated is reached"),
	[HTTP_MADE_ROOM_HERE] =
	    N_("ended before a login, as max_unauth_per_address is reached"),
	[HTTP_EARLY] =
	    N_("ended before a login, as early_drop_from is reached"),
	[HTTP_IDLE] = N_("ended, as it took nothing of its answer for idle_s"),
	[HTTP_SLOW] = N_("ended, as it takes its answer too slowly"),
};

/* Each at most once a second: whoever runs into limits does so often. */
static void
log_limit(struct http *h, const struct in6_addr *from, enum http_limit l)
{
	int64_t now = clock_ms();
	char address[INET6_ADDRSTRLEN];

	if (h->limit[l].logged_ms != 0 &&
	    now - h->limit[l].logged_ms < LOG_MS) {
		h->limit[l].unlogged++;
		return;
	}
	log_warn("%s: %s (%u more were not logged)",
	    address_text(address, from), _(limits[l]), h->limit[l].unlogged);
	h->limit[l].logged_ms = now;
	h->limit[l].unlogged = 0;
}

/* What door.c sees of the connections. */
static size_t
list_guests(struct http *h)
{
	size_t n = 0;

	if (h->conn_count > h->guest_room) {
		h->guest_room = h->conn_count * 2;
		h->guest = mem_grow(h->guest, h->guest_room * sizeof *h->guest);
	}
	for (const struct http_conn *c = h->conns; c != NULL; c = c->next)
		h->guest[n++] = (struct guest){ .from = c->from,
			.since_ms = c->since_ms,
			.in = c->known,
			.busy = c->request != NULL && !is_held(c),
			.gone = c->doomed };
	return n;
}

/* May another connection begin?  libmicrohttpd asks before it accepts one. */
static enum MHD_Result
admit(void *cls, const struct sockaddr *sa, socklen_t n)
{
	static const struct {
		enum http_limit refused, made_room;
	} words[DOOR_RULES] = {
		[DOOR_ALL] = { HTTP_ALL, HTTP_LIMITS },
		[DOOR_HERE] = { HTTP_HERE, HTTP_LIMITS },
		[DOOR_STRANGERS] = { HTTP_STRANGERS, HTTP_MADE_ROOM },
		[DOOR_STRANGERS_HERE] = { HTTP_STRANGERS_HERE,
		    HTTP_MADE_ROOM_HERE },
		[DOOR_EARLY] = { HTTP_LIMITS, HTTP_EARLY },
	};
	struct http *h = cls;
	struct in6_addr from = address_from(sa);
	struct http_conn *ends = h->conns;
	size_t guests = list_guests(h);
	struct door_says says =
	    door_ask(h->door, h->guest, guests, &from, clock_ms());

	(void)n;
	if (!says.open) {
		log_limit(h, &from, words[says.rule].refused);
		return MHD_NO;
	}
	if (says.ends == DOOR_NOBODY)
		return MHD_YES;
	while (says.ends-- > 0)
		ends = ends->next;
	log_limit(h, &ends->from, words[says.rule].made_room);
	conn_cut(ends);
	return MHD_YES;
}

/* Tells auth that a login is over once nobody uses its handle: no connection,
 * and no pull that files has yet to number. */
static void
log_out(struct http *h, const uint8_t handle[16])
{
	struct auth_revoked m;

	for (const struct http_conn *c = h->conns; c != NULL; c = c->next) {
		if (c->granted && memcmp(c->grant.handle, handle, 16) == 0)
			return;
	}
	for (const struct http_pull *p = h->pulls; p != NULL; p = p->next) {
		if (memcmp(p->handle, handle, 16) == 0)
			return;
	}
	WIRE_INIT(&m, WIRE_REVOKED);
	memcpy(m.handle, handle, sizeof m.handle);
	outbox_put(&h->to_auth, &m.head);
}

static void
conn_forget(struct http_conn *c)
{
	if (!c->granted)
		return;
	c->granted = false;
	log_out(c->http, c->grant.handle);
}

void
http_conn_grant(
    struct http_conn *c, const struct grant *g, const uint8_t credentials[32])
{
	conn_forget(c);
	if (!c->known)
		door_welcome(c->http->door, &c->from, clock_ms());
	c->granted = c->known = true;
	c->grant = *g;
	memcpy(c->credentials, credentials, sizeof c->credentials);
}

static void
conn_begin(
    const struct http_origin *o, struct MHD_Connection *m, void **context)
{
	struct http_conn *c = mem_alloc(sizeof *c);
	struct http *h = o->http;

	c->http = h;
	c->protocol = o->protocol;
	c->fd = MHD_get_connection_info(m, MHD_CONNECTION_INFO_CONNECTION_FD)
		    ->connect_fd;
	c->from = address_from(
	    MHD_get_connection_info(m, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
		->client_addr);
	c->since_ms = clock_ms();
	c->next = h->conns;
	c->prev = &h->conns;
	if (c->next != NULL)
		c->next->prev = &c->next;
	h->conns = c;
	h->conn_count++;
	*context = c;
	if (o->protocol == PROTO_HTTPS)
		http_tls_begin(c, MHD_get_connection_info(
				      m, MHD_CONNECTION_INFO_GNUTLS_SESSION)
				      ->tls_session);
}

/*
 * What the kernel took for a client may never reach it: a pull is over when it
 * is acknowledged.  Or when the connection is: with what had been by then, if
 * the client is gone or was cut; when we are the one to close, the rest is
 * still under way and nothing speaks against it.
 */
static void
conn_settle(struct http_conn *c, bool over)
{
	struct http_pull *p = c->unsure;
	struct tcp_info tcp = tcp_of(c);
	bool gone = c->doomed || tcp.tcpi_state == STATE_CLOSE ||
		    tcp.tcpi_state == STATE_CLOSE_WAIT;
	uint64_t missing;

	if (p == NULL)
		return;
	if (tcp.tcpi_bytes_acked < p->sure_at) {
		if (!over)
			return;
		missing = p->sure_at - tcp.tcpi_bytes_acked;
		if (gone) {
			p->complete = false;
			p->bytes -= missing < p->bytes ? missing : p->bytes;
		}
	}
	c->unsure = NULL;
	http_pull_done(c->http, p);
}

static void
conn_end(struct http_conn *c)
{
	struct http *h = c->http;

	conn_settle(c, true);
	conn_forget(c);
	h->conn_count--;
	*c->prev = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	http_hold_free(&c->hold);
	free(c);
}

static void
conn_notify(void *cls, struct MHD_Connection *m, void **context,
    enum MHD_ConnectionNotificationCode what)
{
	((struct http_origin *)cls)->http->called++;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		conn_begin(cls, m, context);
	else if (*context != NULL)
		conn_end(*context);
}

/* The limit that breaks off an answer under way, or none. */
static enum http_limit
stalled(struct http_conn *c, int64_t now)
{
	int64_t ms = now - c->since_ms;
	uint64_t taken;

	if (!c->measured)
		http_measure(c);
	taken = http_acked(c) - c->acked;
	if (taken != c->taken) {
		c->taken = taken;
		c->taken_ms = now;
	}
	if (now - c->taken_ms > (int64_t)c->http->conf->idle_s * 1000)
		return HTTP_IDLE;
	if (http_too_slow(ms, taken))
		return HTTP_SLOW;
	return HTTP_LIMITS;
}

/* Should anybody be killed, the audit knows how far the pull came. */
static void
tell_progress(struct http *h, const struct http_request *r, int64_t now)
{
	struct http_pull *p = r == NULL ? NULL : r->pull;
	struct files_request q;

	if (p == NULL || p->number == 0 || now - p->told_ms < FILES_AT_MS ||
	    outbox_full(&h->to_files))
		return;
	p->told_ms = now;
	WIRE_INIT(&q, WIRE_FILE);
	q.head.id = FILES_UNANSWERED;
	q.op = FILES_PULL_AT;
	memcpy(q.handle, p->handle, sizeof q.handle);
	q.number = p->number;
	q.bytes = http_delivered(r);
	if (q.bytes == p->told)
		return;
	p->told = q.bytes;
	outbox_put(&h->to_files, &q.head);
}

static void
keep_deadlines(struct http *h)
{
	int64_t now = clock_ms();

	for (struct http_conn *c = h->conns; c != NULL; c = c->next) {
		enum http_limit why = c->request != NULL && !c->doomed
					  ? stalled(c, now)
					  : HTTP_LIMITS;

		conn_settle(c, false);
		if (is_held(c) && now >= c->request->held_ms)
			http_request_release(c->request);
		tell_progress(h, c->request, now);
		if (why != HTTP_LIMITS) {
			log_limit(h, &c->from, why);
			conn_cut(c);
		} else if (c->request == NULL &&
			   ((h->draining && c->unsure == NULL) ||
			       now - c->since_ms >
				   (int64_t)h->conf->http_request_s * 1000)) {
			conn_cut(c);
		}
	}
}

/* --- channels ------------------------------------------------------ */

static void
revoked(struct http *h, const struct auth_revoked *m)
{
	for (struct http_conn *c = h->conns; c != NULL; c = c->next) {
		if (!c->granted ||
		    memcmp(c->grant.handle, m->handle, sizeof m->handle) != 0)
			continue;
		c->granted = false;
		if (c->request != NULL && c->request->step != STEP_CREDENTIALS)
			conn_cut(c); /* else it is asked for again */
	}
}

static void
pull_close(struct http *h, struct http_pull *p)
{
	struct files_request q;

	WIRE_INIT(&q, WIRE_FILE);
	q.head.id = FILES_UNANSWERED;
	q.op = FILES_PULL_END;
	memcpy(q.handle, p->handle, sizeof q.handle);
	q.number = p->number;
	q.bytes = p->bytes;
	q.complete = p->complete;
	if (p->number != 0)
		outbox_put(&h->to_files, &q.head);
	log_out(h, p->handle);
	free(p);
}

void
http_pull_done(struct http *h, struct http_pull *p)
{
	p->ended = true;
	if (p->ask == 0)
		pull_close(h, p); /* else once files has numbered it */
}

/* files gave a pull its number. */
static void
numbered(struct http *h, const struct files_reply *r)
{
	struct http_pull **at = &h->pulls;
	struct http_pull *p;

	while (*at != NULL && (*at)->ask != r->head.id)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	p = *at;
	*at = p->next;
	p->ask = 0;
	p->number = r->error == 0 ? r->number : 0;
	if (p->ended)
		pull_close(h, p);
}

union message {
	struct wire head;
	struct auth_reply granted;
	struct auth_revoked revoked;
	struct files_reply opened;
	char room[WIRE_MAX];
};

/* All that waits on a channel; false when the peer is gone. */
static bool
hear(struct http *h, int sock)
{
	union message m;
	int fd;

	for (;;) {
		int n = wire_recv(sock, &m, sizeof m, &fd);

		if (n == -1 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n != 1)
			return false;
		h->stirred = true;
		switch (m.head.type) {
		case WIRE_GRANT:
			http_request_granted(h, &m.granted);
			break;
		case WIRE_REVOKED:
			revoked(h, &m.revoked);
			break;
		case WIRE_OPENED:
			numbered(h, &m.opened);
			http_request_found(h, &m.opened, fd);
			fd = -1;
			break;
		case WIRE_DRAIN:
			h->draining = true;
			break;
		case WIRE_STOP:
			h->stop = true;
			break;
		default:
			break;
		}
		if (fd != -1)
			close(fd);
	}
}

bool
http_hear_auth(struct http *h)
{
	return hear(h, h->worker->auth);
}

/* --- the process --------------------------------------------------- */

static struct MHD_Daemon *
listen_on(struct http *h, const struct listener *l)
{
	const struct worker *w = h->worker;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	struct http_origin *origin = &h->origin[h->origins];
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, w->pem[0] },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, w->pem[1] },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};
	static char priorities[] = PRIORITIES;

	origin->http = h;
	origin->protocol = l->protocol;
	tls[2].ptr_value = priorities;
	if (l->protocol == PROTO_HTTPS)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	return MHD_start_daemon(flags, 0, admit, h, http_request_handle, h,
	    MHD_OPTION_LISTEN_SOCKET, l->fd, /* */
	    MHD_OPTION_CONNECTION_LIMIT, h->conf->max_connections + 1,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,      /* */
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* role.c; or no sendfile */
	    MHD_OPTION_NOTIFY_CONNECTION, conn_notify, origin,  /* */
	    MHD_OPTION_URI_LOG_CALLBACK, http_request_begin, h, /* */
	    MHD_OPTION_NOTIFY_COMPLETED, http_request_end, h,   /* */
	    MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
}

static void
unblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static int
start(struct http *h, struct err *e)
{
	struct worker *w = h->worker;

	if (tree_open_roots(&h->tree, h->conf, 1u << TREE_PUBLISHED, e) == -1)
		return -1;
	if (gnutls_session_ticket_key_generate(&h->tickets) != 0)
		return err_set(e, "GnuTLS does not start");
	for (size_t i = 0; i < w->listeners; i++) {
		struct MHD_Daemon *d = listen_on(h, &w->listener[i]);

		if (d == NULL)
			return err_set(e,
			    "libmicrohttpd does not start; the certificate "
			    "or its key may be unusable");
		h->origin[h->origins++].daemon = d;
	}
	worker_wipe_pem(w);
	unblock(w->auth);
	unblock(w->files);
	unblock(w->control);
	h->to_auth.sock = w->auth;
	h->to_files.sock = w->files;
	return sandbox_enter(SANDBOX_HTTP, h->conf, e);
}

/* --- its turns --- */

/* Must it be run at once? */
static bool
asks(const struct http_origin *o)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return MHD_get_timeout(o->daemon, &ms) == MHD_YES && ms == 0;
}

/*
 * libmicrohttpd does not see that a TLS handshake waits for its client and asks
 * to be run again at once, for as long as the client likes.  Every byte in or
 * out of a session is seen in http_tls.c: idle runs are the time to rest until
 * something arrives.
 */
static bool
waits_for_clients(const struct http_origin *o)
{
	return o->protocol == PROTO_HTTPS && o->idle >= IDLE_RUNS;
}

static void
turn(struct http_origin *o)
{
	uint64_t called = o->http->called;

	MHD_run(o->daemon);
	o->idle = o->http->called != called ? 0 : o->idle + 1;
}

/* How long poll may wait. */
static int
timeout_of(const struct http *h)
{
	int wait = h->stirred ? 0 : TICK_MS;

	for (size_t i = 0; i < h->origins; i++) {
		const struct http_origin *o = &h->origin[i];

		if (asks(o))
			wait = waits_for_clients(o) && wait > 0 ? REST_MS : 0;
	}
	return wait;
}

static void
quiesce(struct http *h)
{
	for (size_t i = 0; i < h->origins; i++) {
		MHD_socket s = MHD_quiesce_daemon(h->origin[i].daemon);

		if (s != MHD_INVALID_SOCKET)
			close(s);
	}
}

static struct pollfd
channel(int fd, const struct outbox *o)
{
	short out = outbox_waiting(o) ? POLLOUT : 0;

	return (struct pollfd){ fd, (short)(POLLIN | out), 0 };
}

static struct pollfd
clients(const struct http_origin *o)
{
	const union MHD_DaemonInfo *info =
	    MHD_get_daemon_info(o->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	return (struct pollfd){ info->epoll_fd, POLLIN, 0 };
}

static int
run(struct http *h)
{
	struct worker *w = h->worker;
	struct pollfd p[CHANNELS + 64];
	int64_t tick = clock_ms();
	bool quiet = false;

	while (!h->stop && !(quiet && h->conn_count == 0)) {
		bool all;

		p[0] = (struct pollfd){ w->control, POLLIN, 0 };
		p[1] = channel(w->auth, &h->to_auth);
		p[2] = channel(w->files, &h->to_files);
		for (size_t i = 0; i < h->origins; i++)
			p[CHANNELS + i] = clients(&h->origin[i]);
		if (poll(p, CHANNELS + h->origins, timeout_of(h)) == -1 &&
		    errno != EINTR)
			return 1;
		for (size_t i = 0; i < CHANNELS; i++) {
			if (p[i].revents != 0 && !hear(h, p[i].fd))
				return 1; /* the parent starts us again */
		}
		outbox_flush(&h->to_auth);
		outbox_flush(&h->to_files);
		if (h->draining && !quiet) {
			quiesce(h);
			quiet = true;
		}
		if (clock_ms() - tick >= TICK_MS || quiet) {
			tick = clock_ms();
			keep_deadlines(h);
			h->stirred = true;
		}
		all = h->stirred;
		h->stirred = false;
		for (size_t i = 0; i < h->origins; i++) {
			if (all || p[CHANNELS + i].revents != 0 ||
			    asks(&h->origin[i]))
				turn(&h->origin[i]);
		}
	}
	return 0;
}

int
http_main(struct worker *w)
{
	static struct http h;
	struct err e = ERR_EMPTY;

	mallopt(M_MMAP_THRESHOLD, HEAP_MAX);
	mallopt(M_TRIM_THRESHOLD, HEAP_MAX);
	h.worker = w;
	h.conf = w->conf;
	h.door = door_new(w->conf);
	if (start(&h, &e) == -1) {
		log_error("http: %s", e.text);
		return 1;
	}
	worker_ready(w);
	return run(&h);
}
