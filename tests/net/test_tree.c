/*
 * What a client sees after login, and what it cannot reach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/tree.h"
#include "tests/server/instance.h"

static const char config[] = "feed main {\n"
			     "  timezone = \"Europe/Moscow\"\n"
			     "  source shop { }\n"
			     "}\n"
			     "feed other { timezone = \"Europe/Moscow\" }\n";

static struct instance instance;
static struct tree tree;
static char outside[PATH_MAX];

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int
setup(void **state)
{
	static const char *const folder[] = { "inbox/main", "inbox/main/shop",
		"inbox/other", "published/main", "published/other",
		"reports/main", "reports/main/.masked", "archive/main",
		"archive/main/2026", "published/main/folder" };
	struct err e = ERR_EMPTY;

	(void)state;
	instance_open(&instance, config);
	for (size_t i = 0; i < sizeof folder / sizeof folder[0]; i++)
		mkdir(instance_path(&instance, "%s", folder[i]), 0750);
	put(instance_path(&instance, "published/main/conversions.csv"), "main");
	put(instance_path(&instance, "published/main/conversions.csv.gz"),
	    "gz");
	put(instance_path(&instance, "published/main/.new"), "half");
	put(instance_path(&instance, "published/other/conversions.csv"),
	    "other");
	put(instance_path(&instance, "inbox/main/dump.csv"), "dump");
	put(instance_path(&instance, "inbox/main/.upload-1"), "half");
	put(instance_path(&instance, "inbox/main/shop/dump.csv"), "dump");
	put(instance_path(&instance, "reports/main/dump.csv.report.txt"), "ok");
	put(instance_path(
		&instance, "reports/main/.masked/dump.csv.report.txt"),
	    "masked");
	put(instance_path(&instance, "reports/main/old.csv.rejects.csv"),
	    "raw");
	put(instance_path(&instance, "archive/main/2026/a.gz"), "a");
	snprintf(outside, sizeof outside, "%s",
	    instance_path(&instance, "state/secret"));
	put(outside, "secret");
	assert_int_equal(symlink(outside, instance_path(&instance,
					      "published/main/link.csv")),
	    0);
	assert_int_equal(symlink(instance_path(&instance, "state"),
			     instance_path(&instance, "published/main/away")),
	    0);
	assert_int_equal(
	    mkfifo(instance_path(&instance, "inbox/main/fifo"), 0600), 0);
	assert_int_equal(tree_open_roots(&tree, instance.conf, 15, &e), 0);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < TREE_ROOTS; i++)
		close(tree.root[i]);
	instance_close(&instance);
	return 0;
}

static struct grant
grant_of(unsigned roles)
{
	struct grant g;

	memset(&g, 0, sizeof g);
	g.roles = roles;
	g.feed[0] = 1; /* main alone */
	return g;
}

enum {
	PULL = ROLE_PULL,
	DROP = ROLE_DROP,
	REPORT = ROLE_REPORT,
	AUDIT = ROLE_AUDIT,
	ADMIN = ROLE_ADMIN
};
#define LONG64                                                                 \
	"0123456789012345678901234567890123456789012345678901234567890123"

static void
paths_resolve_within_the_grant_alone(void **state)
{
	/* clang-format off */
	static const struct {
		unsigned roles;
		const char *path;
		int error;
		enum tree_kind kind;
		const char *rel;
		bool upload, read;
	} cases[] = {
		{ PULL,   "/",                            0, TREE_TOP,  "", false, false },
		{ PULL,   "",                             0, TREE_TOP,  "", false, false },
		{ PULL,   "/main",                        0, TREE_REAL, "main", false, true },
		{ PULL,   "/main/conversions.csv",        0, TREE_REAL, "main/conversions.csv", false, true },
		{ PULL,   "main//./conversions.csv/",     0, TREE_REAL, "main/conversions.csv", false, true },
		{ PULL,   "/main/folder/x",               ENOENT, 0, "", false, false },
		{ PULL,   "/other/conversions.csv",       ENOENT, 0, "", false, false },
		{ PULL,   "/inbox",                       ENOENT, 0, "", false, false },
		{ PULL,   "/inbox/main/x",                ENOENT, 0, "", false, false },
		{ PULL,   "/reports/main/x",              ENOENT, 0, "", false, false },
		{ PULL,   "/archive/main/x",              ENOENT, 0, "", false, false },
		{ PULL,   "/main/.new",                   ENOENT, 0, "", false, false },
		{ PULL,   "/main/../other/conversions.csv", EINVAL, 0, "", false, false },
		{ PULL,   "/..",                          EINVAL, 0, "", false, false },
		{ PULL,   "/main/..\\x",                  EINVAL, 0, "", false, false },
		{ PULL,   "/main/a\nb",                   EINVAL, 0, "", false, false },
		{ PULL,   "/main/" LONG64 LONG64 LONG64 LONG64, EINVAL, 0, "", false, false },
		{ DROP,   "/inbox",                       0, TREE_MOUNT, "", false, false },
		{ DROP,   "/inbox/main",                  0, TREE_REAL, "main", true, false },
		{ DROP,   "/inbox/main/new.csv",          0, TREE_REAL, "main/new.csv", true, false },
		{ DROP,   "/inbox/main/.in.new.csv",      0, TREE_REAL, "main/.in.new.csv", true, false },
		{ DROP | AUDIT, "/inbox/main/.upload-1",  0, TREE_REAL, "main/.upload-1", true, false },
		{ DROP,   "/inbox/main/shop/.new",        0, TREE_REAL, "main/shop/.new", true, false },
		{ DROP,   "/inbox/main/.shop/new.csv",    ENOENT, 0, "", false, false },
		{ DROP,   "/inbox/main/none/.new",        ENOENT, 0, "", false, false },
		{ DROP,   "/inbox/.main",                 ENOENT, 0, "", false, false },
		{ DROP,   "/.x",                          ENOENT, 0, "", false, false },
		{ AUDIT,  "/inbox/main/.upload-1",        ENOENT, 0, "", false, false },
		{ DROP,   "/inbox/main/shop/new.csv",     0, TREE_REAL, "main/shop/new.csv", true, false },
		{ DROP,   "/inbox/main/none/new.csv",     0, TREE_REAL, "main/none/new.csv", false, false },
		{ DROP,   "/inbox/main/shop/a/new.csv",   0, TREE_REAL, "main/shop/a/new.csv", false, false },
		{ DROP,   "/inbox/other/new.csv",         ENOENT, 0, "", false, false },
		{ DROP,   "/main/conversions.csv",        ENOENT, 0, "", false, false },
		{ DROP,   "/reports/main/x",              0, TREE_REAL, "main/x", false, true },
		{ DROP,   "/archive",                     ENOENT, 0, "", false, false },
		{ REPORT, "/reports/main/x",              0, TREE_REAL, "main/x", false, true },
		{ REPORT, "/inbox/main/x",                ENOENT, 0, "", false, false },
		{ REPORT, "/reports/main/.masked/x",      ENOENT, 0, "", false, false },
		{ DROP,   "/reports/main/.masked/x",      ENOENT, 0, "", false, false },
		{ REPORT, "/main/conversions.csv",        ENOENT, 0, "", false, false },
		{ AUDIT,  "/inbox/main/x",                0, TREE_REAL, "main/x", false, true },
		{ AUDIT,  "/archive/main/2026/a.gz",      0, TREE_REAL, "main/2026/a.gz", false, true },
		{ AUDIT,  "/archive/other",               ENOENT, 0, "", false, false },
		{ ADMIN,  "/main/conversions.csv",        ENOENT, 0, "", false, false },
		{ 0,      "/main",                        ENOENT, 0, "", false, false },
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct grant g = grant_of(cases[i].roles);
		struct tree_place p;

		print_message("# %u %.60s\n", cases[i].roles, cases[i].path);
		assert_int_equal(
		    tree_resolve(&tree, &g, cases[i].path, &p), cases[i].error);
		if (cases[i].error != 0)
			continue;
		assert_int_equal(p.kind, cases[i].kind);
		assert_string_equal(p.rel, cases[i].rel);
		assert_int_equal(p.upload, cases[i].upload);
		assert_int_equal(p.read, cases[i].read);
	}
}

static void
only_regular_files_beneath_the_root_open(void **state)
{
	static const struct {
		unsigned roles;
		const char *path;
		int error;
		const char *text;
	} cases[] = {
		{ PULL, "/main/conversions.csv", 0, "main" },
		{ PULL, "/main/conversions.csv.gz", 0, "gz" },
		{ PULL, "/main/link.csv", ENOENT, "" },
		{ PULL, "/main/away", ENOENT, "" },
		{ PULL, "/main/folder", EISDIR, "" },
		{ PULL, "/main", EISDIR, "" },
		{ PULL, "/", EISDIR, "" },
		{ PULL, "/main/none.csv", ENOENT, "" },
		{ DROP, "/inbox/main/dump.csv", ENOENT, "" },
		{ DROP | AUDIT, "/inbox/main/.upload-1", ENOENT, "" },
		{ AUDIT, "/inbox/main/dump.csv", 0, "dump" },
		{ AUDIT, "/inbox/main/shop/dump.csv", 0, "dump" },
		{ AUDIT, "/inbox/main/fifo", ENOENT, "" },
		{ REPORT, "/reports/main/dump.csv.report.txt", 0, "masked" },
		{ REPORT, "/reports/main/old.csv.rejects.csv", ENOENT, "" },
		{ REPORT, "/reports/main", EISDIR, "" },
		{ DROP, "/reports/main/dump.csv.report.txt", 0, "ok" },
		{ AUDIT, "/reports/main/old.csv.rejects.csv", 0, "raw" },
		{ REPORT | DROP, "/reports/main/old.csv.rejects.csv", 0,
		    "raw" },
		{ REPORT | PULL, "/reports/main/old.csv.rejects.csv", ENOENT,
		    "" },
		{ AUDIT, "/archive/main/2026/a.gz", 0, "a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct grant g = grant_of(cases[i].roles);
		struct tree_place p;
		struct files_stat st;
		char text[16] = "";
		int fd;

		print_message("# %s\n", cases[i].path);
		assert_int_equal(tree_resolve(&tree, &g, cases[i].path, &p), 0);
		errno = 0;
		fd = tree_open(&tree, &p, &st);
		assert_int_equal(fd == -1 ? errno : 0, cases[i].error);
		if (fd == -1)
			continue;
		assert_int_equal(
		    read(fd, text, sizeof text - 1), strlen(cases[i].text));
		assert_string_equal(text, cases[i].text);
		assert_int_equal(st.size, strlen(cases[i].text));
		close(fd);
	}
}

struct seen {
	char text[1024];
	bool enough; /* one is */
};

static bool
see(void *ctx, const struct files_entry *e)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof s->text - n, " %s%s%s", e->name,
	    e->stat.is_dir ? "/" : "", e->stat.writable ? "+" : "");
	return !s->enough;
}

/* Is every word of want in the list, and nothing else? */
static bool
lists(const char *list, const char *want)
{
	char words[512], *rest = words;
	const char *w;
	size_t n = 0;

	snprintf(words, sizeof words, "%s", want);
	while ((w = strsep(&rest, " ")) != NULL) {
		char spaced[300], all[1100];

		if (w[0] == '\0')
			continue;
		snprintf(spaced, sizeof spaced, " %s ", w);
		snprintf(all, sizeof all, "%s ", list);
		if (strstr(all, spaced) == NULL)
			return false;
		n += strlen(w) + 1;
	}
	return n == strlen(list);
}

static void
lists_show_what_the_grant_shows(void **state)
{
	static const struct {
		unsigned roles;
		const char *path, *want;
	} cases[] = {
		{ PULL, "/", "main/" },
		{ PULL, "/main", "conversions.csv conversions.csv.gz" },
		{ DROP, "/", "inbox/ reports/" },
		{ DROP, "/inbox", "main/+" },
		{ DROP, "/inbox/main", "shop/+" },
		{ DROP, "/inbox/main/shop", "" },
		{ REPORT, "/", "reports/" },
		{ REPORT, "/reports/main", "dump.csv.report.txt" },
		{ DROP, "/reports/main",
		    "dump.csv.report.txt old.csv.rejects.csv" },
		{ PULL | DROP, "/", "main/ inbox/ reports/" },
		{ AUDIT, "/", "main/ inbox/ reports/ archive/" },
		{ AUDIT, "/inbox/main", "dump.csv shop/" },
		{ AUDIT, "/archive/main", "2026/" },
		{ ADMIN, "/", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct grant g = grant_of(cases[i].roles);
		struct seen s = { .text = "" };
		struct tree_place p;

		assert_int_equal(tree_resolve(&tree, &g, cases[i].path, &p), 0);
		assert_int_equal(tree_list(&tree, &g, &p, see, &s), 0);
		print_message(
		    "# %u %s:%s\n", cases[i].roles, cases[i].path, s.text);
		assert_true(lists(s.text, cases[i].want));
	}
}

static void
a_list_ends_where_nobody_wants_more(void **state)
{
	struct grant g = grant_of(PULL);
	struct seen s = { .enough = true };
	struct tree_place p;

	(void)state;
	assert_int_equal(tree_resolve(&tree, &g, "/main", &p), 0);
	assert_int_equal(tree_list(&tree, &g, &p, see, &s), 0);
	assert_true(lists(s.text, "conversions.csv") ||
		    lists(s.text, "conversions.csv.gz"));
}

static void
a_feed_without_a_folder_is_an_empty_one(void **state)
{
	struct grant g = grant_of(AUDIT);
	struct seen s = { .text = "" };
	struct tree_place p;
	struct files_stat st;

	(void)state;
	g.feed[0] = 2; /* other: has no reports */
	assert_int_equal(tree_resolve(&tree, &g, "/reports/other", &p), 0);
	assert_int_equal(tree_stat(&tree, &p, &st), 0);
	assert_true(st.is_dir);
	assert_int_equal(tree_list(&tree, &g, &p, see, &s), 0);
	assert_string_equal(s.text, "");
}

static void
a_root_of_another_process_stays_shut(void **state)
{
	struct grant g = grant_of(AUDIT);
	struct tree mine;
	struct tree_place p;
	struct files_stat st;
	struct err e = ERR_EMPTY;

	(void)state;
	assert_int_equal(
	    tree_open_roots(&mine, instance.conf, 1U << TREE_PUBLISHED, &e), 0);
	assert_int_equal(
	    tree_resolve(&mine, &g, "/archive/main/2026/a.gz", &p), 0);
	assert_int_equal(tree_open(&mine, &p, &st), -1);
	assert_int_equal(errno, EACCES);
	close(mine.root[TREE_PUBLISHED]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_resolve_within_the_grant_alone),
		cmocka_unit_test(only_regular_files_beneath_the_root_open),
		cmocka_unit_test(lists_show_what_the_grant_shows),
		cmocka_unit_test(a_list_ends_where_nobody_wants_more),
		cmocka_unit_test(a_feed_without_a_folder_is_an_empty_one),
		cmocka_unit_test(a_root_of_another_process_stays_shut),
	};

	cmocka_run_group_tests(tests, setup, teardown);
	return 0;
}
