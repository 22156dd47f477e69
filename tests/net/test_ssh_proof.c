/*
 * What is overheard between libssh and OpenSSL, which works as ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <string.h>

#include "net/ssh_proof.h"

#define EXCHANGE "\0\0\0\x0eSSH-2.0-client and all the rest"
#define MESSAGE "what is signed"

static void
digest(const void *p, size_t n, uint8_t out[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned size = 32;

	assert_int_equal(EVP_DigestInit_ex(ctx, EVP_sha256(), NULL), 1);
	assert_int_equal(EVP_DigestUpdate(ctx, p, n), 1);
	assert_int_equal(EVP_DigestFinal(ctx, out, &size), 1);
	EVP_MD_CTX_free(ctx);
}

static void
exchange(const char *p, size_t n)
{
	uint8_t out[32];

	digest(p, n, out);
}

/* Signs the message and has it verified; spoilt, it must not be right. */
static void
sign(const char *message, size_t n, bool spoilt)
{
	static const uint8_t seed[32] = { 1 };
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t signature[64];
	size_t size = sizeof signature;

	assert_int_equal(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(
	    EVP_DigestSign(ctx, signature, &size, (const uint8_t *)message, n),
	    1);
	EVP_MD_CTX_reset(ctx);
	signature[0] ^= spoilt;
	assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
	assert_int_equal(EVP_DigestVerify(ctx, signature, size,
			     (const uint8_t *)message, n) == 1,
	    !spoilt);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

static int
begin(void **state)
{
	(void)state;
	ssh_proof_listen();
	return 0;
}

static int
forget(void **state)
{
	(void)state;
	ssh_proof_forget();
	return 0;
}

/* --- tests --------------------------------------------------------------- */

static void
the_first_exchange_and_the_last_signature_are_kept(void **state)
{
	struct auth_proof w;

	(void)state;
	exchange("no exchange at all", 18);
	exchange(EXCHANGE, sizeof EXCHANGE);
	exchange(EXCHANGE " once more", sizeof EXCHANGE + 10);
	sign("another one", 11, false);
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_true(ssh_proof(&w));
	assert_int_equal(w.exchange_n, sizeof EXCHANGE);
	assert_int_equal(w.message_n, sizeof MESSAGE);
	assert_int_equal(w.signature_n, 64);
	assert_memory_equal(w.bytes, EXCHANGE, sizeof EXCHANGE);
	assert_memory_equal(w.bytes + sizeof EXCHANGE, MESSAGE, sizeof MESSAGE);
}

/* Whether it is right is for whoever gets it to say. */
static void
a_wrong_signature_is_passed_on_as_it_is(void **state)
{
	struct auth_proof right, wrong;

	(void)state;
	exchange(EXCHANGE, sizeof EXCHANGE);
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_true(ssh_proof(&right));
	sign(MESSAGE, sizeof MESSAGE, true);
	assert_true(ssh_proof(&wrong));
	assert_memory_not_equal(&right, &wrong, sizeof right);
}

static void
what_lacks_or_is_too_long_is_no_proof(void **state)
{
	static char much[sizeof((struct auth_proof *)0)->bytes + 1];
	struct auth_proof w;

	(void)state;
	assert_false(ssh_proof(&w));
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_false(ssh_proof(&w)); /* of no exchange */
	memcpy(much, EXCHANGE, sizeof EXCHANGE);
	exchange(much, sizeof much);
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_false(ssh_proof(&w)); /* too long */
	exchange(EXCHANGE, sizeof EXCHANGE);
	assert_false(ssh_proof(&w)); /* not signed since */
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_true(ssh_proof(&w));
	sign(much, sizeof much - sizeof EXCHANGE, false);
	assert_false(ssh_proof(&w)); /* no room for the signature */
}

static void
nothing_is_kept_before_and_after(void **state)
{
	static const uint8_t want[4] = { 0xba, 0x78, 0x16, 0xbf };
	struct auth_proof w;
	uint8_t out[32];

	exchange(EXCHANGE, sizeof EXCHANGE);
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_true(ssh_proof(&w));
	forget(state);
	assert_false(ssh_proof(&w));
	exchange(EXCHANGE, sizeof EXCHANGE);
	sign(MESSAGE, sizeof MESSAGE, false);
	assert_false(ssh_proof(&w));
	digest("abc", 3, out);
	assert_memory_equal(out, want, sizeof want);
}

int
main(void)
{
#define LISTENING(f) cmocka_unit_test_setup_teardown(f, begin, forget)
	const struct CMUnitTest tests[] = {
		LISTENING(the_first_exchange_and_the_last_signature_are_kept),
		LISTENING(a_wrong_signature_is_passed_on_as_it_is),
		LISTENING(what_lacks_or_is_too_long_is_no_proof),
		LISTENING(nothing_is_kept_before_and_after),
	};
	struct err e = ERR_EMPTY;

	if (ssh_proof_open(&e) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
