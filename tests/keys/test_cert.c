/*
 * The certificate and the host keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/cert.h"
#include "keys/hostkey.h"
#include "keys/keyfile.h"
#include "tests/keys/folder.h"

#define NOW INT64_C(1795338900)
#define DAY INT64_C(86400)

static char crt[2][128], key[2][128];

static int
name_files(void **state)
{
	if (make_folder(state) == -1)
		return -1;
	for (int i = 0; i < 2; i++) {
		snprintf(crt[i], sizeof crt[i], "%s/%d.crt", folder, i);
		snprintf(key[i], sizeof key[i], "%s/%d.key", folder, i);
	}
	return 0;
}

/* cert_check of files, at a time. */
static int
check(const char *crt_path, const char *key_path, int64_t now,
    struct cert_facts *f, char *why)
{
	char *c = NULL, *k = NULL;
	size_t c_n, k_n;
	int rc;

	assert_int_equal(keyfile_read(&c, &c_n, crt_path, why), 0);
	assert_int_equal(keyfile_read(&k, &k_n, key_path, why), 0);
	rc = cert_check(c, c_n, k, k_n, now, f, why);
	free(c);
	free(k);
	return rc;
}

__attribute__((format(printf, 1, 2))) static int
shell(const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	return system(command);
}

static void
a_new_certificate_fits_its_host_and_key(void **state)
{
	static const struct {
		const char *host, *san;
	} row[] = {
		{ "drop.example.com", "DNS:drop.example.com" },
		{ "192.0.2.1", "IP Address:192.0.2.1" },
		{ "2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1" },
	};
	char why[KEYS_ERROR_SIZE];
	struct cert_facts f;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		assert_int_equal(
		    cert_make(crt[0], key[0], row[i].host, NOW, why), 0);
		assert_int_equal(check(crt[0], key[0], NOW, &f, why), 0);
		assert_true(f.self_signed);
		assert_int_equal(f.until - f.from, 825 * DAY);
		assert_int_equal(strlen(f.sha256), 64);
		assert_non_null(strstr(f.subject, row[i].host));
		assert_int_equal(shell("openssl x509 -in %s -noout -ext "
				       "subjectAltName | grep -q '%s'",
				     crt[0], row[i].san),
		    0);
		unlink(crt[0]);
		unlink(key[0]);
	}
}

static void
a_certificate_is_never_made_over_another(void **state)
{
	char why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(cert_make(crt[0], key[0], "a", NOW, why), 0);
	assert_int_equal(cert_make(crt[0], key[0], "a", NOW, why), -1);
	assert_int_equal(cert_make(crt[0], key[1], "a", NOW, why), -1);
	assert_int_equal(access(key[1], F_OK), -1); /* both or none */
}

static void
a_key_of_another_certificate_is_refused(void **state)
{
	char why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(cert_make(crt[0], key[0], "a", NOW, why), 0);
	assert_int_equal(cert_make(crt[1], key[1], "b", NOW, why), 0);
	assert_int_equal(check(crt[0], key[1], NOW, NULL, why), -1);
	assert_non_null(strstr(why, "does not belong"));
}

static void
only_its_time_is_covered(void **state)
{
	char why[KEYS_ERROR_SIZE];
	struct cert_facts f = { 0 };

	(void)state;
	assert_int_equal(cert_make(crt[0], key[0], "a", NOW, why), 0);
	assert_int_equal(check(crt[0], key[0], NOW + 824 * DAY, NULL, why), 0);
	assert_int_equal(check(crt[0], key[0], NOW + 826 * DAY, &f, why), -1);
	assert_non_null(strstr(why, "ended 2029-"));
	assert_int_equal(f.until - f.from, 825 * DAY); /* told all the same */
	assert_int_equal(check(crt[0], key[0], NOW - DAY, NULL, why), -1);
	assert_non_null(strstr(why, "only from 2026-"));
}

static void
what_is_no_certificate_or_key_is_refused(void **state)
{
	char why[KEYS_ERROR_SIZE], *text = NULL, *secret = NULL;
	size_t n, secret_n;

	(void)state;
	assert_int_equal(cert_make(crt[0], key[0], "a", NOW, why), 0);
	assert_int_equal(keyfile_read(&text, &n, crt[0], why), 0);
	assert_int_equal(keyfile_read(&secret, &secret_n, key[0], why), 0);
	assert_int_equal(
	    cert_check("", 0, secret, secret_n, NOW, NULL, why), -1);
	assert_int_equal(
	    cert_check(text, n / 2, secret, secret_n, NOW, NULL, why), -1);
	assert_non_null(strstr(why, "chain"));
	assert_int_equal(cert_check(text, n, "", 0, NOW, NULL, why), -1);
	assert_int_equal(cert_check(text, n, text, n, NOW, NULL, why), -1);
	assert_non_null(strstr(why, "private key"));
	free(text);
	free(secret);
}

static void
a_chain_and_keys_of_another_maker_are_taken(void **state)
{
	char why[KEYS_ERROR_SIZE], command[1024];
	struct cert_facts f;

	(void)state;
	snprintf(command, sizeof command,
	    "cd %s && umask 077 && (openssl req -x509 -newkey rsa:2048 -nodes "
	    "-keyout ca.key -out ca.crt -days 9 -subj /CN=ca && openssl req "
	    "-newkey rsa:2048 -nodes -keyout 0.key -out r.csr -subj /CN=leaf "
	    "&& openssl x509 -req -in r.csr -CA ca.crt -CAkey ca.key -days 9 "
	    "-set_serial 7 -out leaf.crt && cat leaf.crt ca.crt >0.crt && cat "
	    "ca.crt leaf.crt >1.crt) 2>/dev/null",
	    folder);
	assert_int_equal(system(command), 0);
	assert_int_equal(check(crt[0], key[0], time(NULL), &f, why), 0);
	assert_false(f.self_signed);
	assert_int_equal(check(crt[1], key[0], time(NULL), &f, why), -1);
}

static void
host_keys_are_made_once(void **state)
{
	char why[KEYS_ERROR_SIZE], path[128], *pem = NULL;
	char before[64], after[64];
	struct stat st;
	size_t n;

	(void)state;
	assert_int_equal(hostkey_make(folder, why), 0);
	assert_int_equal(
	    hostkey_read(&pem, &n, folder, HOSTKEY_ED25519, why), 0);
	assert_int_equal(hostkey_fingerprint(before, pem, why), 0);
	free(pem);
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		snprintf(path, sizeof path, "%s/%s", folder,
		    hostkey_file((enum hostkey_type)t));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	/* one that is missing is no leave to remake the others */
	unlink(path);
	assert_int_equal(hostkey_make(folder, why), -1);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(
	    hostkey_read(&pem, &n, folder, HOSTKEY_ED25519, why), 0);
	assert_int_equal(hostkey_fingerprint(after, pem, why), 0);
	assert_string_equal(before, after);
	free(pem);
}

static void
a_host_key_has_its_public_half(void **state)
{
	static const struct {
		const char *begin; /* of the blob */
		size_t n;
	} want[HOSTKEY_TYPES] = {
		[HOSTKEY_ED25519] = { "\0\0\0\x0bssh-ed25519", 51 },
		[HOSTKEY_RSA] = { "\0\0\0\x07ssh-rsa", 407 },
		[HOSTKEY_ECDSA] = { "\0\0\0\x13"
				    "ecdsa-sha2-nistp256",
		    104 },
	};
	char why[KEYS_ERROR_SIZE], *pem, *half;
	size_t pem_n, n;

	(void)state;
	assert_int_equal(hostkey_make(folder, why), 0);
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		assert_int_equal(hostkey_read(&pem, &pem_n, folder,
				     (enum hostkey_type)t, why),
		    0);
		assert_int_equal(hostkey_public(&half, &n, pem, why), 0);
		assert_int_equal(n, want[t].n);
		assert_memory_equal(
		    half, want[t].begin, 4 + strlen(want[t].begin + 4));
		free(half);
		free(pem);
	}
	assert_int_equal(hostkey_public(&half, &n, "no key", why), -1);
}

static void
openssh_reads_the_host_keys_as_we_do(void **state)
{
	static const char *const sizes[] = { "^256 ", "^3072 ", "^256 " };
	char why[KEYS_ERROR_SIZE], path[128], print[64], pattern[128];

	(void)state;
	assert_int_equal(hostkey_make(folder, why), 0);
	for (int t = 0; t < HOSTKEY_TYPES; t++) {
		char *pem = NULL;
		size_t n;

		assert_int_equal(
		    hostkey_read(&pem, &n, folder, (enum hostkey_type)t, why),
		    0);
		assert_int_equal(hostkey_fingerprint(print, pem, why), 0);
		snprintf(path, sizeof path, "%s/%s", folder,
		    hostkey_file((enum hostkey_type)t));
		snprintf(pattern, sizeof pattern, "%s%s", sizes[t], print);
		assert_int_equal(
		    shell("ssh-keygen -lf %s | grep -q '%s'", path, pattern),
		    0);
		free(pem);
	}
}

static void
a_host_key_of_another_kind_is_refused(void **state)
{
	char why[KEYS_ERROR_SIZE], rsa[128], ed[128], *pem = NULL;
	size_t n;

	(void)state;
	assert_int_equal(hostkey_make(folder, why), 0);
	snprintf(rsa, sizeof rsa, "%s/ssh_host_rsa_key", folder);
	snprintf(ed, sizeof ed, "%s/ssh_host_ed25519_key", folder);
	assert_int_equal(rename(rsa, ed), 0);
	assert_int_equal(
	    hostkey_read(&pem, &n, folder, HOSTKEY_ED25519, why), -1);
	assert_int_equal(hostkey_read(&pem, &n, folder, HOSTKEY_RSA, why), -1);
	assert_int_equal(hostkey_fingerprint(rsa, "no key", why), -1);
}

int
main(void)
{
#define IN_FOLDER(f)                                                           \
	cmocka_unit_test_setup_teardown(f, name_files, remove_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_new_certificate_fits_its_host_and_key),
		IN_FOLDER(a_certificate_is_never_made_over_another),
		IN_FOLDER(a_key_of_another_certificate_is_refused),
		IN_FOLDER(only_its_time_is_covered),
		IN_FOLDER(what_is_no_certificate_or_key_is_refused),
		IN_FOLDER(a_chain_and_keys_of_another_maker_are_taken),
		IN_FOLDER(host_keys_are_made_once),
		IN_FOLDER(a_host_key_has_its_public_half),
		IN_FOLDER(openssh_reads_the_host_keys_as_we_do),
		IN_FOLDER(a_host_key_of_another_kind_is_refused),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
