/*
 * The audit: the chain, what breaks it, and looking for lines.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "store/archive.h"
#include "store/audit.h"

#define NOV INT64_C(1795338930) /* 2026-11-22 09:15:30 UTC */
#define DEC (NOV + 10 * INT64_C(86400))
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static struct err e;
static char dir[32];
static struct conf conf;

static int
set_up(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/audit-XXXXXX");
	conf = (struct conf){ .dir = dir, .keep_audit_days = 1095 };
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static const char *
month(const char *name)
{
	static char out[64];

	snprintf(out, sizeof out, "%s/audit/%s.jsonl", dir, name);
	return out;
}

static char *
contents(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 16);

	assert_non_null(f);
	text[fread(text, 1, (1 << 16) - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void
replace(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	fputs(text, f);
	fclose(f);
}

static void
add(struct audit *a, int64_t at, const char *event, const char *value)
{
	json_t *o = json_object();

	json_object_set_new(o, "user", json_string(value));
	if (audit_add(a, at, event, o, &e) == -1)
		fail_msg("%s", e.text);
}

static struct audit *
audit(void)
{
	struct audit *a;

	assert_int_equal(audit_open(&a, &conf, &e), 0);
	return a;
}

/* "FILE:LINE FILE:LINE " */
static void
note_finding(void *ctx, const struct audit_finding *f)
{
	char *out = ctx;
	size_t n = strlen(out);

	snprintf(out + n, 512 - n, "%s:%lu ", f->file, f->line);
}

static void
check(uint64_t want_lines, const char *want)
{
	char findings[512] = "";
	uint64_t lines, files;

	assert_int_equal(
	    audit_verify(&conf, note_finding, findings, &lines, &files, &e), 0);
	assert_string_equal(findings, want);
	assert_int_equal(lines, want_lines);
}

static void
a_line_is_json_with_the_hash_of_the_one_before(void **state)
{
	struct audit *a = audit();
	json_t *o = json_object();
	char *text;

	(void)state;
	json_object_set_new(o, "event", json_string("mine")); /* ours wins */
	json_object_set_new(o, "prev", json_string("mine"));
	json_object_set_new(o, "имя", json_string("a\nb"));
	assert_int_equal(audit_add(a, NOV, "login", o, &e), 0);
	assert_int_equal(audit_add(a, NOV, "plain", NULL, &e), 0);
	text = contents(month("2026-11"));
	assert_string_equal(text,
	    "{\"time\":\"2026-11-22T09:15:30Z\",\"event\":\"login\","
	    "\"имя\":\"a\\nb\",\"prev\":\"0000000000000000000000000000000000"
	    "000000000000000000000000000000\"}\n"
	    "{\"time\":\"2026-11-22T09:15:30Z\",\"event\":\"plain\","
	    "\"prev\":\"b56252a88b3b88dc966d89f1679ea26ed9b822855af11a896dd"
	    "8a905504e2aba\"}\n");
	free(text);
	audit_close(a);
	check(2, "");
}

static void
the_chain_goes_over_months_processes_and_clocks(void **state)
{
	struct audit *a = audit(), *b = audit();

	(void)state;
	add(a, NOV, "one", "x");
	add(b, NOV, "two", "x");
	audit_hold(a, true);
	add(a, NOV, "three", "x");
	add(a, DEC, "four", "x");
	add(a, NOV, "four and a half", "x");
	audit_hold(a, false);
	add(b, NOV, "five", "x"); /* its clock went back: the month goes on */
	add(a, DEC, "six", "x");
	assert_int_equal(audit_sync(a, &e), 0);
	audit_close(a);
	a = audit();
	add(a, DEC, "seven", "x");
	audit_close(a);
	audit_close(b);
	check(8, "");
	assert_int_equal(access(month("2026-12"), F_OK), 0);
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			a = audit();
			for (int k = 0; k < 25; k++)
				add(a, DEC, "many", "x");
			audit_close(a);
			_exit(0);
		}
	}
	while (wait(NULL) != -1)
		;
	check(108, "");
}

static void
what_was_changed_is_found(void **state)
{
	static const struct {
		const char *what, *from, *to, *found;
	} row[] = {
		{ "a letter", "anna", "olga", "2026-11.jsonl:3 " },
		{ "a line more", "\n", "\n{\"prev\":\"\"}\n",
		    "2026-11.jsonl:2 2026-11.jsonl:3 " },
		{ "no JSON", "{\"time", "[\"time",
		    "2026-11.jsonl:1 2026-11.jsonl:2 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct audit *a = audit();
		char *text, *at, changed[4096];
		char findings[512] = "";
		uint64_t lines, files;

		unlink(month("2026-11"));
		add(a, NOV, "one", "x");
		add(a, NOV, "two", "anna");
		add(a, NOV, "three", "x");
		audit_close(a);
		text = contents(month("2026-11"));
		at = strstr(text, row[i].from);
		assert_non_null(at);
		snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text),
		    text, row[i].to, at + strlen(row[i].from));
		replace(month("2026-11"), changed);
		audit_verify(&conf, note_finding, findings, &lines, &files, &e);
		assert_string_equal(findings, row[i].found);
		free(text);
	}
}

static void
a_removed_line_and_a_removed_month_are_found(void **state)
{
	struct audit *a = audit();
	char *text;

	(void)state;
	add(a, NOV, "one", "x");
	add(a, NOV, "two", "x");
	add(a, NOV, "three", "x");
	add(a, DEC, "four", "x");
	audit_close(a);
	text = contents(month("2026-11"));
	replace(month("2026-11"), strchr(text, '\n') + 1);
	check(3, "audit:1 ");
	unlink(month("2026-11"));
	check(1, "audit:1 ");
	free(text);
}

static void
a_line_cut_short_is_completed_by_a_recovered_event(void **state)
{
	static const struct {
		size_t left; /* of the last line */
		uint64_t lines;
	} row[] = { { 1, 4 }, { 40, 4 } };
	static const char *const recovered[] = { "event=recovered" };
	static const int64_t next[] = { NOV, DEC };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct audit *a = audit();
		char *text, *last, expect[32];

		unlink(month("2026-11"));
		unlink(month("2026-12"));
		add(a, NOV, "one", "x");
		add(a, NOV, "two", "x");
		audit_close(a);
		text = contents(month("2026-11"));
		last = strchr(text, '\n') + 1;
		last[row[i % 2].left] = '\0';
		replace(month("2026-11"), text);
		check(2, "2026-11.jsonl:2 ");
		a = audit();
		add(a, next[i / 2], "three", "x");
		audit_close(a);
		check(row[i % 2].lines, "");
		snprintf(
		    expect, sizeof expect, "\"bytes\":%zu,", row[i % 2].left);
		free(text);
		text = contents(month("2026-11"));
		assert_non_null(strstr(text, expect));
		free(text);
		(void)recovered;
	}
}

static void
archived_files_are_checked_against_their_events(void **state)
{
	static const struct {
		const char *command, *event, *found;
	} row[] = {
		{ "true", NULL, "" },
		{ "rm", NULL, "PATH:0 " },
		{ "rm", "expired", "" },
		{ "rm", "erased", "" },
		{ "true >", NULL, "PATH:0 " },
		{ "printf xx >>", NULL, "PATH:0 " },
		{ "printf hellO | gzip >", NULL, "PATH:0 " },
		{ "printf hello | gzip -9 >", NULL, "" },
		{ "printf hello >", NULL, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char path[512], sha256[65], command[700], want[600] = "";
		int fd = memfd_create("t", 0);
		struct audit *a = audit();
		json_t *o = json_object();

		unlink(month("2026-11"));
		assert_int_equal(write(fd, "hello", 5), 5);
		assert_int_equal(
		    archive_dump(path, sha256, &conf, "main", "d", fd, NOV, &e),
		    0);
		json_object_set_new(o, "archive", json_string(path));
		json_object_set_new(o, "sha256", json_string(sha256));
		assert_int_equal(audit_add(a, NOV, "dropped", o, &e), 0);
		snprintf(command, sizeof command, "%s '%s/%s'", row[i].command,
		    dir, path);
		assert_int_equal(system(command), 0);
		if (row[i].event != NULL) {
			o = json_object();
			json_object_set_new(o, "archive", json_string(path));
			audit_add(a, NOV, row[i].event, o, &e);
		}
		if (row[i].found[0] != '\0')
			snprintf(want, sizeof want, "%s:0 ", path);
		check(row[i].event == NULL ? 1 : 2, want);
		audit_close(a);
		close(fd);
	}
}

static void
old_months_leave_with_a_word(void **state)
{
	struct audit *a = audit();

	(void)state;
	conf.keep_audit_days = 30;
	audit_close(a);
	a = audit();
	add(a, NOV, "one", "x");
	add(a, DEC, "two", "x");
	assert_int_equal(audit_purge(a, DEC + 28 * 86400, &e), 0);
	assert_int_equal(access(month("2026-11"), F_OK), 0);
	assert_int_equal(audit_purge(a, DEC + 31 * 86400, &e), 0);
	assert_int_equal(access(month("2026-11"), F_OK), -1);
	check(2, ""); /* December's, and in January that November is gone */
	assert_int_equal(audit_purge(a, DEC + 900 * 86400, &e), 0);
	check(2, "");
	audit_close(a);
}

static void
join_line(void *ctx, const char *line)
{
	char *out = ctx;

	strcat(out, strstr(line, "\"event\":\"") + 9);
	*strchr(out, '"') = ' ';
	out[strcspn(out, " ") + 1] = '\0';
}

static void
lines_are_found_by_field_or_text(void **state)
{
	static const struct {
		const char *word[3];
		const char *event; /* of the only match; "" none */
	} row[] = {
		{ { "event=login" }, "login " },
		{ { "user=anna", "event=pulled" }, "pulled " },
		{ { "user=ann" }, "" },
		{ { "a=b" }, "odd " }, /* no such field: a piece of text */
		{ { "bytes=42" }, "pulled " },
		{ { "complete=true" }, "pulled " },
		{ { "logi", "ann" }, "login " },
		{ { "nothing" }, "" },
	};
	struct audit *a = audit();
	json_t *o = json_object();

	(void)state;
	add(a, NOV, "login", "anna");
	json_object_set_new(o, "user", json_string("anna"));
	json_object_set_new(o, "bytes", json_integer(42));
	json_object_set_new(o, "complete", json_true());
	audit_add(a, NOV, "pulled", o, &e);
	add(a, NOV, "odd", "a=b");
	audit_close(a);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char events[256] = "";
		size_t words = 0;

		while (words < 3 && row[i].word[words] != NULL)
			words++;
		assert_int_equal(
		    audit_log(&conf, row[i].word, words, join_line, events, &e),
		    0);
		assert_string_equal(events, row[i].event);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_line_is_json_with_the_hash_of_the_one_before),
		TEST(the_chain_goes_over_months_processes_and_clocks),
		TEST(what_was_changed_is_found),
		TEST(a_removed_line_and_a_removed_month_are_found),
		TEST(a_line_cut_short_is_completed_by_a_recovered_event),
		TEST(archived_files_are_checked_against_their_events),
		TEST(old_months_leave_with_a_word),
		TEST(lines_are_found_by_field_or_text),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
