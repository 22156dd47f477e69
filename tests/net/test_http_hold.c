#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_private.h"

#define HEAD 300
#define BLOCK ((size_t)4 * HTTP_RECORD) /* as bodies are read */
#define ADDED 22                        /* by TLS, to a record */

static struct http_conn c;
static int client;
static size_t calls; /* that gave the socket something */
static uint8_t out, in;

static void
begin(int room)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	if (room > 0)
		assert_int_equal(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF,
				     &room, sizeof room),
		    0);
	memset(&c, 0, sizeof c);
	c.fd = pair[0];
	client = pair[1];
	fcntl(client, F_SETFL, O_NONBLOCK);
	calls = 0;
	out = in = 0;
}

/* What the client has, which must go on where it was. */
static size_t
drain(void)
{
	uint8_t buf[65536];
	size_t all = 0;
	ssize_t n;

	while ((n = read(client, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n; i++)
			assert_int_equal(buf[i], in++);
		all += (size_t)n;
	}
	return all;
}

/* One record, as GnuTLS does it: what is not taken comes again. */
static size_t
record(size_t n)
{
	static uint8_t bytes[HTTP_RECORD + ADDED];
	size_t done = 0, got = 0;

	n += ADDED;
	for (size_t i = 0; i < n; i++)
		bytes[i] = out++;
	while (done < n) {
		giovec_t part[2] = { { bytes + done, (n - done) / 2 },
			{ bytes + done + (n - done) / 2,
			    n - done - (n - done) / 2 } };
		ssize_t k = http_hold_send(&c, part, 2);
		size_t more;

		if (k == -1)
			assert_int_equal(errno, EAGAIN);
		else
			done += (size_t)k;
		more = drain();
		calls += more > 0;
		got += more;
	}
	return got;
}

/* Records of a body, or of a block of it. */
static size_t
block(size_t bytes)
{
	size_t got = 0;

	for (size_t at = 0; at < bytes; at += HTTP_RECORD)
		got +=
		    record(bytes - at < HTTP_RECORD ? bytes - at : HTTP_RECORD);
	return got;
}

/* How many bytes came of a body that was read piece by piece, or is there. */
static size_t
answer(size_t body, bool whole)
{
	size_t got;

	calls = 0;
	if (whole) {
		http_hold_whole(&c, body);
		got = record(HEAD);
		return got + block(body);
	}
	http_hold_body(&c, body);
	got = record(HEAD);
	for (size_t n, at = 0; at < body; at += n) {
		n = body - at < BLOCK ? body - at : BLOCK;
		http_hold_piece(&c, n, at + n == body);
		got += block(n);
	}
	return got;
}

static void
all_of_an_answer_goes_out_in_its_order(void **state)
{
	static const struct {
		const char *name;
		size_t body;
		int room;     /* of the socket; 0: as it is */
		size_t calls; /* at most; 0: however many */
	} row[] = {
		{ "a byte", 1, 0, 1 },
		{ "a record, all but one", HTTP_RECORD - 1, 0, 1 },
		{ "a record", HTTP_RECORD, 0, 1 },
		{ "a record and one", HTTP_RECORD + 1, 0, 1 },
		{ "a block", BLOCK, 0, 1 },
		{ "a block and one", BLOCK + 1, 0, 2 },
		{ "100 KB", 100000, 0, 2 },
		{ "more than is held", 1000000, 0, 13 },
		{ "100 KB to one who reads slowly", 100000, 4096, 0 },
		{ "much to one who reads slowly", 1000000, 4096, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		size_t records =
		    1 + (row[i].body + HTTP_RECORD - 1) / HTTP_RECORD;

		begin(row[i].room);
		for (int turn = 0; turn < 4; turn++) {
			size_t got = answer(row[i].body, turn % 2 == 1);

			if (got != HEAD + row[i].body + records * ADDED ||
			    c.hold.kept != NULL ||
			    (row[i].calls > 0 && calls > row[i].calls))
				fail_msg("%s, turn %d: %zu bytes, %zu calls",
				    row[i].name, turn, got, calls);
		}
		close(c.fd);
		close(client);
	}
}

static void
without_a_body_nothing_is_held(void **state)
{
	(void)state;
	begin(0);
	assert_int_equal(record(HEAD), HEAD + ADDED);
	assert_null(c.hold.kept);
	close(c.fd);
	close(client);
}

/* A client that is content with small records only costs more calls. */
static void
smaller_records_than_ours_are_not_held_for_ever(void **state)
{
	size_t got, left;

	(void)state;
	begin(0);
	http_hold_body(&c, 50000);
	got = record(HEAD);
	http_hold_piece(&c, 50000, true);
	for (left = 50000; left > 0; left -= 500)
		got += record(500);
	assert_int_equal(got, HEAD + ADDED + 100 * (500 + ADDED));
	assert_null(c.hold.kept);
	close(c.fd);
	close(client);
}

static void
what_meets_the_end_of_the_line_is_told(void **state)
{
	static uint8_t bytes[64];
	const giovec_t part = { bytes, sizeof bytes };

	(void)state;
	begin(0);
	http_hold_body(&c, 10);
	assert_int_equal(http_hold_send(&c, &part, 1), sizeof bytes);
	close(client);
	http_hold_piece(&c, 10, true);
	assert_int_equal(http_hold_send(&c, &part, 1), -1);
	assert_int_equal(errno, EPIPE);
	http_hold_free(&c.hold);
	close(c.fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_an_answer_goes_out_in_its_order),
		cmocka_unit_test(without_a_body_nothing_is_held),
		cmocka_unit_test(
		    smaller_records_than_ours_are_not_held_for_ever),
		cmocka_unit_test(what_meets_the_end_of_the_line_is_told),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
