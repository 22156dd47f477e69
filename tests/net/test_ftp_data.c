/*
 * Data connections until there is one: ports, thieves, waiting.
 */
#include "tests/net/ftp_kit.h"

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

/* The first of n ports that nobody uses; below those of tests/e2e. */
static unsigned
free_ports(unsigned n)
{
	unsigned first = 10000 + (unsigned)getpid() % 4500, i = 0;

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
who_comes_early_is_let_in_and_thieves_are_sent_away(void **state)
{
	struct client c = { .act = read_all, .n = SIZE };
	struct ftp_moved moved;
	struct rig g;
	char byte;

	(void)state;
	open_rig(&g);
	c.g = &g;
	assert_int_equal(ftp_data_passive(g.d, &c.port), FTP_END_WELL);
	for (int i = 0; i < 40; i++) { /* the queue would be full of them */
		int thief = dial(c.port, "127.0.0.2");

		assert_int_not_equal(thief, -1);
		assert_int_not_equal(ftp_data_listener(g.d), -1);
		ftp_data_knock(g.d);
		assert_true(recv(thief, &byte, 1, 0) <= 0);
		close(thief);
	}
	pthread_create(&c.thread, NULL, run_client, &c);
	while (ftp_data_listener(g.d) != -1)
		ftp_data_knock(g.d);
	assert_true(ftp_data_is_passive(g.d));
	assert_int_equal(dial(c.port, "127.0.0.1"), -1);
	assert_int_equal(ftp_data_accept(g.d), FTP_END_WELL);
	assert_false(ftp_data_is_passive(g.d));
	assert_int_equal(
	    ftp_data_send_file(g.d, file, 0, SIZE, &moved), FTP_END_WELL);
	end_client(&c);
	assert_int_equal(c.got, SIZE);
	close_rig(&g);
}

static void
a_port_that_nobody_comes_for_is_given_up(void **state)
{
	struct rig g;
	uint16_t port;

	(void)state;
	open_rig(&g);
	assert_int_equal(ftp_data_passive(g.d, &port), FTP_END_WELL);
	ftp_data_knock(g.d);
	assert_true(ftp_data_is_passive(g.d));
	fast_since = __real_clock_ms();
	for (int i = 0; i < 1000 && ftp_data_is_passive(g.d); i++) {
		poll(NULL, 0, 10);
		ftp_data_knock(g.d);
	}
	assert_int_equal(ftp_data_accept(g.d), FTP_END_NO_PASV);
	assert_int_equal(dial(port, "127.0.0.1"), -1);
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
		    who_comes_early_is_let_in_and_thieves_are_sent_away),
		cmocka_unit_test(a_port_that_nobody_comes_for_is_given_up),
		cmocka_unit_test(
		    one_connection_is_accepted_and_the_door_closes),
		cmocka_unit_test(nobody_is_waited_for_in_vain),
		cmocka_unit_test(waiting_for_the_client_can_be_aborted),
		cmocka_unit_test(every_end_has_its_code_and_sentence),
	};

	signal(SIGPIPE, SIG_IGN);
	cmocka_run_group_tests(tests, kit_up, kit_down);
	return 0;
}
