/*
 * SSH host keys.  See hostkey.h.
 */
#include "keys/hostkey.h"

#include <errno.h>
#include <libssh/libssh.h>
#include <limits.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/keyfile.h"
#include "keys/secret.h"
#include "keys/text.h"

#define BLOB_MAX 4096 /* RSA of 16384 bits has 2 KB */

static const struct {
	const char *file;
	enum ssh_keytypes_e type;
	int bits;
} kinds[HOSTKEY_TYPES] = {
	[HOSTKEY_ED25519] = { "ssh_host_ed25519_key", SSH_KEYTYPE_ED25519, 0 },
	[HOSTKEY_RSA] = { "ssh_host_rsa_key", SSH_KEYTYPE_RSA, 3072 },
	[HOSTKEY_ECDSA] = { "ssh_host_ecdsa_key", SSH_KEYTYPE_ECDSA_P256, 256 },
};

const char *
hostkey_file(enum hostkey_type t)
{
	return kinds[t].file;
}

static int
say(char *why, const char *what, const char *sentence)
{
	snprintf(why, KEYS_ERROR_SIZE, "%.160s: %s", what, sentence);
	return -1;
}

static int
key_path(char out[PATH_MAX], const char *dir, enum hostkey_type t, char *why)
{
	if (snprintf(out, PATH_MAX, "%s/%s", dir, kinds[t].file) >= PATH_MAX)
		return say(why, dir, strerror(ENAMETOOLONG));
	return 0;
}

static int
make_one(const char *dir, enum hostkey_type t, char *why)
{
	char path[PATH_MAX];
	ssh_key key = NULL;
	char *pem = NULL;
	int rc = -1;

	if (key_path(path, dir, t, why) == -1)
		return -1;
	if (ssh_pki_generate(kinds[t].type, kinds[t].bits, &key) != SSH_OK ||
	    ssh_pki_export_privkey_base64(key, NULL, NULL, NULL, &pem) !=
		SSH_OK) {
		say(why, path, _("the key could not be made"));
		goto out;
	}
	rc = keyfile_create(path, pem, strlen(pem), why);
out:
	if (pem != NULL)
		secret_wipe(pem, strlen(pem));
	ssh_string_free_char(pem);
	ssh_key_free(key);
	return rc;
}

int
hostkey_make(const char *dir, char *why)
{
	char path[PATH_MAX];
	int t;

	for (t = 0; t < HOSTKEY_TYPES; t++) {
		if (key_path(path, dir, (enum hostkey_type)t, why) == -1)
			return -1;
		if (access(path, F_OK) == 0)
			return say(why, path,
			    _("it is there already; clients "
			      "that know it would refuse another"));
	}
	for (t = 0; t < HOSTKEY_TYPES; t++) {
		if (make_one(dir, (enum hostkey_type)t, why) == -1)
			break;
	}
	if (t == HOSTKEY_TYPES)
		return 0;
	while (t-- > 0) { /* all or none */
		if (key_path(path, dir, (enum hostkey_type)t, why) == 0)
			unlink(path);
	}
	return -1;
}

int
hostkey_read(
    char **pem, size_t *n, const char *dir, enum hostkey_type t, char *why)
{
	char path[PATH_MAX], *text;
	ssh_key key = NULL;
	size_t size;

	if (key_path(path, dir, t, why) == -1 ||
	    keyfile_read(&text, &size, path, why) == -1)
		return -1;
	if (ssh_pki_import_privkey_base64(text, NULL, NULL, NULL, &key) !=
		SSH_OK ||
	    ssh_key_type(key) != kinds[t].type) {
		say(why, path,
		    _("it is not the private key that its name says"));
		ssh_key_free(key);
		secret_wipe(text, size);
		free(text);
		return -1;
	}
	ssh_key_free(key);
	*pem = text;
	*n = size;
	return 0;
}

/* Base64 is the only form in which libssh exports it. */
size_t
hostkey_blob(struct ssh_key_struct *key, uint8_t *out, size_t size)
{
	struct base64_decode_ctx d;
	char *text = NULL;
	size_t n = 0;

	base64_decode_init(&d);
	if (ssh_pki_export_pubkey_base64(key, &text) != SSH_OK)
		return 0;
	if (BASE64_DECODE_LENGTH(strlen(text)) > size ||
	    !base64_decode_update(&d, &n, out, strlen(text), text) ||
	    !base64_decode_final(&d))
		n = 0;
	ssh_string_free_char(text);
	return n;
}

int
hostkey_public(char **blob, size_t *n, const char *pem, char *why)
{
	char *out = malloc(BLOB_MAX);
	ssh_key key = NULL;
	size_t size = 0;

	if (out != NULL && ssh_pki_import_privkey_base64(
			       pem, NULL, NULL, NULL, &key) == SSH_OK)
		size = hostkey_blob(key, (uint8_t *)out, BLOB_MAX);
	ssh_key_free(key);
	if (size == 0) {
		free(out);
		return say(why, "host key", _("it has no public half"));
	}
	*blob = out;
	*n = size;
	return 0;
}

int
hostkey_fingerprint(char out[64], const char *pem, char *why)
{
	unsigned char *hash = NULL;
	char *text = NULL;
	ssh_key key = NULL;
	size_t n;
	int rc = -1;

	if (ssh_pki_import_privkey_base64(pem, NULL, NULL, NULL, &key) !=
		SSH_OK ||
	    ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &n) !=
		0 ||
	    (text = ssh_get_fingerprint_hash(
		 SSH_PUBLICKEY_HASH_SHA256, hash, n)) == NULL ||
	    strlen(text) >= 64) {
		say(why, "host key", _("it has no fingerprint"));
		goto out;
	}
	memcpy(out, text, strlen(text) + 1);
	rc = 0;
out:
	ssh_string_free_char(text);
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return rc;
}
