/*
 * Nasty dumps: three to sixty records under Direct's own or Russian headers,
 * written in UTF-8 with damage on the way, then encoded, then damaged again.
 * How much is wrong differs from dump to dump: some are clean.
 */
#include "tests/nasty_dump.h"

#include <iconv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define ROOM ((size_t)256 * 1024) /* far more than a dump can have */

struct nasty {
	uint64_t seed;
	char *text;
	size_t n;
	char delimiter;
	const char *newline;
	unsigned damage; /* per mille, for each thing that can go wrong */
	bool russian;
};

static const char *const direct[] = { "create_date_time", "id",
	"client_uniq_id", "client_ids", "emails", "phones", "order_status",
	"revenue", "cost" };
static const char *const russian[] = { "Дата создания", "Номер заказа",
	"ClientID", "Почта", "Телефон", "Статус", "Сумма" };

enum kind {
	DATE,
	ID,
	UNIQ,
	CLIENT,
	EMAIL,
	PHONE,
	STATUS,
	MONEY
};
static const enum kind direct_kinds[] = { DATE, ID, UNIQ, CLIENT, EMAIL, PHONE,
	STATUS, MONEY, MONEY };
static const enum kind russian_kinds[] = { DATE, ID, CLIENT, EMAIL, PHONE,
	STATUS, MONEY };

/* By kind; good ones come first. */
static const struct {
	int good;
	const char *value[12];
} odd[] = {
	[DATE] = { 4,
	    { "2026-04-21 11:59:21", "21.04.2026 9:05:00",
		"2026-04-22T10:00:00+03:00", "21.04.2026", "2026-13-45 99:99",
		"", "вчера", "0000-00-00", "2019-01-01", "2099-12-31 23:59:59",
		"45768.5", "31.02.2026" } },
	[ID] = { 4,
	    { "1001", "A-17", "1000001:1", "0000-057583", "", "1,33591E+17",
		"id with spaces", "«12»", "a;b", "00000", "-", "№ 5" } },
	[UNIQ] = { 4, { "u1", "u2", "", "abc-def", "7,9E+10", "  ", "u\tv", "é",
			  "0", "NULL", "x,y", "#N/A" } },
	[CLIENT] = { 3, { "160000000012345678", "1600000001,1600000002",
			    "1712345678901234567", "", "0", "1,6E+17", "abc",
			    "99999999999999999999999", "-1", "12 34", "1.0",
			    "GA1.2.3.4" } },
	[EMAIL] = { 3,
	    { "ivan@example.com", "Anna.P@Example.COM",
		"a@example.org, b@example.org", "", "not-an-email@@",
		"почта@пример.рф", "@", "a b@example.com", "нет", "x@y",
		"a@example.com;b@example.com", "mailto:a@b.cc" } },
	[PHONE] = { 4,
	    { "+7 (900) 123-45-67", "89001234567", "'+79001234567",
		"9001234567, 8 900 765-43-21", "", "7,9E+10", "12-34", "00",
		"7777777777777777777", "+998 90 123 45 67", "нет",
		"8 (900) 123-45-67 доб. 5" } },
	[STATUS] = { 5,
	    { "PAID", "Новый", "В работе", "Оплачен", "CANCELLED", "",
		"Отменён", "спам", "???", "оплаченъ", "paid ", "142" } },
	[MONEY] = { 4,
	    { "100", "1 234,50", "99.90", "1500 руб", "", "много", "-5",
		"1,234,50", "1e9", "99999999999999999999", "0", "₽" } },
};

static uint64_t
below(struct nasty *d, uint64_t n)
{
	uint64_t z = (d->seed += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (z ^ (z >> 31)) % n;
}

static bool
happens(struct nasty *d)
{
	return below(d, 1000) < d->damage;
}

static void
put(struct nasty *d, const char *s)
{
	size_t n = strlen(s);

	if (d->n + n > ROOM)
		abort();
	memcpy(d->text + d->n, s, n);
	d->n += n;
}

static void
put_char(struct nasty *d, char c)
{
	const char s[] = { c, '\0' };

	put(d, s);
}

/* In quotes when it must be, or for no reason; now and then wrongly. */
static void
put_cell(struct nasty *d, const char *s)
{
	bool quoted = strpbrk(s, ";,\t\"\r\n") != NULL || below(d, 8) == 0;

	if (happens(d))
		quoted = !quoted;
	if (quoted)
		put_char(d, '"');
	for (; *s != '\0'; s++) {
		put_char(d, *s);
		if (*s == '"' && quoted)
			put_char(d, '"');
	}
	if (quoted && !happens(d))
		put_char(d, '"');
}

static void
put_value(struct nasty *d, enum kind kind, unsigned number)
{
	size_t good = (size_t)odd[kind].good;
	char text[256];
	size_t i;

	if (happens(d))
		i = good + below(d, COUNT(odd[kind].value) - good);
	else
		i = below(d, good);
	snprintf(text, sizeof text, "%s", odd[kind].value[i]);
	/* mostly an id of its own, now and then one that was there before */
	if (kind == ID && i < good)
		snprintf(text, sizeof text, "%u",
		    1000 + (happens(d) ? number / 2 : number));
	if (happens(d))
		strcat(text, d->newline);
	if (happens(d))
		strcat(text, " \"x");
	put_cell(d, text);
	if (happens(d) && below(d, 3) == 0)
		d->text[d->n++] = '\0';
}

static void
put_header(struct nasty *d)
{
	size_t n = d->russian ? COUNT(russian) : COUNT(direct);

	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put_char(d, d->delimiter);
		put(d, d->russian ? russian[i] : direct[i]);
	}
	put(d, d->newline);
}

static void
put_record(struct nasty *d, unsigned number)
{
	const enum kind *kinds = d->russian ? russian_kinds : direct_kinds;
	size_t n = d->russian ? COUNT(russian) : COUNT(direct);

	if (happens(d) && below(d, 2) == 0)
		put(d, d->newline);
	if (happens(d) && below(d, 4) == 0)
		put_header(d);
	if (happens(d))
		n = 1 + below(d, n);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			put_char(d, d->delimiter);
		put_value(d, kinds[i], number);
	}
	for (unsigned extra = happens(d) ? 1 + (unsigned)below(d, 3) : 0;
	     extra > 0; extra--) {
		put_char(d, d->delimiter);
		put_cell(d, below(d, 2) == 0 ? "" : "лишнее");
	}
	put(d, d->newline);
}

/* From UTF-8; what the encoding does not have becomes a question mark. */
static size_t
encode(const char *name, const char *text, size_t n, char *out)
{
	iconv_t c = iconv_open(name, "UTF-8");
	char *copy = malloc(n + 1), *in = copy, *to = out;
	size_t room = 4 * ROOM;

	if (c == (iconv_t)-1 || copy == NULL)
		abort();
	memcpy(copy, text, n);
	while (n > 0 && iconv(c, &in, &n, &to, &room) == (size_t)-1) {
		char mark[] = "?", *p = mark;
		size_t one = 1;

		if (n == 0)
			break;
		do {
			in++;
			n--;
		} while (n > 0 && (*in & 0xc0) == 0x80);
		iconv(c, &p, &one, &to, &room);
	}
	iconv_close(c);
	free(copy);
	return 4 * ROOM - room;
}

/* What happens to bytes: some are overwritten, the end is cut off. */
static size_t
damage(struct nasty *d, char *p, size_t n)
{
	for (int i = 0; i < 3 && n > 0; i++) {
		if (happens(d))
			p[below(d, n)] = (char)below(d, 256);
	}
	if (happens(d) && n > 20)
		n -= below(d, n / 4);
	return n;
}

size_t
nasty_dump(uint64_t seed, char **out)
{
	static const struct {
		const char *name, *bom;
		size_t n;
	} encodings[] = { { "UTF-8", "", 0 }, { "UTF-8", "\xef\xbb\xbf", 3 },
		{ "CP1251", "", 0 }, { "KOI8-R", "", 0 },
		{ "UTF-16LE", "\xff\xfe", 2 }, { "UTF-16BE", "\xfe\xff", 2 },
		{ "UTF-16LE", "", 0 } };
	static const char *const newlines[] = { "\n", "\r\n", "\r\n", "\r" };
	static const unsigned damages[] = { 0, 5, 20, 60, 200 };
	struct nasty d = { .seed = seed };
	size_t e = below(&d, COUNT(encodings)), n;
	unsigned records = 3 + (unsigned)below(&d, 58);

	d.text = malloc(ROOM);
	*out = malloc(4 * ROOM + 4);
	if (d.text == NULL || *out == NULL)
		abort();
	d.delimiter = ";;,\t"[below(&d, 4)];
	d.newline = newlines[below(&d, COUNT(newlines))];
	d.damage = damages[below(&d, COUNT(damages))];
	d.russian = below(&d, 2) == 0;
	if (happens(&d)) {
		put(&d, "sep=");
		put_char(&d, d.delimiter);
		put(&d, d.newline);
	}
	for (unsigned i = happens(&d) ? (unsigned)below(&d, 4) : 0; i > 0;
	     i--) {
		put(&d, "Отчёт, за апрель 2026");
		put(&d, d.newline);
	}
	if (!happens(&d))
		put_header(&d);
	for (unsigned i = 0; i < records; i++)
		put_record(&d, i);
	memcpy(*out, encodings[e].bom, encodings[e].n);
	n = encodings[e].n +
	    encode(encodings[e].name, d.text, d.n, *out + encodings[e].n);
	n = damage(&d, *out, n);
	free(d.text);
	return n;
}
