/*
 * TLS sessions, against GnuTLS's own client in a thread.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "tests/net/tls_kit.h"

#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define LIMIT_MS 120000

static struct tls_identity *identity;

/* A session and its client's end. */
struct line {
	struct tls *tls;
	int ours, theirs;
	pthread_t thread;
	struct kit_client client;
	const char *priority;
	const gnutls_datum_t *resume;
	gnutls_datum_t ticket; /* of the session that was */
	int shaken;            /* what the client's handshake answered */
	void (*then)(struct line *l);
	size_t got; /* bytes the client read */
};

static void *
run_client(void *p)
{
	struct line *l = p;

	kit_client_begin(&l->client, l->theirs, l->priority, l->resume);
	l->shaken = kit_client_shake(&l->client);
	if (l->shaken == 0 && l->then != NULL)
		l->then(l);
	kit_client_end(&l->client);
	return NULL;
}

static void
open_line(struct line *l, const char *priority)
{
	int pair[2];

	memset(l, 0, sizeof *l);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	l->ours = pair[0];
	l->theirs = pair[1];
	l->priority = priority;
	kit_unblock(l->ours);
	l->tls = tls_new(identity, l->ours, TLS_CONTROL);
	assert_non_null(l->tls);
}

/* The client runs; 0 when both have keys. */
static int
begin(struct line *l)
{
	assert_int_equal(pthread_create(&l->thread, NULL, run_client, l), 0);
	return tls_handshake_by(l->tls, clock_ms() + LIMIT_MS);
}

static void
close_line(struct line *l)
{
	shutdown(l->ours, SHUT_RDWR);
	if (l->thread != 0)
		pthread_join(l->thread, NULL);
	tls_free(l->tls);
	gnutls_free(l->ticket.data);
	close(l->ours);
	if (l->theirs != -1)
		close(l->theirs);
}

static void
wait_for(struct line *l)
{
	struct pollfd p = { .fd = l->ours, .events = tls_events(l->tls) };

	assert_int_equal(errno, EAGAIN);
	assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
}

/* --- handshakes --- */

static void
only_safe_versions_and_ciphers_are_spoken(void **state)
{
	static const struct {
		const char *what, *priority;
		bool ok;
	} row[] = {
		{ "TLS 1.3", TLS13, true },
		{ "TLS 1.2", TLS12, true },
		{ "either", "NORMAL", true },
		{ "TLS 1.1", "NORMAL:-VERS-ALL:+VERS-TLS1.1", false },
		{ "TLS 1.0", "NORMAL:-VERS-ALL:+VERS-TLS1.0", false },
		{ "chacha20", TLS12 ":-CIPHER-ALL:+CHACHA20-POLY1305", true },
		{ "CBC", TLS12 ":-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC",
		    false },
		{ "CCM", TLS13 ":-CIPHER-ALL:+AES-128-CCM", false },
		{ "key exchange by RSA", TLS12 ":-KX-ALL:+RSA", false },
		{ "DHE", TLS12 ":-KX-ALL:+DHE-RSA", false },
		{ "no encryption", TLS12 ":-CIPHER-ALL:+NULL", false },
		{ "no certificate", TLS12 ":-KX-ALL:+ANON-ECDH", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		struct line l;
		int rc;

		open_line(&l, row[i].priority);
		assert_null(tls_describe(l.tls));
		rc = begin(&l);
		if ((rc == 0) != row[i].ok)
			fail_msg("%s: %s", row[i].what, tls_why(l.tls));
		if (rc == 0)
			assert_non_null(strstr(tls_describe(l.tls), "TLS1."));
		else
			assert_true(strlen(tls_why(l.tls)) > 5);
		close_line(&l);
		assert_int_equal(l.shaken == 0, row[i].ok);
	}
}

static void
keep_ticket(struct line *l)
{
	char c;

	/* TLS 1.3 sends it behind the handshake */
	kit_client_read(&l->client, &c, 1);
	gnutls_session_get_data2(l->client.session, &l->ticket);
	gnutls_bye(l->client.session, GNUTLS_SHUT_WR);
}

static void
a_session_can_be_resumed_and_need_not_be(void **state)
{
	static const char *const priority[] = { TLS12, TLS13 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct line first, again;

		open_line(&first, priority[i]);
		first.then = keep_ticket;
		assert_int_equal(begin(&first), 0);
		assert_false(tls_resumed(first.tls));
		assert_int_equal(tls_write(first.tls, "x", 1), 1);
		assert_int_equal(tls_bye(first.tls), 0);
		pthread_join(first.thread, NULL);
		first.thread = 0;
		for (int resume = 1; resume >= 0; resume--) {
			open_line(&again, priority[i]);
			again.resume = resume ? &first.ticket : NULL;
			assert_int_equal(begin(&again), 0);
			assert_int_equal(tls_resumed(again.tls), resume);
			close_line(&again);
		}
		close_line(&first);
	}
}

/* Ten bytes a second of a handshake that gets nowhere within ten. */
static void *
drip(void *p)
{
	static const unsigned char head[100] = { 0x16, 3, 1, 2, 0, 1, 0, 1,
		0xfc };
	struct line *l = p;

	for (size_t i = 0; i < sizeof head; i++) {
		if (send(l->theirs, head + i, 1, MSG_NOSIGNAL) == -1)
			break;
		poll(NULL, 0, 100);
	}
	return NULL;
}

static void
a_handshake_has_an_absolute_deadline(void **state)
{
	(void)state;
	for (int dripping = 0; dripping < 2; dripping++) {
		struct line l;
		int64_t began = clock_ms();

		open_line(&l, TLS13);
		if (dripping)
			pthread_create(&l.thread, NULL, drip, &l);
		assert_int_equal(tls_handshake_by(l.tls, began + 300), -1);
		assert_int_equal(errno, ETIMEDOUT);
		assert_in_range(clock_ms() - began, 290, 9000);
		close_line(&l);
	}
}

static void
what_is_no_tls_is_refused(void **state)
{
	static const char *const row[] = { "USER direct\r\nPASS x\r\n",
		"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x80\x2e\x01\x00\x02\x00\x15", "\x16\x03\x01\xff\xff\x01" };
	static const size_t size[] = { 21, 27, 7, 6 };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct line l;

		open_line(&l, TLS13);
		assert_int_equal(send(l.theirs, row[i], size[i], 0), size[i]);
		assert_int_equal(shutdown(l.theirs, SHUT_WR), 0);
		assert_int_equal(
		    tls_handshake_by(l.tls, clock_ms() + LIMIT_MS), -1);
		assert_true(errno == EPROTO || errno == ECONNRESET);
		assert_true(strlen(tls_why(l.tls)) > 5);
		assert_int_equal(tls_write(l.tls, "x", 1), -1);
		close_line(&l);
	}
}

/* --- bytes --- */

#define MUCH ((size_t)5 * 1024 * 1024)

static uint8_t
byte_at(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 13);
}

static void
read_much(struct line *l)
{
	uint8_t buf[20000];
	ssize_t n;

	while ((n = kit_client_read(&l->client, buf, sizeof buf)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] != byte_at(l->got++))
				abort();
		}
		if (l->got < 100000) /* at first it is slow */
			poll(NULL, 0, 5);
	}
	if (n != 0)
		l->got = 0;
}

static void
much_arrives_as_it_was_and_then_the_end(void **state)
{
	uint8_t *much = malloc(MUCH);
	size_t done = 0;
	struct line l;

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		much[i] = byte_at(i);
	open_line(&l, TLS13);
	l.then = read_much;
	assert_int_equal(begin(&l), 0);
	while (done < MUCH) {
		ssize_t n = tls_write(l.tls, much + done, MUCH - done);

		if (n > 0) {
			done += (size_t)n;
			continue;
		}
		wait_for(&l);
		if (tls_flush(l.tls) == -1)
			assert_int_equal(errno, EAGAIN);
	}
	while (tls_bye(l.tls) == -1)
		wait_for(&l);
	assert_true(tls_sent(l.tls) > MUCH);
	pthread_join(l.thread, NULL);
	l.thread = 0;
	assert_int_equal(l.got, MUCH);
	close_line(&l);
	free(much);
}

/* The client reads while they are made; some of it is sent in small parts. */
static void
records_that_were_made_apart_arrive(void **state)
{
	static const char *const priority[] = { TLS13, TLS12,
		TLS13 ":-CIPHER-ALL:+CHACHA20-POLY1305" };
	static const size_t part[] = { 1, 16383, 16384, 16385, 300000, 5 };
	uint8_t *much = malloc(MUCH), *records = malloc(TLS_SEALED_MAX(MUCH));

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		much[i] = byte_at(i);
	for (size_t i = 0; i < sizeof priority / sizeof *priority; i++) {
		size_t done = 0;
		uint64_t before;
		struct line l;

		open_line(&l, priority[i]);
		l.then = read_much;
		assert_int_equal(begin(&l), 0);
		before = tls_sent(l.tls);
		for (size_t k = 0; k < sizeof part / sizeof *part; k++) {
			ssize_t n =
			    tls_seal(l.tls, much + done, part[k], records);

			assert_in_range(
			    n, part[k] + 1, TLS_SEALED_MAX(part[k]));
			before += (uint64_t)n;
			for (ssize_t at = 0, sent; at < n; at += sent) {
				sent = tls_send(l.tls, records + at,
				    (size_t)(n - at), k % 2 != 0);
				if (sent == -1) {
					assert_int_equal(errno, EAGAIN);
					poll(NULL, 0, 5);
					sent = 0;
				}
			}
			done += part[k];
			assert_int_equal(tls_sent(l.tls), before);
		}
		while (tls_bye(l.tls) == -1)
			wait_for(&l);
		pthread_join(l.thread, NULL);
		l.thread = 0;
		assert_int_equal(l.got, done);
		close_line(&l);
	}
	free(records);
	free(much);
}

static void
a_session_that_failed_makes_no_records(void **state)
{
	uint8_t records[TLS_SEALED_MAX(1)];
	struct line l;

	(void)state;
	open_line(&l, TLS13);
	assert_int_equal(send(l.theirs, "GET / HTTP/1.1", 14, 0), 14);
	assert_int_equal(shutdown(l.theirs, SHUT_WR), 0);
	assert_int_equal(tls_handshake_by(l.tls, clock_ms() + LIMIT_MS), -1);
	assert_int_equal(tls_seal(l.tls, "x", 1, records), -1);
	close_line(&l);
}

static void
write_much(struct line *l)
{
	uint8_t buf[30000];

	for (size_t at = 0; at < MUCH;) {
		size_t n = MUCH - at < sizeof buf ? MUCH - at : sizeof buf;
		ssize_t sent;

		for (size_t i = 0; i < n; i++)
			buf[i] = byte_at(at + i);
		sent = gnutls_record_send(l->client.session, buf, n);
		if (sent <= 0)
			abort();
		at += (size_t)sent;
	}
}

static void
write_and_say_bye(struct line *l)
{
	write_much(l);
	gnutls_bye(l->client.session, GNUTLS_SHUT_WR);
}

static void
write_and_close_as_java(struct line *l)
{
	write_much(l);
	gnutls_alert_send(
	    l->client.session, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED);
	gnutls_bye(l->client.session, GNUTLS_SHUT_WR);
}

static void
write_and_vanish(struct line *l)
{
	write_much(l);
	close(l->theirs);
	l->theirs = -1;
}

static void
an_end_that_was_not_said_is_none(void **state)
{
	static const struct {
		const char *priority;
		void (*then)(struct line *l);
		int end, error;
	} row[] = {
		{ TLS13, write_and_say_bye, 0, 0 },
		{ TLS12, write_and_say_bye, 0, 0 },
		{ TLS13, write_and_close_as_java, 0, 0 },
		{ TLS12, write_and_close_as_java, 0, 0 },
		{ TLS13, write_and_vanish, -1, ECONNRESET },
		{ TLS12, write_and_vanish, -1, ECONNRESET },
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		uint8_t buf[7000];
		size_t got = 0;
		struct line l;
		ssize_t n;

		open_line(&l, row[i].priority);
		l.then = row[i].then;
		assert_int_equal(begin(&l), 0);
		for (;;) {
			n = tls_read(l.tls, buf, sizeof buf);
			for (ssize_t k = 0; k < n; k++) {
				if (buf[k] != byte_at(got++))
					fail_msg("byte %zu", got);
			}
			if (n == 0 || (n == -1 && errno != EAGAIN))
				break;
			if (n == -1)
				wait_for(&l);
		}
		assert_int_equal(n, row[i].end);
		if (n == -1)
			assert_int_equal(errno, row[i].error);
		assert_int_equal(got, MUCH);
		close_line(&l);
	}
}

static void
say_hello(struct line *l)
{
	gnutls_record_send(l->client.session, "hello", 5);
	poll(NULL, 0, 50);
}

static void
what_is_left_of_a_record_is_pending(void **state)
{
	struct line l;
	char buf[8];

	(void)state;
	open_line(&l, TLS13);
	l.then = say_hello;
	assert_int_equal(tls_pending(l.tls), 0);
	assert_int_equal(begin(&l), 0);
	while (tls_read(l.tls, buf, 2) == -1)
		wait_for(&l);
	assert_int_equal(tls_pending(l.tls), 3);
	assert_int_equal(tls_read(l.tls, buf, sizeof buf), 3);
	assert_int_equal(tls_pending(l.tls), 0);
	close_line(&l);
}

static void
shake_again(struct line *l)
{
	char buf[16];

	gnutls_handshake(l->client.session);
	gnutls_record_recv(l->client.session, buf, sizeof buf);
}

static void
a_renegotiation_ends_the_session(void **state)
{
	struct line l;
	char buf[8];
	ssize_t n;

	(void)state;
	open_line(&l, TLS12);
	l.then = shake_again;
	assert_int_equal(begin(&l), 0);
	while ((n = tls_read(l.tls, buf, sizeof buf)) == -1 && errno == EAGAIN)
		wait_for(&l);
	assert_int_equal(n, -1);
	assert_int_equal(errno, EPROTO);
	close_line(&l);
}

static void
a_peer_that_takes_nothing_takes_no_memory(void **state)
{
	uint8_t block[65536] = { 0 };
	size_t taken = 0;
	struct line l;
	ssize_t n;

	(void)state;
	open_line(&l, TLS13);
	l.then = say_hello;
	assert_int_equal(begin(&l), 0);
	pthread_join(l.thread, NULL);
	l.thread = 0;
	while ((n = tls_write(l.tls, block, sizeof block)) > 0) {
		taken += (size_t)n;
		assert_in_range(taken, 1, 4 * 1024 * 1024);
	}
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(tls_events(l.tls), POLLOUT);
	close_line(&l);
}

/* --- identity --- */

static void
the_key_is_taken_out_of_the_worker(void **state)
{
	struct tls_identity *id;
	struct worker w;
	struct err e = ERR_EMPTY;

	(void)state;
	kit_worker(&w);
	assert_int_equal(tls_identity_new(&id, &w, &e), 0);
	assert_null(w.pem[0]);
	assert_null(w.pem[1]);
	tls_identity_free(id);
	tls_identity_free(NULL);
}

static void
what_does_not_fit_is_refused_in_a_sentence(void **state)
{
	/* that they belong together was seen to by the parent (cert.h) */
	(void)state;
	for (int row = 0; row < 3; row++) {
		struct tls_identity *id = NULL;
		struct worker w;
		struct err e = ERR_EMPTY;

		kit_worker(&w);
		if (row < 2) {
			free(w.pem[row]);
			w.pem[row] = NULL;
		} else {
			memset(w.pem[0], 32, w.pem_n[0]);
		}
		assert_int_equal(tls_identity_new(&id, &w, &e), -1);
		assert_true(strlen(e.text) > 20);
		assert_null(w.pem[0]);
		assert_null(w.pem[1]);
		assert_null(id);
	}
}

static int
set_up(void **state)
{
	(void)state;
	identity = kit_identity();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_identity_free(identity);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_safe_versions_and_ciphers_are_spoken),
		cmocka_unit_test(a_session_can_be_resumed_and_need_not_be),
		cmocka_unit_test(a_handshake_has_an_absolute_deadline),
		cmocka_unit_test(what_is_no_tls_is_refused),
		cmocka_unit_test(much_arrives_as_it_was_and_then_the_end),
		cmocka_unit_test(records_that_were_made_apart_arrive),
		cmocka_unit_test(a_session_that_failed_makes_no_records),
		cmocka_unit_test(an_end_that_was_not_said_is_none),
		cmocka_unit_test(what_is_left_of_a_record_is_pending),
		cmocka_unit_test(a_renegotiation_ends_the_session),
		cmocka_unit_test(a_peer_that_takes_nothing_takes_no_memory),
		cmocka_unit_test(the_key_is_taken_out_of_the_worker),
		cmocka_unit_test(what_does_not_fit_is_refused_in_a_sentence),
	};

	cmocka_run_group_tests(tests, set_up, tear_down);
	return 0;
}
