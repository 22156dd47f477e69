/*
 * The files process, with the test as parent, auth, network and ingest.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "net/files.h"
#include "tests/server/instance.h"
#include "tests/net/worker_kit.h"

static struct instance instance;
static struct kit kit;
static uint64_t asks;

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* Text of a file of the instance; "" when there is none. */
static const char *
text_of(const char *name)
{
	static char text[256];
	FILE *f = fopen(instance_path(&instance, "%s", name), "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static bool
exists(const char *name)
{
	return access(instance_path(&instance, "%s", name), F_OK) == 0;
}

static int
begin(void **state)
{
	union wire_any m;
	struct timespec old[2] = { { time(NULL) - 2 * 86400, 0 },
		{ time(NULL) - 2 * 86400, 0 } };

	(void)state;
	instance_open(&instance, "reserve_bytes = 0\nreserve_percent = 0\n"
				 "feed main { source shop { } }\n"
				 "feed other { }\n");
	instance.conf->limits.packed_bytes = 1000;
	for (size_t i = 0; i < 2; i++) {
		static const char *const top[] = { "inbox", "published",
			"archive", "reports" };

		for (size_t k = 0; k < 4; k++)
			mkdir(instance_path(&instance, "%s/%s", top[k],
				  instance.conf->feed[i].name),
			    0750);
	}
	mkdir(instance_path(&instance, "inbox/main/shop"), 0750);
	put(instance_path(&instance, "published/main/conversions.csv"), "main");
	put(instance_path(&instance, "archive/main/a.gz"), "a");
	put(instance_path(&instance, "inbox/main/theirs.csv"), "theirs");
	put(instance_path(&instance, "inbox/main/.upload-new"), "half");
	put(instance_path(&instance, "inbox/main/shop/.upload-old"), "half");
	utimensat(AT_FDCWD,
	    instance_path(&instance, "inbox/main/shop/.upload-old"), old, 0);
	kit_start(&kit, instance.conf, WORKER_FILES, files_main);
	assert_true(kit_hear(kit.control, &m, NULL));
	assert_int_equal(m.head.type, WIRE_READY);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	kit_tell(&kit, WIRE_STOP);
	assert_int_equal(kit_end(&kit), 0);
	instance_close(&instance);
	return 0;
}

static void
allow(const struct grant *g, bool live)
{
	struct auth_allow m;
	union wire_any got;

	WIRE_INIT(&m, WIRE_ALLOW);
	m.head.id = ++asks;
	m.live = live;
	m.grant = *g;
	assert_int_equal(wire_send(kit.other, &m.head, -1), 0);
	assert_true(kit_hear(kit.other, &got, NULL));
	assert_memory_equal(&got, &m, sizeof m); /* repeated in answer */
}

static struct grant
grant_of(unsigned roles, uint8_t number)
{
	struct grant g;

	memset(&g, 0, sizeof g);
	memset(g.handle, number, sizeof g.handle);
	g.roles = roles;
	g.protocol = PROTO_SFTP;
	g.from = kit_address(1);
	g.feed[0] = 1;
	strcpy(g.user, "somebody");
	return g;
}

static struct grant
allowed(unsigned roles, uint8_t number)
{
	struct grant g = grant_of(roles, number);

	allow(&g, true);
	return g;
}

/* One request; the descriptor, when there is one, goes to *fd. */
static struct files_reply
ask(int sock, const struct grant *g, enum files_op op, const char *path,
    const char *path2, uint64_t number, int *fd)
{
	struct files_request q;
	struct files_reply r;
	int got = -1;

	WIRE_INIT(&q, WIRE_FILE);
	q.head.id = ++asks;
	memcpy(q.handle, g->handle, sizeof q.handle);
	q.op = op;
	q.number = number;
	snprintf(q.path, sizeof q.path, "%s", path);
	snprintf(q.path2, sizeof q.path2, "%s", path2);
	if (op == FILES_PULL_END) {
		q.bytes = 4;
		q.complete = 1;
	}
	assert_int_equal(files_ask(sock, &q, &r, &got), 0);
	if (fd != NULL)
		*fd = got;
	else if (got != -1)
		close(got);
	return r;
}

#define NOTHING 0, NULL

static struct event
next_event(void)
{
	union {
		union wire_any any;
		struct event event;
	} m;

	assert_true(kit_hear(kit.events, &m.any, NULL));
	return m.event;
}

static uint64_t
upload(int sock, const struct grant *g, const char *path, const char *text)
{
	int fd;
	struct files_reply r = ask(sock, g, FILES_CREATE, path, "", 0, &fd);

	assert_int_equal(r.error, 0);
	assert_int_not_equal(fd, -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	return r.number;
}

/* The names, each after a space, of a folder. */
static const char *
listing(int sock, const struct grant *g, const char *path)
{
	static char text[1024];
	struct files_entry e;
	size_t n = 0;
	int fd;
	struct files_reply r = ask(sock, g, FILES_LIST, path, "", 0, &fd);

	assert_int_equal(r.error, 0);
	text[0] = '\0';
	for (uint32_t i = 0; i < r.entries; i++) {
		assert_int_equal(
		    pread(fd, &e, sizeof e, i * sizeof e), sizeof e);
		n += (size_t)snprintf(text + n, sizeof text - n, " %s", e.name);
	}
	close(fd);
	return text;
}

/* --- cases --------------------------------------------------------------- */

static void
only_live_handles_of_their_channel_count(void **state)
{
	int one = kit_client(&kit, PEER_NETWORK);
	int two = kit_client(&kit, PEER_NETWORK);
	struct grant g = grant_of(ROLE_PULL, 1);
	const char *path = "/main/conversions.csv";

	(void)state;
	for (uint32_t op = FILES_STAT; op <= FILES_PULL_BEGIN; op++) {
		int fd = -1;

		assert_int_equal(/* before a login nothing opens */
		    ask(one, &g, op, path, "", 0, &fd).error, EACCES);
		assert_int_equal(fd, -1);
	}
	allow(&g, true);
	assert_int_equal(ask(one, &g, FILES_STAT, path, "", NOTHING).error, 0);
	assert_int_equal(/* stolen */
	    ask(two, &g, FILES_STAT, path, "", NOTHING).error, EACCES);
	allow(&g, false);
	assert_int_equal(
	    ask(one, &g, FILES_STAT, path, "", NOTHING).error, EACCES);
	close(one);
	close(two);
}

static void
numbers_are_of_their_channel_alone(void **state)
{
	static const enum files_op ends[] = { FILES_COMMIT, FILES_ABORT,
		FILES_PULL_AT, FILES_PULL_END };
	int one = kit_client(&kit, PEER_NETWORK);
	int two = kit_client(&kit, PEER_NETWORK);
	struct grant mine = allowed(ROLE_PULL | ROLE_DROP, 1);
	struct grant theirs = allowed(ROLE_PULL | ROLE_DROP, 2);
	uint64_t dump = upload(one, &mine, "/inbox/main/a.csv", "12345");
	uint64_t pull =
	    ask(one, &mine, FILES_OPEN, "/main/conversions.csv", "", NOTHING)
		.number;

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		uint64_t number = i < 2 ? dump : pull;

		assert_int_equal(/* guessed: with one's own handle, */
		    ask(two, &theirs, ends[i], "", "", number, NULL).error,
		    ENOENT);
		assert_int_not_equal(/* and with the other's */
		    ask(two, &mine, ends[i], "", "", number, NULL).error, 0);
	}
	assert_int_equal(
	    ask(one, &mine, FILES_PULL_END, "", "", pull, NULL).error, 0);
	assert_int_equal(
	    ask(one, &mine, FILES_COMMIT, "", "", dump, NULL).error, 0);
	assert_string_equal(text_of("inbox/main/a.csv"), "12345");
	close(one);
	close(two);
}

static void
reading_keeps_to_the_grant(void **state)
{
	static const struct {
		unsigned roles;
		enum files_op op;
		const char *path;
		int error;
	} cases[] = {
		{ ROLE_PULL, FILES_OPEN, "/main/conversions.csv", 0 },
		{ ROLE_PULL, FILES_OPEN, "/other/conversions.csv", ENOENT },
		{ ROLE_PULL, FILES_OPEN, "/archive/main/a.gz", ENOENT },
		{ ROLE_PULL, FILES_OPEN, "/../state/store.db", EINVAL },
		{ ROLE_PULL, FILES_CREATE, "/main/x.csv", EACCES },
		{ ROLE_PULL, FILES_CREATE, "/inbox/main/x.csv", ENOENT },
		{ ROLE_DROP, FILES_CREATE, "/inbox/main", EACCES },
		{ ROLE_DROP, FILES_CREATE, "/inbox/main/.x/y", ENOENT },
		{ ROLE_DROP, FILES_OPEN, "/inbox/main/.upload-new", ENOENT },
		{ ROLE_DROP, FILES_CREATE, "/inbox/main/none/x", EACCES },
		{ ROLE_DROP, FILES_CREATE, "/reports/main/x", EACCES },
		{ ROLE_DROP, FILES_OPEN, "/inbox/main/theirs.csv", ENOENT },
		{ ROLE_DROP, FILES_REMOVE, "/inbox/main/theirs.csv", ENOENT },
		{ ROLE_DROP, FILES_COMMIT, "", ENOENT },
		{ ROLE_AUDIT, FILES_OPEN, "/archive/main/a.gz", 0 },
		{ ROLE_AUDIT, FILES_CREATE, "/inbox/main/x.csv", EACCES },
	};
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct grant g = allowed(cases[i].roles, (uint8_t)(i + 1));

		print_message("# %s\n", cases[i].path);
		assert_int_equal(
		    ask(sock, &g, cases[i].op, cases[i].path, "", NOTHING)
			.error,
		    cases[i].error);
	}
	close(sock);
}

static void
an_upload_is_a_dump_once_it_is_committed(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1);
	uint64_t id = upload(sock, &g, "/inbox/main/deals.csv", "12345");
	struct files_reply r;
	struct event ev;

	(void)state;
	assert_false(exists("inbox/main/deals.csv"));
	r = ask(sock, &g, FILES_STAT, "/inbox/main/deals.csv", "", NOTHING);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.stat.size, 5);
	assert_string_equal(
	    listing(sock, &g, "/inbox/main"), " shop deals.csv");
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	assert_string_equal(text_of("inbox/main/deals.csv"), "12345");
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_UPLOADED);
	assert_string_equal(ev.path, "main/deals.csv");
	assert_int_equal(ev.size, 5);
	assert_string_equal(ev.user, "somebody");
	/* ingest takes it: the session still sees it */
	unlink(instance_path(&instance, "inbox/main/deals.csv"));
	r = ask(sock, &g, FILES_STAT, "/inbox/main/deals.csv", "", NOTHING);
	assert_int_equal(r.error, 0);
	assert_int_equal(r.stat.size, 5);
	assert_int_equal(
	    ask(sock, &g, FILES_REMOVE, "/inbox/main/deals.csv", "", NOTHING)
		.error,
	    EACCES);
	/* and may rename what is only a name by now */
	assert_int_equal(ask(sock, &g, FILES_RENAME, "/inbox/main/deals.csv",
			     "/inbox/main/done.csv", NOTHING)
			     .error,
	    0);
	assert_string_equal(listing(sock, &g, "/inbox/main"), " shop done.csv");
	assert_false(exists("inbox/main/done.csv"));
	close(sock);
}

static void
a_taken_name_gets_a_number_and_nothing_is_lost(void **state)
{
	static const char *const text[] = { "one", "two", "three" };
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1);

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint64_t id =
		    upload(sock, &g, "/inbox/main/shop/d.csv.gz", text[i]);

		assert_int_equal(
		    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
		assert_string_equal(
		    listing(sock, &g, "/inbox/main/shop"), " d.csv.gz");
	}
	assert_string_equal(text_of("inbox/main/shop/d.csv.gz"), "one");
	assert_string_equal(text_of("inbox/main/shop/d-2.csv.gz"), "two");
	assert_string_equal(text_of("inbox/main/shop/d-3.csv.gz"), "three");
	close(sock);
}

static void
a_filepart_becomes_a_dump_by_its_new_name(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1);
	const char *part = "/inbox/main/x.csv.filepart";
	uint64_t id = upload(sock, &g, part, "first");
	struct event ev;

	(void)state;
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	assert_string_equal(text_of("inbox/main/x.csv.filepart"), "first");
	/* begun anew: the half one goes, no x-2.csv.filepart is left behind */
	id = upload(sock, &g, part, "second");
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	assert_int_equal(
	    ask(sock, &g, FILES_RENAME, part, "/inbox/other/x.csv", NOTHING)
		.error,
	    ENOENT);
	assert_int_equal(
	    ask(sock, &g, FILES_RENAME, part, "/inbox/main/x.csv", NOTHING)
		.error,
	    0);
	assert_string_equal(text_of("inbox/main/x.csv"), "second");
	assert_false(exists("inbox/main/x.csv.filepart"));
	assert_false(exists("inbox/main/x-2.csv.filepart"));
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_UPLOADED);
	assert_string_equal(ev.path, "main/x.csv");
	close(sock);
}

static void
sessions_see_their_own_uploads_alone(void **state)
{
	int one = kit_client(&kit, PEER_NETWORK);
	int two = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1), h = allowed(ROLE_DROP, 2);
	uint64_t id = upload(one, &g, "/inbox/main/a.csv", "a");

	(void)state;
	assert_string_equal(listing(two, &h, "/inbox/main"), " shop");
	assert_int_equal(
	    ask(two, &h, FILES_COMMIT, "", "", id, NULL).error, ENOENT);
	assert_int_equal(ask(two, &h, FILES_RENAME, "/inbox/main/a.csv",
			     "/inbox/main/b.csv", NOTHING)
			     .error,
	    ENOENT);
	close(one);
	close(two);
}

static unsigned
hidden_files(void)
{
	char command[PATH_MAX + 64];
	unsigned n = 0;
	FILE *f;

	snprintf(command, sizeof command, "find %s -name '.upload-*' | wc -l",
	    instance_path(&instance, "inbox"));
	f = popen(command, "r");
	assert_int_equal(fscanf(f, "%u", &n), 1);
	pclose(f);
	return n;
}

static void
what_begins_with_a_dot_stays_hidden(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP | ROLE_AUDIT, 1);
	const char *hidden = "/inbox/main/.in.x.csv";
	uint64_t id = upload(sock, &g, hidden, "first");
	struct event ev;

	(void)state;
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	assert_false(exists("inbox/main/.in.x.csv"));
	assert_int_equal(hidden_files(), 2); /* with .upload-new */
	assert_int_equal(
	    ask(sock, &g, FILES_STAT, hidden, "", NOTHING).stat.size, 5);
	id = upload(sock, &g, hidden, "second"); /* begun anew */
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	assert_int_equal(hidden_files(), 2);
	assert_int_equal(ask(sock, &g, FILES_RENAME, hidden,
			     "/inbox/main/.in.y.csv", NOTHING)
			     .error,
	    EINVAL);
	assert_int_equal(
	    ask(sock, &g, FILES_RENAME, hidden, "/inbox/main/x.csv", NOTHING)
		.error,
	    0);
	assert_string_equal(text_of("inbox/main/x.csv"), "second");
	assert_int_equal(hidden_files(), 1);
	ev = next_event(); /* the first: nothing was told before */
	assert_int_equal(ev.kind, EVENT_UPLOADED);
	assert_string_equal(ev.path, "main/x.csv");
	id = upload(sock, &g, hidden, "never renamed");
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	close(sock);
	allow(&g, false);
	for (int i = 0; i < 200 && hidden_files() != 1; i++)
		usleep(10000);
	assert_int_equal(hidden_files(), 1);
	/* what somebody else hid is nobody's to see */
	sock = kit_client(&kit, PEER_NETWORK);
	g = allowed(ROLE_DROP | ROLE_AUDIT, 2);
	assert_int_equal(
	    ask(sock, &g, FILES_OPEN, "/inbox/main/.upload-new", "", NOTHING)
		.error,
	    ENOENT);
	close(sock);
}

static void
what_broke_off_is_gone(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1), h = allowed(ROLE_DROP, 2);
	uint64_t id = upload(sock, &g, "/inbox/main/a.csv", "a");

	(void)state;
	assert_int_equal(hidden_files(), 2); /* .upload-new and a.csv's */
	assert_int_equal(ask(sock, &g, FILES_ABORT, "", "", id, NULL).error, 0);
	assert_int_equal(hidden_files(), 1);
	upload(sock, &g, "/inbox/main/b.csv", "b");
	upload(sock, &h, "/inbox/main/c.csv", "c");
	allow(&g, false); /* its login ends */
	assert_int_equal(hidden_files(), 2);
	close(sock);      /* the session breaks off */
	allow(&g, false); /* has been seen by the time of this answer */
	for (int i = 0; i < 200 && hidden_files() != 1; i++)
		usleep(10000);
	assert_int_equal(hidden_files(), 1);
	assert_false(exists("inbox/main/b.csv"));
	assert_false(exists("inbox/main/c.csv"));
}

static void
old_leftovers_go_and_new_ones_stay(void **state)
{
	(void)state;
	assert_true(exists("inbox/main/.upload-new"));
	assert_false(exists("inbox/main/shop/.upload-old"));
}

static void
an_upload_over_the_limit_is_refused(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1);
	char text[1002];
	uint64_t id;

	(void)state;
	memset(text, 'x', sizeof text);
	text[1000] = '\0';
	id = upload(sock, &g, "/inbox/main/fits.csv", text);
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, 0);
	text[1000] = 'x';
	text[1001] = '\0';
	id = upload(sock, &g, "/inbox/main/big.csv", text);
	assert_int_equal(
	    ask(sock, &g, FILES_COMMIT, "", "", id, NULL).error, EFBIG);
	assert_false(exists("inbox/main/big.csv"));
	assert_int_equal(hidden_files(), 1);
	close(sock);
}

static void
an_upload_goes_encrypted(void **state)
{
	static const struct {
		enum protocol protocol;
		int error;
	} cases[] = { { PROTO_SFTP, 0 }, { PROTO_FTPS, 0 },
		{ PROTO_FTP, EACCES } };
	int sock = kit_client(&kit, PEER_NETWORK);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct grant g = grant_of(ROLE_DROP, (uint8_t)(i + 1));

		g.protocol = cases[i].protocol;
		allow(&g, true);
		assert_int_equal(ask(sock, &g, FILES_CREATE,
				     "/inbox/main/x.csv", "", NOTHING)
				     .error,
		    cases[i].error);
	}
	close(sock);
}

static void
a_session_has_so_many_uploads_and_no_more(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1);
	unsigned n = 0;
	int error = 0;

	(void)state;
	for (; error == 0 && n < 1000; n++) {
		char path[64];

		snprintf(path, sizeof path, "/inbox/main/%u.csv", n);
		error = ask(sock, &g, FILES_CREATE, path, "", NOTHING).error;
	}
	assert_int_equal(error, EMFILE);
	assert_int_equal(n, 65);
	close(sock);
}

static void
pulls_are_told_from_begin_to_end(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL | ROLE_AUDIT, 1);
	struct files_reply r, later;
	struct event ev;

	(void)state;
	r = ask(sock, &g, FILES_OPEN, "/main/conversions.csv", "", NOTHING);
	assert_int_not_equal(r.number, 0);
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_PULL_BEGIN);
	assert_int_equal(ev.pull, r.number);
	assert_int_equal(ev.size, 4);
	assert_int_equal(ev.mtime, r.stat.mtime);
	assert_string_equal(ev.path, "main/conversions.csv");
	later = ask(sock, &g, FILES_OPEN, "/main/conversions.csv", "", NOTHING);
	assert_int_not_equal(later.number, r.number);
	next_event();
	allow(&g, false); /* logged out: its end still counts */
	assert_int_equal(
	    ask(sock, &g, FILES_PULL_END, "", "", r.number, NULL).error, 0);
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_PULL_END);
	assert_int_equal(ev.pull, r.number);
	assert_int_equal(ev.bytes, 4);
	assert_int_equal(ev.complete, 1);
	assert_string_equal(ev.user, "somebody");
	assert_int_equal(/* once */
	    ask(sock, &g, FILES_PULL_END, "", "", r.number, NULL).error,
	    ENOENT);
	close(sock); /* the other one never ended */
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_PULL_END);
	assert_int_equal(ev.pull, later.number);
	assert_int_equal(ev.complete, 0);
}

static void
who_wants_no_answer_gets_none(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL, 1);
	struct files_request q;
	struct files_reply r =
	    ask(sock, &g, FILES_OPEN, "/main/conversions.csv", "", NOTHING);
	union wire_any first;

	(void)state;
	next_event();
	WIRE_INIT(&q, WIRE_FILE);
	q.head.id = FILES_UNANSWERED;
	memcpy(q.handle, g.handle, sizeof q.handle);
	q.op = FILES_PULL_END;
	q.number = r.number;
	q.bytes = 4;
	q.complete = 1;
	assert_int_equal(wire_send(sock, &q.head, -1), 0);
	assert_int_equal(next_event().kind, EVENT_PULL_END);
	q.op = FILES_STAT;
	q.head.id = ++asks;
	snprintf(q.path, sizeof q.path, "/main/conversions.csv");
	assert_int_equal(wire_send(sock, &q.head, -1), 0);
	assert_true(kit_hear(sock, &first, NULL));
	assert_int_equal(first.head.id, asks);
	close(sock);
}

static void
a_pull_from_an_offset_says_which_part(void **state)
{
	static const struct {
		const char *what;
		uint64_t offset, first, asked;
	} row[] = {
		{ "all", 0, 0, 0 },
		{ "the rest", 3, 3, 1 },
		{ "nothing", 4, 4, 0 },
		{ "behind the end", 5, 0, 0 },
	};
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL, 1);

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct files_request q;
		struct files_reply r;
		struct event ev;
		int fd = -1;

		print_message("# %s\n", row[i].what);
		WIRE_INIT(&q, WIRE_FILE);
		memcpy(q.handle, g.handle, sizeof q.handle);
		q.op = FILES_OPEN;
		q.first = row[i].offset;
		strcpy(q.path, "/main/conversions.csv");
		assert_int_equal(files_ask(sock, &q, &r, &fd), 0);
		assert_int_equal(r.error, 0);
		close(fd);
		ev = next_event();
		assert_int_equal(ev.first, row[i].first);
		assert_int_equal(ev.asked, row[i].asked);
	}
	close(sock);
	for (size_t i = 0; i < sizeof row / sizeof *row; i++)
		assert_int_equal(next_event().kind, EVENT_PULL_END);
}

static void
reading_the_archive_is_told(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_AUDIT, 1);
	struct event ev;

	(void)state;
	ask(sock, &g, FILES_OPEN, "/archive/main/a.gz", "", NOTHING);
	ev = next_event();
	assert_int_equal(ev.kind, EVENT_ARCHIVE_READ);
	assert_string_equal(ev.path, "main/a.gz");
	close(sock);
}

static void
what_is_no_request_ends_the_channel(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_DROP, 1);
	struct files_request q;
	union wire_any m;

	(void)state;
	WIRE_INIT(&q, WIRE_FILE);
	memcpy(q.handle, g.handle, sizeof q.handle);
	memset(q.path, 'x', sizeof q.path); /* never ends */
	assert_int_equal(wire_send(sock, &q.head, -1), 0);
	assert_false(kit_hear(sock, &m, NULL));
	close(sock);
	sock = kit_client(&kit, PEER_NETWORK);
	WIRE_INIT(&q, WIRE_FILE);
	q.op = 99;
	assert_int_equal(wire_send(sock, &q.head, -1), 0);
	assert_false(kit_hear(sock, &m, NULL));
	close(sock);
	/* a network process cannot allow itself anything */
	sock = kit_client(&kit, PEER_NETWORK);
	{
		struct auth_allow a;

		WIRE_INIT(&a, WIRE_ALLOW);
		a.live = 1;
		a.grant = grant_of(ROLE_AUDIT, 9);
		assert_int_equal(wire_send(sock, &a.head, -1), 0);
		assert_false(kit_hear(sock, &m, NULL));
	}
	close(sock);
}

static void
a_full_disk_refuses_uploads(void **state)
{
	int sock;
	struct grant g;

	(void)state;
	/* as if all of the disk were the reserve */
	kit_tell(&kit, WIRE_STOP);
	assert_int_equal(kit_end(&kit), 0);
	instance.conf->reserve_bytes = UINT64_MAX;
	instance.conf->reserve_percent = 100;
	kit_start(&kit, instance.conf, WORKER_FILES, files_main);
	sock = kit_client(&kit, PEER_NETWORK);
	g = allowed(ROLE_DROP, 1);
	assert_int_equal(
	    ask(sock, &g, FILES_CREATE, "/inbox/main/a.csv", "", NOTHING).error,
	    ENOSPC);
	close(sock);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_live_handles_of_their_channel_count),
		CASE(numbers_are_of_their_channel_alone),
		CASE(reading_keeps_to_the_grant),
		CASE(an_upload_is_a_dump_once_it_is_committed),
		CASE(a_taken_name_gets_a_number_and_nothing_is_lost),
		CASE(a_filepart_becomes_a_dump_by_its_new_name),
		CASE(sessions_see_their_own_uploads_alone),
		CASE(what_begins_with_a_dot_stays_hidden),
		CASE(what_broke_off_is_gone),
		CASE(old_leftovers_go_and_new_ones_stay),
		CASE(an_upload_over_the_limit_is_refused),
		CASE(an_upload_goes_encrypted),
		CASE(a_session_has_so_many_uploads_and_no_more),
		CASE(pulls_are_told_from_begin_to_end),
		CASE(who_wants_no_answer_gets_none),
		CASE(a_pull_from_an_offset_says_which_part),
		CASE(reading_the_archive_is_told),
		CASE(what_is_no_request_ends_the_channel),
		CASE(a_full_disk_refuses_uploads),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
