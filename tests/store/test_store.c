/*
 * The store: the file, transactions, the ledger, publications, pulls, facts,
 * history, and the order in which orders come.  Merging has its own tests.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "tests/store/merge_kit.h"

static struct err e;

static void
path_of(char out[128], const struct kit *k)
{
	snprintf(out, 128, "%s/store.db", k->dir);
}

static void
run_sql(const struct kit *k, const char *sql)
{
	char path[128];
	sqlite3 *db;

	path_of(path, k);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* --- the file ------------------------------------------------------------ */

static void
the_file_is_its_owners_alone(void **state)
{
	char path[128];
	struct stat st;
	struct kit k;

	(void)state;
	kit_open(&k);
	path_of(path, &k);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	kit_close(&k);
}

static off_t
size_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
what_was_committed_is_carried_over_when_nobody_waits(void **state)
{
	enum {
		MANY = 8 << 20,
		FEW = 1 << 20
	};
	char path[128], *value = calloc(1, MANY + 1);
	struct kit k;
	off_t empty;

	(void)state;
	kit_open(&k);
	path_of(path, &k);
	empty = size_of(path);
	memset(value, 'x', MANY);
	assert_int_equal(store_set(k.store, "many", value, &e), 0);
	assert_int_equal(size_of(path), empty);
	store_tidy(k.store);
	assert_true(size_of(path) > MANY);
	value[FEW] = '\0'; /* not worth the trouble yet */
	assert_int_equal(store_set(k.store, "few", value, &e), 0);
	empty = size_of(path);
	store_tidy(k.store);
	assert_int_equal(size_of(path), empty);
	free(value);
	kit_close(&k);
}

static void
a_newer_schema_is_refused_with_a_sentence(void **state)
{
	struct store *s;
	char path[128];
	struct kit k;

	(void)state;
	kit_open(&k);
	path_of(path, &k);
	store_close(k.store);
	k.store = NULL;
	run_sql(&k, "PRAGMA user_version = 99");
	assert_int_equal(store_open(&s, path, false, &e), -1);
	assert_non_null(strstr(e.text, "written by a newer convdrop"));
	assert_non_null(strstr(e.text, "99"));
	kit_close(&k);
}

static void
what_is_no_store_is_said(void **state)
{
	struct store *s;
	char path[128];
	struct kit k;
	FILE *f;

	(void)state;
	kit_open(&k);
	snprintf(path, sizeof path, "%s/missing.db", k.dir);
	assert_int_equal(store_open(&s, path, true, &e), -1);
	assert_non_null(strstr(e.text, "start convdropd once"));
	snprintf(path, sizeof path, "%s/garbage.db", k.dir);
	f = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database ", f);
	fclose(f);
	assert_int_equal(store_open(&s, path, false, &e), -1);
	assert_non_null(strstr(e.text, "damaged"));
	kit_close(&k);
}

static void
a_reader_reads_beside_the_writer_and_cannot_write(void **state)
{
	static const struct row row = { .line = 2,
		.id = "1",
		.create = 100,
		.status = "PAID",
		.phones = "7" };
	struct store *reader;
	char path[128];
	struct kit k;
	uint64_t n;

	(void)state;
	kit_open(&k);
	kit_merge(&k, &row, 1);
	path_of(path, &k);
	assert_int_equal(store_open(&reader, path, true, &e), 0);
	assert_int_equal(store_begin(k.store, &e), 0);
	assert_int_equal(store_set(k.store, "a", "1", &e), 0);
	assert_int_equal(store_count(reader, "main", KIND_BIT(RECORD_ORDER), 0,
			     1000, &n, &e),
	    0);
	assert_int_equal(n, 1);
	assert_int_equal(store_set(reader, "a", "2", &e), -1);
	assert_non_null(strstr(e.text, "for reading only"));
	assert_int_equal(store_commit(k.store, &e), 0);
	store_close(reader);
	kit_close(&k);
}

/* --- transactions --------------------------------------------------------- */

static void
a_transaction_that_breaks_off_leaves_all_as_it_was(void **state)
{
	static const struct row row = { .line = 2,
		.id = "1",
		.create = 100,
		.status = "PAID",
		.phones = "7" };
	static const struct row next = { .line = 2,
		.id = "1",
		.create = 100,
		.status = "SPAM",
		.phones = "8" };
	struct dump_entry d = {
		.feed = "main", .name = "x", .state = DUMP_REFUSED
	};
	char before[512], after[512], fact[8];
	struct kit k;

	(void)state;
	kit_open(&k);
	kit_merge(&k, &row, 1);
	kit_order(&k, before, "1");
	for (int how = 0; how < 2; how++) {
		pid_t child = how == 0 ? 0 : fork();

		if (how == 1 && child == 0) {
			k.store = NULL; /* SQLite must not cross a fork */
			kit_reopen(&k);
		}
		if (how == 0 || child == 0) {
			store_begin(k.store, &e);
			store_dump_add(k.store, &d, "{}", &e);
			store_set(k.store, "a", "1", &e);
		}
		if (how == 0)
			store_rollback(k.store);
		else if (child == 0)
			_exit(0); /* as if killed */
		else
			waitpid(child, NULL, 0);
		kit_order(&k, after, "1");
		assert_string_equal(after, before);
		assert_int_equal(
		    store_get(k.store, "a", fact, sizeof fact, &e), 0);
		assert_int_equal(
		    store_dump_get(k.store, k.dump + 1, &d, NULL, &e), 0);
	}
	kit_merge(&k, &next, 1);
	kit_order(&k, after, "1");
	assert_string_equal(after, "1 100 SPAM - - - 8 - 2:2");
	kit_close(&k);
}

/* --- the ledger ----------------------------------------------------------- */

static void
a_dump_is_kept_whole(void **state)
{
	struct dump_entry d = { .state = DUMP_HELD, .at = 5, .bytes = 1 << 30 },
			  got;
	char *settings;
	int64_t next;
	struct kit k;

	(void)state;
	kit_open(&k);
	strcpy(d.feed, "main");
	strcpy(d.source, "crm");
	strcpy(d.name, "сделки.csv");
	strcpy(d.sha256, "aa");
	strcpy(d.fingerprint, "bb");
	strcpy(d.archive, "archive/main/x.gz");
	strcpy(d.preset, "amocrm");
	strcpy(d.encoding, "windows-1251");
	strcpy(d.reason, "too many damaged rows");
	d.tally = (struct tally){ .records = 15,
		.accepted = 1,
		.unchanged = 2,
		.superseded = 3,
		.skipped = 4,
		.rejected = 5,
		.values_dropped = 6,
		.identifiers_kept = UINT64_MAX };
	assert_int_equal(store_dump_next(k.store, &next, &e), 0);
	assert_int_equal(store_dump_add(k.store, &d, "{\"a\":1}", &e), 0);
	assert_int_equal(d.id, next);
	assert_int_equal(store_dump_next(k.store, &next, &e), 0);
	assert_int_equal(next, d.id + 1);
	assert_int_equal(store_dump_get(k.store, d.id, &got, &settings, &e), 1);
	assert_memory_equal(&got, &d, sizeof d);
	assert_string_equal(settings, "{\"a\":1}");
	free(settings);
	assert_int_equal(
	    store_dump_known(k.store, "main", "crm", "aa", "bb", &got, &e), 0);
	d.state = DUMP_MERGED;
	assert_int_equal(store_dump_set(k.store, &d, &e), 0);
	assert_int_equal(
	    store_dump_known(k.store, "main", "crm", "aa", "bb", &got, &e), 1);
	assert_memory_equal(&got, &d, sizeof d);
	d.id += 100;
	assert_int_equal(store_dump_set(k.store, &d, &e), -1);
	kit_close(&k);
}

static void
a_dump_is_known_by_bytes_feed_source_and_settings(void **state)
{
	static const struct {
		const char *feed, *source, *sha256, *fingerprint;
		int known;
	} row[] = { { "main", "", "aa", "bb", 1 }, { "x", "", "aa", "bb", 0 },
		{ "main", "crm", "aa", "bb", 0 }, { "main", "", "ab", "bb", 0 },
		{ "main", "", "aa", "bc", 0 } };
	static const enum dump_state states[] = { DUMP_REFUSED, DUMP_HELD,
		DUMP_WITHDRAWN, DUMP_MERGED };
	struct dump_entry d = { .feed = "main",
		.sha256 = "aa",
		.fingerprint = "bb" },
			  got;
	struct kit k;

	(void)state;
	kit_open(&k);
	assert_int_equal(store_dump_add(k.store, &d, "{}", &e), 0);
	for (size_t s = 0; s < 4; s++) {
		d.state = states[s];
		assert_int_equal(store_dump_set(k.store, &d, &e), 0);
		for (size_t i = 0; i < 5; i++)
			assert_int_equal(store_dump_known(k.store, row[i].feed,
					     row[i].source, row[i].sha256,
					     row[i].fingerprint, &got, &e),
			    row[i].known && states[s] == DUMP_MERGED);
	}
	kit_close(&k);
}

static bool
join_dump(void *ctx, const struct dump_entry *d)
{
	char *out = ctx;

	strcat(out, d->name);
	return strlen(out) < 3;
}

static void
dumps_come_newest_first(void **state)
{
	static const struct {
		const char *feed;
		unsigned limit;
		const char *names;
	} row[] = { { NULL, 0, "432" }, { "main", 2, "31" }, { "main", 1, "3" },
		{ "none", 0, "" } };
	struct kit k;

	(void)state;
	kit_open(&k);
	for (int i = 1; i <= 4; i++) {
		struct dump_entry d = { .state = DUMP_REFUSED };

		strcpy(d.feed, i % 2 == 1 ? "main" : "other");
		d.name[0] = (char)('0' + i);
		assert_int_equal(store_dump_add(k.store, &d, "", &e), 0);
		assert_int_equal(d.id, i);
	}
	for (size_t i = 0; i < 4; i++) {
		char names[16] = "";

		assert_int_equal(store_dumps(k.store, row[i].feed, row[i].limit,
				     join_dump, names, &e),
		    0);
		assert_string_equal(names, row[i].names);
	}
	kit_close(&k);
}

/* --- orders --------------------------------------------------------------- */

static int
join_order(void *ctx, const struct order *o, struct err *err)
{
	char *out = ctx;

	strncat(out, o->id.p, o->id.n);
	strcat(out, " ");
	return slice_is(o->id, "stop") ? err_set(err, "stopped") : 0;
}

static void
orders_come_by_creation_time_then_id(void **state)
{
	static const struct row rows[] = {
		{ .line = 2,
		    .id = "c",
		    .create = 300,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 3,
		    .id = "b",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 4,
		    .id = "a",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 5,
		    .id = "ab",
		    .create = 100,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 6,
		    .id = "old",
		    .create = -5,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 7,
		    .id = "stop",
		    .create = 900,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 8,
		    .id = "z",
		    .create = 901,
		    .status = "PAID",
		    .phones = "7" },
	};
	static const struct {
		int64_t from, to;
		int rc;
		const char *ids;
	} row[] = { { 100, 300, 0, "a ab b c " }, { 101, 299, 0, "" },
		{ INT64_MIN, 100, 0, "old a ab b " },
		{ 300, INT64_MAX, -1, "c stop " } };
	static const int64_t due[][2] = { { -6, -5 }, { -5, 100 }, { 100, 300 },
		{ 899, 900 }, { 900, 901 }, { 901, INT64_MAX }, { 150, 300 } };
	struct kit k;
	int64_t next;
	uint64_t n;

	(void)state;
	kit_open(&k);
	assert_int_equal(store_next_due(k.store, "main", 0, &next, &e), 0);
	assert_true(next == INT64_MAX);
	kit_merge(&k, rows, 7);
	for (size_t i = 0; i < 4; i++) {
		char ids[64] = "";

		assert_int_equal(
		    store_orders(k.store, "main", KIND_BIT(RECORD_ORDER),
			row[i].from, row[i].to, join_order, ids, &e),
		    row[i].rc);
		assert_string_equal(ids, row[i].ids);
	}
	for (size_t i = 0; i < sizeof due / sizeof *due; i++) {
		assert_int_equal(
		    store_next_due(k.store, "main", due[i][0], &next, &e), 0);
		assert_true(next == due[i][1]);
	}
	assert_int_equal(store_count(k.store, "main", KIND_BIT(RECORD_ORDER),
			     100, 300, &n, &e),
	    0);
	assert_int_equal(n, 4);
	assert_int_equal(store_count(k.store, "none", KIND_BIT(RECORD_ORDER),
			     100, 300, &n, &e),
	    0);
	assert_int_equal(n, 0);
	kit_close(&k);
}

static void
a_merge_is_seen_by_what_is_due(void **state)
{
	static const struct row rows[] = {
		{ .line = 2,
		    .id = "a",
		    .create = 500,
		    .status = "PAID",
		    .phones = "7" },
		{ .line = 2,
		    .id = "b",
		    .create = 300,
		    .status = "PAID",
		    .phones = "7" },
	};
	struct kit k;
	int64_t next;

	(void)state;
	kit_open(&k);
	kit_merge(&k, rows, 1);
	store_next_due(k.store, "main", 100, &next, &e);
	assert_int_equal(next, 500);
	kit_merge(&k, rows + 1, 1);
	store_next_due(k.store, "main", 100, &next, &e);
	assert_int_equal(next, 300);
	kit_close(&k);
}

static void
feeds_do_not_mix(void **state)
{
	static const struct row row = { .line = 2,
		.id = "1",
		.create = 100,
		.status = "PAID",
		.phones = "7" };
	static const struct row other = { .line = 2,
		.id = "1",
		.create = 200,
		.status = "SPAM",
		.phones = "8" };
	char order[512];
	struct kit k;

	(void)state;
	kit_open(&k);
	kit_merge(&k, &row, 1);
	k.rules.feed = "other";
	assert_int_equal(kit_merge(&k, &other, 1).accepted, 1);
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 200 SPAM - - - 8 - 2:2");
	k.rules.feed = "main";
	kit_order(&k, order, "1");
	assert_string_equal(order, "1 100 PAID - - - 7 - 1:2");
	kit_close(&k);
}

/* --- publications and pulls ----------------------------------------------- */

static void
publications_are_planned_then_done(void **state)
{
	struct publication p = { .feed = "main",
		.file = "f.csv",
		.sha256 = "aa",
		.bytes = 9,
		.rows = 2,
		.mtime = 500,
		.from = -1,
		.to = 7,
		.archive = "archive/x",
		.reason = "why" },
			   got, q;
	struct kit k;

	(void)state;
	kit_open(&k);
	assert_int_equal(
	    store_publication_last(k.store, "main", "f.csv", false, &got, &e),
	    0);
	assert_int_equal(store_publication_plan(k.store, &p, &e), 0);
	assert_int_equal(
	    store_publication_last(k.store, "main", "f.csv", true, &got, &e),
	    0);
	assert_int_equal(
	    store_publication_last(k.store, "main", "f.csv", false, &got, &e),
	    1);
	assert_memory_equal(&got, &p, sizeof p);
	q = p;
	assert_int_equal(store_publication_plan(k.store, &q, &e), -1);
	assert_non_null(strstr(e.text, "already has a version"));
	assert_int_equal(store_publication_done(k.store, &p, &e), 0);
	assert_int_equal(
	    store_publication_at(k.store, "main", "f.csv", 500, &got, &e), 1);
	assert_true(got.done);
	assert_int_equal(store_publication_get(k.store, p.id, &got, &e), 1);
	assert_int_equal(store_publication_get(k.store, 77, &got, &e), 0);
	assert_int_equal(
	    store_publication_at(k.store, "main", "f.csv", 501, &got, &e), 0);
	p.id = 77;
	assert_int_equal(store_publication_done(k.store, &p, &e), -1);
	kit_close(&k);
}

static bool
take_pull(void *ctx, const struct pull *p)
{
	*(struct pull *)ctx = *p;
	return false;
}

static int
count_pull(void *ctx, const struct pull *p, struct err *err)
{
	(void)err;
	assert_int_equal(p->ended, 90);
	assert_int_equal(p->bytes, 3);
	++*(int *)ctx;
	return 0;
}

static void
pulls_are_kept_and_counted(void **state)
{
	struct pull p = { .id = UINT64_MAX,
		.feed = "main",
		.file = "conversions.csv",
		.user = "direct",
		.protocol = "https",
		.address = "127.0.0.1",
		.begun = 5,
		.size = 10 },
		    got;
	struct publication pub;
	struct kit k;
	int closed = 0;

	(void)state;
	kit_open(&k);
	kit_publish(&k, 500, 0, 100);
	assert_int_equal(store_pull_begin(k.store, &p, 500, &e), 0);
	assert_int_equal(p.publication, 1);
	assert_int_equal(
	    store_pulls(k.store, "main", 1, take_pull, &got, &e), 0);
	assert_memory_equal(&got, &p, sizeof p);
	assert_int_equal(store_pull_end(k.store, p.id, 8, 4, false, &e), 0);
	store_pulls(k.store, NULL, 0, take_pull, &got, &e);
	assert_int_equal(got.bytes, 4);
	assert_false(got.complete);
	store_publication_get(k.store, 1, &pub, &e);
	assert_int_equal(pub.pulls, 0);

	p.id = 2; /* killed: closed at the next start, then its end comes */
	assert_int_equal(store_pull_begin(k.store, &p, 500, &e), 0);
	assert_int_equal(store_pull_begin(k.store, &p, 500, &e), 0); /* again */
	assert_int_equal(store_pull_at(k.store, 2, 3, &e), 0);
	assert_int_equal(
	    store_pulls_close(k.store, 90, count_pull, &closed, &e), 0);
	assert_int_equal(closed, 1);
	assert_int_equal(store_pull_end(k.store, 2, 95, 10, true, &e), 0);
	assert_int_equal(store_pull_end(k.store, 2, 96, 10, true, &e), 0);
	assert_int_equal(store_pull_end(k.store, 99, 96, 10, true, &e), 0);
	store_publication_get(k.store, 1, &pub, &e);
	assert_int_equal(pub.pulls, 1);
	assert_int_equal(pub.first_pull, 95);

	p.id = 3; /* of a version that is not ours */
	assert_int_equal(store_pull_begin(k.store, &p, 499, &e), 0);
	assert_int_equal(p.publication, 0);
	assert_int_equal(store_pull_end(k.store, 3, 8, 10, true, &e), 0);
	kit_close(&k);
}

static void
what_is_withheld_stays_until_cleared(void **state)
{
	char reason[64];
	int64_t since;
	struct kit k;

	(void)state;
	kit_open(&k);
	assert_int_equal(store_withheld(k.store, "main", "f", reason,
			     sizeof reason, &since, &e),
	    0);
	store_withhold(k.store, "main", "f", "too small", 5, &e);
	store_withhold(k.store, "main", "f", "too large", 9, &e);
	assert_int_equal(store_withheld(k.store, "main", "f", reason,
			     sizeof reason, &since, &e),
	    1);
	assert_string_equal(reason, "too large");
	assert_int_equal(since, 5);
	store_withhold(k.store, "main", "f", "", 10, &e);
	assert_int_equal(store_withheld(k.store, "main", "f", reason,
			     sizeof reason, &since, &e),
	    0);
	kit_close(&k);
}

/* --- history -------------------------------------------------------------- */

static int
join_event(void *ctx, enum history_kind kind, int64_t id, struct err *err)
{
	char *out = ctx;
	size_t n = strlen(out);

	(void)err;
	snprintf(out + n, 256 - n, "%c%lld ", "dplasLw"[kind], (long long)id);
	return 0;
}

static void
history_tells_the_order_of_commits(void **state)
{
	static const struct row row = { .line = 2,
		.id = "1",
		.create = 100,
		.status = "PAID",
		.phones = "7" };
	struct dump_entry held = { .feed = "main", .state = DUMP_HELD },
			  other = { .feed = "other", .state = DUMP_MERGED };
	char events[256] = "";
	struct kit k;

	(void)state;
	kit_open(&k);
	store_dump_add(k.store, &held, "", &e); /* 1 */
	kit_merge(&k, &row, 1);                 /* 2 */
	kit_publish(&k, 500, 0, 1000);
	kit_merge(&k, &row, 1); /* 3 */
	kit_publish(&k, 501, 0, 1000);
	kit_pull(&k, 500);
	kit_pull(&k, 500); /* the second tells nothing new */
	store_dump_add(k.store, &other, "", &e);
	held.state = DUMP_MERGED;
	store_dump_set(k.store, &held, &e); /* merged last */
	assert_int_equal(
	    store_history(k.store, "main", NULL, join_event, events, &e), 0);
	assert_string_equal(events, "d2 p1 d3 p2 l1 d1 ");
	held.state = DUMP_WITHDRAWN;
	store_dump_set(k.store, &held, &e);
	events[0] = '\0';
	store_history(k.store, "main", NULL, join_event, events, &e);
	assert_string_equal(events, "d2 p1 d3 p2 l1 w1 ");
	kit_close(&k);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_file_is_its_owners_alone),
		cmocka_unit_test(
		    what_was_committed_is_carried_over_when_nobody_waits),
		cmocka_unit_test(a_newer_schema_is_refused_with_a_sentence),
		cmocka_unit_test(what_is_no_store_is_said),
		cmocka_unit_test(
		    a_reader_reads_beside_the_writer_and_cannot_write),
		cmocka_unit_test(
		    a_transaction_that_breaks_off_leaves_all_as_it_was),
		cmocka_unit_test(a_dump_is_kept_whole),
		cmocka_unit_test(
		    a_dump_is_known_by_bytes_feed_source_and_settings),
		cmocka_unit_test(dumps_come_newest_first),
		cmocka_unit_test(orders_come_by_creation_time_then_id),
		cmocka_unit_test(a_merge_is_seen_by_what_is_due),
		cmocka_unit_test(feeds_do_not_mix),
		cmocka_unit_test(publications_are_planned_then_done),
		cmocka_unit_test(pulls_are_kept_and_counted),
		cmocka_unit_test(what_is_withheld_stays_until_cleared),
		cmocka_unit_test(history_tells_the_order_of_commits),
	};

	cmocka_run_group_tests(tests, NULL, NULL);
	return 0;
}
