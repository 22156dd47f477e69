/*
 * SSH host keys: keys/ssh_host_{ed25519,rsa,ecdsa}_key, PEM as OpenSSH reads
 * it, made once and never silently remade.
 */
#ifndef KEYS_HOSTKEY_H
#define KEYS_HOSTKEY_H

#include <stddef.h>
#include <stdint.h>

enum hostkey_type {
	HOSTKEY_ED25519,
	HOSTKEY_RSA,
	HOSTKEY_ECDSA,
	HOSTKEY_TYPES
};

const char *hostkey_file(enum hostkey_type t); /* "ssh_host_ed25519_key" */

/* Makes the three keys (RSA 3072, ECDSA P-256) in dir; any that is there
 * already is an error. */
int hostkey_make(const char *dir, char *why);

/* The private key as PEM text (to be handed to the ssh worker). */
int hostkey_read(
    char **pem, size_t *n, const char *dir, enum hostkey_type t, char *why);

/* The public half of a key as SSH writes it: its length, or 0 when it has none
 * or is longer than size. */
struct ssh_key_struct;
size_t hostkey_blob(struct ssh_key_struct *key, uint8_t *out, size_t size);

/* That of a host key, to be freed. */
int hostkey_public(char **blob, size_t *n, const char *pem, char *why);

/* "SHA256:…" as ssh-keygen -l shows it. */
int hostkey_fingerprint(char out[64], const char *pem, char *why);

#endif
