/*
 * The fields of an answer about a file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "net/http_answer.h"

static const struct {
	const char *what, *path;
	bool encoded, varies;
	uint64_t first, n; /* n 0: no part was asked for */
	const char *want;
} cases[] = {
	{ "a CSV", "main/conversions.csv", false, true, 0, 0,
	    "ETag: \"6790a000-64\"\n"
	    "Last-Modified: Wed, 22 Jan 2025 07:36:32 GMT\n"
	    "Cache-Control: private, no-cache\n"
	    "Vary: Accept-Encoding\n"
	    "Content-Type: text/csv; charset=utf-8\n"
	    "Accept-Ranges: bytes\n" },
	{ "its sidecar in its place", "main/conversions.csv", true, true, 0, 0,
	    "ETag: \"6790a000-64-gz\"\n"
	    "Last-Modified: Wed, 22 Jan 2025 07:36:32 GMT\n"
	    "Cache-Control: private, no-cache\n"
	    "Vary: Accept-Encoding\n"
	    "Content-Type: text/csv; charset=utf-8\n"
	    "Accept-Ranges: bytes\n"
	    "Content-Encoding: gzip\n" },
	{ "the sidecar itself", "conversions.csv.gz", false, false, 0, 0,
	    "ETag: \"6790a000-64\"\n"
	    "Last-Modified: Wed, 22 Jan 2025 07:36:32 GMT\n"
	    "Cache-Control: private, no-cache\n"
	    "Content-Type: application/gzip\n"
	    "Accept-Ranges: bytes\n" },
	{ "a part of a JSON", "orders.json", false, true, 90, 10,
	    "ETag: \"6790a000-64\"\n"
	    "Last-Modified: Wed, 22 Jan 2025 07:36:32 GMT\n"
	    "Cache-Control: private, no-cache\n"
	    "Vary: Accept-Encoding\n"
	    "Content-Type: application/json\n"
	    "Accept-Ranges: bytes\n"
	    "Content-Range: bytes 90-99/100\n" },
	{ "what has no known name", "x", false, false, 0, 0,
	    "ETag: \"6790a000-64\"\n"
	    "Last-Modified: Wed, 22 Jan 2025 07:36:32 GMT\n"
	    "Cache-Control: private, no-cache\n"
	    "Content-Type: application/octet-stream\n"
	    "Accept-Ranges: bytes\n" },
};

static void
an_answer_has_its_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct http_version v;
		struct http_fields f;
		char got[1024];
		size_t n = 0;

		http_version_of(&v, 1737531392, 100, cases[i].encoded);
		http_fields_file(
		    &f, &v, cases[i].path, cases[i].encoded, cases[i].varies);
		if (cases[i].n > 0)
			http_fields_part(&f, &v, cases[i].first, cases[i].n);
		for (size_t k = 0; k < f.n; k++)
			n += (size_t)snprintf(got + n, sizeof got - n,
			    "%s: %s\n", f.field[k].name, f.field[k].value);
		if (strcmp(got, cases[i].want) != 0)
			fail_msg("%s:\n%s", cases[i].what, got);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_has_its_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
