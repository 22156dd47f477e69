/*
 * The files process: who may read what, and what is told of pulls.
 */
#include "tests/net/files_kit.h"

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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_live_handles_of_their_channel_count),
		CASE(numbers_are_of_their_channel_alone),
		CASE(reading_keeps_to_the_grant),
		CASE(pulls_are_told_from_begin_to_end),
		CASE(who_wants_no_answer_gets_none),
		CASE(a_pull_from_an_offset_says_which_part),
		CASE(reading_the_archive_is_told),
		CASE(what_is_no_request_ends_the_channel),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
