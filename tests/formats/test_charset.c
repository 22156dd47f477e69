/*
 * Encodings: the tables against iconv(3), UTF-8 by rule, and which encoding a
 * text is taken for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/charset.h"
#include "tests/formats/encode.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const uint8_t *
bytes(const char *s)
{
	return (const uint8_t *)s;
}

static void
every_byte_means_what_iconv_says(void **state)
{
	static const enum charset all[] = { CHARSET_WINDOWS_1251,
		CHARSET_KOI8_R, CHARSET_CP866 };

	(void)state;
	for (size_t i = 0; i < COUNT(all); i++) {
		iconv_t c = iconv_open("UTF-8", charset_name(all[i]));

		assert_true(c != (iconv_t)-1);
		for (int b = 0; b < 256; b++) {
			uint8_t byte = (uint8_t)b;
			char in = (char)b, want[8] = "", got[8] = "";
			char *from = &in, *to = want;
			size_t n = 1, room = sizeof want, used, made;

			/* windows-1251 does not have 0x98 */
			if (iconv(c, &from, &n, &to, &room) == (size_t)-1) {
				assert_int_equal(b, 0x98);
				strcpy(want, "\xef\xbf\xbd");
				room = sizeof want - 3;
			}
			made =
			    charset_convert(all[i], &byte, 1, true, got, &used);
			assert_int_equal(used, 1);
			assert_int_equal(made, sizeof want - room);
			assert_memory_equal(got, want, made);
		}
		iconv_close(c);
	}
}

static void
a_long_text_is_converted_like_its_bytes(void **state)
{
	char text[4000], cp1251[4000], out[4000 * CHARSET_GROWTH];
	size_t n = 0, made, used;

	(void)state;
	text[0] = '\0';
	while (n < 3800)
		n += (size_t)sprintf(
		    text + n, "id %zu;Пётр;plain ascii text;ё;", n);
	made = encode("CP1251", text, cp1251, sizeof cp1251);
	n = charset_convert(
	    CHARSET_WINDOWS_1251, bytes(cp1251), made, true, out, &used);
	assert_int_equal(used, made);
	assert_int_equal(n, strlen(text));
	assert_memory_equal(out, text, n);
}

static void
valid_utf8_is_told_from_damage(void **state)
{
	static const struct {
		const char *name, *in;
		size_t valid, damage; /* damage: of what comes then; 0 none */
	} row[] = {
		{ "ASCII", "abc", 3, 0 },
		{ "two bytes", "\xd0\x96", 2, 0 },
		{ "three bytes", "\xe2\x82\xac", 3, 0 },
		{ "four bytes", "\xf0\x9f\x98\x80", 4, 0 },
		{ "the last code point", "\xf4\x8f\xbf\xbf", 4, 0 },
		{ "past the last", "\xf4\x90\x80\x80", 0, 1 },
		{ "overlong slash", "\xc0\xaf", 0, 1 },
		{ "overlong in three", "\xe0\x9f\xbf", 0, 1 },
		{ "overlong in four", "\xf0\x8f\xbf\xbf", 0, 1 },
		{ "a surrogate", "\xed\xa0\x80", 0, 1 },
		{ "before the surrogates", "\xed\x9f\xbf", 3, 0 },
		{ "a lone follower", "a\x80", 1, 1 },
		{ "cut off, then text", "\xe2\x82 a", 0, 2 },
		{ "cut off after three", "\xf0\x9f\x98z", 0, 3 },
		{ "not finished yet", "abc\xe2\x82", 3, 0 },
		{ "FF", "\xff", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		size_t n = strlen(row[i].in), v;

		v = charset_utf8(bytes(row[i].in), n);
		if (v != row[i].valid)
			fail_msg("%s: %zu valid", row[i].name, v);
		if (v < n && charset_utf8_damage(bytes(row[i].in) + v, n - v) !=
				 row[i].damage)
			fail_msg("%s: damage", row[i].name);
	}
}

static void
runs_of_any_length_and_alignment_are_measured(void **state)
{
	enum {
		ALL = 200 /* three blocks (block.h) and some */
	};
	uint8_t buf[ALL + 20];

	(void)state;
	for (size_t from = 0; from < 17; from++) {
		for (size_t n = 0; n < ALL; n++) {
			memset(buf, 'a', sizeof buf);
			buf[from + n] = 0xd0;
			assert_int_equal(charset_ascii(buf + from, ALL), n);
			assert_int_equal(charset_utf8(buf + from, ALL), n);
			buf[from + n + 1] = 0x96;
			assert_int_equal(charset_ascii(buf + from, n), n);
			if (n < ALL - 1)
				assert_int_equal(
				    charset_utf8(buf + from, ALL), ALL);
		}
	}
}

/* By the letter of the standard, a byte after another. */
static size_t
valid_bytes(const uint8_t *p, size_t n)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i = 0;

	while (i < n) {
		size_t k = p[i] < 0x80             ? 1
			   : (p[i] & 0xe0) == 0xc0 ? 2
			   : (p[i] & 0xf0) == 0xe0 ? 3
			   : (p[i] & 0xf8) == 0xf0 ? 4
						   : 0;
		uint32_t c = k == 1 ? p[i] : p[i] & (0xffu >> (k + 1));

		if (k == 0 || n - i < k)
			return i;
		for (size_t m = 1; m < k; m++) {
			if ((p[i + m] & 0xc0) != 0x80)
				return i;
			c = c << 6 | (p[i + m] & 0x3f);
		}
		if (c < least[k] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return i;
		i += k;
	}
	return i;
}

static void
many_bytes_at_once_are_judged_as_each_alone(void **state)
{
	/* what a byte may be, the likely ones more often */
	static const uint8_t bytes_of[] = { 'a', 'a', ';', 0, 0x7f, 0xd0, 0xd0,
		0xd1, 0xc2, 0xdf, 0x80, 0x90, 0xb0, 0xbf, 0xbf, 0xbf, 0xc0,
		0xc1, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff };
	static const char *const chars[] = { "a", ";", "я", "Ж", "\xc2\xa0",
		"\xdf\xbf", "₽", "😀" };
	enum {
		SHORT = 6 /* of chars: what a whole block is judged by */
	};
	uint8_t buf[200];
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t n = 0, most = round % 4 == 0 ? 180 : 40;
		size_t kinds = round % 8 == 0 ? SHORT : COUNT(chars);

		while (n < most) {
			const char *c;

			seed = seed * 1664525 + 1013904223;
			c = chars[(seed >> 16) % kinds];
			memcpy(buf + n, c, strlen(c));
			n += strlen(c);
			if ((seed >> 24) % 32 != 0)
				continue;
			buf[n++] = bytes_of[(seed >> 8) % COUNT(bytes_of)];
			if ((seed >> 29) % 2 == 0)
				buf[n++] = 0x80;
		}
		n -= (seed >> 12) % 9;
		assert_int_equal(charset_utf8(buf, n), valid_bytes(buf, n));
	}
}

static void
utf16_has_surrogates_and_may_be_cut(void **state)
{
	static const struct {
		const char *name;
		enum charset charset;
		size_t n;
		const char *in;
		bool last;
		size_t used;
		const char *out;
	} row[] = {
		{ "LE", CHARSET_UTF_16LE, 4, "a\0\x16\x04", true, 4, "aЖ" },
		{ "BE", CHARSET_UTF_16BE, 4, "\0a\x04\x16", true, 4, "aЖ" },
		{ "a pair", CHARSET_UTF_16LE, 4, "\x3d\xd8\x00\xde", true, 4,
		    "\xf0\x9f\x98\x80" },
		{ "half a pair, more to come", CHARSET_UTF_16LE, 4,
		    "a\0\x3d\xd8", false, 2, "a" },
		{ "half a pair at the end", CHARSET_UTF_16LE, 4, "a\0\x3d\xd8",
		    true, 4, "a\xef\xbf\xbd" },
		{ "high without low", CHARSET_UTF_16LE, 4, "\x3d\xd8z\0", true,
		    4, "\xef\xbf\xbdz" },
		{ "low alone", CHARSET_UTF_16BE, 4, "\xde\x00\0z", true, 4,
		    "\xef\xbf\xbdz" },
		{ "half a unit, more to come", CHARSET_UTF_16BE, 3, "\0a\x04",
		    false, 2, "a" },
		{ "half a unit at the end", CHARSET_UTF_16BE, 3, "\0a\x04",
		    true, 3, "a\xef\xbf\xbd" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char out[64];
		size_t used, n;

		n = charset_convert(row[i].charset, bytes(row[i].in), row[i].n,
		    row[i].last, out, &used);
		out[n] = '\0';
		if (used != row[i].used || strcmp(out, row[i].out) != 0)
			fail_msg(
			    "%s: \"%s\", %zu used", row[i].name, out, used);
	}
}

static void
russian_text_is_recognised_in_every_encoding(void **state)
{
	static const char *const text[] = {
		"Номер заказа;Дата создания;Телефон;Почта;Статус;Сумма",
		"НОМЕР ЗАКАЗА;ДАТА СОЗДАНИЯ;ТЕЛЕФОН;СТАТУС;СУММА",
		"id;Имя;date\n1;Пётр;2026-01-01\n2;Алёна;2026-01-02\n",
		"1;Иванов Иван\n2;Смирнова Анна\n",
		"1;ИВАНОВ ИВАН\n2;СМИРНОВА АННА\n",
		"1;оплачен\n2;отменён\n3;новый\n4;в работе\n",
		"Этап сделки;Бюджет;Ответственный;Основной контакт",
		"Окно ПВХ;Дверь входная;Балкон под ключ;Кухня;Шкаф-купе",
		"там;сам;так", /* cp866: valid UTF-8 by chance */
		"Москва",
		"ОПЛАЧЕН",
		"Спам",
		"Фёдор Щукин, г. Йошкар-Ола, ул. Эшпая",
	};
	static const struct {
		const char *iconv;
		enum charset charset;
	} as[] = {
		{ "UTF-8", CHARSET_UTF_8 },
		{ "CP1251", CHARSET_WINDOWS_1251 },
		{ "KOI8-R", CHARSET_KOI8_R },
		{ "CP866", CHARSET_CP866 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(text); i++) {
		for (size_t k = 0; k < COUNT(as); k++) {
			char in[1000];
			bool sure;
			size_t n = encode(as[k].iconv, text[i], in, sizeof in);
			enum charset got = charset_guess(bytes(in), n, &sure);

			if (got != as[k].charset)
				fail_msg("%s in %s was taken for %s", text[i],
				    as[k].iconv, charset_name(got));
		}
	}
}

static void
a_mixture_is_what_most_of_it_is(void **state)
{
	static const struct {
		const char *name, *in;
		enum charset charset;
		bool sure;
	} row[] = {
		{ "UTF-8 with broken bytes",
		    "Иванов Пётр;\xff\xfe;Москва;\x80;Самара\xd0",
		    CHARSET_UTF_8, true },
		{ "UTF-8 cut off in a character", "Иванов Пётр;Москва;\xd0",
		    CHARSET_UTF_8, true },
		{ "one word of UTF-8 and a broken byte", "Имя\xff",
		    CHARSET_UTF_8, false },
		{ "a euro sign", "100 \xe2\x82\xac", CHARSET_UTF_8, false },
		{ "an emoji", "\xf0\x9f\x98\x80", CHARSET_UTF_8, false },
		{ "only junk",
		    "a\xff\xfe"
		    "b",
		    CHARSET_WINDOWS_1251, false },
		{ "a lone number sign", "\xb9 1", CHARSET_WINDOWS_1251, false },
		{ "windows-1251 with a byte it lacks",
		    "\xc8\xe2\xe0\xed\xee\xe2 \x98 \xc8\xe2\xe0\xed",
		    CHARSET_WINDOWS_1251, false },
		/* П and ё side by side are valid UTF-8 */
		{ "Пётр in windows-1251", "\xcf\xb8\xf2\xf0 \xcf\xb8\xf2\xf0",
		    CHARSET_WINDOWS_1251, false },
		{ "Georgian", "საქართველო თბილისი", CHARSET_UTF_8, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		bool sure;
		enum charset got =
		    charset_guess(bytes(row[i].in), strlen(row[i].in), &sure);

		if (got != row[i].charset || sure != row[i].sure)
			fail_msg("%s: %s%s", row[i].name, charset_name(got),
			    sure ? ", sure" : "");
	}
}

static void
names_and_their_aliases_are_known(void **state)
{
	static const struct {
		const char *name;
		enum charset charset;
	} row[] = {
		{ "utf-8", CHARSET_UTF_8 },
		{ "UTF8", CHARSET_UTF_8 },
		{ "Windows-1251", CHARSET_WINDOWS_1251 },
		{ "CP1251", CHARSET_WINDOWS_1251 },
		{ "KOI8-R", CHARSET_KOI8_R },
		{ "cp866", CHARSET_CP866 },
		{ "UTF-16LE", CHARSET_UTF_16LE },
		{ "utf-16be", CHARSET_UTF_16BE },
		{ "latin1", CHARSET_COUNT },
		{ "", CHARSET_COUNT },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++)
		assert_int_equal(charset_by_name(row[i].name), row[i].charset);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_means_what_iconv_says),
		cmocka_unit_test(a_long_text_is_converted_like_its_bytes),
		cmocka_unit_test(valid_utf8_is_told_from_damage),
		cmocka_unit_test(many_bytes_at_once_are_judged_as_each_alone),
		cmocka_unit_test(runs_of_any_length_and_alignment_are_measured),
		cmocka_unit_test(utf16_has_surrogates_and_may_be_cut),
		cmocka_unit_test(russian_text_is_recognised_in_every_encoding),
		cmocka_unit_test(a_mixture_is_what_most_of_it_is),
		cmocka_unit_test(names_and_their_aliases_are_known),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
