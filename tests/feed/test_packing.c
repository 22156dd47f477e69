/*
 * Packing when nobody waits: a large dump and its version are whole in the
 * archive at once, small later, whatever comes between; the sidecar follows.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <zlib.h>

#include "store/archive.h"
#include "feed/packing.h"
#include "tests/feed/ingest_bench.h"

#define ROWS 70000

static struct bench b;
static char *large;

static int
set_up(void **state)
{
	size_t n;
	FILE *f = open_memstream(&large, &n);

	(void)state;
	bench_open(&b, BENCH_CONF(" hold = no\n"));
	fputs(HEADER, f);
	for (int i = 0; i < ROWS; i++)
		fprintf(f,
		    "2026-11-20 10:%02d:%02d;order-number-%d;%d;7916%07d;PAID;"
		    "1234.%02d\n",
		    i / 60 % 60, i % 60, i, 100000 + i, i, i % 100);
	fclose(f);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	bench_close(&b);
	free(large);
	return 0;
}

static struct packing *
packing(void)
{
	struct packing *p = packing_open(b.inst.conf, b.in.store, &b.e);

	assert_non_null(p);
	return p;
}

/* The files that are to be packed. */
static int
left(void)
{
	struct publication last;
	char path[512];
	int64_t id;
	int n = 0;

	if (store_publication_last(
		b.in.store, "main", "conversions.csv", true, &last, &b.e) == 1)
		n += store_unpacked_has(b.in.store, last.id, &b.e);
	n += store_unpacked_has(b.in.store, 0, &b.e);
	assert_int_equal(
	    store_unpacked_next(b.in.store, path, &id, &b.e), n > 0);
	return n;
}

/* Until nothing is left. */
static void
pack_all(struct packing *p)
{
	struct pollfd f = { .fd = packing_fd(p), .events = POLLIN };

	while (packing_step(p, true))
		poll(&f, 1, 10000);
}

static const char *
shell(const char *format)
{
	static char line[256];
	char command[1024];
	FILE *f;

	snprintf(command, sizeof command, "cd '%s' && ", b.inst.dir);
	strncat(command, format, sizeof command - strlen(command) - 1);
	f = popen(command, "re");
	if (f == NULL || fgets(line, sizeof line, f) == NULL)
		line[0] = '\0';
	if (f != NULL)
		pclose(f);
	line[strcspn(line, "\n")] = '\0';
	return line;
}

/* The archive's files that are longer than a megabyte. */
static void
check_large(const char *want)
{
	assert_string_equal(
	    shell("find archive -type f -size +2000k | wc -l"), want);
	assert_string_equal(
	    shell("find archive published -name '.*' | wc -l"), "0");
	assert_string_equal(shell("find archive -name '*.gz' -print0 |"
				  " xargs -0 gzip -t && echo sound"),
	    "sound");
}

static void
check_sidecar(int64_t mtime, bool same)
{
	assert_int_equal(bench_mtime(&b, "conversions.csv.gz"), mtime);
	assert_string_equal(shell("zcat published/main/conversions.csv.gz |"
				  " cmp -s - published/main/conversions.csv &&"
				  " echo same"),
	    same ? "same" : "");
}

/* A small version with its sidecar, then a large one. */
static void
publish_both(void)
{
	assert_int_equal(bench_drop(&b, "small.csv",
			     HEADER "2026-11-20 10:00:00;1;111;79991234567;"
				    "PAID;100\n",
			     NOW),
	    0);
	assert_int_equal(left(), 0);
	assert_int_equal(bench_publish(&b, NOW, NULL), PUBLISH_DONE);
	assert_int_equal(left(), 0);
	check_sidecar(NOW, true);
	assert_int_equal(bench_drop(&b, "large.csv", large, NOW + 5), 0);
	assert_int_equal(left(), 1);
	assert_int_equal(bench_publish(&b, NOW + 5, NULL), PUBLISH_DONE);
	assert_int_equal(left(), 2);
	check_large("2");
	assert_int_equal(bench_mtime(&b, "conversions.csv"), NOW + 5);
}

static void
audit_holds(void)
{
	assert_int_equal(
	    archive_matches(b.inst.conf, b.d.archive, b.d.sha256, &b.e), 1);
}

static void
the_sidecar_follows_a_large_file(void **state)
{
	struct packing *p = packing();

	(void)state;
	publish_both();
	/* the one before stays whole, with its own time */
	check_sidecar(NOW, false);
	assert_false(packing_step(p, false));
	check_large("2");
	audit_holds();
	pack_all(p);
	assert_int_equal(left(), 0);
	check_large("0");
	check_sidecar(NOW + 5, true);
	audit_holds();
	assert_int_equal(packing_wait_ms(p), INT_MAX);
	packing_close(p);
}

static void
what_was_interrupted_goes_on(void **state)
{
	struct packing *p;

	(void)state;
	publish_both();
	for (int i = 0; i < 5; i++) {
		p = packing();
		assert_true(packing_step(p, true));
		if (i % 2 == 0)
			packing_stop(p);
		packing_close(p);
		assert_int_equal(left(), 2);
		check_large("2");
	}
	/* recovery leaves the one before until the new one is made */
	assert_int_equal(publish_recover(b.in.store, b.in.audit, b.inst.conf,
			     b.feed, NOW + 6, &b.e),
	    0);
	check_sidecar(NOW, false);
	p = packing();
	pack_all(p);
	check_sidecar(NOW + 5, true);
	packing_close(p);
}

/* Killed after each step of a version's end: its file is packed, its sidecar in
 * place, the store has forgotten it. */
static void
killed_between_two_steps_it_comes_to_the_same(void **state)
{
	struct publication last;

	(void)state;
	publish_both();
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &last, &b.e),
	    1);
	for (int killed = 0; killed < 4; killed++) {
		struct packing *p = packing();

		if (killed > 0 && killed < 3) /* it had not forgotten */
			assert_int_equal(store_unpacked_add(b.in.store,
					     last.archive, last.id, &b.e),
			    0);
		if (killed == 1 || killed == 3) /* it was not in place */
			unlink(instance_path(
			    &b.inst, "published/main/conversions.csv.gz"));
		assert_int_equal(publish_recover(b.in.store, b.in.audit,
				     b.inst.conf, b.feed, NOW + 6, &b.e),
		    0);
		pack_all(p);
		packing_close(p);
		assert_int_equal(left(), 0);
		check_large("0");
		check_sidecar(NOW + 5, true);
		assert_int_equal(
		    bench_publish(&b, NOW + 7, NULL), PUBLISH_SAME);
	}
}

/* The older one is packed all the same, and its copy shown to nobody. */
static void
a_newer_version_has_its_own_sidecar(void **state)
{
	static const struct publish_order touch = {
		.touch = true, .reason = "t", .actor = "a"
	};
	struct packing *p = packing();
	struct pollfd f = { .fd = packing_fd(p), .events = POLLIN };

	(void)state;
	publish_both();
	assert_true(packing_step(p, true));
	assert_int_equal(bench_publish(&b, NOW + 9, &touch), PUBLISH_DONE);
	assert_int_equal(poll(&f, 1, 120000), 1);
	packing_step(p, false);
	check_sidecar(NOW, false);
	pack_all(p);
	check_large("0");
	check_sidecar(NOW + 9, true);
	packing_close(p);
}

static void
what_is_gone_is_forgotten(void **state)
{
	struct packing *p = packing();

	(void)state;
	publish_both();
	assert_true(packing_step(p, true));
	shell("rm -r archive/main");
	pack_all(p);
	assert_int_equal(left(), 0);
	assert_string_equal(shell("find archive -type f | wc -l"), "0");
	check_sidecar(NOW, false);
	packing_close(p);
}

/* Killed between the archive and the store; what somebody dropped as gzip is
 * never packed, however little it is. */
static void
what_nobody_noted_is_found(void **state)
{
	struct packing *p = packing();
	struct publication last;
	char level0[PATH_MAX + 64];
	gzFile g;

	(void)state;
	publish_both();
	snprintf(level0, sizeof level0, "%s/dropped.gz", b.inst.dir);
	g = gzopen(level0, "wb0");
	assert_true(gzwrite(g, large, (unsigned)strlen(large)) > 0);
	gzclose(g);
	shell("mkdir -p archive/main/2026/11/20 && cp dropped.gz"
	      " archive/main/2026/11/20/101010-dropped.gz-"
	      "$(sha256sum <dropped.gz | cut -c1-12).gz");
	check_large("3");
	assert_int_equal(store_unpacked_drop(b.in.store, b.d.archive, &b.e), 0);
	assert_int_equal(left(), 1);
	packing_close(p);
	p = packing();
	assert_int_equal(left(), 2);
	/* what was noted stays a version's, for its sidecar */
	assert_int_equal(store_publication_last(b.in.store, "main",
			     "conversions.csv", true, &last, &b.e),
	    1);
	assert_int_equal(store_unpacked_has(b.in.store, last.id, &b.e), 1);
	pack_all(p);
	packing_close(p);
	check_large("1");
	check_sidecar(NOW + 5, true);
	audit_holds();
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_sidecar_follows_a_large_file),
		TEST(what_was_interrupted_goes_on),
		TEST(killed_between_two_steps_it_comes_to_the_same),
		TEST(a_newer_version_has_its_own_sidecar),
		TEST(what_is_gone_is_forgotten),
		TEST(what_nobody_noted_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
