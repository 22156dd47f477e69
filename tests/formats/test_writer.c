/*
 * Output: numbers, cells, and Direct's file to the byte.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/out.h"
#include "formats/writer.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct sink {
	char bytes[200000];
	size_t n, room;
};

static int
sink_write(void *ctx, const void *buf, size_t n)
{
	struct sink *s = ctx;

	if (n > s->room - s->n) {
		errno = ENOSPC;
		return -1;
	}
	memcpy(s->bytes + s->n, buf, n);
	s->n += n;
	return 0;
}

static struct sink sink;
static struct out out;

static void
begin(void)
{
	sink.n = 0;
	sink.room = sizeof sink.bytes - 1;
	out_begin(&out, (struct output){ sink_write, &sink });
}

static const char *
written(void)
{
	assert_int_equal(out_end(&out), 0);
	assert_int_equal(out.bytes, sink.n);
	sink.bytes[sink.n] = '\0';
	return sink.bytes;
}

static void
numbers_are_written_whole_to_their_limits(void **state)
{
	static const struct {
		int64_t n;
		const char *text;
	} row[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -7, "-7" },
		{ 10, "10" },
		{ 99, "99" },
		{ 100, "100" },
		{ -1009, "-1009" },
		{ 10203, "10203" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		begin();
		out_number(&out, row[i].n);
		assert_string_equal(written(), row[i].text);
	}
}

static void
money_has_no_decimals_when_whole_and_else_two(void **state)
{
	static const struct {
		int64_t minor;
		const char *text;
	} row[] = {
		{ 0, "0" },
		{ 1500000, "15000" },
		{ 150850, "1508.50" },
		{ 5, "0.05" },
		{ 100, "1" },
		{ 110, "1.10" },
		{ -5, "-0.05" },
		{ 922337203685400, "9223372036854" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		begin();
		out_money(&out, row[i].minor);
		assert_string_equal(written(), row[i].text);
	}
}

static void
a_cell_is_quoted_only_when_it_must_be(void **state)
{
	static const struct {
		const char *cell, *quoted, *line;
	} row[] = {
		{ "", "", "" },
		{ "79995551111", "79995551111", "79995551111" },
		{ "a b\tc'd", "a b\tc'd", "a b\tc'd" },
		{ "1,2", "\"1,2\"", "\"1,2\"" },
		{ "a;b", "\"a;b\"", "\"a;b\"" },
		{ "\"", "\"\"\"\"", "\"\"\"\"" },
		{ "a\"b\"", "\"a\"\"b\"\"\"", "\"a\"\"b\"\"\"" },
		{ "a\nb", "\"a\nb\"", "a b" },
		{ "a\r\nb\rc", "\"a\r\nb\rc\"", "a b c" },
		{ "\"a\";\n", "\"\"\"a\"\";\n\"", "\"\"\"a\"\"; \"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		begin();
		out_cell(&out, slice_of(row[i].cell));
		assert_string_equal(written(), row[i].quoted);
		begin();
		out_cell_line(&out, slice_of(row[i].cell));
		assert_string_equal(written(), row[i].line);
	}
}

/* Eight bytes are looked at at once, and what is left of them. */
static void
a_mark_is_seen_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t n = 1; n < 30; n++) {
		for (size_t at = 0; at < n; at++) {
			for (int c = 0; c < 256; c++) {
				char text[31] = { 0 };
				bool quoted;

				memset(text, 'x', n);
				text[at] = (char)c;
				begin();
				out_cell(&out, (struct slice){ text, n });
				quoted = *written() == '"';
				assert_int_equal(quoted,
				    c != 0 && strchr(";,\"\r\n", c) != NULL);
			}
		}
	}
}

static void
more_than_the_buffer_comes_out_in_order(void **state)
{
	char cell[997];

	(void)state;
	begin();
	for (int i = 0; i < 190; i++) {
		memset(cell, 'a' + i % 26, sizeof cell);
		out_bytes(&out, cell, sizeof cell);
	}
	assert_int_equal(strlen(written()), 190 * sizeof cell);
	for (size_t i = 0; i < sink.n; i++)
		assert_int_equal(
		    sink.bytes[i], 'a' + (int)(i / sizeof cell) % 26);
}

static void
the_first_error_sticks(void **state)
{
	(void)state;
	begin();
	sink.room = 10;
	out_slice(&out, slice_of("twelve bytes"));
	assert_int_equal(out_end(&out), -1);
	assert_int_equal(errno, ENOSPC);
	sink.room = sizeof sink.bytes;
	out_slice(&out, slice_of("more"));
	assert_int_equal(out_end(&out), -1);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(sink.n, 0);
}

/* 2026-04-21 08:59:21 UTC */
#define AT INT64_C(1776761961)

static void
full(struct conv *c)
{
	conv_clear(c);
	c->number[FIELD_CREATE_DATE_TIME] = AT;
	c->number[FIELD_REVENUE] = 150850;
	c->number[FIELD_COST] = 100000;
	conv_text(c, FIELD_ID) = slice_of("A;1\r\n2");
	conv_text(c, FIELD_CLIENT_UNIQ_ID) = slice_of("ООО \"Рога\"");
	conv_text(c, FIELD_CLIENT_IDS) = slice_of("133591247640966458");
	conv_text(c, FIELD_EMAILS) = slice_of("mail@example.com");
	conv_text(c, FIELD_PHONES) = slice_of("79876543210,79991234567");
	conv_text(c, FIELD_PHONES_MD5) =
	    slice_of("f09f2c3d48f31e2a802944ade2e5aec5");
	conv_text(c, FIELD_ORDER_STATUS) = slice_of("PAID");
}

static const char *
row_of(const struct conv *c, bool hash)
{
	struct zone *utc = zone_utc();
	struct writer_env env = { .zone = utc, .hash = hash };
	struct writing w;
	uint64_t header;

	begin();
	writing_begin(&w, writer_by_name("conversion-center"), &env, &out);
	header = out.bytes;
	assert_true(writing_row(&w, c));
	writing_end(&w);
	zone_free(utc);
	return written() + header;
}

static void
the_header_is_directs(void **state)
{
	struct writer_env env = { .hash = false };
	struct writing w;

	(void)state;
	begin();
	writing_begin(&w, writer_by_name("conversion-center"), &env, &out);
	assert_string_equal(written(),
	    "create_date_time;id;client_uniq_id;client_ids;emails;phones;"
	    "emails_md5;phones_md5;order_status;revenue;cost\n");
	assert_string_equal(
	    writer_by_name("conversion-center")->file, "conversions.csv");
	assert_null(writer_by_name("conversion-centre"));
}

static void
a_row_is_written_to_the_byte(void **state)
{
	struct conv c;

	(void)state;
	full(&c);
	assert_string_equal(row_of(&c, false),
	    "2026-04-21 08:59:21;\"A;1 2\";\"ООО \"\"Рога\"\"\";"
	    "133591247640966458;mail@example.com;"
	    "\"79876543210,79991234567\";;f09f2c3d48f31e2a802944ade2e5aec5;"
	    "PAID;1508.50;1000\n");
	c.number[FIELD_REVENUE] = CONV_NONE;
	c.number[FIELD_COST] = 0;
	conv_text(&c, FIELD_ORDER_STATUS) = slice_of("good_lead");
	assert_string_equal(row_of(&c, true),
	    "2026-04-21 08:59:21;\"A;1 2\";\"ООО \"\"Рога\"\"\";"
	    "133591247640966458;;;;f09f2c3d48f31e2a802944ade2e5aec5;"
	    "good_lead;;0\n");
}

static void
an_order_is_a_row_only_when_it_is_complete(void **state)
{
	const struct writer *w = writer_by_name("conversion-center");
	struct conv c;

	(void)state;
	full(&c);
	assert_true(w->takes(&c, NULL));
	c.number[FIELD_CREATE_DATE_TIME] = CONV_NONE;
	assert_false(w->takes(&c, NULL));
	full(&c);
	conv_text(&c, FIELD_ID) = slice_of("");
	assert_false(w->takes(&c, NULL));
	full(&c);
	conv_text(&c, FIELD_ORDER_STATUS) = slice_of("");
	assert_false(w->takes(&c, NULL));
	conv_text(&c, FIELD_ORDER_STATUS) = slice_of("skip");
	assert_false(w->takes(&c, NULL));
	full(&c);
	conv_text(&c, FIELD_CLIENT_IDS) = slice_of("");
	conv_text(&c, FIELD_EMAILS) = slice_of("");
	conv_text(&c, FIELD_PHONES) = slice_of("");
	assert_true(w->takes(&c, NULL));
	conv_text(&c, FIELD_PHONES_MD5) = slice_of("");
	assert_false(w->takes(&c, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_written_whole_to_their_limits),
		cmocka_unit_test(money_has_no_decimals_when_whole_and_else_two),
		cmocka_unit_test(a_cell_is_quoted_only_when_it_must_be),
		cmocka_unit_test(a_mark_is_seen_wherever_it_stands),
		cmocka_unit_test(more_than_the_buffer_comes_out_in_order),
		cmocka_unit_test(the_first_error_sticks),
		cmocka_unit_test(the_header_is_directs),
		cmocka_unit_test(a_row_is_written_to_the_byte),
		cmocka_unit_test(an_order_is_a_row_only_when_it_is_complete),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
