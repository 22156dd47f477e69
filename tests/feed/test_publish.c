#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <zlib.h>

#include "tests/feed/ingest_bench.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DAY INT64_C(86400)
#define FIRST "2026-11-20 10:00:00;1;111;79991234567;PAID;100\n"

static struct bench b;

static int
set_up(void **state)
{
	(void)state;
	bench_open(&b, BENCH_CONF(" hold = no\n"));
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
drop(const char *rows, int64_t at)
{
	static unsigned n;
	char name[32], *dump = NULL;

	snprintf(name, sizeof name, "d%u.csv", n++);
	if (asprintf(&dump, HEADER "%s", rows) == -1)
		abort();
	assert_int_equal(bench_drop(&b, name, dump, at), 0);
	free(dump);
}

static const char *
withheld(void)
{
	static char reason[512];
	int64_t since;

	return store_withheld(b.in.store, "main", "conversions.csv", reason,
		   sizeof reason, &since, &b.e) == 1
		   ? reason
		   : NULL;
}

static void
the_file_is_what_direct_takes(void **state)
{
	(void)state;
	drop("2026-11-21 10:00:00;2;222,333;;goal1;1.5\n" FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_string_equal(bench_file(&b),
	    "create_date_time;id;client_uniq_id;client_ids;emails;phones;"
	    "emails_md5;phones_md5;order_status;revenue;cost\n"
	    "2026-11-20 10:00:00;1;;111;;79991234567;;;PAID;100;\n"
	    "2026-11-21 10:00:00;2;;\"222,333\";;;;;goal1;1.50;\n");
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW);
	assert_int_equal(bench_mtime(&b, "conversions.csv.gz"), NOW);
}

static void
the_update_time_moves_only_with_the_bytes(void **state)
{
	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(bench_publish(&b, NOW + 9, NULL), PUBLISH_SAME);
	drop("2026-11-20 10:00:00;1;;;;\n", NOW + 10);
	assert_int_equal(bench_publish(&b, NOW + 10, NULL), PUBLISH_SAME);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW);
	drop("2026-11-20 10:00:00;1;;;CANCELLED;\n", NOW + 11);
	assert_int_equal(bench_publish(&b, NOW + 11, NULL), PUBLISH_DONE);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW + 11);
}

static void
two_changes_in_one_second_get_two_times(void **state)
{
	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	drop("2026-11-20 10:00:00;2;222;;PAID;1\n", NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_LATER);
	assert_null(strstr(bench_file(&b), ";222;"));
	assert_int_equal(bench_publish(&b, NOW + 1, NULL), PUBLISH_DONE);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW + 1);
}

static void
a_clock_set_back_does_not_take_the_update_time_back(void **state)
{
	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	drop("2026-11-20 10:00:00;2;222;;PAID;1\n", NOW);
	assert_int_equal(bench_publish(&b, NOW - 3600, NULL), PUBLISH_DONE);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW + 1);
}

static void
rows_in_the_future_are_held_until_they_are_past(void **state)
{
	int64_t due;

	(void)state;
	drop(FIRST "2026-11-22 15:30:00;2;222;;PAID;1\n", NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_null(strstr(bench_file(&b), ";222;"));
	assert_int_equal(publish_due(b.in.store, b.feed, NOW, &due, &b.e), 0);
	assert_int_equal(due, NOW + 1800);
	assert_int_equal(bench_publish(&b, due, NULL), PUBLISH_DONE);
	assert_non_null(strstr(bench_file(&b), ";222;"));
	/* then the next midnight in Moscow */
	assert_int_equal(publish_due(b.in.store, b.feed, due, &due, &b.e), 0);
	assert_int_equal(due, NOW + 9 * 3600);
}

static void
rows_leave_at_midnight_when_they_are_too_old(void **state)
{
	/* 112 days before 2026-11-22 is 2026-08-02 */
	int64_t midnight = NOW + 9 * 3600;

	(void)state;
	drop(FIRST "2026-08-02 00:00:00;2;222;;PAID;1\n"
		   "2026-08-01 23:59:59;3;333;;PAID;1\n",
	    NOW);
	assert_int_equal(b.d.tally.too_old, 1);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_non_null(strstr(bench_file(&b), ";222;"));
	assert_int_equal(bench_publish(&b, midnight - 1, NULL), PUBLISH_SAME);
	assert_int_equal(bench_publish(&b, midnight, NULL), PUBLISH_DONE);
	assert_null(strstr(bench_file(&b), ";222;"));
}

static void
without_a_row_the_last_good_file_stays(void **state)
{
	(void)state;
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_SAME);
	assert_null(withheld()); /* nothing came in yet: nothing is wrong */
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(
	    bench_publish(&b, NOW + 200 * DAY, NULL), PUBLISH_WITHHELD);
	assert_non_null(withheld());
	assert_non_null(strstr(bench_file(&b), ";111;"));
	drop("2027-06-01 10:00:00;2;222;;PAID;1\n", NOW + 200 * DAY);
	assert_int_equal(
	    bench_publish(&b, NOW + 200 * DAY, NULL), PUBLISH_DONE);
	assert_null(withheld());
}

/* n orders, a second apart. */
static char *
many(unsigned n, const char *status)
{
	char *rows = NULL;
	size_t size;
	FILE *f = open_memstream(&rows, &size);

	for (unsigned i = 0; i < n; i++)
		fprintf(f, "2026-11-20 10:%02u:%02u;%u;%u;;%s;1\n", i / 60 % 60,
		    i % 60, i + 1, i + 1000, status);
	fclose(f);
	return rows;
}

static void
a_file_that_shrinks_too_far_is_withheld_until_forced(void **state)
{
	struct publish_order force = {
		.force = true, .reason = "we know", .actor = "test"
	};
	char *rows = many(300, "PAID");
	struct publication p;

	(void)state;
	drop(rows, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	free(rows);
	/* a store that lost two thirds, as after a wrong restore */
	store_close(b.in.store);
	unlink(instance_path(&b.inst, "state/store.db"));
	unlink(instance_path(&b.inst, "state/store.db-wal"));
	unlink(instance_path(&b.inst, "state/store.db-shm"));
	assert_int_equal(
	    store_open(&b.in.store, instance_path(&b.inst, "state/store.db"),
		false, &b.e),
	    0);
	rows = many(100, "PAID");
	drop(rows, NOW + 1);
	free(rows);
	memset(&p, 0, sizeof p);
	strcpy(p.feed, "main");
	strcpy(p.file, "conversions.csv");
	p.rows = 300;
	p.mtime = NOW;
	p.from = NOW - 112 * DAY;
	p.to = NOW;
	assert_int_equal(store_publication_plan(b.in.store, &p, &b.e), 0);
	p.done = true;
	assert_int_equal(store_publication_done(b.in.store, &p, &b.e), 0);
	assert_int_equal(bench_publish(&b, NOW + 2, NULL), PUBLISH_WITHHELD);
	assert_non_null(strstr(withheld(), "100 rows where about 300"));
	assert_int_equal(bench_publish(&b, NOW + 3, &force), PUBLISH_DONE);
	assert_null(withheld());
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &p, &b.e),
	    1);
	assert_string_equal(p.reason, "we know");
}

/* Metrica's uploads have a limit of their own, and orders of any age. */
static void
each_output_has_its_own_limit_and_window(void **state)
{
	char *rows = many(200, "PAID"), *text;

	(void)state;
	bench_close(&b);
	bench_open(&b,
	    "publish_bytes = 5000\n" BENCH_CONF(
		"hold = no\n"
		"outputs = { \"conversion-center\", \"metrica-simple\" }\n"));
	drop(rows, NOW);
	free(rows);
	drop(HEADER "01.02.2026 10:00;old;9;;PAID;\n", NOW);
	assert_int_equal(b.d.tally.too_old, 0);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_true(strlen(bench_file(&b)) <= 5000);
	assert_null(strstr(bench_file(&b), "old"));
	text = instance_get(
	    instance_path(&b.inst, "published/main/simple-orders.csv"));
	assert_true(strlen(text) > 5000);
	assert_non_null(strstr(text, "old"));
	assert_non_null(strstr(text, "1000"));
	free(text);
}

static void
the_oldest_rows_go_when_the_file_would_be_too_large(void **state)
{
	char *rows = many(200, "PAID"), note[256];

	(void)state;
	bench_close(&b);
	bench_open(&b, "publish_bytes = 5000\n" BENCH_CONF(""));
	drop(rows, NOW);
	free(rows);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_true(strlen(bench_file(&b)) <= 5000);
	assert_true(strlen(bench_file(&b)) > 4900);
	assert_non_null(strstr(bench_file(&b), ";200;;1199;"));
	assert_null(strstr(bench_file(&b), ";1;;1000;"));
	assert_int_equal(store_get(b.in.store, "note.main/conversions.csv",
			     note, sizeof note, &b.e),
	    1);
	assert_non_null(strstr(note, "oldest rows are left out"));
}

/* Where a line that was created in another second than the one before it
 * begins, behind at least so many bytes. */
static const char *
whole_seconds(const char *rows, size_t behind)
{
	const char *p = rows, *last = rows;

	while (*p != '\0' &&
	       ((size_t)(p - rows) < behind ||
		   memcmp(p, last, strlen("2026-11-20 10:00:00")) == 0)) {
		last = p;
		p = strchr(p, '\n') + 1;
	}
	return p;
}

static void
no_more_than_whole_seconds_that_have_to_go_are_left_out(void **state)
{
	static const size_t limit[] = { 1024, 5000, 20000, 43210, 61000,
		66000 };
	char *rows = NULL, *all, *body, conf[256];
	size_t size, head;
	FILE *f = open_memstream(&rows, &size);

	(void)state;
	for (unsigned i = 0; i < 1500; i++) /* three a second */
		fprintf(f, "2026-11-20 10:%02u:%02u;%u;%u;;PAID;%u\n",
		    i / 3 / 60, i / 3 % 60, i + 1, i + 1000, i * i);
	fclose(f);
	drop(rows, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	all = strdup(bench_file(&b));
	body = strchr(all, '\n') + 1;
	head = (size_t)(body - all);
	assert_true(strlen(all) > limit[COUNT(limit) - 1]);
	for (size_t i = 0; i < COUNT(limit); i++) {
		bench_close(&b);
		snprintf(conf, sizeof conf,
		    "publish_bytes = %zu\n" BENCH_CONF(" hold = no\n"),
		    limit[i]);
		bench_open(&b, conf);
		drop(rows, NOW);
		assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
		assert_memory_equal(bench_file(&b), all, head);
		assert_string_equal(bench_file(&b) + head,
		    whole_seconds(body, strlen(all) - limit[i]));
	}
	free(rows);
	free(all);
}

static void
a_touch_gives_the_same_bytes_a_new_time(void **state)
{
	struct publish_order touch = {
		.touch = true, .reason = "again", .actor = "test"
	};

	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(bench_publish(&b, NOW, &touch), PUBLISH_LATER);
	assert_int_equal(bench_publish(&b, NOW + 5, &touch), PUBLISH_DONE);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW + 5);
}

static void
the_compressed_copy_holds_the_same_bytes(void **state)
{
	char text[4096] = "";
	gzFile f;

	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	f = gzopen(
	    instance_path(&b.inst, "published/main/conversions.csv.gz"), "r");
	assert_non_null(f);
	assert_true(gzread(f, text, sizeof text - 1) > 0);
	gzclose(f);
	assert_string_equal(text, bench_file(&b));
	assert_int_equal(bench_mtime(&b, "conversions.csv.gz"), NOW);
}

static void
a_file_that_somebody_removed_is_put_back_as_it_was(void **state)
{
	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	unlink(instance_path(&b.inst, "published/main/conversions.csv"));
	assert_int_equal(bench_publish(&b, NOW + 60, NULL), PUBLISH_SAME);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW);
}

static void
recover(int64_t now)
{
	if (publish_recover(
		b.in.store, b.in.audit, b.inst.conf, b.feed, now, &b.e) == -1)
		fail_msg("%s", b.e.text);
}

static void
copy_store(const char *from, const char *to)
{
	char command[1024];

	store_close(b.in.store);
	snprintf(command, sizeof command,
	    "cd %s/state && cp %s %s && rm -f store.db-wal store.db-shm",
	    b.inst.dir, from, to);
	assert_int_equal(system(command), 0);
	assert_int_equal(
	    store_open(&b.in.store, instance_path(&b.inst, "state/store.db"),
		false, &b.e),
	    0);
}

/* It gives the bytes of the first version again, under a time of their own. */
static void
a_store_from_a_backup_does_not_take_the_update_time_back(void **state)
{
	char *first;

	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	first = strdup(bench_file(&b));
	copy_store("store.db", "backup");
	drop("2026-11-20 10:00:00;2;222;;PAID;1\n", NOW + 5);
	assert_int_equal(bench_publish(&b, NOW + 10, NULL), PUBLISH_DONE);
	copy_store("backup", "store.db");
	recover(NOW + 8);
	assert_int_equal(bench_publish(&b, NOW + 8, NULL), PUBLISH_DONE);
	assert_string_equal(bench_file(&b), first);
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW + 11);
	assert_int_equal(bench_publish(&b, NOW + 30, NULL), PUBLISH_SAME);
	free(first);
}

/* In Berlin it is 02:10 for the second time that night; the row is of 02:50,
 * the first time, twenty minutes ago. */
static void
an_hour_that_comes_twice_is_no_future(void **state)
{
	const int64_t now = INT64_C(1792890600); /* 2026-10-25 01:10:00 UTC */

	(void)state;
	bench_close(&b);
	bench_open(&b,
	    "feed \"main\" {\n timezone = \"Europe/Berlin\"\n hold = no\n}\n");
	drop("2026-10-25 02:50:00;2;222;;PAID;1\n"
	     "2026-10-25 03:30:00;4;444;;PAID;1\n",
	    now);
	assert_int_equal(b.d.tally.future, 1);
	assert_int_equal(bench_publish(&b, now, NULL), PUBLISH_DONE);
	assert_non_null(strstr(bench_file(&b), "\n2026-10-25 02:50:00;2;"));
	assert_null(strstr(bench_file(&b), ";444;"));
	assert_int_equal(bench_publish(&b, now + 3600, NULL), PUBLISH_SAME);
	assert_int_equal(bench_publish(&b, now + 4800, NULL), PUBLISH_DONE);
	assert_non_null(strstr(bench_file(&b), "\n2026-10-25 03:30:00;4;"));
}

/* Each day's rows go at once when the feed's day turns, west of Greenwich too;
 * nothing moves in between. */
static void
a_day_turns_once(void **state)
{
	/* 2026-11-22 00:00:00 in Newfoundland (-03:30) */
	const int64_t midnight = INT64_C(1795318200);

	(void)state;
	bench_close(&b);
	bench_open(
	    &b, "feed \"main\" {\n timezone = \"America/St_Johns\"\n}\n");
	drop("2026-11-20 10:00:00;1;111;;PAID;1\n"
	     "2026-08-01 00:00:00;2;222;;PAID;1\n"
	     "2026-08-01 12:00:00;3;333;;PAID;1\n"
	     "2026-08-01;4;444;;PAID;1\n"
	     "2026-07-31 23:59:59;5;555;;PAID;1\n",
	    midnight - 3600);
	assert_int_equal(b.d.tally.too_old, 1);
	assert_int_equal(
	    bench_publish(&b, midnight - 3600, NULL), PUBLISH_DONE);
	for (int64_t t = midnight - 3000; t < midnight; t += 777)
		assert_int_equal(bench_publish(&b, t, NULL), PUBLISH_SAME);
	assert_non_null(strstr(bench_file(&b), ";222;"));
	assert_int_equal(bench_publish(&b, midnight, NULL), PUBLISH_DONE);
	assert_null(strstr(bench_file(&b), "2026-08-01"));
	assert_int_equal(bench_mtime(&b, "conversions.csv"), midnight);
	for (int64_t t = midnight + 1; t < midnight + 86400; t += 7777)
		assert_int_equal(bench_publish(&b, t, NULL), PUBLISH_SAME);
}

static void
a_version_that_was_only_planned_burns_its_time(void **state)
{
	struct publication p = { .feed = "main",
		.file = "conversions.csv",
		.mtime = NOW + 5,
		.sha256 = "0",
		.bytes = 1 };

	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(store_publication_plan(b.in.store, &p, &b.e), 0);
	instance_put(
	    instance_path(&b.inst, "published/main/.conversions.csv.new"),
	    "torn");
	recover(NOW + 5);
	assert_false(instance_has(
	    instance_path(&b.inst, "published/main/.conversions.csv.new")));
	assert_int_equal(bench_publish(&b, NOW + 5, NULL), PUBLISH_SAME);
	drop("2026-11-20 10:00:00;2;222;;PAID;1\n", NOW + 5);
	assert_int_equal(bench_publish(&b, NOW + 5, NULL), PUBLISH_LATER);
	assert_int_equal(bench_publish(&b, NOW + 6, NULL), PUBLISH_DONE);
}

static void
a_version_that_was_renamed_is_finished_after_a_crash(void **state)
{
	struct publication p;
	char path[PATH_MAX];

	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &p, &b.e),
	    1);
	/* the same file, as if its version had been planned only */
	p.id = 0;
	p.done = false;
	p.archive[0] = '\0';
	p.mtime = NOW + 3;
	assert_int_equal(store_publication_plan(b.in.store, &p, &b.e), 0);
	snprintf(path, sizeof path, "%s",
	    instance_path(&b.inst, "published/main/conversions.csv"));
	assert_int_equal(utimensat(AT_FDCWD, path,
			     (struct timespec[2]){
				 { .tv_sec = NOW + 3 }, { .tv_sec = NOW + 3 } },
			     0),
	    0);
	recover(NOW + 9);
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &p, &b.e),
	    1);
	assert_int_equal(p.mtime, NOW + 3);
	assert_int_equal(bench_publish(&b, NOW + 9, NULL), PUBLISH_SAME);
	/* the compressed copy was of another version */
	assert_int_equal(bench_mtime(&b, "conversions.csv.gz"), NOW + 3);
}

static void
a_reader_keeps_the_version_it_opened(void **state)
{
	char first[4096] = "", later[4096] = "";
	int fd;

	(void)state;
	drop(FIRST, NOW);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	fd = open(
	    instance_path(&b.inst, "published/main/conversions.csv"), O_RDONLY);
	assert_true(pread(fd, first, sizeof first - 1, 0) > 0);
	drop("2026-11-20 10:00:00;2;222;;PAID;1\n", NOW);
	assert_int_equal(bench_publish(&b, NOW + 1, NULL), PUBLISH_DONE);
	assert_true(pread(fd, later, sizeof later - 1, 0) > 0);
	close(fd);
	assert_string_equal(first, later);
	assert_string_not_equal(first, bench_file(&b));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_file_is_what_direct_takes),
		TEST(the_update_time_moves_only_with_the_bytes),
		TEST(two_changes_in_one_second_get_two_times),
		TEST(a_clock_set_back_does_not_take_the_update_time_back),
		TEST(rows_in_the_future_are_held_until_they_are_past),
		TEST(rows_leave_at_midnight_when_they_are_too_old),
		TEST(without_a_row_the_last_good_file_stays),
		TEST(a_file_that_shrinks_too_far_is_withheld_until_forced),
		TEST(each_output_has_its_own_limit_and_window),
		TEST(the_oldest_rows_go_when_the_file_would_be_too_large),
		TEST(no_more_than_whole_seconds_that_have_to_go_are_left_out),
		TEST(a_touch_gives_the_same_bytes_a_new_time),
		TEST(the_compressed_copy_holds_the_same_bytes),
		TEST(a_file_that_somebody_removed_is_put_back_as_it_was),
		TEST(a_store_from_a_backup_does_not_take_the_update_time_back),
		TEST(an_hour_that_comes_twice_is_no_future),
		TEST(a_day_turns_once),
		TEST(a_version_that_was_only_planned_burns_its_time),
		TEST(a_version_that_was_renamed_is_finished_after_a_crash),
		TEST(a_reader_keeps_the_version_it_opened),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
