/*
 * The SFTP session, against a files process that is a thread of this one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/files.h"
#include "server/sftp.h"
#include "server/sftp_packet.h"

#define FILE_SIZE 300000u
#define FOLDER_ENTRIES 1000u

/* --- files --- */

struct rig {
	int ours, theirs; /* the channel to files */
	pthread_t files;
	char told[1024]; /* what files was told about ends, in order */
	int upload;      /* the memfd of the last upload */
	int published;   /* of what is read */
	struct sftp *sftp;
	uint8_t reply[2 * 1024 * 1024];
	size_t n;
	uint32_t id;
};

static uint8_t
byte_at(uint64_t offset)
{
	return (uint8_t)(offset * 7 + offset / 251);
}

static int
published(void)
{
	uint8_t *p = malloc(FILE_SIZE);
	int fd = memfd_create("published", 0);

	for (size_t i = 0; i < FILE_SIZE; i++)
		p[i] = byte_at(i);
	assert_int_equal(write(fd, p, FILE_SIZE), FILE_SIZE);
	free(p);
	return fd;
}

static int
folder(void)
{
	int fd = memfd_create("folder", 0);

	for (unsigned i = 0; i < FOLDER_ENTRIES; i++) {
		struct files_entry e = { .stat = { i, 1795338900, 0, 0 } };

		snprintf(e.name, sizeof e.name, "file-%04u", i);
		assert_int_equal(write(fd, &e, sizeof e), sizeof e);
	}
	return fd;
}

static void
tell(struct rig *g, const struct files_request *q, const char *what)
{
	size_t n = strlen(g->told);

	snprintf(g->told + n, sizeof g->told - n, "%s %d:%d%s;", what,
	    (int)q->number, (int)q->bytes,
	    q->op == FILES_PULL_END ? q->complete ? " whole" : " part" : "");
}

static int
do_one(struct rig *g, const struct files_request *q, struct files_reply *r)
{
	switch (q->op) {
	case FILES_OPEN:
	case FILES_STAT:
		if (strcmp(q->path, "/main/conversions.csv") == 0) {
			r->stat =
			    (struct files_stat){ FILE_SIZE, 1795338900, 0, 0 };
			r->number = q->op == FILES_OPEN ? 7 : 0;
			return q->op == FILES_OPEN ? dup(g->published) : -1;
		}
		r->stat.writable = 1;
		r->stat.size = 5;
		if (strcmp(q->path, "/inbox/main") == 0)
			r->stat.is_dir = 1;
		else if (strcmp(q->path, "/inbox/main/own.csv") != 0)
			r->error = ENOENT;
		return -1;
	case FILES_LIST:
		r->entries = FOLDER_ENTRIES;
		return folder();
	case FILES_CREATE:
		if (strcmp(q->path, "/inbox/main/taken.csv") == 0)
			r->error = EEXIST;
		else if (strncmp(q->path, "/inbox/", 7) != 0)
			r->error = EACCES;
		if (r->error != 0)
			return -1;
		r->number = 9;
		if (strcmp(q->path, "/inbox/main/full.csv") == 0)
			return open("/dev/full", O_WRONLY);
		if (g->upload != -1)
			close(g->upload);
		g->upload = memfd_create("upload", 0);
		return dup(g->upload);
	case FILES_COMMIT:
		tell(g, q, "commit");
		return -1;
	case FILES_ABORT:
		tell(g, q, "abort");
		return -1;
	case FILES_PULL_END:
		tell(g, q, "pull");
		return -1;
	case FILES_RENAME:
		snprintf(g->told, sizeof g->told, "rename %.200s %.200s",
		    q->path, q->path2);
		return -1;
	case FILES_REMOVE:
		r->error = EACCES;
		return -1;
	default:
		r->error = EINVAL;
		return -1;
	}
}

static void *
serve_files(void *ctx)
{
	struct rig *g = ctx;
	union {
		struct files_request q;
		uint8_t bytes[WIRE_MAX];
	} m;

	while (wire_recv(g->theirs, &m, sizeof m, NULL) == 1) {
		struct files_reply r;
		int fd;

		WIRE_INIT(&r, WIRE_OPENED);
		r.head.id = m.q.head.id;
		fd = do_one(g, &m.q, &r);
		wire_send(g->theirs, &r.head, fd);
		if (fd != -1)
			close(fd);
	}
	return NULL;
}

/* --- the client --- */

/* Takes over what waits to be sent. */
static void
drain(struct rig *g)
{
	struct slice s = sftp_pending(g->sftp);

	assert_true(g->n + s.n <= sizeof g->reply);
	memcpy(g->reply + g->n, s.p, s.n);
	g->n += s.n;
	sftp_sent(g->sftp, s.n);
}

static int
feed(struct rig *g, const uint8_t *p, size_t n)
{
	for (;;) {
		size_t k = sftp_take(g->sftp, p, n);
		size_t had = g->n;

		p += k;
		n -= k;
		if (sftp_run(g->sftp) == -1)
			return -1;
		drain(g);
		if (n == 0 && k == 0 && g->n == had)
			return 0;
	}
}

/* One request: its type and what its layout says: s string, u 32, U 64 bits. */
static size_t
build(struct rig *g, uint8_t *buf, size_t size, uint8_t type,
    const char *layout, va_list ap)
{
	struct sftp_out o = { buf, 0, size, 0 };

	sftp_begin(&o, type, type == SFTP_INIT ? 3 : ++g->id);
	for (; *layout != '\0'; layout++) {
		if (*layout == 's')
			sftp_put_string(&o, *va_arg(ap, struct slice *));
		else if (*layout == 'u')
			sftp_put_u32(&o, va_arg(ap, uint32_t));
		else
			sftp_put_u64(&o, va_arg(ap, uint64_t));
	}
	sftp_end(&o);
	return o.n;
}

static uint8_t packet[2 * SFTP_PACKET_MAX];

/* Sends it; the answers are what g->reply holds from now on. */
static int
say(struct rig *g, uint8_t type, const char *layout, ...)
{
	va_list ap;
	size_t n;

	va_start(ap, layout);
	n = build(g, packet, sizeof packet, type, layout, ap);
	va_end(ap);
	g->n = 0;
	return feed(g, packet, n);
}

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

/* The one answer that came is of this type. */
static const uint8_t *
answer(const struct rig *g, uint8_t type)
{
	assert_true(g->n >= 9);
	assert_int_equal(u32(g->reply), g->n - 4);
	assert_int_equal(g->reply[4], type);
	assert_int_equal(u32(g->reply + 5), g->id);
	return g->reply + 9;
}

static uint32_t
code(const struct rig *g)
{
	return u32(answer(g, SFTP_STATUS));
}

static struct slice
text(const char *s)
{
	return slice_of(s);
}

struct name { /* a handle, kept */
	char bytes[8];
	struct slice s;
};

static void
open_it(struct rig *g, const char *path, uint32_t flags, struct name *h)
{
	struct slice p = text(path);

	say(g, SFTP_OPEN, "suu", &p, flags, 0u);
	memcpy(h->bytes, answer(g, SFTP_HANDLE) + 4, 8);
	h->s = (struct slice){ h->bytes, 8 };
}

static int
set_up_raw(void **state)
{
	struct rig *g = calloc(1, sizeof *g);
	const struct grant grant = { .user = "direct" };
	int pair[2];

	assert_int_equal(wire_pair(pair), 0);
	g->ours = pair[0];
	g->theirs = pair[1];
	g->upload = -1;
	g->published = published();
	assert_int_equal(pthread_create(&g->files, NULL, serve_files, g), 0);
	g->sftp = sftp_new(g->ours, &grant, 1000000);
	assert_non_null(g->sftp);
	*state = g;
	return 0;
}

static int
set_up(void **state)
{
	set_up_raw(state);
	return say(*state, SFTP_INIT, "");
}

static int
tear_down(void **state)
{
	struct rig *g = *state;

	sftp_free(g->sftp, false);
	close(g->ours);
	pthread_join(g->files, NULL);
	close(g->theirs);
	close(g->published);
	if (g->upload != -1)
		close(g->upload);
	free(g);
	return 0;
}

/* --- beginning --- */

static void
the_first_packet_is_init(void **state)
{
	struct rig *g = *state;

	assert_int_equal(say(g, SFTP_INIT, ""), 0);
	assert_int_equal(g->reply[4], SFTP_VERSION);
	assert_int_equal(u32(g->reply + 5), 3);
	assert_non_null(memmem(g->reply, g->n,
	    "limits@openssh.com\0\0\0\1"
	    "1",
	    23));
	assert_int_equal(say(g, SFTP_INIT, ""), -1);
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

		set_up_raw(state);
		g = *state;
		print_message("# %s\n", row[i].what);
		assert_int_equal(
		    feed(g, (const uint8_t *)row[i].bytes, row[i].n), -1);
		assert_non_null(sftp_problem(g->sftp));
		assert_int_equal(sftp_run(g->sftp), -1);
		tear_down(state);
	}
	set_up_raw(state);
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

		open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		while (at < FILE_SIZE) {
			const uint8_t *p;
			uint32_t n;

			assert_int_equal(
			    say(g, SFTP_READ, "sUu", &h.s, at, block[i]), 0);
			p = answer(g, SFTP_DATA);
			n = u32(p);
			assert_int_equal(g->n, 13 + n);
			assert_true(n > 0 && n <= block[i]);
			assert_true(n <= SFTP_READ_MAX);
			for (uint32_t k = 0; k < n; k++) {
				if (p[4 + k] != byte_at(at + k))
					fail_msg("byte %d", (int)(at + k));
			}
			at += n;
		}
		assert_int_equal(at, FILE_SIZE);
		say(g, SFTP_READ, "sUu", &h.s, at, block[i]);
		assert_int_equal(code(g), SFTP_EOF);
		say(g, SFTP_CLOSE, "s", &h.s);
		assert_int_equal(code(g), SFTP_OK);
		assert_string_equal(g->told, "pull 7:300000 whole;");
		g->told[0] = '\0';
	}
}

static void
a_pull_is_whole_when_every_byte_was_sent(void **state)
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
		{ "continued elsewhere", { { 100000, 200000 } },
		    "pull 7:200000 part;" },
		{ "nothing", { { 0, 0 } }, "pull 7:0 part;" },
	};
	struct rig *g = *state;

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct name h;

		print_message("# %s\n", row[i].what);
		open_it(g, "main/conversions.csv", SFTP_OPEN_READ, &h);
		for (size_t k = 0; k < 4; k++) {
			if (row[i].read[k].n > 0)
				say(g, SFTP_READ, "sUu", &h.s,
				    row[i].read[k].from, row[i].read[k].n);
		}
		say(g, SFTP_CLOSE, "s", &h.s);
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

		open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
		say(g, SFTP_READ, "sUu", &h.s, (uint64_t)0, 261120u);
		say(g, SFTP_READ, "sUu", &h.s, (uint64_t)261120, 261120u);
		if (!row[i].sent) {
			sftp_take(
			    g->sftp, "\0\0\0\x0b\x11\0\0\0\1\0\0\0\2/a", 15);
			sftp_run(g->sftp);
		}
		sftp_free(g->sftp, row[i].orderly);
		g->sftp = NULL;
		assert_string_equal(g->told, row[i].told);
		tear_down(state);
		set_up(state);
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

	open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
	sftp_begin(&o, SFTP_READ, 1);
	sftp_put_string(&o, h.s);
	sftp_put_u64(&o, 0);
	sftp_put_u32(&o, 200000);
	sftp_end(&o);
	while (sftp_take(g->sftp, o.p, o.n) == o.n) {
		asked++;
		assert_int_equal(sftp_run(g->sftp), 0);
		assert_true(sftp_pending(g->sftp).n <= 65536);
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

static void
a_file_that_shrinks_ends_the_session(void **state)
{
	struct rig *g = *state;
	struct name h;

	open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &h);
	assert_int_equal(ftruncate(g->published, 1000), 0);
	assert_int_equal(
	    say(g, SFTP_READ, "sUu", &h.s, (uint64_t)0, 32768u), -1);
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
		open_it(g, path, SFTP_OPEN_WRITE | row[i].flags, &h);
		for (size_t k = 0; k < 4 && row[i].write[k].bytes; k++) {
			struct slice b = text(row[i].write[k].bytes);

			say(g, SFTP_WRITE, "sUs", &h.s, row[i].write[k].at, &b);
			assert_int_equal(code(g), row[i].write[k].code);
		}
		if (row[i].close) {
			say(g, SFTP_CLOSE, "s", &h.s);
			assert_int_equal(code(g), row[i].code);
		}
		sftp_free(g->sftp, true);
		g->sftp = NULL;
		assert_string_equal(g->told, row[i].told);
		if (row[i].bytes != NULL) {
			assert_true(
			    pread(g->upload, bytes, sizeof bytes, 0) >= 0);
			assert_string_equal(bytes, row[i].bytes);
		}
		tear_down(state);
		set_up(state);
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
		struct slice p = text(row[i].path);

		say(g, SFTP_OPEN, "suu", &p, row[i].flags, 0u);
		assert_int_equal(code(g), row[i].code);
	}
	say(g, SFTP_OPEN, "suu", &zero, 1u, 0u);
	assert_int_equal(code(g), SFTP_FAILURE);
	open_it(g, "/inbox/main/new.csv", SFTP_OPEN_WRITE | SFTP_OPEN_EXCLUSIVE,
	    &h);
}

/* --- the rest --- */

static void
handles_are_counted_and_never_mistaken(void **state)
{
	struct rig *g = *state;
	struct name h[SFTP_HANDLES_MAX], one;
	struct slice p = text("/main/conversions.csv");

	for (size_t i = 0; i < SFTP_HANDLES_MAX; i++)
		open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &h[i]);
	say(g, SFTP_OPEN, "suu", &p, 1u, 0u);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_OPENDIR, "s", &p);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_CLOSE, "s", &h[5].s);
	assert_int_equal(code(g), SFTP_OK);
	open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &one);
	assert_int_equal(one.bytes[3], h[5].bytes[3]); /* the same place */
	say(g, SFTP_READ, "sUu", &h[5].s, (uint64_t)0, 10u);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_CLOSE, "s", &h[5].s);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_READ, "sUu", &one.s, (uint64_t)0, 10u);
	answer(g, SFTP_DATA);
}

static void
handles_are_used_for_what_they_are(void **state)
{
	struct rig *g = *state;
	struct slice b = text("x"), p = text("/main"), odd = text("handle");
	struct name file, upload, dir;

	open_it(g, "/main/conversions.csv", SFTP_OPEN_READ, &file);
	open_it(g, "/inbox/main/own.csv", SFTP_OPEN_WRITE, &upload);
	say(g, SFTP_OPENDIR, "s", &p);
	memcpy(dir.bytes, answer(g, SFTP_HANDLE) + 4, 8);
	dir.s = (struct slice){ dir.bytes, 8 };

	say(g, SFTP_WRITE, "sUs", &file.s, (uint64_t)0, &b);
	assert_int_equal(code(g), SFTP_DENIED);
	say(g, SFTP_WRITE, "sUs", &dir.s, (uint64_t)0, &b);
	assert_int_equal(code(g), SFTP_DENIED);
	say(g, SFTP_READ, "sUu", &upload.s, (uint64_t)0, 1u);
	assert_int_equal(code(g), SFTP_DENIED);
	say(g, SFTP_READ, "sUu", &dir.s, (uint64_t)0, 1u);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_READDIR, "s", &file.s);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_FSTAT, "s", &odd);
	assert_int_equal(code(g), SFTP_FAILURE);
	say(g, SFTP_FSETSTAT, "su", &upload.s, 0u);
	assert_int_equal(code(g), SFTP_OK);
	say(g, SFTP_FSETSTAT, "su", &file.s, 0u);
	assert_int_equal(code(g), SFTP_DENIED);
	say(g, SFTP_WRITE, "sUs", &upload.s, (uint64_t)0, &b);
	say(g, SFTP_FSTAT, "s", &upload.s);
	assert_int_equal(u32(answer(g, SFTP_ATTRS) + 8), 1); /* its size */
	say(g, SFTP_FSTAT, "s", &file.s);
	assert_int_equal(u32(answer(g, SFTP_ATTRS) + 8), FILE_SIZE);
}

static void
a_folder_is_listed_to_its_end(void **state)
{
	struct rig *g = *state;
	struct slice p = text("/main");
	unsigned seen = 0;
	struct name h;

	say(g, SFTP_OPENDIR, "s", &p);
	memcpy(h.bytes, answer(g, SFTP_HANDLE) + 4, 8);
	h.s = (struct slice){ h.bytes, 8 };
	for (;;) {
		const uint8_t *a;
		uint32_t n;

		say(g, SFTP_READDIR, "s", &h.s);
		if (g->reply[4] == SFTP_STATUS)
			break;
		a = answer(g, SFTP_NAME);
		n = u32(a);
		a += 4;
		for (; n > 0; n--, seen++) {
			char want[16];

			snprintf(want, sizeof want, "file-%04u", seen);
			assert_int_equal(u32(a), 9);
			assert_memory_equal(a + 4, want, 9);
			a += 13;
			a += 4 + u32(a);
			assert_int_equal(u32(a + 8), seen); /* its size */
			a += SFTP_ATTRS_MAX;
		}
		assert_ptr_equal(a, g->reply + g->n);
	}
	assert_int_equal(seen, FOLDER_ENTRIES);
	assert_int_equal(code(g), SFTP_EOF);
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
		struct slice name = text(row[i].name);
		struct slice other = text(row[i].other);

		print_message("# %u %s\n", row[i].type, row[i].name);
		if (row[i].other == NULL)
			say(g, row[i].type, "s", &name);
		else
			say(g, row[i].type, "ss", &name, &other);
		assert_int_equal(code(g), row[i].code);
	}
}

static void
both_ways_to_rename_are_one(void **state)
{
	struct rig *g = *state;
	struct slice from = text("inbox/main/x.filepart"),
		     to = text("/inbox/main/x.csv"),
		     posix = text("posix-rename@openssh.com");
	static const char want[] =
	    "rename /inbox/main/x.filepart /inbox/main/x.csv";

	say(g, SFTP_RENAME, "ss", &from, &to);
	assert_int_equal(code(g), SFTP_OK);
	assert_string_equal(g->told, want);
	g->told[0] = '\0';
	say(g, SFTP_EXTENDED, "sss", &posix, &from, &to);
	assert_int_equal(code(g), SFTP_OK);
	assert_string_equal(g->told, want);
}

static void
limits_and_paths_are_told(void **state)
{
	struct rig *g = *state;
	struct slice limits = text("limits@openssh.com"),
		     sync = text("fsync@openssh.com"), dot = text("."),
		     path = text("/main/conversions.csv");
	const uint8_t *p;
	struct name h;

	say(g, SFTP_EXTENDED, "s", &limits);
	p = answer(g, SFTP_EXTENDED_REPLY);
	assert_int_equal(u32(p + 4), 262144);
	assert_int_equal(u32(p + 12), 261120);
	assert_int_equal(u32(p + 20), 261120);
	assert_int_equal(u32(p + 28), 64);
	say(g, SFTP_REALPATH, "s", &dot);
	assert_memory_equal(answer(g, SFTP_NAME), "\0\0\0\1\0\0\0\1/", 9);
	say(g, SFTP_STAT, "s", &path);
	assert_int_equal(u32(answer(g, SFTP_ATTRS) + 20), 1795338900);
	say(g, SFTP_LSTAT, "s", &path);
	assert_int_equal(u32(answer(g, SFTP_ATTRS) + 8), FILE_SIZE);
	open_it(g, "/inbox/main/own.csv", SFTP_OPEN_WRITE, &h);
	say(g, SFTP_EXTENDED, "ss", &sync, &h.s);
	assert_int_equal(code(g), SFTP_OK);
	say(g, SFTP_EXTENDED, "ss", &sync, &dot);
	assert_int_equal(code(g), SFTP_FAILURE);
}

static void
packets_may_arrive_in_any_pieces(void **state)
{
	static const size_t piece[] = { 1, 3, 4096, 65536, 300000 };
	struct slice path = text("/inbox/main/own.csv");
	uint8_t *data = malloc(261120), back[8];
	struct rig *g = *state;

	memset(data, 'x', 261120);
	for (size_t i = 0; i < sizeof piece / sizeof *piece; i++) {
		struct sftp_out o = { packet, 0, sizeof packet, 0 };
		struct name h;

		g->told[0] = '\0';
		say(g, SFTP_OPEN, "suu", &path, (uint32_t)SFTP_OPEN_WRITE, 0u);
		memcpy(h.bytes, answer(g, SFTP_HANDLE) + 4, 8);
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
			    feed(g, packet + at,
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
	struct slice p = text("/main/conversions.csv");

	shutdown(g->theirs, SHUT_RDWR);
	assert_int_equal(say(g, SFTP_STAT, "s", &p), -1);
	assert_string_equal(
	    sftp_problem(g->sftp), "the process that opens files is gone");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define RAW(name) cmocka_unit_test_setup_teardown(name, set_up_raw, tear_down)
	const struct CMUnitTest tests[] = {
		RAW(the_first_packet_is_init),
		cmocka_unit_test_teardown(
		    what_is_not_sftp_ends_the_session, tear_down),
		TEST(a_file_is_read_whole_whatever_the_block_size),
		TEST(a_pull_is_whole_when_every_byte_was_sent),
		TEST(without_a_close_only_an_orderly_end_is_a_whole_pull),
		TEST(no_more_is_answered_than_there_is_room_for),
		TEST(a_file_that_shrinks_ends_the_session),
		TEST(an_upload_is_committed_when_nothing_of_it_is_missing),
		TEST(a_name_is_refused_as_files_says),
		TEST(handles_are_counted_and_never_mistaken),
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
