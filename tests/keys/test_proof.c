/*
 * What proves that a client has a key, and all that does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/keys/proof_kit.h"

/* --- keys ---------------------------------------------------------------- */

static const struct kind {
	const char *algorithm, *key, *group;
	gnutls_pk_algorithm_t pk;
	unsigned bits;
	gnutls_sign_algorithm_t sign;
} kinds[] = {
	/* clang-format off */
	{ "ssh-ed25519", "ssh-ed25519", NULL, GNUTLS_PK_EDDSA_ED25519, 0,
	    GNUTLS_SIGN_EDDSA_ED25519 },
	{ "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256", "nistp256",
	    GNUTLS_PK_ECDSA, 256, GNUTLS_SIGN_ECDSA_SHA256 },
	{ "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384", "nistp384",
	    GNUTLS_PK_ECDSA, 384, GNUTLS_SIGN_ECDSA_SHA384 },
	{ "ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521", "nistp521",
	    GNUTLS_PK_ECDSA, 521, GNUTLS_SIGN_ECDSA_SHA512 },
	{ "rsa-sha2-256", "ssh-rsa", NULL, GNUTLS_PK_RSA, 2048,
	    GNUTLS_SIGN_RSA_SHA256 },
	{ "rsa-sha2-512", "ssh-rsa", NULL, GNUTLS_PK_RSA, 2048,
	    GNUTLS_SIGN_RSA_SHA512 },
	/* clang-format on */
};
#define KINDS (sizeof kinds / sizeof *kinds)

static gnutls_privkey_t keys[KINDS];
static struct wire_text blobs[KINDS];

static void
put_point(struct wire_text *t, const struct kind *k, gnutls_datum_t x,
    gnutls_datum_t y)
{
	const size_t width = (k->bits + 7) / 8;
	struct wire_text point = { .n = 0 };
	static const uint8_t zeros[8];

	proof_put(&point, "\x04", 1);
	for (int i = 0; i < 2; i++) {
		const gnutls_datum_t *d = i == 0 ? &x : &y;
		size_t n = d->size, skip = n > width ? n - width : 0;

		proof_put(&point, zeros, n < width ? width - n : 0);
		proof_put(&point, d->data + skip, n - skip);
	}
	proof_put_text(t, k->group);
	proof_put_string(t, point.p, point.n);
}

static void
make_key(size_t i)
{
	const struct kind *k = &kinds[i];
	gnutls_ecc_curve_t curve;
	gnutls_datum_t x, y;
	unsigned bits = k->bits;

	if (k->pk == GNUTLS_PK_ECDSA)
		bits = GNUTLS_CURVE_TO_BITS(
		    bits == 256   ? GNUTLS_ECC_CURVE_SECP256R1
		    : bits == 384 ? GNUTLS_ECC_CURVE_SECP384R1
				  : GNUTLS_ECC_CURVE_SECP521R1);
	assert_int_equal(gnutls_privkey_init(&keys[i]), 0);
	assert_int_equal(gnutls_privkey_generate(keys[i], k->pk, bits, 0), 0);
	proof_put_text(&blobs[i], k->key);
	if (k->pk == GNUTLS_PK_RSA) {
		assert_int_equal(gnutls_privkey_export_rsa_raw(keys[i], &y, &x,
				     NULL, NULL, NULL, NULL, NULL, NULL),
		    0);
		proof_put_string(&blobs[i], x.data, x.size);
		proof_put_string(&blobs[i], y.data, y.size);
	} else {
		assert_int_equal(gnutls_privkey_export_ecc_raw(
				     keys[i], &curve, &x, &y, NULL),
		    0);
		if (k->group != NULL)
			put_point(&blobs[i], k, x, y);
		else
			proof_put_string(&blobs[i], x.data, x.size);
	}
	gnutls_free(x.data);
	gnutls_free(y.data);
}

static int
setup(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		make_key(i);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++)
		gnutls_privkey_deinit(keys[i]);
	return 0;
}

/* --- tests --------------------------------------------------------------- */

static const struct octets hosts[] = {
	{ NULL, 0 },
	{ (const uint8_t *)PROOF_HOST, sizeof PROOF_HOST - 1 },
};

static bool
holds(const struct made *m, struct octets key)
{
	const struct proof p = { proof_octets(&m->exchange),
		proof_octets(&m->message), proof_octets(&m->signature) };
	const struct octets user = { (const uint8_t *)"direct", 6 };

	return proof_holds(&p, user, key, hosts, 2);
}

static bool
draft_holds(struct draft d, size_t key, size_t signer)
{
	const struct signer by = { keys[signer], kinds[signer].sign };
	struct made m;

	if (d.algorithm == NULL)
		d.algorithm = kinds[key].algorithm;
	if (d.key.p == NULL)
		d.key = proof_octets(&blobs[key]);
	proof_make(&m, &d, &by);
	return holds(&m, proof_octets(&blobs[key]));
}

static void
a_signature_of_any_kind_and_of_any_key_exchange_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		for (unsigned hash = 256; hash <= 512; hash += 128) {
			print_message("# %s, %u\n", kinds[i].algorithm, hash);
			assert_true(
			    draft_holds((struct draft){ .hash = hash }, i, i));
		}
	}
}

static void
what_a_client_did_not_sign_for_this_login_does_not_hold(void **state)
{
	static const struct {
		const char *what;
		struct draft d;
	} cases[] = {
		{ "another user", { .user = "other" } },
		{ "no user", { .user = "" } },
		{ "another server's session", { .host = "its host key" } },
		{ "a session without a host key", { .host = "" } },
		{ "a session of no key exchange", { .other_session = true } },
		{ "another service", { .service = "ssh-userauth" } },
		{ "another method", { .method = "hostbased" } },
		{ "another message", { .request = 51 } },
		{ "only an offer", { .has_signature = 2 } },
		{ "more than a login", { .stray = true } },
		{ "an algorithm that we have not", { .algorithm = "ssh-rsa" } },
		{ "no algorithm", { .algorithm = "" } },
		{ "another kind of key", { .algorithm = "rsa-sha2-256" } },
		{ "another key inside",
		    { .key = { (const uint8_t *)"k", 1 } } },
	};

	(void)state;
	assert_true(draft_holds((struct draft){ .user = NULL }, 0, 0));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		print_message("# %s\n", cases[i].what);
		assert_false(draft_holds(cases[i].d, 0, 0));
	}
}

static void
a_key_is_proven_by_itself_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		for (size_t by = 0; by < KINDS; by++) {
			if (i != by)
				assert_false(draft_holds(
				    (struct draft){ .user = NULL }, i, by));
		}
	}
}

/* Each byte of what a peer sends matters, and no length of its leads out. */
static void
no_byte_may_be_another_or_lack(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		const struct signer by = { keys[i], kinds[i].sign };
		const struct draft d = { .algorithm = kinds[i].algorithm,
			.key = proof_octets(&blobs[i]) };
		const struct octets key = proof_octets(&blobs[i]);
		struct made m;
		struct wire_text *const parts[] = { &m.exchange, &m.message,
			&m.signature };

		proof_make(&m, &d, &by);
		for (size_t k = 0; k < 3; k++) {
			struct wire_text *t = parts[k];
			size_t n = t->n;

			for (size_t at = 0; at < n; at++) {
				t->p[at] ^= 0x80;
				assert_false(holds(&m, key));
				t->p[at] ^= 0x80;
			}
			for (t->n = 0; t->n < n; t->n++)
				assert_false(holds(&m, key));
		}
		assert_true(holds(&m, key));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_signature_of_any_kind_and_of_any_key_exchange_holds),
		cmocka_unit_test(
		    what_a_client_did_not_sign_for_this_login_does_not_hold),
		cmocka_unit_test(a_key_is_proven_by_itself_alone),
		cmocka_unit_test(no_byte_may_be_another_or_lack),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
