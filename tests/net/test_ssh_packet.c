/*
 * What is kept from one packet to the next, and that nobody can tell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

#include "net/ssh_packet.h"

/* The way libssh makes a MAC. */
static size_t
mac(const char *key, const EVP_MD *md, const char *text, uint8_t out[64])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY *pkey = EVP_PKEY_new_mac_key(
	    EVP_PKEY_HMAC, NULL, (const uint8_t *)key, (int)strlen(key));
	size_t n = 64;

	assert_non_null(pkey);
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, pkey), 1);
	EVP_PKEY_free(pkey);
	assert_int_equal(EVP_DigestSignUpdate(ctx, text, strlen(text)), 1);
	assert_int_equal(EVP_DigestSignFinal(ctx, out, &n), 1);
	EVP_MD_CTX_free(ctx);
	return n;
}

/* Another way, which nothing is kept of. */
static size_t
right(const char *key, const EVP_MD *md, const char *text, uint8_t out[64])
{
	size_t n = 0;

	assert_non_null(
	    EVP_Q_mac(NULL, "HMAC", NULL, EVP_MD_get0_name(md), NULL, key,
		strlen(key), (const uint8_t *)text, strlen(text), out, 64, &n));
	return n;
}

static EVP_PKEY *
made_of(const char *key)
{
	EVP_PKEY *pkey = EVP_PKEY_new_mac_key(
	    EVP_PKEY_HMAC, NULL, (const uint8_t *)key, (int)strlen(key));

	EVP_PKEY_free(pkey);
	return pkey;
}

/* --- tests --------------------------------------------------------------- */

/* Goes first. */
static void
nothing_is_kept_unless_it_is_asked_for(void **state)
{
	const uint8_t *key = (const uint8_t *)"as it is";
	EVP_PKEY *a, *b;

	(void)state;
	a = EVP_PKEY_new_mac_key(EVP_PKEY_HMAC, NULL, key, 8);
	b = EVP_PKEY_new_mac_key(EVP_PKEY_HMAC, NULL, key, 8);
	assert_ptr_not_equal(a, b);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
	ssh_packet_keep();
}

static void
every_mac_is_right_whatever_came_before(void **state)
{
	static const char longer[] =
	    "a key of more bytes than any that a MAC of ours has, so that it "
	    "is never kept";
	static const char *const keys[] = { "out", "in", "out", "out", "in",
		"out, anew", "in", "in, anew", "out, anew", "out", longer,
		longer, "in, anew" };
	const EVP_MD *const mds[] = { EVP_sha256(), EVP_sha256(), EVP_sha512(),
		EVP_sha256() };
	uint8_t got[64], want[64];

	(void)state;
	for (size_t i = 0; i < 4 * sizeof keys / sizeof *keys; i++) {
		const char *key = keys[i % (sizeof keys / sizeof *keys)];
		const EVP_MD *md = mds[i % (sizeof mds / sizeof *mds)];
		const char *text = i % 3 == 0 ? "a packet" : "another packet";
		size_t n = right(key, md, text, want);

		assert_int_equal(mac(key, md, text, got), n);
		assert_memory_equal(got, want, n);
	}
}

static void
the_keys_of_both_directions_are_kept_and_older_ones_are_not(void **state)
{
	EVP_PKEY *out = made_of("out"), *in = made_of("in");

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_ptr_equal(made_of("out"), out);
		assert_ptr_equal(made_of("in"), in);
	}
	assert_ptr_not_equal(out, in);
	EVP_PKEY_up_ref(out); /* so that no other key has its place */
	made_of("out, anew");
	made_of("in, anew");
	assert_ptr_not_equal(made_of("out"), out);
	EVP_PKEY_free(out);
}

static void
no_random_bytes_are_given_out_twice(void **state)
{
	static uint8_t all[1000][16];

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		assert_int_equal(RAND_bytes(all[i], 16), 1);
	for (size_t i = 0; i < 1000; i++) {
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(all[i], all[k], 16);
	}
}

static void
any_number_of_random_bytes_can_be_had(void **state)
{
	static const int counts[] = { 1, 4, 19, 24, 25, 32, 1024, 5000, 3, 24 };
	static const uint8_t none[24];
	uint8_t p[5001];

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		int n = counts[i];

		memset(p, 0, sizeof p);
		assert_int_equal(RAND_bytes(p, n), 1);
		if (n >= 19) /* they are at the end, too */
			assert_memory_not_equal(p + n - 19, none, 19);
		assert_int_equal(p[n], 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_kept_unless_it_is_asked_for),
		cmocka_unit_test(every_mac_is_right_whatever_came_before),
		cmocka_unit_test(
		    the_keys_of_both_directions_are_kept_and_older_ones_are_not),
		cmocka_unit_test(no_random_bytes_are_given_out_twice),
		cmocka_unit_test(any_number_of_random_bytes_can_be_had),
	};
	struct err e = ERR_EMPTY;

	if (ssh_packet_open(&e) == -1)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
