#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>

#include "formats/damage.h"
#include "feed/report.h"
#include "tests/server/instance.h"

static struct instance inst;
static struct err e;

static int
set_up(void **state)
{
	(void)state;
	instance_open(&inst, "feed \"main\" {\n timezone = \"UTC\"\n}\n");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	instance_close(&inst);
	return 0;
}

static struct dump_entry
entry(const char *name)
{
	struct dump_entry d = { .id = 7,
		.feed = "main",
		.state = DUMP_MERGED,
		.at = 1795348800,
		.tally = { .records = 3,
		    .accepted = 2,
		    .rejected = 1,
		    .auto_ids = 1 } };

	snprintf(d.name, sizeof d.name, "%s", name);
	return d;
}

static const char *const header[] = { "Телефон", "Сумма" };
static const enum field field[] = { FIELD_PHONES, FIELD_COUNT };
static const struct dump_facts facts = { .encoding = "utf-8",
	.compression = "",
	.syntax = "csv",
	.preset = "generic",
	.delimiter = ';',
	.header_line = 1,
	.columns = 2,
	.header = header,
	.field = field };

static void
write_one(const char *name, bool hash)
{
	struct dump_entry d = entry(name);
	struct problem p = { .reject = REJECT_PHONES,
		.field = FIELD_PHONES,
		.cell = 0,
		.value = slice_of("+7 999 12") };
	struct slice cell[] = { slice_of("+7 999 12"), slice_of("=1+1") };
	struct report *r;

	assert_int_equal(
	    report_open(&r, inst.conf, &inst.conf->feed[0], name, &e), 0);
	assert_int_equal(report_begin(r, &facts, hash, &e), 0);
	assert_int_equal(report_problem(r, 5, true, &p, cell, 2, &e), 0);
	if (report_write(r, &d, &facts, &e) == -1)
		fail_msg("%s", e.text);
}

static void
the_three_files_say_what_became_of_the_dump(void **state)
{
	char *text;
	json_t *j;

	(void)state;
	write_one("deals.csv", false);
	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.rejects.csv"));
	assert_non_null(strstr(text, "\n5;row;"));
	assert_non_null(strstr(text, "Телефон;Сумма"));
	assert_non_null(strstr(text, "+7 999 12"));
	assert_non_null(strstr(text, "'=1+1")); /* no formula */
	free(text);
	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.report.json"));
	j = json_loads(text, 0, NULL);
	assert_non_null(j);
	assert_int_equal(json_integer_value(json_object_get(j, "records")), 3);
	assert_int_equal(json_integer_value(json_object_get(j, "auto_ids")), 1);
	assert_non_null(
	    strstr(json_string_value(json_object_get(j, "accounting")),
		"3 records = 2 accepted + "));
	assert_int_equal(json_array_size(json_object_get(j, "columns")), 2);
	json_decref(j);
	free(text);
	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.report.txt"));
	assert_non_null(strstr(text, "Телефон: phones"));
	assert_non_null(strstr(text, "Сумма: ignored"));
	assert_non_null(strstr(text, "without an id"));
	assert_non_null(strstr(text,
	    "Accounting: 3 records = 2 accepted + 0 unchanged + 0 superseded "
	    "+ 0 skipped + 1 rejected.\n"));
	free(text);
}

static void
the_text_calls_records_what_they_are(void **state)
{
	static const struct {
		enum record_kind kind;
		const char *made, *known;
	} row[] = {
		{ RECORD_ORDER, "2 accepted: they made or changed an order\n",
		    "1 unchanged: the order was known just so\n" },
		{ RECORD_CONTACT,
		    "2 accepted: they made or changed a contact\n",
		    "1 unchanged: the contact was known just so\n" },
		{ RECORD_CALL, "2 accepted: they made or changed a call\n",
		    "1 unchanged: the call was known just so\n" },
		{ RECORD_CHAT, "2 accepted: they made or changed a chat\n",
		    "1 unchanged: the chat was known just so\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct dump_entry d = entry("kinds.csv");
		struct dump_facts f = { .kind = row[i].kind };
		struct report *r;
		char *text;

		d.tally = (struct tally){
			.records = 3, .accepted = 2, .unchanged = 1
		};
		assert_int_equal(report_open(&r, inst.conf, &inst.conf->feed[0],
				     "kinds.csv", &e),
		    0);
		if (report_write(r, &d, &f, &e) == -1)
			fail_msg("%s", e.text);
		text = instance_get(
		    instance_path(&inst, "reports/main/kinds.csv.report.txt"));
		assert_non_null(strstr(text, row[i].made));
		assert_non_null(strstr(text, row[i].known));
		free(text);
	}
}

/* Two groups of rows, one of values; a status in a pipeline and one with
 * quotes; and more lines than are shown. */
static void
the_text_says_what_to_mend_first(void **state)
{
	static const char *const columns[] = { "Воронка", "Статус", "Дата" };
	static const enum field fields[] = { FIELD_PIPELINE, FIELD_ORDER_STATUS,
		FIELD_CREATE_DATE_TIME };
	static const struct dump_facts f = {
		.columns = 3, .header = columns, .field = fields
	};
	struct dump_entry d = entry("deals.csv");
	struct slice cell[] = { slice_of("Продажи "), slice_of("Согла\"сие"),
		slice_of("11/19/2026") };
	struct problem p = { .reject = REJECT_STATUS,
		.field = FIELD_ORDER_STATUS,
		.cell = 1,
		.value = cell[1] };
	struct report *r;
	const char *first, *second, *damage;
	char *text;
	json_t *j;

	(void)state;
	assert_int_equal(
	    report_open(&r, inst.conf, &inst.conf->feed[0], "deals.csv", &e),
	    0);
	assert_int_equal(report_begin(r, &f, false, &e), 0);
	assert_int_equal(report_problem(r, 9, true, &p, cell, 3, &e), 0);
	p = (struct problem){ .reject = REJECT_DATE,
		.field = FIELD_CREATE_DATE_TIME,
		.cell = 2,
		.value = cell[2],
		.hint = damage_hint(DAMAGE_MONTH_FIRST) };
	for (unsigned long line = 14; line < 40; line++)
		assert_int_equal(
		    report_problem(r, line, true, &p, cell, 3, &e), 0);
	p = (struct problem){ .reject = REJECT_PHONES,
		.field = FIELD_PHONES,
		.cell = SIZE_MAX,
		.value = slice_of("+7 999 12") };
	assert_int_equal(report_problem(r, 41, false, &p, cell, 3, &e), 0);
	if (report_write(r, &d, &f, &e) == -1)
		fail_msg("%s", e.text);

	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.report.txt"));
	first = strstr(text, "  1. 26 rows refused: E201, column \"Дата\" "
			     "(create_date_time)\n"
			     "     line 14: Invalid date format '11/19/2026' "
			     "(it is a date only with the month first");
	assert_non_null(first);
	assert_non_null(strstr(first, "line 16: "));
	assert_null(strstr(first, "line 17: "));
	assert_non_null(strstr(first, "and 23 more\n     To mend it: Export "
				      "dates as 2026-04-21"));
	second = strstr(first, "  2. 1 row refused: E214, column \"Статус\" "
			       "(order_status)\n     line 9: ");
	assert_non_null(second);
	assert_non_null(strstr(second, "  3. 1 value left out, its row stays: "
				       "E207, phones\n     line 41: "));
	/* nobody's number, although the feed is plain */
	assert_null(strstr(text, "999 12"));
	damage = strstr(second, "E705: 26 values in 3 records, column \"Дата\" "
				"(create_date_time); first in line 14\n");
	assert_non_null(damage);
	assert_non_null(strstr(second, "\n  status(\"Продажи\", "
				       "\"Согла\\\"сие\", \"IN_PROGRESS\")"
				       "  # 1 row\n"));
	assert_non_null(strstr(text, "All that was refused is in "
				     "deals.csv.rejects.csv, "));
	free(text);
	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.report.json"));
	j = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(j, "problems")), 3);
	assert_int_equal(json_array_size(json_object_get(j, "damage")), 1);
	assert_int_equal(
	    json_array_size(json_object_get(j, "unmapped_statuses")), 1);
	json_decref(j);
	free(text);
}

/* Ids that lost their zeros, and a header in the wrong letters. */
static void
columns_that_were_damaged_are_named(void **state)
{
	static const char *const columns[] = { "РќРѕРјРµСЂ", "Статус" };
	static const enum field fields[] = { FIELD_ID, FIELD_ORDER_STATUS };
	static const struct dump_facts f = {
		.columns = 2, .header = columns, .field = fields
	};
	static const char *const id[] = { "000041", "000042", "000043", "44",
		"45", "A-1" };
	struct dump_entry d = entry("a.csv");
	struct report *r;
	char *text;

	(void)state;
	assert_int_equal(
	    report_open(&r, inst.conf, &inst.conf->feed[0], "a.csv", &e), 0);
	assert_int_equal(report_begin(r, &f, false, &e), 0);
	for (size_t i = 0; i < sizeof id / sizeof *id; i++) {
		struct slice cell[] = { slice_of(id[i]), slice_of("x") };

		report_see(r, 2 + i, cell, 2);
	}
	assert_int_equal(report_write(r, &d, &f, &e), 0);
	text =
	    instance_get(instance_path(&inst, "reports/main/a.csv.report.txt"));
	assert_non_null(strstr(text, "E706: 2 values in 3 records, column"));
	assert_non_null(strstr(text, "; first in line 5\n"));
	assert_non_null(strstr(text, "E707: the header, column"));
	free(text);
}

static void
hashed_feeds_show_no_phone(void **state)
{
	char *text;

	(void)state;
	write_one("deals.csv", true);
	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.rejects.csv"));
	assert_null(strstr(text, "999"));
	assert_non_null(strstr(text, "\n5;row;"));
	free(text);
	text = instance_get(
	    instance_path(&inst, "reports/main/deals.csv.report.txt"));
	assert_null(strstr(text, "999"));
	assert_non_null(strstr(text, "line 5: Invalid 'phones' "
				     "identifier '+0 000 00'"));
	free(text);
}

/* A report's preamble that was taken for the header. */
static void
hashed_feeds_show_no_phone_in_a_header(void **state)
{
	static const char *const columns[] = { "Телефон: +7 916 123-45-67",
		"две\nстроки" };
	static const enum field fields[] = { FIELD_PHONES, FIELD_COUNT };
	static const struct dump_facts f = {
		.columns = 2, .header = columns, .field = fields
	};
	static const char *const file[] = { "rejects.csv", "report.txt",
		"report.json" };

	(void)state;
	for (int hash = 0; hash <= 1; hash++) {
		struct dump_entry d = entry("a.csv");
		struct report *r;

		assert_int_equal(report_open(&r, inst.conf, &inst.conf->feed[0],
				     "a.csv", &e),
		    0);
		assert_int_equal(report_begin(r, &f, hash, &e), 0);
		assert_int_equal(report_write(r, &d, &f, &e), 0);
		for (int i = 0; i < 3; i++) {
			char *text = instance_get(instance_path(
			    &inst, "reports/main/a.csv.%s", file[i]));

			/* the letters show nobody's data to anybody */
			assert_int_equal(
			    strstr(text, "123-45-67") == NULL, hash || i != 0);
			if (i == 1)
				assert_non_null(
				    strstr(text, "  две строки: ignored\n"));
			free(text);
		}
	}
}

static void
long_names_are_cut_at_a_character(void **state)
{
	char name[256] = "", want[256];

	(void)state;
	strcat(name, "x");
	for (int i = 0; i < 100; i++)
		strcat(name, "ы"); /* 201 bytes */
	write_one(name, false);
	/* 128 bytes would cut the last letter: 127 */
	snprintf(want, sizeof want, "reports/main/%.127s.report.txt", name);
	assert_true(instance_has(instance_path(&inst, "%s", want)));
}

static void
the_latest_of_a_name_is_there_and_nothing_else(void **state)
{
	char *list;
	FILE *p;

	(void)state;
	write_one("deals.csv", false);
	write_one("deals.csv", false);
	list = calloc(1, 4096);
	assert_int_equal(chdir(instance_path(&inst, "reports/main")), 0);
	p = popen("ls -A | sort | tr '\\n' ' '", "r");
	assert_non_null(p);
	assert_true(fread(list, 1, 4095, p) > 0);
	pclose(p);
	assert_int_equal(chdir("/"), 0);
	assert_string_equal(list,
	    ".masked deals.csv.rejects.csv deals.csv.report.json "
	    "deals.csv.report.txt ");
	free(list);
}

/* What the role report is shown: under the same names, and nobody's data. */
static void
every_report_has_a_masked_twin(void **state)
{
	static const struct {
		const char *file, *shows, *hides;
	} cases[] = {
		{ "deals.csv.rejects.csv", "+0 000 00", "999" },
		{ "deals.csv.rejects.csv", "line;kind;code", "+7" },
		{ "deals.csv.report.json", "\"records\": 3", "999" },
		{ "deals.csv.report.txt", "3 records", "999" },
	};

	(void)state;
	write_one("deals.csv", false);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = instance_get(instance_path(
		    &inst, "reports/main/.masked/%s", cases[i].file));

		assert_non_null(strstr(text, cases[i].shows));
		assert_null(strstr(text, cases[i].hides));
		free(text);
	}
}

static void
a_discarded_report_leaves_nothing(void **state)
{
	struct report *r;

	(void)state;
	assert_int_equal(
	    report_open(&r, inst.conf, &inst.conf->feed[0], "a.csv", &e), 0);
	assert_false(report_exists(r));
	report_discard(r);
	report_discard(NULL);
	assert_int_equal(
	    rmdir(instance_path(&inst, "reports/main/.masked")), 0);
	assert_int_equal(rmdir(instance_path(&inst, "reports/main")), 0);
}

static void
cells_are_packed_and_unpacked(void **state)
{
	struct slice cell[] = { slice_of("one"), slice_of(""), { "t\0o", 3 } };
	struct arena a = ARENA_EMPTY;
	struct slice packed = report_pack_cells(&a, cell, 3), *back;
	size_t n;

	(void)state;
	back = report_unpack_cells(&a, packed, &n);
	assert_int_equal(n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(slice_eq(cell[i], back[i]));
	/* cut short: what is whole */
	packed.n -= 1;
	back = report_unpack_cells(&a, packed, &n);
	assert_int_equal(n, 2);
	back = report_unpack_cells(&a, (struct slice){ NULL, 0 }, &n);
	assert_int_equal(n, 0);
	(void)back;
	arena_free(&a);
}

static void
what_was_killed_half_written_is_swept(void **state)
{
	static const char *const name[] = { ".a.csv.report.txt.new",
		"a.csv.report.txt", ".keep", "a.new" };
	static const bool stays[] = { false, true, true, true };

	(void)state;
	write_one("b.csv", false); /* makes the folder */
	for (size_t i = 0; i < 4; i++)
		instance_put(
		    instance_path(&inst, "reports/main/%s", name[i]), "x");
	report_sweep(inst.conf, &inst.conf->feed[0]);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(instance_has(instance_path(
				     &inst, "reports/main/%s", name[i])),
		    stays[i]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_three_files_say_what_became_of_the_dump),
		TEST(the_text_calls_records_what_they_are),
		TEST(the_text_says_what_to_mend_first),
		TEST(columns_that_were_damaged_are_named),
		TEST(hashed_feeds_show_no_phone),
		TEST(hashed_feeds_show_no_phone_in_a_header),
		TEST(long_names_are_cut_at_a_character),
		TEST(the_latest_of_a_name_is_there_and_nothing_else),
		TEST(every_report_has_a_masked_twin),
		TEST(a_discarded_report_leaves_nothing),
		TEST(what_was_killed_half_written_is_swept),
		TEST(cells_are_packed_and_unpacked),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
