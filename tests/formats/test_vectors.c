/*
 * tests/data/vectors.tsv, row by row.  Every family of rows is bound here by
 * its prefix, every row in prose by its exact text; a row that nothing binds
 * fails, so a fact that is added to the file must be tested somewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "formats/lint.h"
#include "formats/map.h"
#include "formats/normal.h"
#include "formats/out.h"
#include "formats/preset.h"
#include "formats/writer.h"
#include "tests/formats/vectors.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define NOW INT64_C(1782820800) /* 2026-06-30 12:00:00 on the wall */
#define ROWS_MAX 1000
#define CELLS 9

static struct arena arena = ARENA_EMPTY;
static struct problems problems;

/* --- the pieces ----------------------------------------------------------- */

/* "\u00A0" and "\n" as they are written in the file. */
static struct slice
unescape(const char *s)
{
	char *out = arena_alloc(&arena, strlen(s) + 1);
	size_t n = 0;

	while (*s != '\0') {
		if (strncmp(s, "\\u00A0", 6) == 0) {
			out[n++] = '\xc2';
			out[n++] = '\xa0';
			s += 6;
		} else if (strncmp(s, "\\n", 2) == 0) {
			out[n++] = '\n';
			s += 2;
		} else {
			out[n++] = *s++;
		}
	}
	out[n] = '\0';
	return (struct slice){ out, n };
}

/* What stands behind "name=" in a text, up to a blank. */
static struct slice
option(const char *text, const char *name)
{
	const char *at = strstr(text, name);
	struct slice rest = slice_of(at == NULL ? "" : at + strlen(name));

	return slice_cut(&rest, ' ');
}

static struct zone *
zone(struct slice name)
{
	char path[256];
	static char bytes[65536];
	struct zone *z = NULL;
	FILE *f;
	size_t n;

	snprintf(
	    path, sizeof path, "/usr/share/zoneinfo/%.*s", (int)name.n, name.p);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	assert_int_equal(zone_parse(&z, (struct slice){ bytes, n }), FMT_OK);
	return z;
}

/* A place to write to. */
struct sink {
	char bytes[4096];
	size_t n;
};

static int
sink_write(void *ctx, const void *buf, size_t n)
{
	struct sink *s = ctx;

	assert_true(s->n + n < sizeof s->bytes);
	memcpy(s->bytes + s->n, buf, n);
	s->n += n;
	s->bytes[s->n] = '\0';
	return 0;
}

static struct out *
out_to(struct sink *s)
{
	static struct out o;

	memset(s, 0, sizeof *s);
	out_begin(&o, (struct output){ sink_write, s });
	return &o;
}

static const char *
error_of(const struct vector *v)
{
	return slice_starts(slice_of(v->expected), "ERROR:")
		   ? v->expected + strlen("ERROR:")
		   : NULL;
}

/* A text as expected, or the same with the value behind it. */
static void
assert_text(const char *got, const char *want)
{
	size_t n = strlen(want);

	if (strncmp(got, want, n) != 0 ||
	    (got[n] != '\0' && strncmp(got + n, " '", 2) != 0))
		fail_msg("\"%s\" instead of \"%s\"", got, want);
}

static void
assert_slice(struct slice got, const char *want)
{
	if (!slice_is(got, want))
		fail_msg("\"%.*s\" instead of \"%s\"", (int)got.n,
		    got.n == 0 ? "" : got.p, want);
}

/* --- norm., md5. ---------------------------------------------------------- */

typedef struct slice list_fn(
    struct arena *a, struct slice cell, struct problem at, struct problems *ps);

static void
assert_list(list_fn *normal, enum field field, const struct vector *v)
{
	struct problem at = { .field = field, .cell = 0 };
	struct slice got = normal(&arena, unescape(v->input), at, &problems);
	char text[512];

	if (error_of(v) == NULL) {
		assert_int_equal(problems.n, 0);
		assert_slice(got, v->expected);
		return;
	}
	assert_int_equal(got.n, 0);
	assert_int_equal(problems.n, 1);
	reject_text(text, sizeof text, problems.p[0].reject,
	    field_info[field].name, problems.p[0].value, NULL);
	assert_text(text, error_of(v));
}

static void
norm_phones(const struct vector *v)
{
	assert_list(normal_phones, FIELD_PHONES, v);
}

static void
norm_emails(const struct vector *v)
{
	assert_list(normal_emails, FIELD_EMAILS, v);
}

static void
norm_md5s(const struct vector *v)
{
	assert_list(normal_md5s, FIELD_PHONES_MD5, v);
}

static void
assert_hash(list_fn *normal, const struct vector *v)
{
	struct problem at = { .field = FIELD_PHONES, .cell = 0 };
	struct slice list = normal(&arena, unescape(v->input), at, &problems);

	assert_int_equal(problems.n, 0);
	assert_slice(normal_md5_of(&arena, list), v->expected);
}

static void
md5_phones(const struct vector *v)
{
	assert_hash(normal_phones, v);
}

static void
md5_emails(const struct vector *v)
{
	assert_hash(normal_emails, v);
}

/* "CELL src=ZONE counter=ZONE" or "CELL tz=ZONE". */
static void
norm_date(const struct vector *v)
{
	struct slice cell = slice_of(v->input);
	struct zone *source, *counter;
	const char *hint = NULL;
	const char *options;
	char text[20];
	int64_t t = 0;

	options = strstr(v->input, " tz=");
	if (options != NULL) {
		source = zone(option(options, "tz="));
		counter = zone(option(options, "tz="));
	} else {
		options = strstr(v->input, " src=");
		assert_non_null(options);
		source = zone(option(options, "src="));
		counter = zone(option(options, "counter="));
	}
	cell.n = (size_t)(options - v->input);
	assert_int_equal(
	    normal_time(cell, source, counter, &t, &hint), REJECT_NONE);
	zone_write(counter, t, text);
	assert_string_equal(text, v->expected);
	zone_free(source);
	zone_free(counter);
}

static void
norm_money(const struct vector *v)
{
	const char *hint = NULL;
	struct sink got;
	struct out *o = out_to(&got);
	int64_t minor = 0;

	assert_int_equal(
	    normal_money(unescape(v->input), &minor, &hint), REJECT_NONE);
	out_money(o, minor);
	assert_int_equal(out_end(o), 0);
	assert_string_equal(got.bytes, v->expected);
}

/* --- statuses ------------------------------------------------------------- */

static void
assert_status(
    const char *preset, const char *status, const char *loss, const char *want)
{
	static const struct slice header[] = { { "id", 2 },
		{ "create_date_time", 16 }, { "phones", 6 },
		{ "order_status", 12 } };
	struct settings *s = settings_new();
	struct map *m = NULL;

	settings_set(&s->preset, preset);
	settings_set(&s->default_status, "PAID");
	settings_add_column(s, "create_date_time", "create_date_time");
	settings_add_column(s, "phones", "phones");
	settings_add_column(s, "order_status", "order_status");
	assert_int_equal(map_open(&m, s, header, COUNT(header)), FMT_OK);
	assert_slice(
	    map_meaning(m, slice_of(""), slice_of(status), slice_of(loss)).to,
	    want);
	map_free(m);
	settings_free(s);
}

static void
norm_status(const struct vector *v)
{
	assert_status("generic", v->input, "", v->expected);
	assert_status("amocrm", v->input, "", v->expected);
}

/* "Отказ: …" is a reason, of a deal that was closed without success. */
static void
map_order_status(const struct vector *v)
{
	if (slice_starts(slice_of(v->input), "Отказ: "))
		assert_status("amocrm", "Закрыто и не реализовано", v->input,
		    v->expected);
	else
		assert_status("amocrm", v->input, "", v->expected);
}

/* --- lint of a small file ------------------------------------------------ */

static struct {
	unsigned long errors;
	char text[512]; /* of the first */
} seen;

static void
note(void *ctx, const struct lint_finding *f)
{
	(void)ctx;
	if (f->warning || ++seen.errors > 1)
		return;
	snprintf(seen.text, sizeof seen.text, "%s", f->text);
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

static struct lint_totals
lint(struct slice file, const char *goal)
{
	struct lint_options o = { .output = "conversion-center",
		.now = NOW,
		.goal = &goal,
		.goals = goal != NULL };
	struct input in = { .read = give, .ctx = &file };
	struct lint_totals t;

	memset(&seen, 0, sizeof seen);
	assert_int_equal(lint_run(&in, &o, note, NULL, &t), FMT_OK);
	return t;
}

static void
assert_lint(struct slice file, const char *goal, const char *error)
{
	struct lint_totals t = lint(file, goal);

	if (error == NULL) {
		assert_string_equal(seen.text, "");
		assert_int_equal(t.errors, 0);
		assert_int_equal(t.valid, t.rows);
		assert_true(t.rows > 0);
		return;
	}
	assert_text(seen.text, error);
	assert_int_equal(t.valid, 0);
}

/* --- cc. ----------------------------------------------------------------- */

static const struct {
	const char *name, *good;
} cc_columns[CELLS] = {
	{ "create_date_time", "2026-06-29 10:00:00" },
	{ "client_ids", "" },
	{ "emails", "" },
	{ "phones", "" },
	{ "emails_md5", "" },
	{ "phones_md5", "" },
	{ "order_status", "PAID" },
	{ "revenue", "" },
	{ "cost", "" },
};

/* A file of one row: the values given, good ones where there is none. */
static struct slice
one_row(const struct slice value[CELLS])
{
	static struct sink file;
	struct out *o = out_to(&file);

	for (size_t i = 0; i < CELLS; i++) {
		out_slice(o, slice_of(cc_columns[i].name));
		out_char(o, i + 1 < CELLS ? ';' : '\n');
	}
	for (size_t i = 0; i < CELLS; i++) {
		out_cell(o, value[i].p != NULL ? value[i]
					       : slice_of(cc_columns[i].good));
		out_char(o, i + 1 < CELLS ? ';' : '\n');
	}
	assert_int_equal(out_end(o), 0);
	return (struct slice){ file.bytes, file.n };
}

static size_t
cc_column(const char *name)
{
	for (size_t i = 0; i < CELLS; i++)
		if (strcmp(name, cc_columns[i].name) == 0)
			return i;
	fail_msg("no column %s", name);
	return 0;
}

/* What is accepted must also come out of the dump's reader in that form. */
static void
assert_published(const char *column, const struct vector *v)
{
	struct zone *msk;
	const char *hint = NULL;
	char text[20];
	int64_t t = 0;

	if (strcmp(column, "phones") == 0)
		norm_phones(v);
	if (strcmp(column, "client_ids") == 0)
		assert_list(normal_client_ids, FIELD_CLIENT_IDS, v);
	if (strcmp(column, "revenue") == 0 && *v->input != '\0')
		norm_money(v);
	if (strcmp(column, "order_status") == 0 && *v->input == '\0')
		assert_string_equal(
		    preset_by_name("direct")->default_status, v->expected);
	else if (strcmp(column, "order_status") == 0 &&
		 strstr(v->input, "goals=") == NULL)
		assert_status("direct", v->input, "", v->expected);
	if (strcmp(column, "create_date_time") != 0)
		return;
	msk = zone(slice_of("Europe/Moscow"));
	assert_int_equal(
	    normal_time(slice_of(v->input), msk, msk, &t, &hint), REJECT_NONE);
	zone_write(msk, t, text);
	assert_string_equal(text, v->expected);
	zone_free(msk);
}

static void
cc_cell(const struct vector *v)
{
	const char *column = v->field + strlen("cc.");
	const char *goals = strstr(v->input, " goals=");
	struct slice value[CELLS] = { { NULL, 0 } };
	struct slice cell = slice_of(v->input);
	const char *goal = NULL;
	size_t at = cc_column(column);

	if (goals != NULL) {
		cell.n = (size_t)(goals - v->input);
		goal = goals + strlen(" goals=");
	}
	/* a row needs an identifier; its own when that is what is tested */
	if (at < cc_column("client_ids") || at > cc_column("phones_md5"))
		value[cc_column("phones")] = slice_of("79995551111");
	value[at] = cell;
	assert_lint(one_row(value), goal, error_of(v));
	if (error_of(v) == NULL)
		assert_published(column, v);
}

/* "client_ids=12345 emails= …" */
static void
cc_row_ids(const struct vector *v)
{
	static const char *const name[] = { "client_ids", "emails", "phones",
		"emails_md5", "phones_md5" };
	struct slice value[CELLS] = { { NULL, 0 } };
	struct conv c;

	conv_clear(&c);
	for (size_t i = 0; i < COUNT(name); i++) {
		char key[32];

		snprintf(key, sizeof key, "%s=", name[i]);
		assert_non_null(strstr(v->input, key));
		value[cc_column(name[i])] = option(v->input, key);
		conv_text(&c, field_by_name(slice_of(name[i]))) =
		    option(v->input, key);
	}
	assert_lint(one_row(value), NULL, error_of(v));
	assert_int_equal(conv_has_identifier(&c), error_of(v) == NULL);
}

/* "ClientID=yes contact=no": how good it is shows later; that it can be
 * published at all shows here. */
static void
attr_quality(const struct vector *v)
{
	bool id = slice_is(option(v->input, "ClientID="), "yes");
	bool contact = slice_is(option(v->input, "contact="), "yes");
	struct slice value[CELLS] = { { NULL, 0 } };

	value[cc_column("client_ids")] = slice_of(id ? "12345" : "");
	value[cc_column("phones")] = slice_of(contact ? "79995551111" : "");
	assert_lint(one_row(value), NULL, error_of(v));
}

/* --- csv. ---------------------------------------------------------------- */

static void
csv_cell(const struct vector *v)
{
	struct slice want = unescape(v->expected);
	struct sink got;
	struct out *o = out_to(&got);

	out_cell(o, unescape(v->input));
	assert_int_equal(out_end(o), 0);
	assert_string_equal(got.bytes, want.p);
}

/* A file of that header and one row that fits it. */
static void
csv_header(const struct vector *v)
{
	struct slice rest = slice_of(v->input);
	char separator = strchr(v->input, ';') != NULL ? ';' : ',';
	struct sink file;
	struct out *o = out_to(&file);

	out_slice(o, rest);
	out_char(o, '\n');
	while (rest.n > 0) {
		struct slice name = slice_cut(&rest, separator);

		if (slice_is(name, "create_date_time"))
			out_slice(o, slice_of("2026-06-29"));
		else if (slice_is(name, "phones"))
			out_slice(o, slice_of("79995551111"));
		else
			out_char(o, '1');
		out_char(o, rest.n > 0 ? separator : '\n');
	}
	assert_int_equal(out_end(o), 0);
	assert_lint((struct slice){ file.bytes, file.n }, NULL, error_of(v));
}

static void
csv_bytes(const struct vector *v)
{
	static const char file[] = "create_date_time;id;phones\n"
				   "2026-06-29;\xc7\xe0\xea\xe0\xe7;"
				   "79995551111\n";

	assert_lint(slice_of(file), NULL, error_of(v));
}

static void
csv_size(const struct vector *v)
{
	static const char head[] = "create_date_time;phones;COMMENT\n";
	static const char row[] = "2026-06-29;79995551111;";
	const size_t size = 314572801, line = 65536;
	char *file = malloc(size);

	assert_non_null(file);
	memset(file, '\n', size);
	memcpy(file, head, sizeof head - 1);
	for (size_t at = sizeof head - 1; at + line < size; at += line) {
		memcpy(file + at, row, sizeof row - 1);
		memset(file + at + sizeof row - 1, 'x', line - sizeof row);
	}
	/* one byte less is taken, as far as its size goes */
	lint((struct slice){ file, size - 1 }, NULL);
	assert_string_equal(seen.text, "");
	lint((struct slice){ file, size }, NULL);
	assert_string_equal(seen.text, error_of(v));
	free(file);
}

static void
csv_rows(const struct vector *v)
{
	assert_lint(slice_of("create_date_time;phones\n"), NULL, error_of(v));
	lint(slice_of("create_date_time;phones\nвчера;79995551111\n"), NULL);
	assert_int_equal(seen.errors, 2);
}

/* --- which row is tested how --------------------------------------------- */

typedef void check_fn(const struct vector *v);

/* clang-format off */
static const struct {
	const char *prefix;
	check_fn *check;
	const char *elsewhere; /* why it is not tested here */
} families[] = {
	{ "norm.phone",        norm_phones, NULL },
	{ "norm.phones",       norm_phones, NULL },
	{ "norm.email",        norm_emails, NULL },
	{ "norm.emails",       norm_emails, NULL },
	{ "norm.phones_md5",   norm_md5s, NULL },
	{ "norm.date",         norm_date, NULL },
	{ "norm.order_status", norm_status, NULL },
	{ "norm.revenue",      norm_money, NULL },
	{ "md5.phone",         md5_phones, NULL },
	{ "md5.phones_cell",   md5_phones, NULL },
	{ "md5.email",         md5_emails, NULL },
	{ "map.order_status",  map_order_status, NULL },
	{ "cc.row_ids",        cc_row_ids, NULL },
	{ "cc.",               cc_cell, NULL },
	{ "csv.cell",          csv_cell, NULL },
	{ "csv.header",        csv_header, NULL },
	{ "attr.quality",      attr_quality, NULL },
	{ "attr.visit", NULL, "a fact about how the destination attributes" },
	{ "exp.",       NULL, "a fact about another import" },
	{ "off.",     metrica_cell, NULL },
	{ "calls.",   metrica_cell, NULL },
	{ "chats.",   metrica_cell, NULL },
	{ "params.",  metrica_cell, NULL },
	{ "simple.",  metrica_cell, NULL },
	{ "orders.",  metrica_cell, NULL },
	{ "json.key", json_key, NULL },
};

#define MERGE "tests/store/test_merge_vectors.c has it"
static const struct {
	const char *field, *input, *expected;
	check_fn *check;
	const char *elsewhere;
} prose[] = {
	{ "csv.bytes", "cp1251 file with Cyrillic", "ERROR:Неверная кодировка "
	  "файла. Поддерживается только UTF-8 кодировка", csv_bytes, NULL },
	{ "csv.size", "314572801 bytes", "ERROR:Размер файла слишком большой, "
	  "максимально допустимый размер 300 Мбайт", csv_size, NULL },
	{ "csv.rows", "0 valid rows", "ERROR:В файле не нашлось валидных "
	  "данных", csv_rows, NULL },
	{ "upd.id", "no id twice", "two orders", NULL, MERGE },
	{ "upd.id", "id=1 phone=A then id=1 email=B, no client_uniq_id",
	  "two clients, one order linked to the last", NULL, MERGE },
	{ "upd.id", "id=1 twice in one file", "publish one row, the latest",
	  NULL, MERGE },
	{ "upd.create_date_time", "id=1 2026-06-01 then id=1 2026-06-02",
	  "2026-06-01", NULL, MERGE },
};
/* clang-format on */

/* A prefix that ends with a dot covers a family, another one field. */
static bool
is_in(const char *field, const char *prefix)
{
	if (prefix[strlen(prefix) - 1] == '.')
		return slice_starts(slice_of(field), prefix);
	return strcmp(field, prefix) == 0;
}

static void
unbound(const struct vector *v)
{
	fail_msg("nothing tests %s \"%s\"", v->field, v->input);
}

static check_fn *
check_of(const struct vector *v, const char **elsewhere)
{
	for (size_t i = 0; i < COUNT(prose); i++) {
		*elsewhere = prose[i].elsewhere;
		if (strcmp(v->field, prose[i].field) == 0 &&
		    strcmp(v->input, prose[i].input) == 0 &&
		    strcmp(v->expected, prose[i].expected) == 0)
			return prose[i].check;
	}
	for (size_t i = 0; i < COUNT(families); i++) {
		*elsewhere = families[i].elsewhere;
		if (is_in(v->field, families[i].prefix))
			return families[i].check;
	}
	*elsewhere = NULL;
	return unbound;
}

static void
a_row_of_the_file(void **state)
{
	const struct vector *v = *state;
	const char *elsewhere;

	problems.n = 0;
	check_of(v, &elsewhere)(v);
	arena_reset(&arena);
}

/* --- the file ------------------------------------------------------------ */

static char *
next_cell(char **line)
{
	char *cell = *line;
	char *end = cell + strcspn(cell, "\t\n");

	*line = *end == '\t' ? end + 1 : end;
	*end = '\0';
	return cell;
}

static size_t
read_vectors(struct vector *v, size_t room)
{
	const char *dir = getenv("srcdir");
	char path[4096], line[4096];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, "%s/tests/data/vectors.tsv",
	    dir != NULL ? dir : ".");
	f = fopen(path, "r");
	if (f == NULL || fgets(line, sizeof line, f) == NULL) {
		perror(path);
		exit(1);
	}
	while (n < room && fgets(line, sizeof line, f) != NULL) {
		char *p = line;

		v[n].field = mem_string(next_cell(&p));
		v[n].input = mem_string(next_cell(&p));
		v[n].expected = mem_string(next_cell(&p));
		n++;
	}
	fclose(f);
	return n;
}

int
main(void)
{
	static struct vector vector[ROWS_MAX];
	static struct CMUnitTest test[ROWS_MAX];
	static char name[ROWS_MAX][256];
	size_t n = read_vectors(vector, ROWS_MAX), tests = 0;

	for (size_t i = 0; i < n; i++) {
		const struct vector *v = &vector[i];
		const char *elsewhere;

		snprintf(name[i], sizeof name[i], "%s %s", v->field, v->input);
		if (check_of(v, &elsewhere) == NULL) {
			printf("# %s: %s\n", name[i], elsewhere);
			continue;
		}
		test[tests].name = name[i];
		test[tests].test_func = a_row_of_the_file;
		test[tests++].initial_state = &vector[i];
	}
	fflush(stdout);
	_cmocka_run_group_tests("vectors", test, tests, NULL, NULL);
	for (size_t i = 0; i < n; i++) {
		free(vector[i].field);
		free(vector[i].input);
		free(vector[i].expected);
	}
	problems_free(&problems);
	arena_free(&arena);
	return 0;
}
