/*
 * lint of JSON: its shape, its types, its records one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/arena.h"
#include "formats/lint.h"
#include "formats/slice.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define NOW INT64_C(1782820800) /* 2026-06-30 12:00:00 */

static char found[8192];

struct source {
	struct slice rest;
	size_t step;
	uint64_t repeat; /* rest comes that often again */
	struct slice all;
	bool fails; /* instead of ending */
};

static ssize_t
give(void *ctx, void *buf, size_t n)
{
	struct source *s = ctx;

	if (s->rest.n == 0 && s->repeat > 0) {
		s->repeat--;
		s->rest = s->all;
	}
	if (s->rest.n == 0 && s->fails)
		return -1;
	n = n < s->step ? n : s->step;
	n = n < s->rest.n ? n : s->rest.n;
	if (n > 0)
		memcpy(buf, s->rest.p, n);
	s->rest = (struct slice){ s->rest.p + n, s->rest.n - n };
	return (ssize_t)n;
}

static void
note(void *ctx, const struct lint_finding *f)
{
	size_t *n = ctx;

	if (*n > sizeof found - 1024)
		return;
	*n += (size_t)snprintf(found + *n, sizeof found - *n, "%lu%s%s:%s %s\n",
	    f->line, *f->column != '\0' ? " " : "", f->column,
	    f->warning ? " warning:" : "", f->text);
}

static enum fmt_status
lint_source(const char *output, struct source *s, struct lint_totals *t)
{
	const struct lint_options o = {
		.output = output, .now = NOW, .instant = NOW
	};
	struct input in = { .read = give, .ctx = s };
	size_t n = 0;

	found[0] = '\0';
	return lint_run(&in, &o, note, &n, t);
}

static struct lint_totals
lint(const char *output, const char *file, size_t step)
{
	struct source s = { .rest = slice_of(file), .step = step };
	struct lint_totals t;

	assert_int_equal(lint_source(output, &s, &t), FMT_OK);
	return t;
}

#define ORDER                                                                  \
	"{\"id\":\"1\",\"client_uniq_id\":\"2\",\"client_type\":\"CONTACT\","  \
	"\"create_date_time\":\"2026-06-29 10:00:00\",\"order_status\":"       \
	"\"PAID\""
#define SHAPE                                                                  \
	"The file has to be one JSON text of the form "                        \
	"{\"orders\":[{...},{...}]}\n"
#define BROKEN "The record is not valid JSON, or has a key twice\n"
#define NOTHING "0: No row of the file is valid\n"

static void
the_shape_of_the_text_is_checked(void **state)
{
	static const char *const row[][2] = {
		{ "{\"orders\":[" ORDER "}]}", "" },
		{ "{\"orders\":[\n" ORDER "}\n]}\n", "" },
		{ " { \"orders\" : [ " ORDER "} ] }\n\n", "" },
		{ "\xef\xbb\xbf{\"orders\":[" ORDER "}]}",
		    "1: warning: The file begins with a BOM, which the "
		    "destination's rules do not mention\n" },
		{ "{\"orders\":[]}", NOTHING },
		{ "{\"orders\":[\n]}\n", NOTHING },
		{ "", "1: " SHAPE },
		{ "[" ORDER "}]", "1: " SHAPE },
		{ "{", "1: " SHAPE },
		{ "{\"Orders\":[" ORDER "}]}", "1: " SHAPE },
		{ "{\"orders\":" ORDER "}}", "1: " SHAPE },
		{ "{\"orders\":[" ORDER "}", "1: " SHAPE },
		{ "{\"orders\":[" ORDER "}]", "1: " SHAPE },
		{ "{\"orders\":[" ORDER "},]}", "1: " SHAPE },
		{ "{\"orders\":[" ORDER "}\n" ORDER "}]}", "2: " SHAPE },
		{ "{\"orders\":[" ORDER "}]}\n{}", "2: " SHAPE },
		{ "{\"orders\":[\n\n" ORDER ",\"a\":\"x", "3: " SHAPE },
		{ "{\"orders\":[1]}", "1: " SHAPE },
		{ "{\"orders\":[\n{\"id\":\"1\" 2}]}", "2: " BROKEN NOTHING },
		{ "{\"orders\":[\n{]}]}", "2: " BROKEN "2: " SHAPE },
		{ "{\"orders\":[" ORDER ",\"id\":\"2\"}]}",
		    "1: " BROKEN NOTHING },
		{ "{\"orders\":[{\"id\":\"\xc7\xe0\"}]}",
		    "1: The file holds bytes that are not UTF-8, the only "
		    "encoding that the destination reads\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		for (size_t step = 1; step < 200; step += 99) {
			lint("metrica-orders-json", row[i][0], step);
			if (strcmp(found, row[i][1]) != 0)
				fail_msg("%s\n%s", row[i][0], found);
		}
}

static void
each_value_has_its_type(void **state)
{
	static const char *const row[][2] = {
		{ "\"revenue\":1508.50,\"cost\":10", "" },
		{ "\"revenue\":null", "" },
		{ "\"revenue\":\"5\"", "'revenue' has to be a number" },
		{ "\"revenue\":-1", "'revenue' value must be nonnegative" },
		{ "\"revenue\":1e15",
		    "'revenue' value must not exceed 9223372036854" },
		{ "\"revenue\":99999999999999999999",
		    "'revenue' value must not exceed 9223372036854" },
		{ "\"currency\":643", "'currency' has to be a text" },
		{ "\"currency\":\"rub\"",
		    "Invalid 'currency' value 'rub' (ISO 4217 expected)" },
		{ "\"products\":{\"груша\":10,\"яблоко\":0.5}", "" },
		{ "\"products\":{\"груша\":\"10\"}",
		    "'products' has to be an object of names and numbers" },
		{ "\"products\":\"груша:10\"",
		    "'products' has to be an object of names and numbers" },
		{ "\"products\":{\"груша\":-1}",
		    "Invalid 'products' value 'груша:-1': products are "
		    "written name:quantity,name:quantity" },
		{ "\"goals\":[{\"goal_action_id\":\"g\",\"price\":1},"
		  "{\"goal_action_id\":\"h\"}]",
		    "" },
		{ "\"goals\":[\"g\"]",
		    "'goals' has to be a list of objects with a text "
		    "goal_action_id and a number price" },
		{ "\"goals\":[{\"goal_action_id\":\"g\",\"price\":\"1\"}]",
		    "'goals' has to be a list of objects with a text "
		    "goal_action_id and a number price" },
		{ "\"goals\":[{\"goal_action_id\":\"Цель\"}]",
		    "Invalid 'goals' value 'Цель': goals are written "
		    "goal:price,goal" },
		{ "\"revenue\":01", BROKEN },
		{ "\"revenue\":1.", BROKEN },
		{ "\"revenue\":.5", BROKEN },
		{ "\"revenue\":+1", BROKEN },
		{ "\"revenue\":NaN", BROKEN },
		{ "\"revenue\":1.5e2", "" },
		{ "\"revenue\":true", "'revenue' has to be a number" },
		{ "\"currency\":\"\\u0052UB\"", "" },
		{ "\"currency\":\"RUB\\x\"", BROKEN },
		{ "\"currency\":\"R\\u0000B\"", BROKEN },
		{ "\"currency\":\"R\tB\"", BROKEN },
		{ "\"note\":[1,2,]", BROKEN },
		{ "\"note\":{\"a\"}", BROKEN },
		{ "\"note\":{1:2}", BROKEN },
		{ "\"note\":tru", BROKEN },
		{ "\"note\":", BROKEN },
		{ "\"goals\":[]", "" },
		{ "\"goals\":[{}]",
		    "'goals' has to be a list of objects with a text "
		    "goal_action_id and a number price" },
		{ "\"goals\":[{\"name\":[{}],\"goal_action_id\":\"g\"}]", "" },
		{ "\"unknown\":[{\"a\":{\"b\":1}}],\"note\":\"}]\\\"\\\\\"",
		    "" },
	};
	char file[1024];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct lint_totals t;

		snprintf(file, sizeof file, "{\"orders\":[" ORDER ",%s}]}",
		    row[i][0]);
		t = lint("metrica-orders-json", file, 999);
		assert_int_equal(t.errors, *row[i][1] == '\0' ? 0 : 2);
		if (strstr(found, row[i][1]) == NULL)
			fail_msg("%s\n%s", row[i][0], found);
	}
}

static void
lists_are_arrays_of_texts(void **state)
{
	static const char *const row[][2] = {
		{ "[\"7\",\"8\"]", "" },
		{ "[]", "" },
		{ "\"7\"", "'client_ids' has to be a list of texts" },
		{ "[7]", "'client_ids' has to be a list of texts" },
		{ "[\"7,8\"]", "" },
		{ "[\"x\"]", "Invalid 'client_ids' identifier 'x'" },
		{ "[\"\"]", "" },
	};
	char file[256];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		snprintf(file, sizeof file,
		    "{\"contacts\":[{\"uniq_id\":\"1\",\"client_ids\":%s}]}",
		    row[i][0]);
		lint("metrica-contacts-json", file, 99);
		if (*row[i][1] == '\0')
			assert_string_equal(found, "");
		if (strstr(found, row[i][1]) == NULL)
			fail_msg("%s\n%s", row[i][0], found);
	}
}

/* --output names what is expected of the file; its first byte tells how it is
 * written, its key which of two tables it is. */
static void
the_first_byte_tells_csv_from_json(void **state)
{
#define CONTACTS "{\"contacts\":[{\"uniq_id\":\"1\"}]}"
#define CLIENTS "{\"contacts\":[{\"clientUniqId\":\"1\"}]}"
	static const struct {
		const char *output, *file;
		bool good;
	} row[] = {
		{ "metrica-contacts", "uniq_id,name\n1,x\n", true },
		{ "metrica-contacts", CONTACTS, true },
		{ "metrica-contacts", "\n \xef\xbb\xbf" CONTACTS, false },
		{ "metrica-contacts", "\xef\xbb\xbf\n " CONTACTS, true },
		{ "metrica-contacts-json", "uniq_id,name\n1,x\n", true },
		{ "metrica-orders", CONTACTS, false },
		{ "crm-json", CLIENTS, true },
		{ "crm-json-clients", CLIENTS, true },
		{ "crm-json", CONTACTS, false },
		{ "crm-json-clients",
		    "{\"orders\":[{\"id\":\"1\",\"createDateTime\":"
		    "\"2026-01-01\",\"orderStatus\":\"PAID\"}]}",
		    true },
		{ "crm-json", "id,createDateTime\n", false },
		{ "conversion-center", CONTACTS, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct lint_totals t = lint(row[i].output, row[i].file, 3);

		if ((t.errors == 0) != row[i].good)
			fail_msg(
			    "%s: %s\n%s", row[i].output, row[i].file, found);
	}
}

static void
the_same_id_twice_is_a_warning_with_its_line(void **state)
{
	struct lint_totals t = lint("metrica-orders-json",
	    "{\"orders\":[\n" ORDER "},\n" ORDER "}\n]}\n", 99);

	(void)state;
	assert_string_equal(found,
	    "3 id: warning: An earlier row has the same id; the destination "
	    "applies such rows in random order\n");
	assert_int_equal(t.valid, 2);
}

static void
a_read_that_fails_is_told(void **state)
{
	static const char *const file[] = { "", "{\"orders\":[" ORDER "}" };
	struct lint_totals t;

	(void)state;
	for (size_t i = 0; i < COUNT(file); i++) {
		struct source s = {
			.rest = slice_of(file[i]), .step = 9, .fails = true
		};

		assert_int_equal(
		    lint_source("metrica-orders-json", &s, &t), FMT_IO);
	}
}

/* A record may be as long as a row; the file goes on behind it. */
static void
a_record_of_a_megabyte_is_read_and_a_longer_one_refused(void **state)
{
	const size_t most = 1u << 20;
	char *file = mem_alloc(most + 1024);

	(void)state;
	for (size_t more = 0; more < 2; more++) {
		size_t n = (size_t)sprintf(
		    file, "{\"orders\":[\n" ORDER ",\"note\":\"");
		size_t pad = most - (n - strlen("{\"orders\":[\n")) - 2 + more;
		struct lint_totals t;

		memset(file + n, 'x', pad);
		strcpy(file + n + pad, "\"},\n" ORDER ",\"cost\":1}]}");
		t = lint("metrica-orders-json", file, 65536);
		if (t.rows != (more == 0 ? 2 : 0) || t.errors != more)
			fail_msg("%s", found);
	}
	free(file);
}

/* Brackets alone, without end. */
static void
a_text_of_brackets_ends(void **state)
{
	static const char open[] = "[[[[[[[[";
	struct source s = { .rest = slice_of("{\"orders\":[{\"a\":"),
		.step = 65536,
		.repeat = 1000000,
		.all = slice_of(open) };
	struct lint_totals t;

	(void)state;
	assert_int_equal(lint_source("metrica-orders-json", &s, &t), FMT_OK);
	assert_int_equal(t.errors, 1);
	assert_int_equal(t.bytes, 16 + 8000000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_shape_of_the_text_is_checked),
		cmocka_unit_test(each_value_has_its_type),
		cmocka_unit_test(lists_are_arrays_of_texts),
		cmocka_unit_test(the_first_byte_tells_csv_from_json),
		cmocka_unit_test(the_same_id_twice_is_a_warning_with_its_line),
		cmocka_unit_test(a_read_that_fails_is_told),
		cmocka_unit_test(
		    a_record_of_a_megabyte_is_read_and_a_longer_one_refused),
		cmocka_unit_test(a_text_of_brackets_ends),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
