/*
 * The settings that shape rows: canonical text, its inverse, what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/settings.h"

static struct settings *
busy(void)
{
	struct settings *s = settings_new();

	settings_set(&s->feed, "main");
	settings_set(&s->source, "shop");
	settings_set(&s->id_prefix, "s\"-");
	s->delimiter = '\t';
	s->start_day = 20000;
	s->same_id = SAME_ID_SUM;
	s->pii = PII_HASH;
	s->skip_known = SKIP_KNOWN_CANCELLED;
	s->max_bad_rows = 7;
	settings_add_status(s, "*", "Новый", "IN_PROGRESS");
	settings_add_status(s, "Опт", "Новый", "goal:lead");
	settings_add_column(s, "Телефон 2", "phones");
	settings_add_pipeline(s, "Опт");
	settings_add_pipeline(s, "Розница");
	return s;
}

static void
the_text_is_canonical(void **state)
{
	struct settings *s = settings_new();
	char *text = settings_text(s);

	(void)state;
	assert_string_equal(text,
	    "{\"columns\":[],\"currency\":\"\",\"default_status\":\"\","
	    "\"delimiter\":\"\",\"encoding\":\"\",\"feed\":\"\","
	    "\"id_prefix\":\"\",\"max_bad_percent\":20,\"max_bad_rows\":10,"
	    "\"pii\":\"plain\",\"pipelines\":[],\"preset\":\"\","
	    "\"same_id\":\"preset\",\"skip_known\":\"keep\",\"source\":\"\","
	    "\"source_zone\":\"\","
	    "\"start_day\":0,\"status\":[],\"zone\":\"Europe/Moscow\"}");
	free(text);
	settings_free(s);
}

static void
the_text_parses_back_to_the_same_settings(void **state)
{
	struct settings *s = busy(), *back;
	char *text = settings_text(s), *again;

	(void)state;
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	again = settings_text(back);
	assert_string_equal(text, again);
	assert_string_equal(back->id_prefix, "s\"-");
	assert_int_equal(back->delimiter, '\t');
	assert_int_equal(back->start_day, 20000);
	assert_int_equal(back->same_id, SAME_ID_SUM);
	assert_int_equal(back->pii, PII_HASH);
	assert_int_equal(back->skip_known, SKIP_KNOWN_CANCELLED);
	assert_int_equal(back->max_bad_rows, 7);
	assert_int_equal(back->statuses, 2);
	assert_string_equal(back->status[1].to, "goal:lead");
	assert_string_equal(back->column[0].field, "phones");
	assert_int_equal(back->pipelines, 2);
	assert_true(back->limits.packed_bytes == s->limits.packed_bytes);
	free(text);
	free(again);
	settings_free(s);
	settings_free(back);
}

/* Whoever never heard of them keeps the fingerprint. */
static void
what_outputs_ask_for_is_written_only_when_set(void **state)
{
	struct settings *s = settings_new(), *back;
	char *plain = settings_text(s), *text;

	(void)state;
	assert_null(strstr(plain, "any_"));
	assert_null(strstr(plain, "joins_clients\":true,\"max"));
	assert_null(strstr(plain, "record"));
	assert_null(strstr(plain, "window"));
	assert_null(strstr(plain, "each_step"));
	s->window_days = 30;
	s->each_step = true;
	s->any_identifier = s->any_age = s->joins_clients = true;
	settings_set(&s->record, "call");
	text = settings_text(s);
	assert_string_not_equal(text, plain);
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	assert_true(back->any_identifier);
	assert_true(back->any_age);
	assert_true(back->joins_clients);
	assert_true(back->each_step);
	assert_int_equal(back->window_days, 30);
	assert_string_equal(back->record, "call");
	free(text);
	settings_free(back);
	settings_free(s);
	free(plain);
	assert_int_equal(
	    settings_parse(&back, "{\"record\":\"lead\"}"), FMT_SETTINGS);
	assert_int_equal(
	    settings_parse(&back, "{\"any_age\":false}"), FMT_SETTINGS);
	assert_int_equal(
	    settings_parse(&back, "{\"window_days\":112}"), FMT_SETTINGS);
}

static void
what_is_not_set_leaves_no_trace(void **state)
{
	struct settings *s = settings_new(), *back;
	char *before = settings_text(s), *text;

	(void)state;
	settings_clear_spam_words(s);
	settings_add_spam_word(s, "спам");
	settings_add_spam_word(s, "нецелев");
	settings_add_spam_word(s, "не целев");
	text = settings_text(s);
	assert_string_equal(text, before); /* it is the usual list */
	free(text);
	settings_clear_spam_words(s);
	settings_add_spam_word(s, "бот");
	settings_set(&s->currency, "RUB");
	settings_add_rate(s, "USD", "92.50");
	text = settings_text(s);
	assert_non_null(strstr(text, "\"rates\":[[\"USD\",\"92.50\"]]"));
	assert_non_null(strstr(text, "\"spam_words\":[\"бот\"]"));
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	assert_int_equal(back->spam_words, 1);
	assert_string_equal(back->spam_word[0], "бот");
	assert_string_equal(back->rate[0].rate, "92.50");
	settings_free(back);
	free(text);
	/* none at all is a list too */
	settings_clear_spam_words(s);
	text = settings_text(s);
	assert_non_null(strstr(text, "\"spam_words\":[]"));
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	assert_int_equal(back->spam_words, 0);
	settings_free(back);
	free(text);
	free(before);
	settings_free(s);
}

static void
a_rate_is_an_exact_decimal(void **state)
{
	static const struct {
		const char *text;
		int64_t scaled; /* 0: it is none */
	} row[] = {
		{ "1", RATE_SCALE },
		{ "92.50", INT64_C(92500000000) },
		{ "0.000000001", 1 },
		{ "1000000000", INT64_C(1000000000) * RATE_SCALE },
		{ "007.5", INT64_C(7500000000) },
		{ "1000000001", 0 },
		{ "99999999999999999999", 0 },
		{ "0.0000000001", 0 },
		{ "0", 0 },
		{ "0.00", 0 },
		{ "", 0 },
		{ ".5", 0 },
		{ "5.", 0 },
		{ "-1", 0 },
		{ "1,5", 0 },
		{ "1e3", 0 },
		{ "1.5 ", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		int64_t n = 0;
		bool taken = settings_rate(row[i].text, &n);

		if (taken != (row[i].scaled != 0) ||
		    (taken && n != row[i].scaled))
			fail_msg("%s: %lld", row[i].text, (long long)n);
	}
}

static void
limits_are_no_part_of_the_fingerprint(void **state)
{
	struct settings *s = busy();
	char *before = settings_text(s), *after;

	(void)state;
	s->limits.columns = 1;
	after = settings_text(s);
	assert_string_equal(before, after);
	free(before);
	free(after);
	settings_free(s);
}

static void
a_sheet_is_written_only_when_it_is_set(void **state)
{
	struct settings *s = settings_new(), *back;
	char *text = settings_text(s);

	(void)state;
	assert_null(strstr(text, "sheet"));
	free(text);
	settings_set(&s->sheet, "Сделки");
	text = settings_text(s);
	assert_non_null(strstr(text, "\"sheet\":\"Сделки\""));
	assert_int_equal(settings_parse(&back, text), FMT_OK);
	assert_string_equal(back->sheet, "Сделки");
	free(text);
	settings_free(back);
	settings_set(&s->sheet, "\xff"); /* not lost without a word */
	assert_null(settings_text(s));
	settings_free(s);
}

static void
what_is_no_settings_text_is_refused(void **state)
{
	static const char *const row[] = {
		"",
		"[]",
		"{",
		"{\"zone\":1}",
		"{\"colour\":\"red\"}",
		"{\"zone\":\"UTC\",\"zone\":\"UTC\"}",
		"{\"delimiter\":\";;\"}",
		"{\"pii\":\"secret\"}",
		"{\"same_id\":3}",
		"{\"max_bad_rows\":-1}",
		"{\"max_bad_percent\":5000000000}",
		"{\"start_day\":\"1\"}",
		"{\"status\":{}}",
		"{\"status\":[[\"*\",\"a\"]]}",
		"{\"status\":[[\"*\",\"a\",\"PAID\",\"x\"]]}",
		"{\"columns\":[[1,2]]}",
		"{\"pipelines\":[1]}",
		"{\"rates\":[[\"USD\"]]}",
		"{\"rates\":{}}",
		"{\"spam_words\":[1]}",
		"{\"spam_words\":\"x\"}",
	};
	struct settings *s;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(settings_parse(&s, row[i]), FMT_SETTINGS);
}

static void
set_preset(struct settings *s)
{
	settings_set(&s->preset, "nosuch");
}

static void
set_encoding(struct settings *s)
{
	settings_set(&s->encoding, "utf-7");
}

static void
set_zone(struct settings *s)
{
	settings_set(&s->zone, "");
}

static void
set_default_status(struct settings *s)
{
	settings_set(&s->default_status, "paid");
}

static void
set_currency(struct settings *s)
{
	settings_set(&s->currency, "rub");
}

static void
set_delimiter(struct settings *s)
{
	s->delimiter = 'x';
}

static void
set_percent(struct settings *s)
{
	s->max_bad_percent = 101;
}

static void
set_target(struct settings *s)
{
	settings_add_status(s, "*", "Новый", "NEW");
}

static void
set_goal(struct settings *s)
{
	settings_add_status(s, "*", "Новый", "goal:a;b");
}

static void
set_reserved_goal(struct settings *s)
{
	settings_add_status(s, "*", "Новый", "goal:skip");
}

static void
set_twice(struct settings *s)
{
	settings_add_status(s, "*", "Счёт", "PAID");
	settings_add_status(s, "*", " счет ", "skip");
}

static void
set_field(struct settings *s)
{
	settings_add_column(s, "Телефон", "phone");
}

static void
set_bytes(struct settings *s)
{
	settings_add_pipeline(s, "\xcd\xee\xe2\xfb\xe9");
}

static void
set_rate_alone(struct settings *s)
{
	settings_add_rate(s, "USD", "90");
}

static void
set_rate_of_itself(struct settings *s)
{
	settings_set(&s->currency, "USD");
	settings_add_rate(s, "USD", "90");
}

static void
set_rate_twice(struct settings *s)
{
	settings_set(&s->currency, "RUB");
	settings_add_rate(s, "USD", "90");
	settings_add_rate(s, "USD", "91");
}

static void
set_rate_of_words(struct settings *s)
{
	settings_set(&s->currency, "USD");
	settings_add_rate(s, "rub", "90");
}

static void
set_rate_zero(struct settings *s)
{
	settings_set(&s->currency, "RUB");
	settings_add_rate(s, "USD", "0");
}

static void
set_empty_word(struct settings *s)
{
	settings_add_spam_word(s, "\xc2\xa0");
}

static void
what_contradicts_itself_is_said(void **state)
{
	static const struct {
		void (*set)(struct settings *s);
		const char *says;
	} row[] = {
		{ set_preset, "nosuch" },
		{ set_encoding, "utf-7" },
		{ set_zone, "time zone" },
		{ set_default_status, "default_status" },
		{ set_currency, "rub" },
		{ set_delimiter, "delimiter" },
		{ set_percent, "max_bad" },
		{ set_target, "NEW" },
		{ set_goal, "goal:a;b" },
		{ set_reserved_goal, "goal:skip" },
		{ set_twice, "twice" },
		{ set_field, "\"phone\"" },
		{ set_bytes, "UTF-8" },
		{ set_rate_alone, "no currency to convert into" },
		{ set_rate_of_itself, "own currency" },
		{ set_rate_twice, "two rates" },
		{ set_rate_of_words, "\"rub\"" },
		{ set_rate_zero, "rate \"0\"" },
		{ set_empty_word, "empty word" },
	};
	char why[300];

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct settings *s = busy();

		assert_null(settings_check(s, why, sizeof why));
		row[i].set(s);
		assert_non_null(settings_check(s, why, sizeof why));
		if (strstr(why, row[i].says) == NULL)
			fail_msg("\"%s\" lacks %s", why, row[i].says);
		settings_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_canonical),
		cmocka_unit_test(the_text_parses_back_to_the_same_settings),
		cmocka_unit_test(what_outputs_ask_for_is_written_only_when_set),
		cmocka_unit_test(what_is_not_set_leaves_no_trace),
		cmocka_unit_test(a_rate_is_an_exact_decimal),
		cmocka_unit_test(limits_are_no_part_of_the_fingerprint),
		cmocka_unit_test(a_sheet_is_written_only_when_it_is_set),
		cmocka_unit_test(what_is_no_settings_text_is_refused),
		cmocka_unit_test(what_contradicts_itself_is_said),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
