/*
 * What proves a login by public key, overheard between libssh and OpenSSL: in
 * the process of one SSH connection, libssh hands the key exchange to
 * EVP_DigestUpdate and what the client signed to EVP_DigestVerify, and gives
 * neither to us.  Both functions are ours here; they note what they are given
 * and call OpenSSL's.  Should libssh ever go another way, nothing is overheard
 * and logins by key are refused; none is taken without a proof.
 */
#ifndef NET_SSH_PROOF_H
#define NET_SSH_PROOF_H

#include <stdbool.h>
#include "net/auth.h"
#include "server/err.h"

/* Finds OpenSSL's functions, before the sandbox. */
int ssh_proof_open(struct err *e);

void ssh_proof_listen(void); /* in the process of a connection */

/* Of the signature that was verified last; false, and a line in the log, when
 * none was overheard. */
bool ssh_proof(struct auth_proof *out);

/* Hears and keeps nothing any more: the session's secret is in it. */
void ssh_proof_forget(void);

#endif
