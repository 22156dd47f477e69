/*
 * A record with every field that any output has, and a file as a writer makes
 * it of one record.
 */
#ifndef TESTS_FORMATS_WRITE_KIT_H
#define TESTS_FORMATS_WRITE_KIT_H

#include <stdint.h>
#include <string.h>

#include "formats/writer.h"

/* 2026-04-21 08:59:21 UTC */
#define KIT_AT INT64_C(1776761961)

static inline struct conv
kit_record(void)
{
	static const struct {
		enum field f;
		const char *text;
	} text[] = {
		{ FIELD_ID, "A;1\r\n2" },
		{ FIELD_CLIENT_UNIQ_ID, "ООО \"Рога\"" },
		{ FIELD_CLIENT_IDS, "133591247640966458,27389521" },
		{ FIELD_EMAILS, "mail@example.com" },
		{ FIELD_PHONES, "79876543210,79991234567" },
		{ FIELD_EMAILS_MD5, "7daf6c79d4802916d83f6266e24850af" },
		{ FIELD_PHONES_MD5, "c523d04542feb526ea83dc33a4dc6aea" },
		{ FIELD_ORDER_STATUS, "PAID" },
		{ FIELD_USER_ID, "u-1" },
		{ FIELD_YCLID, "12345678901234567890" },
		{ FIELD_PURCHASE_ID, "p-1" },
		{ FIELD_CURRENCY, "RUB" },
		{ FIELD_GOALS, "oplata_cash:200.50,filial_1" },
		{ FIELD_PRODUCTS, "груша: сорт 1:10,яблоко:2.5" },
		{ FIELD_TARGET, "good_lead" },
		{ FIELD_NAME, "Иванов, И." },
		{ FIELD_URL, "https://example.com/?a=1,2" },
		{ FIELD_CALL_TRACKER_URL, "https://tracker.example.com/7" },
		{ FIELD_TAG, "окна" },
		{ FIELD_CHAT_PLATFORM, "telegram" },
		{ FIELD_CHAT_USERNAME, "ivanov" },
		{ FIELD_CHAT_USER_ID, "42" },
		{ FIELD_UTM_SOURCE, "yandex" },
		{ FIELD_UTM_CAMPAIGN, "весна \\ лето" },
	};
	struct conv c;

	conv_clear(&c);
	c.number[FIELD_CREATE_DATE_TIME] = KIT_AT;
	c.number[FIELD_UPDATE_DATE_TIME] = KIT_AT + 60;
	c.number[FIELD_FINISH_DATE_TIME] = KIT_AT + 120;
	c.number[FIELD_REVENUE] = 150850;
	c.number[FIELD_COST] = 100000;
	c.number[FIELD_TALK_DURATION] = 95;
	c.number[FIELD_HOLD_DURATION] = 7;
	c.number[FIELD_STATIC_CALL] = 0;
	c.number[FIELD_CALL_MISSED] = 1;
	c.number[FIELD_FIRST_TIME_CALLER] = 1;
	for (size_t i = 0; i < sizeof text / sizeof *text; i++)
		conv_text(&c, text[i].f) = slice_of(text[i].text);
	return c;
}

struct kit {
	char bytes[16384];
	size_t n;
};

static inline int
kit_keep(void *ctx, const void *buf, size_t n)
{
	struct kit *k = ctx;

	if (k->n + n >= sizeof k->bytes)
		return -1;
	memcpy(k->bytes + k->n, buf, n);
	k->n += n;
	k->bytes[k->n] = '\0';
	return 0;
}

/* The file with as many of these records as it takes; how many. */
static inline uint64_t
kit_write(struct kit *k, const char *output, const struct writer_env *env,
    const struct conv *c, size_t n)
{
	static struct out out;
	struct zone *utc = zone_utc();
	struct writer_env in_utc = *env;
	struct writing w;

	memset(k, 0, sizeof *k);
	in_utc.zone = utc;
	out_begin(&out, (struct output){ kit_keep, k });
	writing_begin(&w, writer_by_name(output), &in_utc, &out);
	for (size_t i = 0; i < n; i++)
		writing_row(&w, &c[i]);
	writing_end(&w);
	out_end(&out);
	zone_free(utc);
	return w.rows;
}

#endif
