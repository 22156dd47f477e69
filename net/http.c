/*
 * The http process: listeners, channels, and when libmicrohttpd is run.
 */
#include "net/http.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/clock.h"
#include "net/http_private.h"
#include "server/log.h"
#include "server/sandbox.h"
#include "net/tls.h"

#define TICK_MS 1000 /* how often deadlines are looked at */
#define IDLE_RUNS 2  /* of libmicrohttpd, that did nothing */
#define REST_MS 2
#define CONNECTION_MEMORY 24576 /* header, 16 KiB, and the answer's */

/* The next answers use this memory again, instead of giving it back at once:
 * pieces up to, and as much at the heap's end as. */
#define PIECE_KEPT (1 << 20)
#define HEAP_KEPT (16 << 20)

#define CHANNELS 3 /* to the parent, auth and files */

#define PRIORITIES                                                             \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:"            \
	"-AES-128-CBC:-AES-256-CBC:-AES-128-CCM:-AES-256-CCM:"                 \
	"-SHA1:" TLS_GROUPS ":%SERVER_PRECEDENCE"

/* --- channels ------------------------------------------------------ */

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
			http_revoked(h, &m.revoked);
			break;
		case WIRE_OPENED:
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
	return MHD_start_daemon(flags, 0, http_conn_admit, h,
	    http_request_handle, h, MHD_OPTION_LISTEN_SOCKET, l->fd, /* */
	    MHD_OPTION_CONNECTION_LIMIT, h->conf->max_connections + 1,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_STRICT_FOR_CLIENT, 1,      /* */
	    MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* role.c; or no sendfile */
	    MHD_OPTION_NOTIFY_CONNECTION, http_conn_notify, origin, /* */
	    MHD_OPTION_URI_LOG_CALLBACK, http_request_begin, h,     /* */
	    MHD_OPTION_NOTIFY_COMPLETED, http_request_end, h,       /* */
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

/* What was kept for the next answers is given back when a tick passed without
 * the end of another. */
static void
rest(struct http *h)
{
	if (h->answers == h->answers_seen && h->answers != h->answers_rested) {
		http_forget_bodies(h);
		malloc_trim(0);
		h->answers_rested = h->answers;
	}
	h->answers_seen = h->answers;
}

static int
run(struct http *h)
{
	struct worker *w = h->worker;
	struct pollfd p[CHANNELS + 64];
	int64_t tick = clock_ms();
	bool quiet = false;

	while (!h->stop && !(quiet && h->conn_count == 0 &&
			       !outbox_waiting(&h->to_files))) {
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
			worker_quiet(w);
			quiet = true;
		}
		if (clock_ms() - tick >= TICK_MS || quiet) {
			tick = clock_ms();
			http_keep_deadlines(h);
			rest(h);
			h->stirred = true;
		}
		all = h->stirred;
		h->stirred = false;
		for (size_t i = 0; i < h->origins; i++) {
			if (all || p[CHANNELS + i].revents != 0 ||
			    asks(&h->origin[i]))
				turn(&h->origin[i]);
		}
		http_log_out(h);
	}
	return 0;
}

int
http_main(struct worker *w)
{
	static struct http h;
	struct err e = ERR_EMPTY;

	mallopt(M_MMAP_THRESHOLD, PIECE_KEPT);
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
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
