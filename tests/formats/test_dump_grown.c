/*
 * Dumps whose columns come as they go: what a late name means, and what the
 * rows before it are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "formats/arena.h"
#include "formats/dump.h"
#include "tests/formats/memory.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

enum {
	EARLY = 1000 /* records that are looked at for the header */
};

static const char first[] = "{\"id\":\"1\",\"created_at\":\"2026-04-20\","
			    "\"phone\":\"+79991234567\",\"status\":\"paid\"}\n";

/* EARLY records as the first, then one more. */
static char *
make(const char *late)
{
	size_t n = sizeof first - 1;
	char *in = mem_alloc(EARLY * n + strlen(late) + 1);

	for (size_t i = 0; i < EARLY; i++)
		memcpy(in + i * n, first, n);
	strcpy(in + EARLY * n, late);
	return in;
}

/* The last record of the dump; its columns are in *columns. */
static enum verdict
read_last(const char *late, const struct settings *s, size_t *columns,
    void (*see)(const struct record *r, const struct dump_facts *f))
{
	struct zone *utc = zone_utc();
	struct dump *d = NULL;
	struct record *r = NULL;
	char *in = make(late);
	struct memory m;
	enum verdict verdict = VERDICT_TAKE;
	enum fmt_status st =
	    dump_open(&d, memory_input(&m, in, strlen(in), 0), s, utc, NULL);
	const enum field *field = dump_facts(d)->field;
	size_t before = dump_facts(d)->columns;

	assert_int_equal(st, FMT_OK);
	assert_int_equal(before, 4);
	while ((st = dump_next(d, &r)) == FMT_OK) {
		verdict = r->verdict;
		if (dump_facts(d)->records > EARLY && see != NULL)
			see(r, dump_facts(d));
		else
			assert_int_equal(verdict, VERDICT_TAKE);
	}
	assert_int_equal(st, FMT_END);
	assert_int_equal(dump_facts(d)->records, EARLY + 1);
	assert_int_equal(dump_facts(d)->preamble, 0);
	assert_int_equal(field[2], FIELD_PHONES); /* it lives on */
	*columns = dump_facts(d)->columns;
	for (size_t i = 0; i < *columns; i++)
		assert_non_null(dump_facts(d)->header[i]);
	dump_close(d);
	zone_free(utc);
	free(in);
	return verdict;
}

static void
see_email(const struct record *r, const struct dump_facts *f)
{
	assert_int_equal(r->line, EARLY + 1);
	assert_int_equal(r->cells, 6);
	assert_true(
	    slice_is(conv_text(&r->conv, FIELD_EMAILS), "a@example.com"));
	assert_true(slice_is(conv_text(&r->conv, FIELD_ID), "2"));
	assert_int_equal(f->field[4], FIELD_COUNT);
	assert_int_equal(f->field[5], FIELD_EMAILS);
	assert_string_equal(f->header[5], "contact.email");
}

static void
a_late_name_is_mapped_by_the_same_preset(void **state)
{
	struct settings *s = settings_new();
	size_t columns;

	(void)state;
	assert_int_equal(
	    read_last("{\"id\":2,\"created_at\":\"2026-04-20\",\"x\":{\"y\":1},"
		      "\"status\":\"paid\",\"contact\":{\"email\":"
		      "\"a@example.com\"}}",
		s, &columns, see_email),
	    VERDICT_TAKE);
	assert_int_equal(columns, 6);
	settings_free(s);
}

static void
see_rules(const struct record *r, const struct dump_facts *f)
{
	assert_int_equal(f->field[4], FIELD_REVENUE);
	assert_int_equal(f->field[5], FIELD_COUNT);
	assert_int_equal(r->conv.number[FIELD_REVENUE], 150050);
	assert_int_equal(conv_text(&r->conv, FIELD_EMAILS).n, 0);
}

static void
a_late_name_obeys_the_column_rules(void **state)
{
	struct settings *s = settings_new();
	size_t columns;

	(void)state;
	settings_add_column(s, "deal.worth", "revenue");
	settings_add_column(s, "email", "ignore");
	assert_int_equal(
	    read_last("{\"id\":2,\"created_at\":\"2026-04-20\",\"phone\":"
		      "\"89991234567\",\"status\":\"paid\",\"deal\":{\"worth\":"
		      "1500.50},\"email\":\"a@example.com\"}",
		s, &columns, see_rules),
	    VERDICT_TAKE);
	settings_free(s);
}

static void
see_hint(const struct record *r, const struct dump_facts *f)
{
	const struct problem *p = &r->problems.p[r->problems.n - 1];

	assert_int_equal(p->reject, REJECT_JSON);
	assert_int_equal(p->cell, SIZE_MAX);
	assert_non_null(p->hint);
	assert_int_equal(r->cells, 4);
	assert_int_equal(f->columns, 4);
	assert_int_equal(f->damaged, 1);
}

static void
a_broken_record_brings_no_columns(void **state)
{
	struct settings *s = settings_new();
	size_t columns;

	(void)state;
	assert_int_equal(
	    read_last("{\"id\":2,\"x\":1,\"y\":nope}", s, &columns, see_hint),
	    VERDICT_REJECT);
	settings_free(s);
}

static void
what_the_names_lack_is_said(void **state)
{
	static const struct {
		const char *in;
		enum fmt_status status;
		const char *missing;
	} row[] = {
		{ "[{\"id\":1,\"phone\":\"+79991234567\",\"status\":\"paid\"},"
		  "{\"id\":\"created_at\",\"phone\":\"phone\"}]",
		    FMT_MISSING_COLUMN, "create_date_time" },
		{ "[{\"foo\":1},{\"foo\":\"id\"}]", FMT_NO_HEADER, NULL },
		{ "[]", FMT_EMPTY, NULL },
		{ "[{},{}]", FMT_EMPTY, NULL },
		{ "{\"orders\":[]}", FMT_EMPTY, NULL },
		{ "[{\"id\":1,\"created_at\":\"2026-04-20\",\"phone\":1}]",
		    FMT_NO_STATUS, NULL },
	};
	struct settings *s = settings_new();
	struct zone *utc = zone_utc();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct memory m;
		struct dump *d = NULL;
		const char *missing;

		assert_int_equal(
		    dump_open(&d,
			memory_input(&m, row[i].in, strlen(row[i].in), 0), s,
			utc, NULL),
		    row[i].status);
		missing = dump_facts(d)->missing;
		if (row[i].missing != NULL)
			assert_string_equal(missing, row[i].missing);
		dump_close(d);
	}
	zone_free(utc);
	settings_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_late_name_is_mapped_by_the_same_preset),
		cmocka_unit_test(a_late_name_obeys_the_column_rules),
		cmocka_unit_test(a_broken_record_brings_no_columns),
		cmocka_unit_test(what_the_names_lack_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
