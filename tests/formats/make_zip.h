/*
 * Small zip archives in memory, for tests: names and contents in, bytes out.
 * The name of the archive's damage is the test's own matter.
 */
#ifndef TESTS_FORMATS_MAKE_ZIP_H
#define TESTS_FORMATS_MAKE_ZIP_H

#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "formats/arena.h"
#include "formats/slice.h"

struct zip_file_in {
	const char *name;
	struct slice bytes;
	const char *password; /* NULL: none */
	bool stored;          /* not compressed */
};

static inline void
make_zip_file(zip_t *z, const struct zip_file_in *f)
{
	zip_source_t *s = zip_source_buffer(z, f->bytes.p, f->bytes.n, 0);
	zip_int64_t i = zip_file_add(z, f->name, s, ZIP_FL_ENC_GUESS);

	if (i < 0)
		abort();
	if (f->stored)
		zip_set_file_compression(z, (zip_uint64_t)i, ZIP_CM_STORE, 0);
	if (f->password != NULL && zip_file_set_encryption(z, (zip_uint64_t)i,
				       ZIP_EM_AES_256, f->password) != 0)
		abort();
}

/* malloc'ed */
static inline struct slice
make_zip(const struct zip_file_in *file, size_t n)
{
	zip_source_t *s = zip_source_buffer_create(NULL, 0, 0, NULL);
	zip_t *z;
	zip_stat_t st;
	char *p;

	zip_source_keep(s);
	z = zip_open_from_source(s, ZIP_TRUNCATE, NULL);
	if (z == NULL)
		abort();
	for (size_t i = 0; i < n; i++)
		make_zip_file(z, &file[i]);
	if (zip_close(z) != 0 || zip_source_open(s) != 0 ||
	    zip_source_stat(s, &st) != 0)
		abort();
	p = mem_alloc(st.size + 1);
	if (zip_source_read(s, p, st.size) != (zip_int64_t)st.size)
		abort();
	zip_source_close(s);
	zip_source_free(s);
	return (struct slice){ p, (size_t)st.size };
}

#endif
