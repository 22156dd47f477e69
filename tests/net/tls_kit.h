/*
 * For tests over TLS: an identity of its own, and a client on a socket, which
 * blocks and is driven by a thread.
 */
#ifndef TESTS_NET_TLS_KIT_H
#define TESTS_NET_TLS_KIT_H

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "keys/cert.h"
#include "net/tls.h"
#include "server/clock.h"

/* The file's bytes, as a worker is given them. */
static inline void
kit_pem(struct worker *w, size_t i, const char *path)
{
	FILE *f = fopen(path, "r");

	w->pem[i] = malloc(65536);
	w->pem_n[i] = f == NULL ? 0 : fread(w->pem[i], 1, 65536, f);
	if (w->pem_n[i] == 0)
		abort();
	fclose(f);
	unlink(path);
}

/* A worker with a certificate for localhost and its key. */
static inline void
kit_worker(struct worker *w)
{
	char dir[] = "/tmp/convdrop-tls.XXXXXX", crt[64], key[64], why[512];

	memset(w, 0, sizeof *w);
	if (mkdtemp(dir) == NULL)
		abort();
	snprintf(crt, sizeof crt, "%s/crt", dir);
	snprintf(key, sizeof key, "%s/key", dir);
	if (cert_make(crt, key, "localhost", (int64_t)time(NULL), why) == -1)
		abort();
	kit_pem(w, 0, crt);
	kit_pem(w, 1, key);
	rmdir(dir);
}

static inline struct tls_identity *
kit_identity(void)
{
	struct tls_identity *id;
	struct worker w;
	struct err e;

	kit_worker(&w);
	if (tls_identity_new(&id, &w, &e) == -1)
		abort();
	return id;
}

static inline void
kit_unblock(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* --- the client --- */

struct kit_client {
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
};

/* resume may be NULL or the data of an earlier session. */
static inline void
kit_client_begin(struct kit_client *c, int fd, const char *priority,
    const gnutls_datum_t *resume)
{
	gnutls_certificate_allocate_credentials(&c->credentials);
	if (gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL) != 0 ||
	    gnutls_priority_set_direct(c->session, priority, NULL) != 0)
		abort();
	gnutls_credentials_set(
	    c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
	if (resume != NULL)
		gnutls_session_set_data(c->session, resume->data, resume->size);
	gnutls_transport_set_int(c->session, fd);
}

/* 0, or GnuTLS's code. */
static inline int
kit_client_shake(struct kit_client *c)
{
	int rc;

	do {
		rc = gnutls_handshake(c->session);
	} while (rc < 0 && !gnutls_error_is_fatal(rc));
	return rc;
}

/* As gnutls_record_recv; what is no data (a ticket) is passed over. */
static inline ssize_t
kit_client_read(struct kit_client *c, void *to, size_t size)
{
	ssize_t n;

	do {
		n = gnutls_record_recv(c->session, to, size);
	} while (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED);
	return n;
}

static inline void
kit_client_end(struct kit_client *c)
{
	gnutls_deinit(c->session);
	gnutls_certificate_free_credentials(c->credentials);
}

#endif
