/*
 * The users file: who may log in, as what, for which feeds.  Text, one user a
 * section, written only by us:
 *
 *      user "direct" {
 *              roles = pull
 *              feeds = main, shop              ("*" for all)
 *              hash = $y$j9T$…
 *              key = ssh-ed25519 AAAA… comment (any number of them)
 *              networks = 192.0.2.0/24, 2001:db8::/32   (none: anywhere)
 *      }
 */
#ifndef KEYS_USERS_H
#define KEYS_USERS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum role {
	ROLE_PULL = 1 << 0,   /* published files */
	ROLE_DROP = 1 << 1,   /* upload to the inbox, read reports */
	ROLE_REPORT = 1 << 2, /* read reports */
	ROLE_AUDIT = 1 << 3,  /* everything above read-only, and archive */
	ROLE_ADMIN = 1 << 4   /* status and metrics */
};

/* "pull"; NULL past the last.  role_parse answers 0 for an unknown name. */
const char *role_name(enum role r);
unsigned role_parse(const char *name, size_t n);

struct user {
	char *name; /* 1 to 63 of [a-z0-9._-], first a letter or digit */
	unsigned roles;
	char **feed;    /* NULL-terminated; "*" alone is all */
	char *hash;     /* NULL: no password login */
	char **key;     /* OpenSSH public keys, NULL-terminated */
	char **network; /* CIDR, NULL-terminated; none is any */
};

struct users {
	struct user **user; /* NULL-terminated, sorted by name */
	size_t n;
};

/* From the bytes of the file; a sentence with the line in why. */
int users_parse(struct users **out, const char *text, size_t n, char *why);
char *users_text(const struct users *u); /* malloc'ed */
struct users *users_new(void);
void users_free(struct users *u);

struct user *users_find(const struct users *u, const char *name, size_t n);
int users_add(struct users *u, const char *name, unsigned roles,
    const char *const *feeds, char *why); /* no password yet */
int users_del(struct users *u, const char *name);
bool user_name_valid(const char *name, size_t n);
bool user_key_valid(const char *line);     /* "ssh-ed25519 AAAA… comment" */
bool user_network_valid(const char *text); /* "192.0.2.0/24" */

/* Is the address (IPv4-mapped ones count as IPv4) within one of a list, which
 * ends with NULL and may be NULL? */
bool networks_have(char *const *network, const struct in6_addr *from);

/* Is it within the user's networks, or has the user none? */
bool user_from(const struct user *u, const struct in6_addr *from);

/* Does the user have this public key (the base64-decoded blob)? */
bool user_has_key(const struct user *u, const void *blob, size_t n);

#endif
