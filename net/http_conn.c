/*
 * The connections of the http process: which of them begin, whose grant each
 * has, and their deadlines.
 *
 * libmicrohttpd's own time limit is for inactivity alone, so a client that
 * drips a byte now and then would live for ever.  Here a connection has
 * http_request_s from the end of one answer to the end of the next request's
 * header; an answer must be taken at HTTP_RATE_MIN on average, and never rest
 * for idle_s.
 */
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "formats/arena.h"
#include "keys/secret.h"
#include "net/http_field.h"
#include "net/http_private.h"
#include "net/near.h"
#include "server/address.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/log.h"

#define LOG_MS 1000    /* how often limits are logged */
#define UNSURE_MAX 256 /* pulls of a connection that asks on and on */

/* Of a TCP connection, as the kernel numbers them; <netinet/tcp.h>, which has
 * them, cannot be included beside <linux/tcp.h>. */
enum {
	STATE_CLOSE = 7,
	STATE_CLOSE_WAIT = 8
};

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
	log_warn(ngettext("%s: %s (%u more was not logged)",
		     "%s: %s (%u more were not logged)", h->limit[l].unlogged),
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
enum MHD_Result
http_conn_admit(void *cls, const struct sockaddr *sa, socklen_t n)
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

/* A login that no connection uses any more. */
struct http_over {
	struct http_over *next;
	struct auth_revoked m;
};

void
http_log_out(struct http *h)
{
	while (h->over != NULL && !outbox_waiting(&h->to_files)) {
		struct http_over *o = h->over;

		outbox_put(&h->to_auth, &o->m.head);
		h->over = o->next;
		free(o);
	}
}

static void
conn_forget(struct http_conn *c)
{
	struct http *h = c->http;
	struct http_over *o;

	if (!c->granted)
		return;
	c->granted = false;
	for (const struct http_conn *k = h->conns; k != NULL; k = k->next) {
		if (k->granted &&
		    memcmp(k->grant.handle, c->grant.handle, 16) == 0)
			return;
	}
	o = mem_alloc(sizeof *o);
	WIRE_INIT(&o->m, WIRE_REVOKED);
	memcpy(o->m.handle, c->grant.handle, sizeof o->m.handle);
	o->next = h->over;
	h->over = o;
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
	near_tune(c->fd, &c->from);
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

/* What the client does not have. */
static void
take_off(struct http_pull *p, uint64_t acked)
{
	uint64_t missing = acked < p->sure_at ? p->sure_at - acked : 0;

	p->complete = p->complete && missing == 0;
	p->bytes -= missing < p->bytes ? missing : p->bytes;
}

/*
 * What the kernel took for a client may never reach it: a pull is over when it
 * is acknowledged.  Or when the connection is: with what had been by then, if
 * the client is gone or was cut; when we are the one to close, the rest is
 * still under way and nothing speaks against it.
 */
static void
settle(struct http_conn *c, const struct tcp_info *tcp, bool over)
{
	bool gone = c->doomed || tcp->tcpi_state == STATE_CLOSE ||
		    tcp->tcpi_state == STATE_CLOSE_WAIT;
	struct http_pull **at = &c->unsure;

	while (*at != NULL) {
		struct http_pull *p = *at;

		if (!over && tcp->tcpi_bytes_acked < p->sure_at) {
			at = &p->next;
			continue;
		}
		if (gone)
			take_off(p, tcp->tcpi_bytes_acked);
		*at = p->next;
		c->unsures--;
		http_pull_done(c->http, p);
	}
}

static void
conn_settle(struct http_conn *c, bool over)
{
	struct tcp_info tcp;

	if (c->unsure == NULL)
		return;
	tcp = tcp_of(c);
	settle(c, &tcp, over);
}

void
http_measure(struct http_conn *c)
{
	const struct tcp_info tcp = tcp_of(c);

	settle(c, &tcp, false); /* who asks again has had what was before */
	c->measured = true;
	c->before = tcp.tcpi_bytes_sent - tcp.tcpi_bytes_retrans +
		    tcp.tcpi_notsent_bytes;
	c->acked = tcp.tcpi_bytes_acked;
	c->taken = 0;
	c->taken_ms = clock_ms();
}

void
http_pull_sent(struct http_conn *c, struct http_pull *p)
{
	uint64_t acked = http_acked(c);

	if (c->unsures == UNSURE_MAX)
		conn_settle(c, false);
	if (acked >= p->sure_at || c->unsures == UNSURE_MAX) {
		take_off(p, acked);
		http_pull_done(c->http, p);
		return;
	}
	p->next = c->unsure;
	c->unsure = p;
	c->unsures++;
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
	secret_wipe(c->credentials, sizeof c->credentials);
	free(c);
}

void
http_conn_notify(void *cls, struct MHD_Connection *m, void **context,
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
	struct files_pull m;

	if (p == NULL || now - p->told_ms < FILES_AT_MS ||
	    outbox_full(&h->to_files))
		return;
	p->told_ms = now;
	WIRE_INIT(&m, WIRE_PULL);
	m.step = PULL_IS_AT;
	m.number = p->number;
	m.bytes = http_delivered(r);
	if (m.bytes == p->told)
		return;
	p->told = m.bytes;
	outbox_put(&h->to_files, &m.head);
}

/* The client has nothing asked, for too long.  When draining, that is at once
 * if it was let in before; else it may just have come. */
static bool
is_idle(const struct http *h, const struct http_conn *c, int64_t now)
{
	int64_t ms = now - c->since_ms;

	if (h->draining && c->unsure == NULL &&
	    (c->known || ms > DRAIN_IDLE_MS))
		return true;
	return ms > (int64_t)h->conf->http_request_s * 1000;
}

void
http_keep_deadlines(struct http *h)
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
		} else if (c->request == NULL && is_idle(h, c, now)) {
			conn_cut(c);
		}
	}
}

void
http_revoked(struct http *h, const struct auth_revoked *m)
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
