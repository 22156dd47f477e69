#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/damage.h"
#include "formats/errors.h"

static FILE *
open_data(const char *name)
{
	const char *dir = getenv("srcdir");
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir == NULL ? "." : dir, name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("%s", path);
	return f;
}

static void
every_code_is_there_once(void **state)
{
	const struct error_info *i;

	(void)state;
	for (size_t n = 0; (i = error_at(n)) != NULL; n++) {
		if (strlen(i->code) != 4 || strchr("EW", i->code[0]) == NULL ||
		    (i->code[0] == 'W') != (i->code[1] == '6') ||
		    strspn(i->code + 1, "0123456789") != 3)
			fail_msg("%s is no code", i->code);
		if (error_by_code(i->code) != i)
			fail_msg("%s is there twice", i->code);
		if (error_named(i->code[1], i->name) != i)
			fail_msg("%s: %s is there twice", i->code, i->name);
		if (i->text[0] == '\0' || i->meaning[0] == '\0' ||
		    i->cure[0] == '\0')
			fail_msg("%s says nothing", i->code);
		if (strchr(".?", i->meaning[strlen(i->meaning) - 1]) == NULL ||
		    strchr(".?", i->cure[strlen(i->cure) - 1]) == NULL)
			fail_msg("%s: no sentence", i->code);
	}
	assert_ptr_equal(error_by_code("e203"), error_by_code("E203"));
	assert_null(error_by_code("E999"));
	assert_null(error_by_code(""));
}

/* tests/data/error-codes.tsv only grows. */
static void
codes_never_change_their_names(void **state)
{
	FILE *f = open_data("tests/data/error-codes.tsv");
	char line[256];
	size_t n = 0;

	(void)state;
	while (fgets(line, sizeof line, f) != NULL) {
		char code[8], name[64];
		const struct error_info *i;

		if (sscanf(line, "%7s %63s", code, name) != 2)
			fail_msg("what is %s", line);
		i = error_by_code(code);
		if (i == NULL || strcmp(i->name, name) != 0)
			fail_msg("%s was %s", code, name);
		n++;
	}
	fclose(f);
	if (error_at(n) != NULL || n == 0 || error_at(n - 1) == NULL)
		fail_msg("put the new codes into tests/data/error-codes.tsv");
}

static void
everything_that_can_go_wrong_has_a_code(void **state)
{
	(void)state;
	for (enum fmt_status s = FMT_IO; s < FMT_STATUS_COUNT; s++)
		if (strcmp(error_of_status(s)->code, "E000") == 0)
			fail_msg("%s has no code", fmt_status_code(s));
	for (enum reject r = REJECT_NONE + 1; r < REJECT_COUNT; r++)
		if (strcmp(error_of_reject(r)->code, "E000") == 0)
			fail_msg("%s has no code", reject_code(r));
	for (enum damage d = DAMAGE_NONE + 1; d < DAMAGE_COUNT; d++)
		if (error_named('7', damage_name(d)) == NULL)
			fail_msg("%s has no code", damage_name(d));
	assert_string_equal(error_of_finding("nonsense", false)->code, "E000");
}

/* The names are in the calls of lint's own functions (lint_private.h). */
static void
every_finding_of_lint_has_a_code(void **state)
{
	FILE *f =
	    popen("cat \"${srcdir:-.}\"/formats/lint*.c | tr -d '\\n\\t' | "
		  "grep -oE 'lint_(say|warn|error|refuse)\\(l, "
		  "[^;]*;' | grep -oE "
		  "'^lint_(say\\(l, (true|false)|warn|error|refuse)|, "
		  "\"[a-z_]+\"' | tr -d '\\n' | "
		  "sed 's/lint_/\\n/g' | sed -nE "
		  "'s/^(say.l, true|warn).*, \"([a-z_]+)\"$/true \\2/p; "
		  "s/^(say.l, false|error|refuse).*, "
		  "\"([a-z_]+)\"$/false \\2/p' | sort -u",
		"r");
	char warning[8], name[64];
	size_t n = 0;

	(void)state;
	assert_non_null(f);
	while (fscanf(f, "%7s %63s", warning, name) == 2) {
		bool is_warning = strcmp(warning, "true") == 0;

		if (strcmp(error_of_finding(name, is_warning)->code, "E000") ==
		    0)
			fail_msg("%s has no code", name);
		n++;
	}
	pclose(f);
	assert_true(n > 8);
}

/* Direct's own texts are those of the page, which the registry repeats. */
static void
direct_s_texts_are_to_the_letter(void **state)
{
	FILE *f = open_data("tests/data/direct-errors.tsv");
	char line[1024];
	size_t n = 0;

	(void)state;
	while (fgets(line, sizeof line, f) != NULL) {
		char *code = strtok(line, "\t"), *text = strtok(NULL, "\t\n");
		const struct error_info *i;

		if (code[0] == '#')
			continue;
		i = error_by_code(code);
		if (i == NULL || !i->direct)
			fail_msg("%s is not Direct's", code);
		if (strchr(i->text, '%') == NULL && strcmp(i->text, text) != 0)
			fail_msg("%s: %s", code, text);
		n++;
	}
	fclose(f);
	assert_true(n >= 21);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_there_once),
		cmocka_unit_test(codes_never_change_their_names),
		cmocka_unit_test(everything_that_can_go_wrong_has_a_code),
		cmocka_unit_test(every_finding_of_lint_has_a_code),
		cmocka_unit_test(direct_s_texts_are_to_the_letter),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
