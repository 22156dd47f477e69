/*
 * The TLS certificate: keys/tls.crt (a chain, PEM) and keys/tls.key.
 */
#ifndef KEYS_CERT_H
#define KEYS_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cert_facts {
	int64_t from, until; /* Unix seconds */
	bool self_signed;
	char subject[256];
	char sha256[65]; /* hex, of the certificate's DER */
};

/* ECDSA P-256, for host (a name or an address), 825 days. */
int cert_make(const char *crt_path, const char *key_path, const char *host,
    int64_t now, char *why);

/* Do chain and key parse, belong together, and cover now?  facts may be NULL;
 * they are set also when only the time does not fit. */
int cert_check(const char *crt, size_t crt_n, const char *key, size_t key_n,
    int64_t now, struct cert_facts *facts, char *why);

#endif
