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

/* What libssh calls a list, what we call it, and ours of it.  Its names of two
 * directions begin alike. */
static const struct {
	const char *libssh;
	enum ssh_list list;
	size_t ours; /* offset of a const char * in struct ssh_algorithms */
} lists[] = {
	{ "kex algos", LIST_KEX, offsetof(struct ssh_algorithms, kex) },
	{ "server host key algo", LIST_HOSTKEY,
	    offsetof(struct ssh_algorithms, hostkeys) },
	{ "encryption client->server", LIST_CIPHER,
	    offsetof(struct ssh_algorithms, ciphers) },
	{ "encryption server->client", LIST_CIPHER,
	    offsetof(struct ssh_algorithms, ciphers) },
	{ "mac algo client->server", LIST_MAC,
	    offsetof(struct ssh_algorithms, macs) },
	{ "mac algo server->client", LIST_MAC,
	    offsetof(struct ssh_algorithms, macs) },
};
#define LISTS (sizeof lists / sizeof *lists)

static const char *
list_of(const struct ssh_algorithms *a, size_t offset)
{
	const char *list;

	memcpy(&list, (const char *)a + offset, sizeof list);
	return list;
}

/* The first name of a that is in b, too; both are separated by commas. */
static struct slice
first_common(struct slice a, struct slice b)
{
	while (a.n > 0) {
		struct slice name = slice_cut(&a, ','), rest = b;

		while (rest.n > 0) {
			if (slice_eq(name, slice_cut(&rest, ',')))
				return name;
		}
	}
	return (struct slice){ NULL, 0 };
}

static bool
match(struct slice a, struct slice b)
{
	return first_common(a, b).n > 0;
}

/* --- what a client offers ------------------------------------------------- */

void
ssh_offer_hear(struct ssh_offer *o, const char *line)
{
	static const char by[] = "ssh_list_kex: ";

	if (strncmp(line, by, sizeof by - 1) != 0)
		return;
	line += sizeof by - 1;
	for (size_t i = 0; i < LISTS; i++) {
		size_t n = strlen(lists[i].libssh);

		if (strncmp(line, lists[i].libssh, n) == 0 &&
		    strncmp(line + n, ": ", 2) == 0)
			snprintf(
			    o->list[i], sizeof o->list[i], "%s", line + n + 2);
	}
}

/* libssh cuts what it logs at 1023 bytes; what is behind was not heard. */
#define HEARD_MAX 900

unsigned
ssh_offer_lacks(const struct ssh_offer *o, enum ssh_profile p)
{
	unsigned lacks = 0;

	for (size_t i = 0; i < LISTS; i++) {
		struct slice client = slice_of(o->list[i]);

		if (match(
			client, slice_of(list_of(&profiles[p], lists[i].ours))))
			continue;
		lacks |= client.n == 0 || client.n > HEARD_MAX
			     ? STRICT_UNKNOWN
			     : 1u << lists[i].list;
	}
	return lacks;
}

void
ssh_offer_hostkey(
    char *out, size_t size, const struct ssh_offer *o, enum ssh_profile p)
{
	struct slice s = first_common(
	    slice_of(o->list[LIST_HOSTKEY]), slice_of(profiles[p].hostkeys));

	snprintf(out, size, "%.*s", (int)s.n, s.n == 0 ? "" : s.p);
}

/* --- why a key exchange failed -------------------------------------------- */

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

/* What else libssh says, by its beginning; quoted: the rest of it, which came
 * from the client or the system, is worth to be told. */
static const struct {
	const char *libssh, *ours;
	bool quoted;
} failures[] = {
	{ "Socket error: disconnected",
	    N_("the client closed the connection before keys were exchanged"),
	    false },
	{ "Socket error: ",
	    N_("the connection broke off before keys were exchanged"), true },
	{ "Received SSH_MSG_DISCONNECT: ",
	    N_("the client ended the connection before keys were exchanged, "
	       "and says"),
	    true },
	{ "No version of SSH protocol usable (banner: ",
	    N_("the client does not speak SSH 2; it says"), true },
	{ "Receiving banner: ",
	    N_("the client does not speak SSH 2: its first line has no end"),
	    false },
	{ "Packet filter: rejected packet",
	    N_("the client sent a packet too early: keys are exchanged first"),
	    false },
	{ "Received unexpected packets in strict KEX mode",
	    N_("the client sent a packet too early: keys are exchanged first"),
	    false },
	{ "read_packet(): ", N_("the client sent what is not SSH"), false },
	{ "", N_("the key exchange failed; libssh says"), true },
};

static const char *
explain_other(char *out, size_t size, const char *error)
{
	char rest[1024];
	size_t i = 0, n;

	while (strncmp(error, failures[i].libssh, strlen(failures[i].libssh)))
		i++;
	error += strlen(failures[i].libssh);
	n = strlen(error);
	if (strchr(failures[i].libssh, '(') != NULL && n > 0)
		n--; /* its ) */
	log_safe(rest, sizeof rest, error, failures[i].quoted ? n : 0);
	snprintf(out, size, "%s%s%s", _(failures[i].ours),
	    *rest == '\0' ? "" : ": ", rest);
	return out;
}

const char *
ssh_explain(char *out, size_t size, const char *error, enum ssh_profile p)
{
	enum ssh_profile other = p == SSH_COMPAT ? SSH_STRICT : SSH_COMPAT;
	struct slice method =
	    between(error, "no match for method ", ": server [");
	struct slice client = between(error, "client [", "]");
	char offered[1024];

	for (size_t i = 0; i < LISTS; i++) {
		bool would;

		if (!slice_starts(method, lists[i].libssh))
			continue;
		would = match(
		    client, slice_of(list_of(&profiles[other], lists[i].ours)));
		log_safe(offered, sizeof offered, client.p, client.n);
		snprintf(out, size,
		    _("no common %s algorithm: the client offers %s; "
		      "ssh_profile = \"%s\" has none of them%s%s%s"),
		    ssh_list_name(lists[i].list), offered, profiles[p].name,
		    would ? ", \"" : "", would ? profiles[other].name : "",
		    would ? "\" has" : _(", nor has any other profile"));
		return out;
	}
	return explain_other(out, size, error);
}
