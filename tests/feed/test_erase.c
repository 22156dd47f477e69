/*
 * Persons who are erased: what a record of theirs loses, how an archived dump
 * and a text of ours are written without them, who is kept out afterwards; and
 * that a rebuild always comes to the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/normal.h"
#include "formats/writer.h"
#include "feed/deed.h"
#include "feed/erase.h"
#include "feed/expunge.h"
#include "feed/person.h"
#include "feed/rebuild.h"
#include "feed/winnow.h"
#include "tests/feed/ingest_bench.h"

#define CONF BENCH_CONF("")
#define COLUMNS                                                                \
	"create_date_time;id;client_ids;phones;emails;order_status;fio\n"

/* --- what the tests share ------------------------------------------------- */

static void
day(char out[32], int ago)
{
	time_t t = time(NULL) - (time_t)ago * 86400;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, 32, "%Y-%m-%d 10:00:00", &tm);
}

/* As convdrop does it. */
static void
erase(struct bench *b, const char *const *who)
{
	struct person p = { .keys = 0 };
	struct command c;
	struct answer a;

	WIRE_INIT(&c, WIRE_COMMAND);
	WIRE_INIT(&a, WIRE_ANSWER);
	c.op = COMMAND_ERASE;
	snprintf(c.reason, sizeof c.reason, "he asked");
	snprintf(c.actor, sizeof c.actor, "test");
	for (; *who != NULL; who++)
		if (person_add(&p, b->inst.conf, b->in.store, *who, &b->e) ==
		    -1)
			fail_msg("%s: %s", *who, b->e.text);
	assert_int_equal(person_command(&p, c.argument, sizeof c.argument), 0);
	a.status = 2;
	if (!deeds[COMMAND_ERASE](&b->in, NULL, &c, &a) || a.status != 0)
		fail_msg("%s", a.text);
	person_free(&p);
}

static void
refused(struct bench *b, const char *const *who, const char *why)
{
	struct person p = { .keys = 0 };
	struct command c;
	struct answer a;

	WIRE_INIT(&c, WIRE_COMMAND);
	WIRE_INIT(&a, WIRE_ANSWER);
	c.op = COMMAND_ERASE;
	a.status = 2;
	assert_int_equal(
	    person_add(&p, b->inst.conf, b->in.store, who[0], &b->e), 0);
	assert_int_equal(person_command(&p, c.argument, sizeof c.argument), 0);
	assert_false(deeds[COMMAND_ERASE](&b->in, NULL, &c, &a));
	assert_non_null(strstr(a.text, why));
	person_free(&p);
}

static void
close_bench(struct bench *b)
{
	tombstones_free(b->in.stones);
	bench_close(b);
}

static char *
text_of(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char *text = mem_alloc((size_t)n + 1);

	assert_int_equal(pread(fd, text, (size_t)n, 0), n);
	return text;
}

static int
file_of(const char *text, size_t n)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, n), n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static struct tombstones *
stones(const char *phone, const char *order)
{
	static const uint8_t key[TOMBSTONE_KEY] = "a key for tests";
	struct tombstones *t = tombstones_new(key);
	struct arena a = ARENA_EMPTY;

	tombstones_add(t, TOMBSTONE_CONTACT, normal_md5_of(&a, slice_of(phone)),
	    slice_of(phone));
	if (order != NULL)
		tombstones_add(t, TOMBSTONE_ORDER,
		    tombstone_id(&a, "main", slice_of(order)), slice_of(""));
	arena_free(&a);
	return t;
}

/* --- who is meant --------------------------------------------------------- */

static void
what_an_admin_writes_is_who_is_meant(void **state)
{
	static const struct {
		const char *text;
		const char *what[3]; /* none: it is refused */
	} row[] = {
		{ "+7 (999) 555-11-22", { "phone" } },
		{ " 8-999-555-11-22 ", { "phone" } },
		{ "79995551122", { "phone", "client_id" } },
		{ "Ivan@Example.com", { "email" } },
		{ "1665391200123456789", { "client_id" } },
		{ "0123456789abcdef0123456789ABCDEF", { "md5" } },
		{ "A-1", { "order" } },
		{ "A-2", { NULL } },
		{ "12", { NULL } },
		{ "", { NULL } },
		{ "+7 999 555-11-22, +7 999 555-11-23", { NULL } },
	};
	struct bench b;
	char d[32], dump[256];

	(void)state;
	bench_open(&b, CONF);
	day(d, 1);
	snprintf(dump, sizeof dump, COLUMNS "%s;A-1;;79161234567;;PAID;\n", d);
	bench_drop(&b, "a.csv", dump, (int64_t)time(NULL));
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct person p = { .keys = 0 };
		size_t n = 0;
		int rc =
		    person_add(&p, b.inst.conf, b.in.store, row[i].text, &b.e);

		while (n < 3 && row[i].what[n] != NULL)
			n++;
		if (p.keys != n || (rc == 0) != (n > 0))
			fail_msg("%s: %zu keys", row[i].text, p.keys);
		for (size_t k = 0; k < n; k++)
			assert_string_equal(p.key[k].what, row[i].what[k]);
		person_free(&p);
	}
	close_bench(&b);
}

/* --- rows ----------------------------------------------------------------- */

static void
a_row_loses_what_is_erased_and_no_more(void **state)
{
	static const struct {
		const char *name, *row; /* behind the date */
		const char *left;       /* in the file; NULL: the row is gone */
	} row[] = {
		{ "only his phone", "1;;8 999 555 11 22;;PAID;Ivan", NULL },
		{ "another's phone beside",
		    "1;;89995551122, 79161234567;;PAID;",
		    ";1;;;;79161234567;" },
		{ "an e-mail that was not named", "1;;79995551122;a@b.ru;PAID;",
		    ";1;;;a@b.ru;;" },
		{ "a ClientID beside", "1;12345678901;+79995551122;;PAID;",
		    ";1;;12345678901;;;" },
		{ "the id is his phone", "79995551122;;79161234567;;PAID;",
		    NULL },
		{ "no id", ";;79995551122;a@b.ru;PAID;", NULL },
		{ "only in his name", "1;;79161234567;;PAID;Ivan 89995551122",
		    ";1;;;;79161234567;" },
		{ "his e-mail, too", "1;;;Ivan@Example.com;PAID;", NULL },
		{ "his MD5 in a name",
		    "1;;;;PAID;87abc55d7404a6e2c85a09769011aeee", NULL },
		{ "nobody's", "1;;79161234567;;PAID;Anna",
		    ";1;;;;79161234567;" },
	};
	static const char *const who[] = { "+79995551122", "ivan@example.com",
		NULL };
	char d[32], dump[512];

	(void)state;
	day(d, 1);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct publish_order force = { .force = true };
		struct bench b;
		const char *file;

		bench_open(&b, CONF);
		erase(&b, who);
		snprintf(dump, sizeof dump,
		    COLUMNS "%s;0;;79160000000;;PAID;\n%s;%s\n", d, d,
		    row[i].row);
		assert_int_equal(
		    bench_drop(&b, "a.csv", dump, (int64_t)time(NULL)), 0);
		bench_publish(&b, (int64_t)time(NULL), &force);
		file = bench_file(&b);
		if (row[i].left == NULL ? strstr(file, ";1;") != NULL ||
					      strstr(file, "9995551122") != NULL
					: strstr(file, row[i].left) == NULL)
			fail_msg("%s: %s", row[i].name, file);
		if (strstr(file, "79995551122") != NULL ||
		    strstr(file, "ivan@") != NULL)
			fail_msg("%s: %s", row[i].name, file);
		close_bench(&b);
	}
}

/* --- archived dumps ------------------------------------------------------- */

static void
a_dump_is_written_anew_in_its_own_cells(void **state)
{
	static const struct {
		const char *name, *dump, *want; /* NULL: any */
		const char *encoding;
	} row[] = {
		{ "the lines stay where they were",
		    "id;create_date_time;phones;order_status;more\n"
		    "1;2026-11-20 10:00:00;79995551122;PAID;x\n"
		    "2;2026-11-20 10:00:00;79161234567;PAID;\"a \"\"b\"\"; "
		    "c\"\n",
		    "\"id\";\"create_date_time\";\"phones\";\"order_status\";"
		    "\"more\"\n\n"
		    "\"2\";\"2026-11-20 10:00:00\";\"79161234567\";\"PAID\";"
		    "\"a \"\"b\"\"; c\"\n",
		    "" },
		{ "a row that stays loses what nobody mapped",
		    "id,create_date_time,phones,order_status,more\n"
		    "1,2026-11-20 "
		    "10:00:00,\"79995551122,79161234567\",PAID,x\n",
		    "\"id\",\"create_date_time\",\"phones\",\"order_status\","
		    "\"more\"\n"
		    "\"1\",\"2026-11-20 10:00:00\",\",79161234567\",\"PAID\","
		    "\"\"\n",
		    "" },
		{ "windows-1251 becomes UTF-8",
		    "id;create_date_time;phones;order_status;\xc8\xec\xff\n"
		    "1;2026-11-20 10:00:00;79995551122;PAID;x\n"
		    "2;2026-11-20 10:00:00;79161234567;PAID;\xdf\n",
		    "\"id\";\"create_date_time\";\"phones\";\"order_status\";"
		    "\"Имя\"\n\n\"2\";\"2026-11-20 10:00:00\";\"79161234567\";"
		    "\"PAID\";\"Я\"\n",
		    "windows-1251" },
		{ "a row that cannot be read is left out",
		    "id;create_date_time;phones;order_status\n"
		    "1;2026-11-20 10:00:00;79995551122;PAID\n"
		    "2;2026-11-20 10:00:00;79161234567;PAID;7;7\n"
		    "3;2026-11-20 10:00:00;79161234567;PAID\n",
		    NULL, "" },
		{ "JSON",
		    "[{\"id\":\"1\",\"create_date_time\":\"2026-11-20 "
		    "10:00:00\","
		    "\"phones\":\"79995551122\",\"order_status\":\"PAID\"},\n"
		    "{\"id\":\"2\",\"create_date_time\":\"2026-11-20 "
		    "10:00:00\","
		    "\"phones\":\"79161234567\",\"order_status\":\"PAID\","
		    "\"late\":{\"x\":[1,2]}}]",
		    NULL, "" },
		{ "nobody is left",
		    "id;create_date_time;phones;order_status\n"
		    "1;2026-11-20 10:00:00;79995551122;PAID\n",
		    "\"id\";\"create_date_time\";\"phones\";"
		    "\"order_status\"\n",
		    "" },
	};
	struct bench b;

	(void)state;
	bench_open(&b, CONF);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct tombstones *t = stones("79995551122", NULL);
		struct winnow w = { .conf = b.inst.conf, .stones = t };
		struct settings *s = settings_new();
		int from = file_of(row[i].dump, strlen(row[i].dump)), to = -1;
		char *settings = NULL, *text;

		settings_set(&s->feed, "main");
		settings_set(&s->encoding, row[i].encoding);
		if (winnow_look(&w, s, from, &b.e) == -1 ||
		    w.found != WINNOW_FOUND || !winnow_can(&w) ||
		    winnow_write(&w, s, from, &to, &settings, &b.e) == -1)
			fail_msg("%s: %s", row[i].name, b.e.text);
		text = text_of(to);
		if (strstr(text, "9995551122") != NULL ||
		    (row[i].want != NULL && strcmp(text, row[i].want) != 0))
			fail_msg("%s:\n%s", row[i].name, text);
		/* its own columns, not the canonical ones */
		if (strstr(text, "update_date_time") != NULL)
			fail_msg("%s: it is canonical", row[i].name);
		free(text);
		free(settings);
		close(from);
		close(to);
		winnow_free(&w);
		settings_free(s);
		tombstones_free(t);
	}
	close_bench(&b);
}

/* --- texts of ours -------------------------------------------------------- */

static void
a_text_of_ours_loses_rows_and_words(void **state)
{
	static const struct {
		const char *writer;
		bool rows;
		const char *text, *want;
		uint64_t found;
	} row[] = {
		{ "conversion-center", false,
		    "create_date_time;id;client_uniq_id\n"
		    "2026-11-20 10:00:00;1;a\n2026-11-20 "
		    "10:00:00;7;79995551122\n",
		    "create_date_time;id;client_uniq_id\n"
		    "2026-11-20 10:00:00;1;a\n",
		    1 },
		{ "conversion-center", false, /* an order that was named */
		    "create_date_time;id;client_uniq_id\n"
		    "2026-11-20 10:00:00;A;a\n2026-11-20 10:00:00;B;A\n",
		    "create_date_time;id;client_uniq_id\n"
		    "2026-11-20 10:00:00;B;A\n",
		    1 },
		{ "conversion-center", false, /* a cell of several lines */
		    "create_date_time;id;client_uniq_id\n"
		    "2026-11-20 10:00:00;1;\"x\n79995551122\"\n"
		    "2026-11-20 10:00:00;2;\"y\nz\"\n",
		    "create_date_time;id;client_uniq_id\n"
		    "2026-11-20 10:00:00;2;\"y\nz\"\n",
		    1 },
		{ "crm-json", false,
		    "{\"orders\":[\n{\"id\":\"1\"},\n"
		    "{\"id\":\"2\",\"phones\":[\"79995551122\"]}\n]}\n",
		    "{\"orders\":[\n{\"id\":\"1\"}\n]}\n", 1 },
		{ "crm-json", false,
		    "{\"orders\":[\n{\"id\":\"A\"},\n{\"id\":\"1\"},\n"
		    "{\"id\":\"2\"}\n]}\n",
		    "{\"orders\":[\n{\"id\":\"1\"},\n{\"id\":\"2\"}\n]}\n", 1 },
		{ "crm-json", false, "{\"orders\":[\n{\"id\":\"A\"}\n]}\n",
		    "{\"orders\":[\n]}\n", 1 },
		{ NULL, true,
		    "\xef\xbb\xbfline;kind;code;column;text;id;phones\n"
		    "2;row;E201;phones;bad;1;8 (999) 555-11-22\n"
		    "3;row;E201;phones;bad;A;x\n4;row;E201;phones;bad;B;x\n",
		    "\xef\xbb\xbfline;kind;code;column;text;id;phones\n"
		    "4;row;E201;phones;bad;B;x\n",
		    2 },
		{ NULL, false, "about +79995551122, and\nmore\n",
		    "about ************, and\nmore\n", 1 },
		{ NULL, false, "to 8 (999) 555-11-22.\n",
		    "to *****************.\n", 1 },
		{ NULL, false, "nobody\n", "nobody\n", 0 },
	};
	struct settings *defaults = settings_new();
	struct limits limits = defaults->limits;

	(void)state;
	settings_free(defaults);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct tombstones *t = stones("79995551122", "A");
		struct expunge x = { .stones = t,
			.limits = &limits,
			.feed = "main",
			.rows = row[i].rows };
		struct err e = ERR_EMPTY;
		int from = file_of(row[i].text, strlen(row[i].text)),
		    to = file_of("", 0);
		char *text;

		if (row[i].writer != NULL)
			x.writer = writer_by_name(row[i].writer);
		assert_int_equal(expunge_file(&x, from, to, &e), 0);
		text = text_of(to);
		if (strcmp(text, row[i].want) != 0 || x.found != row[i].found)
			fail_msg("%s\nbecomes\n%s", row[i].text, text);
		free(text);
		close(from);
		close(to);
		tombstones_free(t);
	}
}

/* --- tombstones ----------------------------------------------------------- */

static void
a_tombstone_finds_its_own_alone(void **state)
{
	struct tombstones *t = stones("79995551122", "A");
	char phone[16];

	(void)state;
	assert_true(tombstones_has_contact(t, slice_of("79995551122")));
	assert_true(
	    tombstones_has_id(t, TOMBSTONE_ORDER, "main", slice_of("A")));
	assert_false(
	    tombstones_has_id(t, TOMBSTONE_ORDER, "other", slice_of("A")));
	assert_false(
	    tombstones_has_id(t, TOMBSTONE_CLIENT, "main", slice_of("A")));
	for (int i = 0; i < 200000; i++) {
		snprintf(phone, sizeof phone, "7916%07d", i);
		assert_false(tombstones_has_contact(t, slice_of(phone)));
	}
	tombstones_free(t);
}

static void
without_its_key_no_dump_is_taken(void **state)
{
	static const char *const who[] = { "+79995551122", NULL };
	struct bench b;
	struct stat st;

	(void)state;
	bench_open(&b, CONF);
	erase(&b, who);
	assert_int_equal(
	    stat(instance_path(&b.inst, "state/erasure.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_size, TOMBSTONE_KEY);
	assert_int_equal(erase_load(&b.in, &b.e), 0);
	unlink(instance_path(&b.inst, "state/erasure.key"));
	assert_int_equal(erase_load(&b.in, &b.e), -1);
	assert_non_null(strstr(b.e.text, "erasure.key is missing"));
	refused(&b, who, "erasure.key is missing");
	assert_int_equal(
	    stat(instance_path(&b.inst, "state/erasure.key"), &st), -1);
	instance_put(instance_path(&b.inst, "state/erasure.key"),
	    "0123456789abcdef0123456789abcdef");
	assert_int_equal(erase_load(&b.in, &b.e), -1);
	assert_non_null(strstr(b.e.text, "is not the key"));
	close_bench(&b);
}

/* --- what goes wrong ------------------------------------------------------ */

static int
note_state(void *ctx, const struct erasure *r, struct err *e)
{
	(void)e;
	*(bool *)ctx = r->done != 0;
	return 0;
}

static bool
last_is_done(struct bench *b)
{
	bool done = false;

	assert_int_equal(
	    store_erasures(b->in.store, true, note_state, &done, &b->e), 0);
	return done;
}

static void
what_cannot_be_replayed_is_tried_again(void **state)
{
	static const char *const who[] = { "+79995551122", NULL };
	char d[32], dump[300], path[PATH_MAX], away[PATH_MAX];
	struct bench b;

	(void)state;
	bench_open(&b, CONF);
	day(d, 1);
	snprintf(dump, sizeof dump, COLUMNS "%s;1;;79161234567;;PAID;\n", d);
	bench_drop(&b, "a.csv", dump, (int64_t)time(NULL) - 20);
	snprintf(
	    path, sizeof path, "%s", instance_path(&b.inst, "%s", b.d.archive));
	snprintf(dump, sizeof dump, COLUMNS "%s;2;;79995551122;;PAID;\n", d);
	bench_drop(&b, "b.csv", dump, (int64_t)time(NULL) - 10);
	snprintf(away, sizeof away, "%s", instance_path(&b.inst, "state/away"));
	assert_int_equal(rename(path, away), 0);
	erase(&b, who);
	assert_false(last_is_done(&b));
	erase_resume(&b.in);
	assert_false(last_is_done(&b));
	assert_int_equal(rename(away, path), 0);
	erase_resume(&b.in);
	assert_true(last_is_done(&b));
	close_bench(&b);
}

/* One name, one second, the same bytes: two dumps lie in one archived file. */
static void
two_dumps_in_one_file_both_lose_him(void **state)
{
	static const char *const who[] = { "+79995551122", NULL };
	int64_t now = (int64_t)time(NULL) - 10;
	char d[32], dump[300], shared[sizeof((struct dump_entry *)0)->archive];
	struct dump_entry e;
	struct bench b;

	(void)state;
	bench_open(&b, BENCH_CONF(" source \"shop\" {\n"
				  "  id_prefix = \"s-\"\n }\n"));
	day(d, 1);
	snprintf(dump, sizeof dump,
	    COLUMNS "%s;1;;79995551122;;PAID;\n%s;2;;79161234567;;PAID;\n", d,
	    d);
	for (size_t i = 0; i < 2; i++) {
		int fd = file_of(dump, strlen(dump));

		if (ingest_dump(&b.in, b.feed, b.feed->source[i], "a.csv", fd,
			now, &b.d, NULL, &b.e) != 0)
			fail_msg("%s", b.e.text);
		close(fd);
		if (i == 1)
			assert_string_equal(shared, b.d.archive);
		snprintf(shared, sizeof shared, "%s", b.d.archive);
	}
	erase(&b, who);
	assert_int_equal(
	    access(instance_path(&b.inst, "%s", shared), F_OK), -1);
	for (int64_t id = 1; id <= 2; id++) {
		char *text = NULL;

		assert_int_equal(
		    store_dump_get(b.in.store, id, &e, &text, &b.e), 1);
		free(text);
		if (strcmp(e.archive, shared) == 0 ||
		    access(instance_path(&b.inst, "%s", e.archive), F_OK) == -1)
			fail_msg("dump %d has no copy", (int)id);
	}
	assert_true(last_is_done(&b));
	close_bench(&b);
}

/* --- any history ---------------------------------------------------------- */

static uint64_t seed;

static unsigned
any(unsigned n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned)(seed >> 33) % n;
}

/* One of five people's phones, in any spelling. */
static void
put_one(FILE *to)
{
	static const char *const begin[] = { "7999555110", "8 (999) 555-11-0",
		"+7 999 555 110", "999555110", "tel. 8-999-555-11-0" };

	fprintf(to, "%s%u", begin[any(5)], any(5));
}

static void
put_phone(FILE *to)
{
	switch (any(4)) {
	case 0:
		break;
	case 1:
		put_one(to);
		break;
	default:
		fputc('"', to);
		put_one(to);
		fputc(',', to);
		put_one(to);
		fputc('"', to);
	}
}

static char *
any_dump(void)
{
	char *text = NULL, d[32];
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	fputs(COLUMNS, to);
	for (unsigned i = 0; i < 12; i++) {
		day(d, (int)any(20) + 1);
		fprintf(to, "%s;%u;", d, any(9) + 1);
		if (any(3) == 0)
			fprintf(to, "1234567890%u", any(3));
		fputc(';', to);
		put_phone(to);
		fprintf(to, ";%s;%s;x\n", any(4) == 0 ? "a@b.ru" : "",
		    any(3) == 0 ? "CANCELLED" : "PAID");
	}
	fclose(to);
	return text;
}

static void
check_rebuild(struct bench *b, unsigned history)
{
	struct rebuild out;

	if (rebuild_feed(
		&out, b->inst.conf, b->feed, b->in.store, NULL, &b->e) == -1)
		fail_msg("history %u: %s", history, b->e.text);
	if (out.differ != 0)
		fail_msg(
		    "history %u: a rebuild comes to another file", history);
}

static void
nothing_is_wrong(void *ctx, const struct audit_finding *f)
{
	(void)ctx;
	fail_msg("%s: %s", f->file, f->text);
}

static void
whatever_came_before_a_rebuild_comes_to_the_same(void **state)
{
	static const char *const who[] = { "+79995551100", "12345678900",
		NULL };
	struct publish_order force = { .force = true };

	(void)state;
	for (unsigned history = 1; history <= 15; history++) {
		int64_t now = (int64_t)time(NULL);
		uint64_t lines, files;
		struct bench b;

		seed = history;
		bench_open(&b, CONF);
		for (unsigned i = 0; i < 6; i++) {
			char *text = any_dump(), name[16];

			if (i == 4)
				erase(&b, who);
			snprintf(name, sizeof name, "%u.csv", i);
			bench_drop(&b, name, text, now - 60 + i);
			free(text);
		}
		bench_publish(&b, (int64_t)time(NULL) + 2, &force);
		if (strstr(bench_file(&b), "79995551100") != NULL ||
		    strstr(bench_file(&b), "12345678900") != NULL)
			fail_msg("history %u: he is back", history);
		check_rebuild(&b, history);
		if (audit_verify(b.inst.conf, nothing_is_wrong, NULL, &lines,
			&files, &b.e) == -1)
			fail_msg("%s", b.e.text);
		close_bench(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_admin_writes_is_who_is_meant),
		cmocka_unit_test(a_row_loses_what_is_erased_and_no_more),
		cmocka_unit_test(a_dump_is_written_anew_in_its_own_cells),
		cmocka_unit_test(a_text_of_ours_loses_rows_and_words),
		cmocka_unit_test(a_tombstone_finds_its_own_alone),
		cmocka_unit_test(without_its_key_no_dump_is_taken),
		cmocka_unit_test(what_cannot_be_replayed_is_tried_again),
		cmocka_unit_test(two_dumps_in_one_file_both_lose_him),
		cmocka_unit_test(
		    whatever_came_before_a_rebuild_comes_to_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
