/*
 * GnuTLS sessions.  Records that are to be sent are collected in one buffer, so
 * that the socket sees few and large writes and GnuTLS never has to keep a
 * record back: a record is only made when there is room for it.
 */
#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "keys/secret.h"
#include "server/clock.h"
#include "server/lang.h"
#include "server/negotiated.h"

#define RECORD TLS_RECORD          /* bytes that one may carry */
#define RECORD_ROOM (RECORD + 512) /* and what it may need */
#define OUT_SIZE ((size_t)16 * RECORD_ROOM)
#define FLUSH_AT ((size_t)8 * RECORD_ROOM)

struct tls_identity {
	gnutls_certificate_credentials_t credentials;
	gnutls_priority_t priorities;
	gnutls_datum_t tickets;
};

struct tls {
	gnutls_session_t session;
	int fd;
	uint8_t *out;
	size_t out_at, out_n, out_size; /* what waits: out_at to out_n */
	bool lent; /* out is of the caller of tls_seal, and cannot grow */
	uint64_t sent;
	short events;
	bool shaken, bye;
	bool ended; /* by the peer, in a way that GnuTLS takes for an error */
	int failed; /* an errno that every further call answers */
	char why[160];
	char described[64];
};

/* --- identity --- */

static int
load(struct tls_identity *id, const struct worker *w, struct err *e)
{
	gnutls_datum_t pem[2];
	const char *at = NULL;
	int rc;

	for (size_t i = 0; i < 2; i++) {
		if (w->pem[i] == NULL)
			return err_set(
			    e, "the certificate or its key is missing");
		pem[i].data = (unsigned char *)w->pem[i];
		pem[i].size = (unsigned)w->pem_n[i];
	}
	rc = gnutls_certificate_allocate_credentials(&id->credentials);
	if (rc == 0)
		rc = gnutls_certificate_set_x509_key_mem(
		    id->credentials, &pem[0], &pem[1], GNUTLS_X509_FMT_PEM);
	if (rc < 0)
		return err_set(e, "GnuTLS does not take the certificate: %s",
		    gnutls_strerror(rc));
	rc = gnutls_priority_init(&id->priorities, TLS_PRIORITIES, &at);
	if (rc == 0)
		rc = gnutls_session_ticket_key_generate(&id->tickets);
	if (rc < 0)
		return err_set(
		    e, "GnuTLS does not start: %s", gnutls_strerror(rc));
	return 0;
}

int
tls_identity_new(struct tls_identity **out, struct worker *w, struct err *e)
{
	struct tls_identity *id = calloc(1, sizeof *id);
	int rc;

	/* opens the catalogue of its messages */
	(void)gnutls_strerror(GNUTLS_E_AGAIN);
	rc = id == NULL ? err_set(e, "out of memory") : load(id, w, e);
	worker_wipe_pem(w);
	if (rc == -1)
		tls_identity_free(id);
	else
		*out = id;
	return rc;
}

void
tls_identity_free(struct tls_identity *id)
{
	if (id == NULL)
		return;
	if (id->credentials != NULL)
		gnutls_certificate_free_credentials(id->credentials);
	if (id->priorities != NULL)
		gnutls_priority_deinit(id->priorities);
	if (id->tickets.data != NULL) {
		secret_wipe(id->tickets.data, id->tickets.size);
		gnutls_free(id->tickets.data);
	}
	free(id);
}

/* --- the socket --- */

/* GnuTLS's records go behind what waits; there was room for one, and what a
 * handshake has to say is let in beyond. */
static ssize_t
push(gnutls_transport_ptr_t p, const giovec_t *part, int parts)
{
	struct tls *t = p;
	size_t n = 0;

	for (int i = 0; i < parts; i++)
		n += part[i].iov_len;
	if (t->out_size - t->out_n < n) {
		size_t size = t->out_n + n + RECORD_ROOM;
		uint8_t *more = t->lent ? NULL : realloc(t->out, size);

		if (more == NULL) {
			gnutls_transport_set_errno(t->session, ENOMEM);
			return -1;
		}
		t->out = more;
		t->out_size = size;
	}
	for (int i = 0; i < parts; i++) {
		memcpy(t->out + t->out_n, part[i].iov_base, part[i].iov_len);
		t->out_n += part[i].iov_len;
	}
	return (ssize_t)n;
}

static ssize_t
pull(gnutls_transport_ptr_t p, void *to, size_t size)
{
	struct tls *t = p;
	ssize_t n;

	do {
		n = recv(t->fd, to, size, MSG_DONTWAIT);
	} while (n == -1 && errno == EINTR);
	if (n == -1)
		gnutls_transport_set_errno(t->session, errno);
	return n;
}

static int
pull_timeout(gnutls_transport_ptr_t p, unsigned ms)
{
	const struct tls *t = p;
	struct pollfd fd = { .fd = t->fd, .events = POLLIN };

	return poll(&fd, 1, ms == GNUTLS_INDEFINITE_TIMEOUT ? -1 : (int)ms);
}

/* --- what can go wrong --- */

static int
answer(int error)
{
	errno = error;
	return -1;
}

static int
wait_for(struct tls *t, short events)
{
	t->events = events;
	return answer(EAGAIN);
}

static int
fail(struct tls *t, int error, const char *why)
{
	size_t n = strlen(why);

	if (n > 0 && why[n - 1] == '.') /* as GnuTLS's do */
		n--;
	if (t->failed == 0) {
		t->failed = error;
		snprintf(t->why, sizeof t->why, "%.*s", (int)n, why);
	}
	return answer(t->failed);
}

/* GnuTLS's code as ours. */
static int
failed(struct tls *t, int rc)
{
	const char *alert;

	switch (rc) {
	case GNUTLS_E_AGAIN:
	case GNUTLS_E_INTERRUPTED:
		return wait_for(t, POLLIN);
	case GNUTLS_E_PREMATURE_TERMINATION:
	case GNUTLS_E_PULL_ERROR:
		return fail(t, ECONNRESET, gnutls_strerror(rc));
	case GNUTLS_E_FATAL_ALERT_RECEIVED:
		alert = gnutls_alert_get_name(gnutls_alert_get(t->session));
		return fail(
		    t, EPROTO, alert != NULL ? alert : gnutls_strerror(rc));
	default:
		gnutls_alert_send_appropriate(t->session, rc);
		tls_flush(t);
		return fail(t, EPROTO, gnutls_strerror(rc));
	}
}

const char *
tls_why(const struct tls *t)
{
	return t->why;
}

/* --- session --- */

struct tls *
tls_new(const struct tls_identity *id, int fd, enum tls_use use)
{
	unsigned flags = GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
			 (use == TLS_DATA ? GNUTLS_NO_AUTO_SEND_TICKET : 0);
	struct tls *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->fd = fd;
	t->out_size = OUT_SIZE;
	t->out = malloc(t->out_size);
	if (t->out == NULL || gnutls_init(&t->session, flags) != 0) {
		free(t->out);
		free(t);
		return NULL;
	}
	if (gnutls_priority_set(t->session, id->priorities) != 0 ||
	    gnutls_credentials_set(
		t->session, GNUTLS_CRD_CERTIFICATE, id->credentials) != 0 ||
	    gnutls_session_ticket_enable_server(t->session, &id->tickets) !=
		0) {
		tls_free(t);
		return NULL;
	}
	gnutls_certificate_server_set_request(t->session, GNUTLS_CERT_IGNORE);
	gnutls_handshake_set_timeout(t->session, 0); /* the caller keeps it */
	gnutls_transport_set_ptr(t->session, t);
	gnutls_transport_set_vec_push_function(t->session, push);
	gnutls_transport_set_pull_function(t->session, pull);
	gnutls_transport_set_pull_timeout_function(t->session, pull_timeout);
	return t;
}

void
tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	gnutls_deinit(t->session);
	free(t->out);
	free(t);
}

int
tls_flush(struct tls *t)
{
	while (t->out_at < t->out_n) {
		ssize_t n = send(t->fd, t->out + t->out_at,
		    t->out_n - t->out_at, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return wait_for(t, POLLOUT);
		if (n == -1)
			return fail(t, EPIPE, _("the client is gone"));
		t->out_at += (size_t)n;
		t->sent += (uint64_t)n;
	}
	t->out_at = t->out_n = 0;
	return 0;
}

static void
describe(struct tls *t)
{
	const char *version =
	    gnutls_protocol_get_name(gnutls_protocol_get_version(t->session));
	const char *cipher =
	    gnutls_cipher_get_name(gnutls_cipher_get(t->session));

	snprintf(t->described, sizeof t->described, "%s %s",
	    version != NULL ? version : "TLS", cipher != NULL ? cipher : "");
}

/*
 * The client's end of a handshake has no answer, so the kernel puts off its
 * acknowledgement, by 40 ms, and many clients hold back what they say next
 * until it comes (Nagle's algorithm).
 */
static void
acknowledge(const struct tls *t)
{
	int on = 1;

	setsockopt(t->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

int
tls_handshake(struct tls *t)
{
	int rc = 0;

	if (t->failed != 0)
		return answer(t->failed);
	if (!t->shaken) {
		do {
			rc = gnutls_handshake(t->session);
		} while (rc < 0 && rc != GNUTLS_E_AGAIN &&
			 rc != GNUTLS_E_INTERRUPTED &&
			 !gnutls_error_is_fatal(rc));
	}
	if (rc == 0 && !t->shaken) {
		t->shaken = true;
		describe(t);
		acknowledge(t);
	}
	if (rc < 0 && rc != GNUTLS_E_AGAIN && rc != GNUTLS_E_INTERRUPTED)
		return failed(t, rc);
	if (tls_flush(t) == -1)
		return -1;
	return rc == 0 ? 0 : wait_for(t, POLLIN);
}

int
tls_handshake_by(struct tls *t, int64_t deadline_ms)
{
	while (tls_handshake(t) == -1) {
		struct pollfd p = { .fd = t->fd, .events = t->events };
		int64_t left = deadline_ms - clock_ms();

		if (errno != EAGAIN)
			return -1;
		if (left <= 0)
			return fail(
			    t, ETIMEDOUT, _("the handshake took too long"));
		if (poll(&p, 1, (int)left) == -1 && errno != EINTR)
			return fail(t, errno, strerror(errno));
	}
	return 0;
}

/*
 * Java says user_canceled before close_notify whenever it closes a socket of
 * TLS 1.3.  RFC 8446, 6.1 has it as a notice that close_notify follows; GnuTLS
 * ends the session, so that the close_notify is not read any more.
 */
static bool
is_user_canceled(const struct tls *t, ssize_t rc)
{
	return rc == GNUTLS_E_FATAL_ALERT_RECEIVED &&
	       gnutls_alert_get(t->session) == GNUTLS_A_USER_CANCELED &&
	       gnutls_protocol_get_version(t->session) == GNUTLS_TLS1_3;
}

ssize_t
tls_read(struct tls *t, void *to, size_t size)
{
	ssize_t n;

	if (t->failed != 0)
		return answer(t->failed);
	if (t->ended)
		return 0;
	do {
		n = gnutls_record_recv(t->session, to, size);
	} while (n == GNUTLS_E_WARNING_ALERT_RECEIVED);
	if (is_user_canceled(t, n)) {
		t->ended = true;
		n = 0;
	}
	tls_flush(t); /* it may have had to answer the peer */
	return n >= 0 ? n : failed(t, (int)n);
}

size_t
tls_pending(const struct tls *t)
{
	return t->shaken ? gnutls_record_check_pending(t->session) : 0;
}

/* Room for one more record, once what waits was moved to the front. */
static bool
has_room(struct tls *t)
{
	if (t->out_size - t->out_n < RECORD_ROOM && t->out_at > 0) {
		memmove(t->out, t->out + t->out_at, t->out_n - t->out_at);
		t->out_n -= t->out_at;
		t->out_at = 0;
	}
	return t->out_size - t->out_n >= RECORD_ROOM;
}

ssize_t
tls_write(struct tls *t, const void *from, size_t n)
{
	const uint8_t *p = from;
	size_t done = 0;

	if (t->failed != 0)
		return answer(t->failed);
	while (done < n) {
		size_t part = n - done < RECORD ? n - done : RECORD;
		ssize_t rc;

		if (t->out_n - t->out_at >= FLUSH_AT && tls_flush(t) == -1 &&
		    errno != EAGAIN)
			return -1;
		if (!has_room(t))
			break;
		rc = gnutls_record_send(t->session, p + done, part);
		if (rc < 0)
			return failed(t, (int)rc);
		done += (size_t)rc;
	}
	return done > 0 || n == 0 ? (ssize_t)done : wait_for(t, POLLOUT);
}

/* Records of n bytes, behind what waits; there is room for them. */
static int
make_records(struct tls *t, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t rc =
		    gnutls_record_send(t->session, p, n < RECORD ? n : RECORD);

		if (rc < 0)
			return fail(t, EPROTO, gnutls_strerror((int)rc));
		p += rc;
		n -= (size_t)rc;
	}
	return 0;
}

ssize_t
tls_seal(struct tls *t, const void *from, size_t n, uint8_t *to)
{
	uint8_t *own = t->out;
	size_t own_size = t->out_size;
	ssize_t made;

	if (t->failed != 0)
		return answer(t->failed);
	assert(t->out_n == 0);
	t->out = to;
	t->out_size = TLS_SEALED_MAX(n);
	t->lent = true;
	made = make_records(t, from, n) == 0 ? (ssize_t)t->out_n : -1;
	t->out = own;
	t->out_size = own_size;
	t->out_n = 0;
	t->lent = false;
	return made;
}

ssize_t
tls_send(struct tls *t, const void *sealed, size_t n, bool more)
{
	ssize_t sent = send(t->fd, sealed, n,
	    MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0));

	if (sent > 0)
		t->sent += (uint64_t)sent;
	return sent;
}

int
tls_bye(struct tls *t)
{
	int rc;

	if (t->failed != 0)
		return answer(t->failed);
	if (!t->bye && t->shaken) {
		rc = gnutls_bye(t->session, GNUTLS_SHUT_WR);
		if (rc < 0)
			return failed(t, rc);
		t->bye = true;
	}
	return tls_flush(t);
}

short
tls_events(const struct tls *t)
{
	return t->events;
}

uint64_t
tls_sent(const struct tls *t)
{
	return t->sent;
}

bool
tls_resumed(const struct tls *t)
{
	return t->shaken && gnutls_session_is_resumed(t->session) != 0;
}

const char *
tls_describe(const struct tls *t)
{
	return t->shaken ? t->described : NULL;
}

/* --- what was agreed on --- */

void
tls_read_session(void *session, struct negotiated *out)
{
	const char *version =
	    gnutls_protocol_get_name(gnutls_protocol_get_version(session));
	const char *cipher = gnutls_ciphersuite_get(session);

	snprintf(
	    out->kex, sizeof out->kex, "%s", version == NULL ? "" : version);
	snprintf(out->cipher, sizeof out->cipher, "%s",
	    cipher == NULL ? "" : cipher);
}

void
tls_negotiated(const struct tls *t, struct negotiated *out)
{
	tls_read_session(t->session, out);
}
