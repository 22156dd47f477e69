/*
 * Logins by public key as a client would sign them, but for what a test wants
 * otherwise.
 */
#ifndef TESTS_KEYS_PROOF_KIT_H
#define TESTS_KEYS_PROOF_KIT_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include "keys/proof.h"

struct wire_text {
	uint8_t p[4096];
	size_t n;
};

static inline void
proof_put(struct wire_text *t, const void *p, size_t n)
{
	if (n > sizeof t->p - t->n)
		abort();
	memcpy(t->p + t->n, p, n);
	t->n += n;
}

static inline void
proof_put_string(struct wire_text *t, const void *p, size_t n)
{
	const uint8_t head[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n };

	proof_put(t, head, 4);
	proof_put(t, p, n);
}

static inline void
proof_put_text(struct wire_text *t, const char *text)
{
	proof_put_string(t, text, strlen(text));
}

static inline struct octets
proof_octets(const struct wire_text *t)
{
	return (struct octets){ t->p, t->n };
}

/* What a client signs; NULL and 0 are as they should be. */
struct draft {
	const char *user, *service, *method, *algorithm, *host;
	struct octets key;
	unsigned hash; /* of the key exchange: 256, 384, 512 */
	uint8_t request, has_signature;
	bool other_session, stray;
};

#define PROOF_HOST "our host key's blob"

/* The algorithm's own hash is the caller's. */
struct signer {
	gnutls_privkey_t key;
	gnutls_sign_algorithm_t sign;
};

struct made {
	struct wire_text exchange, message, signature;
};

static inline size_t
proof_hash(uint8_t out[64], const struct wire_text *t, unsigned bits)
{
	struct sha256_ctx small;
	struct sha512_ctx large;

	if (bits == 256) {
		sha256_init(&small);
		sha256_update(&small, t->n, t->p);
		sha256_digest(&small, 32, out);
	} else if (bits == 384) {
		sha384_init(&large);
		sha384_update(&large, t->n, t->p);
		sha384_digest(&large, 48, out);
	} else {
		sha512_init(&large);
		sha512_update(&large, t->n, t->p);
		sha512_digest(&large, 64, out);
	}
	return bits / 8;
}

static inline void
proof_make(struct made *m, const struct draft *d, const struct signer *by)
{
	const uint8_t request = d->request == 0 ? 50 : d->request;
	const uint8_t has = d->has_signature == 0 ? 1 : d->has_signature;
	uint8_t session[64];
	gnutls_datum_t data, signature;
	size_t n;

	memset(m, 0, sizeof *m);
	proof_put_text(&m->exchange, "SSH-2.0-client");
	proof_put_text(&m->exchange, "SSH-2.0-server");
	proof_put_text(&m->exchange, "\x14 what the client offers");
	proof_put_text(&m->exchange, "\x14 what the server offers");
	proof_put_text(&m->exchange, d->host == NULL ? PROOF_HOST : d->host);
	proof_put_text(&m->exchange, "the client's half");
	proof_put_text(&m->exchange, "the server's half");
	proof_put_text(&m->exchange, "the secret");
	n = proof_hash(session, &m->exchange, d->hash == 0 ? 256 : d->hash);
	session[0] ^= d->other_session;

	proof_put_string(&m->message, session, n);
	proof_put(&m->message, &request, 1);
	proof_put_text(&m->message, d->user == NULL ? "direct" : d->user);
	proof_put_text(
	    &m->message, d->service == NULL ? "ssh-connection" : d->service);
	proof_put_text(
	    &m->message, d->method == NULL ? "publickey" : d->method);
	proof_put(&m->message, &has, 1);
	proof_put_text(&m->message, d->algorithm);
	proof_put_string(&m->message, d->key.p, d->key.n);
	if (d->stray)
		proof_put(&m->message, "x", 1);

	data = (gnutls_datum_t){ m->message.p, (unsigned)m->message.n };
	if (gnutls_privkey_sign_data2(
		by->key, by->sign, 0, &data, &signature) != 0)
		abort();
	proof_put(&m->signature, signature.data, signature.size);
	gnutls_free(signature.data);
}

#endif
