/*
 * Texts of tests in other encodings; include it behind cmocka.h.
 */
#ifndef TESTS_FORMATS_ENCODE_H
#define TESTS_FORMATS_ENCODE_H

#include <iconv.h>
#include <stdlib.h>
#include <string.h>

/* From UTF-8 to name; dies of what name does not have. */
static inline size_t
encode(const char *name, const char *utf8, char *out, size_t room)
{
	iconv_t c = iconv_open(name, "UTF-8");
	char *copy = strdup(utf8), *in = copy, *to = out;
	size_t n = strlen(utf8), left = room;

	assert_true(c != (iconv_t)-1);
	assert_int_equal(iconv(c, &in, &n, &to, &left), 0);
	iconv_close(c);
	free(copy);
	return room - left;
}

#endif
