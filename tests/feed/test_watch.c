#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <poll.h>
#include <sys/time.h>

#include "feed/watch.h"
#include "server/clock.h"
#include "tests/server/instance.h"

#define SETTLE_MS 60
#define CONF                                                                   \
	"settle_ms = 60\n"                                                     \
	"feed \"main\" {\n timezone = \"Europe/Moscow\"\n"                     \
	" source \"shop\" { preset = \"generic\" }\n}\n"

static struct instance inst;
static struct watch *w;

static int
set_up(void **state)
{
	struct err e = ERR_EMPTY;

	(void)state;
	instance_open(&inst, CONF);
	assert_int_equal(watch_open(&w, inst.conf, &e), 0);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	watch_close(w);
	instance_close(&inst);
	return 0;
}

/* Whatever comes within ms. */
static bool
comes(struct watch_found *f, int ms)
{
	struct err e = ERR_EMPTY;

	for (int left = ms; left >= 0;) {
		struct pollfd p = { .fd = watch_fd(w), .events = POLLIN };
		int wait;

		switch (watch_next(w, f, &e)) {
		case 1:
			return true;
		case -1:
			fail_msg("%s", e.text);
		}
		wait = watch_timeout(w);
		if (wait > 10 || wait < 1)
			wait = 10;
		poll(&p, 1, wait);
		left -= wait;
	}
	return false;
}

/* Does nothing come for ms?  Only when the machine stood still for so long that
 * it is due may it. */
static bool
waits(struct watch_found *f, int ms, int64_t due_ms)
{
	if (!comes(f, ms))
		return true;
	assert_true(clock_ms() >= due_ms);
	return false;
}

static void
drop_by_rename(const char *name, const char *bytes)
{
	instance_put(instance_path(&inst, "outside"), bytes);
	assert_int_equal(rename(instance_path(&inst, "outside"),
			     instance_path(&inst, "inbox/main/%s", name)),
	    0);
}

static void
a_file_renamed_into_place_is_taken_at_once(void **state)
{
	struct watch_found f;
	struct err e = ERR_EMPTY;

	(void)state;
	drop_by_rename("deals.csv", "id\n1\n");
	assert_true(comes(&f, 0));
	assert_int_equal(f.what, WATCH_DUMP);
	assert_string_equal(f.name, "deals.csv");
	assert_string_equal(f.source->source, "");
	assert_int_equal(watch_remove(w, &f, &e), 0);
	close(f.fd);
	assert_false(
	    instance_has(instance_path(&inst, "inbox/main/deals.csv")));
	assert_false(comes(&f, 150));
}

static void
a_file_that_grows_waits_until_it_stands_still(void **state)
{
	struct watch_found f;
	FILE *to = fopen(instance_path(&inst, "inbox/main/slow.csv"), "w");
	bool waited = true;

	(void)state;
	for (int i = 0; i < 6 && waited; i++) {
		int64_t now = clock_ms();

		fputs("more\n", to);
		fflush(to);
		waited = waits(&f, 30, now + SETTLE_MS);
	}
	fclose(to);
	if (waited)
		assert_true(comes(&f, 1000));
	assert_string_equal(f.name, "slow.csv");
	close(f.fd);
}

static void
unfinished_names_are_never_taken(void **state)
{
	static const char *const name[] = { ".hidden.csv", "a.part",
		"a.csv.filepart", "a.TMP", "a.csv~", ".part" };
	struct watch_found f;

	(void)state;
	for (size_t i = 0; i < sizeof name / sizeof *name; i++)
		drop_by_rename(name[i], "id\n");
	assert_false(comes(&f, 200));
	assert_int_equal(rename(instance_path(&inst, "inbox/main/a.part"),
			     instance_path(&inst, "inbox/main/a.csv")),
	    0);
	assert_true(comes(&f, 0));
	assert_string_equal(f.name, "a.csv");
	close(f.fd);
}

static void
a_folder_of_a_source_is_an_inbox_of_its_own(void **state)
{
	struct watch_found f;

	(void)state;
	instance_put(instance_path(&inst, "inbox/main/shop/orders.csv"), "x");
	assert_true(comes(&f, 1000));
	assert_string_equal(f.name, "orders.csv");
	assert_string_equal(f.source->source, "shop");
	close(f.fd);
}

static void
what_is_no_plain_file_goes_to_quarantine_unopened(void **state)
{
	struct watch_found f;

	(void)state;
	/* Opening the FIFO would wait for a writer and hang the test. */
	assert_int_equal(
	    mkfifo(instance_path(&inst, "inbox/main/fifo.csv"), 0600), 0);
	assert_true(comes(&f, 1000));
	assert_int_equal(f.what, WATCH_QUARANTINED);
	assert_non_null(strstr(f.why, "FIFO"));
	assert_true(instance_has(
	    instance_path(&inst, "state/quarantine/main/fifo.csv")));

	assert_int_equal(
	    symlink("/etc/passwd", instance_path(&inst, "inbox/main/link.csv")),
	    0);
	assert_true(comes(&f, 1000));
	assert_int_equal(f.what, WATCH_QUARANTINED);
	assert_non_null(strstr(f.why, "symbolic link"));

	instance_put(instance_path(&inst, "outside"), "x");
	assert_int_equal(link(instance_path(&inst, "outside"),
			     instance_path(&inst, "inbox/main/hard.csv")),
	    0);
	assert_true(comes(&f, 1000));
	assert_int_equal(f.what, WATCH_QUARANTINED);
	assert_non_null(strstr(f.why, "hard link"));
	assert_false(instance_has(instance_path(&inst, "inbox/main/hard.csv")));
}

static void
two_quarantined_files_of_one_name_are_both_kept(void **state)
{
	struct watch_found f;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
		    mkfifo(instance_path(&inst, "inbox/main/same.csv"), 0600),
		    0);
		assert_true(comes(&f, 1000));
		assert_int_equal(f.what, WATCH_QUARANTINED);
	}
	assert_true(instance_has(
	    instance_path(&inst, "state/quarantine/main/same.csv")));
	assert_true(instance_has(
	    instance_path(&inst, "state/quarantine/main/same.csv.1")));
}

static void
a_stranger_s_file_goes_to_quarantine(void **state)
{
	struct watch_found f;
	const char *path = instance_path(&inst, "inbox/main/theirs.csv");

	(void)state;
	if (geteuid() != 0)
		skip(); /* only root can give a file away */
	instance_put(path, "x");
	assert_int_equal(chown(path, 54321, 54321), 0);
	assert_true(comes(&f, 1000));
	assert_int_equal(f.what, WATCH_QUARANTINED);
	assert_non_null(strstr(f.why, "54321"));
}

static void
an_unknown_folder_is_reported_once(void **state)
{
	struct watch_found f;

	(void)state;
	assert_int_equal(
	    mkdir(instance_path(&inst, "inbox/main/october"), 0700), 0);
	assert_true(comes(&f, 1000));
	assert_int_equal(f.what, WATCH_UNREADABLE);
	assert_int_equal(f.fd, -1);
	assert_false(comes(&f, 200));
	assert_true(instance_has(instance_path(&inst, "inbox/main/october")));
}

static void
a_file_replaced_while_it_was_read_is_not_removed(void **state)
{
	struct watch_found f;
	struct err e = ERR_EMPTY;
	char *text;

	(void)state;
	drop_by_rename("deals.csv", "old");
	assert_true(comes(&f, 0));
	drop_by_rename("deals.csv", "newer");
	assert_int_equal(watch_remove(w, &f, &e), 0);
	close(f.fd);
	assert_true(comes(&f, 1000));
	assert_string_equal(f.name, "deals.csv");
	text = instance_get(instance_path(&inst, "inbox/main/deals.csv"));
	assert_string_equal(text, "newer");
	free(text);
	assert_int_equal(watch_remove(w, &f, &e), 0);
	close(f.fd);
	assert_false(
	    instance_has(instance_path(&inst, "inbox/main/deals.csv")));
}

static void
a_file_rewritten_while_it_was_read_is_not_removed(void **state)
{
	struct watch_found f;
	struct err e = ERR_EMPTY;

	(void)state;
	drop_by_rename("deals.csv", "old");
	assert_true(comes(&f, 0));
	instance_put(instance_path(&inst, "inbox/main/deals.csv"), "longer");
	assert_int_equal(watch_remove(w, &f, &e), 0);
	close(f.fd);
	assert_true(comes(&f, 1000));
	assert_int_equal(f.what, WATCH_DUMP);
	close(f.fd);
}

static void
what_must_wait_comes_again(void **state)
{
	struct watch_found f;
	int64_t now;

	(void)state;
	drop_by_rename("deals.csv", "x");
	assert_true(comes(&f, 0));
	close(f.fd);
	now = clock_ms();
	watch_later(w, &f, 150);
	if (waits(&f, 50, now + 150))
		assert_true(comes(&f, 1000));
	assert_string_equal(f.name, "deals.csv");
	close(f.fd);
}

static void
what_lay_there_before_is_found_and_what_a_crash_hid_too(void **state)
{
	struct watch_found f;
	struct err e = ERR_EMPTY;

	(void)state;
	watch_close(w);
	w = NULL;
	instance_put(instance_path(&inst, "inbox/main/b.csv"), "b");
	instance_put(
	    instance_path(&inst, "inbox/main/.convdrop-taken.a.csv"), "a");
	assert_int_equal(watch_open(&w, inst.conf, &e), 0);
	assert_true(comes(&f, 1000));
	assert_string_equal(f.name, "a.csv"); /* same second: by name */
	close(f.fd);
	assert_true(comes(&f, 1000));
	assert_string_equal(f.name, "b.csv");
	close(f.fd);
}

static void
many_files_come_in_the_order_of_their_names(void **state)
{
	struct watch_found f;
	struct err e = ERR_EMPTY;
	char name[64], last[256] = "";
	int64_t settled = 0;
	int n = 0;

	(void)state;
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "d%03d.csv", 499 - i);
		drop_by_rename(name, "x");
	}
	while (n < 500 && comes(&f, 1000)) {
		if (f.settled == settled)
			assert_true(strcmp(last, f.name) < 0);
		else
			assert_true(f.settled > settled);
		settled = f.settled;
		memcpy(last, f.name, sizeof last);
		assert_int_equal(watch_remove(w, &f, &e), 0);
		close(f.fd);
		n++;
	}
	assert_int_equal(n, 500);
	assert_false(comes(&f, 100));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_renamed_into_place_is_taken_at_once),
		TEST(a_file_that_grows_waits_until_it_stands_still),
		TEST(unfinished_names_are_never_taken),
		TEST(a_folder_of_a_source_is_an_inbox_of_its_own),
		TEST(what_is_no_plain_file_goes_to_quarantine_unopened),
		TEST(two_quarantined_files_of_one_name_are_both_kept),
		TEST(a_stranger_s_file_goes_to_quarantine),
		TEST(an_unknown_folder_is_reported_once),
		TEST(a_file_replaced_while_it_was_read_is_not_removed),
		TEST(a_file_rewritten_while_it_was_read_is_not_removed),
		TEST(what_must_wait_comes_again),
		TEST(what_lay_there_before_is_found_and_what_a_crash_hid_too),
		TEST(many_files_come_in_the_order_of_their_names),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
