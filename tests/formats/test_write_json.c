/*
 * JSON outputs: each file to the byte, and strings whatever they hold.
 * tests/e2e/outputs.t reads them with another program's parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <jansson.h>

#include "tests/formats/write_kit.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct kit kit;

#define LISTS                                                                  \
	"[\"133591247640966458\",\"27389521\"],\"emails\":"                    \
	"[\"mail@example.com\"],\"phones\":[\"79876543210\",\"79991234567\"],"
#define MD5S                                                                   \
	"\"emails_md5\":[\"7daf6c79d4802916d83f6266e24850af\"],"               \
	"\"phones_md5\":[\"c523d04542feb526ea83dc33a4dc6aea\"]}"
#define PHONES                                                                 \
	"\"contactPhone\":\"79876543210\","                                    \
	"\"phones\":[\"79876543210\",\"79991234567\"],"                        \
	"\"emails\":[\"mail@example.com\"],"                                   \
	"\"clientIds\":[\"133591247640966458\",\"27389521\"],"                 \
	"\"userId\":\"u-1\""
#define ITEMS                                                                  \
	"\"products\":{\"груша: сорт 1\":10,\"яблоко\":2.5},"   \
	"\"goals\":[{\"goal_action_id\":\"oplata_cash\",\"price\":200.50},"    \
	"{\"goal_action_id\":\"filial_1\"}]}"

static const struct {
	const char *output, *head, *record;
} files[] = {
	{ "metrica-contacts-json", "{\"contacts\":[",
	    "{\"uniq_id\":\"ООО \\\"Рога\\\"\",\"name\":\"Иванов, И.\","
	    "\"create_date_time\":\"2026-04-21 08:59:21\","
	    "\"update_date_time\":\"2026-04-21 09:00:21\","
	    "\"client_ids\":" LISTS MD5S },
	{ "metrica-orders-json", "{\"orders\":[",
	    "{\"id\":\"A;1\\r\\n2\",\"client_uniq_id\":\"ООО \\\"Рога\\\"\","
	    "\"client_type\":\"CONTACT\","
	    "\"create_date_time\":\"2026-04-21 08:59:21\","
	    "\"update_date_time\":\"2026-04-21 09:00:21\","
	    "\"finish_date_time\":\"2026-04-21 09:01:21\","
	    "\"revenue\":1508.50,\"order_status\":\"PAID\",\"cost\":1000,"
	    "\"currency\":\"RUB\"," ITEMS },
	{ "crm-json", "{\"orders\":[",
	    "{\"id\":\"A;1\\r\\n2\",\"clientUniqId\":\"ООО \\\"Рога\\\"\","
	    "\"clientType\":\"CONTACT\","
	    "\"createDateTime\":\"2026-04-21 08:59:21\","
	    "\"updateDateTime\":\"2026-04-21 09:00:21\","
	    "\"finishDateTime\":\"2026-04-21 09:01:21\","
	    "\"orderStatus\":\"PAID\",\"revenue\":1508.50,\"cost\":1000,"
	    "\"currency\":\"RUB\"," PHONES
	    ",\"yclid\":\"12345678901234567890\",\"purchaseId\":\"p-1\","
	    "\"utmSource\":\"yandex\",\"utmCampaign\":\"весна \\\\ "
	    "лето\"," ITEMS },
	{ "crm-json-clients", "{\"contacts\":[",
	    "{\"clientUniqId\":\"ООО \\\"Рога\\\"\","
	    "\"clientType\":\"CONTACT\",\"name\":\"Иванов, И.\","
	    "\"createDateTime\":\"2026-04-21 08:59:21\","
	    "\"updateDateTime\":\"2026-04-21 09:00:21\"," PHONES "}" },
};

static void
every_file_is_written_to_the_byte(void **state)
{
	struct writer_env env = { .hash = false };
	struct conv c[2] = { kit_record(), kit_record() };
	char want[8192];

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		json_t *all;

		kit_write(&kit, files[i].output, &env, c, 2);
		snprintf(want, sizeof want, "%s\n%s,\n%s\n]}\n", files[i].head,
		    files[i].record, files[i].record);
		assert_string_equal(kit.bytes, want);
		all = json_loads(kit.bytes, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(all);
		json_decref(all);
	}
}

static void
a_file_without_records_is_json_all_the_same(void **state)
{
	struct writer_env env = { .hash = false };

	(void)state;
	kit_write(&kit, "crm-json", &env, NULL, 0);
	assert_string_equal(kit.bytes, "{\"orders\":[\n]}\n");
}

static void
with_hashes_nothing_says_who_it_is(void **state)
{
	static const char *const word[] = { "example", "7987", "Иванов",
		"\"name\"", "\"phones\"", "\"emails\"", "contactPhone" };
	struct writer_env env = { .hash = true };
	struct conv c = kit_record();

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		kit_write(&kit, files[i].output, &env, &c, 1);
		for (size_t k = 0; k < COUNT(word); k++)
			if (strstr(kit.bytes, word[k]) != NULL)
				fail_msg("%s: %s", word[k], kit.bytes);
	}
}

static void
keys_without_a_value_are_left_out(void **state)
{
	struct writer_env env = { .hash = false };
	struct conv c;

	(void)state;
	conv_clear(&c);
	conv_text(&c, FIELD_CLIENT_UNIQ_ID) = slice_of("7");
	kit_write(&kit, "metrica-contacts-json", &env, &c, 1);
	assert_string_equal(
	    kit.bytes, "{\"contacts\":[\n{\"uniq_id\":\"7\"}\n]}\n");
}

static void
a_string_is_valid_whatever_its_bytes_are(void **state)
{
	static const struct {
		const char *bytes, *want;
	} row[] = {
		{ "", "\"\"" },
		{ "a b", "\"a b\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\"" },
		{ "\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\"" },
		{ "Ёж 😀 €", "\"Ёж 😀 €\"" },
		{ "\xc7\xe0", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xd0", "\"\xef\xbf\xbd\"" },
		{ "\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xc0\xaf!", "\"\xef\xbf\xbd\xef\xbf\xbd!\"" },
		{ "\xf4\x90\x80\x80",
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};
	static struct out out;
	char every[256];

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		memset(&kit, 0, sizeof kit);
		out_begin(&out, (struct output){ kit_keep, &kit });
		out_json(&out, slice_of(row[i].bytes));
		assert_int_equal(out_end(&out), 0);
		assert_string_equal(kit.bytes, row[i].want);
	}
	for (size_t i = 0; i < sizeof every; i++)
		every[i] = (char)i;
	for (size_t from = 0; from < sizeof every; from++) {
		json_t *back;

		memset(&kit, 0, sizeof kit);
		out_begin(&out, (struct output){ kit_keep, &kit });
		out_json(
		    &out, (struct slice){ every + from, sizeof every - from });
		assert_int_equal(out_end(&out), 0);
		back = json_loads(
		    kit.bytes, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
		assert_non_null(back);
		json_decref(back);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_file_is_written_to_the_byte),
		cmocka_unit_test(a_file_without_records_is_json_all_the_same),
		cmocka_unit_test(with_hashes_nothing_says_who_it_is),
		cmocka_unit_test(keys_without_a_value_are_left_out),
		cmocka_unit_test(a_string_is_valid_whatever_its_bytes_are),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
