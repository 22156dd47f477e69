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
	for (uint32_t op = FILES_STAT; op <= FILES_REMOVE; op++) {
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

#define PULLED "main/conversions.csv"

/* As http tells of one. */
static void
tell_pull(int sock, const struct grant *g, enum files_pull_step step,
    uint64_t number, const char *path)
{
	struct files_pull m;

	WIRE_INIT(&m, WIRE_PULL);
	m.step = step;
	m.number = number;
	snprintf(m.path, sizeof m.path, "%s", path);
	memcpy(m.handle, g->handle, sizeof m.handle);
	if (step == PULL_BEGINS) {
		m.mtime = 12345;
		m.size = 100;
		m.first = 10;
		m.asked = 90;
		m.encoded = 1;
	} else {
		m.bytes = step == PULL_ENDS ? 90 : 40;
		m.complete = step == PULL_ENDS;
	}
	assert_int_equal(wire_send(sock, &m.head, -1), 0);
}

static void
assert_pull(enum event_kind kind, uint64_t bytes, bool complete)
{
	struct event ev = next_event();

	assert_int_equal(ev.kind, kind);
	assert_int_not_equal(ev.pull, 0);
	assert_int_equal(ev.size, 100);
	assert_int_equal(ev.mtime, 12345);
	assert_int_equal(ev.first, 10);
	assert_int_equal(ev.asked, 90);
	assert_int_equal(ev.encoded, 1);
	assert_int_equal(ev.bytes, bytes);
	assert_int_equal(ev.complete, complete);
	assert_string_equal(ev.user, "somebody");
	assert_string_equal(ev.path, "main/conversions.csv");
}

static void
a_pull_of_http_is_told_once_it_is_long_or_over(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL, 1);

	(void)state;
	kill(kit.pid, SIGSTOP); /* so that both are there */
	tell_pull(sock, &g, PULL_BEGINS, 1, PULLED);
	tell_pull(sock, &g, PULL_ENDS, 1, "");
	kill(kit.pid, SIGCONT);
	assert_pull(EVENT_PULLED, 90, true);
	tell_pull(sock, &g, PULL_BEGINS, 2, PULLED);
	assert_pull(EVENT_PULL_BEGIN, 0, false);
	tell_pull(sock, &g, PULL_IS_AT, 2, "");
	assert_pull(EVENT_PULL_AT, 40, false);
	tell_pull(sock, &g, PULL_ENDS, 2, "");
	assert_pull(EVENT_PULL_END, 90, true);
	kill(kit.pid, SIGSTOP);
	tell_pull(sock, &g, PULL_BEGINS, 3, PULLED);
	close(sock); /* it was killed */
	kill(kit.pid, SIGCONT);
	assert_pull(EVENT_PULLED, 0, false);
}

static void
what_http_began_counts_before_its_login_ends(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL, 1);

	(void)state;
	tell_pull(sock, &g, PULL_BEGINS, 1, PULLED);
	assert_pull(EVENT_PULL_BEGIN, 0, false);
	tell_pull(sock, &g, PULL_BEGINS, 2, PULLED); /* while it rests */
	allow(&g, false);
	assert_pull(EVENT_PULL_BEGIN, 0, false);
	tell_pull(sock, &g, PULL_ENDS, 2, "");
	assert_pull(EVENT_PULL_END, 90, true);
	close(sock);
	assert_pull(EVENT_PULL_END, 0, false);
}

/* However much it is: more than a turn's. */
static void
all_that_http_began_counts_before_its_login_ends(void **state)
{
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL, 1);
	struct auth_allow over;

	(void)state;
	WIRE_INIT(&over, WIRE_ALLOW);
	over.grant = g;
	tell_pull(sock, &g, PULL_BEGINS, 0, PULLED);
	assert_pull(EVENT_PULL_BEGIN, 0, false);
	kill(kit.pid, SIGSTOP);
	for (uint64_t i = 1; i <= 40; i++)
		tell_pull(sock, &g, PULL_BEGINS, i, PULLED);
	assert_int_equal(wire_send(kit.other, &over.head, -1), 0);
	kill(kit.pid, SIGCONT);
	for (int i = 1; i <= 40; i++)
		assert_pull(EVENT_PULL_BEGIN, 0, false);
	close(sock);
	for (int i = 0; i <= 40; i++)
		assert_pull(EVENT_PULL_END, 0, false);
}

static void
what_http_may_not_have_pulled_is_not_told(void **state)
{
	static const char *const path[] = { "other/conversions.csv",
		"reports/main/a.csv", "archive/main/a.gz", "../x", "" };
	int sock = kit_client(&kit, PEER_NETWORK);
	struct grant g = allowed(ROLE_PULL, 1), none = grant_of(ROLE_PULL, 2);

	(void)state;
	for (size_t i = 0; i < sizeof path / sizeof *path; i++)
		tell_pull(sock, &g, PULL_BEGINS, i + 1, path[i]);
	tell_pull(sock, &none, PULL_BEGINS, 50, PULLED);
	tell_pull(sock, &g, PULL_IS_AT, 50, "");
	tell_pull(sock, &g, PULL_ENDS, 1, "");
	tell_pull(sock, &g, PULL_BEGINS, 51, PULLED);
	assert_pull(EVENT_PULL_BEGIN, 0, false); /* the only one */
	close(sock);
	assert_pull(EVENT_PULL_END, 0, false);
}

static void
what_is_no_message_of_a_pull_ends_the_channel(void **state)
{
	struct grant g = allowed(ROLE_PULL, 1);
	union wire_any m;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int sock = kit_client(&kit, PEER_NETWORK);
		struct files_pull bad;

		WIRE_INIT(&bad, WIRE_PULL);
		bad.step = i == 0 ? PULL_ENDS + 1 : PULL_BEGINS;
		if (i == 1)
			memset(bad.path, 'x', sizeof bad.path);
		if (i == 2) { /* its number is taken */
			g = allowed(ROLE_PULL, 2);
			tell_pull(sock, &g, PULL_BEGINS, 0, PULLED);
		}
		assert_int_equal(wire_send(sock, &bad.head, -1), 0);
		assert_false(kit_hear(sock, &m, NULL));
		close(sock);
	}
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
		CASE(a_pull_of_http_is_told_once_it_is_long_or_over),
		CASE(what_http_began_counts_before_its_login_ends),
		CASE(all_that_http_began_counts_before_its_login_ends),
		CASE(what_http_may_not_have_pulled_is_not_told),
		CASE(what_is_no_message_of_a_pull_ends_the_channel),
		CASE(a_pull_from_an_offset_says_which_part),
		CASE(reading_the_archive_is_told),
		CASE(what_is_no_request_ends_the_channel),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
