/*
 * The keys as the parent holds them.
 */
#include "server/keyset.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/arena.h"
#include "keys/cert.h"
#include "keys/hostkey.h"
#include "keys/keyfile.h"
#include "keys/secret.h"
#include "keys/token.h"
#include "keys/users.h"
#include "server/bytes.h"
#include "server/log.h"

#define CHAIN_MAX (1024 * 1024)

static void
forget(char *p, size_t n)
{
	if (p == NULL)
		return;
	secret_wipe(p, n);
	free(p);
}

/* --- users and tokens ---------------------------------------------------- */

/* A missing tokens file is one without tokens. */
static int
read_tokens(char **out, size_t *n, const char *path, struct err *e)
{
	char why[KEYS_ERROR_SIZE] = "";

	if (access(path, F_OK) == -1 && errno == ENOENT) {
		*out = mem_string("");
		*n = 0;
		return 0;
	}
	if (keyfile_read(out, n, path, why) == -1)
		return err_set(e, "%s", why);
	return 0;
}

static int
check_logins(const char *users, size_t users_n, const char *tokens,
    size_t tokens_n, struct err *e)
{
	char why[KEYS_ERROR_SIZE] = "";
	struct users *u = NULL;
	struct tokens *t = NULL;
	int rc = -1;

	if (users_parse(&u, users, users_n, why) == -1) {
		err_set(e, "keys/users: %s", why);
		goto out;
	}
	if (tokens_parse(&t, tokens, tokens_n, why) == -1) {
		err_set(e, "keys/tokens: %s", why);
		goto out;
	}
	rc = 0;
out:
	users_free(u);
	tokens_free(t);
	return rc;
}

static int
seal_both(struct login_keys *out, const char *users, size_t users_n,
    const char *tokens, size_t tokens_n, struct err *e)
{
	static uint64_t readings;
	char *both = mem_alloc(users_n + tokens_n + 1);
	struct sha256_ctx h;
	int fd;

	memcpy(both, users, users_n);
	memcpy(both + users_n, tokens, tokens_n);
	fd = bytes_seal(both, users_n + tokens_n);
	if (fd == -1) {
		forget(both, users_n + tokens_n);
		return err_set(
		    e, "cannot pass the users on: %s", strerror(errno));
	}
	WIRE_INIT(&out->m, WIRE_KEYS);
	out->m.head.id = ++readings;
	out->m.users_bytes = users_n;
	out->m.tokens_bytes = tokens_n;
	sha256_init(&h);
	sha256_update(&h, users_n + tokens_n, (const uint8_t *)both);
	sha256_digest(&h, sizeof out->m.sha256, out->m.sha256);
	out->fd = fd;
	forget(both, users_n + tokens_n);
	return 0;
}

int
keyset_logins(struct login_keys *out, const struct conf *c, struct err *e)
{
	char path[PATH_MAX], why[KEYS_ERROR_SIZE] = "";
	char *users = NULL, *tokens = NULL;
	size_t users_n = 0, tokens_n = 0;
	int rc = -1;

	conf_path(path, c, "keys", "users", NULL);
	if (keyfile_read(&users, &users_n, path, why) == -1) {
		err_set(e, "%s", why);
		goto out;
	}
	conf_path(path, c, "keys", "tokens", NULL);
	if (read_tokens(&tokens, &tokens_n, path, e) == -1 ||
	    check_logins(users, users_n, tokens, tokens_n, e) == -1)
		goto out;
	rc = seal_both(out, users, users_n, tokens, tokens_n, e);
out:
	forget(users, users_n);
	forget(tokens, tokens_n);
	return rc;
}

void
keyset_logins_close(struct login_keys *k)
{
	if (k->fd != -1)
		close(k->fd);
	k->fd = -1;
}

/* The folder is a worker's: never follow a link there. */
int
keyset_logins_note(
    const struct login_keys *k, const struct conf *c, struct err *e)
{
	char path[PATH_MAX], text[65 + 1];
	int dir, fd = -1, rc = -1;

	bytes_hex(text, k->m.sha256, sizeof k->m.sha256);
	text[64] = '\n';
	conf_path(path, c, "state", NULL);
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir != -1) {
		unlinkat(dir, ".keys.loaded", 0);
		fd = openat(dir, ".keys.loaded",
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	}
	if (fd != -1 && bytes_write(fd, text, 65) == 0 &&
	    renameat(dir, ".keys.loaded", dir, "keys.loaded") == 0)
		rc = 0;
	else
		err_set(
		    e, "cannot write state/keys.loaded: %s", strerror(errno));
	if (fd != -1)
		close(fd);
	if (dir != -1)
		close(dir);
	return rc;
}

/* --- host keys and certificate ------------------------------------------- */

void
keyset_pem_close(struct pem_keys *k)
{
	for (size_t i = 0; i < k->n; i++)
		close(k->pem[i].fd);
	k->n = 0;
}

static int
add_pem(struct pem_keys *k, const char *pem, size_t n, struct err *e)
{
	int fd = bytes_seal(pem, n);

	if (fd == -1)
		return err_set(e, "cannot pass a key on: %s", strerror(errno));
	k->pem[k->n].fd = fd;
	k->pem[k->n++].n = n;
	return 0;
}

static int
add_hostkey(struct pem_keys *out, struct pem_keys *halves, const char *dir,
    enum hostkey_type t, struct err *e)
{
	char why[KEYS_ERROR_SIZE] = "";
	char *pem = NULL, *half = NULL;
	size_t n = 0, half_n = 0;
	int rc = -1;

	if (hostkey_read(&pem, &n, dir, t, why) == -1 ||
	    hostkey_public(&half, &half_n, pem, why) == -1)
		err_set(e, "%s", why);
	else if (add_pem(out, pem, n, e) == 0 &&
		 add_pem(halves, half, half_n, e) == 0)
		rc = 0;
	forget(pem, n);
	free(half);
	return rc;
}

int
keyset_hostkeys(struct pem_keys *out, struct pem_keys *halves,
    const struct conf *c, struct err *e)
{
	char dir[PATH_MAX];

	out->n = halves->n = 0;
	conf_path(dir, c, "keys", NULL);
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		if (add_hostkey(out, halves, dir, (enum hostkey_type)t, e) ==
		    -1) {
			keyset_pem_close(out);
			keyset_pem_close(halves);
			return -1;
		}
	}
	return 0;
}

/* An expired certificate is complained of, but SFTP and tokens over a proxy
 * must not stop for it. */
static int
check_certificate(
    const char *crt, size_t crt_n, const char *key, size_t key_n, struct err *e)
{
	char why[KEYS_ERROR_SIZE] = "";
	struct cert_facts facts;
	int64_t now = (int64_t)time(NULL);

	memset(&facts, 0, sizeof facts);
	if (cert_check(crt, crt_n, key, key_n, now, &facts, why) == 0)
		return 0;
	if (facts.until != 0 && (now > facts.until || now < facts.from)) {
		log_warn("keys/tls.crt: %s", why);
		return 0;
	}
	return err_set(e, "keys/tls.crt: %s", why);
}

int
keyset_certificate(struct pem_keys *out, const struct conf *c, struct err *e)
{
	char path[PATH_MAX], why[KEYS_ERROR_SIZE] = "";
	char *crt = NULL, *key = NULL;
	size_t crt_n = 0, key_n = 0;
	int rc = -1;

	out->n = 0;
	conf_path(path, c, "keys", "tls.crt", NULL);
	if (bytes_read(&crt, &crt_n, path, CHAIN_MAX) == -1) {
		err_set(e, "Cannot read the certificate %s: %s.", path,
		    strerror(errno));
		goto out;
	}
	conf_path(path, c, "keys", "tls.key", NULL);
	if (keyfile_read(&key, &key_n, path, why) == -1) {
		err_set(e, "%s", why);
		goto out;
	}
	if (check_certificate(crt, crt_n, key, key_n, e) == -1 ||
	    add_pem(out, crt, crt_n, e) == -1 ||
	    add_pem(out, key, key_n, e) == -1) {
		keyset_pem_close(out);
		goto out;
	}
	rc = 0;
out:
	free(crt);
	forget(key, key_n);
	return rc;
}
