/*
 * Cells to published values: the families norm. and md5. of vectors.tsv, run
 * from the file itself, and what dumps hold beyond them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/check.h"
#include "formats/normal.h"
#include "formats/normal_cell.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct arena arena = ARENA_EMPTY;
static struct problems problems;

static int
clean(void **state)
{
	(void)state;
	problems_free(&problems);
	arena_free(&arena);
	return 0;
}

static struct zone *
zone_named(const char *name)
{
	static char bytes[65536];
	char path[300];
	struct zone *z = NULL;
	FILE *f;
	size_t n;

	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	assert_int_equal(zone_parse(&z, (struct slice){ bytes, n }), FMT_OK);
	return z;
}

/* The list, or "ERROR:" and Direct's text of the last problem. */
static const char *
list(enum field f, struct slice cell)
{
	static const struct {
		enum field field;
		struct slice (*normal)(struct arena *a, struct slice cell,
		    struct problem at, struct problems *ps);
	} row[] = {
		{ FIELD_PHONES, normal_phones },
		{ FIELD_EMAILS, normal_emails },
		{ FIELD_CLIENT_IDS, normal_client_ids },
		{ FIELD_EMAILS_MD5, normal_md5s },
		{ FIELD_PHONES_MD5, normal_md5s },
	};
	static char text[400];
	struct slice out = { "", 0 };
	struct problem at = { .field = f };

	problems.n = 0;
	for (size_t i = 0; i < COUNT(row); i++) {
		if (row[i].field == f)
			out = row[i].normal(&arena, cell, at, &problems);
	}
	if (problems.n == 0 || out.n > 0)
		return arena_string(&arena, out);
	strcpy(text, "ERROR:");
	reject_text(text + 6, sizeof text - 6,
	    problems.p[problems.n - 1].reject, field_info[f].name,
	    (struct slice){ 0 }, NULL);
	return text;
}

static const char *
md5(enum field f, struct slice cell)
{
	const char *values = list(f, cell);

	return arena_string(&arena, normal_md5_of(&arena, slice_of(values)));
}

static const char *
money(struct slice cell)
{
	static char text[60];
	const char *hint;
	int64_t n;

	if (normal_money(cell, &n, &hint) != REJECT_NONE)
		return "ERROR";
	if (n == CONV_NONE)
		return "";
	snprintf(text, sizeof text, n % 100 == 0 ? "%lld" : "%lld.%02d",
	    (long long)(n / 100), (int)(n % 100));
	return text;
}

static const char *
when(struct slice cell, const char *source, const char *counter)
{
	static char text[20];
	struct zone *src = zone_named(source), *own = zone_named(counter);
	const char *hint;
	enum reject r;
	int64_t t;

	r = normal_time(cell, src, own, &t, &hint);
	strcpy(text, "ERROR");
	if (r == REJECT_NONE)
		zone_write(own, t, text);
	else if (r == REJECT_DATE_EMPTY)
		strcpy(text, "");
	zone_free(src);
	zone_free(own);
	return text;
}

/* "CELL tz=ZONE" or "CELL src=ZONE counter=ZONE" */
static const char *
vector_date(char *input)
{
	char *tz = strstr(input, " tz="), *src = strstr(input, " src=");
	char *counter = strstr(input, " counter=");

	if (tz != NULL) {
		*tz = '\0';
		return when(slice_of(input), tz + 4, tz + 4);
	}
	assert_true(src != NULL && counter != NULL);
	*src = *counter = '\0';
	return when(slice_of(input), src + 5, counter + 9);
}

static const char *
vector(const char *family, char *input)
{
	struct slice cell = slice_of(input);
	static const struct {
		const char *name;
		enum field field;
	} lists[] = {
		{ "norm.phone", FIELD_PHONES },
		{ "norm.phones", FIELD_PHONES },
		{ "norm.email", FIELD_EMAILS },
		{ "norm.emails", FIELD_EMAILS },
		{ "norm.phones_md5", FIELD_PHONES_MD5 },
	};

	for (size_t i = 0; i < COUNT(lists); i++) {
		if (strcmp(family, lists[i].name) == 0)
			return list(lists[i].field, cell);
	}
	if (strcmp(family, "norm.revenue") == 0)
		return money(cell);
	if (strcmp(family, "norm.date") == 0)
		return vector_date(input);
	if (strcmp(family, "md5.email") == 0)
		return md5(FIELD_EMAILS, cell);
	if (strncmp(family, "md5.phone", 9) == 0)
		return md5(FIELD_PHONES, cell);
	fail_msg("no test is bound to %s", family);
	return NULL;
}

/* "\u00A0" and "\n" as the file writes them. */
static void
unescape(char *s)
{
	char *to = s;

	while (*s != '\0') {
		if (strncmp(s, "\\u00A0", 6) == 0) {
			*to++ = '\xc2';
			*to++ = '\xa0';
			s += 6;
		} else if (strncmp(s, "\\n", 2) == 0) {
			*to++ = '\n';
			s += 2;
		} else
			*to++ = *s++;
	}
	*to = '\0';
}

static void
the_vectors_come_out_as_written(void **state)
{
	char path[1000], line[2000];
	int rows = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/tests/data/vectors.tsv",
	    getenv("srcdir") == NULL ? "." : getenv("srcdir"));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL) {
		struct slice rest = slice_of(line);
		char *family = arena_string(&arena, slice_cut(&rest, '\t'));
		char *input = arena_string(&arena, slice_cut(&rest, '\t'));
		char *want = arena_string(&arena, slice_cut(&rest, '\t'));
		const char *got;

		/* norm.order_status belongs to the map. */
		if ((strncmp(family, "norm.", 5) != 0 &&
			strncmp(family, "md5.", 4) != 0) ||
		    strcmp(family, "norm.order_status") == 0)
			continue;
		unescape(input);
		got = vector(family, input);
		if (strcmp(got, want) != 0)
			fail_msg("%s %s: %s, not %s", family, input, got, want);
		rows++;
	}
	fclose(f);
	assert_true(rows >= 25);
}

static void
phones_of_real_dumps(void **state)
{
	static const struct {
		const char *cell, *want;
		size_t problems;
	} row[] = {
		{ "'+79995551111", "79995551111", 0 },
		{ "‪+7 999 555‑11‑11‬", "79995551111", 0 },
		{ "тел.: 8 (999) 555-11-11", "79995551111", 0 },
		{ "8 999 555-11-11 Иван", "79995551111", 0 },
		{ "Михаил 8 999 555-11-11", "79995551111", 0 },
		{ "+7 (999) 555-11-11 доб. 123", "79995551111", 0 },
		{ "+7 (999) 555-11-11, доб. 123", "79995551111", 0 },
		{ "+7 999 555 11 11 ext 12", "79995551111", 0 },
		{ "79995551111 (вн. 4)", "79995551111", 0 },
		{ "+7 999 555 11 11 x12", "79995551111", 0 },
		{ "79995551111.0", "79995551111", 0 },
		{ "998901234567.0 ", "998901234567", 0 },
		{ "9995551111.0\t", "79995551111", 0 },
		{ "=\"79995551111\"", "79995551111", 0 },
		{ "+8 999 555 11 11", "79995551111", 0 },
		{ "8 999 555 11 11\n8 999 555 11 12", "79995551111,79995551112",
		    0 },
		{ "8 999 555 11 11;;, ;8 999 555 11 11", "79995551111", 0 },
		{ "9995551111,9995551112,9995551113",
		    "79995551111,79995551112,79995551113", 0 },
		{ "-", "", 0 },
		{ "—", "", 0 },
		/* other countries */
		{ "+375 29 123-45-67", "375291234567", 0 },
		{ "8 10 375 29 123-45-67", "375291234567", 0 },
		{ "00375291234567", "375291234567", 0 },
		{ "+7 (701) 123-45-67", "77011234567", 0 },
		{ "87010000101", "77010000101", 0 },
		{ "+852 5123 4567", "85251234567", 0 },
		{ "+372 512 3456", "3725123456", 0 },
		{ "998901234567", "998901234567", 0 },
		/* damage */
		{ "7,9E+10", "", 1 },
		{ "7.9e+10", "", 1 },
		{ "8 999 555 11 11; 7,9E+10", "79995551111", 1 },
		{ "7,9E+10, 8 999 555 11 11", "79995551111", 1 },
		{ "########", "", 1 },
		{ "+998 +998901234567", "", 1 },
		{ "0555000104", "", 1 },
		{ "4951234567", "", 1 },
		{ "7777777777777", "", 1 },
		{ "1234567890123456", "", 1 },
		{ "123456789012345678901234567890", "", 1 },
		{ "telegram_79995551111", "", 1 },
		{ "id79995551111", "", 1 },
		{ "79995551111@x.ru", "", 1 },
		{ "Input", "", 1 },
		{ "12-34; 8 999 555 11 11; 00", "79995551111", 2 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct problem at = { .field = FIELD_PHONES, .cell = 5 };
		struct slice got;

		problems.n = 0;
		got =
		    normal_phones(&arena, slice_of(row[i].cell), at, &problems);
		if (!slice_is(got, row[i].want) ||
		    problems.n != row[i].problems)
			fail_msg("%s: %.*s, %zu problems", row[i].cell,
			    (int)got.n, got.p, problems.n);
		for (size_t k = 0; k < problems.n; k++) {
			assert_int_equal(problems.p[k].reject, REJECT_PHONES);
			assert_int_equal(problems.p[k].cell, 5);
			assert_true(problems.p[k].value.n > 0);
		}
	}
}

static void
emails_of_real_dumps(void **state)
{
	static const struct {
		const char *cell, *want;
		size_t problems;
	} row[] = {
		{ "Иван <Ivan@Mail.RU>", "ivan@mail.ru", 0 },
		{ "mailto:a@b.ru", "a@b.ru", 0 },
		{ "'a@b.ru'", "a@b.ru", 0 },
		{ "a@b.ru\r\nA@B.RU; c@d.ru", "a@b.ru,c@d.ru", 0 },
		{ "1,5e3@x.ru", "5e3@x.ru", 1 },
		{ "not-an-email@@; a@b.ru", "a@b.ru", 1 },
		{ "нет", "", 1 },
		{ "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *got = list(FIELD_EMAILS, slice_of(row[i].cell));

		if (problems.n != row[i].problems ||
		    (*row[i].want != '\0' && strcmp(got, row[i].want) != 0))
			fail_msg("%s: %s", row[i].cell, got);
	}
}

static void
client_ids_stay_text_and_googles_are_named(void **state)
{
	static const struct {
		const char *cell, *want, *hint;
	} row[] = {
		{ "133591247640966458", "133591247640966458", NULL },
		{ "'18446744073709551615", "18446744073709551615", NULL },
		{ "1,2;3 1", "1,2", NULL },
		{ "18446744073709551616", "", NULL },
		{ "0", "", NULL },
		{ "telegram_12345", "", NULL },
		{ "1,33591E+17", "", "Excel turned" },
		{ "1.33591E+17", "", "Excel turned" },
		{ "#####", "", "###" },
		{ "169000000012345000", "", "15 digits" },
		{ "169000000012345001", "169000000012345001", NULL },
		{ "123456789.1600000000", "", "Google" },
		{ "GA1.2.123456789.1600000000", "", "Google" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *got = list(FIELD_CLIENT_IDS, slice_of(row[i].cell));

		if (*row[i].want != '\0') {
			assert_string_equal(got, row[i].want);
			continue;
		}
		assert_int_equal(problems.n, 1);
		if (row[i].hint == NULL)
			assert_null(problems.p[0].hint);
		else if (strstr(problems.p[0].hint, row[i].hint) == NULL)
			fail_msg("%s: %s", row[i].cell, problems.p[0].hint);
	}
}

static void
lists_unite_without_doubles(void **state)
{
	static const char *const row[][3] = {
		{ "1,2", "2,3", "1,2,3" },
		{ "", "2,3", "2,3" },
		{ "1", "", "1" },
		{ "1,2", "1,2", "1,2" },
		{ "12", "1,2", "12,1,2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_true(slice_is(normal_unite(&arena, slice_of(row[i][0]),
					 slice_of(row[i][1])),
		    row[i][2]));
}

static void
ids_are_kept_as_written(void **state)
{
	static const struct {
		const char *cell, *want;
	} row[] = {
		{ "№A1", "№A1" },
		{ " '0000-057583 ", "0000-057583" },
		{ "=\"00123\"", "00123" },
		{ "1000001:1", "1000001:1" },
		{ "A\xc2\xa0"
		  "1",
		    "A 1" },
		{ "A\n1", "A 1" },
		{ "\x10 00123\x01", "00123" },
		{ "\x01'-", "" },
		{ "\x01"
		  "1E5",
		    NULL },
		{ "\xef\xbb\xbf"
		  "7",
		    "7" },
		{ "-", "" },
		{ "---", "" },
		{ "-5", "-5" },
		{ "7,9E+10", NULL },
		{ "1,33591E+17", NULL },
		{ "1E5", NULL },
		{ "#######", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slice out;
		const char *hint;
		enum reject r =
		    normal_id(&arena, slice_of(row[i].cell), &out, &hint);

		if (row[i].want == NULL) {
			assert_int_equal(r, REJECT_ID);
			assert_non_null(hint);
			continue;
		}
		assert_int_equal(r, REJECT_NONE);
		if (!slice_is(out, row[i].want))
			fail_msg("%s: %.*s", row[i].cell, (int)out.n, out.p);
	}
}

static void
money_as_people_write_it(void **state)
{
	static const struct {
		const char *cell;
		int64_t minor; /* or an enum reject, negated */
	} row[] = {
		{ "1508.50", 150850 },
		{ "1508,5", 150850 },
		{ "1 508,50", 150850 },
		{ "1\xc2\xa0"
		  "508,50 ₽",
		    150850 },
		{ "1\xe2\x80\xaf"
		  "234\xe2\x80\xaf"
		  "567",
		    123456700 },
		{ "1.508,50", 150850 },
		{ "1,508.50", 150850 },
		{ "1'508.50", 150850 },
		{ "1.234.567", 123456700 },
		{ "1,234,567", 123456700 },
		{ "1000 руб", 100000 },
		{ "1000 РУБ.", 100000 },
		{ "1000р.", 100000 },
		{ "₽ 1000", 100000 },
		{ "$1,508.50", 150850 },
		{ "1000 RUB", 100000 },
		{ "0", 0 },
		{ "-0", 0 },
		{ "0,005", 1 },
		{ "1508.505", 150851 },
		{ "1508.504", 150850 },
		{ "1.508", 151 },
		{ "1508,505", 150851 },
		{ "9223372036854", 922337203685400 },
		{ "", CONV_NONE },
		{ "-", CONV_NONE },
		{ "1,508", -REJECT_MONEY },
		{ "1,234,50", -REJECT_MONEY },
		{ "12 34", -REJECT_MONEY },
		{ "1 5080", -REJECT_MONEY },
		{ "1234 567", -REJECT_MONEY },
		{ "1.508,50,1", -REJECT_MONEY },
		{ "1 508.508,50", -REJECT_MONEY },
		{ "1508.", -REJECT_MONEY },
		{ ".5", -REJECT_MONEY },
		{ "7,9E+10", -REJECT_MONEY },
		{ "####", -REJECT_MONEY },
		{ "много", -REJECT_MONEY },
		{ "руб", -REJECT_MONEY },
		{ "NaN", -REJECT_MONEY },
		{ "10 шт", -REJECT_MONEY },
		{ "1 000 руб 50 коп", -REJECT_MONEY },
		{ "-1", -REJECT_MONEY_NEGATIVE },
		{ "−1 508,50", -REJECT_MONEY_NEGATIVE },
		{ "9 223 372 036 855", -REJECT_MONEY_TOO_BIG },
		{ "11111111111111111111111111111111111111111111111111",
		    -REJECT_MONEY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *hint;
		int64_t minor;
		enum reject r =
		    normal_money(slice_of(row[i].cell), &minor, &hint);

		if (r != REJECT_NONE)
			minor = -(int64_t)r;
		if (minor != row[i].minor)
			fail_msg("%s: %lld", row[i].cell, (long long)minor);
	}
}

static void
what_excel_did_to_money_is_named(void **state)
{
	const char *hint;
	int64_t minor;

	(void)state;
	normal_money(slice_of("7,9E+10"), &minor, &hint);
	assert_non_null(strstr(hint, "exponent"));
	normal_money(slice_of("1,508"), &minor, &hint);
	assert_non_null(strstr(hint, "comma"));
	normal_money(slice_of("abc"), &minor, &hint);
	assert_null(hint);
}

static void
times_as_systems_write_them(void **state)
{
	static const char *const row[][2] = {
		{ "21.04.2026 11:59:21", "2026-04-21 11:59:21" },
		{ "21.04.26 11:59", "2026-04-21 11:59:00" },
		{ "21.04.26", "2026-04-21 23:59:59" },
		{ "2026-04-21", "2026-04-21 23:59:59" },
		{ "2026-04-21 11:59", "2026-04-21 11:59:00" },
		{ "21.04.2026 9:05:00", "2026-04-21 09:05:00" },
		{ "1.4.2026 9:05", "2026-04-01 09:05:00" },
		{ "21.04.2026, 11:59:21", "2026-04-21 11:59:21" },
		{ "'21.04.2026 11:59", "2026-04-21 11:59:00" },
		{ "21.04.2026\xc2\xa0"
		  "11:59",
		    "2026-04-21 11:59:00" },
		{ "2026-04-21T11:59:21", "2026-04-21 11:59:21" },
		{ "2026-04-21T11:59:21.987", "2026-04-21 11:59:21" },
		{ "2026-04-21T11:59:21.987654321+03:00",
		    "2026-04-21 11:59:21" },
		{ "2026-04-21T08:59:21Z", "2026-04-21 11:59:21" },
		{ "2026-04-21 08:59:21 UTC", "2026-04-21 11:59:21" },
		{ "2026-04-21 08:59:21 +0000", "2026-04-21 11:59:21" },
		{ "2026-04-21T03:59:21-05", "2026-04-21 11:59:21" },
		{ "2026-04-21T14:29:21+05:30", "2026-04-21 11:59:21" },
		{ "1776761961", "2026-04-21 11:59:21" },
		{ "29.02.2024", "2024-02-29 23:59:59" },
		{ "", "" },
		{ "-", "" },
		{ "01.01.0001 0:00:00", "" },
		{ "0000-00-00 00:00:00", "" },
		{ "1776761961000", "ERROR" },
		{ "46133", "ERROR" },
		{ "20260421", "ERROR" },
		{ "29.02.2026", "ERROR" },
		{ "31.04.2026 10:00", "ERROR" },
		{ "2026-13-45 99:99", "ERROR" },
		{ "21.04.2026 24:00", "ERROR" },
		{ "21.04.2026 11:60", "ERROR" },
		{ "21.04.2026 11", "ERROR" },
		{ "21.04.2026 11:59 PM", "ERROR" },
		{ "21.04.2026T", "ERROR" },
		{ "21.04.202", "ERROR" },
		{ "21.04.20261", "ERROR" },
		{ "21-04-2026", "ERROR" },
		{ "2026/04/21 9:05", "2026-04-21 09:05:00" },
		{ "2026/04-21", "ERROR" },
		{ "04/21/2026", "ERROR" },
		{ "2026-4-1", "ERROR" },
		{ "2026-04-21T11:59:21+19:00", "ERROR" },
		{ "2026-04-21T11:59:21+03:60", "ERROR" },
		{ "2026-04-21 11:59:21 MSK", "ERROR" },
		{ "вчера", "ERROR" },
		{ "###", "ERROR" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *got =
		    when(slice_of(row[i][0]), "Europe/Moscow", "Europe/Moscow");

		if (strcmp(got, row[i][1]) != 0)
			fail_msg("%s: %s", row[i][0], got);
	}
}

static void
what_excel_did_to_dates_is_named(void **state)
{
	static const struct {
		const char *cell, *hint;
	} row[] = {
		{ "04/21/2026", "month first" },
		{ "04.21.2026 11:59", "month first" },
		{ "45000", "number of days" },
		{ "45000,5", "number of days" },
		{ "46346.4166666667", "number of days" },
		{ "46346,", NULL },
		{ "86346,5", NULL },
		{ "04/05/2026", "cannot be told apart" },
		{ "21/04/2026 11:59", "cannot be told apart" },
		{ "04-05-26", "cannot be told apart" },
		{ "31.02.2026", NULL },
		{ "yesterday", NULL },
	};
	struct zone *z = zone_named("Europe/Moscow");

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *hint;
		int64_t t;

		if (normal_time(slice_of(row[i].cell), z, z, &t, &hint) !=
		    REJECT_DATE)
			fail_msg("%s is a date", row[i].cell);
		if (row[i].hint == NULL
			? hint != NULL
			: hint == NULL || !strstr(hint, row[i].hint))
			fail_msg("%s: %s", row[i].cell, hint);
	}
	zone_free(z);
}

static void
a_date_alone_is_never_moved_between_zones(void **state)
{
	(void)state;
	assert_string_equal(when(slice_of("21.04.2026"), "Asia/Kamchatka",
				"Europe/Kaliningrad"),
	    "2026-04-21 23:59:59");
	/* a suffix wins over the source's zone */
	assert_string_equal(when(slice_of("2026-04-21T00:00:00Z"),
				"Asia/Kamchatka", "Europe/Moscow"),
	    "2026-04-21 03:00:00");
}

static void
small_kinds(void **state)
{
	static const struct {
		const char *cell;
		enum reject flag, seconds, currency;
		int64_t flag_is, seconds_are;
		const char *currency_is;
	} row[] = {
		{ "да", 0, REJECT_NUMBER, REJECT_CURRENCY, 1, 0, "" },
		{ "НЕТ", 0, REJECT_NUMBER, REJECT_CURRENCY, 0, 0, "" },
		{ "True", 0, REJECT_NUMBER, REJECT_CURRENCY, 1, 0, "" },
		{ "1", 0, 0, REJECT_CURRENCY, 1, 1, "" },
		{ "95", REJECT_NUMBER, 0, REJECT_CURRENCY, 0, 95, "" },
		{ "00:01:23", REJECT_NUMBER, 0, REJECT_CURRENCY, 0, 83, "" },
		{ "1:02:03", REJECT_NUMBER, 0, REJECT_CURRENCY, 0, 3723, "" },
		{ "2:03", REJECT_NUMBER, 0, REJECT_CURRENCY, 0, 123, "" },
		{ "2:60", REJECT_NUMBER, REJECT_NUMBER, REJECT_CURRENCY, 0, 0,
		    "" },
		{ "2:", REJECT_NUMBER, REJECT_NUMBER, REJECT_CURRENCY, 0, 0,
		    "" },
		{ "1:2:3:4", REJECT_NUMBER, REJECT_NUMBER, REJECT_CURRENCY, 0,
		    0, "" },
		{ "", 0, 0, 0, CONV_NONE, CONV_NONE, "" },
		{ "руб", REJECT_NUMBER, REJECT_NUMBER, 0, 0, 0, "RUB" },
		{ "Руб.", REJECT_NUMBER, REJECT_NUMBER, 0, 0, 0, "RUB" },
		{ "RUR", REJECT_NUMBER, REJECT_NUMBER, 0, 0, 0, "RUB" },
		{ "usd", REJECT_NUMBER, REJECT_NUMBER, 0, 0, 0, "USD" },
		{ "GEL", REJECT_NUMBER, REJECT_NUMBER, 0, 0, 0, "GEL" },
		{ "R2D", REJECT_NUMBER, REJECT_NUMBER, REJECT_CURRENCY, 0, 0,
		    "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct slice cell = slice_of(row[i].cell), code = { "", 0 };
		int64_t n;

		assert_int_equal(normal_flag(cell, &n), row[i].flag);
		if (row[i].flag == REJECT_NONE)
			assert_true(n == row[i].flag_is);
		assert_int_equal(normal_seconds(cell, &n), row[i].seconds);
		if (row[i].seconds == REJECT_NONE)
			assert_true(n == row[i].seconds_are);
		assert_int_equal(
		    normal_currency(&arena, cell, &code), row[i].currency);
		if (row[i].currency == REJECT_NONE)
			assert_true(slice_is(code, row[i].currency_is));
	}
}

/* Cells of these letters, at random. */
static struct slice
random_cell(char *buf, size_t size, const char *letters, uint32_t *seed)
{
	size_t n = 0;

	do {
		*seed = *seed * 1664525 + 1013904223;
		buf[n++] = letters[(*seed >> 16) % strlen(letters)];
	} while (n < size && *seed >> 28 != 0);
	return (struct slice){ buf, n };
}

/* With blanks around it, or a separator behind it, a cell means the same but
 * goes the long way. */
static void
the_short_way_comes_to_the_same(void **state)
{
	static const enum field lists[] = { FIELD_PHONES, FIELD_EMAILS,
		FIELD_CLIENT_IDS };
	struct zone *zone = zone_named("Europe/Moscow");
	char buf[64], around[sizeof buf + 2], one[400];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		struct slice s, long_way = { around, 0 };
		int64_t a, b;
		const char *hint;
		enum reject why;

		arena_reset(&arena);
		s = random_cell(
		    buf, 24, "012345678900000 ,,.;+'-EeaA@\n\"", &seed);
		memcpy(around, s.p, s.n);
		around[s.n] = ';';
		long_way.n = s.n + 1;
		for (size_t i = 0; i < COUNT(lists); i++) {
			snprintf(one, sizeof one, "%s", list(lists[i], s));
			if (strcmp(one, list(lists[i], long_way)) != 0)
				fail_msg("%.*s: %s", (int)s.n, s.p, one);
		}
		s = random_cell(buf, 20, "0123456789000 ,.-", &seed);
		around[0] = ' ';
		memcpy(around + 1, s.p, s.n);
		around[s.n + 1] = ' ';
		long_way.n = s.n + 2;
		why = normal_money(s, &a, &hint);
		if (normal_money(long_way, &b, &hint) != why || a != b)
			fail_msg("%.*s", (int)s.n, s.p);
		assert_true(slice_eq(normal_bare(s), normal_bare(long_way)));
	}
	zone_free(zone);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vectors_come_out_as_written),
		cmocka_unit_test(phones_of_real_dumps),
		cmocka_unit_test(emails_of_real_dumps),
		cmocka_unit_test(client_ids_stay_text_and_googles_are_named),
		cmocka_unit_test(lists_unite_without_doubles),
		cmocka_unit_test(ids_are_kept_as_written),
		cmocka_unit_test(money_as_people_write_it),
		cmocka_unit_test(what_excel_did_to_money_is_named),
		cmocka_unit_test(times_as_systems_write_them),
		cmocka_unit_test(what_excel_did_to_dates_is_named),
		cmocka_unit_test(a_date_alone_is_never_moved_between_zones),
		cmocka_unit_test(small_kinds),
		cmocka_unit_test(the_short_way_comes_to_the_same),
	};

	cmocka_run_group_tests(tests, NULL, clean);
	return 0;
}
