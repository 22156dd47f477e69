/*
 * Presets as data: they read dumps as built-in ones do, and their text is the
 * same preset again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/map.h"
#include "formats/own_preset.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct own_preset *
windows(void)
{
	struct own_preset *p = own_preset_new("windows");

	p->preset.same_id = SAME_ID_SUM;
	p->preset.kind = RECORD_CONTACT;
	p->preset.joins_clients = true;
	p->preset.default_status = own_preset_keep(p, "goal:Lead");
	own_preset_add_column(p, "\xef\xbb\xbf Номер  ДОГОВОРА", FIELD_ID);
	own_preset_add_column(p, "? Дата", FIELD_CREATE_DATE_TIME);
	own_preset_add_column(p, "Дата договора", FIELD_CREATE_DATE_TIME);
	own_preset_add_column(p, "Телефон менеджера", FIELD_COUNT);
	own_preset_add_column(p, "Телефон*", FIELD_PHONES);
	own_preset_add_column(p, "Этап", FIELD_ORDER_STATUS);
	own_preset_add_column(p, "Воронка", FIELD_PIPELINE);
	own_preset_add_status(p, "Опт", "Счёт  выставлен", "goal:BigDeal");
	own_preset_add_status(p, "*", "Замер", "IN_PROGRESS");
	own_preset_add_proof(p, "Номер договора");
	return p;
}

/* The fields that a header gets, by name. */
static void
assert_fields(const struct settings *s, const char *preset,
    const char *const (*want)[2], size_t n)
{
	struct slice header[16] = { { NULL, 0 } };
	struct map *m;

	for (size_t i = 0; i < n; i++)
		header[i] = slice_of(want[i][0]);
	assert_int_equal(map_open(&m, s, header, n), FMT_OK);
	assert_string_equal(map_preset(m)->name, preset);
	for (size_t i = 0; i < n; i++) {
		enum field f = map_field(m, i);

		assert_string_equal(
		    f == FIELD_COUNT ? "" : field_info[f].name, want[i][1]);
	}
	map_free(m);
}

static const char *const columns[][2] = {
	{ "Номер договора", "id" },
	{ "Дата", "" },
	{ "дата ДОГОВОРА", "create_date_time" },
	{ "Телефон менеджера", "" },
	{ "Телефон 2", "phones" },
	{ "Этап", "order_status" },
	{ "Воронка", "pipeline" },
};

static void
it_reads_a_header_as_a_built_in_one_does(void **state)
{
	struct settings *s = settings_new();
	struct own_preset *p = windows();

	(void)state;
	settings_add_preset(s, p);
	own_preset_free(p); /* the settings keep theirs */
	assert_fields(s, "windows", columns, COUNT(columns));
	/* a weak name counts where no other has the field */
	assert_fields(s, "windows",
	    (const char *const[][2]){
		{ "Номер договора", "id" }, { "Дата", "create_date_time" } },
	    2);
	/* without its proof another fits better, unless it is named */
	assert_fields(s, "generic",
	    (const char *const[][2]){
		{ "Дата", "create_date_time" }, { "Телефон", "phones" } },
	    2);
	settings_set(&s->preset, "windows");
	assert_fields(s, "windows",
	    (const char *const[][2]){ { "Дата", "create_date_time" },
		{ "Почта", "" }, { "Телефон", "phones" } },
	    3);
	assert_ptr_equal(settings_preset(s, "windows"), &s->own[0]->preset);
	assert_string_equal(settings_preset(s, "amocrm")->name, "amocrm");
	assert_null(settings_preset(s, "nosuch"));
	settings_free(s);
}

static void
its_statuses_are_mapped(void **state)
{
	static const char *const row[][3] = {
		{ "опт", "Счет выставлен", "BigDeal" },
		{ "Розница", "Счет выставлен", "" },
		{ "Розница", "ЗАМЕР", "IN_PROGRESS" },
		{ "", "Отменён", "CANCELLED" }, /* the common words */
	};
	struct slice header[] = { slice_of("Номер договора"),
		slice_of("Этап") };
	struct settings *s = settings_new();
	struct own_preset *p = windows();
	struct map *m;

	(void)state;
	settings_add_preset(s, p);
	own_preset_free(p);
	assert_int_equal(map_open(&m, s, header, 2), FMT_OK);
	for (size_t i = 0; i < COUNT(row); i++) {
		struct meaning is = map_meaning(
		    m, slice_of(row[i][0]), slice_of(row[i][1]), slice_of(""));

		assert_true(slice_is(is.to, row[i][2]));
	}
	map_free(m);
	settings_free(s);
}

static void
the_settings_text_holds_it(void **state)
{
	struct settings *s = settings_new(), *back;
	struct own_preset *p = windows();
	char *without = settings_text(s), *text, *again;

	(void)state;
	settings_add_preset(s, p);
	text = settings_text(s);
	assert_string_not_equal(text, without);
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	again = settings_text(back);
	assert_string_equal(again, text);
	assert_int_equal(back->owns, 1);
	assert_int_equal(back->own[0]->preset.kind, RECORD_CONTACT);
	assert_int_equal(back->own[0]->preset.same_id, SAME_ID_SUM);
	assert_true(back->own[0]->preset.joins_clients);
	assert_string_equal(back->own[0]->preset.default_status, "goal:Lead");
	assert_fields(back, "windows", columns, COUNT(columns));
	free(again);
	/* a row more is another text; a title is not */
	p->preset.title = "Windows and doors";
	again = settings_text(s);
	assert_string_equal(again, text);
	free(again);
	own_preset_add_status(p, "*", "Новая строка", "skip");
	again = settings_text(s);
	assert_string_not_equal(again, text);
	free(again);
	free(text);
	/* nothing is lost in silence */
	own_preset_add_proof(p, "\xcd\xee\xec\xe5\xf0");
	assert_null(settings_text(s));
	own_preset_free(p);
	free(without);
	settings_free(s);
	settings_free(back);
}

#define LIKE(name, kind, same_id, status, rest)                                \
	"{\"presets\":[{\"name\":\"" name "\",\"kind\":\"" kind                \
	"\",\"same_id\":\"" same_id "\",\"default_status\":\"" status          \
	"\",\"joins_clients\":false," rest "}]}"
#define NOTHING "\"columns\":[],\"status\":[],\"proof\":[]"

static void
what_is_no_preset_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum fmt_status want;
	} row[] = {
		{ LIKE("a", "order", "last", "", NOTHING), FMT_OK },
		{ LIKE("A", "order", "last", "", NOTHING), FMT_SETTINGS },
		{ LIKE("a", "orders", "last", "", NOTHING), FMT_SETTINGS },
		{ LIKE("a", "order", "preset", "", NOTHING), FMT_SETTINGS },
		{ LIKE("a", "order", "last", "paid", NOTHING), FMT_SETTINGS },
		{ LIKE("a", "order", "last", "",
		      "\"columns\":[[\"x\",\"nosuch\"]],\"status\":[],"
		      "\"proof\":[]"),
		    FMT_SETTINGS },
		{ LIKE("a", "order", "last", "",
		      "\"columns\":[[\"x\",\"ignore\"]],\"status\":[],"
		      "\"proof\":[]"),
		    FMT_OK },
		{ LIKE("a", "order", "last", "",
		      "\"columns\":[],\"status\":[[\"*\",\"x\",\"y\"]],"
		      "\"proof\":[]"),
		    FMT_SETTINGS },
		{ LIKE("a", "order", "last", "",
		      "\"columns\":{},\"status\":[],\"proof\":[]"),
		    FMT_SETTINGS },
		{ LIKE("a", "order", "last", "",
		      "\"columns\":[],\"status\":[],\"proof\":[1]"),
		    FMT_SETTINGS },
		{ LIKE("a", "order", "last", "", "\"columns\":[]"),
		    FMT_SETTINGS },
		{ "{\"presets\":{}}", FMT_SETTINGS },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct settings *s = NULL;
		enum fmt_status st = settings_parse(&s, row[i].text);

		if (st != row[i].want)
			fail_msg("%s", row[i].text);
		if (st == FMT_OK)
			settings_free(s);
	}
}

static void
a_name_can_be_that_of_a_file(void **state)
{
	static const struct {
		const char *name;
		bool valid;
	} row[] = { { "my-crm", true }, { "1c-2", true }, { "", false },
		{ "-a", false }, { "a/b", false }, { "a.b", false },
		{ "Crm", false }, { "срм", false },
		{ "a2345678901234567890123456789012", true },
		{ "a23456789012345678901234567890123", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(
		    own_preset_name_valid(row[i].name), row[i].valid);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_reads_a_header_as_a_built_in_one_does),
		cmocka_unit_test(its_statuses_are_mapped),
		cmocka_unit_test(the_settings_text_holds_it),
		cmocka_unit_test(what_is_no_preset_is_refused),
		cmocka_unit_test(a_name_can_be_that_of_a_file),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
