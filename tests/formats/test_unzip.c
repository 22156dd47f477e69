/*
 * Zip archives: what is in them, each kind of damage by its name, limits on
 * what they claim and on what comes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "formats/unzip.h"
#include "tests/formats/make_zip.h"
#include "tests/formats/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define S(text)                                                                \
	{                                                                      \
		text, sizeof(text) - 1                                         \
	}

static const struct limits limits = {
	.packed_bytes = 64 << 20,
	.plain_bytes = 64 << 20,
	.ratio = 200,
	.ratio_from = 1 << 20,
	.members = 8,
};

/* The archive's own status, or that of its first member, read to the end. */
static enum fmt_status
status_of(struct slice zip, const struct limits *l)
{
	struct memory m;
	struct unzip *z = NULL;
	struct unzip_stream *s = NULL;
	char buf[4096];
	size_t got = 1;
	enum fmt_status rc =
	    unzip_open(&z, memory_file(&m, zip.p, zip.n, 0), l);

	if (rc == FMT_OK)
		rc = unzip_begin(&s, z, 0);
	while (rc == FMT_OK && got > 0)
		rc = unzip_read(s, buf, sizeof buf, &got);
	unzip_end(s);
	unzip_close(z);
	return rc;
}

static struct slice
one(const char *name, struct slice bytes, bool stored)
{
	struct zip_file_in f = { name, bytes, NULL, stored };

	return make_zip(&f, 1);
}

static void
forget(struct slice s)
{
	char *p;

	memcpy(&p, &s.p, sizeof p);
	free(p);
}

static char *
writable(struct slice s)
{
	char *p;

	memcpy(&p, &s.p, sizeof p);
	return p;
}

static void
members_come_with_their_bytes(void **state)
{
	static const struct zip_file_in file[] = {
		{ "b.csv", S("id;phone\n1;2\n"), NULL, false },
		{ "folder/", S(""), NULL, false },
		{ "folder/\xd0\xb0.csv", S("x"), NULL, true },
		{ "__MACOSX/._b.csv", S("?"), NULL, false },
		{ ".DS_Store", S("?"), NULL, false },
		{ "empty.csv", S(""), NULL, false },
	};
	static const bool noise[] = { false, true, false, true, true, false };
	struct slice zip = make_zip(file, COUNT(file));
	struct memory m;
	struct unzip *z;

	(void)state;
	for (size_t step = 0; step < 8; step += 7) {
		assert_int_equal(
		    unzip_open(
			&z, memory_file(&m, zip.p, zip.n, step), &limits),
		    FMT_OK);
		assert_int_equal(unzip_members(z), COUNT(file));
		for (size_t i = 0; i < COUNT(file); i++) {
			const struct unzip_member *k = unzip_member(z, i);
			struct unzip_stream *s;
			char buf[64];
			size_t got;

			assert_string_equal(k->name, file[i].name);
			assert_int_equal(k->status, FMT_OK);
			assert_int_equal(k->bytes, file[i].bytes.n);
			assert_int_equal(unzip_is_noise(k), noise[i]);
			assert_int_equal(unzip_begin(&s, z, i), FMT_OK);
			assert_int_equal(
			    unzip_read(s, buf, sizeof buf, &got), FMT_OK);
			assert_int_equal(got, file[i].bytes.n);
			assert_memory_equal(buf, file[i].bytes.p, got);
			assert_int_equal(
			    unzip_read(s, buf, sizeof buf, &got), FMT_OK);
			assert_int_equal(got, 0);
			unzip_end(s);
		}
		assert_int_equal(unzip_find(z, "B.CSV"), 0);
		assert_true(unzip_find(z, "c.csv") == SIZE_MAX);
		unzip_close(z);
	}
	forget(zip);
}

static void
a_name_in_the_windows_way_is_read(void **state)
{
	struct slice zip = one("xxxxxx.csv", (struct slice)S("1"), true);
	struct memory m;
	struct unzip *z;

	(void)state;
	/* "заказы" in cp866, in both places where it stands */
	for (size_t i = 0; i + 6 < zip.n; i++) {
		if (memcmp(zip.p + i, "xxxxxx", 6) == 0)
			memcpy(
			    writable(zip) + i, "\xa7\xa0\xaa\xa0\xa7\xeb", 6);
	}
	assert_int_equal(
	    unzip_open(&z, memory_file(&m, zip.p, zip.n, 0), &limits), FMT_OK);
	assert_string_equal(unzip_member(z, 0)->name, "заказы.csv");
	assert_int_equal(unzip_member(z, 0)->status, FMT_OK);
	unzip_close(z);
	forget(zip);
}

static void
a_name_that_leads_out_is_refused(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name;
		enum fmt_status status;
	} row[] = {
		{ "a/b.csv",              FMT_OK },
		{ "a..b/..c.csv",         FMT_OK },
		{ "../a.csv",             FMT_ZIP_NAME },
		{ "a/../../b.csv",        FMT_ZIP_NAME },
		{ "a/..",                 FMT_ZIP_NAME },
		{ "/etc/passwd",          FMT_ZIP_NAME },
		{ "C:/a.csv",             FMT_ZIP_NAME },
		{ "c:a.csv",              FMT_ZIP_NAME },
		{ "a\\b.csv",             FMT_ZIP_NAME },
		{ "..\\a.csv",            FMT_ZIP_NAME },
		{ "a\nb.csv",             FMT_ZIP_NAME },
		{ "a\x1b[2J.csv",         FMT_ZIP_NAME },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slice zip =
		    one(row[i].name, (struct slice)S("1"), false);

		if (status_of(zip, &limits) != row[i].status)
			fail_msg("%s", row[i].name);
		forget(zip);
	}
}

static void
a_password_is_named(void **state)
{
	struct zip_file_in f = { "a.csv", S("1;2"), "secret", false };
	struct slice zip = make_zip(&f, 1);
	struct memory m;
	struct unzip *z;

	(void)state;
	assert_int_equal(status_of(zip, &limits), FMT_ZIP_PASSWORD);
	assert_int_equal(
	    unzip_open(&z, memory_file(&m, zip.p, zip.n, 0), &limits), FMT_OK);
	assert_int_equal(unzip_verdict(z), FMT_ZIP_PASSWORD);
	unzip_close(z);
	forget(zip);
}

/* Where the directory says how its one member is compressed. */
static char *
directory_of(struct slice zip)
{
	char *p = memmem(writable(zip), zip.n, "PK\001\002", 4);

	assert_non_null(p);
	return p;
}

static void
a_method_that_libzip_lacks_is_named(void **state)
{
	struct slice zip = one("a.csv", (struct slice)S("1;2;3"), false);

	(void)state;
	directory_of(zip)[10] = 9; /* deflate64 */
	writable(zip)[8] = 9;
	assert_int_equal(status_of(zip, &limits), FMT_ZIP_METHOD);
	forget(zip);
}

static void
damage_is_never_the_end(void **state)
{
	struct slice zip = one("a.csv",
	    (struct slice)S("one;two;three\nfour;five;six\nseven;eight;nine\n"),
	    false);
	char *copy = mem_slice(zip);

	(void)state;
	assert_int_equal(status_of(zip, &limits), FMT_OK);
	for (size_t n = 4; n < zip.n; n++) {
		enum fmt_status rc =
		    status_of((struct slice){ zip.p, n }, &limits);

		if (rc != FMT_TRUNCATED && rc != FMT_CORRUPT)
			fail_msg("cut at %zu: %s", n, fmt_status_code(rc));
	}
	/* the bytes of the member, and its checksum */
	copy[14 + 30]++;
	assert_int_not_equal(
	    status_of((struct slice){ copy, zip.n }, &limits), FMT_OK);
	free(copy);
	copy = mem_slice(zip);
	directory_of((struct slice){ copy, zip.n })[16]++;
	assert_int_equal(
	    status_of((struct slice){ copy, zip.n }, &limits), FMT_CORRUPT);
	free(copy);
	forget(zip);
}

static void
bombs_and_crowds_are_refused(void **state)
{
	size_t n = 4 << 20;
	char *zeros = mem_alloc(n);
	struct zip_file_in file[9];
	struct limits l = limits;
	struct slice zip = one("a.csv", (struct slice){ zeros, n }, false);

	(void)state;
	assert_int_equal(status_of(zip, &limits), FMT_BOMB);
	l.ratio_from = 8 << 20;
	assert_int_equal(status_of(zip, &l), FMT_OK);
	l.plain_bytes = 1 << 20;
	assert_int_equal(status_of(zip, &l), FMT_TOO_BIG);
	l.packed_bytes = 100;
	assert_int_equal(status_of(zip, &l), FMT_TOO_BIG);
	forget(zip);
	for (size_t i = 0; i < COUNT(file); i++)
		file[i] = (struct zip_file_in){ .name = &"abcdefghi"[i],
			.bytes = S("1") };
	zip = make_zip(file, 8);
	assert_int_equal(status_of(zip, &limits), FMT_OK);
	forget(zip);
	zip = make_zip(file, 9);
	assert_int_equal(status_of(zip, &limits), FMT_ZIP_MEMBERS);
	forget(zip);
	free(zeros);
}

/* Members that share their bytes, each of them harmless. */
static void
what_all_members_unpack_to_is_counted(void **state)
{
	size_t n = 1 << 20;
	char *text = mem_alloc(n);
	struct zip_file_in file[4];
	struct limits l = limits;
	struct slice zip;
	struct memory m;
	struct unzip *z;
	enum fmt_status rc = FMT_OK;

	(void)state;
	for (size_t i = 0; i < n; i++)
		text[i] = (char)(i * i >> 7);
	for (size_t i = 0; i < COUNT(file); i++)
		file[i] = (struct zip_file_in){ .name = &"abcd"[i],
			.bytes = { text, n } };
	zip = make_zip(file, COUNT(file));
	l.plain_bytes = 3 << 20;
	assert_int_equal(
	    unzip_open(&z, memory_file(&m, zip.p, zip.n, 0), &l), FMT_OK);
	for (size_t i = 0; i < COUNT(file); i++) {
		struct unzip_stream *s;
		size_t got = 1;

		assert_int_equal(unzip_begin(&s, z, i), FMT_OK);
		while (rc == FMT_OK && got > 0)
			rc = unzip_read(s, text, n, &got);
		unzip_end(s);
		assert_int_equal(rc, i < 3 ? FMT_OK : FMT_TOO_BIG);
	}
	unzip_close(z);
	forget(zip);
	free(text);
}

/* libzip would make room for all that the archive claims to have. */
static void
a_large_archives_count_is_not_believed(void **state)
{
	/* clang-format off */
	static const char end[] =
	    "PK\006\006" "\x2c\0\0\0\0\0\0\0" "\x2d\0\x2d\0" "\0\0\0\0\0\0\0\0"
	    "\0\0\0\x10\0\0\0\0" "\0\0\0\x10\0\0\0\0" /* 2^28 members */
	    "\0\0\0\0\x03\0\0\0" "\x04\0\0\0\0\0\0\0"
	    "PK\006\007" "\0\0\0\0" "\x04\0\0\0\0\0\0\0" "\x01\0\0\0"
	    "PK\005\006" "\0\0\0\0" "\xff\xff\xff\xff"
	    "\xff\xff\xff\xff\xff\xff\xff\xff" "\0\0";
	/* clang-format on */
	char zip[4 + sizeof end - 1];

	(void)state;
	memcpy(zip, "PK\003\004", 4);
	memcpy(zip + 4, end, sizeof end - 1);
	assert_int_equal(status_of((struct slice){ zip, sizeof zip }, &limits),
	    FMT_ZIP_MEMBERS);
}

static void
what_an_archive_is_by_itself(void **state)
{
	/* clang-format off */
	static const struct {
		const char *name[3];
		bool package;
		enum fmt_status verdict;
	} row[] = {
		{ { "a.csv" },                                false, FMT_ZIP_NESTED },
		{ { "a/", ".DS_Store" },                      false, FMT_ZIP_EMPTY },
		{ { "../a.csv" },                             false, FMT_ZIP_NAME },
		{ { "xl/workbook.xml" },                      true,  FMT_OK },
		{ { "[Content_Types].xml", "XL/Workbook.xml" }, true, FMT_OK },
		{ { "[Content_Types].xml", "xl/workbook.bin" }, true, FMT_XLSB },
		{ { "[Content_Types].xml", "word/document.xml" }, true, FMT_SYNTAX },
		{ { "mimetype", "content.xml" },              true,  FMT_ODS },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct zip_file_in file[3] = { 0 };
		size_t n = 0;
		struct slice zip;
		struct memory m;
		struct unzip *z;

		for (; n < 3 && row[i].name[n] != NULL; n++)
			file[n] = (struct zip_file_in){ .name = row[i].name[n],
				.bytes = S("1") };
		zip = make_zip(file, n);
		assert_int_equal(
		    unzip_open(&z, memory_file(&m, zip.p, zip.n, 0), &limits),
		    FMT_OK);
		assert_int_equal(unzip_is_package(z), row[i].package);
		assert_int_equal(unzip_verdict(z), row[i].verdict);
		unzip_close(z);
		forget(zip);
	}
}

static void
a_stream_is_no_place_for_an_archive(void **state)
{
	struct slice zip = one("a.csv", (struct slice)S("1"), false);
	struct memory m;
	struct unzip *z;

	(void)state;
	assert_int_equal(
	    unzip_open(&z, memory_input(&m, zip.p, zip.n, 0), &limits),
	    FMT_ZIP_STREAM);
	forget(zip);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_with_their_bytes),
		cmocka_unit_test(a_name_in_the_windows_way_is_read),
		cmocka_unit_test(a_name_that_leads_out_is_refused),
		cmocka_unit_test(a_password_is_named),
		cmocka_unit_test(a_method_that_libzip_lacks_is_named),
		cmocka_unit_test(damage_is_never_the_end),
		cmocka_unit_test(bombs_and_crowds_are_refused),
		cmocka_unit_test(what_all_members_unpack_to_is_counted),
		cmocka_unit_test(a_large_archives_count_is_not_believed),
		cmocka_unit_test(what_an_archive_is_by_itself),
		cmocka_unit_test(a_stream_is_no_place_for_an_archive),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
