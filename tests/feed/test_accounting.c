/*
 * I1 on 10,000 dumps with random damage, into one store: every record is in
 * one bucket, nothing crashes, and what is published passes the linter.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "formats/lint.h"
#include "feed/rebuild.h"
#include "tests/nasty_dump.h"
#include "tests/feed/ingest_bench.h"

#define DUMPS 10000
#define PUBLISH_EVERY 500
#define REBUILD_AT 2000
#define SPRING INT64_C(1776945600) /* 2026-04-23 12:00 UTC: the dumps' days */

static struct bench b;

static void
check_dump(uint64_t seed, int rc)
{
	const struct tally *t = &b.d.tally;

	if (t->records != t->accepted + t->unchanged + t->superseded +
			      t->skipped + t->rejected)
		fail_msg("dump %llu: %llu records do not add up",
		    (unsigned long long)seed, (unsigned long long)t->records);
	if (rc == 0 && t->records == 0)
		fail_msg("dump %llu: merged without a record",
		    (unsigned long long)seed);
	if (rc == 1 && (b.d.reason[0] == '\0' || t->accepted > 0))
		fail_msg("dump %llu: refused, but why, or not wholly",
		    (unsigned long long)seed);
}

static ssize_t
read_fd(void *ctx, void *buf, size_t n)
{
	return read(*(const int *)ctx, buf, n);
}

static void
note_error(void *ctx, const struct lint_finding *f)
{
	(void)ctx;
	if (!f->warning)
		print_error("line %lu %s: %s\n", f->line, f->column, f->code);
}

static void
lint_file(int64_t now)
{
	struct lint_options o = { .output = "conversion-center",
		.now = now + 3 * 3600,
		.any_goal = true };
	int fd = open(
	    instance_path(&b.inst, "published/main/conversions.csv"), O_RDONLY);
	struct input in = { .read = read_fd, .ctx = &fd };
	struct lint_totals t;

	assert_int_not_equal(fd, -1);
	assert_int_equal(lint_run(&in, &o, note_error, NULL, &t), FMT_OK);
	close(fd);
	assert_int_equal(t.errors, 0);
	assert_true(t.valid > 100);
}

/* Archive and ledger give the same file again (I10). */
static void
check_rebuild(uint64_t merged)
{
	struct rebuild r;

	assert_int_equal(mkdir(instance_path(&b.inst, "again"), 0700), 0);
	if (rebuild_feed(&r, b.inst.conf, b.feed, b.in.store,
		instance_path(&b.inst, "again"), &b.e) == -1)
		fail_msg("%s", b.e.text);
	assert_int_equal(r.dumps, merged);
	assert_int_equal(r.differ, 0);
	assert_int_equal(r.files, 1);
}

static void
nothing_is_lost_in_ten_thousand_nasty_dumps(void **state)
{
	uint64_t merged = 0, refused = 0, known = 0, records = 0, rejected = 0;
	int64_t now = SPRING;

	(void)state;
	for (uint64_t seed = 1; seed <= DUMPS; seed++) {
		char name[32], *bytes;
		size_t n = nasty_dump(seed, &bytes);
		int rc;

		snprintf(name, sizeof name, "nasty-%02llu.csv",
		    (unsigned long long)seed % 100);
		rc = bench_drop_bytes(&b, name, bytes, n, now);
		free(bytes);
		if (rc == -1)
			fail_msg("dump %llu: %s", (unsigned long long)seed,
			    b.e.text);
		check_dump(seed, rc);
		merged += rc == 0 && !b.known;
		known += b.known;
		refused += rc == 1;
		records += b.d.tally.records;
		rejected += b.d.tally.rejected;
		if (seed % PUBLISH_EVERY == 0) {
			assert_int_not_equal(
			    bench_publish(&b, now, NULL), PUBLISH_WITHHELD);
			now += 2;
		}
		if (seed == REBUILD_AT)
			check_rebuild(merged);
	}
	print_message("# %llu merged, %llu refused, %llu known; %llu records, "
		      "%llu rejected\n",
	    (unsigned long long)merged, (unsigned long long)refused,
	    (unsigned long long)known, (unsigned long long)records,
	    (unsigned long long)rejected);
	/* or the generator is not nasty, or too nasty, and proves nothing */
	assert_true(merged > DUMPS / 10);
	assert_true(refused > DUMPS / 100);
	assert_true(rejected > records / 100);
	bench_publish(&b, now, NULL);
	lint_file(now);
}

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    nothing_is_lost_in_ten_thousand_nasty_dumps, set_up,
		    tear_down),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
