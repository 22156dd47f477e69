/*
 * Tokens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "keys/keyfile.h"
#include "keys/token.h"
#include "keys/users.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *const feeds[] = { "main", "shop", NULL };

static void
a_token_is_found_by_its_text_alone(void **state)
{
	struct tokens *t = tokens_new();
	char a[TOKEN_SIZE], b[TOKEN_SIZE], why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(token_mint(t, "a", ROLE_PULL, feeds, 1, a, why), 0);
	assert_int_equal(token_mint(t, "b", ROLE_PULL, feeds, 2, b, why), 0);
	assert_int_equal(strlen(a), TOKEN_SIZE - 1);
	assert_int_equal(
	    strspn(a, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuv"
		      "wxyz0123456789-_"),
	    TOKEN_SIZE - 1);
	assert_string_not_equal(a, b);
	assert_string_equal(token_find(t, a, TOKEN_SIZE - 1)->name, "a");
	assert_string_equal(token_find(t, b, TOKEN_SIZE - 1)->name, "b");
	assert_null(token_find(t, a, TOKEN_SIZE - 2));
	assert_null(token_find(t, a, TOKEN_SIZE)); /* with the terminator */
	assert_null(token_find(t, "", 0));
	assert_int_equal(token_del(t, "a"), 0);
	assert_int_equal(token_del(t, "a"), -1);
	assert_null(token_find(t, a, TOKEN_SIZE - 1));
	assert_non_null(token_find(t, b, TOKEN_SIZE - 1));
	assert_int_equal(t->n, 1);
	assert_null(t->token[1]);
	tokens_free(t);
}

static void
a_token_is_not_minted_twice_or_without_rights(void **state)
{
	static const char *const none[] = { NULL };
	static const char *const bad[] = { "../x", NULL };
	struct tokens *t = tokens_new();
	char text[TOKEN_SIZE], why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(token_mint(t, "a", ROLE_PULL, feeds, 1, text, why), 0);
	assert_int_equal(
	    token_mint(t, "a", ROLE_PULL, feeds, 1, text, why), -1);
	assert_int_equal(token_mint(t, "b", 0, feeds, 1, text, why), -1);
	assert_int_equal(token_mint(t, "b", ROLE_PULL, none, 1, text, why), -1);
	assert_int_equal(token_mint(t, "b", ROLE_PULL, bad, 1, text, why), -1);
	assert_int_equal(
	    token_mint(t, "b c", ROLE_PULL, feeds, 1, text, why), -1);
	tokens_free(t);
}

static void
the_file_holds_no_token_and_is_read_again(void **state)
{
	struct tokens *t = tokens_new(), *again = NULL;
	char a[TOKEN_SIZE], why[KEYS_ERROR_SIZE], *text;

	(void)state;
	assert_int_equal(token_mint(t, "a", ROLE_PULL | ROLE_DROP, feeds,
			     1795338900, a, why),
	    0);
	text = tokens_text(t);
	assert_null(strstr(text, a));
	assert_non_null(strstr(text, "a pull,drop main,shop "));
	assert_non_null(strstr(text, " 2026-11-22T09:15:00Z\n"));
	assert_int_equal(tokens_parse(&again, text, strlen(text), why), 0);
	assert_int_equal(again->n, 1);
	assert_int_equal(again->token[0]->created, 1795338900);
	assert_int_equal(again->token[0]->roles, ROLE_PULL | ROLE_DROP);
	assert_string_equal(again->token[0]->feed[1], "shop");
	assert_non_null(token_find(again, a, TOKEN_SIZE - 1));
	free(text);
	tokens_free(t);
	tokens_free(again);
}

static void
a_broken_file_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *name, *text;
		int rc;
	} row[] = {
		{ "empty", "", 0 },
		{ "comment", "# x\n\n", 0 },
		{ "good", "a pull * " HEX " 2026-11-22T09:15:00Z\n", 0 },
		{ "four words", "a pull * " HEX "\n", -1 },
		{ "six words", "a pull * " HEX " 2026-11-22T09:15:00Z x\n",
		    -1 },
		{ "bad role", "a root * " HEX " 2026-11-22T09:15:00Z\n", -1 },
		{ "bad feed", "a pull .. " HEX " 2026-11-22T09:15:00Z\n", -1 },
		{ "bad name", "A pull * " HEX " 2026-11-22T09:15:00Z\n", -1 },
		{ "short hash", "a pull * e3b0 2026-11-22T09:15:00Z\n", -1 },
		{ "no hash",
		    "a pull * zzzzc44298fc1c149afbf4c8996fb92427ae41e4649b934c"
		    "a495991b7852b855 2026-11-22T09:15:00Z\n",
		    -1 },
		{ "bad time", "a pull * " HEX " yesterday\n", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct tokens *t = NULL;
		char why[KEYS_ERROR_SIZE] = "";
		int rc =
		    tokens_parse(&t, row[i].text, strlen(row[i].text), why);

		if (rc != row[i].rc ||
		    (rc == -1 && strstr(why, "line 1") == NULL))
			fail_msg("%s: %d %s", row[i].name, rc, why);
		tokens_free(t);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_found_by_its_text_alone),
		cmocka_unit_test(a_token_is_not_minted_twice_or_without_rights),
		cmocka_unit_test(the_file_holds_no_token_and_is_read_again),
		cmocka_unit_test(a_broken_file_is_refused_with_its_line),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
