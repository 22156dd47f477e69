/*
 * Families off., calls., chats., params., simple., orders. and json. of the
 * vectors: a cell of a dump is normalised, written by the output's writer and
 * taken by its linter; one that the destination refuses is put into a good
 * file, which lint then refuses with the reason that the vector names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/lint.h"
#include "formats/normal.h"
#include "formats/writer.h"
#include "tests/formats/vectors.h"

#define NOW INT64_C(1782820800) /* 2026-06-30 12:00:00 in Moscow */
#define INSTANT (NOW - 3 * 3600)
#define CELLS_MAX 32

static const struct {
	const char *prefix, *output;
} families[] = {
	{ "off.", "metrica-offline" },
	{ "calls.", "metrica-calls" },
	{ "chats.", "metrica-chats" },
	{ "params.", "metrica-params" },
	{ "simple.", "metrica-simple" },
	{ "orders.", "metrica-orders" },
};

static struct arena arena = ARENA_EMPTY;
static struct problems problems;

/* --- a file --------------------------------------------------------------- */

static char bytes[8192];
static size_t used;

static int
keep(void *ctx, const void *buf, size_t n)
{
	(void)ctx;
	assert_true(used + n < sizeof bytes);
	memcpy(bytes + used, buf, n);
	used += n;
	bytes[used] = '\0';
	return 0;
}

static void
good_record(struct conv *c)
{
	conv_clear(c);
	c->number[FIELD_CREATE_DATE_TIME] = INSTANT - 86400;
	conv_text(c, FIELD_ID) = slice_of("7");
	conv_text(c, FIELD_CLIENT_UNIQ_ID) = slice_of("c7");
	conv_text(c, FIELD_CLIENT_IDS) = slice_of("133591247640966458");
	conv_text(c, FIELD_PHONES) = slice_of("79995551111");
	conv_text(c, FIELD_ORDER_STATUS) = slice_of("PAID");
	conv_text(c, FIELD_TARGET) = slice_of("paid");
	conv_text(c, FIELD_CHAT_PLATFORM) = slice_of("viber");
}

static void
write_file(const struct writer *w, const struct conv *c)
{
	static struct out out;
	struct zone *utc = zone_utc();
	struct writer_env env = { .zone = utc };
	struct writing writing;

	used = 0;
	out_begin(&out, (struct output){ keep, NULL });
	writing_begin(&writing, w, &env, &out);
	assert_true(writing_row(&writing, c));
	writing_end(&writing);
	assert_int_equal(out_end(&out), 0);
	zone_free(utc);
}

/* The row's cells; none of a vector's holds the delimiter twice quoted. */
static size_t
split(char delimiter, struct slice cell[CELLS_MAX])
{
	struct slice rest = slice_of(bytes);
	bool quoted = false;
	size_t n = 0, from = 0;

	slice_cut(&rest, '\n');
	rest.n--;
	for (size_t i = 0; i <= rest.n; i++) {
		quoted ^= i < rest.n && rest.p[i] == '"';
		if (i < rest.n && (quoted || rest.p[i] != delimiter))
			continue;
		assert_true(n < CELLS_MAX);
		cell[n++] = (struct slice){ rest.p + from, i - from };
		from = i + 1;
	}
	return n;
}

static size_t
column_of(const struct writer *w, const char *name)
{
	for (size_t i = 0; w->column[i].name != NULL; i++)
		if (strcmp(w->column[i].name, name) == 0)
			return i;
	fail_msg("%s has no column %s", w->name, name);
	return 0;
}

/* The file once more with another cell in that column. */
static void
replace_cell(const struct writer *w, const char *name, struct slice value)
{
	struct slice cell[CELLS_MAX];
	size_t n = split(w->delimiter, cell), at = column_of(w, name);
	static char row[4096];
	size_t room = 0;

	for (size_t i = 0; i < n; i++) {
		struct slice s = i == at ? value : cell[i];

		room += (size_t)snprintf(row + room, sizeof row - room,
		    i == at ? "%c\"%.*s\"" : "%c%.*s",
		    i == 0 ? ' ' : w->delimiter, (int)s.n, s.p);
		assert_true(room < sizeof row);
	}
	snprintf(strchr(bytes, '\n') + 1, 4096, "%s\n", row + 1);
	used = strlen(bytes);
}

/* --- lint ----------------------------------------------------------------- */

static char said[512]; /* the first error */

static void
note(void *ctx, const struct lint_finding *f)
{
	(void)ctx;
	if (!f->warning && said[0] == '\0')
		snprintf(said, sizeof said, "%s", f->text);
}

static ssize_t
give(void *ctx, void *buf, size_t n)
{
	struct slice *rest = ctx;

	n = n < rest->n ? n : rest->n;
	if (n > 0)
		memcpy(buf, rest->p, n);
	*rest = (struct slice){ rest->p + n, rest->n - n };
	return (ssize_t)n;
}

static unsigned long
lint_valid(const char *output)
{
	struct lint_options o = {
		.output = output, .now = NOW, .instant = INSTANT
	};
	struct slice file = { bytes, used };
	struct input in = { .read = give, .ctx = &file };
	struct lint_totals t;

	said[0] = '\0';
	assert_int_equal(lint_run(&in, &o, note, NULL, &t), FMT_OK);
	return t.valid;
}

/* --- one vector ----------------------------------------------------------- */

static void
take_text(struct conv *c, enum field f, struct slice cell)
{
	struct problem at = { .field = f };
	struct slice *out = &conv_text(c, f);
	const char *hint;
	enum reject r = REJECT_NONE;

	problems.n = 0;
	switch (field_info[f].kind) {
	case KIND_PHONES:
		*out = normal_phones(&arena, cell, at, &problems);
		break;
	case KIND_CLIENT_IDS:
		*out = normal_client_ids(&arena, cell, at, &problems);
		break;
	case KIND_GOALS:
		*out = normal_goals(&arena, cell, at, &problems);
		break;
	case KIND_PRODUCTS:
		*out = normal_products(&arena, cell, at, &problems);
		break;
	case KIND_PLATFORM:
		r = normal_platform(cell, out);
		break;
	case KIND_TARGET:
		r = normal_target(cell, out);
		break;
	case KIND_CURRENCY:
		r = normal_currency(&arena, cell, out);
		break;
	case KIND_ID:
		r = normal_id(&arena, cell, out, &hint);
		break;
	default:
		*out = cell;
	}
	assert_int_equal(r, REJECT_NONE);
	assert_int_equal(problems.n, 0);
}

static void
take_number(struct conv *c, enum field f, struct slice cell)
{
	struct zone *utc = zone_utc();
	const char *hint;
	enum reject r = REJECT_NUMBER;

	if (field_info[f].kind == KIND_TIME)
		r = normal_time(cell, utc, utc, &c->number[f], &hint);
	else if (field_info[f].kind == KIND_MONEY)
		r = normal_money(cell, &c->number[f], &hint);
	else if (field_info[f].kind == KIND_FLAG)
		r = normal_flag(cell, &c->number[f]);
	else if (field_info[f].kind == KIND_SECONDS)
		r = normal_seconds(cell, &c->number[f]);
	assert_int_equal(r, REJECT_NONE);
	zone_free(utc);
}

static void
assert_published(
    const struct writer *w, const char *name, const struct vector *v)
{
	struct slice cell[CELLS_MAX];
	size_t at = column_of(w, name);
	enum field f = w->column[at].field;
	struct conv c;

	good_record(&c);
	if (f < FIELD_NUMBERS)
		take_number(&c, f, slice_of(v->input));
	else
		take_text(&c, f, slice_of(v->input));
	write_file(w, &c);
	split(w->delimiter, cell);
	if (!slice_is(cell[at], v->expected))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)cell[at].n,
		    cell[at].p, v->expected);
	if (lint_valid(w->name) != 1)
		fail_msg("lint refuses it: %s", said);
}

static void
assert_refused(const struct writer *w, const char *name, const struct vector *v,
    const char *reason)
{
	struct conv c;

	good_record(&c);
	write_file(w, &c);
	if (strcmp(name, "ids") == 0)
		replace_cell(w, "ClientId", slice_of(""));
	else
		replace_cell(w, name, slice_of(v->input));
	assert_int_equal(lint_valid(w->name), 0);
	if (strstr(said, reason) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", said, reason);
}

void
metrica_cell(const struct vector *v)
{
	size_t i = 0;
	const struct writer *w;
	const char *name;

	while (!slice_starts(slice_of(v->field), families[i].prefix))
		i++;
	w = writer_by_name(families[i].output);
	name = v->field + strlen(families[i].prefix);
	if (slice_starts(slice_of(v->expected), "ERROR:"))
		assert_refused(w, name, v, v->expected + strlen("ERROR:"));
	else
		assert_published(w, name, v);
	arena_free(&arena);
	problems_free(&problems);
}

void
json_key(const struct vector *v)
{
	const struct writer *w = writer_by_name("crm-json");
	enum field f = w->column[column_of(w, v->input)].field;

	assert_string_equal(field_info[f].name, v->expected);
}
