/*
 * See ssh_packet.h.  A program's own function goes before one of a library, so
 * libssh calls these.
 */
#include "net/ssh_packet.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <string.h>
#include "keys/secret.h"

#define KEY_MAX 64 /* of SHA-512, the longest */
#define KEYS 2     /* one for each direction */

/* More than padding ever has, and less than any key. */
#define RANDOM_MAX 24

struct mac {
	uint8_t key[KEY_MAX];
	size_t key_n;
	EVP_PKEY *pkey;    /* made of that, or NULL */
	EVP_MD_CTX *begun; /* with it, and nothing hashed yet, or NULL; */
	const EVP_MD *md;  /* by this */
};

static bool keeps;
static struct mac macs[KEYS];
static size_t oldest;
static uint8_t drawn[1024]; /* at random, */
static size_t left;         /* and so many, its first, not given out yet */

/* --- what OpenSSL's are --- */

static EVP_PKEY *(*new_key)(int, ENGINE *, const uint8_t *, int);
static int (*sign_init)(
    EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *, EVP_PKEY *);
static int (*random_bytes)(uint8_t *, int);

static void
find(void)
{
	*(void **)&new_key = dlsym(RTLD_NEXT, "EVP_PKEY_new_mac_key");
	*(void **)&sign_init = dlsym(RTLD_NEXT, "EVP_DigestSignInit");
	*(void **)&random_bytes = dlsym(RTLD_NEXT, "RAND_bytes");
}

int
ssh_packet_open(struct err *e)
{
	find();
	return new_key != NULL && sign_init != NULL && random_bytes != NULL
		   ? 0
		   : err_set(e, "OpenSSL lacks functions that libssh calls");
}

/* --- keeping --- */

void
ssh_packet_keep(void)
{
	keeps = true;
}

static void
drop(struct mac *m)
{
	EVP_MD_CTX_free(m->begun);
	EVP_PKEY_free(m->pkey);
	secret_wipe(m, sizeof *m);
}

static struct mac *
of_key(const uint8_t *key, size_t n)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (macs[i].pkey != NULL && macs[i].key_n == n &&
		    memcmp(macs[i].key, key, n) == 0)
			return &macs[i];
	}
	return NULL;
}

static struct mac *
of_pkey(const EVP_PKEY *pkey)
{
	for (size_t i = 0; i < KEYS; i++) {
		if (pkey != NULL && macs[i].pkey == pkey)
			return &macs[i];
	}
	return NULL;
}

/* In the place of the older of two keys: a new exchange made it worthless. */
static void
keep_key(const uint8_t *key, size_t n, EVP_PKEY *pkey)
{
	struct mac *m = &macs[oldest];

	if (n > sizeof m->key || EVP_PKEY_up_ref(pkey) != 1)
		return;
	drop(m);
	memcpy(m->key, key, n);
	m->key_n = n;
	m->pkey = pkey;
	oldest = (oldest + 1) % KEYS;
}

static void
keep_begun(struct mac *m, const EVP_MD_CTX *ctx, const EVP_MD *md)
{
	EVP_MD_CTX_free(m->begun);
	m->begun = EVP_MD_CTX_new();
	m->md = md;
	if (m->begun != NULL && EVP_MD_CTX_copy_ex(m->begun, ctx) != 1) {
		EVP_MD_CTX_free(m->begun);
		m->begun = NULL;
	}
}

/* n bytes of what was drawn, each once. */
static bool
draw(uint8_t *out, size_t n)
{
	if (left < n) {
		if (random_bytes(drawn, (int)sizeof drawn) != 1)
			return false;
		left = sizeof drawn;
	}
	left -= n;
	memcpy(out, drawn + left, n);
	secret_wipe(drawn + left, n);
	return true;
}

/* --- in OpenSSL's place --- */

EVP_PKEY *
EVP_PKEY_new_mac_key(int type, ENGINE *engine, const uint8_t *key, int n)
{
	bool ours = keeps && type == EVP_PKEY_HMAC && n > 0;
	struct mac *m = ours ? of_key(key, (size_t)n) : NULL;
	EVP_PKEY *pkey;

	if (m != NULL && EVP_PKEY_up_ref(m->pkey) == 1)
		return m->pkey;
	if (new_key == NULL)
		find();
	pkey = new_key(type, engine, key, n);
	if (ours && pkey != NULL)
		keep_key(key, (size_t)n, pkey);
	return pkey;
}

int
EVP_DigestSignInit(EVP_MD_CTX *ctx, EVP_PKEY_CTX **pctx, const EVP_MD *md,
    ENGINE *engine, EVP_PKEY *pkey)
{
	struct mac *m = pctx == NULL ? of_pkey(pkey) : NULL;
	int rc;

	if (m != NULL && m->begun != NULL && m->md == md)
		return EVP_MD_CTX_copy_ex(ctx, m->begun);
	if (sign_init == NULL)
		find();
	rc = sign_init(ctx, pctx, md, engine, pkey);
	if (m != NULL && rc == 1)
		keep_begun(m, ctx, md);
	return rc;
}

int
RAND_bytes(uint8_t *out, int n)
{
	if (random_bytes == NULL)
		find();
	if (keeps && n > 0 && n <= RANDOM_MAX && draw(out, (size_t)n))
		return 1;
	return random_bytes(out, n);
}
