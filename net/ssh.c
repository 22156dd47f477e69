/*
 * The accepting process of the SFTP service: its keys and algorithms, which
 * every child inherits.
 */
#include "net/ssh.h"

#include <libssh/libssh.h>
#include <libssh/server.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <signal.h>
#include <stdlib.h>
#include "keys/hostkey.h"
#include "keys/secret.h"
#include "net/master.h"
#include "net/ssh_child.h"
#include "net/ssh_packet.h"
#include "net/ssh_profile.h"
#include "net/ssh_proof.h"
#include "server/log.h"
#include "server/sandbox.h"
#include "server/worker.h"

struct server {
	struct worker *w;
	ssh_bind bind;
};

/* --- keys --- */

static int
import_key(struct server *s, enum hostkey_type t, struct err *e)
{
	struct worker *w = s->w;
	ssh_key key = NULL;

	if (w->pem[t] == NULL)
		return err_set(
		    e, "the host key %s is missing", hostkey_file(t));
	if (ssh_pki_import_privkey_base64(w->pem[t], NULL, NULL, NULL, &key) !=
	    SSH_OK)
		return err_set(
		    e, "libssh cannot read the host key %s", hostkey_file(t));
	if (ssh_bind_options_set(s->bind, SSH_BIND_OPTIONS_IMPORT_KEY, key) !=
	    0) {
		ssh_key_free(key);
		return err_set(e, "libssh does not take the host key %s: %s",
		    hostkey_file(t), ssh_get_error(s->bind));
	}
	return 0; /* the key is the bind's now */
}

static int
set_options(struct server *s, struct err *e)
{
	const struct ssh_algorithms *a =
	    ssh_algorithms(s->w->conf->ssh_profile);
	const bool no = false;
	const struct {
		enum ssh_bind_options_e option;
		const void *value;
	} set[] = {
		{ SSH_BIND_OPTIONS_PROCESS_CONFIG, &no },
		{ SSH_BIND_OPTIONS_BANNER, "convdrop" },
		{ SSH_BIND_OPTIONS_RSA_MIN_SIZE, &a->rsa_bits },
		{ SSH_BIND_OPTIONS_KEY_EXCHANGE, a->kex },
		{ SSH_BIND_OPTIONS_HOSTKEY_ALGORITHMS, a->hostkeys },
		{ SSH_BIND_OPTIONS_PUBKEY_ACCEPTED_KEY_TYPES, a->pubkeys },
		{ SSH_BIND_OPTIONS_CIPHERS_C_S, a->ciphers },
		{ SSH_BIND_OPTIONS_CIPHERS_S_C, a->ciphers },
		{ SSH_BIND_OPTIONS_HMAC_C_S, a->macs },
		{ SSH_BIND_OPTIONS_HMAC_S_C, a->macs },
	};

	for (size_t i = 0; i < sizeof set / sizeof *set; i++) {
		if (ssh_bind_options_set(
			s->bind, set[i].option, set[i].value) != 0)
			return err_set(e, "libssh: %s", ssh_get_error(s->bind));
	}
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		if (a->hostkey[t] &&
		    import_key(s, (enum hostkey_type)t, e) == -1)
			return -1;
	}
	return 0;
}

/* --- the process --- */

/* The first of a kind that is fetched makes OpenSSL set up all of that kind and
 * keep them, 100 KB together: here, where all children share them, instead of
 * in each. */
static void
load_algorithms(void)
{
	EVP_MD_free(EVP_MD_fetch(NULL, "SHA256", NULL));
	EVP_CIPHER_free(EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL));
	EVP_MAC_free(EVP_MAC_fetch(NULL, "HMAC", NULL));
	EVP_KDF_free(EVP_KDF_fetch(NULL, "SSHKDF", NULL));
	EVP_KEYMGMT_free(EVP_KEYMGMT_fetch(NULL, "X25519", NULL));
	EVP_KEYEXCH_free(EVP_KEYEXCH_fetch(NULL, "X25519", NULL));
	EVP_SIGNATURE_free(EVP_SIGNATURE_fetch(NULL, "ED25519", NULL));
}

/* libssh and what is below it load everything now, not in a sandbox. */
static int
warm_up(struct err *e)
{
	uint8_t random[16];

	load_algorithms();
	if (ssh_init() != SSH_OK || ssh_get_random(random, 16, 0) == 0)
		return err_set(e, "libssh does not start");
	if (ssh_version(SSH_VERSION_INT(0, 10, 6)) == NULL)
		return err_set(e,
		    "libssh %s has known holes; version 0.10.6 or a later one "
		    "is needed",
		    ssh_version(0));
	return ssh_packet_open(e) == -1 ? -1 : ssh_proof_open(e);
}

static int
start(struct server *s, struct err *e)
{
	signal(SIGPIPE, SIG_IGN);
	if (warm_up(e) == -1)
		return -1;
	s->bind = ssh_bind_new();
	if (s->bind == NULL)
		return err_set(e, "out of memory");
	if (set_options(s, e) == -1)
		return -1;
	worker_wipe_pem(s->w);
	return sandbox_enter(SANDBOX_SSH, s->w->conf, e);
}

static int
serve(void *ctx, const struct connection *it)
{
	const struct server *s = ctx;

	return ssh_child_run(it, s->w->conf, s->bind);
}

int
ssh_main(struct worker *w)
{
	static struct server s;
	const struct service service = { .serve = serve, .ctx = &s };
	struct err e = ERR_EMPTY;

	s.w = w;
	if (start(&s, &e) == -1) {
		log_error("SFTP cannot be served: %s.", e.text);
		return 1;
	}
	return master_run(w, &service);
}
