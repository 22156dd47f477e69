/*
 * Data connections: ports, thieves, bytes, and every way a transfer can end.
 * The accepting process is a thread, and so is each client; the clock can be
 * made to run fast.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "net/ftp_data.h"
#include "tests/net/tls_kit.h"

#define SIZE ((size_t)24 * 1024 * 1024) /* more than sockets hold */
#define CUT ((size_t)1024 * 1024)       /* where clients break off */

int64_t __real_clock_ms(void);
int64_t __wrap_clock_ms(void);

static int64_t fast_since; /* 0: it runs as it should */

int64_t
__wrap_clock_ms(void)
{
	int64_t now = __real_clock_ms();

	return fast_since == 0 ? now : now + (now - fast_since) * 100;
}

static struct tls_identity *identity;
static unsigned idle_s = 60; /* of sessions opened from now on */
static int file = -1;

static uint8_t
byte_at(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

/* --- a session's process, with its accepting process --- */

struct rig {
	int report[2];  /* ours, the master's */
	int control[2]; /* ours, the client's: a byte A, or its end, aborts */
	struct pollfd watched;
	unsigned first, last;
	struct sockaddr_storage at;
	pthread_t master;
	bool draining, drain_first;
	uint64_t moved; /* as the session is told, and whether it ever fell */
	bool wrong;
	struct ftp_data *d;
};

static void *
run_master(void *p)
{
	struct rig *g = p;
	struct wire_passive m;

	while (wire_recv(g->report[1], &m, sizeof m, NULL) == 1) {
		if (g->drain_first)
			wire_send_plain(g->report[1], WIRE_DRAIN, 0, -1);
		ftp_data_grant(
		    g->report[1], &m.head, &g->at, g->first, g->last);
	}
	return NULL;
}

static bool
heard(void *ctx)
{
	struct rig *g = ctx;
	char c;

	if (g->watched.revents == 0)
		return true;
	return recv(g->watched.fd, &c, 1, MSG_DONTWAIT) == 1 && c != 'A';
}

static void
told(void *ctx, uint64_t bytes)
{
	struct rig *g = ctx;

	g->wrong |= bytes < g->moved;
	g->moved = bytes;
}

static struct in6_addr
mapped(const char *address)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	inet_pton(AF_INET, address, a.s6_addr + 12);
	return a;
}

static void
open_rig(struct rig *g)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_port = htons(21) };
	struct ftp_data_with with = { .peer = mapped("127.0.0.1"),
		.draining = &g->draining,
		.idle_s = idle_s,
		.identity = identity };

	memset(g, 0, sizeof *g);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(&g->at, &in, sizeof in);
	assert_int_equal(wire_pair(g->report), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, g->control), 0);
	g->watched = (struct pollfd){ g->control[0], POLLIN, 0 };
	with.report = g->report[0];
	with.watch = (struct ftp_watch){ &g->watched, 1, heard, told, g };
	g->d = ftp_data_new(&with);
	assert_non_null(g->d);
	pthread_create(&g->master, NULL, run_master, g);
}

static void
close_rig(struct rig *g)
{
	ftp_data_free(g->d);
	close(g->report[0]);
	pthread_join(g->master, NULL);
	close(g->report[1]);
	close(g->control[0]);
	if (g->control[1] != -1)
		close(g->control[1]);
	fast_since = 0;
	idle_s = 60;
}

/* --- clients --- */

static int
dial(uint16_t port, const char *source)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	struct sockaddr_in from = { .sin_family = AF_INET };
	const int small = 65536;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	inet_pton(AF_INET, source, &from.sin_addr);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) == -1 ||
	    connect(fd, (struct sockaddr *)&to, sizeof to) == -1) {
		close(fd);
		return -1;
	}
	return fd;
}

struct client {
	struct rig *g;
	uint16_t port;
	bool tls;
	void (*act)(struct client *c);
	size_t n; /* bytes that it is sent, or sends */
	int fd;
	struct kit_client kit;
	atomic_bool stop;
	size_t got;
	bool wrong; /* a byte was */
	int end;    /* 0: as it should be */
	pthread_t thread;
};

static ssize_t
take(struct client *c, size_t most)
{
	uint8_t buf[16384];
	ssize_t n;

	if (most > sizeof buf)
		most = sizeof buf;
	n = c->tls ? kit_client_read(&c->kit, buf, most)
		   : recv(c->fd, buf, most, 0);
	for (ssize_t i = 0; i < n; i++)
		c->wrong |= buf[i] != byte_at(c->got++);
	return n;
}

static void
take_up_to(struct client *c, size_t n)
{
	while (c->got < n && take(c, n - c->got) > 0)
		;
}

static void
read_all(struct client *c)
{
	ssize_t n;

	while ((n = take(c, SIZE)) > 0)
		;
	c->end = (int)n;
	if (c->tls)
		gnutls_bye(c->kit.session, GNUTLS_SHUT_WR);
}

static void
read_all_and_linger(struct client *c)
{
	read_all(c);
	poll(NULL, 0, 1500);
}

static void
shut_then_read_all(struct client *c)
{
	shutdown(c->fd, SHUT_WR);
	read_all(c);
}

/* Closes with our close_notify unread: a reset. */
static void
read_exactly(struct client *c)
{
	take_up_to(c, c->n);
	poll(NULL, 0, 50);
}

static void
read_exactly_and_die(struct client *c)
{
	read_exactly(c);
	close(c->g->control[1]);
	c->g->control[1] = -1;
}

static void
read_some_and_close(struct client *c)
{
	take_up_to(c, CUT);
}

static void
read_some_and_abort(struct client *c)
{
	take_up_to(c, CUT);
	assert_int_equal(send(c->g->control[1], "A", 1, 0), 1);
	poll(NULL, 0, 200);
}

/* Until the test says that the transfer is over, or for ms. */
static bool
wait_for_end(struct client *c, int ms)
{
	for (int i = 0; i < ms && !c->stop; i += 10)
		poll(NULL, 0, 10);
	return c->stop;
}

static void
read_some_and_stall(struct client *c)
{
	take_up_to(c, CUT);
	wait_for_end(c, 10000);
}

static void
drip(struct client *c)
{
	while (!wait_for_end(c, 50) && take(c, 1000) > 0)
		;
}

static void
talk_nonsense(struct client *c)
{
	send(c->fd, "USER nobody\r\n", 13, MSG_NOSIGNAL);
	poll(NULL, 0, 100);
}

static void
stay_silent(struct client *c)
{
	wait_for_end(c, 10000);
}

static void
store(struct client *c, size_t n)
{
	uint8_t buf[30000];

	for (size_t at = 0; at < n;) {
		size_t part = n - at < sizeof buf ? n - at : sizeof buf;
		ssize_t sent;

		for (size_t i = 0; i < part; i++)
			buf[i] = byte_at(at + i);
		sent = c->tls ? gnutls_record_send(c->kit.session, buf, part)
			      : send(c->fd, buf, part, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		at += (size_t)sent;
	}
}

static void
store_all(struct client *c)
{
	store(c, c->n);
	if (c->tls)
		gnutls_bye(c->kit.session, GNUTLS_SHUT_WR);
}

static void
store_and_vanish(struct client *c)
{
	store(c, c->n);
}

static void
store_some_and_stall(struct client *c)
{
	store(c, c->n / 2);
	stay_silent(c);
}

static void *
run_client(void *p)
{
	struct client *c = p;
	bool shakes = c->act != talk_nonsense && c->act != stay_silent;

	c->fd = dial(c->port, "127.0.0.1");
	if (c->fd == -1)
		return NULL;
	if (c->tls && shakes) {
		kit_client_begin(&c->kit, c->fd, "NORMAL", NULL);
		c->end = kit_client_shake(&c->kit);
	}
	if (c->end == 0)
		c->act(c);
	if (c->tls && shakes)
		kit_client_end(&c->kit);
	close(c->fd);
	return NULL;
}

static void
end_client(struct client *c)
{
	c->stop = true;
	pthread_join(c->thread, NULL);
}

/* Port, client, connection; what accept said. */
static enum ftp_end
connect_client(struct rig *g, struct client *c)
{
	c->g = g;
	assert_int_equal(ftp_data_passive(g->d, &c->port), FTP_END_WELL);
	ftp_data_protect(g->d, c->tls);
	assert_int_equal(pthread_create(&c->thread, NULL, run_client, c), 0);
	return ftp_data_accept(g->d);
}

/* --- ports --- */

static bool
try_bind(uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), rc;

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	rc = bind(fd, (struct sockaddr *)&a, sizeof a);
	close(fd);
	return rc == 0;
}

/* The first of n ports that nobody uses. */
static unsigned
free_ports(unsigned n)
{
	unsigned first = 20000 + (unsigned)getpid() % 5000, i = 0;

	while (i < n) {
		if (try_bind((uint16_t)(first + i))) {
			i++;
		} else {
			first += i + 1;
			i = 0;
		}
	}
	return first;
}

static void
ports_are_of_the_range_and_random(void **state)
{
	unsigned first = free_ports(50), seen[50] = { 0 }, different = 0;
	struct rig g;

	(void)state;
	open_rig(&g);
	g.first = first;
	g.last = first + 49;
	for (int i = 0; i < 40; i++) {
		uint16_t port;

		assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_WELL);
		assert_true(ftp_data_is_passive(g.d));
		assert_in_range(port, first, first + 49);
		different += seen[port - first]++ == 0;
	}
	assert_true(different > 10);
	close_rig(&g);
}

static void
a_range_that_is_used_up_is_said_and_recovers(void **state)
{
	unsigned first = free_ports(3);
	struct rig g[4];
	uint16_t port;

	(void)state;
	for (int i = 0; i < 4; i++) {
		open_rig(&g[i]);
		g[i].first = first;
		g[i].last = first + 2;
		assert_int_equal(ftp_data_passive(g[i].d, &port),
		    i < 3 ? FTP_END_WELL : FTP_END_NO_PORT);
	}
	assert_false(ftp_data_is_passive(g[3].d));
	assert_int_equal(ftp_data_accept(g[3].d), FTP_END_NO_PASV);
	ftp_data_close(g[1].d);
	assert_int_equal(ftp_data_passive(g[3].d, &port), FTP_END_WELL);
	for (int i = 0; i < 4; i++)
		close_rig(&g[i]);
}

static void
a_port_serves_again_at_once(void **state)
{
	struct rig g;

	(void)state;
	open_rig(&g);
	g.first = g.last = free_ports(1);
	for (int i = 0; i < 3; i++) {
		struct client c = { .act = read_all, .n = 5 };
		struct ftp_moved moved;
		uint8_t five[5];

		for (size_t k = 0; k < 5; k++)
			five[k] = byte_at(k);
		assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
		assert_int_equal(c.port, g.first);
		assert_int_equal(
		    ftp_data_send_bytes(g.d, five, 5, &moved), FTP_END_WELL);
		assert_true(moved.whole);
		end_client(&c);
		assert_int_equal(c.got, 5);
		assert_false(c.wrong);
	}
	close_rig(&g);
}

static void
the_listener_is_where_the_client_came_to(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
		.sin6_addr = mapped("127.0.0.2") };
	struct rig g;
	uint16_t port;

	(void)state;
	open_rig(&g);
	memcpy(&g.at, &in6, sizeof in6);
	assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_WELL);
	assert_int_equal(dial(port, "127.0.0.1"), -1); /* to 127.0.0.1 */
	close_rig(&g);
}

static void
a_drain_between_question_and_answer_is_noticed(void **state)
{
	struct rig g;
	uint16_t port;

	(void)state;
	open_rig(&g);
	g.drain_first = true;
	assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_WELL);
	assert_true(g.draining);
	close_rig(&g);
}

static void
without_the_accepting_process_the_session_ends(void **state)
{
	struct rig g;
	uint16_t port;

	(void)state;
	open_rig(&g);
	shutdown(g.report[1], SHUT_RDWR);
	assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_MASTER);
	assert_int_equal(ftp_end_code(FTP_END_MASTER), 421);
	close_rig(&g);
}

/* --- who may connect --- */

static void
a_thief_gets_nothing_and_the_client_is_served(void **state)
{
	struct client c = { .act = read_all, .n = SIZE };
	struct ftp_moved moved;
	struct rig g;
	int thief[5];
	char byte;

	(void)state;
	open_rig(&g);
	c.g = &g;
	assert_int_equal(ftp_data_passive(g.d, &c.port), FTP_END_WELL);
	for (int i = 0; i < 5; i++) {
		thief[i] = dial(c.port, "127.0.0.2");
		assert_int_not_equal(thief[i], -1);
	}
	pthread_create(&c.thread, NULL, run_client, &c);
	assert_int_equal(ftp_data_accept(g.d), FTP_END_WELL);
	assert_int_equal(
	    ftp_data_send_file(g.d, file, 0, SIZE, &moved), FTP_END_WELL);
	assert_true(moved.whole);
	end_client(&c);
	assert_int_equal(c.got, SIZE);
	for (int i = 0; i < 5; i++) {
		assert_true(recv(thief[i], &byte, 1, 0) <= 0);
		close(thief[i]);
	}
	close_rig(&g);
}

static void
one_connection_is_accepted_and_the_door_closes(void **state)
{
	struct client c = { .act = read_all };
	struct rig g;

	(void)state;
	open_rig(&g);
	assert_int_equal(connect_client(&g, &c), FTP_END_WELL);
	assert_int_equal(dial(c.port, "127.0.0.1"), -1);
	assert_int_equal(ftp_data_accept(g.d), FTP_END_NO_PASV);
	ftp_data_close(g.d);
	end_client(&c);
	close_rig(&g);
}

static void
nobody_is_waited_for_in_vain(void **state)
{
	struct rig g;
	uint16_t port;

	(void)state;
	open_rig(&g);
	assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_WELL);
	fast_since = __real_clock_ms();
	assert_int_equal(ftp_data_accept(g.d), FTP_END_NOBODY);
	assert_int_equal(dial(port, "127.0.0.1"), -1);
	close_rig(&g);
}

static void
waiting_for_the_client_can_be_aborted(void **state)
{
	struct rig g;
	uint16_t port;

	(void)state;
	open_rig(&g);
	assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_WELL);
	assert_int_equal(send(g.control[1], "xA", 2, 0), 2);
	assert_int_equal(ftp_data_accept(g.d), FTP_END_ABORTED);
	close_rig(&g);
}

/* --- bytes to the client --- */

static void
bytes_arrive_and_it_is_known_how_many(void **state)
{
	static const struct {
		const char *what;
		bool tls;
		void (*act)(struct client *c);
		size_t n;
		int64_t speed_from; /* the clock runs fast from here on */
		enum ftp_end end;
		bool whole;
	} row[] = {
		{ "all", false, read_all, SIZE, 0, FTP_END_WELL, true },
		{ "all, TLS", true, read_all, SIZE, 0, FTP_END_WELL, true },
		{ "nothing", false, read_all, 0, 0, FTP_END_WELL, true },
		{ "nothing, TLS", true, read_all, 0, 0, FTP_END_WELL, true },
		{ "a byte", false, read_all, 1, 0, FTP_END_WELL, true },
		{ "a byte, TLS", true, read_all, 1, 0, FTP_END_WELL, true },
		{ "does not close", false, read_all_and_linger, 9999, 0,
		    FTP_END_WELL, true },
		{ "does not close, TLS", true, read_all_and_linger, 9999, 0,
		    FTP_END_WELL, true },
		{ "half closed", false, shut_then_read_all, SIZE, 0,
		    FTP_END_WELL, true },
		{ "half closed, TLS", true, shut_then_read_all, SIZE, 0,
		    FTP_END_WELL, true },
		{ "exactly", false, read_exactly, 99999, 0, FTP_END_WELL,
		    true },
		{ "exactly, TLS", true, read_exactly, 99999, 0, FTP_END_WELL,
		    true },
		{ "has it in its socket and dies, TLS", true,
		    read_exactly_and_die, 99999, 0, FTP_END_BROKEN, false },
		{ "breaks off", false, read_some_and_close, SIZE, 0,
		    FTP_END_BROKEN, false },
		{ "breaks off, TLS", true, read_some_and_close, SIZE, 0,
		    FTP_END_BROKEN, false },
		{ "aborts", false, read_some_and_abort, SIZE, 0,
		    FTP_END_ABORTED, false },
		{ "aborts, TLS", true, read_some_and_abort, SIZE, 0,
		    FTP_END_ABORTED, false },
		{ "stalls", false, read_some_and_stall, SIZE, 1, FTP_END_IDLE,
		    false },
		{ "stalls, TLS", true, read_some_and_stall, SIZE, 1,
		    FTP_END_IDLE, false },
		{ "drips", false, drip, SIZE, 1, FTP_END_SLOW, false },
		{ "drips, TLS", true, drip, SIZE, 1, FTP_END_SLOW, false },
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
		if (row[i].speed_from)
			fast_since = __real_clock_ms();
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
		if (row[i].end == FTP_END_IDLE)
			fast_since = __real_clock_ms();
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

static void
every_end_has_its_code_and_sentence(void **state)
{
	(void)state;
	for (int i = 0; i < FTP_ENDS; i++) {
		const char *text = ftp_end_text((enum ftp_end)i);

		assert_in_range(ftp_end_code((enum ftp_end)i), 226, 552);
		assert_int_equal(text[strlen(text) - 1], '.');
		assert_null(strchr(text, '\n'));
	}
}

static int
set_up(void **state)
{
	uint8_t *p;

	(void)state;
	identity = kit_identity();
	file = memfd_create("file", MFD_CLOEXEC);
	if (ftruncate(file, SIZE) == -1)
		return -1;
	p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	for (size_t i = 0; i < SIZE; i++)
		p[i] = byte_at(i);
	munmap(p, SIZE);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_identity_free(identity);
	close(file);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_are_of_the_range_and_random),
		cmocka_unit_test(a_range_that_is_used_up_is_said_and_recovers),
		cmocka_unit_test(a_port_serves_again_at_once),
		cmocka_unit_test(the_listener_is_where_the_client_came_to),
		cmocka_unit_test(
		    a_drain_between_question_and_answer_is_noticed),
		cmocka_unit_test(
		    without_the_accepting_process_the_session_ends),
		cmocka_unit_test(a_thief_gets_nothing_and_the_client_is_served),
		cmocka_unit_test(
		    one_connection_is_accepted_and_the_door_closes),
		cmocka_unit_test(nobody_is_waited_for_in_vain),
		cmocka_unit_test(waiting_for_the_client_can_be_aborted),
		cmocka_unit_test(bytes_arrive_and_it_is_known_how_many),
		cmocka_unit_test(a_part_is_sent_from_where_it_was_asked),
		cmocka_unit_test(a_file_that_is_shorter_than_it_was_is_said),
		cmocka_unit_test(large_listings_arrive),
		cmocka_unit_test(a_handshake_that_fails_or_hangs_is_522),
		cmocka_unit_test(an_upload_ends_well_only_when_its_end_is_said),
		cmocka_unit_test(a_disk_that_takes_nothing_is_said),
		cmocka_unit_test(every_end_has_its_code_and_sentence),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_run_group_tests(tests, set_up, tear_down);
	return 0;
}
