/*
 * Uploads, by way of the files process: from the first byte to a dump, or to
 * nothing.
 */
#include "tests/net/files_kit.h"

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
	for (int i = 0; i < 6000 && hidden_files() != 1; i++)
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
	for (int i = 0; i < 6000 && hidden_files() != 1; i++)
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
a_full_disk_refuses_uploads(void **state)
{
	int sock;
	struct grant g;

	(void)state;
	/* as if all of the disk were the reserve */
	assert_int_equal(kit_stop(&kit), 0);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
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
		CASE(a_full_disk_refuses_uploads),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
