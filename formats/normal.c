/*
 * Cells to published values: lists of identifiers, ids, and the small kinds.
 * normal_phone.c has one phone, normal_money.c money, normal_time.c times. What
 * comes out passes check.h.
 */
#include "formats/normal.h"

#include <nettle/md5.h>
#include <stdlib.h>

#include "formats/check.h"
#include "formats/damage.h"
#include "formats/message.h"
#include "formats/normal_cell.h"
#include "formats/text.h"

/* --- problems ------------------------------------------------------------ */

void
problems_add(struct problems *ps, const struct problem *p)
{
	if (ps->n == ps->room) {
		ps->room = ps->room == 0 ? 8 : ps->room * 2;
		ps->p = mem_grow(ps->p, ps->room * sizeof *ps->p);
	}
	ps->p[ps->n++] = *p;
}

void
problems_free(struct problems *ps)
{
	free(ps->p);
	*ps = (struct problems){ NULL, 0, 0 };
}

/* --- what spreadsheets do ------------------------------------------------ */

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
digits(struct slice s)
{
	size_t n = 0;

	while (n < s.n && is_digit(s.p[n]))
		n++;
	return n;
}

static struct slice
after(struct slice s, size_t n)
{
	return (struct slice){ s.p + n, s.n - n };
}

/* The length of a number such as 7,9E+10 at the start of s, or 0. */
static size_t
exponent_length(struct slice s)
{
	struct slice rest = s;
	size_t n = digits(rest);

	if (n == 0)
		return 0;
	rest = after(rest, n);
	if (rest.n > 0 && (*rest.p == ',' || *rest.p == '.')) {
		rest = after(rest, 1);
		rest = after(rest, digits(rest));
	}
	if (rest.n == 0 || (*rest.p != 'E' && *rest.p != 'e'))
		return 0;
	rest = after(rest, 1);
	if (rest.n > 0 && *rest.p == '+')
		rest = after(rest, 1);
	n = digits(rest);
	return n == 0 ? 0 : (size_t)(rest.p - s.p) + n;
}

static bool
is_exponent(struct slice s)
{
	return s.n > 0 && exponent_length(s) == s.n;
}

static bool
is_hashes(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '#')
			return false;
	}
	return s.n >= 3;
}

const char *
normal_damage(struct slice s)
{
	return is_exponent(s) ? damage_hint(DAMAGE_EXPONENT)
	       : is_hashes(s) ? damage_hint(DAMAGE_HASHES)
			      : NULL;
}

bool
normal_is_dash(uint32_t u)
{
	return u == '-' || u == 0x2212 || (u >= 0x2010 && u <= 0x2015);
}

/* People fill an empty cell with dashes. */
static bool
is_dashes(struct slice s)
{
	while (s.n > 0) {
		if (!normal_is_dash(text_take(&s)))
			return false;
	}
	return true;
}

struct slice
normal_bare_wrapped(struct slice s)
{
	/* ="00123" is how a spreadsheet is made to keep the zeros. */
	if (s.n >= 3 && s.p[0] == '=' && s.p[1] == '"' && s.p[s.n - 1] == '"')
		s = after(s, 1);
	s = text_strip(s);
	if (s.n > 0 && s.n <= 12 && !is_digit(*s.p) && is_dashes(s))
		s.n = 0;
	return s;
}

/* --- lists --------------------------------------------------------------- */

struct list {
	char *p;
	size_t n;
};

static bool
list_has(const struct list *l, struct slice v)
{
	struct slice rest = { l->p, l->n };

	while (rest.n > 0) {
		if (slice_eq(slice_cut(&rest, ','), v))
			return true;
	}
	return false;
}

static void
list_add(struct list *l, struct slice v)
{
	if (v.n == 0 || list_has(l, v))
		return;
	if (l->n > 0)
		l->p[l->n++] = ',';
	memcpy(l->p + l->n, v.p, v.n);
	l->n += v.n;
}

static bool
is_separator(char c)
{
	static const bool is[256] = {
		[','] = true, [';'] = true, ['\n'] = true, ['\r'] = true
	};

	return is[(unsigned char)c];
}

/* Where the first separator at or behind n stands; s.n when there is none. */
static size_t
separator(struct slice s, size_t n)
{
	while (n < s.n && !is_separator(s.p[n]))
		n++;
	return n;
}

static size_t
value_length(struct slice s)
{
	size_t end = separator(s, 0), skip = 0, n;

	if (end == s.n || s.p[end] != ',')
		return end;
	/* The comma in 7,9E+10 separates nothing. */
	while (s.p[skip] == ' ' || s.p[skip] == '\'')
		skip++;
	n = exponent_length(after(s, skip));
	n = n == 0 ? 0 : skip + n;
	if (n < s.n && !is_separator(s.p[n]) && s.p[n] != ' ')
		n = 0;
	return separator(s, n);
}

struct kind {
	enum reject reject;
	/* The whole cell into *out where it is one value and easily read; false
	 * says nothing. */
	bool (*plain)(struct arena *a, struct slice cell, struct slice *out);
	/* One value of a list into *out, in the arena or in the value itself;
	 * empty when there is nothing in it.  False when it is bad. */
	bool (*normal)(struct arena *a, struct slice value, struct slice *out);
	const char *(*hint)(struct slice value);
};

static struct slice
normal_list(struct arena *a, struct slice cell, struct problem at,
    struct problems *ps, const struct kind *k)
{
	struct list l = { NULL, 0 };
	struct slice out;

	if (k->plain(a, cell, &out))
		return out;
	while (cell.n > 0) {
		struct slice raw = { cell.p, value_length(cell) }, v;

		cell = after(cell, raw.n < cell.n ? raw.n + 1 : raw.n);
		v = normal_bare(raw);
		if (v.n == 0)
			continue;
		if (!k->normal(a, v, &out)) {
			at.reject = k->reject;
			at.value = v;
			at.hint = normal_damage(v);
			if (at.hint == NULL && k->hint != NULL)
				at.hint = k->hint(v);
			problems_add(ps, &at);
			continue;
		}
		if (cell.n == 0 && l.p == NULL)
			return out; /* the only one, as nearly always */
		if (l.p == NULL)    /* ten digits may become eleven */
			l.p = arena_alloc(
			    a, out.n + 1 + cell.n + cell.n / 10 + 1);
		list_add(&l, out);
	}
	return (struct slice){ l.p == NULL ? "" : l.p, l.n };
}

/* --- the kinds of lists --------------------------------------------------- */

struct slice
normal_phones(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps)
{
	static const struct kind kind = { REJECT_PHONES, normal_plain_phone,
		normal_phone, normal_phone_hint };

	return normal_list(a, cell, at, ps, &kind);
}

/* --- e-mails, ClientIDs, hashes ------------------------------------------ */

static struct slice
lower_copy(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n);

	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + 32)
						      : s.p[i];
	return (struct slice){ p, s.n };
}

/* Without the blanks around it; what is left needs no other baring when it
 * begins and ends with a letter or a digit. */
static bool
trim(struct slice *s)
{
	for (; s->n > 0 && *s->p == ' '; s->n--)
		s->p++;
	while (s->n > 0 && s->p[s->n - 1] == ' ')
		s->n--;
	return text_is_bare(*s);
}

static bool
plain_email(struct arena *a, struct slice cell, struct slice *out)
{
	(void)a;
	*out = cell;
	return trim(out) && check_email(*out);
}

/* "Имя <mail@example.com>", "mailto:mail@example.com" */
static bool
normal_email(struct arena *a, struct slice v, struct slice *out)
{
	if (v.n > 2 && v.p[v.n - 1] == '>' && memchr(v.p, '<', v.n) != NULL) {
		v.n--;
		slice_cut(&v, '<');
		v = text_strip(v);
	}
	*out = v;
	if (check_email(v)) /* which takes no capitals */
		return true;
	v = lower_copy(a, v);
	if (slice_starts(v, "mailto:"))
		v = after(v, strlen("mailto:"));
	*out = v;
	return check_email(v);
}

struct slice
normal_emails(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps)
{
	static const struct kind kind = { REJECT_EMAILS, plain_email,
		normal_email, NULL };

	return normal_list(a, cell, at, ps, &kind);
}

static bool
plain_client_id(struct arena *a, struct slice cell, struct slice *out)
{
	(void)a;
	*out = cell;
	return trim(out) && check_client_id(*out) && !damage_zeros(*out);
}

static bool
normal_client_id(struct arena *a, struct slice v, struct slice *out)
{
	(void)a;
	*out = v;
	return check_client_id(v) && !damage_zeros(v);
}

/* 123.456 and GA1.2.123.456 are Google's; rounded ones are a spreadsheet's. */
static const char *
client_id_hint(struct slice v)
{
	struct slice rest = v;
	size_t n;

	if (damage_zeros(v))
		return damage_hint(DAMAGE_ZEROS);
	if (slice_starts(v, "GA1."))
		return N_("it is Google Analytics' client id");
	n = digits(rest);
	rest = after(rest, n);
	if (n == 0 || rest.n < 2 || *rest.p != '.')
		return NULL;
	rest = after(rest, 1);
	return digits(rest) == rest.n ? N_("it is Google Analytics' client id")
				      : NULL;
}

struct slice
normal_client_ids(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps)
{
	static const struct kind kind = { REJECT_CLIENT_IDS, plain_client_id,
		normal_client_id, client_id_hint };

	return normal_list(a, cell, at, ps, &kind);
}

static bool
plain_md5(struct arena *a, struct slice cell, struct slice *out)
{
	if (!check_md5(cell))
		return false;
	*out = lower_copy(a, cell);
	return true;
}

static bool
normal_md5(struct arena *a, struct slice v, struct slice *out)
{
	*out = lower_copy(a, v);
	return check_md5(v);
}

struct slice
normal_md5s(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps)
{
	static const struct kind emails = { REJECT_EMAILS_MD5, plain_md5,
		normal_md5, NULL };
	static const struct kind phones = { REJECT_PHONES_MD5, plain_md5,
		normal_md5, NULL };

	return normal_list(
	    a, cell, at, ps, at.field == FIELD_EMAILS_MD5 ? &emails : &phones);
}

struct slice
normal_md5_of(struct arena *a, struct slice list)
{
	static const char hex[] = "0123456789abcdef";
	struct list l = { NULL, 0 };
	size_t values = 1;

	if (list.n == 0)
		return (struct slice){ "", 0 };
	for (size_t i = 0; i < list.n; i++)
		values += list.p[i] == ',';
	l.p = arena_alloc(a, values * (MD5_DIGEST_SIZE * 2 + 1));
	while (list.n > 0) {
		struct slice v = slice_cut(&list, ',');
		uint8_t sum[MD5_DIGEST_SIZE];
		char text[MD5_DIGEST_SIZE * 2];
		struct md5_ctx ctx;

		md5_init(&ctx);
		md5_update(&ctx, v.n, (const uint8_t *)v.p);
		md5_digest(&ctx, sizeof sum, sum);
		for (size_t i = 0; i < sizeof sum; i++) {
			text[2 * i] = hex[sum[i] >> 4];
			text[2 * i + 1] = hex[sum[i] & 15];
		}
		list_add(&l, (struct slice){ text, sizeof text });
	}
	return (struct slice){ l.p, l.n };
}

struct slice
normal_unite(struct arena *a, struct slice x, struct slice y)
{
	struct list l;

	if (y.n == 0 || slice_eq(x, y))
		return x;
	if (x.n == 0)
		return y;
	l.p = arena_alloc(a, x.n + 1 + y.n);
	memcpy(l.p, x.p, x.n);
	l.n = x.n;
	while (y.n > 0)
		list_add(&l, slice_cut(&y, ','));
	return (struct slice){ l.p, l.n };
}

/* --- one value ----------------------------------------------------------- */

/* Spaces of all kinds and control characters become spaces. */
static struct slice
on_one_line(struct arena *a, struct slice s)
{
	char *p = arena_alloc(a, s.n);
	size_t n = 0;

	while (s.n > 0) {
		struct slice from = s;
		uint32_t u = text_take(&s);

		if (text_is_invisible(u))
			continue;
		if (text_is_space(u) || u < ' ' || u == 0x7f) {
			p[n++] = ' ';
			continue;
		}
		memcpy(p + n, from.p, from.n - s.n);
		n += from.n - s.n;
	}
	return (struct slice){ p, n };
}

enum reject
normal_id(
    struct arena *a, struct slice cell, struct slice *out, const char **hint)
{
	struct slice s = normal_bare(cell);

	/* what is bared once more comes out the same when it is read again */
	if (!text_all(s, text_are_printable))
		s = normal_bare(on_one_line(a, s));
	*hint = normal_damage(s);
	if (*hint != NULL)
		return REJECT_ID;
	*out = s;
	return REJECT_NONE;
}

static const struct {
	const char *word;
	const char *code;
} currencies[] = {
	{ "руб", "RUB" },
	{ "руб.", "RUB" },
	{ "р", "RUB" },
	{ "р.", "RUB" },
	{ "рубль", "RUB" },
	{ "рублей", "RUB" },
	{ "российский рубль", "RUB" },
	{ "₽", "RUB" },
	{ "rub", "RUB" },
	{ "rub.", "RUB" },
	{ "rur", "RUB" },
	{ "$", "USD" },
	{ "usd", "USD" },
	{ "€", "EUR" },
	{ "eur", "EUR" },
	{ "₸", "KZT" },
	{ "тг", "KZT" },
	{ "тг.", "KZT" },
	{ "тенге", "KZT" },
	{ "kzt", "KZT" },
	{ "бел. руб.", "BYN" },
	{ "byn", "BYN" },
	{ "сум", "UZS" },
	{ "uzs", "UZS" },
	{ "сом", "KGS" },
	{ "kgs", "KGS" },
};

const char *
normal_currency_code(struct slice s)
{
	for (size_t i = 0; i < sizeof currencies / sizeof *currencies; i++) {
		if (text_is_word(s, currencies[i].word))
			return currencies[i].code;
	}
	return NULL;
}

enum reject
normal_currency(struct arena *a, struct slice cell, struct slice *out)
{
	struct slice s = normal_bare(cell);
	const char *code = s.n == 0 ? "" : normal_currency_code(s);
	char *p;

	if (code != NULL) {
		*out = slice_of(code);
		return REJECT_NONE;
	}
	if (s.n != 3)
		return REJECT_CURRENCY;
	p = arena_alloc(a, s.n);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 32);
		if (c < 'A' || c > 'Z')
			return REJECT_CURRENCY;
		p[i] = c;
	}
	*out = (struct slice){ p, s.n };
	return REJECT_NONE;
}

enum reject
normal_flag(struct slice cell, int64_t *out)
{
	static const struct {
		const char *word;
		int64_t flag;
	} words[] = {
		{ "1", 1 },
		{ "0", 0 },
		{ "да", 1 },
		{ "нет", 0 },
		{ "true", 1 },
		{ "false", 0 },
		{ "истина", 1 },
		{ "ложь", 0 },
		{ "yes", 1 },
		{ "no", 0 },
		{ "y", 1 },
		{ "n", 0 },
	};
	struct slice s = normal_bare(cell);

	*out = CONV_NONE;
	if (s.n == 0)
		return REJECT_NONE;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (text_is_word(s, words[i].word)) {
			*out = words[i].flag;
			return REJECT_NONE;
		}
	}
	return REJECT_NUMBER;
}

/* "95", "01:23", "1:02:03" */
enum reject
normal_seconds(struct slice cell, int64_t *out)
{
	struct slice s = normal_bare(cell);
	int64_t total = 0;
	int parts = 0;

	*out = CONV_NONE;
	if (s.n == 0)
		return REJECT_NONE;
	if (s.p[s.n - 1] == ':')
		return REJECT_NUMBER;
	while (s.n > 0) {
		struct slice part = slice_cut(&s, ':');
		int64_t n = 0;

		if (part.n == 0 || part.n > 9 || digits(part) != part.n ||
		    ++parts > 3)
			return REJECT_NUMBER;
		for (size_t i = 0; i < part.n; i++)
			n = n * 10 + (part.p[i] - '0');
		if (parts > 1 && n > 59)
			return REJECT_NUMBER;
		total = total * 60 + n;
	}
	*out = total;
	return REJECT_NONE;
}
