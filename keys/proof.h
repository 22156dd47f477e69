/*
 * Proof that whoever logs in over SSH has the private half of a public key: the
 * signature that the client made for this login (RFC 4252, 7).  It is checked
 * anew from the bytes that went over the wire, by whoever has to believe it,
 * and is worth something only for a session with us: what the session's
 * identifier is the hash of names one of our host keys.
 */
#ifndef KEYS_PROOF_H
#define KEYS_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct octets {
	const uint8_t *p;
	size_t n;
};

struct proof {
	struct octets exchange;  /* whose hash is the session (RFC 4253, 8) */
	struct octets message;   /* what was signed */
	struct octets signature; /* RSA: as long as the modulus; ECDSA: DER */
};

/* key and host are blobs as SSH writes them; a host of length 0 is none. */
bool proof_holds(const struct proof *p, struct octets user, struct octets key,
    const struct octets *host, size_t hosts);

#endif
