#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <zlib.h>

#include "tests/feed/ingest_bench.h"
#include "feed/rebuild.h"

static struct bench b;

static int
set_up(void **state)
{
	(void)state;
	bench_open(&b, BENCH_CONF(""));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	bench_close(&b);
	return 0;
}

static void
check_sum(const struct tally *t)
{
	assert_int_equal(t->records, t->accepted + t->unchanged +
					 t->superseded + t->skipped +
					 t->rejected);
}

static void
a_dump_becomes_orders_a_report_and_an_archived_copy(void **state)
{
	const char *dump =
	    HEADER "2026-11-20 10:00:00;1;111;79991234567;PAID;100\n"
		   "2026-11-21 10:00:00;2;222;;IN_PROGRESS;\n";
	char *text;
	uint64_t n;

	(void)state;
	assert_int_equal(bench_drop(&b, "deals.csv", dump, NOW), 0);
	assert_int_equal(b.d.state, DUMP_MERGED);
	assert_int_equal(b.d.tally.records, 2);
	assert_int_equal(b.d.tally.accepted, 2);
	assert_string_equal(b.d.preset, "direct");
	check_sum(&b.d.tally);
	assert_int_equal(store_count(b.in.store, "main", KIND_BIT(RECORD_ORDER),
			     INT64_MIN, INT64_MAX, &n, &b.e),
	    0);
	assert_int_equal(n, 2);
	assert_true(instance_has(instance_path(&b.inst, "%s", b.d.archive)));
	text = instance_get(
	    instance_path(&b.inst, "reports/main/deals.csv.report.txt"));
	assert_non_null(strstr(text, "2 records in the dump"));
	free(text);
	text = instance_get(
	    instance_path(&b.inst, "reports/main/deals.csv.report.json"));
	assert_non_null(strstr(text, "\"accepted\": 2"));
	free(text);
	text = instance_get(
	    instance_path(&b.inst, "reports/main/deals.csv.rejects.csv"));
	assert_true(strncmp(text, "\xef\xbb\xbfline;kind;", 13) == 0);
	free(text);
}

static void
the_same_bytes_twice_change_nothing(void **state)
{
	const char *dump =
	    HEADER "2026-11-20 10:00:00;1;111;79991234567;PAID;100\n";
	int64_t id;

	(void)state;
	assert_int_equal(bench_drop(&b, "deals.csv", dump, NOW), 0);
	assert_false(b.known);
	id = b.d.id;
	unlink(instance_path(&b.inst, "reports/main/deals.csv.report.txt"));
	assert_int_equal(bench_drop(&b, "deals.csv", dump, NOW + 5), 0);
	assert_true(b.known);
	assert_int_equal(b.d.id, id);
	/* a crash may have come before the report: it is there again */
	assert_true(instance_has(
	    instance_path(&b.inst, "reports/main/deals.csv.report.txt")));
}

static void
the_same_bytes_compressed_are_known_too(void **state)
{
	const char *dump =
	    HEADER "2026-11-20 10:00:00;1;111;79991234567;PAID;100\n";
	unsigned char packed[512];
	z_stream z = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, 0), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)dump;
	z.avail_in = (uInt)strlen(dump);
	z.next_out = packed;
	z.avail_out = sizeof packed;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	n = sizeof packed - z.avail_out;
	deflateEnd(&z);
	assert_int_equal(bench_drop(&b, "deals.csv", dump, NOW), 0);
	assert_int_equal(
	    bench_drop_bytes(&b, "d.csv.gz", packed, n, NOW + 1), 0);
	assert_true(b.known);
}

static void
every_record_has_one_bucket(void **state)
{
	const char *dump = HEADER
	    "2026-11-20 10:00:00;1;111;;PAID;100\n"      /* superseded */
	    "2026-11-20 10:00:00;1;111;;PAID;200\n"      /* accepted */
	    "2026-01-20 10:00:00;2;222;;PAID;100\n"      /* too old */
	    "2026-11-23 10:00:00;3;333;;PAID;100\n"      /* future */
	    "2026-11-20 10:00:00;4;;;PAID;100\n"         /* no identifier */
	    "2026-11-20 10:00:00;5;;7,9E+10;PAID;100\n"  /* none left */
	    "2026-11-20 10:00:00;6;666;7,9E+10;PAID;9\n" /* value dropped */
	    "not a date;7;777;;PAID;100\n"               /* rejected */
	    "2026-11-20 10:00:00;8;888;;;1\n";           /* empty status */
	const struct tally *t = &b.d.tally;
	char *text;

	(void)state;
	bench_close(&b);
	bench_open(&b, BENCH_CONF(" hold = no\n"));
	assert_int_equal(bench_drop(&b, "all.csv", dump, NOW), 0);
	check_sum(t);
	assert_int_equal(t->records, 9);
	assert_int_equal(t->superseded, 1);
	assert_int_equal(t->skipped, 1);
	assert_int_equal(t->too_old, 1);
	assert_int_equal(t->future, 1);
	assert_int_equal(t->rejected, 4);
	assert_int_equal(t->accepted, 3);
	assert_int_equal(t->values_dropped, 2);
	text = instance_get(
	    instance_path(&b.inst, "reports/main/all.csv.rejects.csv"));
	assert_non_null(strstr(text, "\n6;row;"));
	assert_non_null(strstr(text, "\n8;value;"));
	assert_non_null(strstr(text, "7,9E+10"));
	assert_non_null(strstr(text, "\n9;row;"));
	assert_non_null(strstr(text, "\n10;row;"));
	free(text);
}

static const struct refused {
	const char *name, *dump;
	const char *settings; /* of the feed */
} refused[] = {
	{ "empty", "", "" },
	{ "only a header", HEADER, "" },
	{ "no date column", "id;client_ids;order_status\n1;111;PAID\n", "" },
	{ "no identifiers",
	    "create_date_time;id;order_status\n"
	    "2026-11-20;1;PAID\n",
	    "" },
	{ "truncated gzip", "\x1f\x8b\x08", "" },
	{ "not text", "\x89PNG\r\n\x1a\n\x01\x02\x03", "" },
	{ "no status column",
	    "Дата создания;Номер заказа;Телефон\n"
	    "20.11.2026 10:00:00;1;79991234567\n",
	    " preset = \"generic\"\n" },
};

static void
a_dump_that_cannot_be_read_is_refused_as_a_whole(void **state)
{
	char conf[256], *text;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		const struct refused *r = &refused[i];
		uint64_t n = 1;

		bench_close(&b);
		snprintf(conf, sizeof conf, BENCH_CONF("%s"), r->settings);
		bench_open(&b, conf);
		if (bench_drop(&b, "bad.csv", r->dump, NOW) != 1)
			fail_msg("%s was not refused", r->name);
		assert_int_equal(b.d.state, DUMP_REFUSED);
		assert_true(strlen(b.d.reason) > 10);
		assert_true(
		    instance_has(instance_path(&b.inst, "%s", b.d.archive)));
		store_count(b.in.store, "main", KIND_BIT(RECORD_ORDER),
		    INT64_MIN, INT64_MAX, &n, &b.e);
		assert_int_equal(n, 0);
		text = instance_get(
		    instance_path(&b.inst, "reports/main/bad.csv.report.txt"));
		assert_non_null(strstr(text, b.d.reason));
		free(text);
	}
}

static void
a_missing_column_comes_with_the_line_that_names_it(void **state)
{
	char *text;

	(void)state;
	assert_int_equal(bench_drop(&b, "a.csv",
			     "Когда купили;Телефон;Статус\n"
			     "20.11.2026;79991234567;Новый\n",
			     NOW),
	    1);
	text = instance_get(
	    instance_path(&b.inst, "reports/main/a.csv.report.txt"));
	assert_non_null(strstr(text, "  Когда купили: ignored\n"));
	assert_non_null(
	    strstr(text, "\n  column(\"NAME\", \"create_date_time\")\n"));
	free(text);
}

static void
a_damaged_dump_is_refused_and_tried_again_when_dropped_again(void **state)
{
	char dump[4096] = HEADER;

	(void)state;
	for (int i = 0; i < 30; i++)
		snprintf(dump + strlen(dump), sizeof dump - strlen(dump),
		    "%s;%d;111;;PAID;1\n",
		    i % 2 == 0 ? "2026-11-20 10:00:00" : "yesterday", i);
	assert_int_equal(bench_drop(&b, "half.csv", dump, NOW), 1);
	assert_non_null(strstr(b.d.reason, "15 of 30"));
	assert_int_equal(bench_drop(&b, "half.csv", dump, NOW + 1), 1);
	assert_false(b.known);
}

/* Somebody writes to the dump while it is read. */
static void
write_on(void *ctx)
{
	const int *fd = ctx;
	struct stat st;

	assert_int_equal(fstat(*fd, &st), 0);
	assert_int_equal(ftruncate(*fd, st.st_size + 1), 0);
}

static void
a_dump_that_changed_under_way_is_read_again(void **state)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);
	uint64_t n;

	(void)state;
	dprintf(fd, HEADER);
	for (int i = 0; i < 5000; i++)
		dprintf(fd, "2026-11-20;%d;111;;PAID;1\n", i);
	b.in.breathe = write_on;
	b.in.ctx = &fd;
	assert_int_equal(ingest_dump(&b.in, b.feed, b.feed->source[0], "d.csv",
			     fd, NOW, &b.d, &b.known, &b.e),
	    -1);
	assert_non_null(strstr(b.e.text, "written to while it was read"));
	assert_int_equal(store_count(b.in.store, "main", KIND_BIT(RECORD_ORDER),
			     INT64_MIN, INT64_MAX, &n, &b.e),
	    0);
	assert_int_equal(n, 0);
	b.in.breathe = NULL;
	assert_int_equal(ingest_dump(&b.in, b.feed, b.feed->source[0], "d.csv",
			     fd, NOW, &b.d, &b.known, &b.e),
	    0);
	assert_int_equal(b.d.tally.accepted, 5000);
	close(fd);
}

static void
without_room_the_dump_stays_and_nothing_is_kept(void **state)
{
	(void)state;
	bench_close(&b);
	bench_open(&b, "reserve_bytes = 1000000000000000\nreserve_percent = "
		       "100\n" BENCH_CONF(""));
	assert_int_equal(bench_drop(&b, "deals.csv",
			     HEADER "2026-11-20;1;111;;PAID;1\n", NOW),
	    -1);
	assert_non_null(strstr(b.e.text, "no room"));
	assert_false(instance_has(instance_path(&b.inst, "archive/main/2026")));
}

static void
hashed_feeds_keep_no_phone_anywhere(void **state)
{
	const char *dump =
	    HEADER "2026-11-20 10:00:00;1;111;79991234567;PAID;100\n"
		   "2026-11-20 10:00:00;;222;8 (999) 765-43-21;PAID;100\n"
		   "2026-11-20 10:00:00;;222;8 (999) 765-43-21;PAID;100\n"
		   "2026-11-20 10:00:00;3;333;7,9991E+10;PAID;100\n"
		   "2026-11-20 10:00:00;4;;;PAID;100\n";
	char command[512];

	(void)state;
	bench_close(&b);
	bench_open(&b, BENCH_CONF(" pii = hash\n"));
	assert_int_equal(bench_drop(&b, "deals.csv", dump, NOW), 0);
	check_sum(&b.d.tally);
	snprintf(command, sizeof command,
	    "cd %s && { cat reports/main/*; find archive -type f -exec zcat "
	    "{} +; cat audit/* state/store.db*; } | grep -aqE "
	    "'9991234567|765-43-21'",
	    b.inst.dir);
	assert_int_not_equal(system(command), 0);
}

static void
a_hashed_dump_rebuilds_to_the_same_bytes(void **state)
{
	const char *dump =
	    HEADER "2026-11-20 10:00:00;1;111;79991234567;PAID;100\n"
		   "2026-11-20 10:00:00;;222;8 (999) 765-43-21;PAID;100.5\n"
		   "2026-11-20 10:00:00;;222;8 (999) 765-43-21;PAID;100.5\n"
		   "2026-11-20 10:00:00;3;333;;PAID;100\n";
	const char *later = HEADER "2026-11-21 10:00:00;1;;;CANCELLED;100\n"
				   "2026-11-21 10:00:00;3;;;;\n"
				   "2026-11-21 10:00:00;5;555;;SPAM;\n";
	struct rebuild r;

	(void)state;
	bench_close(&b);
	bench_open(&b, BENCH_CONF(" pii = hash\n"));
	assert_int_equal(bench_drop(&b, "one.csv", dump, NOW), 0);
	assert_int_equal(bench_publish(&b, NOW + 1, NULL), PUBLISH_DONE);
	assert_int_equal(bench_drop(&b, "two.csv", later, NOW + 2), 0);
	assert_int_equal(bench_publish(&b, NOW + 3, NULL), PUBLISH_DONE);
	assert_int_equal(mkdir(instance_path(&b.inst, "again"), 0700), 0);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store,
		instance_path(&b.inst, "again"), &b.e) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(r.dumps, 2);
	assert_int_equal(r.files, 1);
	assert_int_equal(r.differ, 0);
}

/* The same dumps with a pull between them: what it froze stays frozen. */
static void
the_store_rebuilds_to_the_same_bytes(void **state)
{
	struct pull p = { .id = 77,
		.begun = NOW + 2,
		.feed = "main",
		.file = "conversions.csv" };
	struct rebuild r;

	(void)state;
	assert_int_equal(
	    bench_drop(&b, "a.csv",
		HEADER "2026-11-20 10:00:00;1;111;79991234567;PAID;1\n", NOW),
	    0);
	assert_int_equal(bench_publish(&b, NOW + 1, NULL), PUBLISH_DONE);
	assert_int_equal(store_pull_begin(b.in.store, &p, NOW + 1, &b.e), 0);
	assert_int_equal(
	    store_pull_end(b.in.store, 77, NOW + 3, 10, true, &b.e), 0);
	assert_int_equal(
	    bench_drop(&b, "b.csv",
		HEADER "2026-11-19 10:00:00;1;;;CANCELLED;2\n", NOW + 4),
	    0);
	assert_int_equal(b.d.tally.dates_kept, 1);
	assert_int_equal(bench_publish(&b, NOW + 5, NULL), PUBLISH_DONE);
	assert_non_null(strstr(bench_file(&b), "2026-11-20 10:00:00;1;"));
	assert_int_equal(mkdir(instance_path(&b.inst, "again"), 0700), 0);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store,
		instance_path(&b.inst, "again"), &b.e) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(r.pulls, 1);
	assert_int_equal(r.files, 1);
	assert_int_equal(r.differ, 0);
}

static void
the_audit_tells_it_and_its_chain_holds(void **state)
{
	uint64_t lines = 0, files = 0;

	(void)state;
	bench_drop(&b, "a.csv", HEADER "2026-11-20;1;111;;PAID;1\n", NOW);
	bench_drop(&b, "b.csv", HEADER, NOW);
	bench_publish(&b, NOW + 1, NULL);
	assert_int_equal(
	    audit_verify(b.inst.conf, NULL, NULL, &lines, &files, &b.e), 0);
	assert_int_equal(
	    lines, 5); /* 2 dropped, ingested, rejected, published */
	assert_int_equal(files, 3);
}

static void
what_was_quarantined_is_in_ledger_and_report(void **state)
{
	struct dump_entry d;

	(void)state;
	assert_int_equal(ingest_refused(&b.in, b.feed, b.feed->source[0],
			     "pipe.csv", NOW, true, "It is a FIFO.", &b.e),
	    0);
	assert_int_equal(store_dump_get(b.in.store, 1, &d, NULL, &b.e), 1);
	assert_int_equal(d.state, DUMP_REFUSED);
	assert_string_equal(d.reason, "It is a FIFO.");
	assert_true(instance_has(
	    instance_path(&b.inst, "reports/main/pipe.csv.report.txt")));
}

static void
what_cannot_be_read_is_reported_but_no_dump_yet(void **state)
{
	struct dump_entry d;

	(void)state;
	assert_int_equal(
	    ingest_refused(&b.in, b.feed, b.feed->source[0], "own.csv", NOW,
		false, "The server may not read it.", &b.e),
	    0);
	assert_int_equal(store_dump_get(b.in.store, 1, &d, NULL, &b.e), 0);
	assert_true(instance_has(
	    instance_path(&b.inst, "reports/main/own.csv.report.txt")));
}

static void
trouble_is_written_in_place(void **state)
{
	char text[TROUBLE_BYTES];

	(void)state;
	trouble_read(b.inst.conf, text);
	assert_string_equal(text, "");
	trouble_write(b.inst.conf, "There is no room.");
	trouble_write(b.inst.conf, "No.");
	trouble_read(b.inst.conf, text);
	assert_string_equal(text, "No.");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_dump_becomes_orders_a_report_and_an_archived_copy),
		TEST(the_same_bytes_twice_change_nothing),
		TEST(the_same_bytes_compressed_are_known_too),
		TEST(every_record_has_one_bucket),
		TEST(a_dump_that_cannot_be_read_is_refused_as_a_whole),
		TEST(a_missing_column_comes_with_the_line_that_names_it),
		TEST(
		    a_damaged_dump_is_refused_and_tried_again_when_dropped_again),
		TEST(a_dump_that_changed_under_way_is_read_again),
		TEST(without_room_the_dump_stays_and_nothing_is_kept),
		TEST(hashed_feeds_keep_no_phone_anywhere),
		TEST(a_hashed_dump_rebuilds_to_the_same_bytes),
		TEST(the_store_rebuilds_to_the_same_bytes),
		TEST(the_audit_tells_it_and_its_chain_holds),
		TEST(what_was_quarantined_is_in_ledger_and_report),
		TEST(what_cannot_be_read_is_reported_but_no_dump_yet),
		TEST(trouble_is_written_in_place),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
