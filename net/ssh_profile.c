/*
 * The SSH profiles.
 */
#include "net/ssh_profile.h"

#include <stdio.h>
#include <string.h>
#include "formats/slice.h"
#include "server/lang.h"
#include "server/log.h"

/* clang-format off */
static const struct ssh_algorithms profiles[] = {
        [SSH_COMPAT] = {
                .name = "compat",
                .kex = "curve25519-sha256,curve25519-sha256@libssh.org,"
                    "ecdh-sha2-nistp256,diffie-hellman-group16-sha512,"
                    "diffie-hellman-group18-sha512,"
                    "diffie-hellman-group14-sha256",
                .hostkeys = "ssh-ed25519,ecdsa-sha2-nistp256,"
                    "rsa-sha2-512,rsa-sha2-256",
                .ciphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
                    "chacha20-poly1305@openssh.com,"
                    "aes256-ctr,aes192-ctr,aes128-ctr",
                .macs = "hmac-sha2-256-etm@openssh.com,"
                    "hmac-sha2-512-etm@openssh.com,"
                    "hmac-sha2-256,hmac-sha2-512",
                .pubkeys = "ssh-ed25519,ecdsa-sha2-nistp256,"
                    "ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
                    "rsa-sha2-512,rsa-sha2-256",
                .hostkey = { true, true, true },
                .rsa_bits = 2048,
        },
        [SSH_STRICT] = {
                .name = "strict",
                .kex = "curve25519-sha256,curve25519-sha256@libssh.org,"
                    "diffie-hellman-group16-sha512,"
                    "diffie-hellman-group18-sha512",
                .hostkeys = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
                .ciphers = "aes256-gcm@openssh.com,aes128-gcm@openssh.com,"
                    "aes256-ctr,aes192-ctr,aes128-ctr",
                .macs = "hmac-sha2-256-etm@openssh.com,"
                    "hmac-sha2-512-etm@openssh.com",
                .pubkeys = "ssh-ed25519,rsa-sha2-512,rsa-sha2-256",
                .hostkey = { [HOSTKEY_ED25519] = true, [HOSTKEY_RSA] = true },
                .rsa_bits = 3072,
        },
};
/* clang-format on */

const struct ssh_algorithms *
ssh_algorithms(enum ssh_profile p)
{
	return &profiles[p];
}

/* What libssh calls a list, what we call it, and ours of it. */
static const struct {
	const char *libssh, *ours;
	size_t list; /* offset of a const char * in struct ssh_algorithms */
} lists[] = {
	{ "kex algos", N_("key exchange"),
	    offsetof(struct ssh_algorithms, kex) },
	{ "server host key algo", N_("host key"),
	    offsetof(struct ssh_algorithms, hostkeys) },
	{ "encryption ", "cipher", offsetof(struct ssh_algorithms, ciphers) },
	{ "mac algo ", "MAC", offsetof(struct ssh_algorithms, macs) },
};

static const char *
list_of(const struct ssh_algorithms *a, size_t offset)
{
	const char *list;

	memcpy(&list, (const char *)a + offset, sizeof list);
	return list;
}

/* Have two comma-separated lists a name in common? */
static bool
match(struct slice a, struct slice b)
{
	while (a.n > 0) {
		struct slice name = slice_cut(&a, ','), rest = b;

		while (rest.n > 0) {
			if (slice_eq(name, slice_cut(&rest, ',')))
				return true;
		}
	}
	return false;
}

/* The text between before and after, empty when they are not there. */
static struct slice
between(const char *s, const char *before, const char *after)
{
	const char *from = strstr(s, before), *to;

	if (from == NULL)
		return slice_of("");
	from += strlen(before);
	to = strstr(from, after);
	return to == NULL ? slice_of("")
			  : (struct slice){ from, (size_t)(to - from) };
}

const char *
ssh_explain(char *out, size_t size, const char *error, enum ssh_profile p)
{
	enum ssh_profile other = p == SSH_COMPAT ? SSH_STRICT : SSH_COMPAT;
	struct slice method =
	    between(error, "no match for method ", ": server [");
	struct slice client = between(error, "client [", "]");
	char offered[1024];

	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		bool would;

		if (!slice_starts(method, lists[i].libssh))
			continue;
		would = match(
		    client, slice_of(list_of(&profiles[other], lists[i].list)));
		log_safe(offered, sizeof offered, client.p, client.n);
		snprintf(out, size,
		    _("no common %s algorithm: the client offers %s; "
		      "ssh_profile = \"%s\" has none of them%s%s%s"),
		    _(lists[i].ours), offered, profiles[p].name,
		    would ? ", \"" : "", would ? profiles[other].name : "",
		    would ? "\" has" : _(", nor has any other profile"));
		return out;
	}
	return log_safe(out, size, error, strlen(error));
}
