/*
 * Decoding: gzip in all its shapes, limits, detection that waits for the first
 * non-ASCII byte, and the same answer however the bytes arrive.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "formats/arena.h"
#include "formats/decode.h"
#include "tests/formats/encode.h"
#include "tests/formats/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BROKEN "\xef\xbf\xbd"

static const struct limits limits = {
	.packed_bytes = 64 << 20,
	.plain_bytes = 64 << 20,
	.ratio = 200,
	.ratio_from = 1 << 20,
	.line_bytes = 1 << 20,
	.field_bytes = 64 << 10,
	.columns = 4096,
};

/* What a dump became. */
struct result {
	enum fmt_status status;
	char *text;
	size_t n;
	char encoding[32], compression[8];
	uint64_t packed, plain;
	uint8_t sha[32];
};

static void
run(struct result *r, const struct input *in, const char *encoding,
    const struct limits *l)
{
	struct decode *d = NULL;
	struct slice chunk;
	size_t room = 64;

	memset(r, 0, sizeof *r);
	r->text = mem_alloc(room);
	r->status = decode_open(&d, in, encoding, l);
	if (r->status != FMT_OK)
		return;
	while ((r->status = decode_read(d, &chunk)) == FMT_OK) {
		assert_true(chunk.n > 0);
		while (room < r->n + chunk.n + 1)
			r->text = mem_grow(r->text, room *= 2);
		memcpy(r->text + r->n, chunk.p, chunk.n);
		r->n += chunk.n;
	}
	r->text[r->n] = '\0';
	snprintf(r->encoding, sizeof r->encoding, "%s", decode_encoding(d));
	snprintf(
	    r->compression, sizeof r->compression, "%s", decode_compression(d));
	r->packed = decode_packed_bytes(d);
	r->plain = decode_plain_bytes(d);
	if (r->status == FMT_END)
		decode_sha256(d, r->sha);
	decode_close(d);
}

static void
run_bytes(struct result *r, const void *p, size_t n, size_t step,
    const char *encoding)
{
	struct memory m;

	run(r, memory_input(&m, p, n, step), encoding, &limits);
}

static size_t
gzip(const void *p, size_t n, char *out, size_t room)
{
	z_stream z = { 0 };
	char *copy = mem_slice((struct slice){ p, n });

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8,
			     Z_DEFAULT_STRATEGY),
	    Z_OK);
	z.next_in = (uint8_t *)copy;
	z.avail_in = (uInt)n;
	z.next_out = (uint8_t *)out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	free(copy);
	return room - z.avail_out;
}

#define HEADER "Номер заказа;Дата;Статус\n"
#define TEXT HEADER "1;2026-04-21;Оплачен\n2;2026-04-22;Отменён\n"

static void
an_encoding_is_detected_or_taken_as_set(void **state)
{
	static const struct {
		const char *iconv, *bom, *set, *encoding;
	} row[] = {
		{ "UTF-8", "", "", "utf-8" },
		{ "UTF-8", "\xef\xbb\xbf", "", "utf-8" },
		{ "UTF-8", "\xef\xbb\xbf", "UTF-8", "utf-8" },
		{ "CP1251", "", "", "windows-1251" },
		{ "CP1251", "", "cp1251", "windows-1251" },
		{ "KOI8-R", "", "", "koi8-r" },
		{ "KOI8-R", "", "KOI8-R", "koi8-r" },
		{ "CP866", "", "", "cp866" },
		{ "CP866", "", "cp866", "cp866" },
		{ "UTF-16LE", "\xff\xfe", "", "utf-16le" },
		{ "UTF-16BE", "\xfe\xff", "", "utf-16be" },
		{ "UTF-16LE", "", "", "utf-16le" },
		{ "UTF-16BE", "", "", "utf-16be" },
		{ "UTF-16LE", "\xff\xfe", "utf-16le", "utf-16le" },
		{ "UTF-16BE", "", "utf-16be", "utf-16be" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 4; step++) {
			char in[1000];
			size_t b = strlen(row[i].bom);
			struct result r;

			memcpy(in, row[i].bom, b);
			b += encode(row[i].iconv, TEXT, in + b, sizeof in - b);
			run_bytes(&r, in, b, step, row[i].set);
			if (r.status != FMT_END || strcmp(r.text, TEXT) != 0 ||
			    strcmp(r.encoding, row[i].encoding) != 0)
				fail_msg("row %zu: %d, %s: %s", i, r.status,
				    r.encoding, r.text);
			assert_int_equal(r.plain, b);
			assert_int_equal(r.packed, b);
			free(r.text);
		}
	}
}

static void
what_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *name, *in;
		size_t n; /* 0: strlen */
		const char *set;
		enum fmt_status status;
	} row[] = {
		{ "an encoding nobody knows", "a;b\n", 0, "latin1",
		    FMT_ENCODING },
		{ "a BOM that contradicts",
		    "\xef\xbb\xbf"
		    "a;b\n",
		    0, "windows-1251", FMT_ENCODING },
		{ "another one",
		    "\xff\xfe"
		    "a\0",
		    4, "utf-16be", FMT_ENCODING },
		{ "zip or xlsx", "PK\003\004 and so on and so on", 0, "",
		    FMT_ZIP_STREAM },
		{ "xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "", FMT_XLS },
		{ "encrypted",
		    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
		    "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0",
		    40, "", FMT_XLSX_PASSWORD },
		{ "pdf", "%PDF-1.7 and so on", 0, "", FMT_PDF },
		{ "png", "\x89PNG\r\n\x1a\n", 0, "", FMT_SYNTAX },
		{ "xls though an encoding is set",
		    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "windows-1251",
		    FMT_XLS },
		{ "many NULs", "a;b\n\0\0\0c\0\0d\0\0\0", 14, "", FMT_SYNTAX },
		{ "a stray NUL is the reader's matter",
		    "id;name;date\n1;a\0b;2026-04-21\n", 29, "", FMT_END },
		{ "an empty dump", "", 0, "", FMT_END },
		{ "only a BOM", "\xef\xbb\xbf", 0, "", FMT_END },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		size_t n = row[i].n == 0 ? strlen(row[i].in) : row[i].n;
		struct result r;

		run_bytes(&r, row[i].in, n, 0, row[i].set);
		if (r.status != row[i].status)
			fail_msg(
			    "%s: %s", row[i].name, fmt_status_code(r.status));
		free(r.text);
	}
}

static void
broken_bytes_become_replacement_characters(void **state)
{
	static const struct {
		const char *name, *in, *set, *out;
	} row[] = {
		{ "in UTF-8", "Пётр\xff;Анна\xd0;", "",
		    "Пётр" BROKEN ";Анна" BROKEN ";" },
		{ "an overlong slash",
		    "a\xc0\xaf"
		    "b",
		    "utf-8", "a" BROKEN BROKEN "b" },
		{ "a surrogate", "\xed\xa0\x80", "utf-8",
		    BROKEN BROKEN BROKEN },
		{ "a character that is cut off", "Анна \xe2\x82 Пётр", "",
		    "Анна " BROKEN " Пётр" },
		{ "at the end", "Анна\xf0\x9f", "", "Анна" BROKEN },
		{ "windows-1251 read as UTF-8", "\xc0\xed", "utf-8",
		    BROKEN BROKEN },
		{ "0x98 in windows-1251", "\xc0\x98", "cp1251", "А" BROKEN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 4; step++) {
			struct result r;

			run_bytes(
			    &r, row[i].in, strlen(row[i].in), step, row[i].set);
			if (r.status != FMT_END ||
			    strcmp(r.text, row[i].out) != 0)
				fail_msg("%s: \"%s\"", row[i].name, r.text);
			free(r.text);
		}
	}
}

static void
cyrillic_after_megabytes_of_ascii_is_still_detected(void **state)
{
	static const char *const charsets[] = { "UTF-8", "CP1251", "KOI8-R",
		"CP866" };
	size_t ascii = 3 << 20;
	char *in = mem_alloc(ascii + 1000), *want = mem_alloc(ascii + 1000);

	(void)state;
	for (size_t i = 0; i < ascii; i++)
		in[i] = want[i] = "id;date;name\n"[i % 13];
	strcpy(want + ascii, TEXT);
	for (size_t i = 0; i < COUNT(charsets); i++) {
		struct result r;
		size_t n = encode(charsets[i], TEXT, in + ascii, 1000);

		run_bytes(&r, in, ascii + n, 0, "");
		assert_int_equal(r.status, FMT_END);
		assert_string_equal(r.text, want);
		free(r.text);
	}
	free(in);
	free(want);
}

static void
a_single_odd_byte_decides_nothing_for_what_follows(void **state)
{
	static const char *const charsets[] = { "UTF-8", "CP1251", "KOI8-R" };
	size_t ascii = 600 * 1024;
	char *in = mem_alloc(ascii + 1000);

	(void)state;
	for (size_t i = 0; i < COUNT(charsets); i++) {
		struct result whole, bytewise;
		size_t n = encode(charsets[i], TEXT, in + ascii, 1000);

		memset(in, 'a', ascii);
		in[100] = '\xb9';
		run_bytes(&whole, in, ascii + n, 0, "");
		assert_int_equal(whole.status, FMT_END);
		assert_string_equal(whole.text + whole.n - strlen(TEXT), TEXT);
		assert_memory_equal(whole.text + 100, "№", 3);
		run_bytes(&bytewise, in, ascii + n, 777, "");
		assert_string_equal(bytewise.text, whole.text);
		free(whole.text);
		free(bytewise.text);
	}
	free(in);
}

static void
gzip_is_unpacked_in_all_its_shapes(void **state)
{
	static const struct {
		const char *name;
		int members;
		size_t cut;         /* bytes taken off the end */
		const char *behind; /* and put there */
		size_t n;
		enum fmt_status status;
	} row[] = {
		{ "one member", 1, 0, "", 0, FMT_END },
		{ "three members", 3, 0, "", 0, FMT_END },
		{ "zero padding", 1, 0, "\0\0\0\0\0", 5, FMT_END },
		{ "garbage behind", 1, 0, "garbage", 7, FMT_CORRUPT },
		{ "garbage behind padding", 1, 0, "\0\0x", 3, FMT_CORRUPT },
		{ "a member behind padding", 1, 0, "\0\x1f\x8b", 3,
		    FMT_CORRUPT },
		{ "cut in its trailer", 1, 1, "", 0, FMT_TRUNCATED },
		{ "cut in its data", 1, 30, "", 0, FMT_TRUNCATED },
		{ "cut in the second member", 2, 30, "", 0, FMT_TRUNCATED },
		{ "a wrong checksum", 1, 8, "12345678", 8, FMT_CORRUPT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		for (size_t step = 0; step < 3; step++) {
			char in[4000], want[1000] = "";
			struct result r;
			size_t n = 0;

			for (int k = 0; k < row[i].members; k++) {
				n += gzip(
				    TEXT, strlen(TEXT), in + n, sizeof in - n);
				strcat(want, TEXT);
			}
			n -= row[i].cut;
			memcpy(in + n, row[i].behind, row[i].n);
			n += row[i].n;
			run_bytes(&r, in, n, step, "");
			if (r.status != row[i].status)
				fail_msg("%s: %s", row[i].name,
				    fmt_status_code(r.status));
			if (r.status == FMT_END) {
				assert_string_equal(r.text, want);
				assert_string_equal(r.compression, "gzip");
				assert_int_equal(r.packed, n);
				assert_int_equal(r.plain, strlen(want));
			}
			free(r.text);
		}
	}
}

static void
the_hash_is_of_the_plain_bytes(void **state)
{
	char plain[1000], packed[1000];
	uint8_t want[32];
	struct sha256_ctx sha;
	struct result a, b;
	size_t n = encode("CP1251", TEXT, plain, sizeof plain);

	(void)state;
	sha256_init(&sha);
	sha256_update(&sha, n, (const uint8_t *)plain);
	sha256_digest(&sha, sizeof want, want);
	run_bytes(&a, plain, n, 0, "");
	run_bytes(&b, packed, gzip(plain, n, packed, sizeof packed), 1, "");
	assert_memory_equal(a.sha, want, 32);
	assert_memory_equal(b.sha, want, 32);
	free(a.text);
	free(b.text);
}

static void
bombs_and_giants_are_refused(void **state)
{
	static const struct {
		const char *name;
		struct limits limits;
		bool packed;
		enum fmt_status status;
	} row[] = {
		{ "within", { 4 << 20, 4 << 20, 2000, 1 << 20, 0, 0, 0, 0 },
		    true, FMT_END },
		{ "too many plain bytes",
		    { 4 << 20, 1 << 20, 2000, 1 << 20, 0, 0, 0, 0 }, true,
		    FMT_TOO_BIG },
		{ "too many packed bytes",
		    { 1000, 4 << 20, 2000, 1 << 20, 0, 0, 0, 0 }, true,
		    FMT_TOO_BIG },
		{ "too many bytes, not packed",
		    { 1 << 20, 4 << 20, 2000, 1 << 20, 0, 0, 0, 0 }, false,
		    FMT_TOO_BIG },
		{ "a ratio too high",
		    { 4 << 20, 4 << 20, 200, 1 << 20, 0, 0, 0, 0 }, true,
		    FMT_BOMB },
		{ "too high, but small",
		    { 4 << 20, 4 << 20, 200, 3 << 20, 0, 0, 0, 0 }, true,
		    FMT_END },
		{ "not packed, so no ratio",
		    { 4 << 20, 4 << 20, 1, 1, 0, 0, 0, 0 }, false, FMT_END },
	};
	size_t n = 2 << 20, k;
	char *plain = mem_alloc(n), *packed = mem_alloc(n);

	(void)state;
	memset(plain, 'a', n);
	k = gzip(plain, n, packed, n);
	assert_in_range(k, 1100, n / 201);
	for (size_t i = 0; i < COUNT(row); i++) {
		struct memory m;
		struct result r;

		run(&r,
		    row[i].packed ? memory_input(&m, packed, k, 100)
				  : memory_input(&m, plain, n, 0),
		    "", &row[i].limits);
		if (r.status != row[i].status)
			fail_msg(
			    "%s: %s", row[i].name, fmt_status_code(r.status));
		free(r.text);
	}
	free(plain);
	free(packed);
}

static void
a_read_that_fails_is_no_end(void **state)
{
	size_t n = 200000;
	char *plain = mem_alloc(n);

	(void)state;
	memset(plain, 'a', n);
	for (size_t k = 0; k <= n; k += n / 4) {
		struct memory m;
		struct result r;

		memory_input(&m, plain, k, 0);
		m.fails = true;
		run(&r, &m.in, "", &limits);
		assert_int_equal(r.status, FMT_IO);
		free(r.text);
	}
	free(plain);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_encoding_is_detected_or_taken_as_set),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(broken_bytes_become_replacement_characters),
		cmocka_unit_test(
		    cyrillic_after_megabytes_of_ascii_is_still_detected),
		cmocka_unit_test(
		    a_single_odd_byte_decides_nothing_for_what_follows),
		cmocka_unit_test(gzip_is_unpacked_in_all_its_shapes),
		cmocka_unit_test(the_hash_is_of_the_plain_bytes),
		cmocka_unit_test(bombs_and_giants_are_refused),
		cmocka_unit_test(a_read_that_fails_is_no_end),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
