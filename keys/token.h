/*
 * Tokens: 256 random bits in a URL instead of a login.  Only their SHA-256 is
 * kept, in the tokens file, a line each:
 *
 *      NAME ROLES FEEDS SHA256HEX CREATED
 */
#ifndef KEYS_TOKEN_H
#define KEYS_TOKEN_H

#include <stddef.h>
#include <stdint.h>

#define TOKEN_SIZE 44 /* 43 characters of base64url and a terminator */

struct token {
	char *name; /* "main", chosen by the admin; what logs and audit show */
	unsigned roles;
	char **feed; /* NULL-terminated; "*" alone is all */
	uint8_t sha256[32];
	int64_t created;
};

struct tokens {
	struct token **token; /* NULL-terminated */
	size_t n;
};

struct tokens *tokens_new(void);
int tokens_parse(struct tokens **out, const char *text, size_t n, char *why);
char *tokens_text(const struct tokens *t); /* malloc'ed */
void tokens_free(struct tokens *t);

/* Makes one; its text, shown once, goes to text. */
int token_mint(struct tokens *t, const char *name, unsigned roles,
    const char *const *feeds, int64_t now, char text[TOKEN_SIZE], char *why);
int token_del(struct tokens *t, const char *name);

/* Looks at every token whatever it finds: constant time.  NULL when none. */
const struct token *token_find(
    const struct tokens *t, const char *text, size_t n);

#endif
