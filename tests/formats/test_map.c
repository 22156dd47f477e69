/*
 * Presets and the map: which column is which field, which status means what.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/map.h"
#include "tests/formats/split.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct map *
open_map(const struct settings *s, const char *header)
{
	struct map *m = NULL;
	size_t n = split(header);

	assert_int_equal(map_open(&m, s, cells, n), FMT_OK);
	return m;
}

/* The fields of a header as "preset:id,phones,-". */
static const char *
fields(const struct settings *s, const char *header)
{
	static char text[2000];
	struct map *m = open_map(s, header);
	size_t n =
	    (size_t)snprintf(text, sizeof text, "%s:", map_preset(m)->name);

	for (size_t i = 0; i < map_columns(m); i++) {
		enum field f = map_field(m, i);

		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s",
		    i == 0 ? "" : ",",
		    f == FIELD_COUNT ? "-" : field_info[f].name);
	}
	map_free(m);
	return text;
}

static void
a_header_chooses_its_preset_and_fields(void **state)
{
	static const char *const row[][2] = {
		{ "create_date_time;id;client_uniq_id;client_ids;emails;phones;"
		  "emails_md5;phones_md5;order_status;revenue;cost;COMMENT",
		    "direct:create_date_time,id,client_uniq_id,client_ids,"
		    "emails,phones,emails_md5,phones_md5,order_status,revenue,"
		    "cost,-" },
		/* a status under another name must not become PAID unseen */
		{ "create_date_time;phones;Статус",
		    "direct:create_date_time,phones,order_status" },
		{ "create_date_time;phones;order_status;Статус оплаты",
		    "direct:create_date_time,phones,order_status,-" },
		{ "ID;Название сделки;Этап сделки;Воронка;Бюджет;"
		  "Дата создания;Рабочий телефон (контакт);"
		  "Рабочий телефон (компания);Рабочий email (контакт);"
		  "Причина отказа",
		    "amocrm:id,-,order_status,pipeline,revenue,"
		    "create_date_time,phones,-,emails,loss_reason" },
		{ "Дата создания (сделка);Статус сделки;Бюджет сделки;"
		  "Личный email (контакт);Мобильный телефон (контакт)",
		    "amocrm:create_date_time,order_status,revenue,emails,"
		    "phones" },
		{ "Номер заказа;Дата создания;Сумма;Статус;Оплачен;Телефон",
		    "shop:id,create_date_time,revenue,order_status,paid,"
		    "phones" },
		{ "№ заказа;Дата;Телефон 1;Телефон 2;E-mail;Статус заказа;"
		  "Себестоимость, руб",
		    "generic:id,create_date_time,phones,phones,emails,"
		    "order_status,cost" },
		{ "Order ID;Created At;Phone Number;Email Address;Status;"
		  "Revenue;_ym_uid;_ga;Updated at",
		    "generic:id,create_date_time,phones,emails,order_status,"
		    "revenue,client_ids,-,update_date_time" },
		/* a weak name yields to a strong one, whatever comes first */
		{ "Дата;Дата создания;Телефон",
		    "generic:-,create_date_time,phones" },
		{ "client_id;yaClientId;ua_client_id;date;phone",
		    "generic:-,client_ids,-,create_date_time,phones" },
		{ "ClientID;Дата;Статус",
		    "generic:client_ids,create_date_time,order_status" },
		/* as spreadsheets leave a header */
		{ "\xef\xbb\xbf\"Номер\xc2\xa0заказа\";ДАТА  "
		  "СОЗДАНИЯ;Телефон\n;"
		  "Счёт",
		    "generic:id,create_date_time,phones,-" },
	};
	struct settings *s = settings_new();

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_string_equal(fields(s, row[i][0]), row[i][1]);
	settings_free(s);
}

static void
the_settings_columns_come_first(void **state)
{
	struct settings *s = settings_new();

	(void)state;
	settings_add_column(s, " оплаченная СУММА ", "revenue");
	settings_add_column(s, "Телефон менеджера 2", "ignore");
	settings_add_column(s, "Доп. контакт", "phones");
	assert_string_equal(fields(s, "Дата;Сумма;Оплаченная сумма;Телефон;"
				      "Телефон менеджера 2;Доп. контакт"),
	    "generic:create_date_time,-,revenue,phones,-,phones");
	settings_set(&s->preset, "amocrm");
	assert_string_equal(
	    fields(s, "create_date_time;Бюджет"), "amocrm:-,revenue");
	settings_free(s);
}

static void
a_header_that_fits_nothing_is_none(void **state)
{
	struct settings *s = settings_new();
	struct map *m;
	size_t n = split("раз;два;3");

	(void)state;
	assert_int_equal(map_open(&m, s, cells, n), FMT_NO_HEADER);
	assert_int_equal(map_open(&m, s, cells, 0), FMT_NO_HEADER);
	settings_set(&s->preset, "nosuch");
	assert_int_equal(map_open(&m, s, cells, n), FMT_NO_PRESET);
	settings_set(&s->preset, "");
	settings_add_status(s, "*", "x", "nothing");
	assert_int_equal(map_open(&m, s, cells, n), FMT_SETTINGS);
	settings_free(s);
}

static void
the_header_again_is_known(void **state)
{
	struct settings *s = settings_new();
	struct map *m = open_map(s, "Дата;Телефон;Счёт");

	(void)state;
	assert_true(map_is_header(m, cells, split("Дата;Телефон;Счёт")));
	assert_true(map_is_header(m, cells, split("\"дата\"; ТЕЛЕФОН;счет;;")));
	assert_false(map_is_header(m, cells, split("Дата;Телефон")));
	assert_false(map_is_header(m, cells, split("Дата;Телефон;Счёт;x")));
	assert_false(map_is_header(m, cells, split("Телефон;Дата;Счёт")));
	map_free(m);
	settings_free(s);
}

static void
assert_status(struct map *m, const char *pipeline, const char *status,
    const char *reason, const char *want)
{
	/* twice: the second answer is a remembered one */
	for (int i = 0; i < 2; i++) {
		struct meaning is = map_meaning(
		    m, slice_of(pipeline), slice_of(status), slice_of(reason));

		if (!slice_is(is.to, want))
			fail_msg("%s/%s/%s is %.*s, not %s", pipeline, status,
			    reason, (int)is.to.n, is.to.p, want);
	}
}

static void
common_words_are_known_to_every_preset(void **state)
{
	static const char *const row[][3] = {
		{ "Новый", "", "IN_PROGRESS" },
		{ " новый\xc2\xa0 заказ", "", "IN_PROGRESS" },
		{ "В РАБОТЕ", "", "IN_PROGRESS" },
		{ "Оплачен", "", "PAID" },
		{ "Оплата  получена", "", "PAID" },
		{ "конвертирован", "", "PAID" },
		{ "Отменён", "", "CANCELLED" },
		{ "отменен", "", "CANCELLED" },
		{ "CANCELED", "", "CANCELLED" },
		{ "paid", "", "PAID" },
		{ "In_Progress", "", "IN_PROGRESS" },
		{ "Спам", "", "SPAM" },
		{ "Отказ", "", "CANCELLED" },
		{ "Отказ", "Спам-звонок", "SPAM" },
		{ "Отказ", "нецелевой лид", "SPAM" },
		{ "Отказ", "Не  целевой", "SPAM" },
		{ "Отказ", "дорого", "CANCELLED" },
		{ "Оплачен", "спам", "PAID" },
		{ "Отказ: спам, нецелевой", "", "SPAM" },
		{ "Отказ: дорого", "", "CANCELLED" },
		{ "Новый: перезвонить", "", "" },
		{ "???", "", "" },
		{ "Непонятный", "", "" },
		{ "Завершён", "", "" }, /* perhaps without a sale */
		{ "Продажа", "", "" },  /* perhaps the stage of selling */
		{ "", "", "" },
	};
	static const char *const header[] = {
		"create_date_time;phones;order_status",
		"Дата создания;Этап сделки;Рабочий телефон (контакт)",
		"Дата;Телефон;Статус",
	};
	struct settings *s = settings_new();

	(void)state;
	for (size_t h = 0; h < COUNT(header); h++) {
		struct map *m = open_map(s, header[h]);

		for (size_t i = 0; i < COUNT(row); i++)
			assert_status(m, "", row[i][0], row[i][1], row[i][2]);
		map_free(m);
	}
	settings_free(s);
}

static void
amocrms_own_stages_are_known(void **state)
{
	struct settings *s = settings_new();
	struct map *m = open_map(s, "Дата создания;Этап сделки;Телефон");

	(void)state;
	assert_string_equal(map_preset(m)->name, "amocrm");
	assert_status(m, "Воронка", "Неразобранное", "", "IN_PROGRESS");
	assert_status(m, "Воронка", "Принимают решение", "", "IN_PROGRESS");
	assert_status(m, "Воронка", "Успешно реализовано", "", "PAID");
	assert_status(
	    m, "Воронка", "Закрыто и не реализовано", "", "CANCELLED");
	assert_status(m, "Воронка", "Закрыто и не реализовано", "Спам", "SPAM");
	assert_status(m, "Воронка", "142", "", "PAID");
	assert_status(m, "Воронка", "143", "", "CANCELLED");
	map_free(m);
	settings_free(s);
}

static void
only_the_direct_preset_takes_goal_ids_as_they_stand(void **state)
{
	struct settings *s = settings_new();
	struct map *direct =
	    open_map(s, "create_date_time;phones;order_status");
	struct map *generic = open_map(s, "Дата;Телефон;Статус");

	(void)state;
	assert_status(direct, "", "Good_Lead-2", "", "Good_Lead-2");
	assert_status(direct, "", "goal:new", "", "new");
	assert_status(direct, "", "new", "", "IN_PROGRESS");
	assert_status(direct, "", "goal:12", "", "12");
	assert_status(generic, "", "goal:new", "", "");
	assert_status(direct, "", "skip", "", "");
	assert_status(direct, "", "two words", "", "");
	assert_status(direct, "", "цель", "", "");
	assert_status(direct, "", "12", "", "");
	assert_status(generic, "", "Good_Lead-2", "", "");
	assert_string_equal(map_preset(direct)->default_status, "PAID");
	assert_null(map_preset(generic)->default_status);
	map_free(direct);
	map_free(generic);
	settings_free(s);
}

static void
the_settings_rules_come_first_and_a_pipelines_own_before_any(void **state)
{
	struct settings *s = settings_new();
	struct map *m;

	(void)state;
	settings_add_status(s, "*", "Счёт выставлен", "IN_PROGRESS");
	settings_add_status(s, "Опт", "счет выставлен", "goal:BigDeal");
	settings_add_status(s, "*", "Оплачен", "skip");
	settings_add_status(s, "Опт", "Успешно реализовано", "IN_PROGRESS");
	m = open_map(s, "Дата создания;Этап сделки;Телефон");
	assert_status(m, "Розница", "Счет Выставлен", "", "IN_PROGRESS");
	assert_status(m, " ОПТ ", "СЧЁТ выставлен", "", "BigDeal");
	assert_status(m, "Опт", "Оплачен", "", "skip");
	assert_status(m, "Опт", "Успешно реализовано", "", "IN_PROGRESS");
	assert_status(m, "Розница", "Успешно реализовано", "", "PAID");
	map_free(m);
	settings_free(s);
}

static void
a_loss_reason_makes_spam_by_the_sources_words(void **state)
{
	static const char *const row[][2] = {
		{ "Спам-звонок", "CANCELLED" }, /* no word of this source */
		{ "Конкурент", "SPAM" },
		{ "КОНКУРЕНТЫ и другие", "SPAM" },
		{ "Тестовый  звонок", "SPAM" },
		{ "дорого", "CANCELLED" },
		{ "", "CANCELLED" },
	};
	struct settings *s = settings_new();
	struct map *m;

	(void)state;
	settings_clear_spam_words(s);
	settings_add_spam_word(s, " конкурент");
	settings_add_spam_word(s, "тестовый звонок");
	m = open_map(s, "Дата;Телефон;Статус");
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_status(m, "", "Отказ", row[i][0], row[i][1]);
		assert_true(
		    slice_is(map_cancelled(m, slice_of(row[i][0])), row[i][1]));
	}
	map_free(m);
	settings_free(s);
}

static void
the_reason_for_a_meaning_is_known(void **state)
{
	static const struct {
		const char *pipeline, *status;
		enum map_by without, with; /* a named pipeline, "Опт" */
	} row[] = {
		{ "Опт", "Успешно реализовано", MAP_GUESS, MAP_PRESET },
		{ "Найм", "Успешно реализовано", MAP_GUESS, MAP_UNNAMED },
		{ "Найм", "Оплачен", MAP_GUESS, MAP_UNNAMED },
		{ "Найм", "Переговоры", MAP_PRESET, MAP_PRESET },
		{ "Найм", "Отказ", MAP_PRESET, MAP_PRESET },
		{ "Найм", "Свой", MAP_SETTINGS, MAP_SETTINGS },
		{ "Найм", "Чужой", MAP_NOTHING, MAP_NOTHING },
	};
	struct settings *s = settings_new();
	static const char header[] =
	    "Дата создания;Этап сделки;Телефон;Воронка";
	struct map *m;

	(void)state;
	settings_add_status(s, "*", "Свой", "PAID");
	for (int named = 0; named < 2; named++) {
		if (named == 1)
			settings_add_status(s, "Опт", "Счёт", "skip");
		m = open_map(s, header);
		for (size_t i = 0; i < COUNT(row); i++) {
			struct meaning is =
			    map_meaning(m, slice_of(row[i].pipeline),
				slice_of(row[i].status), slice_of(""));
			enum map_by want =
			    named == 1 ? row[i].with : row[i].without;

			if (is.by != want)
				fail_msg("%s: %d", row[i].status, is.by);
			assert_int_equal(is.to.n == 0,
			    want == MAP_NOTHING || want == MAP_UNNAMED);
		}
		map_free(m);
	}
	settings_free(s);
}

static void
an_ignored_column_says_why(void **state)
{
	static const struct {
		const char *header;
		const char *note; /* in it; NULL: it is not ignored */
		bool google;
	} row[] = {
		{ "Дата создания", NULL, false },
		{ "Дата", "more surely", false },
		{ "Номер заказа", NULL, false },
		{ "yaClientId", NULL, false },
		{ "clientId", "may be Google's", true },
		{ "client_id", "may be Google's", true },
		{ "ua_client_id", "is Google's", true },
		{ "_ga", "is Google's", true },
		{ "ga_client_id", "is Google's", true },
		{ "Google Client ID", "is Google's", true },
		{ "Google Analytics Client ID", "is Google's", true },
		{ "Client ID GA", "is Google's", true },
		{ "ClientID (GA)", "is Google's", true },
		{ "google ads campaign", "no field", false },
		{ "Цвет", "no field", false },
		{ "Секрет", "settings leave it out", false },
		{ "Сумма", "another column", false },
		{ "Своя сумма", NULL, false },
	};
	struct settings *s = settings_new();
	struct slice header[COUNT(row)];
	struct map *m;

	(void)state;
	settings_add_column(s, "Секрет", "ignore");
	settings_add_column(s, "Своя сумма", "revenue");
	settings_set(&s->preset, "generic");
	for (size_t i = 0; i < COUNT(row); i++)
		header[i] = slice_of(row[i].header);
	assert_int_equal(map_open(&m, s, header, COUNT(row)), FMT_OK);
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *note = map_note(m, i);

		if ((note == NULL) != (row[i].note == NULL) ||
		    (note != NULL && strstr(note, row[i].note) == NULL))
			fail_msg("%s: %s", row[i].header, note);
		assert_int_equal(map_is_google(m, i), row[i].google);
	}
	map_free(m);
	settings_free(s);
}

static void
many_statuses_are_not_mixed_up(void **state)
{
	struct settings *s = settings_new();
	struct map *m;
	char name[40], to[40], long_name[400];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		snprintf(to, sizeof to, "goal:g%d", i);
		settings_add_status(s, "*", name, to);
	}
	memset(long_name, 'x', sizeof long_name - 1);
	long_name[sizeof long_name - 1] = '\0';
	settings_add_status(s, "*", long_name, "PAID");
	m = open_map(s, "Дата;Телефон;Статус");
	for (int i = 0; i < 2000; i++) {
		snprintf(name, sizeof name, "S%d", i * 7 % 1000);
		snprintf(to, sizeof to, "g%d", i * 7 % 1000);
		assert_status(m, "", name, "", to);
	}
	assert_status(m, "", long_name, "", "PAID");
	/* the parts of a key are kept apart */
	assert_status(m, "s1", "", "", "");
	assert_status(m, "", "s1", "", "g1");
	map_free(m);
	settings_free(s);
}

static void
every_preset_is_well_formed(void **state)
{
	struct arena a = ARENA_EMPTY;

	(void)state;
	for (size_t i = 0; preset_all[i] != NULL; i++) {
		const struct preset *p = preset_all[i];

		assert_ptr_equal(preset_by_name(p->name), p);
		assert_int_not_equal(p->same_id, SAME_ID_PRESET);
		for (size_t k = 0; p->column[k].header != NULL; k++) {
			struct slice h = slice_of(p->column[k].header);

			assert_true(slice_eq(h, preset_fold(&a, h)));
		}
		for (size_t k = 0; p->status[k].status != NULL; k++)
			assert_true(preset_target(p->status[k].to).n > 0);
	}
	for (size_t k = 0; preset_common_status[k].status != NULL; k++) {
		struct slice h = slice_of(preset_common_status[k].status);

		assert_true(slice_eq(h, preset_fold(&a, h)));
		assert_true(preset_target(preset_common_status[k].to).n > 0);
	}
	assert_null(preset_by_name("nosuch"));
	arena_free(&a);
}

/* Families map. and norm.order_status of vectors.tsv, from the file itself. */
static void
the_vectors_come_out_as_written(void **state)
{
	struct settings *s = settings_new();
	struct map *m = open_map(s, "Дата;Телефон;Статус");
	struct arena a = ARENA_EMPTY;
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
		struct slice family = slice_cut(&rest, '\t');
		char *input = arena_string(&a, slice_cut(&rest, '\t'));
		char *want = arena_string(&a, slice_cut(&rest, '\t'));

		if (!slice_is(family, "norm.order_status") &&
		    !slice_starts(family, "map."))
			continue;
		if (!slice_is(family, "norm.order_status"))
			assert_true(slice_is(family, "map.order_status"));
		assert_status(m, "", input, "", want);
		rows++;
	}
	fclose(f);
	assert_int_equal(rows, 5);
	arena_free(&a);
	map_free(m);
	settings_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_chooses_its_preset_and_fields),
		cmocka_unit_test(the_settings_columns_come_first),
		cmocka_unit_test(a_header_that_fits_nothing_is_none),
		cmocka_unit_test(the_header_again_is_known),
		cmocka_unit_test(common_words_are_known_to_every_preset),
		cmocka_unit_test(amocrms_own_stages_are_known),
		cmocka_unit_test(
		    only_the_direct_preset_takes_goal_ids_as_they_stand),
		cmocka_unit_test(
		    the_settings_rules_come_first_and_a_pipelines_own_before_any),
		cmocka_unit_test(a_loss_reason_makes_spam_by_the_sources_words),
		cmocka_unit_test(the_reason_for_a_meaning_is_known),
		cmocka_unit_test(an_ignored_column_says_why),
		cmocka_unit_test(many_statuses_are_not_mixed_up),
		cmocka_unit_test(every_preset_is_well_formed),
		cmocka_unit_test(the_vectors_come_out_as_written),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
