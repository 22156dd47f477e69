/*
 * What is unpacked of what was dropped: members in order, names that keep
 * apart what a report's name would not, what gzip holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "server/bytes.h"
#include "feed/unpack.h"
#include "tests/formats/make_zip.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define S(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static const struct limits limits = {
	.packed_bytes = 1 << 20,
	.plain_bytes = 1 << 20,
	.ratio = 200,
	.ratio_from = 1 << 16,
	.members = 8,
};
static struct unpack_how how = { .limits = &limits, .dir = "/tmp" };

static int
file_of(struct slice s)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	assert_int_equal(bytes_write(fd, s.p, s.n), 0);
	return fd;
}

static int
zip_of(const struct zip_file_in *file, size_t n)
{
	struct slice zip = make_zip(file, n);
	int fd = file_of(zip);
	char *p;

	memcpy(&p, &zip.p, sizeof p);
	free(p);
	return fd;
}

static int
gzip_of(int fd, size_t cut)
{
	static char plain[1 << 16], packed[1 << 16];
	ssize_t n = pread(fd, plain, sizeof plain, 0);
	z_stream z = { .next_in = (uint8_t *)plain,
		.avail_in = (uInt)n,
		.next_out = (uint8_t *)packed,
		.avail_out = sizeof packed };

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	close(fd);
	return file_of((struct slice){ packed, z.total_out - cut });
}

/* "NAME=BYTES" or "NAME:CODE" a line. */
static void
list(char *out, size_t size, int fd, const char *name)
{
	struct unpack *u;
	struct unpack_dump d;
	struct err e = ERR_EMPTY;
	size_t n = 0;
	int more;

	*out = '\0';
	assert_int_equal(unpack_open(&u, fd, name, &how, &e), 0);
	while ((more = unpack_next(u, &d, &e)) == 1) {
		char buf[256] = "";

		if (d.status == FMT_OK)
			assert_true(read(d.fd, buf, sizeof buf - 1) >= 0);
		n += (size_t)snprintf(out + n, size - n, "%s%s%s\n", d.name,
		    d.status == FMT_OK ? "=" : ":",
		    d.status == FMT_OK ? buf : fmt_status_code(d.status));
	}
	assert_int_equal(more, 0);
	unpack_close(u);
	close(fd);
}

static void
members_come_in_order_of_name(void **state)
{
	static const struct zip_file_in file[] = {
		{ "c.csv", S("3"), NULL, false },
		{ "Thumbs.db", S("x"), NULL, false },
		{ "a/b.csv", S("2"), NULL, false },
		{ "../d.csv", S("4"), NULL, false },
		{ "a.csv", S("1"), NULL, true },
		{ "e.csv", S("5"), "secret", true },
	};
	char out[1024];

	(void)state;
	list(out, sizeof out, zip_of(file, COUNT(file)), "z.zip");
	assert_string_equal(out,
	    "z.zip/../d.csv:zip_name\nz.zip/a.csv=1\nz.zip/a/b.csv=2\n"
	    "z.zip/c.csv=3\nz.zip/e.csv:zip_password\n");
	list(out, sizeof out, gzip_of(zip_of(file, COUNT(file)), 0), "z.gz");
	assert_non_null(strstr(out, "\nz.gz/a/b.csv=2\n"));
}

/* A report's name has no slash. */
static void
names_that_would_look_alike_stay_apart(void **state)
{
	static const struct zip_file_in file[] = {
		{ "a_b.csv", S("2"), NULL, false },
		{ "a/b.csv", S("1"), NULL, false },
		{ "a/b_c.csv", S("3"), NULL, false },
		{ "a_b/c.csv", S("4"), NULL, false },
		{ "a_b_.csv", S("5"), NULL, false },
	};
	char out[1024];

	(void)state;
	list(out, sizeof out, zip_of(file, COUNT(file)), "z.zip");
	assert_string_equal(out,
	    "z.zip/a/b.csv=1\nz.zip/a/b_c.csv=3\nz.zip/3-a_b.csv=2\n"
	    "z.zip/4-a_b/c.csv=4\nz.zip/a_b_.csv=5\n");
}

static void
what_is_no_archive_is_one_dump(void **state)
{
	static const struct zip_file_in book[] = { { "xl/workbook.xml", S("x"),
	    NULL, true } };
	static const struct zip_file_in locked[] = { { "a.csv", S("x"),
	    "secret", true } };
	char out[1024];

	(void)state;
	list(out, sizeof out, file_of((struct slice)S("1;2")), "a.csv");
	assert_string_equal(out, "a.csv=1;2\n");
	list(out, sizeof out, file_of((struct slice)S("")), "a.csv");
	assert_string_equal(out, "a.csv=\n");
	list(out, sizeof out, zip_of(book, 1), "a.xlsx");
	assert_int_equal(strncmp(out, "a.xlsx=PK", 9), 0);
	list(out, sizeof out, gzip_of(zip_of(book, 1), 0), "a.xlsx.gz");
	assert_int_equal(strncmp(out, "a.xlsx.gz=PK", 12), 0);
	list(out, sizeof out, zip_of(locked, 1), "a.zip");
	assert_int_equal(strncmp(out, "a.zip=PK", 8), 0);
	list(out, sizeof out, file_of((struct slice)S("PK\003\004")), "a.zip");
	assert_int_equal(strncmp(out, "a.zip=PK", 8), 0);
}

/* Reports are found by the first 128 bytes. */
static void
long_names_stay_apart(void **state)
{
	struct zip_file_in file[2];
	char name[2][180], out[1024], *second;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		memset(name[i], 'a', sizeof name[i]);
		snprintf(name[i] + 150, 30, "%zuя.csv", i);
		file[i] =
		    (struct zip_file_in){ .name = name[i], .bytes = S("x") };
	}
	list(out, sizeof out, zip_of(file, 2), "архив.zip");
	second = strchr(out, '\n') + 1;
	assert_int_equal(strncmp(out, "архив.zip/1-aaa", 20), 0);
	assert_int_equal(strncmp(second, "архив.zip/2-aaa", 20), 0);
	assert_non_null(strstr(second, "1я.csv=x"));
	assert_true((size_t)(second - out) <= 128 + 3);
}

static void
what_gzip_cannot_give_has_its_status(void **state)
{
	static const struct zip_file_in file[] = { { "xl/workbook.xml", S("x"),
	    NULL, true } };
	struct limits small = limits;
	struct unpack_how tight = { .limits = &small, .dir = "/tmp" };
	/* clang-format off */
	const struct {
		size_t cut, plain_bytes;
		enum fmt_status status;
	} row[] = {
		{ 0, 1 << 20, FMT_OK },
		{ 1, 1 << 20, FMT_TRUNCATED },
		{ 0, 100,     FMT_TOO_BIG },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		int fd = gzip_of(zip_of(file, 1), row[i].cut), spooled;
		struct err e = ERR_EMPTY;
		enum fmt_status status;

		small.plain_bytes = row[i].plain_bytes;
		assert_int_equal(
		    unpack_gzip(&spooled, fd, &tight, &status, &e), 0);
		/* too big at once is told by whoever reads it */
		if (row[i].status == FMT_OK) {
			assert_int_equal(status, FMT_OK);
			assert_int_not_equal(spooled, -1);
			close(spooled);
		} else {
			assert_int_equal(spooled, -1);
		}
		close(fd);
	}
}

static void
a_folder_that_is_not_there_is_an_error(void **state)
{
	static const struct zip_file_in file[] = { { "a.csv", S("1"), NULL,
	    true } };
	struct unpack_how nowhere = { .limits = &limits,
		.dir = "/nonexistent" };
	int fd = zip_of(file, 1);
	struct unpack *u;
	struct unpack_dump d;
	struct err e = ERR_EMPTY;

	(void)state;
	assert_int_equal(unpack_open(&u, fd, "z.zip", &nowhere, &e), 0);
	assert_int_equal(unpack_next(u, &d, &e), -1);
	assert_non_null(strstr(e.text, "/nonexistent"));
	unpack_close(u);
	close(fd);
}

static int
no_room(void *ctx, uint64_t bytes, struct err *e)
{
	(void)ctx;
	assert_true(bytes > 0);
	return err_set(e, "no room");
}

static void
a_disk_that_is_to_stay_free_and_a_stop_end_it(void **state)
{
	static const struct zip_file_in file[] = { { "a.csv", S("1"), NULL,
	    true } };
	static const bool yes = true;
	struct unpack_how row[2] = { how, how };

	(void)state;
	row[0].check_room = no_room;
	row[1].stop = &yes;
	for (size_t i = 0; i < COUNT(row); i++) {
		int fd = zip_of(file, 1);
		struct unpack *u;
		struct unpack_dump d;
		struct err e = ERR_EMPTY;

		assert_int_equal(unpack_open(&u, fd, "z.zip", &row[i], &e), 0);
		assert_int_equal(unpack_next(u, &d, &e), -1);
		assert_non_null(
		    strstr(e.text, i == 0 ? "no room" : "interrupted"));
		unpack_close(u);
		close(fd);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_in_order_of_name),
		cmocka_unit_test(names_that_would_look_alike_stay_apart),
		cmocka_unit_test(what_is_no_archive_is_one_dump),
		cmocka_unit_test(long_names_stay_apart),
		cmocka_unit_test(what_gzip_cannot_give_has_its_status),
		cmocka_unit_test(a_disk_that_is_to_stay_free_and_a_stop_end_it),
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
