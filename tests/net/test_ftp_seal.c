/*
 * Large files over TLS, which a second thread encrypts.  Link with --wrap of
 * clock_ms, belt_thread and tls_seal.
 */
#include "tests/net/ftp_kit.h"

#include "formats/belt.h"
#include "net/ftp_seal.h"

#define BLOCK ((size_t)512 * 1024)

bool __real_belt_thread(pthread_t *thread, void *(*run)(void *), void *ctx);
bool __wrap_belt_thread(pthread_t *thread, void *(*run)(void *), void *ctx);
ssize_t __real_tls_seal(struct tls *t, const void *from, size_t n, uint8_t *to);
ssize_t __wrap_tls_seal(struct tls *t, const void *from, size_t n, uint8_t *to);

static unsigned threads; /* that were begun */
static bool no_threads;

/* What happens when a block was encrypted, the how many'th. */
static unsigned sealed, happens_at;
static bool (*happens)(void); /* false: it could not be encrypted */
static struct rig *rig;
static int cut_file;

bool
__wrap_belt_thread(pthread_t *thread, void *(*run)(void *), void *ctx)
{
	threads++;
	return !no_threads && __real_belt_thread(thread, run, ctx);
}

ssize_t
__wrap_tls_seal(struct tls *t, const void *from, size_t n, uint8_t *to)
{
	ssize_t made = __real_tls_seal(t, from, n, to);

	return ++sealed != happens_at || happens() ? made : -1;
}

static bool
fails(void)
{
	return false;
}

static bool
is_cut(void)
{
	return ftruncate(cut_file, BLOCK / 2) == 0;
}

static bool
is_aborted(void)
{
	return send(rig->control[1], "A", 1, 0) == 1;
}

static int
begin_anew(void **state)
{
	(void)state;
	threads = sealed = happens_at = 0;
	no_threads = false;
	return 0;
}

/* --- all of it --- */

static void
files_of_every_size_arrive(void **state)
{
	static const struct {
		size_t n;
		unsigned threads;
	} row[] = {
		{ SEAL_LEAST - 1, 0 },
		{ SEAL_LEAST, 1 },
		{ SEAL_LEAST + 1, 1 },
		{ 9 * BLOCK - 1, 1 },
		{ 9 * BLOCK, 1 },
		{ 9 * BLOCK + 1, 1 },
		{ 11 * BLOCK + 16383, 1 },
		{ 12 * BLOCK + 16384, 1 },
		{ 13 * BLOCK + 16385, 1 },
		{ SIZE - 12345, 1 },
	};
	static const size_t from[] = { 0, 12345 };

	for (size_t i = 0; i < 2 * sizeof row / sizeof *row; i++) {
		struct client c = { .tls = true, .act = read_all };
		size_t n = row[i / 2].n, at = from[i % 2];
		struct ftp_moved moved;
		struct rig g;

		begin_anew(state);
		open_rig(&g);
		c.got = at; /* what it counts on from */
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		assert_int_equal(
		    ftp_data_send_file(g.d, file, at, n, &moved), FTP_END_WELL);
		end_client(&c);
		if (c.wrong || c.got != at + n || !moved.whole ||
		    moved.bytes != n || threads != row[i / 2].threads)
			fail_msg("%zu from %zu: %zu came, %u threads", n, at,
			    c.got - at, threads);
		close_rig(&g);
	}
}

static void
without_a_thread_it_arrives_as_well(void **state)
{
	struct client c = { .tls = true, .act = read_all };
	struct ftp_moved moved;
	struct rig g;

	(void)state;
	no_threads = true;
	open_rig(&g);
	assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
	assert_int_equal(
	    ftp_data_send_file(g.d, file, 0, SIZE, &moved), FTP_END_WELL);
	end_client(&c);
	assert_int_equal(threads, 1);
	assert_int_equal(sealed, 0);
	assert_int_equal(c.got, SIZE);
	assert_false(c.wrong);
	close_rig(&g);
}

/* --- what breaks off --- */

static int
copy_of_file(void)
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	uint8_t *p = malloc(SIZE);

	assert_int_equal(pread(file, p, SIZE, 0), SIZE);
	assert_int_equal(write(fd, p, SIZE), SIZE);
	free(p);
	return fd;
}

static void
a_transfer_ends_at_every_block_and_the_client_sees_it(void **state)
{
	static const struct {
		const char *what;
		bool (*happens)(void);
		enum ftp_end end;
	} row[] = {
		{ "cannot be encrypted", fails, FTP_END_BROKEN },
		{ "is cut", is_cut, FTP_END_DISK },
		{ "is aborted", is_aborted, FTP_END_ABORTED },
	};

	for (size_t i = 0; i < 9 * sizeof row / sizeof *row; i++) {
		struct client c = { .tls = true, .act = read_all };
		struct ftp_moved moved;
		enum ftp_end end;
		struct rig g;

		begin_anew(state);
		happens = row[i / 9].happens;
		happens_at = (unsigned)(1 + i % 9);
		cut_file = copy_of_file();
		rig = &g;
		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		end = ftp_data_send_file(g.d, cut_file, 0, SIZE, &moved);
		end_client(&c);
		/* what is on its way when it ends is not acknowledged */
		if (end != row[i / 9].end || moved.whole || c.end == 0 ||
		    c.wrong || moved.bytes >= SIZE || c.got > moved.bytes + CUT)
			fail_msg("%s, %u: %s %zu of %zu", row[i / 9].what,
			    happens_at, ftp_end_text(end), c.got,
			    (size_t)moved.bytes);
		close_rig(&g);
		close(cut_file);
	}
}

static void
a_file_that_ends_too_early_is_said(void **state)
{
	struct client c = { .tls = true, .act = read_all };
	struct ftp_moved moved;
	struct rig g;

	(void)state;
	open_rig(&g);
	assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
	assert_int_equal(
	    ftp_data_send_file(g.d, file, 0, SIZE + 1, &moved), FTP_END_DISK);
	end_client(&c);
	assert_false(moved.whole);
	assert_int_not_equal(c.end, 0);
	close_rig(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_of_every_size_arrive),
		cmocka_unit_test_setup(
		    without_a_thread_it_arrives_as_well, begin_anew),
		cmocka_unit_test(
		    a_transfer_ends_at_every_block_and_the_client_sees_it),
		cmocka_unit_test_setup(
		    a_file_that_ends_too_early_is_said, begin_anew),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_run_group_tests(tests, kit_up, kit_down);
	return 0;
}
