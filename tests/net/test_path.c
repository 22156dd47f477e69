/*
 * path: what clients write becomes an absolute path that climbs nowhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/path.h"

#define BYTES(s) (s), sizeof(s) - 1

static void
a_path_is_made_absolute(void **state)
{
	static const struct {
		const char *path;
		size_t n;
		const char *want; /* NULL: refused */
	} row[] = {
		{ BYTES(""), "/" },
		{ BYTES("."), "/" },
		{ BYTES("/"), "/" },
		{ BYTES(".."), "/" },
		{ BYTES("/../../etc"), "/etc" },
		{ BYTES("main/conversions.csv"), "/main/conversions.csv" },
		{ BYTES("/main/conversions.csv"), "/main/conversions.csv" },
		{ BYTES("//main///./conversions.csv/"),
		    "/main/conversions.csv" },
		{ BYTES("/main/../shop/a"), "/shop/a" },
		{ BYTES("/a/b/../.."), "/" },
		{ BYTES("/a/...b"), "/a/...b" },
		{ BYTES("/a\0b"), NULL },
		{ BYTES("\0"), NULL },
	};
	char out[FILES_PATH_MAX], lengthy[3000];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice path = { row[i].path, row[i].n };

		assert_int_equal(
		    path_absolute(out, "/", path), row[i].want != NULL);
		if (row[i].want != NULL)
			assert_string_equal(out, row[i].want);
	}
	memset(lengthy, 'a', sizeof lengthy);
	assert_false(path_absolute(out, "/", (struct slice){ lengthy, 1023 }));
	assert_true(path_absolute(out, "/", (struct slice){ lengthy, 1022 }));
	assert_int_equal(strlen(out), 1023);
	for (size_t i = 0; i < sizeof lengthy; i += 3)
		memcpy(lengthy + i, "../", 3);
	assert_true(
	    path_absolute(out, "/", (struct slice){ lengthy, sizeof lengthy }));
	assert_string_equal(out, "/");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_made_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
