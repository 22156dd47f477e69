/*
 * TLS sessions of the server's side over a connected socket, for FTP's control
 * and data connections.  TLS 1.3 and 1.2 alone; nothing here blocks but
 * tls_handshake_by.
 *
 *      tls_identity_new   once, in the accepting process, before the sandbox
 *      tls_new            a session, in the process of the connection
 *      tls_handshake, tls_read, tls_write, tls_bye
 *                         -1 and EAGAIN: poll the socket for tls_events
 *      tls_free
 *
 * Sessions of one identity can be resumed, in other processes forked from its
 * maker too; they never have to be: clients that open a data connection with a
 * session of its own are served.
 *
 * errno of a call that answers -1: EAGAIN; ECONNRESET when the peer is gone
 * without having said so; EPROTO for what is not TLS, or not what we speak,
 * tls_why then says what it was; EPIPE when the socket takes no more.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "server/err.h"
#include "server/worker.h"

/* NORMAL's groups, but the one that clients send a key of unasked comes first:
 * GnuTLS makes them say hello again for any other. */
#define TLS_GROUPS "-GROUP-ALL:+GROUP-X25519:+GROUP-EC-ALL:+GROUP-DH-ALL"

/* As for HTTPS, but AES with 128 bits comes first: it is the fastest on both
 * sides, and nobody breaks it. */
#define TLS_PRIORITIES                                                         \
	"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:"            \
	"-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"            \
	"-SHA1:" TLS_GROUPS ":%SERVER_PRECEDENCE"

/* --- identity --- */

struct tls_identity; /* certificate, key, and the key of tickets */

/* From w->pem[0], the chain, and w->pem[1], its key; both are wiped and freed,
 * also when they are unusable.  Everything that GnuTLS would load later is
 * loaded now. */
int tls_identity_new(
    struct tls_identity **out, struct worker *w, struct err *e);
void tls_identity_free(struct tls_identity *id); /* NULL is fine */

/* --- session --- */

struct negotiated;
/* What a session of GnuTLS (a gnutls_session_t) agreed on. */
void tls_read_session(void *session, struct negotiated *out);

struct tls;

/*
 * The socket must not block; it stays the caller's, like the identity, and both
 * must outlive the session.  NULL without memory.
 *
 * Data connections take tickets but hand out none: a client that only uploads
 * would never read them, its close would be a reset, and what was still on its
 * way lost.
 */
enum tls_use {
	TLS_CONTROL,
	TLS_DATA
};
struct tls *tls_new(const struct tls_identity *id, int fd, enum tls_use use);
void tls_free(struct tls *t); /* says nothing to the peer; NULL is fine */

/* 0 when both sides have keys. */
int tls_handshake(struct tls *t);

/* Waits for it until then (clock_ms); -1 and ETIMEDOUT when it took longer. */
int tls_handshake_by(struct tls *t, int64_t deadline_ms);

/* How many bytes; 0 when the peer said that there will be no more
 * (close_notify, or user_canceled, as Java begins it): only that is an end,
 * everything else is a broken line. */
ssize_t tls_read(struct tls *t, void *to, size_t size);

/* Bytes that came in and can be read without the socket: poll sees nothing of
 * them, so read until EAGAIN, or ask here before waiting. */
size_t tls_pending(const struct tls *t);

/* How many bytes were taken; they may still wait in the session, so that few
 * and large writes reach the socket: tls_flush before waiting for an answer.
 * After EAGAIN nothing was taken: flush when the socket has room, then write
 * whatever comes next. */
ssize_t tls_write(struct tls *t, const void *from, size_t n);

/* 0 when nothing waits in the session. */
int tls_flush(struct tls *t);

/*
 * Encryption apart from sending, so that a thread of its own may do it: while
 * nothing waits in the session, tls_seal makes records of n bytes, and tls_send
 * gives them to the socket in the same order.  The one may run in one thread
 * and the other in another, if nothing else of the session does; neither waits.
 * tls_seal answers how many bytes the records have, tls_send how many of them
 * the socket took; more: others will follow at once.  errno of tls_send is
 * send's.
 */
#define TLS_RECORD 16384 /* bytes that one carries */
#define TLS_SEALED_MAX(n) ((n) + ((n) / TLS_RECORD + 1) * 512)
ssize_t tls_seal(struct tls *t, const void *from, size_t n, uint8_t *to);
ssize_t tls_send(struct tls *t, const void *sealed, size_t n, bool more);

/* Says that no more will be sent, and flushes: 0 when all is with the socket.
 * The peer may still send. */
int tls_bye(struct tls *t);

/* What to poll the socket for after EAGAIN: POLLIN or POLLOUT. */
short tls_events(const struct tls *t);

/* Bytes given to the socket since tls_new, records' heads and tags included. */
uint64_t tls_sent(const struct tls *t);

bool tls_resumed(const struct tls *t);

/* "TLS1.3 AES-128-GCM", for the log; NULL before the handshake. */
const char *tls_describe(const struct tls *t);

/* What went wrong: a sentence without its dot; empty while nothing did. */
const char *tls_why(const struct tls *t);

void tls_negotiated(const struct tls *t, struct negotiated *out);

#endif
