/*
 * Whole dumps, from bytes to records.
 */
#include "formats/check.h"
#include "tests/formats/dump_kit.h"

static void
a_dump_of_a_shop_becomes_records(void **state)
{
	const struct dump_facts *f;
	char created[20];
	uint8_t sum[32];

	(void)state;
	settings_set(&settings->id_prefix, "shop-");
	assert_int_equal(
	    open_text(
		"\xef\xbb\xbf\"Выгрузка заказов\";;\n"
		"Период;июль;\n"
		"\n"
		"Номер заказа;Дата создания;Сумма;Статус;Телефон;Телефон 2;"
		"E-mail;Комментарий;\n"
		"№A1;01.07.2026 9:05:00;1 508,50 руб;Выполнен;8 (999) "
		"555-11-11;"
		"'+79995551112;Mail@Yandex.ru;\"две\nстроки\";\n"
		"Номер заказа;Дата создания;Сумма;Статус;Телефон;Телефон 2;"
		"E-mail;Комментарий\n"
		";02.07.2026;1000;Новый;7,9E+10;9995551113;;;;;\n"),
	    FMT_OK);
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	assert_int_equal(rec->line, 5);
	zone_write(zone, rec->conv.number[FIELD_CREATE_DATE_TIME], created);
	assert_string_equal(created, "2026-07-01 09:05:00");
	assert_int_equal(rec->conv.number[FIELD_REVENUE], 150850);
	assert_int_equal(rec->conv.number[FIELD_COST], CONV_NONE);
	assert_string_equal(text_of(FIELD_ID), "shop-№A1");
	assert_string_equal(text_of(FIELD_PHONES), "79995551111,79995551112");
	assert_string_equal(text_of(FIELD_EMAILS), "mail@yandex.ru");
	assert_string_equal(text_of(FIELD_ORDER_STATUS), "PAID");
	assert_false(rec->auto_id);
	assert_true(slice_is(rec->cell[0], "№A1"));
	next();
	assert_int_equal(rec->line, 8);
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	assert_true(rec->auto_id);
	assert_int_equal(strlen(text_of(FIELD_ID)), 21);
	assert_string_equal(text_of(FIELD_PHONES), "79995551113");
	assert_int_equal(rec->problems.n, 1);
	assert_int_equal(last_problem(), REJECT_PHONES);
	assert_int_equal(rec->problems.p[0].cell, 4);
	assert_int_equal(dump_next(dump, &rec), FMT_END);
	dump_sha256(dump, sum);
	f = dump_facts(dump);
	assert_string_equal(f->preset, "generic");
	assert_string_equal(f->encoding, "utf-8");
	assert_int_equal(f->delimiter, ';');
	assert_int_equal(f->header_line, 4);
	assert_int_equal(f->preamble, 2);
	assert_int_equal(f->repeated_headers, 1);
	assert_int_equal(f->blank_lines, 1);
	assert_int_equal(f->records, 2);
	assert_int_equal(f->values_dropped, 1);
	assert_int_equal(f->columns, 8);
	assert_string_equal(f->header[7], "Комментарий");
	assert_int_equal(f->field[7], FIELD_COUNT);
	assert_int_equal(f->field[3], FIELD_ORDER_STATUS);
	assert_true(f->has_status);
}

/* A spreadsheet saves rows that once held something as ";;;". */
static void
rows_of_empty_cells_are_blank_lines(void **state)
{
	unsigned long tally[3];

	(void)state;
	assert_int_equal(
	    open_text(";;\n" PHONE "01.07.2026;1;79995551111;PAID;\n"
		      ";;\n ; \t;\"\"\n"
		      "02.07.2026;2;79995551112;PAID;\n;;;;;\n"),
	    FMT_OK);
	assert_int_equal(drain(tally), FMT_END);
	assert_int_equal(tally[VERDICT_TAKE], 2);
	assert_int_equal(dump_facts(dump)->records, 2);
	assert_int_equal(dump_facts(dump)->blank_lines, 4);
	assert_int_equal(dump_facts(dump)->preamble, 0);
	assert_int_equal(dump_facts(dump)->header_line, 2);
}

/* Records in JSON name their columns themselves: one that is too long to look
 * for names in comes before any header, and is lost for none. */
static void
a_record_refused_before_the_names_is_a_record(void **state)
{
	static const char good[] =
	    "{\"create_date_time\":\"2026-07-01\",\"id\":\"2\","
	    "\"phones\":\"79995551111\",\"order_status\":\"PAID\"}]";
	static const char *const opens[] = { "[{\"", "[{\"note\":\"" };
	static const char *const ends[] = { "\":1},", "\"}," };
	size_t much = (1u << 20) + 10;
	char *text = mem_alloc(much + 200), *p;

	(void)state;
	for (size_t i = 0; i < COUNT(opens); i++) {
		p = stpcpy(text, opens[i]);
		memset(p, 'k', much);
		stpcpy(stpcpy(p + much, ends[i]), good);
		assert_int_equal(open_text(text), FMT_OK);
		next();
		assert_int_equal(rec->line, 1);
		assert_int_equal(rec->verdict, VERDICT_REJECT);
		assert_int_equal(last_problem(), REJECT_LINE_TOO_LONG);
		next();
		assert_int_equal(rec->verdict, VERDICT_TAKE);
		assert_string_equal(text_of(FIELD_ID), "2");
		assert_int_equal(dump_next(dump, &rec), FMT_END);
		assert_int_equal(dump_facts(dump)->records, 2);
		assert_int_equal(dump_facts(dump)->preamble, 0);
	}
	free(text);
}

static void
a_dump_that_cannot_be_read_says_why(void **state)
{
	static const struct {
		const char *text;
		enum fmt_status want;
		const char *missing;
	} row[] = {
		{ "", FMT_EMPTY, NULL },
		{ "раз;два;три\n1;2;3\n", FMT_NO_HEADER, NULL },
		{ "id;phones;order_status\n1;2;3\n", FMT_MISSING_COLUMN,
		    "create_date_time" },
		{ "create_date_time;id;order_status\n1;2;3\n",
		    FMT_MISSING_COLUMN, "client_ids, emails, phones" },
		{ "Дата;Телефон\n1;2\n", FMT_NO_STATUS, NULL },
		/* UTF-8 by its BOM, windows-1251 by its bytes */
		{ "\xef\xbb\xbf\xc4\xe0\xf2\xe0;\xd2\xe5\xeb\n1;2\n",
		    FMT_ENCODING, NULL },
		{ "\xef\xbb\xbfphone;date;\xd1\xf2\xe0\xf2\xf3\xf1\n1;2;3\n",
		    FMT_ENCODING, NULL },
		{ "\xef\xbb\xbfphone;id;\xd1\xf2\xe0\xf2\xf3\xf1\n1;2;3\n",
		    FMT_ENCODING, NULL },
		/* letters that another program spoiled */
		{ "Р”Р°С‚Р°;РўРµР»РµС„РѕРЅ\n1;2\n", FMT_MOJIBAKE, NULL },
		{ "Äàòà;Òåëåôîí\n1;2\n", FMT_MOJIBAKE, NULL },
		{ "????;???????;????? ??????\n1;2\n", FMT_MOJIBAKE, NULL },
		{ "phone;date;Ñòàòóñ\n1;2;3\n", FMT_MOJIBAKE, NULL },
		/* pages put together; records with goods are none */
		{ "{\"result\":[{\"id\":1}],\"next\":50}\n"
		  "{\"result\":[{\"id\":2}],\"next\":100}",
		    FMT_JSON_LISTS, NULL },
		{ "{\"id\":1,\"phone\":\"2\",\"goods\":[{\"x\":1}]}\n"
		  "{\"id\":2,\"phone\":\"3\",\"status\":\"paid\"}",
		    FMT_MISSING_COLUMN, "create_date_time" },
		{ ";;;\n;;;\n", FMT_EMPTY, NULL },
		{ "\x1f\x8b\x08\x01", FMT_TRUNCATED, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		enum fmt_status st = open_text(row[i].text);
		const struct dump_facts *f;

		if (st != row[i].want)
			fail_msg("%zu: %s, not %s", i, fmt_status_code(st),
			    fmt_status_code(row[i].want));
		assert_non_null(dump);
		f = dump_facts(dump);
		if (row[i].missing == NULL)
			assert_null(f->missing);
		else
			assert_string_equal(f->missing, row[i].missing);
		assert_non_null(f->encoding);
		assert_non_null(f->preset);
		if (row[i].want == FMT_MISSING_COLUMN)
			assert_true(f->columns >= 3);
	}
	source.broken = true;
	dump_close(dump);
	dump = NULL;
	assert_int_equal(
	    dump_open(&dump, &input, settings, zone, NULL), FMT_IO);
	assert_null(dump);
	settings_add_pipeline(settings, "Опт");
	assert_int_equal(open_text(PHONE), FMT_MISSING_COLUMN);
	assert_string_equal(dump_facts(dump)->missing, "pipeline");
	settings_set(&settings->preset, "nosuch");
	assert_int_equal(open_text(PHONE), FMT_NO_PRESET);
	settings_set(&settings->preset, "");
	settings_set(&settings->encoding, "nosuch");
	assert_int_equal(open_text(PHONE), FMT_ENCODING);
}

/* What a preset would say, said by the settings. */
static void
what_is_required_depends_on_the_kind_of_records(void **state)
{
	static const struct {
		const char *record;
		bool any, joins;
		const char *header, *missing;
	} row[] = {
		{ "", false, false, "create_date_time;yclid;order_status",
		    "client_ids, emails, phones" },
		{ "", true, false, "create_date_time;yclid;order_status",
		    NULL },
		{ "", false, false,
		    "create_date_time;client_uniq_id;order_status",
		    "client_ids, emails, phones" },
		{ "", false, true,
		    "create_date_time;client_uniq_id;order_status", NULL },
		{ "contact", false, false, "client_uniq_id;phones", NULL },
		{ "contact", false, false, "id;phones", NULL },
		{ "contact", false, false, "name;phones", "client_uniq_id" },
		{ "call", false, false, "id;phones", "create_date_time" },
		{ "call", false, false, "create_date_time;phones", NULL },
		{ "call", false, false, "create_date_time;yclid", NULL },
		{ "call", false, true, "create_date_time;client_uniq_id",
		    "phones, client_ids" },
		{ "chat", false, false,
		    "create_date_time;chat_platform;chat_username", NULL },
		{ "chat", false, false, "create_date_time;chat_username",
		    "chat_platform" },
		{ "chat", false, false, "create_date_time;chat_platform",
		    "chat_username, chat_user_id, phones" },
	};

	(void)state;
	settings_set(&settings->preset, "generic");
	for (int f = 0; f < FIELD_COUNT; f++)
		settings_add_column(
		    settings, field_info[f].name, field_info[f].name);
	for (size_t i = 0; i < COUNT(row); i++) {
		char text[256];
		enum fmt_status st;

		settings_set(&settings->record, row[i].record);
		settings->any_identifier = row[i].any;
		settings->joins_clients = row[i].joins;
		snprintf(text, sizeof text, "%s\n", row[i].header);
		st = open_text(text);
		if (st !=
		    (row[i].missing == NULL ? FMT_OK : FMT_MISSING_COLUMN))
			fail_msg("%zu: %s", i, fmt_status_code(st));
		if (row[i].missing != NULL)
			assert_string_equal(
			    dump_facts(dump)->missing, row[i].missing);
		else
			assert_int_equal(dump_facts(dump)->kind,
			    *row[i].record == '\0'
				? RECORD_ORDER
				: record_kind_by_name(row[i].record));
	}
}

static void
a_contact_is_known_by_its_clients_id(void **state)
{
	(void)state;
	settings_set(&settings->preset, "generic");
	settings_set(&settings->record, "contact");
	settings_set(&settings->id_prefix, "shop-");
	settings_add_column(settings, "client", "client_uniq_id");
	settings_add_column(settings, "number", "id");
	assert_int_equal(open_text("client;number;phones\n"
				   "c1;9;79991234567\n"
				   ";7;79991234567\n"
				   ";;79991234567\n"),
	    FMT_OK);
	next();
	assert_string_equal(text_of(FIELD_ID), "c1");
	next();
	assert_string_equal(text_of(FIELD_ID), "7");
	assert_string_equal(text_of(FIELD_CLIENT_UNIQ_ID), "7");
	assert_false(rec->auto_id);
	next();
	assert_int_equal(rec->verdict, VERDICT_REJECT);
	assert_int_equal(last_problem(), REJECT_CLIENT_EMPTY);
}

static void
calls_are_told_apart_by_what_they_have(void **state)
{
	char first[64];

	(void)state;
	settings_set(&settings->preset, "generic");
	settings_set(&settings->record, "call");
	settings_add_column(settings, "click", "yclid");
	assert_int_equal(open_text("create_date_time;click\n"
				   "2026-06-01 10:00:00;1234567890\n"
				   "2026-06-01 10:00:00;1234567891\n"
				   "2026-06-01 10:00:00;1234567890\n"),
	    FMT_OK);
	next();
	snprintf(first, sizeof first, "%s", text_of(FIELD_ID));
	assert_true(rec->auto_id);
	next();
	assert_string_not_equal(text_of(FIELD_ID), first);
	next();
	assert_string_equal(text_of(FIELD_ID), first);
}

static void
a_header_alone_is_an_empty_dump(void **state)
{
	(void)state;
	assert_int_equal(open_text(PHONE "\n\n"), FMT_OK);
	assert_int_equal(dump_next(dump, &rec), FMT_EMPTY);
	assert_int_equal(open_text(PHONE PHONE), FMT_OK);
	assert_int_equal(dump_next(dump, &rec), FMT_EMPTY);
}

static void
a_header_is_looked_for_in_thirty_rows(void **state)
{
	char text[2000];

	(void)state;
	for (int rows = 29; rows <= 30; rows++) {
		text[0] = '\0';
		for (int i = 0; i < rows; i++)
			strcat(text, "Отчёт;за июль\n");
		strcat(text, PHONE "2026-07-01;1;79995551111;PAID;1\n");
		assert_int_equal(
		    open_text(text), rows == 29 ? FMT_OK : FMT_NO_HEADER);
	}
}

static void
another_header_in_the_middle_ends_the_dump(void **state)
{
	(void)state;
	assert_int_equal(
	    open_text(PHONE "2026-07-01;1;79995551111;PAID;1\n"
			    "create_date_time;phones;id;order_status;cost\n"),
	    FMT_OK);
	next();
	assert_int_equal(dump_next(dump, &rec), FMT_HEADER_CHANGED);
	/* fewer columns do not hide it */
	assert_int_equal(open_text(PHONE "phones;create_date_time\n"), FMT_OK);
	assert_int_equal(dump_next(dump, &rec), FMT_HEADER_CHANGED);
}

static void
bad_rows_are_refused_with_their_reason(void **state)
{
	static const struct {
		const char *line;
		enum reject want; /* REJECT_NONE: taken */
		size_t cell;
		const char *value;
	} row[] = {
		{ "2026-07-01;1;79995551111;PAID;1", REJECT_NONE, 0, "" },
		{ "2026-07-01;1;79995551111;PAID;1;;", REJECT_NONE, 0, "" },
		{ "2026-07-01;1;79995551111;PAID", REJECT_COLUMNS_FEW, SIZE_MAX,
		    "" },
		{ "2026-07-01;1;79995551111;PAID;1;x", REJECT_COLUMNS_MANY, 5,
		    "x" },
		{ "31.02.2026;1;79995551111;PAID;1", REJECT_DATE, 0,
		    "31.02.2026" },
		{ "вчера;1;79995551111;PAID;1", REJECT_DATE, 0, "вчера" },
		{ "2026-07-01;7,9E+10;79995551111;PAID;1", REJECT_ID, 1,
		    "7,9E+10" },
		{ "2026-07-01;1;79995551111;???;1", REJECT_STATUS, 3, "???" },
		{ "2026-07-01;1;79995551111;PAID;много", REJECT_MONEY, 4,
		    "много" },
		{ "2026-07-01;1;79995551111;PAID;-1", REJECT_MONEY_NEGATIVE, 4,
		    "-1" },
		{ "2026-07-01;1;7\xff"
		  "9995551111;PAID;1",
		    REJECT_ENCODING, 2, NULL },
		/* what the merged order must have is not asked of the row */
		{ ";1;79995551111;PAID;1", REJECT_NONE, 0, "" },
		{ "2026-07-01;1;;PAID;1", REJECT_NONE, 0, "" },
		{ "2026-07-01;1;79995551111;;1", REJECT_NONE, 0, "" },
	};
	char text[300];

	(void)state;
	settings->max_bad_rows = 1000;
	for (size_t i = 0; i < COUNT(row); i++) {
		const struct problem *p;

		snprintf(text, sizeof text, PHONE "%s\n", row[i].line);
		settings_set(&settings->encoding, "utf-8");
		assert_int_equal(open_text(text), FMT_OK);
		next();
		if (last_problem() != row[i].want)
			fail_msg(
			    "%s: %s", row[i].line, reject_code(last_problem()));
		assert_int_equal(rec->verdict,
		    row[i].want == REJECT_NONE ? VERDICT_TAKE : VERDICT_REJECT);
		if (row[i].want == REJECT_NONE)
			continue;
		p = &rec->problems.p[rec->problems.n - 1];
		assert_int_equal(p->cell, row[i].cell);
		if (row[i].value != NULL)
			assert_true(slice_is(p->value, row[i].value));
	}
}

static void
a_value_that_a_row_can_do_without_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(
	    open_text("create_date_time;client_ids;emails;phones;"
		      "client_uniq_id;currency;finish_date_time;order_status\n"
		      "2026-07-01;0,5;a@;12;1E+5;рубли;потом;PAID\n"),
	    FMT_OK);
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	assert_int_equal(rec->problems.n, 6);
	assert_string_equal(text_of(FIELD_CLIENT_IDS), "5");
	assert_false(conv_text(&rec->conv, FIELD_EMAILS).n > 0);
	assert_int_equal(dump_facts(dump)->values_dropped, 6);
}

static void
of_two_columns_of_a_field_the_first_that_is_filled_counts(void **state)
{
	(void)state;
	assert_int_equal(open_text("Дата создания;Дата создания;Телефон;Статус;"
				   "Сумма;Сумма;Телефон\n"
				   ";01.07.2026 10:00;79995551111;Новый;;5;"
				   "89995551111,79995551112\n"
				   "02.07.2026 10:00;01.07.2026 10:00;;Новый;"
				   "4;5;79995551112\n"),
	    FMT_OK);
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	assert_int_equal(rec->conv.number[FIELD_REVENUE], 500);
	assert_string_equal(text_of(FIELD_PHONES), "79995551111,79995551112");
	next();
	assert_int_equal(rec->conv.number[FIELD_REVENUE], 400);
	assert_int_equal(rec->conv.number[FIELD_CREATE_DATE_TIME], 1782986400);
}

static void
rows_are_skipped_for_their_status_pipeline_or_day(void **state)
{
	unsigned long tally[3];

	(void)state;
	settings_add_status(settings, "*", "Черновик", "skip");
	settings_add_pipeline(settings, "Розница");
	settings->start_day = 20636; /* 2026-07-02 */
	assert_int_equal(
	    open_text("Номер заказа;Дата;Телефон;Статус;Воронка\n"
		      "1;02.07.2026 00:00;79995551111;Новый;розница\n"
		      "2;02.07.2026 00:00;79995551111;Черновик;Розница\n"
		      "3;02.07.2026 00:00;79995551111;Непонятный;Опт\n"
		      "4;01.07.2026 23:59;79995551111;Непонятный;Розница\n"
		      "5;02.07.2026 00:00;79995551111;Новый;\n"),
	    FMT_OK);
	next();
	assert_int_equal(rec->verdict, VERDICT_TAKE);
	next();
	assert_int_equal(rec->verdict, VERDICT_SKIP);
	assert_true(rec->skip_status);
	assert_string_equal(text_of(FIELD_ID), "2");
	for (int i = 0; i < 3; i++) {
		next();
		assert_int_equal(rec->verdict, VERDICT_SKIP);
		assert_false(rec->skip_status);
		assert_int_equal(rec->problems.n, 0);
	}
	assert_int_equal(dump_next(dump, &rec), FMT_END);
	assert_int_equal(dump_facts(dump)->skipped, 4);
	assert_int_equal(open_text("Номер заказа;Дата;Телефон;Статус;Воронка\n"
				   "6;;79995551111;Новый;Розница\n"),
	    FMT_OK);
	assert_int_equal(drain(tally), FMT_END);
	assert_int_equal(tally[VERDICT_TAKE], 1);
}

static void
a_dump_is_damaged_above_both_limits(void **state)
{
	static const struct {
		int good, bad;
		enum fmt_status want;
	} row[] = {
		{ 0, 10, FMT_END }, /* not more than ten rows */
		{ 0, 11, FMT_DAMAGED },
		{ 44, 11, FMT_END }, /* 20 % exactly */
		{ 43, 11, FMT_DAMAGED },
		{ 100, 11, FMT_END },
	};
	char text[8000];
	unsigned long tally[3];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		strcpy(text, PHONE);
		for (int k = 0; k < row[i].bad; k++)
			strcat(text, "x;1;79995551111;PAID;1\n");
		for (int k = 0; k < row[i].good; k++)
			strcat(text, "2026-07-01;1;79995551111;PAID;1\n");
		assert_int_equal(open_text(text), FMT_OK);
		assert_int_equal(drain(tally), row[i].want);
		assert_int_equal(dump_facts(dump)->damaged, row[i].bad);
	}
	/* a bad value or a negative sum is no damage */
	strcpy(text, PHONE);
	for (int k = 0; k < 50; k++)
		strcat(text, "2026-07-01;1;12;PAID;-1\n");
	assert_int_equal(open_text(text), FMT_OK);
	assert_int_equal(drain(tally), FMT_END);
	assert_int_equal(tally[VERDICT_REJECT], 50);
}

static void
contacts_are_hashed_when_set(void **state)
{
	char id[40];

	(void)state;
	settings->pii = PII_HASH;
	assert_int_equal(
	    open_text("create_date_time;emails;phones;phones_md5\n"
		      "2026-07-01;Mail@example.com;79995551111;\n"
		      "2026-07-01;;;F09F2C3D48F31E2A802944ADE2E5AEC5\n"),
	    FMT_OK);
	next();
	assert_string_equal(text_of(FIELD_PHONES), "");
	assert_string_equal(text_of(FIELD_EMAILS), "");
	assert_string_equal(
	    text_of(FIELD_PHONES_MD5), "f09f2c3d48f31e2a802944ade2e5aec5");
	assert_string_equal(
	    text_of(FIELD_EMAILS_MD5), "7daf6c79d4802916d83f6266e24850af");
	next();
	assert_string_equal(
	    text_of(FIELD_PHONES_MD5), "f09f2c3d48f31e2a802944ade2e5aec5");
	/* what was hashed before gives the same id as what is hashed now */
	strcpy(id, text_of(FIELD_ID));
	assert_int_equal(open_text("create_date_time;phones\n"
				   "2026-07-01;8 999 555 11 11\n"),
	    FMT_OK);
	next();
	assert_string_equal(text_of(FIELD_ID), id);
}

static void
an_automatic_id_depends_on_source_time_and_identifiers(void **state)
{
	static const struct {
		const char *source, *row;
		bool same;
	} row[] = {
		{ "", "2026-07-01 10:00:00;8 (999) 555-11-11;Новый;7", true },
		{ "shop", "2026-07-01 10:00:00;79995551111;Новый;1", false },
		{ "", "2026-07-01 10:00:01;79995551111;Новый;1", false },
		{ "", "2026-07-01 10:00:00;79995551112;Новый;1", false },
	};
	char first[40], text[300];

	(void)state;
	settings_set(&settings->id_prefix, "p-");
	assert_int_equal(
	    open_text("Дата;Телефон;Статус;Сумма\n"
		      "2026-07-01 10:00:00;79995551111;Оплачен;1\n"),
	    FMT_OK);
	next();
	strcpy(first, text_of(FIELD_ID));
	assert_int_equal(strncmp(first, "auto-", 5), 0);
	for (size_t i = 0; i < COUNT(row); i++) {
		settings_set(&settings->source, row[i].source);
		snprintf(text, sizeof text, "Дата;Телефон;Статус;Сумма\n%s\n",
		    row[i].row);
		assert_int_equal(open_text(text), FMT_OK);
		next();
		assert_int_equal(
		    strcmp(text_of(FIELD_ID), first) == 0, row[i].same);
	}
}

static void
every_published_cell_passes_the_strict_rules(void **state)
{
	static const char *const cells[] = { "8 (999) 555-11-11, доб. 3",
		"+375291234567;7,9E+10", "12", "Mail@Yandex.RU", "a@b",
		"160505607416229439", "0", "F09F2C3D48F31E2A802944ADE2E5AEC5",
		"1 508,50 руб", "x", "" };
	static const struct {
		enum field field;
		bool (*check)(struct slice s);
	} fields[] = {
		{ FIELD_PHONES, check_phone },
		{ FIELD_EMAILS, check_email },
		{ FIELD_CLIENT_IDS, check_client_id },
		{ FIELD_PHONES_MD5, check_md5 },
		{ FIELD_EMAILS_MD5, check_md5 },
	};
	char text[3000] = "create_date_time;phones;emails;client_ids;"
			  "phones_md5;emails_md5\n";
	unsigned values = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cells); i++)
		sprintf(text + strlen(text),
		    "2026-07-01;\"%s\";\"%s\";\"%s\";\"%s\";\"%s\"\n", cells[i],
		    cells[i], cells[i], cells[i], cells[i]);
	assert_int_equal(open_text(text), FMT_OK);
	while (dump_next(dump, &rec) == FMT_OK) {
		for (size_t i = 0; i < COUNT(fields); i++) {
			struct slice list =
			    conv_text(&rec->conv, fields[i].field);

			while (list.n > 0) {
				assert_true(
				    fields[i].check(slice_cut(&list, ',')));
				values++;
			}
		}
	}
	assert_true(values >= 6);
}

/* 1C has the day in one column and its time in another of that name. */
static void
a_time_wins_over_its_day_alone(void **state)
{
	static const struct {
		const char *row, *created;
	} row[] = {
		{ "10.07.2026;10.07.2026 9:57:57", "2026-07-10 09:57:57" },
		{ "2026-07-10;2026-07-10 09:57:57", "2026-07-10 09:57:57" },
		{ "10.07.2026 8:00;10.07.2026 9:57:57", "2026-07-10 08:00:00" },
		{ "10.07.2026;", "2026-07-10 23:59:59" },
		{ ";10.07.2026 9:57:57", "2026-07-10 09:57:57" },
		/* of another day it is about something else */
		{ "10.07.2026;11.07.2026 9:57:57", "2026-07-10 23:59:59" },
		{ "10.07.2026;9.07.2026 23:59:59", "2026-07-10 23:59:59" },
		{ "10.07.2026;no date", "2026-07-10 23:59:59" },
		{ "1783677477;10.07.2026 0:00:01", "2026-07-10 09:57:57" },
	};
	char text[300], created[20];

	(void)state;
	settings_set(&settings->default_status, "PAID");
	for (size_t i = 0; i < COUNT(row); i++) {
		snprintf(text, sizeof text,
		    "Дата операции;Дата операции;Телефон\n%s;79995551111\n",
		    row[i].row);
		assert_int_equal(open_text(text), FMT_OK);
		next();
		assert_int_equal(rec->verdict, VERDICT_TAKE);
		zone_write(
		    zone, rec->conv.number[FIELD_CREATE_DATE_TIME], created);
		assert_string_equal(created, row[i].created);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_dump_of_a_shop_becomes_records),
		TEST(a_dump_that_cannot_be_read_says_why),
		TEST(rows_of_empty_cells_are_blank_lines),
		TEST(a_record_refused_before_the_names_is_a_record),
		TEST(what_is_required_depends_on_the_kind_of_records),
		TEST(a_contact_is_known_by_its_clients_id),
		TEST(calls_are_told_apart_by_what_they_have),
		TEST(a_header_alone_is_an_empty_dump),
		TEST(a_header_is_looked_for_in_thirty_rows),
		TEST(another_header_in_the_middle_ends_the_dump),
		TEST(bad_rows_are_refused_with_their_reason),
		TEST(a_value_that_a_row_can_do_without_is_dropped),
		TEST(of_two_columns_of_a_field_the_first_that_is_filled_counts),
		TEST(rows_are_skipped_for_their_status_pipeline_or_day),
		TEST(a_dump_is_damaged_above_both_limits),
		TEST(contacts_are_hashed_when_set),
		TEST(an_automatic_id_depends_on_source_time_and_identifiers),
		TEST(every_published_cell_passes_the_strict_rules),
		TEST(a_time_wins_over_its_day_alone),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
