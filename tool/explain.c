/*
 * Texts against texts.  A sentence without gaps is compared by its words alone,
 * so that case, blanks, dots and quotes do not matter and a part is enough; one
 * with gaps (a column's name, a value) is walked piece by piece.
 */
#include "tool/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/arena.h"
#include "formats/conv.h"
#include "formats/damage.h"
#include "formats/message.h"
#include "formats/text.h"

enum {
	TEXT = 4096, /* bytes of a text that are looked at */
	PART = 15,   /* bytes of a sentence that are enough to know it by */
	WHOLE = 10,  /* and of a short one */
	CAPTURE = 64 /* bytes of a column's name */
};

struct pattern {
	const struct error_info *info;
	char *words;  /* without gaps: its words */
	char *folded; /* with gaps: as written, in lower case */
};

struct explain {
	struct pattern *pattern;
	size_t n, room;
};

/* --- texts made comparable ------------------------------------------------ */

static bool
is_word_character(uint32_t u)
{
	return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || u == '_' ||
	       (u >= 0x430 && u <= 0x45f) || u >= TEXT_BYTE;
}

static size_t
put(char *out, uint32_t u, struct slice from)
{
	if (u < 0x80) {
		*out = (char)u;
		return 1;
	}
	if (u < 0x800) {
		out[0] = (char)(0xc0 | u >> 6);
		out[1] = (char)(0x80 | (u & 0x3f));
		return 2;
	}
	memcpy(out, from.p, from.n);
	return from.n;
}

/* Words in lower case, a blank before, between and after them; е for ё.  out
 * has room for 2 * s.n + 3. */
static size_t
to_words(char *out, struct slice s)
{
	size_t n = 0;

	out[n++] = ' ';
	while (s.n > 0) {
		struct slice from = s;
		uint32_t u = text_lower(text_take(&s));

		from.n -= s.n;
		if (text_is_invisible(u))
			continue;
		if (u == 0x451)
			u = 0x435;
		if (is_word_character(u))
			n += put(out + n, u, from);
		else if (out[n - 1] != ' ')
			out[n++] = ' ';
	}
	if (out[n - 1] != ' ')
		out[n++] = ' ';
	out[n] = '\0';
	return n;
}

/* Lower case, one blank for many, one kind of quotes; and the same with its
 * capitals, byte for byte as long.  Both have room for s.n + 1. */
static size_t
to_folded(char *low, char *plain, struct slice s)
{
	size_t n = 0;

	while (s.n > 0) {
		struct slice from = s;
		uint32_t u = text_take(&s);

		from.n -= s.n;
		if (text_is_invisible(u))
			continue;
		if (text_is_space(u)) {
			if (n > 0 && low[n - 1] != ' ')
				low[n] = plain[n] = ' ', n++;
		} else if (text_is_quote(u)) {
			low[n] = plain[n] = '\'';
			n++;
		} else {
			memcpy(plain + n, from.p, from.n);
			n += put(low + n, text_lower(u), from);
		}
	}
	low[n] = plain[n] = '\0';
	return n;
}

/* --- what is known -------------------------------------------------------- */

static void
add(struct explain *x, const struct error_info *info, const char *text)
{
	struct slice s = slice_of(text);
	struct pattern *p;
	char *plain;

	if (x->n == x->room) {
		x->room = x->room == 0 ? 128 : x->room * 2;
		x->pattern = mem_grow(x->pattern, x->room * sizeof *p);
	}
	p = &x->pattern[x->n++];
	*p = (struct pattern){ .info = info };
	if (strchr(text, '%') == NULL) {
		p->words = mem_alloc(2 * s.n + 4);
		to_words(p->words, s);
		return;
	}
	plain = mem_alloc(s.n + 1);
	p->folded = mem_alloc(s.n + 1);
	to_folded(p->folded, plain, s);
	free(plain);
}

/* In English and in the language of the one who reads it. */
static void
add_both(struct explain *x, const struct error_info *info, const char *text)
{
	add(x, info, text);
	if (strcmp(message(text), text) != 0)
		add(x, info, message(text));
}

struct explain *
explain_new(void)
{
	struct explain *x = mem_alloc(sizeof *x);

	const struct error_info *i;

	for (size_t n = 0; (i = error_at(n)) != NULL; n++)
		add_both(x, i, i->text);
	for (enum fmt_status s = FMT_IO; s < FMT_STATUS_COUNT; s++)
		add(x, error_of_status(s), fmt_status_text(s));
	for (enum damage d = DAMAGE_NONE + 1; d < DAMAGE_COUNT; d++)
		add_both(x, error_named('7', damage_name(d)), damage_hint(d));
	return x;
}

void
explain_free(struct explain *x)
{
	if (x == NULL)
		return;
	for (size_t i = 0; i < x->n; i++) {
		free(x->pattern[i].words);
		free(x->pattern[i].folded);
	}
	free(x->pattern);
	free(x);
}

/* --- sentences with gaps -------------------------------------------------- */

/* Some texts are the same for several columns. */
static const struct {
	const char *code, *columns;
} claims[] = {
	{ "E202", " create_date_time " },
	{ "E203", " create_date_time " },
	{ "E204", " create_date_time " },
	{ "E211", " revenue cost price revenue/cost " },
	{ "E212", " revenue cost price revenue/cost " },
	{ "E213", " revenue cost price revenue/cost " },
	{ "E214", " order_status " },
	{ "E308", " id client_uniq_id user_id yclid purchase_id " },
	{ "E309", " order_status " },
	{ "E310", " currency " },
};

static bool
has_claim(const char *code)
{
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
		if (strcmp(claims[i].code, code) == 0)
			return true;
	return false;
}

static bool
claims_column(const char *code, const char *column)
{
	char word[CAPTURE + 3];

	snprintf(word, sizeof word, " %s ", column);
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
		if (strcmp(claims[i].code, code) == 0)
			return strstr(claims[i].columns, word) != NULL;
	return false;
}

static bool
is_claimed(const char *column)
{
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++)
		if (claims_column(claims[i].code, column))
			return true;
	return false;
}

/* A column's name at low[at]: its length, ended by a quote. */
static size_t
column_at(const char *low)
{
	size_t n = 0;

	while (n < CAPTURE - 1 &&
	       ((low[n] >= 'a' && low[n] <= 'z') || low[n] == '_' ||
		   low[n] == '/' || (low[n] >= '0' && low[n] <= '9')))
		n++;
	return n;
}

/* " 'VALUE'" at plain: its length with the quotes, 0 when there is none.  The
 * value ends at a quote that ends the text or is followed by a blank. */
static size_t
value_at(const char *plain)
{
	size_t n = 2;

	if (strncmp(plain, " '", 2) != 0)
		return 0;
	for (; plain[n] != '\0'; n++)
		if (plain[n] == '\'' &&
		    (plain[n + 1] == '\0' || strchr(" ;,.)'", plain[n + 1])))
			return n + 1;
	return 0;
}

static void
keep(char *out, size_t size, const char *p, size_t n)
{
	n = n < size ? n : size - 1;
	memcpy(out, p, n);
	out[n] = '\0';
}

/* Does the pattern begin at this place? */
static bool
walk(const char *pattern, const char *low, const char *plain,
    struct explain_match *m)
{
	while (*pattern != '\0') {
		size_t n;

		if (strncmp(pattern, "%c", 2) == 0) {
			n = column_at(low);
			if (n == 0)
				return false;
			keep(m->column, sizeof m->column, low, n);
			pattern += 2;
		} else if (strncmp(pattern, "%v", 2) == 0) {
			n = value_at(plain);
			if (n > 3)
				keep(m->value, sizeof m->value, plain + 2,
				    n - 3);
			pattern += 2;
		} else {
			if (*pattern != *low)
				return false;
			n = 1;
			pattern++;
		}
		low += n;
		plain += n;
	}
	return true;
}

static bool
find_gapped(const struct pattern *p, const char *low, const char *plain,
    struct explain_match *m)
{
	for (size_t at = 0; low[at] != '\0'; at++) {
		*m = (struct explain_match){ .info = p->info };
		if (!walk(p->folded, low + at, plain + at, m))
			continue;
		if (m->column[0] == '\0' &&
		    field_by_name(slice_of(p->info->name)) != FIELD_COUNT)
			snprintf(
			    m->column, sizeof m->column, "%s", p->info->name);
		if (strstr(p->folded, "%c") == NULL ||
		    (has_claim(p->info->code)
			    ? claims_column(p->info->code, m->column)
			    : !is_claimed(m->column)))
			return true;
	}
	return false;
}

/* --- looking -------------------------------------------------------------- */

struct look {
	char words[2 * TEXT + 4], low[TEXT + 1], plain[TEXT + 1];
	size_t words_n;
	struct explain_match *out;
	size_t n;
};

/* The same text may be an error and a warning: the error is meant. */
static bool
is_known(const struct look *l, const struct error_info *info)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->out[i].info == info ||
		    strcmp(l->out[i].info->text, info->text) == 0)
			return true;
	return false;
}

static void
take(struct look *l, const struct explain_match *m)
{
	if (l->n < EXPLAIN_MATCHES && !is_known(l, m->info))
		l->out[l->n++] = *m;
}

/* E203, anywhere, as a word. */
static void
find_codes(struct look *l)
{
	for (const char *p = l->words; (p = strchr(p, ' ')) != NULL; p++) {
		const struct error_info *info;
		char code[5] = "";

		if (strcspn(p + 1, " ") != 4)
			continue;
		memcpy(code, p + 1, 4);
		info = error_by_code(code);
		if (info != NULL)
			take(l, &(struct explain_match){ .info = info });
	}
}

/* All of it within the text, or the text a part of it. */
static bool
has_sentence(const struct pattern *p, const struct look *l)
{
	size_t n = strlen(p->words);

	if (n >= WHOLE && strstr(l->words, p->words) != NULL)
		return true;
	return l->words_n >= PART && strchr(l->words + 1, ' ')[1] != '\0' &&
	       strstr(p->words, l->words) != NULL;
}

size_t
explain_text(const struct explain *x, struct slice text,
    struct explain_match out[EXPLAIN_MATCHES])
{
	struct look *l = mem_alloc(sizeof *l);
	size_t n;

	if (text.n > TEXT)
		text.n = TEXT;
	l->out = out;
	l->words_n = to_words(l->words, text);
	to_folded(l->low, l->plain, text);
	for (size_t i = 0; i < x->n; i++) {
		const struct pattern *p = &x->pattern[i];
		struct explain_match m = { .info = p->info };

		if (p->words != NULL ? has_sentence(p, l)
				     : find_gapped(p, l->low, l->plain, &m))
			take(l, &m);
	}
	find_codes(l);
	n = l->n;
	free(l);
	return n;
}

unsigned long
explain_line_of(struct slice text)
{
	static const char *const word[] = { " line ", " row ", " строка ",
		" строке ", " строки ", NULL };
	char words[2 * TEXT + 4];
	unsigned long line = 0;

	if (text.n > TEXT)
		text.n = TEXT;
	to_words(words, text);
	for (size_t i = 0; word[i] != NULL && line == 0; i++) {
		const char *p = strstr(words, word[i]);

		if (p != NULL)
			line = strtoul(p + strlen(word[i]), NULL, 10);
	}
	return line;
}
