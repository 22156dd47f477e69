#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "feed/heard.h"
#include "server/clock.h"
#include "tests/feed/ingest_bench.h"

static struct bench b;
static struct heard h;
static int pair[2];

static void
begin(void)
{
	assert_int_equal(
	    heard_open(&h, b.inst.conf, b.in.store, b.in.audit, pair[1], &b.e),
	    0);
}

static int
set_up(void **state)
{
	(void)state;
	bench_open(&b, BENCH_CONF(""));
	assert_int_equal(wire_pair(pair), 0);
	begin();
	assert_int_equal(bench_drop(&b, "a.csv",
			     HEADER "2026-11-20 10:00:00;1;111;;PAID;1\n", NOW),
	    0);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	heard_close(&h);
	close(pair[0]);
	close(pair[1]);
	bench_close(&b);
	return 0;
}

#define FILES_PID 4242

static void
tell(enum event_kind kind, uint64_t pull, const char *path, uint64_t bytes,
    bool complete)
{
	struct event ev;

	event_init(&ev, kind);
	ev.head.id = FILES_PID;
	ev.protocol = PROTO_SFTP;
	ev.pull = pull;
	ev.bytes = bytes;
	ev.size = 147;
	ev.mtime = NOW;
	ev.complete = complete;
	inet_pton(AF_INET6, "::ffff:192.0.2.7", &ev.from);
	snprintf(ev.user, sizeof ev.user, "direct");
	snprintf(ev.path, sizeof ev.path, "%s", path);
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
}

static void
count_line(void *ctx, const char *line)
{
	(void)line;
	++*(unsigned *)ctx;
}

static unsigned
lines_with(const char *one, const char *two)
{
	const char *word[] = { one, two };
	unsigned n = 0;

	assert_int_equal(
	    audit_log(b.inst.conf, word, 2, count_line, &n, &b.e), 0);
	return n;
}

static bool
keep_pull(void *ctx, const struct pull *p)
{
	*(struct pull *)ctx = *p;
	return false;
}

static struct pull
last_pull(void)
{
	struct pull p = { 0 };

	assert_int_equal(
	    store_pulls(b.in.store, "main", 1, keep_pull, &p, &b.e), 0);
	return p;
}

static void
a_pull_is_in_store_and_audit_with_the_version_s_hash(void **state)
{
	struct publication pub;
	char hash[80];

	(void)state;
	tell(EVENT_PULL_BEGIN, 5, "main/conversions.csv", 0, false);
	heard_drain(&h, false);
	assert_false(last_pull().complete);
	tell(EVENT_PULL_END, 5, "", 147, true);
	heard_drain(&h, false);
	assert_true(last_pull().complete);
	assert_string_equal(last_pull().address, "192.0.2.7");
	assert_string_equal(last_pull().protocol, "sftp");
	assert_true(h.pulled[0]);
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &pub, &b.e),
	    1);
	assert_int_equal(pub.pulls, 1);
	snprintf(hash, sizeof hash, "sha256=%s", pub.sha256);
	assert_int_equal(lines_with("event=pulled", hash), 1);
}

static void
the_compressed_copy_is_the_same_version(void **state)
{
	struct publication pub;

	(void)state;
	tell(EVENT_PULL_BEGIN, 6, "main/conversions.csv.gz", 0, false);
	tell(EVENT_PULL_END, 6, "", 99, true);
	heard_drain(&h, false);
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &pub, &b.e),
	    1);
	assert_int_equal(pub.pulls, 1);
	assert_int_equal(
	    lines_with("event=pulled", "path=main/conversions.csv.gz"), 1);
}

static void
a_short_pull_is_told_as_a_whole(void **state)
{
	static const struct {
		const char *path;
		uint64_t bytes;
		bool complete;
		const char *in_audit;
	} row[] = {
		{ "main/conversions.csv", 147, true, "bytes=147" },
		{ "main/conversions.csv.gz", 99, true, "bytes=99" },
		{ "main/conversions.csv", 20, false, "bytes=20" },
		{ "main/other.csv", 30, true, "\"sha256\":\"\"" },
	};
	struct publication pub;

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		for (int again = 0; again < 2; again++)
			tell(EVENT_PULLED, 50 + i, row[i].path, row[i].bytes,
			    row[i].complete);
		heard_drain(&h, false);
		assert_int_equal(last_pull().id, 50 + i);
		assert_int_equal(last_pull().bytes, row[i].bytes);
		assert_int_equal(last_pull().complete, row[i].complete);
		assert_int_not_equal(last_pull().ended, 0);
		assert_int_equal(
		    lines_with("event=pulled", row[i].in_audit), 2);
	}
	assert_int_equal(h.runs, 0);
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &pub, &b.e),
	    1);
	assert_int_equal(pub.pulls, 2);
}

static void
in_a_transaction_all_waits(void **state)
{
	(void)state;
	assert_int_equal(store_begin(b.in.store, &b.e), 0);
	tell(EVENT_PULL_BEGIN, 7, "main/conversions.csv", 0, false);
	tell(EVENT_LOGIN_FAILED, 0, "", 0, false);
	tell(EVENT_PULL_END, 7, "main/conversions.csv", 100, false);
	heard_drain(&h, true);
	assert_int_equal(lines_with("event=login_failed", "192.0.2.7"), 0);
	assert_int_equal(lines_with("event=pulled", "direct"), 0);
	store_rollback(b.in.store);
	heard_drain(&h, false);
	assert_int_equal(last_pull().bytes, 100);
	assert_false(last_pull().complete);
	assert_false(h.pulled[0]);
	assert_int_equal(lines_with("event=pulled", "direct"), 1);
	assert_int_equal(lines_with("event=login_failed", "192.0.2.7"), 1);
}

/* What is on the disk when the process is killed, and what is done of it. */
static void
what_a_kill_left_is_taken_once(void **state)
{
	char events[PATH_MAX];
	char *kept = mem_alloc(1 << 20);
	int fd;

	(void)state;
	conf_path(events, b.inst.conf, "state", "events", NULL);
	tell(EVENT_LOGIN, 0, "", 0, true);
	heard_drain(&h, false);
	tell(EVENT_PULL_BEGIN, 7, "main/conversions.csv", 0, false);
	tell(EVENT_LOGIN_FAILED, 0, "", 0, false);
	tell(EVENT_PULL_END, 7, "main/conversions.csv", 147, true);
	tell(EVENT_PULL_BEGIN, 8, "main/conversions.csv", 0, false);
	tell(EVENT_PULL_AT, 8, "main/conversions.csv", 60, false);
	heard_drain(&h, true); /* to the disk alone */
	fd = open(events, O_RDWR);
	assert_int_equal(pread(fd, kept, 1 << 20, 0), 1 << 20);
	heard_close(&h);
	begin(); /* as after a kill before anything was done */
	assert_int_equal(lines_with("event=login_failed", "192.0.2.7"), 1);
	assert_int_equal(lines_with("event=pulled", "\"complete\":true"), 1);
	assert_int_equal(last_pull().bytes, 60);
	heard_close(&h);
	/* as after a kill when all was done, but the disk not told so */
	assert_int_equal(pwrite(fd, kept, 1 << 20, 0), 1 << 20);
	begin();
	heard_drain(&h, false);
	assert_int_equal(lines_with("event=login_failed", "192.0.2.7"), 1);
	assert_int_equal(lines_with("event=pulled", "\"complete\":true"), 1);
	assert_int_equal(heard_close_pulls(&h, NOW + 50, &b.e), 0);
	assert_int_equal(lines_with("event=pulled", "\"bytes\":60"), 1);
	/* a file that is lost, or torn: the numbers go on */
	heard_close(&h);
	assert_int_equal(ftruncate(fd, 100), 0);
	begin();
	tell(EVENT_LOGIN_FAILED, 0, "", 0, false);
	heard_drain(&h, true);
	heard_close(&h);
	begin();
	assert_int_equal(lines_with("event=login_failed", "192.0.2.7"), 2);
	heard_close(&h);
	assert_int_equal(unlink(events), 0);
	begin();
	tell(EVENT_LOGIN_FAILED, 0, "", 0, false);
	heard_drain(&h, true);
	heard_close(&h);
	begin();
	assert_int_equal(lines_with("event=login_failed", "192.0.2.7"), 3);
	close(fd);
	free(kept);
}

static void
thousands_wait_on_the_disk(void **state)
{
	struct stat st;
	char events[PATH_MAX];

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		tell(EVENT_LOGIN, 0, "", 0, true);
		if (i % 50 == 0)
			heard_drain(&h, true);
	}
	assert_int_equal(lines_with("event=login", "direct"), 0);
	for (unsigned i = 0; i < 4; i++)
		heard_drain(&h, false);
	assert_int_equal(lines_with("event=login", "direct"), 20000);
	conf_path(events, b.inst.conf, "state", "events", NULL);
	assert_int_equal(stat(events, &st), 0);
	assert_int_equal(st.st_size, 1 << 20);
}

static void
a_pull_that_a_crash_cut_off_is_closed_as_incomplete(void **state)
{
	(void)state;
	tell(EVENT_PULL_BEGIN, 8, "main/conversions.csv", 0, false);
	tell(EVENT_PULL_AT, 8, "main/conversions.csv", 77, false);
	heard_drain(&h, false);
	assert_int_equal(last_pull().ended, 0);
	assert_int_equal(heard_close_pulls(&h, NOW + 50, &b.e), 0);
	assert_int_equal(last_pull().ended, NOW + 50);
	assert_int_equal(lines_with("event=pulled", "\"complete\":false"), 1);
	assert_int_equal(lines_with("event=pulled", "\"bytes\":77"), 1);
}

static void
pulls_of_a_files_process_that_died_are_closed(void **state)
{
	struct event ev;

	(void)state;
	tell(EVENT_PULL_BEGIN, 9, "main/conversions.csv", 0, false);
	tell(EVENT_PULL_AT, 9, "main/conversions.csv", 55, false);
	event_init(&ev, EVENT_FILES_GONE);
	ev.pull = 4711; /* another one */
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
	heard_drain(&h, false);
	assert_int_equal(lines_with("event=pulled", "direct"), 0);
	ev.pull = FILES_PID;
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
	heard_drain(&h, false);
	assert_int_not_equal(last_pull().ended, 0);
	assert_false(last_pull().complete);
	assert_int_equal(lines_with("event=pulled", "\"complete\":false"), 1);
	assert_int_equal(lines_with("event=pulled", "\"bytes\":55"), 1);
	assert_int_equal(h.runs, 0);
}

static void
uploads_and_archive_reads_are_in_the_audit(void **state)
{
	(void)state;
	tell(EVENT_UPLOADED, 0, "main/deals.csv", 1234, true);
	tell(EVENT_ARCHIVE_READ, 0, "main/2026/11/22/x.gz", 0, true);
	tell(EVENT_LOGIN, 0, "", 0, true);
	heard_drain(&h, false);
	assert_int_equal(lines_with("event=uploaded", "bytes=1234"), 1);
	assert_int_equal(lines_with("event=archive_read", "x.gz"), 1);
	assert_int_equal(lines_with("event=login", "user=direct"), 1);
}

static void
a_strange_event_is_passed_over(void **state)
{
	struct event ev;

	(void)state;
	event_init(&ev, EVENT_LOGIN);
	ev.kind = 999;
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
	/* no terminator anywhere, a path that names no feed */
	event_init(&ev, EVENT_PULL_END);
	memset(ev.user, 'u', sizeof ev.user);
	memset(ev.path, 'p', sizeof ev.path);
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
	heard_drain(&h, false);
	assert_int_equal(lines_with("event=pulled", "\"sha256\":\"\""), 1);
}

static void
what_was_taken_and_not_kept_comes_again(void **state)
{
	struct spooled first, s;

	(void)state;
	tell(EVENT_PULL_BEGIN, 5, "main/conversions.csv", 0, false);
	tell(EVENT_PULL_END, 5, "", 147, true);
	spool_pump(h.spool);
	assert_true(spool_next(h.spool, &first));
	spool_took(h.spool);
	assert_true(spool_next(h.spool, &s));
	spool_took(h.spool);
	assert_false(spool_next(h.spool, &s));
	spool_back(h.spool, first.number);
	heard_drain(&h, false);
	assert_true(last_pull().complete);
	assert_int_equal(lines_with("event=pulled", "bytes=147"), 1);
}

/* Nothing may be written behind so many bytes of a file: the audit is short,
 * what the store commits is not. */
static void
let_files_grow_to(rlim_t bytes)
{
	struct rlimit l;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &l), 0);
	l.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &l), 0);
}

static void
an_end_that_the_store_could_not_keep_comes_again(void **state)
{
	struct event ev;

	(void)state;
	tell(EVENT_PULL_BEGIN, 9, "main/conversions.csv", 0, false);
	heard_drain(&h, false);
	event_init(&ev, EVENT_FILES_GONE);
	ev.pull = FILES_PID;
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
	spool_pump(h.spool);
	let_files_grow_to(12 * 1024);
	heard_drain(&h, false);
	let_files_grow_to(RLIM_INFINITY);
	assert_string_not_equal(h.said, "");
	assert_int_equal(last_pull().ended, 0);
	h.again_ms = 0;
	heard_drain(&h, false);
	assert_string_equal(h.said, "");
	assert_int_not_equal(last_pull().ended, 0);
	assert_int_equal(h.runs, 0);
	assert_int_equal(lines_with("event=pulled", "direct"), 1);
}

/* No row of it can be changed, or can be again. */
static void
freeze_table(const char *table, bool frozen)
{
	char path[PATH_MAX], sql[200];
	sqlite3 *db;

	conf_path(path, b.inst.conf, "state", "store.db", NULL);
	snprintf(sql, sizeof sql,
	    frozen ? "CREATE TRIGGER frozen BEFORE UPDATE ON %s"
		     " BEGIN SELECT RAISE(FAIL, 'frozen'); END"
		   : "DROP TRIGGER frozen",
	    table);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
ends_that_fail_are_in_the_audit_once(void **state)
{
	struct event ev;

	(void)state;
	tell(EVENT_PULL_BEGIN, 9, "main/conversions.csv", 0, false);
	event_init(&ev, EVENT_FILES_GONE);
	ev.pull = FILES_PID;
	assert_int_equal(wire_send(pair[0], &ev.head, -1), 0);
	freeze_table("pulls", true);
	for (int i = 0; i < 3; i++) {
		heard_drain(&h, false);
		assert_string_not_equal(h.said, "");
		h.again_ms = 0;
	}
	freeze_table("pulls", false);
	heard_drain(&h, false);
	assert_int_not_equal(last_pull().ended, 0);
	assert_int_equal(lines_with("event=pulled", "direct"), 1);
}

static void
an_event_is_kept_whole_or_waits_and_those_before_it_do_not(void **state)
{
	struct publication p;

	(void)state;
	tell(EVENT_PULL_BEGIN, 9, "main/conversions.csv", 0, false);
	tell(EVENT_PULL_END, 9, "", 147, true);
	tell(EVENT_PULLED, 10, "main/conversions.csv", 148, true);
	freeze_table("publications", true);
	heard_drain(&h, false);
	assert_string_not_equal(h.said, "");
	assert_int_equal(last_pull().id, 9);
	assert_int_equal(last_pull().ended, 0);
	freeze_table("publications", false);
	h.again_ms = 0;
	heard_drain(&h, false);
	assert_string_equal(h.said, "");
	assert_int_equal(last_pull().id, 10);
	assert_true(last_pull().complete);
	assert_int_equal(store_publication_get(
			     b.in.store, last_pull().publication, &p, &b.e),
	    1);
	assert_int_equal(p.pulls, 2);
	assert_int_equal(lines_with("event=pulled", "bytes=147"), 1);
	assert_int_equal(lines_with("event=pulled", "bytes=148"), 1);
}

#define REST_MS 20 /* between two batches */

static void
between_two_batches_it_lets_more_come(void **state)
{
	int64_t before;

	(void)state;
	assert_int_not_equal(heard_fd(&h), -1);
	tell(EVENT_UPLOADED, 0, "main/deals.csv", 1234, true);
	before = clock_ms();
	heard_drain(&h, false);
	/* unless the machine stood still meanwhile */
	assert_true(heard_fd(&h) == -1 || clock_ms() - before >= REST_MS);
	assert_true(
	    heard_wait_ms(&h) <= REST_MS || clock_ms() - before >= REST_MS);
	while (heard_fd(&h) == -1)
		usleep(1000);
	assert_int_equal(lines_with("event=uploaded", "bytes=1234"), 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_pull_is_in_store_and_audit_with_the_version_s_hash),
		TEST(the_compressed_copy_is_the_same_version),
		TEST(a_short_pull_is_told_as_a_whole),
		TEST(in_a_transaction_all_waits),
		TEST(what_a_kill_left_is_taken_once),
		TEST(thousands_wait_on_the_disk),
		TEST(a_pull_that_a_crash_cut_off_is_closed_as_incomplete),
		TEST(pulls_of_a_files_process_that_died_are_closed),
		TEST(uploads_and_archive_reads_are_in_the_audit),
		TEST(a_strange_event_is_passed_over),
		TEST(what_was_taken_and_not_kept_comes_again),
		TEST(an_end_that_the_store_could_not_keep_comes_again),
		TEST(
		    an_event_is_kept_whole_or_waits_and_those_before_it_do_not),
		TEST(ends_that_fail_are_in_the_audit_once),
		TEST(between_two_batches_it_lets_more_come),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
