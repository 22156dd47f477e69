/*
 * SFTP packets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "net/sftp_packet.h"

#define ID "\0\0\0\7"
#define BYTES(s) (s), sizeof(s) - 1

static void
requests_are_taken_apart(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
		enum sftp_parsed want;
		uint8_t type;
		const char *name, *other;
		uint64_t offset;
		uint32_t len, flags;
	} row[] = {
		{ "INIT", BYTES("\1\0\0\0\7"), SFTP_PARSED, SFTP_INIT, "", "",
		    0, 0, 0 },
		{ "OPEN", BYTES("\3" ID "\0\0\0\2/a\0\0\0\1\0\0\0\0"),
		    SFTP_PARSED, SFTP_OPEN, "/a", "", 0, 0, SFTP_OPEN_READ },
		{ "READ", BYTES("\5" ID "\0\0\0\1h\0\0\0\1\0\0\0\2\0\0\x80\0"),
		    SFTP_PARSED, SFTP_READ, "h", "", 0x100000002, 32768, 0 },
		{ "WRITE", BYTES("\6" ID "\0\0\0\1h\0\0\0\0\0\0\0\3\0\0\0\2xy"),
		    SFTP_PARSED, SFTP_WRITE, "h", "xy", 3, 0, 0 },
		{ "RENAME", BYTES("\x12" ID "\0\0\0\1a\0\0\0\1b"), SFTP_PARSED,
		    SFTP_RENAME, "a", "b", 0, 0, 0 },
		{ "posix-rename",
		    BYTES("\xc8" ID "\0\0\0\x18posix-rename@openssh.com"
			  "\0\0\0\1a\0\0\0\1b"),
		    SFTP_PARSED, SFTP_RENAME, "a", "b", 0, 0, 0 },
		{ "fsync",
		    BYTES("\xc8" ID "\0\0\0\x11"
			  "fsync@openssh.com\0\0\0\1h"),
		    SFTP_PARSED, SFTP_EXTENDED, "fsync@openssh.com", "h", 0, 0,
		    0 },
		{ "bytes behind a request", BYTES("\4" ID "\0\0\0\1hmore"),
		    SFTP_PARSED, SFTP_CLOSE, "h", "", 0, 0, 0 },
		{ "an empty name", BYTES("\x11" ID "\0\0\0\0"), SFTP_PARSED,
		    SFTP_STAT, "", "", 0, 0, 0 },
		{ "a type of version 6", BYTES("\x15" ID), SFTP_UNKNOWN, 21, "",
		    "", 0, 0, 0 },
		{ "a reply", BYTES("\x65" ID "\0\0\0\0"), SFTP_UNKNOWN,
		    SFTP_STATUS, "", "", 0, 0, 0 },
		{ "no name", BYTES("\4" ID), SFTP_BROKEN, SFTP_CLOSE, "", "", 0,
		    0, 0 },
		{ "a name that ends early", BYTES("\4" ID "\0\0\0\2h"),
		    SFTP_BROKEN, SFTP_CLOSE, "", "", 0, 0, 0 },
		{ "a length near 2^32", BYTES("\4" ID "\xff\xff\xff\xffh"),
		    SFTP_BROKEN, SFTP_CLOSE, "", "", 0, 0, 0 },
		{ "half an offset", BYTES("\5" ID "\0\0\0\1h\0\0\0\1"),
		    SFTP_BROKEN, SFTP_READ, "h", "", 0x100000000, 0, 0 },
		{ "half an id", BYTES("\4\0\0\7"), SFTP_NOISE, 0, "", "", 0, 0,
		    0 },
		{ "nothing", BYTES(""), SFTP_NOISE, 0, "", "", 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct sftp_request q = { 0 };

		print_message("# %s\n", row[i].what);
		assert_int_equal(
		    sftp_parse(&q, (const uint8_t *)row[i].bytes, row[i].n),
		    row[i].want);
		assert_int_equal(q.type, row[i].type);
		if (row[i].want != SFTP_NOISE)
			assert_int_equal(q.id, 7);
		if (row[i].want != SFTP_PARSED)
			continue;
		assert_true(slice_is(q.name, row[i].name));
		assert_true(slice_is(q.other, row[i].other));
		assert_int_equal(q.offset, row[i].offset);
		assert_int_equal(q.len, row[i].len);
		assert_int_equal(q.flags, row[i].flags);
	}
}

static void
replies_are_put_together(void **state)
{
	static const char status[] =
	    "\0\0\0\x17\x65" ID "\0\0\0\2\0\0\0\4None\0\0\0\2en";
	static const char head[] = "\0\3\xfc\x09\x67" ID "\0\3\xfc\0";
	const struct sftp_attrs a = { 0x100000002, 0x65920080, false, true };
	static const char attrs[] =
	    "\0\0\0\x1d\x69" ID "\0\0\0\x0d\0\0\0\1\0\0\0\2\0\0\x81\xa4"
	    "\x65\x92\0\x80\x65\x92\0\x80";
	uint8_t buf[128];
	struct sftp_out o = { buf, 0, sizeof buf, 0 };

	(void)state;
	sftp_put_status(&o, 7, SFTP_NO_SUCH_FILE, "None");
	assert_int_equal(o.n, sizeof status - 1);
	assert_memory_equal(buf, status, o.n);
	o.n = 0;
	sftp_put_data_head(&o, 7, SFTP_READ_MAX);
	assert_int_equal(o.n, SFTP_DATA_HEAD);
	assert_memory_equal(buf, head, o.n);
	o.n = 0;
	sftp_begin(&o, SFTP_ATTRS, 7);
	sftp_put_attrs(&o, &a);
	sftp_end(&o);
	assert_int_equal(o.n, sizeof attrs - 1);
	assert_memory_equal(buf, attrs, o.n);
}

static void
a_long_name_looks_like_ls(void **state)
{
	const int64_t now = 1795338900; /* 2026-11-22 09:15 UTC */
	static const struct {
		struct sftp_attrs a;
		const char *want;
	} row[] = {
		{ { 981, 1795338900, false, false },
		    "-r--r--r--    1 0        0               981 Nov 22 09:15 "
		    "x" },
		{ { 981, 1795338900 - 300 * 86400, false, true },
		    "-rw-r--r--    1 0        0               981 Jan 26  2026 "
		    "x" },
		{ { 0, 1795338901, true, false },
		    "dr-xr-xr-x    1 0        0                 0 Nov 22  2026 "
		    "x" },
		{ { 0, -1, true, true },
		    "drwxr-xr-x    1 0        0                 0 Jan  1  1970 "
		    "x" },
	};
	char out[SFTP_LONG_MAX], name[300];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		sftp_long_name(out, "x", &row[i].a, now);
		assert_string_equal(out, row[i].want);
	}
	memset(name, 'n', sizeof name);
	name[255] = '\0';
	sftp_long_name(out, name, &row[0].a, now);
	assert_int_equal(strlen(out), strlen(row[0].want) + 254);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_taken_apart),
		cmocka_unit_test(replies_are_put_together),
		cmocka_unit_test(a_long_name_looks_like_ls),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
