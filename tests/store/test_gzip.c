/*
 * gzip files, packed and stored: zlib reads what was written, and what is not
 * sound is not read.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "store/gzip.h"

#define MOST ((size_t)600 * 1024)

static unsigned char bytes[MOST];

static int
written(bool stored, size_t n, size_t step)
{
	int fd = memfd_create("gzip", MFD_CLOEXEC);
	struct gzip *z = gzip_open(fd, stored);

	for (size_t i = 0; i < n; i += step)
		assert_int_equal(
		    gzip_add(z, bytes + i, step < n - i ? step : n - i), 0);
	assert_int_equal(gzip_end(z), 0);
	gzip_close(z);
	return fd;
}

struct told {
	size_t n;
};

static int
take(void *ctx, const unsigned char *p, size_t n)
{
	struct told *t = ctx;

	assert_memory_equal(p, bytes + t->n, n);
	t->n += n;
	return 0;
}

static void
what_goes_in_comes_out(void **state)
{
	static const size_t size[] = { 0, 1, 65534, 65535, 65536, 131070,
		262144, 262145, MOST };
	static const size_t step[] = { 1 << 20, 65535, 65537, 4099 };

	(void)state;
	for (size_t i = 0; i < MOST; i++)
		bytes[i] = (unsigned char)(i * i >> 7);
	for (size_t i = 0; i < sizeof size / sizeof *size; i++)
		for (size_t k = 0; k < 2 * sizeof step / sizeof *step; k++) {
			int fd = written(k % 2, size[i], step[k / 2]);
			unsigned char *out = calloc(1, MOST + 1);
			struct gzip_sum sum;
			struct told t = { 0 };
			gzFile z;

			assert_int_equal(
			    gzip_read(fd, take, &t, NULL, &sum), 0);
			assert_int_equal(t.n, size[i]);
			assert_int_equal(sum.bytes, size[i]);
			assert_int_equal(
			    sum.crc, crc32(0, bytes, (uInt)size[i]));
			lseek(fd, 0, SEEK_SET);
			z = gzdopen(fd, "r");
			assert_int_equal(
			    gzread(z, out, (unsigned)MOST + 1), size[i]);
			assert_memory_equal(out, bytes, size[i]);
			assert_int_equal(gzclose(z), Z_OK);
			free(out);
		}
}

static void
what_is_not_sound_is_not_read(void **state)
{
	static const struct {
		off_t cut;   /* so many bytes of the end */
		off_t other; /* a byte that is another, from the end; 0: none */
		size_t more; /* behind the end */
	} row[] = { { 0, 1, 0 }, { 0, 8, 0 }, { 0, 70000, 0 }, { 1, 0, 0 },
		{ 8, 0, 0 }, { 9, 0, 0 }, { 70000, 0, 0 }, { 0, 0, 1 },
		{ 0, 0, 300000 } };
	const atomic_bool stop = true;
	struct gzip_sum sum;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		unsigned char c;
		off_t end;

		fd = written(true, 300000, 65536);
		end = lseek(fd, 0, SEEK_END);
		if (row[i].other != 0) {
			assert_int_equal(
			    pread(fd, &c, 1, end - row[i].other), 1);
			c ^= 1;
			assert_int_equal(
			    pwrite(fd, &c, 1, end - row[i].other), 1);
		}
		assert_int_equal(ftruncate(fd, end - row[i].cut), 0);
		assert_int_equal(write(fd, bytes, row[i].more), row[i].more);
		errno = 0;
		assert_int_equal(gzip_read(fd, NULL, NULL, NULL, &sum), -1);
		assert_int_equal(errno, EBADMSG);
		close(fd);
	}
	fd = written(false, 300000, 65536);
	assert_int_equal(gzip_read(fd, NULL, NULL, &stop, &sum), -1);
	assert_int_equal(errno, ECANCELED);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(what_is_not_sound_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
