/*
 * See ssh_proof.h.  A program's own function goes before one of a library, so
 * libssh calls these.
 */
#include "net/ssh_proof.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include "formats/arena.h"
#include "keys/secret.h"
#include "server/log.h"

static struct auth_proof *heard; /* NULL: does not listen */
static bool whole;               /* signed and all */

/* --- what OpenSSL's are -------------------------------------------------- */

static int (*digest)(EVP_MD_CTX *, const void *, size_t);
static int (*verify)(
    EVP_MD_CTX *, const uint8_t *, size_t, const uint8_t *, size_t);

static void
find(void)
{
	*(void **)&digest = dlsym(RTLD_NEXT, "EVP_DigestUpdate");
	*(void **)&verify = dlsym(RTLD_NEXT, "EVP_DigestVerify");
}

int
ssh_proof_open(struct err *e)
{
	find();
	return digest != NULL && verify != NULL
		   ? 0
		   : err_set(e, "OpenSSL lacks functions that libssh calls");
}

/* --- listening ----------------------------------------------------------- */

void
ssh_proof_listen(void)
{
	heard = mem_alloc(sizeof *heard);
}

void
ssh_proof_forget(void)
{
	if (heard != NULL)
		secret_wipe(heard, sizeof *heard);
	free(heard);
	heard = NULL;
	whole = false;
}

bool
ssh_proof(struct auth_proof *out)
{
	if (!whole) {
		log_error("A login by public key is refused, as its proof was "
			  "not overheard: either convdrop does not know this "
			  "version of libssh, or the client's key exchange is "
			  "longer than any.");
		return false;
	}
	*out = *heard;
	return true;
}

/* The first one is what the session is named after; it begins with the
 * client's version, a string. */
static void
hear_exchange(const uint8_t *p, size_t n)
{
	if (heard->exchange_n > 0 || n < 8 || n > sizeof heard->bytes ||
	    memcmp(p + 4, "SSH-", 4) != 0)
		return;
	memcpy(heard->bytes, p, n);
	heard->exchange_n = (uint32_t)n;
}

static void
hear_signature(
    const uint8_t *message, size_t n, const uint8_t *signature, size_t sig_n)
{
	uint8_t *at = heard->bytes + heard->exchange_n;
	size_t room = sizeof heard->bytes - heard->exchange_n;

	whole = false;
	if (heard->exchange_n == 0 || n > room || sig_n > room - n)
		return;
	memcpy(at, message, n);
	memcpy(at + n, signature, sig_n);
	heard->message_n = (uint32_t)n;
	heard->signature_n = (uint32_t)sig_n;
	whole = true;
}

/* --- in OpenSSL's place -------------------------------------------------- */

int
EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *p, size_t n)
{
	if (digest == NULL)
		find();
	if (heard != NULL)
		hear_exchange(p, n);
	return digest(ctx, p, n);
}

int
EVP_DigestVerify(EVP_MD_CTX *ctx, const uint8_t *signature, size_t sig_n,
    const uint8_t *message, size_t n)
{
	if (verify == NULL)
		find();
	if (heard != NULL)
		hear_signature(message, n, signature, sig_n);
	return verify(ctx, signature, sig_n, message, n);
}
