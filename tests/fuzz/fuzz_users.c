/*
 * Any text as the users file, and as the tokens file: refused with a line, or
 * written and read again to the same text.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "keys/keyfile.h"
#include "keys/token.h"
#include "keys/users.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
as_users(const char *text, size_t n)
{
	struct users *u = NULL, *again = NULL;
	char why[KEYS_ERROR_SIZE], *one, *two;

	if (users_parse(&u, text, n, why) == -1) {
		assert(strncmp(why, "users, line ", 12) == 0);
		return;
	}
	one = users_text(u);
	assert(users_parse(&again, one, strlen(one), why) == 0);
	two = users_text(again);
	assert(strcmp(one, two) == 0);
	for (size_t i = 0; i < u->n; i++) {
		struct in6_addr any = IN6ADDR_ANY_INIT;
		const char *name = u->user[i]->name;

		assert(users_find(u, name, strlen(name)) == u->user[i]);
		user_from(u->user[i], &any);
		user_has_key(u->user[i], text, n);
	}
	free(one);
	free(two);
	users_free(u);
	users_free(again);
}

static void
as_tokens(const char *text, size_t n)
{
	struct tokens *t = NULL, *again = NULL;
	char why[KEYS_ERROR_SIZE], *one, *two;

	if (tokens_parse(&t, text, n, why) == -1) {
		assert(strncmp(why, "tokens, line ", 13) == 0);
		return;
	}
	one = tokens_text(t);
	assert(tokens_parse(&again, one, strlen(one), why) == 0);
	two = tokens_text(again);
	assert(strcmp(one, two) == 0);
	token_find(t, text, n);
	free(one);
	free(two);
	tokens_free(t);
	tokens_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	as_users((const char *)data, n);
	as_tokens((const char *)data, n);
	return 0;
}
