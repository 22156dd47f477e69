/*
 * Files that hold secrets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "keys/keyfile.h"
#include "tests/keys/folder.h"

static const char *
in_folder(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static size_t
entries(void)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static int
read_it(const char *name, char *why)
{
	char *text = NULL;
	size_t n;
	int rc = keyfile_read(&text, &n, in_folder(name), why);

	free(text);
	return rc;
}

static void
a_file_is_written_whole_and_for_us_alone(void **state)
{
	char why[KEYS_ERROR_SIZE], *text = NULL;
	struct stat st;
	size_t n;

	(void)state;
	umask(0);
	assert_int_equal(keyfile_write(in_folder("a"), "one", 3, why), 0);
	assert_int_equal(keyfile_write(in_folder("a"), "two\0x", 5, why), 0);
	umask(022);
	assert_int_equal(stat(in_folder("a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(keyfile_read(&text, &n, in_folder("a"), why), 0);
	assert_int_equal(n, 5);
	assert_memory_equal(text, "two\0x", 6); /* terminated */
	assert_int_equal(entries(), 1);
	free(text);
}

static void
create_never_replaces(void **state)
{
	char why[KEYS_ERROR_SIZE] = "", *text = NULL;
	size_t n;

	(void)state;
	assert_int_equal(keyfile_create(in_folder("a"), "one", 3, why), 0);
	assert_int_equal(keyfile_create(in_folder("a"), "two", 3, why), -1);
	assert_non_null(strstr(why, "exists"));
	assert_int_equal(keyfile_read(&text, &n, in_folder("a"), why), 0);
	assert_string_equal(text, "one");
	assert_int_equal(entries(), 1);
	free(text);
}

static void
a_file_that_others_can_use_is_refused(void **state)
{
	static const unsigned mode[] = { 0604, 0640, 0620, 0602, 0610, 0644 };
	char why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(keyfile_create(in_folder("a"), "one", 3, why), 0);
	for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
		assert_int_equal(chmod(in_folder("a"), mode[i]), 0);
		assert_int_equal(read_it("a", why), -1);
		assert_non_null(strstr(why, "chmod"));
	}
	assert_int_equal(chmod(in_folder("a"), 0400), 0);
	assert_int_equal(read_it("a", why), 0);
}

static void
links_pipes_and_folders_are_refused(void **state)
{
	char why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(keyfile_create(in_folder("a"), "one", 3, why), 0);
	assert_int_equal(symlink("a", in_folder("link")), 0);
	assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
	assert_int_equal(read_it("link", why), -1);
	assert_non_null(strstr(why, "symbolic link"));
	assert_int_equal(read_it("pipe", why), -1); /* and does not hang */
	assert_non_null(strstr(why, "regular"));
	assert_int_equal(read_it(".", why), -1);
	assert_int_equal(read_it("none", why), -1);
}

static void
a_file_of_another_account_is_refused(void **state)
{
	char why[KEYS_ERROR_SIZE];
	struct stat st;

	(void)state;
	if (geteuid() != 0)
		return; /* only root can give a file away */
	assert_int_equal(keyfile_create(in_folder("a"), "one", 3, why), 0);
	assert_int_equal(chown(in_folder("a"), 65534, 65534), 0);
	assert_int_equal(read_it("a", why), -1);
	assert_non_null(strstr(why, "another account"));
	/* what replaces it keeps its owner */
	assert_int_equal(keyfile_write(in_folder("a"), "two", 3, why), 0);
	assert_int_equal(stat(in_folder("a"), &st), 0);
	assert_int_equal(st.st_uid, 65534);
}

static void
a_file_that_is_too_large_is_refused(void **state)
{
	char why[KEYS_ERROR_SIZE];

	(void)state;
	assert_int_equal(keyfile_create(in_folder("a"), "one", 3, why), 0);
	assert_int_equal(truncate(in_folder("a"), (16 << 20) + 1), 0);
	assert_int_equal(read_it("a", why), -1);
	assert_non_null(strstr(why, "16 MiB"));
}

int
main(void)
{
#define IN_FOLDER(f)                                                           \
	cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		IN_FOLDER(a_file_is_written_whole_and_for_us_alone),
		IN_FOLDER(create_never_replaces),
		IN_FOLDER(a_file_that_others_can_use_is_refused),
		IN_FOLDER(links_pipes_and_folders_are_refused),
		IN_FOLDER(a_file_of_another_account_is_refused),
		IN_FOLDER(a_file_that_is_too_large_is_refused),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
