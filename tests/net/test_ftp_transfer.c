/*
 * The bytes of data connections, and every way in which a transfer can end.
 */
#include "tests/net/ftp_kit.h"

/* --- bytes to the client --- */

static void
bytes_arrive_and_it_is_known_how_many(void **state)
{
	static const struct {
		const char *what;
		bool tls;
		void (*act)(struct client *c);
		size_t n;
		enum ftp_end end;
		bool whole;
	} row[] = {
		{ "all", false, read_all, SIZE, FTP_END_WELL, true },
		{ "all, TLS", true, read_all, SIZE, FTP_END_WELL, true },
		{ "nothing", false, read_all, 0, FTP_END_WELL, true },
		{ "nothing, TLS", true, read_all, 0, FTP_END_WELL, true },
		{ "a byte", false, read_all, 1, FTP_END_WELL, true },
		{ "a byte, TLS", true, read_all, 1, FTP_END_WELL, true },
		{ "does not close", false, read_all_and_linger, 9999,
		    FTP_END_WELL, true },
		{ "does not close, TLS", true, read_all_and_linger, 9999,
		    FTP_END_WELL, true },
		{ "half closed", false, shut_then_read_all, SIZE, FTP_END_WELL,
		    true },
		{ "half closed, TLS", true, shut_then_read_all, SIZE,
		    FTP_END_WELL, true },
		{ "exactly", false, read_exactly, 99999, FTP_END_WELL, true },
		{ "exactly, TLS", true, read_exactly, 99999, FTP_END_WELL,
		    true },
		{ "has it in its socket and dies, TLS", true,
		    read_exactly_and_die, 99999, FTP_END_BROKEN, false },
		{ "breaks off", false, read_some_and_close, SIZE,
		    FTP_END_BROKEN, false },
		{ "breaks off, TLS", true, read_some_and_close, SIZE,
		    FTP_END_BROKEN, false },
		{ "aborts", false, read_some_and_abort, SIZE, FTP_END_ABORTED,
		    false },
		{ "aborts, TLS", true, read_some_and_abort, SIZE,
		    FTP_END_ABORTED, false },
		{ "stalls", false, read_some_and_stall, SIZE, FTP_END_IDLE,
		    false },
		{ "stalls, TLS", true, read_some_and_stall, SIZE, FTP_END_IDLE,
		    false },
		{ "drips", false, drip, SIZE, FTP_END_SLOW, false },
		{ "drips, TLS", true, drip, SIZE, FTP_END_SLOW, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct client c = {
			.tls = row[i].tls, .act = row[i].act, .n = row[i].n
		};
		struct ftp_moved moved;
		enum ftp_end end;
		struct rig g;

		idle_s = row[i].act == drip ? 100000 : 60;
		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		end = ftp_data_send_file(g.d, file, 0, c.n, &moved);
		end_client(&c);
		if (end != row[i].end || moved.whole != row[i].whole)
			fail_msg("%s: %s whole %d", row[i].what,
			    ftp_end_text(end), moved.whole);
		if (c.wrong || moved.bytes > c.n ||
		    (moved.whole && (moved.bytes != c.n || c.got != c.n)))
			fail_msg("%s: %zu of %zu bytes", row[i].what, c.got,
			    (size_t)moved.bytes);
		/* it had no more than what it read and its socket's memory */
		if (!moved.whole && row[i].n == SIZE &&
		    (moved.bytes > c.got + CUT || moved.bytes + 20000 < c.got))
			fail_msg("%s: read %zu, said %zu", row[i].what, c.got,
			    (size_t)moved.bytes);
		assert_int_equal(
		    ftp_data_send_bytes(g.d, "x", 1, &moved), FTP_END_NO_PASV);
		assert_false(g.wrong);
		if (end == FTP_END_IDLE)
			assert_in_range(g.moved, CUT, 2 * CUT);
		close_rig(&g);
	}
}

static void
a_part_is_sent_from_where_it_was_asked(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		struct client c = { .tls = tls != 0, .act = read_all };
		struct ftp_moved moved;
		struct rig g;

		open_rig(&g);
		c.got = SIZE - 300000; /* what it counts on from */
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		assert_int_equal(ftp_data_send_file(
				     g.d, file, SIZE - 300000, 300000, &moved),
		    FTP_END_WELL);
		end_client(&c);
		assert_true(moved.whole);
		assert_int_equal(moved.bytes, 300000);
		assert_int_equal(c.got, SIZE);
		assert_false(c.wrong);
		close_rig(&g);
	}
}

static void
a_file_that_is_shorter_than_it_was_is_said(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		struct client c = { .tls = tls != 0, .act = read_all };
		struct ftp_moved moved;
		struct rig g;

		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		assert_int_equal(
		    ftp_data_send_file(g.d, file, SIZE - 10, 20, &moved),
		    FTP_END_DISK);
		end_client(&c);
		assert_false(moved.whole);
		close_rig(&g);
	}
}

static void
large_listings_arrive(void **state)
{
	uint8_t *p = malloc(SIZE);

	(void)state;
	for (size_t i = 0; i < SIZE; i++)
		p[i] = byte_at(i);
	for (int tls = 0; tls < 2; tls++) {
		struct client c = { .tls = tls != 0, .act = read_all };
		struct ftp_moved moved;
		struct rig g;

		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		assert_int_equal(
		    ftp_data_send_bytes(g.d, p, SIZE, &moved), FTP_END_WELL);
		end_client(&c);
		assert_true(moved.whole);
		assert_int_equal(c.got, SIZE);
		assert_false(c.wrong);
		close_rig(&g);
	}
	free(p);
}

static void
a_handshake_that_fails_or_hangs_is_522(void **state)
{
	static void (*const act[])(
	    struct client *) = { talk_nonsense, stay_silent };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct client c = { .tls = true, .act = act[i] };
		struct ftp_moved moved;
		struct rig g;

		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		fast_since = i == 1 ? __real_clock_ms() : 0;
		assert_int_equal(
		    ftp_data_send_file(g.d, file, 0, 5, &moved), FTP_END_TLS);
		assert_int_equal(ftp_end_code(FTP_END_TLS), 522);
		assert_false(moved.whole);
		end_client(&c);
		close_rig(&g);
	}
}

/* --- bytes from the client --- */

static void
an_upload_ends_well_only_when_its_end_is_said(void **state)
{
	static const struct {
		const char *what;
		bool tls;
		void (*act)(struct client *c);
		size_t n;
		uint64_t max;
		enum ftp_end end;
	} row[] = {
		{ "whole", true, store_all, SIZE, SIZE, FTP_END_WELL },
		{ "empty", true, store_all, 0, SIZE, FTP_END_WELL },
		{ "cut", true, store_and_vanish, SIZE, SIZE, FTP_END_BROKEN },
		{ "cut at once", true, store_and_vanish, 0, SIZE,
		    FTP_END_BROKEN },
		{ "too large", true, store_all, SIZE, SIZE - 1, FTP_END_LARGE },
		{ "no TLS", false, store_all, 100, SIZE, FTP_END_TLS },
		{ "nonsense", true, talk_nonsense, 0, SIZE, FTP_END_TLS },
		{ "stalls", true, store_some_and_stall, SIZE, SIZE,
		    FTP_END_IDLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct client c = {
			.tls = row[i].tls, .act = row[i].act, .n = row[i].n
		};
		int to = memfd_create("upload", MFD_CLOEXEC);
		uint8_t *p = malloc(SIZE);
		struct ftp_moved moved;
		enum ftp_end end;
		struct rig g;

		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		end = ftp_data_receive(g.d, to, row[i].max, &moved);
		end_client(&c);
		if (end != row[i].end || moved.whole != (end == FTP_END_WELL) ||
		    lseek(to, 0, SEEK_END) != (off_t)moved.bytes ||
		    moved.bytes > row[i].max)
			fail_msg("%s: %s", row[i].what, ftp_end_text(end));
		if (moved.whole) {
			assert_int_equal(moved.bytes, c.n);
			assert_int_equal(pread(to, p, SIZE, 0), c.n);
			for (size_t k = 0; k < c.n; k++) {
				if (p[k] != byte_at(k))
					fail_msg("byte %zu", k);
			}
		}
		free(p);
		close(to);
		close_rig(&g);
	}
}

static void
a_disk_that_takes_nothing_is_said(void **state)
{
	static const struct {
		const char *path;
		enum ftp_end end;
		unsigned code;
	} row[] = {
		{ "/dev/full", FTP_END_SPACE, 452 },
		{ "/dev/null", FTP_END_DISK, 451 }, /* opened to read */
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct client c = { .tls = true, .act = store_all, .n = 1000 };
		int to =
		    open(row[i].path, i == 0 ? O_WRONLY : O_RDONLY | O_CLOEXEC);
		struct ftp_moved moved;
		struct rig g;

		open_rig(&g);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		assert_int_equal(
		    ftp_data_receive(g.d, to, SIZE, &moved), row[i].end);
		assert_int_equal(ftp_end_code(row[i].end), row[i].code);
		assert_false(moved.whole);
		end_client(&c);
		close(to);
		close_rig(&g);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_and_it_is_known_how_many),
		cmocka_unit_test(a_part_is_sent_from_where_it_was_asked),
		cmocka_unit_test(a_file_that_is_shorter_than_it_was_is_said),
		cmocka_unit_test(large_listings_arrive),
		cmocka_unit_test(a_handshake_that_fails_or_hangs_is_522),
		cmocka_unit_test(an_upload_ends_well_only_when_its_end_is_said),
		cmocka_unit_test(a_disk_that_takes_nothing_is_said),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_run_group_tests(tests, kit_up, kit_down);
	return 0;
}
