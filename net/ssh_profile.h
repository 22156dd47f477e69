/*
 * Which SSH algorithms are offered: one table with a row per profile.
 *
 *      compat   everything safe that JSch 0.1.55, libssh2 1.10, paramiko and
 *               OpenSSH can speak; never SHA-1, CBC or DSA
 *      strict   what ssh-audit finds nothing to say about
 */
#ifndef NET_SSH_PROFILE_H
#define NET_SSH_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include "keys/hostkey.h"
#include "server/conf.h"
#include "server/negotiated.h"

struct ssh_algorithms {
	const char *name;
	const char *kex, *hostkeys, *ciphers, *macs, *pubkeys;
	bool hostkey[HOSTKEY_TYPES]; /* which of ours are used */
	int rsa_bits;                /* at least */
};

const struct ssh_algorithms *ssh_algorithms(enum ssh_profile p);

/* What a client offered, gathered from what libssh logs of it. */
struct ssh_offer {
	char list[6][1024]; /* "" until it was heard */
};
void ssh_offer_hear(struct ssh_offer *o, const char *line);

/* Would it do?  A bit for each list in which the profile has none of what the
 * client offers; STRICT_UNKNOWN when not all was heard. */
unsigned ssh_offer_lacks(const struct ssh_offer *o, enum ssh_profile p);

/* The kind of host key that is agreed on; out of size bytes, "" for none. */
void ssh_offer_hostkey(
    char *out, size_t size, const struct ssh_offer *o, enum ssh_profile p);

/*
 * libssh's sentence about a key exchange that failed, made into ours.  When
 * nothing was in common: which list did not match, what the client offers, and
 * whether the other profile would do.  What came from the client is safe to be
 * logged.  Returns out.
 */
const char *ssh_explain(
    char *out, size_t size, const char *error, enum ssh_profile p);

#endif
