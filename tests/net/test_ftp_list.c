/*
 * FTP's listings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/ftp_list.h"

#define NOW 1795343568 /* 2026-11-22 10:32:48 UTC */

static void
entries_are_lines(void **state)
{
	static const struct files_stat file = { 52428800, NOW, 0, 0 },
				       old = { 7, 1000000000, 0, 0 },
				       upload = { 8, NOW, 0, 1 },
				       folder = { 4096, NOW, 1, 0 },
				       inbox = { 4096, NOW, 1, 1 },
				       top = { 0, 0, 1, 0 };
	static const struct {
		enum ftp_format format;
		unsigned facts;
		const char *name;
		const struct files_stat *st;
		const char *line;
	} row[] = {
		{ FTP_NAMES, 0, "x.csv", &file, "x.csv\r\n" },
		{ FTP_NAMES, 0, "main/x.csv", &file, "main/x.csv\r\n" },
		{ FTP_NAMES, 0, "a\nb\r\x7f", &file, "a?b??\r\n" },
		{ FTP_LONG, 0, "x.csv", &file,
		    "-r--r--r--    1 0        0          52428800 Nov 22 10:32 "
		    "x.csv\r\n" },
		{ FTP_LONG, 0, "x.csv", &old,
		    "-r--r--r--    1 0        0                 7 Sep  9  2001 "
		    "x.csv\r\n" },
		{ FTP_LONG, 0, "a\nb", &folder,
		    "dr-xr-xr-x    1 0        0              4096 Nov 22 10:32 "
		    "a?b\r\n" },
		{ FTP_FACTS, FTP_FACTS_ALL, "x.csv", &file,
		    "type=file;size=52428800;modify=20261122103248;perm=r; "
		    "x.csv\r\n" },
		{ FTP_FACTS, FTP_FACTS_ALL, "x y;z", &upload,
		    "type=file;size=8;modify=20261122103248;perm=rw; "
		    "x y;z\r\n" },
		{ FTP_FACTS, FTP_FACTS_ALL, "main", &folder,
		    "type=dir;modify=20261122103248;perm=el; main\r\n" },
		{ FTP_FACTS, FTP_FACTS_ALL, "main", &inbox,
		    "type=dir;modify=20261122103248;perm=cel; main\r\n" },
		{ FTP_FACTS, FTP_FACTS_ALL, "/", &top,
		    "type=dir;perm=el; /\r\n" },
		{ FTP_FACTS, FTP_FACT_SIZE, "x", &file,
		    "size=52428800; x\r\n" },
		{ FTP_FACTS, FTP_FACT_MODIFY | FTP_FACT_TYPE, "x", &old,
		    "type=file;modify=20010909014640; x\r\n" },
		{ FTP_FACTS, 0, "x", &file, " x\r\n" },
	};
	char line[FTP_ENTRY_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		size_t n = ftp_entry(line, row[i].format, row[i].facts,
		    row[i].name, row[i].st, NOW + 60);

		assert_string_equal(line, row[i].line);
		assert_int_equal(n, strlen(line));
	}
}

static void
a_name_of_any_length_fits(void **state)
{
	static const struct files_stat st = { UINT64_MAX, INT64_MAX, 0, 0 };
	static char name[4096];
	char line[FTP_ENTRY_MAX];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	for (enum ftp_format f = FTP_LONG; f <= FTP_FACTS; f++) {
		size_t n = ftp_entry(line, f, FTP_FACTS_ALL, name, &st, NOW);

		assert_true(n < FTP_ENTRY_MAX);
		assert_string_equal(line + n - 2, "\r\n");
	}
}

static void
times_are_utc(void **state)
{
	static const struct {
		int64_t at;
		const char *text;
	} row[] = {
		{ 0, "19700101000000" },
		{ NOW, "20261122103248" },
		{ 951782400, "20000229000000" },
		{ 4102444799, "20991231235959" },
		{ INT64_MAX, "19700101000000" },
	};
	char text[FTP_TIME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		ftp_time(text, row[i].at);
		assert_string_equal(text, row[i].text);
	}
}

static void
facts_are_chosen_by_name(void **state)
{
	static const struct {
		const char *names;
		unsigned facts;
		const char *feat, *opts;
	} row[] = {
		{ "type;size;modify;perm;", FTP_FACTS_ALL,
		    "type*;size*;modify*;perm*;", "type;size;modify;perm;" },
		{ "Size;MODIFY", FTP_FACT_SIZE | FTP_FACT_MODIFY,
		    "type;size*;modify*;perm;", "size;modify;" },
		{ "unix.mode;sizes;siz;", 0, "type;size;modify;perm;", "" },
		{ "", 0, "type;size;modify;perm;", "" },
	};
	char text[FTP_FACTS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		unsigned facts = ftp_facts(slice_of(row[i].names));

		assert_int_equal(facts, row[i].facts);
		ftp_facts_text(text, facts, true);
		assert_string_equal(text, row[i].feat);
		ftp_facts_text(text, facts, false);
		assert_string_equal(text, row[i].opts);
	}
}

static void
patterns_have_stars_and_question_marks(void **state)
{
	static const struct {
		const char *name, *pattern;
		bool fits;
	} row[] = {
		{ "x.csv", "*", true },
		{ "x.csv", "*.csv", true },
		{ "x.csv", "x*", true },
		{ "x.csv", "?.csv", true },
		{ "x.csv", "x.csv", true },
		{ "x.csv", "*s*v", true },
		{ "aab", "*ab", true },
		{ "x.csv", "**?**", true },
		{ "x.csv", "*.gz", false },
		{ "x.csv", "?", false },
		{ "x.csv", "x.cs", false },
		{ "x.csv", "x.csv?", false },
		{ "", "*", true },
		{ "", "?", false },
		{ "", "", true },
		{ "x", "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		print_message("# %s %s\n", row[i].name, row[i].pattern);
		assert_int_equal(ftp_matches(slice_of(row[i].name),
				     slice_of(row[i].pattern)),
		    row[i].fits);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_lines),
		cmocka_unit_test(a_name_of_any_length_fits),
		cmocka_unit_test(times_are_utc),
		cmocka_unit_test(facts_are_chosen_by_name),
		cmocka_unit_test(patterns_have_stars_and_question_marks),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
