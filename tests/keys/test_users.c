/*
 * The users file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>

#include "keys/keyfile.h"
#include "keys/users.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define KEY                                                                    \
	"ssh-ed25519 "                                                         \
	"AAAAC3NzaC1lZDI1NTE5AAAAIMSNn2knC35I48cZ5d+TYyMKsXLmr0gu/MWe8AQVfU0e" \
	" someone"

static const char good[] = "# comment\n"
			   "\n"
			   "user \"zoe\" {\n"
			   "  roles = pull,drop\r\n"
			   "\tfeeds=main , shop\n"
			   "\thash = $y$j9T$abc$def\n"
			   "\tkey = " KEY "\n"
			   "\tnetworks = 192.0.2.0/24, 2001:db8::/32\n"
			   "}\n"
			   "user \"adam\" {\n"
			   "roles = admin\n"
			   "feeds = *\n"
			   "}";

static struct users *
parse(const char *text)
{
	struct users *u = NULL;
	char why[KEYS_ERROR_SIZE];

	assert_int_equal(users_parse(&u, text, strlen(text), why), 0);
	return u;
}

static void
a_file_is_read_with_everything_it_says(void **state)
{
	struct users *u = parse(good);
	struct user *zoe = users_find(u, "zoe!", 3);

	(void)state;
	assert_int_equal(u->n, 2);
	assert_string_equal(u->user[0]->name, "adam"); /* sorted */
	assert_null(u->user[2]);
	assert_non_null(zoe);
	assert_int_equal(zoe->roles, ROLE_PULL | ROLE_DROP);
	assert_string_equal(zoe->feed[1], "shop");
	assert_string_equal(zoe->hash, "$y$j9T$abc$def");
	assert_string_equal(zoe->key[0], KEY);
	assert_string_equal(zoe->network[1], "2001:db8::/32");
	assert_null(u->user[0]->hash);
	users_free(u);
}

static void
what_is_written_is_read_again(void **state)
{
	struct users *u = parse(good), *again;
	char *text = users_text(u), *twice;

	(void)state;
	again = parse(text);
	twice = users_text(again);
	assert_string_equal(text, twice);
	assert_int_equal(again->n, 2);
	free(text);
	free(twice);
	users_free(u);
	users_free(again);
}

static void
a_broken_file_is_refused_with_its_line(void **state)
{
	static const struct {
		const char *name, *text, *why;
	} row[] = {
		{ "no section", "roles = pull\n", "line 1" },
		{ "no name", "user {\n}\n", "line 1" },
		{ "capitals", "user \"Zoe\" {\n}\n", "line 1" },
		{ "open end", "user \"a\" {\nroles = pull\nfeeds = *\n",
		    "no }" },
		{ "no roles", "user \"a\" {\nfeeds = *\n}\n", "line 3" },
		{ "no feeds", "user \"a\" {\nroles = pull\n}\n", "line 3" },
		{ "unknown role", "user \"a\" {\nroles = root\n}", "line 2" },
		{ "unknown word", "user \"a\" {\nshell = sh\n}", "line 2" },
		{ "bad feed", "user \"a\" {\nfeeds = ../x\n}", "line 2" },
		{ "* not alone", "user \"a\" {\nfeeds = *, main\n}", "line 2" },
		{ "plain password", "user \"a\" {\nhash = secret\n}",
		    "line 2" },
		{ "locked hash", "user \"a\" {\nhash = $y$!x\n}", "line 2" },
		{ "bad key", "user \"a\" {\nkey = ssh-rsa AAAA\n}", "line 2" },
		{ "key of another type",
		    "user \"a\" {\nkey = ssh-rsa "
		    "AAAAC3NzaC1lZDI1NTE5AAAAIMSNn2knC35I48cZ5d+TYyMKsXLmr0gu/"
		    "MWe8AQVfU0e\n}",
		    "line 2" },
		{ "bad network", "user \"a\" {\nnetworks = 10.0.0.0/33\n}",
		    "line 2" },
		{ "no network", "user \"a\" {\nnetworks =\n}", "line 2" },
		{ "twice",
		    "user \"a\" {\nroles = pull\nfeeds = *\n}\n"
		    "user \"a\" {\nroles = pull\nfeeds = *\n}\n",
		    "line 8" },
		{ "roles twice", "user \"a\" {\nroles=pull\nroles=drop\n}",
		    "line 3" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct users *u = NULL;
		char why[KEYS_ERROR_SIZE] = "";

		if (users_parse(&u, row[i].text, strlen(row[i].text), why) !=
			-1 ||
		    strstr(why, row[i].why) == NULL)
			fail_msg("%s: %s", row[i].name, why);
	}
}

static void
a_nul_byte_is_refused(void **state)
{
	static const char text[] = "user \"a\" {\nroles = pull\0\n";
	struct users *u = NULL;
	char why[KEYS_ERROR_SIZE] = "";

	(void)state;
	assert_int_equal(users_parse(&u, text, sizeof text - 1, why), -1);
	assert_non_null(strstr(why, "line 2: there is a NUL"));
}

static void
users_are_added_found_and_deleted(void **state)
{
	static const char *const feeds[] = { "main", NULL };
	static const char *const none[] = { NULL };
	struct users *u = users_new();
	char why[KEYS_ERROR_SIZE];

	(void)state;
	for (const char *n = "hcagbdfe"; *n != '\0'; n++) {
		char name[2] = { *n, '\0' };

		assert_int_equal(users_add(u, name, ROLE_PULL, feeds, why), 0);
	}
	assert_int_equal(users_add(u, "a", ROLE_PULL, feeds, why), -1);
	assert_int_equal(users_add(u, "x/y", ROLE_PULL, feeds, why), -1);
	assert_int_equal(users_add(u, "x", 0, feeds, why), -1);
	assert_int_equal(users_add(u, "x", ROLE_PULL, none, why), -1);
	assert_int_equal(users_del(u, "c"), 0);
	assert_int_equal(users_del(u, "c"), -1);
	assert_null(users_find(u, "c", 1));
	assert_null(users_find(u, "aa", 2));
	for (const char *n = "abdefgh"; *n != '\0'; n++)
		assert_non_null(users_find(u, n, 1));
	assert_int_equal(u->n, 7);
	assert_null(u->user[7]);
	users_free(u);
}

static void
a_user_comes_from_its_networks_alone(void **state)
{
	static const struct {
		const char *networks, *from;
		bool in;
	} row[] = {
		{ "192.0.2.0/24", "::ffff:192.0.2.77", true },
		{ "192.0.2.0/24", "::ffff:192.0.3.1", false },
		{ "192.0.2.0/23", "::ffff:192.0.3.1", true },
		{ "192.0.2.4", "::ffff:192.0.2.4", true },
		{ "192.0.2.4", "::ffff:192.0.2.5", false },
		{ "2001:db8::/32", "2001:db8:1::1", true },
		{ "2001:db8::/32", "2001:db9::1", false },
		{ "2001:db8::/33", "2001:db8:8000::", false },
		{ "0.0.0.0/0", "::ffff:8.8.8.8", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "::ffff:8.8.8.8", true },
		{ "10.0.0.0/8, 2001:db8::/32", "2001:db8::1", true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char text[256];
		struct in6_addr from;
		struct users *u;

		snprintf(text, sizeof text,
		    "user \"a\" {\nroles=pull\nfeeds=*\nnetworks=%s\n}",
		    row[i].networks);
		u = parse(text);
		assert_int_equal(inet_pton(AF_INET6, row[i].from, &from), 1);
		if (user_from(u->user[0], &from) != row[i].in)
			fail_msg("%s from %s", row[i].networks, row[i].from);
		users_free(u);
	}
}

static void
a_key_is_known_by_its_blob(void **state)
{
	/* the base64 of KEY, decoded */
	static const unsigned char blob[] = "\0\0\0\13ssh-ed25519\0\0\0\x20"
					    "\xc4\x8d\x9f\x69\x27\x0b\x7e\x48"
					    "\xe3\xc7\x19\xe5\xdf\x93\x63\x23"
					    "\x0a\xb1\x72\xe6\xaf\x48\x2e\xfc"
					    "\xc5\x9e\xf0\x04\x15\x7d\x4d\x1e";
	unsigned char other[sizeof blob];
	struct users *u = parse(good);
	const struct user *zoe = users_find(u, "zoe", 3);

	(void)state;
	memcpy(other, blob, sizeof blob);
	other[30] ^= 1;
	assert_true(user_has_key(zoe, blob, sizeof blob - 1));
	assert_false(user_has_key(zoe, blob, sizeof blob - 2));
	assert_false(user_has_key(zoe, other, sizeof blob - 1));
	assert_false(user_has_key(zoe, "", 0));
	assert_false(user_has_key(u->user[0], blob, sizeof blob - 1));
	users_free(u);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_with_everything_it_says),
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(a_broken_file_is_refused_with_its_line),
		cmocka_unit_test(a_nul_byte_is_refused),
		cmocka_unit_test(users_are_added_found_and_deleted),
		cmocka_unit_test(a_user_comes_from_its_networks_alone),
		cmocka_unit_test(a_key_is_known_by_its_blob),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
