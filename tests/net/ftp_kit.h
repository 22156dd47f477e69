/*
 * For tests of FTP's data connections: a session's process with its accepting
 * process, which is a thread, as each client is.  The clock can be made to run
 * fast: link with --wrap=clock_ms.
 */
#ifndef TESTS_NET_FTP_KIT_H
#define TESTS_NET_FTP_KIT_H

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

static _Atomic int64_t fast_since; /* 0: it runs as it should */

int64_t
__wrap_clock_ms(void)
{
	int64_t now = __real_clock_ms(), since = fast_since;

	return since == 0 ? now : now + (now - since) * 100;
}

static struct tls_identity *identity;
static unsigned idle_s = 60; /* of sessions opened from now on */
static int file = -1;

static inline uint8_t
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

static inline void *
run_master(void *p)
{
	struct rig *g = p;
	struct wire_passive m;

	while (wire_recv(g->report[1], &m, sizeof m, NULL) == 1) {
		if (g->drain_first)
			wire_send_plain(g->report[1], WIRE_DRAIN);
		ftp_data_grant(
		    g->report[1], &m.head, &g->at, g->first, g->last);
	}
	return NULL;
}

static inline bool
heard(void *ctx)
{
	struct rig *g = ctx;
	char c;

	if (g->watched.revents == 0)
		return true;
	return recv(g->watched.fd, &c, 1, MSG_DONTWAIT) == 1 && c != 'A';
}

static inline void
told(void *ctx, uint64_t bytes)
{
	struct rig *g = ctx;

	g->wrong |= bytes < g->moved;
	g->moved = bytes;
}

static inline struct in6_addr
mapped(const char *address)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	inet_pton(AF_INET, address, a.s6_addr + 12);
	return a;
}

static inline void
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

static inline void
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

static inline int
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

static inline ssize_t
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

static inline void
take_up_to(struct client *c, size_t n)
{
	while (c->got < n && take(c, n - c->got) > 0)
		;
}

static inline void
read_all(struct client *c)
{
	ssize_t n;

	while ((n = take(c, SIZE)) > 0)
		;
	c->end = (int)n;
	if (c->tls)
		gnutls_bye(c->kit.session, GNUTLS_SHUT_WR);
}

static inline void
read_all_and_linger(struct client *c)
{
	read_all(c);
	poll(NULL, 0, 1500);
}

static inline void
shut_then_read_all(struct client *c)
{
	shutdown(c->fd, SHUT_WR);
	read_all(c);
}

/* Closes with our close_notify unread: a reset. */
static inline void
read_exactly(struct client *c)
{
	take_up_to(c, c->n);
	poll(NULL, 0, 50);
}

static inline void
read_exactly_and_die(struct client *c)
{
	read_exactly(c);
	close(c->g->control[1]);
	c->g->control[1] = -1;
}

static inline void
read_some_and_close(struct client *c)
{
	take_up_to(c, CUT);
}

/* Until the test says that the transfer is over, or for ms. */
static inline bool
wait_for_end(struct client *c, int ms)
{
	for (int i = 0; i < ms && !c->stop; i += 10)
		poll(NULL, 0, 10);
	return c->stop;
}

static inline void
read_some_and_abort(struct client *c)
{
	take_up_to(c, CUT);
	assert_int_equal(send(c->g->control[1], "A", 1, 0), 1);
	wait_for_end(c, 60000);
}

/* From now on time flies; the handshake is over. */
static inline void
run_fast(void)
{
	fast_since = __real_clock_ms();
}

static inline void
read_some_and_stall(struct client *c)
{
	take_up_to(c, CUT);
	run_fast();
	wait_for_end(c, 60000);
}

static inline void
drip(struct client *c)
{
	take(c, 1000);
	run_fast();
	while (!wait_for_end(c, 50) && take(c, 1000) > 0)
		;
}

static inline void
talk_nonsense(struct client *c)
{
	send(c->fd, "USER nobody\r\n", 13, MSG_NOSIGNAL);
	poll(NULL, 0, 100);
}

static inline void
stay_silent(struct client *c)
{
	wait_for_end(c, 60000);
}

static inline void
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

static inline void
store_all(struct client *c)
{
	store(c, c->n);
	if (c->tls)
		gnutls_bye(c->kit.session, GNUTLS_SHUT_WR);
}

static inline void
store_and_vanish(struct client *c)
{
	store(c, c->n);
}

static inline void
store_some_and_stall(struct client *c)
{
	store(c, c->n / 2);
	run_fast();
	stay_silent(c);
}

static inline void *
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

static inline void
end_client(struct client *c)
{
	c->stop = true;
	pthread_join(c->thread, NULL);
}

/* Port, client, connection; what accept said. */
static inline enum ftp_end
connect_client(struct rig *g, struct client *c)
{
	c->g = g;
	assert_int_equal(ftp_data_passive(g->d, &c->port), FTP_END_WELL);
	ftp_data_protect(g->d, c->tls);
	assert_int_equal(pthread_create(&c->thread, NULL, run_client, c), 0);
	return ftp_data_accept(g->d);
}

static inline int
kit_up(void **state)
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

static inline int
kit_down(void **state)
{
	(void)state;
	tls_identity_free(identity);
	close(file);
	return 0;
}

#endif
