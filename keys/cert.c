/*
 * The TLS certificate.  See cert.h.
 */
#include "keys/cert.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "keys/keyfile.h"
#include "keys/secret.h"
#include "keys/text.h"

#define DAY 86400
#define LIFE_DAYS 825
#define CHAIN_MAX 16

static int
say(char *why, const char *what, int rc)
{
	snprintf(why, KEYS_ERROR_SIZE, "%s: %s", what, gnutls_strerror(rc));
	return -1;
}

/* --- making one ---------------------------------------------------------- */

static int
set_name(gnutls_x509_crt_t crt, const char *host)
{
	unsigned char address[16];
	const void *name = host;
	unsigned n = (unsigned)strlen(host);
	gnutls_x509_subject_alt_name_t kind = GNUTLS_SAN_DNSNAME;

	if (inet_pton(AF_INET, host, address) == 1) {
		kind = GNUTLS_SAN_IPADDRESS;
		name = address;
		n = 4;
	} else if (inet_pton(AF_INET6, host, address) == 1) {
		kind = GNUTLS_SAN_IPADDRESS;
		name = address;
		n = 16;
	}
	return gnutls_x509_crt_set_subject_alt_name(
	    crt, kind, name, n, GNUTLS_FSAN_SET);
}

/* Everything but the signature; 0 or GnuTLS's error. */
static int
fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *host,
    int64_t now)
{
	unsigned char serial[16];
	char cn[65];
	time_t from = (time_t)(now - 3600); /* a client's clock may be behind */
	int rc;

	secret_random(serial, sizeof serial);
	serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* positive */
	snprintf(cn, sizeof cn, "%s", host); /* a name ends at 64 */
	if ((rc = gnutls_x509_crt_set_version(crt, 3)) < 0 ||
	    (rc = gnutls_x509_crt_set_serial(crt, serial, sizeof serial)) < 0 ||
	    (rc = gnutls_x509_crt_set_activation_time(crt, from)) < 0 ||
	    (rc = gnutls_x509_crt_set_expiration_time(
		 crt, from + (time_t)LIFE_DAYS * DAY)) < 0 ||
	    (rc = gnutls_x509_crt_set_dn_by_oid(crt,
		 GNUTLS_OID_X520_COMMON_NAME, 0, cn, (unsigned)strlen(cn))) <
		0 ||
	    (rc = set_name(crt, host)) < 0 ||
	    (rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_usage(
		 crt, GNUTLS_KEY_DIGITAL_SIGNATURE)) < 0 ||
	    (rc = gnutls_x509_crt_set_key_purpose_oid(
		 crt, GNUTLS_KP_TLS_WWW_SERVER, 0)) < 0 ||
	    (rc = gnutls_x509_crt_set_key(crt, key)) < 0)
		return rc;
	return gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
}

int
cert_make(const char *crt_path, const char *key_path, const char *host,
    int64_t now, char *why)
{
	gnutls_datum_t crt_pem = { NULL, 0 }, key_pem = { NULL, 0 };
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	int rc;

	if ((rc = gnutls_x509_privkey_init(&key)) < 0 ||
	    (rc = gnutls_x509_crt_init(&crt)) < 0 ||
	    (rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
		 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0)) < 0 ||
	    (rc = fill(crt, key, host, now)) < 0 ||
	    (rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &crt_pem)) <
		0 ||
	    (rc = gnutls_x509_privkey_export2(
		 key, GNUTLS_X509_FMT_PEM, &key_pem)) < 0) {
		say(why, _("the certificate could not be made"), rc);
		rc = -1;
		goto out;
	}
	rc = keyfile_create(key_path, key_pem.data, key_pem.size, why);
	if (rc == 0) {
		rc = keyfile_create(crt_path, crt_pem.data, crt_pem.size, why);
		if (rc == -1)
			unlink(key_path); /* both or none */
	}
out:
	if (key_pem.data != NULL)
		secret_wipe(key_pem.data, key_pem.size);
	gnutls_free(key_pem.data);
	gnutls_free(crt_pem.data);
	if (crt != NULL)
		gnutls_x509_crt_deinit(crt);
	if (key != NULL)
		gnutls_x509_privkey_deinit(key);
	return rc;
}

/* --- checking one -------------------------------------------------------- */

static void
tell(struct cert_facts *f, gnutls_x509_crt_t crt)
{
	unsigned char sha256[32];
	size_t n = sizeof f->subject, size = sizeof sha256;

	memset(f, 0, sizeof *f);
	f->from = gnutls_x509_crt_get_activation_time(crt);
	f->until = gnutls_x509_crt_get_expiration_time(crt);
	f->self_signed = gnutls_x509_crt_check_issuer(crt, crt) != 0;
	if (gnutls_x509_crt_get_dn(crt, f->subject, &n) < 0)
		f->subject[0] = '\0';
	if (gnutls_x509_crt_get_fingerprint(
		crt, GNUTLS_DIG_SHA256, sha256, &size) < 0)
		return;
	for (size_t i = 0; i < sizeof sha256; i++)
		snprintf(f->sha256 + 2 * i, 3, "%02x", sha256[i]);
}

/* Do the certificate and the key belong together? */
static int
check_pair(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, char *why)
{
	unsigned char a[64], b[64];
	size_t a_n = sizeof a, b_n = sizeof b;
	int rc;

	if ((rc = gnutls_x509_crt_get_key_id(
		 crt, GNUTLS_KEYID_USE_SHA256, a, &a_n)) < 0 ||
	    (rc = gnutls_x509_privkey_get_key_id(
		 key, GNUTLS_KEYID_USE_SHA256, b, &b_n)) < 0)
		return say(
		    why, _("certificate and key cannot be compared"), rc);
	if (a_n == b_n && memcmp(a, b, a_n) == 0)
		return 0;
	snprintf(why, KEYS_ERROR_SIZE,
	    _("the key does not belong to the first "
	      "certificate of the chain"));
	return -1;
}

static int
check_time(const struct cert_facts *f, int64_t now, char *why)
{
	time_t at = (time_t)(now < f->from ? f->from : f->until);
	char day[32];
	struct tm tm;

	if (now >= f->from && now <= f->until)
		return 0;
	strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", gmtime_r(&at, &tm));
	snprintf(why, KEYS_ERROR_SIZE, _("the certificate %s %s UTC"),
	    now < f->from ? _("is valid only from") : _("ended"), day);
	return -1;
}

int
cert_check(const char *crt, size_t crt_n, const char *key, size_t key_n,
    int64_t now, struct cert_facts *facts, char *why)
{
	gnutls_datum_t crt_pem = { NULL, (unsigned)crt_n };
	gnutls_datum_t key_pem = { NULL, (unsigned)key_n };
	gnutls_x509_crt_t *chain = NULL;
	gnutls_x509_privkey_t secret = NULL;
	struct cert_facts own;
	unsigned n = 0;
	int rc, result = -1;

	/* GnuTLS only looks; its struct is not const. */
	memcpy(&crt_pem.data, &crt, sizeof crt);
	memcpy(&key_pem.data, &key, sizeof key);
	rc = gnutls_x509_crt_list_import2(&chain, &n, &crt_pem,
	    GNUTLS_X509_FMT_PEM, GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	if (rc < 0 || n == 0 || n > CHAIN_MAX) {
		say(why, _("the certificate chain cannot be read"),
		    rc < 0 ? rc : GNUTLS_E_NO_CERTIFICATE_FOUND);
		goto out;
	}
	rc = gnutls_x509_privkey_init(&secret);
	if (rc >= 0)
		rc = gnutls_x509_privkey_import2(
		    secret, &key_pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (rc < 0) {
		say(why, _("the private key cannot be read"), rc);
		goto out;
	}
	if (check_pair(chain[0], secret, why) == -1)
		goto out;
	if (facts == NULL)
		facts = &own;
	tell(facts, chain[0]);
	result = check_time(facts, now, why);
out:
	for (unsigned i = 0; i < n; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	if (secret != NULL)
		gnutls_x509_privkey_deinit(secret);
	return result;
}
