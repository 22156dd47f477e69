/*
 * The archive: what goes in comes out, under which name, and when it leaves.
 */
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>

#include "store/archive.h"
#include "store/audit.h"

/* 2026-11-22 09:15:30 UTC */
#define AT INT64_C(1795338930)
#define DAY INT64_C(86400)
#define HELLO "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static struct err e;
static char dir[32];
static struct conf conf;

static int
set_up(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/arch-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	conf = (struct conf){ .dir = dir,
		.keep_dump_days = 180,
		.keep_pulled_days = 150,
		.keep_unpulled_days = 7,
		.keep_audit_days = 1095 };
	return 0;
}

static int
tear_down(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", dir);
	return system(command);
}

static int
file_of(const void *bytes, size_t n)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_int_equal(write(fd, bytes, n), n); /* leaves it at the end */
	return fd;
}

static const char *
full(const char *path)
{
	static char out[600];

	snprintf(out, sizeof out, "%s/%s", dir, path);
	return out;
}

static int files_seen;

static int
see(const char *path, const struct stat *st, int kind, struct FTW *f)
{
	(void)path;
	(void)st;
	(void)f;
	files_seen += kind == FTW_F;
	return 0;
}

static int
files_below(const char *path)
{
	files_seen = 0;
	nftw(full(path), see, 16, FTW_PHYS);
	return files_seen;
}

static void
check_unpacked(const char *path, const void *want, size_t n)
{
	gzFile z = gzopen(full(path), "r");
	char *buf = calloc(1, n + 1);

	assert_non_null(z);
	assert_int_equal(gzread(z, buf, (unsigned)n + 1), n);
	assert_memory_equal(buf, want, n);
	assert_int_equal(gzclose(z), Z_OK);
	free(buf);
}

static void
a_dump_is_named_by_time_name_and_hash(void **state)
{
	static const struct {
		const char *name, *path;
	} row[] = {
		{ "deals.csv", "deals.csv" },
		{ "сделки №1.csv", "сделки №1.csv" },
		{ "..", ".." },
		{ "a/b\\c\nd\x7f", "a_b_c_d_" },
		{ "\xf1\xe4.csv", "__.csv" },
		{ "a\xc2\x85\xed\xa0\x80z", "a_____z" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		char path[512], want[512], sha256[65];
		int fd = file_of("hello", 5);

		assert_int_equal(archive_dump(path, sha256, &conf, "main",
				     row[i].name, fd, AT, &e),
		    0);
		snprintf(want, sizeof want,
		    "archive/main/2026/11/22/091530-%s-2cf24dba5fb0.gz",
		    row[i].path);
		assert_string_equal(path, want);
		assert_string_equal(sha256, HELLO);
		check_unpacked(path, "hello", 5);
		close(fd);
	}
}

static void
a_long_name_is_cut_at_a_character(void **state)
{
	char name[256] = "x", path[512], sha256[65];
	int fd = file_of("hello", 5);

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(name, "ж");
	assert_int_equal(
	    archive_dump(path, sha256, &conf, "main", name, fd, AT, &e), 0);
	assert_int_equal(
	    strlen(path), strlen("archive/main/2026/11/22/091530-") + 127 + 16);
	assert_int_equal(access(full(path), F_OK), 0);
	close(fd);
}

static void
what_goes_in_comes_out(void **state)
{
	size_t big = 3 * 1024 * 1024 + 17;
	unsigned char *bytes = malloc(big), *packed = malloc(big + 1000);
	char path[512], sha256[65];
	struct stat st;
	z_stream z = { 0 };
	int fd;

	(void)state;
	srandom(5);
	for (size_t i = 0; i < big; i++)
		bytes[i] = (unsigned char)(i % 3 ? random() : 'a');
	fd = file_of(bytes, big);
	assert_int_equal(
	    archive_dump(path, sha256, &conf, "main", "big", fd, AT, &e), 0);
	check_unpacked(path, bytes, big);
	assert_int_equal(archive_matches(&conf, path, sha256, &e), 1);
	assert_int_equal(archive_matches(&conf, path, HELLO, &e), 0);
	close(fd);

	fd = file_of("", 0);
	assert_int_equal(
	    archive_dump(path, sha256, &conf, "main", "none", fd, AT, &e), 0);
	assert_string_equal(sha256, EMPTY);
	check_unpacked(path, "", 0);
	assert_int_equal(archive_matches(&conf, path, EMPTY, &e), 1);
	close(fd);

	/* gzip already: kept as it is, even broken */
	deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
	z.next_in = bytes;
	z.avail_in = (uInt)big;
	z.next_out = packed;
	z.avail_out = (uInt)big + 1000;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	fd = file_of(packed, z.total_out - 3);
	assert_int_equal(
	    archive_dump(path, sha256, &conf, "main", "d.gz", fd, AT, &e), 0);
	assert_int_equal(stat(full(path), &st), 0);
	assert_int_equal(st.st_size, z.total_out - 3);
	assert_int_equal(archive_matches(&conf, path, sha256, &e), 1);
	close(fd);
	free(bytes);
	free(packed);
}

static void
the_same_bytes_at_the_same_second_are_one_file(void **state)
{
	char path[512], sha256[65];
	struct stat st;
	int fd;

	(void)state;
	fd = open(full("archive"), O_RDONLY);
	assert_int_equal(fd, -1);
	fd = file_of("hello", 5);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    archive_dump(path, sha256, &conf, "main", "d", fd, AT, &e),
		    0);
	assert_int_equal(files_below("archive"), 1);
	assert_int_equal(stat(full(path), &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640, 0);
	close(fd);
}

static void
what_a_crash_left_goes_with_the_next_file(void **state)
{
	char path[512], sha256[65];
	int fd = file_of("hello", 5), left;

	(void)state;
	mkdir(full("archive"), 0750);
	mkdir(full("archive/main"), 0750);
	left = open(full("archive/main/.new"), O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(left, "half a fi", 9), 9);
	close(left);
	assert_int_equal(
	    archive_dump(path, sha256, &conf, "main", "d", fd, AT, &e), 0);
	assert_int_equal(files_below("archive"), 1);
	check_unpacked(path, "hello", 5);
	close(fd);
}

static void
a_copy_may_be_given_up(void **state)
{
	const size_t big = 8 << 20;
	char path[512], sha256[65], *bytes = calloc(1, big);
	int fd = file_of(bytes, big);
	struct archiving *a;

	(void)state;
	archive_cancel(NULL);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(archive_begin(&a, &conf, "main", ARCHIVE_DUMP,
				     fd, NULL, &e),
		    0);
		archive_cancel(a);
		assert_int_equal(files_below("archive"), 0);
	}
	assert_int_equal(
	    archive_begin(&a, &conf, "main", ARCHIVE_DUMP, fd, NULL, &e), 0);
	assert_int_equal(archive_end(a, path, sha256, "d", AT, &e), 0);
	check_unpacked(path, bytes, big);
	assert_int_equal(files_below("archive"), 1);
	close(fd);
	free(bytes);
}

/* The SHA-256 that somebody else found out is taken; what nobody knows, and
 * what is gzip, is hashed here. */
static void
a_hash_that_is_known_is_not_made_twice(void **state)
{
	static const char given[65] = "0123456789abcdef0123456789abcdef"
				      "0123456789abcdef0123456789abcdef";
	static const struct {
		const char *bytes, *sha256, *want;
	} row[] = {
		{ "hello", given, given },
		{ "hello", "",
		    "2cf24dba5fb0a30e26e83b2ac5b9e29e"
		    "1b161e5c1fa7425e73043362938b9824" },
		{ "\x1f\x8b", given,
		    "ee98dc6af27a9f1c8cc4aaa2fd05b5f6"
		    "e7c98f51390253a5263b0d096c3510fe" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		int fd = file_of(row[i].bytes, strlen(row[i].bytes));
		struct archiving *a;
		char path[512], sha256[65];

		snprintf(sha256, sizeof sha256, "%s", row[i].sha256);
		assert_int_equal(archive_begin(&a, &conf, "main",
				     ARCHIVE_HASHED, fd, NULL, &e),
		    0);
		assert_int_equal(archive_end(a, path, sha256, "d", AT, &e), 0);
		assert_string_equal(sha256, row[i].want);
		assert_memory_equal(strrchr(path, '-') + 1, row[i].want, 12);
		close(fd);
	}
}

/* Compressible, and no two stretches alike. */
static char *
text_of(size_t n)
{
	char *text = malloc(n + 16);

	for (size_t i = 0; i < n; i += 8)
		snprintf(text + i, 9, "%07zx\n", i * 2654435761U & 0xfffffff);
	return text;
}

static bool
archive_text(char path[512], unsigned how, int fd, struct growing *g)
{
	char sha256[65] = "";
	struct archiving *a;
	bool stored;

	assert_int_equal(archive_begin(&a, &conf, "main", how, fd, g, &e), 0);
	if (g != NULL)
		growing_end(g);
	stored = archive_is_stored(a);
	assert_int_equal(archive_end(a, path, sha256, "d", AT, &e), 0);
	return stored;
}

static off_t
size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(full(path), &st), 0);
	return st.st_size;
}

static void
what_is_large_may_be_stored(void **state)
{
	static const struct {
		unsigned how;
		off_t bytes;
		bool gzip, stored;
	} row[] = {
		{ ARCHIVE_STORABLE, ARCHIVE_STORE_FROM - 1, false, false },
		{ ARCHIVE_STORABLE, ARCHIVE_STORE_FROM, false, true },
		{ ARCHIVE_STORABLE | ARCHIVE_HASHED, ARCHIVE_STORE_FROM + 65543,
		    false, true },
		{ ARCHIVE_STORABLE, ARCHIVE_STORE_FROM, true, false },
		{ ARCHIVE_DUMP, ARCHIVE_STORE_FROM, false, false },
		{ ARCHIVE_STORABLE | ARCHIVE_PUBLISHED, ARCHIVE_STORE_FROM,
		    false, true },
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof row / sizeof *row; i++) {
		size_t k = i / 2, n = (size_t)row[k].bytes;
		char *text = text_of(n), path[512], command[700];
		struct growing *g = NULL;
		int fd;

		if (row[k].gzip)
			memcpy(text, "\x1f\x8b", 2);
		fd = file_of(text, n);
		if (i % 2 == 1) { /* the same while it grows */
			g = growing_open(fd);
			growing_add(g, n);
		}
		assert_int_equal(
		    archive_text(path, row[k].how, fd, g), row[k].stored);
		growing_close(g);
		if (row[k].stored)
			assert_true(size_of(path) > row[k].bytes);
		else if (!row[k].gzip)
			assert_true(size_of(path) < row[k].bytes / 2);
		if (!row[k].gzip) {
			check_unpacked(path, text, n);
			snprintf(command, sizeof command,
			    "zcat '%s' | wc -c | grep -qx %zu", full(path), n);
			assert_int_equal(system(command), 0);
		}
		assert_int_equal(files_below("archive"), 1);
		assert_int_equal(unlink(full(path)), 0);
		close(fd);
		free(text);
	}
}

/* Begins and waits, without ending it. */
static struct archive_packing *
pack_begun(const char *path, enum archive_packed *how)
{
	int wake = eventfd(0, EFD_CLOEXEC);
	struct archive_packing *p;
	uint64_t n;

	archive_pack_begin(&p, how, &conf, path, wake, &e);
	if (p != NULL) {
		assert_int_equal(read(wake, &n, sizeof n), sizeof n);
		assert_true(archive_pack_ended(p));
	}
	close(wake);
	return p;
}

static void
what_was_stored_is_packed_later(void **state)
{
	const size_t big = 6 << 20;
	char *text = text_of(big), path[512];
	int fd = file_of(text, big), open_before;
	enum archive_packed how;
	struct stat was, is;
	unsigned char magic[2];

	(void)state;
	assert_true(archive_text(path, ARCHIVE_STORABLE, fd, NULL));
	assert_int_equal(stat(full(path), &was), 0);
	open_before = archive_open(&conf, path, &e);
	/* packed already is packed once more */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(archive_pack_end(pack_begun(path, &how), &e),
		    ARCHIVE_PACKED);
		assert_int_equal(stat(full(path), &is), 0);
		assert_true(is.st_size < was.st_size / 2);
		assert_int_equal(is.st_mtim.tv_sec, was.st_mtim.tv_sec);
		assert_int_equal(is.st_mtim.tv_nsec, was.st_mtim.tv_nsec);
		assert_int_equal(is.st_mode, was.st_mode);
		check_unpacked(path, text, big);
		assert_int_equal(files_below("archive"), 1);
	}
	/* whoever had it open reads on */
	assert_int_equal(pread(open_before, magic, 2, was.st_size - 2), 2);
	close(open_before);
	close(fd);
	free(text);
}

static void
put(const char *path, const char *bytes)
{
	int fd;

	unlink(full(path));
	fd = open(full(path), O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, bytes, strlen(bytes)), strlen(bytes));
	close(fd);
}

/* What happens to the file before it is begun, and before the end of it. */
static void
packing_changes_no_other_file(void **state)
{
	static const struct {
		char before, after;
		enum archive_packed how;
	} row[] = {
		{ 'r', '-', ARCHIVE_GONE },
		{ '-', 'r', ARCHIVE_GONE },
		{ '-', 'o', ARCHIVE_OTHER },
		{ 'd', '-', ARCHIVE_UNFIT },
		{ 't', '-', ARCHIVE_UNFIT },
		{ 'm', '-', ARCHIVE_UNFIT },
		{ '-', 'f', ARCHIVE_GONE },
	};
	const size_t big = 5 << 20;
	char *text = text_of(big);
	int fd = file_of(text, big);

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		enum archive_packed how = ARCHIVE_PACKED;
		struct archive_packing *p = NULL;
		char path[512], command[700];
		off_t left = 0;

		assert_true(archive_text(path, ARCHIVE_STORABLE, fd, NULL));
		for (int k = 0; k < 2; k++) {
			switch (k == 0 ? row[i].before : row[i].after) {
			case 'r':
				unlink(full(path));
				break;
			case 'o': /* as an erasure does */
				put(path, "another");
				break;
			case 'd': /* a byte is another */
				snprintf(command, sizeof command,
				    "printf '~' | dd of='%s' bs=1 seek=999999"
				    " conv=notrunc status=none",
				    full(path));
				assert_int_equal(system(command), 0);
				break;
			case 't':
				assert_int_equal(
				    truncate(full(path), 1 << 20), 0);
				break;
			case 'm':
				snprintf(command, sizeof command,
				    "echo more >>'%s'", full(path));
				assert_int_equal(system(command), 0);
				break;
			case 'f':
				snprintf(command, sizeof command,
				    "rm -r '%s/archive/main/2026'", dir);
				assert_int_equal(system(command), 0);
				break;
			default:
				break;
			}
			left =
			    access(full(path), F_OK) == 0 ? size_of(path) : -1;
			if (k == 0)
				p = pack_begun(path, &how);
		}
		if (p != NULL)
			how = archive_pack_end(p, &e);
		assert_int_equal(how, row[i].how);
		assert_int_equal(files_below("archive"), left != -1);
		if (left != -1)
			assert_int_equal(size_of(path), left);
	}
	close(fd);
	free(text);
}

static void
packing_may_be_given_up(void **state)
{
	const size_t big = 16 << 20;
	char *text = text_of(big), path[512];
	int fd = file_of(text, big), wake = eventfd(0, EFD_CLOEXEC);
	struct archive_packing *p;
	enum archive_packed how;

	(void)state;
	archive_pack_cancel(NULL);
	assert_true(archive_text(path, ARCHIVE_STORABLE, fd, NULL));
	/* a crash left this */
	put("archive/main/.packed", "half a fi");
	for (int i = 0; i < 20; i++) {
		archive_pack_begin(&p, &how, &conf, path, wake, &e);
		assert_non_null(p);
		archive_pack_cancel(p);
		assert_int_equal(files_below("archive"), 1);
	}
	check_unpacked(path, text, big);
	close(wake);
	close(fd);
	free(text);
}

static void
without_room_it_stays_stored(void **state)
{
	const size_t big = 5 << 20;
	char *text = text_of(big), path[512];
	enum archive_packed how;
	int fd;

	(void)state;
	mkdir(full("archive"), 0750);
	if (mount("none", full("archive"), "tmpfs", 0, "size=6m") == -1) {
		free(text);
		return; /* only root can make a small disk */
	}
	fd = file_of(text, big);
	assert_true(archive_text(path, ARCHIVE_STORABLE, fd, NULL));
	assert_int_equal(
	    archive_pack_end(pack_begun(path, &how), &e), ARCHIVE_LATER);
	assert_non_null(strstr(e.text, "no room"));
	assert_int_equal(files_below("archive"), 1);
	check_unpacked(path, text, big);
	close(fd);
	umount(full("archive"));
	free(text);
}

static void
a_full_disk_leaves_nothing(void **state)
{
	char path[512], sha256[65], *noise = malloc(1 << 20);
	int fd;

	(void)state;
	mkdir(full("archive"), 0750);
	if (mount("none", full("archive"), "tmpfs", 0, "size=256k") == -1) {
		free(noise);
		skip(); /* only root can make a small disk */
	}
	for (int i = 0; i < 1 << 20; i++)
		noise[i] = (char)random();
	fd = file_of(noise, 1 << 20);
	assert_int_equal(
	    archive_dump(path, sha256, &conf, "main", "d", fd, AT, &e), -1);
	assert_non_null(strstr(e.text, "no room"));
	assert_non_null(strstr(e.text, dir));
	assert_int_equal(files_below("archive"), 0);
	close(fd);
	umount(full("archive"));
	free(noise);
}

static void
a_version_s_gzip_depends_on_its_bytes_alone(void **state)
{
	char path[2][512];
	unsigned char head[2][64] = { { 0 } };
	int fd = file_of("hello", 5);

	(void)state;
	for (int i = 0; i < 2; i++) {
		int got;

		assert_int_equal(archive_published(path[i], &conf, "main",
				     "conversions.csv", fd, HELLO, AT + i, &e),
		    0);
		got = archive_open(&conf, path[i], &e);
		assert_true(read(got, head[i], sizeof head[i]) > 10);
		close(got);
	}
	assert_string_equal(path[0], "archive/main/published/2026/11/22/"
				     "091530-conversions.csv-2cf24dba5fb0.gz");
	assert_memory_equal(head[0], head[1], sizeof head[0]);
	assert_memory_equal(
	    head[0] + 3, "\0\0\0\0\0", 5); /* no name, no time */
	assert_int_equal(archive_published(path[0], &conf, "main", "f.csv", fd,
			     EMPTY, AT, &e),
	    -1);
	close(fd);
}

static void
only_files_of_the_archive_are_opened(void **state)
{
	static const char *const path[] = { "state/store.db",
		"archive/../state/store.db", "archive/none", "archive",
		"archive/main", "archive/link", "/etc/passwd",
		"archive//etc/passwd" };

	(void)state;
	mkdir(full("archive"), 0750);
	mkdir(full("archive/main"), 0750);
	mkdir(full("state"), 0750);
	close(open(full("state/store.db"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink("../state/store.db", full("archive/link")), 0);
	for (size_t i = 0; i < sizeof path / sizeof *path; i++)
		assert_int_equal(archive_open(&conf, path[i], &e), -1);
}

/* --- purging -------------------------------------------------------------- */

static int expired_lines;

static void
count_line(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
	expired_lines++;
}

static void
refuse_finding(void *ctx, const struct audit_finding *f)
{
	(void)ctx;
	fail_msg("%s:%lu: %s", f->file, f->line, f->text);
}

static void
note(struct audit *a, const char *event, const char *path, const char *sha256)
{
	json_t *o = json_object();

	json_object_set_new(o, "archive", json_string(path));
	json_object_set_new(o, "sha256", json_string(sha256));
	assert_int_equal(audit_add(a, AT, event, o, &e), 0);
}

static void
version(
    struct store *s, struct audit *a, int64_t mtime, bool pulled, uint64_t id)
{
	struct publication p = {
		.feed = "main", .file = "f.csv", .sha256 = HELLO, .mtime = mtime
	};
	struct pull l = { .id = id, .feed = "main", .file = "f.csv" };
	int fd = file_of("hello", 5);

	assert_int_equal(archive_published(p.archive, &conf, "main", "f.csv",
			     fd, HELLO, mtime, &e),
	    0);
	note(a, "published", p.archive, HELLO);
	assert_int_equal(store_publication_plan(s, &p, &e), 0);
	assert_int_equal(store_publication_done(s, &p, &e), 0);
	assert_int_equal(store_pull_begin(s, &l, mtime, &e), 0);
	assert_int_equal(store_pull_end(s, id, mtime, 5, pulled, &e), 0);
	close(fd);
}

static void
what_is_past_its_time_leaves_with_a_word(void **state)
{
	static const char *const expired[] = { "event=expired" };
	static const struct {
		int64_t days; /* after AT */
		int files, expired;
	} row[] = { { 0, 5, 0 }, { 7, 5, 0 }, { 8, 4, 1 }, { 151, 3, 2 },
		{ 181, 2, 3 }, { 181, 2, 3 }, { 1000, 1, 4 } };
	char path[512], sha256[65];
	uint64_t lines, files;
	struct store *s;
	struct audit *a;
	int fd = file_of("hello", 5);

	(void)state;
	mkdir(full("state"), 0750);
	assert_int_equal(store_open(&s, full("state/store.db"), false, &e), 0);
	assert_int_equal(audit_open(&a, &conf, &e), 0);
	for (int i = 0; i < 2; i++) {
		archive_dump(path, sha256, &conf, "main", "d", fd,
		    AT + i * 100 * DAY, &e);
		note(a, "dropped", path, sha256);
	}
	version(s, a, AT + 1, true, 1);
	version(s, a, AT + 2, false, 2);
	version(s, a, AT + 3, false, 3); /* the newest stays */
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		int64_t now = AT + row[i].days * DAY;

		assert_int_equal(archive_purge(&conf, s, a, now, &e), 0);
		assert_int_equal(files_below("archive"), row[i].files);
		expired_lines = 0;
		audit_log(&conf, expired, 1, count_line, NULL, &e);
		assert_int_equal(expired_lines, row[i].expired);
		assert_int_equal(audit_verify(&conf, refuse_finding, NULL,
				     &lines, &files, &e),
		    0);
		assert_int_equal(files, row[i].files);
	}
	assert_int_equal(access(full("archive/main/2026"), F_OK), -1);
	audit_close(a);
	store_close(s);
	close(fd);
}

static unsigned breaths;

static void
breathe(void *ctx)
{
	breaths++;
	*(bool *)ctx = breaths == 2;
}

/* Others breathe meanwhile, and may end it. */
static void
a_long_copy_is_waited_for_in_steps(void **state)
{
	char path[512], sha256[65];
	struct archiving *a;
	bool stop = false;
	int fd = file_of("", 0);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)64 << 30), 0);
	assert_int_equal(
	    archive_begin(&a, &conf, "main", ARCHIVE_DUMP, fd, NULL, &e), 0);
	breaths = 0;
	assert_int_equal(archive_wait(a, breathe, &stop, &stop, &e), -1);
	assert_int_equal(breaths, 2);
	archive_cancel(a);
	assert_int_equal(files_below("archive"), 0);
	assert_int_equal(ftruncate(fd, 5), 0);
	assert_int_equal(
	    archive_begin(&a, &conf, "main", ARCHIVE_DUMP, fd, NULL, &e), 0);
	assert_int_equal(archive_wait(a, NULL, NULL, NULL, &e), 0);
	assert_int_equal(archive_end(a, path, sha256, "five", AT, &e), 0);
	assert_int_equal(files_below("archive"), 1);
	close(fd);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_dump_is_named_by_time_name_and_hash),
		TEST(a_long_name_is_cut_at_a_character),
		TEST(what_goes_in_comes_out),
		TEST(the_same_bytes_at_the_same_second_are_one_file),
		TEST(what_a_crash_left_goes_with_the_next_file),
		TEST(a_copy_may_be_given_up),
		TEST(a_long_copy_is_waited_for_in_steps),
		TEST(a_hash_that_is_known_is_not_made_twice),
		TEST(what_is_large_may_be_stored),
		TEST(what_was_stored_is_packed_later),
		TEST(packing_changes_no_other_file),
		TEST(packing_may_be_given_up),
		TEST(without_room_it_stays_stored),
		TEST(a_full_disk_leaves_nothing),
		TEST(a_version_s_gzip_depends_on_its_bytes_alone),
		TEST(only_files_of_the_archive_are_opened),
		TEST(what_is_past_its_time_leaves_with_a_word),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
