/*
 * What a row's cells mean together: status and payment, pipelines, amounts and
 * their currency.
 */
#include "tests/formats/dump_kit.h"

/* The status of the one row under a header. */
static void
assert_becomes(const char *header, const char *row, const char *want)
{
	char text[600];
	struct slice is;

	snprintf(text, sizeof text, "%s\n%s\n", header, row);
	open_fine(text);
	next();
	is = conv_text(&rec->conv, FIELD_ORDER_STATUS);
	if (rec->verdict == VERDICT_REJECT)
		is = slice_of("refused");
	if (!slice_is(is, want))
		fail_msg("%s: %.*s, not %s", row, (int)is.n, is.p, want);
	/* what only steers is not kept */
	assert_int_equal(conv_text(&rec->conv, FIELD_PAID).n, 0);
	assert_int_equal(conv_text(&rec->conv, FIELD_CANCELLED).n, 0);
}

/* --- payment ------------------------------------------------------------- */

static void
payment_decides_beside_a_status(void **state)
{
	static const char header[] =
	    "Номер заказа;Дата;Телефон;Статус;Оплачен;Отменен;Причина отказа";
	static const char *const row[][2] = {
		{ "1;01.07.2026;79995551111;В работе;Да;Нет;", "PAID" },
		{ "1;01.07.2026;79995551111;В работе;Нет;Нет;", "IN_PROGRESS" },
		{ "1;01.07.2026;79995551111;В работе;;;", "IN_PROGRESS" },
		{ "1;01.07.2026;79995551111;Выполнен;Да;Да;", "CANCELLED" },
		{ "1;01.07.2026;79995551111;Выполнен;нет;да;дорого",
		    "CANCELLED" },
		{ "1;01.07.2026;79995551111;Выполнен;;1;Спам", "SPAM" },
		{ "1;01.07.2026;79995551111;Выполнен;;;", "PAID" },
		{ "1;01.07.2026;79995551111;;Да;Нет;", "PAID" },
		{ "1;01.07.2026;79995551111;;Нет;Нет;", "" },
		/* a status that nothing maps is not asked */
		{ "1;01.07.2026;79995551111;Какой-то;Да;Нет;", "PAID" },
		{ "1;01.07.2026;79995551111;Какой-то;Нет;Нет;", "refused" },
		/* the word of the column itself */
		{ "1;01.07.2026;79995551111;В работе;Оплачен;Не отменен;",
		    "PAID" },
		{ "1;01.07.2026;79995551111;В работе;Не оплачено;ОТМЕНЁН;",
		    "CANCELLED" },
		/* paid once, and given back */
		{ "1;01.07.2026;79995551111;Отказ;Да;Нет;", "CANCELLED" },
		{ "1;01.07.2026;79995551111;Спам;Да;;", "SPAM" },
		{ "1;01.07.2026;79995551111;Отказ;Да;Да;", "CANCELLED" },
		{ "1;01.07.2026;79995551111;Спам;Да;Да;", "CANCELLED" },
		/* the source's own rule comes first */
		{ "1;01.07.2026;79995551111;Возврат;Да;Нет;", "CANCELLED" },
		{ "1;01.07.2026;79995551111;Черновик;Да;Да;", "skip" },
	};

	(void)state;
	settings_set(&settings->preset, "generic");
	settings_add_column(settings, "Оплачен", "paid");
	settings_add_column(settings, "Отменен", "cancelled");
	settings_add_status(settings, "*", "Возврат", "CANCELLED");
	settings_add_status(settings, "*", "Черновик", "skip");
	for (size_t i = 0; i < COUNT(row); i++)
		assert_becomes(header, row[i][0], row[i][1]);
}

static void
payment_stands_for_a_status(void **state)
{
	static const struct {
		const char *header, *row, *want;
	} row[] = {
		{ "Дата;Телефон;Оплачен;Отменен",
		    "01.07.2026;79995551111;Нет;Нет", "IN_PROGRESS" },
		{ "Дата;Телефон;Оплачен;Отменен",
		    "01.07.2026;79995551111;Да;Нет", "PAID" },
		{ "Дата;Телефон;Оплачен;Отменен",
		    "01.07.2026;79995551111;Нет;Да", "CANCELLED" },
		{ "Дата;Телефон;Оплачен;Отменен", "01.07.2026;79995551111;Нет;",
		    "IN_PROGRESS" },
		/* nothing is known: a known order keeps its status */
		{ "Дата;Телефон;Оплачен;Отменен", "01.07.2026;79995551111;;",
		    "" },
		{ "Дата;Телефон;Оплачен", "01.07.2026;79995551111;0",
		    "IN_PROGRESS" },
		{ "Дата;Телефон;Отменен", "01.07.2026;79995551111;true",
		    "CANCELLED" },
	};

	(void)state;
	settings_set(&settings->preset, "generic");
	settings_add_column(settings, "Оплачен", "paid");
	settings_add_column(settings, "Отменен", "cancelled");
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_becomes(row[i].header, row[i].row, row[i].want);
		assert_true(dump_facts(dump)->has_status);
	}
}

static void
an_answer_that_cannot_be_read_is_dropped(void **state)
{
	(void)state;
	settings_set(&settings->preset, "generic");
	settings_add_column(settings, "Оплачен", "paid");
	assert_becomes("Дата;Телефон;Статус;Оплачен",
	    "01.07.2026;79995551111;Новый;частично", "IN_PROGRESS");
	assert_int_equal(rec->problems.n, 1);
	assert_int_equal(rec->problems.p[0].reject, REJECT_NUMBER);
	assert_int_equal(rec->problems.p[0].field, FIELD_PAID);
	assert_true(slice_is(rec->problems.p[0].value, "частично"));
	/* of two columns the first that is filled counts */
	assert_becomes("Дата;Телефон;Оплачен;Оплачен",
	    "01.07.2026;79995551111;;Да", "PAID");
	assert_becomes("Дата;Телефон;Оплачен;Оплачен",
	    "01.07.2026;79995551111;Нет;Да", "IN_PROGRESS");
}

/* --- pipelines ----------------------------------------------------------- */

#define AMO "ID;Этап сделки;Воронка;Дата создания;Рабочий телефон (контакт)\n"
#define WON(id, pipeline)                                                      \
	id ";Успешно реализовано;" pipeline ";01.07.2026;79995551111\n"
#define LOST(id, pipeline)                                                     \
	id ";Закрыто и не реализовано;" pipeline ";01.07.2026;79995551111\n"

static void
several_pipelines_must_be_named(void **state)
{
	static const struct {
		const char *text;
		enum fmt_status want;
		size_t pipelines;
	} row[] = {
		{ AMO WON("1", "Продажи") WON("2", "Найм"), FMT_PIPELINES, 2 },
		/* whatever comes first */
		{ AMO WON("2", "Найм") LOST("1", "Продажи"), FMT_PIPELINES, 2 },
		{ AMO LOST("1", "Продажи") WON("2", "Найм"), FMT_PIPELINES, 2 },
		/* no sale was guessed */
		{ AMO LOST("1", "Продажи") LOST("2", "Найм"), FMT_END, 2 },
		/* one pipeline, however it is written */
		{ AMO WON("1", "Продажи") WON("2", " ПРОДАЖИ "), FMT_END, 1 },
		{ AMO WON("1", "Продажи") WON("2", ""), FMT_END, 1 },
		{ "ID;Этап сделки;Дата создания;Рабочий телефон (контакт)\n"
		  "1;Успешно реализовано;01.07.2026;79995551111\n",
		    FMT_END, 0 },
	};
	char text[300];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		open_fine(row[i].text);
		assert_int_equal(read_all(), row[i].want);
		assert_int_equal(dump_facts(dump)->pipelines, row[i].pipelines);
	}
	open_fine(row[0].text);
	read_all();
	assert_string_equal(dump_facts(dump)->pipeline[1], "Найм");
	dump_pipelines(text, sizeof text, dump_facts(dump));
	assert_non_null(strstr(text, "\"Продажи\", \"Найм\""));
	assert_non_null(
	    strstr(text, "status(\"PIPELINE\", \"Успешно реализовано\", "));
}

static void
the_names_of_many_pipelines_are_cut(void **state)
{
	char text[8000] = AMO, line[300], told[512];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(line, sizeof line,
		    "%d;Успешно реализовано;Воронка %d\x01;01.07.2026;"
		    "79995551111\n",
		    i, i);
		strcat(text, line);
	}
	open_fine(text);
	assert_int_equal(read_all(), FMT_PIPELINES);
	assert_int_equal(dump_facts(dump)->pipelines, 16);
	dump_pipelines(told, sizeof told, dump_facts(dump));
	assert_non_null(strstr(told, "\"Воронка 1 \", "));
	assert_non_null(strstr(told, ", …,"));
}

static void
a_pipeline_that_is_named_sells(void **state)
{
	static const struct {
		const char *pipeline, *want; /* of a deal that was won */
	} row[] = { { "Продажи", "PAID" }, { " продажи", "PAID" },
		{ "Найм", "refused" }, { "Опт", "IN_PROGRESS" },
		{ "", "refused" } };
	static const char header[] =
	    "ID;Этап сделки;Воронка;Дата создания;Рабочий телефон (контакт)";
	char text[300];

	(void)state;
	settings_add_status(settings, "Продажи", "Счёт выставлен", "skip");
	settings_add_status(
	    settings, "Опт", "Успешно реализовано", "IN_PROGRESS");
	for (size_t i = 0; i < COUNT(row); i++) {
		snprintf(text, sizeof text,
		    "1;Успешно реализовано;%s;01.07.2026;79995551111",
		    row[i].pipeline);
		assert_becomes(header, text, row[i].want);
	}
	assert_int_equal(rec->problems.p[0].reject, REJECT_STATUS);
	assert_non_null(strstr(rec->problems.p[0].hint, "a row without one"));
	/* what is no sale needs no name */
	assert_becomes(header,
	    "1;Закрыто и не реализовано;Найм;01.07.2026;79995551111",
	    "CANCELLED");
	/* for any pipeline, but by the settings */
	settings_add_status(settings, "*", "Успешно реализовано", "PAID");
	assert_becomes(header,
	    "1;Успешно реализовано;Найм;01.07.2026;79995551111", "PAID");
	open_fine(AMO WON("1", "Продажи") WON("2", "Найм"));
	assert_int_equal(read_all(), FMT_END);
}

static void
a_pipeline_of_the_filter_is_named(void **state)
{
	(void)state;
	settings_add_pipeline(settings, "Продажи");
	settings_add_pipeline(settings, "Опт");
	open_fine(AMO WON("1", "Продажи") WON("2", "Опт") WON("3", "Найм"));
	next();
	assert_true(
	    slice_is(conv_text(&rec->conv, FIELD_ORDER_STATUS), "PAID"));
	next();
	assert_true(
	    slice_is(conv_text(&rec->conv, FIELD_ORDER_STATUS), "PAID"));
	next();
	assert_int_equal(rec->verdict, VERDICT_SKIP);
	assert_int_equal(read_all(), FMT_END);
}

/* --- currencies ---------------------------------------------------------- */

#define MONEY "create_date_time;phones;order_status;revenue;cost;currency\n"

static void
amounts_are_converted_by_the_sources_rates(void **state)
{
	static const struct {
		const char *row;
		int64_t revenue, cost;
		enum reject refused;
	} row[] = {
		{ "100;50;RUB", 10000, 5000, REJECT_NONE },
		{ "100;50;", 10000, 5000, REJECT_NONE },
		{ "100;50;USD", 925000, 462500, REJECT_NONE },
		{ "1,01;;usd", 9343, CONV_NONE, REJECT_NONE },
		/* half a kopeck rounds up: 0.02 * 0.25 = 0.005 */
		{ "0.02;0.01;KZT", 1, 0, REJECT_NONE },
		{ "0.02;;kzt", 1, CONV_NONE, REJECT_NONE },
		/* exact where a double is not */
		{ "9223372036854;;KZT", 230584300921350, CONV_NONE,
		    REJECT_NONE },
		{ "9223372036854;;USD", 0, 0, REJECT_MONEY_TOO_BIG },
		{ "100;50;EUR", 0, 0, REJECT_CURRENCY },
		{ ";;EUR", 0, 0, REJECT_CURRENCY },
		{ "100;50;монеты", 0, 0, REJECT_CURRENCY },
		/* in the cell itself; each amount its own */
		{ "$100;50 руб;", 925000, 5000, REJECT_NONE },
		{ "100 USD;50;RUB", 925000, 5000, REJECT_NONE },
		{ "100 €;50;RUB", 0, 0, REJECT_CURRENCY },
	};
	char text[300];

	(void)state;
	settings_set(&settings->currency, "RUB");
	settings_add_rate(settings, "USD", "92.50");
	settings_add_rate(settings, "KZT", "0.25");
	for (size_t i = 0; i < COUNT(row); i++) {
		const struct conv *c;

		snprintf(text, sizeof text,
		    MONEY "2026-07-01;79995551111;PAID;%s\n", row[i].row);
		open_fine(text);
		next();
		c = &rec->conv;
		if (row[i].refused != REJECT_NONE) {
			assert_int_equal(rec->verdict, VERDICT_REJECT);
			assert_int_equal(
			    rec->problems.p[0].reject, row[i].refused);
			continue;
		}
		if (rec->verdict != VERDICT_TAKE ||
		    c->number[FIELD_REVENUE] != row[i].revenue ||
		    c->number[FIELD_COST] != row[i].cost)
			fail_msg("%s: %lld, %lld", row[i].row,
			    (long long)c->number[FIELD_REVENUE],
			    (long long)c->number[FIELD_COST]);
		assert_true(conv_text(c, FIELD_CURRENCY).n == 0 ||
			    slice_is(conv_text(c, FIELD_CURRENCY), "RUB"));
	}
}

static void
a_currency_without_a_rate_is_refused_with_both_cures(void **state)
{
	const struct problem *p;

	(void)state;
	settings_set(&settings->currency, "RUB");
	open_fine(MONEY "2026-07-01;79995551111;PAID;1;2;USD\n");
	next();
	p = &rec->problems.p[0];
	assert_int_equal(p->field, FIELD_CURRENCY);
	assert_int_equal(p->cell, 5);
	assert_true(slice_is(p->value, "USD"));
	assert_non_null(strstr(p->hint, "source of their own"));
	assert_non_null(strstr(p->hint, "rate(\"USD\""));
	open_fine(MONEY "2026-07-01;79995551111;PAID;1;2 $;\n");
	next();
	p = &rec->problems.p[0];
	assert_int_equal(p->cell, 4);
	assert_true(slice_is(p->value, "2 $"));
	/* any currency is fine where none is set */
	settings_set(&settings->currency, "");
	open_fine(MONEY "2026-07-01;79995551111;PAID;1;2 $;EUR\n");
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	assert_true(slice_is(conv_text(&rec->conv, FIELD_CURRENCY), "EUR"));
	assert_int_equal(rec->conv.number[FIELD_COST], 200);
}

/* --- more of statuses ---------------------------------------------------- */

static void
a_status_comes_from_the_column_or_from_the_default(void **state)
{
	(void)state;
	/* direct has Direct's own default */
	assert_int_equal(open_text("create_date_time;phones\n"
				   "2026-07-01;79995551111\n"),
	    FMT_OK);
	next();
	assert_string_equal(text_of(FIELD_ORDER_STATUS), "PAID");
	assert_false(dump_facts(dump)->has_status);
	/* others need one */
	settings_set(&settings->default_status, "goal:Lead");
	assert_int_equal(
	    open_text("Дата;Телефон\n01.07.2026;79995551111\n"), FMT_OK);
	next();
	assert_string_equal(text_of(FIELD_ORDER_STATUS), "Lead");
	/* an empty cell stays empty: the order may be known */
	assert_int_equal(
	    open_text("Дата;Телефон;Статус\n01.07.2026;79995551111;\n"),
	    FMT_OK);
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	assert_string_equal(text_of(FIELD_ORDER_STATUS), "");
}

/* Bitrix24: a stage of the user's own yields to what it means. */
static void
a_status_may_be_a_part_of_its_cell_or_in_another_column(void **state)
{
	static const struct {
		const char *stage, *semantic, *status;
	} row[] = {
		{ "WON", "S", "PAID" },
		{ "C1:WON", "S", "PAID" },
		{ "C1:LOSE", "", "CANCELLED" },
		{ "C1:UC_OWN", "P", "IN_PROGRESS" },
		{ "", "F", "CANCELLED" },
		{ "C1:UC_RULE", "P", "ruled" },
		{ "C2:UC_RULE", "P", "ruled" },
		{ "C2:UC_FULL", "P", "full" },
		{ "C1:UC_FULL", "P", "IN_PROGRESS" },
		{ "C1:UC_OWN", "", NULL },
		{ "C1:UC_OWN", "X", NULL },
	};
	char text[300];

	(void)state;
	settings_add_status(settings, "*", "uc_rule", "goal:ruled");
	settings_add_status(settings, "*", "C2:UC_FULL", "goal:full");
	for (size_t i = 0; i < COUNT(row); i++) {
		snprintf(text, sizeof text,
		    "ID,DATE_CREATE,PHONE,STAGE_ID,STAGE_SEMANTIC_ID\n"
		    "1,2026-07-10T10:00:00Z,79995551111,%s,%s\n",
		    row[i].stage, row[i].semantic);
		assert_int_equal(open_text(text), FMT_OK);
		next();
		if (row[i].status == NULL) {
			assert_int_equal(rec->verdict, VERDICT_REJECT);
			assert_int_equal(last_problem(), REJECT_STATUS);
			continue;
		}
		assert_int_equal(rec->verdict, VERDICT_TAKE);
		assert_string_equal(text_of(FIELD_ORDER_STATUS), row[i].status);
	}
}

/* --- more of money ------------------------------------------------------- */

static void
another_currency_than_the_sources_is_refused(void **state)
{
	(void)state;
	settings_set(&settings->currency, "RUB");
	assert_int_equal(open_text("Дата;Телефон;Статус;Сумма;Валюта\n"
				   "01.07.2026;79995551111;Новый;1;руб.\n"
				   "01.07.2026;79995551111;Новый;1;USD\n"
				   "01.07.2026;79995551111;Новый;1;неизвестна\n"
				   "01.07.2026;79995551111;Новый;1;\n"),
	    FMT_OK);
	next();
	assert_string_equal(text_of(FIELD_CURRENCY), "RUB");
	next();
	assert_int_equal(last_problem(), REJECT_CURRENCY);
	next();
	assert_int_equal(last_problem(), REJECT_CURRENCY);
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
}

/* What was given back is no amount for Direct; that the rest is too much must
 * be said. */
static void
a_negative_row_of_a_sum_says_so(void **state)
{
	static const enum same_id row[] = { SAME_ID_LAST, SAME_ID_SUM };

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		const char *hint;

		settings->same_id = row[i];
		assert_int_equal(
		    open_text(PHONE "01.07.2026;1;79995551111;PAID;-500\n"),
		    FMT_OK);
		next();
		assert_int_equal(last_problem(), REJECT_MONEY_NEGATIVE);
		hint = rec->problems.p[rec->problems.n - 1].hint;
		assert_int_equal(hint != NULL, row[i] == SAME_ID_SUM);
	}
}

/* Nobody said which currency is the feed's: the sums are taken as they stand,
 * and counted. */
static void
amounts_in_several_currencies_are_counted(void **state)
{
	static const struct {
		const char *text;
		unsigned long others;
	} row[] = {
		{ "01.07.2026;1;79995551111;PAID;100 руб\n"
		  "01.07.2026;2;79995551112;PAID;$10\n"
		  "01.07.2026;3;79995551113;PAID;10 USD\n"
		  "01.07.2026;4;79995551114;PAID;10\n",
		    2 },
		{ "01.07.2026;1;79995551111;PAID;100 ₽\n"
		  "01.07.2026;2;79995551112;PAID;1 000,50 руб.\n",
		    0 },
		{ "01.07.2026;1;79995551111;PAID;\n", 0 },
	};
	unsigned long tally[3];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char text[1000];

		snprintf(text, sizeof text, "%s%s", PHONE, row[i].text);
		assert_int_equal(open_text(text), FMT_OK);
		assert_int_equal(drain(tally), FMT_END);
		assert_int_equal(tally[VERDICT_REJECT], 0);
		assert_int_equal(
		    dump_facts(dump)->other_currency, row[i].others);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(payment_decides_beside_a_status),
		TEST(payment_stands_for_a_status),
		TEST(an_answer_that_cannot_be_read_is_dropped),
		TEST(several_pipelines_must_be_named),
		TEST(the_names_of_many_pipelines_are_cut),
		TEST(a_pipeline_that_is_named_sells),
		TEST(a_pipeline_of_the_filter_is_named),
		TEST(amounts_are_converted_by_the_sources_rates),
		TEST(a_currency_without_a_rate_is_refused_with_both_cures),
		TEST(a_status_comes_from_the_column_or_from_the_default),
		TEST(a_status_may_be_a_part_of_its_cell_or_in_another_column),
		TEST(another_currency_than_the_sources_is_refused),
		TEST(a_negative_row_of_a_sum_says_so),
		TEST(amounts_in_several_currencies_are_counted),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
