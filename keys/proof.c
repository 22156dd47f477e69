/*
 * See proof.h.  Bytes come from a process that may have been taken over: every
 * length is checked, and what is signed must be just what a login is.
 */
#include "keys/proof.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <nettle/sha2.h>
#include <string.h>

#define USERAUTH_REQUEST 50
#define HOST_KEY 4 /* the string of the exchange that is the host key */

static const struct algorithm {
	const char *name, *key;   /* of the signature, of the blob */
	const char *group;        /* ECDSA: in the blob */
	gnutls_ecc_curve_t curve; /* RSA: invalid */
	gnutls_sign_algorithm_t sign;
} algorithms[] = {
	/* clang-format off */
	{ "ssh-ed25519", "ssh-ed25519", NULL,
	    GNUTLS_ECC_CURVE_ED25519, GNUTLS_SIGN_EDDSA_ED25519 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "nistp256",
	    GNUTLS_ECC_CURVE_SECP256R1, GNUTLS_SIGN_ECDSA_SHA256 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "nistp384",
	    GNUTLS_ECC_CURVE_SECP384R1, GNUTLS_SIGN_ECDSA_SHA384 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "nistp521",
	    GNUTLS_ECC_CURVE_SECP521R1, GNUTLS_SIGN_ECDSA_SHA512 },
	{ "rsa-sha2-256", "ssh-rsa", NULL,
	    GNUTLS_ECC_CURVE_INVALID, GNUTLS_SIGN_RSA_SHA256 },
	{ "rsa-sha2-512", "ssh-rsa", NULL,
	    GNUTLS_ECC_CURVE_INVALID, GNUTLS_SIGN_RSA_SHA512 },
	/* clang-format on */
};
#define ALGORITHMS (sizeof algorithms / sizeof *algorithms)

/* --- the bytes ----------------------------------------------------------- */

static bool
same(struct octets a, struct octets b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static bool
is(struct octets a, const char *text)
{
	return same(a,
	    (struct octets){ (const uint8_t *)text, text ? strlen(text) : 0 });
}

static bool
take_byte(struct octets *from, uint8_t want)
{
	if (from->n == 0 || *from->p != want)
		return false;
	from->p++;
	from->n--;
	return true;
}

static bool
take_string(struct octets *from, struct octets *out)
{
	size_t n;

	if (from->n < 4)
		return false;
	n = (size_t)from->p[0] << 24 | (size_t)from->p[1] << 16 |
	    (size_t)from->p[2] << 8 | from->p[3];
	if (n > from->n - 4)
		return false;
	*out = (struct octets){ from->p + 4, n };
	from->p += 4 + n;
	from->n -= 4 + n;
	return true;
}

/* --- the session --------------------------------------------------------- */

static bool
hashes_to(struct octets exchange, struct octets session)
{
	uint8_t digest[SHA512_DIGEST_SIZE];
	struct sha256_ctx small;
	struct sha512_ctx large; /* of SHA-384, too */

	switch (session.n) { /* the key exchange chose it */
	case SHA256_DIGEST_SIZE:
		sha256_init(&small);
		sha256_update(&small, exchange.n, exchange.p);
		sha256_digest(&small, session.n, digest);
		break;
	case SHA384_DIGEST_SIZE:
		sha384_init(&large);
		sha384_update(&large, exchange.n, exchange.p);
		sha384_digest(&large, session.n, digest);
		break;
	case SHA512_DIGEST_SIZE:
		sha512_init(&large);
		sha512_update(&large, exchange.n, exchange.p);
		sha512_digest(&large, session.n, digest);
		break;
	default:
		return false;
	}
	return memcmp(digest, session.p, session.n) == 0;
}

/* The client let the server prove that it has the host key which the exchange
 * names, before it signed anything. */
static bool
is_ours(struct octets exchange, const struct octets *host, size_t hosts)
{
	struct octets named;

	for (int i = 0; i <= HOST_KEY; i++) {
		if (!take_string(&exchange, &named))
			return false;
	}
	for (size_t i = 0; i < hosts; i++) {
		if (host[i].n > 0 && same(named, host[i]))
			return true;
	}
	return false;
}

/* --- the signature ------------------------------------------------------- */

static gnutls_datum_t
datum(struct octets o)
{
	union {
		const uint8_t *read;
		unsigned char *written;
	} p = { .read = o.p }; /* GnuTLS only reads it */

	return (gnutls_datum_t){ p.written, (unsigned)o.n };
}

/* A blob's key. */
static bool
import(gnutls_pubkey_t out, const struct algorithm *a, struct octets blob)
{
	struct octets name, one, two = { NULL, 0 };
	gnutls_datum_t x, y;

	if (!take_string(&blob, &name) || !is(name, a->key) ||
	    !take_string(&blob, &one) ||
	    (a->curve != GNUTLS_ECC_CURVE_ED25519 &&
		!take_string(&blob, &two)) ||
	    blob.n != 0)
		return false;
	if (a->group != NULL) { /* the group, and a point that is not packed */
		if (!is(one, a->group) || !take_byte(&two, 4) || two.n % 2 != 0)
			return false;
		one = (struct octets){ two.p, two.n / 2 };
		two = (struct octets){ two.p + one.n, one.n };
	}
	x = datum(one);
	y = datum(two);
	if (a->curve == GNUTLS_ECC_CURVE_INVALID) /* exponent, modulus */
		return gnutls_pubkey_import_rsa_raw(out, &y, &x) == 0;
	return gnutls_pubkey_import_ecc_raw(
		   out, a->curve, &x, y.size == 0 ? NULL : &y) == 0;
}

static bool
verifies(const struct algorithm *a, struct octets key, const struct proof *p)
{
	const gnutls_datum_t message = datum(p->message),
			     signature = datum(p->signature);
	gnutls_pubkey_t pub;
	bool rc;

	if (gnutls_pubkey_init(&pub) != 0)
		return false;
	rc = import(pub, a, key) && gnutls_pubkey_verify_data2(pub, a->sign, 0,
					&message, &signature) >= 0;
	gnutls_pubkey_deinit(pub);
	return rc;
}

bool
proof_holds(const struct proof *p, struct octets user, struct octets key,
    const struct octets *host, size_t hosts)
{
	struct octets m = p->message, session, name, service, method, algorithm,
		      blob;

	if (!take_string(&m, &session) || !take_byte(&m, USERAUTH_REQUEST) ||
	    !take_string(&m, &name) || !take_string(&m, &service) ||
	    !take_string(&m, &method) || !take_byte(&m, 1) ||
	    !take_string(&m, &algorithm) || !take_string(&m, &blob) || m.n != 0)
		return false;
	if (!same(name, user) || !is(service, "ssh-connection") ||
	    !is(method, "publickey") || !same(blob, key) ||
	    !hashes_to(p->exchange, session) ||
	    !is_ours(p->exchange, host, hosts))
		return false;
	for (size_t i = 0; i < ALGORITHMS; i++) {
		if (is(algorithm, algorithms[i].name))
			return verifies(&algorithms[i], key, p);
	}
	return false;
}
