/*
 * The SSH profiles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <libssh/libssh.h>
#include <stdio.h>
#include <string.h>

#include "formats/slice.h"
#include "net/ssh_profile.h"

static const enum ssh_profile both[] = { SSH_COMPAT, SSH_STRICT };

static void
nothing_weak_is_offered(void **state)
{
	static const char *const weak[] = { "sha1", "cbc", "ssh-rsa", "dss",
		"3des", "arcfour", "md5", "group1-", "none", "umac" };

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		const struct ssh_algorithms *a = ssh_algorithms(both[p]);
		const char *const list[] = { a->kex, a->hostkeys, a->ciphers,
			a->macs, a->pubkeys };

		for (size_t i = 0; i < 5; i++) {
			for (size_t k = 0; k < sizeof weak / sizeof *weak; k++)
				assert_null(strstr(list[i], weak[k]));
		}
	}
}

static void
strict_offers_no_nist_curves_and_no_mac_before_encryption(void **state)
{
	const struct ssh_algorithms *a = ssh_algorithms(SSH_STRICT);
	struct slice macs = slice_of(a->macs);

	(void)state;
	assert_null(strstr(a->kex, "nistp"));
	assert_null(strstr(a->kex, "group14"));
	assert_null(strstr(a->hostkeys, "nistp"));
	assert_false(a->hostkey[HOSTKEY_ECDSA]);
	assert_int_equal(a->rsa_bits, 3072);
	while (macs.n > 0) {
		struct slice one = slice_cut(&macs, ',');

		assert_non_null(memmem(one.p, one.n, "-etm@", 5));
	}
}

/* libssh drops names it does not know without a word. */
static void
libssh_knows_every_name(void **state)
{
	ssh_session session = ssh_new();

	(void)state;
	for (size_t p = 0; p < 2; p++) {
		const struct ssh_algorithms *a = ssh_algorithms(both[p]);
		const struct {
			enum ssh_options_e option;
			const char *list;
		} set[] = {
			{ SSH_OPTIONS_KEY_EXCHANGE, a->kex },
			{ SSH_OPTIONS_HOSTKEYS, a->hostkeys },
			{ SSH_OPTIONS_CIPHERS_C_S, a->ciphers },
			{ SSH_OPTIONS_HMAC_C_S, a->macs },
			{ SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES, a->pubkeys },
		};

		for (size_t i = 0; i < 5; i++) {
			struct slice list = slice_of(set[i].list);

			while (list.n > 0) {
				struct slice one = slice_cut(&list, ',');
				char name[64] = "";

				memcpy(name, one.p, one.n);
				print_message("# %s\n", name);
				assert_int_equal(ssh_options_set(session,
						     set[i].option, name),
				    0);
			}
		}
	}
	ssh_free(session);
}

static void
a_failed_negotiation_is_explained(void **state)
{
	static const struct {
		enum ssh_profile profile;
		const char *libssh, *ours;
	} row[] = {
		{ SSH_STRICT,
		    "kex error : no match for method kex algos: server [a], "
		    "client [ecdh-sha2-nistp256,x]",
		    "no common key exchange algorithm: the client offers "
		    "ecdh-sha2-nistp256,x; ssh_profile = \"strict\" has none "
		    "of them, \"compat\" has" },
		{ SSH_COMPAT,
		    "kex error : no match for method encryption "
		    "client->server: server [a], client [aes128-cbc]",
		    "no common cipher algorithm: the client offers "
		    "aes128-cbc; ssh_profile = \"compat\" has none of them, "
		    "nor has any other profile" },
		{ SSH_STRICT,
		    "kex error : no match for method mac algo server->client: "
		    "server [a], client [hmac-sha2-256\n]",
		    "no common MAC algorithm: the client offers "
		    "hmac-sha2-256\\x0a; ssh_profile = \"strict\" has none of "
		    "them, nor has any other profile" },
		{ SSH_STRICT,
		    "kex error : no match for method server host key algo: "
		    "server [a], client [ssh-rsa,ecdsa-sha2-nistp256]",
		    "no common host key algorithm: the client offers "
		    "ssh-rsa,ecdsa-sha2-nistp256; ssh_profile = \"strict\" "
		    "has none of them, \"compat\" has" },
		{ SSH_COMPAT, "Socket error: disconnected",
		    "the client closed the connection before keys were "
		    "exchanged" },
		{ SSH_COMPAT, "Socket error: \x01",
		    "the connection broke off before keys were exchanged: "
		    "\\x01" },
		{ SSH_COMPAT, "Received SSH_MSG_DISCONNECT: 11:b\x01ye",
		    "the client ended the connection before keys were "
		    "exchanged, and says: 11:b\\x01ye" },
		{ SSH_COMPAT,
		    "No version of SSH protocol usable (banner: GET / (x))",
		    "the client does not speak SSH 2; it says: GET / (x)" },
		{ SSH_COMPAT, "Receiving banner: too large banner",
		    "the client does not speak SSH 2: its first line has no "
		    "end" },
		{ SSH_COMPAT, "Packet filter: rejected packet (type 90)",
		    "the client sent a packet too early: keys are exchanged "
		    "first" },
		{ SSH_COMPAT, "Received unexpected packets in strict KEX mode.",
		    "the client sent a packet too early: keys are exchanged "
		    "first" },
		{ SSH_COMPAT, "read_packet(): Packet len too high(9 0009)",
		    "the client sent what is not SSH" },
		{ SSH_COMPAT, "Invalid padding\n",
		    "the key exchange failed; libssh says: Invalid "
		    "padding\\x0a" },
		{ SSH_COMPAT, "no match for method kex algos: server [",
		    "no common key exchange algorithm: the client offers ; "
		    "ssh_profile = \"compat\" has none of them, nor has any "
		    "other profile" },
	};
	char out[1536];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_string_equal(
		    ssh_explain(out, sizeof out, row[i].libssh, row[i].profile),
		    row[i].ours);
}

static void
what_a_client_offers_is_held_against_a_profile(void **state)
{
	/* the lists as libssh logs them; which strict has nothing of */
	static const struct {
		const char *kex, *hostkey, *cipher, *mac;
		unsigned lacks;
		const char *agreed; /* host key under compat */
	} cases[] = {
		{ "curve25519-sha256,ext-info-c", "ssh-ed25519",
		    "chacha20-poly1305@openssh.com,aes128-ctr",
		    "hmac-sha2-256,hmac-sha2-256-etm@openssh.com", 0,
		    "ssh-ed25519" },
		{ "ecdh-sha2-nistp256", "ecdsa-sha2-nistp256,ssh-ed25519",
		    "aes128-ctr", "hmac-sha2-512-etm@openssh.com",
		    1 << LIST_KEX, "ecdsa-sha2-nistp256" },
		{ "curve25519-sha256", "ecdsa-sha2-nistp256",
		    "chacha20-poly1305@openssh.com", "hmac-sha2-256",
		    1 << LIST_HOSTKEY | 1 << LIST_CIPHER | 1 << LIST_MAC,
		    "ecdsa-sha2-nistp256" },
		{ "curve25519-sha256", "ssh-rsa", "aes128-ctr",
		    "hmac-sha2-256-etm@openssh.com", 1 << LIST_HOSTKEY, "" },
		{ "", "ssh-ed25519", "aes128-ctr",
		    "hmac-sha2-256-etm@openssh.com", STRICT_UNKNOWN,
		    "ssh-ed25519" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct {
			const char *name, *list;
		} said[] = { { "kex algos", cases[i].kex },
			{ "server host key algo", cases[i].hostkey },
			{ "encryption client->server", cases[i].cipher },
			{ "encryption server->client", cases[i].cipher },
			{ "mac algo client->server", cases[i].mac },
			{ "mac algo server->client", cases[i].mac },
			{ "languages client->server", "x" } };
		struct ssh_offer o = { 0 };
		char line[512], agreed[64];

		for (size_t k = 0; k < sizeof said / sizeof *said; k++) {
			snprintf(line, sizeof line, "ssh_list_kex: %s: %s",
			    said[k].name, said[k].list);
			ssh_offer_hear(&o, line);
		}
		ssh_offer_hear(&o, "ssh_other: kex algos: none");
		assert_int_equal(
		    ssh_offer_lacks(&o, SSH_STRICT), cases[i].lacks);
		ssh_offer_hostkey(agreed, sizeof agreed, &o, SSH_COMPAT);
		assert_string_equal(agreed, cases[i].agreed);
	}
}

static void
a_list_that_was_cut_is_not_known(void **state)
{
	struct ssh_offer o = { 0 };
	char line[1100] = "ssh_list_kex: kex algos: ";

	(void)state;
	while (strlen(line) < 1000)
		strcat(line, "some-other-algorithm,");
	ssh_offer_hear(&o, line);
	assert_true(ssh_offer_lacks(&o, SSH_STRICT) & STRICT_UNKNOWN);
	assert_false(ssh_offer_lacks(&o, SSH_STRICT) & 1 << LIST_KEX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_weak_is_offered),
		cmocka_unit_test(
		    strict_offers_no_nist_curves_and_no_mac_before_encryption),
		cmocka_unit_test(libssh_knows_every_name),
		cmocka_unit_test(a_failed_negotiation_is_explained),
		cmocka_unit_test(
		    what_a_client_offers_is_held_against_a_profile),
		cmocka_unit_test(a_list_that_was_cut_is_not_known),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
