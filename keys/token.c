/*
 * Tokens.  See token.h.
 */
#include "keys/token.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "keys/keyfile.h"
#include "keys/list.h"
#include "keys/secret.h"
#include "keys/text.h"
#include "keys/users.h"

struct tokens *
tokens_new(void)
{
	struct tokens *t = list_alloc(sizeof *t);

	t->token = list_alloc(sizeof *t->token);
	return t;
}

static void
token_free(struct token *t)
{
	if (t == NULL)
		return;
	free(t->name);
	list_free(t->feed);
	free(t);
}

void
tokens_free(struct tokens *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		token_free(t->token[i]);
	free(t->token);
	free(t);
}

static void
append(struct tokens *t, struct token *one)
{
	t->token = list_grow(t->token, (t->n + 2) * sizeof *t->token);
	t->token[t->n++] = one;
	t->token[t->n] = NULL;
}

static struct token **
by_name(const struct tokens *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->token[i]->name, name) == 0)
			return &t->token[i];
	}
	return NULL;
}

static void
digest(uint8_t out[32], const char *text, size_t n)
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, n, (const uint8_t *)text);
	sha256_digest(&ctx, 32, out);
	secret_wipe(&ctx, sizeof ctx);
}

/* --- the file ------------------------------------------------------------ */

static bool
parse_hex(uint8_t out[32], const char *hex)
{
	static const char digit[] = "0123456789abcdef";

	if (strlen(hex) != 64 || strspn(hex, digit) != 64)
		return false;
	for (size_t i = 0; i < 32; i++)
		out[i] = (uint8_t)((strchr(digit, hex[2 * i]) - digit) * 16 +
				   (strchr(digit, hex[2 * i + 1]) - digit));
	return true;
}

static bool
parse_time(int64_t *out, const char *s)
{
	struct tm tm = { 0 };
	const char *end = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);

	if (end == NULL || *end != '\0')
		return false;
	*out = timegm(&tm);
	return true;
}

/* A line without its end; what is wrong with it, or NULL. */
static const char *
parse_line(struct tokens *t, char *line)
{
	struct token *one = list_alloc(sizeof *one);
	char *word[6] = { NULL }, *save = NULL;
	const char *bad = NULL;
	size_t n = 0;

	for (char *w = strtok_r(line, " \t\r\n", &save); w != NULL && n < 6;
	     w = strtok_r(NULL, " \t\r\n", &save))
		word[n++] = w;
	if (n != 5)
		bad =
		    _("a token's line has five words: NAME ROLES FEEDS SHA256 "
		      "CREATED");
	else if (!user_name_valid(word[0], strlen(word[0])))
		bad = _("the token's name is not one");
	else if (by_name(t, word[0]) != NULL)
		bad = _("there is another token of that name above");
	else if ((one->roles = list_roles(word[1])) == 0)
		bad = _("there is a role that does not exist");
	else if ((one->feed = list_feeds(word[2])) == NULL)
		bad = _("the feeds are neither * nor names of feeds");
	else if (!parse_hex(one->sha256, word[3]))
		bad = _("the SHA-256 is not 64 hexadecimal digits");
	else if (!parse_time(&one->created, word[4]))
		bad = _("the time is not written as 2026-11-22T09:15:00Z");
	if (bad != NULL) {
		token_free(one);
		return bad;
	}
	one->name = list_string(word[0]);
	append(t, one);
	return NULL;
}

int
tokens_parse(struct tokens **out, const char *text, size_t n, char *why)
{
	struct tokens *t = tokens_new();
	unsigned long line = 0;
	const char *bad = NULL;
	char *one;

	while (bad == NULL && (one = list_line(&text, &n)) != NULL) {
		line++;
		if (one[0] == '\0')
			bad = _("there is a NUL byte");
		else if (one[strspn(one, " \t\r\n")] != '\0' && one[0] != '#')
			bad = parse_line(t, one);
		free(one);
	}
	if (bad != NULL) {
		snprintf(
		    why, KEYS_ERROR_SIZE, _("tokens, line %lu: %s"), line, bad);
		tokens_free(t);
		return -1;
	}
	*out = t;
	return 0;
}

char *
tokens_text(const struct tokens *t)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (f == NULL)
		abort();
	fputs("# Tokens of convdrop: NAME ROLES FEEDS SHA256 CREATED.  Written "
	      "by\n# `convdrop token`.\n",
	    f);
	for (size_t i = 0; i < t->n; i++) {
		const struct token *one = t->token[i];
		char when[32];
		time_t created = (time_t)one->created;
		struct tm tm;

		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ",
		    gmtime_r(&created, &tm));
		fprintf(f, "%s ", one->name);
		list_put_roles(f, one->roles, ",");
		fputc(' ', f);
		list_put(f, one->feed, ",");
		fputc(' ', f);
		for (size_t k = 0; k < 32; k++)
			fprintf(f, "%02x", one->sha256[k]);
		fprintf(f, " %s\n", when);
	}
	if (fclose(f) != 0)
		abort();
	return out;
}

/* 43 characters that a URL takes as they are. */
static void
encode(char out[TOKEN_SIZE + 1], const uint8_t secret[32])
{
	base64_encode_raw(out, 32, secret); /* ends with one '=' */
	for (size_t i = 0; i < TOKEN_SIZE - 1; i++) {
		if (out[i] == '+')
			out[i] = '-';
		else if (out[i] == '/')
			out[i] = '_';
	}
	out[TOKEN_SIZE - 1] = '\0';
}

/* --- daily use ----------------------------------------------------------- */

int
token_mint(struct tokens *t, const char *name, unsigned roles,
    const char *const *feeds, int64_t now, char text[TOKEN_SIZE], char *why)
{
	uint8_t secret[32];
	char coded[TOKEN_SIZE + 1];
	struct token *one;
	char **feed;

	if (!user_name_valid(name, strlen(name))) {
		snprintf(why, KEYS_ERROR_SIZE,
		    _("a token's name has 1 to 63 of "
		      "a-z, 0-9, dot, _ and -, and begins with a letter or "
		      "digit"));
		return -1;
	}
	if (by_name(t, name) != NULL) {
		snprintf(why, KEYS_ERROR_SIZE,
		    _("there is a token \"%s\" already; "
		      "delete it first"),
		    name);
		return -1;
	}
	if (roles == 0 || (feed = list_copy_feeds(feeds)) == NULL) {
		snprintf(why, KEYS_ERROR_SIZE,
		    _("a token needs a role, and feeds "
		      "or * for all of them"));
		return -1;
	}
	secret_random(secret, sizeof secret);
	encode(coded, secret);
	memcpy(text, coded, TOKEN_SIZE);
	one = list_alloc(sizeof *one);
	one->name = list_string(name);
	one->roles = roles;
	one->feed = feed;
	one->created = now;
	digest(one->sha256, text, TOKEN_SIZE - 1);
	append(t, one);
	secret_wipe(secret, sizeof secret);
	secret_wipe(coded, sizeof coded);
	return 0;
}

int
token_del(struct tokens *t, const char *name)
{
	struct token **at = by_name(t, name);

	if (at == NULL)
		return -1;
	token_free(*at);
	memmove(at, at + 1,
	    (size_t)(t->token + t->n - at) * sizeof *at); /* with the NULL */
	t->n--;
	return 0;
}

const struct token *
token_find(const struct tokens *t, const char *text, size_t n)
{
	const struct token *found = NULL;
	uint8_t sha256[32];

	digest(sha256, text, n);
	for (size_t i = 0; i < t->n; i++) {
		if (secret_equal(t->token[i]->sha256, sha256, sizeof sha256))
			found = t->token[i];
	}
	return found;
}
