/*
 * pouring: what is added lies in the file, in its order and with its hash, and
 * what goes wrong is told.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feed/pouring.h"
#include "feed/render.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* n bytes that are not the same anywhere near. */
static char *
bytes_of(size_t n)
{
	char *p = malloc(n + 1);
	uint32_t seed = 1;

	assert_non_null(p);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		p[i] = (char)(seed >> 24);
	}
	return p;
}

static int
temporary(void)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	fd = dup(fileno(f));
	fclose(f);
	return fd;
}

struct reader {
	struct growing *file;
	char *got;
	size_t n;
};

static void *
read_all(void *ctx)
{
	struct reader *r = ctx;
	ssize_t k;

	while ((k = growing_read(r->file, r->got + r->n, 4096, r->n)) > 0)
		r->n += (size_t)k;
	return NULL;
}

static void
what_is_added_is_there_in_its_order(void **state)
{
	static const struct {
		size_t all, step;
	} row[] = {
		{ 0, 1 },
		{ 1, 1 },
		{ 1000, 7 },
		{ 65536, 65536 },
		{ 3000000, 65536 },
		{ 1000000, 4097 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char *in = bytes_of(row[i].all), *out = bytes_of(row[i].all);
		char sha256[65], want[65];
		int fd = temporary();
		struct growing *growing = growing_open(fd);
		struct reader reader = { growing, malloc(row[i].all + 4096),
			0 };
		struct pouring *p = pouring_open(fd, growing);
		pthread_t thread;

		assert_int_equal(
		    pthread_create(&thread, NULL, read_all, &reader), 0);
		for (size_t at = 0; at < row[i].all; at += row[i].step) {
			size_t n = row[i].all - at;

			n = n < row[i].step ? n : row[i].step;
			/* the caller may use its buffer for the next one */
			memcpy(out, in + at, n);
			assert_int_equal(pouring_add(p, out, n), 0);
			memset(out, '?', n);
		}
		assert_int_equal(pouring_end(p, sha256), 0);
		growing_end(growing);
		pthread_join(thread, NULL);
		assert_int_equal(reader.n, row[i].all);
		assert_memory_equal(reader.got, in, row[i].all);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		assert_int_equal(render_hash(want, fd), 0);
		assert_string_equal(sha256, want);
		growing_close(growing);
		close(fd);
		free(reader.got);
		free(in);
		free(out);
	}
}

/* Whether it is seen while there is more or at the end is up to the thread. */
static void
what_cannot_be_written_is_told(void **state)
{
	static const size_t times[] = { 1, 2, 1000 };
	static char block[POURING_MOST];

	(void)state;
	for (size_t i = 0; i < COUNT(times); i++) {
		int fd = open("/dev/full", O_WRONLY), rc = 0;
		struct pouring *p = pouring_open(fd, NULL);
		char sha256[65];

		for (size_t n = 0; n < times[i] && rc == 0; n++)
			rc = pouring_add(p, block, sizeof block);
		if (times[i] == 1000)
			assert_int_equal(rc, -1);
		if (rc == -1)
			assert_int_equal(errno, ENOSPC);
		assert_int_equal(pouring_end(p, sha256), -1);
		assert_int_equal(errno, ENOSPC);
		close(fd);
	}
}

static void
it_may_be_given_up(void **state)
{
	int fd = temporary();
	struct pouring *p = pouring_open(fd, NULL);

	(void)state;
	assert_int_equal(pouring_add(p, "abc", 3), 0);
	pouring_cancel(p);
	pouring_cancel(NULL);
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_added_is_there_in_its_order),
		cmocka_unit_test(what_cannot_be_written_is_told),
		cmocka_unit_test(it_may_be_given_up),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
