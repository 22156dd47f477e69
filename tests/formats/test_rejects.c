/*
 * The rejects report.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "formats/rejects.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static char bytes[65536];
static size_t used;
static struct out out;

static int
keep(void *ctx, const void *buf, size_t n)
{
	(void)ctx;
	assert_true(used + n < sizeof bytes);
	memcpy(bytes + used, buf, n);
	used += n;
	return 0;
}

static void
begin(void)
{
	used = 0;
	out_begin(&out, (struct output){ keep, NULL });
}

static const char *
written(void)
{
	assert_int_equal(out_end(&out), 0);
	bytes[used] = '\0';
	return bytes;
}

static void
the_header_begins_with_a_bom_and_ends_with_the_dumps_columns(void **state)
{
	static const char *const header[] = { "Телефон", "a;b" };

	(void)state;
	begin();
	rejects_header(&out, true, header, COUNT(header));
	assert_string_equal(written(),
	    "\xef\xbb\xbfline;kind;code;column;text;Телефон;\"a;b\"\n");
	begin();
	rejects_header(&out, true, NULL, 0);
	assert_string_equal(
	    written(), "\xef\xbb\xbfline;kind;code;column;text\n");
}

static void
a_row_tells_line_kind_code_column_text_and_cells(void **state)
{
	const struct problem value = { .reject = REJECT_PHONES,
		.field = FIELD_PHONES,
		.value = slice_of("12345") };
	const struct problem row = { .reject = REJECT_NO_IDENTIFIER,
		.field = FIELD_COUNT };
	const struct slice cell[] = { slice_of("12345"),
		slice_of("line1\nline2") };

	(void)state;
	begin();
	rejects_row(&out, 7, false, &value, cell, COUNT(cell), NULL);
	assert_string_equal(written(),
	    "7;value;E207;phones;Invalid 'phones' identifier '12345';12345;"
	    "\"line1\nline2\"\n");
	begin();
	rejects_row(&out, 8, true, &row, NULL, 0, NULL);
	assert_string_equal(
	    written(), "8;row;E210;;All columns with identifiers are empty\n");
}

static void
formulas_are_defused(void **state)
{
	static const char *const row[][2] = {
		{ "=1+1", "\"'=1+1\"" },
		{ "+7 999", "\"'+7 999\"" },
		{ "-5", "\"'-5\"" },
		{ "@SUM(A1)", "\"'@SUM(A1)\"" },
		{ "\t=1", "\"'\t=1\"" },
		{ "\r=1", "\"'\r=1\"" },
		{ "=\"a\"", "\"'=\"\"a\"\"\"" },
		{ "1=1", "1=1" },
		{ "", "" },
	};
	const struct problem p = { .reject = REJECT_COLUMNS_FEW,
		.field = FIELD_COUNT };
	const char *prefix = "1;row;E301;;The row has fewer cells than "
			     "the header has columns;";

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slice cell = slice_of(row[i][0]);
		const char *all;

		begin();
		rejects_row(&out, 1, true, &p, &cell, 1, NULL);
		all = written();
		assert_true(slice_starts(slice_of(all), prefix));
		bytes[used - 1] = '\0'; /* the LF */
		assert_string_equal(all + strlen(prefix), row[i][1]);
	}
	begin();
	rejects_header(&out, false, (const char *const[]){ "=cmd" }, 1);
	assert_string_equal(
	    written(), "line;kind;code;column;text;\"'=cmd\"\n");
}

static void
a_mask_hides_persons_and_what_nobody_mapped(void **state)
{
	static const enum field field[] = { FIELD_ID, FIELD_PHONES,
		FIELD_EMAILS, FIELD_COUNT, FIELD_REVENUE };
	static const struct rejects_mask mask = { field, COUNT(field), false };
	const struct problem p = { .reject = REJECT_PHONES,
		.field = FIELD_PHONES,
		.value = slice_of("8 (999) 12") };
	const struct slice cell[] = { slice_of("A-1"), slice_of("8 (999) 12"),
		slice_of("Mail@x.ru"), slice_of("Иван, кв. 5"),
		slice_of("100.50"), slice_of("one too many 9") };

	(void)state;
	begin();
	rejects_row(&out, 3, false, &p, cell, COUNT(cell), &mask);
	assert_string_equal(written(),
	    "3;value;E207;phones;Invalid 'phones' identifier '0 (000) 00';"
	    "A-1;0 (000) 00;xxxx@x.xx;\"xxxx, xx. 0\";100.50;xxx xxx xxxx 0\n");
}

/* What the role report sees: also visitors only by their shape. */
static void
a_strict_mask_hides_visitors_and_hashes(void **state)
{
	static const enum field field[] = { FIELD_ID, FIELD_CLIENT_IDS,
		FIELD_PHONES_MD5, FIELD_YCLID, FIELD_USER_ID, FIELD_REVENUE };
	static const struct rejects_mask masks[] = {
		{ field, COUNT(field), false },
		{ field, COUNT(field), true },
	};
	static const char *const want[] = {
		"3;value;E205;client_ids;Invalid 'client_ids' identifier "
		"'123.456';A-1;123.456;c523;y1;u1;100.50\n",
		"3;value;E205;client_ids;Invalid 'client_ids' identifier "
		"'000.000';A-1;000.000;x000;x0;x0;100.50\n"
	};
	const struct problem p = { .reject = REJECT_CLIENT_IDS,
		.field = FIELD_CLIENT_IDS,
		.value = slice_of("123.456") };
	const struct slice cell[] = { slice_of("A-1"), slice_of("123.456"),
		slice_of("c523"), slice_of("y1"), slice_of("u1"),
		slice_of("100.50") };

	(void)state;
	for (int i = 0; i < 2; i++) {
		begin();
		rejects_row(&out, 3, false, &p, cell, COUNT(cell), &masks[i]);
		assert_string_equal(written(), want[i]);
	}
}

/* Cells move: of each column only what looks like its own is shown. */
static void
a_strict_mask_shows_only_what_is_the_columns_own(void **state)
{
	static const struct {
		enum field field;
		const char *value;
		bool shown;
	} row[] = {
		{ FIELD_CREATE_DATE_TIME, "21.11.2026 10:00:00", true },
		{ FIELD_CREATE_DATE_TIME, "2026-11-21T10:00:00.123Z", true },
		{ FIELD_CREATE_DATE_TIME, "1795000000", true },
		{ FIELD_CREATE_DATE_TIME, "Иван Сидоров", false },
		{ FIELD_CREATE_DATE_TIME, "380 44 123 45 67", false },
		{ FIELD_CREATE_DATE_TIME, "380441234567", false },
		{ FIELD_REVENUE, "1 508,50", true },
		{ FIELD_REVENUE, "-5", true },
		{ FIELD_REVENUE, "Сидоров", false },
		{ FIELD_REVENUE, "1712345678123456789", false },
		{ FIELD_CALL_MISSED, "7", true },
		{ FIELD_CALL_MISSED, "Иван", false },
		{ FIELD_ID, "ЗН-000123", true },
		{ FIELD_ID, "550e8400-e29b-41d4-a716-446655440000", true },
		{ FIELD_ID, "Иван Сидоров", false },
		{ FIELD_ID, "1712345678123456789", false },
		{ FIELD_ID, "0cc175b9c0f1b6a831c399e269772661", false },
		{ FIELD_ORDER_STATUS, "Замер назначен", true },
		{ FIELD_ORDER_STATUS, "goal:12345678", true },
		{ FIELD_ORDER_STATUS, "1712345678123456789", false },
		{ FIELD_ORDER_STATUS, "звонить 8 916 123 45 67", false },
		{ FIELD_PIPELINE, "Продажи 2", true },
		{ FIELD_CURRENCY, "руб.", true },
		{ FIELD_CURRENCY, "Сидоров", false },
		{ FIELD_LOSS_REASON, "ушёл к Ивану", false },
		{ FIELD_UTM_TERM, "иван сидоров", false },
		{ FIELD_PRODUCTS, "подарок Ивану:1", false },
		{ FIELD_COUNT, "100", false },
	};
	struct problem p = { .reject = REJECT_NO_IDENTIFIER,
		.field = FIELD_COUNT };

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(row); i++) {
		const enum field f = row[i / 2].field;
		const struct rejects_mask mask = { &f, 1, true };
		const struct slice cell = slice_of(row[i / 2].value);
		bool shown = row[i / 2].shown && i % 2 == 0;

		/* nothing of a row whose cells do not fit the header */
		p.reject =
		    i % 2 == 0 ? REJECT_NO_IDENTIFIER : REJECT_COLUMNS_FEW;
		begin();
		rejects_row(&out, 3, true, &p, &cell, 1, &mask);
		if ((strstr(written(), cell.p) != NULL) != shown)
			fail_msg("%s: %s", cell.p, bytes);
	}
}

/* A row lost a cell, so that a phone stands where the amount should. */
static void
a_contact_is_hidden_wherever_it_stands(void **state)
{
	static const enum field field[] = { FIELD_REVENUE };
	static const struct rejects_mask mask = { field, COUNT(field), false };
	static const char *const hidden[] = {
		"+7 (916) 123-45-67",
		"89161234567",
		"9161234567",
		"'+998901234567",
		"a@example.com",
		" 8-916-123-45-67",
		"звонить 8 (916) 123 45 67 до 5",
		"заказ 5 от 8 916 123 45 67",
		"10 8 916 123 45 67",
		"тел.8.916.123.45.67",
		"8\xc2\xa0"
		"916 123\xe2\x80\x91"
		"45-67",
		"доб. 12, +998 90 123 45 67",
		"почта иван@почта.рф",
	};
	static const char *const shown[] = { "1508.50", "21.04.2026 11:59:21",
		"2026-04-21T11:59:21+03:00", "1712345678123456789",
		"Согласование", "11/19/2026", "1795000000", "20261121-100000",
		"2027-11-21 100000", "7 500 000,00", "09.11.2026 10:00",
		"заказ 10 от 8 июля 2026" };
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(hidden) + COUNT(shown); i++) {
		bool hide = i < COUNT(hidden);
		const char *value = hide ? hidden[i] : shown[i - COUNT(hidden)];
		const struct slice cell = slice_of(value);
		const struct problem p = { .reject = REJECT_DATE,
			.field = FIELD_CREATE_DATE_TIME,
			.value = cell };

		begin();
		rejects_row(&out, 3, true, &p, &cell, 1, &mask);
		if ((strstr(written(), slice_trim(cell).p) == NULL) != hide)
			fail_msg("%s: %s", value, bytes);
		rejects_text(text, sizeof text, &p, &mask);
		assert_int_equal(strstr(text, value) == NULL, hide);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_header_begins_with_a_bom_and_ends_with_the_dumps_columns),
		cmocka_unit_test(
		    a_row_tells_line_kind_code_column_text_and_cells),
		cmocka_unit_test(formulas_are_defused),
		cmocka_unit_test(a_mask_hides_persons_and_what_nobody_mapped),
		cmocka_unit_test(a_strict_mask_hides_visitors_and_hashes),
		cmocka_unit_test(
		    a_strict_mask_shows_only_what_is_the_columns_own),
		cmocka_unit_test(a_contact_is_hidden_wherever_it_stands),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
