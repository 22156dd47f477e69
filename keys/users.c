/*
 * The users file.  See users.h.
 */
#include "keys/users.h"

#include <arpa/inet.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys/keyfile.h"
#include "keys/list.h"
#include "keys/secret.h"
#include "keys/text.h"

#define BLOB_MAX 4096 /* of a public key; RSA 16384 has about 2100 */

static const struct {
	const char *name;
	enum role role;
} roles[] = {
	{ "pull", ROLE_PULL },
	{ "drop", ROLE_DROP },
	{ "report", ROLE_REPORT },
	{ "audit", ROLE_AUDIT },
	{ "admin", ROLE_ADMIN },
};
#define ROLES (sizeof roles / sizeof *roles)

const char *
role_name(enum role r)
{
	for (size_t i = 0; i < ROLES; i++) {
		if (roles[i].role == r)
			return roles[i].name;
	}
	return NULL;
}

unsigned
role_parse(const char *name, size_t n)
{
	for (size_t i = 0; i < ROLES; i++) {
		if (strlen(roles[i].name) == n &&
		    memcmp(roles[i].name, name, n) == 0)
			return roles[i].role;
	}
	return 0;
}

bool
user_name_valid(const char *name, size_t n)
{
	if (n == 0 || n > 63 || strchr("._-", name[0]) != NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

/* --- the life cycle ------------------------------------------------------ */

struct users *
users_new(void)
{
	struct users *u = list_alloc(sizeof *u);

	u->user = list_alloc(sizeof *u->user);
	return u;
}

static void
user_free(struct user *u)
{
	if (u == NULL)
		return;
	if (u->hash != NULL)
		secret_wipe(u->hash, strlen(u->hash));
	free(u->hash);
	free(u->name);
	list_free(u->feed);
	list_free(u->key);
	list_free(u->network);
	free(u);
}

void
users_free(struct users *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->n; i++)
		user_free(u->user[i]);
	free(u->user);
	free(u);
}

/* Where name is, or would be. */
static size_t
place(const struct users *u, const char *name, size_t n, bool *there)
{
	size_t from = 0, to = u->n;

	*there = false;
	while (from < to && !*there) {
		size_t mid = from + (to - from) / 2;
		const char *have = u->user[mid]->name;
		int order = strncmp(have, name, n);

		if (order == 0 && have[n] != '\0')
			order = 1;
		*there = order == 0;
		if (*there)
			from = mid;
		else if (order < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

/* False when there is one of that name. */
static bool
insert(struct users *u, struct user *one)
{
	bool there;
	size_t at = place(u, one->name, strlen(one->name), &there);

	if (there)
		return false;
	u->user = list_grow(u->user, (u->n + 2) * sizeof *u->user);
	memmove(u->user + at + 1, u->user + at,
	    (u->n - at + 1) * sizeof *u->user); /* with the NULL */
	u->user[at] = one;
	u->n++;
	return true;
}

struct user *
users_find(const struct users *u, const char *name, size_t n)
{
	bool there;
	size_t at;

	if (!user_name_valid(name, n))
		return NULL;
	at = place(u, name, n, &there);
	return there ? u->user[at] : NULL;
}

int
users_add(struct users *u, const char *name, unsigned has,
    const char *const *feeds, char *why)
{
	struct user *one;
	char **feed;

	if (!user_name_valid(name, strlen(name))) {
		snprintf(why, KEYS_ERROR_SIZE,
		    _("a user's name has 1 to 63 of "
		      "a-z, 0-9, dot, _ and -, and begins with a letter or "
		      "digit"));
		return -1;
	}
	if (has == 0 || (feed = list_copy_feeds(feeds)) == NULL) {
		snprintf(why, KEYS_ERROR_SIZE,
		    _("a user needs a role (pull, drop, "
		      "report, audit or admin), and feeds or * for all of "
		      "them"));
		return -1;
	}
	one = list_alloc(sizeof *one);
	one->name = list_string(name);
	one->roles = has;
	one->feed = feed;
	if (!insert(u, one)) {
		user_free(one);
		snprintf(why, KEYS_ERROR_SIZE,
		    _("there is a user \"%s\" already"), name);
		return -1;
	}
	return 0;
}

int
users_del(struct users *u, const char *name)
{
	bool there;
	size_t at = place(u, name, strlen(name), &there);

	if (!there)
		return -1;
	user_free(u->user[at]);
	memmove(u->user + at, u->user + at + 1, (u->n - at) * sizeof *u->user);
	u->n--;
	return 0;
}

/* --- keys and networks --------------------------------------------------- */

/* The blob of "TYPE BASE64 COMMENT"; its length, or 0 when it is no key. */
static size_t
key_blob(uint8_t out[BLOB_MAX], const char *line)
{
	size_t type_n = strcspn(line, " \t");
	const char *coded = line + type_n + strspn(line + type_n, " \t");
	size_t coded_n = strcspn(coded, " \t\r\n"), n = BLOB_MAX;
	struct base64_decode_ctx ctx;

	if (type_n == 0 || BASE64_DECODE_LENGTH(coded_n) > BLOB_MAX)
		return 0;
	base64_decode_init(&ctx);
	if (!base64_decode_update(&ctx, &n, out, coded_n, coded) ||
	    !base64_decode_final(&ctx) || n < 4 + type_n)
		return 0;
	/* The blob begins with its type; all types are shorter than 256. */
	if (out[0] != 0 || out[1] != 0 || out[2] != 0 || out[3] != type_n ||
	    memcmp(out + 4, line, type_n) != 0)
		return 0;
	return n;
}

bool
user_key_valid(const char *line)
{
	uint8_t blob[BLOB_MAX];

	return strpbrk(line, "\r\n") == NULL && key_blob(blob, line) != 0;
}

struct network {
	struct in6_addr address; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;
};

static bool
parse_network(struct network *out, const char *text)
{
	char address[INET6_ADDRSTRLEN + 1], bits[4], mapped[64];
	const char *slash = strchr(text, '/');
	size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
	struct in_addr v4;
	unsigned most = 128;

	if (n >= sizeof address)
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET, address, &v4) == 1) {
		snprintf(mapped, sizeof mapped, "::ffff:%s", address);
		most = 32;
	} else {
		snprintf(mapped, sizeof mapped, "%s", address);
	}
	if (inet_pton(AF_INET6, mapped, &out->address) != 1)
		return false;
	out->bits = most;
	if (slash != NULL) {
		size_t digits = strspn(slash + 1, "0123456789");

		if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
			return false;
		memcpy(bits, slash + 1, digits + 1);
		out->bits = (unsigned)atoi(bits);
	}
	if (out->bits > most)
		return false;
	out->bits += 128 - most;
	return true;
}

bool
user_network_valid(const char *text)
{
	struct network net;

	return parse_network(&net, text);
}

static bool
within(const struct network *net, const struct in6_addr *a)
{
	unsigned whole = net->bits / 8, rest = net->bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	return memcmp(net->address.s6_addr, a->s6_addr, whole) == 0 &&
	       (rest == 0 ||
		   ((net->address.s6_addr[whole] ^ a->s6_addr[whole]) & mask) ==
		       0);
}

bool
networks_have(char *const *network, const struct in6_addr *from)
{
	struct network net;

	for (; network != NULL && *network != NULL; network++) {
		if (parse_network(&net, *network) && within(&net, from))
			return true;
	}
	return false;
}

bool
user_from(const struct user *u, const struct in6_addr *from)
{
	return u->network == NULL || u->network[0] == NULL ||
	       networks_have(u->network, from);
}

bool
user_has_key(const struct user *u, const void *blob, size_t n)
{
	uint8_t have[BLOB_MAX];

	for (size_t i = 0; u->key != NULL && u->key[i] != NULL; i++) {
		if (n > 0 && key_blob(have, u->key[i]) == n &&
		    memcmp(have, blob, n) == 0)
			return true;
	}
	return false;
}

/* --- the file ------------------------------------------------------------ */

/* Each takes a value into a user; what is wrong with it, or NULL. */
static const char *
take_roles(struct user *u, const char *value)
{
	if (u->roles != 0)
		return _("roles are given twice");
	u->roles = list_roles(value);
	return u->roles != 0
		   ? NULL
		   : _("roles are of pull, drop, report, audit, admin");
}

static const char *
take_feeds(struct user *u, const char *value)
{
	if (u->feed != NULL)
		return _("feeds are given twice");
	u->feed = list_feeds(value);
	return u->feed != NULL ? NULL
			       : _("feeds are names of feeds, or * alone");
}

static const char *
take_hash(struct user *u, const char *value)
{
	if (u->hash != NULL)
		return _("the hash is given twice");
	if (value[0] != '$' || strlen(value) >= SECRET_HASH_SIZE ||
	    strpbrk(value, " \t:*!\\") != NULL)
		return _("the hash is not one that crypt(5) makes");
	u->hash = list_string(value);
	return NULL;
}

static const char *
take_key(struct user *u, const char *value)
{
	if (!user_key_valid(value))
		return _(
		    "the key is no OpenSSH public key (TYPE BASE64 COMMENT)");
	list_add(&u->key, value, strlen(value));
	return NULL;
}

static const char *
take_networks(struct user *u, const char *value)
{
	const char *word;
	size_t n;

	while ((word = list_word(&value, &n)) != NULL) {
		char one[64] = "";

		if (n < sizeof one)
			memcpy(one, word, n);
		if (!user_network_valid(one))
			return _(
			    "networks are addresses such as 192.0.2.0/24 or "
			    "2001:db8::/32");
		list_add(&u->network, one, n);
	}
	/* None would mean anywhere, which an empty list hardly does. */
	return u->network != NULL ? NULL
				  : _("networks are empty; leave the line out");
}

static const struct {
	const char *name;
	const char *(*take)(struct user *u, const char *value);
} members[] = {
	{ "roles", take_roles },
	{ "feeds", take_feeds },
	{ "hash", take_hash },
	{ "key", take_key },
	{ "networks", take_networks },
};

static const char *
take_member(struct user *u, char *line)
{
	char *equals = strchr(line, '=');
	char *name = line, *value;

	if (equals == NULL)
		return _("this is neither NAME = VALUE nor }");
	value = equals + 1 + strspn(equals + 1, " \t");
	*equals = '\0';
	name[strcspn(name, " \t")] = '\0';
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		if (strcmp(members[i].name, name) == 0)
			return members[i].take(u, value);
	}
	return _("there is roles, feeds, hash, key and networks, nothing else");
}

/* user "NAME" { */
static const char *
begin(struct user **out, const char *line)
{
	const char *name, *end;

	if (strncmp(line, "user", 4) != 0)
		return _("a section begins with user \"NAME\" {");
	name = line + 4 + strspn(line + 4, " \t");
	end = *name == '"' ? strchr(name + 1, '"') : NULL;
	if (end == NULL || strcmp(end + 1 + strspn(end + 1, " \t"), "{") != 0)
		return _("a section begins with user \"NAME\" {");
	name++;
	if (!user_name_valid(name, (size_t)(end - name)))
		return _("a user's name has 1 to 63 of a-z, 0-9, dot, _ and -");
	*out = list_alloc(sizeof **out);
	(*out)->name = list_alloc((size_t)(end - name) + 1);
	memcpy((*out)->name, name, (size_t)(end - name));
	return NULL;
}

/* Takes *one, when it is whole. */
static const char *
end(struct users *u, struct user **one)
{
	if ((*one)->roles == 0 || (*one)->feed == NULL)
		return _("the user has no roles or no feeds");
	if (!insert(u, *one))
		return _("there is another user of that name above");
	*one = NULL;
	return NULL;
}

static const char *
parse_line(struct users *u, struct user **one, char *line)
{
	size_t n;

	if (line[0] == '\0')
		return _("there is a NUL byte");
	line += strspn(line, " \t");
	for (n = strlen(line); n > 0 && strchr(" \t\r\n", line[n - 1]) != NULL;)
		line[--n] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return NULL;
	if (*one == NULL)
		return begin(one, line);
	return strcmp(line, "}") == 0 ? end(u, one) : take_member(*one, line);
}

int
users_parse(struct users **out, const char *text, size_t n, char *why)
{
	struct users *u = users_new();
	struct user *one = NULL;
	unsigned long number = 0;
	const char *bad = NULL;
	char *line;

	while (bad == NULL && (line = list_line(&text, &n)) != NULL) {
		number++;
		bad = parse_line(u, &one, line);
		secret_wipe(line, strlen(line));
		free(line);
	}
	if (bad == NULL && one != NULL)
		bad = _("the last section has no }");
	user_free(one);
	if (bad != NULL) {
		snprintf(why, KEYS_ERROR_SIZE, _("users, line %lu: %s"), number,
		    bad);
		users_free(u);
		return -1;
	}
	*out = u;
	return 0;
}

char *
users_text(const struct users *u)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (f == NULL)
		abort();
	fputs("# Users of convdrop.  Written by `convdrop user`.\n", f);
	for (size_t i = 0; i < u->n; i++) {
		const struct user *one = u->user[i];

		fprintf(f, "\nuser \"%s\" {\n\troles = ", one->name);
		list_put_roles(f, one->roles, ", ");
		fputs("\n\tfeeds = ", f);
		list_put(f, one->feed, ", ");
		fputc('\n', f);
		if (one->hash != NULL)
			fprintf(f, "\thash = %s\n", one->hash);
		for (size_t k = 0; k < list_count(one->key); k++)
			fprintf(f, "\tkey = %s\n", one->key[k]);
		if (list_count(one->network) > 0) {
			fputs("\tnetworks = ", f);
			list_put(f, one->network, ", ");
			fputc('\n', f);
		}
		fputs("}\n", f);
	}
	if (fclose(f) != 0)
		abort();
	return out;
}
