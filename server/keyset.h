/*
 * The keys as the parent holds them: read with its rights, checked, and passed
 * on as sealed memfds.  What is unusable is said in a sentence, and whoever
 * called keeps what it had.
 */
#ifndef SERVER_KEYSET_H
#define SERVER_KEYSET_H

#include <stddef.h>
#include <stdint.h>
#include "server/conf.h"
#include "server/err.h"
#include "server/wire.h"

/* Users and tokens, for auth. */
struct login_keys {
	int fd;             /* -1: none */
	struct wire_keys m; /* what goes with it; id counts the readings */
};
int keyset_logins(struct login_keys *out, const struct conf *c, struct err *e);
void keyset_logins_close(struct login_keys *k);

/* Notes in state/keys.loaded that every auth has taken them. */
int keyset_logins_note(
    const struct login_keys *k, const struct conf *c, struct err *e);

/* Host keys or certificate and its key, in the order of worker.pem. */
struct pem_keys {
	struct {
		int fd; /* -1: none */
		size_t n;
	} pem[4];
	size_t n;
};
/* The host keys, and their public halves for auth. */
int keyset_hostkeys(struct pem_keys *out, struct pem_keys *halves,
    const struct conf *c, struct err *e);
int keyset_certificate(
    struct pem_keys *out, const struct conf *c, struct err *e);
void keyset_pem_close(struct pem_keys *k);

#endif
