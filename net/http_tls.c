/*
 * What GnuTLS sends and receives for an HTTPS connection.  libmicrohttpd calls
 * GnuTLS and sees no more of it than what it answers; here is seen whether a
 * call came to anything.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "net/http_private.h"

#define RECORD_HEAD 5

static ssize_t
push(gnutls_transport_ptr_t p, const giovec_t *part, int parts)
{
	struct http_conn *c = p;
	ssize_t n = http_hold_send(c, part, parts);

	if (n > 0) {
		c->http->called++;
		c->heard = false;
	}
	return n;
}

/*
 * Many clients hold a request back until what they sent before is acknowledged
 * (Nagle's algorithm), and the kernel puts that off, by 40 ms, to send it along
 * with an answer.  When there is nothing to answer yet, it is said at once: the
 * end of a new session's handshake, as GnuTLS sends its tickets before.
 */
static void
acknowledge(struct http_conn *c)
{
	int on = 1;

	if (c->heard)
		setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
	c->heard = false;
	errno = EAGAIN;
}

static int
finished(gnutls_session_t s, unsigned type, unsigned when, unsigned incoming,
    const gnutls_datum_t *message)
{
	struct http_conn *c = gnutls_transport_get_ptr(s);

	(void)type, (void)when, (void)message;
	if (incoming)
		c->finished = true;
	return 0;
}

/*
 * In a session of TLS 1.2 a client may ask for another handshake, which a
 * record of the handshake after its last one says.  GnuTLS leaves the answer to
 * its caller, and libmicrohttpd ends the session without a word; the word is
 * said here.
 */
static void
refuse_renegotiation(const struct http_conn *c, const uint8_t *head)
{
	bool handshake = head[0] == 22; /* in TLS 1.3 all are 23 by now */

	if (handshake && c->finished)
		gnutls_alert_send(
		    c->tls, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
}

/* GnuTLS asks for a record's head and then for its body; it gets both from what
 * one call read. */
static ssize_t
pull(gnutls_transport_ptr_t p, void *to, size_t size)
{
	struct http_conn *c = p;
	size_t left = c->ahead_n - c->ahead_at;

	if (left == 0) {
		ssize_t n =
		    recv(c->fd, c->ahead, sizeof c->ahead, MSG_DONTWAIT);

		if (n == -1 && errno == EAGAIN)
			acknowledge(c);
		if (n <= 0)
			return n;
		c->heard = true;
		c->ahead_at = 0;
		c->ahead_n = left = (size_t)n;
	}
	if (size > left)
		size = left;
	memcpy(to, c->ahead + c->ahead_at, size);
	c->ahead_at += size;
	if (size == RECORD_HEAD)
		refuse_renegotiation(c, to);
	c->http->called++;
	return (ssize_t)size;
}

static int
pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	const struct http_conn *c = p;
	struct pollfd fd = { .fd = c->fd, .events = POLLIN };

	if (c->ahead_at < c->ahead_n)
		return 1;
	return poll(&fd, 1, ms == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (int)ms);
}

void
http_tls_begin(struct http_conn *c, gnutls_session_t s)
{
	c->tls = s;
	gnutls_handshake_set_hook_function(
	    s, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, finished);
	gnutls_session_ticket_enable_server(s, &c->http->tickets);
	gnutls_transport_set_ptr(s, c);
	gnutls_transport_set_vec_push_function(s, push);
	gnutls_transport_set_pull_function(s, pull);
	gnutls_transport_set_pull_timeout_function(s, pull_timeout);
}
