/*
 * The SFTP session.
 */
#include "tests/net/sftp_kit.h"

#include "server/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t packet[2 * SFTP_PACKET_MAX];

/* --- beginning --- */

static void
the_first_packet_is_init(void **state)
{
	struct rig *g = *state;

	assert_int_equal(kit_say(g, SFTP_INIT, ""), 0);
	assert_int_equal(g->reply[4], SFTP_VERSION);
	assert_int_equal(kit_u32(g->reply + 5), 3);
	assert_non_null(memmem(g->reply, g->n,
	    "limits@openssh.com\0\0\0\1"
	    "1",
	    23));
	assert_int_equal(kit_say(g, SFTP_INIT, ""), -1);
}

static void
what_is_not_sftp_ends_the_session(void **state)
{
	static const struct {
		const char *what, *bytes;
		size_t n;
	} row[] = {
		{ "a request before INIT", "\0\0\0\x0b\x11\0\0\0\1\0\0\0\2/a",
		    15 },
		{ "version 2", "\0\0\0\5\1\0\0\0\2", 9 },
		{ "too large a packet", "\0\4\0\1\1\0\0\0\3", 9 },
		{ "an empty packet", "\0\0\0\0", 4 },
		{ "HTTP", "GET / HTTP/1.0\r\n\r\n", 18 },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct rig *g;

		kit_raw(state);
		g = *state;
		print_message("# %s\n", row[i].what);
		assert_int_equal(
		    kit_feed(g, (const uint8_t *)row[i].bytes, row[i].n), -1);
		assert_non_null(sftp_problem(g->sftp));
		assert_int_equal(sftp_run(g->sftp), -1);
		kit_down(state);
	}
	kit_raw(state);
}

/* --- reading --- */

static void
a_file_is_read_whole_whatever_the_block_size(void **state)
{
	static const uint32_t block[] = { 1000, 32768, 65536, 261120, 262144,
		UINT32_MAX };
	struct rig *g = *state;
	struct name h;

	for (size_t i = 0; i < sizeof block / sizeof *block; i++) {
		uint64_t at = 0;

		kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		while (at < FILE_SIZE) {
			const uint8_t *p;
			uint32_t n;

			assert_int_equal(
			    kit_say(g, SFTP_READ, "sUu", &h.s, at, block[i]),
			    0);
			p = kit_answer(g, SFTP_DATA);
			n = kit_u32(p);
			assert_int_equal(g->n, 13 + n);
			assert_true(n > 0 && n <= block[i]);
			assert_true(n <= SFTP_READ_MAX);
			for (uint32_t k = 0; k < n; k++) {
				if (p[4 + k] != kit_byte(at + k))
					fail_msg("byte %d", (int)(at + k));
			}
			at += n;
		}
		assert_int_equal(at, FILE_SIZE);
		kit_say(g, SFTP_READ, "sUu", &h.s, at, block[i]);
		assert_int_equal(kit_code(g), SFTP_EOF);
		kit_say(g, SFTP_CLOSE, "s", &h.s);
		assert_int_equal(kit_code(g), SFTP_OK);
		assert_string_equal(g->told, "pull 7:300000 whole;");
		g->told[0] = '\0';
	}
}

static void
a_pull_is_whole_when_all_was_sent_up_to_the_end(void **state)
{
	static const struct {
		const char *what;
		struct {
			uint64_t from;
			uint32_t n;
		} read[4];
		const char *told;
	} row[] = {
		{ "at once is too much for one READ", { { 0, FILE_SIZE } },
		    "pull 7:261120 part;" },
		{ "in order", { { 0, 200000 }, { 200000, 100000 } },
		    "pull 7:300000 whole;" },
		{ "out of order", { { 200000, 100000 }, { 0, 200000 } },
		    "pull 7:300000 whole;" },
		{ "the same half twice", { { 0, 150000 }, { 0, 150000 } },
		    "pull 7:300000 part;" },
		{ "one byte short", { { 0, 200000 }, { 200000, 99999 } },
		    "pull 7:299999 part;" },
		{ "continued from elsewhere", { { 100000, 200000 } },
		    "pull 7:200000 whole;" },
		{ "continued, with a gap",
		    { { 100000, 100000 }, { 200001, 99999 } },
		    "pull 7:199999 part;" },
		{ "continued, a byte short", { { 100000, 199999 } },
		    "pull 7:199999 part;" },
		{ "nothing", { { 0, 0 } }, "pull 7:0 part;" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct name h;

		print_message("# %s\n", row[i].what);
		kit_open(g, "main/conversions.csv", SFTP_OPEN_READ, &h);
		for (size_t k = 0; k < 4; k++) {
			if (row[i].read[k].n > 0)
				kit_say(g, SFTP_READ, "sUu", &h.s,
				    row[i].read[k].from, row[i].read[k].n);
		}
		kit_say(g, SFTP_CLOSE, "s", &h.s);
		assert_string_equal(g->told, row[i].told);
		g->told[0] = '\0';
	}
}

static void
without_a_close_only_an_orderly_end_is_a_whole_pull(void **state)
{
	static const struct {
		bool orderly, sent;
		const char *told;
	} row[] = {
		{ true, true, "pull 7:300000 whole;" },
		{ true, false, "pull 7:300000 part;" },
		{ false, true, "pull 7:300000 part;" },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct rig *g = *state;
		struct name h;

		kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		kit_say(g, SFTP_READ, "sUu", &h.s, (uint64_t)0, 261120u);
		kit_say(g, SFTP_READ, "sUu", &h.s, (uint64_t)261120, 261120u);
		if (!row[i].sent) {
			sftp_take(
			    g->sftp, "\0\0\0\x0b\x11\0\0\0\1\0\0\0\2/a", 15);
			sftp_run(g->sftp);
		}
		sftp_free(g->sftp, row[i].orderly);
		g->sftp = NULL;
		assert_string_equal(g->told, row[i].told);
		kit_down(state);
		kit_up(state);
	}
}

static void
no_more_is_answered_than_there_is_room_for(void **state)
{
	struct rig *g = *state;
	uint8_t ask[64];
	struct sftp_out o = { ask, 0, sizeof ask, 0 };
	struct name h;
	size_t got = 0, asked = 0;

	kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
	sftp_begin(&o, SFTP_READ, 1);
	sftp_put_string(&o, h.s);
	sftp_put_u64(&o, 0);
	sftp_put_u32(&o, 200000);
	sftp_end(&o);
	while (sftp_take(g->sftp, o.p, o.n) == o.n) {
		asked++;
		assert_int_equal(sftp_run(g->sftp), 0);
		assert_true(sftp_pending(g->sftp).n <= SFTP_PENDING_SOON);
	}
	assert_true(asked > 1000); /* many requests wait, */
	assert_true(asked < 5000); /* but not any number of them */
	assert_false(sftp_idle(g->sftp));
	for (size_t n = 1; n > 0;) {
		n = sftp_pending(g->sftp).n;
		got += n;
		sftp_sent(g->sftp, n);
		assert_int_equal(sftp_run(g->sftp), 0);
	}
	assert_int_equal(got, asked * (SFTP_DATA_HEAD + 200000));
}

/* Of a request for that many bytes, or the end of the file. */
static void
ask_for(struct rig *g, struct slice handle, uint32_t n)
{
	uint8_t ask[64];
	struct sftp_out o = { ask, 0, sizeof ask, 0 };

	sftp_begin(&o, SFTP_READ, 1);
	sftp_put_string(&o, handle);
	sftp_put_u64(&o, n == 0 ? 1u << 30 : 0);
	sftp_put_u32(&o, n);
	sftp_end(&o);
	assert_int_equal(sftp_take(g->sftp, o.p, o.n), o.n);
}

/* See bytes_part: the slow place is right behind where it was in its page. */
static void
the_kernel_copies_to_where_it_is_fast(void **state)
{
	struct rig *g = *state;
	struct name h;

	for (int time = 0; time < 2; time++) {
		uintptr_t at;

		kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		ask_for(g, h.s, 32768);
		assert_int_equal(sftp_run(g->sftp), 0);
		at = (uintptr_t)sftp_pending(g->sftp).p + SFTP_DATA_HEAD;
		assert_in_range(at % BYTES_PAGE, BYTES_NEAR, BYTES_PAGE - 1);
		sftp_sent(g->sftp, sftp_pending(g->sftp).n);
		kit_say(g, SFTP_CLOSE, "s", &h.s);
		sftp_rest(g->sftp); /* other memory from now on */
	}
}

static void
the_short_end_of_an_answer_may_wait_for_the_next_one(void **state)
{
	static const struct {
		const char *what;
		uint32_t ask[4]; /* 0 is the end of the file */
		size_t asked, waits;
	} row[] = {
		{ "one packet and 23 bytes", { 32768 }, 1, 23 },
		{ "three of these", { 32768, 32768, 32768 }, 3, 69 },
		{ "an answer that fills a packet", { 32745 }, 1, 0 },
		{ "a long end", { 40000 }, 1, 0 },
		{ "a short answer, all of it", { 500 }, 1, 0 },
		{ "the end of a long one is behind it", { 32768, 500 }, 2, 0 },
		{ "no DATA behind it", { 32768, 0 }, 2, 0 },
		{ "more than there is room for", { 261120 }, 1, 0 },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct rig *g = *state;
		struct name h;
		size_t n, ripe;
		uint8_t end[128];

		print_message("# %s\n", row[i].what);
		kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		for (size_t k = 0; k < row[i].asked; k++)
			ask_for(g, h.s, row[i].ask[k]);
		assert_int_equal(sftp_run(g->sftp), 0);
		n = sftp_pending(g->sftp).n;
		ripe = sftp_ripe(g->sftp);
		assert_int_equal(n - ripe, row[i].waits);
		if (row[i].waits > 0) {
			memcpy(end, sftp_pending(g->sftp).p + ripe, n - ripe);
			sftp_sent(g->sftp, ripe);
			assert_int_equal(sftp_ripe(g->sftp), 0);
			assert_int_equal(sftp_pending(g->sftp).n, row[i].waits);
			assert_memory_equal(
			    sftp_pending(g->sftp).p, end, row[i].waits);
		}
		kit_down(state);
		kit_up(state);
	}
}

static void
a_file_that_shrinks_ends_the_session(void **state)
{
	struct rig *g = *state;
	struct name h;

	kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
	assert_int_equal(ftruncate(g->published, 1000), 0);
	assert_int_equal(
	    kit_say(g, SFTP_READ, "sUu", &h.s, (uint64_t)0, 32768u), -1);
	assert_string_equal(
	    sftp_problem(g->sftp), "a file became shorter while it was read");
}

/* --- writing --- */

static void
an_upload_is_committed_when_nothing_of_it_is_missing(void **state)
{
	static const struct {
		const char *what, *path;
		uint32_t flags;
		struct {
			uint64_t at;
			const char *bytes;
			uint32_t code;
		} write[4];
		bool close;
		uint32_t code;
		const char *told, *bytes;
	} row[] = {
		{ "in order", "own.csv", SFTP_OPEN_CREATE,
		    { { 0, "abc", SFTP_OK }, { 3, "def", SFTP_OK } }, true,
		    SFTP_OK, "commit 9:6;", "abcdef" },
		{ "pipelined out of order", "own.csv", SFTP_OPEN_CREATE,
		    { { 3, "def", SFTP_OK }, { 0, "abc", SFTP_OK } }, true,
		    SFTP_OK, "commit 9:6;", "abcdef" },
		{ "empty", "own.csv", SFTP_OPEN_CREATE, { { 0, NULL, 0 } },
		    true, SFTP_OK, "commit 9:0;", "" },
		{ "written over", "own.csv", SFTP_OPEN_CREATE,
		    { { 0, "abc", SFTP_OK }, { 1, "x", SFTP_OK } }, true,
		    SFTP_OK, "commit 9:3;", "axc" },
		{ "appended, whatever the offset", "own.csv", SFTP_OPEN_APPEND,
		    { { 90, "abc", SFTP_OK }, { 7, "def", SFTP_OK } }, true,
		    SFTP_OK, "commit 9:6;", "abcdef" },
		{ "the session breaks off", "own.csv", SFTP_OPEN_CREATE,
		    { { 0, "abc", SFTP_OK } }, false, 0, "abort 9:3;", NULL },
		{ "continued, but the beginning is not here", "own.csv",
		    SFTP_OPEN_CREATE, { { 3, "def", SFTP_OK } }, true,
		    SFTP_FAILURE, "abort 9:6;", NULL },
		{ "a gap", "own.csv", SFTP_OPEN_CREATE,
		    { { 0, "abc", SFTP_OK }, { 4, "ef", SFTP_OK } }, true,
		    SFTP_FAILURE, "abort 9:6;", NULL },
		{ "a full disk", "full.csv", SFTP_OPEN_CREATE,
		    { { 0, "abc", SFTP_FAILURE } }, true, SFTP_FAILURE,
		    "abort 9:0;", NULL },
		{ "larger than allowed", "own.csv", SFTP_OPEN_CREATE,
		    { { 0, "abc", SFTP_OK }, { 999999, "de", SFTP_FAILURE } },
		    true, SFTP_FAILURE, "abort 9:3;", NULL },
		{ "an offset near 2^64", "own.csv", SFTP_OPEN_CREATE,
		    { { UINT64_MAX, "de", SFTP_FAILURE } }, true, SFTP_FAILURE,
		    "abort 9:0;", NULL },
	};

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct rig *g = *state;
		struct name h;
		char path[64], bytes[16] = "";

		print_message("# %s\n", row[i].what);
		snprintf(path, sizeof path, "/inbox/main/%s", row[i].path);
		kit_open(g, path, SFTP_OPEN_WRITE | row[i].flags, &h);
		for (size_t k = 0; k < 4 && row[i].write[k].bytes; k++) {
			struct slice b = slice_of(row[i].write[k].bytes);

			kit_say(
			    g, SFTP_WRITE, "sUs", &h.s, row[i].write[k].at, &b);
			assert_int_equal(kit_code(g), row[i].write[k].code);
		}
		if (row[i].close) {
			kit_say(g, SFTP_CLOSE, "s", &h.s);
			assert_int_equal(kit_code(g), row[i].code);
		}
		sftp_free(g->sftp, true);
		g->sftp = NULL;
		assert_string_equal(g->told, row[i].told);
		if (row[i].bytes != NULL) {
			assert_true(
			    pread(g->upload, bytes, sizeof bytes, 0) >= 0);
			assert_string_equal(bytes, row[i].bytes);
		}
		kit_down(state);
		kit_up(state);
	}
}

static void
a_name_is_refused_as_files_says(void **state)
{
	static const struct {
		const char *path;
		uint32_t flags, code;
	} row[] = {
		{ "/inbox/main/taken.csv", SFTP_OPEN_WRITE, SFTP_FAILURE },
		{ "/inbox/main/own.csv", SFTP_OPEN_WRITE | SFTP_OPEN_EXCLUSIVE,
		    SFTP_FAILURE },
		{ "/main/conversions.csv", SFTP_OPEN_WRITE, SFTP_DENIED },
		{ "/main/other.csv", SFTP_OPEN_READ, SFTP_NO_SUCH_FILE },
	};
	struct rig *g = *state;
	struct slice zero = { "/main/a\0b", 9 };
	struct name h;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice p = slice_of(row[i].path);

		kit_say(g, SFTP_OPEN, "suu", &p, row[i].flags, 0u);
		assert_int_equal(kit_code(g), row[i].code);
	}
	kit_say(g, SFTP_OPEN, "suu", &zero, 1u, 0u);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_open(g, "/inbox/main/new.csv",
	    SFTP_OPEN_WRITE | SFTP_OPEN_EXCLUSIVE, &h);
}

/* --- the rest --- */

static void
handles_are_counted_and_never_mistaken(void **state)
{
	struct rig *g = *state;
	struct name h[SFTP_HANDLES_MAX], one;
	struct slice p = slice_of("/main/conversions.csv");

	for (size_t i = 0; i < SFTP_HANDLES_MAX; i++)
		kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h[i]);
	kit_say(g, SFTP_OPEN, "suu", &p, 1u, 0u);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_OPENDIR, "s", &p);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_CLOSE, "s", &h[5].s);
	assert_int_equal(kit_code(g), SFTP_OK);
	kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &one);
	assert_int_equal(one.bytes[3], h[5].bytes[3]); /* the same place */
	kit_say(g, SFTP_READ, "sUu", &h[5].s, (uint64_t)0, 10u);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_CLOSE, "s", &h[5].s);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_READ, "sUu", &one.s, (uint64_t)0, 10u);
	kit_answer(g, SFTP_DATA);
}

static void
a_session_that_rested_goes_on(void **state)
{
	static const char most[200 * 1024];
	struct rig *g = *state;
	struct slice p = slice_of("/main/conversions.csv"),
		     big = { most, sizeof most };
	size_t wanted = sftp_wants(g->sftp);
	struct name h;

	for (int i = 0; i < 3; i++) {
		kit_say(g, SFTP_WRITE, "sUs", &p, (uint64_t)0, &big);
		assert_int_equal(kit_code(g), SFTP_FAILURE);
		assert_true(sftp_wants(g->sftp) > wanted);
		sftp_rest(g->sftp);
		assert_int_equal(sftp_wants(g->sftp), wanted);
		assert_int_equal(sftp_run(g->sftp), 0);
		assert_int_equal(sftp_pending(g->sftp).n, 0);
		kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		kit_say(g, SFTP_READ, "sUu", &h.s, (uint64_t)0, FILE_SIZE / 2);
		kit_answer(g, SFTP_DATA);
		kit_say(g, SFTP_CLOSE, "s", &h.s);
		assert_int_equal(kit_code(g), SFTP_OK);
	}
	kit_say(g, SFTP_STAT, "s", &p);
	kit_answer(g, SFTP_ATTRS);
}

static void
a_session_with_any_handle_is_not_idle(void **state)
{
	struct rig *g = *state;
	struct name first, second;

	assert_true(sftp_idle(g->sftp));
	kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &first);
	kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &second);
	assert_false(sftp_idle(g->sftp));
	kit_say(g, SFTP_CLOSE, "s", &first.s);
	assert_false(sftp_idle(g->sftp));
	kit_say(g, SFTP_CLOSE, "s", &second.s);
	assert_true(sftp_idle(g->sftp));
	sftp_take(g->sftp, "\0", 1);
	assert_false(sftp_idle(g->sftp));
}

static void
handles_are_used_for_what_they_are(void **state)
{
	struct rig *g = *state;
	struct slice b = slice_of("x"), p = slice_of("/main"),
		     odd = slice_of("handle");
	struct name file, upload, dir;

	kit_open(g, "/main/conversions.csv", SFTP_OPEN_READ, &file);
	kit_open(g, "/inbox/main/own.csv", SFTP_OPEN_WRITE, &upload);
	kit_say(g, SFTP_OPENDIR, "s", &p);
	memcpy(dir.bytes, kit_answer(g, SFTP_HANDLE) + 4, 8);
	dir.s = (struct slice){ dir.bytes, 8 };

	kit_say(g, SFTP_WRITE, "sUs", &file.s, (uint64_t)0, &b);
	assert_int_equal(kit_code(g), SFTP_DENIED);
	kit_say(g, SFTP_WRITE, "sUs", &dir.s, (uint64_t)0, &b);
	assert_int_equal(kit_code(g), SFTP_DENIED);
	kit_say(g, SFTP_READ, "sUu", &upload.s, (uint64_t)0, 1u);
	assert_int_equal(kit_code(g), SFTP_DENIED);
	kit_say(g, SFTP_READ, "sUu", &dir.s, (uint64_t)0, 1u);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_READDIR, "s", &file.s);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_FSTAT, "s", &odd);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
	kit_say(g, SFTP_FSETSTAT, "su", &upload.s, 0u);
	assert_int_equal(kit_code(g), SFTP_OK);
	kit_say(g, SFTP_FSETSTAT, "su", &file.s, 0u);
	assert_int_equal(kit_code(g), SFTP_DENIED);
	kit_say(g, SFTP_WRITE, "sUs", &upload.s, (uint64_t)0, &b);
	kit_say(g, SFTP_FSTAT, "s", &upload.s);
	assert_int_equal(
	    kit_u32(kit_answer(g, SFTP_ATTRS) + 8), 1); /* its size */
	kit_say(g, SFTP_FSTAT, "s", &file.s);
	assert_int_equal(kit_u32(kit_answer(g, SFTP_ATTRS) + 8), FILE_SIZE);
}

static void
a_folder_is_listed_to_its_end(void **state)
{
	struct rig *g = *state;
	struct slice p = slice_of("/main");
	unsigned seen = 0;
	struct name h;

	kit_say(g, SFTP_OPENDIR, "s", &p);
	memcpy(h.bytes, kit_answer(g, SFTP_HANDLE) + 4, 8);
	h.s = (struct slice){ h.bytes, 8 };
	for (;;) {
		const uint8_t *a;
		uint32_t n;

		kit_say(g, SFTP_READDIR, "s", &h.s);
		if (g->reply[4] == SFTP_STATUS)
			break;
		a = kit_answer(g, SFTP_NAME);
		n = kit_u32(a);
		a += 4;
		for (; n > 0; n--, seen++) {
			char want[16];

			snprintf(want, sizeof want, "file-%04u", seen);
			assert_int_equal(kit_u32(a), 9);
			assert_memory_equal(a + 4, want, 9);
			a += 13;
			a += 4 + kit_u32(a);
			assert_int_equal(kit_u32(a + 8), seen); /* its size */
			a += SFTP_ATTRS_MAX;
		}
		assert_ptr_equal(a, g->reply + g->n);
	}
	assert_int_equal(seen, FOLDER_ENTRIES);
	assert_int_equal(kit_code(g), SFTP_EOF);
}

static void
what_is_not_granted_is_refused(void **state)
{
	static const struct {
		uint8_t type;
		const char *name, *other;
		uint32_t code;
	} row[] = {
		{ SFTP_MKDIR, "/main/x", NULL, SFTP_DENIED },
		{ SFTP_RMDIR, "/main", NULL, SFTP_DENIED },
		{ SFTP_SYMLINK, "/main/x", "/etc/passwd", SFTP_DENIED },
		{ SFTP_READLINK, "/main", NULL, SFTP_DENIED },
		{ SFTP_REMOVE, "/main/conversions.csv", NULL, SFTP_DENIED },
		{ SFTP_SETSTAT, "/main/conversions.csv", NULL, SFTP_DENIED },
		{ SFTP_SETSTAT, "/inbox/main", NULL, SFTP_DENIED },
		{ SFTP_SETSTAT, "/inbox/main/other", NULL, SFTP_NO_SUCH_FILE },
		{ SFTP_SETSTAT, "/inbox/main/own.csv", NULL, SFTP_OK },
		{ SFTP_STAT, "/inbox/main/other", NULL, SFTP_NO_SUCH_FILE },
		{ SFTP_EXTENDED, "statvfs@openssh.com", "/", SFTP_UNSUPPORTED },
		{ SFTP_EXTENDED, "hardlink@openssh.com", "/",
		    SFTP_UNSUPPORTED },
		{ 21, "/a", "/b", SFTP_UNSUPPORTED },
		{ 255, "/a", "/b", SFTP_UNSUPPORTED },
		{ SFTP_RENAME, "/a", NULL, SFTP_BAD_MESSAGE },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct slice name = slice_of(row[i].name);
		struct slice other = slice_of(row[i].other);

		print_message("# %u %s\n", row[i].type, row[i].name);
		if (row[i].other == NULL)
			kit_say(g, row[i].type, "s", &name);
		else
			kit_say(g, row[i].type, "ss", &name, &other);
		assert_int_equal(kit_code(g), row[i].code);
	}
}

static void
both_ways_to_rename_are_one(void **state)
{
	struct rig *g = *state;
	struct slice from = slice_of("inbox/main/x.filepart"),
		     to = slice_of("/inbox/main/x.csv"),
		     posix = slice_of("posix-rename@openssh.com");
	static const char want[] =
	    "rename /inbox/main/x.filepart /inbox/main/x.csv";

	kit_say(g, SFTP_RENAME, "ss", &from, &to);
	assert_int_equal(kit_code(g), SFTP_OK);
	assert_string_equal(g->told, want);
	g->told[0] = '\0';
	kit_say(g, SFTP_EXTENDED, "sss", &posix, &from, &to);
	assert_int_equal(kit_code(g), SFTP_OK);
	assert_string_equal(g->told, want);
}

static void
limits_and_paths_are_told(void **state)
{
	struct rig *g = *state;
	struct slice limits = slice_of("limits@openssh.com"),
		     sync = slice_of("fsync@openssh.com"), dot = slice_of("."),
		     path = slice_of("/main/conversions.csv");
	const uint8_t *p;
	struct name h;

	kit_say(g, SFTP_EXTENDED, "s", &limits);
	p = kit_answer(g, SFTP_EXTENDED_REPLY);
	assert_int_equal(kit_u32(p + 4), 262144);
	assert_int_equal(kit_u32(p + 12), 261120);
	assert_int_equal(kit_u32(p + 20), 261120);
	assert_int_equal(kit_u32(p + 28), 64);
	kit_say(g, SFTP_REALPATH, "s", &dot);
	assert_memory_equal(kit_answer(g, SFTP_NAME), "\0\0\0\1\0\0\0\1/", 9);
	kit_say(g, SFTP_STAT, "s", &path);
	assert_int_equal(kit_u32(kit_answer(g, SFTP_ATTRS) + 20), 1795338900);
	kit_say(g, SFTP_LSTAT, "s", &path);
	assert_int_equal(kit_u32(kit_answer(g, SFTP_ATTRS) + 8), FILE_SIZE);
	kit_open(g, "/inbox/main/own.csv", SFTP_OPEN_WRITE, &h);
	kit_say(g, SFTP_EXTENDED, "ss", &sync, &h.s);
	assert_int_equal(kit_code(g), SFTP_OK);
	kit_say(g, SFTP_EXTENDED, "ss", &sync, &dot);
	assert_int_equal(kit_code(g), SFTP_FAILURE);
}

static void
packets_may_arrive_in_any_pieces(void **state)
{
	static const size_t piece[] = { 1, 3, 4096, 65536, 300000 };
	struct slice path = slice_of("/inbox/main/own.csv");
	uint8_t *data = malloc(261120), back[8];
	struct rig *g = *state;

	memset(data, 'x', 261120);
	for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) {
		struct sftp_out o = { packet, 0, sizeof packet, 0 };
		struct name h;

		g->told[0] = '\0';
		kit_say(
		    g, SFTP_OPEN, "suu", &path, (uint32_t)SFTP_OPEN_WRITE, 0u);
		memcpy(h.bytes, kit_answer(g, SFTP_HANDLE) + 4, 8);
		h.s = (struct slice){ h.bytes, 8 };
		sftp_begin(&o, SFTP_WRITE, ++g->id);
		sftp_put_string(&o, h.s);
		sftp_put_u64(&o, 0);
		sftp_put_string(
		    &o, (struct slice){ (const char *)data, 261120 });
		sftp_end(&o);
		sftp_begin(&o, SFTP_CLOSE, ++g->id);
		sftp_put_string(&o, h.s);
		sftp_end(&o);
		g->n = 0;
		for (size_t at = 0; at < o.n; at += piece[i])
			assert_int_equal(
			    kit_feed(g, packet + at,
				o.n - at < piece[i] ? o.n - at : piece[i]),
			    0);
		assert_string_equal(g->told, "commit 9:261120;");
		assert_int_equal(pread(g->upload, back, 8, 261112), 8);
		assert_memory_equal(back, "xxxxxxxx", 8);
	}
	free(data);
}

static void
the_session_ends_when_files_is_gone(void **state)
{
	struct rig *g = *state;
	struct slice p = slice_of("/main/conversions.csv");

	shutdown(g->theirs, SHUT_RDWR);
	assert_int_equal(kit_say(g, SFTP_STAT, "s", &p), -1);
	assert_string_equal(
	    sftp_problem(g->sftp), "the process that opens files is gone");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, kit_up, kit_down)
#define RAW(name) cmocka_unit_test_setup_teardown(name, kit_raw, kit_down)
	const struct CMUnitTest tests[] = {
		RAW(the_first_packet_is_init),
		cmocka_unit_test_teardown(
		    what_is_not_sftp_ends_the_session, kit_down),
		TEST(a_file_is_read_whole_whatever_the_block_size),
		TEST(a_pull_is_whole_when_all_was_sent_up_to_the_end),
		TEST(without_a_close_only_an_orderly_end_is_a_whole_pull),
		TEST(no_more_is_answered_than_there_is_room_for),
		TEST(the_kernel_copies_to_where_it_is_fast),
		TEST(the_short_end_of_an_answer_may_wait_for_the_next_one),
		TEST(a_file_that_shrinks_ends_the_session),
		TEST(an_upload_is_committed_when_nothing_of_it_is_missing),
		TEST(a_name_is_refused_as_files_says),
		TEST(handles_are_counted_and_never_mistaken),
		TEST(a_session_that_rested_goes_on),
		TEST(a_session_with_any_handle_is_not_idle),
		TEST(handles_are_used_for_what_they_are),
		TEST(a_folder_is_listed_to_its_end),
		TEST(what_is_not_granted_is_refused),
		TEST(both_ways_to_rename_are_one),
		TEST(limits_and_paths_are_told),
		TEST(packets_may_arrive_in_any_pieces),
		TEST(the_session_ends_when_files_is_gone),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
